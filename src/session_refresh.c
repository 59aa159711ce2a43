/*
 * session_refresh.c - from a reading to rows, by stages (L6).
 *
 *	snapshot -> attribute -> filter -> group -> (diff) -> order
 *
 * Shape      A refresh has three parts.  plan() writes down what has to run
 *            and with what parameters; run() makes everything new, beside
 *            what is on show; commit() puts it in place.  The present
 *            reading and the mark it is compared with take the same way,
 *            each a session_side; their tables meet in the diff.
 * Why        A key press repeats only the stages behind what it changed.  The
 *            mark's side is redone only when something changed that concerns
 *            it: in growth view a refresh costs one side and the join.
 *            Because run() touches nothing that is on show, it can be cut in
 *            slices (util/slice.h): with a million tracebacks keys are
 *            answered meanwhile, from the rows of before.
 * Invariant  Rows, traces and stacks on show come from the same reading.
 *            Nothing on show dies before commit(): new symbols make all
 *            stacks of an attribution invalid, so they are resolved in a
 *            second one, and the two change places.
 *            A setter called while a refresh is under way concerns the next.
 *            The call tree (session_tree.c) is made of the same traces in the
 *            same refresh as the rows.
 */
#include "session_state.h"

#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>

/* A table of no more rows is put in order as a whole, a larger one as far as
 * somebody looks. */
enum { ORDER_ALL = 20000, ORDER_FIRST = 4000 };
enum { LONG_MS = 300 };		/* a refresh that one waits for */

/* ---- what has to run ---- */

void
session_base_needs(struct session *s, enum stage from)
{
	if (s->base_from > from)
		s->base_from = from;
}

/* Is nothing to be shown of blocks that are no more? */
static bool
shows_live_only(const struct session *s, enum sort_key key)
{
	enum output_format format = s->options->format;

	return s->options->batch && format != FORMAT_JSON &&
	    format != FORMAT_CSV && s->baseline < 0 && !sort_key_is_past(key);
}

/* The attribution that the refresh is made with; returns the stage from which
 * everything must run. */
static enum stage
choose_attribution(struct session *s, struct session_refresh *r)
{
	bool is_changed = s->attribution_changed || s->symbols_changed;

	r->attribution = s->attribution;
	if (s->symbols_changed) {
		if (s->spare_attribution == NULL)
			s->spare_attribution = attribution_new(s->frames,
			    s->symbols, s->names);
		r->attribution = s->spare_attribution;
		attribution_refresh(r->attribution);
	}
	attribution_set_skip(r->attribution, s->skips ? s->skip_list : NULL);
	attribution_set_limit(r->attribution, s->limit);
	attribution_set_live_only(r->attribution, shows_live_only(s, r->key));
	s->attribution_changed = s->symbols_changed = false;
	if (is_changed)
		session_base_needs(s, STAGE_ATTRIBUTE);
	return is_changed ? STAGE_ATTRIBUTE : STAGE_IDLE;
}

static void
plan(struct session *s, enum stage from)
{
	struct session_refresh *r = &s->refresh;
	enum stage least;

	if (s->now.snapshot == NULL) {
		s->now.snapshot = snapshot_new(0, 0);
		s->now_is_new = true;
	}
	*r = (struct session_refresh){
		.reads = from <= STAGE_SNAPSHOT && !s->paused,
		.shows_now = s->shown < 0,
		.now = s->now, .base = s->base,
		.has_base = s->baseline >= 0,
		.base_from = STAGE_IDLE,
		.foreign = session_foreign(s),
		.process = s->process,
		.filters = s->filters,
		.ignored = s->ignored,
		.grouping = s->grouping,
		.cumulative = s->cumulative,
		.since = session_since(s),
	};
	if (s->reader != NULL)
		reader_want_survivors(s->reader, r->since.generation != 0 ?
		    &r->since : NULL);
	r->key = session_sort(s, &r->reverse);
	least = choose_attribution(s, r);
	if (s->now_is_new)
		least = STAGE_ATTRIBUTE;
	s->now_is_new = false;
	if (r->has_base) {
		r->base_from = s->base_from;
		s->base_from = STAGE_IDLE;
		snapshot_take(r->base.snapshot);
		if (r->base_from <= STAGE_GROUP && least > STAGE_GROUP)
			least = STAGE_GROUP;
	}
	r->from = from < least ? from : least;
	session_plan_tree(s);
	session_plan_hits(s);
}

/* ---- stages ---- */

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

/* The first stages of one side; what they make replaces what `side` has,
 * which still belongs to the session. */
static void
select_traces(struct session *s, struct session_side *side, enum stage from)
{
	const struct session_refresh *r = &s->refresh;

	if (from <= STAGE_ATTRIBUTE) {
		s->doing = "attributing";
		attribution_apply(r->attribution, side->snapshot,
		    &side->attributed);
		if (r->process != 0)
			narrow_to_process(&side->attributed, side->snapshot,
			    r->process);
		if (r->ignored != NULL)
			side->ignored_size = ignore_apply(r->ignored,
			    &side->attributed);
	}
	if (from > STAGE_FILTER)
		return;
	s->doing = "filtering";
	side->n_filter_errors = 0;
	if (r->filters == NULL)
		side->filtered = side->attributed;
	else
		filter_apply(r->filters, &side->attributed, &side->filtered,
		    &side->n_filter_errors);
}

