/*
 * cells.h - a grid of styled characters in memory (L7).
 *
 * Views draw here and nowhere else; a terminal back end shows the grid, a
 * test reads it as text.  Nothing is ever drawn outside the grid: whatever
 * lies outside is cut.  Text is printable UTF-8 (util/names.h); bytes that are
 * not, and on terminals without UTF-8 all beyond ASCII, appear as \xNN.
 */
#ifndef TMTOP_UI_CELLS_H
#define TMTOP_UI_CELLS_H

#include "ui/glyphs.h"
#include "ui/style.h"
#include "util/strbuf.h"

#include <wchar.h>

enum { CELL_CHARS = 4 };	/* a character and what combines with it */

struct cell {
	wchar_t	text[CELL_CHARS + 1];	/* NUL-terminated, never empty in a
					 * cell of width 1 or 2 */
	uint8_t	width;			/* 1, 2, or 0: right half of a 2 */
	uint8_t	style;			/* enum style and its flags */
};

struct cells {
	int		 rows, cols;	/* >= 0 */
	bool		 has_utf8;	/* may show more than ASCII */
	const struct glyphs *glyphs;	/* borrowed */
	struct cell	*grid;		/* rows * cols, row by row */
};

struct rect { int row, col, rows, cols; };

/* An empty grid; release with cells_fini(). */
void cells_init(struct cells *cells, const struct glyphs *glyphs,
    bool has_utf8);
void cells_fini(struct cells *cells);

/* Change the size; everything becomes blank.  Negative sizes count as 0. */
void cells_resize(struct cells *cells, int rows, int cols);
void cells_clear(struct cells *cells);

/* The cell there, NULL outside of the grid; borrowed until a resize. */
struct cell *cells_at(const struct cells *cells, int row, int col);

/*
 * Put text from (row, col) on, cut after `width` columns; nothing is padded.
 * Returns the columns used.
 */
int cells_put(struct cells *cells, int row, int col, int width,
    unsigned style, const char *text);

/* The same, ending before column col + width.  Too long: keeps the start. */
int cells_put_right(struct cells *cells, int row, int col, int width,
    unsigned style, const char *text);

/* The same as cells_put(), but too long a text ends in an ellipsis. */
int cells_put_head(struct cells *cells, int row, int col, int width,
    unsigned style, const char *text);

/* Too long a text loses its start, for names whose end says more:
 * "..son/parse.c:402". */
int cells_put_tail(struct cells *cells, int row, int col, int width,
    unsigned style, const char *text);

/* Repeat a text of one column. */
void cells_fill(struct cells *cells, int row, int col, int width,
    unsigned style, const char *text);

/* Make a piece of a row blank. */
void cells_blank(struct cells *cells, int row, int col, int width,
    unsigned style);

/* Add flags (STYLE_SELECTED, STYLE_MATCH) to what is there. */
void cells_add_style(struct cells *cells, int row, int col, int width,
    unsigned flags);

/* A frame with blank inside; a title (may be NULL) in its upper edge. */
void cells_box(struct cells *cells, struct rect box, const char *title);

/* Columns that the text would take in this grid. */
int cells_width(const struct cells *cells, const char *text);

/* The text after so many columns of it. */
const char *cells_skip(const struct cells *cells, const char *text, int cols);

/* Append a row as text, without blanks at its end and without newline. */
void cells_dump_row(const struct cells *cells, int row, struct strbuf *to);

#endif
