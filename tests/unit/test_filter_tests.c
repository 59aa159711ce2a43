/*
 * test_filter_tests.c - filters by function, and tests of rows.
 *
 * Sums are arithmetic: c.c has 10 + 20 in lines 1 and 2.
 */
#include "literal.h"

#include "query/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/xalloc.h"

static const struct lit_trace traces[] = {
	{ 0, 20480, 2, "c.c:1=put_item c.c:9=serve m.c:1=main" },
	{ 0, 10240, 10, "c.c:1=put_item d.c:3=load m.c:2=main" },
	{ 0, 100, 100, "c.c:2=take_item c.c:9=serve m.c:1=main" },
	{ 1, 50, 1, "e.c:7=ns::Node::add(int) m.c:2=main" },
};

/* The lines that remain, in tracemalloc's order. */
static void
check(const char *text, enum grouping grouping, enum cumulative cumulative,
    const char *expected)
{
	struct errbuf why = { .text = "" };
	struct filter *filter = filter_parse(text, FILTER_EXACT, &why, NULL);
	struct lit *lit = lit_new();
	struct query_traces all = lit_traces(lit, traces, 4), kept;
	struct filter_set *set;
	struct stats_table *table;

	assert_string_equal(why.text, "");
	set = filter_set_new(&filter, 1);
	filter_apply(set, &all, &kept, NULL);
	table = group_by(&kept, grouping, cumulative);
	filter_rows(set, table, cumulative);
	order_rows(table, SORT_SIZE, false);
	assert_string_equal(lit_rows(table), expected);
	stats_free(table);
	filter_set_free(set);
	free(kept.traces);
	free(all.traces);
	lit_free(lit);
}

static void
check_lines(const char *text, const char *expected)
{
	check(text, BY_LINENO, CUMULATIVE_OFF, expected);
}

static void
check_text(const char *text, enum filter_mode mode, const char *expected)
{
	struct errbuf why = { .text = "" };
	struct filter *filter = filter_parse(text, mode, &why, NULL), *again;

	assert_string_equal(why.text, "");
	assert_string_equal(filter_text(filter), expected);

	/* what is written reads as the same */
	again = filter_parse(expected + 1, FILTER_EXACT, &why, NULL);
	assert_string_equal(why.text, "");
	assert_string_equal(filter_text(again) + 1, expected + 1);
	filter_free(again);
	filter_free(filter);
}

static void
filter_parse_knows_functions_and_tests(void **state)
{
	(void)state;
	check_text("func=put_*", FILTER_EXACT, "+func=put_*");
	check_text("func=put", FILTER_PROMPT, "+func=*put*");
	check_text("func==put", FILTER_PROMPT, "+func=put");
	check_text("!func=\"operator new*\" all", FILTER_EXACT,
	    "-func=\"operator new*\" all");
	check_text("func=std::map<*>::at", FILTER_EXACT,
	    "+func=std::map<*>::at");
	check_text("*/c.c:3 func=f all @2", FILTER_EXACT,
	    "+*/c.c:3 func=f all @2");
	check_text("size>10K", FILTER_EXACT, "+size>10K");
	check_text("! size<=1KiB count>=100", FILTER_EXACT,
	    "-size<=1KiB count>=100");
	check_text("lru average=64 growth>-1M", FILTER_PROMPT,
	    "+*lru* average=64 growth>-1M");
	check_text("\"size>10K\"", FILTER_EXACT, "+\"size>10K\"");
	check_text("=func=x", FILTER_EXACT, "+\"func=x\"");
	check_text("size", FILTER_PROMPT, "+*size*");
	check_text("a.c block>10K count=0 block<1M", FILTER_EXACT,
	    "+a.c block>10K count=0 block<1M");
	check_text("!a.c block>10K", FILTER_EXACT, "-a.c block>10K");
	check_text("a.c @2 count=0", FILTER_EXACT, "+a.c @2 count=0");
}

