/*
 * track.c - events that the program tells: track, untrack, touch (L2).
 *
 * Shape      As record.c, with the record in tables/objects.c.  The stack is
 *            walked first; then the record is changed, then the counters:
 *            what was there before is taken away before what is new is added,
 *            so that a peak never has both.
 * Limits     In a signal handler that has interrupted the hook nothing can be
 *            tracked: the object is counted as lost.  An untrack is made up
 *            for by the interrupted call.
 */
#include "hooks/track.h"

#include "base/sys.h"
#include "hooks/event.h"
#include "tables/objects.h"

/* ---- this thread's part ---- */

static struct object_key
key_of(struct thread_state *t, uint32_t domain, uintptr_t address)
{
	if (unlikely(t->work->thread_id == 0))
		t->work->thread_id = (uint32_t)sys_call6(SYS_gettid, 0, 0, 0,
		    0, 0, 0);
	return (struct object_key){ .address = address, .domain = domain,
	    .thread = t->work->thread_id };
}

/* The guard, with working memory.  False: nested, or no memory. */
static bool
enter(struct thread_state *t)
{
	if (!event_enter_any(t))
		return false;
	if (likely(t->flags & THREAD_READY) || thread_prepare_slow(t))
		return true;
	event_leave_any(t);
	return false;
}

static uint32_t
capture_in_domain(struct thread_state *t, uint32_t domain, own_frame own)
{
	uint32_t traceback = event_capture_any(t, own);

	return traceback != 0 && domain != DOMAIN_MALLOC ?
	    tree_in_domain(traceback, (uint16_t)domain) : traceback;
}

static void
count_removed(struct thread_state *t, const struct block *block)
{
	struct writer writer;

	if (block->traceback == 0)
		return;
	writer = event_writer(t);
	counters_remove(&writer, block->traceback,
	    event_amount(block->size), false);
}

static void
count_added(struct thread_state *t, const struct block *block)
{
	struct writer writer = event_writer(t);

	counters_add(&writer, block->traceback, event_amount(block->size));
}

/* ---- events ---- */

/* What was here is gone; what is here now is not recorded. */
static bool
forget_object(struct thread_state *t, const struct object_key *key)
{
	struct block old;
	bool done = objects_take(key, &old) == OBJECTS_DONE;

	count_removed(t, &old);
	return done;
}

static bool
record_object(struct thread_state *t, const struct object_key *key,
    struct block *block)
{
	struct block old;

	block->generation = load_relaxed(&lifecycle_control->generation);
	if (block->traceback == 0 ||
	    objects_put(key, block, &old) != OBJECTS_DONE) {
		forget_object(t, key);
		return false;
	}
	count_removed(t, &old);
	count_added(t, block);
	return true;
}

bool
track_object(uint32_t domain, uintptr_t address, size_t size, own_frame own)
{
	struct thread_state *t = &thread_state;
	struct block block = { .size = size };
	struct object_key key;
	bool recorded = false;

	if (!enter(t)) {
		counters_lose(size, true);
		return false;
	}
	key = key_of(t, domain, address);
	/* Held: no new ones. */
	if (lifecycle_records() && (region_header->sample_bytes == 0 ||
	    event_is_sampled(t, size))) {
		block.traceback = capture_in_domain(t, domain, own);
		recorded = record_object(t, &key, &block);
	} else {
		recorded = forget_object(t, &key);
	}
	if (!recorded)
		counters_lose(size, false);
	event_leave_any(t);
	return recorded;
}

bool
track_remove(struct thread_state *t, uint32_t domain, uintptr_t address)
{
	struct object_key key = key_of(t, domain, address);

	return forget_object(t, &key);
}

bool
track_no_object(uint32_t domain, uintptr_t address)
{
	struct thread_state *t = &thread_state;
	struct removal removal = { .domain = domain,
	    .amount.bytes = address };
	bool removed;

	if (!enter(t))
		return event_defer(t, &removal);
	removed = track_remove(t, domain, address);
	event_leave_any(t);
	return removed;
}

/* What is known and not forgotten meanwhile. */
static bool
find_live(struct thread_state *t, uint32_t domain, uintptr_t address,
    struct block *block)
{
	struct object_key key;

	block->traceback = 0;
	if (domain == DOMAIN_MALLOC) {
		blocks_get(address, block);
	} else {
		key = key_of(t, domain, address);
		objects_find(&key, block);
	}
	return block->traceback != 0 &&
	    counters_is_known(lifecycle_control, block->traceback);
}

/* Give what is known the new traceback; *old is what it was. */
static bool
retrace(struct thread_state *t, uint32_t domain, uintptr_t address,
    const struct block *new, struct block *old)
{
	struct object_key key;

	if (!find_live(t, domain, address, old))
		return false;
	if (domain == DOMAIN_MALLOC) {
		/* It belongs to whoever touches it: nothing to lock. */
		blocks_retrace(address, new);
		return true;
	}
	key = key_of(t, domain, address);
	return objects_retrace(&key, new, old) == OBJECTS_DONE &&
	    old->traceback != 0;
}

bool
track_again(uint32_t domain, uintptr_t address, own_frame own)
{
	struct thread_state *t = &thread_state;
	struct block block, old;
	bool known = false;

	if (!enter(t))
		return false;
	block.traceback = capture_in_domain(t, domain, own);
	block.generation = load_relaxed(&lifecycle_control->generation);
	if (block.traceback != 0)
		known = retrace(t, domain, address, &block, &old);
	if (known) {
		block.size = old.size;
		count_removed(t, &old);
		count_added(t, &block);
	}
	event_leave_any(t);
	return known;
}

uint32_t
track_find(uint32_t domain, uintptr_t address)
{
	struct thread_state *t = &thread_state;
	struct block block;
	bool known;

	if (!enter(t))
		return 0;
	known = find_live(t, domain, address, &block);
	event_leave_any(t);
	return known ? block.traceback : 0;
}
