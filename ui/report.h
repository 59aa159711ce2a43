/*
 * report.h - batch output: the session's rows as text, tracemalloc's lines or
 * JSON Lines (L7).
 */
#ifndef TMTOP_UI_REPORT_H
#define TMTOP_UI_REPORT_H

#include "options.h"
#include "session.h"

struct report;

/*
 * Open the destination and take over the signals as a batch run needs them
 * (report_signals.h), before the program is started: a report that cannot be
 * written is refused while that costs nothing.  Borrows options.  NULL: why
 * says what is wrong.
 */
struct report *report_open(const struct options *options,
    struct errbuf *why);

/*
 * Follow the run to its end and report as the options say: every --delay
 * seconds, or once at the end.  Waits.  Returns tmtop's exit code: the
 * program's, 128 + signal; where that is 0, 125 when the report could not be
 * written, --gate-status when a gate failed.
 */
int report_run(struct report *report, struct session *session);

/*
 * Report of a session over a file, of the command that options.command is;
 * of diff, the session is over the new one.  Returns tmtop's exit code: 0, 1
 * when a gate failed, 2 and why when there is no report.
 */
int report_files(struct report *report, struct session *session,
    struct errbuf *why);

/* Do machine-readable lines go to stderr?  Then nothing else may. */
bool report_owns_stderr(const struct options *options);

/* Close the destination; NULL is fine. */
void report_close(struct report *report);

#endif
