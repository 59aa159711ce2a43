/*
 * view_filters.c - the list of filters: which are on, and what each matches
 * alone (L7).
 *
 * Why        Filters combine as in tracemalloc, and what several keep together
 *            is the number that one gets wrong; so each one's own hits are
 *            shown, and below them what is kept.
 */
#include "ui/ui.h"

#include "session_filters.h"
#include "ui/asks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	COL_STATE = 2, COL_KIND = 6, COL_TEXT = 11,
	ROWS_WIDTH = 9, HITS_WIDTH = 11, HEAD_ROWS = 3, FOOT_ROWS = 2
};

static const struct filter_list *
list_of(const struct ui *ui)
{
	return session_filters(ui->session);
}

/* With the quick filter as the last one. */
static uint32_t
n_entries(const struct ui *ui)
{
	return (uint32_t)list_of(ui)->entries.n +
	    (session_quick(ui->session)[0] != '\0');
}

static bool
is_quick(const struct ui *ui, uint32_t i)
{
	return i == list_of(ui)->entries.n;
}

static struct filter_entry
entry_at(const struct ui *ui, uint32_t i)
{
	if (is_quick(ui, i))
		return (struct filter_entry){
			.text = (char *)session_quick(ui->session),
			.mode = FILTER_PROMPT, .is_on = true };
	return list_of(ui)->entries.items[i];
}

/* ---- drawing ---- */

static void
put_hits(struct ui *ui, int row, uint32_t i)
{
	struct cells *cells = &ui->cells;
	struct filter_hits hits;
	char size[FMT_ROOM] = "...", rows[FMT_ROOM] = "";

	if (session_filter_hits(ui->session, i, &hits)) {
		fmt_size(size, hits.size);
		fmt_count(rows, hits.rows, ',');
	}
	cells_put_right(cells, row, cells->cols - HITS_WIDTH, HITS_WIDTH,
	    STYLE_NUMBER, size);
	cells_put_right(cells, row, cells->cols - HITS_WIDTH - ROWS_WIDTH,
	    ROWS_WIDTH, STYLE_NORMAL, rows);
}

static void
put_entry(struct ui *ui, int row, uint32_t i)
{
	struct cells *cells = &ui->cells;
	struct filter_entry entry = entry_at(ui, i);
	struct filter *filter = filter_list_parse(&entry);
	unsigned style = entry.is_on ? STYLE_NORMAL : STYLE_DIM;
	char text[PROMPT_ROOM];

	cells_put(cells, row, COL_STATE, 3, style, is_quick(ui, i) ? " f " :
	    entry.is_on ? "[x]" : "[ ]");
	cells_put(cells, row, COL_KIND, 4, style,
	    filter_is_inclusive(filter) ? "IN" : "OUT");
	snprintf(text, sizeof text, "%s%s", filter_text(filter) + 1,
	    is_quick(ui, i) ? "   (quick filter)" : "");
	cells_put_head(cells, row, COL_TEXT, cells->cols - COL_TEXT -
	    HITS_WIDTH - ROWS_WIDTH - 1, style, text);
	filter_free(filter);
	put_hits(ui, row, i);
	if (i == ui->filters.list.cursor) {
		cells_put(cells, row, 0, 1, STYLE_NORMAL, ">");
		cells_add_style(cells, row, 0, cells->cols, STYLE_SELECTED);
	}
}

static const char *
rows_word(const struct ui *ui)
{
	enum grouping grouping = session_grouping(ui->session);

	return grouping == BY_FILENAME ? "files" :
	    grouping == BY_LINENO ? "locations" : "tracebacks";
}

static void
put_together(struct ui *ui, int row)
{
	struct filter_effect effect = session_filter_effect(ui->session);
	char size[FMT_ROOM], total[FMT_ROOM], percent[FMT_ROOM];
	struct line line = { 0 };

	fmt_size(size, effect.size_matched);
	fmt_size(total, effect.size_total);
	fmt_percent(percent, effect.size_matched, effect.size_total);
	line_add(&line, 0, STYLE_TITLE, "Kept together:");
	line_add(&line, 1, STYLE_NORMAL, "%" PRIu32 " of %" PRIu32 " %s,",
	    effect.n_matched, effect.n_total, rows_word(ui));
	line_add(&line, 0, STYLE_NORMAL, "%s of %s (%s%%)", size, total,
	    percent);
	line_put(&line, &ui->cells, row, 1);
}

static void
draw(struct ui *ui, struct rect area)
{
	struct list_state *list = &ui->filters.list;
	struct cells *cells = &ui->cells;
	uint32_t n = n_entries(ui);
	int rows = area.rows - HEAD_ROWS - FOOT_ROWS;
	int end = area.row + area.rows;

	cells_put_head(cells, area.row, 0, area.cols, STYLE_NORMAL, "A trace "
	    "is kept when it matches at least one IN (if any) and no OUT.");
	cells_put(cells, area.row + 2, COL_STATE, area.cols, STYLE_COLUMN,
	    "ON/KIND  FILTER");
	cells_put_right(cells, area.row + 2, area.cols - HITS_WIDTH -
	    ROWS_WIDTH, ROWS_WIDTH, STYLE_COLUMN, "ROWS");
	cells_put_right(cells, area.row + 2, area.cols - HITS_WIDTH,
	    HITS_WIDTH, STYLE_COLUMN, "HITS");
	if (list->cursor >= n)
		list->cursor = n > 0 ? n - 1 : 0;
	if (rows > 0) {
		list->n_lines = rows;
		ui_fit(&list->top, list->cursor, n, (uint32_t)rows);
	}
	area.row += HEAD_ROWS;
	for (uint32_t i = list->top; i < n && (int)(i - list->top) < rows;
	    i++)
		put_entry(ui, area.row++, i);
	if (n == 0)
		cells_put_head(cells, area.row++, COL_STATE, area.cols,
		    STYLE_DIM, "No filter: everything is kept. a adds one.");
	if (area.row + 1 < end)
		put_together(ui, area.row + 1);
}