/* What is printed as tracemalloc's lines is also counted as those. */
static struct stats_table *
group_plain(const struct session *s, const struct session_side *side)
{
	const struct session_refresh *r = &s->refresh;
	struct query_traces plain;
	struct stats_table *table;

	make_plain(&side->filtered, s->plain, &plain);
	table = group_by(&plain, r->grouping, r->cumulative);
	free(plain.traces);
	return table;
}

/* Is this still what the traces of `from` are without filters?  A key in the
 * filter prompt changes nothing of it. */
static bool
is_still_so(const struct session *s, const struct stats_table *unfiltered,
    enum stage from)
{
	const struct session_refresh *r = &s->refresh;

	return from > STAGE_ATTRIBUTE && r->filters != NULL &&
	    unfiltered != NULL && unfiltered->grouping == r->grouping &&
	    s->unfiltered_cumulative == r->cumulative;
}

/* keeps_unfiltered: its unfiltered table is that already, or not wanted. */
static void
group_side(struct session *s, struct session_side *side,
    bool keeps_unfiltered)
{
	const struct session_refresh *r = &s->refresh;

	s->doing = "grouping";
	side->table = s->plain != NULL ? group_plain(s, side) :
	    group_by(&side->filtered, r->grouping, r->cumulative);
	if (!keeps_unfiltered)
		side->unfiltered = r->filters == NULL ? NULL :
		    group_by(&side->attributed, r->grouping, r->cumulative);
}

/* The one table of two sides, or of the present side without a mark; `now` is
 * taken over. */
static struct stats_table *
join_tables(const struct session *s, const struct stats_table *base,
    struct stats_table *now)
{
	struct stats_table *joined;

	if (!s->refresh.has_base || now == NULL)
		return now;
	joined = session_diff(s, s->refresh.foreign, base, now);
	stats_free(now);
	return joined;
}

/* Are the present reading's survivors those of the mark compared with? */
static bool
knows_survivors(const struct session_refresh *r)
{
	const struct snapshot *snapshot = r->now.snapshot;

	return snapshot->has_survivors && r->since.generation != 0 &&
	    snapshot->survivors_since.generation == r->since.generation &&
	    snapshot->survivors_since.clear_epoch == r->since.clear_epoch;
}

static void
make_rows(struct session *s)
{
	struct session_refresh *r = &s->refresh;
	bool keeps = is_still_so(s, s->unfiltered_rows, r->from) &&
	    s->unfiltered_rows->has_diff == r->has_base &&
	    (!r->has_base || r->base_from > STAGE_ATTRIBUTE);

	if (s->options->format == FORMAT_TRACEMALLOC && s->plain == NULL)
		s->plain = stacks_new(s->names);
	select_traces(s, &r->now, r->from);
	group_side(s, &r->now, keeps);
	if (r->has_base && r->base_from <= STAGE_GROUP) {
		select_traces(s, &r->base, r->base_from);
		group_side(s, &r->base, is_still_so(s, s->base.unfiltered,
		    r->base_from));
	}
	s->doing = "comparing";
	r->rows = join_tables(s, r->base.table, r->now.table);
	r->rows->has_survivors = knows_survivors(r);
	filter_rows(r->filters, r->rows, r->cumulative);
	r->unfiltered_rows = keeps ? s->unfiltered_rows :
	    join_tables(s, r->base.unfiltered, r->now.unfiltered);
	r->now.table = r->now.unfiltered = NULL;
}

static uint32_t
choose_n_ordered(const struct session *s, const struct stats_table *rows)
{
	uint32_t wanted = s->n_wanted < UINT32_MAX / 2 ? 2 * s->n_wanted :
	    UINT32_MAX;

	if (rows->n_all <= ORDER_ALL)
		return UINT32_MAX;
	return wanted > ORDER_FIRST ? wanted : ORDER_FIRST;
}

static void
order(struct session *s, const struct session_refresh *r,
    struct stats_table *rows, const struct stats_table *unfiltered)
{
	s->doing = "ordering";
	order_first_rows(rows, r->key, r->reverse, choose_n_ordered(s, rows));
	rows->n_unfiltered = stats_n_rows(unfiltered != NULL ? unfiltered :
	    rows, r->key);
}

/* Everything but commit(); may be in a thread of its own. */
static void
run(void *session)
{
	struct session *s = session;
	struct session_refresh *r = &s->refresh;

	s->doing = "reading";
	if (r->reads)
		r->read = session_read_snapshot(s);
	if (r->read != NULL && r->shows_now)
		r->now.snapshot = r->read;
	if (r->from <= STAGE_GROUP) {
		make_rows(s);
		session_make_hits(s);
		order(s, r, r->rows, r->unfiltered_rows);
	} else if (r->from <= STAGE_ORDER) {
		order(s, r, s->rows, s->unfiltered_rows);
	}
	s->doing = "adding up";
	session_make_tree(s);
}

