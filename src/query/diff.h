/*
 * diff.h - the two steps of joining tables (L5).
 *
 * For diff.c and moved.c, which says otherwise which rows are the same.
 */
#ifndef TMTOP_QUERY_DIFF_H
#define TMTOP_QUERY_DIFF_H

#include "query/stats.h"

#define NO_ROW	UINT32_MAX

/* The old row at the place of each present one, or NO_ROW, into `partners`
 * (now->n_all of them).  No old row is the partner of two. */
void stats_find_partners(const struct stats_table *old,
    const struct stats_table *now, uint32_t *partners);

/* Rows of either side, as diff_tables() has them, with these partners. */
struct stats_table *stats_join(const struct stats_table *old,
    const struct stats_table *now, const uint32_t *partners);

#endif
