/*
 * test_session.c - the pipeline over literal snapshots, marks, output lines.
 *
 * There is no symbol helper here, so every location stands for its module:
 * file = the module's path, line 0.  Rows are told apart by file.
 */
#include "session_state.h"

#include "symbols/symbols.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NS_PER_S	UINT64_C(1000000000)

static struct frame_store *frames;
static struct names *names;
static struct symbols *symbols;
static struct options options;
static struct session *session;
static uint64_t clock_ns;

struct lit_trace {
	const char	*module;
	uint64_t	 size, count;
	uint32_t	 process;
};

/* A reading a second after the last one; the traces end with a NULL module. */
static struct snapshot *
make_snapshot(const struct lit_trace *traces)
{
	struct snapshot *snapshot;
	uint32_t n = 0;

	while (traces[n].module != NULL)
		n++;
	snapshot = snapshot_new(n, 2);
	clock_ns += NS_PER_S;
	snapshot->time_ns = clock_ns;
	snapshot->processes[0].pid = 100;
	snapshot->processes[1].pid = 200;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t module = frame_store_module(frames,
		    traces[i].module, NULL, 0);
		uint32_t location = frame_store_location(frames, module, 16,
		    LOCATION_CALL);

		snapshot->traces[i] = (struct trace){
			.size = traces[i].size, .count = traces[i].count,
			.allocs = traces[i].count,
			.allocated = traces[i].size,
			.stack = frame_store_stack(frames, 0, location),
			.process = traces[i].process, .total_nframe = 1,
		};
		snapshot->totals.traced_bytes += traces[i].size;
		snapshot->totals.blocks += traces[i].count;
		snapshot->totals.allocs += traces[i].count;
		snapshot->totals.allocated_bytes += traces[i].size;
	}
	return snapshot;
}

static void
feed(const struct lit_trace *traces)
{
	struct snapshot *snapshot = make_snapshot(traces);

	session_feed(session, snapshot);
	snapshot_release(snapshot);
}

static void
feed_and_refresh(const struct lit_trace *traces)
{
	feed(traces);
	session_refresh(session, STAGE_SNAPSHOT, 0);
}

/* The rows as "FILE SIZE COUNT SIZE_DIFF COUNT_DIFF;" each. */
static void
check_rows(const char *expected)
{
	const struct stats_table *table = session_rows(session);
	struct strbuf text = STRBUF_INIT(1000);

	for (uint32_t i = 0; i < table->n_rows; i++) {
		const struct statistic *row = &table->rows[i];

		strbuf_printf(&text, "%s %llu %llu %lld %lld;",
		    name_text(names, row->file),
		    (unsigned long long)row->size,
		    (unsigned long long)row->count,
		    (long long)row->size_diff, (long long)row->count_diff);
	}
	assert_string_equal(strbuf_text(&text), expected);
	strbuf_fini(&text);
}

static const struct lit_trace first[] = {
	{ "/app/cache.so", 64, 4, 0 }, { "/app/json.so", 100, 1, 0 },
	{ "/app/cache.so", 36, 1, 1 }, { NULL, 0, 0, 0 },
};

static const struct lit_trace second[] = {
	{ "/app/cache.so", 16, 1, 0 }, { "/app/json.so", 130, 2, 0 },
	{ "/app/cache.so", 36, 1, 1 }, { "/app/new.so", 5, 1, 1 },
	{ NULL, 0, 0, 0 },
};

static void
start_session(void)
{
	session = session_new_fed(&options, frames, symbols, names);
}

static int
set_up(void **state)
{
	(void)state;
	clock_ns = 0;
	frames = frame_store_new();
	names = names_new();
	symbols = symbols_new("/nonexistent/tmtop-symbols", frames, names);
	options = (struct options){ .grouping = BY_FILENAME, .sort = -1,
		.skip = true, .delay_ms = 1000 };
	start_session();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	session_free(session);
	symbols_free(symbols);
	names_free(names);
	frame_store_free(frames);
	return 0;
}

/* ---- pipeline ---- */

static void
session_before_any_reading_has_an_empty_table(void **state)
{
	(void)state;
	session_refresh(session, STAGE_SNAPSHOT, 0);
	check_rows("");
	assert_int_equal(session_snapshot(session)->totals.traced_bytes, 0);
}

