/*
 * lifecycle.h - from the first call to fork and exec (L2).
 */
#ifndef TMTOP_HOOKS_LIFECYCLE_H
#define TMTOP_HOOKS_LIFECYCLE_H

#include "base/atomic.h"
#include "tables/layout.h"

/*
 * Not LIFECYCLE_IDLE while this very process records.  Lies in a page that the
 * kernel wipes in fork children (raw clone included), and not in vfork
 * children, which share the parent's memory and rightly write its tables.
 */
enum lifecycle_mode {
	LIFECYCLE_IDLE,
	LIFECYCLE_UNTOUCHED,		/* stopped so far: nothing is known */
	LIFECYCLE_ALL,			/* every block */
	LIFECYCLE_SAMPLE,		/* see sample.h */
};
extern const uint32_t *lifecycle_armed ATTR_HIDDEN;

/* Mapped as long as lifecycle_armed is set. */
extern struct control *lifecycle_control ATTR_HIDDEN;
extern struct lobby *lifecycle_lobby ATTR_HIDDEN;

/* Start, or in a fork child start anew, when that is due.  True: record.
 * Any thread, any moment after relocation; no lock; errno kept. */
bool lifecycle_begin_slow(void);

static ATTR_INLINE bool
lifecycle_is_on(void)
{
	return likely(load_relaxed(lifecycle_armed) != LIFECYCLE_IDLE) ||
	    lifecycle_begin_slow();
}

/* The first block of an untouched process is to be recorded. */
void lifecycle_touch_slow(void);

/* Only while it is on: are new blocks recorded, are known ones followed? */
static ATTR_INLINE bool
lifecycle_records(void)
{
	return likely(load_relaxed(&lifecycle_control->state) ==
	    RECORDING_ON);
}

static ATTR_INLINE bool
lifecycle_is_stopped(void)
{
	return unlikely(load_relaxed(&lifecycle_control->state) ==
	    RECORDING_STOPPED);
}

/* The process has one thread: plain arithmetic will do. */
extern const char *lifecycle_single_threaded ATTR_HIDDEN;

static ATTR_INLINE bool
lifecycle_is_alone(void)
{
	return *(const volatile char *)lifecycle_single_threaded != 0;
}

#endif
