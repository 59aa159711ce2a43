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
#include "ui/report.h"

#include "ui/report_format.h"
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

enum { TEXT_ROWS = 20, EXIT_OWN_FAILURE = 125, MAX_FDS = 8 };

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
};

/* ---- opening ---- */

bool
report_owns_stderr(const struct options *options)
{
	return options->format >= FORMAT_JSON && options->output == NULL;
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
		return stderr;
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
	report_out_init(&report->out, to);
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

/* ---- what happened between two readings ---- */

static struct timespec
wall_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now;
}

static void
send_event(struct report *report, enum report_level level, const char *code,
    pid_t pid, const char *text)
{
	struct report_event event = { .time = wall_time(), .level = level,
		.code = code, .pid = pid, .text = text };

	if (report->format->event != NULL)
		report->format->event(&report->out, &event);
}

/* To the report, and to the user when that can be told apart. */
static void
pass_notices(struct report *report, const struct session *session)
{
	size_t n = session_n_notices(session);

	for (; report->n_notices < n; report->n_notices++) {
		const char *text = session_get_notice(session,
		    report->n_notices);

		send_event(report, LEVEL_WARNING, "notice", 0, text);
		if (!report->options->quiet &&
		    !report_owns_stderr(report->options))
			fprintf(stderr, "tmtop: %s\n", text);
	}
}

static struct seen_process *
find_seen(struct report *report, const struct process *process)
{
	for (size_t i = 0; i < report->seen.n; i++) {
		struct seen_process *seen = &report->seen.items[i];

		if (seen->pid == process->pid &&
		    seen->start_ns == process->start_ns)
			return seen;
	}
	return NULL;
}

static void
pass_process(struct report *report, const struct process *process)
{
	struct seen_process *seen = find_seen(report, process);

	if (seen == NULL) {
		vec_push(&report->seen, (struct seen_process){
		    .pid = process->pid, .start_ns = process->start_ns });
		seen = vec_last(&report->seen);
		send_event(report, LEVEL_INFO, process->is_fork ? "fork" :
		    "exec", process->pid, process->command);
	}
	if (seen->state != process->state) {
		seen->state = process->state;
		send_event(report, LEVEL_INFO, process->state ==
		    PROCESS_EXECED ? "replaced" : "exit", process->pid,
		    process->command);
	}
}

static void
pass_processes(struct report *report, const struct snapshot *snapshot)
{
	if (report->format->event == NULL)
		return;
	for (uint32_t i = 0; i < snapshot->n_processes; i++)
		pass_process(report, &snapshot->processes[i]);
}

/* ---- readings ---- */

static uint32_t
count_shown(const struct options *options, uint32_t n_rows)
{
	unsigned top = options->has_top ? options->top :
	    options->format == FORMAT_TEXT ? TEXT_ROWS : 0;

	return top != 0 && top < n_rows ? top : n_rows;
}

/* A marker that stands for frames that are missing is none itself. */
static uint32_t
count_frames(const struct stacks *stacks, uint32_t stack)
{
	uint32_t n = 0;

	for (; stack != 0; stack = stacks_parent(stacks, stack))
		n += (stacks_frame(stacks, stack)->flags &
		    SYMBOL_SPECIAL) == 0;
	return n;
}

/* Frames before truncation of each row shown; caller frees.  NULL where rows
 * are no tracebacks. */
static uint32_t *
find_total_nframes(const struct session *session, uint32_t n_shown)
{
	const struct stats_table *rows = session_rows(session);
	uint32_t *totals;

	if (rows->grouping != BY_TRACEBACK)
		return NULL;
	totals = xcalloc(n_shown, sizeof *totals);
	for (uint32_t i = 0; i < n_shown; i++) {
		const struct statistic *row = &rows->rows[i];
		const struct query_trace *trace = session_trace(session,
		    row->stack);
		uint32_t depth = count_frames(rows->stacks, row->stack);

		totals[i] = trace != NULL && trace->total_nframe > depth ?
		    trace->total_nframe : depth;
	}
	return totals;
}

