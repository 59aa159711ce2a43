/*
 * attribute.c - raw snapshots to query traces (L5).
 *
 * Shape      Caches from the small to the large: a name's verdict of the skip
 *            list, a location's frames, a frame's usefulness, a raw stack's
 *            node with all frames, a node's first useful ancestor, a raw
 *            stack's node as shown.  Each is an array by id and filled in when
 *            first asked for.
 * Why        A refresh meets mostly stacks of the last one: then a trace
 *            costs two array look-ups.  A new one costs its new frames only,
 *            because the node of its caller's stack is there already.
 * Invariant  A node's first useful ancestor depends on its own frame and its
 *            parent's answer alone, so nodes are answered in order of their
 *            ids.  Frames that are no code (cut, deeper) are never useful.
 *            The skip list and the limit decide over what is shown only; the
 *            full tracebacks stay when they change.
 */
#include "query/attribute.h"

#include "query/skip.h"
#include "util/slice.h"
#include "util/vec.h"

#include <assert.h>
#include <stdio.h>

#define UNKNOWN	UINT32_MAX

/* What a byte of a cache says. */
enum verdict { UNASKED, NO, YES };

typedef VEC(uint8_t) verdicts;
typedef VEC(uint32_t) ids;

/* The frames of one location: n ids from frame_ids[first], newest first. */
struct expansion {
	uint32_t	first, n;	/* n 0: not asked for yet */
};

/* A raw stack with inline frames expanded. */
struct full_stack {
	uint32_t	node;		/* UNKNOWN: not asked for yet */
	uint32_t	n_raw;		/* frames before expansion */
};

struct attribution {
	const struct frame_store *store;
	struct symbols		*symbols;
	struct names		*names;
	const struct skip_list	*skip;
	uint32_t		 limit;		/* 0: all frames */
	bool			 live_only;
	struct stacks		*stacks;
	VEC(struct expansion)	 expansions;	/* by location */
	ids			 frame_ids;
	VEC(struct full_stack)	 full;		/* by raw stack */
	verdicts		 skips_function, skips_file, skips_header,
				 skips_module;	/* by name */
	verdicts		 is_useful;	/* by frame */
	ids			 useful;	/* by node: the nearest useful
						 * one at or above, or 0 */
	ids			 shown;		/* by raw stack: as shown */
	ids			 labels;	/* names, by thread of a snapshot */
	ids			 path;		/* scratch */
};

struct attribution *
attribution_new(const struct frame_store *store, struct symbols *symbols,
    struct names *names)
{
	struct attribution *a = xcalloc(1, sizeof *a);

	a->store = store;
	a->symbols = symbols;
	a->names = names;
	a->stacks = stacks_new(names);
	return a;
}

static void
forget_shown(struct attribution *a)
{
	vec_clear(&a->is_useful);
	vec_clear(&a->useful);
	vec_clear(&a->shown);
}

void
attribution_free(struct attribution *a)
{
	if (a == NULL)
		return;
	stacks_free(a->stacks);
	vec_fini(&a->expansions);
	vec_fini(&a->frame_ids);
	vec_fini(&a->full);
	vec_fini(&a->skips_function);
	vec_fini(&a->skips_file);
	vec_fini(&a->skips_header);
	vec_fini(&a->skips_module);
	vec_fini(&a->is_useful);
	vec_fini(&a->useful);
	vec_fini(&a->shown);
	vec_fini(&a->path);
	vec_fini(&a->labels);
	free(a);
}

void
attribution_set_skip(struct attribution *a, const struct skip_list *skip)
{
	if (a->skip == skip)
		return;
	a->skip = skip;
	vec_clear(&a->skips_function);
	vec_clear(&a->skips_file);
	vec_clear(&a->skips_header);
	vec_clear(&a->skips_module);
	forget_shown(a);
}

void
attribution_set_limit(struct attribution *a, uint32_t limit)
{
	if (a->limit == limit)
		return;
	a->limit = limit;
	forget_shown(a);
}

void
attribution_set_live_only(struct attribution *a, bool on)
{
	a->live_only = on;
}

void
attribution_refresh(struct attribution *a)
{
	stacks_clear(a->stacks);
	vec_clear(&a->expansions);
	vec_clear(&a->frame_ids);
	vec_clear(&a->full);
	forget_shown(a);
}

/* ---- full tracebacks ---- */

