/*
 * option_help.c - the commands, and what --help prints of each (L6).
 *
 * Shape      One row per word that may stand first; the options of a command
 *            are the rows of the option table that name it.
 * Why        The words without a place are reserved, so that a later version
 *            can give them a meaning without breaking anybody's `tmtop name`.
 */
#include "option_values.h"

#include <assert.h>
#include <string.h>

const struct option_command option_commands[] = {
	{ "run", COMMAND_RUN, IN_RUN | IN_LOAD, "[--] PROGRAM [ARG]...",
	    "Start PROGRAM and show, live, which files, lines and tracebacks "
	    "own its memory." },
	{ "report", COMMAND_REPORT, IN_REPORT, "FILE",
	    "The rows of a saved snapshot." },
	{ "diff", COMMAND_DIFF, IN_DIFF, "OLD NEW",
	    "What has changed between two saved snapshots." },
	{ "export", COMMAND_EXPORT, IN_EXPORT, "FILE",
	    "A saved snapshot for other programs." },
	{ "help", N_COMMANDS, IN_ALL, "[COMMAND]", "Print this." },
	{ "snapshot", N_COMMANDS, 0, NULL, NULL },
	{ "list", N_COMMANDS, 0, NULL, NULL },
};

const size_t n_option_commands = array_size(option_commands);

const struct option_command *
option_command_get(enum command command)
{
	assert(command < N_COMMANDS);
	assert(option_commands[command].command == command);
	return &option_commands[command];
}

const struct option_command *
option_command_find(const char *name)
{
	for (size_t i = 0; i < n_option_commands; i++) {
		if (strcmp(option_commands[i].name, name) == 0)
			return &option_commands[i];
	}
	return NULL;
}

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
print_rows(unsigned in, FILE *out)
{
	const char *section = NULL;

	for (size_t i = 0; i < n_options; i++) {
		const struct option_row *row = &option_table[i];

		if (row->section != NULL)
			section = row->section;
		if ((row->in & in) == 0)
			continue;
		if (section != NULL)
			fprintf(out, "\n%s:\n", section);
		section = NULL;
		print_row(row, out);
	}
}

/* The other words, after the options of a run. */
static void
print_commands(FILE *out)
{
	fputs("\nInstead of PROGRAM:\n", out);
	for (size_t i = 0; i < n_option_commands; i++) {
		const struct option_command *command = &option_commands[i];
		char left[64];

		if (command->in == 0 || command->command == COMMAND_RUN)
			continue;
		snprintf(left, sizeof left, "  %s %s", command->name,
		    command->operands);
		fprintf(out, "%-26s %s\n", left, command->help);
	}
}

void
option_help_print(const struct option_command *command, FILE *out)
{
	bool is_run = command->command == COMMAND_RUN;

	fprintf(out, "Usage: tmtop %s%s[OPTION]... %s\n%s\n",
	    is_run ? "" : command->name, is_run ? "" : " ",
	    command->operands, command->help);
	print_rows(command->in, out);
	if (is_run)
		print_commands(out);
	fputs("\nFILTER is [!]GLOB[:LINE] [all] [@DOMAIN]; GLOB is compared "
	    "with the whole file\nname and * also stands for slashes: "
	    "'*/conn.c:77', '!*/json/* all'.\n", out);
	if (is_run)
		fputs("In names of snapshot files: %p the process id, %e its "
		    "name, %h the host, %n a\nnumber that is free, %t the "
		    "time, %% a percent sign.\n", out);
	fputs("SIZE may end in K, M, G (powers of 1024) or KB, MB, GB "
	    "(1000).\n", out);
	fputs(is_run ?
	    "The exit status is the program's, 128+N after signal N; 125: "
	    "tmtop failed,\n126: PROGRAM cannot be executed, 127: not "
	    "found.  See tmtop(1).\n" :
	    command->command == COMMAND_DIFF ?
	    "The exit status is 0, 1 when a limit is exceeded, 2 when the "
	    "snapshots cannot be\ncompared.  See tmtop-diff(1).\n" :
	    "The exit status is 0, or 2 when the file cannot be read.  See "
	    "tmtop(1).\n", out);
}
