/*
 * debug_functions.c - which function has an address, and what is inlined there
 * (L4, helper).
 *
 * Shape      Per unit a table of functions by address, made when first
 *            needed; below a function one descent to the innermost scope.
 * Why        libdw walks all functions of a unit for every address anew, and
 *            the scopes that dwarf_getscopes() returns end at the innermost
 *            inlined function.
 * Invariant  Loops over DIEs only go forwards in the file, so a hostile one
 *            cannot make them endless; the rest is the watchdog's affair.
 * Limits     DEBUG_MAX_DEPTH levels of nesting; what lies deeper is not found.
 */
#include "symbols/debug_private.h"

bool
debug_next_sibling(Dwarf_Die *die)
{
	Dwarf_Off before = dwarf_dieoffset(die);

	return dwarf_siblingof(die, die) == 0 && dwarf_dieoffset(die) > before;
}

bool
debug_holds_functions(int tag, bool is_all)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type:
		return true;
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
		return is_all;
	default:
		return false;
	}
}

static void
collect_functions(struct unit *unit, Dwarf_Die *parent, unsigned depth,
    bool is_all)
{
	Dwarf_Die die;

	if (depth > DEBUG_MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return;
	do {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_subprogram &&
		    debug_add_ranges(&unit->by_address, &die,
		    (uint32_t)unit->functions.n))
			vec_push(&unit->functions, die);
		if (debug_holds_functions(tag, is_all))
			collect_functions(unit, &die, depth + 1, is_all);
	} while (debug_next_sibling(&die));
}

/* The function in whose body the address is.  Functions inside functions are
 * rare and looking for them reads the whole unit, so they come second. */
Dwarf_Die *
debug_find_function(struct unit *unit, Dwarf_Addr address)
{
	uint32_t id = RANGE_NONE;

	for (;;) {
		if (unit->state != UNIT_UNREAD)
			id = ranges_find(&unit->by_address, address);
		if (id != RANGE_NONE || unit->state == UNIT_ALL)
			break;
		vec_clear(&unit->functions);
		ranges_fini(&unit->by_address);
		unit->state++;
		collect_functions(unit, &unit->code, 0,
		    unit->state == UNIT_ALL);
	}
	return id == RANGE_NONE ? NULL : &unit->functions.items[id];
}

/* Move from a scope to the scope directly within that has the address. */
static bool
enter_scope(Dwarf_Die *die, Dwarf_Addr address)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child) != 0)
		return false;
	do {
		switch (dwarf_tag(&child)) {
		case DW_TAG_inlined_subroutine:
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
		case DW_TAG_with_stmt:
			if (dwarf_haspc(&child, address) > 0) {
				*die = child;
				return true;
			}
		}
	} while (debug_next_sibling(&child));
	return false;
}

/* The function and what is inlined in it at the address, outermost first. */
unsigned
debug_find_inlined(const Dwarf_Die *function, Dwarf_Addr address,
    Dwarf_Die chain[DEBUG_MAX_DEPTH])
{
	Dwarf_Die die = *function;
	unsigned n = 1;

	chain[0] = die;
	for (unsigned depth = 1; depth < DEBUG_MAX_DEPTH; depth++) {
		if (!enter_scope(&die, address))
			break;
		if (dwarf_tag(&die) == DW_TAG_inlined_subroutine)
			chain[n++] = die;
	}
	return n;
}