static void
filter_parse_says_which_test_is_wrong(void **state)
{
	static const struct {
		const char	*text;
		int		column;
		const char	*message;
	} cases[] = {
		{ "size>", 6, "size must be a size like 10K" },
		{ "size>=x", 7, "size must be a size" },
		{ "a.c size>10Q", 10, "size must be a size" },
		{ "size>-1", 6, "size must be a size" },
		{ "size>9999999999G", 6, "size must be a size" },
		{ "count>1K", 7, "count must be a number" },
		{ "!count>", 8, "count must be a number" },
		{ "\xc3\xa9 count=x", 9, "count must be a number" },
		{ "func=", 6, "function pattern is expected" },
		{ "func=a func=b", 8, "function already" },
		{ "func=\"a", 6, "not closed" },
		{ "func=\"a\":3", 9, "only a space" },
		{ "!a.c size>1", 6, "two filters" },
		{ "!size>1 func=x", 2, "two filters" },
		{ "size>1 a.c", 8, "may follow" },
		{ "a.c size", 5, "size>10K" },
		{ "size>1 size>1 size>1 size>1 size>1 size>1 size>1 size>1 "
		    "size>1", 57, "too many" },
	};
	struct errbuf why;

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		assert_null(filter_parse(cases[i].text, FILTER_EXACT, &why,
		    NULL));
		assert_non_null(strstr(why.text, cases[i].message));
		assert_int_equal(why.column, cases[i].column);
	}
}

static void
filter_apply_by_function_tests_the_attributed_frame(void **state)
{
	(void)state;
	check_lines("func=put_item", "c.c:1 30720/12\n");
	check_lines("func=*_item", "c.c:1 30720/12\nc.c:2 100/100\n");
	check_lines("!func=*_item", "e.c:7 50/1\n");
	check_lines("func=main", "");
	check_lines("func=ns::Node::add*", "e.c:7 50/1\n");
}

static void
filter_apply_by_function_with_all_is_what_it_caused(void **state)
{
	(void)state;
	check_lines("func=serve all", "c.c:1 20480/2\nc.c:2 100/100\n");
	check_lines("func=main all",
	    "c.c:1 30720/12\nc.c:2 100/100\ne.c:7 50/1\n");
	check_lines("!func=serve all", "c.c:1 10240/10\ne.c:7 50/1\n");
}

static void
filter_apply_file_line_and_function_are_of_one_frame(void **state)
{
	(void)state;
	check_lines("c.c func=serve all", "c.c:1 20480/2\nc.c:2 100/100\n");
	check_lines("m.c func=serve all", "");
	check_lines("m.c:2 func=main all", "c.c:1 10240/10\ne.c:7 50/1\n");
}

static void
filter_rows_shows_rows_that_pass_every_test(void **state)
{
	(void)state;
	check_lines("size>100", "c.c:1 30720/12\n");
	check_lines("size>=100", "c.c:1 30720/12\nc.c:2 100/100\n");
	check_lines("size<100", "e.c:7 50/1\n");
	check_lines("size=50", "e.c:7 50/1\n");
	check_lines("count>=12 size>30K", "");
	check_lines("count>=12 size>=30K", "c.c:1 30720/12\n");
	check_lines("average>=50", "c.c:1 30720/12\ne.c:7 50/1\n");
	check_lines("!count>=12", "e.c:7 50/1\n");
	check_lines("c.c size<1K", "c.c:2 100/100\n");
}

/* A row is what the grouping makes: c.c has 30820 bytes in all. */
static void
filter_rows_tests_rows_as_grouped(void **state)
{
	(void)state;
	check("size>30720", BY_FILENAME, CUMULATIVE_OFF, "c.c:0 30820/112\n");
	check("size>30720", BY_TRACEBACK, CUMULATIVE_OFF, "");
	check("size>30720", BY_LINENO, CUMULATIVE_OFF, "");
	check("count=1", BY_TRACEBACK, CUMULATIVE_OFF,
	    "e.c:7 m.c:2 50/1\n");
	check("func=serve size>20480 all", BY_FILENAME, CUMULATIVE_ONCE,
	    "m.c:0 20580/102\nc.c:0 20580/102\n");
}

/* Every row is either shown by a test or by its negation. */
static void
filter_rows_and_its_negation_are_all(void **state)
{
	static const char *const tests[] = { "size>100", "!size>100" };
	struct lit *lit = lit_new();
	struct query_traces all = lit_traces(lit, traces, 4);
	uint64_t size = 0, count = 0;

	(void)state;
	for (size_t i = 0; i < array_size(tests); i++) {
		struct filter *filter = filter_parse(tests[i], FILTER_EXACT,
		    NULL, NULL);
		struct filter_set *set = filter_set_new(&filter, 1);
		struct stats_table *table = group_by(&all, BY_LINENO,
		    CUMULATIVE_OFF);

		filter_rows(set, table, CUMULATIVE_OFF);
		size += table->size;
		count += table->count;
		stats_free(table);
		filter_set_free(set);
	}
	assert_int_equal(size, 20480 + 10240 + 100 + 50);
	assert_int_equal(count, 113);
	free(all.traces);
	lit_free(lit);
}

