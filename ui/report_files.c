/*
 * report_files.c - reports of saved snapshots: report, diff and export (L7).
 *
 * Why        The rows take the same way as those of a run, so what is said of
 *            a file is what was said of the program when it was saved.
 * Invariant  The same files give the same bytes: nothing depends on the clock,
 *            and a comparison has no times or pids unless it is asked for
 *            them.
 */
#include "ui/report_state.h"

#include "session_blocks.h"
#include "util/names.h"
#include "util/xalloc.h"

#include <stdlib.h>
#include <string.h>

enum { EXIT_FAILED = 1, EXIT_TROUBLE = 2 };

/* ---- losses ---- */

static int
check_losses(const char *name, const struct totals *totals,
    const struct options *options, struct errbuf *why)
{
	char shown[160];

	if (totals->lost == 0 || options->allow_lost)
		return 0;
	sanitise(shown, sizeof shown, name, strlen(name));
	errbuf_set(why, "%s: %llu allocations were not recorded (lost); "
	    "--allow-lost compares all the same", shown,
	    (unsigned long long)totals->lost);
	return -1;
}

/* A filter of single blocks needs them in the file. */
static int
check_blocks(const struct session *session, const struct options *options,
    struct errbuf *why)
{
	enum blocks_lack lack = session_lacks_blocks(session);
	const char *name = options->files[0];
	char shown[160];

	if (lack == BLOCKS_KNOWN)
		return 0;
	if (lack == BLOCKS_UNKNOWN_NOW)
		name = options->files[options->n_files - 1];
	else if (options->baseline != NULL)
		name = options->baseline;
	sanitise(shown, sizeof shown, name, strlen(name));
	errbuf_set(why, "%s has no single blocks to filter: save it with "
	    "--blocks", shown);
	return -1;
}

/* ---- what is compared with what ---- */

/* A program's own mark, or one that a user set, is what a report of the run
 * would have compared with: the last one. */
static int
find_last_mark(const struct session *session)
{
	for (size_t i = session_n_marks(session); i-- > N_FIXED_MARKS;) {
		if (!session_get_mark(session, i)->is_interval)
			return (int)i;
	}
	return -1;
}

static int
choose_baseline(struct report *report, struct session *session,
    struct errbuf *why)
{
	const struct options *options = report->options;
	int i = options->command == COMMAND_DIFF ?
	    session_load_mark(session, options->files[0], why) :
	    session_baseline(session);

	if (options->command == COMMAND_DIFF && i < 0)
		return -1;
	if (i < 0 && session_shown(session) < 0)
		i = find_last_mark(session);
	if (i >= 0)
		session_set_baseline(session, i);
	return 0;
}

static int
compare_files(struct report *report, const struct session *session,
    struct errbuf *why)
{
	const struct options *options = report->options;
	const struct mark *old = session_get_mark(session,
	    (size_t)session_baseline(session));

	report->comparison = (struct report_comparison){
		.old_name = options->files[0], .new_name = options->files[1],
		.old = old };
	if (check_losses(options->files[0], &old->totals, options, why) < 0)
		return -1;
	return check_losses(options->files[1],
	    &session_snapshot(session)->totals, options, why);
}

/* ---- the report ---- */

static uint64_t
number_of(const struct session *session, const char *key)
{
	const char *text = session_fact(session, key, 0);

	return text != NULL ? strtoull(text, NULL, 10) : 0;
}

static struct timespec
start_time(const struct session *session)
{
	uint64_t ns = number_of(session, "start_time_ns");

	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000) };
}

static void
write_start(struct report *report, const struct session *session)
{
	const struct snapshot *snapshot = session_snapshot(session);
	const char *exe = session_fact(session, "exe", 0), *word;
	VEC(char *) argv = VEC_INIT;
	struct report_start start = {
		.options = report->options, .has_time = report->has_time,
		.comparison = report->comparison.old != NULL ?
		    &report->comparison : NULL,
		.run = session_run(session),
		.ppid = snapshot->n_processes > 0 ?
		    snapshot->processes[0].ppid : 0,
		.exe = exe != NULL ? exe : "",
		.frames = (unsigned)number_of(session, "frames"),
		.sample_bytes = number_of(session, "sample_bytes"),
		.time = start_time(session),
	};

	if (report->format->start == NULL)
		return;
	while ((word = session_fact(session, "argv", argv.n)) != NULL)
		vec_push(&argv, xstrdup(word));
	vec_push(&argv, NULL);
	start.argv = argv.items;
	report->format->start(&report->out, &start);
	for (size_t i = 0; i < argv.n; i++)
		free(argv.items[i]);
	vec_fini(&argv);
}

static void
write_marks(struct report *report, const struct session *session)
{
	size_t n = report->comparison.old == NULL ? session_n_marks(session) :
	    0;

	for (size_t i = N_FIXED_MARKS; i < n; i++) {
		const struct mark *mark = session_get_mark(session, i);

		if (!mark->is_interval && report->format->mark != NULL)
			report->format->mark(&report->out, mark);
	}
}

/* When what is shown was so. */
static struct timespec
shown_time(const struct session *session)
{
	int i = session_shown(session);

	if (i < 0)
		return session_run(session)->read_at;
	return (struct timespec){
		.tv_sec = session_get_mark(session, (size_t)i)->wall_time };
}

int
report_files(struct report *report, struct session *session,
    struct errbuf *why)
{
	const struct options *options = report->options;
	struct timespec time = shown_time(session);
	size_t n_failed;

	if (choose_baseline(report, session, why) < 0)
		return EXIT_TROUBLE;
	session_set_limit(session, options->frames);
	session_refresh(session, STAGE_SNAPSHOT, -1);
	if (options->command == COMMAND_DIFF &&
	    compare_files(report, session, why) < 0)
		return EXIT_TROUBLE;
	if (check_blocks(session, options, why) < 0)
		return EXIT_TROUBLE;
	if (options->info) {
		report_write_info(report->out.to, session);
	} else {
		write_start(report, session);
		write_marks(report, session);
		report_write_sample(report, session, time);
	}
	n_failed = report_end(report, session, time);
	report_flush(report);
	return report->has_failed ? EXIT_TROUBLE : n_failed > 0 ?
	    EXIT_FAILED : 0;
}
