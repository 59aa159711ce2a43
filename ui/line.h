/*
 * line.h - one line of the screen made of pieces that may be left out (L7).
 *
 *	struct line line = { 0 };
 *	line_add(&line, 1, STYLE_TITLE, "tmtop");
 *	line_add(&line, 5, STYLE_NORMAL, "pid %d", pid);
 *	line_add_right(&line, 0, STYLE_GOOD, "RUNNING");
 *	line_put(&line, cells, 0, 2);
 *
 * On a narrow screen the pieces with the highest rank go first; rank 0 never
 * goes.  What still does not fit is cut.
 */
#ifndef TMTOP_UI_LINE_H
#define TMTOP_UI_LINE_H

#include "ui/cells.h"

enum { LINE_PIECES = 16, LINE_PIECE_ROOM = 320 };

struct line {
	struct line_piece {
		char		text[LINE_PIECE_ROOM];
		unsigned	rank;
		unsigned	style;
		bool		is_right;	/* flush right, at most one */
		int		col;		/* where it was put; -1: not */
	}	 pieces[LINE_PIECES];
	unsigned n;
};

/* Append a piece; empty ones take no room at all.  Beyond LINE_PIECES they
 * are dropped. */
void line_add(struct line *line, unsigned rank, unsigned style,
    const char *format, ...) ATTR_PRINTF(4, 5);
void line_add_right(struct line *line, unsigned rank, unsigned style,
    const char *format, ...) ATTR_PRINTF(4, 5);

/* Put the line into a row of the grid with `gap` columns between pieces. */
void line_put(struct line *line, struct cells *cells, int row, int gap);

/* Index of the piece under a column after line_put(), -1 if none. */
int line_piece_at(const struct line *line, const struct cells *cells,
    int col);

#endif
