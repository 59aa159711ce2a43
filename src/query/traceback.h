/*
 * traceback.h - which frames of a traceback are shown, in which order (L5).
 *
 * The rules are those of tracemalloc's Traceback.format().
 */
#ifndef TMTOP_QUERY_TRACEBACK_H
#define TMTOP_QUERY_TRACEBACK_H

#include "query/stacks.h"

/* { 0 }: all frames, the oldest first. */
struct traceback_part {
	bool	has_limit;
	bool	newest_first;
	int64_t	limit;		/* above 0: so many of the most recent frames;
				 * below 0: all but so many of the most
				 * recent ones; 0: none */
};

/*
 * The nodes of the frames to show, in that order; the empty traceback has one
 * frame, that of node 0.
 *
 * n_nodes	how many there are; may be 0
 * Returns	an array that the caller frees with free()
 */
uint32_t *traceback_nodes(const struct stacks *stacks, uint32_t stack,
    const struct traceback_part *part, uint32_t *n_nodes);

/* Node of the oldest frame: the one that names a traceback in one line. */
uint32_t traceback_oldest(const struct stacks *stacks, uint32_t stack);

#endif
