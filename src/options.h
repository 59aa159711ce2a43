/*
 * options.h - the command line: one table of options (L6).
 *
 * --help, the getopt array, range errors, and the manual's check all come
 * from the rows of option_table.c.
 */
#ifndef TMTOP_OPTIONS_H
#define TMTOP_OPTIONS_H

#include "base/errbuf.h"
#include "query/filter.h"
#include "query/stats.h"

#include <stdio.h>

/* What the first word asks for; the program itself is the default. */
enum command {
	COMMAND_RUN,		/* start options.program */
	COMMAND_REPORT, COMMAND_DIFF, COMMAND_EXPORT, /* of options.files */
	N_COMMANDS
};

enum output_format {
	FORMAT_TEXT, FORMAT_TRACEMALLOC,	/* for people */
	FORMAT_JSON, FORMAT_CSV, FORMAT_FOLDED	/* for programs */
};

/* What folded stacks count, and how they name a frame. */
enum weight {
	WEIGHT_BYTES, WEIGHT_BLOCKS, WEIGHT_ALLOCS, WEIGHT_SURVIVORS
};
enum frame_text { FRAME_FUNCTION, FRAME_FILE, FRAME_BOTH };

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

enum option_unwinder { UNWINDER_CFA, UNWINDER_LIBUNWIND };
enum hangup { HANGUP_FORWARD, HANGUP_KEEP };

enum options_verdict {
	OPTIONS_RUN,		/* options.command is to be obeyed */
	OPTIONS_DONE,		/* --help, --version, --sort=help: printed */
	OPTIONS_WRONG		/* why is set */
};

enum { MAX_OPTION_FILES = 2 };

/* Name of a snapshot file where none is given, see session_file_name(). */
#define DEFAULT_FILE_PATTERN	"%e.%p.%n.tms"

/* A limit that fails a run or a comparison when it is exceeded. */
enum gate_kind { GATE_GROWTH, GATE_LIVE, GATE_PEAK, N_GATE_KINDS };

struct gate {
	enum gate_kind	 kind;
	uint64_t	 limit;		/* bytes */
	const char	*filter;	/* as typed; "" for everything */
};

/* Which rows of two builds are the same. */
enum match { MATCH_FUNCTION, MATCH_EXACT };

struct options {
	enum command	 command;
	const char	*files[MAX_OPTION_FILES]; /* snapshots to read */
	size_t		 n_files;
	bool		 batch;		/* -b */
	enum grouping	 grouping;	/* -g, default lineno */
	enum cumulative	 cumulative;	/* -c */
	char		**filters;	/* -F, as typed; owned */
	size_t		 n_filters;
	int		 sort;		/* -s: enum sort_key; -1: not given */
	bool		 reverse;	/* -r */
	unsigned	 top;		/* -t; 0: all rows */
	bool		 has_top;	/* else the default of the format */
	unsigned	 delay_ms;	/* -d */
	bool		 has_delay;
	unsigned	 iterations;	/* -n; 0: not given */
	const char	*output;	/* -o; NULL: default */
	unsigned	 frames;	/* --frames: frames stored; 0: all */
	enum output_format format;	/* -f */
	enum weight	 weight;	/* --weight */
	enum frame_text	 frame_text;	/* --frame */
	const char	*baseline;	/* --baseline; NULL: none */
	enum match	 match;		/* --match */
	bool		 allow_lost;	/* --allow-lost */
	bool		 info;		/* --info */
	struct gate	*gates;		/* --fail-if-...; owned */
	size_t		 n_gates;
	unsigned	 gate_status;	/* of a run that one of them fails */
	bool		 skip;		/* false: --no-skip */
	char		*ignored;	/* text of the --ignore files; owned;
					 * NULL: none given */
	char		**source_maps;	/* --source-map, OLD=NEW; owned */
	size_t		 n_source_maps;
	bool		 debuginfod;	/* fetch debug information */
	bool		 no_cache;	/* of symbols, on disk */
	char		**skips;	/* --skip; owned */
	size_t		 n_skips;
	enum color_mode	 color;
	bool		 mappings;	/* --mmap: domain 1 */
	bool		 by_thread;	/* --by-thread */
	bool		 survivors;	/* --survivors */
	unsigned	 mark_every_ms;	/* --mark-every; 0: not */
	bool		 ascii, no_mouse, quiet, exit_at_end;
	unsigned	 verbose;
	uint64_t	 sample_bytes;	/* --sample; 0: everything */
	bool		 stopped;	/* --stopped: records nothing yet */
	uint64_t	 table_size;	/* --table-size; 0: default */
	enum option_unwinder unwinder;
	const char	*stdin_path, *stdout_path, *stderr_path;
	const char	*output_log;	/* --output-log */
	enum hangup	 on_hangup;
	bool		 follow_fork, follow_exec;	/* --follow */
	const char	*load;		/* --load; NULL: run something */
	const char	*save_at_exit;	/* pattern of a file name, or NULL */
	const char	*record;	/* the same */
	unsigned	 every_ms;	/* --every: between recorded readings */
	bool		 blocks;	/* --blocks: saved with the rest */
	char		**metas;	/* --meta, "KEY=VALUE"; owned */
	size_t		 n_metas;
	char		**program;	/* argv of the program, NULL-ended */
};

/*
 * Parse.  *options is filled in whole, whatever the verdict; it borrows argv
 * and is released by options_fini().  Prints only for OPTIONS_DONE, to `out`.
 * For OPTIONS_WRONG `why` is one line that names the option and what is wrong
 * with its value; its column counts in that value.  Filters and skip globs are
 * checked here, so that nothing starts with a bad one.
 */
enum options_verdict options_parse(struct options *options, int argc,
    char **argv, FILE *out, struct errbuf *why);
/* tmtop's exit status when it cannot do what `options` ask for: 125 of a run,
 * 2 of the commands that read files, as diff(1). */
int options_failure_status(const struct options *options);
/* "tmtop --help", "tmtop diff --help": where a wrong line is told to look. */
const char *options_help_command(const struct options *options);
/* Release; accepts what options_parse() left behind for any verdict. */
void options_fini(struct options *options);

#endif
