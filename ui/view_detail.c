/*
 * view_detail.c - one traceback of a row, frame by frame with its source
 * lines (L7).
 *
 * Shape      The tracebacks behind the row come from the session at each
 *            refresh; which one is shown, and which row it belongs to, is
 *            remembered by identity.
 */
#include "ui/ui.h"

#include "session_blocks.h"
#include "session_tree.h"
#include "ui/frames.h"
#include "ui/outside.h"
#include "ui/sourcefile.h"
#include "util/names.h"

#include <inttypes.h>
#include <stdio.h>

enum { INDENT = 5, SOURCE_INDENT = 8 };

/* The node of the tree that is looked at, NULL: none. */
static const struct tree_row *
find_node(const struct ui *ui)
{
	size_t n;
	const struct tree_row *rows = session_tree(ui->session, &n);

	for (size_t i = 0; ui->detail.is_of_tree && i < n; i++) {
		if (rows[i].stat.identity == ui->detail.row_identity)
			return &rows[i];
	}
	return NULL;
}

static const struct statistic *
find_row(const struct ui *ui)
{
	const struct stats_table *table = session_rows(ui->session);

	if (ui->detail.is_of_tree) {
		const struct tree_row *node = find_node(ui);

		return node != NULL ? &node->stat : NULL;
	}

	for (uint32_t i = 0; table != NULL && i < table->n_rows; i++) {
		if (table->rows[i].identity == ui->detail.row_identity)
			return &table->rows[i];
	}
	return NULL;
}

static const struct statistic *
current(const struct ui *ui)
{
	const struct stats_table *table = ui->detail.tracebacks;

	if (table == NULL || ui->detail.at >= table->n_rows)
		return NULL;
	return &table->rows[ui->detail.at];
}

static void
choose(struct ui *ui, uint32_t at)
{
	const struct statistic *traceback;

	ui->detail.at = at;
	traceback = current(ui);
	ui->detail.identity = traceback != NULL ? traceback->identity : 0;
}

static void
update(struct ui *ui)
{
	struct detail_state *detail = &ui->detail;
	const struct statistic *row = find_row(ui);
	uint32_t at = detail->at;

	stats_free(detail->tracebacks);
	detail->tracebacks = row == NULL ? NULL : detail->is_of_tree ?
	    session_tree_tracebacks(ui->session, find_node(ui)) :
	    session_tracebacks(ui->session, row);
	if (detail->tracebacks == NULL || detail->tracebacks->n_rows == 0) {
		stats_free(detail->tracebacks);
		detail->tracebacks = NULL;
		return;
	}
	for (uint32_t i = 0; detail->identity != 0 &&
	    i < detail->tracebacks->n_rows; i++) {
		if (detail->tracebacks->rows[i].identity == detail->identity)
			at = i;
	}
	if (at >= detail->tracebacks->n_rows)
		at = detail->tracebacks->n_rows - 1;
	choose(ui, at);
}

/* ---- drawing ---- */

/* The source line of a frame without blanks at its start; "" if none. */
static const char *
source_of(struct ui *ui, const struct symbol_frame *frame)
{
	const struct names *names = session_names(ui->session);
	const char *text;

	if (frame == NULL || frame->line == 0 ||
	    (frame->flags & SYMBOL_NO_LINE) != 0)
		return "";
	text = sources_line(ui->sources, name_raw(names, frame->file, NULL),
	    frame->line);
	while (*text == ' ')
		text++;
	return text;
}

static int
height_of(struct ui *ui, const struct frame_line *line)
{
	return *source_of(ui, line->frame) != '\0' ? 2 : 1;
}

/* Move `top` so that the cursor's frame lies within `rows` lines. */
static void
scroll_to_cursor(struct ui *ui, const frame_lines *lines, int rows)
{
	struct detail_state *detail = &ui->detail;
	int used = 0;
	uint32_t i = detail->cursor;

	if (detail->top > detail->cursor)
		detail->top = detail->cursor;
	if (lines->n == 0)
		return;
	for (; ; i--) {
		used += height_of(ui, &lines->items[i]);
		if (used > rows || i == detail->top)
			break;
	}
	if (used > rows)
		detail->top = i < detail->cursor ? i + 1 : i;
}

