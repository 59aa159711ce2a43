/* report_signals.c - signals to tmtop in a batch run (L7). */
#include "ui/report_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int wake_pipe[2] = { -1, -1 };

/* Full pipe: that a signal came is known already. */
static void
note_signal(int signal)
{
	int saved = errno;
	unsigned char byte = (unsigned char)signal;

	if (write(wake_pipe[1], &byte, 1) < 0)
		errno = saved;
	errno = saved;
}

static void
leave_to_program(int signal)
{
	(void)signal;
}

static void
install(int signal, void (*handler)(int))
{
	struct sigaction old, action = { .sa_handler = handler,
		.sa_flags = SA_RESTART };

	sigemptyset(&action.sa_mask);
	if (sigaction(signal, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(signal, &action, NULL);
}

int
report_signals_open(void)
{
	if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	install(SIGINT, leave_to_program);
	install(SIGQUIT, leave_to_program);
	install(SIGPIPE, leave_to_program);
	install(SIGTERM, note_signal);
	install(SIGHUP, note_signal);
	install(SIGUSR2, note_signal);
	return wake_pipe[0];
}

int
report_signals_next(void)
{
	unsigned char byte;

	return read(wake_pipe[0], &byte, 1) == 1 ? byte : 0;
}

void
report_signals_end(void)
{
	install(SIGINT, SIG_DFL);
	install(SIGQUIT, SIG_DFL);
	install(SIGTERM, SIG_DFL);
	install(SIGHUP, SIG_DFL);
}
