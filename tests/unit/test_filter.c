/*
 * test_filter.c - the filter language, and what filters keep.
 *
 * What is kept was checked with CPython 3.11's tracemalloc on the same
 * traces; tests/query/differential.py does that with random ones.
 */
#include "literal.h"

#include "query/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- language ---- */

static void
check_text(const char *text, enum filter_mode mode, const char *expected)
{
	struct errbuf why = { .text = "" }, note;
	struct filter *filter = filter_parse(text, mode, &why, &note);

	assert_string_equal(why.text, "");
	assert_non_null(filter);
	assert_string_equal(filter_text(filter), expected);
	assert_string_equal(note.text, "");
	filter_free(filter);
}

static void
filter_parse_understands_the_grammar(void **state)
{
	(void)state;
	check_text("*lru*", FILTER_EXACT, "+*lru*");
	check_text("!*/json/* all", FILTER_EXACT, "-*/json/* all");
	check_text("*/conn.c:77", FILTER_EXACT, "+*/conn.c:77");
	check_text("!<unknown>", FILTER_EXACT, "-<unknown>");
	check_text("* @2", FILTER_EXACT, "+* @2");
	check_text("  ! a.c:0  @65535  all ", FILTER_EXACT,
	    "-a.c:0 all @65535");
	check_text("=lru.c", FILTER_EXACT, "+lru.c");
	check_text("\"my file.c\":3", FILTER_EXACT, "+\"my file.c\":3");
	check_text("\"a:b\"", FILTER_EXACT, "+\"a:b\"");
	check_text("\"say \"\"x\"\"\" all", FILTER_EXACT,
	    "+\"say \"\"x\"\"\" all");
	check_text("\"\"", FILTER_EXACT, "+\"\"");
	check_text("[[:alpha:]]x:5", FILTER_EXACT, "+[[:alpha:]]x:5");
	check_text("!growth<-52 all", FILTER_EXACT, "-growth<-52");
	check_text("block>1K all @2", FILTER_EXACT, "+block>1K @2");
	check_text("all", FILTER_EXACT, "+all");
	check_text("a:4294967295", FILTER_EXACT, "+a:4294967295");
}

static void
filter_parse_wraps_bare_words_in_the_prompt(void **state)
{
	(void)state;
	check_text("lru", FILTER_PROMPT, "+*lru*");
	check_text("lru", FILTER_EXACT, "+lru");
	check_text("!lru:12", FILTER_PROMPT, "-*lru*:12");
	check_text("=lru.c", FILTER_PROMPT, "+lru.c");
	check_text("\"lru\"", FILTER_PROMPT, "+lru");
	check_text("lru*", FILTER_PROMPT, "+lru*");
	check_text("l?u", FILTER_PROMPT, "+l?u");
	check_text("[l]ru", FILTER_PROMPT, "+[l]ru");
}

static void
filter_parse_says_where_it_is_wrong(void **state)
{
	static const struct {
		const char	*text;
		int		column;
		const char	*message;
	} cases[] = {
		{ "", 1, "pattern" }, { "   ", 4, "pattern" },
		{ "!", 2, "pattern" }, { ":12", 1, "pattern" },
		{ "*:x", 3, "line must be a number" },
		{ "cache:12x", 9, "line must be a number" },
		{ "a:", 3, "line must be a number" },
		{ "a:-1", 3, "line must be a number" },
		{ "a:4294967296", 12, "too large" },
		{ "a any", 3, "all" }, { "a all2", 3, "all" },
		{ "a @", 4, "domain must be a number" },
		{ "a @4x", 5, "domain must be a number" },
		{ "a @65536", 8, "too large" },
		{ "a @1 @2", 6, "already" },
		{ "@1 @2", 4, "already" },
		{ "@", 2, "domain must be a number" },
		{ "!@3:5", 4, "domain must be a number" },
		{ "@3 b.c", 4, "may follow" },
		{ "\"a", 1, "not closed" }, { "!\"a\"b", 5, "follow" },
		{ "\xc3\xa9\xc3\xa9:x", 4, "line must be a number" },
	};
	struct errbuf why;

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		assert_null(filter_parse(cases[i].text, FILTER_EXACT, &why,
		    NULL));
		assert_non_null(strstr(why.text, cases[i].message));
		assert_int_equal(why.column, cases[i].column);
		assert_null(filter_parse(cases[i].text, FILTER_PROMPT, &why,
		    NULL));
		assert_null(filter_parse(cases[i].text, FILTER_EXACT, NULL,
		    NULL));
	}
}

