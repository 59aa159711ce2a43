/*
 * calltree_private.h - what the calltree*.c files share (L5).
 */
#ifndef TMTOP_QUERY_CALLTREE_PRIVATE_H
#define TMTOP_QUERY_CALLTREE_PRIVATE_H

#include "query/calltree.h"
#include "query/grove.h"

/* What is alive, and what was on the other side. */
struct tree_sum {
	uint64_t	size, count, old_size, old_count;
};

struct call_tree {
	struct stack_tables	 tables;
	const struct names	*names;
	struct grove		 grove;
	struct tree_sum		*own;	/* by slot: attributed to it */
	struct tree_sum		*all;	/* by slot: to it or above it */
	bool			 has_diff;
};

static inline void
tree_sum_add(struct tree_sum *sum, const struct tree_sum *more)
{
	sum->size += more->size;
	sum->count += more->count;
	sum->old_size += more->old_size;
	sum->old_count += more->old_count;
}

static inline const struct stack_frame *
call_tree_frame(const struct stack_tables *tables, uint32_t node)
{
	return &tables->frames[tables->nodes[node].frame];
}

/* The same function, or, where that is not known, the same place. */
bool call_tree_same(const struct stack_frame *a, const struct stack_frame *b);

/* Equal for the same function; names keep their ids as long as they live. */
uint64_t call_tree_hash(const struct stack_frame *frame);

#endif
