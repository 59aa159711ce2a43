/*
 * options.c - the command line: one table of options (L6).
 *
 * Shape      One row per option.  getopt's arrays, --help, the range errors
 *            and the manual's check are all made from the rows; what a value
 *            may look like is in option_values.c.
 * Why        getopt_long with a leading '+': options stop at the first
 *            operand, so that those of the program are left alone.  getopt
 *            itself is kept silent, because it prints under argv[0] and not
 *            in our one-line form.
 * Invariant  An option is in the table only if it has its effect.  The words
 *            in `words` are reserved now, so that a later version can give
 *            them a meaning without breaking anybody's `tmtop name`.
 */
#include "options.h"

#include "option_values.h"
#include "util/names.h"

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const struct option_choice groupings[] = {
	{ "filename", BY_FILENAME }, { "lineno", BY_LINENO },
	{ "traceback", BY_TRACEBACK }, { NULL, 0 }
};

static const struct option_choice cumulatives[] = {
	{ "once", CUMULATIVE_ONCE },
	{ "occurrences", CUMULATIVE_OCCURRENCES }, { NULL, 0 }
};

static const struct option_choice formats[] = {
	{ "text", FORMAT_TEXT }, { "tracemalloc", FORMAT_TRACEMALLOC },
	{ "json", FORMAT_JSON }, { NULL, 0 }
};

static const struct option_choice colors[] = {
	{ "auto", COLOR_AUTO }, { "always", COLOR_ALWAYS },
	{ "never", COLOR_NEVER }, { NULL, 0 }
};

static const struct option_choice unwinders[] = {
	{ "cfa", UNWINDER_CFA }, { "libunwind", UNWINDER_LIBUNWIND },
	{ NULL, 0 }
};

static const struct option_choice hangups[] = {
	{ "forward", HANGUP_FORWARD }, { "keep", HANGUP_KEEP }, { NULL, 0 }
};

static const struct option_choice follows[] = {
	{ "none", 0 }, { "fork", FOLLOWS_FORK }, { "exec", FOLLOWS_EXEC },
	{ "all", FOLLOWS_FORK | FOLLOWS_EXEC }, { NULL, 0 }
};

#define FIELD(name)	.offset = offsetof(struct options, name)