static void
session_reading_becomes_rows_of_all_processes(void **state)
{
	(void)state;
	feed_and_refresh(first);
	check_rows("/app/cache.so 100 5 0 0;/app/json.so 100 1 0 0;");
	assert_int_equal(session_rows(session)->size, 200);
	assert_int_equal(session_snapshot(session)->totals.traced_bytes, 200);
}

static void
session_process_narrows_both_sides(void **state)
{
	enum stage stage;

	(void)state;
	feed(first);
	session_mark(session, &stage);
	feed(second);
	session_set_process(session, 200);
	session_refresh(session, STAGE_SNAPSHOT, 0);
	check_rows("/app/new.so 5 1 5 1;/app/cache.so 36 1 0 0;");
	session_refresh(session, session_set_process(session, 0), 0);
	assert_int_equal(session_rows(session)->n_rows, 3);
}

static void
session_paused_keeps_the_reading(void **state)
{
	(void)state;
	feed_and_refresh(first);
	session_set_paused(session, true);
	feed_and_refresh(second);
	check_rows("/app/cache.so 100 5 0 0;/app/json.so 100 1 0 0;");
	session_refresh(session, session_set_paused(session, false), 0);
	check_rows("/app/json.so 130 2 0 0;/app/cache.so 52 2 0 0;"
	    "/app/new.so 5 1 0 0;");
}

static void
session_order_alone_can_be_redone(void **state)
{
	bool reverse;

	(void)state;
	feed_and_refresh(second);
	session_refresh(session, session_set_sort(session, SORT_SIZE, true),
	    0);
	check_rows("/app/new.so 5 1 0 0;/app/cache.so 52 2 0 0;"
	    "/app/json.so 130 2 0 0;");
	assert_int_equal(session_sort(session, &reverse), SORT_SIZE);
	assert_true(reverse);
}

/* ---- marks ---- */

static void
session_mark_compares_with_that_moment(void **state)
{
	enum stage stage;

	(void)state;
	feed(first);
	assert_int_equal(session_mark(session, &stage), 1);
	session_refresh(session, stage, 0);
	assert_true(session_rows(session)->has_diff);
	assert_int_equal(session_rows(session)->size_diff, 0);
	feed_and_refresh(second);
	check_rows("/app/cache.so 52 2 -48 -3;/app/json.so 130 2 30 1;"
	    "/app/new.so 5 1 5 1;");
	assert_int_equal(session_get_mark(session,
	    N_FIXED_MARKS)->totals.traced_bytes, 200);
}

static void
session_mark_can_be_shown_instead_of_now(void **state)
{
	enum stage stage;

	(void)state;
	feed(first);
	session_mark(session, &stage);
	session_set_baseline(session, -1);
	feed_and_refresh(second);
	session_refresh(session, session_set_shown(session, N_FIXED_MARKS), 0);
	check_rows("/app/cache.so 100 5 0 0;/app/json.so 100 1 0 0;");
	assert_int_equal(session_snapshot(session)->totals.traced_bytes, 200);
	assert_int_equal(session_latest_totals(session)->traced_bytes, 187);
	/* Readings go on behind it. */
	feed_and_refresh(first);
	assert_int_equal(session_latest_totals(session)->traced_bytes, 200);
	feed_and_refresh(second);
	check_rows("/app/cache.so 100 5 0 0;/app/json.so 100 1 0 0;");
	/* Compared with the start it is all growth. */
	session_refresh(session, session_set_baseline(session, MARK_START), 0);
	check_rows("/app/cache.so 100 5 100 5;/app/json.so 100 1 100 1;");
	session_set_baseline(session, -1);
	session_refresh(session, session_set_shown(session, -1), 0);
	check_rows("/app/json.so 130 2 0 0;/app/cache.so 52 2 0 0;"
	    "/app/new.so 5 1 0 0;");
}

static void
session_shown_mark_that_is_deleted_gives_way_to_now(void **state)
{
	enum stage stage;

	(void)state;
	feed(first);
	session_mark(session, &stage);
	session_set_baseline(session, -1);
	session_refresh(session, session_set_shown(session, N_FIXED_MARKS), 0);
	feed_and_refresh(second);
	stage = session_delete_mark(session, N_FIXED_MARKS);
	assert_int_equal(session_shown(session), -1);
	session_refresh(session, stage, 0);
	check_rows("/app/json.so 130 2 0 0;/app/cache.so 52 2 0 0;"
	    "/app/new.so 5 1 0 0;");
}

