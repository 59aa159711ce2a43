/*
 * view_table.c - the File, Line and Traceback tables (L7).
 *
 * One implementation for the three groupings: they differ in what the
 * location says.  Rows come from the session in order; this view holds that
 * order while somebody moves the cursor, scrolls, and folds what does not fit
 * into a last row, so that the column adds up to the header.
 */
#include "ui/ui.h"

#include "ui/outside.h"
#include "ui/pane.h"
#include "util/names.h"
#include "util/xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOLD_MS = 1500, SCROLL_COLS = 8 };

static const struct statistic *
row_at(const struct ui *ui, uint32_t place)
{
	const struct stats_table *table = session_rows(ui->session);
	const struct row_list *rows = &ui->table.rows;

	if (table == NULL || place >= rows->n ||
	    rows->order[place] >= table->n_rows)
		return NULL;
	return &table->rows[rows->order[place]];
}

static void
update(struct ui *ui)
{
	const struct stats_table *table = session_rows(ui->session);
	struct table_state *state = &ui->table;
	uint32_t n = table != NULL ? table->n_rows : 0;
	uint64_t *identities = xreallocarray(NULL, n + 1,
	    sizeof *identities);

	for (uint32_t i = 0; i < n; i++)
		identities[i] = table->rows[i].identity;
	if (table != NULL && table->grouping != state->grouping) {
		row_list_reset(&state->rows);
		state->grouping = table->grouping;
		state->hold_until_ms = 0;
	}
	state->is_held = ui->now_ms < state->hold_until_ms ||
	    ui->prompt.kind != 0;
	row_list_update(&state->rows, identities, n, state->is_held);
	free(identities);
}

/* ---- drawing ---- */

/* Sums of the rows from a place on, for the last line. */
static uint32_t
sum_rest(const struct ui *ui, uint32_t from, struct statistic *sum)
{
	const struct statistic *row;
	uint32_t n = 0;

	*sum = (struct statistic){ 0 };
	for (; (row = row_at(ui, from)) != NULL; from++, n++) {
		sum->size += row->size;
		sum->count += row->count;
		sum->size_diff += row->size_diff;
		sum->count_diff += row->count_diff;
		sum->allocs += row->allocs;
		sum->allocated += row->allocated;
		sum->temporary += row->temporary;
	}
	return n;
}

static const char *
rows_word(enum grouping grouping)
{
	return grouping == BY_FILENAME ? "files" :
	    grouping == BY_LINENO ? "locations" : "tracebacks";
}

static void
draw_rest(struct ui *ui, int row, uint32_t from,
    const struct row_context *context)
{
	enum sort_key sort = session_sort(ui->session, NULL);
	const struct statistic *last = row_at(ui, from - 1);
	char percent[FMT_ROOM], text[128];
	struct statistic sum;
	uint32_t n = sum_rest(ui, from, &sum);

	fmt_percent(percent, last->size, context->total);
	if (sort == SORT_SIZE && !ui->table.is_held &&
	    strcmp(percent, "0.0") != 0)
		snprintf(text, sizeof text, "(%" PRIu32 " more %s below %s%%)",
		    n, rows_word(context->grouping), percent);
	else
		snprintf(text, sizeof text, "(%" PRIu32 " more %s)", n,
		    rows_word(context->grouping));
	columns_put_sum(&ui->cells, row, &ui->table.layout, &sum, context,
	    text);
}

static void
mark_matches(struct ui *ui, int row, const struct statistic *stat,
    const struct row_context *context)
{
	struct strbuf text = STRBUF_INIT(LOCATION_MAX_BYTES);

	if (ui->search[0] == '\0')
		return;
	location_text(&text, stat, context);
	if (finder_match(strbuf_text(&text), ui->search) != NULL) {
		for (int i = 0; i < ui->table.layout.n; i++) {
			struct column_span *span = &ui->table.layout.spans[i];

			if (span->id == COL_LOCATION)
				cells_add_style(&ui->cells, row, span->col,
				    span->width, STYLE_MATCH);
		}
	}
	strbuf_fini(&text);
}

