/*
 * filter.c - applying filters to traces as tracemalloc does (L5).
 *
 * Shape      A filter is a verdict on frames (file, line, function), spread to
 *            traces: by the attributed frame alone, or by any frame.  A
 *            trace passes when some inclusive filter says yes (if there is
 *            any) and every exclusive one does.  Tests of rows are not for
 *            here (filter_measure.c): a filter of nothing else is left out.
 *            A test of single blocks is asked last, of the blocks of traces
 *            that everything else lets pass.
 * Why        There are hundreds of file names, thousands of frames, and
 *            perhaps a million traces.  So per filter each file is matched
 *            when first met, each frame gets its answer once, and for `all`
 *            each node of the tree, from its frame and its parent's answer;
 *            a trace costs an array look-up per filter.
 * Invariant  Nothing is kept between calls: an application depends on its
 *            arguments alone.
 */
#include "query/filter.h"

#include "query/filter_rule.h"
#include "util/slice.h"
#include "util/vec.h"

#include <assert.h>

struct filter_set {
	struct filter	**filters;
	size_t		 n;
};

/* With no more nodes than so many times the traces, all are asked at once. */
enum { NODES_PER_TRACE = 32 };

/* An answer not asked for yet, or one of the two. */
enum answer { UNASKED, NO, YES };

/* One filter at work on one tree. */
struct sieve {
	const struct filter	*filter;
	const struct names	*names;
	struct stack_tables	 tables;
	uint8_t			*files;		/* enum answer by name id, */
	uint8_t			*functions;	/* of either; may be NULL */
	uint8_t			*frames;	/* enum answer by frame id */
	uint8_t			*nodes;		/* the same by node; `all` only,
						 * else NULL */
	int			 domain;	/* -1: none has that name */
	uint32_t		 n_errors;
};

static bool
is_of_frames(const struct filter *filter)
{
	return filter->glob != NULL || filter->function != NULL;
}

bool
filter_is_of_traces(const struct filter *filter)
{
	return is_of_frames(filter) || filter->has_domain ||
	    filter->has_block;
}

static void
sieve_init(struct sieve *sieve, const struct filter *filter,
    const struct query_traces *traces)
{
	*sieve = (struct sieve){
		.filter = filter,
		.names = stacks_names(traces->stacks),
		.tables = stacks_tables(traces->stacks),
		.domain = filter->domain,
	};
	if (filter->domain_name != NULL)
		sieve->domain = traces->snapshot == NULL ? -1 :
		    snapshot_find_domain(traces->snapshot,
		    filter->domain_name);
	if (filter->glob != NULL)
		sieve->files = xcalloc(names_count(sieve->names), 1);
	if (filter->function != NULL)
		sieve->functions = xcalloc(names_count(sieve->names), 1);
	if (!is_of_frames(filter))
		return;
	sieve->frames = xcalloc(sieve->tables.n_frames, 1);
	if (filter->all)
		sieve->nodes = xcalloc(sieve->tables.n_nodes, 1);
}

static void
sieve_fini(struct sieve *sieve)
{
	free(sieve->files);
	free(sieve->functions);
	free(sieve->frames);
	free(sieve->nodes);
}

/* Each distinct name is matched when it is first met; no glob, no objection. */
static bool
match_name(struct sieve *sieve, const struct glob *glob, uint8_t *answers,
    uint32_t name)
{
	const char *raw;
	size_t size;
	int verdict;

	if (glob == NULL)
		return true;
	assert(name < names_count(sieve->names));
	if (answers[name] == UNASKED) {
		raw = name_raw(sieve->names, name, &size);
		verdict = glob_match(glob, raw, size);
		if (verdict < 0)
			sieve->n_errors++;
		answers[name] = verdict > 0 ? YES : NO;
	}
	return answers[name] == YES;
}

static bool
match_frame(struct sieve *sieve, const struct symbol_frame *frame)
{
	const struct filter *filter = sieve->filter;

	if (filter->has_line && frame->line != filter->line)
		return false;
	return match_name(sieve, filter->glob, sieve->files, frame->file) &&
	    match_name(sieve, filter->function, sieve->functions,
	    frame->function);
}

