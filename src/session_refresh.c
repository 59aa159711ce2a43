/*
 * session_refresh.c - from a reading to rows, by stages (L6).
 *
 *	snapshot -> attribute -> filter -> group -> (diff) -> order
 *
 * Shape      The present reading and the mark it is compared with take the
 *            same way, each a session_side with the product of every stage;
 *            their tables meet in the diff.
 * Why        A key press repeats only the stages behind what it changed.  The
 *            mark's side is redone only when something changed that concerns
 *            it: in growth view a refresh costs one side and the join.
 * Invariant  Rows, traces and stacks on show come from the same reading.
 *            Whoever changes skip list, limit or symbols makes all stacks of
 *            the attribution invalid, so both sides start over.
 */
#include "session_state.h"

#include "util/xalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_READINGS = 8192 };

#define NS_PER_S	UINT64_C(1000000000)
#define RATE_WINDOW_NS	(3 * NS_PER_S)
#define RATE_LEAST_NS	(NS_PER_S / 10)	/* less says nothing */
#define SILENT_AFTER_NS	(2 * NS_PER_S)

/* ---- reading ---- */

/* Keep totals for rates and history; when there are too many, every second
 * one: a history that is twice as long needs only half the resolution. */
static void
keep_reading(struct session *s, const struct snapshot *snapshot)
{
	struct session_reading reading = { .time_ns = snapshot->time_ns,
		.totals = snapshot->totals };

	if (s->readings.n >= MAX_READINGS) {
		for (size_t i = 0; i < MAX_READINGS / 2; i++)
			s->readings.items[i] = s->readings.items[2 * i + 1];
		s->readings.n = MAX_READINGS / 2;
	}
	vec_push(&s->readings, reading);
}

/* What the user should know and do about, each said once. */
static void
note_health(struct session *s, const struct totals *totals)
{
	uint32_t n_untracked = s->reader != NULL ?
	    reader_n_untracked(s->reader) : 0;
	char text[160];

	if (!s->said_silent && totals->allocs == 0 && s->client != NULL &&
	    s->run.uptime_ns > SILENT_AFTER_NS) {
		s->said_silent = true;
		session_note(s, "No allocations seen. Own allocator? "
		    "(jemalloc/mimalloc linked in, Go) See tmtop(1).");
	}
	if (!s->said_lost && totals->lost > 0) {
		s->said_lost = true;
		snprintf(text, sizeof text, "lost %llu records: raise "
		    "--table-size", (unsigned long long)totals->lost);
		session_note(s, text);
	}
	if (!s->said_untracked && n_untracked > 0) {
		s->said_untracked = true;
		session_note(s, "more processes at a time than there is room "
		    "for: some are not traced");
	}
}

/* A new snapshot from wherever this session's come from; NULL: none. */
static struct snapshot *
read_snapshot(struct session *s)
{
	struct snapshot *snapshot = s->fed;
	uint32_t slot, incarnation;

	if (s->reader == NULL) {
		s->fed = NULL;
		return snapshot;
	}
	snapshot = reader_snapshot(s->reader);
	while (reader_next_finished(s->reader, &slot, &incarnation))
		client_slot_read(s->client, slot, incarnation);
	return snapshot;
}

void
session_take_snapshot(struct session *s)
{
	struct snapshot *snapshot = read_snapshot(s);
	uint64_t end_ns = s->run.is_over ? s->end_ns : session_now_ns();

	s->run.uptime_ns = end_ns - s->start_ns;
	if (snapshot == NULL)
		return;
	snapshot_release(s->now.snapshot);
	s->now.snapshot = snapshot;
	s->now_is_new = true;
	snprintf(s->trouble, sizeof s->trouble, "%s", snapshot->corruption);
	keep_reading(s, snapshot);
	note_health(s, &snapshot->totals);
}

void
session_feed(struct session *s, struct snapshot *snapshot)
{
	snapshot_release(s->fed);
	s->fed = snapshot_take(snapshot);
}

/* ---- stages ---- */

void
session_base_needs(struct session *s, enum stage from)
{
	if (s->base_from > from)
		s->base_from = from;
}

