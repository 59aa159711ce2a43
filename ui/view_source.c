/*
 * view_source.c - a source file with the bytes that its lines own (L7).
 *
 * The figures come from the session's rows: by line and by traceback each row
 * names its line; by file the tracebacks of the file's row do.
 */
#include "ui/outside.h"
#include "ui/ui.h"

#include "ui/sourcefile.h"
#include "util/names.h"
#include "util/vec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Columns: size, growth, line, text. */
enum { COL_OF_SIZE = 1, COL_OF_GROWTH = 11, SCROLL_COLS = 8 };

struct source_sum {
	unsigned	line;
	uint64_t	size;
	int64_t		size_diff;
};

typedef VEC(struct source_sum) sum_list;

static const char *
path_of(const struct ui *ui)
{
	return name_raw(session_names(ui->session), ui->source.file, NULL);
}

static int
compare_lines(const void *a, const void *b)
{
	const struct source_sum *left = a, *right = b;

	return (left->line > right->line) - (left->line < right->line);
}

static void
add_table(sum_list *sums, const struct stats_table *table, uint32_t file)
{
	for (uint32_t i = 0; i < table->n_rows; i++) {
		const struct statistic *row = &table->rows[i];
		struct source_sum sum = {
			.line = row->line, .size = row->size,
			.size_diff = row->size_diff,
		};

		if (row->file == file && row->line > 0)
			vec_push(sums, sum);
	}
}

/* Several rows may name one line. */
static void
merge(sum_list *sums)
{
	size_t n = 0;

	if (sums->n == 0)
		return;
	qsort(sums->items, sums->n, sizeof *sums->items, compare_lines);
	for (size_t i = 1; i < sums->n; i++) {
		if (sums->items[i].line == sums->items[n].line) {
			sums->items[n].size += sums->items[i].size;
			sums->items[n].size_diff += sums->items[i].size_diff;
		} else {
			sums->items[++n] = sums->items[i];
		}
	}
	sums->n = n + 1;
}

static void
update(struct ui *ui)
{
	const struct stats_table *table = session_rows(ui->session);
	struct stats_table *behind;
	sum_list sums = VEC_INIT;

	for (uint32_t i = 0; table != NULL && i < table->n_rows; i++) {
		if (table->grouping != BY_FILENAME ||
		    table->rows[i].file != ui->source.file)
			continue;
		behind = session_tracebacks(ui->session, &table->rows[i]);
		if (behind != NULL)
			add_table(&sums, behind, ui->source.file);
		stats_free(behind);
	}
	if (table != NULL && table->grouping != BY_FILENAME)
		add_table(&sums, table, ui->source.file);
	merge(&sums);
	free(ui->source.sums);
	ui->source.sums = sums.items;
	ui->source.n_sums = sums.n;
}

static const struct source_sum *
sum_of(const struct ui *ui, unsigned line)
{
	struct source_sum key = { .line = line };

	if (ui->source.n_sums == 0)
		return NULL;
	return bsearch(&key, ui->source.sums, ui->source.n_sums, sizeof key,
	    compare_lines);
}

/* ---- drawing ---- */

static enum style
style_of(int64_t diff)
{
	return diff > 0 ? STYLE_GROWTH : diff < 0 ? STYLE_SHRINK :
	    STYLE_NORMAL;
}

static void
draw_title(struct ui *ui, int row, int n_lines)
{
	char size[FMT_ROOM], percent[FMT_ROOM], diff[FMT_ROOM];
	struct row_context context = ui_row_context(ui);
	struct line line = { 0 };
	uint64_t total = 0;
	int64_t growth = 0;

	for (size_t i = 0; i < ui->source.n_sums; i++) {
		total += ui->source.sums[i].size;
		growth += ui->source.sums[i].size_diff;
	}
	fmt_size(size, total);
	fmt_percent(percent, total, context.total);
	fmt_size_diff(diff, growth);
	line_add(&line, 0, STYLE_TITLE, "%s ",
	    name_text(context.names, ui->source.file));
	line_add(&line, 1, STYLE_NUMBER, "%s%s (%s%%)", ui_about(ui),
	    size, percent);
	if (session_baseline(ui->session) >= 0)
		line_add(&line, 2, style_of(growth), "%s", diff);
	line_add(&line, 3, STYLE_NORMAL, "%zu allocating lines of %d",
	    ui->source.n_sums, n_lines);
	line_put(&line, &ui->cells, row, 2);
}

