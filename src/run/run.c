/*
 * run.c - the loop of tmtop-run (L3).
 *
 * Shape      One poll() over signals, viewer, terminal, ended processes and
 *            the run's socket; what each brings changes the record of what
 *            the viewer should know, which is sent when there is room.
 * Why        A single thread that never waits for anybody in particular:
 *            whatever a viewer or a traced process does or fails to do, the
 *            terminal is drained and the program is reaped.
 * Invariant  The run is over when the program is reaped, no slot has a living
 *            owner, and no process of the run is about to take one.  Then
 *            the tables are final, and RUN_OVER is the last message.
 */
#include "run/run.h"

#include "run/target.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS			1000000ull	/* ns */
#define SCAN_BUSY_MS		50	/* slots changed within BUSY_MS */
#define SCAN_CROWDED_MS		10	/* half of the slots are taken */
#define SCAN_QUIET_MS		250
#define BUSY_MS			1000
#define SLOW_MS			250	/* waiting for input? lost? */
#define HANDSHAKE_MS		2000	/* the hook shows up by then */
#define STARTING_MS		200	/* exec'ed processes take a slot */
#define QUIET_OUTPUT_MS		150

/* ---- the program ---- */

static void
note_end(struct run *run, int status)
{
	if (WIFSIGNALED(status))
		viewer_note_state(&run->viewer, PROGRAM_KILLED,
		    WTERMSIG(status), WCOREDUMP(status));
	else
		viewer_note_state(&run->viewer, PROGRAM_EXITED,
		    WEXITSTATUS(status), false);
	watch_program_ended(&run->watch, status);
	run->next_scan_ns = 0;
}

static void
reap(struct run *run)
{
	int status;

	while (!run->watch.program_ended && waitpid(run->program, &status,
	    WNOHANG | WUNTRACED | WCONTINUED) > 0) {
		if (WIFSTOPPED(status))
			viewer_note_state(&run->viewer, PROGRAM_STOPPED,
			    WSTOPSIG(status), false);
		else if (WIFCONTINUED(status))
			viewer_note_state(&run->viewer, PROGRAM_RUNNING, 0,
			    false);
		else
			note_end(run, status);
	}
}

static void
take_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof info) == sizeof info)
		if (info.ssi_signo == SIGTERM)
			run->end_wanted = true;
	reap(run);
}

/* ---- the slots ---- */

/* Once, when it should have shown up or never will. */
static void
tell_silence(struct run *run, uint64_t now_ns)
{
	if (run->silence_told || !run->is_traceable ||
	    run->watch.program_seen || (!run->watch.program_ended &&
	    now_ns - run->start_ns < HANDSHAKE_MS * MS))
		return;
	run->silence_told = true;
	viewer_note(&run->viewer, NOTICE_UNTRACKED, "the program does not "
	    "report: the loader did not load tmtop's hook (a sandbox?), or "
	    "the hook could not reach its tables");
}

static void
tell_lost(struct run *run)
{
	struct errbuf why;
	char text[NOTICE_BYTES_MAX];
	pid_t pid;

	while ((pid = watch_find_lost(&run->watch)) != 0) {
		if (!run->follows_exec)
			continue;
		target_check_process(pid, &why);
		snprintf(text, sizeof text, "process %d is no longer traced: "
		    "it started another program. %s", (int)pid, why.text);
		viewer_note(&run->viewer, pid == run->program ?
		    NOTICE_UNTRACKED : NOTICE_HINT, text);
	}
}

/* Nothing of the run lives, as far as slots tell: are there others? */
static void
check_over(struct run *run, uint64_t now_ns)
{
	enum watch_more more;

	if (run->is_over || !run->watch.program_ended ||
	    run->watch.n_live > 0) {
		run->gone_ns = 0;
		return;
	}
	more = watch_expects_more(&run->watch);
	if (run->gone_ns == 0)
		run->gone_ns = now_ns;
	if (more == WATCH_FORKED || (more == WATCH_STARTING &&
	    now_ns - run->gone_ns < STARTING_MS * MS))
		return;
	run->is_over = true;
	run->viewer.over_due = true;
	tell_silence(run, now_ns);
	questions_close(&run->questions);
	registry_close(&run->registry);
	while (run->terminal != NULL && terminal_drain(run->terminal))
		continue;
}

static void
scan(struct run *run, uint64_t now_ns)
{
	unsigned interval_ms;

	watch_scan(&run->watch);
	if (run->watch.has_changed)
		run->last_change_ns = now_ns;
	if (watch_recycle(&run->watch, run->viewer.socket < 0))
		viewer_note_slots_low(&run->viewer);
	check_over(run, now_ns);
	interval_ms = run->watch.n_free < N_SLOTS / 2 ? SCAN_CROWDED_MS :
	    now_ns - run->last_change_ns < BUSY_MS * MS ? SCAN_BUSY_MS :
	    SCAN_QUIET_MS;
	if (run->gone_ns != 0 && now_ns - run->gone_ns < STARTING_MS * MS)
		interval_ms = SCAN_CROWDED_MS;
	run->next_scan_ns = now_ns + interval_ms * MS;
}

