/*
 * location.h - a row's place in the program as text (L7).
 */
#ifndef TMTOP_UI_LOCATION_H
#define TMTOP_UI_LOCATION_H

#include "query/stats.h"
#include "ui/cells.h"

struct trends;

/* What is needed beside a row to show it. */
struct row_context {
	const struct names	*names;
	const struct stacks	*stacks;
	enum grouping		 grouping;
	uint64_t		 total;		/* 100 % */
	const struct trends	*trends;	/* NULL: none */
	enum units {
		UNITS_AUTO, UNITS_BYTES, UNITS_KIB, N_UNITS
	}			 units;		/* of sizes in columns */
};

enum { LOCATION_MAX_BYTES = 2048 };

/* The file and line alone: "src/lru.c:118", "libz.so.1+0x4a1c0" where there
 * is no line information; the whole path when grouped by file.  Appends. */
void location_place(struct strbuf *to, const struct statistic *row,
    const struct row_context *context);

/* The same of a frame: (file, line) or module and offset. */
void location_frame(struct strbuf *to, const struct symbol_frame *frame,
    const struct names *names);

/* What comes behind it: the function, for a traceback "f < caller < main";
 * nothing when grouped by file.  Appends. */
void location_who(struct strbuf *to, const struct statistic *row,
    const struct row_context *context);

/* Both, as the search and the summary want it.  Appends. */
void location_text(struct strbuf *to, const struct statistic *row,
    const struct row_context *context);

/*
 * Put it into `width` columns.  What is too long loses the start of the path
 * first, then the end of the function; file name and line go last.  skip >= 0:
 * uncut, without so many columns of its start.
 */
void location_put(struct cells *cells, struct rect at,
    const struct statistic *row, const struct row_context *context, int skip);

/* The same for a place without function. */
void location_put_place(struct cells *cells, struct rect at,
    const struct statistic *row, const struct row_context *context, int skip);

#endif
