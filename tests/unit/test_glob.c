/*
 * test_glob.c - fnmatch's rules; every expectation is CPython 3.11's answer.
 * tests/query/differential.py compares random pairs.
 */
#include "query/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct glob_case {
	const char	*pattern, *name;
	int		expected;
};

static void
check_cases(const struct glob_case *cases, size_t n)
{
	struct errbuf why;

	for (size_t i = 0; i < n; i++) {
		struct glob *glob = glob_new(cases[i].pattern, &why);
		size_t size = strlen(cases[i].name);
		int jit = glob_match(glob, cases[i].name, size);

		if (jit != cases[i].expected)
			print_error("%s on %s\n", cases[i].pattern,
			    cases[i].name);
		assert_int_equal(jit, cases[i].expected);
		assert_int_equal(glob_match_interpreted(glob, cases[i].name,
		    size), cases[i].expected);
		glob_free(glob);
	}
}

static void
glob_star_and_question_cross_slashes(void **state)
{
	static const struct glob_case cases[] = {
		{ "", "", 1 }, { "", "a", 0 }, { "*", "", 1 },
		{ "*", "a/b.c", 1 }, { "a*", "", 0 }, { "a*", "a", 1 },
		{ "a*", "ba", 0 }, { "a*c", "abc", 1 }, { "a*c", "abcd", 0 },
		{ "a*c*e", "abcdbdce", 1 }, { "a*c*e", "abcdbdcf", 0 },
		{ "**/x", "a/b/x", 1 }, { "*.c", "/src/x.c", 1 },
		{ "?", "/", 1 }, { "?", "", 0 }, { "a?c", "a/c", 1 },
		{ "*a", "aaaa", 1 }, { "a*a*a", "aa", 0 },
		{ "a*a*a", "aaa", 1 }, { "a*b", "a\nb", 1 },
		{ "a", "a\n", 0 }, { "*.h", ".h", 1 },
	};

	(void)state;
	check_cases(cases, array_size(cases));
}

static void
glob_is_case_sensitive_and_has_no_escapes(void **state)
{
	static const struct glob_case cases[] = {
		{ "AbC", "AbC", 1 }, { "AbC", "abc", 0 },
		{ "a\\*", "a\\x", 1 }, { "a\\*", "a*", 0 },
		{ "a[*]", "a*", 1 }, { "a[*]", "ab", 0 },
		{ "a/b", "a\\b", 0 }, { "{a,b}", "a", 0 },
		{ "{a,b}", "{a,b}", 1 }, { "a.c", "abc", 0 },
		{ "(a|b)+$^", "(a|b)+$^", 1 }, { "(*UTF)", "(*UTF)", 1 },
		{ "x.pyo", "x.pyc", 0 },
	};

	(void)state;
	check_cases(cases, array_size(cases));
}

static void
glob_classes_are_pythons(void **state)
{
	static const struct glob_case cases[] = {
		{ "[!a]x", "sx", 1 }, { "[!a]x", "/x", 1 },
		{ "[!a]x", "ax", 0 }, { "[^a]", "^", 1 }, { "[^a]", "a", 1 },
		{ "[^a]", "b", 0 }, { "[]a]", "]", 1 }, { "[!]a]", "]", 0 },
		{ "[!]a]", "b", 1 }, { "a[", "a[", 1 }, { "[bad", "[bad", 1 },
		{ "[!", "[!", 1 }, { "[]", "[]", 1 },
		{ "[[:alpha:]]", ":]", 1 }, { "[[:alpha:]]", "x", 0 },
		{ "[[:alpha:]]", "[]", 1 }, { "[a-c]", "b", 1 },
		{ "[a-c]", "-", 0 }, { "[a-]", "-", 1 }, { "[-a]", "-", 1 },
		{ "[c-a]", "b", 0 }, { "[!c-a]", "b", 1 },
		{ "[b-ac]", "c", 1 }, { "[a-b-c]", "-", 1 },
		{ "[a-b-c]", "c", 1 }, { "[--/]", ".", 1 },
		{ "[a!-b]", "0", 1 }, { "[a&&b]", "&", 1 },
		{ "[a||b]", "|", 1 }, { "[\\]", "\\", 1 },
		{ "[z-a!b]", "b", 0 }, { "[z-a!b]", "c", 1 },
		{ "[z-a!-b]", "-", 0 }, { "[z-a!-b]", "c", 1 },
		{ "[\\d]", "5", 0 }, { "[\\d]", "d", 1 },
	};

	(void)state;
	check_cases(cases, array_size(cases));
}

static void
glob_counts_characters_and_invalid_bytes_as_one(void **state)
{
	static const struct glob_case cases[] = {
		{ "?", "\xc3\xa9", 1 }, { "??", "\xc3\xa9", 0 },
		{ "?", "\xff", 1 }, { "?", "\xc3", 1 }, { "??", "\xc3x", 1 },
		{ "??", "\xc0\xaf", 1 }, { "???", "\xed\xa0\x80", 1 },
		{ "[\xc3\xa0-\xc3\xaf]", "\xc3\xa9", 1 },
		{ "[\xc3\xa0-\xc3\xaf]", "\xa9", 0 },
		{ "[\xf0-\xff]", "\xf8", 1 }, { "[\xf0-\xff]", "\xef", 0 },
		{ "*\xa9", "\xc3\xa9", 0 }, { "*\xa9", "x\xa9", 1 },
		{ "\xff*", "\xff\xfe", 1 }, { "[!a]", "\xf0\x9f\x98\x80", 1 },
	};

	(void)state;
	check_cases(cases, array_size(cases));
}

