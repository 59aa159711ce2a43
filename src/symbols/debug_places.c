/* debug_places.c - everything that is known of one address (L4, helper). */
#include "symbols/debug_private.h"

/* What there is to say about one function of a chain. */
static void
fill_place(struct unit *unit, Dwarf_Addr pc, struct place *place,
    Dwarf_Die *callee)
{
	Dwarf_Attribute found;

	if (callee != NULL)
		debug_find_call_site(unit, callee, place);
	else
		debug_find_line(unit, pc, place);
	if (dwarf_attr(&unit->die, DW_AT_comp_dir, &found) != NULL)
		place->directory = dwarf_formstring(&found);
}

/* The function and what is inlined in it, innermost first; of more than
 * max_places those in the middle are left out. */
static unsigned
find_chain(struct debug_module *module, struct unit *unit,
    struct place *places, unsigned max_places)
{
	Dwarf_Die *function = debug_find_function(unit, module->pc);
	Dwarf_Die chain[DEBUG_MAX_DEPTH];
	unsigned n, n_places;

	if (function == NULL) {
		fill_place(unit, module->pc, &places[0], NULL);
		return 1;
	}
	n = debug_find_inlined(function, module->pc, chain);
	n_places = n < max_places ? n : max_places;
	for (unsigned i = 0; i < n_places; i++) {
		bool is_last = i + 1 == n_places;
		unsigned at = is_last ? 0 : n - 1 - i;

		places[i].function = debug_name_function(module, &chain[at]);
		places[i].is_inlined = !is_last;
		fill_place(unit, module->pc, &places[i],
		    at + 1 < n ? &chain[at + 1] : NULL);
	}
	return n_places;
}

/* Debug information larger than this makes names of the symbol table worth
 * their while. */
#define MANY_BYTES	(UINT64_C(8) << 20)

bool
debug_is_slow(struct debug_module *module, uint64_t address)
{
	const struct unit *unit;

	if (module->n_bytes < MANY_BYTES)
		return false;
	if (!module->is_loaded || (module->dwarf != NULL &&
	    !module->has_units))
		return true;
	unit = debug_find_unit(module, address - module->bias);
	return unit != NULL && (unit->state == UNIT_UNREAD ||
	    !unit->has_lines);
}

const char *
debug_find_name(struct debug_module *module, uint64_t address)
{
	module->address = address;
	return debug_name_symbol(module);
}

unsigned
debug_find_places(struct debug_module *module, uint64_t address,
    struct place *places, unsigned max_places, bool *is_best)
{
	struct unit *unit;
	unsigned n = 1;

	assert(max_places > 0);
	memset(places, 0, max_places * sizeof *places);
	debug_forget_names(module);
	debug_load(module);
	module->address = address;
	module->pc = address - module->bias;
	unit = debug_find_unit(module, module->pc);
	if (unit != NULL) {
		debug_find_code(module, unit);
		n = find_chain(module, unit, places, max_places);
	}
	*is_best = module->dwarf != NULL && (unit == NULL || unit->has_code);
	if (places[n - 1].function == NULL)
		places[n - 1].function = debug_name_symbol(module);
	if (n == 1 && places[0].function == NULL && places[0].file == NULL)
		return 0;
	return n;
}

const struct debug_source *
debug_get_source(const struct debug_module *module)
{
	return &module->source;
}
