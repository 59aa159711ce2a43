/*
 * capture.c - from a call to a traceback id (L2).
 *
 * Shape      The thread's previous traceback is kept, outermost frame first.
 *            Before a walk the words of the stack that its steps had read are
 *            compared with what is there now; the walk ends at the first
 *            frame that is among those still true, and only the frames found
 *            before it are looked up in the frame tree.
 * Why        Between two allocations of a thread one to four inner frames
 *            change out of dozens.  Comparing known words costs a third of a
 *            nanosecond a frame, walking and interning them many times that.
 * Invariant  A step is a function of (pc, sp, fp) and of the words noted with
 *            the frame; when all are equal, so is what it leads to.  That
 *            holds however the stack came to look like this: longjmp,
 *            exceptions, tail calls need no notice.  Code may be replaced
 *            only after its module was unloaded, which advances the epoch.
 *            Steps that depend on more (signal frames, guesses) are never
 *            taken as still true, nor is anything above them.
 */
#include "hooks/capture.h"

#include "base/atomic.h"
#include "hooks/modules.h"
#include "hooks/verify.h"
#include "tables/region.h"

static ATTR_INLINE uintptr_t
word_at(uintptr_t address)
{
	return *(const uintptr_t *)address;
}

/* Does the step from `inner` to its caller `outer` give the same result? */
static ATTR_INLINE bool
is_step_unchanged(const struct frame *outer, const struct frame *inner)
{
	if (word_at(outer->at.sp - sizeof(uintptr_t)) != outer->at.pc)
		return false;
	if (inner->fp_slot != FRAME_NO_SLOT &&
	    (inner->fp_slot == FRAME_SPECIAL ||
	    word_at(inner->at.sp + inner->fp_slot) != outer->at.fp))
		return false;
	return likely(inner->cfa_slot == FRAME_NO_SLOT) ||
	    word_at(inner->at.sp + inner->cfa_slot) == outer->at.sp;
}

/*
 * Leave those known frames that are still true.  All words compared lie
 * between the current sp and the outermost frame: in the stack.
 */
static ATTR_INLINE void
verify_known(struct unwind_work *work, uintptr_t sp)
{
	uint32_t n = work->n_known, i;
	struct frame *known = work->known;

	if (unlikely(work->known_epoch != load_relaxed(&modules_epoch)))
		n = 0;
	while (n > 0 && known[n - 1].at.sp < sp)
		n--;		/* that frame has returned */
	for (i = 1; i < n; i++)
		if (unlikely(!is_step_unchanged(&known[i - 1], &known[i])))
			break;
	work->n_known = n < i ? n : i;
}

/* Look the frames found up, below those they were called from. */
static ATTR_INLINE uint32_t
intern(struct unwind_work *work, const struct unwind_result *result)
{
	uint32_t node, i;

	node = result->n_joined > 0 ?
	    work->known[result->n_joined - 1].node : 0;
	for (i = result->n_found; i-- > 0;) {
		node = tree_child(node, &work->found[i].key);
		if (unlikely(node == 0))
			break;
		work->found[i].node = node;
	}
	return node;
}

/* The frames of this walk become the known ones of the next. */
static ATTR_INLINE void
remember(struct unwind_work *work, const struct unwind_result *result)
{
	uint32_t n = result->n_joined, i;

	if (unlikely(!result->is_lasting) ||
	    unlikely(n + result->n_found > UNWIND_MAX_FRAMES)) {
		/* What was verified stays verifiable. */
		return;
	}
	for (i = result->n_found; i-- > 0;)
		work->known[n++] = work->found[i];
	work->n_known = n;
	work->known_epoch = load_relaxed(&modules_epoch);
}

uint32_t
capture(const struct frame_state *start, const struct stack_bounds *bounds,
    struct unwind_work *work, uint32_t max_frames)
{
	struct unwind_result result;
	uint32_t node, total;
	bool is_own = start->sp >= bounds->low && start->sp < bounds->high;

	if (likely(is_own && max_frames == 0))
		verify_known(work, start->sp);
	else
		work->n_known = 0;
	if (max_frames == 0 || max_frames > UNWIND_MAX_FRAMES)
		max_frames = UNWIND_MAX_FRAMES;
	if (unlikely(verify_is_on()))
		verify_unwind(start, bounds, work, max_frames, &result);
	else
		unwind_cfa(start, bounds, work, max_frames, &result);
	node = intern(work, &result);
	if (unlikely(node == 0)) {
		work->n_known = 0;
		return 0;
	}
	total = result.n_joined + result.n_found;
	remember(work, &result);
	return tree_traceback(node, result.flags, total);
}