/* Only the traces of the chosen process, in place. */
static void
narrow_to_process(struct query_traces *traces,
    const struct snapshot *snapshot, pid_t pid)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < traces->n; i++) {
		const struct query_trace *trace = &traces->traces[i];

		assert(trace->process < snapshot->n_processes);
		if (snapshot->processes[trace->process].pid == pid)
			traces->traces[n++] = *trace;
	}
	traces->n = n;
}

static void
attribute_side(struct session *s, struct session_side *side)
{
	free(side->attributed.traces);
	attribution_apply(s->attribution, side->snapshot, &side->attributed);
	if (s->process != 0) {
		narrow_to_process(&side->attributed, side->snapshot,
		    s->process);
	}
}

static void
group_side(struct session *s, struct session_side *side)
{
	stats_free(side->table);
	stats_free(side->unfiltered);
	side->table = group_by(&side->filtered, s->grouping, s->cumulative);
	side->unfiltered = s->filters == NULL ? NULL :
	    group_by(&side->attributed, s->grouping, s->cumulative);
}

static void
run_side(struct session *s, struct session_side *side, enum stage from)
{
	if (from <= STAGE_ATTRIBUTE)
		attribute_side(s, side);
	if (from <= STAGE_FILTER) {
		free(side->filtered.traces);
		filter_apply(s->filters, &side->attributed, &side->filtered,
		    NULL);
	}
	if (from <= STAGE_GROUP)
		group_side(s, side);
}

/* The one table of two sides, or of the present side without a mark; *now is
 * taken over. */
static struct stats_table *
join_tables(const struct session *s, const struct stats_table *base,
    struct stats_table **now)
{
	struct stats_table *joined = *now;

	if (s->baseline >= 0 && *now != NULL)
		joined = diff_tables(base, *now);
	else
		*now = NULL;
	return joined;
}

static void
join_sides(struct session *s)
{
	stats_free(s->rows);
	stats_free(s->unfiltered_rows);
	s->rows = join_tables(s, s->base.table, &s->now.table);
	s->unfiltered_rows = join_tables(s, s->base.unfiltered,
	    &s->now.unfiltered);
	free(s->trace_of_stack);
	s->trace_of_stack = NULL;
}

static void
order_all(struct session *s)
{
	bool reverse;
	enum sort_key key = session_sort(s, &reverse);

	order_rows(s->rows, key, reverse);
	s->rows->n_unfiltered = stats_n_rows(s->unfiltered_rows != NULL ?
	    s->unfiltered_rows : s->rows, key);
}

/* What the attribution still has to be told; returns the stage from which
 * everything must run. */
static enum stage
update_attribution(struct session *s, enum stage from)
{
	if (!s->attribution_changed && !s->symbols_changed)
		return from;
	if (s->attribution_changed) {
		attribution_set_skip(s->attribution, s->skips ?
		    s->skip_list : NULL);
		attribution_set_limit(s->attribution, s->limit);
	} else {
		attribution_refresh(s->attribution);
	}
	s->attribution_changed = s->symbols_changed = false;
	session_base_needs(s, STAGE_ATTRIBUTE);
	return from < STAGE_ATTRIBUTE ? from : STAGE_ATTRIBUTE;
}

static void
run_stages(struct session *s, enum stage from)
{
	from = update_attribution(s, from);
	if (s->now_is_new && from > STAGE_ATTRIBUTE)
		from = STAGE_ATTRIBUTE;
	s->now_is_new = false;
	if (s->baseline >= 0 && s->base_from <= STAGE_GROUP &&
	    from > STAGE_GROUP)
		from = STAGE_GROUP;
	if (from <= STAGE_GROUP) {
		run_side(s, &s->now, from);
		if (s->baseline >= 0) {
			run_side(s, &s->base, s->base_from);
			s->base_from = STAGE_IDLE;
		}
		join_sides(s);
	}
	if (from <= STAGE_ORDER)
		order_all(s);
}

/* Take in symbols until they are all there or the time is over. */
static void
wait_for_symbols(struct session *s, int wait_ms)
{
	uint64_t end_ns = session_now_ns() + (uint64_t)wait_ms * 1000000u;

	while (symbols_n_pending(s->symbols) > 0) {
		uint64_t now_ns = session_now_ns();
		int left_ms = wait_ms < 0 ? -1 : now_ns >= end_ns ? 0 :
		    (int)((end_ns - now_ns) / 1000000u) + 1;

		if (left_ms == 0)
			return;
		if (symbols_pump(s->symbols, left_ms)) {
			s->symbols_changed = true;
			run_stages(s, STAGE_ATTRIBUTE);
		}
	}
}

