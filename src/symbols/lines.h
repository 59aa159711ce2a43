/*
 * lines.h - the line table of one unit (L4, helper).
 */
#ifndef TMTOP_SYMBOLS_LINES_H
#define TMTOP_SYMBOLS_LINES_H

#include "util/vec.h"

struct line_row {
	uint64_t	 address;	/* of the first instruction */
	const char	*file;		/* borrowed */
	uint32_t	 line;		/* 0: unknown */
	bool		 is_statement;	/* one begins here */
	bool		 is_end;	/* first address after a sequence */
};

struct lines {
	VEC(struct line_row) rows;	/* addresses never decrease */
};

/*
 * The row for an address, or NULL.  Of several for the same address the last
 * counts, but rather the last one where a statement begins: gdb's choice.
 */
const struct line_row *lines_find(const struct lines *lines,
    uint64_t address);

#endif
