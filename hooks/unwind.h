/*
 * unwind.h - the one interface of all unwinders (L2).
 *
 * A walk begins at the frame that called the hooked function and reports
 * frames from there to the outermost, most recent first.  Back ends: our own
 * walker (unwind_cfa.c), libunwind in a module of its own
 * (unwind_libunwind.c, through unwind_module.h), and whatever a test links.
 */
#ifndef TMTOP_HOOKS_UNWIND_H
#define TMTOP_HOOKS_UNWIND_H

#include "tables/tree.h"

#define UNWIND_MAX_FRAMES	1024

/* Registers of the calling frame as they are after the call returns. */
struct unwind_start {
	uintptr_t	pc;		/* return address of the hooked call */
	uintptr_t	sp, fp;
};

/* What is known of the thread's own stack; both 0 when it is not. */
struct stack_bounds {
	uintptr_t	low, high;
};

/* A thread's working memory; too large for a stranger's stack. */
struct unwind_scratch {
	struct tree_key	frames[UNWIND_MAX_FRAMES];
	uintptr_t	pcs[UNWIND_MAX_FRAMES];	/* only when want_pcs */
	char		window[8192];	/* copy of a foreign stack's part */
};

struct unwind_result {
	uint32_t	n_frames;
	uint32_t	flags;		/* enum traceback_flag */
	uint32_t	first_guess;	/* frames before it are certain */
	bool		is_complete;	/* the outermost frame was reached */
};

/* Take the calling frame's registers inside a hooked function that was
 * compiled with a frame pointer. */
#define unwind_start_here() ((struct unwind_start){			\
	.pc = (uintptr_t)__builtin_return_address(0),			\
	.sp = (uintptr_t)__builtin_frame_address(0) + 2 * sizeof(void *),	\
	.fp = *(uintptr_t *)__builtin_frame_address(0),			\
})

/*
 * Walk into scratch->frames (at most max_frames).  want_pcs: absolute
 * addresses beside, in scratch->pcs.
 * Context: guard held, any thread, any stack.  No allocation, no lock; reads
 * inside the bounds only.  On a stack that is not the thread's own, one
 * system call per 8 KiB of stack (process_vm_readv on itself: it cannot
 * fault).
 */
void unwind_cfa(const struct unwind_start *start,
    const struct stack_bounds *bounds, struct unwind_scratch *scratch,
    uint32_t max_frames, bool want_pcs, struct unwind_result *result);

#endif