static void
draw_nothing(struct ui *ui, struct rect area)
{
	const char *text = "Nothing allocated yet.";

	if (session_filters_text(ui->session)[0] != '\0')
		text = "No rows: nothing matches the filter.";
	else if (session_run(ui->session)->state == RUN_STARTING)
		text = "The program is being started ...";
	else if (session_shown(ui->session) >= 0)
		text = "Nothing was allocated at that moment.";
	else if (session_recording(ui->session) == RECORD_STOPPED)
		text = "Recording is stopped: R starts it.";
	else if (session_recording(ui->session) == RECORD_HELD)
		text = "New blocks are not recorded: R changes that.";
	cells_put_head(&ui->cells, area.row + 2, 2, area.cols - 2, STYLE_DIM,
	    text);
}

/* What is looked at is remembered for the next readings. */
static void
note_trend(struct ui *ui, const struct statistic *stat)
{
	const struct snapshot *snapshot = session_snapshot(ui->session);

	if (snapshot != NULL && session_shown(ui->session) < 0)
		trends_add(&ui->trends, stat, snapshot->time_ns);
}

static void
draw_rows(struct ui *ui, struct rect area)
{
	struct table_state *state = &ui->table;
	struct row_context context = ui_row_context(ui);
	const struct stats_table *table = session_rows(ui->session);
	bool can_fold = session_cumulative(ui->session) == CUMULATIVE_OFF;
	uint32_t lines = area.rows > 1 ? (uint32_t)area.rows - 1 : 0;
	uint32_t shown = row_list_fit(&state->rows, lines, can_fold);
	int row = area.row + 1;

	state->n_shown = shown;
	state->n_lines = lines;
	for (uint32_t i = 0; i < shown; i++, row++) {
		uint32_t place = state->rows.top + i;
		const struct statistic *stat = row_at(ui, place);

		if (stat == NULL)
			break;
		note_trend(ui, stat);
		columns_put_row(&ui->cells, row, &state->layout, stat,
		    &context, state->skip);
		mark_matches(ui, row, stat, &context);
		if (place == state->rows.cursor) {
			cells_put(&ui->cells, row, 0, 1, STYLE_NORMAL, ">");
			cells_add_style(&ui->cells, row, 0, area.cols,
			    STYLE_SELECTED);
		}
	}
	if (shown > 0 && shown < lines && shown < state->rows.n)
		draw_rest(ui, row, state->rows.top + shown, &context);
	if (table == NULL || table->n_rows == 0)
		draw_nothing(ui, area);
}

static void
draw(struct ui *ui, struct rect area)
{
	const struct stats_table *table = session_rows(ui->session);
	struct column_wants wants = {
		.has_diff = table != NULL && table->has_diff,
		.has_survivors = table != NULL && table->has_survivors,
		.is_estimate = ui_totals(ui)->sample_bytes != 0,
		.grouping = session_grouping(ui->session),
	};
	struct rect pane = { area.row + area.rows, 0, pane_rows(area),
		area.cols };
	const struct statistic *row;
	bool reverse;

	pane.row -= pane.rows;
	area.rows -= pane.rows;
	wants.sort = session_sort(ui->session, &reverse);
	columns_lay_out(&ui->table.layout, area.cols, &wants);
	columns_put_titles(&ui->cells, area.row, &ui->table.layout,
	    wants.sort, reverse, ui->table.is_held);
	draw_rows(ui, area);
	if (pane.rows > 0 && (row = row_at(ui, ui->table.rows.cursor)) != NULL)
		pane_draw(ui, pane, row);
}

static void
describe(struct ui *ui, char *to, size_t room)
{
	const struct stats_table *table = session_rows(ui->session);
	char n[FMT_ROOM], all[FMT_ROOM];
	uint32_t n_all;

	if (table == NULL)
		return;
	n_all = table->n_unfiltered;
	if (n_all == 0)
		n_all = session_filter_effect(ui->session).n_total;
	fmt_count(n, table->n_rows, ',');
	fmt_count(all, n_all, ',');
	if (session_filters_text(ui->session)[0] != '\0')
		snprintf(to, room, "%s of %s rows", n, all);
	else
		snprintf(to, room, "%s row%s", n,
		    table->n_rows == 1 ? "" : "s");
}