/* Two threads, the second with this name. */
static void
feed_threads(uint64_t size, const char *name)
{
	const struct lit_trace traces[] = {
		{ "/app/a.so", 10, 1, 0 }, { "/app/a.so", size, 2, 0 },
		{ "/app/b.so", size, 1, 0 }, { NULL, 0, 0, 0 },
	};
	struct snapshot *snapshot = make_snapshot(traces);

	snapshot->n_threads = 2;
	snapshot->threads = xcalloc(2, sizeof *snapshot->threads);
	snapshot->threads[0] = (struct snapshot_thread){ .tid = 100,
	    .name = "main" };
	snapshot->threads[1] = (struct snapshot_thread){ .tid = 101 };
	snprintf(snapshot->threads[1].name,
	    sizeof snapshot->threads[1].name, "%s", name);
	snapshot->traces[0].thread = 1;
	snapshot->traces[1].thread = snapshot->traces[2].thread = 2;
	session_feed(session, snapshot);
	snapshot_release(snapshot);
	session_refresh(session, STAGE_SNAPSHOT, 0);
}

/* The kernel's number is who it is, the name only what it is called. */
static void
session_thread_that_is_renamed_stays_the_same(void **state)
{
	struct stats_table *tracebacks;
	enum stage stage;

	(void)state;
	session_set_grouping(session, BY_THREAD);
	feed_threads(50, "new one");
	check_rows("new one 101 100 3 0 0;main 100 10 1 0 0;");
	session_mark(session, &stage);
	feed_threads(70, "worker");
	check_rows("worker 101 140 3 40 0;main 100 10 1 0 0;");
	tracebacks = session_tracebacks(session, &session_rows(session)->
	    rows[0]);
	assert_int_equal(tracebacks->n_rows, 2);
	assert_int_equal(tracebacks->size, 140);
	assert_int_equal(tracebacks->size_diff, 40);
	stats_free(tracebacks);
}

/*
 * What the moments had, start and now among them; sizes are powers of three,
 * so that each difference is one of its own.  0: no row.
 */
static const uint64_t moments[][2] = {
	{ 0, 0 }, { 1, 243 }, { 3, 0 }, { 9, 729 }, { 0, 81 }, { 27, 2187 },
};

static void
feed_moment(size_t i)
{
	const struct lit_trace traces[] = {
		{ "/app/a.so", moments[i][0], moments[i][0] != 0, 0 },
		{ "/app/b.so", moments[i][1], moments[i][1] != 0, 0 },
		{ NULL, 0, 0, 0 },
	};

	feed_and_refresh(traces);
}

static void
check_pair(const uint64_t old[2], const uint64_t new[2])
{
	const struct stats_table *table = session_rows(session);
	int64_t sum = 0, want = 0;

	for (uint32_t i = 0; i < table->n_rows; i++) {
		const struct statistic *row = &table->rows[i];
		int which = strcmp(name_text(names, row->file),
		    "/app/b.so") == 0;

		assert_int_equal(row->size, new[which]);
		assert_int_equal(row->size_diff,
		    (int64_t)(new[which] - old[which]));
		sum += row->size_diff;
	}
	for (int i = 0; i < 2; i++)
		want += (int64_t)(new[i] - old[i]);
	assert_int_equal(sum, want);
	assert_int_equal(table->size_diff, want);
}

static void
session_any_two_moments_are_compared(void **state)
{
	enum { NOW = array_size(moments) - 1 };
	enum stage stage;

	(void)state;
	for (size_t i = 1; i < NOW; i++) {
		feed_moment(i);
		session_mark(session, &stage);
	}
	feed_moment(NOW);
	for (int old = 0; old < NOW; old++)
		for (int new = 0; new <= NOW; new++) {
			int base = old == 0 ? MARK_START :
			    N_FIXED_MARKS + old - 1;
			int shown = new == NOW ? -1 : new == 0 ? MARK_START :
			    N_FIXED_MARKS + new - 1;

			stage = session_set_baseline(session, base);
			if (session_set_shown(session, shown) < stage)
				stage = STAGE_ATTRIBUTE;
			session_refresh(session, stage, 0);
			check_pair(moments[old], moments[new]);
			/* The other way round: shown first. */
			session_refresh(session, session_set_shown(session,
			    shown), 0);
			session_refresh(session, session_set_baseline(session,
			    base), 0);
			check_pair(moments[old], moments[new]);
		}
}

