/*
 * event.h - what all events have in common: how they count, how they end (L2).
 *
 * For record.c (what the hooked functions see) and track.c (what the program
 * says).
 * Context    Guard held, unless a function says otherwise.
 */
#ifndef TMTOP_HOOKS_EVENT_H
#define TMTOP_HOOKS_EVENT_H

#include "base/atomic.h"
#include "hooks/capture.h"
#include "hooks/lifecycle.h"
#include "hooks/sample.h"
#include "hooks/spans.h"
#include "hooks/thread.h"
#include "tables/region.h"

/* How this thread counts now. */
static ATTR_INLINE struct writer
event_writer(struct thread_state *t)
{
	struct writer writer = { .control = lifecycle_control };

	writer.alone = lifecycle_is_alone();
	if (unlikely(!writer.alone)) {
		if (unlikely(t->deltas == NULL) &&
		    !(t->flags & THREAD_NO_DELTAS) &&
		    (t->flags & THREAD_READY))
			thread_take_deltas(t);
		writer.own = t->deltas;
	}
	return writer;
}

/* What a recorded block counts. */
static ATTR_INLINE struct amount
event_amount(uint64_t size)
{
	uint64_t rate = region_header->sample_bytes;

	if (unlikely(rate != 0))
		return sample_weight(size, rate);
	return (struct amount){ size, 1 };
}

/* Is there a sample point in this block?  Of a sampled run only. */
bool event_is_sampled(struct thread_state *t, size_t size);

/* The traceback of a hooked function's caller; 0: no room. */
static ATTR_INLINE uint32_t
event_capture(struct thread_state *t, own_frame own)
{
	const struct control *control = lifecycle_control;
	struct frame_state start = unwind_caller(own);
	uint32_t limit = load_relaxed(&control->frames_limit);

	return capture(&start, &t->bounds, &t->work->unwind,
	    limit != 0 ? limit : lifecycle_lobby->max_frames,
	    load_relaxed(&control->clear_epoch));
}

/*
 * Leave a removal to the interrupted call; false: no room.
 * Context: in a signal handler that interrupted the hook.
 */
bool event_defer(struct thread_state *t, const struct removal *removal);

/* Do what was deferred. */
void event_do_deferred(struct thread_state *t);

/* The guard is given back after this. */
static ATTR_INLINE void
event_leave(struct thread_state *t)
{
	if (unlikely(t->n_pending > 0))
		event_do_deferred(t);
	thread_leave(t);
}

/* ---- where speed is no concern: in regions as outside ---- */

static ATTR_INLINE bool
event_enter_any(struct thread_state *t)
{
	return thread_enter(t) || spans_enter(t);
}

static ATTR_INLINE void
event_leave_any(struct thread_state *t)
{
	event_leave(t);
	if (spans_is_open(t))
		t->busy_sp = THREAD_IN_SPAN;
}

/* In the thread's innermost region, if one is open. */
static ATTR_INLINE uint32_t
event_capture_any(struct thread_state *t, own_frame own)
{
	return spans_mark(t, event_capture(t, own));
}

#endif