static const struct option_row table[] = {
	{ .section = "What is shown", .name = "group-by", .letter = 'g',
	    .arg = "KEY", .read = read_choice, FIELD(grouping),
	    .choices = groupings, .unset = "lineno", .help = "rows for each" },
	{ .name = "cumulative", .letter = 'c', .arg = "[RULE]",
	    .read = read_cumulative, FIELD(cumulative), .choices = cumulatives,
	    .unset = "off",
	    .help = "count blocks in all frames" },
	{ .name = "filter", .letter = 'F', .arg = "FILTER",
	    .read = read_filter,
	    .help = "only (or with ! not) these files; may be repeated" },
	{ .name = "sort", .letter = 's', .arg = "COLUMN", .read = read_sort,
	    FIELD(sort), .unset = "size",
	    .help = "column that orders the rows; help lists them" },
	{ .name = "reverse", .letter = 'r', .read = read_flag, FIELD(reverse),
	    .help = "smallest first" },
	{ .name = "skip", .arg = "GLOB", .read = read_skip,
	    .help = "skip such functions or files too; may be repeated" },
	{ .name = "no-skip", .read = read_flag_off, FIELD(skip),
	    .help = "rows name the newest frame, allocators included" },

	{ .section = "Recording", .name = "frames", .arg = "N",
	    .read = read_number, FIELD(frames), .min = 1, .max = 65535,
	    .unset = "all", .help = "frames stored of each traceback" },
	{ .name = "sample", .arg = "SIZE", .read = read_size,
	    FIELD(sample_bytes), .min = UINT64_C(1) << 10,
	    .max = UINT64_C(1) << 30, .unset = "all",
	    .help = "a sample, one block every SIZE bytes" },
	{ .name = "stopped", .read = read_flag, FIELD(stopped),
	    .help = "record nothing until told to" },
	{ .name = "table-size", .arg = "SIZE", .read = read_size,
	    FIELD(table_size), .min = UINT64_C(1) << 20,
	    .max = UINT64_C(32) << 30, .unset = "32 GiB",
	    .help = "most memory for the tables of one process" },
	{ .name = "unwinder", .arg = "NAME", .read = read_choice,
	    FIELD(unwinder), .choices = unwinders, .unset = "cfa",
	    .help = "what walks the stack" },
	{ .name = "mmap", .read = read_flag, FIELD(mappings),
	    .help = "record anonymous mmap too, as domain 1" },
	{ .name = "follow", .arg = "WHAT", .read = read_follow,
	    .choices = follows, .unset = "all",
	    .help = "children recorded" },

	{ .section = "The program", .name = "stdin", .arg = "FILE",
	    .read = read_text, FIELD(stdin_path), .help = "its input" },
	{ .name = "stdout", .arg = "FILE", .read = read_text,
	    FIELD(stdout_path), .help = "its output" },
	{ .name = "stderr", .arg = "FILE", .read = read_text,
	    FIELD(stderr_path), .help = "its messages" },
	{ .name = "output-log", .arg = "FILE", .read = read_text,
	    FIELD(output_log), .needs_screen = true,
	    .help = "keep what it writes to its terminal" },
	{ .name = "on-hangup", .arg = "WHAT", .read = read_choice,
	    FIELD(on_hangup), .choices = hangups, .unset = "forward",
	    .help = "when our terminal goes away" },

	{ .section = "The screen", .name = "delay", .letter = 'd',
	    .arg = "SECONDS", .read = read_delay, FIELD(delay_ms),
	    .min = 100, .max = 3600000, .unset = "1.0",
	    .help = "time between two readings" },
	{ .name = "exit", .read = read_flag, FIELD(exit_at_end),
	    .help = "leave when the program ends" },
	{ .name = "color", .arg = "WHEN", .read = read_choice, FIELD(color),
	    .choices = colors, .unset = "auto", .help = "colours" },
	{ .name = "ascii", .read = read_flag, FIELD(ascii),
	    .help = "no characters beyond ASCII" },
	{ .name = "no-mouse", .read = read_flag, FIELD(no_mouse),
	    .help = "leave the mouse to the terminal" },

	{ .section = "Reports instead of the screen", .name = "batch",
	    .letter = 'b', .read = read_flag, FIELD(batch),
	    .help = "no screen: report when the program ends" },
	{ .name = "format", .letter = 'f', .arg = "FORMAT",
	    .read = read_choice, FIELD(format), .choices = formats,
	    .needs_batch = true, .unset = "text",
	    .help = "form of the report" },
	{ .name = "output", .letter = 'o', .arg = "FILE", .read = read_text,
	    FIELD(output), .needs_batch = true, .unset = "stderr",
	    .help = "where it goes; - is stdout" },
	{ .name = "top", .letter = 't', .arg = "N", .read = read_top,
	    FIELD(top), .max = UINT32_MAX, .needs_batch = true,
	    .unset = "20 for text, else all", .help = "rows; 0: all" },
	{ .name = "iterations", .letter = 'n', .arg = "N",
	    .read = read_number, FIELD(iterations), .min = 1,
	    .max = UINT32_MAX, .needs_batch = true,
	    .help = "stop reporting after so many readings" },

	{ .section = "Other", .name = "quiet", .letter = 'q',
	    .read = read_flag, FIELD(quiet),
	    .help = "no remarks and no summary on stderr" },
	{ .name = "verbose", .letter = 'v', .read = read_level,
	    FIELD(verbose), .help = "say more; may be repeated" },
	{ .name = "version", .letter = 'V', .help = "print the version" },
	{ .name = "help", .letter = 'h', .help = "print this" },
};

enum { N_ROWS = array_size(table), FIRST_LONG = 256 };

enum word { WORD_NONE, WORD_RUN, WORD_HELP, WORD_LATER };

static const struct {
	const char	*name;
	enum word	 word;
} words[] = {
	{ "run", WORD_RUN }, { "help", WORD_HELP }, { "report", WORD_LATER },
	{ "diff", WORD_LATER }, { "export", WORD_LATER },
	{ "snapshot", WORD_LATER }, { "list", WORD_LATER },
};

/* ---- printing ---- */

static void
print_choices(const struct option_row *row, FILE *out)
{
	const struct option_choice *choice;

	for (choice = row->choices; choice->name != NULL; choice++) {
		fprintf(out, "%s%s", choice == row->choices ? ": " : ", ",
		    choice->name);
	}
}

/* "  -t, --top=N" in the first 28 columns, then the help. */
static void
print_row(const struct option_row *row, FILE *out)
{
	char left[64];
	bool is_optional = row->arg != NULL && row->arg[0] == '[';
	int n;

	if (row->section != NULL)
		fprintf(out, "\n%s:\n", row->section);
	n = snprintf(left, sizeof left, "  %c%c%c --%s", row->letter ?
	    '-' : ' ', row->letter ? row->letter : ' ', row->letter ?
	    ',' : ' ', row->name);
	if (is_optional) {
		n += snprintf(left + n, sizeof left - (size_t)n, "[=%s",
		    row->arg + 1);
	} else if (row->arg != NULL) {
		n += snprintf(left + n, sizeof left - (size_t)n, "=%s",
		    row->arg);
	}
	fprintf(out, "%-26s %s", left, row->help);
	if (row->choices != NULL)
		print_choices(row, out);
	if (row->unset != NULL)
		fprintf(out, " [%s]", row->unset);
	putc('\n', out);
}

