/*
 * stacks.h - resolved tracebacks as a tree of source frames (L5).
 *
 * Shape      Nodes of (frame, parent), interned; node 0 is the empty
 *            traceback.  A traceback is the node of its most recent frame;
 *            walking parents goes to older frames.  Two equal tracebacks
 *            are the same node, so that grouping by traceback compares
 *            integers, and a property of a node ("some frame of it matches")
 *            is computed once per node from its parent's.
 *            A frame's identity is (file, line, function); names are ids of
 *            one struct names that the tree borrows.
 * Invariant  Parents have smaller ids than their children; grow-only.
 */
#ifndef TMTOP_QUERY_STACKS_H
#define TMTOP_QUERY_STACKS_H

#include "symbols/symbols.h"

struct stacks;

struct stacks *stacks_new(const struct names *names);
void stacks_free(struct stacks *stacks);

/* Node of `frame` called from `parent`; borrows nothing from frame. */
uint32_t stacks_push(struct stacks *stacks, uint32_t parent,
    const struct symbol_frame *frame);

uint32_t stacks_count(const struct stacks *stacks);
uint32_t stacks_parent(const struct stacks *stacks, uint32_t node);
const struct symbol_frame *stacks_frame(const struct stacks *stacks,
    uint32_t node);				/* node != 0 */
uint32_t stacks_depth(const struct stacks *stacks, uint32_t node);
const struct names *stacks_names(const struct stacks *stacks);

/* What the query functions work on: one distinct traceback with counters. */
struct query_trace {
	uint64_t	size, count, allocs, allocated, temporary;
	uint32_t	stack;		/* attributed frame = this node's frame;
					 * its ancestors are the callers */
	uint32_t	full;		/* same traceback with the skipped
					 * frames, for the detail view */
	uint32_t	process;
	uint32_t	total_nframe;
	uint16_t	domain;
	uint16_t	flags;		/* enum trace_flag */
};

struct query_traces {
	const struct stacks	*stacks;	/* borrowed */
	uint32_t		 n;
	struct query_trace	*traces;
};

#endif
