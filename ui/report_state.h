/*
 * report_state.h - what the report*.c files share (L7, private).
 */
#ifndef TMTOP_UI_REPORT_STATE_H
#define TMTOP_UI_REPORT_STATE_H

#include "ui/report.h"
#include "ui/report_format.h"

/* A process that was reported as begun. */
struct seen_process {
	pid_t			 pid;
	uint64_t		 start_ns;
	enum process_state	 state;
};

struct report {
	const struct options		*options;
	const struct report_format	*format;
	struct report_out		 out;
	FILE				*file;		/* NULL: not ours */
	int				 signals_fd;
	uint64_t			 seq;		/* readings so far */
	size_t				 n_notices;	/* passed on */
	unsigned			 last_mark;	/* passed on */
	VEC(struct seen_process)	 seen;
	bool				 has_failed;	/* to write */
	bool				 has_time;	/* figures of when */
	struct report_comparison	 comparison;	/* of files */
};

/* ---- report_reading.c ---- */

struct timespec report_wall_time(void);

/* Take a reading and write it; symbol_wait_ms as for session_refresh(). */
void report_take_reading(struct report *report, struct session *session,
    int symbol_wait_ms);
/* Write what the session shows, as it was at this time. */
void report_write_sample(struct report *report, struct session *session,
    struct timespec time);

/* Marks that are new, whoever has set them: rows are compared with the
 * latest. */
void report_pass_marks(struct report *report, struct session *session);
/* What the session has to say, to the report, and to the user when that can
 * be told apart. */
void report_pass_notices(struct report *report,
    const struct session *session);

/* Check the gates on the present reading, say which have failed, and write
 * the end, as of this time.  Returns how many failed. */
size_t report_end(struct report *report, const struct session *session,
    struct timespec time);

/* ---- report_info.c ---- */

/* What a snapshot file has, for people. */
void report_write_info(FILE *to, const struct session *session);

/* Say once on stderr that nobody gets the report; the program goes on. */
void report_flush(struct report *report);

#endif
