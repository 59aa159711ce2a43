/* report_tracemalloc.c - what str() of tracemalloc's statistics prints (L7). */
#include "ui/report_format.h"

#include "base/fmt.h"
#include "util/names.h"
#include "util/xalloc.h"

#include <stdlib.h>

/* The oldest frame: the one that str(Traceback) names. */
static const struct symbol_frame *
oldest_frame(const struct stacks *stacks, uint32_t stack)
{
	while (stack != 0 && stacks_parent(stacks, stack) != 0)
		stack = stacks_parent(stacks, stack);
	return stacks_frame(stacks, stack);
}

static void
write_place(FILE *to, const struct report_sample *sample,
    const struct statistic *row)
{
	const struct symbol_frame *frame;
	uint32_t file = row->file, line = row->line;

	if (sample->rows->grouping == BY_TRACEBACK) {
		frame = oldest_frame(sample->rows->stacks, row->stack);
		file = frame->file;
		line = frame->line;
	}
	fprintf(to, "%s:%u", name_text(sample->names, file), line);
}

static void
write_row(FILE *to, const struct report_sample *sample,
    const struct statistic *row)
{
	bool has_diff = sample->rows->has_diff;
	char text[FMT_ROOM];

	write_place(to, sample, row);
	fmt_size_tracemalloc(text, row->size);
	fprintf(to, ": size=%s", text);
	if (has_diff) {
		fmt_size_diff_tracemalloc(text, row->size_diff);
		fprintf(to, " (%s)", text);
	}
	fprintf(to, ", count=%llu", (unsigned long long)row->count);
	if (has_diff)
		fprintf(to, " (%+lld)", (long long)row->count_diff);
	if (row->count != 0) {
		fmt_average_tracemalloc(text, row->size, row->count);
		fprintf(to, ", average=%s", text);
	}
	putc('\n', to);
}

/* Traceback.format() without source: oldest frame first. */
static void
write_frames(FILE *to, const struct report_sample *sample, uint32_t stack)
{
	const struct stacks *stacks = sample->rows->stacks;
	uint32_t n = stacks_depth(stacks, stack), *nodes;

	/* The empty traceback has one frame, "<unknown>". */
	n = n > 0 ? n : 1;
	nodes = xcalloc(n, sizeof *nodes);
	for (uint32_t i = 0; i < n; i++) {
		nodes[i] = stack;
		stack = stack != 0 ? stacks_parent(stacks, stack) : 0;
	}
	while (n-- > 0) {
		const struct symbol_frame *frame = stacks_frame(stacks,
		    nodes[n]);

		fprintf(to, "  File \"%s\", line %u\n",
		    name_text(sample->names, frame->file), frame->line);
	}
	free(nodes);
}

static void
write_sample(struct report_out *out, const struct report_sample *sample)
{
	if (sample->seq > 1)
		putc('\n', out->to);
	for (uint32_t i = 0; i < sample->n_shown; i++) {
		const struct statistic *row = &sample->rows->rows[i];

		write_row(out->to, sample, row);
		if (sample->rows->grouping == BY_TRACEBACK)
			write_frames(out->to, sample, row->stack);
	}
}

const struct report_format report_tracemalloc = { .sample = write_sample };