static int
draw_frame(struct ui *ui, struct rect at, const struct frame_line *line,
    int place_width)
{
	struct cells *cells = &ui->cells;
	struct strbuf place = STRBUF_INIT(LOCATION_MAX_BYTES);
	const char *source;
	char number[16];
	int col = at.col + INDENT + place_width + 2;

	if (line->frame == NULL) {
		cells_put_head(cells, at.row, at.col + 1, at.cols - 1,
		    STYLE_DIM, line->note);
		return 1;
	}
	snprintf(number, sizeof number, "#%u", line->number);
	cells_put(cells, at.row, at.col + 1, INDENT, STYLE_NORMAL, number);
	location_frame(&place, line->frame, session_names(ui->session));
	cells_put_tail(cells, at.row, at.col + INDENT, place_width,
	    STYLE_NORMAL, strbuf_text(&place));
	strbuf_fini(&place);
	col += cells_put_head(cells, at.row, col, at.cols - col, STYLE_TITLE,
	    line->frame->function != NAME_UNKNOWN ?
	    frame_who(ui, line->frame) : "");
	if ((line->frame->flags & SYMBOL_INLINED) != 0)
		cells_put(cells, at.row, col + 2, at.cols - col - 2,
		    STYLE_DIM, "(inlined)");
	source = source_of(ui, line->frame);
	if (*source == '\0' || at.rows < 2)
		return 1;
	cells_put_head(cells, at.row + 1, at.col + SOURCE_INDENT,
	    at.cols - SOURCE_INDENT, STYLE_SOURCE, source);
	return 2;
}

/* Room for the places: the widest, but at most half of the screen. */
static int
measure_places(struct ui *ui, const frame_lines *lines, int cols)
{
	struct strbuf place = STRBUF_INIT(LOCATION_MAX_BYTES);
	int widest = 0;

	for (size_t i = 0; i < lines->n; i++) {
		int width;

		if (lines->items[i].frame == NULL)
			continue;
		strbuf_clear(&place);
		location_frame(&place, lines->items[i].frame,
		    session_names(ui->session));
		width = cells_width(&ui->cells, strbuf_text(&place));
		if (width > widest)
			widest = width;
	}
	strbuf_fini(&place);
	return widest > cols / 2 ? cols / 2 : widest;
}

static void
draw_frames(struct ui *ui, struct rect area)
{
	struct detail_state *detail = &ui->detail;
	frame_lines lines = VEC_INIT;
	int place_width;
	int end = area.row + area.rows;

	frames_list(ui, current(ui), &lines);
	scroll_to_cursor(ui, &lines, area.rows);
	place_width = measure_places(ui, &lines, area.cols);
	detail->n_lines = area.rows;
	for (uint32_t i = detail->top; i < lines.n && area.row < end; i++) {
		area.rows = end - area.row;
		if (i == detail->cursor)
			cells_put(&ui->cells, area.row, 0, 1, STYLE_NORMAL,
			    ">");
		area.row += draw_frame(ui, area, &lines.items[i],
		    place_width);
		if (i == detail->cursor)
			cells_add_style(&ui->cells, end - area.rows, 0,
			    area.cols, STYLE_SELECTED);
	}
	vec_fini(&lines);
}

/* Size, growth, blocks of a row as pieces of a line. */
static void
add_figures(struct ui *ui, struct line *line, const struct statistic *row)
{
	char size[FMT_ROOM], count[FMT_ROOM], diff[FMT_ROOM];

	fmt_size(size, row->size);
	fmt_count(count, row->count, ',');
	line_add(line, 1, STYLE_NUMBER, "%s%s", ui_about(ui), size);
	if (session_baseline(ui->session) >= 0) {
		fmt_size_diff(diff, row->size_diff);
		line_add(line, 2, row->size_diff > 0 ? STYLE_GROWTH :
		    row->size_diff < 0 ? STYLE_SHRINK : STYLE_NORMAL, "%s",
		    diff);
	}
	line_add(line, 3, STYLE_NORMAL, "%s%s block%s", ui_about(ui), count,
	    row->count == 1 ? "" : "s");
}

