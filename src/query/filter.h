/*
 * filter.h - inclusive and exclusive filters, as tracemalloc combines them
 * (L5).  Pure: no I/O, no time.
 *
 *	filter  := ["!"] pattern [":" line] { " " option }
 *	pattern := word | "=" exact | '"' quoted '"'
 *	option  := "all" | "@" domain
 *
 * A pattern is compared with the whole file name, as CPython's fnmatch does.
 * In the prompt a bare word without * ? [ is wrapped: lru means *lru*.
 */
#ifndef TMTOP_QUERY_FILTER_H
#define TMTOP_QUERY_FILTER_H

#include "query/stacks.h"

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
struct filter *filter_new_domain(bool inclusive, unsigned domain);
void filter_free(struct filter *filter);

/* What it says, canonical: "+*lru*:12 all @2", "-<unknown>"; borrowed. */
const char *filter_text(const struct filter *filter);
/* The glob alone, e.g. "*lru*"; "" for a domain filter. */
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
 */
void filter_apply(const struct filter_set *set,
    const struct query_traces *traces, struct query_traces *result,
    uint32_t *n_errors);

#endif
