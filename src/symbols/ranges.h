/*
 * ranges.h - address ranges to ids: which unit, function or symbol (L4,
 * helper).
 */
#ifndef TMTOP_SYMBOLS_RANGES_H
#define TMTOP_SYMBOLS_RANGES_H

#include "util/vec.h"

#define RANGE_NONE	UINT32_MAX

struct range {
	uint64_t	low, high;	/* high is the first one outside */
	uint64_t	max_high;	/* of all up to this, once sorted */
	uint32_t	id;
};

struct ranges {
	VEC(struct range) all;
	bool		is_sorted;
};

/* Add one; empty and reversed ranges are left out. */
void ranges_add(struct ranges *ranges, uint64_t low, uint64_t high,
    uint32_t id);

/*
 * The id of the range that holds the address, or RANGE_NONE.  Where several
 * do, the one that starts last, of those the one that ends first, of those
 * the one added last.  Sorts when something was added since the last call.
 */
uint32_t ranges_find(struct ranges *ranges, uint64_t address);

void ranges_fini(struct ranges *ranges);

#endif
