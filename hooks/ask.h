/*
 * ask.h - asking the viewer what the hook cannot know (L2).
 *
 * Context    Outside the guard: it waits, and nobody but a program that calls
 *            tmtop.h waits here.  One descriptor as long as the call lasts.
 */
#ifndef TMTOP_HOOKS_ASK_H
#define TMTOP_HOOKS_ASK_H

#include "tables/asking.h"

/* What the environment says of the segment (SEGMENT_ENV): where to ask.
 * Once, at the start. */
void ask_init(const char *segment_text);

/* Wait for the answer, at most QUESTION_WAIT_MS; text may be NULL.  False:
 * there is none. */
bool ask(enum question what, const char *text, struct answer_packet *answer);

#endif
