/*
 * columns.c - the one table of columns (L7).
 *
 * Shape      `columns` says everything about a column; two short lists give
 *            their order without and with a mark.  A layout is computed for
 *            each draw: start with all, leave out the column with the highest
 *            rank until the location has the room that each of the others
 *            asks for.
 * Invariant  The size (the growth while comparing) and the location are never
 *            left out.
 */
#include "ui/columns.h"

#include "ui/trends.h"
#include "util/names.h"

#include <stdio.h>
#include <string.h>

/* The selection's '>'. */
enum { MARGIN = 1, BAR_WIDTH = 8, BAR_QUARTERS = 4 };

/* From here on the share is shown beside the growth. */
enum { WIDE = 100 };

/* Columns from this rank on are for wide screens. */
enum { RANK_EXTRA = 8, LOCATION_LEAST = 10 };

/* Bytes and KiB as long as they fit the column. */
static void
put_size(char to[FMT_ROOM], uint64_t size, enum units units)
{
	if (units == UNITS_BYTES && size < 10000000)
		fmt_count(to, size, ',');
	else if (units == UNITS_BYTES && size < 1000000000)
		fmt_count(to, size, 0);
	else if (units == UNITS_KIB && size >> 10 < 10000000)
		snprintf(to, FMT_ROOM, "%.1fK", (double)size / 1024);
	else
		fmt_size(to, size);
}

static void
put_size_diff(char to[FMT_ROOM], int64_t diff, enum units units)
{
	uint64_t size = diff < 0 ? -(uint64_t)diff : (uint64_t)diff;
	char text[FMT_ROOM];

	if (units == UNITS_AUTO || diff == 0) {
		fmt_size_diff(to, diff);
		return;
	}
	put_size(text, size, units);
	snprintf(to, FMT_ROOM, "%c%.*s", diff < 0 ? '-' : '+', FMT_ROOM - 2,
	    text);
}

static void
format_size(char to[FMT_ROOM], const struct statistic *row,
    const struct row_context *context)
{
	put_size(to, row->size, context->units);
}

static void
format_growth(char to[FMT_ROOM], const struct statistic *row,
    const struct row_context *context)
{
	put_size_diff(to, row->size_diff, context->units);
}

static void
format_percent(char to[FMT_ROOM], const struct statistic *row,
    const struct row_context *context)
{
	fmt_percent(to, row->size, context->total);
}

/* A count with separators as long as that fits the column. */
static void
put_count(char to[FMT_ROOM], uint64_t count)
{
	if (count < 10000000)
		fmt_count(to, count, ',');
	else
		fmt_count_short(to, count);
}

static void
format_count(char to[FMT_ROOM], const struct statistic *row,
    const struct row_context *context)
{
	(void)context;
	put_count(to, row->count);
}

static void
format_count_diff(char to[FMT_ROOM], const struct statistic *row,
    const struct row_context *context)
{
	(void)context;
	fmt_count_diff(to, row->count_diff, ',');
}

static void
format_average(char to[FMT_ROOM], const struct statistic *row,
    const struct row_context *context)
{
	(void)context;
	if (row->count > 0)
		fmt_size_short(to,
		    (row->size + row->count / 2) / row->count);
	else
		snprintf(to, FMT_ROOM, "-");
}

static void
format_allocs(char to[FMT_ROOM], const struct statistic *row,
    const struct row_context *context)
{
	(void)context;
	put_count(to, row->allocs);
}

static void
format_allocated(char to[FMT_ROOM], const struct statistic *row,
    const struct row_context *context)
{
	(void)context;
	fmt_size(to, row->allocated);
}

static void
format_temporary(char to[FMT_ROOM], const struct statistic *row,
    const struct row_context *context)
{
	(void)context;
	put_count(to, row->temporary);
}

static void
format_survivors(char to[FMT_ROOM], const struct statistic *row,
    const struct row_context *context)
{
	put_size(to, row->survivor_size, context->units);
}

