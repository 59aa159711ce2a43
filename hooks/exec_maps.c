/*
 * exec_maps.c - ranges of executable memory, from /proc/self/maps (L2).
 *
 * Shape      A small sorted-by-kernel list, rebuilt by one thread at a time
 *            when an address is in none of the ranges.
 * Why        A conservative test of a guessed frame; being late or wrong
 *            only cuts or lengthens a traceback that is marked as guessed.
 * Limits     Rebuilt at most once per doubling number of misses, so that a
 *            program which makes new code all the time is not slowed down.
 */
#include "hooks/exec_maps.h"

#include "base/atomic.h"
#include "hooks/maps.h"

#define MAX_RANGES	512

struct range {
	uintptr_t	start, end;
};

static struct range ranges[MAX_RANGES];
static uint32_t n_ranges;
static uint32_t is_reading;
static uint64_t n_misses, next_read = 1;

static bool
find_range(uintptr_t address)
{
	uint32_t i, n = load_acquire(&n_ranges);

	for (i = 0; i < n; i++)
		if (address >= load_relaxed(&ranges[i].start) &&
		    address < load_relaxed(&ranges[i].end))
			return true;
	return false;
}

static bool
keep_executable(void *context, const struct mapping *mapping)
{
	uint32_t *n = context;

	if (!mapping->is_executable)
		return true;
	store_relaxed(&ranges[*n].start, mapping->start);
	store_relaxed(&ranges[*n].end, mapping->end);
	return ++*n < MAX_RANGES;
}

static ATTR_COLD void
read_ranges(void)
{
	uint32_t idle = 0, n = 0;

	if (!cas_acq_rel(&is_reading, &idle, 1))
		return;
	maps_visit(keep_executable, &n);
	store_release(&n_ranges, n);
	store_release(&is_reading, 0);
}

bool
exec_maps_contain(uintptr_t address)
{
	uint64_t misses;

	if (find_range(address))
		return true;
	misses = add_relaxed(&n_misses, 1) + 1;
	if (misses < load_relaxed(&next_read))
		return false;
	store_relaxed(&next_read, misses * 2);
	read_ranges();
	return find_range(address);
}
