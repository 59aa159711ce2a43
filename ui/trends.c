#include "ui/trends.h"

#include <string.h>

#define NS_PER_S	1e9

const struct trend *
trends_find(const struct trends *trends, uint64_t identity)
{
	for (uint32_t i = 0; i < trends->n; i++) {
		if (trends->rows[i].identity == identity)
			return &trends->rows[i];
	}
	return NULL;
}

static struct trend *
make_trend(struct trends *trends, uint64_t identity)
{
	struct trend *trend;

	if (trends->n < TRENDS_MAX) {
		trend = &trends->rows[trends->n++];
	} else {
		trend = &trends->rows[trends->oldest];
		trends->oldest = (trends->oldest + 1) % TRENDS_MAX;
	}
	*trend = (struct trend){ .identity = identity };
	return trend;
}

static void
shift(uint64_t *values)
{
	memmove(values, values + 1, (TREND_SAMPLES - 1) * sizeof *values);
}

void
trends_add(struct trends *trends, const struct statistic *row,
    uint64_t time_ns)
{
	struct trend *trend = (struct trend *)trends_find(trends,
	    row->identity);

	if (trend == NULL)
		trend = make_trend(trends, row->identity);
	if (trend->n > 0 && trend->times_ns[trend->n - 1] == time_ns)
		return;
	if (trend->n == TREND_SAMPLES) {
		shift(trend->times_ns);
		shift(trend->sizes);
		shift(trend->allocs);
		trend->n--;
	}
	trend->times_ns[trend->n] = time_ns;
	trend->sizes[trend->n] = row->size;
	trend->allocs[trend->n] = row->allocs;
	trend->n++;
}

bool
trend_rate(const struct trend *trend, double *rate)
{
	uint32_t last;
	uint64_t made;

	if (trend == NULL || trend->n < 2)
		return false;
	last = trend->n - 1;
	if (trend->times_ns[last] <= trend->times_ns[0])
		return false;

	/* Fewer than before: the traces were cleared, or another moment is
	 * shown. */
	if (trend->allocs[last] < trend->allocs[0])
		return false;
	made = trend->allocs[last] - trend->allocs[0];
	*rate = (double)made /
	    ((double)(trend->times_ns[last] - trend->times_ns[0]) / NS_PER_S);
	return true;
}
