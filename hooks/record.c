/*
 * record.c - one event: capture, count, remember (L2).
 *
 * Invariant  Inside the guard nothing is called that could allocate, so a
 *            nested call comes from a signal handler that interrupted us (or
 *            from libc at a thread's first event, flagged as our own).  It
 *            may not touch the thread's working memory, its delta block, nor
 *            counters that are changed with plain arithmetic: allocations are
 *            counted as lost, removals are left to the interrupted call.
 */
#include "hooks/record.h"

#include "base/atomic.h"
#include "hooks/event.h"
#include "hooks/modules.h"
#include "tables/mappings.h"

/* ---- not as usual ---- */

/* In a region, or by a signal handler that has interrupted the hook. */
static ATTR_COLD ATTR_NOINLINE void
remove_busy(struct thread_state *t, uint32_t traceback, uint64_t size,
    bool temporary)
{
	struct removal removal = { .traceback = traceback,
	    .amount = event_amount(size) };
	struct writer writer = { .control = lifecycle_control };

	if (spans_enter(t)) {
		writer = event_writer(t);
		if (counters_is_known(lifecycle_control, traceback))
			spans_count(t, removal.amount, -1);
		counters_remove(&writer, traceback, removal.amount,
		    temporary);
		t->last_block = 0;
		event_leave_any(t);
	} else if (!event_defer(t, &removal))
		counters_remove(&writer, traceback, removal.amount, false);
}

/* ---- blocks ---- */

/* Guard held.  in_span: the thread has a region open. */
static ATTR_INLINE void
add_block(struct thread_state *t, void *address, size_t size, own_frame own,
    bool in_span)
{
	struct block block = { .size = size };
	struct writer writer;
	bool recorded = false;

	if (unlikely(!(t->flags & THREAD_READY)) && !thread_prepare_slow(t))
		goto out;
	if (unlikely(region_header->sample_bytes != 0) &&
	    !event_is_sampled(t, size)) {
		recorded = true;	/* not wanted is not lost */
		goto out;
	}
	block.traceback = event_capture(t, own);
	if (in_span)
		block.traceback = spans_mark(t, block.traceback);
	if (unlikely(block.traceback == 0))
		goto out;
	block.generation = load_relaxed(&lifecycle_control->generation);
	recorded = blocks_put((uintptr_t)address, &block);
	if (likely(recorded)) {
		writer = event_writer(t);
		counters_add(&writer, block.traceback, event_amount(size));
		if (in_span)
			spans_count(t, event_amount(size), 1);
	}
	t->last_block = (uintptr_t)address;
out:
	if (unlikely(!recorded))
		counters_lose(size, false);
}

static ATTR_COLD ATTR_NOINLINE void
record_alloc_busy(struct thread_state *t, void *address, size_t size,
    own_frame own)
{
	if (spans_enter(t)) {
		add_block(t, address, size, own, true);
		event_leave_any(t);
	} else if (!(t->flags & THREAD_OWN_CALL))
		counters_lose(size, true);
}

void
record_alloc(void *address, size_t size, own_frame own)
{
	struct thread_state *t = &thread_state;

	if (unlikely(!thread_enter(t))) {
		record_alloc_busy(t, address, size, own);
		return;
	}
	add_block(t, address, size, own, false);
	event_leave(t);
}

ATTR_COLD void
record_unknown_free(void)
{
	if (!(thread_state.flags & THREAD_OWN_CALL) &&
	    region_header->sample_bytes == 0 &&
	    load_relaxed(&lifecycle_control->n_pauses) == 0)
		add_relaxed(&region_header->unknown_frees, 1);
}