static bool
match_node_frame(struct sieve *sieve, uint32_t node)
{
	uint32_t id = sieve->tables.nodes[node].frame;

	if (sieve->frames[id] == UNASKED)
		sieve->frames[id] = match_frame(sieve,
		    &sieve->tables.frames[id].symbol) ? YES : NO;
	return sieve->frames[id] == YES;
}

static bool
is_for_all_nodes(const struct sieve *sieve, const struct query_traces *traces)
{
	return sieve->nodes != NULL &&
	    traces->n > sieve->tables.n_nodes / NODES_PER_TRACE;
}

static void
match_node(struct sieve *sieve, uint32_t node)
{
	uint32_t parent = sieve->tables.nodes[node].parent;
	bool is_match = match_node_frame(sieve, node) ||
	    (node != 0 && parent != 0 && sieve->nodes[parent] == YES);

	sieve->nodes[node] = is_match ? YES : NO;
}

/* The answers of all nodes in their order, parents first, of all filters that
 * want them: where most are asked for, that is several times faster than from
 * the leaves up. */
static void
match_all_nodes(struct sieve *sieves, size_t n,
    const struct query_traces *traces)
{
	struct sieve **eager = xcalloc(n, sizeof(struct sieve *));
	uint32_t n_nodes = stacks_count(traces->stacks);
	size_t n_eager = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_for_all_nodes(&sieves[i], traces))
			eager[n_eager++] = &sieves[i];
	}
	for (uint32_t node = 0; n_eager > 0 && node < n_nodes; node++) {
		slice_point_at(node);
		for (size_t i = 0; i < n_eager; i++)
			match_node(eager[i], node);
	}
	free(eager);
}

/* Some frame of this traceback matches.  Goes up to the first ancestor whose
 * answer is known or yes, and writes the answer down the same way. */
static bool
match_any_frame(struct sieve *sieve, uint32_t node)
{
	uint32_t top = node;
	enum answer answer = UNASKED;

	for (;; top = sieve->tables.nodes[top].parent) {
		answer = sieve->nodes[top];
		if (answer != UNASKED)
			break;
		if (match_node_frame(sieve, top))
			answer = YES;
		else if (sieve->tables.nodes[top].parent == 0)
			answer = NO;
		if (answer != UNASKED)
			break;
	}
	assert(answer != UNASKED);
	for (uint32_t at = node;; at = sieve->tables.nodes[at].parent) {
		sieve->nodes[at] = (uint8_t)answer;
		if (at == top)
			break;
	}
	return answer == YES;
}

static bool
match_trace(struct sieve *sieve, const struct query_trace *trace)
{
	const struct filter *filter = sieve->filter;
	uint32_t full = trace->full != 0 ? trace->full : trace->stack;

	if (filter->has_domain && trace->domain != sieve->domain)
		return false;
	if (!is_of_frames(filter))
		return true;
	assert(trace->stack < sieve->tables.n_nodes);
	assert(full < sieve->tables.n_nodes);
	return filter->all ? match_any_frame(sieve, full) :
	    match_node_frame(sieve, trace->stack);
}

/* ---- blocks ---- */

/* What the filters say of a trace; where some depend on the block, what they
 * say of each. */
struct verdict {
	bool		 has_inclusive, is_included;
	struct sieve	**of_blocks;	/* that match but for the block */
	size_t		 n_of_blocks;
};

static bool
passes_block(const struct verdict *verdict, uint64_t size)
{
	bool is_included = verdict->is_included || !verdict->has_inclusive;

	for (size_t i = 0; i < verdict->n_of_blocks; i++) {
		const struct filter *filter = verdict->of_blocks[i]->filter;
		int64_t value = size > INT64_MAX ? INT64_MAX : (int64_t)size;

		if (value < filter->block.least || value > filter->block.most)
			continue;
		if (!filter->inclusive)
			return false;
		is_included = true;
	}
	return is_included;
}

static uint64_t
share_of(uint64_t value, uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 :
	    (uint64_t)((unsigned __int128)value * part / whole);
}

/* Only the blocks that pass; false: none does. */
static bool
keep_blocks(const struct verdict *verdict, const struct snapshot *snapshot,
    struct query_trace *trace)
{
	const struct live_block *blocks;
	uint64_t size = 0, count = 0, size_all = 0;
	size_t n = 0;

