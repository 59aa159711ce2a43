/*
 * report_reading.c - one reading to the format, with what happened since the
 * one before (L7).
 *
 * Invariant  What goes to a destination is complete lines, flushed after
 *            every reading.
 */
#include "ui/report_state.h"

#include "util/xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_ROWS = 20 };

/* ---- what happened between two readings ---- */

struct timespec
report_wall_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now;
}

static void
send_event(struct report *report, enum report_level level, const char *code,
    pid_t pid, const char *text)
{
	struct report_event event = { .time = report_wall_time(),
		.level = level, .code = code, .pid = pid, .text = text };

	if (report->format->event != NULL)
		report->format->event(&report->out, &event);
}

void
report_pass_notices(struct report *report, const struct session *session)
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

/* Of a comparison in order of growth, what has not changed is behind. */
static uint32_t
count_changed(const struct stats_table *rows)
{
	uint32_t n = 0;

	while (n < rows->n_rows && (rows->rows[n].size_diff != 0 ||
	    rows->rows[n].count_diff != 0))
		n++;
	return n;
}

static uint32_t
count_shown(const struct report *report, const struct session *session)
{
	const struct options *options = report->options;
	const struct stats_table *rows = session_rows(session);
	unsigned top = options->has_top ? options->top :
	    options->format == FORMAT_TEXT ? TEXT_ROWS : 0;
	uint32_t n = rows->n_rows;
	bool reverse;

	if (options->command == COMMAND_DIFF &&
	    options->format == FORMAT_TEXT &&
	    session_sort(session, &reverse) == SORT_GROWTH && !reverse)
		n = count_changed(rows);
	return top != 0 && top < n ? top : n;
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

static const struct report_comparison *
find_comparison(const struct report *report)
{
	return report->comparison.old != NULL ? &report->comparison : NULL;
}

/* Folded stacks have no place to say it. */
static void
say_unknown_survivors(const struct report *report,
    const struct stats_table *rows)
{
	const struct options *options = report->options;

	if (options->format == FORMAT_FOLDED &&
	    options->weight == WEIGHT_SURVIVORS && !rows->has_survivors &&
	    !options->quiet && !report_owns_stderr(options))
		fputs("tmtop: there is no mark that anything could have "
		    "survived\n", stderr);
}

/* The run as it was when what is shown was so: at a mark it went on. */
static struct run_info
shown_run(const struct session *session)
{
	struct run_info run = *session_run(session);
	int i = session_shown(session);

	if (i >= 0) {
		run.uptime_ns = session_get_mark(session, (size_t)i)->uptime_ns;
		run.saved_state = RUN_RUNNING;
	}
	return run;
}

void
report_write_sample(struct report *report, struct session *session,
    struct timespec time)
{
	const struct stats_table *rows = session_rows(session);
	struct run_info run = shown_run(session);
	int baseline = session_baseline(session);
	struct report_sample sample = {
		.options = report->options, .seq = ++report->seq,
		.comparison = find_comparison(report),
		.has_time = report->has_time, .time = time,
		.run = &run,
		.snapshot = session_snapshot(session),
		.names = session_names(session), .rows = rows,
		.n_shown = count_shown(report, session),
		.cumulative = session_cumulative(session),
		.filters = session_filters_text(session),
		.ignored_size = session_ignored_size(session),
		.since = baseline < 0 ? NULL :
		    session_get_mark(session, (size_t)baseline),
		.unresolved = session_symbols_pending(session),
		.recording = session_recording(session),
	};
	uint32_t *totals = find_total_nframes(session, sample.n_shown);

	sample.sort = session_sort(session, &sample.reverse);
	sample.total_nframes = totals;
	say_unknown_survivors(report, rows);
	report->format->sample(&report->out, &sample);
	free(totals);
}

void
report_flush(struct report *report)
{
	if (fflush(report->out.to) == 0 && !ferror(report->out.to))
		return;
	if (!report->has_failed && report->out.to != stderr)
		fprintf(stderr, "tmtop: cannot write the report: %s\n",
		    strerror(errno));
	report->has_failed = true;
	clearerr(report->out.to);
}

void
report_pass_marks(struct report *report, struct session *session)
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

void
report_take_reading(struct report *report, struct session *session,
    int symbol_wait_ms)
{
	session_find_mark(session);
	report_pass_marks(report, session);
	session_refresh(session, STAGE_SNAPSHOT, symbol_wait_ms);
	pass_processes(report, session_snapshot(session));
	report_pass_notices(report, session);
	report_write_sample(report, session, session_run(session)->read_at);
	report_flush(report);
}

/* ---- the end ---- */

static void
say_failure(const struct report *report, const struct gate_result *result)
{
	if (!result->ok && !report_owns_stderr(report->options))
		fprintf(stderr, "tmtop: gate failed: %s\n", result->text);
}

size_t
report_end(struct report *report, const struct session *session,
    struct timespec time)
{
	size_t n = report->options->n_gates, n_failed = 0;
	struct gate_result *gates = xcalloc(n, sizeof *gates);
	struct report_end end = { .has_time = report->has_time,
		.run = session_run(session), .time = time, .gates = gates,
		.n_gates = n };

	for (size_t i = 0; i < n; i++) {
		session_check_gate(session, i, &gates[i]);
		say_failure(report, &gates[i]);
		n_failed += !gates[i].ok;
	}
	if (report->format->end != NULL)
		report->format->end(&report->out, &end);
	free(gates);
	return n_failed;
}
