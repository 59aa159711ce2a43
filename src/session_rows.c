/*
 * session_rows.c - the rows on show and what is behind one of them (L6).
 */
#include "session_state.h"

#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>

const struct stats_table *
session_rows(const struct session *s)
{
	return s->rows;
}

const struct snapshot *
session_snapshot(const struct session *s)
{
	return s->now.snapshot;
}

const struct totals *
session_latest_totals(const struct session *s)
{
	static const struct totals none;

	return s->latest != NULL ? &s->latest->totals : &none;
}

/* Is the row made of this traceback, among others? */
static bool
is_behind_row(const struct session *s, const struct statistic *row,
    const struct query_trace *trace)
{
	uint32_t stack = trace->stack;
	bool any_frame = s->cumulative != CUMULATIVE_OFF &&
	    s->grouping != BY_TRACEBACK;

	if (s->rows->grouping == BY_THREAD)
		return thread_identity(s->names, trace->thread_label) ==
		    row->identity;
	for (;;) {
		if (stats_is_at(s->rows, row, stack))
			return true;
		if (stack == 0 || !any_frame)
			return false;
		stack = stacks_parent(s->rows->stacks, stack);
	}
}

/* The traces of one side that the row was made of; caller frees. */
static struct query_traces
select_behind(const struct session *s, const struct session_side *side,
    const struct statistic *row)
{
	const struct query_traces *from = &side->filtered;
	struct query_traces found = {
		.stacks = from->stacks,
		.traces = xcalloc(from->n, sizeof *found.traces),
	};

	for (uint32_t i = 0; i < from->n; i++) {
		if (is_behind_row(s, row, &from->traces[i]))
			found.traces[found.n++] = from->traces[i];
	}
	return found;
}

static struct stats_table *
group_behind(const struct session *s, const struct session_side *side,
    const struct statistic *row)
{
	struct query_traces traces = select_behind(s, side, row);
	struct stats_table *table = group_by(&traces, BY_TRACEBACK,
	    CUMULATIVE_OFF);

	free(traces.traces);
	return table;
}

struct stats_table *
session_tracebacks(const struct session *s, const struct statistic *row)
{
	struct stats_table *now = group_behind(s, &s->now, row);
	struct stats_table *table = now;

	if (s->rows->has_diff) {
		struct stats_table *base = group_behind(s, &s->base, row);

		table = session_diff(s, session_foreign(s), base, now);
		stats_free(base);
		stats_free(now);
	}
	order_rows(table, SORT_SIZE, false);
	return table;
}

/* Index from node to filtered trace, made when first asked for after a
 * refresh: only reports and the traceback view want it. */
static void
make_trace_index(struct session *s)
{
	const struct query_traces *traces = &s->now.filtered;

	s->n_trace_of_stack = stacks_count(traces->stacks);
	s->trace_of_stack = xreallocarray(NULL, s->n_trace_of_stack,
	    sizeof *s->trace_of_stack);
	for (uint32_t i = 0; i < s->n_trace_of_stack; i++)
		s->trace_of_stack[i] = UINT32_MAX;
	for (uint32_t i = 0; i < traces->n; i++) {
		assert(traces->traces[i].stack < s->n_trace_of_stack);
		s->trace_of_stack[traces->traces[i].stack] = i;
	}
}

const struct query_trace *
session_trace(const struct session *session, uint32_t stack)
{
	/* The index is a cache: asking for a trace changes nothing. */
	struct session *s = (struct session *)session;
	uint32_t i;

	if (s->now.filtered.traces == NULL)
		return NULL;
	if (s->trace_of_stack == NULL)
		make_trace_index(s);
	i = stack < s->n_trace_of_stack ? s->trace_of_stack[stack] :
	    UINT32_MAX;
	return i == UINT32_MAX ? NULL : &s->now.filtered.traces[i];
}

uint32_t
session_full_stack(const struct session *s, uint32_t stack)
{
	const struct query_trace *trace = session_trace(s, stack);

	return trace != NULL && trace->full != 0 ? trace->full : stack;
}

const char *
session_domain_name(const struct session *s, uint32_t domain)
{
	return s->now.snapshot == NULL ? NULL :
	    snapshot_domain_name(s->now.snapshot, domain);
}
