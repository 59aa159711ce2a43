/*
 * unwind_cfa.c - the stack walker of the default back end (L2).
 *
 * Shape      From each frame (pc, sp, fp) the cached rule of its address leads
 *            to the caller's: the CFA from sp or fp, the return address below
 *            it, fp from where the frame saved it.
 * Why        libunwind may not run here: it takes ld.so's lock, changes signal
 *            masks and allocates.  Frames without unwind information (code
 *            generated at run time) are stepped over by the frame pointer
 *            and marked, as are walks that end early.
 * Invariant  Only memory in [sp, upper end of the thread's stack) is read
 *            directly.  On any other stack a copy made by the kernel is read,
 *            which cannot fault.  The CFA grows with every step, but for
 *            signal frames, which may lead to another stack: walks end.
 */
#include "hooks/unwind.h"

#include "base/sys.h"
#include "hooks/eh_frame.h"
#include "hooks/exec_maps.h"
#include "hooks/sites.h"

#include <sys/uio.h>

#define WINDOW_PIECES	3	/* iovecs that end at page boundaries */
#define MAX_WINDOWS	64	/* moves of the copy in one walk */
#define TOP_OF_STACK	128	/* bytes in which no caller's frame fits */

struct walk {
	uintptr_t	pc, sp, fp;
	bool		is_exact;	/* pc was interrupted, not a call */
	bool		is_guess;	/* pc was found by frame pointer */
	struct stack_view view;
	const struct stack_bounds *bounds;
	struct unwind_work *work;
	uint32_t	n_left;		/* known frames not passed yet */
	unsigned	n_windows;
};

enum outcome { GO_ON, AT_END, CUT };

/* ---- what may be read ---- */

/* Copy what there is from sp upwards, page by page: the kernel stops at the
 * first page that is not mapped. */
static bool
copy_window(struct walk *w)
{
	struct iovec local, remote[WINDOW_PIECES];
	uintptr_t at = w->sp, end = w->sp + sizeof(w->work->window);
	unsigned n = 0;
	long got;

	if (w->n_windows++ == MAX_WINDOWS || end < at)
		return false;
	while (at < end && n < WINDOW_PIECES) {
		uintptr_t next = (at | 4095) + 1;

		if (next > end)
			next = end;
		remote[n++] = (struct iovec){ (void *)at, next - at };
		at = next;
	}
	local = (struct iovec){ w->work->window, at - w->sp };
	got = sys_call6(SYS_process_vm_readv, sys_getpid(), (long)&local, 1,
	    (long)remote, n, 0);
	if (got <= 0)
		return false;
	w->view = (struct stack_view){ w->sp, w->sp + (uintptr_t)got,
	    w->work->window };
	return true;
}

/* On the thread's own stack, and at a word's boundary as frames are. */
static ATTR_INLINE bool
is_own(const struct walk *w, uintptr_t sp)
{
	return sp >= w->bounds->low && sp < w->bounds->high && (sp & 7) == 0;
}

/* Make the stack from w->sp on readable. */
static bool
look_at_stack(struct walk *w)
{
	if (is_own(w, w->sp)) {
		w->view = (struct stack_view){ w->sp, w->bounds->high,
		    (const char *)w->sp };
		return true;
	}
	return copy_window(w);
}

static ATTR_COLD bool
read_further(struct walk *w, uintptr_t address, uintptr_t *word)
{
	if (is_own(w, w->sp) || address < w->sp || !copy_window(w))
		return false;
	return stack_read(&w->view, address, word);
}

static ATTR_INLINE bool
read_word(struct walk *w, uintptr_t address, uintptr_t *word)
{
	return likely(stack_read(&w->view, address, word)) ||
	    read_further(w, address, word);
}

/* ---- steps ---- */

/* Up to the caller, whose frame begins at `cfa`. */
static ATTR_INLINE enum outcome
arrive(struct walk *w, uintptr_t cfa, uintptr_t pc, uintptr_t fp)
{
	if (unlikely(cfa <= w->sp))
		return CUT;
	w->sp = cfa;
	w->pc = pc;
	w->fp = fp;
	w->is_exact = false;
	w->is_guess = false;
	return pc != 0 ? GO_ON : AT_END;
}

/* How far above sp the caller's fp was saved, as struct frame has it. */
static ATTR_INLINE uint64_t
slot_words(uintptr_t distance)
{
	/* What is no multiple of a word becomes very large. */
	return distance >> 3 | distance << 61;
}

/* Note how a frame's step was made, unless it says something else. */
static void
note_step(struct frame *frame, uint64_t step)
{
	if (frame_step(frame) == FRAME_FP_SAME)
		frame->packed = (frame->packed & ~UINT64_C(0xffff)) | step;
}

