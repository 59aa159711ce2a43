/*
 * screen.c - what is where on the screen (L7).
 *
 * From the top: header, the view in front, a line for messages, the key bar.
 * A prompt takes the two lines above the key bar.  On low screens messages
 * cover the key bar, and below MIN_ROWS x MIN_COLS one line says the most
 * important number; keys go on working.
 */
#include "session_blocks.h"
#include "session_filters.h"
#include "ui/ui.h"

#include <stdio.h>

enum { MIN_ROWS = 5, MIN_COLS = 24, MESSAGE_ROWS = 12 };

static void
draw_too_small(struct ui *ui)
{
	const struct stats_table *table = session_rows(ui->session);
	char traced[FMT_ROOM], growth[FMT_ROOM] = "", text[96];
	static const char note[] = "(window too small)";
	int used;

	fmt_size_letter(traced, ui_totals(ui)->traced_bytes);
	if (session_baseline(ui->session) >= 0 && table != NULL)
		fmt_size_diff_letter(growth, table->size_diff);
	snprintf(text, sizeof text, "tmtop %s%s%s", traced,
	    growth[0] != '\0' ? " " : "", growth);
	used = cells_put(&ui->cells, 0, 0, ui->cells.cols, STYLE_NUMBER,
	    text);
	if (used + 1 + (int)sizeof note - 1 <= ui->cells.cols)
		cells_put(&ui->cells, 0, used + 1, ui->cells.cols - used - 1,
		    STYLE_WARNING, note);
	else
		cells_put(&ui->cells, 1, 0, ui->cells.cols, STYLE_WARNING,
		    note);
}

/* The key's name as the bar shows it: its first one. */
static void
add_bar_item(struct ui *ui, enum action_id id)
{
	const struct action *action = &actions[id];
	const char *keys = action->keys;
	const char *name;
	size_t size;

	name = keys_next(&keys, &size);
	ui->bar_actions[ui->bar.n] = id;
	/* "F4Filter", but "Esc Back" */
	line_add(&ui->bar, action->bar_rank - 1, STYLE_KEY_TEXT,
	    name[0] == 'F' && size > 1 ? "%.*s%s" : "%.*s %s", (int)size,
	    name, action->bar);
}

static void
draw_bar(struct ui *ui, int row)
{
	enum context context = ui_context(ui);

	ui->bar = (struct line){ 0 };
	if (context == C_HELP)
		context = ui_view(ui)->context;
	for (int id = 0; id < N_ACTIONS && ui->bar.n < LINE_PIECES; id++) {
		if ((actions[id].contexts & context) == 0 ||
		    actions[id].bar_rank == 0)
			continue;
		/* the tables are where one comes back to */
		if (id == ACTION_BACK && ui_view(ui)->has_tabs &&
		    ui->front != VIEW_OUTPUT)
			continue;
		add_bar_item(ui, (enum action_id)id);
	}
	if (context == C_FILTER && ui->bar.n < LINE_PIECES) {
		ui->bar_actions[ui->bar.n] = ACTION_PROMPT_HELP;
		line_add(&ui->bar, 3, STYLE_DIM,
		    " ! exclude  :N line  all  @N domain");
	}
	line_put(&ui->bar, &ui->cells, row, 1);
}

static void
draw_message(struct ui *ui, int row, bool covers)
{
	char text[sizeof ui->message];

	if (ui->message[0] == '\0') {
		session_symbols_text(ui->session, text, sizeof text);
		cells_put_head(&ui->cells, row, 0,
		    covers ? 0 : ui->cells.cols, STYLE_DIM, text);
		return;
	}
	if (covers)
		cells_blank(&ui->cells, row, 0, ui->cells.cols, STYLE_NORMAL);
	cells_put_head(&ui->cells, row, 0, ui->cells.cols, ui->message_style,
	    ui->message);
}

static void
draw_normal(struct ui *ui)
{
	struct cells *cells = &ui->cells;
	bool has_message_row = cells->rows >= MESSAGE_ROWS;
	bool has_prompt = ui->prompt.kind != 0;
	int below = has_prompt ? 3 : has_message_row ? 2 : 1;
	int row = header_draw(ui);

	if (has_prompt && cells->rows < 8)
		below = 2;
	ui->area = (struct rect){ row, 0, cells->rows - row - below,
		cells->cols };
	if (ui->area.rows > 0)
		ui_view(ui)->draw(ui, ui->area);
	if (has_prompt) {
		/* on the lowest screens there is no key bar beside it */
		finder_draw(ui, cells->rows - below);
		if (below == 3)
			draw_bar(ui, cells->rows - 1);
	} else {
		draw_bar(ui, cells->rows - 1);
		draw_message(ui, cells->rows - below, !has_message_row);
	}
}

void
screen_update(struct ui *ui)
{
	const struct view_ops *view = ui_view(ui);

	if (ui->front != VIEW_FILTERS)
		session_want_hits(ui->session, false);
	if (ui->front != VIEW_BLOCKS && ui->prompt.kind != C_ASK)
		session_want_blocks(ui->session, false);
	view_table.update(ui);
	view_tree.update(ui);
	if (view->update != NULL && view != &view_table &&
	    view != &view_tree)
		view->update(ui);
}

void
screen_draw(struct ui *ui)
{
	screen_update(ui);
	cells_clear(&ui->cells);
	ui->cursor_row = ui->cursor_col = -1;
	ui->bar.n = ui->tabs.n = 0;
	if (ui->cells.rows < MIN_ROWS || ui->cells.cols < MIN_COLS) {
		draw_too_small(ui);
		return;
	}
	draw_normal(ui);
	if (ui->menu.kind != MENU_NONE)
		menu_draw(ui);
	if (ui->help_page > 0) {
		ui->cursor_row = -1;
		help_draw(ui);
	}
}
