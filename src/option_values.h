/*
 * option_values.h - what may stand behind an option: the readers (L6).
 *
 * Each reads one value for one row of the option table into the field at
 * row->offset and returns 0, or -1 with the text of what is wrong ("must be
 * 1 to 65535") and the column in the value; the caller adds the option's
 * name.  The field is untouched on failure.
 */
#ifndef TMTOP_OPTION_VALUES_H
#define TMTOP_OPTION_VALUES_H

#include "options.h"

struct option_row;

typedef int option_reader(struct options *options,
    const struct option_row *row, const char *text, struct errbuf *why);

struct option_choice {
	const char	*name;
	int		 value;
};

/* Where an option has its effect: a set of these. */
enum option_place {
	IN_SCREEN	= 1,		/* a run with the screen */
	IN_BATCH	= 2,		/* a run with --batch */
	IN_REPORT	= 4,		/* tmtop report */
	IN_DIFF		= 8,		/* tmtop diff */
	IN_EXPORT	= 16,		/* tmtop export */
	IN_LOAD		= 32,		/* the screen over a file */
	IN_RUN		= IN_SCREEN | IN_BATCH,
	IN_FILES	= IN_REPORT | IN_DIFF | IN_EXPORT,
	IN_REPORTS	= IN_BATCH | IN_FILES,
	IN_ALL		= IN_RUN | IN_LOAD | IN_FILES
};

/* Values of --follow, which sets two fields. */
enum { FOLLOWS_FORK = 1, FOLLOWS_EXEC = 2 };

/* One option: everything that parsing, --help and messages need. */
struct option_row {
	const char	*name;		/* long name; never NULL */
	char		 letter;	/* 0: none */
	const char	*arg;		/* NULL: takes none; "[WHAT]": may */
	option_reader	*read;
	size_t		 offset;	/* of its field in struct options */
	uint64_t	 min, max;	/* inclusive, for numbers and sizes;
					 * milliseconds for seconds */
	const struct option_choice *choices;	/* ended by a NULL name */
	const char	*unset;		/* what holds without it, for --help */
	const char	*help;		/* one line */
	const char	*section;	/* heading before it, else NULL */
	unsigned	 in;		/* set of enum option_place */
};

extern const struct option_row option_table[];
extern const size_t n_options;

/* A sub-command, or a word that is kept for one. */
struct option_command {
	const char	*name;
	enum command	 command;	/* N_COMMANDS: none, see below */
	unsigned	 in;		/* where its options are; 0: this
					 * version does nothing with it */
	const char	*operands;	/* for the usage line */
	const char	*help;		/* one line */
};

extern const struct option_command option_commands[];
extern const size_t n_option_commands;

/* The row of a command; of COMMAND_RUN that of "run". */
const struct option_command *option_command_get(enum command command);
/* By its name, the first operand; NULL: no reserved word. */
const struct option_command *option_command_find(const char *name);

/* --help of a command, to `out`. */
void option_help_print(const struct option_command *command, FILE *out);

option_reader read_flag;		/* bool field := true */
option_reader read_flag_off;		/* bool field := false */
option_reader read_level;		/* unsigned field += 1 */
option_reader read_number;		/* unsigned, decimal */
option_reader read_seconds;		/* unsigned milliseconds, "0.5" */
option_reader read_size;		/* uint64_t, "64M" */
option_reader read_choice;		/* int-sized enum from row->choices */
option_reader read_text;		/* const char *, not empty */
option_reader read_sort;		/* name of a column */
option_reader read_cumulative;		/* optional counting rule */
option_reader read_filter;		/* appended to filters, parsed */
option_reader read_source_map;		/* appended to source_maps */
option_reader read_skip;		/* appended to skips, parsed */
option_reader read_ignore;		/* a file, appended, parsed */
option_reader read_delay;		/* read_seconds, and has_delay */
option_reader read_top;			/* read_number, and has_top */
option_reader read_gate_growth;		/* appended to gates: SIZE[:FILTER] */
option_reader read_gate_live;
option_reader read_gate_peak;		/* SIZE */
option_reader read_pattern;		/* name of a file, with %p ... */
option_reader read_record;		/* optional pattern */
option_reader read_meta;		/* appended to metas, KEY=VALUE */
option_reader read_follow;		/* both follow fields */

#endif
