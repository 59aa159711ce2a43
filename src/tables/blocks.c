/*
 * blocks.c - an array indexed by address, as sparse as the heap is (L1).
 *
 * Shape      Granules of 512 records, one page each, taken from the segment
 *            in the order of first use.  Two private levels of pointers lead
 *            from the address to its granule: `tops` by the upper bits, below
 *            it a directory per 4 GiB of address.  SECTION_GRANULE_KEYS tells
 *            viewers which addresses a granule stands for.
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

#define TOP_SHIFT	32
#define N_TOPS		(1u << (47 - TOP_SHIFT))
#define LARGE_SLOTS	REGION_PER_CHUNK_LARGE
#define LARGE_EMPTY	0ull
#define LARGE_DELETED	1ull

static uint64_t **tops[N_TOPS];
static uint32_t highest_top, lowest_top = N_TOPS;
static unsigned record_shift = 5;

/* Bits of address that one granule covers. */
static unsigned
granule_shift(void)
{
	return record_shift + 9;
}

void
blocks_init(unsigned shift)
{
	record_shift = shift;
	region_header->record_shift = shift;
}

static size_t
directory_size(void)
{
	return sizeof(uint64_t *) << (TOP_SHIFT - granule_shift());
}

static uint64_t **
granule_place(uint64_t **directory, uintptr_t address)
{
	return &directory[(address & 0xffffffffu) >> granule_shift()];
}

static uint64_t *
record_in(uint64_t *granule, uintptr_t address)
{
	return &granule[address >> record_shift & (GRANULE_RECORDS - 1)];
}

/* Where the record of this address is; NULL where none was ever written. */
static ATTR_INLINE uint64_t *
find_record(uintptr_t address)
{
	uint64_t **directory, *granule;

	if (unlikely(address >> TOP_SHIFT >= N_TOPS))
		return NULL;
	/* ORDER granule: other ends make_directory(), make_granule(). */
	directory = load_acquire(&tops[address >> TOP_SHIFT]);
	if (unlikely(directory == NULL))
		return NULL;
	granule = load_acquire(granule_place(directory, address));
	if (unlikely(granule == NULL))
		return NULL;
	return record_in(granule, address);
}

static uint64_t **
make_directory(uintptr_t address)
{
	uint32_t top = address >> TOP_SHIFT;
	uint64_t **directory, **expected = NULL;

	directory = load_acquire(&tops[top]);
	if (directory != NULL)
		return directory;
	directory = private_map(directory_size());
	if (directory == NULL)
		return NULL;
	/* Few and far apart: whoever comes second gives its own back.
	 * ORDER granule: zeroed before it is seen. Other end: find_record(). */
	if (!cas_acq_rel(&tops[top], &expected, directory)) {
		private_unmap(directory, directory_size());
		return expected;
	}
	if (top > highest_top)
		highest_top = top;
	if (top < lowest_top)
		lowest_top = top;
	return directory;
}

static ATTR_COLD uint64_t *
make_granule(uintptr_t address)
{
	uint64_t **directory, **place, *records, *expected = NULL;
	uint32_t id;

	if (address >> TOP_SHIFT >= N_TOPS)
		return NULL;
	directory = make_directory(address);
	if (directory == NULL)
		return NULL;
	place = granule_place(directory, address);
	id = region_take(SECTION_GRANULES);
	if (id == 0 || !region_ensure(SECTION_GRANULE_KEYS, id))
		return NULL;
	records = region_at(GRANULES, struct granule, id)->records;
	if (!cas_acq_rel(place, &expected, records))
		return expected;	/* ours has no key: viewers skip it */
	/* Last: a granule without a key holds no record yet. */
	store_release(region_at(GRANULE_KEYS, uint64_t, id),
	    (address >> granule_shift()) << granule_shift());
	return records;
}

/* ---- blocks too large for a record ---- */

static uint32_t
hash_address(uintptr_t address)
{
	return (uint32_t)((address >> 12) * 0x9e3779b1u >> 7);
}

static bool
large_put(uintptr_t address, const struct block *block)
{
	struct large_record *r;
	uint64_t found;
	uint32_t i;

	for (i = 0; i < LARGE_SLOTS; i++) {
		uint32_t id = (hash_address(address) + i) % LARGE_SLOTS;

		if (!region_ensure(SECTION_LARGE, id))
			return false;
		r = region_at(LARGE, struct large_record, id);
		found = load_relaxed(&r->address);
		if (found != LARGE_EMPTY && found != LARGE_DELETED)
			continue;
		if (!cas_acq_rel(&r->address, &found, address))
			continue;
		r->size = block->size;
		r->traceback = block->traceback;
		r->generation = block->generation;
		add_relaxed(&region_header->wide_blocks, 1);
		return true;
	}
	return false;
}

static uint64_t
large_take(uintptr_t address)
{
	struct large_record *r;
	uint64_t size, found;
	uint32_t i;

	for (i = 0; i < LARGE_SLOTS; i++) {
		uint32_t id = (hash_address(address) + i) % LARGE_SLOTS;

		if (!region_ensure(SECTION_LARGE, id))
			break;
		r = region_at(LARGE, struct large_record, id);
		found = load_acquire(&r->address);
		if (found == LARGE_EMPTY)
			break;
		if (found != address)
			continue;
		size = r->size;
		store_release(&r->address, LARGE_DELETED);
		return size;
	}
	return 0;
}

/* ---- all blocks ---- */

bool
blocks_put(uintptr_t address, const struct block *block)
{
	uint64_t *record = find_record(address), size = block->size;
	uint64_t *granule;

	if (unlikely(record == NULL)) {
		granule = make_granule(address);
		if (granule == NULL)
			return false;
		record = record_in(granule, address);
	}
	if (unlikely(size >= RECORD_SIZE_WIDE)) {
		if (!large_put(address, block))
			return false;
		size = RECORD_SIZE_WIDE;
	}
	store_relaxed(record,
	    (uint64_t)block->traceback << RECORD_TRACEBACK_SHIFT |
	    size << RECORD_SIZE_SHIFT |
	    (block->generation & RECORD_GENERATION_MASK));
	return true;
}

void
blocks_take(uintptr_t address, struct block *block)
{
	uint64_t *record = find_record(address), r;

	if (unlikely(record == NULL) || (r = load_relaxed(record)) == 0) {
		block->traceback = 0;
		return;
	}
	store_relaxed(record, 0);
	block->traceback = (uint32_t)(r >> RECORD_TRACEBACK_SHIFT);
	block->size = r >> RECORD_SIZE_SHIFT & RECORD_SIZE_MASK;
	block->generation = (uint32_t)(r & RECORD_GENERATION_MASK);
	if (unlikely(block->size == RECORD_SIZE_WIDE))
		block->size = large_take(address);
}

void
blocks_abandon(void)
{
	uint32_t i;

	for (i = lowest_top; i <= highest_top && i < N_TOPS; i++)
		if (tops[i] != NULL) {
			sys_munmap(tops[i], directory_size());
			tops[i] = NULL;
		}
	highest_top = 0;
	lowest_top = N_TOPS;
}