static void
filter_parse_notes_an_unclosed_bracket(void **state)
{
	struct errbuf why, note = { .text = "" };
	struct filter *filter = filter_parse("!ab[c all", FILTER_PROMPT,
	    &why, &note);

	(void)state;
	assert_non_null(filter);
	assert_string_equal(note.text, "'[' is not closed: matched literally");
	assert_int_equal(note.column, 4);
	assert_string_equal(filter_pattern(filter), "ab[c");
	assert_false(filter_is_inclusive(filter));
	filter_free(filter);
}

static void
filter_domain_has_no_pattern(void **state)
{
	struct filter *filter = filter_parse("!@3", FILTER_PROMPT, NULL, NULL);

	(void)state;
	assert_string_equal(filter_pattern(filter), "");
	assert_string_equal(filter_text(filter), "-@3");
	assert_false(filter_is_inclusive(filter));
	filter_free(filter);
	check_text("@pool", FILTER_EXACT, "+@pool");
	check_text(" @7  size>10K ", FILTER_EXACT, "+size>10K @7");
	check_text("=@7", FILTER_EXACT, "+\"@7\"");
	check_text("\"@7\" @7", FILTER_EXACT, "+\"@7\" @7");
}

/* ---- what is kept ---- */

enum { MAX_FILTERS = 4 };

/* Which traces pass, as "0 2 5 ". */
static void
check_kept(const struct lit_trace *lits, size_t n,
    const char *const *texts, const char *expected)
{
	struct lit *lit = lit_new();
	struct query_traces traces = lit_traces(lit, lits, n), kept;
	struct filter *filters[MAX_FILTERS];
	struct filter_set *set;
	char text[256] = "";
	size_t n_filters = 0, used = 0;
	uint32_t n_errors = 99;

	for (; texts[n_filters] != NULL; n_filters++) {
		filters[n_filters] = filter_parse(texts[n_filters],
		    FILTER_EXACT, NULL, NULL);
		assert_non_null(filters[n_filters]);
	}
	for (uint32_t i = 0; i < traces.n; i++)
		traces.traces[i].temporary = i;
	set = filter_set_new(filters, n_filters);
	assert_int_equal(filter_set_count(set), n_filters);
	filter_apply(set, &traces, &kept, &n_errors);
	for (uint32_t i = 0; i < kept.n; i++)
		used += (size_t)snprintf(text + used, sizeof text - used,
		    "%u ", (unsigned)kept.traces[i].temporary);
	assert_string_equal(text, expected);
	assert_int_equal(n_errors, 0);
	assert_ptr_equal(kept.stacks, traces.stacks);
	filter_set_free(set);
	free(kept.traces);
	free(traces.traces);
	lit_free(lit);
}

#define FILTERS(...)	(const char *const []){ __VA_ARGS__, NULL }

static const struct lit_trace snapshot[] = {
	{ 0, 30, 3, "a.py:2 b.py:4" }, { 1, 2, 1, "a.py:5 b.py:4" },
	{ 2, 66, 1, "b.py:1" }, { 3, 7, 1, "<unknown>:0" },
};

static void
check_snapshot(const char *const *texts, const char *expected)
{
	check_kept(snapshot, array_size(snapshot), texts, expected);
}

static void
filter_apply_tests_the_newest_frame(void **state)
{
	(void)state;
	check_snapshot(FILTERS("!b.py"), "0 1 3 ");
	check_snapshot(FILTERS("b.py"), "2 ");
	check_snapshot(FILTERS("b.py all"), "0 1 2 ");
	check_snapshot(FILTERS("!b.py all"), "3 ");
	check_snapshot((const char *const []){ NULL }, "0 1 2 3 ");
}

static void
filter_apply_needs_one_inclusive_and_every_exclusive(void **state)
{
	(void)state;
	check_snapshot(FILTERS("a.py:2", "b.py:1"), "0 2 ");
	check_snapshot(FILTERS("b.py:1", "a.py:2"), "0 2 ");
	check_snapshot(FILTERS("a.py", "b.py", "!*:5"), "0 2 ");
	check_snapshot(FILTERS("!*:5", "!*:0"), "0 2 ");
	check_snapshot(FILTERS("a.py", "!b.py all"), "");
	check_snapshot(FILTERS("c.py", "!a.py"), "");
}

static void
filter_apply_line_belongs_to_the_same_frame(void **state)
{
	(void)state;
	check_snapshot(FILTERS("a.py:4 all"), "");
	check_snapshot(FILTERS("b.py:4 all"), "0 1 ");
	check_snapshot(FILTERS("*:0"), "3 ");
	check_snapshot(FILTERS("!*:0"), "0 1 2 ");
	check_snapshot(FILTERS("<unknown>"), "3 ");
	check_snapshot(FILTERS("!<unknown>"), "0 1 2 ");
}

