/*
 * moved_private.h - what moved.c and moved_pair.c share (L5, private).
 */
#ifndef TMTOP_QUERY_MOVED_PRIVATE_H
#define TMTOP_QUERY_MOVED_PRIVATE_H

#include "query/diff.h"

/* A row of one of the tables. */
struct side {
	uint64_t	key;		/* of its group */
	uint64_t	file_key;	/* key with folders */
	uint32_t	row;
	const struct statistic *of;
};

struct sides {
	struct side	*items;
	size_t		 n, room;
};

struct moving {
	const struct stats_table *old_table, *now_table;
	enum grouping	 grouping;
	struct stack_tables tables;
	const struct names *names;
	const bool	*same_build;	/* by name of a module */
	uint64_t	*frame_keys[2];	/* by frame; with and without folders */
	struct sides	 old, now;	/* of the present try */
	/* By row, of the other table; NO_ROW: none.  Each says what the other
	 * one says. */
	uint32_t	*partner_of_now, *partner_of_old;
};

/* ---- frames ---- */

static inline const struct symbol_frame *
moved_frame(const struct moving *m, uint32_t node)
{
	return &m->tables.frames[m->tables.nodes[node].frame].symbol;
}

/* Where in its function a frame is. */
static inline uint64_t
moved_position(const struct symbol_frame *frame)
{
	return frame->line != 0 ? frame->line : frame->offset;
}

/* ---- moved_pair.c ---- */

/* For qsort_r: by group, then by line. */
int moved_compare_sides(const void *left, const void *right, void *moving);

/* Pair the old sides of a group with the present ones, both in order. */
void moved_pair_group(struct moving *m, const struct side *old, size_t n_old,
    const struct side *now, size_t n_now);

#endif
