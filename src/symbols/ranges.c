#include "symbols/ranges.h"

/* Ranges come from hostile files: a million that all overlap must not cost a
 * million steps each time. */
#define MAX_STEPS	256

void
ranges_add(struct ranges *ranges, uint64_t low, uint64_t high, uint32_t id)
{
	if (low >= high)
		return;
	vec_push(&ranges->all, (struct range){ low, high, 0, id });
	ranges->is_sorted = false;
}

/* What ranges_find() prefers comes last. */
static int
compare_ranges(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->high != b->high)
		return a->high > b->high ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static void
sort_ranges(struct ranges *ranges)
{
	uint64_t max_high = 0;

	if (ranges->all.n > 0)
		qsort(ranges->all.items, ranges->all.n,
		    sizeof *ranges->all.items, compare_ranges);
	for (size_t i = 0; i < ranges->all.n; i++) {
		struct range *range = &ranges->all.items[i];

		if (range->high > max_high)
			max_high = range->high;
		range->max_high = max_high;
	}
	ranges->is_sorted = true;
}

/* How many ranges start at or below the address. */
static size_t
count_below(const struct ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->all.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->all.items[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t
ranges_find(struct ranges *ranges, uint64_t address)
{
	size_t i;

	if (!ranges->is_sorted)
		sort_ranges(ranges);
	i = count_below(ranges, address);
	for (int step = 0; i > 0 && step < MAX_STEPS; step++) {
		const struct range *range = &ranges->all.items[--i];

		if (address < range->high)
			return range->id;
		if (address >= range->max_high)
			break;
	}
	return RANGE_NONE;
}

void
ranges_fini(struct ranges *ranges)
{
	vec_fini(&ranges->all);
	ranges->is_sorted = false;
}