static void
session_mark_while_another_is_shown_is_about_now(void **state)
{
	enum stage stage;

	(void)state;
	feed_and_refresh(first);
	session_refresh(session, session_set_shown(session, MARK_START), 0);
	feed(second);
	session_mark(session, &stage);
	session_refresh(session, stage, 0);
	assert_int_equal(session_shown(session), -1);
	assert_int_equal(session_get_mark(session,
	    N_FIXED_MARKS)->totals.traced_bytes, 187);
	assert_int_equal(session_rows(session)->size_diff, 0);
}

static void
session_row_that_vanished_since_the_mark_stays(void **state)
{
	static const struct lit_trace nothing[] = { { NULL, 0, 0, 0 } };
	enum stage stage;

	(void)state;
	feed(first);
	session_mark(session, &stage);
	feed_and_refresh(nothing);
	check_rows("/app/cache.so 0 0 -100 -5;/app/json.so 0 0 -100 -1;");
}

static void
session_start_mark_makes_everything_growth(void **state)
{
	(void)state;
	feed_and_refresh(first);
	assert_int_equal(session_baseline(session), -1);
	assert_int_equal(session_last_baseline(session), 0);
	session_refresh(session, session_set_baseline(session, 0), 0);
	check_rows("/app/cache.so 100 5 100 5;/app/json.so 100 1 100 1;");
	session_refresh(session, session_set_baseline(session, -1), 0);
	assert_false(session_rows(session)->has_diff);
}

static void
session_mark_survives_changed_grouping_and_tick(void **state)
{
	enum stage stage;

	(void)state;
	feed(first);
	session_mark(session, &stage);
	session_refresh(session, stage, 0);
	session_set_grouping(session, BY_TRACEBACK);
	feed_and_refresh(first);
	for (uint32_t i = 0; i < session_rows(session)->n_rows; i++)
		assert_int_equal(session_rows(session)->rows[i].size_diff, 0);
	assert_int_equal(session_rows(session)->grouping, BY_TRACEBACK);
}

static void
session_deleted_mark_renumbers_what_points_behind_it(void **state)
{
	enum stage stage;

	(void)state;
	feed(first);
	session_mark(session, &stage);
	feed(second);
	session_mark(session, &stage);
	assert_int_equal(session_baseline(session), N_FIXED_MARKS + 1);
	assert_int_equal(session_delete_mark(session, MARK_START), STAGE_IDLE);
	assert_int_equal(session_delete_mark(session, MARK_PEAK), STAGE_IDLE);
	session_delete_mark(session, N_FIXED_MARKS);
	assert_int_equal(session_n_marks(session), N_FIXED_MARKS + 1);
	assert_int_equal(session_baseline(session), N_FIXED_MARKS);
	assert_int_equal(session_get_mark(session, N_FIXED_MARKS)->number, 2);
	session_refresh(session, session_delete_mark(session, N_FIXED_MARKS),
	    0);
	assert_int_equal(session_baseline(session), -1);
	assert_int_equal(session_last_baseline(session), 0);
	assert_int_equal(session_mark(session, &stage), 3);
}

static void
session_growth_has_an_order_of_its_own(void **state)
{
	enum stage stage;

	(void)state;
	feed(first);
	session_mark(session, &stage);
	assert_int_equal(session_sort(session, NULL), SORT_GROWTH);
	session_set_sort(session, SORT_GROWTH_SIGNED, false);
	session_set_baseline(session, -1);
	assert_int_equal(session_sort(session, NULL), SORT_SIZE);
	session_set_baseline(session, 1);
	assert_int_equal(session_sort(session, NULL), SORT_GROWTH_SIGNED);
}

/* ---- filters ---- */

/* What there is without filters, after each kind of change. */
static void
session_filter_effect_follows_every_change(void **state)
{
	static const char *const texts[] = { "cache", "json", "zzz", "json" };
	enum stage stage;

	(void)state;
	feed_and_refresh(first);
	for (size_t i = 0; i < array_size(texts); i++) {
		session_set_quick(session, texts[i], NULL, NULL, &stage);
		session_refresh(session, stage, 0);
		assert_int_equal(session_filter_effect(session).n_total, 2);
		assert_int_equal(session_filter_effect(session).size_total,
		    200);
	}
	feed_and_refresh(second);
	assert_int_equal(session_filter_effect(session).n_total, 3);
	assert_int_equal(session_filter_effect(session).size_total, 187);
	session_refresh(session, session_set_process(session, 200), 0);
	assert_int_equal(session_filter_effect(session).n_total, 2);
	session_refresh(session, session_set_process(session, 0), 0);
	session_mark(session, &stage);
	session_refresh(session, stage, 0);
	session_set_quick(session, "new", NULL, NULL, &stage);
	session_refresh(session, stage, 0);
	feed_and_refresh(first);
	session_set_quick(session, "json", NULL, NULL, &stage);
	session_refresh(session, stage, 0);
	check_rows("/app/json.so 100 1 -30 -1;");
	assert_int_equal(session_filter_effect(session).n_total, 3);
	session_refresh(session, session_set_baseline(session, -1), 0);
	assert_int_equal(session_filter_effect(session).n_total, 2);
	session_refresh(session, session_set_grouping(session, BY_TRACEBACK),
	    0);
	assert_int_equal(session_filter_effect(session).n_total, 2);
	session_set_quick(session, "", NULL, NULL, &stage);
	session_refresh(session, stage, 0);
	assert_int_equal(session_rows(session)->n_unfiltered, 2);
}