static void
print_help(FILE *out)
{
	fputs("Usage: tmtop [OPTION]... [--] PROGRAM [ARG]...\n"
	    "Start PROGRAM and show, live, which files, lines and tracebacks "
	    "own its memory.\n", out);
	for (size_t i = 0; i < N_ROWS; i++)
		print_row(&table[i], out);
	fputs("\nFILTER is [!]GLOB[:LINE] [all] [@DOMAIN]; GLOB is compared "
	    "with the whole file\nname and * also stands for slashes: "
	    "'*/conn.c:77', '!*/json/* all'.\n"
	    "SIZE may end in K, M, G (powers of 1024) or KB, MB, GB (1000).\n"
	    "The exit status is the program's, 128+N after signal N; 125: "
	    "tmtop failed,\n126: PROGRAM cannot be executed, 127: not "
	    "found.  See tmtop(1).\n", out);
}

static void
print_sort_keys(FILE *out)
{
	for (int i = 0; i < N_SORT_KEYS; i++)
		fprintf(out, "%s\n", sort_key_name((enum sort_key)i));
}

/* ---- parsing ---- */

struct parser {
	struct options	*options;
	char		**argv;
	int		 argc;
	FILE		*out;
	struct errbuf	*why;
	const char	*last_value;	/* argument of the last option */
	struct option	 long_options[N_ROWS + 1];
	char		 short_options[3 * N_ROWS + 3];
};

static void
make_getopt_arrays(struct parser *p)
{
	char *s = p->short_options;

	*s++ = '+';
	*s++ = ':';
	for (int i = 0; i < N_ROWS; i++) {
		const struct option_row *row = &table[i];
		int kind = row->arg == NULL ? no_argument :
		    row->arg[0] == '[' ? optional_argument : required_argument;

		p->long_options[i] = (struct option){ .name = row->name,
		    .has_arg = kind, .val = FIRST_LONG + i };
		if (row->letter == '\0')
			continue;
		*s++ = row->letter;
		for (int colons = kind; colons > 0; colons--)
			*s++ = ':';
	}
	*s = '\0';
	p->long_options[N_ROWS] = (struct option){ .name = NULL };
}

/* The row of what getopt_long returned or left in optopt; NULL: none. */
static const struct option_row *
row_of(int code)
{
	if (code >= FIRST_LONG && code < FIRST_LONG + N_ROWS)
		return &table[code - FIRST_LONG];
	for (size_t i = 0; i < N_ROWS; i++) {
		if (code != 0 && table[i].letter == code)
			return &table[i];
	}
	return NULL;
}

static void
refuse_value(const struct option_row *row, const char *value,
    const struct errbuf *reason, struct errbuf *why)
{
	char shown[80], place[32] = "";

	sanitise(shown, sizeof shown, value, strlen(value));
	if (reason->column > 1) {
		snprintf(place, sizeof place, " (column %d)", reason->column);
	}
	errbuf_set_at(why, reason->column, "--%s '%s': %s%s", row->name, shown,
	    reason->text, place);
}

/* getopt_long returned '?' or ':' for the argument just before optind. */
static void
refuse_option(struct parser *p, int code)
{
	const struct option_row *row = row_of(optopt);
	char shown[80];

	if (row != NULL && code == ':') {
		errbuf_set(p->why, "--%s needs a value: --%s=%s", row->name,
		    row->name, row->arg);
	} else if (row != NULL) {
		errbuf_set(p->why, "--%s takes no value", row->name);
	} else if (optopt != 0) {
		char letter = (char)optopt;

		sanitise(shown, sizeof shown, &letter, 1);
		errbuf_set(p->why, "no option -%s", shown);
	} else {
		const char *word = p->argv[optind - 1];

		sanitise(shown, sizeof shown, word, strlen(word));
		errbuf_set(p->why, "no option %s, or not the only one that "
		    "begins so", shown);
	}
}

