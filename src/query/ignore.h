/*
 * ignore.h - LeakSanitizer's suppressions: tracebacks to be left out (L5).
 *
 * Lines of "leak:PATTERN"; what begins with # and empty lines say nothing.  A
 * traceback is ignored when the function, the file or the module of any of its
 * frames matches any pattern: contains it, where * stands for anything, ^ at
 * the start for the start and $ for the end.
 */
#ifndef TMTOP_QUERY_IGNORE_H
#define TMTOP_QUERY_IGNORE_H

#include "query/stacks.h"

struct ignore_list;

/* Parse the text of a file; NULL: why has what is wrong and its line.  The
 * text is copied. */
struct ignore_list *ignore_list_new(const char *text, struct errbuf *why);
void ignore_list_free(struct ignore_list *list);	/* NULL is fine */

/* Does this name match any pattern?  "" matches none. */
bool ignore_list_has(const struct ignore_list *list, const char *name);

/* Take the ignored ones out of traces, in place; returns their size. */
uint64_t ignore_apply(const struct ignore_list *list,
    struct query_traces *traces);

#endif
