/*
 * test_diff.c - differences of two groupings; rows as CPython 3.11's
 * compare_to() gives them for the same traces.
 */
#include "literal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct lit_trace before[] = {
	{ 0, 10, 1, "a.py:2 b.py:4" }, { 0, 10, 1, "a.py:2 b.py:4" },
	{ 0, 10, 1, "a.py:2 b.py:4" }, { 1, 2, 1, "a.py:5 b.py:4" },
	{ 2, 66, 1, "b.py:1" }, { 3, 7, 1, "<unknown>:0" },
};

static const struct lit_trace after[] = {
	{ 0, 30, 3, "a.py:2 b.py:4" }, { 2, 2, 1, "a.py:5 b.py:4" },
	{ 2, 5000, 1, "a.py:5 b.py:4" }, { 4, 400, 1, "c.py:578" },
};

struct sides {
	const struct lit_trace *old, *now;
	size_t		n_old, n_now;
};

static void
check_diff(struct sides sides, enum grouping grouping, enum sort_key key,
    const char *expected)
{
	struct lit *lit = lit_new();
	struct query_traces old = lit_traces(lit, sides.old, sides.n_old);
	struct query_traces now = lit_traces(lit, sides.now, sides.n_now);
	struct stats_table *left = group_by(&old, grouping, CUMULATIVE_OFF);
	struct stats_table *right = group_by(&now, grouping, CUMULATIVE_OFF);
	struct stats_table *diff = diff_tables(left, right);

	order_rows(diff, key, false);
	assert_true(diff->has_diff);
	assert_string_equal(lit_rows(diff), expected);
	stats_free(left);
	stats_free(right);
	stats_free(diff);
	free(old.traces);
	free(now.traces);
	lit_free(lit);
}

static const struct sides both = {
	before, after, array_size(before), array_size(after) };

static void
diff_by_line_has_rows_of_both_sides(void **state)
{
	(void)state;
	check_diff(both, BY_LINENO, SORT_GROWTH,
	    "a.py:5 5002/2 +5000/+1\nc.py:578 400/1 +400/+1\n"
	    "b.py:1 0/0 -66/-1\n<unknown>:0 0/0 -7/-1\na.py:2 30/3 +0/+0\n");
}

static void
diff_by_file_has_rows_of_both_sides(void **state)
{
	(void)state;
	check_diff(both, BY_FILENAME, SORT_GROWTH,
	    "a.py:0 5032/5 +5000/+1\nc.py:0 400/1 +400/+1\n"
	    "b.py:0 0/0 -66/-1\n<unknown>:0 0/0 -7/-1\n");
}

static void
diff_by_traceback_has_rows_of_both_sides(void **state)
{
	(void)state;
	check_diff(both, BY_TRACEBACK, SORT_GROWTH,
	    "a.py:5 b.py:4 5002/2 +5000/+1\nc.py:578 400/1 +400/+1\n"
	    "b.py:1 0/0 -66/-1\n<unknown>:0 0/0 -7/-1\n"
	    "a.py:2 b.py:4 30/3 +0/+0\n");
}

static void
diff_signed_order_puts_shrinking_last(void **state)
{
	(void)state;
	check_diff(both, BY_LINENO, SORT_GROWTH_SIGNED,
	    "a.py:5 5002/2 +5000/+1\nc.py:578 400/1 +400/+1\n"
	    "a.py:2 30/3 +0/+0\n<unknown>:0 0/0 -7/-1\nb.py:1 0/0 -66/-1\n");
}

/* +20 and -20 by magnitude; what shrank but lives is before what is gone. */
static void
diff_orders_by_magnitude_then_size(void **state)
{
	static const struct lit_trace old[] = {
		{ 0, 30, 1, "shrunk.c:1" }, { 0, 20, 1, "gone.c:1" },
		{ 0, 5, 1, "same.c:1" },
	};
	static const struct lit_trace now[] = {
		{ 0, 10, 1, "shrunk.c:1" }, { 0, 20, 2, "new.c:1" },
		{ 0, 5, 1, "same.c:1" },
	};
	static const struct sides sides = { old, now, 3, 3 };

	(void)state;
	check_diff(sides, BY_LINENO, SORT_GROWTH,
	    "new.c:1 20/2 +20/+2\nshrunk.c:1 10/1 -20/+0\n"
	    "gone.c:1 0/0 -20/-1\nsame.c:1 5/1 +0/+0\n");
}

