/*
 * spawns.c - vfork, posix_spawn, popen and system, with allocations between
 * and, in the vfork child, in the memory that it shares.
 */
#include "account.h"

#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static void
by_vfork(void)
{
	void *volatile block = NULL;
	pid_t pid;

	pid = vfork();
	if (pid == 0) {
		block = take(333);
		give(take(444), 444);
		_exit(7);
	}
	waitpid(pid, NULL, 0);
	give(block, 333);
	pid = vfork();
	if (pid == 0) {
		take(555);
		execl("/bin/true", "true", (char *)NULL);
		_exit(8);
	}
	waitpid(pid, NULL, 0);
}

static int
by_spawn(void)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"exit 3", NULL };
	int status = -1;
	pid_t pid;

	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) != 0)
		return -1;
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

int
main(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		by_vfork();
		if (by_spawn() != 3)
			return 1;
		take(100);
	}
	if (system("exit 5") >> 8 != 5)
		return 2;
	take(1000);
	account_print();
	return 0;
}
