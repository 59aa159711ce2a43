/*
 * debug_private.h - a module's debug information as the files debug_*.c share
 * it (L4, helper).
 *
 * The one file that includes elfutils' headers; who includes it is one of
 * them.
 */
#ifndef TMTOP_SYMBOLS_DEBUG_PRIVATE_H
#define TMTOP_SYMBOLS_DEBUG_PRIVATE_H

#include "symbols/debug_module.h"
#include "symbols/lines.h"
#include "symbols/symtab.h"
#include "util/idmap.h"
#include "util/strbuf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>

#define DEBUG_MAX_DEPTH	256u	/* of nested scopes; deeper ones do not count */

struct unit {
	Dwarf_Die	 die;		/* has the line table */
	Dwarf_Die	 code;		/* has the functions: the same, or the
					 * unit in the .dwo file */
	bool		 is_skeleton;	/* the functions are elsewhere */
	bool		 has_code;	/* `code` is what it should be */
	VEC(Dwarf_Die)	 functions;
	struct ranges	 by_address;	/* ids index functions */
	enum {
		UNIT_UNREAD,
		UNIT_OUTER,		/* functions outside functions */
		UNIT_ALL		/* those inside others as well */
	} state;
	struct lines	 lines;
	bool		 has_lines;
};

struct debug_module {
	Dwfl_Callbacks	 callbacks;
	Dwfl		*dwfl;
	Dwfl_Module	*module;
	struct debug_source source;
	char		*separate;	/* what source.separate points to */
	uint64_t	 n_bytes;	/* of the file and the separate one */
	char		*search_path;	/* for separate files */
	char		*file_name;	/* under which it was opened */
	struct dwp	*dwp;		/* its package of split units; NULL */
	bool		 has_dwp;	/* that was looked for */
	char		*last_resort;	/* separate file, or "" */
	bool		 is_loaded;	/* dwarf and bias are known */
	Dwarf		*dwarf;		/* NULL: no debug information */
	Dwarf_Addr	 bias;		/* of the separate file */
	VEC(struct unit *) units;
	struct ranges	 units_by_address;
	bool		 has_units;
	struct symtab	 symtab;
	bool		 has_symtab;
	VEC(struct scopes *) scopes;	/* debug_scopes.c */
	struct idmap	 scopes_map;	/* by unit */
	VEC(char *)	 made_names;	/* of the current answer */
	uint64_t	 address;	/* asked for */
	Dwarf_Addr	 pc;		/* the same in the separate file */
};

/* ---- debug_module.c ---- */

/* Find the debug information, once. */
void debug_load(struct debug_module *module);

/* ---- debug_units.c ---- */

/* Add the ranges of a DIE; false when it has none. */
bool debug_add_ranges(struct ranges *ranges, Dwarf_Die *die, uint32_t id);

/* The unit whose code has the address (of the separate file), or NULL. */
struct unit *debug_find_unit(struct debug_module *module, Dwarf_Addr address);

/* Find the unit's functions, which may be in another file. */
void debug_find_code(struct debug_module *module, struct unit *unit);

/* ---- debug_dwp.c ---- */

/* The unit that belongs to a skeleton, from a .dwo file or a package. */
bool debug_find_split(struct debug_module *module, Dwarf_CU *cu,
    Dwarf_Die *code);
void debug_close_dwp(struct dwp *dwp);	/* NULL is fine */

/* ---- debug_functions.c ---- */

/* Can functions of their own be inside a DIE with this tag?  is_all: also
 * those inside functions. */
bool debug_holds_functions(int tag, bool is_all);

/* Go to the next DIE of the same parent; false at the end, or where the file
 * leads backwards. */
bool debug_next_sibling(Dwarf_Die *die);

/* The function in whose body the address is, or NULL. */
Dwarf_Die *debug_find_function(struct unit *unit, Dwarf_Addr address);

/* The function and what is inlined in it at the address, outermost first;
 * returns how many, at least 1. */
unsigned debug_find_inlined(const Dwarf_Die *function, Dwarf_Addr address,
    Dwarf_Die chain[DEBUG_MAX_DEPTH]);

/* ---- debug_names.c ---- */

/* What the symbol table calls the code at module->address, or NULL. */
const char *debug_name_symbol(struct debug_module *module);

/* Name of a function, inlined or not: as the linker knows it, or as written
 * with the scopes around it; or NULL. */
const char *debug_name_function(struct debug_module *module, Dwarf_Die *die);

/* Release the names that were made for an answer. */
void debug_forget_names(struct debug_module *module);

/* ---- debug_scopes.c ---- */

/* Append "name::" for each namespace and class around a DIE, outermost
 * first. */
void debug_put_scopes(struct debug_module *module, Dwarf_Die *die,
    struct strbuf *text);

/* Release what was read for that. */
void debug_forget_scopes(struct debug_module *module);

/* ---- debug_lines.c ---- */

/* File and line of an address, by the unit's line table. */
void debug_find_line(struct unit *unit, Dwarf_Addr address,
    struct place *place);

/* File and line of the call that was replaced by this inlined function. */
void debug_find_call_site(struct unit *unit, Dwarf_Die *inlined,
    struct place *place);

#endif

