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

/* Reads the first DIE of each unit: for a browser's hundred thousand units a
 * fraction of a second.  Other files are left for later. */
static void
add_unit(struct debug_module *module, const Dwarf_Die *die, bool is_skeleton)
{
	struct unit *unit = xcalloc(1, sizeof *unit);
	uint32_t id = (uint32_t)module->units.n;

	unit->die = unit->code = *die;
	unit->is_skeleton = is_skeleton;
	unit->has_code = !is_skeleton;
	vec_push(&module->units, unit);
	if (debug_add_ranges(&module->units_by_address, &unit->die, id) ||
	    !is_skeleton)
		return;
	debug_find_code(module, unit);
	debug_add_ranges(&module->units_by_address, &unit->code, id);
}

static void
read_units(struct debug_module *module)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Half version;
	uint8_t type;
	Dwarf_Die die;

	module->has_units = true;
	while (dwarf_get_units(module->dwarf, cu, &cu, &version, &type, &die,
	    NULL) == 0) {
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			add_unit(module, &die, type == DW_UT_skeleton);
	}
}

void
debug_find_code(struct debug_module *module, struct unit *unit)
{
	Dwarf_Die code;

	if (!unit->is_skeleton || unit->has_code)
		return;
	if (!debug_find_split(module, unit->die.cu, &code))
		return;
	unit->code = code;
	unit->has_code = true;
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
