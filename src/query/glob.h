/*
 * glob.h - CPython's fnmatch with PCRE2's speed (L5).
 *
 * Our own translation to an anchored pattern: * and ? cross '/', [seq],
 * [!seq], an unclosed [ is literal, no escapes, [^a] is '^' or 'a'.  ? and
 * classes count characters; an invalid UTF-8 byte is one character.
 * glob.c is the only file that includes pcre2.h.
 * Context    A glob may be used by one thread at a time.
 */
#ifndef TMTOP_QUERY_GLOB_H
#define TMTOP_QUERY_GLOB_H

#include "base/errbuf.h"

struct glob;

/* NULL when PCRE2 refuses the pattern (too large): why says so. */
struct glob *glob_new(const char *pattern, struct errbuf *why);
void glob_free(struct glob *glob);	/* NULL is fine */

/* One glob that matches what any of the n patterns matches, at the price of
 * one match; n may be 0: nothing matches. NULL as for glob_new(). */
struct glob *glob_new_any(const char *const *patterns, size_t n,
    struct errbuf *why);

/* 1 match, 0 no match, -1 a limit was hit (hostile pattern). */
int glob_match(const struct glob *glob, const char *name, size_t size);

/* The same by PCRE2's interpreter, as it is everywhere where the system
 * denies executable memory; slower, same answers. */
int glob_match_interpreted(const struct glob *glob, const char *name,
    size_t size);

/* 1-based column of the first '[' that is not closed, 0 if none. */
int glob_unclosed(const char *pattern);

#endif
