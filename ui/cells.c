/*
 * cells.c - a grid of styled characters in memory (L7).
 *
 * Shape      One array of cells, row by row.  A character of two columns
 *            fills one cell and leaves its right neighbour with width 0.
 * Why        What a view draws can be compared as text, and the terminal
 *            back end is a loop over cells.  The grid is redrawn as a whole;
 *            sending only what changed is the back end's affair.
 * Invariant  A cell of width 2 is followed by one of width 0, and a cell of
 *            width 0 follows one of width 2: whoever overwrites one half
 *            blanks the other.
 */
#include "ui/cells.h"

#include "util/xalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One step through a text: a character, or one byte shown as \xNN. */
struct piece {
	wchar_t	c;		/* if not is_escape */
	int	width;		/* columns, 0 for what combines */
	bool	is_escape;
	uint8_t	byte;
};

void
cells_init(struct cells *cells, const struct glyphs *glyphs, bool has_utf8)
{
	*cells = (struct cells){ .glyphs = glyphs, .has_utf8 = has_utf8 };
}

void
cells_fini(struct cells *cells)
{
	free(cells->grid);
	cells->grid = NULL;
	cells->rows = cells->cols = 0;
}

static void
set_blank(struct cell *cell, unsigned style)
{
	cell->text[0] = L' ';
	cell->text[1] = 0;
	cell->width = 1;
	cell->style = (uint8_t)style;
}

void
cells_clear(struct cells *cells)
{
	size_t n = (size_t)cells->rows * (size_t)cells->cols;

	for (size_t i = 0; i < n; i++)
		set_blank(&cells->grid[i], STYLE_NORMAL);
}

void
cells_resize(struct cells *cells, int rows, int cols)
{
	cells->rows = rows > 0 ? rows : 0;
	cells->cols = cols > 0 ? cols : 0;
	free(cells->grid);
	cells->grid = xcalloc((size_t)cells->rows * (size_t)cells->cols + 1,
	    sizeof *cells->grid);
	cells_clear(cells);
}

struct cell *
cells_at(const struct cells *cells, int row, int col)
{
	if (row < 0 || row >= cells->rows || col < 0 || col >= cells->cols)
		return NULL;
	return &cells->grid[(size_t)row * (size_t)cells->cols + (size_t)col];
}

/* ---- text ---- */

/* Length of the UTF-8 character at `at` and its value; 0: it is none. */
static int
decode(const unsigned char *at, uint32_t *c)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int n = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 :
	    at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;

	*c = n < 2 ? at[0] : at[0] & (0xffu >> (n + 1));
	for (int i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (at[i] & 0x3fu);
	}
	if (n > 0 && (*c < smallest[n] || *c > 0x10ffff ||
	    (*c >= 0xd800 && *c < 0xe000)))
		return 0;
	return n;
}

/* Take the next piece off *text; false at the end. */
static bool
next_piece(const struct cells *cells, const char **text, struct piece *piece)
{
	const unsigned char *at = (const unsigned char *)*text;
	uint32_t c;
	int n = decode(at, &c);
	int width = -1;

	if (at[0] == 0)
		return false;
	if (n == 1)
		width = c >= 0x20 && c < 0x7f ? 1 : -1;
	else if (n > 1 && cells->has_utf8)
		width = wcwidth((wchar_t)c);
	if (width >= 0) {
		*piece = (struct piece){ .c = (wchar_t)c, .width = width };
		*text += n;
	} else {
		*piece = (struct piece){ .is_escape = true, .width = 4,
			.byte = at[0] };
		*text += 1;
	}
	return true;
}

int
cells_width(const struct cells *cells, const char *text)
{
	struct piece piece;
	int width = 0;

	while (next_piece(cells, &text, &piece))
		width += piece.width;
	return width;
}

const char *
cells_skip(const struct cells *cells, const char *text, int cols)
{
	struct piece piece;

	while (cols > 0 && next_piece(cells, &text, &piece))
		cols -= piece.width;
	return text;
}

