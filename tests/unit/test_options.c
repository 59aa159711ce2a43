/*
 * test_options.c - the command line, as the manual's tables have it.
 */
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_WORDS = 40 };

static struct options options;
static struct errbuf why;
static char *printed;
static char *words[MAX_WORDS + 1];

/* Parse "tmtop" and these words, split at blanks; '_' stands for one. */
static enum options_verdict
parse(const char *line)
{
	static char text[256];
	size_t size;
	FILE *out = open_memstream(&printed, &size);
	enum options_verdict verdict;
	char *rest = text, *word;
	int n = 0;

	why = (struct errbuf){ .column = 0 };
	snprintf(text, sizeof text, "tmtop %s", line);
	while (n < MAX_WORDS && (word = strsep(&rest, " ")) != NULL) {
		if (*word == '\0')
			continue;
		for (char *c = word; *c != '\0'; c++)
			*c = *c == '_' ? ' ' : *c;
		words[n++] = word;
	}
	words[n] = NULL;
	verdict = options_parse(&options, n, words, out, &why);
	fclose(out);
	return verdict;
}

static int
clean_up(void **state)
{
	(void)state;
	options_fini(&options);
	free(printed);
	printed = NULL;
	return 0;
}

/* A wrong line: this text and this column. */
static void
check_wrong(const char *line, const char *text, int column)
{
	assert_int_equal(parse(line), OPTIONS_WRONG);
	assert_string_equal(why.text, text);
	assert_int_equal(why.column, column);
	assert_string_equal(printed, "");
	clean_up(NULL);
}

static void
options_without_any_have_the_manuals_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("./prog"), OPTIONS_RUN);
	assert_false(options.batch);
	assert_int_equal(options.grouping, BY_LINENO);
	assert_int_equal(options.cumulative, CUMULATIVE_OFF);
	assert_int_equal(options.sort, -1);
	assert_int_equal(options.delay_ms, 1000);
	assert_false(options.has_delay);
	assert_false(options.has_top);
	assert_true(options.skip);
	assert_true(options.follow_fork);
	assert_true(options.follow_exec);
	assert_int_equal(options.frames, 0);
	assert_int_equal(options.unwinder, UNWINDER_CFA);
	assert_int_equal(options.on_hangup, HANGUP_FORWARD);
	assert_string_equal(options.program[0], "./prog");
	assert_null(options.program[1]);
}

static void
options_after_the_program_are_the_programs(void **state)
{
	(void)state;
	assert_int_equal(parse("-d 2 ./prog -b --delay=5 -x"), OPTIONS_RUN);
	assert_int_equal(options.delay_ms, 2000);
	assert_false(options.batch);
	assert_string_equal(options.program[0], "./prog");
	assert_string_equal(options.program[1], "-b");
	assert_string_equal(options.program[3], "-x");
	assert_null(options.program[4]);
}