static void
draw_row_line(struct ui *ui, int at, const struct statistic *row)
{
	struct row_context context = ui_row_context(ui);
	struct strbuf text = STRBUF_INIT(LINE_PIECE_ROOM - 1);
	struct line line = { 0 };
	const char *domain;

	context.grouping = context.grouping == BY_FILENAME ? BY_FILENAME :
	    BY_LINENO;
	location_text(&text, row, &context);
	line_add(&line, 0, STYLE_TITLE, "%s", strbuf_text(&text));
	add_figures(ui, &line, row);
	domain = session_domain_name(ui->session, row->domain);
	line_add(&line, 4, STYLE_DIM, "domain %u%s%s", row->domain,
	    domain != NULL ? " " : "", domain != NULL ? domain : "");
	line_put(&line, &ui->cells, at, 2);
	strbuf_fini(&text);
}

static void
draw_traceback_line(struct ui *ui, int at, const struct statistic *traceback)
{
	char average[FMT_ROOM];
	struct line line = { 0 };

	line_add(&line, 0, STYLE_TITLE, "Traceback %" PRIu32 " of %" PRIu32
	    " ", ui->detail.at + 1, ui->detail.tracebacks->n_rows);
	add_figures(ui, &line, traceback);
	if (traceback->count > 0) {
		fmt_size(average, traceback->size / traceback->count);
		line_add(&line, 4, STYLE_NORMAL, "avg %s%s", ui_about(ui),
		    average);
	}
	line_put(&line, &ui->cells, at, 2);
}

/* Frames that are none: the program's regions. */
static uint32_t
count_regions(const struct ui *ui, const struct statistic *traceback)
{
	const struct stacks *stacks = ui->detail.tracebacks->stacks;
	uint32_t n = 0;

	for (uint32_t node = traceback->stack; node != 0;
	    node = stacks_parent(stacks, node))
		n += symbol_is_region(stacks_frame(stacks, node));
	return n;
}

/* Does the walk end at a marker instead of the thread's first frame? */
static bool
is_cut(const struct ui *ui, const struct statistic *traceback)
{
	const struct stacks *stacks = ui->detail.tracebacks->stacks;

	for (uint32_t node = traceback->stack; node != 0;
	    node = stacks_parent(stacks, node)) {
		const struct symbol_frame *frame = stacks_frame(stacks, node);

		if ((frame->flags & SYMBOL_SPECIAL) != 0 &&
		    !symbol_is_region(frame))
			return true;
	}
	return false;
}

static void
draw_order_line(struct ui *ui, int at, const struct statistic *traceback)
{
	uint32_t n = stacks_depth(ui->detail.tracebacks->stacks,
	    session_full_stack(ui->session, traceback->stack));
	const struct query_trace *trace = session_trace(ui->session,
	    traceback->stack);
	bool has_marker = is_cut(ui, traceback);
	struct line line = { 0 };

	n -= (has_marker && n > 0) + count_regions(ui, traceback);
	line_add(&line, 0, STYLE_DIM, ui->detail.is_oldest_first ?
	    "Most recent call last (r reverses)." :
	    "Most recent call first (r reverses).");
	if (trace != NULL && trace->total_nframe > 0)
		line_add(&line, 1, STYLE_DIM, "Stored %" PRIu32 " of %s%"
		    PRIu32 " frames.", n, has_marker &&
		    trace->total_nframe <= n ? "more than " : "",
		    trace->total_nframe);
	else
		line_add(&line, 1, STYLE_DIM, "Stored %" PRIu32 " frames.",
		    n);
	if (has_marker)
		line_add(&line, 2, STYLE_WARNING, "Not all were recorded.");
	line_put(&line, &ui->cells, at, 2);
}

static void
draw(struct ui *ui, struct rect area)
{
	const struct statistic *row = find_row(ui);
	const struct statistic *traceback = current(ui);
	int end = area.row + area.rows;
	bool is_high = area.rows >= 10;

	if (row == NULL || traceback == NULL) {
		cells_put_head(&ui->cells, area.row, 0, area.cols, STYLE_DIM,
		    "Nothing of this row is left. Esc goes back.");
		return;
	}
	if (area.rows >= 5)
		draw_row_line(ui, area.row++, row);
	draw_traceback_line(ui, area.row++, traceback);
	if (is_high) {
		draw_order_line(ui, area.row, traceback);
		area.row += 2;
	}
	area.rows = end - area.row;
	draw_frames(ui, area);
}

/* ---- acting ---- */

