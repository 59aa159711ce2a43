/*
 * api.c - what a program asks of tmtop itself: see include/tmtop.h (L2).
 *
 * All of it are changes of the control page, which this process has mapped;
 * tmtop-run makes the same ones for viewers (tables/control.h).
 */
#include "base/atomic.h"
#include "base/compiler.h"
#include "hooks/lifecycle.h"
#include "tables/control.h"
#include "tmtop.h"

/* The page, or NULL when this process records nothing. */
static struct control *
control_page(void)
{
	return lifecycle_is_on() ? lifecycle_control : NULL;
}

/* The functions that ask for a change and say nothing more about it. */
#define CHANGE(name, change)						\
	ATTR_EXPORT int							\
	tmtop_hook_##name(void)						\
	{								\
		struct control *control = control_page();		\
									\
		if (control == NULL)					\
			return TMTOP_NOT_TRACED;			\
		change(control);					\
		return 0;						\
	}
CHANGE(start, control_start)
CHANGE(stop, control_stop)
CHANGE(hold, control_hold)
CHANGE(clear_traces, control_clear)
CHANGE(reset_peak, control_reset_peak)

ATTR_EXPORT int
tmtop_hook_is_tracing(void)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	return load_relaxed(&control->state) == RECORDING_ON;
}

ATTR_EXPORT int
tmtop_hook_mark(const char *name)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	control_mark(control, name);
	return 0;
}
