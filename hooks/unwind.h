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
 * A frame and the step that led from it to its caller: which words of the
 * stack the step has read, as distances from the frame's sp.  The return
 * address lies below the caller's sp.
 */
struct frame {
	struct frame_state at;
	struct tree_key	key;
	uint32_t	fp_slot;	/* the caller's fp; FRAME_NO_SLOT: not
					 * saved, the same as here */
	uint32_t	cfa_slot;	/* the caller's sp; FRAME_NO_SLOT: it
					 * follows from the registers */
	uint32_t	node;		/* capture.c: in the frame tree */
};
#define FRAME_NO_SLOT	UINT32_MAX
/* In fp_slot: the step depends on more than those words. */
#define FRAME_SPECIAL	(UINT32_MAX - 1)

/* A thread's working memory; too large for a stranger's stack. */
struct unwind_work {
	/* The frames of this walk, most recent first. */
	struct frame	found[UNWIND_MAX_FRAMES];
	/* Those of the previous one, outermost first; n_known of them are
	 * still true. */
	struct frame	known[UNWIND_MAX_FRAMES];
	uint32_t	n_known;
	uint32_t	known_epoch;	/* of modules */
	char		window[8192];	/* copy of a foreign stack's part */
	uintptr_t	reference[UNWIND_MAX_FRAMES];	/* verify.c */
};

struct unwind_result {
	uint32_t	n_found;
	uint32_t	n_joined;	/* known[0..n_joined) are the callers
					 * of the last frame found */
	uint32_t	flags;		/* enum traceback_flag */
	uint32_t	first_guess;	/* frames found before it are certain;
					 * n_found if all are */
	bool		is_lasting;	/* the walk reached the outermost frame
					 * of the thread's own stack */
};

/* Take the calling frame's registers inside a hooked function that was
 * compiled with a frame pointer. */
#define unwind_start_here() ((struct frame_state){			\
	.pc = (uintptr_t)__builtin_return_address(0),			\
	.sp = (uintptr_t)__builtin_frame_address(0) + 2 * sizeof(void *),	\
	.fp = *(uintptr_t *)__builtin_frame_address(0),			\
})

/*
 * Walk into work->found, at most max_frames; a marker frame stands for what
 * is missing at the end.
 * Context: guard held, any thread, any stack.  No allocation, no lock; reads
 * inside the bounds only.  On a stack that is not the thread's own, one
 * system call per 8 KiB of stack (process_vm_readv on itself: it cannot
 * fault).
 */
void unwind_cfa(const struct frame_state *start,
    const struct stack_bounds *bounds, struct unwind_work *work,
    uint32_t max_frames, struct unwind_result *result);

#endif