static enum stage
step(struct ui *ui, int by)
{
	const struct stats_table *table = ui->detail.tracebacks;
	int64_t at = (int64_t)ui->detail.at + by;

	if (table == NULL)
		return STAGE_IDLE;
	if (at < 0 || at >= table->n_rows) {
		ui_say(ui, "That was the %s traceback of this row.",
		    by < 0 ? "first" : "last");
		return STAGE_DRAW;
	}
	choose(ui, (uint32_t)at);
	ui->detail.top = 0;
	ui->detail.is_new = true;
	return STAGE_DRAW;
}

static enum stage
open_source(struct ui *ui)
{
	const struct names *names = session_names(ui->session);
	const struct symbol_frame *frame;
	frame_lines lines = VEC_INIT;
	struct errbuf why;

	frames_list(ui, current(ui), &lines);
	frame = ui->detail.cursor < lines.n ?
	    lines.items[ui->detail.cursor].frame : NULL;
	vec_fini(&lines);
	if (frame == NULL)
		return STAGE_IDLE;
	if (frame->line == 0 || (frame->flags & SYMBOL_NO_LINE) != 0) {
		ui_complain(ui, "no line information: build with -g");
	} else if (sources_n_lines(ui->sources,
	    name_raw(names, frame->file, NULL), &why) < 0) {
		ui_complain(ui, "%s: %s", why.text,
		    name_text(names, frame->file));
	} else {
		ui->source.file = frame->file;
		ui->source.line = frame->line;
		ui->source.top = 0;
		ui->source.skip = 0;
		ui_open(ui, VIEW_SOURCE);
	}
	return STAGE_DRAW;
}

const struct statistic *
detail_current(const struct ui *ui)
{
	return current(ui);
}

void
detail_draw_title(struct ui *ui, int row)
{
	draw_row_line(ui, row, current(ui));
}

/* Copy the place of the frame under the cursor, or edit what is there. */
static enum stage
use_frame(struct ui *ui, enum action_id id)
{
	const struct names *names = session_names(ui->session);
	struct strbuf text = STRBUF_INIT(LOCATION_MAX_BYTES);
	const struct symbol_frame *frame = NULL;
	frame_lines lines = VEC_INIT;

	frames_list(ui, current(ui), &lines);
	if (ui->detail.cursor < lines.n)
		frame = lines.items[ui->detail.cursor].frame;
	vec_fini(&lines);
	if (frame == NULL)
		return STAGE_IDLE;
	location_frame(&text, frame, names);
	if (id == ACTION_COPY)
		outside_copy(ui, strbuf_text(&text));
	else if (frame->line == 0 || (frame->flags & SYMBOL_NO_LINE) != 0)
		ui_complain(ui, "no line information: build with -g");
	else
		outside_edit(ui, name_raw(names, frame->file, NULL),
		    frame->line);
	strbuf_fini(&text);
	return STAGE_DRAW;
}

static enum stage
open_blocks(struct ui *ui)
{
	ui->blocks.list.cursor = 0;
	ui_open(ui, VIEW_BLOCKS);
	return session_want_blocks(ui->session, true);
}

static enum stage
act(struct ui *ui, enum action_id id)
{
	struct detail_state *detail = &ui->detail;

	if (ui_move(id, &detail->cursor, detail->n_frames,
	    (uint32_t)detail->n_lines / 2))
		return STAGE_DRAW;
	switch (id) {
	case ACTION_TRACE_NEXT:
		return step(ui, 1);
	case ACTION_TRACE_PREVIOUS:
		return step(ui, -1);
	case ACTION_COPY:
	case ACTION_EDIT:
		return use_frame(ui, id);
	case ACTION_BLOCKS:
		return open_blocks(ui);
	case ACTION_FLIP:
		detail->is_oldest_first = !detail->is_oldest_first;
		return STAGE_DRAW;
	case ACTION_ALL_FRAMES:
		detail->shows_all = !detail->shows_all;
		return STAGE_DRAW;
	case ACTION_OPEN_SOURCE:
		return open_source(ui);
	case ACTION_BACK_LEFT:
		ui_back(ui);
		return STAGE_DRAW;
	default:
		return STAGE_IDLE;
	}
}

const struct view_ops view_detail = {
	.name = "traceback",
	.context = C_DETAIL,
	.update = update,
	.draw = draw,
	.act = act,
};
