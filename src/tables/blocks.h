/*
 * blocks.h - live block records: address -> traceback, size (L1).
 *
 * A record belongs to whoever owns the block, so there is nothing to lock:
 * it is cleared before the real free and written after the real malloc.
 * Context    Hook side, guard held, any thread.
 */
#ifndef TMTOP_TABLES_BLOCKS_H
#define TMTOP_TABLES_BLOCKS_H

#include "base/atomic.h"
#include "tables/layout.h"

struct block {
	uint64_t	size;
	uint32_t	traceback;	/* 0: nothing known */
	uint32_t	generation;
};

/*
 * lanes: 1 where blocks never share RECORD_STRIDE aligned bytes (glibc), else
 * RECORD_STRIDE / 8.  Once, before the first record.
 */
void blocks_init(uint32_t lanes);

/* ---- for the functions below: where records are ---- */

#define BLOCKS_TOP_SHIFT	32
#define BLOCKS_N_TOPS		(1u << (47 - BLOCKS_TOP_SHIFT))
#define BLOCKS_GRANULE_SHIFT	(RECORD_STRIDE_SHIFT + 9)
#define BLOCKS_PER_TOP		(1u << (BLOCKS_TOP_SHIFT - \
				    BLOCKS_GRANULE_SHIFT))

/* By the upper bits of the address, then by granule, then lane. */
extern uint64_t **blocks_tops[BLOCKS_N_TOPS] ATTR_HIDDEN;
extern uint32_t blocks_lane_mask ATTR_HIDDEN;

/* The granule's place in a directory. */
static ATTR_INLINE uint32_t
blocks_place(uintptr_t address)
{
	uint32_t place = (uint32_t)address >> BLOCKS_GRANULE_SHIFT;

	_Static_assert(BLOCKS_TOP_SHIFT == 32, "a directory's place");
	if (unlikely(load_relaxed(&blocks_lane_mask) != 0))
		place += ((address >> 3) & blocks_lane_mask) * BLOCKS_PER_TOP;
	return place;
}

/*
 * The record of an address; NULL: none was ever written near it.  Valid for
 * addresses of user space.
 */
static ATTR_INLINE uint64_t *
blocks_find(uintptr_t address)
{
	uint64_t **directory, *granule;

	/* ORDER granule: other ends make_directory(), make_granule(). */
	directory = load_acquire(&blocks_tops[address >> BLOCKS_TOP_SHIFT &
	    (BLOCKS_N_TOPS - 1)]);
	if (directory == NULL)
		return NULL;
	granule = load_acquire(&directory[blocks_place(address)]);
	if (unlikely(granule == NULL))
		return NULL;
	return &granule[address >> RECORD_STRIDE_SHIFT &
	    (GRANULE_RECORDS - 1)];
}

/* ---- records ---- */

static ATTR_INLINE uint64_t
blocks_record(uintptr_t address, const struct block *block, uint64_t size)
{
	uint64_t odd = (uint64_t)(address & RECORD_ODD_BIT) <<
	    (62 - 4 - RECORD_TRACEBACK_SHIFT);

	return (block->traceback | odd) << RECORD_TRACEBACK_SHIFT |
	    size << RECORD_SIZE_SHIFT |
	    (block->generation & RECORD_GENERATION_MASK);
}

/* Write the record of a block; false: no room (the caller counts it). */
bool blocks_put_slow(uintptr_t address, const struct block *block);

static ATTR_INLINE bool
blocks_put(uintptr_t address, const struct block *block)
{
	uint64_t *record = blocks_find(address);

	if (unlikely(record == NULL) ||
	    unlikely(block->size >= RECORD_SIZE_WIDE))
		return blocks_put_slow(address, block);
	store_relaxed(record, blocks_record(address, block, block->size));
	return true;
}

/*
 * Have this address noticed when it is freed, whether it is recorded or not:
 * its record is not 0 from now on.  False: no room.
 */
bool blocks_flag(uintptr_t address);

uint64_t blocks_take_wide(uintptr_t address);

/*
 * Clear a record that blocks_find() gave and that is not 0.  traceback is 0
 * when no block was recorded; true: it was flagged.
 */
static ATTR_INLINE bool
blocks_take_at(uint64_t *record, uintptr_t address, struct block *block)
{
	uint64_t r = load_relaxed(record);

	store_relaxed(record, 0);
	block->traceback = (uint32_t)(r >> RECORD_TRACEBACK_SHIFT) &
	    RECORD_TRACEBACK_MASK;
	block->size = r >> RECORD_SIZE_SHIFT & RECORD_SIZE_MASK;
	block->generation = (uint32_t)(r & RECORD_GENERATION_MASK);
	if (unlikely(block->size == RECORD_SIZE_WIDE))
		block->size = blocks_take_wide(address);
	return r >> 63;
}

/* Read and clear; block->traceback is 0 when there was none. */
static ATTR_INLINE bool
blocks_take(uintptr_t address, struct block *block)
{
	uint64_t *record = blocks_find(address);

	block->traceback = 0;
	if (record == NULL || load_relaxed(record) == 0)
		return false;
	return blocks_take_at(record, address, block);
}

/* What is recorded of a block; false, with *block left alone: nothing. */
bool blocks_get(uintptr_t address, struct block *block);

/* It is the same block, with another traceback and generation. */
void blocks_retrace(uintptr_t address, const struct block *block);

/* Fork child: forget all, the pages behind are not mapped here. */
void blocks_abandon(void);

#endif
