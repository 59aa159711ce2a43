/*
 * tree.h - the distinct call stacks seen in this process (L1).
 *
 * Context    All functions: hook side, guard held, any thread.  Lock-free:
 *            two threads may at worst make the same node twice, which viewers
 *            see as equal stacks.
 */
#ifndef TMTOP_TABLES_TREE_H
#define TMTOP_TABLES_TREE_H

#include "tables/layout.h"

/* What identifies a frame below its parent. */
struct tree_key {
	uint64_t	offset;		/* as in struct node */
	uint32_t	module_kind;
} __attribute__((packed, aligned(4)));

/*
 * Node of this frame called from `parent` (0: outermost), added when new.
 * 0: no room (the caller counts the loss).
 */
uint32_t tree_child(uint32_t parent, const struct tree_key *key);

/*
 * Id of the traceback that ends in `node`, made when new, with the given
 * enum traceback_flag bits; 0: no room.
 */
uint32_t tree_traceback(uint32_t node, uint32_t flags, uint32_t total_nframe);

/*
 * Id of the same traceback in another domain than malloc's; 0: no room.
 */
uint32_t tree_in_domain(uint32_t traceback, uint32_t domain);

/* In a fork child: the indexes belong to tables that are gone. */
void tree_abandon(void);

#endif