static enum options_verdict
take_option(struct parser *p, const struct option_row *row)
{
	struct errbuf reason = { .column = 0 };

	p->last_value = optarg;
	if (strcmp(row->name, "help") == 0) {
		print_help(p->out);
		return OPTIONS_DONE;
	}
	if (strcmp(row->name, "version") == 0) {
		fputs("tmtop " PACKAGE_VERSION "\n", p->out);
		return OPTIONS_DONE;
	}
	if (row->read == read_sort && strcmp(optarg, "help") == 0) {
		print_sort_keys(p->out);
		return OPTIONS_DONE;
	}
	if (row->read(p->options, row, optarg, &reason) < 0) {
		refuse_value(row, optarg, &reason, p->why);
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}

/* Options up to the first operand; `given` notes which rows were seen. */
static enum options_verdict
parse_options(struct parser *p, bool *given)
{
	enum options_verdict verdict;
	int code;

	while ((code = getopt_long(p->argc, p->argv, p->short_options,
	    p->long_options, NULL)) != -1) {
		const struct option_row *row = row_of(code);

		if (row == NULL) {
			refuse_option(p, code);
			return OPTIONS_WRONG;
		}
		given[row - table] = true;
		verdict = take_option(p, row);
		if (verdict != OPTIONS_RUN)
			return verdict;
	}
	return OPTIONS_RUN;
}

/* Did a "--" that is not some option's value end the options? */
static bool
ended_by_dashes(const struct parser *p)
{
	const char *word = optind > 1 ? p->argv[optind - 1] : "";

	return strcmp(word, "--") == 0 && word != p->last_value;
}

static enum word
find_word(const char *name)
{
	for (size_t i = 0; i < array_size(words); i++) {
		if (strcmp(words[i].name, name) == 0)
			return words[i].word;
	}
	return WORD_NONE;
}

/* What only the whole command line can tell. */
static int
check_together(const struct options *options, const bool *given,
    struct errbuf *why)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		if (given[i] && table[i].needs_batch && !options->batch) {
			errbuf_set(why, "--%s is for reports: add --batch",
			    table[i].name);
			return -1;
		}
		if (given[i] && table[i].needs_screen && options->batch) {
			errbuf_set(why, "--%s has no meaning with --batch",
			    table[i].name);
			return -1;
		}
	}
	if (options->cumulative != CUMULATIVE_OFF &&
	    options->grouping == BY_TRACEBACK) {
		errbuf_set(why, "--cumulative has no meaning with "
		    "--group-by=traceback");
		return -1;
	}
	if (!options->skip && options->n_skips > 0) {
		errbuf_set(why, "--skip and --no-skip contradict each other");
		return -1;
	}
	return 0;
}

/* The first operand is a reserved word: what now? */
static enum options_verdict
take_word(struct parser *p, enum word word, bool *given)
{
	const char *name = p->argv[optind];

	if (word == WORD_HELP) {
		print_help(p->out);
		return OPTIONS_DONE;
	}
	if (word == WORD_LATER) {
		errbuf_set(p->why, "%s is not in this version; to trace a "
		    "program called %s: tmtop -- %s ...", name, name, name);
		return OPTIONS_WRONG;
	}
	optind++;
	return parse_options(p, given);
}

static enum options_verdict
parse_line(struct parser *p)
{
	bool given[N_ROWS] = { false };
	enum options_verdict verdict = parse_options(p, given);

	if (verdict == OPTIONS_RUN && optind < p->argc &&
	    !ended_by_dashes(p)) {
		enum word word = find_word(p->argv[optind]);

		if (word != WORD_NONE)
			verdict = take_word(p, word, given);
	}
	if (verdict != OPTIONS_RUN)
		return verdict;
	if (check_together(p->options, given, p->why) < 0)
		return OPTIONS_WRONG;
	if (optind >= p->argc || p->argv[optind][0] == '\0') {
		errbuf_set(p->why, "which program? For example: tmtop "
		    "./program");
		return OPTIONS_WRONG;
	}
	p->options->program = p->argv + optind;
	return OPTIONS_RUN;
}

enum options_verdict
options_parse(struct options *options, int argc, char **argv, FILE *out,
    struct errbuf *why)
{
	struct parser parser = {
		.options = options, .argc = argc, .argv = argv, .out = out,
		.why = why,
	};

	assert(argc >= 0 && argv[argc] == NULL);
	*options = (struct options){
		.grouping = BY_LINENO, .sort = -1, .delay_ms = 1000,
		.skip = true, .follow_fork = true, .follow_exec = true,
	};
	make_getopt_arrays(&parser);
	opterr = 0;
	optind = 0;		/* glibc: begin anew */
	return parse_line(&parser);
}

void
options_fini(struct options *options)
{
	for (size_t i = 0; i < options->n_filters; i++)
		free(options->filters[i]);
	for (size_t i = 0; i < options->n_skips; i++)
		free(options->skips[i]);
	free(options->filters);
	free(options->skips);
	*options = (struct options){ .batch = false };
}
