/*
 * group.c - traces to rows (L5).
 *
 * Shape      Every grouping has a dense key: file by name id, location id,
 *            node.  row_of[key] is the row; a trace costs one index, no
 *            hashing, no allocation of its own.
 *            Cumulative: the traces are summed at their nodes, the sums are
 *            carried from the leaves to the roots (ids of parents are
 *            smaller), and one walk over the tree hands each node's sum to
 *            the row of its frame: once per occurrence, or only where no
 *            older frame of the same row is on the way (recursion counted
 *            once).
 * Why        The cost is that of the nodes in use, not of traces times
 *            depth: 40 frames of recursion are not added up 40 times.
 * Invariant  Rows with nothing alive are behind all others.  Sums over
 *            numbers of a stranger wrap, they never trap.
 */
#include "query/stats.h"

#include "base/hash.h"
#include "query/grove.h"
#include "util/slice.h"
#include "util/vec.h"

#include <assert.h>

#define NO_ROW	UINT32_MAX

struct sum {
	uint64_t	size, count, allocs, allocated, temporary;
	uint64_t	survivor_size, survivor_count;
	uint32_t	n_tracebacks;	/* distinct ones with live blocks */
	uint16_t	domain;
};

struct work {
	struct stack_tables	 tables;
	const struct stacks	*stacks;
	enum grouping		 grouping;
	uint32_t		 n_keys;
	uint32_t		*row_of;	/* by key */
	VEC(struct statistic)	 rows;
	VEC(uint64_t)		 largest;	/* by row: size of what its
						 * stack is from */
};

static uint32_t
count_keys(const struct work *work)
{
	switch (work->grouping) {
	case BY_FILENAME:
		return names_count(stacks_names(work->stacks));
	case BY_LINENO:
		return work->tables.n_locations;
	default:
		return work->tables.n_nodes;
	}
}

static uint32_t
key_of(const struct work *work, uint32_t node)
{
	const struct stack_frame *frame;

	assert(node < work->tables.n_nodes);
	if (work->grouping == BY_TRACEBACK)
		return node;
	frame = &work->tables.frames[work->tables.nodes[node].frame];
	return work->grouping == BY_LINENO ? frame->location :
	    frame->symbol.file;
}

static uint64_t
identify(const struct work *work, const struct stack_frame *frame,
    uint32_t node)
{
	const char *raw;
	size_t size;

	if (work->grouping == BY_TRACEBACK)
		return stacks_identity(work->stacks, node);
	if (work->grouping == BY_LINENO)
		return frame->identity;
	raw = name_raw(stacks_names(work->stacks), frame->symbol.file, &size);
	return hash_bytes(raw, size);
}

static struct statistic *
add_row(struct work *work, uint32_t node, const struct sum *sum)
{
	const struct stack_frame *frame =
	    &work->tables.frames[work->tables.nodes[node].frame];

	vec_push(&work->largest, sum->size);
	vec_push(&work->rows, (struct statistic){
		.identity = identify(work, frame, node),
		.file = frame->symbol.file,
		.line = work->grouping == BY_FILENAME ? 0 :
		    frame->symbol.line,
		.function = frame->symbol.function,
		.module = frame->symbol.module,
		.offset = frame->symbol.offset,
		.flags = frame->symbol.flags,
		.stack = node,
		.domain = sum->domain,
	});
	return vec_last(&work->rows);
}

/* What is alive decides over the row's function, if there is any. */
static void
note_function(struct statistic *row, uint32_t function, const struct sum *sum)
{
	bool is_live = sum->count != 0 || sum->size != 0;
	bool was_live = row->count != 0 || row->size != 0;

	if (is_live && !was_live)
		row->function = function;
	else if (is_live == was_live && row->function != function)
		row->function = NAME_UNKNOWN;
}

/* A sum that belongs to the frame of a node. */
static void
add_sum(struct work *work, uint32_t node, const struct sum *sum)
{
	uint32_t key = key_of(work, node);
	const struct symbol_frame *frame;
	struct statistic *row;
	uint32_t row_id;

	assert(key < work->n_keys);
	row_id = work->row_of[key];
	assert(row_id == NO_ROW || row_id < work->rows.n);
	if (row_id == NO_ROW) {
		row_id = work->row_of[key] = (uint32_t)work->rows.n;
		row = add_row(work, node, sum);
	} else {
		row = &work->rows.items[row_id];
	}
	frame = &work->tables.frames[work->tables.nodes[node].frame].symbol;
	note_function(row, frame->function, sum);
	if (sum->size > work->largest.items[row_id]) {
		work->largest.items[row_id] = sum->size;
		row->stack = node;
		row->flags = frame->flags;
	}
	row->size += sum->size;
	row->count += sum->count;
	row->allocs += sum->allocs;
	row->allocated += sum->allocated;
	row->temporary += sum->temporary;
	row->survivor_size += sum->survivor_size;
	row->survivor_count += sum->survivor_count;
	row->n_tracebacks += sum->n_tracebacks;
}

/* A trace as a sum; `seen` (by node) remembers which tracebacks counted. */
static struct sum
sum_of(const struct query_trace *trace, uint8_t *seen)
{
	bool is_live = trace->count != 0 || trace->size != 0;
	bool is_first = is_live && !seen[trace->stack];

	seen[trace->stack] |= is_live;
	return (struct sum){
		.size = trace->size,
		.count = trace->count,
		.allocs = trace->allocs,
		.allocated = trace->allocated,
		.temporary = trace->temporary,
		.survivor_size = trace->survivor_size,
		.survivor_count = trace->survivor_count,
		.n_tracebacks = is_first,
		.domain = trace->domain,
	};
}

