/*
 * leaves.c - fork children in which the last thing that happens is the end of
 * the thread: no allocation of their own comes before.
 *
 * A thread that has gathered counts forks; the child ends by pthread_exit(),
 * which runs what is to be done at the end of a thread.  Prints the status of
 * each child.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_CHILDREN = 5, N_BLOCKS = 200 };

static void
allocate(void)
{
	for (size_t i = 1; i <= N_BLOCKS; i++) {
		void *volatile block = malloc(i);

		free(block);
	}
}

/* libc has loaded what it needs for this before anybody forks. */
static void *
first(void *argument)
{
	allocate();
	pthread_exit(argument);
}

static void *
forking(void *argument)
{
	pid_t child;
	int status;

	for (int i = 0; i < N_CHILDREN; i++) {
		allocate();
		child = fork();
		if (child == 0)
			pthread_exit(NULL);
		waitpid(child, &status, 0);
		printf("child %d\n", status);
	}
	return argument;
}

int
main(void)
{
	pthread_t thread;

	setvbuf(stdout, NULL, _IONBF, 0);
	pthread_create(&thread, NULL, first, NULL);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, forking, NULL);
	pthread_join(thread, NULL);
	return 0;
}
