/*
 * view_blocks.c - the live blocks of one traceback: their sizes as a
 * histogram, and each with its address and age (L7).
 *
 * Shape      Opened from a traceback.  The session delivers the blocks while
 *            this view is in front; they are fetched once for each reading.
 * Why        What an average hides: ten blocks of a megabyte among a million
 *            of 16 bytes.  The age is given in marks: which was the last one
 *            before the block was made.
 */
#include "ui/ui.h"

#include "session_blocks.h"
#include "util/xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	N_BUCKETS = 65,		/* of sizes [2^(k-1), 2^k), the first of 0 */
	BAR_WIDTH = 24, ADDRESS_WIDTH = 18, MIN_BAR_COLS = 70
};

struct bucket {
	uint64_t	count, size, least, most;
};

/* ---- taking in ---- */

static void
forget(struct blocks_state *state)
{
	free(state->blocks);
	state->blocks = NULL;
	state->n = 0;
	state->read_ns = 0;
}

static void
update(struct ui *ui)
{
	struct blocks_state *state = &ui->blocks;
	const struct snapshot *snapshot = session_snapshot(ui->session);
	const struct statistic *traceback;
	uint64_t identity;

	view_detail.update(ui);
	traceback = detail_current(ui);
	if (snapshot == NULL || traceback == NULL ||
	    !session_has_blocks(ui->session)) {
		forget(state);
		return;
	}
	identity = traceback->identity;
	if (state->read_ns == snapshot->time_ns &&
	    state->identity == identity)
		return;
	forget(state);
	state->blocks = session_blocks(ui->session, traceback->stack,
	    &state->n);
	state->read_ns = snapshot->time_ns;
	state->identity = identity;
}

void
blocks_fini(struct ui *ui)
{
	forget(&ui->blocks);
}

/* ---- the histogram ---- */

static unsigned
bucket_of(uint64_t size)
{
	return size == 0 ? 0 : 64 - (unsigned)__builtin_clzll(size);
}

static void
count_sizes(const struct blocks_state *state,
    struct bucket buckets[N_BUCKETS])
{
	memset(buckets, 0, N_BUCKETS * sizeof buckets[0]);
	for (size_t i = 0; i < state->n; i++) {
		uint64_t size = state->blocks[i].size;
		struct bucket *bucket = &buckets[bucket_of(size)];

		if (bucket->count == 0 || size < bucket->least)
			bucket->least = size;
		if (size > bucket->most)
			bucket->most = size;
		bucket->count++;
		bucket->size += size;
	}
}

/* As long as its share of the largest. */
static void
put_bar(struct ui *ui, int row, int col, uint64_t part, uint64_t whole)
{
	const struct glyphs *g = ui->cells.glyphs;
	unsigned steps = (unsigned)((double)part / (double)whole *
	    BAR_WIDTH * g->n_bar + 0.5);

	if (steps == 0 && part > 0)
		steps = 1;
	for (; steps > 0; col++) {
		unsigned here = steps < g->n_bar ? steps : g->n_bar;

		cells_put(&ui->cells, row, col, 1, STYLE_BAR_2, g->bar[here]);
		steps -= here;
	}
}

static void
put_bucket(struct ui *ui, int row, const struct bucket *bucket,
    uint64_t largest)
{
	struct cells *cells = &ui->cells;
	char least[FMT_ROOM], most[FMT_ROOM], size[FMT_ROOM], count[FMT_ROOM];
	char range[2 * FMT_ROOM + 8];

	fmt_size(least, bucket->least);
	fmt_size(most, bucket->most);
	fmt_size(size, bucket->size);
	fmt_count(count, bucket->count, ',');
	if (bucket->least == bucket->most)
		snprintf(range, sizeof range, "%s", least);
	else
		snprintf(range, sizeof range, "%s .. %s", least, most);
	cells_put_right(cells, row, 1, 22, STYLE_NORMAL, range);
	cells_put_right(cells, row, 24, 9, STYLE_NUMBER, count);
	cells_put_right(cells, row, 34, 10, STYLE_NORMAL, size);
	if (cells->cols >= MIN_BAR_COLS)
		put_bar(ui, row, 46, bucket->size, largest);
}

/* Returns the rows used, at most `rows`. */
static int
draw_histogram(struct ui *ui, int row, int rows)
{
	struct bucket buckets[N_BUCKETS];
	uint64_t largest = 1;
	int used = 0;

	count_sizes(&ui->blocks, buckets);
	for (unsigned i = 0; i < N_BUCKETS; i++) {
		if (buckets[i].size > largest)
			largest = buckets[i].size;
	}
	cells_put_right(&ui->cells, row, 1, 22, STYLE_COLUMN, "BLOCKS OF");
	cells_put_right(&ui->cells, row, 24, 9, STYLE_COLUMN, "COUNT");
	cells_put_right(&ui->cells, row, 34, 10, STYLE_COLUMN, "TOGETHER");
	for (unsigned i = N_BUCKETS; i-- > 0 && used + 1 < rows;) {
		if (buckets[i].count > 0)
			put_bucket(ui, row + ++used, &buckets[i], largest);
	}
	return used + 1;
}

