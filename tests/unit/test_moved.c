/*
 * test_moved.c - differences of two builds: lines that moved.
 */
#include "literal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct sides {
	const struct lit_trace *old, *now;
	size_t		n_old, n_now;
};

#define SIDES(old, now)	\
	((struct sides){ old, now, array_size(old), array_size(now) })

static bool is_same_build;

static void
check_moved(struct sides sides, enum grouping grouping, const char *expected)
{
	struct lit *lit = lit_new();
	struct query_traces old = lit_traces(lit, sides.old, sides.n_old);
	struct query_traces now = lit_traces(lit, sides.now, sides.n_now);
	struct stats_table *left = group_by(&old, grouping, CUMULATIVE_OFF);
	struct stats_table *right = group_by(&now, grouping, CUMULATIVE_OFF);
	bool *same_build = calloc(names_count(lit->names), sizeof(bool));
	struct stats_table *diff;
	int64_t size_diff = 0;

	memset(same_build, is_same_build, names_count(lit->names));
	diff = diff_builds(left, right, same_build);
	order_rows(diff, SORT_GROWTH, false);
	assert_string_equal(lit_rows(diff), expected);
	for (uint32_t i = 0; i < diff->n_all; i++)
		size_diff += diff->rows[i].size_diff;
	assert_int_equal(size_diff, diff->size_diff);
	free(same_build);
	stats_free(left);
	stats_free(right);
	stats_free(diff);
	free(old.traces);
	free(now.traces);
	lit_free(lit);
}

/* Three lines further down, and a little more of one: not a leak and a gain. */
static void
moved_lines_are_the_same_rows(void **state)
{
	static const struct lit_trace old[] = {
		{ 0, 1000, 10, "a.c:10=f m.c:1=main" },
		{ 0, 50, 1, "a.c:12=f m.c:1=main" },
		{ 0, 7, 1, "b.c:5=g m.c:2=main" },
	};
	static const struct lit_trace now[] = {
		{ 0, 1100, 11, "a.c:13=f m.c:1=main" },
		{ 0, 50, 1, "a.c:15=f m.c:1=main" },
		{ 0, 7, 1, "b.c:5=g m.c:2=main" },
	};

	(void)state;
	check_moved(SIDES(old, now), BY_LINENO, "a.c:13 1100/11 +100/+1\n"
	    "a.c:15 50/1 +0/+0\nb.c:5 7/1 +0/+0\n");
}

/* By two lines, so that one of them stands where the other was. */
static void
moved_lines_are_not_confused_with_their_neighbours(void **state)
{
	static const struct lit_trace old[] = {
		{ 0, 1000, 10, "a.c:10=f" }, { 0, 50, 1, "a.c:12=f" },
	};
	static const struct lit_trace now[] = {
		{ 0, 1000, 10, "a.c:12=f" }, { 0, 50, 1, "a.c:14=f" },
	};

	(void)state;
	check_moved(SIDES(old, now), BY_LINENO,
	    "a.c:12 1000/10 +0/+0\na.c:14 50/1 +0/+0\n");
}

/* A leak put in front of what was there takes the line it had. */
static void
moved_line_is_known_by_what_it_allocates(void **state)
{
	static const struct lit_trace old[] = {
		{ 0, 256000, 1000, "a.c:118=put" },
	};
	static const struct lit_trace now[] = {
		{ 0, 64000, 1000, "a.c:118=put" },
		{ 0, 256000, 1000, "a.c:120=put" },
	};

	(void)state;
	check_moved(SIDES(old, now), BY_LINENO, "a.c:118 64000/1000 "
	    "+64000/+1000\na.c:120 256000/1000 +0/+0\n");
}

/* The lines of one function are where those of another were. */
static void
moved_functions_are_followed_where_others_have_been(void **state)
{
	static const struct lit_trace old[] = {
		{ 0, 100, 1, "a.c:10=f" }, { 0, 2000, 2, "a.c:20=g" },
	};
	static const struct lit_trace now[] = {
		{ 0, 30, 3, "a.c:10=h" }, { 0, 100, 1, "a.c:20=f" },
		{ 0, 2000, 2, "a.c:30=g" },
	};

	(void)state;
	check_moved(SIDES(old, now), BY_LINENO, "a.c:10 30/3 +30/+3\n"
	    "a.c:30 2000/2 +0/+0\na.c:20 100/1 +0/+0\n");
}

