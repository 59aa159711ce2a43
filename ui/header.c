/*
 * header.c - the lines above the views (L7).
 *
 * Shape      Each line is a list of pieces with ranks (line.h).  Small screens
 *            get two lines that say the same in short.  What is lost is on
 *            the screen at every size: a table that is silently incomplete is
 *            worse than none.
 */
#include "ui/ui.h"

#include "util/xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FULL_ROWS = 16, FULL_COLS = 60,		/* else the short header */
	ACTIVITY_ROWS = 18, SPARK_ROWS = 20, WIDE_COLS = 120,
	SPARK_LABEL = 5, SPARK_SPAN = 6
};

/* ---- figures ---- */

static const char *
short_state(const struct ui *ui, char *to, size_t room)
{
	const struct run_info *run = session_run(ui->session);
	const char *signal;

	switch (run->state) {
	case RUN_EXITED:
		snprintf(to, room, "EXIT %d", run->status);
		return to;
	case RUN_KILLED:
		signal = sigabbrev_np(run->status);
		snprintf(to, room, "%s", signal != NULL ? signal : "KILL");
		return to;
	case RUN_GONE:
		return "LOST";
	case RUN_STOPPED:
		return "STOP";
	case RUN_STARTING:
		return "START";
	case RUN_FILE:
		return "FILE";
	default:
		return session_is_paused(ui->session) ? "PAUSED" : "RUN";
	}
}

static unsigned
count_running(const struct snapshot *snapshot, unsigned *n_threads)
{
	unsigned n = 0;

	*n_threads = 0;
	for (uint32_t i = 0; snapshot != NULL && i < snapshot->n_processes;
	    i++) {
		if (snapshot->processes[i].state != PROCESS_RUNNING)
			continue;
		*n_threads += snapshot->processes[i].n_threads;
		n++;
	}
	return n;
}

static void
add_state(struct ui *ui, struct line *line)
{
	char clock[FMT_ROOM], state[64];
	enum style style;

	ui_state_word(ui, state, sizeof state, &style);
	ui_clock(ui, clock, session_run(ui->session)->uptime_ns);
	if (ui->quits_at_end)
		line_add_right(line, 0, STYLE_WARNING, "QUITTING %s", clock);
	else
		line_add_right(line, 0, style, "%s %s", state, clock);
}

/* "sampled 512K": a power of two reads best in the unit that it was given. */
static void
add_sampling(struct line *line, unsigned rank, const struct totals *totals)
{
	static const char units[] = "BKMG";
	uint64_t size = totals->sample_bytes;
	unsigned unit = 0;

	if (size == 0)
		return;
	for (; size % 1024 == 0 && unit + 2 < sizeof units; unit++)
		size /= 1024;
	line_add(line, rank, STYLE_WARNING, "sampled %" PRIu64 "%c", size,
	    units[unit]);
}

/* Unlike the state of the program: "STOPPED" alone is its own. */
static void
add_recording(struct ui *ui, struct line *line)
{
	switch (session_recording(ui->session)) {
	case RECORD_HELD:
		line_add(line, 0, STYLE_WARNING, "recording HELD");
		break;
	case RECORD_STOPPED:
		line_add(line, 0, STYLE_WARNING, "recording STOPPED");
		break;
	default:
		break;
	}
}

static void
draw_title(struct ui *ui, int row)
{
	const struct run_info *run = session_run(ui->session);
	const struct view_ops *view = ui_view(ui);
	struct line line = { 0 };
	unsigned n_threads;
	unsigned n = count_running(session_snapshot(ui->session), &n_threads);

	line_add(&line, 4, STYLE_TITLE, "tmtop");
	line_add(&line, 0, STYLE_TITLE, "%s", run->command);
	if (view->name[0] != '\0')
		line_add(&line, 1, STYLE_TAB_FRONT, "%s", view->name);
	line_add(&line, 2, STYLE_NORMAL, "pid %d", (int)run->pid);
	if (n > 1)
		line_add(&line, 3, STYLE_NORMAL, "%u processes", n);
	if (n_threads > 1)
		line_add(&line, 5, STYLE_NORMAL, "%u threads", n_threads);
	add_recording(ui, &line);
	add_sampling(&line, 1, ui_totals(ui));
	add_state(ui, &line);
	line_put(&line, &ui->cells, row, 2);
}

