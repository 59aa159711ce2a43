/*
 * usage.c - run a command and write what it used.
 *
 *	usage [-t] REPORT [NAME=VALUE]... -- COMMAND [ARG]...
 *
 * The variables are set for the command alone.  REPORT becomes one line:
 *
 *	STATUS WALL CPU MAXRSS TREE_CPU
 *
 * seconds, and KiB; CPU is user + system time.  CPU and MAXRSS are those of
 * the command's process.  With -t, TREE_CPU is that of every process that it
 * left behind, too: they become our children, and the report waits for the
 * last of them.  Ends with the command's exit status, 128+N after signal N.
 *
 * A small program because the peak of a process never is below what its
 * parent had at the fork: an interpreter's would hide the figures.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
cpu_seconds(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	    (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static double
now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
become(char **argv, int command)
{
	for (char **word = argv; word < argv + command - 1; word++)
		putenv(*word);
	execvp(argv[command], argv + command);
	perror(argv[command]);
	_exit(127);
}

int
main(int argc, char **argv)
{
	bool is_tree = argc > 1 && strcmp(argv[1], "-t") == 0;
	struct rusage program = { 0 }, all;
	int status = 0, report = is_tree ? 2 : 1, command = report + 1, other;
	double start, wall = 0;
	pid_t pid, ended;
	FILE *file;

	while (command < argc && strcmp(argv[command], "--") != 0)
		command++;
	if (++command >= argc) {
		fprintf(stderr, "usage: usage [-t] REPORT [NAME=VALUE]... "
		    "-- COMMAND [ARG]...\n");
		return 125;
	}
	if (is_tree)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	start = now_seconds();
	pid = fork();
	if (pid < 0)
		return 125;
	if (pid == 0)
		become(argv + report + 1, command - report - 1);
	while (wait4(pid, &status, 0, &program) != pid)
		continue;
	wall = now_seconds() - start;
	do
		ended = is_tree ? wait(&other) : -1;
	while (ended > 0);
	getrusage(RUSAGE_CHILDREN, &all);
	status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	    WEXITSTATUS(status);
	file = fopen(argv[report], "w");
	if (file == NULL)
		return 125;
	fprintf(file, "%d %.6f %.6f %ld %.6f\n", status, wall,
	    cpu_seconds(&program), program.ru_maxrss, cpu_seconds(&all));
	return fclose(file) == 0 ? status : 125;
}
