/*
 * test_group.c - groupings on two literal snapshots.
 *
 * The expected rows are those that CPython 3.11's tracemalloc gives for the
 * same traces; where tmtop has more (functions, once-per-stack counting), they
 * were worked out by hand.
 */
#include "literal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct lit_trace first[] = {
	{ 0, 10, 1, "a.py:2 b.py:4" }, { 0, 10, 1, "a.py:2 b.py:4" },
	{ 0, 10, 1, "a.py:2 b.py:4" }, { 1, 2, 1, "a.py:5 b.py:4" },
	{ 2, 66, 1, "b.py:1" }, { 3, 7, 1, "<unknown>:0" },
};

static const struct lit_trace second[] = {
	{ 0, 30, 3, "a.py:2 b.py:4" }, { 2, 2, 1, "a.py:5 b.py:4" },
	{ 2, 5000, 1, "a.py:5 b.py:4" }, { 4, 400, 1, "c.py:578" },
};

static void
check_rows(const struct lit_trace *lits, size_t n, enum grouping grouping,
    enum cumulative cumulative, const char *expected)
{
	struct lit *lit = lit_new();
	struct query_traces traces = lit_traces(lit, lits, n);
	struct stats_table *table = group_by(&traces, grouping, cumulative);

	order_rows(table, SORT_SIZE, false);
	assert_string_equal(lit_rows(table), expected);
	stats_free(table);
	free(traces.traces);
	lit_free(lit);
}

static void
group_by_line_sums_the_newest_frames(void **state)
{
	(void)state;
	check_rows(first, array_size(first), BY_LINENO, CUMULATIVE_OFF,
	    "b.py:1 66/1\na.py:2 30/3\n<unknown>:0 7/1\na.py:5 2/1\n");
	check_rows(second, array_size(second), BY_LINENO, CUMULATIVE_OFF,
	    "a.py:5 5002/2\nc.py:578 400/1\na.py:2 30/3\n");
}

static void
group_by_file_has_line_0(void **state)
{
	(void)state;
	check_rows(first, array_size(first), BY_FILENAME, CUMULATIVE_OFF,
	    "b.py:0 66/1\na.py:0 32/4\n<unknown>:0 7/1\n");
	check_rows(second, array_size(second), BY_FILENAME, CUMULATIVE_OFF,
	    "a.py:0 5032/5\nc.py:0 400/1\n");
}

static void
group_by_traceback_keeps_all_frames(void **state)
{
	static const char expected[] = "b.py:1 66/1\na.py:2 b.py:4 30/3\n"
	    "<unknown>:0 7/1\na.py:5 b.py:4 2/1\n";

	(void)state;
	check_rows(first, array_size(first), BY_TRACEBACK, CUMULATIVE_OFF,
	    expected);
	check_rows(second, array_size(second), BY_TRACEBACK, CUMULATIVE_OFF,
	    "a.py:5 b.py:4 5002/2\nc.py:578 400/1\na.py:2 b.py:4 30/3\n");

	/* refused, that is: without effect */
	check_rows(first, array_size(first), BY_TRACEBACK,
	    CUMULATIVE_OCCURRENCES, expected);
}

static void
group_cumulative_counts_callers(void **state)
{
	(void)state;
	for (enum cumulative c = CUMULATIVE_ONCE;
	    c <= CUMULATIVE_OCCURRENCES; c++) {
		check_rows(first, array_size(first), BY_FILENAME, c,
		    "b.py:0 98/5\na.py:0 32/4\n<unknown>:0 7/1\n");
		check_rows(first, array_size(first), BY_LINENO, c,
		    "b.py:1 66/1\nb.py:4 32/4\na.py:2 30/3\n"
		    "<unknown>:0 7/1\na.py:5 2/1\n");
	}
}

static const struct lit_trace recursion[] = {
	{ 0, 10, 1, "r.c:5 r.c:5 r.c:5 m.c:1" },
	{ 0, 4, 2, "r.c:7 r.c:5 m.c:1" }, { 0, 100, 1, "x.c:9 r.c:7 m.c:1" },
};

