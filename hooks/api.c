/*
 * api.c - what a program asks of tmtop itself: see include/tmtop.h (L2).
 *
 * Shape      Changes of the control page, which this process has mapped;
 *            tmtop-run makes the same ones for viewers (tables/control.h).
 *            Questions about this process's own tables.  And objects of the
 *            program's pools (track.h).
 * Invariant  No argument makes the program fail here that did not point to
 *            what it was said to.
 */
#include "base/atomic.h"
#include "base/compiler.h"
#include "hooks/ask.h"
#include "hooks/lifecycle.h"
#include "hooks/spans.h"
#include "hooks/track.h"
#include "tables/control.h"
#include "tables/region.h"
#include "tmtop.h"

#include <string.h>

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

/* ---- questions ---- */

ATTR_EXPORT int
tmtop_hook_get_traced_memory(size_t *current, size_t *peak)
{
	struct control *control = control_page();
	uint64_t now = 0, most = 0;

	if (control != NULL && !lifecycle_is_stopped())
		counters_totals(control, &now, &most);
	if (current != NULL)
		*current = now;
	if (peak != NULL)
		*peak = most;
	return control != NULL ? 0 : TMTOP_NOT_TRACED;
}

ATTR_EXPORT int
tmtop_hook_get_tracing_memory(size_t *bytes)
{
	if (control_page() == NULL)
		return TMTOP_NOT_TRACED;
	if (bytes != NULL)
		*bytes = load_relaxed(&region_header->private_bytes) +
		    load_relaxed(&region_header->used_bytes);
	return 0;
}

ATTR_EXPORT int
tmtop_hook_get_traceback_limit(void)
{
	struct control *control = control_page();
	uint32_t limit;

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	limit = load_relaxed(&control->frames_limit);
	if (limit == 0)
		limit = lifecycle_lobby->max_frames;
	return limit == 0 || limit > UNWIND_MAX_FRAMES ? UNWIND_MAX_FRAMES :
	    (int)limit;
}

ATTR_EXPORT int
tmtop_hook_set_traceback_limit(unsigned n_frames)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	if (n_frames > UINT16_MAX)
		return -1;
	store_relaxed(&control->frames_limit, n_frames);
	return 0;
}

/* Where the frame's code is in this process; NULL: it is a marker. */
static void *
address_of(const struct node *node)
{
	uint32_t module = node->module_kind >> NODE_MODULE_SHIFT;
	uintptr_t bias = 0;

	switch (node->module_kind & NODE_KIND_MASK) {
	case NODE_CALL:
	case NODE_SIGNAL:
	case NODE_GUESSED:
		if (module != 0)
			bias = region_at(MODULES, struct module_record,
			    module)->load_bias;
		return (void *)(bias + node->offset);
	default:
		return NULL;
	}
}

ATTR_EXPORT int
tmtop_hook_get_traceback(unsigned domain, const void *address, void **frames,
    int room, int *total)
{
	const struct traceback *traceback;
	const struct node *node;
	uint32_t id = 0;
	int n = 0;
	void *pc;

	if (control_page() == NULL || lifecycle_is_stopped())
		return TMTOP_NOT_TRACED;
	if (domain <= DOMAIN_LAST)
		id = track_find(domain, (uintptr_t)address);
	if (id == 0)
		return -1;
	traceback = region_at(TRACEBACKS, struct traceback, id);
	for (id = traceback->node; id != 0; id = node->parent) {
		node = region_at(NODES, struct node, id);
		pc = address_of(node);
		if (pc != NULL && n < room)
			frames[n++] = pc;
	}
	if (total != NULL)
		*total = (int)load_relaxed(&traceback->total_nframe);
	return n;
}

/* ---- objects of the program's own ---- */

static bool
is_own_domain(unsigned domain)
{
	return domain >= DOMAIN_FIRST_OWN && domain <= DOMAIN_LAST;
}

ATTR_EXPORT int
tmtop_hook_track(unsigned domain, const void *address, size_t size)
{
	if (control_page() == NULL || lifecycle_is_stopped())
		return TMTOP_NOT_TRACED;
	if (!is_own_domain(domain) || !track_object(domain,
	    (uintptr_t)address, size, unwind_own_frame()))
		return -1;
	/* Held, it is only forgotten what was there. */
	return lifecycle_records() ? 0 : TMTOP_NOT_TRACED;
}

ATTR_EXPORT int
tmtop_hook_untrack(unsigned domain, const void *address)
{
	if (control_page() == NULL || lifecycle_is_stopped())
		return TMTOP_NOT_TRACED;
	return is_own_domain(domain) && !track_no_object(domain,
	    (uintptr_t)address) ? -1 : 0;
}

ATTR_EXPORT int
tmtop_hook_touch(unsigned domain, const void *address)
{
	if (control_page() == NULL || lifecycle_is_stopped())
		return TMTOP_NOT_TRACED;
	return (domain == DOMAIN_MALLOC || is_own_domain(domain)) &&
	    track_again(domain, (uintptr_t)address, unwind_own_frame()) ?
	    0 : -1;
}

ATTR_EXPORT int
tmtop_hook_name_domain(unsigned domain, const char *name)
{
	struct control *control = control_page();

	if (control == NULL)
		return TMTOP_NOT_TRACED;
	return is_own_domain(domain) &&
	    control_name_domain(control, domain, name) ? 0 : -1;
}

/* ---- regions ---- */

ATTR_EXPORT int
tmtop_hook_region_begin(const void *region, const char *name)
{
	if (control_page() == NULL)
		return TMTOP_NOT_TRACED;
	return spans_begin(region, unwind_caller(unwind_own_frame()).sp,
	    name) ? 0 : -1;
}

/* Of a sample, blocks are counted in parts. */
static long long
blocks_of(int64_t count)
{
	return region_header->sample_bytes != 0 ?
	    (count + SAMPLE_UNIT / 2) / SAMPLE_UNIT : count;
}

ATTR_EXPORT int
tmtop_hook_region_read(struct tmtop_region *region, size_t size, int ends)
{
	struct tmtop_region result;
	struct span_sum sum;

	if (control_page() == NULL)
		return TMTOP_NOT_TRACED;
	if (!spans_read(region, ends != 0, &sum))
		return -1;
	result = (struct tmtop_region){
		.net_bytes = sum.bytes, .net_blocks = blocks_of(sum.blocks),
		.peak_bytes = sum.peak,
		.allocated_bytes = (long long)sum.allocated_bytes,
		.allocated_blocks = blocks_of((int64_t)sum.allocated_blocks),
	};
	/* The program may be of another version, with a larger one. */
	memcpy(region, &result, size < sizeof result ? size : sizeof result);
	return 0;
}

/* ---- what the viewer knows ---- */

ATTR_EXPORT int
tmtop_hook_get_growth(const char *filter, struct tmtop_growth *growth)
{
	struct answer_packet answer;

	if (control_page() == NULL)
		return TMTOP_NOT_TRACED;
	if (!ask(QUESTION_GROWTH, filter, &answer))
		return -1;
	if (answer.result != ANSWER_DONE)
		return answer.result == ANSWER_BAD_FILTER ?
		    TMTOP_BAD_FILTER : -1;
	growth->bytes = answer.bytes;
	growth->blocks = answer.blocks;
	return 0;
}

ATTR_EXPORT int
tmtop_hook_snapshot(const char *path)
{
	struct answer_packet answer;

	if (control_page() == NULL)
		return TMTOP_NOT_TRACED;
	return path != NULL && ask(QUESTION_SNAPSHOT, path, &answer) &&
	    answer.result == ANSWER_DONE ? 0 : -1;
}