static void
options_every_one_reaches_its_field(void **state)
{
	(void)state;
	assert_int_equal(parse("-b -g filename -c -F *.c:7 -F !*/x.c_all "
	    "-s count -r -t 5 -d 0.25 -n 3 -o r.txt --frames=25 -f json "
	    "--skip=my* --source-map=/a=/b --source-map=c=d=e --no-cache "
	    "--debuginfod "
	    "prog"), OPTIONS_RUN);
	assert_true(options.batch);
	assert_int_equal(options.grouping, BY_FILENAME);
	assert_int_equal(options.cumulative, CUMULATIVE_ONCE);
	assert_int_equal(options.n_filters, 2);
	assert_string_equal(options.filters[1], "!*/x.c all");
	assert_int_equal(options.sort, SORT_COUNT);
	assert_true(options.reverse);
	assert_true(options.has_top);
	assert_int_equal(options.top, 5);
	assert_true(options.has_delay);
	assert_int_equal(options.delay_ms, 250);
	assert_int_equal(options.iterations, 3);
	assert_string_equal(options.output, "r.txt");
	assert_int_equal(options.frames, 25);
	assert_int_equal(options.format, FORMAT_JSON);
	assert_int_equal(options.n_skips, 1);
	assert_string_equal(options.skips[0], "my*");
	assert_int_equal(options.n_source_maps, 2);
	assert_string_equal(options.source_maps[1], "c=d=e");
	assert_true(options.no_cache);
	assert_true(options.debuginfod);
	clean_up(NULL);

	assert_int_equal(parse("--no-skip --color=never --ascii --no-mouse "
	    "--table-size=64M --sample=512K --stopped --unwinder=libunwind "
	    "--stdin=i --stdout=o "
	    "--stderr=e --output-log=l --on-hangup=keep --exit -qvv prog"),
	    OPTIONS_RUN);
	assert_false(options.skip);
	assert_int_equal(options.color, COLOR_NEVER);
	assert_true(options.ascii);
	assert_true(options.no_mouse);
	assert_int_equal(options.table_size, 64 * 1048576);
	assert_int_equal(options.sample_bytes, 512 * 1024);
	assert_true(options.stopped);
	assert_int_equal(options.unwinder, UNWINDER_LIBUNWIND);
	assert_string_equal(options.stdin_path, "i");
	assert_string_equal(options.stdout_path, "o");
	assert_string_equal(options.stderr_path, "e");
	assert_string_equal(options.output_log, "l");
	assert_int_equal(options.on_hangup, HANGUP_KEEP);
	assert_true(options.exit_at_end);
	assert_true(options.quiet);
	assert_int_equal(options.verbose, 2);
}

static void
options_cumulative_takes_its_rule_with_an_equals_sign(void **state)
{
	(void)state;
	assert_int_equal(parse("--cumulative=occurrences prog"), OPTIONS_RUN);
	assert_int_equal(options.cumulative, CUMULATIVE_OCCURRENCES);
	clean_up(NULL);
	assert_int_equal(parse("-c prog"), OPTIONS_RUN);
	assert_int_equal(options.cumulative, CUMULATIVE_ONCE);
	assert_string_equal(options.program[0], "prog");
}

static void
options_follow_sets_both_kinds_of_children(void **state)
{
	static const struct {
		const char *line;
		bool fork, exec;
	} cases[] = {
		{ "--follow=none p", false, false },
		{ "--follow=fork p", true, false },
		{ "--follow=exec p", false, true },
		{ "--follow=all p", true, true },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		assert_int_equal(parse(cases[i].line), OPTIONS_RUN);
		assert_int_equal(options.follow_fork, cases[i].fork);
		assert_int_equal(options.follow_exec, cases[i].exec);
		clean_up(NULL);
	}
}

static void
options_seconds_are_read_without_the_locale(void **state)
{
	static const struct {
		const char *line;
		unsigned ms;
	} cases[] = {
		{ "-d 1 p", 1000 }, { "-d .5 p", 500 }, { "-d 2. p", 2000 },
		{ "-d 0.1 p", 100 }, { "-d 1.2345 p", 1234 },
		{ "-d 3600 p", 3600000 },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		assert_int_equal(parse(cases[i].line), OPTIONS_RUN);
		assert_int_equal(options.delay_ms, cases[i].ms);
		clean_up(NULL);
	}
}