static enum outcome
step_by_rule(struct walk *w, const struct site *site, struct frame *frame)
{
	uintptr_t cfa, pc, slot, fp = w->fp;

	cfa = (site->cfa_is_rbp ? w->fp : w->sp) +
	    (uintptr_t)(intptr_t)site->cfa_offset;
	if (site->step == STEP_LOADED) {
		slot = w->fp + (uintptr_t)(intptr_t)site->cfa_offset;
		if (!read_word(w, slot, &cfa))
			return CUT;
		note_step(frame, FRAME_REDO);
	}
	if (!read_word(w, cfa - sizeof(pc), &pc))
		return CUT;
	if (site->rbp != RBP_SAME) {
		slot = (site->rbp == RBP_AT_CFA ? cfa : w->fp) +
		    (uintptr_t)(intptr_t)site->rbp_offset;
		if (!read_word(w, slot, &fp))
			return CUT;
		slot = slot_words(slot - w->sp);
		note_step(frame, slot < FRAME_FIRST_SPECIAL ? slot : FRAME_REDO);
	}
	return arrive(w, cfa, pc, fp);
}

static bool
apply_rule(struct walk *w, const struct cfi_context *context,
    const struct cfi_rule *rule, uintptr_t cfa, uintptr_t *value)
{
	uintptr_t at;

	switch (rule->kind) {
	case CFI_SAME:
		return true;
	case CFI_AT_CFA:
		return read_word(w, cfa + (uintptr_t)rule->offset, value);
	case CFI_IS_CFA:
		*value = cfa + (uintptr_t)rule->offset;
		return true;
	case CFI_AT_EXPRESSION:
		return eh_frame_evaluate(rule->expression,
		    rule->expression_size, context, &cfa, &at) &&
		    read_word(w, at, value);
	case CFI_IS_EXPRESSION:
		return eh_frame_evaluate(rule->expression,
		    rule->expression_size, context, &cfa, value);
	default:
		return false;
	}
}

static ATTR_COLD enum outcome
step_general(struct walk *w)
{
	struct cfi_context context = { .rbp = w->fp, .rsp = w->sp,
	    .pc = w->pc, .stack = w->view };
	uintptr_t cfa, pc = 0, sp, fp = w->fp;
	struct cfi_row row;

	if (!site_row(w->pc, w->is_exact, &row))
		return CUT;
	if (row.cfa_kind == CFA_EXPRESSION) {
		if (!eh_frame_evaluate(row.cfa_expression,
		    row.cfa_expression_size, &context, NULL, &cfa))
			return CUT;
	} else if (row.cfa_register == 6 || row.cfa_register == 7)
		cfa = (row.cfa_register == 6 ? w->fp : w->sp) +
		    (uintptr_t)row.cfa_offset;
	else
		return CUT;
	sp = cfa;
	if (!apply_rule(w, &context, &row.rules[CFI_RA], cfa, &pc) ||
	    !apply_rule(w, &context, &row.rules[CFI_RSP], cfa, &sp) ||
	    (row.rules[CFI_RBP].kind != CFI_UNDEFINED &&
	    !apply_rule(w, &context, &row.rules[CFI_RBP], cfa, &fp)))
		return CUT;
	if (!row.is_signal_frame)
		return arrive(w, sp, pc, fp);
	/* The interrupted code may have been on another stack. */
	if (sp == w->sp || pc == 0)
		return CUT;
	*w = (struct walk){ .pc = pc, .sp = sp, .fp = fp, .is_exact = true,
	    .bounds = w->bounds, .work = w->work, .n_left = w->n_left,
	    .n_windows = w->n_windows };
	return look_at_stack(w) ? GO_ON : CUT;
}

/* No unwind information: believe the frame pointer if it lies above in this
 * stack and leads to code. */
static ATTR_COLD enum outcome
step_by_guess(struct walk *w)
{
	uintptr_t pc, fp;
	struct site unused;
	enum outcome outcome;

	if (w->fp < w->sp || (w->fp & 7) != 0 ||
	    !read_word(w, w->fp, &fp) || !read_word(w, w->fp + 8, &pc) ||
	    pc < LAYOUT_PAGE ||
	    (site_module(site_find(pc, false, &unused)) == 0 &&
	    !exec_maps_contain(pc)))
		return CUT;
	outcome = arrive(w, w->fp + 16, pc, fp);
	w->is_guess = true;
	return outcome;
}

/* ld.so's first instructions have no unwind information, and no caller: a
 * frame at the very top of the stack is the outermost one. */
