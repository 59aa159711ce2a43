/*
 * unwind.h - the one interface of all unwinders (L2).
 *
 * A walk begins at the frame that called the hooked function and reports
 * frames from there outwards, most recent first, until the outermost one or
 * one that is known already (from the thread's previous walk, verified by
 * capture.c).  Back ends: our own walker (unwind_cfa.c), libunwind in a module
 * of its own (unwind_libunwind.c), and whatever a test links.
 */
#ifndef TMTOP_HOOKS_UNWIND_H
#define TMTOP_HOOKS_UNWIND_H

#include "tables/tree.h"

#define UNWIND_MAX_FRAMES	1024
#define UNWIND_GAP		8

/* The registers that matter, on arrival in a frame: after the call that it
 * made has returned. */
struct frame_state {
	uintptr_t	sp, pc, fp;
};

/* What is known of the thread's own stack; both 0 when it is not. */
struct stack_bounds {
	uintptr_t	low, high;
};

/*
 * A frame and the step that led from it to its caller, in 24 bytes: a thread
 * with hundreds of frames keeps them all, and compares them at each event.
 *
 * packed: the return address << 16 | where the step found the caller's fp, in
 * words above the frame's sp, or one of enum frame_step.
 * depth: how far sp lies below the upper end of the thread's stack, in bytes.
 */
struct frame {
	uint64_t	packed;
	uintptr_t	fp;		/* FRAME_FP_UNUSED: any */
	uint32_t	depth;
	uint32_t	node;		/* capture.c: in the frame tree.  In what
					 * a walk found: not 0 when the step
					 * reads fp */
};

/* No step from here outwards reads fp.  A value that one did read lies in the
 * stack. */
#define FRAME_FP_UNUSED	1

enum frame_step {
	/* Steps that were made otherwise, or depend on more: for these nothing
	 * above is ever still true but for FRAME_REDO. */
	FRAME_REDO = 0x7fff,		/* more words: take the step again */
	FRAME_SPECIAL = 0x7ffe,
	FRAME_EXACT = 0x7ffd,		/* interrupted there, no call */
	FRAME_GUESSED = 0x7ffc,		/* found by frame pointer */
	/* No frames: markers in place of what is not there. */
	FRAME_CUT = 0x7ffb,
	FRAME_DEEPER = 0x7ffa,
	FRAME_FIRST_SPECIAL = FRAME_DEEPER,
	/* Added to a number of words: nobody reads that fp, so it need not be
	 * compared. */
	FRAME_SKIP_FP = 0x8000,
	FRAME_FP_SAME = 0xffff,		/* the caller's fp is the frame's */
};

static ATTR_INLINE uint64_t
frame_pack(uintptr_t pc, uint64_t step)
{
	return (uint64_t)pc << 16 | step;
}

static ATTR_INLINE uintptr_t
frame_pc(const struct frame *frame)
{
	return frame->packed >> 16;
}

static ATTR_INLINE uint32_t
frame_step(const struct frame *frame)
{
	return frame->packed & 0xffff;
}

/* Is this the fp of the frame, for all that comes of it? */
static ATTR_INLINE bool
frame_fp_is(const struct frame *frame, uintptr_t fp)
{
	return likely(frame->fp == fp) || frame->fp == FRAME_FP_UNUSED;
}

/* Does the step tell where the caller's fp was saved? */
static ATTR_INLINE bool
frame_has_slot(const struct frame *frame)
{
	return (frame_step(frame) & ~FRAME_SKIP_FP) < FRAME_FIRST_SPECIAL;
}

static ATTR_INLINE uint32_t
frame_depth(uintptr_t sp, uintptr_t high)
{
	return (uint32_t)(high - sp);
}

static ATTR_INLINE uintptr_t
frame_sp(const struct frame *frame, uintptr_t high)
{
	return high - frame->depth;
}

/*
 * A thread's working memory; too large for a stranger's stack.  Pages come at
 * first touch: a thread pays for the depth that it reaches.
 */
struct unwind_work {
	/* [0, n_known): frames of the previous walk that are still true,
	 * outermost first.  Behind them, at found: those of this walk, most
	 * recent first. */
	uint32_t	n_known;
	uint32_t	n_interned;	/* of these have their nodes */
	uint32_t	known_epoch;	/* of modules */
	uint32_t	n_dropped;	/* outer frames not kept (deep stacks) */
	uint32_t	root;		/* node below which frames[0] hangs */
	uint32_t	base;		/* the same for a stack with all its
					 * frames: the thread's marker, or 0 */
	uint32_t	is_deep;	/* root is a marker for frames that
					 * were not stored */
	uint32_t	max_frames;	/* what their nodes were made for */
	struct frame	frames[2 * UNWIND_MAX_FRAMES + UNWIND_GAP];
	char		window[8192];	/* copy of a foreign stack's part */
	uintptr_t	reference[UNWIND_MAX_FRAMES];	/* verify.c */
};

/* Nothing is known: what may be half changed, or belongs to other tables. */
static ATTR_INLINE void
unwind_forget(struct unwind_work *work)
{
	work->n_known = work->n_interned = 0;
}

/* Where a walk puts what it finds: at some distance from the known frames, so
 * that a few can be put there in order without being in the way. */
static ATTR_INLINE struct frame *
unwind_found(struct unwind_work *work)
{
	return &work->frames[work->n_known + UNWIND_GAP];
}

struct unwind_result {
	uint32_t	n_found;
	uint32_t	n_joined;	/* frames[0..n_joined) are the callers
					 * of the last frame found */
	uint32_t	flags;		/* enum traceback_flag */
	uint32_t	first_guess;	/* frames found before it are certain;
					 * n_found if all are */
	bool		is_lasting;	/* the walk reached the outermost frame
					 * of the thread's own stack */
};

/* A hooked function's own frame: its caller's registers lie there.  The
 * function must be compiled with a frame pointer. */
typedef const uintptr_t *own_frame;
#define unwind_own_frame()	((own_frame)__builtin_frame_address(0))

static ATTR_INLINE struct frame_state
unwind_caller(own_frame own)
{
	return (struct frame_state){
		.sp = (uintptr_t)(own + 2), .pc = own[1], .fp = own[0],
	};
}

/*
 * Walk into unwind_found(work), at most max_frames; a marker stands for what is
 * missing at the end.
 * Context: guard held, any thread, any stack.  No allocation, no lock; reads
 * inside the bounds only.  On a stack that is not the thread's own, one
 * system call per 8 KiB of stack (process_vm_readv on itself: it cannot
 * fault).
 */
void unwind_cfa(const struct frame_state *start,
    const struct stack_bounds *bounds, struct unwind_work *work,
    uint32_t max_frames, struct unwind_result *result);

/*
 * Does the step from `inner`, on the thread's own stack and noted as
 * FRAME_REDO, still lead to `outer`?  Context as above.
 */
bool unwind_same_step(const struct frame_state *inner,
    const struct frame_state *outer, const struct stack_bounds *bounds,
    struct unwind_work *work);

#endif