static void
options_wrong_values_are_told_with_place_and_range(void **state)
{
	(void)state;
	check_wrong("-t 12x p -b", "--top '12x': not a whole number "
	    "(column 3)", 3);
	check_wrong("--source-map=/a p",
	    "--source-map '/a': must be OLD=NEW, two folders", 0);
	check_wrong("--source-map==/b p",
	    "--source-map '=/b': must be OLD=NEW, two folders", 0);
	check_wrong("-t -1 p", "--top '-1': not a whole number", 1);
	check_wrong("--frames=0 p", "--frames '0': must be 1 to 65535", 1);
	check_wrong("--frames=65536 p",
	    "--frames '65536': must be 1 to 65535", 1);
	check_wrong("--frames=99999999999999999999999 p", "--frames "
	    "'99999999999999999999999': must be 1 to 65535", 1);
	check_wrong("--sample=1023 p",
	    "--sample '1023': must be 1.0 KiB to 1.0 GiB", 1);
	check_wrong("--sample=2G p",
	    "--sample '2G': must be 1.0 KiB to 1.0 GiB", 1);
	check_wrong("--sample=0 p",
	    "--sample '0': must be 1.0 KiB to 1.0 GiB", 1);
	check_wrong("--stopped=1 p", "--stopped takes no value", 0);
	check_wrong("-d 0.05 p", "--delay '0.05': must be 0.1 to 3600 seconds",
	    1);
	check_wrong("-d 1,5 p", "--delay '1,5': not a number of seconds "
	    "(column 2)", 2);
	check_wrong("-d . p", "--delay '.': not a number of seconds", 1);
	check_wrong("-n 0 p", "--iterations '0': must be 1 to 4294967295", 1);
	check_wrong("-f xml p",
	    "--format 'xml': not one of text, tracemalloc, json, "
	    "csv, folded", 1);
	check_wrong("-g line p",
	    "--group-by 'line': not one of filename, lineno, traceback, "
	    "thread", 1);
	check_wrong("--table-size=4K p",
	    "--table-size '4K': must be 1.0 MiB to 32.0 GiB", 1);
	check_wrong("-o= p -b --output=", "--output is for reports: add "
	    "--batch", 0);
	check_wrong("-b --output= p", "--output '': empty", 1);
}

static void
options_bad_filter_names_its_column(void **state)
{
	(void)state;
	assert_int_equal(parse("-F *:x p"), OPTIONS_WRONG);
	assert_int_equal(why.column, 3);
	assert_non_null(strstr(why.text, "--filter '*:x': "));
	assert_non_null(strstr(why.text, "(column 3)"));
}

static void
options_unknown_ones_are_named(void **state)
{
	(void)state;
	check_wrong("--bad p", "no option --bad, or not the only one that "
	    "begins so", 0);
	check_wrong("--st p", "no option --st, or not the only one that "
	    "begins so", 0);
	check_wrong("-Z p", "no option -Z", 0);
	check_wrong("--batch=3 p", "--batch takes no value", 0);
	check_wrong("-d", "--delay needs a value: --delay=SECONDS", 0);
	check_wrong("--sort", "--sort needs a value: --sort=COLUMN", 0);
}

static void
options_that_contradict_are_refused(void **state)
{
	(void)state;
	check_wrong("-c -g traceback p", "--cumulative has no meaning with "
	    "--group-by=traceback", 0);
	check_wrong("--skip=a --no-skip p", "--skip and --no-skip contradict "
	    "each other", 0);
	check_wrong("-f json p", "--format is for reports: add --batch", 0);
	check_wrong("-b --output-log=x p", "--output-log has no meaning with "
	    "--batch", 0);
	check_wrong("-b", "which program? For example: tmtop ./program", 0);
	check_wrong("--", "which program? For example: tmtop ./program", 0);
}

static void
options_reserved_words_say_how_to_trace_such_a_program(void **state)
{
	static const char *const reserved[] = { "report", "diff", "export",
		"snapshot", "list" };
	static const char *const lacks[] = { "needs one snapshot file, not 3",
		"needs two snapshot files, not 3",
		"needs one snapshot file, not 3", "is not in this version",
		"is not in this version" };
	char line[64], text[160];

	(void)state;
	for (size_t i = 0; i < array_size(reserved); i++) {
		snprintf(line, sizeof line, "%s a b c", reserved[i]);
		snprintf(text, sizeof text, "%s %s; to "
		    "trace a program called %s: tmtop -- %s ...", reserved[i],
		    lacks[i], reserved[i], reserved[i]);
		check_wrong(line, text, 0);

		snprintf(line, sizeof line, "-b -- %s a b", reserved[i]);
		assert_int_equal(parse(line), OPTIONS_RUN);
		assert_string_equal(options.program[0], reserved[i]);
		clean_up(NULL);

		snprintf(line, sizeof line, "run %s a b", reserved[i]);
		assert_int_equal(parse(line), OPTIONS_RUN);
		assert_string_equal(options.program[0], reserved[i]);
		assert_string_equal(options.program[2], "b");
		clean_up(NULL);
	}
}

