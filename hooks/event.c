/*
 * event.c - the rare parts of an event (L2).
 */
#include "hooks/event.h"

#include "hooks/track.h"

ATTR_COLD bool
event_is_sampled(struct thread_state *t, size_t size)
{
	uint64_t rate = region_header->sample_bytes;

	if (t->until_sample == 0)
		t->until_sample = sample_distance(rate, &t->work->random);
	if ((uint64_t)t->until_sample > size) {
		t->until_sample -= (int64_t)size;
		return false;
	}
	t->until_sample = sample_distance(rate, &t->work->random);
	return true;
}

ATTR_COLD bool
event_defer(struct thread_state *t, const struct removal *removal)
{
	uint32_t i = load_relaxed(&t->n_pending);

	/* Another handler may interrupt anywhere here: take the place first. */
	while (t->work != NULL && i < MAX_PENDING)
		if (cas_relaxed(&t->n_pending, &i, i + 1)) {
			t->work->pending[i] = *removal;
			return true;
		}
	return false;
}

ATTR_COLD void
event_do_deferred(struct thread_state *t)
{
	struct writer writer = event_writer(t);
	struct removal removal;
	uint32_t n;

	while ((n = load_relaxed(&t->n_pending)) > 0) {
		removal = t->work->pending[n - 1];
		/* A handler may have left another one meanwhile. */
		if (!cas_relaxed(&t->n_pending, &n, n - 1))
			continue;
		if (removal.traceback != 0) {
			counters_remove(&writer, removal.traceback,
			    removal.amount, false);
			spans_count(t, removal.amount, -1);
		} else
			track_remove(t, removal.domain,
			    removal.amount.bytes);
	}
}