static void
format_rate(char to[FMT_ROOM], const struct statistic *row,
    const struct row_context *context)
{
	const struct trend *trend = context->trends == NULL ? NULL :
	    trends_find(context->trends, row->identity);
	char count[FMT_ROOM];
	double rate;

	if (!trend_rate(trend, &rate)) {
		snprintf(to, FMT_ROOM, "-");
		return;
	}
	fmt_count_short(count, (uint64_t)(rate + 0.5));
	snprintf(to, FMT_ROOM, "%.*s/s", FMT_ROOM - 3, count);
}

static enum style
style_of_sign(int64_t diff)
{
	return diff > 0 ? STYLE_GROWTH : diff < 0 ? STYLE_SHRINK :
	    STYLE_NORMAL;
}

static enum style
style_growth(const struct statistic *row)
{
	return style_of_sign(row->size_diff);
}

static enum style
style_count_diff(const struct statistic *row)
{
	return style_of_sign(row->count_diff);
}

const struct column columns[N_COLUMNS] = {
	[COL_SIZE] = { .title = "SIZE", .width = 9, .sort_key = SORT_SIZE,
		.help = "bytes in blocks not yet freed",
		.format = format_size },
	[COL_GROWTH] = { .title = "GROWTH", .gap = 1, .width = 10,
		.sort_key = SORT_GROWTH, .needs_mark = true,
		.help = "change of SIZE since the mark",
		.format = format_growth, .style = style_growth },
	[COL_PERCENT] = { .title = "%", .gap = 1, .width = 5, .sort_key = -1,
		.rank = 5, .location = 18, .help = "share of traced memory",
		.format = format_percent },
	[COL_BAR] = { .title = "", .gap = 1, .width = BAR_WIDTH,
		.sort_key = -1, .rank = 7, .location = 24,
		.help = "the share as a bar" },
	[COL_COUNT] = { .title = "COUNT", .gap = 1, .width = 8,
		.sort_key = SORT_COUNT, .rank = 3, .location = 18,
		.help = "blocks not yet freed", .format = format_count },
	[COL_COUNT_DIFF] = { .title = "+COUNT", .gap = 1, .width = 9,
		.sort_key = SORT_COUNT_DIFF, .needs_mark = true, .rank = 4,
		.location = 18, .help = "change of COUNT since the mark",
		.format = format_count_diff, .style = style_count_diff },
	[COL_SURVIVORS] = { .title = "SURVIVORS", .gap = 1, .width = 9,
		.sort_key = -1, .needs_mark = true, .rank = 2,
		.location = 18, .help = "made after the mark, still alive",
		.format = format_survivors },
	[COL_RATE] = { .title = "RATE", .gap = 1, .width = 8, .sort_key = -1,
		.rank = 8, .location = 36,
		.help = "allocations per second, lately",
		.format = format_rate },
	[COL_TREND] = { .title = "TREND", .gap = 1, .width = TREND_SAMPLES,
		.sort_key = -1, .rank = 9, .location = 36,
		.help = "SIZE in the last readings" },
	[COL_AVERAGE] = { .title = "AVERAGE", .gap = 1, .width = 8,
		.sort_key = SORT_AVERAGE, .rank = 6, .location = 20,
		.help = "SIZE / COUNT", .format = format_average },
	[COL_ALLOCS] = { .title = "ALLOCS", .gap = 1, .width = 9,
		.sort_key = SORT_ALLOCS, .rank = 11, .location = 36,
		.help = "allocations ever made", .format = format_allocs },
	[COL_ALLOCATED] = { .title = "ALLOCATED", .gap = 1, .width = 9,
		.sort_key = SORT_ALLOCATED, .rank = 12, .location = 36,
		.help = "bytes ever allocated", .format = format_allocated },
	[COL_TEMPORARY] = { .title = "TEMP", .gap = 1, .width = 9,
		.sort_key = SORT_TEMPORARY, .rank = 13, .location = 36,
		.help = "blocks freed by the very next call",
		.format = format_temporary },
	[COL_LOCATION] = { .title = "LOCATION", .gap = 2,
		.sort_key = SORT_LOCATION,
		.help = "file and line the memory belongs to" },
	[COL_FUNCTION] = { .title = "FUNCTION", .gap = 2, .width = 26,
		.sort_key = -1, .rank = 10, .location = 36,
		.help = "its function" },
};