static const struct expansion *
expand_location(struct attribution *a, uint32_t location)
{
	const struct symbol_frame *frames;
	struct expansion *expansion;
	uint32_t n;

	assert(location < frame_store_n_locations(a->store));
	if (location >= a->expansions.n)
		vec_push_zeroed(&a->expansions,
		    frame_store_n_locations(a->store) - a->expansions.n);
	expansion = &a->expansions.items[location];
	if (expansion->n > 0)
		return expansion;
	frames = symbols_frames(a->symbols, location, &n);
	assert(n > 0);
	*expansion = (struct expansion){
		.first = (uint32_t)a->frame_ids.n, .n = n };
	for (uint32_t i = 0; i < n; i++)
		vec_push(&a->frame_ids, stacks_intern(a->stacks, &frames[i]));
	return expansion;
}

/* The node of a raw stack from that of its caller's. */
static uint32_t
push_location(struct attribution *a, uint32_t node, uint32_t location)
{
	const struct expansion *expansion = expand_location(a, location);

	for (uint32_t i = expansion->n; i > 0; i--)
		node = stacks_child(a->stacks, node,
		    a->frame_ids.items[expansion->first + i - 1]);
	return node;
}

static void
grow_full(struct attribution *a)
{
	uint32_t n = frame_store_n_stacks(a->store);
	struct full_stack none = { .node = UNKNOWN };

	if (a->full.n >= n)
		return;
	vec_reserve(&a->full, n - a->full.n);
	while (a->full.n < n)
		a->full.items[a->full.n++] = none;

	/* An empty traceback has one frame, "<unknown>". */
	if (a->full.items[0].node == UNKNOWN)
		a->full.items[0] = (struct full_stack){
			.node = stacks_child(a->stacks, 0, 0), .n_raw = 1 };
}

static struct full_stack
find_full(struct attribution *a, uint32_t raw)
{
	struct full_stack full = { .node = 0 };

	assert(raw < a->full.n);
	if (a->full.items[raw].node != UNKNOWN)
		return a->full.items[raw];
	vec_clear(&a->path);
	for (; raw != 0 && a->full.items[raw].node == UNKNOWN;
	    raw = frame_store_get_stack(a->store, raw)->parent)
		vec_push(&a->path, raw);
	if (raw != 0)
		full = a->full.items[raw];
	while (a->path.n > 0) {
		raw = vec_pop(&a->path);
		full.node = push_location(a, full.node,
		    frame_store_get_stack(a->store, raw)->location);
		full.n_raw++;
		a->full.items[raw] = full;
	}
	return full;
}

/* ---- what is skipped ---- */

typedef bool has_name(const struct skip_list *skip, const char *name,
    size_t size);

static bool
is_skipped_name(struct attribution *a, verdicts *cache, has_name *has,
    uint32_t name)
{
	const char *raw;
	size_t size;

	if (name == NAME_UNKNOWN)
		return false;
	if (name >= cache->n)
		vec_push_zeroed(cache, names_count(a->names) - cache->n);
	if (cache->items[name] == UNASKED) {
		raw = name_raw(a->names, name, &size);
		cache->items[name] = has(a->skip, raw, size) ? YES : NO;
	}
	return cache->items[name] == YES;
}

static bool
is_skipped_frame(struct attribution *a, const struct symbol_frame *frame)
{
	bool is_in_header = (frame->flags & SYMBOL_INLINED) != 0 ||
	    frame->function == NAME_UNKNOWN;

	return (frame->flags & SYMBOL_SPECIAL) != 0 ||
	    is_skipped_name(a, &a->skips_function, skip_list_has_function,
	    frame->function) ||
	    is_skipped_name(a, &a->skips_file, skip_list_has_file,
	    frame->file) ||
	    is_skipped_name(a, &a->skips_module, skip_list_has_module,
	    frame->module) ||
	    (is_in_header && is_skipped_name(a, &a->skips_header,
	    skip_list_has_header, frame->file));
}

static bool
is_useful_frame(struct attribution *a, const struct stack_tables *tables,
    uint32_t id)
{
	if (id >= a->is_useful.n)
		vec_push_zeroed(&a->is_useful,
		    tables->n_frames - a->is_useful.n);
	if (a->is_useful.items[id] == UNASKED)
		a->is_useful.items[id] =
		    is_skipped_frame(a, &tables->frames[id].symbol) ? NO : YES;
	return a->is_useful.items[id] == YES;
}

/* Answer for all nodes that are there by now. */
static void
extend_useful(struct attribution *a)
{
	struct stack_tables tables = stacks_tables(a->stacks);

	if (a->useful.n == 0)
		vec_push(&a->useful, 0);
	vec_reserve(&a->useful, tables.n_nodes - a->useful.n);
	for (uint32_t node = (uint32_t)a->useful.n; node < tables.n_nodes;
	    node++) {
		const struct stack_node *at = &tables.nodes[node];

		assert(at->parent < node);
		a->useful.items[node] =
		    is_useful_frame(a, &tables, at->frame) ? node :
		    a->useful.items[at->parent];
		a->useful.n++;
	}
}

