/*
 * known.h - which frames of the previous capture are still true (L2).
 *
 * Shape      Known frames lie in an array, outermost first.  Each holds what
 *            its step outwards depended on: its return address, its depth,
 *            where the caller's fp was saved.  Verifying compares these with
 *            the words that are in the stack now.
 * Why        Between two allocations of a thread one to four inner frames
 *            change out of dozens.  Comparing a frame costs about one
 *            nanosecond, walking and interning it many times that.
 * Invariant  A step is a function of (pc, sp, fp) and of the words compared;
 *            when all are equal, so is what it leads to.  That holds however
 *            the stack came to look like this: longjmp, exceptions, tail
 *            calls need no notice.  Code may be replaced only after its module
 *            was unloaded, which advances the epoch.  Steps that depend on
 *            more (signal frames, guesses) are never taken as still true, nor
 *            is anything above them.
 *            A frame is true here when the steps from it outwards are.  Whether
 *            the program is in it is for the walk to find out, which arrives
 *            there or not.
 * Context    Guard held; the thread's own stack and working memory.
 */
#ifndef TMTOP_HOOKS_KNOWN_H
#define TMTOP_HOOKS_KNOWN_H

#include "hooks/unwind.h"

static ATTR_INLINE uintptr_t
known_word(uintptr_t address)
{
	return *(const uintptr_t *)address;
}

/* To be compared with what fp of the frame's caller? */
static ATTR_INLINE uint64_t
known_packed(const struct frame *frame, uintptr_t outer_fp)
{
	if (!frame_has_slot(frame))
		return frame->packed;
	return (frame->packed & ~(uint64_t)FRAME_SKIP_FP) |
	    (outer_fp == FRAME_FP_UNUSED ? FRAME_SKIP_FP : 0);
}

/* A special step (enum frame_step) from frames[inner]: is it still true? */
bool known_special_step(struct unwind_work *work, uint32_t inner,
    const struct stack_bounds *bounds);

/*
 * Known frame `i` has gone on to another call, or has another fp, but perhaps
 * has its place still, and its caller is true.  True: what is found there has
 * replaced it.
 */
bool known_repair(struct unwind_work *work, uint32_t i, uintptr_t high);

/* Is the innermost known frame where the capture begins? */
static ATTR_INLINE bool
known_is_all(const struct unwind_work *work, const struct frame_state *start,
    uintptr_t high)
{
	const struct frame *last;

	if (unlikely(work->n_known == 0))
		return false;
	last = &work->frames[work->n_known - 1];
	return last->depth == frame_depth(start->sp, high) &&
	    frame_pc(last) == start->pc && frame_fp_is(last, start->fp);
}

/* There is another frame in the place of the innermost known one. */
static ATTR_INLINE void
known_drop_innermost(struct unwind_work *work, uintptr_t sp, uintptr_t high)
{
	if (work->n_known > 1 && work->frames[work->n_known - 1].depth ==
	    frame_depth(sp, high)) {
		work->n_known--;
		if (work->n_interned > work->n_known)
			work->n_interned = work->n_known;
	}
}

/*
 * Of frames[0, n), of which [0, first) are true (first > 0), leave as known
 * those that are true, too, or can be made true where they are.  All words
 * compared lie between the current sp and the outermost frame: in the stack.
 * Those in which the program surely is not are dropped, so that what is left
 * depends on the stack rather than on what was known before.
 */
static ATTR_INLINE void
known_verify(struct unwind_work *work, uint32_t first, uint32_t n,
    uintptr_t sp, const struct stack_bounds *bounds)
{
	const struct frame *inner = &work->frames[first - 1], *end;
	uintptr_t high = bounds->high, inner_sp, outer_sp;
	uint32_t depth = frame_depth(sp, high);
	uint64_t packed;

	while (n > 0 && work->frames[n - 1].depth > depth)
		n--;		/* that frame has returned */
	end = &work->frames[n];
	outer_sp = frame_sp(inner, high);
	packed = inner->packed;
	while (++inner < end) {
		inner_sp = frame_sp(inner, high);
		if (unlikely(known_word(outer_sp - sizeof(uintptr_t)) !=
		    packed >> 16))
			goto changed;
		packed = inner->packed;
		if ((packed & FRAME_SKIP_FP) == 0) {
			if (likely((packed & 0x7fff) < FRAME_FIRST_SPECIAL)) {
				if (unlikely(known_word(inner_sp +
				    (packed & 0x7fff) * sizeof(uintptr_t)) !=
				    inner[-1].fp))
					goto changed;
			} else if (!known_special_step(work,
			    (uint32_t)(inner - work->frames), bounds))
				goto changed;
		}
		outer_sp = inner_sp;
		continue;
	changed:
		if (!known_repair(work, (uint32_t)(inner - 1 - work->frames),
		    high)) {
			n = (uint32_t)(inner - work->frames);
			if (n > 1 && known_word(outer_sp -
			    sizeof(uintptr_t)) != frame_pc(inner - 1))
				n--;
			break;
		}
		packed = inner->packed;
		outer_sp = inner_sp;
	}
	work->n_known = n;
	if (work->n_interned > n)
		work->n_interned = n;
}

#endif
