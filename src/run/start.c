/*
 * start.c - the last steps before the program, and the first after (L3).
 *
 * Shape      signals_take_over() when the helper starts, start_program() once,
 *            close_inherited() behind it.
 * Why        What the program inherits is what tmtop inherited: ignored
 *            signals and mask are noted before they are changed and restored
 *            in the child.  A close-on-exec pipe tells exec's own errno.
 * Invariant  The helper keeps no descriptor of the user's: a pipe that the
 *            program closes is closed.
 */
#include "run/start.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- signals ---- */

/* Faults of our own must stay deadly. */
static bool
can_be_left_out(int number)
{
	switch (number) {
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGTRAP:
	case SIGABRT:
	case SIGSYS:
	case SIGCHLD:	/* ignoring it would reap */
	case SIGTERM:
		return false;
	default:
		return true;
	}
}

int
signals_take_over(struct signal_state *before)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t wanted;

	sigemptyset(&before->ignored);
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGTERM);
	sigprocmask(SIG_SETMASK, &wanted, &before->mask);
	for (int number = 1; number < NSIG; number++) {
		/* Those of libc itself and KILL, STOP refuse. */
		if (sigaction(number, can_be_left_out(number) ? &ignore :
		    &standard, &old) == 0 && old.sa_handler == SIG_IGN)
			sigaddset(&before->ignored, number);
	}
	return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
restore_signals(const struct signal_state *before)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	for (int number = 1; number < NSIG; number++) {
		action.sa_handler = sigismember(&before->ignored, number) ?
		    SIG_IGN : SIG_DFL;
		sigaction(number, &action, NULL);
	}
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/* ---- the child ---- */

static void
exec_program(const struct start *start)
{
	char *const *argv = start->argv;
	char **words;
	size_t n = 0;

	if (!start->use_shell) {
		execve(start->path, argv, start->environment);
		return;
	}
	while (argv[n] != NULL)
		n++;
	words = calloc(n + 2, sizeof *words);
	if (words == NULL)
		return;
	words[0] = (char *)(uintptr_t)_PATH_BSHELL;
	words[1] = (char *)(uintptr_t)start->path;
	if (n > 1)
		memcpy(words + 2, argv + 1, (n - 1) * sizeof *words);
	execve(_PATH_BSHELL, words, start->environment);
}

/* Everything the program should find, then exec.  Goes back to the parent
 * only as an errno on the pipe. */
static void ATTR_NORETURN
become_program(const struct start *start, int report)
{
	int error;

	if (start->terminal >= 0) {
		/* SIGTTOU is still ignored: this cannot stop us. */
		setpgid(0, 0);
		tcsetpgrp(start->terminal, getpid());
	}
	for (int i = 0; i < 3; i++)
		if (start->streams[i] >= 0 &&
		    dup2(start->streams[i], i) < 0)
			goto out;
	restore_signals(start->signals);
	exec_program(start);
out:
	error = errno;
	while (write(report, &error, sizeof error) < 0 && errno == EINTR)
		continue;
	_exit(127);
}

pid_t
start_program(const struct start *start)
{
	int report[2], error = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become_program(start, report[1]);
	if (pid < 0)
		error = errno;
	close(report[1]);
	/* exec closes the other end without a word. */
	do
		n = read(report[0], &error, sizeof error);
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (error == 0)
		return pid;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	errno = error;
	return -1;
}

void
close_inherited(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int fd, null;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		fd = (int)strtol(entry->d_name, NULL, 10);
		if (fcntl(fd, F_GETFD) & FD_CLOEXEC)
			continue;
		if (fd > 2 || null < 0)
			close(fd);
		else
			dup3(null, fd, O_CLOEXEC);
	}
	if (dir != NULL)
		closedir(dir);
	if (null > 2)
		close(null);
}