/* What is looked at a few times a second. */
static void
look_around(struct run *run, uint64_t now_ns)
{
	bool waits;

	run->next_slow_ns = now_ns + SLOW_MS * MS;
	reap(run);	/* had it failed when the signal came */
	tell_lost(run);
	tell_silence(run, now_ns);
	if (run->terminal == NULL || run->viewer.socket < 0)
		return;
	waits = now_ns - run->last_output_ns > QUIET_OUTPUT_MS * MS &&
	    watch_reads_terminal(&run->watch,
	    terminal_foreground(run->terminal), run->terminal->device);
	viewer_note_waits_input(&run->viewer, waits);
	if (run->terminal->log_failed) {
		run->terminal->log_failed = false;
		viewer_note(&run->viewer, NOTICE_TROUBLE,
		    "the output log cannot be written any more");
	}
}

/* ---- the viewer ---- */

static void
drop_viewer(struct run *run)
{
	if (run->viewer.socket >= 0)
		close(run->viewer.socket);
	run->viewer.socket = -1;
	run_viewer_gone(run);
}

static void
hear_viewer(struct run *run)
{
	static struct message message;
	int rc;

	do {
		rc = message_receive(run->viewer.socket, &message,
		    MSG_DONTWAIT);
		if (rc > 0)
			run_obey(run, &message);
	} while (rc > 0 || (rc < 0 && errno == EPROTO));
	if (rc == 0 || errno != EAGAIN)
		drop_viewer(run);
}

static void
tell_viewer(struct run *run)
{
	int socket = run->viewer.socket;

	if (socket < 0 || viewer_forward(&run->viewer, run->terminal))
		return;
	run->viewer.socket = socket;
	drop_viewer(run);
}

/* ---- the loop ---- */

enum { POLL_SIGNALS, POLL_VIEWER, POLL_TERMINAL, POLL_ENDED, POLL_GUESTS,
	POLL_QUESTIONS, N_POLLS };

static void
fill_polls(const struct run *run, struct pollfd *polls)
{
	const struct viewer *viewer = &run->viewer;
	int master = run->terminal == NULL ? -1 : run->terminal->master;

	polls[POLL_SIGNALS] = (struct pollfd){ run->signals, POLLIN, 0 };
	polls[POLL_VIEWER] = (struct pollfd){ viewer->socket, POLLIN, 0 };
	polls[POLL_TERMINAL] = (struct pollfd){ master, POLLIN, 0 };
	polls[POLL_ENDED] = (struct pollfd){ run->watch.epoll, POLLIN, 0 };
	polls[POLL_GUESTS] = (struct pollfd){ run->registry.socket, POLLIN, 0 };
	polls[POLL_QUESTIONS] = (struct pollfd){ run->questions.epoll, POLLIN,
	    0 };
	if (viewer->is_blocked)
		polls[POLL_VIEWER].events |= POLLOUT;
	if (run->terminal != NULL && terminal_has_typed(run->terminal))
		polls[POLL_TERMINAL].events |= POLLOUT;
}

/* Until the next thing is due; -1 when only events matter. */
static int
poll_timeout_ms(const struct run *run, uint64_t now_ns)
{
	uint64_t next = run->next_scan_ns < run->next_slow_ns ?
	    run->next_scan_ns : run->next_slow_ns;

	if (run->is_over)
		return -1;
	return next <= now_ns ? 0 : (int)((next - now_ns + MS - 1) / MS);
}

static void
handle(struct run *run, const struct pollfd *polls, uint64_t now_ns)
{
	if (polls[POLL_SIGNALS].revents != 0)
		take_signals(run);
	if (polls[POLL_GUESTS].revents != 0)
		registry_serve(&run->registry, run->segment_fd, run->nonce);
	if (polls[POLL_QUESTIONS].revents != 0)
		questions_serve(&run->questions);
	if (polls[POLL_TERMINAL].revents != 0 && run->terminal != NULL) {
		run->last_output_ns = now_ns;
		terminal_drain(run->terminal);
		terminal_flush_typed(run->terminal);
	}
	if (polls[POLL_VIEWER].revents & POLLOUT)
		run->viewer.is_blocked = false;
	if (polls[POLL_VIEWER].revents & (POLLIN | POLLHUP | POLLERR))
		hear_viewer(run);
	if (polls[POLL_ENDED].revents != 0)
		run->next_scan_ns = 0;
}

void
run_loop(struct run *run)
{
	struct pollfd polls[N_POLLS];
	uint64_t now_ns = clock_now_ns();
	int n;

	run->start_ns = run->last_change_ns = run->last_output_ns = now_ns;
	run->next_slow_ns = now_ns + SLOW_MS * MS;
	while (!run->is_over || (run->viewer.socket >= 0 &&
	    !run->end_wanted)) {
		fill_polls(run, polls);
		n = poll(polls, N_POLLS, poll_timeout_ms(run, now_ns));
		now_ns = clock_now_ns();
		if (n >= 0)
			handle(run, polls, now_ns);
		else if (errno != EINTR)
			/* No memory for it: nothing is given up for that. */
			nanosleep(&(struct timespec){ 0, 10 * MS }, NULL);
		if (!run->is_over && now_ns >= run->next_scan_ns)
			scan(run, now_ns);
		if (!run->is_over && now_ns >= run->next_slow_ns)
			look_around(run, now_ns);
		tell_viewer(run);
		questions_tell(&run->questions, &run->viewer);
	}
}
