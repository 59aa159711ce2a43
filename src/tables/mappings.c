/*
 * mappings.c - a small unordered list of ranges (L1).
 *
 * Shape      Records of SECTION_RANGES; one is owned by whoever has exchanged
 *            its address for RANGE_BUSY.
 * Why        Programs have tens to hundreds of mappings of their own, and
 *            unmap any part of them: a linear search for what overlaps is
 *            simple, needs no lock, and costs little beside the system call.
 * Limits     MAX_RANGES; beyond that mappings are counted as lost.
 */
#include "tables/mappings.h"

#include "base/atomic.h"
#include "tables/region.h"

#define MAX_RANGES	REGION_PER_CHUNK_RANGES
#define RANGE_FREE	0ull
#define RANGE_BUSY	1ull

/* One more than the highest record in use. */
static uint32_t n_ranges;

static struct large_record *
record_at(uint32_t i)
{
	return region_at(RANGES, struct large_record, i);
}

static void
raise_count(uint32_t least)
{
	uint32_t now = load_relaxed(&n_ranges);

	while (now < least && !cas_relaxed(&n_ranges, &now, least))
		;
}

bool
mappings_put(const struct range *range)
{
	struct large_record *record;
	uint64_t free;
	uint32_t i;

	for (i = 0; i < MAX_RANGES; i++) {
		if (!region_ensure(SECTION_RANGES, i))
			return false;
		record = record_at(i);
		free = RANGE_FREE;
		if (load_relaxed(&record->address) != RANGE_FREE ||
		    !cas_acq_rel(&record->address, &free, RANGE_BUSY))
			continue;
		record->size = range->size;
		record->traceback = range->traceback;
		record->domain = DOMAIN_MAPPINGS;
		record->generation = range->generation;
		record->is_part = range->is_part;
		raise_count(i + 1);
		/* ORDER range: filled before it is found.
		 * Other ends: mappings_take(), the reader's visit_range(). */
		store_release(&record->address, range->address);
		return true;
	}
	return false;
}

bool
mappings_take(uintptr_t address, uint64_t size, struct range *range)
{
	uint32_t i, n = load_relaxed(&n_ranges);
	struct large_record *record;
	uint64_t start;

	for (i = 0; i < n; i++) {
		record = record_at(i);
		/* ORDER range: other end mappings_put(). */
		start = load_acquire(&record->address);
		if (start <= RANGE_BUSY || start >= address + size ||
		    start + record->size <= address ||
		    !cas_acq_rel(&record->address, &start, RANGE_BUSY))
			continue;
		*range = (struct range){ .address = start,
		    .size = record->size, .traceback = record->traceback,
		    .generation = record->generation,
		    .is_part = record->is_part };
		store_release(&record->address, RANGE_FREE);
		return true;
	}
	return false;
}

void
mappings_abandon(void)
{
	n_ranges = 0;
}
