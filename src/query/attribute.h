/*
 * attribute.h - raw snapshots to query traces: inline expansion, then skip
 * list, then traceback limit (L5; order as in the manual's ATTRIBUTION).
 *
 * Holds a cache from raw stacks to nodes that is extended as new ones appear
 * and rebuilt when skip list, limit or symbols change.
 */
#ifndef TMTOP_QUERY_ATTRIBUTE_H
#define TMTOP_QUERY_ATTRIBUTE_H

#include "query/stacks.h"
#include "reader/snapshot.h"

struct skip_list;	/* globs on function or file */

/*
 * The built-in list; `extra` globs (n of them) are added.  A pattern with a
 * '/' is compared with the file, else with the function name (also without
 * what the compiler adds to a name: .part.0, [clone .cold]).  The built-in
 * list also has the modules of the C and C++ libraries.
 */
struct skip_list *skip_list_new(const char *const *extra, size_t n,
    struct errbuf *why);			/* NULL: bad pattern */
void skip_list_free(struct skip_list *skip);

struct attribution;

/* Borrows all; names is the table that symbols interns into. */
struct attribution *attribution_new(const struct frame_store *store,
    struct symbols *symbols, struct names *names);
void attribution_free(struct attribution *attribution);

/* skip NULL: nothing is skipped (exactly tracemalloc); borrowed until
 * replaced.  limit 0: all frames; else what a recording with so many frames
 * would show: they are counted before any is skipped, and those that are
 * inlined at one return address count as one. */
void attribution_set_skip(struct attribution *attribution,
    const struct skip_list *skip);
void attribution_set_limit(struct attribution *attribution, uint32_t limit);

/* Leave out what has no live block, and do not ask for its symbols: for who
 * shows nothing of the past.  Off at first. */
void attribution_set_live_only(struct attribution *attribution, bool on);

/* Forget what was resolved: symbols_pump() said something changed. */
void attribution_refresh(struct attribution *attribution);

/* The traces of a snapshot; caller frees result->traces with free().  The
 * stacks are owned by the attribution and start over with the next call of
 * set_*, or refresh: then every query_traces must be made again. */
void attribution_apply(struct attribution *attribution,
    const struct snapshot *snapshot, struct query_traces *result);

#endif
