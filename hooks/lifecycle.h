/*
 * lifecycle.h - from the first call to fork and exec (L2).
 */
#ifndef TMTOP_HOOKS_LIFECYCLE_H
#define TMTOP_HOOKS_LIFECYCLE_H

#include "base/atomic.h"
#include "tables/layout.h"

/*
 * Non-zero while this very process records.  Lies in a page that the kernel
 * wipes in fork children (raw clone included), and not in vfork children,
 * which share the parent's memory and rightly write its tables.
 */
extern const uint32_t *lifecycle_armed;

/* Mapped as long as lifecycle_armed is set. */
extern struct control *lifecycle_control;
extern struct lobby *lifecycle_lobby;

/* Start, or in a fork child start anew, when that is due.  True: record.
 * Any thread, any moment after relocation; no lock; errno kept. */
bool lifecycle_begin_slow(void);

static ATTR_INLINE bool
lifecycle_is_on(void)
{
	return likely(load_relaxed(lifecycle_armed) != 0) ||
	    lifecycle_begin_slow();
}

/* The process has one thread: plain arithmetic will do. */
extern const char *lifecycle_single_threaded;

static ATTR_INLINE bool
lifecycle_is_alone(void)
{
	return *(const volatile char *)lifecycle_single_threaded != 0;
}

#endif
