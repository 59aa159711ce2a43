/*
 * pool.h - a pool allocator that tells tmtop of its objects, for pool.c and
 * pool.cc.  Where they were handed out is its users' own account: lines.
 */
#ifndef TESTS_HOOKS_POOL_H
#define TESTS_HOOKS_POOL_H

#include "tmtop.h"

#include <stdio.h>
#include <stdlib.h>

enum { OBJECT_SIZE = 48, OBJECTS_PER_BLOCK = 100 };

struct pool {
	unsigned	domain;
	char		*block;		/* the latest one */
	int		n_used;		/* of its objects */
	void		*spare;		/* linked by their first word */
	long		blocks_bytes;	/* asked of malloc */
};

/* Inlined where it is used, as pools are. */
static inline __attribute__((always_inline)) void *
pool_take(struct pool *pool)
{
	void *object = pool->spare;

	if (object != NULL) {
		pool->spare = *(void **)object;
	} else {
		if (pool->block == NULL || pool->n_used == OBJECTS_PER_BLOCK) {
			pool->block = (char *)malloc(OBJECT_SIZE *
			    OBJECTS_PER_BLOCK);
			pool->blocks_bytes += OBJECT_SIZE * OBJECTS_PER_BLOCK;
			pool->n_used = 0;
		}
		object = pool->block + OBJECT_SIZE * pool->n_used++;
	}
	return object;
}

static inline void
pool_give(struct pool *pool, void *object)
{
	tmtop_untrack(pool->domain, object);
	*(void **)object = pool->spare;
	pool->spare = object;
}

#endif