static void
options_run_may_have_options_on_both_sides(void **state)
{
	(void)state;
	assert_int_equal(parse("-b run -t 3 prog -t 4"), OPTIONS_RUN);
	assert_true(options.batch);
	assert_int_equal(options.top, 3);
	assert_string_equal(options.program[0], "prog");
	assert_string_equal(options.program[1], "-t");
}

/* "--" as a value does not end the options. */
static void
options_dashes_as_a_value_end_nothing(void **state)
{
	(void)state;
	check_wrong("-b -o -- list", "list is not in this version; to trace a "
	    "program called list: tmtop -- list ...", 0);
}

static void
options_commands_take_theirs_on_both_sides_of_the_files(void **state)
{
	(void)state;
	assert_int_equal(parse("-t 3 diff -r a.tms -f json b.tms -g filename"),
	    OPTIONS_RUN);
	assert_int_equal(options.command, COMMAND_DIFF);
	assert_int_equal(options.n_files, 2);
	assert_string_equal(options.files[0], "a.tms");
	assert_string_equal(options.files[1], "b.tms");
	assert_int_equal(options.top, 3);
	assert_true(options.reverse);
	assert_int_equal(options.format, FORMAT_JSON);
	assert_int_equal(options.grouping, BY_FILENAME);
	assert_null(options.program);
	clean_up(NULL);

	assert_int_equal(parse("report -- -a"), OPTIONS_RUN);
	assert_int_equal(options.command, COMMAND_REPORT);
	assert_string_equal(options.files[0], "-a");
	clean_up(NULL);
	assert_int_equal(parse("export a"), OPTIONS_RUN);
	assert_int_equal(options.command, COMMAND_EXPORT);
}

static void
options_commands_refuse_what_they_do_not_have(void **state)
{
	(void)state;
	check_wrong("report -b a", "--batch has no meaning with report", 0);
	check_wrong("-b report a", "--batch has no meaning with report", 0);
	check_wrong("-l a report b", "--load has no meaning with report", 0);
	check_wrong("diff a b --delay=2",
	    "--delay has no meaning with diff", 0);
	check_wrong("export a --bad", "no option --bad, or not the only one "
	    "that begins so", 0);
	check_wrong("diff a", "diff needs two snapshot files, not 1; to trace "
	    "a program called diff: tmtop -- diff ...", 0);
}

/* As diff(1) and grep(1): 1 is an answer. */
static void
options_failure_is_2_where_files_are_read(void **state)
{
	static const struct {
		const char *line, *help;
		int status;
	} cases[] = {
		{ "--bad", "tmtop --help", 125 },
		{ "run --bad", "tmtop --help", 125 },
		{ "report --bad", "tmtop report --help", 2 },
		{ "diff a", "tmtop diff --help", 2 },
		{ "export a b", "tmtop export --help", 2 },
	};

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		assert_int_equal(parse(cases[i].line), OPTIONS_WRONG);
		assert_int_equal(options_failure_status(&options),
		    cases[i].status);
		assert_string_equal(options_help_command(&options),
		    cases[i].help);
		clean_up(NULL);
	}
}

static void
options_folded_stacks_are_of_tracebacks(void **state)
{
	(void)state;
	assert_int_equal(parse("-b -f folded --weight=allocs --frame=both p"),
	    OPTIONS_RUN);
	assert_int_equal(options.grouping, BY_TRACEBACK);
	assert_int_equal(options.weight, WEIGHT_ALLOCS);
	assert_int_equal(options.frame_text, FRAME_BOTH);
	assert_int_equal(options.sort, SORT_ALLOCS);
	clean_up(NULL);
	check_wrong("-b -f folded -g lineno p",
	    "--group-by has no meaning with --format=folded", 0);
	check_wrong("-b -f folded -d 1 p",
	    "--delay has no meaning with --format=folded", 0);
	check_wrong("-b -f csv --weight=blocks p",
	    "--weight is for --format=folded", 0);
}

