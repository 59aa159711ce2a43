/*
 * record.c - one event: capture, count, remember (L2).
 *
 * Invariant  Inside the guard nothing is called that could allocate, so a
 *            nested call comes from a signal handler that interrupted us (or
 *            from libc at a thread's first event, flagged as our own).  It
 *            may not touch the thread's working memory nor counters that are
 *            changed with plain arithmetic: allocations are counted as lost,
 *            removals are left to the interrupted call.
 */
#include "hooks/record.h"

#include "base/atomic.h"
#include "hooks/capture.h"
#include "hooks/lifecycle.h"
#include "hooks/modules.h"
#include "hooks/thread.h"
#include "tables/counters.h"
#include "tables/mappings.h"
#include "tables/region.h"

static ATTR_COLD void
remove_nested(struct thread_state *t, const struct block *block)
{
	uint32_t i = t->n_pending;

	if (t->work == NULL || i >= MAX_PENDING) {
		counters_remove(lifecycle_control, block->traceback,
		    block->size, false, false);
		return;
	}
	/* Another handler may interrupt here: take the place first. */
	t->n_pending = i + 1;
	compiler_barrier();
	t->work->pending[i] = *block;
}

static ATTR_COLD void
remove_pending(struct thread_state *t)
{
	struct block *block;

	while (t->n_pending > 0) {
		block = &t->work->pending[t->n_pending - 1];
		counters_remove(lifecycle_control, block->traceback,
		    block->size, false, lifecycle_is_alone());
		compiler_barrier();
		t->n_pending--;
	}
}

static ATTR_INLINE void
leave(struct thread_state *t)
{
	if (unlikely(t->n_pending > 0))
		remove_pending(t);
	thread_leave(t);
}

void
record_alloc(void *address, size_t size, struct frame_state start)
{
	struct thread_state *t = &thread_state;
	struct block block = { .size = size };
	bool recorded = false;

	if (unlikely(!thread_enter(t))) {
		if (!(t->flags & THREAD_OWN_CALL))
			counters_lose(size, true);
		return;
	}
	if (unlikely(!(t->flags & THREAD_READY)) && !thread_prepare_slow(t))
		goto out;
	if (load_relaxed(&lifecycle_control->state) != RECORDING_ON) {
		recorded = true;	/* not wanted is not lost */
		goto out;
	}
	block.traceback = capture(&start, &t->bounds, &t->work->unwind,
	    load_relaxed(&lifecycle_control->frames_limit));
	if (unlikely(block.traceback == 0))
		goto out;
	block.generation = load_relaxed(&lifecycle_control->generation);
	recorded = blocks_put((uintptr_t)address, &block);
	if (likely(recorded))
		counters_add(lifecycle_control, block.traceback, size,
		    lifecycle_is_alone());
	t->last_block = (uintptr_t)address;
out:
	if (unlikely(!recorded))
		counters_lose(size, false);
	leave(t);
}

void
record_free(void *address)
{
	struct thread_state *t = &thread_state;
	struct block block;
	bool entered = thread_enter(t);

	modules_check_free(address);
	blocks_take((uintptr_t)address, &block);
	if (unlikely(!entered)) {
		if (block.traceback != 0)
			remove_nested(t, &block);
		else if (!(t->flags & THREAD_OWN_CALL))
			add_relaxed(&region_header->unknown_frees, 1);
		return;
	}
	if (likely(block.traceback != 0))
		counters_remove(lifecycle_control, block.traceback,
		    block.size, t->last_block == (uintptr_t)address,
		    lifecycle_is_alone());
	else
		add_relaxed(&region_header->unknown_frees, 1);
	t->last_block = 0;
	leave(t);
}

/* ---- mappings ---- */

void
record_map(void *address, size_t size, struct frame_state start)
{
	struct thread_state *t = &thread_state;
	struct range range = { .address = (uintptr_t)address, .size = size };

	if (!thread_enter(t)) {
		if (!(t->flags & THREAD_OWN_CALL))
			counters_lose(size, true);
		return;
	}
	if ((t->flags & THREAD_READY) || thread_prepare_slow(t))
		range.traceback = capture(&start, &t->bounds,
		    &t->work->unwind,
		    load_relaxed(&lifecycle_control->frames_limit));
	if (range.traceback != 0)
		range.traceback = tree_in_domain(range.traceback,
		    DOMAIN_MAPPINGS);
	if (range.traceback != 0 && mappings_put(&range))
		counters_add(lifecycle_control, range.traceback, size,
		    lifecycle_is_alone());
	else
		counters_lose(size, false);
	leave(t);
}

/* What stays of a range of which [low, high) goes. */
static void
keep_rest(const struct range *range, uintptr_t low, uintptr_t high)
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
		counters_shrink(lifecycle_control, range->traceback,
		    range->size - kept, lifecycle_is_alone());
	else
		counters_remove(lifecycle_control, range->traceback,
		    range->size, false, lifecycle_is_alone());
}

bool
record_unmap(void *address, size_t size)
{
	struct thread_state *t = &thread_state;
	uintptr_t low = (uintptr_t)address;
	uintptr_t high = low + ((size + LAYOUT_PAGE - 1) &
	    ~(size_t)(LAYOUT_PAGE - 1));
	struct range range;
	bool found = false;

	if (high <= low || !thread_enter(t))
		return false;
	while (mappings_take(low, high - low, &range)) {
		keep_rest(&range, low, high);
		found = true;
	}
	leave(t);
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

	if (unlikely(old->traceback == 0)) {
		if (!(t->flags & THREAD_OWN_CALL))
			add_relaxed(&region_header->unknown_frees, 1);
		return;
	}
	if (unlikely(!thread_enter(t))) {
		remove_nested(t, old);
		return;
	}
	counters_remove(lifecycle_control, old->traceback, old->size, false,
	    lifecycle_is_alone());
	leave(t);
}

void
record_put_back(void *address, const struct block *old)
{
	/* The granule is there: the record was taken from it. */
	if (old->traceback != 0)
		blocks_put((uintptr_t)address, old);
}