/* A list of filters works as those of the command line do. */
static void
session_filter_list_is_in_force(void **state)
{
	struct filter_list list = { 0 };
	struct filter_hits hits;

	(void)state;
	feed_and_refresh(first);
	filter_list_put(&list, 0, "*cache*", FILTER_EXACT, NULL, NULL);
	filter_list_put(&list, 1, "!*json*", FILTER_EXACT, NULL, NULL);
	session_refresh(session, session_set_filters(session, &list), 0);
	check_rows("/app/cache.so 100 5 0 0;");
	assert_false(session_filter_hits(session, 0, &hits));
	session_refresh(session, session_want_hits(session, true), 0);
	assert_true(session_filter_hits(session, 1, &hits));
	assert_int_equal(hits.size, 100);
	assert_int_equal(hits.rows, 1);
	list.entries.items[0].is_on = false;
	filter_list_flip(&list, 1);
	session_refresh(session, session_set_filters(session, &list), 0);
	check_rows("/app/json.so 100 1 0 0;");
	assert_string_equal(session_filters_text(session), "+*json*");
	filter_list_fini(&list);
}

/* The tree is made of what the filters keep, on both sides. */
static void
session_tree_is_of_the_same_traces(void **state)
{
	const struct tree_row *rows;
	enum stage stage;
	size_t n;

	(void)state;
	feed(first);
	session_mark(session, &stage);
	session_set_quick(session, "!json", NULL, NULL, &stage);
	session_want_tree(session, true);
	feed_and_refresh(second);
	rows = session_tree(session, &n);
	assert_int_equal(n, 3);
	assert_int_equal(rows[0].stat.size, 57);
	assert_int_equal(rows[0].stat.size_diff, -43);
	assert_int_equal(rows[1].stat.size, 52);
	assert_int_equal(rows[1].stat.count_diff, -3);
	assert_int_equal(rows[2].stat.size, 5);
	session_want_tree(session, false);
	session_refresh(session, STAGE_GROUP, 0);
	session_tree(session, &n);
	assert_int_equal(n, 0);
}

static void
session_quick_filter_applies_to_both_sides(void **state)
{
	struct errbuf why, note;
	enum stage stage;

	(void)state;
	feed(first);
	session_mark(session, &stage);
	assert_true(session_set_quick(session, "cache", &why, &note, &stage));
	assert_int_equal(stage, STAGE_FILTER);
	feed_and_refresh(second);
	check_rows("/app/cache.so 52 2 -48 -3;");
	assert_int_equal(session_rows(session)->n_unfiltered, 3);
	assert_string_equal(session_filters_text(session), "+*cache*");
	assert_true(session_set_quick(session, "", &why, &note, &stage));
	session_refresh(session, stage, 0);
	assert_int_equal(session_rows(session)->n_rows, 3);
	assert_string_equal(session_filters_text(session), "");
}

static void
session_bad_quick_filter_leaves_the_old_one(void **state)
{
	struct errbuf why, note;
	enum stage stage;

	(void)state;
	assert_true(session_set_quick(session, "json", &why, &note, &stage));
	assert_false(session_set_quick(session, "json:x", &why, &note,
	    &stage));
	assert_int_equal(stage, STAGE_IDLE);
	assert_int_equal(why.column, 6);
	assert_string_equal(session_quick(session), "json");
	feed_and_refresh(first);
	check_rows("/app/json.so 100 1 0 0;");
}

