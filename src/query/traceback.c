/* traceback.c - which frames of a traceback are shown, in which order (L5). */
#include "query/traceback.h"

#include "util/xalloc.h"

#include <assert.h>

/* Of `depth` frames, counted from the most recent: the first to show, and how
 * many.  No sum or negation here may overflow. */
static uint32_t
choose(const struct traceback_part *part, uint32_t depth, uint32_t *n)
{
	uint32_t first = 0;

	*n = depth;
	if (!part->has_limit)
		return 0;
	if (part->limit >= 0) {
		if ((uint64_t)part->limit < depth)
			*n = (uint32_t)part->limit;
		return 0;
	}
	if (part->limit <= -(int64_t)depth) {
		*n = 0;
		return 0;
	}
	first = (uint32_t)-part->limit;
	*n = depth - first;
	return first;
}

uint32_t *
traceback_nodes(const struct stacks *stacks, uint32_t stack,
    const struct traceback_part *part, uint32_t *n_nodes)
{
	uint32_t depth = stack != 0 ? stacks_depth(stacks, stack) : 1;
	uint32_t n, first = choose(part, depth, &n), *nodes;

	assert(first + n <= depth);
	nodes = xcalloc(n, sizeof *nodes);
	for (uint32_t i = 0; i < first + n; i++) {
		if (i >= first)
			nodes[part->newest_first ? i - first :
			    n - 1 - (i - first)] = stack;
		stack = stacks_parent(stacks, stack);
	}
	*n_nodes = n;
	return nodes;
}

uint32_t
traceback_oldest(const struct stacks *stacks, uint32_t stack)
{
	uint32_t parent;

	while (stack != 0 && (parent = stacks_parent(stacks, stack)) != 0)
		stack = parent;
	return stack;
}
