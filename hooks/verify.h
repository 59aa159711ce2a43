/*
 * verify.h - libunwind as reference, or in place of our own walker (L2).
 *
 * Off unless the run asked for it (TMTOP_VERIFY, --unwinder=libunwind): the
 * module is loaded once, RTLD_LOCAL, so that the program never sees its
 * symbols.  Walks are serialised; fork children do without.
 */
#ifndef TMTOP_HOOKS_VERIFY_H
#define TMTOP_HOOKS_VERIFY_H

#include "base/atomic.h"
#include "hooks/unwind.h"

extern uint32_t verify_mode ATTR_HIDDEN;	/* 0: off; lobby options that apply */

static ATTR_INLINE bool
verify_is_on(void)
{
	return unlikely(load_relaxed(&verify_mode) != 0);
}

/* The module is loaded when that is first possible; a failure is noted in
 * header.troubles. */
void verify_init(uint32_t options);
void verify_abandon(void);

/* As unwind_cfa(); compares with the reference, or is the reference. */
void verify_unwind(const struct frame_state *start,
    const struct stack_bounds *bounds, struct unwind_work *work,
    uint32_t max_frames, struct unwind_result *result);

#endif