static ATTR_COLD enum outcome
step_without_rule(struct walk *w)
{
	if (is_own(w, w->sp) && w->bounds->high - w->sp <= TOP_OF_STACK)
		return AT_END;
	return step_by_guess(w);
}

static enum outcome
step(struct walk *w, const struct site *site, struct frame *frame)
{
	switch (site->step) {
	case STEP_SIMPLE:
	case STEP_LOADED:
		return step_by_rule(w, site, frame);
	case STEP_END:
		return AT_END;
	case STEP_GENERAL:
		note_step(frame, FRAME_SPECIAL);
		return step_general(w);
	default:
		note_step(frame, FRAME_SPECIAL);
		return step_without_rule(w);
	}
}

/* ---- the walk ---- */

/*
 * Is the frame that was reached one of the previous walk, and are all its
 * callers the same?  n_left known frames are not passed yet.
 */
static ATTR_INLINE bool
is_known(const struct frame *known, uint32_t *n_left,
    const struct frame_state *at, uintptr_t high)
{
	uint32_t depth = frame_depth(at->sp, high);

	while (*n_left > 0) {
		const struct frame *last = &known[*n_left - 1];

		if (last->depth < depth)
			return false;
		if (last->depth == depth)
			return frame_pc(last) == at->pc &&
			    frame_fp_is(last, at->fp);
		--*n_left;
	}
	return false;
}

/*
 * The common case, kept small: frames with a simple rule on the thread's own
 * stack, from *at to the first frame that is known or needs more care.
 * Returns the number of frames found so far.  The registers are locals, not
 * fields: a step is a chain of dependent loads, and each trip through memory
 * would add to it.
 */
static ATTR_INLINE uint32_t
walk_simple(struct frame_state *state, uintptr_t high,
    struct unwind_work *work, uint32_t *n_known, uint32_t n,
    uint32_t max_frames, bool *is_joined)
{
	struct frame_state at = *state, next;
	const struct frame *known = work->frames;
	struct frame *frame = unwind_found(work) + n;
	struct frame *end = unwind_found(work) + max_frames;
	uint32_t n_left = *n_known;
	/* No known frame is deeper. */
	uint32_t depth = n_left > 0 ? known[n_left - 1].depth : 0;
	const struct site *site;
	struct site fallback;
	uintptr_t cfa, slot;
	uint64_t step;

	*is_joined = false;
	while (likely(frame < end)) {
		if (frame_depth(at.sp, high) <= depth) {
			*is_joined = is_known(known, &n_left, &at, high);
			if (likely(*is_joined))
				break;
			depth = n_left > 0 ? known[n_left - 1].depth : 0;
		}
		site = site_find(at.pc, false, &fallback);
		if (unlikely(site->step != STEP_SIMPLE))
			break;
		cfa = (site->cfa_is_rbp ? at.fp : at.sp) +
		    (uintptr_t)(intptr_t)site->cfa_offset;
		/* The return address lies in what may be read. */
		if (unlikely(cfa <= at.sp || cfa > high || (cfa & 7) != 0))
			break;
		next.sp = cfa;
		next.pc = *(const uintptr_t *)(cfa - sizeof(uintptr_t));
		next.fp = at.fp;
		step = FRAME_FP_SAME;
		if (site->rbp != RBP_SAME) {
			slot = (site->rbp == RBP_AT_CFA ? cfa : at.fp) +
			    (uintptr_t)(intptr_t)site->rbp_offset;
			step = slot_words(slot - at.sp);
			if (unlikely(slot < at.sp || slot > high - 8 ||
			    step >= FRAME_FIRST_SPECIAL))
				break;
			next.fp = *(const uintptr_t *)slot;
		}
		frame->packed = frame_pack(at.pc, step);
		frame->fp = at.fp;
		frame->depth = frame_depth(at.sp, high);
		frame->node = site->cfa_is_rbp || site->rbp == RBP_AT_RBP;
		frame++;
		at = next;
		if (unlikely(at.pc == 0))
			break;
	}
	*state = at;
	*n_known = n_left;
	return (uint32_t)(frame - unwind_found(work));
}

/* One frame of any kind. */
static ATTR_NOINLINE enum outcome
walk_one(struct walk *w, struct unwind_result *result)
{
	struct frame *frame = unwind_found(w->work) + result->n_found;
	const struct site *site;
	struct site fallback;

	site = site_find(w->pc, w->is_exact, &fallback);
	*frame = (struct frame){
		.packed = frame_pack(w->pc, w->is_guess ? FRAME_GUESSED :
		    w->is_exact ? FRAME_EXACT : FRAME_FP_SAME),
		.fp = w->fp, .depth = frame_depth(w->sp,
		    w->bounds->high), .node = 1,
	};
	if (w->is_guess && !(result->flags & TRACEBACK_GUESSED)) {
		result->first_guess = result->n_found;
		result->flags |= TRACEBACK_GUESSED;
	}
	result->n_found++;
	return step(w, site, frame);
}

