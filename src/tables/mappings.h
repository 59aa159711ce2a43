/*
 * mappings.h - live memory mappings, which unlike blocks can be cut (L1).
 *
 * Context    Hook side, guard held, any thread.
 */
#ifndef TMTOP_TABLES_MAPPINGS_H
#define TMTOP_TABLES_MAPPINGS_H

#include "tables/layout.h"

struct range {
	uintptr_t	address;
	uint64_t	size;
	uint32_t	traceback;
	uint32_t	generation;	/* as a block's */
	bool		is_part;	/* what remained behind a cut: counts
					 * as bytes, not as a block */
};

/* False: no room; the caller counts the loss. */
bool mappings_put(const struct range *range);

/*
 * Take out one remembered range that overlaps [address, address + size);
 * false: none is left.
 */
bool mappings_take(uintptr_t address, uint64_t size, struct range *range);

void mappings_abandon(void);	/* fork child */

#endif