static void
diff_with_nothing_is_all_or_minus_all(void **state)
{
	static const struct sides from_start = { NULL, after, 0, 4 };
	static const struct sides to_end = { after, NULL, 4, 0 };

	(void)state;
	check_diff(from_start, BY_LINENO, SORT_GROWTH,
	    "a.py:5 5002/2 +5002/+2\nc.py:578 400/1 +400/+1\n"
	    "a.py:2 30/3 +30/+3\n");
	check_diff(to_end, BY_LINENO, SORT_GROWTH,
	    "a.py:5 0/0 -5002/-2\nc.py:578 0/0 -400/-1\n"
	    "a.py:2 0/0 -30/-3\n");
	check_diff((struct sides){ NULL, NULL, 0, 0 }, BY_FILENAME,
	    SORT_GROWTH, "");
}

static void
diff_sums_are_those_of_the_traces(void **state)
{
	struct lit *lit = lit_new();
	struct query_traces old = lit_traces(lit, before, 6);
	struct query_traces now = lit_traces(lit, after, 4);
	struct stats_table *left, *right, *diff;

	(void)state;
	now.traces[3].allocs = 9;
	now.traces[3].allocated = 3600;
	left = group_by(&old, BY_LINENO, CUMULATIVE_OFF);
	right = group_by(&now, BY_LINENO, CUMULATIVE_OFF);
	diff = diff_tables(left, right);
	order_rows(diff, SORT_GROWTH, false);
	assert_int_equal(diff->size, 5432);
	assert_int_equal(diff->count, 6);
	assert_int_equal(diff->size_diff, 5432 - 105);
	assert_int_equal(diff->count_diff, 0);
	assert_int_equal(diff->rows[1].allocs_diff, 9);
	assert_int_equal(diff->rows[1].allocated_diff, 3600);
	assert_int_equal(diff->rows[1].frees, 8);
	assert_int_equal(diff->rows[2].allocs_diff, -1);
	assert_int_equal(diff->rows[2].allocs, 0);
	stats_free(left);
	stats_free(right);
	stats_free(diff);
	free(old.traces);
	free(now.traces);
	lit_free(lit);
}

/* Dead on both sides: tracemalloc has no such row; dead on one: full value. */
static void
diff_past_rows_count_as_missing(void **state)
{
	struct lit *lit = lit_new();
	struct query_traces old = lit_traces(lit, after, 4);
	struct query_traces now = lit_traces(lit, after, 4);
	struct stats_table *left, *right, *diff;

	(void)state;
	old.traces[0].size = old.traces[0].count = 0;
	old.traces[3].size = old.traces[3].count = 0;
	now.traces[3].size = now.traces[3].count = 0;
	now.traces[3].allocs = 500;
	left = group_by(&old, BY_LINENO, CUMULATIVE_OFF);
	right = group_by(&now, BY_LINENO, CUMULATIVE_OFF);
	diff = diff_tables(left, right);
	order_rows(diff, SORT_GROWTH, false);
	assert_string_equal(lit_rows(diff),
	    "a.py:2 30/3 +30/+3\na.py:5 5002/2 +0/+0\n");
	order_rows(diff, SORT_ALLOCS, false);
	assert_int_equal(diff->n_rows, 3);
	assert_int_equal(diff->rows[0].allocs_diff, 499);
	stats_free(left);
	stats_free(right);
	stats_free(diff);
	free(old.traces);
	free(now.traces);
	lit_free(lit);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(diff_by_line_has_rows_of_both_sides),
		cmocka_unit_test(diff_by_file_has_rows_of_both_sides),
		cmocka_unit_test(diff_by_traceback_has_rows_of_both_sides),
		cmocka_unit_test(diff_signed_order_puts_shrinking_last),
		cmocka_unit_test(diff_orders_by_magnitude_then_size),
		cmocka_unit_test(diff_with_nothing_is_all_or_minus_all),
		cmocka_unit_test(diff_sums_are_those_of_the_traces),
		cmocka_unit_test(diff_past_rows_count_as_missing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
