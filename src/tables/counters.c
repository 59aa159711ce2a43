/*
 * counters.c - additions to tracebacks and to the process's totals (L1).
 *
 * Why        While the process has one thread additions are plain (a locked
 *            one costs ten times as much); live size and count are stored as
 *            one 16-byte word, so that a reader in another process never sees
 *            the size of one event with the count of another.
 * Invariant  current = sum of size over the tracebacks, at rest.
 *            What was allocated is counted before it is live: readers take
 *            the live values first, and never see more live than allocated.
 *            The peak's contents: an event under a new peak epoch saves the
 *            live values first; the epoch advances with the first decrease
 *            after a maximum, so what is saved is the state at that maximum.
 */
#include "tables/counters.h"

#include "base/atomic.h"
#include "tables/region.h"

typedef uint64_t live_pair __attribute__((vector_size(16), may_alias));

static ATTR_COLD void
save_mark(struct traceback *t, uint32_t epoch)
{
	t->mark_size = load_relaxed(&t->size);
	t->mark_count = load_relaxed(&t->count);
	t->mark_allocs = load_relaxed(&t->allocs);
	t->mark_allocated = load_relaxed(&t->allocated);
	/* The epoch last: it says that the values are those of the mark. */
	store_release(&t->mark_epoch, epoch);
}

static ATTR_NOINLINE void
save_peak(struct traceback *t, uint32_t epoch)
{
	t->peak_size = load_relaxed(&t->size);
	t->peak_count = load_relaxed(&t->count);
	/* The epoch last: it says that the values are those of the peak. */
	store_release(&t->peak_epoch, epoch);
}

/* Moments that passed since this traceback was touched last. */
static ATTR_INLINE void
catch_up(const struct control *control, struct traceback *t)
{
	uint32_t mark = load_relaxed(&control->mark_epoch);
	uint32_t peak = load_relaxed(&region_header->peak_epoch);

	if (unlikely(t->mark_epoch != mark))
		save_mark(t, mark);
	if (unlikely(t->peak_epoch != peak))
		save_peak(t, peak);
}

static ATTR_INLINE void
raise_peak_shared(uint64_t current)
{
	uint64_t peak = load_relaxed(&region_header->peak);

	while (current > peak &&
	    !cas_relaxed(&region_header->peak, &peak, current))
		;
	if (current > peak)
		store_relaxed(&region_header->at_peak, 1);
}

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

static void
add_shared(struct traceback *t, uint64_t size)
{
	struct process_header *header = region_header;

	add_relaxed(&t->allocs, 1);
	add_relaxed(&t->allocated, size);
	add_relaxed(&t->size, size);
	add_relaxed(&t->count, 1);
	add_relaxed(&header->allocated, size);
	raise_peak_shared(add_relaxed(&header->current, size) + size);
}

void
counters_add(const struct control *control, uint32_t traceback,
    uint64_t size, bool alone)
{
	struct traceback *t = region_at(TRACEBACKS, struct traceback,
	    traceback);
	struct process_header *header = region_header;
	uint64_t current;

	catch_up(control, t);
	if (unlikely(!alone)) {
		add_shared(t, size);
		return;
	}
	t->allocs++;
	t->allocated += size;
	compiler_barrier();
	*(volatile live_pair *)&t->size = *(live_pair *)&t->size +
	    (live_pair){ size, 1 };
	header->allocated += size;
	current = header->current += size;
	if (current > header->peak) {
		header->peak = current;
		header->at_peak = 1;
	}
}

void
counters_remove(const struct control *control, uint32_t traceback,
    uint64_t size, bool temporary, bool alone)
{
	struct traceback *t = region_at(TRACEBACKS, struct traceback,
	    traceback);
	struct process_header *header = region_header;

	if (size > 0)
		leave_peak();
	catch_up(control, t);
	if (unlikely(!alone)) {
		sub_relaxed(&t->size, size);
		sub_relaxed(&t->count, 1);
		if (temporary)
			add_relaxed(&t->temporary, 1);
		sub_relaxed(&header->current, size);
		return;
	}
	*(volatile live_pair *)&t->size = *(live_pair *)&t->size -
	    (live_pair){ size, 1 };
	t->temporary += temporary;
	header->current -= size;
}

void
counters_shrink(const struct control *control, uint32_t traceback,
    uint64_t by, bool alone)
{
	struct traceback *t = region_at(TRACEBACKS, struct traceback,
	    traceback);

	leave_peak();
	catch_up(control, t);
	if (!alone) {
		sub_relaxed(&t->size, by);
		sub_relaxed(&region_header->current, by);
		return;
	}
	t->size -= by;
	region_header->current -= by;
}

void
counters_lose(uint64_t size, bool nested)
{
	add_relaxed(&region_header->lost_blocks, 1);
	add_relaxed(&region_header->lost_bytes, size);
	if (nested)
		add_relaxed(&region_header->nested_blocks, 1);
}
