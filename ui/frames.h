/*
 * frames.h - the frames of a traceback as lines (L7).
 */
#ifndef TMTOP_UI_FRAMES_H
#define TMTOP_UI_FRAMES_H

#include "ui/ui.h"
#include "util/vec.h"

struct frame_line {
	const struct symbol_frame *frame;	/* NULL: a note */
	unsigned	number;			/* 0 is the most recent */
	char		note[200];
};

typedef VEC(struct frame_line) frame_lines;

/* The lines of a traceback (NULL: none) in the order that ui->detail asks
 * for; keeps the cursor within.  Caller has an empty list and ends it. */
void frames_list(struct ui *ui, const struct statistic *traceback,
    frame_lines *lines);

/* Function of a frame, its module when that is unknown; borrowed. */
const char *frame_who(const struct ui *ui, const struct symbol_frame *frame);

#endif