/* ---- what is shown ---- */

/* The newest n frames of a traceback as one of their own. */
static uint32_t
cut_stack(struct attribution *a, uint32_t node, uint32_t n)
{
	struct stack_tables tables = stacks_tables(a->stacks);
	uint32_t cut = 0;

	if (tables.nodes[node].depth <= n)
		return node;
	vec_clear(&a->path);
	for (uint32_t i = 0; i < n; i++) {
		vec_push(&a->path, tables.nodes[node].frame);
		node = tables.nodes[node].parent;
	}
	assert(a->path.n == n && n > 0);
	while (a->path.n > 0)
		cut = stacks_child(a->stacks, cut, vec_pop(&a->path));
	return cut;
}

/* What a recording with this limit would have of a raw stack: so many return
 * addresses, with all frames that are inlined there. */
static uint32_t
limit_stack(struct attribution *a, uint32_t raw, uint32_t full)
{
	uint32_t n = 0;

	if (a->limit == 0 || a->full.items[raw].n_raw <= a->limit)
		return full;
	for (uint32_t i = 0; i < a->limit; i++) {
		const struct code_stack *stack = frame_store_get_stack(
		    a->store, raw);

		n += expand_location(a, stack->location)->n;
		raw = stack->parent;
	}
	return cut_stack(a, full, n);
}

/* The node of the frame that the blocks are attributed to. */
static uint32_t
find_useful(struct attribution *a, uint32_t full)
{
	if (a->skip == NULL)
		return full;
	if (full >= a->useful.n)
		extend_useful(a);

	assert(a->useful.items[full] <= full);

	/* Nothing but skipped frames: then the newest counts. */
	return a->useful.items[full] != 0 ? a->useful.items[full] : full;
}

/* The node that stands for a raw stack: limited first, as a recording is, then
 * what is skipped. */
static uint32_t
find_shown(struct attribution *a, uint32_t raw, uint32_t full)
{
	if (raw >= a->shown.n)
		vec_push_zeroed(&a->shown, a->full.n - a->shown.n);
	if (a->shown.items[raw] == 0)
		a->shown.items[raw] = find_useful(a,
		    limit_stack(a, raw, full));
	return a->shown.items[raw];
}

/* Of a thread 0 and of all that the snapshot has. */
static void
label_threads(struct attribution *a, const struct snapshot *snapshot)
{
	char label[96];

	vec_clear(&a->labels);
	vec_push(&a->labels, NAME_UNKNOWN);
	for (uint32_t i = 0; i < snapshot->n_threads; i++) {
		int n = snprintf(label, sizeof label, "%s %d",
		    snapshot->threads[i].name, (int)snapshot->threads[i].tid);

		vec_push(&a->labels, names_intern(a->names, label, (size_t)n));
	}
}

static struct query_trace
attribute_trace(struct attribution *a, const struct snapshot *snapshot,
    uint32_t origin)
{
	const struct trace *trace = &snapshot->traces[origin];
	struct full_stack full = find_full(a, trace->stack);
	uint32_t depth = stacks_depth(a->stacks, full.node);
	uint32_t stack = find_shown(a, trace->stack, full.node);
	bool is_limited = a->limit != 0 && full.n_raw > a->limit;

	assert(depth >= full.n_raw && trace->thread < a->labels.n);
	return (struct query_trace){
		.size = trace->size,
		.count = trace->count,
		.allocs = trace->allocs,
		.allocated = trace->allocated,
		.temporary = trace->temporary,
		.survivor_size = trace->survivor_size,
		.survivor_count = trace->survivor_count,
		.origin = origin,
		.thread = trace->thread,
		.thread_label = a->labels.items[trace->thread],
		.stack = stack,
		.full = full.node,
		.process = trace->process,
		.total_nframe = trace->total_nframe == 0 ? 0 :
		    trace->total_nframe + depth - full.n_raw,
		.domain = trace->domain,
		.flags = (uint16_t)(trace->flags |
		    (is_limited ? TRACE_TRUNCATED : 0)),
	};
}

void
attribution_apply(struct attribution *a, const struct snapshot *snapshot,
    struct query_traces *result)
{
	*result = (struct query_traces){
		.stacks = a->stacks,
		.snapshot = snapshot,
		.traces = xreallocarray(NULL, snapshot->n_traces,
		    sizeof *result->traces),
	};
	grow_full(a);
	label_threads(a, snapshot);
	for (uint32_t i = 0; i < snapshot->n_traces; i++) {
		const struct trace *trace = &snapshot->traces[i];

		slice_point_at(i);
		if (a->live_only && trace->count == 0 && trace->size == 0)
			continue;
		result->traces[result->n++] = attribute_trace(a, snapshot, i);
	}
}
