/*
 * debug_units.c - which unit an address belongs to (L4, helper).
 *
 * libdwfl's own search is not used: it needs .debug_aranges, which clang does
 * not write.
 */
#include "symbols/debug_private.h"

/* Add the ranges of a DIE; false when it has none. */
bool
debug_add_ranges(struct ranges *ranges, Dwarf_Die *die, uint32_t id)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t offset = 0;
	bool has_any = false;

	while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0) {
		ranges_add(ranges, low, high, id);
		has_any = true;
	}
	return has_any;
}

/* All units, with the ranges that they say they have.  Reads the first DIE of
 * each: for a browser's hundred thousand units a fraction of a second. */
static void
read_units(struct debug_module *module)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Half version;
	uint8_t type;
	Dwarf_Die die, split;

	module->has_units = true;
	while (dwarf_get_units(module->dwarf, cu, &cu, &version, &type, &die,
	    &split) == 0) {
		struct unit *unit;

		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		unit = xcalloc(1, sizeof *unit);
		unit->die = unit->code = die;
		if (type == DW_UT_skeleton && split.addr != NULL)
			unit->code = split;
		vec_push(&module->units, unit);
		if (!debug_add_ranges(&module->units_by_address, &die,
		    (uint32_t)module->units.n - 1))
			debug_add_ranges(&module->units_by_address, &unit->code,
			    (uint32_t)module->units.n - 1);
	}
}

struct unit *
debug_find_unit(struct debug_module *module, Dwarf_Addr address)
{
	uint32_t id;

	if (module->dwarf == NULL)
		return NULL;
	if (!module->has_units)
		read_units(module);
	id = ranges_find(&module->units_by_address, address);
	return id == RANGE_NONE ? NULL : module->units.items[id];
}
