/*
 * plain.c - traces as Python's tracemalloc has them (L5).
 *
 * Why        A frame there is a file and a line.  Here frames of code without
 *            line information differ by their offset, and frames of one line
 *            by their function; in lines that show neither they would be
 *            several rows of one name, and their order another.
 */
#include "query/stacks.h"

#include "util/slice.h"
#include "util/vec.h"

#include <stdlib.h>

struct copying {
	struct stack_tables from;
	struct stacks	*plain;
	uint32_t	*copy_of;	/* by node; 0: not made yet */
	VEC(uint32_t)	 path;		/* nodes to make, newest first */
};

static uint32_t
copy_node(struct copying *c, uint32_t node)
{
	uint32_t at = node;

	vec_clear(&c->path);
	for (; at != 0 && c->copy_of[at] == 0; at = c->from.nodes[at].parent)
		vec_push(&c->path, at);
	while (c->path.n > 0) {
		uint32_t child = vec_pop(&c->path);
		const struct symbol_frame *frame =
		    &c->from.frames[c->from.nodes[child].frame].symbol;

		c->copy_of[child] = stacks_push(c->plain, c->copy_of[at],
		    &(struct symbol_frame){ .file = frame->file,
		    .line = frame->line });
		at = child;
	}
	return c->copy_of[node];
}

void
make_plain(const struct query_traces *traces, struct stacks *plain,
    struct query_traces *result)
{
	struct copying c = { .from = stacks_tables(traces->stacks),
		.plain = plain };

	c.copy_of = xcalloc(c.from.n_nodes, sizeof *c.copy_of);
	*result = (struct query_traces){ .stacks = plain, .n = traces->n,
		.traces = xcalloc(traces->n, sizeof *result->traces) };
	for (uint32_t i = 0; i < traces->n; i++) {
		struct query_trace *trace = &result->traces[i];

		slice_point_at(i);
		*trace = traces->traces[i];
		trace->stack = copy_node(&c, trace->stack);
		trace->full = 0;
	}
	vec_fini(&c.path);
	free(c.copy_of);
}
