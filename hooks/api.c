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

ATTR_EXPORT int
tmtop_hook_start(void)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	control_start(control);
	return 0;
}

ATTR_EXPORT int
tmtop_hook_stop(void)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	control_stop(control);
	return 0;
}

ATTR_EXPORT int
tmtop_hook_hold(void)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	control_hold(control);
	return 0;
}

ATTR_EXPORT int
tmtop_hook_is_tracing(void)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	return load_relaxed(&control->state) == RECORDING_ON;
}

ATTR_EXPORT int
tmtop_hook_clear_traces(void)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	control_clear(control);
	return 0;
}

ATTR_EXPORT int
tmtop_hook_reset_peak(void)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	control_reset_peak(control);
	return 0;
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