/* ---- putting ---- */

/* Before a cell is overwritten: no half of a wide character may stay. */
static void
part_wide(struct cells *cells, int row, int col)
{
	struct cell *cell = cells_at(cells, row, col);
	struct cell *other;

	if (cell->width == 1)
		return;
	other = cells_at(cells, row, cell->width == 2 ? col + 1 : col - 1);
	if (other != NULL)
		set_blank(other, other->style);
	cell->width = 1;
}

/* One character of one or two columns that fits. */
static void
put_char(struct cells *cells, int row, int col, unsigned style, wchar_t c,
    int width)
{
	struct cell *cell = cells_at(cells, row, col);

	assert(width == 1 || width == 2);
	part_wide(cells, row, col);
	if (width == 2) {
		part_wide(cells, row, col + 1);
		cells_at(cells, row, col + 1)->text[0] = 0;
		cells_at(cells, row, col + 1)->width = 0;
		cells_at(cells, row, col + 1)->style = (uint8_t)style;
	}
	cell->text[0] = c;
	cell->text[1] = 0;
	cell->width = (uint8_t)width;
	cell->style = (uint8_t)style;
}

/* What combines goes to the character before it, as far as there is room. */
static void
put_combining(struct cells *cells, int row, int col, wchar_t c)
{
	struct cell *cell = cells_at(cells, row, col);
	size_t n;

	if (cell != NULL && cell->width == 0)
		cell = cells_at(cells, row, col - 1);
	if (cell == NULL)
		return;
	n = wcslen(cell->text);
	if (n < CELL_CHARS) {
		cell->text[n] = c;
		cell->text[n + 1] = 0;
	}
}

/* Put one piece at column col before column `end`; false when it does not
 * fit any more. */
static bool
put_piece(struct cells *cells, int row, int col, int end, unsigned style,
    const struct piece *piece)
{
	char escape[8];

	if (col + piece->width > end)
		return false;
	if (piece->is_escape) {
		snprintf(escape, sizeof escape, "\\x%02x", piece->byte);
		for (int i = 0; i < 4; i++)
			put_char(cells, row, col + i, style,
			    (wchar_t)escape[i], 1);
	} else if (piece->width == 0) {
		put_combining(cells, row, col - 1, piece->c);
	} else {
		put_char(cells, row, col, style, piece->c, piece->width);
	}
	return true;
}

int
cells_put(struct cells *cells, int row, int col, int width, unsigned style,
    const char *text)
{
	struct piece piece;
	int end = col + width < cells->cols ? col + width : cells->cols;
	int at = col;

	if (row < 0 || row >= cells->rows || col < 0)
		return 0;
	while (next_piece(cells, &text, &piece)) {
		if (!put_piece(cells, row, at, end, style, &piece))
			break;
		at += piece.width;
	}
	return at - col;
}

int
cells_put_right(struct cells *cells, int row, int col, int width,
    unsigned style, const char *text)
{
	int used = cells_width(cells, text);
	int start = used < width ? col + width - used : col;

	return cells_put(cells, row, start, col + width - start, style, text);
}

int
cells_put_head(struct cells *cells, int row, int col, int width,
    unsigned style, const char *text)
{
	int dots = cells_width(cells, cells->glyphs->ellipsis);
	int used;

	if (cells_width(cells, text) <= width || width <= dots)
		return cells_put(cells, row, col, width, style, text);
	used = cells_put(cells, row, col, width - dots, style, text);
	return used + cells_put(cells, row, col + used, dots, style,
	    cells->glyphs->ellipsis);
}