static void
session_filter_effect_counts_what_is_kept(void **state)
{
	struct filter_effect effect;
	struct errbuf why, note;
	enum stage stage;

	(void)state;
	session_set_quick(session, "!*json*", &why, &note, &stage);
	feed_and_refresh(second);
	effect = session_filter_effect(session);
	assert_int_equal(effect.n_matched, 2);
	assert_int_equal(effect.n_total, 3);
	assert_int_equal(effect.size_matched, 57);
	assert_int_equal(effect.size_total, 187);
	assert_string_equal(effect.text, "*json*");
	assert_false(effect.inclusive);
}

static void
session_option_filters_hold_beside_the_quick_one(void **state)
{
	static char out_filter[] = "!*/new.so";
	static char *filters[] = { out_filter };
	struct errbuf why, note;
	enum stage stage;

	(void)state;
	session_free(session);
	options.filters = filters;
	options.n_filters = 1;
	start_session();
	feed_and_refresh(second);
	assert_int_equal(session_rows(session)->n_rows, 2);
	session_set_quick(session, "cache", &why, &note, &stage);
	session_refresh(session, stage, 0);
	check_rows("/app/cache.so 52 2 0 0;");
	assert_string_equal(session_filters_text(session),
	    "-*/new.so +*cache*");
}

static void
session_tracebacks_are_those_behind_the_row(void **state)
{
	struct stats_table *table;
	enum stage stage;

	(void)state;
	feed(first);
	session_mark(session, &stage);
	feed_and_refresh(second);
	table = session_tracebacks(session, &session_rows(session)->rows[0]);
	assert_int_equal(table->n_rows, 1);
	assert_int_equal(table->rows[0].size, 52);
	assert_int_equal(table->rows[0].size_diff, -48);
	assert_int_equal(session_trace(session,
	    table->rows[0].stack)->total_nframe, 1);
	stats_free(table);
}

/* ---- rates and history ---- */

static void
session_rates_are_per_second(void **state)
{
	struct rates rates;

	(void)state;
	feed_and_refresh(first);
	rates = session_rates(session);
	assert_true(rates.allocs == 0);
	feed_and_refresh(second);	/* one second later */
	rates = session_rates(session);
	assert_true(rates.net_bytes == -13);
	assert_true(rates.allocs == -1);
}

static void
session_history_has_the_value_of_each_moment(void **state)
{
	uint64_t values[60];
	unsigned span_s;

	(void)state;
	for (uint64_t i = 1; i <= 5; i++) {
		struct lit_trace traces[] = {
			{ "/app/a.so", i * 10, 1, 0 }, { NULL, 0, 0, 0 },
		};

		feed_and_refresh(traces);
	}
	assert_int_equal(session_history(session, values, 60, &span_s), 5);
	assert_int_equal(span_s, 60);
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(values[i], (i + 1) * 10);
	assert_int_equal(session_history(session, values, 30, &span_s), 3);
	assert_int_equal(values[0], 10);
	assert_int_equal(values[1], 30);
	assert_int_equal(values[2], 50);
}

/* ---- reports ---- */

static void
session_text_report_attributes_only_what_it_shows(void **state)
{
	static const struct lit_trace ended[] = {
		{ "/app/cache.so", 0, 0, 0 }, { "/app/json.so", 100, 1, 0 },
		{ NULL, 0, 0, 0 },
	};

	(void)state;
	options.batch = true;
	options.format = FORMAT_TEXT;
	feed_and_refresh(ended);
	check_rows("/app/json.so 100 1 0 0;");
	assert_int_equal(session->now.attributed.n, 1);
	session_set_sort(session, SORT_ALLOCS, false);
	session_refresh(session, STAGE_ATTRIBUTE, 0);
	assert_int_equal(session->now.attributed.n, 2);
	options.format = FORMAT_JSON;
	session_set_sort(session, SORT_SIZE, false);
	session_refresh(session, STAGE_ATTRIBUTE, 0);
	assert_int_equal(session->now.attributed.n, 2);
}

/* ---- slices ---- */

enum { MANY = 50000 };

/* A module each, so that there are as many rows as traces. */
static void
feed_many(uint64_t size)
{
	static struct lit_trace traces[MANY + 1];
	static char modules[MANY][24];

	for (int i = 0; i < MANY; i++) {
		snprintf(modules[i], sizeof modules[i], "/app/%05d.so", i);
		traces[i] = (struct lit_trace){ modules[i],
			size + (uint64_t)i * 7919 % 1000, 1, 0 };
	}
	feed(traces);
}

