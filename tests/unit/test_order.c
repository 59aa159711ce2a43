/*
 * test_order.c - sort orders.
 */
#include "literal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
check_order(const struct lit_trace *lits, size_t n, enum grouping grouping,
    enum sort_key key, bool reverse, const char *expected)
{
	struct lit *lit = lit_new();
	struct query_traces traces = lit_traces(lit, lits, n);
	struct stats_table *table = group_by(&traces, grouping,
	    CUMULATIVE_OFF);

	order_rows(table, key, reverse);
	assert_string_equal(lit_rows(table), expected);
	stats_free(table);
	free(traces.traces);
	lit_free(lit);
}

/* tracemalloc: the greater name and the greater line first, names by bytes,
 * lines as numbers. */
static const struct lit_trace ties[] = {
	{ 0, 8, 2, "B.c:1" }, { 0, 8, 2, "b.c:9" }, { 0, 8, 2, "a.c:99" },
	{ 0, 8, 2, "b.c:10" },
};

static void
order_ties_by_place_descending(void **state)
{
	(void)state;
	check_order(ties, 4, BY_LINENO, SORT_SIZE, false,
	    "b.c:10 8/2\nb.c:9 8/2\na.c:99 8/2\nB.c:1 8/2\n");
	check_order(ties, 4, BY_LINENO, SORT_GROWTH, false,
	    "b.c:10 8/2\nb.c:9 8/2\na.c:99 8/2\nB.c:1 8/2\n");
}

static void
order_reverse_turns_only_the_key_around(void **state)
{
	static const struct lit_trace lits[] = {
		{ 0, 8, 2, "B.c:1" }, { 0, 8, 2, "b.c:9" },
		{ 0, 8, 3, "a.c:99" }, { 0, 7, 1, "d.c:1" },
	};

	(void)state;
	check_order(lits, 4, BY_LINENO, SORT_SIZE, true,
	    "d.c:1 7/1\na.c:99 8/3\nb.c:9 8/2\nB.c:1 8/2\n");
}

static void
order_by_location_is_ascending(void **state)
{
	(void)state;
	check_order(ties, 4, BY_LINENO, SORT_LOCATION, false,
	    "B.c:1 8/2\na.c:99 8/2\nb.c:9 8/2\nb.c:10 8/2\n");
	check_order(ties, 4, BY_LINENO, SORT_LOCATION, true,
	    "b.c:10 8/2\nb.c:9 8/2\na.c:99 8/2\nB.c:1 8/2\n");
}

static void
order_size_is_by_size_then_count(void **state)
{
	static const struct lit_trace lits[] = {
		{ 0, 8, 1, "z.c:1" }, { 0, 9, 1, "a.c:1" },
		{ 0, 8, 4, "b.c:1" }, { 0, UINT64_MAX, 1, "c.c:1" },
	};

	(void)state;
	check_order(lits, 4, BY_LINENO, SORT_SIZE, false,
	    "c.c:1 18446744073709551615/1\na.c:1 9/1\nb.c:1 8/4\nz.c:1 8/1\n");
	check_order(lits, 4, BY_LINENO, SORT_COUNT, false,
	    "b.c:1 8/4\nc.c:1 18446744073709551615/1\na.c:1 9/1\nz.c:1 8/1\n");
}

static void
order_average_is_a_quotient(void **state)
{
	static const struct lit_trace lits[] = {
		{ 0, 10, 4, "a.c:1" }, { 0, 8, 3, "b.c:1" },
		{ 0, 100, 50, "c.c:1" }, { 0, 5, 2, "d.c:1" },
	};

	(void)state;
	check_order(lits, 4, BY_LINENO, SORT_AVERAGE, false,
	    "b.c:1 8/3\na.c:1 10/4\nd.c:1 5/2\nc.c:1 100/50\n");
}

/* Tracebacks are compared oldest frame first; one that goes on is greater. */
static void
order_ties_of_tracebacks_oldest_frame_first(void **state)
{
	static const struct lit_trace lits[] = {
		{ 0, 1, 1, "z.c:1 a.c:1" }, { 0, 1, 1, "a.c:1 b.c:1" },
		{ 0, 1, 1, "a.c:1" }, { 0, 1, 1, "x.c:2 z.c:1 a.c:1" },
		{ 0, 1, 1, "x.c:10 z.c:1 a.c:1" },
	};

	(void)state;
	check_order(lits, 5, BY_TRACEBACK, SORT_SIZE, false,
	    "a.c:1 b.c:1 1/1\nx.c:10 z.c:1 a.c:1 1/1\n"
	    "x.c:2 z.c:1 a.c:1 1/1\nz.c:1 a.c:1 1/1\na.c:1 1/1\n");
}

/* The order does not depend on the order of the traces. */
static void
order_is_total(void **state)
{
	static const struct lit_trace lits[] = {
		{ 0, 1, 1, "a.c:1=f m.c:1=x" }, { 0, 1, 1, "a.c:1=f m.c:1=y" },
		{ 0, 1, 1, "a.c:1=g m.c:1=x" }, { 0, 1, 1, "a.c:1=h m.c:1=x" },
	};
	struct lit *lit = lit_new();
	struct query_traces traces = lit_traces(lit, lits, 4);
	struct stats_table *one, *two;

	(void)state;
	one = group_by(&traces, BY_TRACEBACK, CUMULATIVE_OFF);
	order_rows(one, SORT_SIZE, false);
	assert_int_equal(one->n_rows, 4);
	for (int turn = 0; turn < 4; turn++) {
		struct query_trace first = traces.traces[0];

		memmove(traces.traces, traces.traces + 1,
		    3 * sizeof *traces.traces);
		traces.traces[3] = first;
		two = group_by(&traces, BY_TRACEBACK, CUMULATIVE_OFF);
		order_rows(two, SORT_SIZE, false);
		for (int i = 0; i < 4; i++)
			assert_int_equal(one->rows[i].stack,
			    two->rows[i].stack);
		stats_free(two);
	}
	stats_free(one);
	free(traces.traces);
	lit_free(lit);
}