/* ---- acting ---- */

/* The list with a change; the one before can be had again. */
static enum stage
change(struct ui *ui, struct filter_list *list)
{
	enum stage stage;

	filter_list_copy(&ui->filters.before, list_of(ui));
	ui->filters.can_undo = true;
	stage = session_set_filters(ui->session, list);
	filter_list_fini(list);
	return stage;
}

static enum stage
undo(struct ui *ui)
{
	struct filter_list list = { 0 };

	if (!ui->filters.can_undo) {
		ui_say(ui, "Nothing has been changed.");
		return STAGE_DRAW;
	}
	filter_list_copy(&list, &ui->filters.before);
	return change(ui, &list);
}

void
filters_fini(struct ui *ui)
{
	filter_list_fini(&ui->filters.before);
}

static enum stage
edit(struct ui *ui, uint32_t i)
{
	if (i < n_entries(ui) && is_quick(ui, i))
		return finder_open(ui, C_FILTER);
	ui->filters.edited = i;
	return ask_open(ui, ASK_ENTRY);
}

void
filters_text(const struct ui *ui, char to[PROMPT_ROOM])
{
	uint32_t i = ui->filters.edited;

	snprintf(to, PROMPT_ROOM, "%s", i < list_of(ui)->entries.n ?
	    list_of(ui)->entries.items[i].text : "");
}

enum stage
filters_accept(struct ui *ui, const char *text)
{
	struct filter_list list = { 0 };
	size_t n = list_of(ui)->entries.n;
	size_t i = ui->filters.edited < n ? ui->filters.edited : n;
	enum filter_mode mode = i < n ?
	    list_of(ui)->entries.items[i].mode : FILTER_PROMPT;

	filter_list_copy(&list, list_of(ui));
	if (!filter_list_put(&list, i, text, mode, &ui->filter_why, NULL)) {
		filter_list_fini(&list);
		return STAGE_DRAW;
	}
	ui->filters.list.cursor = (uint32_t)i;
	return change(ui, &list);
}

static void
switch_all(struct filter_list *list)
{
	bool is_any_on = false;

	for (size_t i = 0; i < list->entries.n; i++)
		is_any_on |= list->entries.items[i].is_on;
	for (size_t i = 0; i < list->entries.n; i++)
		list->entries.items[i].is_on = !is_any_on;
}

/* The quick filter is edited where it is typed. */
static enum stage
refuse_quick(struct ui *ui)
{
	ui_say(ui, "The quick filter is changed with f; Enter does that.");
	return STAGE_DRAW;
}

static enum stage
change_entry(struct ui *ui, enum action_id id, uint32_t i)
{
	struct filter_list list = { 0 };

	filter_list_copy(&list, list_of(ui));
	switch (id) {
	case ACTION_ENTRY_SWITCH:
		list.entries.items[i].is_on ^= true;
		break;
	case ACTION_ENTRY_FLIP:
		if (!filter_list_flip(&list, i))
			ui_complain(ui, "A test of rows cannot be excluded "
			    "together with a pattern.");
		break;
	case ACTION_ENTRY_FRAMES:
		if (!filter_list_flip_all(&list, i))
			ui_complain(ui, "It does not ask for a frame.");
		break;
	default:
		filter_list_remove(&list, i);
		break;
	}
	return change(ui, &list);
}

static enum stage
act_on_list(struct ui *ui, enum action_id id)
{
	struct filter_list list = { 0 };

	if (id == ACTION_ENTRY_ADD)
		return edit(ui, UINT32_MAX);
	if (id == ACTION_ENTRY_UNDO)
		return undo(ui);
	filter_list_copy(&list, list_of(ui));
	switch_all(&list);
	return change(ui, &list);
}

static enum stage
act(struct ui *ui, enum action_id id)
{
	uint32_t i = ui->filters.list.cursor, n = n_entries(ui);

	if (ui_move(id, &ui->filters.list.cursor, n,
	    (uint32_t)ui->filters.list.n_lines))
		return STAGE_DRAW;
	if (id == ACTION_ENTRY_ADD || id == ACTION_ENTRY_UNDO ||
	    id == ACTION_ENTRY_OFF)
		return act_on_list(ui, id);
	if (i >= n) {
		ui_say(ui, "There is no filter: a adds one.");
		return STAGE_DRAW;
	}
	if (id == ACTION_ENTRY_EDIT)
		return edit(ui, i);
	return is_quick(ui, i) ? refuse_quick(ui) : change_entry(ui, id, i);
}

static enum stage
click(struct ui *ui, int row, int col)
{
	uint32_t i = ui->filters.list.top + (uint32_t)(row - HEAD_ROWS);

	(void)col;
	if (row < HEAD_ROWS || i >= n_entries(ui))
		return STAGE_IDLE;
	if (i == ui->filters.list.cursor)
		return edit(ui, i);
	ui->filters.list.cursor = i;
	return STAGE_DRAW;
}

const struct view_ops view_filters = {
	.name = "filters",
	.context = C_FILTERS,
	.draw = draw,
	.act = act,
	.click = click,
};