static void
filter_apply_domain_restricts_a_filter(void **state)
{
	(void)state;
	check_snapshot(FILTERS("a.py @1"), "1 ");
	check_snapshot(FILTERS("!a.py @1"), "0 2 3 ");
	check_snapshot(FILTERS("!b.py all @0"), "1 2 3 ");
	check_snapshot(FILTERS("* @7"), "");
	check_snapshot(FILTERS("!* @7"), "0 1 2 3 ");
}

static void
filter_apply_domain_filters_join_the_same_or(void **state)
{
	(void)state;
	check_snapshot(FILTERS("!@3"), "0 1 2 ");
	check_snapshot(FILTERS("@3"), "3 ");
	check_snapshot(FILTERS("@3", "a.py:2"), "0 3 ");
	check_snapshot(FILTERS("@0", "@1", "!a.py:5"), "0 ");
}

static const struct lit_trace four[] = {
	{ 0, 1, 1, "a.py:2 b.py:3" }, { 0, 1, 1, "b.py:4 b.py:5" },
	{ 0, 1, 1, "c.py:5 <unknown>:0" }, { 0, 1, 1, "<unknown>:0" },
};

static void
filter_apply_on_four_tracebacks(void **state)
{
	static const struct {
		const char	*filter, *kept;
	} cases[] = {
		{ "b.py all", "0 1 " }, { "b.py", "1 " },
		{ "!b.py all", "2 3 " }, { "!b.py", "0 2 3 " },
		{ "!<unknown>", "0 1 2 " }, { "<unknown> all", "2 3 " },
		{ "!<unknown> all", "0 1 " }, { "*:5 all", "1 2 " },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		check_kept(four, array_size(four), FILTERS(cases[i].filter),
		    cases[i].kept);
}

/* The attributed frame is what a plain filter tests; `all` sees the skipped
 * ones as well. */
static void
filter_apply_all_sees_skipped_frames(void **state)
{
	struct lit *lit = lit_new();
	struct query_traces traces = lit_traces(lit, four, 2), kept;
	struct symbol_frame skipped = {
		.file = names_intern(lit->names, "new.h", 5) };
	static const struct {
		const char	*filter;
		uint32_t	n;
	} cases[] = { { "new.h", 0 }, { "new.h all", 1 }, { "a.py", 1 } };

	(void)state;
	traces.traces[0].full = stacks_push(lit->stacks,
	    traces.traces[0].stack, &skipped);
	for (size_t i = 0; i < array_size(cases); i++) {
		struct filter *filter = filter_parse(cases[i].filter,
		    FILTER_EXACT, NULL, NULL);
		struct filter_set *set = filter_set_new(&filter, 1);

		filter_apply(set, &traces, &kept, NULL);
		assert_int_equal(kept.n, cases[i].n);
		free(kept.traces);
		filter_set_free(set);
	}
	free(traces.traces);
	lit_free(lit);
}

static void
filter_apply_without_a_set_is_a_copy(void **state)
{
	struct lit *lit = lit_new();
	struct query_traces traces = lit_traces(lit, snapshot, 4), kept;

	(void)state;
	filter_apply(NULL, &traces, &kept, NULL);
	assert_int_equal(kept.n, 4);
	assert_memory_equal(kept.traces, traces.traces,
	    4 * sizeof *kept.traces);
	assert_ptr_not_equal(kept.traces, traces.traces);
	free(kept.traces);
	free(traces.traces);
	lit_free(lit);
}

static void
filter_apply_sees_an_empty_traceback_as_unknown(void **state)
{
	static const struct lit_trace lits[] = { { 0, 1, 1, "" } };

	(void)state;
	check_kept(lits, 1, FILTERS("<unknown>"), "0 ");
	check_kept(lits, 1, FILTERS("<unknown>:0 all"), "0 ");
	check_kept(lits, 1, FILTERS("a.c all"), "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_parse_understands_the_grammar),
		cmocka_unit_test(filter_parse_wraps_bare_words_in_the_prompt),
		cmocka_unit_test(filter_parse_says_where_it_is_wrong),
		cmocka_unit_test(filter_parse_notes_an_unclosed_bracket),
		cmocka_unit_test(filter_domain_has_no_pattern),
		cmocka_unit_test(filter_apply_tests_the_newest_frame),
		cmocka_unit_test(
		    filter_apply_needs_one_inclusive_and_every_exclusive),
		cmocka_unit_test(filter_apply_line_belongs_to_the_same_frame),
		cmocka_unit_test(filter_apply_domain_restricts_a_filter),
		cmocka_unit_test(filter_apply_domain_filters_join_the_same_or),
		cmocka_unit_test(filter_apply_on_four_tracebacks),
		cmocka_unit_test(filter_apply_all_sees_skipped_frames),
		cmocka_unit_test(filter_apply_without_a_set_is_a_copy),
		cmocka_unit_test(
		    filter_apply_sees_an_empty_traceback_as_unknown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
