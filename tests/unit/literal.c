#include "literal.h"

#include "util/strbuf.h"
#include "util/xalloc.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct lit *
lit_new(void)
{
	struct lit *lit = xcalloc(1, sizeof *lit);

	lit->names = names_new();
	lit->stacks = stacks_new(lit->names);
	return lit;
}

void
lit_free(struct lit *lit)
{
	stacks_free(lit->stacks);
	names_free(lit->names);
	free(lit);
}

/* "FILE:LINE" or "FILE:LINE=FUNCTION" */
static struct symbol_frame
parse_frame(struct lit *lit, const char *text, size_t size)
{
	const char *function = memchr(text, '=', size);
	size_t n = function != NULL ? (size_t)(function - text) : size;
	const char *colon = memrchr(text, ':', n);
	struct symbol_frame frame = {
		.file = names_intern(lit->names, text,
		    (size_t)(colon - text)),
		.line = (uint32_t)strtoul(colon + 1, NULL, 10),
	};

	if (function != NULL)
		frame.function = names_intern(lit->names, function + 1,
		    size - n - 1);
	return frame;
}

/* The oldest frame is the last of the text, so from its end. */
static uint32_t
push_frames(struct lit *lit, const char *text)
{
	size_t size;
	uint32_t node = 0;

	assert(text != NULL);
	size = strlen(text);
	while (size > 0) {
		const char *blank = memrchr(text, ' ', size);
		const char *start = blank != NULL ? blank + 1 : text;
		struct symbol_frame frame = parse_frame(lit, start,
		    size - (size_t)(start - text));

		node = stacks_push(lit->stacks, node, &frame);
		size = blank != NULL ? (size_t)(blank - text) : 0;
	}
	return node;
}

struct query_traces
lit_traces(struct lit *lit, const struct lit_trace *traces, size_t n)
{
	struct query_traces result = {
		.stacks = lit->stacks,
		.n = (uint32_t)n,
		.traces = xcalloc(n, sizeof *result.traces),
	};

	for (size_t i = 0; i < n; i++) {
		uint32_t node = push_frames(lit, traces[i].frames);

		result.traces[i] = (struct query_trace){
			.size = traces[i].size,
			.count = traces[i].count,
			.allocs = traces[i].count,
			.allocated = traces[i].size,
			.origin = (uint32_t)i,
			.stack = node,
			.full = node,
			.total_nframe = stacks_depth(lit->stacks, node),
			.domain = (uint16_t)traces[i].domain,
		};
	}
	return result;
}

static void
put_place(struct strbuf *to, const struct stats_table *table, uint32_t file,
    uint32_t line)
{
	strbuf_printf(to, "%s:%" PRIu32 " ",
	    name_text(stacks_names(table->stacks), file), line);
}

static void
put_row(struct strbuf *to, const struct stats_table *table,
    const struct statistic *row)
{
	if (table->grouping != BY_TRACEBACK)
		put_place(to, table, row->file, row->line);
	else
		for (uint32_t at = row->stack; at != 0;
		    at = stacks_parent(table->stacks, at)) {
			const struct symbol_frame *frame =
			    stacks_frame(table->stacks, at);

			put_place(to, table, frame->file, frame->line);
		}
	strbuf_printf(to, "%" PRIu64 "/%" PRIu64, row->size, row->count);
	if (table->has_diff)
		strbuf_printf(to, " %+" PRId64 "/%+" PRId64, row->size_diff,
		    row->count_diff);
	strbuf_putc(to, '\n');
}

const char *
lit_rows(const struct stats_table *table)
{
	static struct strbuf text = STRBUF_INIT(65536);

	strbuf_clear(&text);
	for (uint32_t i = 0; i < table->n_rows; i++)
		put_row(&text, table, &table->rows[i]);
	return strbuf_text(&text);
}
