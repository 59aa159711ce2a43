/*
 * asks.h - prompts for one value each (L7).
 */
#ifndef TMTOP_UI_ASKS_H
#define TMTOP_UI_ASKS_H

#include "ui/prompt.h"

enum ask_id {
	ASK_INTERVAL,
	ASK_ENTRY,		/* a filter of the list */
	ASK_ADDRESS, ASK_LIMIT, ASK_MARK_NAME,
	ASK_SAVE, ASK_LOAD,	/* name of a snapshot file */
	N_ASKS
};

/* Open the prompt; what it begins with is what is in force. */
enum stage ask_open(struct ui *ui, enum ask_id id);

/* For finder.c: what the open one says, and takes.  When the text is wrong
 * ui->filter_why says why, and the prompt stays. */
const char *ask_label(const struct ui *ui);
const char *ask_hint(const struct ui *ui);
void ask_text(const struct ui *ui, char to[PROMPT_ROOM]);
enum stage ask_accept(struct ui *ui);

#endif