	blocks = snapshot == NULL ? NULL :
	    snapshot_blocks(snapshot, trace->origin, &n);
	for (size_t i = 0; i < n; i++) {
		size_all += blocks[i].size;
		if (!passes_block(verdict, blocks[i].size))
			continue;
		size += blocks[i].size;
		count++;
	}
	if (count > 0 && snapshot->totals.sample_bytes != 0) {
		size = share_of(trace->size, size, size_all);
		count = share_of(trace->count, count, n);
	}
	trace->size = trace->allocated = size;
	trace->count = trace->allocs = count;
	trace->temporary = trace->survivor_size = trace->survivor_count = 0;
	return count > 0;
}

/* ---- sets at work ---- */

/* What the set says of one trace; what is kept of it goes to `kept`. */
static bool
keeps(struct sieve *sieves, size_t n, struct verdict *verdict,
    const struct query_traces *traces, uint32_t at, struct query_trace *kept)
{
	const struct query_trace *trace = &traces->traces[at];

	verdict->has_inclusive = verdict->is_included = false;
	verdict->n_of_blocks = 0;
	for (size_t i = 0; i < n; i++) {
		const struct filter *filter = sieves[i].filter;
		bool is_match;

		verdict->has_inclusive |= filter->inclusive;
		if (filter->inclusive && verdict->is_included &&
		    !filter->has_block)
			continue;
		is_match = match_trace(&sieves[i], trace);
		if (is_match && filter->has_block)
			verdict->of_blocks[verdict->n_of_blocks++] =
			    &sieves[i];
		else if (is_match && !filter->inclusive)
			return false;
		else if (is_match)
			verdict->is_included = true;
	}
	if (verdict->n_of_blocks == 0 && !verdict->is_included &&
	    verdict->has_inclusive)
		return false;
	*kept = *trace;
	return verdict->n_of_blocks == 0 ||
	    keep_blocks(verdict, traces->snapshot, kept);
}

void
filter_apply(const struct filter_set *set, const struct query_traces *traces,
    struct query_traces *result, uint32_t *n_errors)
{
	struct sieve *sieves = xcalloc(filter_set_count(set), sizeof *sieves);
	struct verdict verdict = { .of_blocks = xcalloc(filter_set_count(set),
	    sizeof(struct sieve *)) };
	uint32_t errors = 0;
	size_t n = 0;

	*result = (struct query_traces){
		.stacks = traces->stacks,
		.snapshot = traces->snapshot,
		.traces = xreallocarray(NULL, traces->n,
		    sizeof *result->traces),
	};
	for (size_t i = 0; i < filter_set_count(set); i++) {
		if (filter_is_of_traces(set->filters[i]))
			sieve_init(&sieves[n++], set->filters[i], traces);
	}
	match_all_nodes(sieves, n, traces);
	for (uint32_t i = 0; i < traces->n; i++) {
		slice_point_at(i);
		result->n += keeps(sieves, n, &verdict, traces, i,
		    &result->traces[result->n]);
	}
	assert(result->n <= traces->n);
	for (size_t i = 0; i < n; i++) {
		errors += sieves[i].n_errors;
		sieve_fini(&sieves[i]);
	}
	free(verdict.of_blocks);
	free(sieves);
	if (n_errors != NULL)
		*n_errors = errors;
}

/* ---- sets ---- */

struct filter_set *
filter_set_new(struct filter **filters, size_t n)
{
	struct filter_set *set = xcalloc(1, sizeof *set);

	set->filters = xreallocarray(NULL, n, sizeof *set->filters);
	for (size_t i = 0; i < n; i++) {
		assert(filters[i] != NULL);
		set->filters[i] = filters[i];
	}
	set->n = n;
	return set;
}

void
filter_set_free(struct filter_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->n; i++)
		filter_free(set->filters[i]);
	free(set->filters);
	free(set);
}

size_t
filter_set_count(const struct filter_set *set)
{
	return set != NULL ? set->n : 0;
}

const struct filter *
filter_set_get(const struct filter_set *set, size_t i)
{
	assert(set != NULL && i < set->n);
	return set->filters[i];
}

bool
filter_set_has_block_tests(const struct filter_set *set)
{
	for (size_t i = 0; i < filter_set_count(set); i++) {
		if (set->filters[i]->has_block)
			return true;
	}
	return false;
}
