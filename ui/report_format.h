/*
 * report_format.h - one reading as every report format gets it (L7).
 *
 * The formats are pure: they write what they are given and know of neither
 * session nor clock, so that tests can give them literal tables.
 */
#ifndef TMTOP_UI_REPORT_FORMAT_H
#define TMTOP_UI_REPORT_FORMAT_H

#include "options.h"
#include "query/traceback.h"
#include "session.h"
#include "ui/sourcefile.h"
#include "util/idmap.h"
#include "util/vec.h"

#include <stdio.h>
#include <time.h>

/* Two snapshots that are compared; names as given. */
struct report_comparison {
	const char		*old_name, *new_name;
	const struct mark	*old;
};

/* The start of a report. */
struct report_start {
	const struct options	*options;
	const struct report_comparison *comparison;	/* NULL: none */
	bool			 has_time;	/* as in report_sample */
	const struct run_info	*run;
	char *const		*argv;	/* of the program, NULL-ended */
	pid_t			 ppid;
	const char		*exe;	/* path of the program's file; "" */
	unsigned		 frames;	/* stored; 0: all */
	uint64_t		 sample_bytes;
	struct timespec		 time;
};

/* One reading.  Everything is borrowed for the call. */
struct report_sample {
	const struct options	 *options;
	const struct report_comparison *comparison;	/* NULL: none */
	uint64_t		  seq;		/* from 1 */
	bool			  has_time;	/* else nothing in it may
						 * depend on when it was */
	struct timespec		  time;
	const struct run_info	 *run;
	const struct snapshot	 *snapshot;
	const struct names	 *names;
	const struct stats_table *rows;		/* ordered */
	uint32_t		  n_shown;	/* the first so many rows */
	/* Frames before truncation, per shown row; NULL: as many as there are
	 * in the traceback. */
	const uint32_t		 *total_nframes;
	enum sort_key		  sort;
	bool			  reverse;
	enum cumulative		  cumulative;
	const char		 *filters;	/* "+*a* -*b*", "" if none */
	uint64_t		  ignored_size;	/* not in the rows */
	const struct mark	 *since;	/* NULL: no growth */
	uint32_t		  unresolved;	/* locations without answer */
	enum record_mode	  recording;
};

enum report_level { LEVEL_INFO, LEVEL_WARNING };

struct report_event {
	struct timespec	 time;
	enum report_level level;
	const char	*code;		/* "notice", "fork", "exit", ... */
	pid_t		 pid;		/* 0: none in particular */
	const char	*text;		/* printable, one line */
};

/* The end of a report. */
struct report_end {
	bool			  has_time;	/* as in report_sample */
	const struct run_info	 *run;
	struct timespec		  time;
	const struct gate_result *gates;
	size_t			  n_gates;
};

/* Where a format writes, and what it remembers between readings. */
struct report_out {
	FILE		*to;
	struct idmap	 traceback_index;	/* identity to id */
	VEC(uint64_t)	 tracebacks;		/* identities sent; id - 1 */
	struct sources	*sources;		/* owned */
};

/* Borrows options, for where sources are; NULL: where they were. */
void report_out_init(struct report_out *out, FILE *to,
    const struct options *options);
void report_out_fini(struct report_out *out);	/* does not close `to` */

/*
 * Traceback.format(): two spaces and the place of each frame in `part`, and
 * below it its source line, where that can be read and is not blank.
 */
void report_tracemalloc_frames(struct report_out *out,
    const struct names *names, const struct stacks *stacks, uint32_t stack,
    const struct traceback_part *part);

/* What a format has nothing to say to is NULL. */
struct report_format {
	void	(*start)(struct report_out *out,
		    const struct report_start *start);
	void	(*sample)(struct report_out *out,
		    const struct report_sample *sample);
	void	(*mark)(struct report_out *out, const struct mark *mark);
	void	(*event)(struct report_out *out,
		    const struct report_event *event);
	void	(*end)(struct report_out *out,
		    const struct report_end *end);
};

/* Do figures come from a sample? */
static inline bool
report_is_estimate(const struct totals *totals)
{
	return totals->sample_bytes != 0;
}

/* "on", "held", "stopped". */
extern const char *const report_recording_names[N_RECORD_MODES];

/* As for --group-by. */
extern const char *const report_grouping_names[N_GROUPINGS];

/* For people, what stands above the rows. */
void report_write_header(FILE *to, const struct report_sample *sample);

/* Rounded to the nearest integer, without overflow; count is not 0. */
uint64_t report_average(uint64_t size, uint64_t count);

extern const struct report_format report_text, report_tracemalloc,
    report_json, report_csv, report_folded;

#endif