/* 5000 rows with few distinct sizes, against the libc's sort. */
static int
compare_as_specified(const void *left, const void *right)
{
	const struct statistic *a = left, *b = right;

	if (a->size != b->size)
		return a->size < b->size ? 1 : -1;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return a->line < b->line ? 1 : -1;
}

static void
order_of_many_rows_is_that_of_qsort(void **state)
{
	enum { N = 5000 };
	struct lit *lit = lit_new();
	struct query_traces traces = {
		.stacks = lit->stacks, .n = N,
		.traces = calloc(N, sizeof *traces.traces),
	};
	struct stats_table *table;
	struct statistic *expected = malloc(N * sizeof *expected);
	uint32_t random = 1;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		struct symbol_frame frame = { .line = i + 1 };

		random = random * 1103515245u + 12345u;
		traces.traces[i] = (struct query_trace){
			.size = random >> 16 & 15,
			.count = 1 + (random >> 24 & 1),
			.stack = stacks_push(lit->stacks, 0, &frame),
		};
	}
	table = group_by(&traces, BY_LINENO, CUMULATIVE_OFF);
	assert_int_equal(table->n_rows, N);
	memcpy(expected, table->rows, N * sizeof *expected);
	qsort(expected, N, sizeof *expected, compare_as_specified);
	order_rows(table, SORT_SIZE, false);
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(table->rows[i].line, expected[i].line);
	free(expected);
	stats_free(table);
	free(traces.traces);
	lit_free(lit);
}

static void
order_names_are_found(void **state)
{
	(void)state;
	for (int key = 0; key < N_SORT_KEYS; key++) {
		assert_non_null(sort_key_name((enum sort_key)key));
		assert_int_equal(
		    sort_key_find(sort_key_name((enum sort_key)key)), key);
	}
	assert_int_equal(sort_key_find("size"), SORT_SIZE);
	assert_int_equal(sort_key_find("nonsense"), -1);
	assert_int_equal(sort_key_find(""), -1);
	assert_null(sort_key_name(N_SORT_KEYS));
}

/* Random tracebacks of one to three frames, with many equal numbers, some of
 * them of blocks long freed. */
static void
add_random_trace(struct lit *lit, struct query_traces *traces)
{
	struct query_trace *trace = &traces->traces[traces->n++];
	uint32_t stack = 0;

	for (int depth = rand() % 3; depth >= 0; depth--) {
		char file[] = { (char)('a' + rand() % 4), '.', 'c' };
		struct symbol_frame frame = {
			.file = names_intern(lit->names, file, sizeof file),
			.line = (uint32_t)(1 + rand() % 9),
		};

		stack = stacks_push(lit->stacks, stack, &frame);
	}
	*trace = (struct query_trace){ .stack = stack,
		.count = (uint64_t)(rand() % 4), .allocs = 5 };
	trace->size = trace->count * 8 * (uint64_t)(1 + rand() % 3);
}

static void
check_first_rows(const struct query_traces *traces, enum grouping grouping,
    enum sort_key key, bool reverse, uint32_t n_first)
{
	struct stats_table *all = group_by(traces, grouping, CUMULATIVE_OFF);
	struct stats_table *first = group_by(traces, grouping,
	    CUMULATIVE_OFF);
	uint64_t size = 0, size_of_all = 0;

	order_rows(all, key, reverse);
	order_first_rows(first, key, reverse, n_first);
	assert_int_equal(first->n_rows, all->n_rows);
	assert_int_equal(first->n_all, all->n_all);
	assert_int_equal(first->n_ordered, n_first < all->n_rows ? n_first :
	    all->n_rows);
	assert_int_equal(all->n_ordered, all->n_rows);
	assert_memory_equal(first->rows, all->rows,
	    first->n_ordered * sizeof *first->rows);
	for (uint32_t i = 0; i < all->n_rows; i++) {
		/* identities, too, so that no row stands there twice */
		size += first->rows[i].size + first->rows[i].identity;
		size_of_all += all->rows[i].size + all->rows[i].identity;
	}
	assert_int_equal(size, size_of_all);
	stats_free(all);
	stats_free(first);
}

static void
order_of_the_first_rows_is_that_of_all(void **state)
{
	(void)state;
	srand(3);
	for (int round = 0; round < 600; round++) {
		struct lit *lit = lit_new();
		struct query_trace room[200];
		struct query_traces traces = { .stacks = lit->stacks,
			.traces = room };

		for (int n = 1 + rand() % 200; n > 0; n--)
			add_random_trace(lit, &traces);
		check_first_rows(&traces, (enum grouping)(rand() %
		    N_GROUPINGS), (enum sort_key)(round % N_SORT_KEYS),
		    rand() % 2, (uint32_t)(rand() % 60));
		lit_free(lit);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_ties_by_place_descending),
		cmocka_unit_test(order_reverse_turns_only_the_key_around),
		cmocka_unit_test(order_by_location_is_ascending),
		cmocka_unit_test(order_size_is_by_size_then_count),
		cmocka_unit_test(order_average_is_a_quotient),
		cmocka_unit_test(order_ties_of_tracebacks_oldest_frame_first),
		cmocka_unit_test(order_is_total),
		cmocka_unit_test(order_of_many_rows_is_that_of_qsort),
		cmocka_unit_test(order_of_the_first_rows_is_that_of_all),
		cmocka_unit_test(order_names_are_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
