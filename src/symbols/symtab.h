/*
 * symtab.h - functions of a module by its symbol table (L4, helper).
 *
 * For code without debug information.  The same address often has several
 * names (malloc, __libc_malloc, __GI___libc_malloc); which one is shown does
 * not depend on their order in the file.
 */
#ifndef TMTOP_SYMBOLS_SYMTAB_H
#define TMTOP_SYMBOLS_SYMTAB_H

#include "symbols/ranges.h"

struct symtab_symbol {
	const char	*name;		/* borrowed from the file */
	uint64_t	 address;
	uint64_t	 size;		/* 0: up to the next symbol */
	uint64_t	 limit;		/* end of its section */
	bool		 is_function;	/* said to be one */
	bool		 is_local;
	bool		 is_weak;
};

struct symtab {
	VEC(struct symtab_symbol) symbols;
	struct ranges	 sized, sizeless;
};

void symtab_add(struct symtab *symtab, const struct symtab_symbol *symbol);

/* Choose among names for the same address; after the last symtab_add(). */
void symtab_finish(struct symtab *symtab);

/* The symbol that covers the address: one with a size, else the nearest
 * before in the same section; NULL when there is none. */
const struct symtab_symbol *symtab_find(struct symtab *symtab,
    uint64_t address);

void symtab_fini(struct symtab *symtab);

#endif