static void
write_sample(struct report *report, struct session *session)
{
	const struct stats_table *rows = session_rows(session);
	int baseline = session_baseline(session);
	struct report_sample sample = {
		.options = report->options, .seq = ++report->seq,
		.has_time = true, .time = wall_time(),
		.run = session_run(session),
		.snapshot = session_snapshot(session),
		.names = session_names(session), .rows = rows,
		.n_shown = count_shown(report->options, rows->n_rows),
		.cumulative = session_cumulative(session),
		.filters = session_filters_text(session),
		.since = baseline < 0 ? NULL :
		    session_get_mark(session, (size_t)baseline),
		.unresolved = session_symbols_pending(session),
		.recording = session_recording(session),
	};
	uint32_t *totals = find_total_nframes(session, sample.n_shown);

	sample.sort = session_sort(session, &sample.reverse);
	sample.total_nframes = totals;
	report->format->sample(&report->out, &sample);
	free(totals);
}

/* Say once on stderr that nobody gets the report; the program goes on. */
static void
flush_report(struct report *report)
{
	if (fflush(report->out.to) == 0 && !ferror(report->out.to))
		return;
	if (!report->has_failed && report->out.to != stderr)
		fprintf(stderr, "tmtop: cannot write the report: %s\n",
		    strerror(errno));
	report->has_failed = true;
	clearerr(report->out.to);
}

/* Marks that are new, whoever has set them: rows are compared with the
 * latest. */
static void
pass_marks(struct report *report, struct session *session)
{
	const struct mark *mark;

	for (size_t i = N_FIXED_MARKS; i < session_n_marks(session); i++) {
		mark = session_get_mark(session, i);
		if (mark->number <= report->last_mark)
			continue;
		report->last_mark = mark->number;
		session_set_baseline(session, (int)i);
		if (report->format->mark != NULL)
			report->format->mark(&report->out, mark);
	}
}

/* symbol_wait_ms as for session_refresh(). */
static void
take_reading(struct report *report, struct session *session,
    int symbol_wait_ms)
{
	session_find_mark(session);
	pass_marks(report, session);
	session_refresh(session, STAGE_SNAPSHOT, symbol_wait_ms);
	pass_processes(report, session_snapshot(session));
	pass_notices(report, session);
	write_sample(report, session);
	flush_report(report);
}

/* ---- the run ---- */

static void
take_signals(struct report *report, struct session *session)
{
	bool forwards = report->options->on_hangup == HANGUP_FORWARD;
	enum stage stage;
	int signal;

	while ((signal = report_signals_next()) != 0) {
		if (signal == SIGUSR2) {
			session_mark(session, &stage);
			pass_marks(report, session);
			flush_report(report);
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
		pass_notices(report, session);
		if (session_run(session)->is_over || !is_periodic(report) ||
		    now_ms() < next_ms)
			continue;
		/* Signals and the next reading must not wait for symbols
		 * for ever: what is missing comes with a later one. */
		take_reading(report, session, (int)report->options->delay_ms);
		next_ms += report->options->delay_ms;
		if (next_ms < now_ms())
			next_ms = now_ms();
	}
}

static void
write_start(struct report *report, struct session *session)
{
	struct report_start start = { .options = report->options,
		.run = session_run(session), .time = wall_time() };
	char link[64], exe[PATH_MAX];
	ssize_t n;

	if (report->format->start == NULL)
		return;
	snprintf(link, sizeof link, "/proc/%d/exe", (int)start.run->pid);
	n = readlink(link, exe, sizeof exe - 1);
	exe[n > 0 ? n : 0] = '\0';
	start.exe = exe;
	report->format->start(&report->out, &start);
	flush_report(report);
}

int
report_run(struct report *report, struct session *session)
{
	const struct options *options = report->options;
	int exit_code;

	write_start(report, session);
	follow_run(report, session);
	report_signals_end();
	if (options->iterations == 0 || report->seq < options->iterations)
		take_reading(report, session, -1);
	pass_notices(report, session);
	if (report->format->end != NULL)
		report->format->end(&report->out, session_run(session),
		    wall_time());
	flush_report(report);
	exit_code = session_run(session)->exit_code;
	return exit_code == 0 && report->has_failed ? EXIT_OWN_FAILURE :
	    exit_code;
}