static void
options_gates_are_kept_in_their_order(void **state)
{
	(void)state;
	assert_int_equal(parse("-b --fail-if-growth=1M:!*/x.c_all "
	    "--fail-if-peak=2GB --fail-if-live=0 --gate-status=9 p"),
	    OPTIONS_RUN);
	assert_int_equal(options.n_gates, 3);
	assert_int_equal(options.gates[0].kind, GATE_GROWTH);
	assert_int_equal(options.gates[0].limit, 1048576);
	assert_string_equal(options.gates[0].filter, "!*/x.c all");
	assert_int_equal(options.gates[1].kind, GATE_PEAK);
	assert_int_equal(options.gates[1].limit, 2000000000);
	assert_int_equal(options.gates[2].kind, GATE_LIVE);
	assert_string_equal(options.gates[2].filter, "");
	assert_int_equal(options.gate_status, 9);
	clean_up(NULL);
	assert_int_equal(parse("diff a b --fail-if-growth=1M"), OPTIONS_RUN);
	assert_int_equal(options.gate_status, 3);
	clean_up(NULL);
	check_wrong("report a --fail-if-growth=1M",
	    "--fail-if-growth has no meaning with report", 0);
	check_wrong("--fail-if-live=1M p",
	    "--fail-if-live is for reports: add --batch", 0);
	check_wrong("-b --gate-status=0 p",
	    "--gate-status '0': must be 1 to 255", 1);
	assert_int_equal(parse("-b --fail-if-live=1Q p"), OPTIONS_WRONG);
	assert_int_equal(why.column, 2);
	clean_up(NULL);
	assert_int_equal(parse("-b --fail-if-live=1M:*:x p"), OPTIONS_WRONG);
	assert_int_equal(why.column, 6);
}

static void
options_export_is_for_programs(void **state)
{
	(void)state;
	assert_int_equal(parse("export a"), OPTIONS_RUN);
	assert_int_equal(options.format, FORMAT_JSON);
	clean_up(NULL);
	assert_int_equal(parse("export -f csv a"), OPTIONS_RUN);
	assert_int_equal(options.format, FORMAT_CSV);
	clean_up(NULL);
	check_wrong("export -f text a", "export is for programs: "
	    "--format=json, csv or folded; for people there is tmtop report",
	    0);
}

static void
options_comparisons_reach_their_fields(void **state)
{
	(void)state;
	assert_int_equal(parse("diff --match=exact --allow-lost a b"),
	    OPTIONS_RUN);
	assert_int_equal(options.match, MATCH_EXACT);
	assert_true(options.allow_lost);
	clean_up(NULL);
	assert_int_equal(parse("report --info --baseline=o.tms a"),
	    OPTIONS_RUN);
	assert_true(options.info);
	assert_string_equal(options.baseline, "o.tms");
	assert_int_equal(options.match, MATCH_FUNCTION);
}

/* tracemalloc knows no other way of counting. */
static void
options_tracemalloc_counts_occurrences(void **state)
{
	(void)state;
	assert_int_equal(parse("-b -f tracemalloc -c p"), OPTIONS_RUN);
	assert_int_equal(options.cumulative, CUMULATIVE_OCCURRENCES);
	clean_up(NULL);
	assert_int_equal(parse("-b -f tracemalloc p"), OPTIONS_RUN);
	assert_int_equal(options.cumulative, CUMULATIVE_OFF);
}

static void
options_help_of_a_command_lists_only_its_own(void **state)
{
	static const char *const lines[] = { "diff --help", "diff a -h b",
		"help diff" };

	(void)state;
	for (size_t i = 0; i < array_size(lines); i++) {
		assert_int_equal(parse(lines[i]), OPTIONS_DONE);
		assert_memory_equal(printed, "Usage: tmtop diff ", 18);
		assert_non_null(strstr(printed, " --group-by=KEY"));
		assert_null(strstr(printed, "--delay"));
		assert_null(strstr(printed, "The screen:"));
		clean_up(NULL);
	}
}