static void
draw_line(struct ui *ui, int row, unsigned number)
{
	const struct source_sum *sum = sum_of(ui, number);
	bool has_diff = session_baseline(ui->session) >= 0;
	struct cells *cells = &ui->cells;
	int col = has_diff ? COL_OF_GROWTH + 10 : COL_OF_SIZE + 9;
	char text[FMT_ROOM];

	if (sum != NULL) {
		fmt_size(text, sum->size);
		cells_put_right(cells, row, COL_OF_SIZE, 9, STYLE_NUMBER,
		    text);
	}
	if (sum != NULL && has_diff) {
		fmt_size_diff(text, sum->size_diff);
		cells_put_right(cells, row, COL_OF_GROWTH, 10,
		    style_of(sum->size_diff), text);
	}
	snprintf(text, sizeof text, "%u", number);
	cells_put_right(cells, row, col, 7, STYLE_DIM, text);
	col += 9;
	cells_put(cells, row, col, cells->cols - col,
	    sum != NULL ? STYLE_TITLE : STYLE_SOURCE, cells_skip(cells,
	    sources_line(ui->sources, path_of(ui), number),
	    ui->source.skip));
	if (number == ui->source.line) {
		cells_put(cells, row, 0, 1, STYLE_NORMAL, ">");
		cells_add_style(cells, row, 0, cells->cols, STYLE_SELECTED);
	}
}

/* The file may not be what the program was built from. */
static void
draw_doubt(struct ui *ui, int row)
{
	time_t changed = sources_changed_at(ui->sources, path_of(ui));
	uint64_t uptime_s = session_run(ui->session)->uptime_ns / 1000000000;

	if (!ui->is_test && session_run(ui->session)->state == RUN_RUNNING &&
	    changed > time(NULL) - (time_t)uptime_s)
		cells_put_head(&ui->cells, row, 0, ui->cells.cols,
		    STYLE_WARNING, "The file was changed after the program "
		    "had been started: lines may not match.");
}

static void
draw(struct ui *ui, struct rect area)
{
	bool has_diff = session_baseline(ui->session) >= 0;
	struct source_state *source = &ui->source;
	int n_lines = sources_n_lines(ui->sources, path_of(ui), NULL);
	int rows = area.rows - 3;
	uint32_t cursor, top;

	draw_title(ui, area.row, n_lines > 0 ? n_lines : 0);
	if (n_lines <= 0 || rows <= 0)
		return;
	if (source->line > (unsigned)n_lines)
		source->line = (unsigned)n_lines;
	cursor = source->line - 1;
	top = source->top > 0 ? source->top - 1 :
	    cursor > (uint32_t)rows / 2 ? cursor - (uint32_t)rows / 2 : 0;
	ui_fit(&top, cursor, (uint32_t)n_lines, (uint32_t)rows);
	source->top = top + 1;
	source->n_lines = rows;
	cells_put(&ui->cells, area.row + 1, 0, area.cols, STYLE_COLUMN,
	    has_diff ? "      SIZE     GROWTH   LINE  SOURCE" :
	    "      SIZE   LINE  SOURCE");
	for (int i = 0; i < rows && top + (uint32_t)i < (uint32_t)n_lines; i++)
		draw_line(ui, area.row + 2 + i, top + (unsigned)i + 1);
	draw_doubt(ui, area.row + area.rows - 1);
}

/* ---- acting ---- */

/* To the allocating line next in that direction. */
static enum stage
step(struct ui *ui, int by)
{
	const struct source_state *source = &ui->source;
	unsigned line = 0;

	for (size_t i = 0; i < source->n_sums; i++) {
		unsigned at = source->sums[i].line;

		if (by > 0 && at > source->line && line == 0)
			line = at;
		if (by < 0 && at < source->line)
			line = at;
	}
	if (line == 0 && source->n_sums > 0) {
		line = by > 0 ? source->sums[0].line :
		    source->sums[source->n_sums - 1].line;
		ui_say(ui, by > 0 ? "From the top again." :
		    "From the end again.");
	}
	if (line > 0)
		ui->source.line = line;
	else
		ui_say(ui, "No line of this file owns memory now.");
	return STAGE_DRAW;
}

static enum stage
act(struct ui *ui, enum action_id id)
{
	int n_lines = sources_n_lines(ui->sources, path_of(ui), NULL);
	uint32_t cursor = ui->source.line > 0 ? ui->source.line - 1 : 0;
	char place[LOCATION_MAX_BYTES];

	if (n_lines > 0 && ui_move(id, &cursor, (uint32_t)n_lines,
	    (uint32_t)ui->source.n_lines)) {
		ui->source.line = cursor + 1;
		return STAGE_DRAW;
	}
	switch (id) {
	case ACTION_EDIT:
		return outside_edit(ui, path_of(ui), ui->source.line);
	case ACTION_COPY:
		snprintf(place, sizeof place, "%s:%u", name_text(
		    session_names(ui->session), ui->source.file),
		    ui->source.line);
		return outside_copy(ui, place);
	case ACTION_LINE_NEXT:
		return step(ui, 1);
	case ACTION_LINE_PREVIOUS:
		return step(ui, -1);
	case ACTION_RIGHT:
		if (ui->source.skip < SOURCE_LINE_MAX)
			ui->source.skip += SCROLL_COLS;
		return STAGE_DRAW;
	case ACTION_LEFT:
		if (ui->source.skip > 0)
			ui->source.skip -= SCROLL_COLS;
		return STAGE_DRAW;
	default:
		return STAGE_IDLE;
	}
}

const struct view_ops view_source = {
	.name = "source",
	.context = C_SOURCE,
	.update = update,
	.draw = draw,
	.act = act,
};
