/*
 * tree.h - the distinct call stacks seen in this process (L1).
 *
 * Context    All functions: hook side, guard held, any thread.  Lock-free:
 *            two threads may at worst make the same node twice, which viewers
 *            see as equal stacks.
 */
#ifndef TMTOP_TABLES_TREE_H
#define TMTOP_TABLES_TREE_H

#include "base/atomic.h"
#include "tables/region.h"

/* What identifies a frame below its parent. */
struct tree_key {
	uint64_t	offset;		/* as in struct node */
	uint32_t	module_kind;
} __attribute__((packed, aligned(4)));

/*
 * A short name for a key, for looking up the child that was found last: 48
 * bits of address, 16 of everything that makes the address another key.  Two
 * equal tags must mean equal keys, whatever is stored under them; 0: none.
 */
typedef uint64_t tree_tag;

/* Per node, in private memory; see tree.c. */
struct tree_private {
	tree_tag	tag;		/* of this node, as its parent's child */
	uint32_t	last_child;
	uint32_t	traceback;	/* that ends here */
};

#define TREE_CHUNK	REGION_PER_CHUNK_NODES
extern struct tree_private *tree_privates[REGION_MAX_CHUNKS_NODES]
    ATTR_HIDDEN;

/* Only for nodes that exist. */
static ATTR_INLINE struct tree_private *
tree_private_of(uint32_t node)
{
	return &tree_privates[node / TREE_CHUNK][node % TREE_CHUNK];
}

/* Make room for the root.  Before the first look-up; false: no memory. */
bool tree_begin(void);

/*
 * The child of `parent` (0: the outermost frames) found last, when its tag is
 * this one; else 0: ask tree_child().
 */
static ATTR_INLINE uint32_t
tree_last_child(uint32_t parent, tree_tag tag)
{
	/* ORDER last-child: other end tree_child(). */
	uint32_t id = load_acquire(&tree_private_of(parent)->last_child);

	if (likely(load_relaxed(&tree_private_of(id)->tag) == tag))
		return id;
	return 0;
}

/*
 * Is the last child of `node` the node made next, with this tag?  Mostly a
 * stack's nodes were made one after the other: then p, what is private to
 * `node`, is followed by what is private to its child.
 */
static ATTR_INLINE bool
tree_next_is_child(const struct tree_private *p, uint32_t node, tree_tag tag)
{
	/* ORDER last-child: other end tree_child(). */
	return likely(load_acquire(&p->last_child) == node + 1) &&
	    likely((node + 1) % TREE_CHUNK != 0) &&
	    likely(load_relaxed(&p[1].tag) == tag);
}

/*
 * Where a child was found lately that is not its parent's last one: a callee
 * that takes turns with others.  Parent << 32 | node; only a hint.
 */
#define TREE_RECENT_LOG2	12
extern uint64_t tree_recent[1 << TREE_RECENT_LOG2] ATTR_HIDDEN;

static ATTR_INLINE uint64_t *
tree_recent_place(uint32_t parent, tree_tag tag)
{
	return &tree_recent[((tag >> 16) + ((uint64_t)parent << 20)) *
	    0x9e3779b97f4a7c15ull >> (64 - TREE_RECENT_LOG2)];
}

/* As tree_last_child(). */
static ATTR_INLINE uint32_t
tree_recent_child(uint32_t parent, tree_tag tag)
{
	/* ORDER recent-child: other end tree_child(). */
	uint64_t recent = load_acquire(tree_recent_place(parent, tag));
	uint32_t id = (uint32_t)recent;

	if (likely(recent >> 32 == parent) && likely(id != 0) &&
	    likely(load_relaxed(&tree_private_of(id)->tag) == tag))
		return id;
	return 0;
}

/*
 * Node of this frame called from `parent` (0: outermost), added when new.
 * 0: no room (the caller counts the loss).
 */
uint32_t tree_child(uint32_t parent, const struct tree_key *key,
    tree_tag tag);

/* Tags made before mean something else now. */
void tree_forget_tags(void);

uint32_t tree_traceback_slow(uint32_t node, uint32_t clear_epoch,
    uint32_t flags, uint32_t total_nframe);

/*
 * Id of the traceback that ends in `node`, made when new, with the given
 * enum traceback_flag bits; 0: no room.  One of an older clear epoch is
 * forgotten: another takes its place.
 */
static ATTR_INLINE uint32_t
tree_traceback(uint32_t node, uint32_t clear_epoch, uint32_t flags,
    uint32_t total_nframe)
{
	/* ORDER traceback-private: other end traceback_new(). */
	uint32_t id = load_acquire(&tree_private_of(node)->traceback);

	if (likely(id != 0) && likely(region_at(TRACEBACKS, struct traceback,
	    id)->clear_epoch == clear_epoch))
		return id;
	return tree_traceback_slow(node, clear_epoch, flags, total_nframe);
}

/*
 * Id of the same traceback in another domain than malloc's; 0: no room.
 */
uint32_t tree_in_domain(uint32_t traceback, uint16_t domain);

/* The same in a region of the program's, which is a node; domains come after
 * regions. */
uint32_t tree_in_region(uint32_t traceback, uint32_t region);

/* In a fork child: the indexes belong to tables that are gone. */
void tree_abandon(void);

#endif
