/*
 * objects.h - what a program says it has handed out itself (L1).
 *
 * Objects of pools and of allocators of other memory, told by tmtop_track():
 * (domain, address) -> traceback, size.  An address may be any number, and
 * the same in several domains; a pool's first object has its block's own.
 *
 * Context    Hook side, guard held, any thread.  Two threads may name the same
 *            object: each call is done at once or not at all.  A call waits
 *            for another thread in the same shard, at most half a second.
 */
#ifndef TMTOP_TABLES_OBJECTS_H
#define TMTOP_TABLES_OBJECTS_H

#include "tables/blocks.h"

struct object_key {
	uintptr_t	address;
	uint32_t	domain;
	uint32_t	thread;		/* the caller's id at the kernel */
};

/* *old is what was known before; its traceback is 0 when nothing was. */
enum objects_result {
	OBJECTS_DONE,
	OBJECTS_NO_ROOM,	/* nothing has changed */
	OBJECTS_BUSY,		/* the same: somebody keeps the shard */
};

/* From now on it is this block. */
enum objects_result objects_put(const struct object_key *key,
    const struct block *new, struct block *old);

/* It is nothing any more. */
enum objects_result objects_take(const struct object_key *key,
    struct block *old);

/* The same object with another traceback and generation; what is not known
 * stays so. */
enum objects_result objects_retrace(const struct object_key *key,
    const struct block *new, struct block *old);

/* What it is. */
enum objects_result objects_find(const struct object_key *key,
    struct block *found);

/* Fork child: forget all. */
void objects_abandon(void);

#endif
