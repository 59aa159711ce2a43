/*
 * report_folded.c - folded stacks, as programs that draw flame graphs read
 * them (L7).
 *
 * Shape      "root;caller;callee NUMBER", oldest frame first; a diff has two
 *            numbers, of the old side and of the new one.  Tracebacks that
 *            are the same text are one line: their frames, as they are to be
 *            shown, are interned as a tree of their own.
 * Why        The last blank separates the number, so blanks in names may
 *            stay; a semicolon cannot and becomes a colon.
 * Invariant  Lines come in the order of the largest row of each, which is
 *            total; no number is negative, and no line has nothing but
 *            zeroes.
 */
#include "ui/report_format.h"

#include "util/names.h"
#include "util/strbuf.h"
#include "util/xalloc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LABEL = 2 * NAME_MAX_BYTES };

/* What the lines are made of. */
struct folding {
	const struct report_sample *sample;
	struct names	*labels;	/* frames as shown */
	struct stacks	*lines;		/* of frames whose file is a label */
	uint32_t	*node_of;	/* line by node of the rows; 0: not
					 * made yet */
	VEC(uint32_t)	 path;		/* nodes to make, newest first */
	VEC(uint32_t)	 order;		/* lines as they were first met */
	VEC(uint64_t)	 now, old;	/* by line */
};

/* ---- frames ---- */

static void
add_place(struct strbuf *text, const struct names *names,
    const struct symbol_frame *frame)
{
	strbuf_puts(text, name_text(names, frame->file));
	if (frame->line != 0)
		strbuf_printf(text, ":%u", frame->line);
	else if (frame->flags & SYMBOL_NO_LINE)
		strbuf_printf(text, "+0x%" PRIx64, frame->offset);
}

/* The label of a frame, which has its place where nothing better is known. */
static uint32_t
label_frame(struct folding *f, const struct symbol_frame *frame)
{
	const struct names *names = f->sample->names;
	enum frame_text form = f->sample->options->frame_text;
	bool has_function = frame->function != NAME_UNKNOWN &&
	    form != FRAME_FILE;
	struct strbuf text = STRBUF_INIT(MAX_LABEL);
	uint32_t label;

	if (has_function)
		strbuf_puts(&text, name_text(names, frame->function));
	if (has_function && form == FRAME_BOTH)
		strbuf_puts(&text, " (");
	if (!has_function || form == FRAME_BOTH)
		add_place(&text, names, frame);
	if (has_function && form == FRAME_BOTH)
		strbuf_putc(&text, ')');
	for (size_t i = 0; i < text.size; i++) {
		if (text.text[i] == ';')
			text.text[i] = ':';
	}
	label = names_intern(f->labels, strbuf_text(&text), text.size);
	strbuf_fini(&text);
	return label;
}

/* ---- lines ---- */

/* The line that a traceback of the rows is. */
static uint32_t
find_line(struct folding *f, uint32_t stack)
{
	const struct stacks *stacks = f->sample->rows->stacks;
	uint32_t line;

	vec_clear(&f->path);
	do {
		vec_push(&f->path, stack);
		stack = stack != 0 ? stacks_parent(stacks, stack) : 0;
	} while (stack != 0 && f->node_of[stack] == 0);
	line = f->node_of[stack];
	while (f->path.n > 0) {
		uint32_t node = vec_pop(&f->path);
		struct symbol_frame frame = { .file = label_frame(f,
		    stacks_frame(stacks, node)) };

		line = stacks_push(f->lines, line, &frame);
		if (node != 0)
			f->node_of[node] = line;
	}
	return line;
}

static uint64_t
weigh(const struct folding *f, const struct statistic *row, int64_t *diff)
{
	switch (f->sample->options->weight) {
	case WEIGHT_BLOCKS:
		*diff = row->count_diff;
		return row->count;
	case WEIGHT_ALLOCS:
		*diff = row->allocs_diff;
		return row->allocs;
	case WEIGHT_SURVIVORS:
		*diff = 0;
		return row->survivor_size;
	case WEIGHT_BYTES:
		break;
	}
	*diff = row->size_diff;
	return row->size;
}

static void
add_row(struct folding *f, const struct statistic *row)
{
	uint32_t line = find_line(f, row->stack);
	uint64_t now, old;
	int64_t diff;

	while (f->now.n <= line) {
		vec_push(&f->now, 0);
		vec_push(&f->old, 0);
	}
	now = weigh(f, row, &diff);
	old = now - (uint64_t)diff;
	if (now == 0 && old == 0)
		return;
	if (f->now.items[line] == 0 && f->old.items[line] == 0)
		vec_push(&f->order, line);
	f->now.items[line] += now;
	f->old.items[line] += old;
}

/* What survives a mark was not there before it. */
static bool
has_two_numbers(const struct report_sample *sample)
{
	return sample->rows->has_diff &&
	    sample->options->weight != WEIGHT_SURVIVORS;
}

static void
write_line(FILE *to, struct folding *f, uint32_t line)
{
	const char *between = "";

	vec_clear(&f->path);
	for (uint32_t at = line; at != 0; at = stacks_parent(f->lines, at))
		vec_push(&f->path, stacks_frame(f->lines, at)->file);
	while (f->path.n > 0) {
		fprintf(to, "%s%s", between,
		    name_text(f->labels, vec_pop(&f->path)));
		between = ";";
	}
	if (has_two_numbers(f->sample))
		fprintf(to, " %" PRIu64, f->old.items[line]);
	fprintf(to, " %" PRIu64 "\n", f->now.items[line]);
}

static void
write_sample(struct report_out *out, const struct report_sample *sample)
{
	struct names *labels = names_new();
	struct folding f = {
		.sample = sample, .labels = labels,
		.lines = stacks_new(labels),
		.node_of = xcalloc(stacks_count(sample->rows->stacks),
		    sizeof *f.node_of),
	};

	for (uint32_t i = 0; i < sample->n_shown; i++)
		add_row(&f, &sample->rows->rows[i]);
	for (size_t i = 0; i < f.order.n; i++)
		write_line(out->to, &f, f.order.items[i]);
	vec_fini(&f.path);
	vec_fini(&f.order);
	vec_fini(&f.now);
	vec_fini(&f.old);
	free(f.node_of);
	stacks_free(f.lines);
	names_free(labels);
}

const struct report_format report_folded = { .sample = write_sample };
