/*
 * slice.h - long work in slices, between which its owner does other things
 * (L0h).
 *
 *	slices = slices_new(work, arg);
 *	slices_begin(slices);
 *	while (!slices_run(slices, 20000))
 *		answer_keys();
 *	slices_free(slices);
 *
 * The work is an ordinary function that calls slice_point() in its loops.
 * It runs in a thread of its own, but never at the same time as the owner:
 * one of the two always waits for the other.  So the work needs no locks,
 * only a state at every slice_point() that the owner can live with.
 * Context    slices_*() in one thread, never from within the work.
 */
#ifndef TMTOP_UTIL_SLICE_H
#define TMTOP_UTIL_SLICE_H

#include "base/compiler.h"

struct slices;

/* Nothing runs yet; the thread is made by the first begin. */
struct slices *slices_new(void (*work)(void *arg), void *arg);
/* Ends what is under way first; NULL is fine. */
void slices_free(struct slices *slices);

/* Work is to be done; none may be under way. */
void slices_begin(struct slices *slices);

/* A slice of at least one slice_point() and about budget_us microseconds, or
 * with -1 all the rest.  True: nothing is under way (any more). */
bool slices_run(struct slices *slices, long budget_us);

bool slices_busy(const struct slices *slices);

/* In the work: the owner's turn, if the time is over.  Outside of any work
 * nothing happens, so that the same loops serve both. */
void slice_point(void);

/* The same for the i-th round of a loop, cheap enough for a short one. */
static inline void
slice_point_at(size_t i)
{
	if ((i & 2047) == 2047)
		slice_point();
}

#endif