static void
check_same_rows(const struct stats_table *a, const struct stats_table *b)
{
	assert_int_equal(a->n_rows, b->n_rows);
	assert_int_equal(a->n_ordered, b->n_ordered);
	assert_true(a->n_ordered > 0 && a->n_ordered < a->n_rows);
	for (uint32_t i = 0; i < a->n_ordered; i++) {
		assert_int_equal(a->rows[i].identity, b->rows[i].identity);
		assert_int_equal(a->rows[i].size, b->rows[i].size);
		assert_int_equal(a->rows[i].size_diff, b->rows[i].size_diff);
	}
}

/* Slices of no time at all end at every opportunity. */
static void
session_sliced_refresh_shows_the_old_rows_until_it_ends(void **state)
{
	unsigned n_slices = 1;

	(void)state;
	feed_and_refresh(first);
	feed_many(10);
	while (!session_refresh_slice(session, STAGE_SNAPSHOT, 0)) {
		assert_true(session_is_refreshing(session));
		check_rows("/app/cache.so 100 5 0 0;/app/json.so 100 1 0 0;");
		assert_int_equal(session_snapshot(session)->
		    totals.traced_bytes, 200);
		n_slices++;
	}
	assert_false(session_is_refreshing(session));
	assert_int_equal(session_rows(session)->n_rows, MANY);
	/* attributing, grouping, selecting: an opportunity every 2048 */
	assert_true(n_slices > 3 * (MANY / 2048));
}

static void
session_setters_meanwhile_concern_the_next_refresh(void **state)
{
	struct session *sliced = session, *whole;
	struct errbuf why, note;
	enum stage stage;
	uint32_t n = 0;

	(void)state;
	feed_and_refresh(first);
	session_mark(session, &stage);
	session_refresh(session, stage, 0);
	feed_many(10);
	while (!session_refresh_slice(session, STAGE_SNAPSHOT, 0)) {
		/* another filter between any two slices */
		session_set_quick(session, n++ % 2 ? "*/app/1*" :
		    "*/app/2*", &why, &note, &stage);
		if (n == 20)
			session_set_baseline(session, -1);
		stats_free(session_tracebacks(session,
		    &session_rows(session)->rows[0]));
	}
	assert_true(n > 20);
	assert_int_equal(session_rows(session)->n_rows, MANY + 2);
	session_set_quick(session, "", &why, &note, &stage);
	session_refresh(session, STAGE_ATTRIBUTE, 0);

	start_session();
	whole = session;
	feed_many(10);
	session_refresh(whole, STAGE_SNAPSHOT, 0);
	check_same_rows(session_rows(sliced), session_rows(whole));
	session_free(sliced);
}

static void
session_rows_wanted_are_in_order(void **state)
{
	const struct stats_table *rows;

	(void)state;
	feed_many(10);
	session_refresh(session, STAGE_SNAPSHOT, 0);
	rows = session_rows(session);
	assert_true(rows->n_ordered < MANY);
	session_want_rows(session, MANY);
	assert_int_equal(rows->n_ordered, MANY);
	for (uint32_t i = 1; i < MANY; i++)
		assert_true(rows->rows[i - 1].size >= rows->rows[i].size);
	session_refresh(session, STAGE_ATTRIBUTE, 0);
	assert_int_equal(session_rows(session)->n_ordered, MANY);
}

static void
session_long_refresh_says_what_it_is_at(void **state)
{
	unsigned elapsed_ms = 0;
	const char *doing;

	(void)state;
	feed_and_refresh(first);
	assert_null(session_refresh_doing(session, &elapsed_ms));
	feed_many(10);
	assert_false(session_refresh_slice(session, STAGE_SNAPSHOT, 0));
	while ((doing = session_refresh_doing(session, &elapsed_ms)) == NULL)
		assert_true(elapsed_ms < 300);
	assert_true(elapsed_ms >= 300);
	assert_string_equal(doing, "attributing");
	session_refresh_slice(session, STAGE_IDLE, -1);
	assert_null(session_refresh_doing(session, &elapsed_ms));
}

static void
session_may_end_in_the_middle_of_a_refresh(void **state)
{
	(void)state;
	feed_many(10);
	assert_false(session_refresh_slice(session, STAGE_SNAPSHOT, 0));
}

/* ---- the program's output ---- */

static void
write_output(const char *text)
{
	session_take_output(session, text, strlen(text), 0);
}

static void
check_output(const char *expected)
{
	struct strbuf text = STRBUF_INIT(4000);
	size_t n = session_output_lines(session, NULL);

	for (size_t i = 0; i < n; i++)
		strbuf_printf(&text, "%s|", session_output_line(session, i));
	assert_string_equal(strbuf_text(&text), expected);
	strbuf_fini(&text);
}

