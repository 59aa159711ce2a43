#include "ui/asks.h"
#include "ui/ui.h"

#include <stdio.h>

/* The marks, and now as the last line. */
static uint32_t
n_entries(const struct ui *ui)
{
	return (uint32_t)session_n_marks(ui->session) + 1;
}

/* Where the columns stand; width 0: there is no room for it. */
struct place { int col, width; bool is_left; };

static const struct place wide[6] = {
	{ 2, 4, false }, { 8, 20, true }, { 29, 10, false },
	{ 40, 10, false }, { 51, 11, false }, { 63, 11, false },
};

static const struct place narrow[6] = {
	{ 2, 4, false }, { 7, 10, true }, { 0, 0, false },
	{ 17, 10, false }, { 28, 11, false }, { 0, 0, false },
};

enum { WIDE_COLS = 74 };

static void
put_columns(struct ui *ui, int row, const char *texts[6], unsigned style)
{
	const struct place *at = ui->cells.cols >= WIDE_COLS ? wide : narrow;

	for (int i = 0; i < 6; i++) {
		if (at[i].width > 0 && at[i].is_left)
			cells_put_head(&ui->cells, row, at[i].col,
			    at[i].width, style, texts[i]);
		else if (at[i].width > 0)
			cells_put_right(&ui->cells, row, at[i].col,
			    at[i].width, style, texts[i]);
	}
}

/* The mark before it in time; NULL for those that have no such. */
static const struct mark *
mark_before(const struct ui *ui, uint32_t i)
{
	if (i < N_FIXED_MARKS)
		return NULL;
	return session_get_mark(ui->session, i == N_FIXED_MARKS ? MARK_START :
	    i - 1);
}

/* The line of a mark, or of now, for which it is NULL. */
static void
put_entry(struct ui *ui, int row, const struct mark *mark,
    const struct mark *before)
{
	const struct totals *totals = mark != NULL ? &mark->totals :
	    session_latest_totals(ui->session);
	char number[FMT_ROOM] = "", clock[FMT_ROOM], traced[FMT_ROOM];
	char since[FMT_ROOM] = "-", blocks[FMT_ROOM];
	const char *cells[6] = { number, mark != NULL ? mark->name :
	    session_run(ui->session)->state == RUN_FILE ?
	    "last (file)" : "now (live)", clock, traced, since, blocks };

	if (mark != NULL)
		snprintf(number, sizeof number, "#%u", mark->number);
	ui_clock(ui, clock, mark != NULL ? mark->uptime_ns :
	    session_run(ui->session)->uptime_ns);
	fmt_size(traced, totals->traced_bytes);
	fmt_count(blocks, totals->blocks, ',');
	if (before != NULL)
		fmt_size_diff(since, (int64_t)(totals->traced_bytes -
		    before->totals.traced_bytes));
	put_columns(ui, row, cells, STYLE_NORMAL);
}

/* The peak is no moment that was chosen: how many blocks there were is known
 * when one has looked. */
static void
put_peak(struct ui *ui, int row)
{
	char traced[FMT_ROOM];
	const char *cells[6] = { "", "peak", "-", traced, "-", "-" };

	fmt_size(traced, session_latest_totals(ui->session)->peak_bytes);
	put_columns(ui, row, cells, STYLE_NORMAL);
}

static void
draw_entry(struct ui *ui, int row, uint32_t i)
{
	int shown = session_shown(ui->session);
	int new_side = shown >= 0 ? shown : (int)n_entries(ui) - 1;

	if (i == MARK_PEAK)
		put_peak(ui, row);
	else
		put_entry(ui, row, i + 1 < n_entries(ui) ?
		    session_get_mark(ui->session, i) : NULL,
		    mark_before(ui, i));
	if ((int)i == session_baseline(ui->session))
		cells_put(&ui->cells, row, 1, 1, STYLE_TITLE, "A");
	if ((int)i == new_side)
		cells_put(&ui->cells, row, (int)i ==
		    session_baseline(ui->session) ? 2 : 1, 1, STYLE_TITLE,
		    "B");
	if (i == ui->marks.cursor) {
		cells_put(&ui->cells, row, 0, 1, STYLE_NORMAL, ">");
		cells_add_style(&ui->cells, row, 0, ui->cells.cols,
		    STYLE_SELECTED);
	}
}

static void
draw_head(struct ui *ui, int row)
{
	int baseline = session_baseline(ui->session);
	int shown = session_shown(ui->session);
	char label[MARK_LABEL_ROOM];
	struct line line = { 0 };

	if (baseline < 0 && shown < 0) {
		cells_put_head(&ui->cells, row, 0, ui->cells.cols,
		    STYLE_NORMAL, "Enter compares a mark (A) with now (B), "
		    "n shows what was live at it.");
		return;
	}
	line_add(&line, 0, STYLE_NORMAL, baseline >= 0 ? "Compared:" :
	    "Shown:");
	if (baseline >= 0) {
		ui_mark_label(label, ui->session, (size_t)baseline);
		line_add(&line, 0, STYLE_CHIP, "%s", label);
		line_add(&line, 0, STYLE_NORMAL, "with");
	}
	if (shown >= 0)
		ui_mark_label(label, ui->session, (size_t)shown);
	line_add(&line, 0, STYLE_CHIP, "%s", shown >= 0 ? label : "now");
	line_put(&line, &ui->cells, row, 1);
}