static const enum column_id order_plain[] = {
	COL_SIZE, COL_PERCENT, COL_BAR, COL_COUNT, COL_AVERAGE, COL_RATE,
	COL_TREND, COL_ALLOCS, COL_ALLOCATED, COL_TEMPORARY, COL_LOCATION, COL_FUNCTION,
};

static const enum column_id order_growth[] = {
	COL_SIZE, COL_GROWTH, COL_SURVIVORS, COL_COUNT, COL_COUNT_DIFF,
	COL_AVERAGE, COL_PERCENT, COL_BAR, COL_RATE, COL_TREND, COL_ALLOCS,
	COL_ALLOCATED, COL_TEMPORARY,
	COL_LOCATION, COL_FUNCTION,
};

int
column_of_sort(enum sort_key sort)
{
	if (sort == SORT_GROWTH_SIGNED)
		sort = SORT_GROWTH;
	for (int id = 0; id < N_COLUMNS; id++) {
		if (columns[id].sort_key == (int)sort)
			return id;
	}
	return -1;
}

/* ---- layout ---- */

/* While comparing the size may go, and % and the bar go before the counts. */
static unsigned
rank_of(enum column_id id, const struct column_wants *wants)
{
	if (id == COL_LOCATION || id == COL_GROWTH)
		return 0;
	if (wants->has_diff && id == COL_SIZE)
		return 1;
	if (column_of_sort(wants->sort) == (int)id)
		return columns[id].rank > 0 ? 2 : 0;
	if (wants->has_diff && (id == COL_PERCENT || id == COL_BAR))
		return columns[id].rank + 4;
	return columns[id].rank;
}

/* Is it a figure that a sample only estimates? */
static bool
is_estimated(enum column_id id, bool is_estimate)
{
	return is_estimate && columns[id].sort_key >= 0 && id != COL_LOCATION;
}

/* The sorted column has room for its mark. */
static int
width_of(enum column_id id, const struct column_wants *wants)
{
	int title = (int)strlen(columns[id].title) +
	    is_estimated(id, wants->is_estimate);

	if (id == COL_LOCATION)
		return columns[id].width;
	if (column_of_sort(wants->sort) == (int)id)
		title += 2;
	return title > columns[id].width ? title : columns[id].width;
}

/* The location's room with the columns that are left. */
static int
location_room(const struct column_layout *layout, int cols,
    const struct column_wants *wants)
{
	cols -= MARGIN;
	for (int i = 0; i < layout->n; i++)
		cols -= columns[layout->spans[i].id].gap +
		    width_of(layout->spans[i].id, wants);
	return cols;
}

static bool
has_column(const struct column_layout *layout, enum column_id id)
{
	for (int i = 0; i < layout->n; i++) {
		if (layout->spans[i].id == id)
			return true;
	}
	return false;
}

/* Columns that the location must keep for this one to be there: more where
 * it has to say the function or the callers too. */
static int
room_needed(const struct column_layout *layout, enum column_id id,
    const struct column_wants *wants)
{
	int room = columns[id].location;

	if (room < LOCATION_LEAST || column_of_sort(wants->sort) == (int)id)
		room = LOCATION_LEAST;
	else if (columns[id].rank >= RANK_EXTRA &&
	    !has_column(layout, COL_FUNCTION))
		room += wants->grouping == BY_TRACEBACK ? 24 :
		    wants->grouping == BY_LINENO ? 10 : 0;
	return room;
}