/* ---- the list ---- */

static void
age_text(const struct ui *ui, uint32_t generation,
    char to[MARK_LABEL_ROOM + 16])
{
	char label[MARK_LABEL_ROOM];
	int mark = session_block_age(ui->session, generation);

	if (mark == BLOCK_AGE_UNKNOWN) {
		snprintf(to, MARK_LABEL_ROOM + 16, "-");
	} else if (mark < 0) {
		snprintf(to, MARK_LABEL_ROOM + 16, "before any mark");
	} else {
		ui_mark_label(label, ui->session, (size_t)mark);
		snprintf(to, MARK_LABEL_ROOM + 16, "after %s", label);
	}
}

static void
put_block(struct ui *ui, int row, const struct live_block *block)
{
	char address[24], size[FMT_ROOM], exact[FMT_ROOM];
	char age[MARK_LABEL_ROOM + 16];

	snprintf(address, sizeof address, "0x%" PRIx64, block->address);
	fmt_size(size, block->size);
	fmt_count(exact, block->size, ',');
	age_text(ui, block->generation, age);
	cells_put_right(&ui->cells, row, 1, ADDRESS_WIDTH, STYLE_NORMAL,
	    address);
	cells_put_right(&ui->cells, row, 20, 13, STYLE_NUMBER, exact);
	cells_put_right(&ui->cells, row, 34, 10, STYLE_NORMAL, size);
	cells_put_head(&ui->cells, row, 46, ui->cells.cols - 46,
	    STYLE_NORMAL, age);
}

static void
draw_list(struct ui *ui, struct rect area)
{
	struct list_state *list = &ui->blocks.list;
	uint32_t n = (uint32_t)ui->blocks.n;
	int rows = area.rows - 1;

	cells_put_right(&ui->cells, area.row, 1, ADDRESS_WIDTH, STYLE_COLUMN,
	    "ADDRESS");
	cells_put_right(&ui->cells, area.row, 20, 13, STYLE_COLUMN, "BYTES");
	cells_put_right(&ui->cells, area.row, 34, 10, STYLE_COLUMN, "SIZE");
	cells_put_head(&ui->cells, area.row, 46, area.cols - 46, STYLE_COLUMN,
	    "MADE");
	if (rows <= 0)
		return;
	if (list->cursor >= n)
		list->cursor = n > 0 ? n - 1 : 0;
	list->n_lines = rows;
	ui_fit(&list->top, list->cursor, n, (uint32_t)rows);
	for (uint32_t i = list->top; i < n && (int)(i - list->top) < rows;
	    i++) {
		int row = area.row + 1 + (int)(i - list->top);

		put_block(ui, row, &ui->blocks.blocks[i]);
		if (i != list->cursor)
			continue;
		cells_put(&ui->cells, row, 0, 1, STYLE_NORMAL, ">");
		cells_add_style(&ui->cells, row, 0, area.cols,
		    STYLE_SELECTED);
	}
}

static void
draw(struct ui *ui, struct rect area)
{
	const struct statistic *traceback = detail_current(ui);
	int end = area.row + area.rows;

	if (traceback == NULL) {
		cells_put_head(&ui->cells, area.row, 0, area.cols, STYLE_DIM,
		    "Nothing of this traceback is left. Esc goes back.");
		return;
	}
	if (area.rows >= 5)
		detail_draw_title(ui, area.row++);
	if (ui->blocks.n == 0) {
		cells_put_head(&ui->cells, area.row + 1, 0, area.cols,
		    STYLE_DIM, session_has_blocks(ui->session) ?
		    "No block of it is alive." :
		    "The blocks are being read; a mark or a file may have "
		    "none.");
		return;
	}
	if (area.rows >= 10)
		area.row += 1 + draw_histogram(ui, area.row,
		    (end - area.row) / 2);
	area.rows = end - area.row;
	draw_list(ui, area);
}

static enum stage
act(struct ui *ui, enum action_id id)
{
	ui_move(id, &ui->blocks.list.cursor, (uint32_t)ui->blocks.n,
	    (uint32_t)ui->blocks.list.n_lines);
	return STAGE_DRAW;
}

const struct view_ops view_blocks = {
	.name = "blocks",
	.context = C_BLOCKS,
	.update = update,
	.draw = draw,
	.act = act,
};