/* ---- acting ---- */

static bool
move(struct ui *ui, enum action_id id)
{
	struct row_list *rows = &ui->table.rows;
	uint32_t place = rows->cursor;

	if (id == ACTION_FIRST) {
		row_list_reset(rows);
		ui->table.hold_until_ms = 0;
		return true;
	}
	if (!ui_move(id, &place, rows->n, ui->table.n_lines))
		return false;
	/* what is there has to be in order before the cursor goes there */
	session_want_rows(ui->session, place + ui->table.n_lines);
	update(ui);
	row_list_go(rows, place);
	ui->table.hold_until_ms = ui->now_ms + HOLD_MS;
	return true;
}

static enum stage
open_row(struct ui *ui)
{
	const struct statistic *row = row_at(ui, ui->table.rows.cursor);

	if (row == NULL) {
		ui_say(ui, "There is no row to open.");
		return STAGE_DRAW;
	}
	/* the row must not be lost by moving while it is looked at */
	ui->table.rows.has_moved = true;
	return ui_open_detail(ui, row->identity, false);
}

/* The column next to the sorted one that can be sorted by. */
static enum stage
sort_aside(struct ui *ui, int by)
{
	const struct column_layout *layout = &ui->table.layout;
	int sorted = column_of_sort(session_sort(ui->session, NULL));
	int at = 0;

	for (int i = 0; i < layout->n; i++) {
		if ((int)layout->spans[i].id == sorted)
			at = i;
	}
	for (at += by; at >= 0 && at < layout->n; at += by) {
		int key = columns[layout->spans[at].id].sort_key;

		if (key >= 0)
			return session_set_sort(ui->session,
			    (enum sort_key)key, false);
	}
	return STAGE_IDLE;
}

static enum stage
sort_by_growth(struct ui *ui)
{
	enum sort_key sort = session_sort(ui->session, NULL);

	if (session_baseline(ui->session) < 0) {
		ui_say(ui, "There is no growth without a mark: press b.");
		return STAGE_DRAW;
	}
	return session_set_sort(ui->session, sort == SORT_GROWTH ?
	    SORT_GROWTH_SIGNED : SORT_GROWTH, false);
}

static enum stage
reverse_order(struct ui *ui)
{
	bool reverse;
	enum sort_key sort = session_sort(ui->session, &reverse);

	return session_set_sort(ui->session, sort, !reverse);
}

static enum stage
toggle_skip(struct ui *ui)
{
	bool on = !session_skips(ui->session);

	ui_say(ui, on ? "Library frames are hidden: rows name your code." :
	    "Library frames are shown: rows name whoever called malloc.");
	return session_set_skip(ui->session, on);
}

static enum stage
copy_location(struct ui *ui)
{
	const struct statistic *row = row_at(ui, ui->table.rows.cursor);
	struct row_context context = ui_row_context(ui);
	struct strbuf text = STRBUF_INIT(LOCATION_MAX_BYTES);

	if (row != NULL) {
		location_place(&text, row, &context);
		outside_copy(ui, strbuf_text(&text));
	}
	strbuf_fini(&text);
	return STAGE_DRAW;
}

static enum stage
change_units(struct ui *ui)
{
	static const char *const names[N_UNITS] = { "as they fit", "in bytes",
		"in KiB" };

	ui->units = (ui->units + 1) % N_UNITS;
	ui_say(ui, "Sizes are shown %s.", names[ui->units]);
	return STAGE_DRAW;
}

static enum stage
toggle_survivors(struct ui *ui)
{
	bool on = !session_wants_survivors(ui->session);

	if (session_baseline(ui->session) < 0) {
		ui_say(ui, "No baseline set: press b");
		return STAGE_DRAW;
	}
	ui_say(ui, on ? "Survivors: what was made after the mark and is alive "
	    "still." : "Survivors are not counted any more.");
	return session_set_survivors(ui->session, on);
}