/* Leave out the column with the highest rank of those for which the location
 * is too narrow; false when all may stay. */
static bool
drop_column(struct column_layout *layout, int cols,
    const struct column_wants *wants)
{
	int room = location_room(layout, cols, wants);
	unsigned worst_rank = 0;
	int worst = -1;

	for (int i = 0; i < layout->n; i++) {
		enum column_id id = layout->spans[i].id;
		unsigned rank = rank_of(id, wants);

		if (rank > worst_rank &&
		    room < room_needed(layout, id, wants)) {
			worst_rank = rank;
			worst = i;
		}
	}
	if (worst < 0)
		return false;
	layout->n--;
	memmove(&layout->spans[worst], &layout->spans[worst + 1],
	    (size_t)(layout->n - worst) * sizeof layout->spans[0]);
	return true;
}

static bool
is_wanted(enum column_id id, int cols, const struct column_wants *wants)
{
	if (id == COL_FUNCTION)
		return wants->grouping == BY_LINENO;
	if (id == COL_SURVIVORS)
		return wants->has_survivors;
	if (id == COL_PERCENT || id == COL_BAR)
		return !wants->has_diff || cols >= WIDE;
	return true;
}

void
columns_lay_out(struct column_layout *layout, int cols,
    const struct column_wants *wants)
{
	const enum column_id *order = wants->has_diff ? order_growth :
	    order_plain;
	size_t n = wants->has_diff ? array_size(order_growth) :
	    array_size(order_plain);
	int col = MARGIN;
	int room;

	layout->n = 0;
	layout->is_estimate = wants->is_estimate;
	for (size_t i = 0; i < n; i++) {
		if (is_wanted(order[i], cols, wants))
			layout->spans[layout->n++].id = order[i];
	}
	while (drop_column(layout, cols, wants))
		;
	room = location_room(layout, cols, wants);
	for (int i = 0; i < layout->n; i++) {
		struct column_span *span = &layout->spans[i];

		span->col = col + columns[span->id].gap;
		span->width = width_of(span->id, wants);
		if (span->id == COL_LOCATION)
			span->width = room > 0 ? room : 0;
		col = span->col + span->width;
	}
}

/* ---- drawing ---- */

static bool
is_left_aligned(enum column_id id)
{
	return id == COL_LOCATION || id == COL_FUNCTION || id == COL_BAR ||
	    id == COL_TREND;
}

/* The title with its mark; a blank between them where there is room. */
static void
put_title(char to[32], const char *title, const char *mark, bool is_absolute,
    int width)
{
	const char *bar = is_absolute && *mark != '\0' ? "|" : "";
	int n = snprintf(to, 32, "%s%s%s%s%s", bar, title, bar,
	    *mark != '\0' ? " " : "", mark);

	if (n > width && width > 0)
		snprintf(to, 32, "%s%s%s%s", bar, title, bar, mark);
}

void
columns_put_titles(struct cells *cells, int row,
    const struct column_layout *layout, enum sort_key sort, bool reverse,
    bool is_held)
{
	bool goes_up = (sort == SORT_LOCATION) != reverse;
	char mark[3] = { goes_up ? '^' : 'v', is_held ? '~' : '\0' };
	char name[16], title[32];

	for (int i = 0; i < layout->n; i++) {
		const struct column_span *span = &layout->spans[i];
		const struct column *column = &columns[span->id];
		bool is_sorted = column_of_sort(sort) == (int)span->id;
		unsigned style = is_sorted ? STYLE_COLUMN_SORTED :
		    STYLE_COLUMN;

		snprintf(name, sizeof name, "%s%s", is_estimated(span->id,
		    layout->is_estimate) ? "~" : "", column->title);
		put_title(title, name, is_sorted ? mark : "",
		    sort == SORT_GROWTH, span->width);
		if (is_left_aligned(span->id))
			cells_put(cells, row, span->col, span->width, style,
			    title);
		else
			cells_put_right(cells, row, span->col, span->width,
			    style, title);
	}
}

