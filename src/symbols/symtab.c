#include "symbols/symtab.h"

void
symtab_add(struct symtab *symtab, const struct symtab_symbol *symbol)
{
	vec_push(&symtab->symbols, *symbol);
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* By address; of several at one address the name to show comes first: what
 * other files call it rather than its local alias, the plain name rather
 * than its reserved spelling. */
static int
compare_symbols(const void *left, const void *right)
{
	const struct symtab_symbol *a = left, *b = right;
	int order = compare_numbers(a->address, b->address);

	if (order == 0)
		order = (a->size == 0) - (b->size == 0);
	if (order == 0)
		order = b->is_function - a->is_function;
	if (order == 0)
		order = a->is_local - b->is_local;
	if (order == 0)
		order = compare_numbers(strspn(a->name, "_"),
		    strspn(b->name, "_"));
	if (order == 0)
		order = a->is_weak - b->is_weak;
	if (order == 0)
		/* up to the version */
		order = compare_numbers(strcspn(a->name, "@"),
		    strcspn(b->name, "@"));
	return order != 0 ? order : strcmp(a->name, b->name);
}

void
symtab_finish(struct symtab *symtab)
{
	struct symtab_symbol *symbols = symtab->symbols.items;
	size_t n = symtab->symbols.n;

	if (n > 0)
		qsort(symbols, n, sizeof *symbols, compare_symbols);
	for (size_t i = 0, next; i < n; i = next) {
		uint64_t low = symbols[i].address;
		uint64_t end = symbols[i].limit;

		for (next = i + 1; next < n; next++) {
			if (symbols[next].address != low)
				break;
		}
		if (symbols[i].size > 0) {
			end = low + symbols[i].size;
			ranges_add(&symtab->sized, low, end, (uint32_t)i);
			continue;
		}
		if (next < n && symbols[next].address < end)
			end = symbols[next].address;
		ranges_add(&symtab->sizeless, low, end, (uint32_t)i);
	}
}

const struct symtab_symbol *
symtab_find(struct symtab *symtab, uint64_t address)
{
	uint32_t id = ranges_find(&symtab->sized, address);

	if (id == RANGE_NONE)
		id = ranges_find(&symtab->sizeless, address);
	return id == RANGE_NONE ? NULL : &symtab->symbols.items[id];
}

void
symtab_fini(struct symtab *symtab)
{
	vec_fini(&symtab->symbols);
	ranges_fini(&symtab->sized);
	ranges_fini(&symtab->sizeless);
}
