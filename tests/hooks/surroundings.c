/*
 * surroundings.c - what a program sees of itself besides memory: descriptors,
 * signals, timers, limits, threads.  Equal with and without tmtop.
 */
#include "account.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

static void
descriptors(const char *when)
{
	struct stat st;
	int fd;

	for (fd = 0; fd < 1024; fd++)
		if (fstat(fd, &st) == 0)
			say("%s: descriptor %d mode %o\n", when, fd,
			    st.st_mode & S_IFMT);
}

static void
allocate(int n)
{
	int i;

	for (i = 0; i < n; i++)
		give(take((size_t)i % 5000), (size_t)i % 5000);
}

static void
status(const char *when)
{
	static const char *const wanted[] = { "Threads:", "SigPnd:", "ShdPnd:",
		"SigBlk:", "SigIgn:", "SigCgt:", "NoNewPrivs:",
		"Seccomp:", "TracerPid:", "CapEff:" };
	char text[8192], *line;
	size_t i;
	ssize_t n;
	int fd;

	fd = open("/proc/self/status", O_RDONLY);
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		line = strstr(text, wanted[i]);
		if (line != NULL)
			say("%s: %.*s\n", when, (int)strcspn(line, "\n"),
			    line);
	}
}

static void
signals(const char *when)
{
	struct sigaction action;
	stack_t alternate;
	int i;

	for (i = 1; i < 65; i++)
		if (sigaction(i, NULL, &action) == 0)
			say("%s: signal %d %s flags %x\n", when, i,
			    action.sa_handler == SIG_DFL ? "default" :
			    action.sa_handler == SIG_IGN ? "ignored" :
			    "caught", (unsigned)action.sa_flags);
	sigaltstack(NULL, &alternate);
	say("%s: alternate stack %x size %zu\n", when,
	    (unsigned)alternate.ss_flags, alternate.ss_size);
}

static void
process(const char *when)
{
	struct itimerval timer;
	struct rlimit limit;
	char name[32] = "";
	int i;

	for (i = ITIMER_REAL; i <= ITIMER_PROF; i++)
		if (getitimer(i, &timer) == 0)
			say("%s: timer %d %ld\n", when, i,
			    (long)timer.it_value.tv_sec);
	for (i = 0; i < RLIM_NLIMITS; i++)
		if (getrlimit(i, &limit) == 0)
			say("%s: limit %d %llx %llx\n", when, i,
			    (unsigned long long)limit.rlim_cur,
			    (unsigned long long)limit.rlim_max);
	prctl(PR_GET_NAME, name);
	say("%s: name %s dumpable %d deathsig ok\n", when, name,
	    prctl(PR_GET_DUMPABLE));
	say("%s: group leader %d session leader %d\n", when,
	    getpgrp() == getpid(), getsid(0) == getpid());
}

static void
everything(const char *when)
{
	descriptors(when);
	status(when);
	signals(when);
	process(when);
}

int
main(void)
{
	int fd, i;

	everything("at start");
	allocate(20000);
	everything("after allocating");
	fd = open("/dev/null", O_RDONLY);
	say("a file gets %d\n", fd);
	for (i = fd; i <= 20; i++)
		if (dup2(STDIN_FILENO, i) != i)
			say("dup2 to %d failed\n", i);
	allocate(20000);
	descriptors("after dup2");
	close_range(3, ~0u, 0);
	allocate(20000);
	everything("after close_range");
	return 0;
}
