/*
 * forks.c - forks from a process whose other threads never stop allocating;
 * each child starts a thread that allocates.
 *
 *	forks N SECONDS
 *
 * A child that does not end within so many seconds is ended by its alarm and
 * counted.  Every process but the first prints its account.
 */
#include "account.h"

#include <pthread.h>
#include <sys/wait.h>

static volatile int is_over;

static __attribute__((noinline)) void
churn(unsigned depth, unsigned seed)
{
	size_t size = seed % 700 + 1;
	void *block;

	if (depth > 0) {
		churn(depth - 1, seed * 1103515245 + 12345);
		__asm__ volatile("" ::: "memory");
		return;
	}
	block = take(size);
	block = took(kept(realloc(block, size * 2)), size * 2);
	gave(size);
	give(block, size * 2);
}

static void *
busy(void *argument)
{
	unsigned i;

	for (i = 0; !is_over; i++)
		churn(i % 12, i);
	return argument;
}

static void *
short_lived(void *argument)
{
	void *blocks[40];
	size_t i;

	for (i = 0; i < 40; i++)
		blocks[i] = take(i * 10 + 1);
	for (i = 0; i < 40; i += 2)
		give(blocks[i], i * 10 + 1);
	return argument;
}

/* The thread's stack and what libc keeps for it may be malloc's: the account
 * is of our own calls, so nothing else may allocate. */
static void
child(unsigned seconds)
{
	pthread_t thread;

	alarm(seconds);
	account_clear();
	give(take(100), 100);
	take(50);
	if (pthread_create(&thread, NULL, short_lived, NULL) != 0 ||
	    pthread_join(thread, NULL) != 0)
		_exit(1);
	account_print();
	_exit(0);
}

int
main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 100, n_hung = 0, n_failed = 0, i;
	unsigned seconds = argc > 2 ? (unsigned)atoi(argv[2]) : 10;
	pthread_t threads[3];
	int status;
	pid_t pid;

	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, busy, NULL);
	for (i = 0; i < n; i++) {
		pid = fork();
		if (pid == 0)
			child(seconds);
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return 1;
		n_hung += WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
		n_failed += status != 0;
	}
	is_over = 1;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	say("children %d hung %d failed %d\n", n, n_hung, n_failed);
	return n_failed != 0;
}
