/*
 * prompt.h - a one-line editor with history (L7).
 *
 * Knows the text, the place in it and what was erased; what the text is for
 * (filter, search, interval) is the affair of whoever opened it.
 */
#ifndef TMTOP_UI_PROMPT_H
#define TMTOP_UI_PROMPT_H

#include "ui/actions.h"
#include "ui/cells.h"

enum { PROMPT_ROOM = 512 };

struct history;

struct prompt {
	enum context	kind;		/* C_FILTER ...; 0: closed */
	char		text[PROMPT_ROOM];	/* UTF-8, printable */
	size_t		at;		/* byte, start of a character */
	char		erased[PROMPT_ROOM];
	size_t		history_at;	/* 0: not in the history */
	char		draft[PROMPT_ROOM];	/* typed before going there */
};

/* Open with a text, the place at its end. */
void prompt_open(struct prompt *prompt, enum context kind, const char *text);
void prompt_set(struct prompt *prompt, const char *text);

/* A character was typed.  True: the text changed. */
bool prompt_type(struct prompt *prompt, uint32_t character);

/* An editing action (EDIT_*, ERASE_*, YANK, HISTORY_*); true: the text
 * changed. */
bool prompt_edit(struct prompt *prompt, enum action_id action,
    const struct history *history);

/* Draw label and text into a row; returns the column of the cursor. */
int prompt_draw(const struct prompt *prompt, struct cells *cells, int row,
    const char *label);

#endif
