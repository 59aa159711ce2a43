/*
 * api.c - what a program asks of tmtop itself: see include/tmtop.h (L2).
 *
 * All of it are changes of the control page, which this process has mapped;
 * tmtop-run makes the same ones for viewers, in the same order.
 */
#include "base/atomic.h"
#include "base/compiler.h"
#include "hooks/lifecycle.h"
#include "tmtop.h"

/* The page, or NULL when this process records nothing. */
static struct control *
control_page(void)
{
	return lifecycle_is_on() ? lifecycle_control : NULL;
}

static void
forget_all(struct control *control)
{
	add_relaxed(&control->n_pauses, 1);
	add_relaxed(&control->generation, 1);
	add_relaxed(&control->clear_epoch, 1);
}

ATTR_EXPORT int
tmtop_hook_start(void)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	store_relaxed(&control->state, RECORDING_ON);
	return 0;
}

ATTR_EXPORT int
tmtop_hook_stop(void)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	/* First the state: nothing new is recorded in the new epoch. */
	store_release(&control->state, RECORDING_STOPPED);
	forget_all(control);
	return 0;
}

ATTR_EXPORT int
tmtop_hook_hold(void)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	add_relaxed(&control->n_pauses, 1);
	/* What was stopped stays so: there is nothing to follow. */
	if (load_relaxed(&control->state) == RECORDING_ON)
		store_relaxed(&control->state, RECORDING_HELD);
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
	forget_all(control);
	return 0;
}

ATTR_EXPORT int
tmtop_hook_reset_peak(void)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	add_relaxed(&control->peak_reset_epoch, 1);
	return 0;
}

ATTR_EXPORT int
tmtop_hook_mark(const char *name)
{
	struct control *control = control_page();
	size_t i = 0;

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	for (; name != NULL && name[i] != '\0' &&
	    i < sizeof(control->mark_name) - 1; i++)
		control->mark_name[i] = name[i];
	control->mark_name[i] = '\0';
	add_relaxed(&control->generation, 1);
	/* ORDER mark-name: the name is there before the mark is.
	 * Other end: readers of the control page. */
	__atomic_fetch_add(&control->mark_epoch, 1, __ATOMIC_RELEASE);
	return 0;
}
