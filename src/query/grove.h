/*
 * grove.h - the part of a tree of stacks that some traces use (L5).
 *
 * Slot 0 stands above all roots; the others are numbered in the order of their
 * nodes, so that parents come before their children.
 */
#ifndef TMTOP_QUERY_GROVE_H
#define TMTOP_QUERY_GROVE_H

#include "query/stacks.h"

struct grove {
	uint32_t	 n_slots;
	uint32_t	*nodes;		/* by slot */
	uint32_t	*parents, *children, *siblings;	/* slots; 0: none */
	uint32_t	*slot_of;	/* by node; 0: not used, or no node */
};

/* Of all traces of the n sides (NULL: none), which have the same stacks;
 * caller ends with grove_fini(). */
void grove_init(struct grove *grove, const struct query_traces *const *sides,
    size_t n_sides);
void grove_fini(struct grove *grove);

#endif
