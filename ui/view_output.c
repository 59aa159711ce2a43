/*
 * view_output.c - what the program wrote to its terminal (L7).
 *
 * The tail that the session keeps, without escape sequences.  At the end of
 * the text the view follows; moving up stops that, the last line starts it
 * again.
 */
#include "ui/ui.h"

#include <inttypes.h>
#include <stdio.h>

enum { SCROLL_COLS = 8, MAX_SKIP = 4096 };

static size_t
last_top(const struct ui *ui)
{
	size_t n = session_output_lines(ui->session, NULL);
	size_t rows = (size_t)(ui->output.n_lines > 0 ? ui->output.n_lines :
	    0);

	return n > rows ? n - rows : 0;
}

static void
update(struct ui *ui)
{
	size_t last = last_top(ui);

	if (ui->output.is_following || ui->output.top > last)
		ui->output.top = last;
}

static void
draw_head(struct ui *ui, struct rect area)
{
	uint64_t n_dropped = 0;
	char count[FMT_ROOM];
	struct line line = { 0 };

	session_output_lines(ui->session, &n_dropped);
	cells_fill(&ui->cells, area.row, 0, area.cols, STYLE_BOX,
	    ui->cells.glyphs->horizontal);
	line_add(&line, 0, STYLE_TITLE, "%s%s program output %s",
	    ui->cells.glyphs->horizontal, ui->cells.glyphs->horizontal,
	    "(its private terminal) ");
	if (n_dropped > 0) {
		fmt_count(count, n_dropped, ',');
		line_add(&line, 0, STYLE_WARNING,
		    " %s earlier lines dropped ", count);
	}
	line_put(&line, &ui->cells, area.row, 1);
}

static void
draw(struct ui *ui, struct rect area)
{
	struct output_state *output = &ui->output;
	size_t n = session_output_lines(ui->session, NULL);
	const char *text;

	output->n_lines = area.rows - 1;
	update(ui);
	draw_head(ui, area);
	if (n == 0)
		cells_put_head(&ui->cells, area.row + 2, 2, area.cols - 2,
		    STYLE_DIM, session_run(ui->session)->state == RUN_FILE ?
		    "A snapshot file has none." :
		    session_has_pty(ui->session) ? "Nothing yet." :
		    "Its output goes elsewhere (it was redirected).");
	for (int i = 0; i < output->n_lines; i++) {
		if (output->top + (size_t)i >= n)
			break;
		text = session_output_line(ui->session,
		    output->top + (size_t)i);
		cells_put(&ui->cells, area.row + 1 + i, 0, area.cols,
		    STYLE_NORMAL, cells_skip(&ui->cells, text,
		    output->skip));
		if (ui->search[0] != '\0' &&
		    finder_match(text, ui->search) != NULL)
			cells_add_style(&ui->cells, area.row + 1 + i, 0,
			    area.cols, STYLE_MATCH);
	}
}

static void
describe(struct ui *ui, char *to, size_t room)
{
	char n[FMT_ROOM];

	fmt_count(n, session_output_lines(ui->session, NULL), ',');
	snprintf(to, room, "%s%s lines", ui->output.is_following ?
	    "following  " : "", n);
}

static enum stage
act(struct ui *ui, enum action_id id)
{
	struct output_state *output = &ui->output;
	uint32_t top = (uint32_t)output->top;
	size_t last = last_top(ui);

	if (ui_move(id, &top, (uint32_t)last + 1,
	    (uint32_t)(output->n_lines > 0 ? output->n_lines : 0))) {
		output->top = top;
		output->is_following = top == last && id != ACTION_UP &&
		    id != ACTION_PAGE_UP && id != ACTION_HALF_UP &&
		    id != ACTION_FIRST;
		return STAGE_DRAW;
	}
	if (id == ACTION_RIGHT && output->skip < MAX_SKIP)
		output->skip += SCROLL_COLS;
	else if (id == ACTION_LEFT && output->skip > 0)
		output->skip -= SCROLL_COLS;
	else
		return STAGE_IDLE;
	return STAGE_DRAW;
}

static bool
find(struct ui *ui, const char *text, int by)
{
	struct output_state *output = &ui->output;
	size_t n = session_output_lines(ui->session, NULL);
	size_t at = output->found < n ? output->found : 0;

	for (size_t i = 0; i < n; i++) {
		if (by != 0 || i > 0)
			at = (at + (by < 0 ? n - 1 : 1)) % n;
		if (finder_match(session_output_line(ui->session, at),
		    text) == NULL)
			continue;
		output->found = at;
		output->is_following = false;
		if (at < output->top ||
		    at >= output->top + (size_t)output->n_lines)
			output->top = at;
		return true;
	}
	return false;
}

const struct view_ops view_output = {
	.name = "output",
	.context = C_OUTPUT,
	.has_tabs = true,
	.update = update,
	.draw = draw,
	.act = act,
	.describe = describe,
	.find = find,
};