/* A bar of BAR_WIDTH columns for 100 %, in the glyphs' steps. */
static void
put_bar(struct cells *cells, int row, int col, uint64_t part, uint64_t whole)
{
	const struct glyphs *g = cells->glyphs;
	unsigned steps_max = BAR_WIDTH * g->n_bar;
	unsigned steps;

	if (whole == 0)
		return;
	steps = (unsigned)((double)part / (double)whole * steps_max + 0.5);
	if (steps > steps_max)
		steps = steps_max;
	for (int i = 0; steps > 0; i++) {
		unsigned here = steps < g->n_bar ? steps : g->n_bar;

		cells_put(cells, row, col + i, 1, STYLE_BAR_1 +
		    (unsigned)i * BAR_QUARTERS / BAR_WIDTH, g->bar[here]);
		steps -= here;
	}
}

/* The last sizes, the largest of them as the full height. */
static void
put_trend(struct cells *cells, int row, int col, const struct trend *trend)
{
	const struct glyphs *g = cells->glyphs;
	uint64_t largest = 1;

	if (trend == NULL)
		return;
	for (uint32_t i = 0; i < trend->n; i++) {
		if (trend->sizes[i] > largest)
			largest = trend->sizes[i];
	}
	col += TREND_SAMPLES - (int)trend->n;
	for (uint32_t i = 0; i < trend->n; i++) {
		unsigned step = (unsigned)((double)trend->sizes[i] /
		    (double)largest * g->n_spark + 0.5);

		cells_put(cells, row, col + (int)i, 1, STYLE_DIM,
		    g->spark[step]);
	}
}

/* Every cell but those that need the location. */
static void
put_figures(struct cells *cells, int row, const struct column_layout *layout,
    const struct statistic *stat, const struct row_context *context)
{
	char text[FMT_ROOM];

	for (int i = 0; i < layout->n; i++) {
		const struct column_span *span = &layout->spans[i];
		const struct column *column = &columns[span->id];

		if (span->id == COL_BAR)
			put_bar(cells, row, span->col, stat->size,
			    context->total);
		if (span->id == COL_TREND && context->trends != NULL)
			put_trend(cells, row, span->col, trends_find(
			    context->trends, stat->identity));
		if (column->format == NULL)
			continue;
		column->format(text, stat, context);
		cells_put_right(cells, row, span->col, span->width,
		    column->style != NULL ? column->style(stat) :
		    STYLE_NORMAL, text);
	}
}

static const struct column_span *
find_span(const struct column_layout *layout, enum column_id id)
{
	for (int i = 0; i < layout->n; i++) {
		if (layout->spans[i].id == id)
			return &layout->spans[i];
	}
	return NULL;
}

void
columns_put_row(struct cells *cells, int row,
    const struct column_layout *layout, const struct statistic *stat,
    const struct row_context *context, int skip)
{
	const struct column_span *place = find_span(layout, COL_LOCATION);
	const struct column_span *function = find_span(layout, COL_FUNCTION);
	struct rect at = { row, place->col, 1, place->width };

	put_figures(cells, row, layout, stat, context);
	if (function == NULL) {
		location_put(cells, at, stat, context, skip);
		return;
	}
	location_put_place(cells, at, stat, context, skip);
	if (stat->function != NAME_UNKNOWN)
		cells_put_head(cells, row, function->col, function->width,
		    STYLE_NORMAL, name_text(context->names, stat->function));
}

void
columns_put_sum(struct cells *cells, int row,
    const struct column_layout *layout, const struct statistic *sum,
    const struct row_context *context, const char *text)
{
	const struct column_span *place = find_span(layout, COL_LOCATION);

	put_figures(cells, row, layout, sum, context);
	cells_put_head(cells, row, place->col, cells->cols - place->col,
	    STYLE_DIM, text);
}