/* ---- putting it in place ---- */

static bool
owns_filtered(const struct session_side *side)
{
	return side->filtered.traces != side->attributed.traces;
}

/* The products of a side but those that go on in `kept`. */
static void
drop_products(struct session_side *side, const struct session_side *kept)
{
	if (owns_filtered(side) &&
	    side->filtered.traces != kept->filtered.traces)
		free(side->filtered.traces);
	if (side->attributed.traces != kept->attributed.traces)
		free(side->attributed.traces);
	if (side->table != kept->table)
		stats_free(side->table);
	if (side->unfiltered != kept->unfiltered)
		stats_free(side->unfiltered);
}

static void
replace_side(struct session_side *side, const struct session_side *made)
{
	struct snapshot *snapshot = side->snapshot;

	drop_products(side, made);
	*side = *made;
	side->snapshot = snapshot;
}

static void
drop_retired_filters(struct session *s)
{
	for (size_t i = 0; i < s->retired_filters.n; i++)
		filter_set_free(s->retired_filters.items[i]);
	vec_clear(&s->retired_filters);
}

static void
commit(struct session *s)
{
	struct session_refresh *r = &s->refresh;

	if (r->reads)
		session_install_snapshot(s, r->read);
	if (r->from <= STAGE_GROUP) {
		replace_side(&s->now, &r->now);
		replace_side(&s->base, &r->base);
		stats_free(s->rows);
		if (r->unfiltered_rows != s->unfiltered_rows)
			stats_free(s->unfiltered_rows);
		s->unfiltered_cumulative = r->cumulative;
		s->rows = r->rows;
		s->unfiltered_rows = r->unfiltered_rows;
		free(s->trace_of_stack);
		s->trace_of_stack = NULL;
	}
	session_commit_tree(s);
	session_commit_hits(s);
	session_note_unmatched(s);
	if (r->has_base)
		snapshot_release(r->base.snapshot);
	if (r->attribution == s->spare_attribution) {
		s->spare_attribution = s->attribution;
		s->attribution = r->attribution;
	}
	drop_retired_filters(s);
}

void
session_retire_filters(struct session *s, struct filter_set *filters)
{
	if (session_is_refreshing(s))
		vec_push(&s->retired_filters, filters);
	else
		filter_set_free(filters);
}

/* ---- refreshing ---- */

bool
session_is_refreshing(const struct session *s)
{
	return s->slices != NULL && slices_busy(s->slices);
}

const char *
session_refresh_doing(const struct session *s, unsigned *elapsed_ms)
{
	*elapsed_ms = 0;
	if (!session_is_refreshing(s))
		return NULL;
	*elapsed_ms = (unsigned)((session_now_ns() - s->refresh_began_ns) /
	    1000000u);
	return *elapsed_ms >= LONG_MS ? s->doing : NULL;
}

bool
session_refresh_slice(struct session *s, enum stage from, int budget_ms)
{
	if (!session_is_refreshing(s)) {
		plan(s, from);
		if (s->slices == NULL)
			s->slices = slices_new(run, s);
		s->refresh_began_ns = session_now_ns();
		s->doing = "reading";
		slices_begin(s->slices);
	}
	if (!slices_run(s->slices, budget_ms < 0 ? -1 : budget_ms * 1000L))
		return false;
	commit(s);
	session_hurry_symbols(s);
	symbols_start(s->symbols);
	session_watch_symbols(s);
	return true;
}

void
session_finish_refresh(struct session *s)
{
	if (session_is_refreshing(s))
		session_refresh_slice(s, STAGE_IDLE, -1);
}

static void
refresh_now(struct session *s, enum stage from)
{
	session_finish_refresh(s);
	plan(s, from);
	run(s);
	commit(s);
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
			refresh_now(s, STAGE_ATTRIBUTE);
		}
	}
}

void
session_refresh(struct session *s, enum stage from, int symbol_wait_ms)
{
	refresh_now(s, from);
	if (symbol_wait_ms != 0)
		wait_for_symbols(s, symbol_wait_ms);
}

void
session_want_rows(struct session *s, uint32_t n)
{
	bool reverse;
	enum sort_key key = session_sort(s, &reverse);

	s->n_wanted = n;
	if (s->rows == NULL || session_is_refreshing(s) ||
	    n <= s->rows->n_ordered)
		return;
	order_first_rows(s->rows, key, reverse, choose_n_ordered(s, s->rows));
}

void
session_drop_refresh(struct session *s)
{
	static const struct session_side none;

	session_finish_refresh(s);
	slices_free(s->slices);
	session_drop_tree(s);
	drop_products(&s->now, &none);
	drop_products(&s->base, &none);
	snapshot_release(s->latest);
	snapshot_release(s->now.snapshot);
	snapshot_release(s->base.snapshot);
	snapshot_release(s->fed);
	stats_free(s->rows);
	stats_free(s->unfiltered_rows);
	stacks_free(s->plain);
	vec_fini(&s->retired_filters);
}
