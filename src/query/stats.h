/*
 * stats.h - rows: what views and reports show (L5).
 *
 * A stats_table owns its rows in one allocation; names and stacks are
 * borrowed and stay valid until the session's next refresh.
 */
#ifndef TMTOP_QUERY_STATS_H
#define TMTOP_QUERY_STATS_H

#include "query/stacks.h"

enum grouping {
	BY_FILENAME,
	BY_LINENO,
	BY_TRACEBACK,
	N_FRAME_GROUPINGS,	/* by what stands in the traceback */
	BY_THREAD = N_FRAME_GROUPINGS,
	N_GROUPINGS
};

enum cumulative {
	CUMULATIVE_OFF,
	CUMULATIVE_ONCE,	/* a trace counts once per row */
	CUMULATIVE_OCCURRENCES,	/* as tracemalloc: once per frame */
};

/* One row. `file` and `line` are the attributed frame's; line 0 when grouped
 * by filename; function NAME_UNKNOWN unless all traces of the row agree: those
 * with live blocks, if there are any.  Grouped by thread, `file` is the
 * thread's label. */
struct statistic {
	uint64_t	identity;	/* equal rows of successive refreshes
					 * have equal identities (file, line or
					 * traceback contents) */
	uint32_t	file, line, function;
	uint32_t	module;		/* name id, of the first trace */
	uint64_t	offset;		/* in module, of the first trace */
	uint32_t	stack;		/* BY_TRACEBACK: the traceback; else
					 * node of the largest trace */
	uint32_t	flags;		/* enum symbol_flag of that frame */
	uint32_t	n_tracebacks;
	uint16_t	domain;		/* of the first trace */
	uint64_t	size, count;
	int64_t		size_diff, count_diff;	/* 0 without a mark */
	uint64_t	allocs, frees, allocated, temporary;
	uint64_t	survivor_size, survivor_count;	/* see stats_table */
	int64_t		allocs_diff, allocated_diff;
};

struct stats_table {
	const struct stacks	*stacks;	/* borrowed */
	enum grouping		 grouping;
	bool			 has_diff;
	bool			 has_survivors;	/* what was born after the
						 * mark and lives is known */
	uint32_t		 n_rows;	/* rows to show */
	uint32_t		 n_all;		/* rows there are: those behind
						 * n_rows have nothing alive on
						 * either side, only a past */
	uint32_t		 n_ordered;	/* rows in their final places;
						 * those behind them are in no
						 * particular order */
	uint32_t		 n_unfiltered;	/* rows without filters; 0 if
						 * not computed */
	struct statistic		*rows;
	/* sums over the traces behind the rows, not over the rows (cumulative
	 * rows overlap) */
	uint64_t		 size, count;
	int64_t			 size_diff, count_diff;
};

void stats_free(struct stats_table *table);	/* NULL is fine */

/* Has the row a live block, or had it one at the mark? */
bool stats_is_live(const struct statistic *row);

/* Bring live rows to the front, in no particular order; returns how many. */
uint32_t stats_put_live_first(struct statistic *rows, uint32_t n);

/* Set the differences of a row to what it was. */
void stats_subtract(struct statistic *row, const struct statistic *old);
/* An old row as it is now: gone. */
struct statistic stats_vanish(const struct statistic *old);

/* Is the frame of `node` of table->stacks at this row's place?  (The same
 * file; or file and line, or file and offset where there is no line; or, by
 * traceback, the whole traceback.)  Not of rows by thread. */
bool stats_is_at(const struct stats_table *table, const struct statistic *row,
    uint32_t node);

enum sort_key {
	SORT_SIZE,		/* size, count, key: tracemalloc's order */
	SORT_GROWTH,		/* |size diff|, size, |count diff|, count */
	SORT_GROWTH_SIGNED,
	SORT_COUNT,
	SORT_COUNT_DIFF,
	SORT_AVERAGE,
	SORT_ALLOCS,
	SORT_ALLOCATED,
	SORT_TEMPORARY,
	SORT_LOCATION,		/* file, line, ascending */
	N_SORT_KEYS
};

/* Name as for --sort ("size", "growth", ...); -1 / NULL when there is none. */
const char *sort_key_name(enum sort_key key);
int sort_key_find(const char *name);

/* Is it the past that is ordered by, so that rows without a live block count?
 * (SORT_ALLOCS, SORT_ALLOCATED, SORT_TEMPORARY) */
bool sort_key_is_past(enum sort_key key);

/* Group; caller owns the result; rows come in no particular order, those with
 * nothing alive last. cumulative is refused (treated as off) for
 * BY_TRACEBACK: the caller reports that to the user. */
struct stats_table *group_by(const struct query_traces *traces,
    enum grouping grouping, enum cumulative cumulative);

/* The same for BY_THREAD, which is never cumulative. */
struct stats_table *group_by_thread(const struct query_traces *traces);
/* Of the row that traces with this label belong to, whatever name the thread
 * had then. */
uint64_t thread_identity(const struct names *names, uint32_t label);

/* Join of two groupings of the same stacks: rows of either side; a missing
 * side counts as zero, rows that vanished stay with size 0. */
struct stats_table *diff_tables(const struct stats_table *old,
    const struct stats_table *now);

/*
 * The same of two builds: rows that are in one function, at different lines,
 * are one, as far as each has a counterpart; so are tracebacks through the
 * same functions, files that are in another folder now, and threads of one
 * name.  Such rows are at their present place.  same_build: by name of a
 * module, whether nothing in it can have moved.
 */
struct stats_table *diff_builds(const struct stats_table *old,
    const struct stats_table *now, const bool *same_build);

/* Rows to show when ordered by this key: tracemalloc has no rows without a
 * live block, so these count only where sort_key_is_past(). */
uint32_t stats_n_rows(const struct stats_table *table, enum sort_key key);

/*
 * Total order, descending by the key (SORT_LOCATION: ascending), `reverse`
 * the other way round; ties always by size, count, then the place (file name
 * bytes, line; a traceback's frames oldest first) descending as tracemalloc
 * does.  Sets n_rows to what stats_n_rows() says.
 */
void order_rows(struct stats_table *table, enum sort_key key, bool reverse);

/* The same for the first n_first rows only: selected, then ordered.  The
 * table's n_ordered says how many that were. */
void order_first_rows(struct stats_table *table, enum sort_key key,
    bool reverse, uint32_t n_first);

#endif