static void
options_help_lists_every_option_once(void **state)
{
	static const char *const names[] = { "group-by", "cumulative",
		"filter", "sort", "reverse", "skip", "no-skip", "frames",
		"sample", "stopped", "table-size", "unwinder", "follow",
		"source-map", "debuginfod", "no-cache", "stdin", "stdout",
		"stderr", "output-log", "on-hangup", "delay", "exit", "color",
		"ascii", "no-mouse", "batch", "format", "output", "top",
		"iterations", "quiet", "verbose", "version", "help" };
	static const char *const lines[] = { "--help", "-h", "help",
		"-b --help p" };

	(void)state;
	for (size_t l = 0; l < array_size(lines); l++) {
		assert_int_equal(parse(lines[l]), OPTIONS_DONE);
		for (size_t i = 0; i < array_size(names); i++) {
			char name[32], *at;
			size_t n = (size_t)snprintf(name, sizeof name,
			    " --%s", names[i]);

			for (at = printed; (at = strstr(at, name)) != NULL; )
				if (strchr(" =[", *(at += n)) != NULL)
					break;
			if (at == NULL)
				fail_msg("--help has no%s", name);
		}
		clean_up(NULL);
	}
}

static void
options_help_fits_a_terminal(void **state)
{
	size_t column = 0;

	(void)state;
	assert_int_equal(parse("--help"), OPTIONS_DONE);
	for (const char *c = printed; *c != '\0'; c++) {
		column = *c == '\n' ? 0 : column + 1;
		if (column > 80)
			fail_msg("too long: ...%.40s", c - 40);
	}
}

static void
options_sort_help_lists_the_columns_that_sort_takes(void **state)
{
	char line[64], *list, *rest, *name;
	unsigned n = 0;

	(void)state;
	assert_int_equal(parse("--sort=help"), OPTIONS_DONE);
	list = rest = strdup(printed);
	clean_up(NULL);
	while ((name = strsep(&rest, "\n")) != NULL && *name != '\0') {
		snprintf(line, sizeof line, "-s %s p", name);
		assert_int_equal(parse(line), OPTIONS_RUN);
		assert_int_equal(options.sort, n);
		clean_up(NULL);
		n++;
	}
	assert_int_equal(n, N_SORT_KEYS);
	free(list);
}

static void
options_version_is_gnu_like(void **state)
{
	(void)state;
	assert_int_equal(parse("-V"), OPTIONS_DONE);
	assert_string_equal(printed, "tmtop " PACKAGE_VERSION "\n");
}

/* What is shown of a bad value cannot move a terminal's cursor. */
static void
options_hostile_value_is_escaped_in_the_message(void **state)
{
	(void)state;
	assert_int_equal(parse("--format=\033[2J p"), OPTIONS_WRONG);
	assert_null(strchr(why.text, '\033'));
	assert_non_null(strstr(why.text, "\\x1b[2J"));
}

#define TEST(name) cmocka_unit_test_teardown(name, clean_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(options_without_any_have_the_manuals_defaults),
		TEST(options_after_the_program_are_the_programs),
		TEST(options_every_one_reaches_its_field),
		TEST(options_cumulative_takes_its_rule_with_an_equals_sign),
		TEST(options_follow_sets_both_kinds_of_children),
		TEST(options_seconds_are_read_without_the_locale),
		TEST(options_wrong_values_are_told_with_place_and_range),
		TEST(options_bad_filter_names_its_column),
		TEST(options_unknown_ones_are_named),
		TEST(options_that_contradict_are_refused),
		TEST(options_reserved_words_say_how_to_trace_such_a_program),
		TEST(options_commands_take_theirs_on_both_sides_of_the_files),
		TEST(options_commands_refuse_what_they_do_not_have),
		TEST(options_failure_is_2_where_files_are_read),
		TEST(options_help_of_a_command_lists_only_its_own),
		TEST(options_folded_stacks_are_of_tracebacks),
		TEST(options_export_is_for_programs),
		TEST(options_comparisons_reach_their_fields),
		TEST(options_gates_are_kept_in_their_order),
		TEST(options_tracemalloc_counts_occurrences),
		TEST(options_run_may_have_options_on_both_sides),
		TEST(options_dashes_as_a_value_end_nothing),
		TEST(options_help_lists_every_option_once),
		TEST(options_help_fits_a_terminal),
		TEST(options_sort_help_lists_the_columns_that_sort_takes),
		TEST(options_version_is_gnu_like),
		TEST(options_hostile_value_is_escaped_in_the_message),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
