/*
 * blocks.c - an array indexed by address, as sparse as the heap is (L1).
 *
 * Shape      Granules of 512 records, one page each, taken from the segment
 *            in the order of first use.  Two private levels of pointers lead
 *            from the address to its granule: by the upper bits, below them a
 *            directory per 4 GiB of address.  SECTION_GRANULE_KEYS tells
 *            viewers which addresses a granule stands for.  A record stands
 *            for 32 bytes of address; where blocks lie closer, each of the
 *            four places in them has granules of its own (lanes), so that
 *            only those in use cost memory: one in four for size classes of
 *            32 bytes and their multiples.
 * Why        A hash of all live blocks costs a cache miss or two at each
 *            event and must be grown; an array next to the heap's own order
 *            is touched in the same order as the heap.
 * Limits     47 bits of address; SECTION_LARGE for blocks whose size does
 *            not fit 28 bits: a small fixed hash, since a program with
 *            thousands of blocks of 256 MiB is hard to imagine.
 */
#include "tables/blocks.h"

#include "base/atomic.h"
#include "base/sys.h"
#include "tables/region.h"

#define LARGE_SLOTS	REGION_PER_CHUNK_LARGE
#define LARGE_EMPTY	0ull
#define LARGE_DELETED	1ull
#define FLAG		(1ull << 63)

uint64_t **blocks_tops[BLOCKS_N_TOPS];
uint32_t blocks_lane_mask;

static uint32_t highest_top, lowest_top = BLOCKS_N_TOPS;

void
blocks_init(uint32_t lanes)
{
	blocks_lane_mask = lanes - 1;
	region_header->record_lanes = lanes;
}

static size_t
directory_size(void)
{
	return sizeof(uint64_t *) * BLOCKS_PER_TOP * (blocks_lane_mask + 1);
}

static uint64_t **
make_directory(uintptr_t address)
{
	uint32_t top = address >> BLOCKS_TOP_SHIFT;
	uint64_t **directory, **expected = NULL;

	directory = load_acquire(&blocks_tops[top]);
	if (directory != NULL)
		return directory;
	directory = private_map(directory_size());
	if (directory == NULL)
		return NULL;
	/* Few and far apart: whoever comes second gives its own back.
	 * ORDER granule: zeroed before it is seen. Other end: blocks_find(). */
	if (!cas_acq_rel(&blocks_tops[top], &expected, directory)) {
		private_unmap(directory, directory_size());
		return expected;
	}
	if (top > highest_top)
		highest_top = top;
	if (top < lowest_top)
		lowest_top = top;
	return directory;
}

/* First address of the granule, and its lane. */
static uint64_t
granule_key(uintptr_t address)
{
	uint64_t first = address >> BLOCKS_GRANULE_SHIFT <<
	    BLOCKS_GRANULE_SHIFT;

	return first | ((address >> 3) & blocks_lane_mask);
}

static ATTR_COLD uint64_t *
make_granule(uintptr_t address)
{
	uint64_t **directory, **place, *records, *expected = NULL;
	uint32_t id;

	if (address >> BLOCKS_TOP_SHIFT >= BLOCKS_N_TOPS)
		return NULL;
	directory = make_directory(address);
	if (directory == NULL)
		return NULL;
	place = &directory[blocks_place(address)];
	id = region_take(SECTION_GRANULES);
	if (id == 0 || !region_ensure(SECTION_GRANULE_KEYS, id))
		return NULL;
	records = region_at(GRANULES, struct granule, id)->records;
	if (!cas_acq_rel(place, &expected, records))
		return blocks_find(address);	/* ours has no key: viewers
						 * skip it */
	/* ORDER granule-key: last, a granule without a key holds no record
	 * yet.  Other end: list_granules() of the reader. */
	store_release(region_at(GRANULE_KEYS, uint64_t, id),
	    granule_key(address));
	return blocks_find(address);
}

/* ---- blocks too large for a record ---- */

static uint32_t
hash_address(uintptr_t address)
{
	return (uint32_t)((address >> 12) * 0x9e3779b1u >> 7);
}

/* The record with this address; NULL: there is none. */
static struct large_record *
large_find(uintptr_t address)
{
	struct large_record *r;
	uint64_t found;
	uint32_t i;

	for (i = 0; i < LARGE_SLOTS; i++) {
		uint32_t id = (hash_address(address) + i) % LARGE_SLOTS;

		if (!region_ensure(SECTION_LARGE, id))
			break;
		r = region_at(LARGE, struct large_record, id);
		found = load_acquire(&r->address);
		if (found == address)
			return r;
		if (found == LARGE_EMPTY)
			break;
	}
	return NULL;
}

