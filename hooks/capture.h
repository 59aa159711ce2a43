/*
 * capture.h - the traceback of a call, at the cost of what changed (L2).
 */
#ifndef TMTOP_HOOKS_CAPTURE_H
#define TMTOP_HOOKS_CAPTURE_H

#include "hooks/unwind.h"

/*
 * Id of the traceback that ends in the frame `start`; 0: it cannot be stored
 * (the caller counts the loss).  max_frames: how many of the most recent
 * frames make a traceback; 0: no limit but the unwinder's.  clear_epoch: as on
 * the control page.
 * Context    Guard held, any thread; work is the thread's own.
 */
uint32_t capture(const struct frame_state *start,
    const struct stack_bounds *bounds, struct unwind_work *work,
    uint32_t max_frames, uint32_t clear_epoch);

#endif
