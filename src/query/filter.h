/*
 * filter.h - inclusive and exclusive filters, as tracemalloc combines them
 * (L5).  Pure: no I/O, no time.
 *
 *	filter  := ["!"] first { " " (option | test) }
 *	first   := pattern [":" line] | test | "@" domain
 *	pattern := word | "=" exact | '"' quoted '"'
 *	option  := "all" | "@" domain			(its number, or a name)
 *	test    := "func=" pattern | measure ("<"|"<="|"="|">="|">") number
 *	measure := "block" | "size" | "count" | "average" | "growth"
 *
 * A pattern is compared with the whole file name, as CPython's fnmatch does;
 * that of func with the whole name of the frame's function.  In the prompt a
 * bare word without * ? [ is wrapped: lru means *lru*.
 *
 * "block" is the size of one block: a filter with it is about single blocks,
 * and of a trace those count that pass.  The other measures are of rows: a row
 * is shown when the tests of every filter hold (with '!': when not all of that
 * filter's do).  They are made last, on rows as they are grouped and compared,
 * and say nothing of traces.
 */
#ifndef TMTOP_QUERY_FILTER_H
#define TMTOP_QUERY_FILTER_H

#include "query/stats.h"

enum filter_mode {
	FILTER_EXACT,		/* --filter: words are taken as they are */
	FILTER_PROMPT,		/* bare words are wrapped in * */
};

struct filter;			/* one parsed filter, immutable */

/*
 * Parse.  NULL on error: why has the text and the 1-based column.  A note
 * that is not an error ("'[' is not closed: matched literally") goes to
 * `note` (may be NULL; text "" if none).
 */
struct filter *filter_parse(const char *text, enum filter_mode mode,
    struct errbuf *why, struct errbuf *note);
void filter_free(struct filter *filter);

/* What it says, canonical: "+*lru*:12 all @2", "-<unknown>"; borrowed. */
const char *filter_text(const struct filter *filter);
/* The glob of the file alone, e.g. "*lru*"; "" if there is none. */
const char *filter_pattern(const struct filter *filter);
bool filter_is_inclusive(const struct filter *filter);

/* A combination, immutable once made; owns its filters. */
struct filter_set;

/* Takes the n filters over (not the array). n may be 0: everything passes. */
struct filter_set *filter_set_new(struct filter **filters, size_t n);
void filter_set_free(struct filter_set *set);
size_t filter_set_count(const struct filter_set *set);
const struct filter *filter_set_get(const struct filter_set *set, size_t i);

/*
 * The traces that pass, in the same order: result->traces is allocated,
 * caller frees.  set NULL: a copy.  A filter without `all` tests the
 * attributed frame, one with `all` every frame, skipped ones and those beyond
 * the limit included.  Each distinct file name is matched once per call and
 * filter, never each trace.  n_errors (may be NULL): names on which matching
 * hit a limit of PCRE2 (counted as no match).
 *
 * Where a test of blocks decides, a trace is that of the blocks which pass:
 * with their size and count, and no past but them.  Of a sample, whose blocks
 * stand for others, it keeps the share that those which pass have.
 */
void filter_apply(const struct filter_set *set,
    const struct query_traces *traces, struct query_traces *result,
    uint32_t *n_errors);

/* Are there tests of rows; of single blocks, for which the snapshot has to
 * have them?  (Where it has none, no block passes such a filter.) */
bool filter_set_has_row_tests(const struct filter_set *set);
bool filter_set_has_block_tests(const struct filter_set *set);

/*
 * Take the rows out of a table, grouped and compared, that a test refuses;
 * none of the rest is in its place any more (see n_ordered).  The table's sums
 * are of the rows that remain, but not with `cumulative`, whose rows overlap:
 * then they stay those of the traces.  set may be NULL.
 */
void filter_rows(const struct filter_set *set, struct stats_table *table,
    enum cumulative cumulative);

#endif
