/*
 * counters.c - additions to tracebacks and to the process's totals (L1).
 *
 * Why        While the process has one thread additions are plain (a locked
 *            one costs ten times as much).  With more, threads that allocate
 *            at the same traceback would take its cache line from each other
 *            at every event: see deltas.c.
 * Invariant  At rest the live bytes of all tracebacks and delta entries are
 *            what is allocated, to the byte.  Current and peak of the header
 *            lack what the delta blocks have not handed on yet.
 *            The peak's contents: an event under a new peak epoch saves the
 *            live values first; the epoch advances with the first decrease
 *            after a maximum, so what is saved is the state at that maximum.
 *            A traceback of an older clear epoch is forgotten: its blocks may
 *            still die, and that changes no total.
 */
#include "tables/counters.h"

#include "base/atomic.h"
#include "tables/deltas.h"
#include "tables/region.h"

/* ---- moments that passed since the latest event ---- */

/* Traces were cleared or the peak was reset: the header starts anew. */
static ATTR_COLD void
restart_header(const struct control *control)
{
	struct process_header *header = region_header;
	uint32_t clear = load_relaxed(&control->clear_epoch);
	uint32_t reset = load_relaxed(&control->peak_reset_epoch);
	uint32_t was = load_relaxed(&header->clear_epoch);

	/* Whichever thread comes first does it. */
	if (was != clear && cas_relaxed(&header->clear_epoch, &was, clear))
		store_relaxed(&header->current, 0);
	else if (load_relaxed(&header->peak_reset_epoch) == reset)
		return;
	store_relaxed(&header->peak_reset_epoch, reset);
	store_relaxed(&header->peak, load_relaxed(&header->current));
	store_relaxed(&header->at_peak, 0);
	add_relaxed(&header->peak_epoch, 1);
}

/* Two epochs that lie side by side. */
typedef uint64_t two_epochs __attribute__((may_alias));

static ATTR_INLINE void
catch_up_header(const struct control *control)
{
	if (unlikely(load_relaxed((const two_epochs *)
	    &region_header->clear_epoch) !=
	    load_relaxed((const two_epochs *)&control->clear_epoch)))
		restart_header(control);
}

static ATTR_COLD void
save_pair(struct pair *pair, uint64_t saved[2], uint32_t *marked,
    uint32_t epoch)
{
	saved[0] = pair->bytes;
	saved[1] = pair->packed & PAIR_COUNT_MASK;
	/* ORDER marked: other end read_pair() of the reader. */
	store_release(marked, epoch);
	pair->packed = saved[1] | (uint64_t)epoch << PAIR_COUNT_BITS;
}

/* One thread: both pairs at once. */
static ATTR_COLD void
save_mark(struct traceback *t, uint32_t epoch)
{
	save_pair(&t->live, t->mark_live, &t->marked_live, epoch);
	save_pair(&t->ever, t->mark_ever, &t->marked_ever, epoch);
}

static ATTR_INLINE void
catch_up(const struct control *control, struct traceback *t)
{
	uint32_t mark = load_relaxed(&control->mark_epoch) & PAIR_EPOCH_MASK;

	if (unlikely(t->live.packed >> PAIR_COUNT_BITS != mark))
		save_mark(t, mark);
	if (unlikely(t->peak_epoch != load_relaxed(
	    &region_header->peak_epoch)))
		deltas_save_peak(t);
}

/* ---- one thread ---- */

/* The first decrease after a maximum: from now on the past is saved. */
static ATTR_INLINE void
leave_peak(void)
{
	if (load_relaxed(&region_header->at_peak) != 0) {
		store_relaxed(&region_header->at_peak, 0);
		store_relaxed(&region_header->peak_epoch,
		    region_header->peak_epoch + 1);
	}
}

/* Add to both halves; the epoch stays. */
static ATTR_INLINE void
pair_add(struct pair *pair, word_pair amount)
{
	const word_pair counted = { UINT64_MAX, PAIR_COUNT_MASK };
	word_pair old = load_pair(pair);

	store_pair(pair, (old & ~counted) | ((old + amount) & counted));
}

static ATTR_INLINE struct traceback *
traceback_at(uint32_t id)
{
	return region_at(TRACEBACKS, struct traceback, id);
}

static ATTR_INLINE bool
is_known(const struct control *control, const struct traceback *t)
{
	return t->clear_epoch == load_relaxed(&control->clear_epoch);
}

bool
counters_is_known(const struct control *control, uint32_t traceback)
{
	return is_known(control, traceback_at(traceback));
}

/* ---- events ---- */

void
counters_add(const struct writer *writer, uint32_t traceback,
    struct amount amount)
{
	struct traceback *t = traceback_at(traceback);
	struct process_header *header = region_header;
	uint64_t current;

	catch_up_header(writer->control);
	/* Cleared since it was captured: the totals start without it. */
	if (unlikely(!is_known(writer->control, t)))
		return;
	if (unlikely(!writer->alone)) {
		deltas_add(writer, traceback, amount);
		return;
	}
	catch_up(writer->control, t);
	/* Counted as allocated before it is live: readers take the live values
	 * first, and never see more live than allocated. */
	pair_add(&t->ever, (word_pair){ amount.bytes, amount.count });
	pair_add(&t->live, (word_pair){ amount.bytes, amount.count });
	header->allocated += amount.bytes;
	current = header->current += amount.bytes;
	if ((int64_t)(current - header->peak) > 0) {
		header->peak = current;
		header->at_peak = 1;
	}
}

void
counters_remove(const struct writer *writer, uint32_t traceback,
    struct amount amount, bool temporary)
{
	struct traceback *t = traceback_at(traceback);

	catch_up_header(writer->control);
	if (unlikely(!is_known(writer->control, t)))
		return;
	if (unlikely(!writer->alone)) {
		deltas_remove(writer, traceback, amount, temporary);
		return;
	}
	if (likely(amount.bytes > 0))
		leave_peak();
	catch_up(writer->control, t);
	pair_add(&t->live, -(word_pair){ amount.bytes, amount.count });
	t->temporary += temporary ? amount.count : 0;
	region_header->current -= amount.bytes;
}

void
counters_shrink(const struct writer *writer, uint32_t traceback, uint64_t by)
{
	counters_remove(writer, traceback, (struct amount){ by, 0 }, false);
}

void
counters_totals(const struct control *control, uint64_t *current,
    uint64_t *peak)
{
	const struct process_header *header = region_header;
	uint32_t clear = load_relaxed(&control->clear_epoch);
	int64_t sum = deltas_current(clear);

	/* What no event has taken note of yet has happened all the same. */
	*peak = 0;
	if (load_relaxed(&header->clear_epoch) == clear) {
		sum += (int64_t)load_relaxed(&header->current);
		if (load_relaxed(&header->peak_reset_epoch) ==
		    load_relaxed(&control->peak_reset_epoch))
			*peak = load_relaxed(&header->peak);
	}
	*current = sum > 0 ? (uint64_t)sum : 0;
	if (*peak < *current)
		*peak = *current;
}

void
counters_lose(uint64_t size, bool nested)
{
	add_relaxed(&region_header->lost_blocks, 1);
	add_relaxed(&region_header->lost_bytes, size);
	if (nested)
		add_relaxed(&region_header->nested_blocks, 1);
}
