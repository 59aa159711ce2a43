/* main.c - wiring and exit codes (L8). */
#include "base/errbuf.h"
#include "options.h"
#include "session.h"
#include "ui/app.h"
#include "ui/report.h"

#include <limits.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_OWN_FAILURE = 125 };

/* Characters are the user's, numbers are everybody's. */
static void
set_locale(void)
{
	setlocale(LC_CTYPE, "");
	setlocale(LC_COLLATE, "C");
}

/* 128 + N alone is easily overlooked: name the signal. */
static void
say_how_it_ended(const struct session *session, const struct options *options)
{
	const struct run_info *run = session_run(session);

	if (run->state == RUN_KILLED &&
	    !(options->batch && report_owns_stderr(options))) {
		fprintf(stderr, "tmtop: %s was killed by SIG%s\n", run->name,
		    sigabbrev_np(run->status) != NULL ?
		    sigabbrev_np(run->status) : "?");
	}
}

static int
run_batch(const struct options *options, struct errbuf *why)
{
	struct report *report = report_open(options, why);
	struct session *session = NULL;
	int exit_code = EXIT_OWN_FAILURE;

	if (report == NULL)
		return exit_code;
	session = session_start(options, why, &exit_code);
	if (session != NULL) {
		exit_code = report_run(report, session);
		say_how_it_ended(session, options);
	}
	report_close(report);
	session_free(session);
	return exit_code;
}

/*
 * Each refresh takes the place of the one before: with a million tracebacks
 * hundreds of megabytes.  Given back to the kernel and taken from it each time
 * they would cost a third of the refresh, and keys would wait meanwhile.
 */
static void
keep_freed_memory(void)
{
#ifdef M_MMAP_MAX
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

static int
run_screen(const struct options *options, struct errbuf *why)
{
	struct session *session;
	int exit_code = EXIT_OWN_FAILURE;

	keep_freed_memory();
	if (app_check_terminal(why) < 0)
		return exit_code;
	session = options->load != NULL ?
	    session_open_file(options, options->load, why) :
	    session_start(options, why, &exit_code);
	if (session != NULL) {
		exit_code = app_run(session, options);
		say_how_it_ended(session, options);
	}
	session_free(session);
	return exit_code;
}

/* The last file named is the one that is shown. */
static int
run_files(const struct options *options, struct errbuf *why)
{
	struct report *report = report_open(options, why);
	struct session *session = NULL;
	int exit_code = options_failure_status(options);

	if (report == NULL)
		return exit_code;
	session = session_open_file(options,
	    options->files[options->n_files - 1], why);
	if (session != NULL)
		exit_code = report_files(report, session, why);
	report_close(report);
	session_free(session);
	return exit_code;
}

static int
obey(const struct options *options, struct errbuf *why)
{
	if (options->command != COMMAND_RUN)
		return run_files(options, why);
	return options->batch ? run_batch(options, why) :
	    run_screen(options, why);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct errbuf why = { .column = 0 };
	int exit_code = EXIT_OWN_FAILURE;

	set_locale();
	switch (options_parse(&options, argc, argv, stdout, &why)) {
	case OPTIONS_DONE:
		exit_code = fflush(stdout) == 0 ? 0 : EXIT_OWN_FAILURE;
		break;
	case OPTIONS_WRONG:
		fprintf(stderr, "tmtop: %s\nTry '%s'\n", why.text,
		    options_help_command(&options));
		exit_code = options_failure_status(&options);
		break;
	case OPTIONS_RUN:
		exit_code = obey(&options, &why);
		if (why.text[0] != '\0')
			fprintf(stderr, "tmtop: %s\n", why.text);
		break;
	}
	options_fini(&options);
	return exit_code;
}
