/*
 * report.c - batch output: when to report, and to whom (L7).
 *
 * Role       Follows the run, takes a reading when one is due, and hands it
 *            to the format, together with what happened between two readings.
 * Why        A report at the end reads the final tables, which outlive the
 *            program; nothing is lost by having waited.  After -n readings
 *            tmtop stays, silently: it owes its caller the exit status.
 * Invariant  What goes to a destination is complete lines, flushed after
 *            every reading.  The program's stdout is never written to unless
 *            -o - says so.
 */
#include "ui/report_state.h"

#include "ui/report_signals.h"
#include "util/names.h"
#include "util/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_OWN_FAILURE = 125, MAX_FDS = 8 };

/* ---- opening ---- */

bool
report_owns_stderr(const struct options *options)
{
	return options->command == COMMAND_RUN &&
	    options->format >= FORMAT_JSON && options->output == NULL;
}

static const struct report_format *
choose_format(enum output_format format)
{
	static const struct report_format *const formats[] = {
		[FORMAT_TEXT] = &report_text,
		[FORMAT_TRACEMALLOC] = &report_tracemalloc,
		[FORMAT_JSON] = &report_json, [FORMAT_CSV] = &report_csv,
		[FORMAT_FOLDED] = &report_folded,
	};

	assert(format < array_size(formats));
	return formats[format];
}

/* The destination; `file` is set when it has to be closed. */
static FILE *
open_destination(struct report *report, struct errbuf *why)
{
	const char *path = report->options->output;
	char shown[160];

	if (path == NULL)
		return report->options->command == COMMAND_RUN ? stderr :
		    stdout;
	if (strcmp(path, "-") == 0)
		return stdout;
	report->file = fopen(path, "we");
	if (report->file == NULL) {
		sanitise(shown, sizeof shown, path, strlen(path));
		errbuf_sys(why, "cannot write %s", shown);
	}
	return report->file;
}

struct report *
report_open(const struct options *options, struct errbuf *why)
{
	struct report *report = xcalloc(1, sizeof *report);
	FILE *to;

	report->options = options;
	report->format = choose_format(options->format);
	to = open_destination(report, why);
	if (to == NULL)
		goto fail;
	setvbuf(to, NULL, _IOFBF, 65536);
	report_out_init(&report->out, to, options);
	report->has_time = options->command != COMMAND_DIFF ||
	    options->verbose > 0;
	report->signals_fd = -1;
	if (options->command != COMMAND_RUN)
		return report;
	report->signals_fd = report_signals_open();
	if (report->signals_fd >= 0)
		return report;
	errbuf_sys(why, "no pipe for signals");
fail:
	report_close(report);
	return NULL;
}

void
report_close(struct report *report)
{
	if (report == NULL)
		return;
	report_out_fini(&report->out);
	vec_fini(&report->seen);
	if (report->file != NULL)
		fclose(report->file);
	free(report);
}

/* ---- the run ---- */

/* SIGUSR1: a snapshot of now, unless the program did not mean us. */
static void
save_snapshot(struct report *report, struct session *session)
{
	struct errbuf why = { .column = 0 };
	char shown[160];
	char *path;

	if (session_has_process(session, report_signals_usr1_sender()))
		return;
	path = session_save_now(session, &why);
	if (path != NULL)
		sanitise(shown, sizeof shown, path, strlen(path));
	if (path == NULL)
		fprintf(stderr, "tmtop: %s\n", why.text);
	else if (!report->options->quiet &&
	    !report_owns_stderr(report->options))
		fprintf(stderr, "tmtop: saved %s\n", shown);
	free(path);
}

static void
take_signals(struct report *report, struct session *session)
{
	bool forwards = report->options->on_hangup == HANGUP_FORWARD;
	enum stage stage;
	int signal;

	while ((signal = report_signals_next()) != 0) {
		if (signal == SIGUSR1) {
			save_snapshot(report, session);
		} else if (signal == SIGUSR2) {
			session_mark(session, &stage);
			report_pass_marks(report, session);
			report_flush(report);
		} else if (signal != SIGHUP || forwards) {
			session_signal(session, signal);
		}
	}
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* Wait for the run, a signal, or until_ms (0: no such moment). */
static void
wait_for_something(const struct report *report, struct session *session,
    uint64_t until_ms)
{
	struct pollfd fds[MAX_FDS] = {
		{ .fd = report->signals_fd, .events = POLLIN },
	};
	int n = 1 + session_fds(session, fds + 1, MAX_FDS - 1);
	uint64_t now = now_ms();
	int timeout_ms = until_ms == 0 ? -1 : until_ms <= now ? 0 :
	    (int)(until_ms - now);
	int record_ms = session_record_timeout(session);

	if (record_ms >= 0 && (timeout_ms < 0 || record_ms < timeout_ms))
		timeout_ms = record_ms;
	poll(fds, (nfds_t)n, timeout_ms);
	session_pump(session);
}

static bool
is_periodic(const struct report *report)
{
	const struct options *options = report->options;

	return (options->has_delay || options->iterations > 0) &&
	    (options->iterations == 0 || report->seq < options->iterations);
}

/* Readings every delay until the run is over. */
static void
follow_run(struct report *report, struct session *session)
{
	uint64_t next_ms = now_ms() + report->options->delay_ms;

	session_pump(session);
	while (!session_run(session)->is_over) {
		wait_for_something(report, session, is_periodic(report) ?
		    next_ms : 0);
		take_signals(report, session);
		session_record_due(session);
		report_pass_notices(report, session);
		if (session_run(session)->is_over || !is_periodic(report) ||
		    now_ms() < next_ms)
			continue;
		/* Signals and the next reading must not wait for symbols
		 * for ever: what is missing comes with a later one. */
		report_take_reading(report, session,
		    (int)report->options->delay_ms);
		next_ms += report->options->delay_ms;
		if (next_ms < now_ms())
			next_ms = now_ms();
	}
}

static void
write_start(struct report *report, struct session *session)
{
	const struct options *options = report->options;
	struct report_start start = { .options = options, .has_time = true,
		.run = session_run(session), .argv = options->program,
		.ppid = getpid(), .frames = options->frames,
		.sample_bytes = options->sample_bytes,
		.time = report_wall_time() };
	const char *exe = session_fact(session, "exe", 0);

	if (report->format->start == NULL)
		return;
	start.exe = exe != NULL ? exe : "";
	report->format->start(&report->out, &start);
	report_flush(report);
}

int
report_run(struct report *report, struct session *session)
{
	const struct options *options = report->options;
	struct errbuf why = { .column = 0 };
	size_t n_failed;
	int exit_code;

	write_start(report, session);
	follow_run(report, session);
	report_signals_end();
	if (options->iterations == 0 || report->seq < options->iterations)
		report_take_reading(report, session, -1);
	else if (options->n_gates > 0)
		session_refresh(session, STAGE_SNAPSHOT, -1);
	if (session_save_end(session, &why) < 0) {
		fprintf(stderr, "tmtop: %s\n", why.text);
		report->has_failed = true;
	}
	if (options->survivors && session_baseline(session) < 0 &&
	    !options->quiet)
		fputs("tmtop: no mark was set whose survivors could be "
		    "counted\n", stderr);
	report_pass_notices(report, session);
	n_failed = report_end(report, session, report_wall_time());
	report_flush(report);
	exit_code = session_run(session)->exit_code;
	if (exit_code != 0)
		return exit_code;
	return report->has_failed ? EXIT_OWN_FAILURE :
	    n_failed > 0 ? (int)options->gate_status : 0;
}