static void
draw_totals(struct ui *ui, int row)
{
	const struct totals *totals = ui_totals(ui);
	char text[FMT_ROOM];
	struct line line = { 0 };

	fmt_size(text, totals->traced_bytes);
	line_add(&line, 0, STYLE_NUMBER, "Traced %s%s", ui_about(ui), text);
	fmt_size(text, totals->peak_bytes);
	line_add(&line, 1, STYLE_NORMAL, "peak %s%s", ui_about(ui), text);
	fmt_count(text, totals->blocks, ',');
	line_add(&line, 2, STYLE_NORMAL, "blocks %s%s", ui_about(ui), text);
	fmt_count(text, totals->tracebacks, ',');
	line_add(&line, 4, STYLE_NORMAL, "tracebacks %s", text);
	fmt_size_short(text, totals->rss_bytes);
	line_add(&line, 3, STYLE_NORMAL, "RSS %s", text);
	if (totals->anon_bytes > 0) {
		fmt_percent(text, totals->heap_bytes, totals->anon_bytes);
		line_add(&line, 5, STYLE_NORMAL, "heap %s%%", text);
		fmt_size_short(text, totals->retained_bytes);
		line_add(&line, 5, STYLE_NORMAL, "retained %s", text);
	}
	line_put(&line, &ui->cells, row, 2);
}

/* Rows whose place is a module and an offset only. */
static uint32_t
count_unresolved(const struct ui *ui)
{
	const struct stats_table *table = session_rows(ui->session);
	uint32_t n = 0;

	for (uint32_t i = 0; table != NULL && i < table->n_rows; i++)
		n += (table->rows[i].flags & SYMBOL_NO_LINE) != 0;
	return n;
}

static void
add_count(struct line *line, unsigned rank, unsigned style,
    const char *label, uint64_t count)
{
	char text[FMT_ROOM];

	fmt_count(text, count, ',');
	line_add(line, rank, style, "%s %s", label, text);
}

/* Everything that says how far the figures can be trusted. */
static void
add_trust(struct ui *ui, struct line *line)
{
	const struct snapshot *snapshot = session_snapshot(ui->session);
	const struct totals *totals = ui_totals(ui);
	uint32_t n_pending = session_symbols_pending(ui->session);

	add_count(line, 0, totals->lost > 0 ? STYLE_BAD : STYLE_NORMAL,
	    "lost", totals->lost);
	if (totals->truncated > 0)
		add_count(line, 1, STYLE_WARNING, "truncated",
		    totals->truncated);
	if (totals->cut > 0)
		add_count(line, 7, STYLE_WARNING, "cut", totals->cut);
	if (totals->guessed > 0)
		add_count(line, 8, STYLE_WARNING, "guessed", totals->guessed);
	if (totals->unwind_mismatches > 0)
		add_count(line, 1, STYLE_BAD, "mismatches",
		    totals->unwind_mismatches);
	if (snapshot != NULL && snapshot->is_corrupt)
		line_add(line, 0, STYLE_BAD, "CORRUPT");
	if (n_pending > 0)
		add_count(line, 2, STYLE_DIM, "resolving", n_pending);
	else
		add_count(line, 2, STYLE_NORMAL, "unresolved",
		    count_unresolved(ui));
}

/* A rate as a whole number; below zero there is none. */
static uint64_t
whole(double rate)
{
	return rate > 0 ? (uint64_t)(rate + 0.5) : 0;
}

static void
draw_activity(struct ui *ui, int row)
{
	struct rates rates = session_rates(ui->session);
	bool is_wide = ui->cells.cols >= WIDE_COLS;
	const char *tilde = ui_about(ui);
	char text[FMT_ROOM], bytes[FMT_ROOM];
	struct line line = { 0 };

	fmt_count_short(text, whole(rates.allocs));
	fmt_size_short(bytes, whole(rates.allocated_bytes));
	line_add(&line, 4, STYLE_NORMAL, is_wide ? "Alloc %s%s/s %s/s" :
	    "Alloc %s%s/s", tilde, text, bytes);
	fmt_count_short(text, whole(rates.frees));
	fmt_size_short(bytes, whole(rates.freed_bytes));
	line_add(&line, 5, STYLE_NORMAL, is_wide ? "Free %s%s/s %s/s" :
	    "Free %s%s/s", tilde, text, bytes);
	fmt_size_short(text, whole(rates.net_bytes < 0 ? -rates.net_bytes :
	    rates.net_bytes));
	line_add(&line, 3, rates.net_bytes >= 1 ? STYLE_GROWTH :
	    rates.net_bytes <= -1 ? STYLE_SHRINK : STYLE_NORMAL,
	    "net %s%s/s", rates.net_bytes >= 0.5 ? "+" :
	    rates.net_bytes <= -0.5 ? "-" : "", text);
	fmt_size_short(text, ui_totals(ui)->overhead_bytes);
	line_add(&line, 6, STYLE_NORMAL, "hook %s", text);
	add_trust(ui, &line);
	line_put(&line, &ui->cells, row, 2);
}

