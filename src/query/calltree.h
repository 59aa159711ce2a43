/*
 * calltree.h - who called whom, with what it owns: rows of an open tree (L5).
 *
 * Top-down, a node is a function as it was called on one way from the oldest
 * frame on; bottom-up, a function that owns memory, and above it its callers.
 * What is called from several lines of one function is one node.  A trace
 * counts once on every level, so recursion is counted once by construction,
 * and the sums of a node's callees and its own part are the node's.
 */
#ifndef TMTOP_QUERY_CALLTREE_H
#define TMTOP_QUERY_CALLTREE_H

#include "query/stats.h"
#include "util/vec.h"

struct call_tree;

/* Of the traces with live blocks on either side (base NULL: one side only).
 * Their stacks are borrowed as long as the tree is asked. */
struct call_tree *call_tree_new(const struct query_traces *now,
    const struct query_traces *base);
void call_tree_free(struct call_tree *tree);	/* NULL is fine */

/* Which nodes are open, by identity; {0} is none. */
struct tree_open {
	VEC(uint64_t)	ids;		/* ascending */
};

bool tree_open_has(const struct tree_open *open, uint64_t id);
void tree_open_add(struct tree_open *open, uint64_t id);
void tree_open_remove(struct tree_open *open, uint64_t id);
void tree_open_copy(struct tree_open *to, const struct tree_open *from);
void tree_open_fini(struct tree_open *open);

/* The node that all others are below. */
#define TREE_ROOT	UINT64_C(1)

struct tree_row {
	struct statistic stat;		/* identity: of the way to it, the same
					 * in the next refresh; size, count and
					 * their differences with all callees
					 * (bottom-up: what passed this way);
					 * line 0: several; TREE_ROOT and the
					 * rest have no place */
	uint64_t	 self_size, self_count;	/* without callees (bottom-up:
					 * without callers) */
	uint32_t	 depth;		/* TREE_ROOT: 0 */
	uint32_t	 n_folded;	/* > 0: stands for so many more
					 * nodes, and cannot be opened */
	bool		 has_children, is_open;
};

typedef VEC(struct tree_row) tree_rows;

struct tree_wants {
	bool		 is_bottom_up;
	bool		 by_growth;	/* largest change first, not size */
	uint64_t	 hot;		/* open the hot path from this node
					 * on: as long as one callee has at
					 * least half; 0: none */
};

/*
 * The visible rows, in their order, appended to `rows`; what the hot path opens
 * is added to `open`.  Time grows with what is open, not with the tree.
 */
void call_tree_list(const struct call_tree *tree,
    const struct tree_wants *wants, struct tree_open *open,
    tree_rows *rows);

/* Does the trace with this stack belong to the node? */
bool call_tree_holds(const struct stacks *stacks, uint32_t stack,
    const struct tree_row *row, bool is_bottom_up);

#endif
