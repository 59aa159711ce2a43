/*
 * order_tracebacks.h - rows that only their tracebacks tell apart (L5); for
 * order.c.
 */
#ifndef TMTOP_QUERY_ORDER_TRACEBACKS_H
#define TMTOP_QUERY_ORDER_TRACEBACKS_H

#include "query/stats.h"

/*
 * Put n rows of a table grouped by traceback, given by their indexes, in
 * descending order: by the places of the frames, the oldest first; a traceback
 * that goes on is before one that ends there.  What is equal in all of that:
 * by offset, then identity.
 *
 * places	by frame id of the table's stacks; less than UINT64_MAX
 * Context	calls slice_point()
 */
void order_tracebacks(const struct stats_table *table,
    const uint64_t *places, uint32_t *rows, size_t n);

#endif
