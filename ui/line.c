#include "ui/line.h"

#include <stdarg.h>
#include <stdio.h>

static void
add_piece(struct line *line, unsigned rank, unsigned style, bool is_right,
    const char *format, va_list args)
{
	struct line_piece *piece = &line->pieces[line->n];

	if (line->n == LINE_PIECES)
		return;
	vsnprintf(piece->text, sizeof piece->text, format, args);
	if (piece->text[0] == '\0')
		return;
	piece->rank = rank;
	piece->style = style;
	piece->is_right = is_right;
	piece->col = 0;
	line->n++;
}

void
line_add(struct line *line, unsigned rank, unsigned style,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_piece(line, rank, style, false, format, args);
	va_end(args);
}

void
line_add_right(struct line *line, unsigned rank, unsigned style,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_piece(line, rank, style, true, format, args);
	va_end(args);
}

static int
line_width(const struct line *line, const struct cells *cells, int gap)
{
	int width = -gap;

	for (unsigned i = 0; i < line->n; i++) {
		if (line->pieces[i].col >= 0)
			width += gap +
			    cells_width(cells, line->pieces[i].text);
	}
	return width;
}

/* Leave out the piece with the highest rank; false when none may go. */
static bool
drop_one(struct line *line)
{
	struct line_piece *worst = NULL;

	for (unsigned i = 0; i < line->n; i++) {
		struct line_piece *piece = &line->pieces[i];

		if (piece->col >= 0 && piece->rank > 0 &&
		    (worst == NULL || piece->rank >= worst->rank))
			worst = piece;
	}
	if (worst == NULL)
		return false;
	worst->col = -1;
	return true;
}

void
line_put(struct line *line, struct cells *cells, int row, int gap)
{
	int end = cells->cols;
	int col = 0;
	int width;

	while (line_width(line, cells, gap) > cells->cols && drop_one(line))
		;
	for (unsigned i = 0; i < line->n; i++) {
		struct line_piece *piece = &line->pieces[i];

		if (piece->col < 0 || !piece->is_right)
			continue;
		width = cells_width(cells, piece->text);
		piece->col = end > width ? end - width : 0;
		cells_put(cells, row, piece->col, width, piece->style,
		    piece->text);
		end = piece->col - gap;
	}
	for (unsigned i = 0; i < line->n; i++) {
		struct line_piece *piece = &line->pieces[i];

		if (piece->col < 0 || piece->is_right)
			continue;
		piece->col = col;
		col += gap + cells_put_head(cells, row, col, end - col,
		    piece->style, piece->text);
	}
}

int
line_piece_at(const struct line *line, const struct cells *cells, int col)
{
	for (unsigned i = 0; i < line->n; i++) {
		const struct line_piece *piece = &line->pieces[i];

		if (piece->col >= 0 && col >= piece->col &&
		    col < piece->col + cells_width(cells, piece->text))
			return (int)i;
	}
	return -1;
}
