/*
 * debug_scopes.c - what stands around a DIE: namespaces, classes, functions
 * (L4, helper).
 *
 * Shape      Per unit a tree of the DIEs that can contain functions, as far as
 *            it was ever needed.  The children of one are beside each other in
 *            the order of the file, so that the one with an offset is found by
 *            halving.
 * Why        DIEs do not know their parent.  dwarf_getscopes_die() walks the
 *            unit from its beginning to find it: 2 ms for every name in a unit
 *            of a megabyte.
 * Invariant  Offsets of children only increase, and a scope is read once.
 */
#include "symbols/debug_private.h"

#include "base/hash.h"

struct scope {
	Dwarf_Die	die;
	Dwarf_Off	begin, end;	/* end: where the next DIE begins */
	size_t		first, n;	/* children, once they were read */
	bool		is_read;
};

struct scopes {
	VEC(struct scope) all;		/* the first is the unit */
};

static void
add_scope(struct scopes *scopes, const Dwarf_Die *die, Dwarf_Off begin)
{
	vec_push(&scopes->all, (struct scope){
		.die = *die,
		.begin = begin,
	});
}

static void
read_scope(struct scopes *scopes, size_t at)
{
	Dwarf_Off end = scopes->all.items[at].end;
	size_t first = scopes->all.n;
	bool is_open = false;		/* the last one has no end yet */
	Dwarf_Die die;

	scopes->all.items[at].is_read = true;
	scopes->all.items[at].first = first;
	if (dwarf_child(&scopes->all.items[at].die, &die) != 0)
		return;
	do {
		Dwarf_Off begin = dwarf_dieoffset(&die);

		if (is_open)
			vec_last(&scopes->all)->end = begin;
		is_open = debug_holds_functions(dwarf_tag(&die), true);
		if (is_open)
			add_scope(scopes, &die, begin);
	} while (debug_next_sibling(&die));
	if (is_open)
		vec_last(&scopes->all)->end = end;
	scopes->all.items[at].n = scopes->all.n - first;
}

/* The child in which the offset lies, or 0. */
static size_t
find_child(struct scopes *scopes, size_t at, Dwarf_Off offset)
{
	size_t low, high;

	if (!scopes->all.items[at].is_read)
		read_scope(scopes, at);
	low = scopes->all.items[at].first;
	high = low + scopes->all.items[at].n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct scope *scope = &scopes->all.items[middle];

		if (offset >= scope->end)
			low = middle + 1;
		else if (offset < scope->begin)
			high = middle;
		else
			return middle;
	}
	return 0;
}

static bool
is_same_unit(const void *table, uint32_t id, const void *key)
{
	const struct debug_module *module = table;

	return module->scopes.items[id]->all.items[0].die.cu == key;
}

/* The tree of the unit that a DIE is in, or NULL. */
static struct scopes *
get_scopes(struct debug_module *module, Dwarf_Die *die)
{
	uint64_t hash = hash_word((uintptr_t)die->cu);
	uint32_t id = idmap_find(&module->scopes_map, hash, is_same_unit,
	    module, die->cu);
	struct scopes *scopes;
	Dwarf_Die unit;

	if (id != IDMAP_NONE)
		return module->scopes.items[id];
	if (dwarf_diecu(die, &unit, NULL, NULL) == NULL)
		return NULL;
	scopes = xcalloc(1, sizeof *scopes);
	add_scope(scopes, &unit, 0);
	scopes->all.items[0].end = UINT64_MAX;
	idmap_add(&module->scopes_map, hash, (uint32_t)module->scopes.n);
	vec_push(&module->scopes, scopes);
	return scopes;
}

static void
put_scope(struct strbuf *text, Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	const char *name = dwarf_diename(die);

	if (tag == DW_TAG_namespace && name == NULL)
		name = "(anonymous namespace)";
	if (debug_holds_functions(tag, false) && name != NULL)
		strbuf_printf(text, "%s::", name);
}

void
debug_put_scopes(struct debug_module *module, Dwarf_Die *die,
    struct strbuf *text)
{
	struct scopes *scopes = get_scopes(module, die);
	Dwarf_Off offset = dwarf_dieoffset(die);
	size_t at = 0;

	for (unsigned depth = 0; scopes != NULL && depth < DEBUG_MAX_DEPTH;
	    depth++) {
		at = find_child(scopes, at, offset);
		if (at == 0 || scopes->all.items[at].begin == offset)
			break;
		put_scope(text, &scopes->all.items[at].die);
	}
}

void
debug_forget_scopes(struct debug_module *module)
{
	for (size_t i = 0; i < module->scopes.n; i++) {
		vec_fini(&module->scopes.items[i]->all);
		free(module->scopes.items[i]);
	}
	vec_fini(&module->scopes);
	idmap_fini(&module->scopes_map);
}
