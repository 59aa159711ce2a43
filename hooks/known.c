/*
 * known.c - what to do where a known frame is not as it was (L2).
 */
#include "hooks/known.h"

#include "hooks/sites.h"

ATTR_COLD bool
known_special_step(struct unwind_work *work, uint32_t inner,
    const struct stack_bounds *bounds)
{
	const struct frame *in = &work->frames[inner], *out = in - 1;

	if (frame_step(in) != FRAME_REDO)
		return false;
	return unwind_same_step(&(struct frame_state){
	    frame_sp(in, bounds->high), frame_pc(in), in->fp },
	    &(struct frame_state){
	    frame_sp(out, bounds->high), frame_pc(out), out->fp },
	    bounds, work);
}

/* What fp is in a known frame, as the one that it called has saved it. */
static ATTR_INLINE bool
saved_fp(const struct frame *frame, uintptr_t high, uintptr_t *fp)
{
	const struct frame *inner = frame + 1;

	if (frame_has_slot(inner))
		*fp = known_word(frame_sp(inner, high) + (frame_step(inner) &
		    ~FRAME_SKIP_FP) * sizeof(uintptr_t));
	else
		*fp = inner->fp;
	return frame_has_slot(inner) || frame_step(inner) == FRAME_FP_SAME;
}

bool
known_repair(struct unwind_work *work, uint32_t i, uintptr_t high)
{
	struct frame *frame = &work->frames[i], *outer = frame - 1;
	uintptr_t sp = frame_sp(frame, high), pc, fp, cfa, slot, outer_fp;
	uint64_t step = FRAME_FP_SAME;
	const struct site *site;
	bool reads_fp;

	pc = known_word(sp - sizeof(uintptr_t));
	if (i == 0 || (site = site_peek(pc)) == NULL ||
	    site->step != STEP_SIMPLE || !saved_fp(frame, high, &fp))
		return false;
	cfa = (site->cfa_is_rbp ? fp : sp) +
	    (uintptr_t)(intptr_t)site->cfa_offset;
	if (cfa != frame_sp(outer, high))
		return false;
	reads_fp = site->cfa_is_rbp || site->rbp == RBP_AT_RBP;
	outer_fp = fp;
	if (site->rbp != RBP_SAME) {
		slot = (site->rbp == RBP_AT_CFA ? cfa : fp) +
		    (uintptr_t)(intptr_t)site->rbp_offset;
		step = (slot - sp) / sizeof(uintptr_t);
		if (slot < sp || slot > high - sizeof(uintptr_t) ||
		    (slot & 7) != 0 || step >= FRAME_FIRST_SPECIAL)
			return false;
		outer_fp = known_word(slot);
	} else
		reads_fp |= outer->fp != FRAME_FP_UNUSED;
	if (!frame_fp_is(outer, outer_fp))
		return false;
	frame->packed = frame_pack(pc, step);
	frame->packed = known_packed(frame, outer->fp);
	frame->fp = reads_fp ? fp : FRAME_FP_UNUSED;
	frame[1].packed = known_packed(&frame[1], frame->fp);
	if (work->n_interned > i)
		work->n_interned = i;
	return true;
}
