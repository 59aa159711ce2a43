/*
 * options.c - the command line, read by the table of options (L6).
 *
 * Why        getopt_long with a leading '+': options of a run stop at the
 *            first operand, so that those of the program are left alone.  The
 *            commands that read files take theirs anywhere.  getopt itself is
 *            kept silent, because it prints under argv[0] and not in our
 *            one-line form.
 * Limits     At most MAX_OPTIONS rows, so that what was given fits a fixed
 *            array.
 */
#include "options.h"

#include "option_values.h"
#include "util/names.h"

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 128, FIRST_LONG = 256 };
enum { EXIT_OWN_FAILURE = 125, EXIT_TROUBLE = 2 };

struct parser {
	struct options	*options;
	char		**argv;
	int		 argc;
	FILE		*out;
	struct errbuf	*why;
	const char	*last_value;	/* argument of the last option */
	bool		 given[MAX_OPTIONS];	/* by row */
	struct option	 long_options[MAX_OPTIONS + 1];
	char		 short_options[3 * MAX_OPTIONS + 3];
};

static void
make_getopt_arrays(struct parser *p)
{
	char *s = p->short_options;

	assert(n_options <= MAX_OPTIONS);
	*s++ = '+';
	*s++ = ':';
	for (int i = 0; i < (int)n_options; i++) {
		const struct option_row *row = &option_table[i];
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
	p->long_options[n_options] = (struct option){ .name = NULL };
}

/* The row of what getopt_long returned or left in optopt; NULL: none. */
static const struct option_row *
row_of(int code)
{
	if (code >= FIRST_LONG && code < FIRST_LONG + (int)n_options)
		return &option_table[code - FIRST_LONG];
	for (size_t i = 0; i < n_options; i++) {
		if (code != 0 && option_table[i].letter == code)
			return &option_table[i];
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

static void
print_sort_keys(FILE *out)
{
	for (int i = 0; i < N_SORT_KEYS; i++)
		fprintf(out, "%s\n", sort_key_name((enum sort_key)i));
}

static enum options_verdict
take_option(struct parser *p, const struct option_row *row)
{
	struct errbuf reason = { .column = 0 };

	p->last_value = optarg;
	if (strcmp(row->name, "help") == 0) {
		option_help_print(option_command_get(p->options->command),
		    p->out);
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

/* From the '+' for options up to the first operand; without, all of them are
 * taken and the operands are gathered at the end. */
static enum options_verdict
parse_options(struct parser *p, const char *short_options)
{
	enum options_verdict verdict;
	int code;

	while ((code = getopt_long(p->argc, p->argv, short_options,
	    p->long_options, NULL)) != -1) {
		const struct option_row *row = row_of(code);

		if (row == NULL) {
			refuse_option(p, code);
			return OPTIONS_WRONG;
		}
		p->given[row - option_table] = true;
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

/* Where the options of this line are: one enum option_place. */
static unsigned
place_of(const struct options *options)
{
	if (options->command != COMMAND_RUN)
		return option_command_get(options->command)->in;
	if (options->load != NULL)
		return IN_LOAD;
	return options->batch ? IN_BATCH : IN_SCREEN;
}

static int
check_place(const struct options *options, const struct option_row *row,
    struct errbuf *why)
{
	unsigned place = place_of(options);

	if (row->in & place)
		return 0;
	if (place == IN_SCREEN && row->in & IN_BATCH) {
		errbuf_set(why, "--%s is for reports: add --batch", row->name);
	} else {
		errbuf_set(why, "--%s has no meaning with %s", row->name,
		    place == IN_LOAD ? "--load" :
		    place == IN_BATCH && row->in & IN_SCREEN ? "--batch" :
		    option_command_get(options->command)->name);
	}
	return -1;
}

static bool
is_given(const struct parser *p, const char *name)
{
	size_t i = 0;

	while (i < n_options && strcmp(option_table[i].name, name) != 0)
		i++;
	assert(i < n_options);
	return p->given[i];
}

/* What a format makes of the other options. */
static int
settle_format(const struct parser *p)
{
	static const char *const folded_only[] = { "weight", "frame" };
	static const char *const never_folded[] = { "group-by", "delay",
		"iterations" };
	struct options *options = p->options;

	if (options->command == COMMAND_EXPORT && !is_given(p, "format"))
		options->format = FORMAT_JSON;
	if (options->command == COMMAND_EXPORT &&
	    options->format < FORMAT_JSON) {
		errbuf_set(p->why, "export is for programs: --format=json, "
		    "csv or folded; for people there is tmtop report");
		return -1;
	}
	if (options->format == FORMAT_TRACEMALLOC &&
	    options->cumulative != CUMULATIVE_OFF)
		options->cumulative = CUMULATIVE_OCCURRENCES;
	if (options->format != FORMAT_FOLDED) {
		for (size_t i = 0; i < array_size(folded_only); i++) {
			if (!is_given(p, folded_only[i]))
				continue;
			errbuf_set(p->why, "--%s is for --format=folded",
			    folded_only[i]);
			return -1;
		}
		return 0;
	}
	for (size_t i = 0; i < array_size(never_folded); i++) {
		if (is_given(p, never_folded[i])) {
			errbuf_set(p->why, "--%s has no meaning with "
			    "--format=folded", never_folded[i]);
			return -1;
		}
	}
	options->grouping = BY_TRACEBACK;
	if (options->weight == WEIGHT_ALLOCS && options->sort < 0)
		options->sort = SORT_ALLOCS;
	if (options->weight == WEIGHT_SURVIVORS)
		options->survivors = true;
	return 0;
}

/* What only the whole command line can tell. */
static int
check_together(const struct parser *p)
{
	const struct options *options = p->options;

	for (size_t i = 0; i < n_options; i++) {
		if (p->given[i] &&
		    check_place(options, &option_table[i], p->why) < 0)
			return -1;
	}
	if (settle_format(p) < 0)
		return -1;
	if (options->cumulative != CUMULATIVE_OFF &&
	    (options->grouping == BY_TRACEBACK ||
	    options->grouping == BY_THREAD)) {
		errbuf_set(p->why, "--cumulative has no meaning with "
		    "--group-by=%s", options->grouping == BY_THREAD ?
		    "thread" : "traceback");
		return -1;
	}
	if (is_given(p, "every") && options->record == NULL) {
		errbuf_set(p->why, "--every is for --record");
		return -1;
	}
	if (!options->skip && options->n_skips > 0) {
		errbuf_set(p->why, "--skip and --no-skip contradict each "
		    "other");
		return -1;
	}
	return 0;
}

/* ---- operands ---- */

static int
take_program(struct parser *p)
{
	if (p->options->load != NULL) {
		if (optind >= p->argc)
			return 0;
		errbuf_set(p->why, "--load shows a file: no program is "
		    "started");
		return -1;
	}
	if (optind >= p->argc || p->argv[optind][0] == '\0') {
		errbuf_set(p->why, "which program? For example: tmtop "
		    "./program");
		return -1;
	}
	p->options->program = p->argv + optind;
	return 0;
}

static int
take_files(struct parser *p)
{
	static const size_t wanted[N_COMMANDS] = {
		[COMMAND_REPORT] = 1, [COMMAND_DIFF] = 2, [COMMAND_EXPORT] = 1,
	};
	struct options *options = p->options;
	const char *name = option_command_get(options->command)->name;
	size_t n = wanted[options->command], n_given;

	n_given = (size_t)(p->argc - optind);
	if (n_given != n) {
		errbuf_set(p->why, "%s needs %s, not %zu; to trace a program "
		    "called %s: tmtop -- %s ...", name, n == 1 ?
		    "one snapshot file" : "two snapshot files", n_given, name,
		    name);
		return -1;
	}
	assert(n <= MAX_OPTION_FILES);
	for (size_t i = 0; i < n; i++)
		options->files[i] = p->argv[optind + (int)i];
	options->n_files = n;
	return 0;
}

/* ---- the line ---- */

/* `tmtop help [COMMAND]`. */
static enum options_verdict
take_help(struct parser *p)
{
	const struct option_command *about = NULL;

	if (optind + 1 < p->argc)
		about = option_command_find(p->argv[optind + 1]);
	if (about == NULL || about->command == N_COMMANDS)
		about = option_command_get(COMMAND_RUN);
	option_help_print(about, p->out);
	return OPTIONS_DONE;
}

/* The first operand is a reserved word: what follows it is read by its
 * rules.  getopt begins anew there, as it does not change its own midway. */
static enum options_verdict
take_command(struct parser *p, const struct option_command *command)
{
	const char *name = command->name;

	if (command->in == 0) {
		errbuf_set(p->why, "%s is not in this version; to trace a "
		    "program called %s: tmtop -- %s ...", name, name, name);
		return OPTIONS_WRONG;
	}
	if (command->command == N_COMMANDS)
		return take_help(p);
	p->options->command = command->command;
	p->argv += optind;
	p->argc -= optind;
	optind = 0;
	return parse_options(p, p->short_options +
	    (command->command == COMMAND_RUN ? 0 : 1));
}

static enum options_verdict
parse_line(struct parser *p)
{
	enum options_verdict verdict = parse_options(p, p->short_options);
	const struct option_command *command = NULL;
	int rc;

	if (verdict == OPTIONS_RUN && optind < p->argc && !ended_by_dashes(p))
		command = option_command_find(p->argv[optind]);
	if (command != NULL)
		verdict = take_command(p, command);
	if (verdict != OPTIONS_RUN)
		return verdict;
	if (check_together(p) < 0)
		return OPTIONS_WRONG;
	rc = p->options->command == COMMAND_RUN ? take_program(p) :
	    take_files(p);
	return rc < 0 ? OPTIONS_WRONG : OPTIONS_RUN;
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
		.gate_status = 3, .every_ms = 10000,
	};
	make_getopt_arrays(&parser);
	opterr = 0;
	optind = 0;		/* glibc: begin anew */
	return parse_line(&parser);
}

int
options_failure_status(const struct options *options)
{
	return options->command == COMMAND_RUN ? EXIT_OWN_FAILURE :
	    EXIT_TROUBLE;
}

const char *
options_help_command(const struct options *options)
{
	static const char *const commands[N_COMMANDS] = {
		[COMMAND_RUN] = "tmtop --help",
		[COMMAND_REPORT] = "tmtop report --help",
		[COMMAND_DIFF] = "tmtop diff --help",
		[COMMAND_EXPORT] = "tmtop export --help",
	};

	assert(options->command < N_COMMANDS);
	return commands[options->command];
}

void
options_fini(struct options *options)
{
	for (size_t i = 0; i < options->n_filters; i++)
		free(options->filters[i]);
	for (size_t i = 0; i < options->n_source_maps; i++)
		free(options->source_maps[i]);
	free(options->source_maps);
	for (size_t i = 0; i < options->n_skips; i++)
		free(options->skips[i]);
	for (size_t i = 0; i < options->n_metas; i++)
		free(options->metas[i]);
	free(options->filters);
	free(options->skips);
	free(options->metas);
	free(options->gates);
	free(options->ignored);
	*options = (struct options){ .batch = false };
}
