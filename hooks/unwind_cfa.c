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
	struct unwind_scratch *scratch;
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
	uintptr_t at = w->sp, end = w->sp + sizeof(w->scratch->window);
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
	local = (struct iovec){ w->scratch->window, at - w->sp };
	got = sys_call6(SYS_process_vm_readv, sys_getpid(), (long)&local, 1,
	    (long)remote, n, 0);
	if (got <= 0)
		return false;
	w->view = (struct stack_view){ w->sp, w->sp + (uintptr_t)got,
	    w->scratch->window };
	return true;
}

static bool
is_own(const struct walk *w, uintptr_t sp)
{
	return sp >= w->bounds->low && sp < w->bounds->high;
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

static ATTR_INLINE enum outcome
step_by_rule(struct walk *w, const struct site *site)
{
	uintptr_t cfa, pc, fp = w->fp;

	cfa = (site->cfa_is_rbp ? w->fp : w->sp) +
	    (uintptr_t)(intptr_t)site->cfa_offset;
	if (unlikely(site->step == STEP_LOADED) &&
	    !read_word(w, w->fp + (uintptr_t)(intptr_t)site->cfa_offset,
	    &cfa))
		return CUT;
	if (unlikely(!read_word(w, cfa - sizeof(pc), &pc)))
		return CUT;
	if (site->rbp != RBP_SAME && unlikely(!read_word(w,
	    (site->rbp == RBP_AT_CFA ? cfa : w->fp) +
	    (uintptr_t)(intptr_t)site->rbp_offset, &fp)))
		return CUT;
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
	    .bounds = w->bounds, .scratch = w->scratch,
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
	    (site_find(pc, false, &unused)->module == NULL &&
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

static ATTR_INLINE enum outcome
step(struct walk *w, const struct site *site)
{
	switch (site->step) {
	case STEP_SIMPLE:
	case STEP_LOADED:
		return step_by_rule(w, site);
	case STEP_END:
		return AT_END;
	case STEP_GENERAL:
		return step_general(w);
	default:
		return step_without_rule(w);
	}
}

/* ---- the walk ---- */

static ATTR_INLINE void
note_frame(const struct walk *w, const struct site *site, bool want_pc,
    struct unwind_result *result)
{
	struct tree_key *frame = &w->scratch->frames[result->n_frames];

	*frame = site->frame;
	if (unlikely(w->is_guess)) {
		frame->module_kind = (frame->module_kind &
		    ~NODE_KIND_MASK) | NODE_GUESSED;
		if (!(result->flags & TRACEBACK_GUESSED))
			result->first_guess = result->n_frames;
		result->flags |= TRACEBACK_GUESSED;
	}
	if (unlikely(want_pc))
		w->scratch->pcs[result->n_frames] = w->pc;
	result->n_frames++;
}

static void
finish(struct unwind_scratch *scratch, uint32_t max_frames,
    enum outcome outcome, struct unwind_result *result)
{
	struct tree_key *last = &scratch->frames[result->n_frames];

	if (!(result->flags & TRACEBACK_GUESSED))
		result->first_guess = result->n_frames;
	result->is_complete = outcome == AT_END;
	if (outcome == AT_END)
		return;
	/* A marker in place of the frames that are not there. */
	result->flags |= outcome == CUT ? TRACEBACK_CUT : TRACEBACK_TRUNCATED;
	if (result->n_frames == max_frames)
		last--;
	else
		result->n_frames++;
	*last = (struct tree_key){ .offset = 0,
	    .module_kind = outcome == CUT ? NODE_CUT : NODE_DEEPER };
}

void
unwind_cfa(const struct unwind_start *start,
    const struct stack_bounds *bounds, struct unwind_scratch *scratch,
    uint32_t max_frames, bool want_pcs, struct unwind_result *result)
{
	struct walk w = { .pc = start->pc, .sp = start->sp, .fp = start->fp,
	    .bounds = bounds, .scratch = scratch };
	enum outcome outcome = GO_ON;
	const struct site *site;
	struct site fallback;

	*result = (struct unwind_result){ .n_frames = 0 };
	if (max_frames > UNWIND_MAX_FRAMES)
		max_frames = UNWIND_MAX_FRAMES;
	if (unlikely(!look_at_stack(&w)))
		outcome = CUT;
	while (outcome == GO_ON && result->n_frames < max_frames) {
		site = site_find(w.pc, w.is_exact, &fallback);
		note_frame(&w, site, want_pcs, result);
		outcome = step(&w, site);
	}
	finish(scratch, max_frames, outcome, result);
}