static void
finish(const struct walk *w, uint32_t max_frames, enum outcome outcome,
    struct unwind_result *result)
{
	struct frame *last = unwind_found(w->work) + result->n_found;

	if (!(result->flags & TRACEBACK_GUESSED))
		result->first_guess = result->n_found;
	if (outcome == AT_END)
		return;
	/* A marker in place of the frames that are not there. */
	result->flags |= outcome == CUT ? TRACEBACK_CUT : TRACEBACK_TRUNCATED;
	if (outcome == GO_ON)
		return;		/* where it hangs says so: see capture.c */
	if (result->n_found == max_frames)
		last--;
	else
		result->n_found++;
	*last = (struct frame){ .packed = frame_pack(0, FRAME_CUT) };
	if (result->first_guess >= result->n_found)
		result->first_guess = result->n_found - 1;
}

/* From where the common case has ended, with n_left known frames above. */
static ATTR_NOINLINE void
walk_on(const struct frame_state *at, const struct frame_state *start,
    uint32_t n_left, const struct stack_bounds *bounds,
    struct unwind_work *work, uint32_t max_frames,
    struct unwind_result *result)
{
	struct walk w = { .pc = at->pc, .sp = at->sp, .fp = at->fp,
	    .bounds = bounds, .work = work, .n_left = n_left };
	enum outcome outcome = GO_ON;
	struct frame_state state;
	bool is_joined;

	if (unlikely(!look_at_stack(&w)))
		outcome = CUT;
	while (outcome == GO_ON) {
		state = (struct frame_state){ w.sp, w.pc, w.fp };
		if (likely(is_own(&w, w.sp) && !w.is_exact && !w.is_guess)) {
			result->n_found = walk_simple(&state, bounds->high,
			    work, &w.n_left, result->n_found, max_frames,
			    &is_joined);
			w.sp = state.sp;
			w.pc = state.pc;
			w.fp = state.fp;
		}
		if (likely(w.n_left > 0) && is_known(work->frames, &w.n_left,
		    &state, bounds->high)) {
			result->n_joined = w.n_left;
			outcome = AT_END;
		} else if (w.pc == 0)
			outcome = AT_END;
		else if (result->n_found == max_frames)
			break;
		else
			outcome = walk_one(&w, result);
	}
	/* Ends other than those of a known rule depend on words that are not
	 * noted, so they are not remembered. */
	result->is_lasting = outcome != CUT && w.pc != 0 &&
	    (result->flags & TRACEBACK_GUESSED) == 0 && is_own(&w, w.sp) &&
	    is_own(&w, start->sp);
	finish(&w, max_frames, outcome, result);
}

void
unwind_cfa(const struct frame_state *start,
    const struct stack_bounds *bounds, struct unwind_work *work,
    uint32_t max_frames, struct unwind_result *result)
{
	struct frame_state at = *start;
	uint32_t n_left = 0;
	bool is_joined;

	result->n_found = 0;
	result->n_joined = 0;
	result->flags = 0;
	result->first_guess = 0;
	if (likely(at.sp >= bounds->low && at.sp < bounds->high &&
	    (at.sp & 7) == 0)) {
		n_left = work->n_known;
		result->n_found = walk_simple(&at, bounds->high, work,
		    &n_left, 0, max_frames, &is_joined);
		if (likely(is_joined)) {
			result->n_joined = n_left;
			result->first_guess = result->n_found;
			result->is_lasting = true;
			return;
		}
	}
	walk_on(&at, start, n_left, bounds, work, max_frames, result);
}

bool
unwind_same_step(const struct frame_state *inner,
    const struct frame_state *outer, const struct stack_bounds *bounds,
    struct unwind_work *work)
{
	struct walk w = { .pc = inner->pc, .sp = inner->sp, .fp = inner->fp,
	    .bounds = bounds, .work = work };
	struct site fallback;
	const struct site *site = site_find(w.pc, false, &fallback);
	struct frame unused = { .packed = 0 };

	return (site->step == STEP_SIMPLE || site->step == STEP_LOADED) &&
	    look_at_stack(&w) &&
	    step_by_rule(&w, site, &unused) == GO_ON &&
	    w.sp == outer->sp && w.pc == outer->pc &&
	    (w.fp == outer->fp || outer->fp == FRAME_FP_UNUSED);
}