void
session_refresh(struct session *s, enum stage from, int symbol_wait_ms)
{
	if (from <= STAGE_SNAPSHOT && !s->paused)
		session_take_snapshot(s);
	if (s->now.snapshot == NULL) {
		s->now.snapshot = snapshot_new(0, 0);
		s->now_is_new = true;
	}
	run_stages(s, from);
	if (symbol_wait_ms != 0)
		wait_for_symbols(s, symbol_wait_ms);
}

static void
drop_side(struct session_side *side)
{
	snapshot_release(side->snapshot);
	free(side->attributed.traces);
	free(side->filtered.traces);
	stats_free(side->table);
	stats_free(side->unfiltered);
}

void
session_drop_sides(struct session *s)
{
	drop_side(&s->now);
	drop_side(&s->base);
	snapshot_release(s->fed);
	stats_free(s->rows);
	stats_free(s->unfiltered_rows);
}

/* ---- rates and history ---- */

/* The newest reading that is at least the window old, else the oldest. */
static const struct session_reading *
find_earlier(const struct session *s)
{
	const struct session_reading *last = vec_last(&s->readings);
	size_t i = s->readings.n - 1;

	while (i > 0 && last->time_ns - s->readings.items[i].time_ns <
	    RATE_WINDOW_NS)
		i--;
	return &s->readings.items[i];
}

static double
rate_of(uint64_t now, uint64_t then, double seconds)
{
	return (double)(int64_t)(now - then) / seconds;
}

struct rates
session_rates(const struct session *s)
{
	const struct session_reading *then, *now;
	struct rates rates = { .allocs = 0 };
	double seconds;

	if (s->readings.n < 2)
		return rates;
	now = vec_last(&s->readings);
	then = find_earlier(s);
	if (now->time_ns - then->time_ns < RATE_LEAST_NS)
		return rates;
	seconds = (double)(now->time_ns - then->time_ns) / (double)NS_PER_S;
	rates.allocs = rate_of(now->totals.allocs, then->totals.allocs,
	    seconds);
	rates.frees = rate_of(now->totals.frees, then->totals.frees, seconds);
	rates.allocated_bytes = rate_of(now->totals.allocated_bytes,
	    then->totals.allocated_bytes, seconds);
	rates.net_bytes = rate_of(now->totals.traced_bytes,
	    then->totals.traced_bytes, seconds);
	rates.freed_bytes = rates.allocated_bytes - rates.net_bytes;
	return rates;
}

/* The span the history line covers: the next of these. */
static unsigned
choose_span(uint64_t elapsed_ns)
{
	static const unsigned spans[] = { 60, 120, 300 };

	for (size_t i = 0; i < array_size(spans); i++) {
		if (elapsed_ns <= spans[i] * NS_PER_S)
			return spans[i];
	}
	return 600;
}

size_t
session_history(const struct session *s, uint64_t *values, size_t room,
    unsigned *span_s)
{
	uint64_t first_ns, last_ns, step_ns, start_ns;
	size_t n, reading = 0;

	*span_s = 60;
	if (s->readings.n == 0 || room == 0)
		return 0;
	first_ns = s->readings.items[0].time_ns;
	last_ns = vec_last(&s->readings)->time_ns;
	*span_s = choose_span(last_ns - first_ns);
	step_ns = *span_s * NS_PER_S / room;
	if (step_ns == 0)
		return 0;
	n = (size_t)((last_ns - first_ns) / step_ns) + 1;
	if (n > room)
		n = room;
	start_ns = last_ns - (n - 1) * step_ns;
	for (size_t i = 0; i < n; i++) {
		uint64_t at_ns = start_ns + i * step_ns;

		while (reading + 1 < s->readings.n &&
		    s->readings.items[reading + 1].time_ns <= at_ns)
			reading++;
		values[i] = s->readings.items[reading].totals.traced_bytes;
	}
	return n;
}
