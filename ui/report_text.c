/*
 * report_text.c - the report for people (L7).
 *
 * Shape      A header (report_header.c), the rows, and the sum.
 * Why        Paths stand last and are never cut, so that the line can be
 *            pasted; all columns have a fixed width and the numbers one rule,
 *            so that reports can be compared with diff(1).
 */
#include "ui/report_format.h"

#include "base/fmt.h"
#include "util/names.h"

#include <inttypes.h>
#include <string.h>

/* ---- rows ---- */

/* A column beyond the usual ones, when it is what the rows are ordered by. */
static const char *
extra_title(enum sort_key sort)
{
	return sort == SORT_ALLOCS ? "allocs" : sort == SORT_ALLOCATED ?
	    "allocated" : sort == SORT_TEMPORARY ? "temporary" : NULL;
}

static void
write_extra(FILE *to, const struct statistic *row, enum sort_key sort)
{
	char text[FMT_ROOM];

	if (sort == SORT_ALLOCATED)
		fmt_size(text, row->allocated);
	else
		fmt_count(text, sort == SORT_ALLOCS ? row->allocs :
		    row->temporary, 0);
	fprintf(to, "%11s", text);
}

/* The title of a column of figures: "size", "~size". */
static void
write_title_of(FILE *to, const struct report_sample *sample, int width,
    const char *name)
{
	char title[16];

	snprintf(title, sizeof title, "%s%s", report_is_estimate(
	    &sample->snapshot->totals) ? "~" : "", name);
	fprintf(to, "%*s", width, title);
}

static void
write_titles(FILE *to, const struct report_sample *sample)
{
	bool has_diff = sample->rows->has_diff;

	putc('\n', to);
	write_title_of(to, sample, 11, "size");
	if (has_diff)
		write_title_of(to, sample, 11, "growth");
	write_title_of(to, sample, 10, "count");
	if (has_diff)
		write_title_of(to, sample, 10, "+count");
	if (sample->rows->has_survivors)
		write_title_of(to, sample, 11, "survivors");
	write_title_of(to, sample, 10, "average");
	if (extra_title(sample->sort) != NULL)
		write_title_of(to, sample, 11, extra_title(sample->sort));
	fputs("  location\n", to);
}

/* "file:line function", or "module+0xoffset function" without lines. */
static void
write_place(FILE *to, const struct names *names,
    const struct symbol_frame *frame)
{
	fputs(name_text(names, frame->file), to);
	if (frame->line != 0)
		fprintf(to, ":%u", frame->line);
	else if (frame->flags & SYMBOL_NO_LINE)
		fprintf(to, "+0x%" PRIx64, frame->offset);
	if (frame->function != NAME_UNKNOWN)
		fprintf(to, " %s", name_text(names, frame->function));
}

static void
write_frames(FILE *to, const struct report_sample *sample, uint32_t stack)
{
	const struct stacks *stacks = sample->rows->stacks;

	for (unsigned i = 0; stack != 0; i++) {
		fprintf(to, "%34s#%-3u ", "", i);
		write_place(to, sample->names, stacks_frame(stacks, stack));
		putc('\n', to);
		stack = stacks_parent(stacks, stack);
	}
}

static void
write_numbers(FILE *to, const struct report_sample *sample,
    const struct statistic *row)
{
	bool has_diff = sample->rows->has_diff;
	char text[FMT_ROOM];

	fmt_size(text, row->size);
	fprintf(to, "%11s", text);
	if (has_diff) {
		fmt_size_diff(text, row->size_diff);
		fprintf(to, "%11s", text);
	}
	fprintf(to, "%10" PRIu64, row->count);
	if (has_diff) {
		fmt_count_diff(text, row->count_diff, 0);
		fprintf(to, "%10s", text);
	}
	if (sample->rows->has_survivors) {
		fmt_size(text, row->survivor_size);
		fprintf(to, "%11s", text);
	}
	if (row->count != 0)
		fmt_size(text, row->size / row->count);
	fprintf(to, "%10s", row->count != 0 ? text : "-");
	if (extra_title(sample->sort) != NULL)
		write_extra(to, row, sample->sort);
}

static void
write_row(FILE *to, const struct report_sample *sample,
    const struct statistic *row)
{
	struct symbol_frame frame = {
		.file = row->file, .line = row->line,
		.function = row->function, .offset = row->offset,
		.flags = row->flags,
	};

	/* A file is a place without function and offset. */
	if (sample->rows->grouping == BY_FILENAME) {
		frame.function = NAME_UNKNOWN;
		frame.flags = 0;
	}
	write_numbers(to, sample, row);
	fputs("  ", to);
	write_place(to, sample->names, &frame);
	putc('\n', to);
	if (sample->rows->grouping == BY_TRACEBACK)
		write_frames(to, sample, row->stack);
}

static void
write_sum(FILE *to, const struct report_sample *sample)
{
	const struct stats_table *rows = sample->rows;
	char size[FMT_ROOM], diff[FMT_ROOM];

	fmt_size(size, rows->size);
	fprintf(to, "total %s", size);
	if (rows->has_diff) {
		fmt_size_diff(diff, rows->size_diff);
		fprintf(to, "  %s", diff);
	}
	fprintf(to, "  shown %u of %u rows", sample->n_shown, rows->n_rows);
	if (rows->n_unfiltered > rows->n_rows)
		fprintf(to, "  (%u without filters)", rows->n_unfiltered);
	putc('\n', to);
}

static void
write_sample(struct report_out *out, const struct report_sample *sample)
{
	FILE *to = out->to;

	if (sample->seq > 1)
		putc('\n', to);
	report_write_header(to, sample);
	write_titles(to, sample);
	for (uint32_t i = 0; i < sample->n_shown; i++)
		write_row(to, sample, &sample->rows->rows[i]);
	write_sum(to, sample);
}

const struct report_format report_text = { .sample = write_sample };