static void
group_cumulative_occurrences_counts_recursion_every_time(void **state)
{
	(void)state;
	check_rows(recursion, 1, BY_LINENO, CUMULATIVE_OCCURRENCES,
	    "r.c:5 30/3\nm.c:1 10/1\n");
	check_rows(recursion, 1, BY_FILENAME, CUMULATIVE_OCCURRENCES,
	    "r.c:0 30/3\nm.c:0 10/1\n");
	check_rows(recursion, 3, BY_LINENO, CUMULATIVE_OCCURRENCES,
	    "m.c:1 114/4\nr.c:7 104/3\nx.c:9 100/1\nr.c:5 34/5\n");
	check_rows(recursion, 3, BY_FILENAME, CUMULATIVE_OCCURRENCES,
	    "r.c:0 138/8\nm.c:0 114/4\nx.c:0 100/1\n");
}

static void
group_cumulative_once_counts_recursion_once(void **state)
{
	(void)state;
	check_rows(recursion, 1, BY_LINENO, CUMULATIVE_ONCE,
	    "r.c:5 10/1\nm.c:1 10/1\n");
	check_rows(recursion, 3, BY_LINENO, CUMULATIVE_ONCE,
	    "m.c:1 114/4\nr.c:7 104/3\nx.c:9 100/1\nr.c:5 14/3\n");
	check_rows(recursion, 3, BY_FILENAME, CUMULATIVE_ONCE,
	    "r.c:0 114/4\nm.c:0 114/4\nx.c:0 100/1\n");
}

static void
group_empty_traceback_is_unknown(void **state)
{
	static const struct lit_trace empty[] = { { 0, 5, 1, "" } };
	static const char expected[] = "<unknown>:0 5/1\n";

	(void)state;
	check_rows(empty, 1, BY_LINENO, CUMULATIVE_OFF, expected);
	check_rows(empty, 1, BY_LINENO, CUMULATIVE_ONCE, expected);
	check_rows(empty, 1, BY_FILENAME, CUMULATIVE_OCCURRENCES, expected);
}

static void
group_of_nothing_is_empty(void **state)
{
	(void)state;
	for (enum grouping g = 0; g < N_GROUPINGS; g++) {
		check_rows(NULL, 0, g, CUMULATIVE_OFF, "");
		check_rows(NULL, 0, g, CUMULATIVE_ONCE, "");
	}
}

static void
group_row_says_what_all_its_traces_agree_on(void **state)
{
	static const struct lit_trace lits[] = {
		{ 5, 1, 1, "a.c:1=f m.c:1=main" },
		{ 0, 9, 1, "a.c:1=g m.c:1=main" },
		{ 0, 2, 1, "a.c:1=g n.c:2=other" },
		{ 7, 3, 1, "b.c:1=h m.c:1=main" },
		{ 8, 3, 1, "b.c:1=h m.c:1=main" },
	};
	struct lit *lit = lit_new();
	struct query_traces traces = lit_traces(lit, lits, array_size(lits));
	struct stats_table *table = group_by(&traces, BY_LINENO,
	    CUMULATIVE_OFF);
	const struct statistic *a, *b;

	(void)state;
	order_rows(table, SORT_LOCATION, false);
	assert_int_equal(table->n_rows, 2);
	a = &table->rows[0];
	b = &table->rows[1];
	assert_int_equal(a->function, NAME_UNKNOWN);
	assert_int_equal(a->n_tracebacks, 3);
	assert_int_equal(a->domain, 5);
	assert_int_equal(a->stack, traces.traces[1].stack);
	assert_string_equal(name_text(lit->names, b->function), "h");
	assert_int_equal(b->n_tracebacks, 1);
	assert_int_equal(table->size, 18);
	assert_int_equal(table->count, 5);
	assert_true(stats_is_at(table, a, traces.traces[2].stack));
	assert_false(stats_is_at(table, a, traces.traces[3].stack));
	stats_free(table);
	free(traces.traces);
	lit_free(lit);
}

static void
group_past_rows_show_only_when_ordered_by_the_past(void **state)
{
	struct lit *lit = lit_new();
	struct query_traces traces = lit_traces(lit, second, 2);
	struct stats_table *table;

	(void)state;
	traces.traces[1].size = traces.traces[1].count = 0;
	traces.traces[1].allocs = 12;
	table = group_by(&traces, BY_LINENO, CUMULATIVE_OFF);
	assert_int_equal(table->n_rows, 1);
	assert_int_equal(table->n_all, 2);
	order_rows(table, SORT_ALLOCS, false);
	assert_string_equal(lit_rows(table), "a.py:5 0/0\na.py:2 30/3\n");
	assert_int_equal(table->rows[0].frees, 12);
	order_rows(table, SORT_SIZE, false);
	assert_string_equal(lit_rows(table), "a.py:2 30/3\n");
	stats_free(table);
	free(traces.traces);
	lit_free(lit);
}

