/*
 * blocks.h - live block records: address -> traceback, size (L1).
 *
 * A record belongs to whoever owns the block, so there is nothing to lock:
 * it is cleared before the real free and written after the real malloc.
 * Context    Hook side, guard held, any thread.
 */
#ifndef TMTOP_TABLES_BLOCKS_H
#define TMTOP_TABLES_BLOCKS_H

#include "tables/layout.h"

struct block {
	uint64_t	size;
	uint32_t	traceback;	/* 0: nothing known */
	uint32_t	generation;
};

/* One record per 1 << shift bytes of address: 5 where blocks never share 32
 * aligned bytes (glibc), else 3.  Once, before the first record. */
void blocks_init(unsigned shift);

/* Write the record of a block; false: no room (the caller counts it). */
bool blocks_put(uintptr_t address, const struct block *block);

/* Read and clear; block->traceback is 0 when there was none. */
void blocks_take(uintptr_t address, struct block *block);

/* Fork child: forget all, the pages behind are not mapped here. */
void blocks_abandon(void);

#endif
