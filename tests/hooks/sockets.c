/*
 * sockets.c - as ssh does: closes every descriptor from 3 on, then opens its
 * own, which get the numbers of whatever a tool had opened; then transfers
 * data between two processes while allocating from ever deeper stacks.
 *
 *	sockets PAIRS KILOBYTES
 *
 * Each side sums up what it wrote and what it read.
 */
#include "account.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define MAX_PAIRS	32

static int pairs[MAX_PAIRS][2];

/* On stack pages that were never touched before. */
static __attribute__((noinline)) void
deeper(unsigned depth)
{
	volatile char page[3000];

	page[0] = (char)depth;
	if (depth > 0)
		deeper(depth - 1);
	else
		give(take(100), 100);
	page[1] = page[0];
}

static uint64_t
next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static uint64_t
fold(uint64_t sum, const unsigned char *bytes, ssize_t n)
{
	while (n-- > 0)
		sum = (sum ^ *bytes++) * 1099511628211u;
	return sum;
}

/* Write `size` bytes of the pair's own stream; what was written. */
static uint64_t
produce(int fd, int pair, size_t size)
{
	uint64_t state = (uint64_t)pair + 7, sum = 1;
	unsigned char *block;
	size_t i, n;

	while (size > 0) {
		n = size < 1024 ? size : 1024;
		block = take(n);
		for (i = 0; i < n; i++)
			block[i] = (unsigned char)next(&state);
		deeper((unsigned)(next(&state) % 40));
		if (write(fd, block, n) != (ssize_t)n)
			_exit(80);
		sum = fold(sum, block, (ssize_t)n);
		size -= n;
		give(block, n);
	}
	return sum;
}

static uint64_t
consume(int fd)
{
	unsigned char buffer[4096];
	uint64_t sum = 1;
	ssize_t n;

	while ((n = read(fd, buffer, sizeof buffer)) > 0) {
		sum = fold(sum, buffer, n);
		deeper((unsigned)(sum % 40));
	}
	return sum;
}

int
main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[1]) : 0, n_bad = 0, i;
	size_t size = argc > 2 ? (size_t)atol(argv[2]) << 10 : 0;
	uint64_t written, seen;
	pid_t pid;

	if (n < 1 || n > MAX_PAIRS)
		return 2;
	deeper(1);
	closefrom(3);
	for (i = 0; i < n; i++)
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]) != 0)
			return 3;
	say("descriptors from %d\n", pairs[0][0]);
	for (i = 0; i < n; i++) {
		pid = fork();
		if (pid == 0) {
			close(pairs[i][0]);
			written = produce(pairs[i][1], i, size);
			say("wrote %d %lx\n", i, written);
			_exit(0);
		}
		close(pairs[i][1]);
		seen = consume(pairs[i][0]);
		waitpid(pid, NULL, 0);
		say("read %d %lx\n", i, seen);
		n_bad += seen == 1;
	}
	say("pairs %d empty %d\n", n, n_bad);
	return n_bad;
}
