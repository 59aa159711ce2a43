/* report_signals.c - signals to tmtop in a batch run (L7). */
#include "ui/report_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int wake_pipe[2] = { -1, -1 };

/* Who sent the latest SIGUSR1.  Written by the handler. */
static volatile sig_atomic_t usr1_sender;

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
note_sender(int signal, siginfo_t *info, void *context ATTR_UNUSED)
{
	usr1_sender = info->si_code == SI_USER ? info->si_pid : 0;
	note_signal(signal);
}

/* A program may send its whole process group what only itself understands:
 * tmtop, in that group, must not end by it. */
static const int for_program[] = {
	SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGVTALRM, SIGPROF, SIGIO,
	SIGPWR, SIGSTKFLT,
};

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

static void
install_usr1(void)
{
	struct sigaction old, action = { .sa_sigaction = note_sender,
		.sa_flags = SA_RESTART | SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(SIGUSR1, &action, NULL);
}

pid_t
report_signals_usr1_sender(void)
{
	return usr1_sender;
}

int
report_signals_open(void)
{
	/* Handlers, not SIG_IGN: an ignored signal would stay ignored in
	 * programs started from here. */
	if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	for (size_t i = 0; i < array_size(for_program); i++)
		install(for_program[i], leave_to_program);
	for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
		install(signal, leave_to_program);
	install(SIGTERM, note_signal);
	install(SIGHUP, note_signal);
	install_usr1();
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
