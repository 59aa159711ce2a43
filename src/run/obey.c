/*
 * obey.c - what viewers may ask of tmtop-run (L3).
 *
 * Shape      One function per kind of message, and what happens when the
 *            viewer goes away.
 * Invariant  Every value is checked here: a viewer of the same user is no
 *            enemy, but a bug of it must not reach the program.  Signals go
 *            only to processes that have not been reaped.
 */
#include "run/run.h"

#include "tables/control.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Leaves the alternate screen and all mouse modes, ends bracketed paste,
 * resets colours and scroll region, shows the cursor. */
static const char standard_reset[] =
	"\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l"
	"\033[r\033[?1l\033>\033[?1049l\033[0m\033[?25h\r";

/* ---- signals ---- */

static void
signal_program(struct run *run, int number)
{
	/* Not after it was reaped: the pid may be another's. */
	if (!run->watch.program_ended)
		kill(run->program, number);
}

static void
signal_foreground(struct run *run, int number)
{
	pid_t group = run->terminal == NULL ? -1 :
	    terminal_foreground(run->terminal);

	/* The group may be empty, or our own when nothing is in front. */
	if (group <= 1 || group == getpgrp() || kill(-group, number) < 0)
		signal_program(run, number);
}

static void
obey_signal(struct run *run, const struct signal_body *body)
{
	if (body->signal <= 0 || body->signal >= NSIG)
		return;
	switch (body->target) {
	case SIGNAL_PROGRAM:
		signal_program(run, body->signal);
		break;
	case SIGNAL_FOREGROUND:
		signal_foreground(run, body->signal);
		break;
	case SIGNAL_ALL:
		signal_program(run, body->signal);
		watch_signal(&run->watch, body->signal);
		break;
	}
}

/* ---- the control page ---- */

static bool
change_state(struct control *control, uint64_t state)
{
	switch (state) {
	case RECORDING_ON:
		control_start(control);
		return true;
	case RECORDING_HELD:
		control_hold(control);
		return true;
	case RECORDING_STOPPED:
		control_stop(control);
		return true;
	default:
		return false;
	}
}

static void
obey_change(struct run *run, const struct change_body *body)
{
	struct control *control = run->watch.map.control;

	switch (body->what) {
	case CHANGE_MARK:
		control_mark(control, NULL);
		break;
	case CHANGE_CLEAR:
		control_clear(control);
		break;
	case CHANGE_RESET_PEAK:
		control_reset_peak(control);
		break;
	case CHANGE_STATE:
		if (!change_state(control, body->value))
			return;
		break;
	case CHANGE_FRAMES:
		store_relaxed(&control->frames_limit, (uint32_t)body->value);
		break;
	default:
		return;
	}
	run->viewer.changed_due = true;
}

/* ---- the terminals ---- */

static void
obey_leave(struct run *run, const struct message *message)
{
	const char *bytes;
	struct errbuf why;
	size_t size;
	char *path;

	run->keep = true;
	bytes = message_tail(message, &size);
	if (size == 0 || run->terminal == NULL)
		return;
	path = strndup(bytes, size);
	if (path != NULL && terminal_log(run->terminal, path, 0, &why) < 0)
		viewer_note(&run->viewer, NOTICE_TROUBLE, why.text);
	free(path);
}

static void
obey_screen(struct run *run, const struct message *message)
{
	const char *bytes;
	size_t size;

	run->screen_taken = message->screen.is_taken != 0;
	bytes = message_tail(message, &size);
	if (size == 0) {
		bytes = standard_reset;
		size = sizeof standard_reset - 1;
	}
	assert(size <= sizeof run->reset);
	memcpy(run->reset, bytes, size);
	run->reset_size = size;
}

/* The viewer died with the screen in its own mode. */
static void
give_back_terminal(const struct run *run)
{
	size_t done = 0;
	ssize_t n;

	if (!run->screen_taken || run->tty < 0)
		return;
	while (done < run->reset_size) {
		n = write(run->tty, run->reset + done, run->reset_size - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	tcsetattr(run->tty, TCSANOW, &run->tty_settings);
}

void
run_viewer_gone(struct run *run)
{
	give_back_terminal(run);
	if (run->tty >= 0)
		close(run->tty);
	run->tty = -1;
	run->screen_taken = false;
	if (run->keep || run->terminal == NULL)
		return;
	/* As if the user's terminal had been closed: what is in front gets
	 * SIGHUP from the kernel, the program from us, wherever it is. */
	terminal_close(run->terminal);
	run->terminal = NULL;
	signal_program(run, SIGHUP);
	signal_program(run, SIGCONT);
}

void
run_obey(struct run *run, struct message *message)
{
	const char *bytes;
	size_t size;

	switch (message->kind) {
	case MESSAGE_SIGNAL:
		obey_signal(run, &message->signal);
		break;
	case MESSAGE_RESIZE:
		if (run->terminal != NULL)
			terminal_resize(run->terminal, message->resize.rows,
			    message->resize.cols);
		break;
	case MESSAGE_TYPE:
		bytes = message_tail(message, &size);
		if (run->terminal != NULL)
			terminal_type(run->terminal, bytes, size);
		break;
	case MESSAGE_LEAVE:
		obey_leave(run, message);
		break;
	case MESSAGE_SLOT_READ:
		watch_slot_read(&run->watch, message->slot.slot,
		    message->slot.incarnation);
		run->viewer.slots_low_open = false;
		break;
	case MESSAGE_CHANGE:
		obey_change(run, &message->change);
		break;
	case MESSAGE_SCREEN:
		obey_screen(run, message);
		break;
	case MESSAGE_ANSWER:
		questions_answer(&run->questions, message->answer.number,
		    &message->answer.answer);
		break;
	default:
		break;
	}
	if (message->fd >= 0)
		close(message->fd);
}
