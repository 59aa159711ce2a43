/*
 * test_ignore.c - LeakSanitizer's suppressions.
 *
 * What each pattern matches was tried with the LeakSanitizer of GCC 12, on a
 * program whose only leak is in a function of that name.
 */
#include "query/ignore.h"

#include "base/errbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct errbuf why;

static void
ignore_patterns_match_as_leaksanitizers(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} cases[] = {
		{ "foo", "foo", true }, { "foo", "a_foo_b", true },
		{ "foo", "fo", false }, { "foo", "", false },
		{ "^foo", "foobar", true }, { "^foo", "a_foo", false },
		{ "foo$", "a_foo", true }, { "foo$", "foobar", false },
		{ "^foo$", "foo", true }, { "^foo$", "foo1", false },
		{ "a*b", "a_x_b", true }, { "a*b", "ab", true },
		{ "a*b", "b_a", false }, { "*", "x", true },
		{ "*", "", false }, { "^a*b$", "a_b", true },
		{ "^a*b$", "a_b_", false }, { "^*b", "a_b", true },
		{ "a*$", "a_anything", true }, { "a$", "aa", false },
		{ "x**y", "x_y", true }, { "/usr/lib/", "/usr/lib/libx.so",
		true }, { "libx.so$", "/usr/lib/libx.so", true },
		{ "a?", "ab", false }, { "[ab]", "a", false },
		{ "A", "a", false },
	};
	char line[64];

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct ignore_list *list;

		snprintf(line, sizeof line, "leak:%s", cases[i].pattern);
		list = ignore_list_new(line, &why);
		assert_non_null(list);
		if (ignore_list_has(list, cases[i].name) != cases[i].matches)
			fail_msg("%s on %s", cases[i].pattern, cases[i].name);
		ignore_list_free(list);
	}
}

static void
ignore_file_has_remarks_and_blanks(void **state)
{
	struct ignore_list *list = ignore_list_new("# leak:no\n\n"
	    "  \t leak:one \r\nleak:two words\t", &why);

	(void)state;
	assert_non_null(list);
	assert_true(ignore_list_has(list, "one"));
	assert_true(ignore_list_has(list, "two words"));
	assert_false(ignore_list_has(list, "no"));
	ignore_list_free(list);
	list = ignore_list_new("", &why);
	assert_non_null(list);
	assert_false(ignore_list_has(list, "x"));
	ignore_list_free(list);
}

static void
ignore_file_that_is_none_names_its_line(void **state)
{
	(void)state;
	assert_null(ignore_list_new("leak:a\n\nrace:b\n", &why));
	assert_string_equal(why.text, "line 3 does not begin with leak:");
	assert_null(ignore_list_new("leak: \n", &why));
	assert_string_equal(why.text, "line 1 has no pattern");
	assert_null(ignore_list_new("\177ELF\002", &why));
}

/* ---- tracebacks ---- */

static struct names *names;
static struct stacks *stacks;

static uint32_t
name_of(const char *text)
{
	return names_intern(names, text, strlen(text));
}

static uint32_t
push(uint32_t parent, const char *function, const char *file,
    const char *module, uint32_t flags)
{
	return stacks_push(stacks, parent, &(struct symbol_frame){
	    .function = name_of(function), .file = name_of(file),
	    .module = name_of(module), .line = 1, .flags = flags });
}

/* Sizes of what is left, and of what is not. */
static void
check_left(const char *pattern, uint64_t left, uint64_t ignored)
{
	struct ignore_list *list = ignore_list_new(pattern, &why);
	uint32_t main_ = push(0, "main", "/src/main.c", "/bin/prog", 0);
	uint32_t leaf = push(main_, "cache_put", "/src/lru.c", "/lib/lru.so",
	    0);
	uint32_t marker = push(main_, "deeper", "", "", SYMBOL_SPECIAL);
	uint32_t skipped = push(leaf, "xmalloc", "/src/x.c", "/bin/prog", 0);
	struct query_trace traces[] = {
		{ .size = 1, .stack = main_ }, { .size = 10, .stack = leaf },
		{ .size = 100, .stack = marker },
		{ .size = 1000, .stack = leaf, .full = skipped },
		{ .size = 10000, .stack = 0 },
	};
	struct query_traces query = { .stacks = stacks, .n = 5,
		.traces = traces };
	uint64_t sum = 0;

	assert_non_null(list);
	assert_int_equal(ignore_apply(list, &query), ignored);
	for (uint32_t i = 0; i < query.n; i++)
		sum += query.traces[i].size;
	assert_int_equal(sum, left);
	ignore_list_free(list);
}

static void
ignore_looks_at_function_file_and_module_of_every_frame(void **state)
{
	(void)state;
	names = names_new();
	stacks = stacks_new(names);
	check_left("leak:cache_put", 10101, 1010);
	check_left("leak:^/src/lru.c$", 10101, 1010);
	check_left("leak:lru.so", 10101, 1010);
	check_left("leak:^main$", 10000, 1111);
	check_left("leak:xmalloc", 10111, 1000);
	check_left("leak:deeper", 11111, 0);
	check_left("leak:unknown", 11111, 0);
	check_left("leak:xmalloc\nleak:nothing\nleak:x.c", 10111, 1000);
	stacks_free(stacks);
	names_free(names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ignore_patterns_match_as_leaksanitizers),
		cmocka_unit_test(ignore_file_has_remarks_and_blanks),
		cmocka_unit_test(ignore_file_that_is_none_names_its_line),
		cmocka_unit_test(
		    ignore_looks_at_function_file_and_module_of_every_frame),
	};

	return cmocka_run_group_tests_name("ignore", tests, NULL, NULL);
}