static void
moved_lines_that_are_fewer_leave_one_behind(void **state)
{
	static const struct lit_trace old[] = {
		{ 0, 100, 1, "a.c:10=f" }, { 0, 20, 2, "a.c:11=f" },
		{ 0, 3, 3, "a.c:12=f" },
	};
	static const struct lit_trace now[] = {
		{ 0, 100, 1, "a.c:20=f" }, { 0, 3, 3, "a.c:21=f" },
	};

	(void)state;
	check_moved(SIDES(old, now), BY_LINENO, "a.c:11 0/0 -20/-2\n"
	    "a.c:20 100/1 +0/+0\na.c:21 3/3 +0/+0\n");
}

/* Other functions, and functions nobody knows, are other places. */
static void
moved_lines_stay_in_their_function(void **state)
{
	static const struct lit_trace old[] = {
		{ 0, 10, 1, "a.c:10=f" }, { 0, 20, 1, "a.c:20" },
	};
	static const struct lit_trace now[] = {
		{ 0, 10, 1, "a.c:10=g" }, { 0, 20, 1, "a.c:21" },
		{ 0, 10, 1, "a.c:11=g" },
	};

	(void)state;
	check_moved(SIDES(old, now), BY_LINENO, "a.c:21 20/1 +20/+1\n"
	    "a.c:20 0/0 -20/-1\na.c:11 10/1 +10/+1\na.c:10 10/1 +10/+1\n"
	    "a.c:10 0/0 -10/-1\n");
}

static void
moved_tracebacks_are_those_through_the_same_functions(void **state)
{
	static const struct lit_trace old[] = {
		{ 0, 10, 1, "a.c:10=f m.c:5=main" },
		{ 0, 20, 2, "a.c:10=f m.c:7=main" },
		{ 0, 5, 1, "a.c:10=f b.c:1=g m.c:5=main" },
	};
	static const struct lit_trace now[] = {
		{ 0, 10, 1, "a.c:11=f m.c:6=main" },
		{ 0, 30, 3, "a.c:11=f m.c:8=main" },
		{ 0, 6, 1, "a.c:11=f c.c:1=h m.c:5=main" },
	};

	(void)state;
	check_moved(SIDES(old, now), BY_TRACEBACK,
	    "a.c:11 m.c:8 30/3 +10/+1\n"
	    "a.c:11 c.c:1 m.c:5 6/1 +6/+1\n"
	    "a.c:10 b.c:1 m.c:5 0/0 -5/-1\n"
	    "a.c:11 m.c:6 10/1 +0/+0\n");
}

static void
moved_folders_are_looked_through(void **state)
{
	static const struct lit_trace old[] = {
		{ 0, 10, 1, "/one/a.c:10=f" }, { 0, 7, 1, "/one/x/u.c:1=init" },
		{ 0, 8, 1, "/one/y/u.c:1=init" },
	};
	static const struct lit_trace now[] = {
		{ 0, 12, 2, "/two/a.c:10=f" }, { 0, 7, 1, "/two/x/u.c:1=init" },
		{ 0, 8, 1, "/two/y/u.c:1=init" },
	};

	(void)state;
	/* Which u.c is meant cannot be told. */
	check_moved(SIDES(old, now), BY_FILENAME,
	    "/two/y/u.c:0 8/1 +8/+1\n/one/y/u.c:0 0/0 -8/-1\n"
	    "/two/x/u.c:0 7/1 +7/+1\n/one/x/u.c:0 0/0 -7/-1\n"
	    "/two/a.c:0 12/2 +2/+1\n");
	check_moved(SIDES(old, now), BY_LINENO,
	    "/two/y/u.c:1 8/1 +8/+1\n/one/y/u.c:1 0/0 -8/-1\n"
	    "/two/x/u.c:1 7/1 +7/+1\n/one/x/u.c:1 0/0 -7/-1\n"
	    "/two/a.c:10 12/2 +2/+1\n");
}

/* Of one build, two lines are two lines. */
static void
moved_lines_need_two_builds(void **state)
{
	static const struct lit_trace old[] = { { 0, 10, 1, "a.c:10=f" } };
	static const struct lit_trace now[] = { { 0, 10, 1, "a.c:11=f" } };

	(void)state;
	is_same_build = true;
	check_moved(SIDES(old, now), BY_LINENO,
	    "a.c:11 10/1 +10/+1\na.c:10 0/0 -10/-1\n");
	check_moved(SIDES(old, now), BY_TRACEBACK,
	    "a.c:11 10/1 +10/+1\na.c:10 0/0 -10/-1\n");
	is_same_build = false;
}

