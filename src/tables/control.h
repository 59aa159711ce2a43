/*
 * control.h - the changes of the control page (L1).
 *
 * Two make them: tmtop-run for its viewer, and the functions of tmtop.h in the
 * program itself, in any thread and process of the run.  Each is a few atomic
 * writes of its own: two that meet leave what one of both orders would have
 * left.  Nothing here allocates, waits or fails.
 */
#ifndef TMTOP_TABLES_CONTROL_H
#define TMTOP_TABLES_CONTROL_H

#include "base/atomic.h"
#include "tables/layout.h"

static inline void
control_begin_generation(struct control *control)
{
	uint32_t now = load_relaxed(&control->generation);

	while (now < GENERATION_LAST &&
	    !cas_relaxed(&control->generation, &now, now + 1))
		;
}

/* Forget all blocks. */
static inline void
control_clear(struct control *control)
{
	add_relaxed(&control->n_pauses, 1);
	/* First the generation: a block of the new epoch has none of the
	 * old ones. */
	store_relaxed(&control->generation, 1);
	add_relaxed(&control->clear_epoch, 1);
}

static inline void
control_start(struct control *control)
{
	store_relaxed(&control->state, RECORDING_ON);
}

static inline void
control_stop(struct control *control)
{
	/* First the state: nothing new is recorded in the new epoch. */
	store_release(&control->state, RECORDING_STOPPED);
	control_clear(control);
}

/* What was stopped stays so: there is nothing to follow. */
static inline void
control_hold(struct control *control)
{
	uint32_t on = RECORDING_ON;

	add_relaxed(&control->n_pauses, 1);
	cas_relaxed(&control->state, &on, RECORDING_HELD);
}

static inline void
control_reset_peak(struct control *control)
{
	add_relaxed(&control->peak_reset_epoch, 1);
}

/* NULL: no name; what does not fit is cut. */
static inline void
control_put_name(char *to, size_t room, const char *name)
{
	size_t i = 0;

	for (; name != NULL && name[i] != '\0' && i < room - 1; i++)
		store_relaxed(&to[i], name[i]);
	store_relaxed(&to[i], '\0');
}

static inline void
control_mark(struct control *control, const char *name)
{
	control_put_name(control->mark_name, sizeof(control->mark_name),
	    name);
	control_begin_generation(control);
	/* ORDER mark-name: the name is there before the mark is.
	 * Other end: reader_last_mark(). */
	__atomic_fetch_add(&control->mark_epoch, 1, __ATOMIC_RELEASE);
}

/* What a domain is called; the latest name counts.  False: there are too many
 * that have one. */
static inline bool
control_name_domain(struct control *control, uint32_t domain,
    const char *name)
{
	struct domain_name *entry;
	uint32_t i, found;

	for (i = 0; i < MAX_DOMAIN_NAMES; i++) {
		entry = &control->domain_names[i];
		found = load_relaxed(&entry->domain);
		if (found == 0)
			cas_relaxed(&entry->domain, &found, domain);
		if (load_relaxed(&entry->domain) != domain)
			continue;
		control_put_name(entry->name, sizeof(entry->name), name);
		return true;
	}
	return false;
}

#endif