/* ---- history ---- */

static void
span_text(unsigned span_s, char to[FMT_ROOM])
{
	if (span_s < 120)
		snprintf(to, FMT_ROOM, "%us", span_s);
	else if (span_s < 7200)
		snprintf(to, FMT_ROOM, "%umin", (span_s + 30) / 60);
	else
		snprintf(to, FMT_ROOM, "%uh", (span_s + 1800) / 3600);
}

static void
draw_spark(struct ui *ui, int row)
{
	const struct glyphs *g = ui->glyphs;
	int width = ui->cells.cols - SPARK_LABEL - 1 - SPARK_SPAN;
	uint64_t *values = xcalloc((size_t)width, sizeof *values);
	unsigned span_s = 0, step;
	size_t n = session_history(ui->session, values, (size_t)width,
	    &span_s);
	uint64_t most = 0;
	char text[FMT_ROOM];
	int col = SPARK_LABEL + width - (int)n;

	for (size_t i = 0; i < n; i++)
		most = values[i] > most ? values[i] : most;
	fmt_size_axis(text, most);
	cells_put_right(&ui->cells, row, 0, SPARK_LABEL - 1, STYLE_DIM, text);
	cells_put(&ui->cells, row, SPARK_LABEL - 1, 1, STYLE_DIM,
	    g->spark_left);
	for (size_t i = 0; i < n && most > 0; i++) {
		/* anything more than nothing is seen */
		step = (unsigned)((double)values[i] / (double)most *
		    g->n_spark + 0.999);
		cells_put(&ui->cells, row, col + (int)i, 1, STYLE_SPARK,
		    g->spark[step > g->n_spark ? g->n_spark : step]);
	}
	cells_put(&ui->cells, row, SPARK_LABEL + width, 1, STYLE_DIM,
	    g->spark_right);
	span_text(ui->is_test ? 0 : span_s, text);
	cells_put_right(&ui->cells, row, ui->cells.cols - SPARK_SPAN,
	    SPARK_SPAN, STYLE_DIM, text);
	free(values);
}

/* ---- tabs and chips ---- */

static const struct {
	enum action_id	action;
	const char	*label;
} tabs[] = {
	{ ACTION_VIEW_FILE, "1 File" },
	{ ACTION_VIEW_LINE, "2 Line" },
	{ ACTION_VIEW_TRACEBACK, "3 Traceback" },
	{ ACTION_VIEW_TREE, "4 Tree" },
	{ ACTION_VIEW_OUTPUT, "5 Output" },
};

static size_t
front_tab(const struct ui *ui)
{
	return ui->front == VIEW_OUTPUT ? N_FRAME_GROUPINGS + 1 :
	    ui->front == VIEW_TREE ? N_FRAME_GROUPINGS :
	    session_grouping(ui->session) == BY_THREAD ? array_size(tabs) :
	    (size_t)session_grouping(ui->session);
}

static void
draw_tabs(struct ui *ui, int row)
{
	const struct view_ops *view = ui_view(ui);
	char right[96] = "";
	struct line *line = &ui->tabs;
	unsigned elapsed_ms;
	const char *doing = session_refresh_doing(ui->session, &elapsed_ms);

	*line = (struct line){ 0 };
	for (size_t i = 0; i < array_size(tabs); i++) {
		bool is_front = i == front_tab(ui);

		line_add(line, is_front ? 0 : 2, is_front ? STYLE_TAB_FRONT :
		    STYLE_TAB, is_front ? " [%s]" : " %s", tabs[i].label);
	}
	if (doing != NULL)
		snprintf(right, sizeof right, "%s %.1f s", doing,
		    elapsed_ms / 1000.0);
	else if (view->describe != NULL)
		view->describe(ui, right, sizeof right);
	if (!ui->shows_header && ui_totals(ui)->lost > 0)
		add_count(line, 0, STYLE_BAD, "  lost",
		    ui_totals(ui)->lost);
	line_add_right(line, 1, STYLE_NORMAL, "  %s  %.1fs", right,
	    ui->delay_ms / 1000.0);
	line_put(line, &ui->cells, row, 0);
	ui->tabs_row = row;
}