void
record_free(void *address, uint64_t *record)
{
	struct thread_state *t = &thread_state;
	struct writer writer;
	struct block block;

	if (unlikely(blocks_take_at(record, (uintptr_t)address, &block)))
		modules_check_free(address);
	if (unlikely(block.traceback == 0)) {
		record_unknown_free();
		return;
	}
	if (unlikely(!thread_enter(t))) {
		remove_busy(t, block.traceback, block.size,
		    t->last_block == (uintptr_t)address);
		return;
	}
	writer = event_writer(t);
	counters_remove(&writer, block.traceback, event_amount(block.size),
	    t->last_block == (uintptr_t)address);
	t->last_block = 0;
	event_leave(t);
}

/* ---- mappings ---- */

/* Mappings are few, and never sampled. */
static uint64_t
map_count(void)
{
	return region_header->sample_bytes != 0 ? SAMPLE_UNIT : 1;
}

void
record_map(void *address, size_t size, own_frame own)
{
	struct thread_state *t = &thread_state;
	struct range range = { .address = (uintptr_t)address, .size = size };
	struct writer writer;

	if (!event_enter_any(t)) {
		if (!(t->flags & THREAD_OWN_CALL))
			counters_lose(size, true);
		return;
	}
	if ((t->flags & THREAD_READY) || thread_prepare_slow(t))
		range.traceback = event_capture_any(t, own);
	if (range.traceback != 0)
		range.traceback = tree_in_domain(range.traceback,
		    DOMAIN_MAPPINGS);
	range.generation = load_relaxed(&lifecycle_control->generation);
	if (range.traceback != 0 && mappings_put(&range)) {
		writer = event_writer(t);
		counters_add(&writer, range.traceback,
		    (struct amount){ size, map_count() });
	} else
		counters_lose(size, false);
	event_leave_any(t);
}

/* What stays of a range of which [low, high) goes. */
static void
keep_rest(const struct writer *writer, const struct range *range,
    uintptr_t low, uintptr_t high)
{
	struct range before = *range, after = *range;
	uintptr_t end = range->address + range->size;
	uint64_t kept = 0;

	if (range->address < low) {
		before.size = low - range->address;
		kept += before.size;
		mappings_put(&before);
	}
	if (end > high) {
		after.address = high;
		after.size = end - high;
		after.is_part = range->is_part || kept > 0;
		kept += after.size;
		mappings_put(&after);
	}
	if (kept > 0 || range->is_part)
		counters_shrink(writer, range->traceback, range->size - kept);
	else
		counters_remove(writer, range->traceback,
		    (struct amount){ range->size, map_count() }, false);
}

bool
record_unmap(void *address, size_t size)
{
	struct thread_state *t = &thread_state;
	uintptr_t low = (uintptr_t)address;
	uintptr_t high = low + ((size + LAYOUT_PAGE - 1) &
	    ~(size_t)(LAYOUT_PAGE - 1));
	struct writer writer;
	struct range range;
	bool found = false;

	if (high <= low || !event_enter_any(t))
		return false;
	writer = event_writer(t);
	while (mappings_take(low, high - low, &range)) {
		keep_rest(&writer, &range, low, high);
		found = true;
	}
	event_leave_any(t);
	return found;
}

/* ---- realloc ---- */

void
record_detach(void *address, struct block *old)
{
	blocks_take((uintptr_t)address, old);
}

void
record_forget(const struct block *old)
{
	struct thread_state *t = &thread_state;
	struct writer writer;

	if (unlikely(old->traceback == 0)) {
		record_unknown_free();
		return;
	}
	if (unlikely(!thread_enter(t))) {
		remove_busy(t, old->traceback, old->size, false);
		return;
	}
	writer = event_writer(t);
	counters_remove(&writer, old->traceback, event_amount(old->size), false);
	event_leave(t);
}

void
record_put_back(void *address, const struct block *old)
{
	/* The granule is there: the record was taken from it. */
	if (old->traceback != 0)
		blocks_put((uintptr_t)address, old);
}

bool
record_is_followed(const struct block *old)
{
	return old->traceback != 0 && counters_is_known(lifecycle_control,
	    old->traceback);
}