int
cells_put_tail(struct cells *cells, int row, int col, int width,
    unsigned style, const char *text)
{
	int dots = cells_width(cells, cells->glyphs->ellipsis);
	int left = cells_width(cells, text);
	struct piece piece;
	int used;

	if (left <= width || width <= dots)
		return cells_put(cells, row, col, width, style, text);
	while (left > width - dots && next_piece(cells, &text, &piece))
		left -= piece.width;
	used = cells_put(cells, row, col, dots, style,
	    cells->glyphs->ellipsis);
	return used + cells_put(cells, row, col + used, width - used, style,
	    text);
}

void
cells_fill(struct cells *cells, int row, int col, int width, unsigned style,
    const char *text)
{
	int end = col + width < cells->cols ? col + width : cells->cols;

	for (; col < end; col++)
		cells_put(cells, row, col, 1, style, text);
}

void
cells_blank(struct cells *cells, int row, int col, int width, unsigned style)
{
	cells_fill(cells, row, col, width, style, " ");
}

void
cells_add_style(struct cells *cells, int row, int col, int width,
    unsigned flags)
{
	struct cell *cell;

	for (int i = 0; i < width; i++) {
		cell = cells_at(cells, row, col + i);
		if (cell != NULL)
			cell->style = (uint8_t)(cell->style | flags);
	}
}

void
cells_box(struct cells *cells, struct rect box, const char *title)
{
	const struct glyphs *g = cells->glyphs;
	int bottom = box.row + box.rows - 1;
	int right = box.col + box.cols - 1;
	int width;

	for (int row = box.row; row <= bottom; row++) {
		cells_blank(cells, row, box.col, box.cols, STYLE_NORMAL);
		cells_put(cells, row, box.col, 1, STYLE_BOX, g->vertical);
		cells_put(cells, row, right, 1, STYLE_BOX, g->vertical);
	}
	cells_fill(cells, box.row, box.col, box.cols, STYLE_BOX,
	    g->horizontal);
	cells_fill(cells, bottom, box.col, box.cols, STYLE_BOX,
	    g->horizontal);
	cells_put(cells, box.row, box.col, 1, STYLE_BOX, g->corner_top_left);
	cells_put(cells, box.row, right, 1, STYLE_BOX, g->corner_top_right);
	cells_put(cells, bottom, box.col, 1, STYLE_BOX,
	    g->corner_bottom_left);
	cells_put(cells, bottom, right, 1, STYLE_BOX,
	    g->corner_bottom_right);
	if (title == NULL)
		return;
	width = cells_width(cells, title) + 2;
	if (width > box.cols - 2)
		width = box.cols - 2;
	cells_blank(cells, box.row, box.col + (box.cols - width) / 2, width,
	    STYLE_TITLE);
	cells_put(cells, box.row, box.col + (box.cols - width) / 2 + 1,
	    width - 2, STYLE_TITLE, title);
}

/* ---- as text ---- */

static void
add_utf8(struct strbuf *to, uint32_t c)
{
	if (c >= 0x10000) {
		strbuf_putc(to, (char)(0xf0 | c >> 18));
		strbuf_putc(to, (char)(0x80 | (c >> 12 & 0x3f)));
	} else if (c >= 0x800) {
		strbuf_putc(to, (char)(0xe0 | c >> 12));
	}
	if (c >= 0x800)
		strbuf_putc(to, (char)(0x80 | (c >> 6 & 0x3f)));
	else if (c >= 0x80)
		strbuf_putc(to, (char)(0xc0 | c >> 6));
	strbuf_putc(to, (char)(c < 0x80 ? c : 0x80 | (c & 0x3f)));
}

void
cells_dump_row(const struct cells *cells, int row, struct strbuf *to)
{
	const struct cell *cell;
	int end = cells->cols;

	while (end > 0 && cells_at(cells, row, end - 1)->width == 1 &&
	    wcscmp(cells_at(cells, row, end - 1)->text, L" ") == 0)
		end--;
	for (int col = 0; col < end; col++) {
		cell = cells_at(cells, row, col);
		for (const wchar_t *c = cell->text; *c != 0; c++)
			add_utf8(to, (uint32_t)*c);
	}
}
