/*
 * test_conformance.c - what tracemalloc's filters, tracebacks and traces do,
 * case by case, where no other test has the same cases.
 *
 * tests/conformance.list says which test holds which behaviour.  Each
 * expectation is what CPython 3.11 answers for the same names, filters and
 * frames; where tmtop means to differ the case says so.
 */
#include "literal.h"

#include "query/filter.h"
#include "ui/report_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- filters ---- */

/* Does one trace of these frames, newest first, pass this one filter? */
static bool
passes(const char *text, const char *frames)
{
	struct lit *lit = lit_new();
	struct lit_trace block = { 0, 1, 1, frames };
	struct query_traces traces = lit_traces(lit, &block, 1), kept;
	struct filter *filter = filter_parse(text, FILTER_EXACT, NULL, NULL);
	struct filter_set *set;
	bool result;

	assert_non_null(filter);
	set = filter_set_new(&filter, 1);
	filter_apply(set, &traces, &kept, NULL);
	result = kept.n == 1;
	filter_set_free(set);
	free(kept.traces);
	free(traces.traces);
	lit_free(lit);
	return result;
}

static void
check_passes(const char *text, const char *frames, bool expected)
{
	if (passes(text, frames) != expected)
		print_error("%s on %s\n", text, frames);
	assert_int_equal(passes(text, frames), expected);
}

static void
conformance_filter_has_defaults(void **state)
{
	struct filter *filter = filter_parse("*/lru.c", FILTER_EXACT, NULL,
	    NULL);

	(void)state;
	assert_true(filter_is_inclusive(filter));
	assert_string_equal(filter_pattern(filter), "*/lru.c");
	/* any line, the attributed frame, every domain */
	assert_string_equal(filter_text(filter), "+*/lru.c");
	filter_free(filter);
	filter = filter_parse("! */lru.c:118 all @7", FILTER_EXACT, NULL,
	    NULL);
	assert_false(filter_is_inclusive(filter));
	assert_string_equal(filter_pattern(filter), "*/lru.c");
	assert_string_equal(filter_text(filter), "-*/lru.c:118 all @7");
	filter_free(filter);
}

/* Inclusive and exclusive, without a line, with one, with line 0: against a
 * frame of another file, the same line, another line. */
static void
conformance_filter_compares_file_and_line(void **state)
{
	static const struct {
		const char	*filter;
		bool		 same, other_line, other_file;
	} cases[] = {
		{ "lru.c", true, true, false },
		{ "!lru.c", false, false, true },
		{ "lru.c:118", true, false, false },
		{ "!lru.c:118", false, true, true },
		{ "lru.c:0", false, false, false },
		{ "!lru.c:0", true, true, true },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		check_passes(cases[i].filter, "lru.c:118", cases[i].same);
		check_passes(cases[i].filter, "lru.c:10",
		    cases[i].other_line);
		check_passes(cases[i].filter, "log.c:118",
		    cases[i].other_file);
	}
	/* Line 0 is a line like any other. */
	check_passes("lru.c:0", "lru.c:0", true);
	check_passes("!lru.c:0", "lru.c:0", false);
}

static void
conformance_filter_compares_whole_names(void **state)
{
	(void)state;
	check_passes("lru.c", "lru.c:1", true);
	check_passes("log.c", "lru.c:1", false);
	check_passes("<unknown>", "<unknown>:0", true);
	check_passes("lru.c", "<unknown>:0", false);
	check_passes("<unknown>", "lru.c:1", false);
	check_passes("!lru.c", "lru.c:1", false);
	check_passes("!log.c", "lru.c:1", true);
	check_passes("!<unknown>", "<unknown>:0", false);
	check_passes("!lru.c", "<unknown>:0", true);
	check_passes("!<unknown>", "lru.c:1", true);
}

/* A glob as a filter has it, so with its quotes where it needs them. */
static void
conformance_globs_are_fnmatchs(void **state)
{
	static const struct {
		const char	*glob, *name;
		bool		 matches;
	} cases[] = {
		{ "\"\"", "cache", false }, { "cache", "c", false },
		{ "*", "cache", true }, { "*", "c", true },
		{ "cache", "cache", true }, { "cache", "caches", false },
		{ "cache", "table", false }, { "ca", "cache", false },
		{ "c*", "cache", true }, { "cache*", "cache", true },
		{ "t*", "cache", false }, { "caches*", "cache", false },
		{ "*e", "cache", true }, { "*t", "cache", false },
		{ "c*e", "cache", true }, { "c*he", "cachehe", true },
		{ "c*x", "cache", false }, { "c*he", "cachehx", false },
		{ "c*c*e", "cache", true }, { "c*ch*ge", "cachchange", true },
		{ "c*c*x", "cache", false }, { "c*ch*ge", "cachchangx", false },
		{ "c?che", "cache", true }, { "c?che", "cche", false },
		{ "[a-c]ache", "cache", true }, { "[!c]ache", "cache", false },
		/* upper and lower case differ */
		{ "CACHE", "cache", false }, { "Ca*hE", "CaChe", false },
		/* '/' is a character like any other, '\' another one */
		{ "a*c", "a/b/c", true }, { "a?b", "a/b", true },
		{ "a\\b", "a/b", false }, { "a/b", "a\\b", false },
		{ "a\\b/c", "a/b\\c", false }, { "a\\b\\c", "a/b/c", false },
		{ "a\\b", "a\\b", true },
		/* No name stands for another one.  In Python .pyc does for .py;
		 * .pyo does there no more either. */
		{ "a.pyc", "a.py", false }, { "a.py", "a.pyc", false },
		{ "a.PY", "a.pyc", false }, { "a.py", "a.pyo", false },
		{ "a.o", "a.c", false },
	};
	char frame[64], text[64];

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		snprintf(frame, sizeof frame, "%s:7", cases[i].name);
		check_passes(cases[i].glob, frame, cases[i].matches);
		snprintf(text, sizeof text, "!%s", cases[i].glob);
		check_passes(text, frame, !cases[i].matches);
	}
}