/* Tests are no filters of traces: they do not join the "one inclusive". */
static void
filter_rows_does_not_widen_other_filters(void **state)
{
	static const char *const texts[] = { "c.c:1", "size>100" };
	struct filter *filters[2];
	struct lit *lit = lit_new();
	struct query_traces all = lit_traces(lit, traces, 4), kept;
	struct filter_set *set;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		filters[i] = filter_parse(texts[i], FILTER_EXACT, NULL, NULL);
	set = filter_set_new(filters, 2);
	filter_apply(set, &all, &kept, NULL);
	assert_int_equal(kept.n, 2);
	free(kept.traces);
	filter_set_free(set);
	free(all.traces);
	lit_free(lit);
}

/* ---- blocks ---- */

/* Blocks of "a.c:1" twice 10240 and 100; "a.c:2" 20000; "b.c:1" 10241, 7. */
static struct snapshot *
make_blocks(uint64_t sample_bytes)
{
	static const struct live_block blocks[] = {
		{ 0x10, 10240, 0, 1 }, { 0x20, 10240, 0, 1 },
		{ 0x30, 100, 0, 1 }, { 0x40, 20000, 1, 1 },
		{ 0x50, 10241, 2, 1 }, { 0x60, 7, 2, 1 },
	};
	struct snapshot *snapshot = snapshot_new(3, 0);

	snapshot->n_blocks = array_size(blocks);
	snapshot->blocks = xcalloc(array_size(blocks), sizeof blocks[0]);
	memcpy(snapshot->blocks, blocks, sizeof blocks);
	snapshot->totals.sample_bytes = sample_bytes;
	return snapshot;
}

static void
check_blocks_of(const char *const *texts, size_t n, struct snapshot *snapshot,
    const char *expected)
{
	static const struct lit_trace owners[] = {
		{ 0, 20580, 3, "a.c:1" }, { 0, 20000, 1, "a.c:2" },
		{ 0, 10248, 2, "b.c:1" },
	};
	struct lit *lit = lit_new();
	struct query_traces all = lit_traces(lit, owners, 3), kept;
	struct filter *filters[4];
	struct filter_set *set;
	struct stats_table *table;

	for (size_t i = 0; i < n; i++)
		filters[i] = filter_parse(texts[i], FILTER_EXACT, NULL, NULL);
	set = filter_set_new(filters, n);
	assert_true(filter_set_has_block_tests(set));
	all.snapshot = snapshot;
	for (uint32_t i = 0; snapshot != NULL &&
	    snapshot->totals.sample_bytes != 0 && i < all.n; i++) {
		all.traces[i].size *= 10;
		all.traces[i].count *= 10;
	}
	filter_apply(set, &all, &kept, NULL);
	table = group_by(&kept, BY_LINENO, CUMULATIVE_OFF);
	filter_rows(set, table, CUMULATIVE_OFF);
	order_rows(table, SORT_SIZE, false);
	assert_string_equal(lit_rows(table), expected);
	stats_free(table);
	filter_set_free(set);
	free(kept.traces);
	free(all.traces);
	lit_free(lit);
	snapshot_release(snapshot);
}

static void
check_blocks(const char *a, const char *b, const char *expected)
{
	const char *texts[] = { a, b };

	check_blocks_of(texts, b != NULL ? 2 : 1, make_blocks(0), expected);
}

static void
filter_apply_counts_only_blocks_of_the_size(void **state)
{
	(void)state;
	check_blocks("block>10K", NULL, "a.c:2 20000/1\nb.c:1 10241/1\n");
	check_blocks("block>=10K", NULL,
	    "a.c:1 20480/2\na.c:2 20000/1\nb.c:1 10241/1\n");
	check_blocks("block<=100", NULL, "a.c:1 100/1\nb.c:1 7/1\n");
	check_blocks("block>=100 block<10241", NULL, "a.c:1 20580/3\n");
	check_blocks("block=7 block=8", NULL, "");
	check_blocks("!block>10K", NULL, "a.c:1 20580/3\nb.c:1 7/1\n");
}

