/*
 * thread.h - the hook's state of one thread, and its guard (L2).
 *
 * In initial-exec TLS, 64 bytes: the dynamic TLS models may call malloc.
 * Larger working memory is mapped at the thread's first event and given back
 * at its exit.
 */
#ifndef TMTOP_HOOKS_THREAD_H
#define TMTOP_HOOKS_THREAD_H

#include "base/atomic.h"
#include "hooks/unwind.h"
#include "tables/blocks.h"
#include "tables/counters.h"

#define MAX_PENDING	16
#define MAX_SPANS	16

struct removal {
	uint32_t	traceback;	/* 0: an object of the program's, whose */
	uint32_t	domain;		/* address is in amount.bytes */
	struct amount	amount;
};

/* What an open region has become: spans.h.  Signed: blocks of before may go. */
struct span_sum {
	int64_t		bytes, blocks;	/* allocated less freed */
	int64_t		peak;		/* most that bytes was */
	uint64_t	allocated_bytes, allocated_blocks;
};

struct span {
	uintptr_t	frame;		/* stands for it in the program */
	struct span_sum	sum;		/* without what is in inner ones */
	uint32_t	node;
};

/* Removals by a signal handler that interrupted the hook: done when the
 * interrupted call leaves. */
struct thread_work {
	uint64_t	random;		/* sample.c */
	uint32_t	thread_id;	/* track.c; 0: not asked for yet */
	struct removal	pending[MAX_PENDING];
	uint32_t	n_spans;	/* open regions, outermost first */
	struct span	spans[MAX_SPANS];
	struct unwind_work unwind;
};

enum thread_flag {
	THREAD_READY	= 1,	/* bounds and work are there */
	THREAD_OWN_CALL	= 2,	/* inside the reference unwinder: what
				 * comes back is ours and not counted */
	THREAD_NO_DELTAS = 4,	/* there was no delta block to be had */
};

struct thread_state {
	uintptr_t	busy_sp;	/* guard: 0 = outside the hook,
					 * THREAD_IN_SPAN = that too, else the
					 * frame that is inside */
	struct stack_bounds bounds;	/* of the thread's own stack */
	struct thread_work *work;
	struct delta_block *deltas;	/* taken when there are more threads;
					 * NULL: not yet, or none to be had */
	uintptr_t	last_block;	/* allocated by the latest event */
	int64_t		until_sample;	/* bytes until the next sample; 0: to
					 * be drawn */
	uint32_t	flags;		/* enum thread_flag */
	uint32_t	n_pending;
};

_Static_assert(sizeof(struct thread_state) <= 64, "static TLS is scarce");

extern THREAD_LOCAL struct thread_state thread_state ATTR_HIDDEN;

/* Once per process, before any thread_prepare(). */
void threads_init(void);

/* Bounds and working memory; guard held.  False: no memory. */
bool thread_prepare_slow(struct thread_state *t);

/* A delta block for this thread, if there is one to be had. */
void thread_take_deltas(struct thread_state *t);

/* Fork child: this thread begins anew; first it lets go of the parent's
 * tables, then, where there are new ones, it has its place there. */
void thread_abandon(void);
void thread_begin_child(void);

/* Was the guard's holder abandoned, by a longjmp out of a signal handler?
 * Then what it knew of the stack is forgotten. */
bool thread_guard_is_stale(struct thread_state *t, uintptr_t sp);

/* Outside the hook, and events concern a region: spans.h. */
#define THREAD_IN_SPAN	1

static ATTR_INLINE bool
thread_enter(struct thread_state *t)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

	if (unlikely(t->busy_sp != 0) && !thread_guard_is_stale(t, sp))
		return false;
	t->busy_sp = sp;
	compiler_barrier();
	return true;
}

static ATTR_INLINE void
thread_leave(struct thread_state *t)
{
	compiler_barrier();
	t->busy_sp = 0;
}

#endif
