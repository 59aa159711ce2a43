/*
 * stacks.h - resolved tracebacks as a tree of source frames (L5).
 *
 * Shape      Nodes of (frame, parent), interned; node 0 is the empty
 *            traceback.  A traceback is the node of its most recent frame;
 *            walking parents goes to older frames.  Two equal tracebacks
 *            are the same node, so that grouping by traceback compares
 *            integers, and a property of a node ("some frame of it matches")
 *            is computed once per node from its parent's.
 *            A frame's identity is (file, line, function), and the offset
 *            where there is no line.  Frames with the same place to show
 *            (file, line; file, offset without a line) share a location.
 *            Names are ids of one struct names that the tree borrows.
 * Invariant  Parents have smaller ids than their children; grow-only.  Frame
 *            0 is "<unknown>", line 0: what the empty traceback shows.
 */
#ifndef TMTOP_QUERY_STACKS_H
#define TMTOP_QUERY_STACKS_H

#include "reader/snapshot.h"
#include "symbols/symbols.h"

struct stacks;

struct stacks *stacks_new(const struct names *names);
void stacks_free(struct stacks *stacks);	/* NULL is fine */

/* As new, but with the memory of the old: all ids are invalid. */
void stacks_clear(struct stacks *stacks);

/* Node of `frame` called from `parent`; borrows nothing from frame. */
uint32_t stacks_push(struct stacks *stacks, uint32_t parent,
    const struct symbol_frame *frame);

/* The same in two steps, for who pushes one frame often. */
uint32_t stacks_intern(struct stacks *stacks,
    const struct symbol_frame *frame);		/* frame id */
uint32_t stacks_child(struct stacks *stacks, uint32_t parent,
    uint32_t frame_id);

uint32_t stacks_count(const struct stacks *stacks);
uint32_t stacks_parent(const struct stacks *stacks, uint32_t node);
uint32_t stacks_depth(const struct stacks *stacks, uint32_t node);
const struct names *stacks_names(const struct stacks *stacks);

/* The most recent frame of a traceback; of node 0 "<unknown>", line 0. */
const struct symbol_frame *stacks_frame(const struct stacks *stacks,
    uint32_t node);

/* Equal for equal contents, also in another tree, another refresh. */
uint64_t stacks_identity(const struct stacks *stacks, uint32_t node);

/*
 * The tables themselves, for loops over many nodes; borrowed until the next
 * push.  nodes has stacks_count() entries, frames n_frames, indexed by id.
 */
struct stack_node {
	uint32_t	parent;
	uint32_t	frame;		/* frame id */
	uint32_t	depth;		/* frames of this traceback */
};

struct stack_frame {
	struct symbol_frame	symbol;
	uint64_t		identity; /* of (file, line) or, without a
					   * line, (file, offset) */
	uint64_t		contents; /* identity and function */
	uint32_t		location; /* dense id of the same */
};

struct stack_tables {
	const struct stack_node	 *nodes;
	const struct stack_frame *frames;
	uint32_t		 n_nodes, n_frames, n_locations;
};

struct stack_tables stacks_tables(const struct stacks *stacks);

/* What the query functions work on: one distinct traceback with counters. */
struct query_trace {
	uint64_t	size, count, allocs, allocated, temporary;
	uint64_t	survivor_size, survivor_count;
	uint32_t	origin;		/* its place in the snapshot */
	uint32_t	thread;		/* as in struct trace */
	uint32_t	thread_label;	/* name: "NAME TID"; NAME_UNKNOWN:
					 * threads are not told apart */
	uint32_t	stack;		/* attributed frame = this node's frame;
					 * its ancestors are the callers */
	uint32_t	full;		/* same traceback with the skipped
					 * frames and without a limit: for the
					 * detail view and `all` filters; 0:
					 * the same as stack */
	uint32_t	process;
	uint32_t	total_nframe;	/* before truncation, inline frames
					 * included; 0: unknown */
	uint16_t	domain;
	uint16_t	flags;		/* enum trace_flag */
};

struct query_traces {
	const struct stacks	*stacks;	/* borrowed */
	const struct snapshot	*snapshot;	/* borrowed; NULL: none, then
						 * `origin` means nothing */
	uint32_t		 n;
	struct query_trace	*traces;
};

/* The traces with frames that are a file and a line and nothing else, as nodes
 * of `plain`, which has the same names; caller frees result->traces. */
void make_plain(const struct query_traces *traces, struct stacks *plain,
    struct query_traces *result);

#endif