/* They combine as filters of traces do, but block by block. */
static void
filter_apply_combines_blocks_with_other_filters(void **state)
{
	(void)state;
	check_blocks("a.c block>10K", NULL, "a.c:2 20000/1\n");
	check_blocks("!a.c block>=10K", NULL, "b.c:1 10248/2\na.c:1 100/1\n");
	check_blocks("b.c", "block>10K", "a.c:2 20000/1\nb.c:1 10248/2\n");
	check_blocks("block>=10K", "!b.c", "a.c:1 20480/2\na.c:2 20000/1\n");
	check_blocks("block<1K", "block>15K",
	    "a.c:2 20000/1\na.c:1 100/1\nb.c:1 7/1\n");
	check_blocks("block>50 size>15K", NULL,
	    "a.c:1 20580/3\na.c:2 20000/1\n");
	check_blocks("a.c:1", "!block<1K", "a.c:1 20480/2\n");
}

/* Of what b.c's two blocks stand for, ten times as much: 7/10248, a half. */
static void
filter_apply_keeps_the_share_of_a_sample(void **state)
{
	static const char *const text[] = { "block<10" };

	(void)state;
	check_blocks_of(text, 1, make_blocks(512 * 1024), "b.c:1 70/10\n");
}

static void
filter_apply_knows_no_blocks_where_there_are_none(void **state)
{
	static const char *const text[] = { "block>0" };

	(void)state;
	check_blocks_of(text, 1, snapshot_new(3, 0), "");
	check_blocks_of(text, 1, NULL, "");
}

static void
filter_rows_tests_growth_with_its_sign(void **state)
{
	static const struct lit_trace before[] = {
		{ 0, 100, 1, "a.c:1" }, { 0, 50, 1, "b.c:1" },
		{ 0, 9, 1, "c.c:1" },
	};
	static const struct lit_trace after[] = {
		{ 0, 300, 2, "a.c:1" }, { 0, 9, 1, "c.c:1" },
	};
	static const struct { const char *text, *rows; } cases[] = {
		{ "growth>0", "a.c:1 300/2 +200/+1\n" },
		{ "growth<0", "b.c:1 0/0 -50/-1\n" },
		{ "growth>=-50 growth<=0",
		    "b.c:1 0/0 -50/-1\nc.c:1 9/1 +0/+0\n" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct lit *lit = lit_new();
		struct query_traces old = lit_traces(lit, before, 3);
		struct query_traces now = lit_traces(lit, after, 2);
		struct stats_table *a = group_by(&old, BY_LINENO, 0);
		struct stats_table *b = group_by(&now, BY_LINENO, 0);
		struct stats_table *table = diff_tables(a, b);
		struct filter *filter = filter_parse(cases[i].text,
		    FILTER_EXACT, NULL, NULL);
		struct filter_set *set = filter_set_new(&filter, 1);

		filter_rows(set, table, CUMULATIVE_OFF);
		order_rows(table, SORT_GROWTH, false);
		assert_string_equal(lit_rows(table), cases[i].rows);
		filter_set_free(set);
		stats_free(a);
		stats_free(b);
		stats_free(table);
		free(old.traces);
		free(now.traces);
		lit_free(lit);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_parse_knows_functions_and_tests),
		cmocka_unit_test(filter_parse_says_which_test_is_wrong),
		cmocka_unit_test(
		    filter_apply_by_function_tests_the_attributed_frame),
		cmocka_unit_test(
		    filter_apply_by_function_with_all_is_what_it_caused),
		cmocka_unit_test(
		    filter_apply_file_line_and_function_are_of_one_frame),
		cmocka_unit_test(filter_rows_shows_rows_that_pass_every_test),
		cmocka_unit_test(filter_rows_tests_rows_as_grouped),
		cmocka_unit_test(filter_rows_and_its_negation_are_all),
		cmocka_unit_test(filter_rows_does_not_widen_other_filters),
		cmocka_unit_test(filter_rows_tests_growth_with_its_sign),
		cmocka_unit_test(filter_apply_counts_only_blocks_of_the_size),
		cmocka_unit_test(
		    filter_apply_combines_blocks_with_other_filters),
		cmocka_unit_test(filter_apply_keeps_the_share_of_a_sample),
		cmocka_unit_test(
		    filter_apply_knows_no_blocks_where_there_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