/* Seven filters on four tracebacks. */
static void
conformance_filter_tests_newest_or_any_frame(void **state)
{
	static const char *const tracebacks[] = {
		"lru.c:2 main.c:3", "main.c:4 main.c:5", "log.c:5 <unknown>:0",
		"<unknown>:0",
	};
	static const struct {
		const char	*filter;
		bool		 passes[4];
	} cases[] = {
		{ "main.c all", { true, true, false, false } },
		{ "main.c", { false, true, false, false } },
		{ "!main.c all", { false, false, true, true } },
		{ "!main.c", { true, false, true, true } },
		{ "!<unknown>", { true, true, true, false } },
		{ "<unknown> all", { false, false, true, true } },
		{ "!<unknown> all", { true, true, false, false } },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		for (size_t t = 0; t < array_size(tracebacks); t++)
			check_passes(cases[i].filter, tracebacks[t],
			    cases[i].passes[t]);
}

/* ---- tracebacks ---- */

/* The frames that traceback_nodes() chooses, "c:3 b:2 ". */
static void
check_part(const char *frames, struct traceback_part part,
    const char *expected)
{
	struct lit *lit = lit_new();
	struct lit_trace block = { 0, 1, 1, frames };
	struct query_traces traces = lit_traces(lit, &block, 1);
	uint32_t n, *nodes = traceback_nodes(lit->stacks,
	    traces.traces[0].stack, &part, &n);
	char text[256] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct symbol_frame *frame = stacks_frame(lit->stacks,
		    nodes[i]);

		used += (size_t)snprintf(text + used, sizeof text - used,
		    "%s:%u ", name_text(lit->names, frame->file),
		    frame->line);
	}
	assert_string_equal(text, expected);
	free(nodes);
	free(traces.traces);
	lit_free(lit);
}

#define LIMIT(n)	((struct traceback_part){ .has_limit = true,	\
			    .limit = (n) })
#define NEWEST_FIRST(n)	((struct traceback_part){ .has_limit = true,	\
			    .limit = (n), .newest_first = true })

static void
conformance_traceback_limit_takes_the_most_recent(void **state)
{
	static const char four[] = "d:4 c:3 b:2 a:1";

	(void)state;
	check_part(four, (struct traceback_part){ .limit = 1 },
	    "a:1 b:2 c:3 d:4 ");
	check_part(four, LIMIT(1), "d:4 ");
	check_part(four, LIMIT(3), "b:2 c:3 d:4 ");
	check_part(four, LIMIT(4), "a:1 b:2 c:3 d:4 ");
	check_part(four, LIMIT(INT64_MAX), "a:1 b:2 c:3 d:4 ");
	check_part(four, LIMIT(0), "");
}

/* What is dropped are the most recent frames. */
static void
conformance_traceback_limit_below_zero_drops_the_most_recent(void **state)
{
	static const char four[] = "d:4 c:3 b:2 a:1";

	(void)state;
	check_part(four, LIMIT(-1), "a:1 b:2 c:3 ");
	check_part(four, LIMIT(-3), "a:1 ");
	check_part(four, LIMIT(-4), "");
	check_part(four, LIMIT(-5), "");
	check_part(four, LIMIT(INT64_MIN), "");
	check_part("b:2 a:1", LIMIT(-1), "a:1 ");
}

static void
conformance_traceback_newest_first_reverses_what_is_left(void **state)
{
	static const char four[] = "d:4 c:3 b:2 a:1";

	(void)state;
	check_part(four, (struct traceback_part){ .newest_first = true },
	    "d:4 c:3 b:2 a:1 ");
	check_part(four, NEWEST_FIRST(2), "d:4 c:3 ");
	check_part(four, NEWEST_FIRST(-1), "c:3 b:2 a:1 ");
	check_part(four, NEWEST_FIRST(0), "");
}

