/*
 * debug_module.h - what the ELF file and its debug information say about one
 * address (L4, helper).
 */
#ifndef TMTOP_SYMBOLS_DEBUG_MODULE_H
#define TMTOP_SYMBOLS_DEBUG_MODULE_H

#include "symbols/stamp.h"

struct module_key {
	const char	*path;		/* absolute */
	const char	*root;		/* tried first, or "" */
	const char	*debug;		/* separate file when there is no
					 * other, or "" */
	const void	*build_id;	/* what the file must have */
	size_t		 build_id_size;	/* 0: not known, any will do */
};

/* One function at one address, inlined or not. */
struct place {
	const char	*function;	/* not demangled; NULL: unknown */
	const char	*file;		/* NULL: no line information */
	const char	*directory;	/* a relative file is in this one; or
					 * NULL */
	uint32_t	 line;		/* 0: unknown */
	bool		 is_inlined;	/* into the next place */
};

struct debug_module;

/* Where answers come from. */
struct debug_source {
	bool		 has_lines;	/* there is debug information */
	struct file_stamp file;
	const char	*separate;	/* path of the separate file, "": none;
					 * borrowed */
	struct file_stamp separate_file;
};

/* Open; NULL when there is no such file, or it is another build. */
struct debug_module *debug_open(const struct module_key *key);
void debug_close(struct debug_module *module);	/* NULL is fine */

/* Will debug_find_places() take its time for this address? */
bool debug_is_slow(struct debug_module *module, uint64_t address);

/* What the symbol table calls the code at an address, or NULL; borrowed until
 * debug_close(). */
const char *debug_find_name(struct debug_module *module, uint64_t address);

/*
 * What is at an ELF address.
 *
 * places     room for max_places; innermost first.  Strings are borrowed
 *            until the next call for this module.
 * *is_best   all that there can be to say about this build: the debug
 *            information is there, and no part of it is missing
 * Returns    how many; 0: nothing is known.
 */
unsigned debug_find_places(struct debug_module *module, uint64_t address,
    struct place *places, unsigned max_places, bool *is_best);

/* Valid after debug_find_places(). */
const struct debug_source *debug_get_source(
    const struct debug_module *module);

#endif
