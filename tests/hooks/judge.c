/*
 * judge.c - compares the tables of a running program with the program's own
 * account (oracle.h).
 *
 *	judge PRELOAD MODE FILE PROGRAM [ARG]...	(it is told FILE, too)
 *
 * PRELOAD is what the user has in LD_PRELOAD, or "".  While the program works
 * readings are taken and must lie within what has begun and what is done;
 * when it waits, they must be equal to its account, and so must what was held
 * at the peak where there is one thread.  MODE says what else is done while it
 * waits:
 *
 *	plain	nothing
 *	states	recording is started, held or stopped, cleared, marked or has
 *		its peak reset at random, from here or by the program
 *	marks	nothing: the program marks in the midst of its work
 *
 * A mark is read again and again until the next.  Prints every difference,
 * then
 *
 *	judged BARRIERS READINGS SITES MARKS
 *
 * (readings while the program worked, sites that held memory at some barrier,
 * readings of marks) and how much the readings were said to be askew.  Exits
 * with the program's status, or 1 after a difference.
 */
#include "judge.h"

#include "base/atomic.h"
#include "base/errbuf.h"
#include "reader/client.h"
#include "tables/layout.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define READINGS_A_ROUND	10

struct judge judge;

static enum { PLAIN, STATES, MARKS } mode;
static struct oracle_page *page;
static struct client *client;
static struct reader *reader;
static unsigned n_changes;		/* of the control page */
static int exit_code;
static bool is_over;

/* ---- what happens to the program ---- */

static void
follow(void)
{
	struct client_event event;

	while (!is_over && client_next(client, &event)) {
		if (event.kind == CLIENT_EXITED || event.kind == CLIENT_KILLED)
			exit_code = client_exit_code(&event);
		else if (event.kind == CLIENT_NOTICE)
			differ("%s", event.text);
		n_changes += event.kind == CLIENT_CONTROL;
		is_over = event.kind == CLIENT_RUN_OVER ||
		    event.kind == CLIENT_GONE;
	}
}

/* ---- what is done to the recording ---- */

static void
command_client(enum oracle_command command)
{
	static const struct {
		enum client_control	what;
		uint32_t		value;
	} controls[N_ORACLE_COMMANDS] = {
		[ORACLE_START] = { CLIENT_CONTROL_STATE, RECORDING_ON },
		[ORACLE_HOLD] = { CLIENT_CONTROL_STATE, RECORDING_HELD },
		[ORACLE_STOP] = { CLIENT_CONTROL_STATE, RECORDING_STOPPED },
		[ORACLE_CLEAR] = { CLIENT_CONTROL_CLEAR, 0 },
		[ORACLE_RESET_PEAK] = { CLIENT_CONTROL_RESET_PEAK, 0 },
		[ORACLE_MARK] = { CLIENT_CONTROL_MARK, 0 },
	};
	struct pollfd poller = { client_fd(client), POLLIN, 0 };
	unsigned before = n_changes;

	client_control(client, controls[command].what,
	    controls[command].value);
	for (; !is_over && n_changes == before; follow())
		poll(&poller, 1, -1);
}

static void
command_next(void)
{
	page->command = ORACLE_NONE;
	page->is_for_program = false;
	if (mode == MARKS)
		page->command = ORACLE_MARK_IN_LOOP;
	if (mode != STATES)
		return;
	/* More often on than not. */
	page->command = judge.n_barriers % 3 == 0 ? ORACLE_START :
	    ORACLE_START + (uint32_t)rand() % (ORACLE_MARK + 1 -
	    ORACLE_START);
	page->is_for_program = rand() % 2;
	if (!page->is_for_program)
		command_client(page->command);
}

/* ---- readings ---- */

static void
judge_at_barrier(void)
{
	struct snapshot *now = reader_snapshot(reader);

	compare_at_barrier(now);
	snapshot_release(now);
	if (page->n_threads > 1)
		return;
	now = reader_snapshot_at(reader, READER_PEAK);
	compare_peak(now);
	snapshot_release(now);
}