static void
conformance_empty_traceback_is_one_unknown_frame(void **state)
{
	(void)state;
	check_part("", (struct traceback_part){ .has_limit = false },
	    "<unknown>:0 ");
	check_part("", LIMIT(1), "<unknown>:0 ");
	check_part("", LIMIT(-1), "");
	check_part("", LIMIT(0), "");
}

/* ---- what is printed of a traceback ---- */

struct printed {
	struct report_out	 out;
	char			*text;
	size_t			 size;
};

static void
printed_init(struct printed *printed)
{
	*printed = (struct printed){ .text = NULL };
	report_out_init(&printed->out,
	    open_memstream(&printed->text, &printed->size), NULL);
}

static void
printed_fini(struct printed *printed)
{
	report_out_fini(&printed->out);
	fclose(printed->out.to);
	free(printed->text);
}

static void
check_format(struct traceback_part part, const char *path,
    const char *expected)
{
	struct lit *lit = lit_new();
	struct printed printed;
	struct symbol_frame frame = { .line = 3,
		.file = names_intern(lit->names, path, strlen(path)) };
	uint32_t stack = stacks_push(lit->stacks, 0, &frame);

	frame.line = 2;
	stack = stacks_push(lit->stacks, stack, &frame);
	frame.line = 9;
	frame.file = names_intern(lit->names, "<unknown>", 9);
	stack = stacks_push(lit->stacks, stack, &frame);
	printed_init(&printed);
	report_tracemalloc_frames(&printed.out, lit->names, lit->stacks,
	    stack, &part);
	fflush(printed.out.to);
	assert_string_equal(printed.text, expected);
	printed_fini(&printed);
	lit_free(lit);
}

/* Line 2 is blank, line 3 has blanks around it and a tab inside. */
static void
conformance_traceback_format_has_source_lines(void **state)
{
	char path[] = "/tmp/tmtop-source.XXXXXX", expected[512];
	int fd = mkstemp(path);
	FILE *file;

	(void)state;
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	fputs("first\n \t \n\t return\tmalloc(3);\t\n", file);
	fclose(file);
	snprintf(expected, sizeof expected,
	    "  File \"%s\", line 3\n    return\tmalloc(3);\n"
	    "  File \"%s\", line 2\n  File \"<unknown>\", line 9\n", path,
	    path);
	check_format((struct traceback_part){ .has_limit = false }, path,
	    expected);
	snprintf(expected, sizeof expected, "  File \"%s\", line 2\n"
	    "  File \"%s\", line 3\n    return\tmalloc(3);\n", path, path);
	check_format(NEWEST_FIRST(-1), path, expected);
	unlink(path);
	check_format(NEWEST_FIRST(1), path,
	    "  File \"<unknown>\", line 9\n");
}

/* ---- one block of a traceback that was cut ---- */

/* 10 frames there were, 1 is stored. */
static void
conformance_cut_traceback_knows_its_length(void **state)
{
	static const struct lit_trace block = { 0, 42, 1, "a.c:99" };
	static const uint32_t total_nframe = 10;
	struct lit *lit = lit_new();
	struct query_traces traces = lit_traces(lit, &block, 1);
	struct stats_table *table = group_by(&traces, BY_TRACEBACK,
	    CUMULATIVE_OFF);
	struct snapshot *snapshot = snapshot_new(0, 0);
	struct run_info run = { .pid = 1 };
	struct options options = { .command = COMMAND_RUN };
	struct report_sample sample = { .seq = 1, .run = &run,
		.options = &options,
		.snapshot = snapshot, .names = lit->names, .rows = table,
		.n_shown = 1, .total_nframes = &total_nframe };
	struct printed printed;

	(void)state;
	printed_init(&printed);
	report_json.sample(&printed.out, &sample);
	fflush(printed.out.to);
	assert_non_null(strstr(printed.text,
	    "\"type\":\"traceback\",\"id\":1,\"total_nframe\":10,"
	    "\"frames\":[{\"filename\":\"a.c\",\"lineno\":99,"));
	assert_non_null(strstr(printed.text, "\"size\":42,\"count\":1,"));
	printed_fini(&printed);
	stats_free(table);
	snapshot_release(snapshot);
	free(traces.traces);
	lit_free(lit);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(conformance_filter_has_defaults),
		cmocka_unit_test(conformance_filter_compares_file_and_line),
		cmocka_unit_test(conformance_filter_compares_whole_names),
		cmocka_unit_test(conformance_globs_are_fnmatchs),
		cmocka_unit_test(conformance_filter_tests_newest_or_any_frame),
		cmocka_unit_test(
		    conformance_traceback_limit_takes_the_most_recent),
		cmocka_unit_test(
		    conformance_traceback_limit_below_zero_drops_the_most_recent),
		cmocka_unit_test(
		    conformance_traceback_newest_first_reverses_what_is_left),
		cmocka_unit_test(
		    conformance_empty_traceback_is_one_unknown_frame),
		cmocka_unit_test(conformance_traceback_format_has_source_lines),
		cmocka_unit_test(conformance_cut_traceback_knows_its_length),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("conformance", tests, NULL, NULL);
}