static void
output_is_lines_without_escape_sequences(void **state)
{
	(void)state;
	write_output("plain\r\n\033[1;31mred\033[0m\r\n");
	write_output("\033]0;title\007after\r\n\033]8;;x\033\\link\n\033(Bset\n");
	check_output("plain|red|after|link|set|");
}

static void
output_split_anywhere_is_the_same(void **state)
{
	static const char text[] = "a\033[31mb\033]0;t\033\\c\r\nd\te\r\n";

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++)
		session_take_output(session, text + i, 1, 0);
	check_output("abc|d       e|");
}

static void
output_prompt_is_there_before_its_line_ends(void **state)
{
	(void)state;
	write_output("name? ");
	check_output("name? |");
	write_output("bob\r\nhello bob\r\n");
	check_output("name? bob|hello bob|");
}

static void
output_progress_bar_shows_its_last_state(void **state)
{
	(void)state;
	write_output("10%\r20%\r100%\r\nx\b\xc3\xa9\by\n");
	check_output("100%|y|");
}

static void
output_cannot_move_the_cursor(void **state)
{
	(void)state;
	write_output("a\x9b" "31mb\xff\x01\n");
	check_output("a\\x9b31mb\\xff|");
}

static void
output_keeps_the_newest_10000_lines(void **state)
{
	char line[32];
	uint64_t n_dropped;

	(void)state;
	for (int i = 0; i < 10007; i++) {
		snprintf(line, sizeof line, "line %d\n", i);
		write_output(line);
	}
	assert_int_equal(session_output_lines(session, &n_dropped), 10000);
	assert_int_equal(n_dropped, 7);
	assert_string_equal(session_output_line(session, 0), "line 7");
	assert_string_equal(session_output_line(session, 9999), "line 10006");
}

static void
output_that_was_lost_is_told(void **state)
{
	(void)state;
	write_output("begin");
	session_take_output(session, "end\n", 4, 1234);
	check_output("begin|(1234 bytes of output were not kept)|end|");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(session_before_any_reading_has_an_empty_table),
		TEST(session_reading_becomes_rows_of_all_processes),
		TEST(session_process_narrows_both_sides),
		TEST(session_paused_keeps_the_reading),
		TEST(session_order_alone_can_be_redone),
		TEST(session_mark_compares_with_that_moment),
		TEST(session_mark_can_be_shown_instead_of_now),
		TEST(session_shown_mark_that_is_deleted_gives_way_to_now),
		TEST(session_thread_that_is_renamed_stays_the_same),
		TEST(session_any_two_moments_are_compared),
		TEST(session_mark_while_another_is_shown_is_about_now),
		TEST(session_row_that_vanished_since_the_mark_stays),
		TEST(session_start_mark_makes_everything_growth),
		TEST(session_mark_survives_changed_grouping_and_tick),
		TEST(session_deleted_mark_renumbers_what_points_behind_it),
		TEST(session_growth_has_an_order_of_its_own),
		TEST(session_filter_effect_follows_every_change),
		TEST(session_filter_list_is_in_force),
		TEST(session_tree_is_of_the_same_traces),
		TEST(session_quick_filter_applies_to_both_sides),
		TEST(session_bad_quick_filter_leaves_the_old_one),
		TEST(session_filter_effect_counts_what_is_kept),
		TEST(session_option_filters_hold_beside_the_quick_one),
		TEST(session_tracebacks_are_those_behind_the_row),
		TEST(session_rates_are_per_second),
		TEST(session_history_has_the_value_of_each_moment),
		TEST(session_text_report_attributes_only_what_it_shows),
		TEST(session_sliced_refresh_shows_the_old_rows_until_it_ends),
		TEST(session_setters_meanwhile_concern_the_next_refresh),
		TEST(session_rows_wanted_are_in_order),
		TEST(session_long_refresh_says_what_it_is_at),
		TEST(session_may_end_in_the_middle_of_a_refresh),
		TEST(output_is_lines_without_escape_sequences),
		TEST(output_split_anywhere_is_the_same),
		TEST(output_prompt_is_there_before_its_line_ends),
		TEST(output_progress_bar_shows_its_last_state),
		TEST(output_cannot_move_the_cursor),
		TEST(output_keeps_the_newest_10000_lines),
		TEST(output_that_was_lost_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