static void
moved_nothing_is_fine(void **state)
{
	static const struct lit_trace some[] = { { 0, 10, 1, "a.c:10=f" } };

	(void)state;
	check_moved((struct sides){ some, NULL, 1, 0 }, BY_LINENO,
	    "a.c:10 0/0 -10/-1\n");
	check_moved((struct sides){ NULL, some, 0, 1 }, BY_TRACEBACK,
	    "a.c:10 10/1 +10/+1\n");
	check_moved((struct sides){ NULL, NULL, 0, 0 }, BY_FILENAME, "");
}

/* ---- what holds of any two tables ---- */

enum { MAX_RANDOM = 12, N_ROUNDS = 3000 };

static uint32_t seed = 1;

static uint32_t
below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static size_t
make_random(struct lit_trace *traces, char text[][64])
{
	size_t n = below(MAX_RANDOM + 1);

	for (size_t i = 0; i < n; i++) {
		snprintf(text[i], sizeof text[i], "/%c/%c.c:%u=%c m.c:%u=main",
		    'a' + (int)below(2), 'x' + (int)below(2), 1 + below(6),
		    'f' + (int)below(3), 1 + below(2));
		traces[i] = (struct lit_trace){ .size = 1 + below(500),
		    .count = 1 + below(5), .frames = text[i] };
	}
	return n;
}

static int
compare_diffs(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* The changes of size that are not 0, in order; returns how many. */
static uint32_t
list_diffs(const struct query_traces *old, const struct query_traces *now,
    enum grouping grouping, int64_t diffs[2 * MAX_RANDOM], int64_t *sum)
{
	static const bool same_build[256];
	struct stats_table *left = group_by(old, grouping, CUMULATIVE_OFF);
	struct stats_table *right = group_by(now, grouping, CUMULATIVE_OFF);
	struct stats_table *diff = diff_builds(left, right, same_build);
	uint64_t size = 0;
	uint32_t n = 0;

	*sum = 0;
	for (uint32_t i = 0; i < diff->n_all; i++) {
		size += diff->rows[i].size;
		*sum += diff->rows[i].size_diff;
		if (diff->rows[i].size_diff != 0)
			diffs[n++] = diff->rows[i].size_diff;
	}
	assert_int_equal(size, right->size);
	qsort(diffs, n, sizeof *diffs, compare_diffs);
	stats_free(left);
	stats_free(right);
	stats_free(diff);
	return n;
}

/* Nothing is lost or found by pairing, and the other way round it is the
 * opposite. */
static void
moved_rows_keep_every_sum_both_ways(void **state)
{
	struct lit_trace then[MAX_RANDOM], now[MAX_RANDOM];
	char then_text[MAX_RANDOM][64], now_text[MAX_RANDOM][64];
	int64_t there[2 * MAX_RANDOM], back[2 * MAX_RANDOM], sum, back_sum;

	(void)state;
	for (int round = 0; round < N_ROUNDS; round++) {
		struct lit *lit = lit_new();
		size_t n_then = make_random(then, then_text);
		size_t n_now = make_random(now, now_text);
		struct query_traces a = lit_traces(lit, then, n_then);
		struct query_traces b = lit_traces(lit, now, n_now);
		enum grouping grouping = (enum grouping)below(3);
		uint32_t n = list_diffs(&a, &b, grouping, there, &sum);

		assert_int_equal(list_diffs(&b, &a, grouping, back, &back_sum),
		    n);
		assert_int_equal(sum, -back_sum);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(there[i], -back[n - 1 - i]);
		free(a.traces);
		free(b.traces);
		lit_free(lit);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moved_lines_are_the_same_rows),
		cmocka_unit_test(
		    moved_lines_are_not_confused_with_their_neighbours),
		cmocka_unit_test(moved_line_is_known_by_what_it_allocates),
		cmocka_unit_test(
		    moved_functions_are_followed_where_others_have_been),
		cmocka_unit_test(moved_lines_that_are_fewer_leave_one_behind),
		cmocka_unit_test(moved_lines_stay_in_their_function),
		cmocka_unit_test(
		    moved_tracebacks_are_those_through_the_same_functions),
		cmocka_unit_test(moved_folders_are_looked_through),
		cmocka_unit_test(moved_lines_need_two_builds),
		cmocka_unit_test(moved_nothing_is_fine),
		cmocka_unit_test(moved_rows_keep_every_sum_both_ways),
	};

	return cmocka_run_group_tests_name("moved", tests, NULL, NULL);
}
