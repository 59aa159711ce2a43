#include "ui/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static const int caught[] = {
	SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGWINCH, SIGTSTP, SIGUSR1, SIGUSR2,
};

static int pipe_fds[2] = { -1, -1 };
static struct sigaction before[array_size(caught)];

static void
on_signal(int signal)
{
	unsigned char byte = (unsigned char)signal;
	int saved = errno;

	/* a full pipe has told the loop already */
	if (write(pipe_fds[1], &byte, 1) < 0)
		errno = saved;
	errno = saved;
}

int
signals_open(void)
{
	struct sigaction action = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };

	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	for (size_t i = 0; i < array_size(caught); i++)
		sigaction(caught[i], &action, &before[i]);
	return pipe_fds[0];
}

int
signals_next(void)
{
	unsigned char byte;

	if (pipe_fds[0] < 0 || read(pipe_fds[0], &byte, 1) != 1)
		return 0;
	return byte;
}

void
signals_stop_self(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL }, ours;

	sigaction(SIGTSTP, &plain, &ours);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
}

void
signals_close(void)
{
	if (pipe_fds[0] < 0)
		return;
	for (size_t i = 0; i < array_size(caught); i++)
		sigaction(caught[i], &before[i], NULL);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	pipe_fds[0] = pipe_fds[1] = -1;
}
