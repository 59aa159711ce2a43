/*
 * report_tracemalloc.c - what tracemalloc's statistics and tracebacks print
 * (L7).
 *
 * Shape      A row is the line that str() gives; by traceback the lines of
 *            Traceback.format() follow, with the source where it can be read.
 * Limits     Text that a terminal could misread is escaped here too, and of a
 *            source line SOURCE_LINE_MAX bytes are shown.
 */
#include "ui/report_format.h"

#include "base/fmt.h"
#include "util/names.h"

#include <stdlib.h>
#include <string.h>

static void
write_place(FILE *to, const struct report_sample *sample,
    const struct statistic *row)
{
	const struct symbol_frame *frame;
	uint32_t file = row->file, line = row->line;

	if (sample->rows->grouping == BY_TRACEBACK) {
		frame = stacks_frame(sample->rows->stacks,
		    traceback_oldest(sample->rows->stacks, row->stack));
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

/* Blanks as Python's strip() knows them, of ASCII. */
static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') ||
	    (c >= '\x1c' && c <= '\x1f');
}

/* The text of a source line without the blanks around it; tabs inside stay,
 * what else a terminal could misread does not. */
static void
write_source(struct report_out *out, const char *file, unsigned line)
{
	char shown[4 * SOURCE_LINE_MAX + 1];
	const char *text, *tab;
	size_t size, part;

	text = sources_raw_line(out->sources, file, line, &size);
	while (size > 0 && is_blank(text[0])) {
		text++;
		size--;
	}
	while (size > 0 && is_blank(text[size - 1]))
		size--;
	if (size == 0)
		return;
	fputs("    ", out->to);
	for (; size > 0; text += part, size -= part) {
		tab = memchr(text, '\t', size);
		part = tab != NULL ? (size_t)(tab - text) : size;
		sanitise(shown, sizeof shown, text, part);
		fputs(shown, out->to);
		if (tab != NULL) {
			putc('\t', out->to);
			part++;
		}
	}
	putc('\n', out->to);
}

void
report_tracemalloc_frames(struct report_out *out, const struct names *names,
    const struct stacks *stacks, uint32_t stack,
    const struct traceback_part *part)
{
	uint32_t n, *nodes = traceback_nodes(stacks, stack, part, &n);
	size_t size;

	for (uint32_t i = 0; i < n; i++) {
		const struct symbol_frame *frame = stacks_frame(stacks,
		    nodes[i]);

		fprintf(out->to, "  File \"%s\", line %u\n",
		    name_text(names, frame->file), frame->line);
		if (frame->file != NAME_UNKNOWN)
			write_source(out, name_raw(names, frame->file, &size),
			    frame->line);
	}
	free(nodes);
}

static void
write_sample(struct report_out *out, const struct report_sample *sample)
{
	static const struct traceback_part all = { .has_limit = false };

	if (sample->seq > 1)
		putc('\n', out->to);
	for (uint32_t i = 0; i < sample->n_shown; i++) {
		const struct statistic *row = &sample->rows->rows[i];

		write_row(out->to, sample, row);
		if (sample->rows->grouping == BY_TRACEBACK)
			report_tracemalloc_frames(out, sample->names,
			    sample->rows->stacks, row->stack, &all);
	}
}

const struct report_format report_tracemalloc = { .sample = write_sample };