static void
glob_of_unknown_is_a_name(void **state)
{
	static const struct glob_case cases[] = {
		{ "<unknown>", "<unknown>", 1 }, { "<unknown>", "a.c", 0 },
		{ "*", "<unknown>", 1 },
	};

	(void)state;
	check_cases(cases, array_size(cases));
}

static void
glob_unclosed_reports_the_column(void **state)
{
	(void)state;
	assert_int_equal(glob_unclosed("a*b"), 0);
	assert_int_equal(glob_unclosed("[ab]"), 0);
	assert_int_equal(glob_unclosed("ab["), 3);
	assert_int_equal(glob_unclosed("[a][!]"), 4);
	assert_int_equal(glob_unclosed("[]"), 1);
	assert_int_equal(glob_unclosed("\xc3\xa9["), 2);
}

static void
glob_any_matches_what_one_of_them_does(void **state)
{
	static const char *const patterns[] = {
		"operator new*", "std::*", "strdup", "*x*y",
	};
	static const struct glob_case cases[] = {
		{ "", "operator new[]", 1 }, { "", "std::swap", 1 },
		{ "", "strdup", 1 }, { "", "strdup2", 0 },
		{ "", "mystrdup", 0 }, { "", "axbyz", 0 }, { "", "axby", 1 },
		{ "", "", 0 },
	};
	struct errbuf why;
	struct glob *glob = glob_new_any(patterns, array_size(patterns), &why);
	struct glob *none = glob_new_any(NULL, 0, &why);

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		assert_int_equal(glob_match(glob, cases[i].name,
		    strlen(cases[i].name)), cases[i].expected);
	assert_int_equal(glob_match(none, "", 0), 0);
	glob_free(glob);
	glob_free(none);
}

enum { HOSTILE_SIZE = 4096 };

/* 2048 stars over names of 4096 'a' and of 4096 'a' with a 'b' behind: the
 * answer, or the limit, but no hang; without backtracking even the answer. */
static void
glob_hostile_pattern_has_an_answer(void **state)
{
	char pattern[HOSTILE_SIZE + 1], name[HOSTILE_SIZE + 2];
	struct errbuf why;
	struct glob *glob;

	(void)state;
	for (size_t i = 0; i < HOSTILE_SIZE; i += 2) {
		pattern[i] = '*';
		pattern[i + 1] = 'a';
	}
	pattern[HOSTILE_SIZE] = '\0';
	memset(name, 'a', HOSTILE_SIZE);
	name[HOSTILE_SIZE] = 'b';
	name[HOSTILE_SIZE + 1] = '\0';
	glob = glob_new(pattern, &why);
	assert_non_null(glob);
	assert_int_equal(glob_match(glob, name, HOSTILE_SIZE), 1);
	assert_int_equal(glob_match(glob, name, HOSTILE_SIZE + 1), 0);
	assert_int_equal(glob_match_interpreted(glob, name, HOSTILE_SIZE), 1);
	assert_int_equal(
	    glob_match_interpreted(glob, name, HOSTILE_SIZE + 1), 0);
	glob_free(glob);
}

static void
glob_long_name_is_matched_whole(void **state)
{
	enum { SIZE = 100000 };
	struct errbuf why;
	struct glob *glob = glob_new("x*[yz]", &why);
	char *name = malloc(SIZE);

	(void)state;
	memset(name, 'q', SIZE);
	name[0] = 'x';
	assert_int_equal(glob_match(glob, name, SIZE), 0);
	name[SIZE - 1] = 'z';
	assert_int_equal(glob_match(glob, name, SIZE), 1);
	assert_int_equal(glob_match_interpreted(glob, name, SIZE), 1);
	free(name);
	glob_free(glob);
}

static void
glob_too_large_is_refused_with_a_reason(void **state)
{
	enum { SIZE = 65537 };
	struct errbuf why = { .text = "" };
	char *pattern = malloc(SIZE + 1);
	struct glob *glob;

	(void)state;
	memset(pattern, '?', SIZE);
	pattern[SIZE] = '\0';
	assert_null(glob_new(pattern, &why));
	assert_int_equal(why.column, 1);
	assert_non_null(strstr(why.text, "65536"));
	pattern[SIZE - 1] = '\0';
	glob = glob_new(pattern, &why);
	assert_non_null(glob);
	assert_int_equal(glob_match(glob, pattern, SIZE - 1), 1);
	assert_int_equal(glob_match(glob, pattern, SIZE - 2), 0);
	glob_free(glob);
	free(pattern);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(glob_star_and_question_cross_slashes),
		cmocka_unit_test(glob_is_case_sensitive_and_has_no_escapes),
		cmocka_unit_test(glob_classes_are_pythons),
		cmocka_unit_test(
		    glob_counts_characters_and_invalid_bytes_as_one),
		cmocka_unit_test(glob_of_unknown_is_a_name),
		cmocka_unit_test(glob_unclosed_reports_the_column),
		cmocka_unit_test(glob_any_matches_what_one_of_them_does),
		cmocka_unit_test(glob_hostile_pattern_has_an_answer),
		cmocka_unit_test(glob_long_name_is_matched_whole),
		cmocka_unit_test(glob_too_large_is_refused_with_a_reason),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("glob", tests, NULL, NULL);
}
