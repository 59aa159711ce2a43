/*
 * history.h - what was typed into the prompts, across runs (L7).
 *
 * $XDG_STATE_HOME/tmtop/history (else ~/.local/state/tmtop/history): one text
 * a line behind the word "filter" or "search", the newest last, at most 500.
 * Losing it is no error: where it cannot be read or written, there is a
 * history of this run only.
 */
#ifndef TMTOP_UI_HISTORY_H
#define TMTOP_UI_HISTORY_H

#include "base/compiler.h"

struct history;

/* Load; path NULL: nothing is read or written. */
struct history *history_open(const char *path);
void history_free(struct history *history);	/* NULL is fine */

/* The path for this user, NULL when there is no home; caller frees. */
char *history_path(void);

/* Texts of that kind ("filter", "search"); 0 is the newest.  Borrowed until
 * the next add. */
size_t history_count(const struct history *history, const char *kind);
const char *history_get(const struct history *history, const char *kind,
    size_t i);

/* Append, save; an older equal text is removed. Empty ones are ignored. */
void history_add(struct history *history, const char *kind,
    const char *text);

#endif
