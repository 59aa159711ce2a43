/*
 * spans.h - regions of a thread's execution, told by TMTOP_REGION (L2).
 *
 * Shape      A thread's open regions lie in its working memory, outermost
 *            first.  While there is one, the guard of a thread that is outside
 *            the hook is not 0 but THREAD_IN_SPAN: events find the guard taken,
 *            as in a signal handler, and then ask here.  So a thread without
 *            regions pays nothing for them.
 *            A region is a node of the frame tree below that of the region
 *            around it; what is allocated in it gets a traceback of its own,
 *            marked with that node.
 * Context    The thread itself, any moment; guard held where a function says
 *            so.  `frame` is the address of what stands for the region in the
 *            program: a variable of the function that has opened it.
 * Limits     MAX_SPANS open at a time in a thread, MAX_SPAN_NAMES different
 *            names in a process.  A fork child has none open.
 */
#ifndef TMTOP_HOOKS_SPANS_H
#define TMTOP_HOOKS_SPANS_H

#include "hooks/thread.h"

#define MAX_SPAN_NAMES	256u
#define MAX_SPAN_NAME	63u		/* bytes; the rest is cut */

/* sp: the caller's stack pointer.  False: there is no room; nothing is counted
 * for it. */
bool spans_begin(const void *frame, uintptr_t sp, const char *name);

/* What a region has become so far, and whether it ends with this; those in it
 * that the program has left without a word end, too.  False: it is not open
 * in this thread. */
bool spans_read(const void *frame, bool ends, struct span_sum *sum);

/* No region is open any more.  Guard held, or none needed. */
static ATTR_INLINE void
spans_forget(struct thread_work *work)
{
	work->n_spans = 0;
}

/* The guard of a thread with an open region; false: it has none, or is
 * inside the hook already. */
static ATTR_INLINE bool
spans_enter(struct thread_state *t)
{
	if (t->busy_sp != THREAD_IN_SPAN)
		return false;
	t->busy_sp = (uintptr_t)__builtin_frame_address(0);
	compiler_barrier();
	return true;
}

static ATTR_INLINE bool
spans_is_open(const struct thread_state *t)
{
	return t->work != NULL && t->work->n_spans > 0;
}

/* Guard held: the same traceback in the thread's innermost region, if one is
 * open; 0: no room. */
uint32_t spans_mark(const struct thread_state *t, uint32_t traceback);

/* Guard held: blocks came (signs 1) or went (-1) in the open regions. */
void spans_count(struct thread_state *t, struct amount amount, int sign);

void spans_abandon(void);	/* fork child */

#endif