static void
group_empty_blocks_are_rows(void **state)
{
	static const struct lit_trace lits[] = { { 0, 0, 2, "a.c:1" } };

	(void)state;
	check_rows(lits, 1, BY_LINENO, CUMULATIVE_OFF, "a.c:1 0/2\n");
}

/* Without a line the offset is the place; the file groups them all. */
static void
group_by_line_without_lines_goes_by_offset(void **state)
{
	struct lit *lit = lit_new();
	struct query_traces traces = lit_traces(lit, second, 3);
	struct symbol_frame frame = {
		.file = names_intern(lit->names, "/lib/x.so", 9),
		.flags = SYMBOL_NO_LINE,
	};
	struct stats_table *table;

	(void)state;
	for (uint32_t i = 0; i < traces.n; i++) {
		frame.offset = i < 2 ? 0x40 : 0x80;
		traces.traces[i].stack = stacks_push(lit->stacks, 0, &frame);
	}
	table = group_by(&traces, BY_LINENO, CUMULATIVE_OFF);
	order_rows(table, SORT_SIZE, false);
	assert_string_equal(lit_rows(table),
	    "/lib/x.so:0 5000/1\n/lib/x.so:0 32/4\n");
	assert_int_equal(table->rows[0].offset, 0x80);
	assert_int_equal(table->rows[1].offset, 0x40);
	stats_free(table);
	table = group_by(&traces, BY_FILENAME, CUMULATIVE_OFF);
	assert_string_equal(lit_rows(table), "/lib/x.so:0 5032/5\n");
	stats_free(table);
	free(traces.traces);
	lit_free(lit);
}

/* Rows keep their identity in another tree where all ids differ. */
static void
group_identity_does_not_depend_on_ids(void **state)
{
	static const struct lit_trace noise[] = {
		{ 0, 1, 1, "z.c:9 y.c:8" }, { 0, 1, 1, "b.py:4" },
	};

	(void)state;
	for (enum grouping g = 0; g < N_GROUPINGS; g++) {
		struct lit *one = lit_new(), *two = lit_new();
		struct query_traces more = lit_traces(two, noise, 2);
		struct query_traces a = lit_traces(one, first, 6);
		struct query_traces b = lit_traces(two, first, 6);
		struct stats_table *left = group_by(&a, g, CUMULATIVE_OFF);
		struct stats_table *right = group_by(&b, g, CUMULATIVE_OFF);

		order_rows(left, SORT_SIZE, false);
		order_rows(right, SORT_SIZE, false);
		assert_int_equal(left->n_rows, right->n_rows);
		for (uint32_t i = 0; i < left->n_rows; i++) {
			assert_true(left->rows[i].identity ==
			    right->rows[i].identity);
			assert_true(i == 0 || left->rows[i].identity !=
			    left->rows[i - 1].identity);
		}
		stats_free(left);
		stats_free(right);
		free(a.traces);
		free(b.traces);
		free(more.traces);
		lit_free(one);
		lit_free(two);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(group_by_line_sums_the_newest_frames),
		cmocka_unit_test(group_by_file_has_line_0),
		cmocka_unit_test(group_by_traceback_keeps_all_frames),
		cmocka_unit_test(group_cumulative_counts_callers),
		cmocka_unit_test(
		    group_cumulative_occurrences_counts_recursion_every_time),
		cmocka_unit_test(group_cumulative_once_counts_recursion_once),
		cmocka_unit_test(group_empty_traceback_is_unknown),
		cmocka_unit_test(group_of_nothing_is_empty),
		cmocka_unit_test(group_row_says_what_all_its_traces_agree_on),
		cmocka_unit_test(
		    group_past_rows_show_only_when_ordered_by_the_past),
		cmocka_unit_test(group_empty_blocks_are_rows),
		cmocka_unit_test(group_by_line_without_lines_goes_by_offset),
		cmocka_unit_test(group_identity_does_not_depend_on_ids),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
