/*
 * trends.h - how the rows on the screen were in the last readings (L7).
 *
 * Rates and curves are of what somebody looks at, so only the rows on the
 * screen are remembered, by identity, for a few readings.
 */
#ifndef TMTOP_UI_TRENDS_H
#define TMTOP_UI_TRENDS_H

#include "query/stats.h"

enum { TREND_SAMPLES = 8, TRENDS_MAX = 256 };

struct trend {
	uint64_t	identity;
	uint32_t	n;		/* samples, the newest last */
	uint64_t	times_ns[TREND_SAMPLES];
	uint64_t	sizes[TREND_SAMPLES];
	uint64_t	allocs[TREND_SAMPLES];
};

struct trends {
	uint32_t	n, oldest;	/* the next to be forgotten */
	struct trend	rows[TRENDS_MAX];
};

/* A row as it was in the reading of that time, once for each time. */
void trends_add(struct trends *trends, const struct statistic *row,
    uint64_t time_ns);

/* NULL: nothing is remembered of it. */
const struct trend *trends_find(const struct trends *trends,
    uint64_t identity);

/* Allocations per second over the samples; false: not known. */
bool trend_rate(const struct trend *trend, double *rate);

#endif