static enum stage
toggle_cumulative(struct ui *ui)
{
	bool on = session_cumulative(ui->session) == CUMULATIVE_OFF;

	if (session_grouping(ui->session) == BY_TRACEBACK) {
		ui_say(ui, "Tracebacks are whole: there is nothing to "
		    "cumulate.");
		return STAGE_DRAW;
	}
	ui_say(ui, on ? "Cumulative: rows count what they and their callees "
	    "allocated." : "Not cumulative any more.");
	return session_set_cumulative(ui->session,
	    on ? CUMULATIVE_ONCE : CUMULATIVE_OFF);
}

static enum stage
act(struct ui *ui, enum action_id id)
{
	if (move(ui, id))
		return STAGE_DRAW;
	switch (id) {
	case ACTION_OPEN:
		return open_row(ui);
	case ACTION_SORT_MENU:
		return menu_open(ui, MENU_SORT);
	case ACTION_SORT_LEFT:
		return sort_aside(ui, -1);
	case ACTION_SORT_RIGHT:
		return sort_aside(ui, 1);
	case ACTION_SORT_SIZE:
		return session_set_sort(ui->session, SORT_SIZE, false);
	case ACTION_SORT_GROWTH:
		return sort_by_growth(ui);
	case ACTION_REVERSE:
		return reverse_order(ui);
	case ACTION_SKIP:
		return toggle_skip(ui);
	case ACTION_COPY:
		return copy_location(ui);
	case ACTION_UNITS:
		return change_units(ui);
	case ACTION_SURVIVORS:
		return toggle_survivors(ui);
	case ACTION_CUMULATIVE:
		return toggle_cumulative(ui);
	case ACTION_RIGHT:
		ui->table.skip = ui->table.skip < 0 ? 0 :
		    ui->table.skip + SCROLL_COLS;
		return STAGE_DRAW;
	case ACTION_LEFT:
		if (ui->table.skip >= 0)
			ui->table.skip -= ui->table.skip > 0 ? SCROLL_COLS : 1;
		return STAGE_DRAW;
	default:
		return STAGE_IDLE;
	}
}

/* ---- mouse and search ---- */

static enum stage
click_title(struct ui *ui, int col)
{
	const struct column_layout *layout = &ui->table.layout;
	int sorted = column_of_sort(session_sort(ui->session, NULL));

	for (int i = 0; i < layout->n; i++) {
		const struct column_span *span = &layout->spans[i];
		int key = columns[span->id].sort_key;

		if (key < 0 || col < span->col - columns[span->id].gap ||
		    col >= span->col + span->width)
			continue;
		if ((int)span->id == sorted)
			return reverse_order(ui);
		return session_set_sort(ui->session, (enum sort_key)key,
		    false);
	}
	return STAGE_IDLE;
}

static enum stage
click(struct ui *ui, int row, int col)
{
	struct row_list *rows = &ui->table.rows;
	uint32_t place;

	if (row == 0)
		return click_title(ui, col);
	if (row - 1 >= (int)ui->table.n_shown)
		return STAGE_IDLE;
	place = rows->top + (uint32_t)row - 1;
	if (place == rows->cursor && rows->has_moved)
		return open_row(ui);
	row_list_go(rows, place);
	ui->table.hold_until_ms = ui->now_ms + HOLD_MS;
	return STAGE_DRAW;
}

static bool
find(struct ui *ui, const char *text, int by)
{
	struct row_list *rows = &ui->table.rows;
	struct row_context context = ui_row_context(ui);
	struct strbuf location = STRBUF_INIT(LOCATION_MAX_BYTES);
	uint32_t place = rows->cursor;
	bool is_found = false;

	for (uint32_t i = 0; i < rows->n && !is_found; i++) {
		if (by != 0 || i > 0)
			place = (place + (by < 0 ? rows->n - 1 : 1)) % rows->n;
		strbuf_clear(&location);
		location_text(&location, row_at(ui, place), &context);
		is_found = finder_match(strbuf_text(&location), text) != NULL;
	}
	if (is_found) {
		row_list_go(rows, place);
		ui->table.hold_until_ms = ui->now_ms + HOLD_MS;
	}
	strbuf_fini(&location);
	return is_found;
}

const struct view_ops view_table = {
	.name = "",
	.context = C_TABLE,
	.has_tabs = true,
	.update = update,
	.draw = draw,
	.act = act,
	.click = click,
	.describe = describe,
	.find = find,
};