static const struct mark *
baseline(const struct ui *ui)
{
	int i = session_baseline(ui->session);

	return i >= 0 ? session_get_mark(ui->session, (size_t)i) : NULL;
}

/* ---- small screens ---- */

static void
draw_short_title(struct ui *ui, int row)
{
	const struct run_info *run = session_run(ui->session);
	const struct totals *totals = ui_totals(ui);
	char traced[FMT_ROOM], peak[FMT_ROOM], state[32];
	struct line line = { 0 };
	enum style style;

	ui_state_word(ui, state, sizeof state, &style);
	fmt_size_letter(traced, totals->traced_bytes);
	fmt_size_letter(peak, totals->peak_bytes);
	line_add(&line, 1, STYLE_TITLE, "%s", run->name);
	line_add(&line, 3, STYLE_NORMAL, "%d", (int)run->pid);
	line_add(&line, 0, STYLE_NUMBER, "%s%s", ui_about(ui), traced);
	line_add(&line, 2, STYLE_NORMAL, "pk %s%s", ui_about(ui), peak);
	line_add_right(&line, 0, style, "%s",
	    short_state(ui, state, sizeof state));
	line_put(&line, &ui->cells, row, 2);
}

static void
draw_short_chips(struct ui *ui, int row)
{
	const struct stats_table *table = session_rows(ui->session);
	const struct mark *mark = baseline(ui);
	uint64_t lost = ui_totals(ui)->lost;
	char text[FMT_ROOM], label[MARK_LABEL_ROOM];
	struct line line = { 0 };

	add_recording(ui, &line);
	if (session_shown(ui->session) >= 0) {
		ui_mark_label(label, ui->session,
		    (size_t)session_shown(ui->session));
		line_add(&line, 1, STYLE_CHIP, "at %s", label);
	}
	if (mark != NULL) {
		fmt_size_diff_letter(text, table != NULL ?
		    table->size_diff : 0);
		if (session_baseline(ui->session) == MARK_PEAK)
			line_add(&line, 1, STYLE_CHIP, "%s since peak", text);
		else
			line_add(&line, 1, STYLE_CHIP, "%s since #%u", text,
			    mark->number);
	}
	if (session_filters_text(ui->session)[0] != '\0')
		line_add(&line, 2, STYLE_CHIP, "%s",
		    session_filters_text(ui->session));
	line_add(&line, 0, lost > 0 ? STYLE_BAD : STYLE_NORMAL,
	    "lost %" PRIu64, lost);
	add_sampling(&line, 1, ui_totals(ui));
	if (ui_view(ui)->has_tabs)
		line_add(&line, 3, STYLE_TAB_FRONT, "[%s]",
		    tabs[front_tab(ui)].label);
	else
		line_add(&line, 3, STYLE_TAB_FRONT, "%s", ui_view(ui)->name);
	line_put(&line, &ui->cells, row, 2);
}

int
header_draw(struct ui *ui)
{
	const struct cells *cells = &ui->cells;
	bool is_short = cells->rows < FULL_ROWS || cells->cols < FULL_COLS;
	struct line chips = { 0 };
	int row = 0;

	ui->tabs_row = -1;
	if (is_short && ui->shows_header)
		draw_short_title(ui, row++);
	if (is_short && ((ui->shows_header && cells->rows >= 8) ||
	    ui_totals(ui)->lost > 0))
		draw_short_chips(ui, row++);
	if (is_short)
		return row;
	if (ui->shows_header || !ui_view(ui)->has_tabs)
		draw_title(ui, row++);
	if (!ui_view(ui)->has_tabs)
		return row;
	if (ui->shows_header) {
		draw_totals(ui, row++);
		if (cells->rows >= ACTIVITY_ROWS || ui_totals(ui)->lost > 0)
			draw_activity(ui, row++);
		if (cells->rows >= SPARK_ROWS)
			draw_spark(ui, row++);
	}
	draw_tabs(ui, row++);
	chips_list(ui, &chips);
	if (chips.n > 0 && ui->front != VIEW_OUTPUT)
		line_put(&chips, &ui->cells, row++, 3);
	return row;
}