static void
draw(struct ui *ui, struct rect area)
{
	static const char *exact[6] = { "", "NAME", "TIME", "TRACED",
		"SINCE PREV", "BLOCKS" };
	static const char *estimates[6] = { "", "NAME", "TIME", "~TRACED",
		"SINCE PREV", "~BLOCKS" };
	uint32_t n = n_entries(ui);
	int rows = area.rows - 3;

	if (ui->marks.cursor >= n)
		ui->marks.cursor = n - 1;
	draw_head(ui, area.row);
	put_columns(ui, area.row + 2, *ui_about(ui) != '\0' ? estimates :
	    exact, STYLE_COLUMN);
	if (rows <= 0)
		return;
	ui->marks.n_lines = rows;
	ui_fit(&ui->marks.top, ui->marks.cursor, n, (uint32_t)rows);
	for (int i = 0; i < rows && ui->marks.top + (uint32_t)i < n; i++)
		draw_entry(ui, area.row + 3 + i, ui->marks.top + (uint32_t)i);
}

static enum stage
use_mark(struct ui *ui)
{
	if (ui->marks.cursor + 1 >= n_entries(ui)) {
		ui_say(ui, "Now is always the new side: choose a mark.");
		return STAGE_DRAW;
	}
	ui_back(ui);
	return ui_set_baseline(ui, (int)ui->marks.cursor);
}

static enum stage
show_mark(struct ui *ui)
{
	uint32_t i = ui->marks.cursor;

	ui_back(ui);
	return ui_set_shown(ui, i + 1 < n_entries(ui) ? (int)i : -1);
}

static enum stage
delete_mark(struct ui *ui)
{
	uint32_t i = ui->marks.cursor;

	if (i < N_FIXED_MARKS || i + 1 >= n_entries(ui)) {
		ui_say(ui, "The start, the peak and now cannot be deleted.");
		return STAGE_DRAW;
	}
	ui_say(ui, "Deleted mark #%u.",
	    session_get_mark(ui->session, i)->number);
	return session_delete_mark(ui->session, i);
}

static enum stage
rename_mark(struct ui *ui)
{
	uint32_t i = ui->marks.cursor;

	if (i < N_FIXED_MARKS || i + 1 >= n_entries(ui)) {
		ui_say(ui, "The start, the peak and now have their names.");
		return STAGE_DRAW;
	}
	return ask_open(ui, ASK_MARK_NAME);
}

/* What came between this line and the mark before it: A is that mark, B what
 * the cursor is on. */
static enum stage
compare_with_previous(struct ui *ui)
{
	uint32_t i = ui->marks.cursor, n = n_entries(ui);
	int old = i <= N_FIXED_MARKS ? MARK_START : (int)i - 1;
	enum stage stage;

	if (i < N_FIXED_MARKS) {
		ui_say(ui, "There is no mark before it.");
		return STAGE_DRAW;
	}
	ui_back(ui);
	stage = ui_set_shown(ui, i + 1 < n ? (int)i : -1);
	if (ui_set_baseline(ui, old) < stage)
		stage = STAGE_ATTRIBUTE;
	return stage;
}

static enum stage
act(struct ui *ui, enum action_id id)
{
	if (ui_move(id, &ui->marks.cursor, n_entries(ui),
	    (uint32_t)ui->marks.n_lines))
		return STAGE_DRAW;
	if (id == ACTION_MARK_USE)
		return use_mark(ui);
	if (id == ACTION_MARK_SHOW)
		return show_mark(ui);
	if (id == ACTION_MARK_LOAD)
		return ask_open(ui, ASK_LOAD);
	if (id == ACTION_MARK_DELETE)
		return delete_mark(ui);
	if (id == ACTION_MARK_PREVIOUS)
		return compare_with_previous(ui);
	if (id == ACTION_MARK_RENAME)
		return rename_mark(ui);
	return STAGE_IDLE;
}

static enum stage
click(struct ui *ui, int row, int col)
{
	uint32_t i = ui->marks.top + (uint32_t)(row - 3);

	(void)col;
	if (row < 3 || i >= n_entries(ui))
		return STAGE_IDLE;
	if (i == ui->marks.cursor)
		return use_mark(ui);
	ui->marks.cursor = i;
	return STAGE_DRAW;
}

const struct view_ops view_marks = {
	.name = "marks",
	.context = C_MARKS,
	.draw = draw,
	.act = act,
	.click = click,
};