static void
judge_at_work(void)
{
	struct snapshot *now;

	note_account_before();
	now = reader_snapshot(reader);
	compare_at_work(now);
	snapshot_release(now);
}

static void
judge_mark(void)
{
	struct snapshot *then;

	if (load_acquire(&page->is_marked) == 0)
		return;
	then = reader_snapshot_at(reader, READER_MARK);
	/* One that has ended is as it ended: see reader_snapshot_at(). */
	if (then->n_processes > 0 &&
	    then->processes[0].state == PROCESS_RUNNING)
		compare_mark(then);
	snapshot_release(then);
}

/* ---- the run ---- */

/* Until the program has done something since the last reading, or the turn
 * ends, or the program. */
static void
await_work(uint32_t turn)
{
	static uint64_t last;
	uint64_t calls;

	for (; !is_over && oracle_turn(page) == turn; follow()) {
		calls = count_calls();
		if (load_acquire(&page->obeyed) == turn && calls != last) {
			last = calls;
			return;
		}
		sched_yield();
	}
}

static void
follow_work(uint32_t turn)
{
	unsigned n;

	/* The program is not there before its first account. */
	for (n = 0; turn > 0 && n < READINGS_A_ROUND; n++) {
		await_work(turn);
		if (is_over || oracle_turn(page) != turn)
			break;
		judge_at_work();
		judge_mark();
	}
	oracle_wait(page, turn);
}

static void
follow_program(void)
{
	uint32_t turn;

	for (; !is_over; follow()) {
		turn = oracle_turn(page);
		if ((turn & 1) == 0) {
			follow_work(turn);
			continue;
		}
		judge_mark();
		judge_at_barrier();
		command_next();
		oracle_pass_turn(page);
	}
}

static void
start(char **argv)
{
	static char helper[4096], hook[4096];
	struct client_plan plan = {
		.helper_path = helper, .hook_path = hook, .argv = argv,
		.follow_fork = true, .follow_exec = true,
		.batch = true, .tty_fd = -1,
	};
	const char *build = getenv("TMTOP_BUILD");
	struct errbuf why;

	snprintf(helper, sizeof helper, "%s/tmtop-run", build);
	snprintf(hook, sizeof hook, "%s/.libs/libtmtop_hook.so", build);
	client = client_start(&plan, &why, &exit_code);
	if (client == NULL) {
		printf("%s\n", why.text);
		exit(exit_code);
	}
	judge.store = frame_store_new();
	reader = reader_open(client_segment_fd(client), judge.store,
	    &why);
	if (reader == NULL) {
		printf("%s\n", why.text);
		exit(1);
	}
}

static void
open_page(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, sizeof(*page)) != 0)
		exit(91);
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (page == MAP_FAILED)
		exit(92);
	judge.page = page;
}

int
main(int argc, char **argv)
{
	const char *seed = getenv("TMTOP_SEED");
	unsigned n_held = 0, i;

	if (argc < 5)
		return 90;
	if (argv[1][0] != '\0')
		setenv("LD_PRELOAD", argv[1], 1);
	mode = strcmp(argv[2], "states") == 0 ? STATES :
	    strcmp(argv[2], "marks") == 0 ? MARKS : PLAIN;
	if (seed != NULL)
		srand((unsigned)atoi(seed));
	open_page(argv[3]);
	judge.program = argv[4];
	start(argv + 4);
	follow_program();
	for (i = 0; i < ORACLE_MAX_SITES; i++)
		n_held += judge.was_held[i];
	printf("judged %u %u %u %u\naskew %lu\n", judge.n_barriers,
	    judge.n_readings, n_held, judge.n_marks, judge.most_askew);
	reader_close(reader);
	frame_store_free(judge.store);
	client_close(client);
	judge_account_fini();
	return judge.n_differences > 0 ? 1 : exit_code;
}