static struct large_record *
large_claim(uintptr_t address)
{
	struct large_record *r;
	uint64_t found;
	uint32_t i;

	for (i = 0; i < LARGE_SLOTS; i++) {
		uint32_t id = (hash_address(address) + i) % LARGE_SLOTS;

		if (!region_ensure(SECTION_LARGE, id))
			break;
		r = region_at(LARGE, struct large_record, id);
		found = load_relaxed(&r->address);
		if ((found == LARGE_EMPTY || found == LARGE_DELETED) &&
		    cas_acq_rel(&r->address, &found, address))
			return r;
	}
	return NULL;
}

static bool
large_put(uintptr_t address, const struct block *block)
{
	/* There still, when the block that was here went while nothing was
	 * recorded; it is ours as the address is. */
	struct large_record *r = large_find(address);

	if (r == NULL && (r = large_claim(address)) == NULL)
		return false;
	r->size = block->size;
	r->traceback = block->traceback;
	r->generation = block->generation;
	add_relaxed(&region_header->wide_blocks, 1);
	return true;
}

uint64_t
blocks_take_wide(uintptr_t address)
{
	struct large_record *r = large_find(address);
	uint64_t size;

	if (r == NULL)
		return 0;
	size = r->size;
	store_release(&r->address, LARGE_DELETED);
	return size;
}

/* ---- all blocks ---- */

ATTR_COLD bool
blocks_put_slow(uintptr_t address, const struct block *block)
{
	uint64_t *record = blocks_find(address), size = block->size;

	if (record == NULL && (record = make_granule(address)) == NULL)
		return false;
	if (size >= RECORD_SIZE_WIDE) {
		if (!large_put(address, block))
			return false;
		size = RECORD_SIZE_WIDE;
	}
	store_relaxed(record, blocks_record(address, block, size));
	return true;
}

bool
blocks_flag(uintptr_t address)
{
	uint64_t *record = blocks_find(address);

	if (record == NULL && (record = make_granule(address)) == NULL)
		return false;
	store_relaxed(record, load_relaxed(record) | FLAG);
	return true;
}

bool
blocks_get(uintptr_t address, struct block *block)
{
	uint64_t *record = blocks_find(address), r;
	const struct large_record *large;

	if (record == NULL || (r = load_relaxed(record)) == 0 ||
	    (r >> RECORD_TRACEBACK_SHIFT & RECORD_TRACEBACK_MASK) == 0)
		return false;
	/* Another address of the same place. */
	if (((r & RECORD_ODD) != 0) != ((address & RECORD_ODD_BIT) != 0))
		return false;
	block->traceback = (uint32_t)(r >> RECORD_TRACEBACK_SHIFT) &
	    RECORD_TRACEBACK_MASK;
	block->size = r >> RECORD_SIZE_SHIFT & RECORD_SIZE_MASK;
	block->generation = (uint32_t)(r & RECORD_GENERATION_MASK);
	if (block->size == RECORD_SIZE_WIDE) {
		large = large_find(address);
		block->size = large != NULL ? large->size : 0;
	}
	return true;
}

void
blocks_retrace(uintptr_t address, const struct block *block)
{
	uint64_t *record = blocks_find(address), r = load_relaxed(record);
	struct large_record *large;

	if ((r >> RECORD_SIZE_SHIFT & RECORD_SIZE_MASK) == RECORD_SIZE_WIDE &&
	    (large = large_find(address)) != NULL) {
		large->traceback = block->traceback;
		large->generation = block->generation;
	}
	store_relaxed(record, (r & (FLAG | RECORD_ODD |
	    RECORD_SIZE_MASK << RECORD_SIZE_SHIFT)) |
	    (uint64_t)block->traceback << RECORD_TRACEBACK_SHIFT |
	    (block->generation & RECORD_GENERATION_MASK));
}

void
blocks_abandon(void)
{
	uint32_t i;

	for (i = lowest_top; i <= highest_top && i < BLOCKS_N_TOPS; i++)
		if (blocks_tops[i] != NULL) {
			sys_munmap(blocks_tops[i], directory_size());
			blocks_tops[i] = NULL;
		}
	highest_top = 0;
	lowest_top = BLOCKS_N_TOPS;
}