static void
group_attributed(struct work *work, const struct query_traces *traces)
{
	uint8_t *seen = xcalloc(work->tables.n_nodes, 1);

	for (uint32_t i = 0; i < traces->n; i++) {
		struct sum sum = sum_of(&traces->traces[i], seen);

		slice_point_at(i);
		add_sum(work, traces->traces[i].stack, &sum);
	}
	free(seen);
}

/* ---- cumulative ---- */

static void
add_to(struct sum *sum, const struct sum *more)
{
	sum->size += more->size;
	sum->count += more->count;
	sum->allocs += more->allocs;
	sum->allocated += more->allocated;
	sum->temporary += more->temporary;
	sum->survivor_size += more->survivor_size;
	sum->survivor_count += more->survivor_count;
	sum->n_tracebacks += more->n_tracebacks;
	sum->domain = more->domain;
}

/* What is attributed to each slot or to one above it; caller frees. */
static struct sum *
sum_slots(const struct grove *grove, const struct work *work,
    const struct query_traces *traces)
{
	uint8_t *seen = xcalloc(work->tables.n_nodes, 1);
	struct sum *sums = xcalloc(grove->n_slots, sizeof *sums);

	for (uint32_t i = 0; i < traces->n; i++) {
		uint32_t stack = traces->traces[i].stack;
		struct sum sum = sum_of(&traces->traces[i], seen);

		slice_point_at(i);
		add_to(&sums[grove->slot_of[stack]], &sum);
	}
	for (uint32_t slot = grove->n_slots - 1; slot > 0; slot--) {
		slice_point_at(slot);
		if (grove->parents[slot] != 0)
			add_to(&sums[grove->parents[slot]], &sums[slot]);
	}
	free(seen);
	return sums;
}

/* Hand the sums to the rows, oldest frames first, every child after its
 * parent and before its parent's sibling. */
static void
walk_grove(struct work *work, const struct grove *grove,
    const struct sum *sums, bool only_once)
{
	uint32_t *n_open = xcalloc(work->n_keys, sizeof *n_open);
	uint32_t slot = grove->children[0];

	for (size_t n = 0; slot != 0; n++) {
		uint32_t node = grove->nodes[slot];
		uint32_t key = key_of(work, node);
		struct sum sum = sums[slot];

		slice_point_at(n);
		if (n_open[key] > 0)
			sum.n_tracebacks = 0;
		if (n_open[key] == 0 || !only_once)
			add_sum(work, node, &sum);
		n_open[key]++;
		if (grove->children[slot] != 0) {
			slot = grove->children[slot];
			continue;
		}
		assert(n_open[key] > 0);
		n_open[key]--;
		while (slot != 0 && grove->siblings[slot] == 0) {
			slot = grove->parents[slot];
			if (slot != 0)
				n_open[key_of(work, grove->nodes[slot])]--;
		}
		slot = slot != 0 ? grove->siblings[slot] : 0;
	}
	free(n_open);
}

static void
group_cumulative(struct work *work, const struct query_traces *traces,
    bool only_once)
{
	struct grove grove;
	struct sum *sums;

	grove_init(&grove, &traces, 1);
	sums = sum_slots(&grove, work, traces);
	walk_grove(work, &grove, sums, only_once);

	/* Empty tracebacks were summed above all roots; they show frame 0. */
	if (sums[0].count != 0 || sums[0].allocs != 0 || sums[0].size != 0)
		add_sum(work, 0, &sums[0]);
	free(sums);
	grove_fini(&grove);
}

/* ---- the table ---- */

static struct stats_table *
make_table(struct work *work, const struct query_traces *traces)
{
	struct stats_table *table = xcalloc(1, sizeof *table);

	*table = (struct stats_table){
		.stacks = traces->stacks,
		.grouping = work->grouping,
		.n_all = (uint32_t)work->rows.n,
		.n_rows = stats_put_live_first(work->rows.items,
		    (uint32_t)work->rows.n),
		.rows = work->rows.items,
	};
	assert(table->n_rows <= table->n_all && table->n_all <= work->n_keys);
	for (uint32_t i = 0; i < table->n_all; i++) {
		struct statistic *row = &table->rows[i];

		slice_point_at(i);
		row->frees = row->allocs > row->count ?
		    row->allocs - row->count : 0;
	}
	for (uint32_t i = 0; i < traces->n; i++) {
		table->size += traces->traces[i].size;
		table->count += traces->traces[i].count;
	}
	return table;
}

struct stats_table *
group_by(const struct query_traces *traces, enum grouping grouping,
    enum cumulative cumulative)
{
	struct work work = {
		.tables = stacks_tables(traces->stacks),
		.stacks = traces->stacks,
		.grouping = grouping,
	};
	struct stats_table *table;

	assert(grouping < N_GROUPINGS);
	if (grouping == BY_THREAD)
		return group_by_thread(traces);
	work.n_keys = count_keys(&work);
	work.row_of = xreallocarray(NULL, work.n_keys, sizeof *work.row_of);
	memset(work.row_of, 0xff, work.n_keys * sizeof *work.row_of);
	if (grouping == BY_TRACEBACK || cumulative == CUMULATIVE_OFF)
		group_attributed(&work, traces);
	else
		group_cumulative(&work, traces,
		    cumulative == CUMULATIVE_ONCE);
	table = make_table(&work, traces);
	free(work.row_of);
	vec_fini(&work.largest);
	return table;
}
