/*
 * literal.h - traces written down in a test.
 *
 *	static const struct lit_trace before[] = {
 *		{ 0, 30, 3, "a.c:2 b.c:4" },	newest frame first
 *	};
 *	struct lit *lit = lit_new();
 *	struct query_traces traces = lit_traces(lit, before, 1);
 *
 * A frame is FILE:LINE, or FILE:LINE=FUNCTION.
 */
#ifndef TMTOP_TESTS_LITERAL_H
#define TMTOP_TESTS_LITERAL_H

#include "query/stats.h"

struct lit_trace {
	unsigned	domain;
	uint64_t	size, count;
	const char	*frames;	/* separated by one space; "": none */
};

struct lit {
	struct names	*names;
	struct stacks	*stacks;
};

struct lit *lit_new(void);
void lit_free(struct lit *lit);

/* Traces of this lit's stacks; caller frees .traces. */
struct query_traces lit_traces(struct lit *lit,
    const struct lit_trace *traces, size_t n);

/*
 * A table as text, one row per line: "b.c:1 66/1"; with a difference
 * "b.c:1 0/0 -66/-1"; by traceback "a.c:2 b.c:4 30/3" (newest first).  A
 * static buffer.
 */
const char *lit_rows(const struct stats_table *table);

#endif
