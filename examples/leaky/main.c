/*
 * main.c - leaky: a pretend server, and its clients, in one process.
 *
 * A round serves one request of every connected client; now and then a client
 * leaves and another one comes.  At the end everything is given back that the
 * server still knows of, and the last line says what it has lost.
 */
#include "leaky.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define N_CLIENTS	40
#define CACHE_BYTES	(6 << 20)
#define JOURNAL_LINES	4096
#define ROUND_NS	20000000L	/* 50 rounds a second */
#define SHORT_ROUNDS	250		/* without a terminal */

static volatile sig_atomic_t is_stopping;
static uint32_t random_state = 1;

uint32_t
any_below(uint32_t limit)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)random_state * limit) >> 32);
}

void *
must(void *block)
{
	if (block == NULL) {
		fputs("leaky: out of memory\n", stderr);
		exit(1);
	}
	return block;
}

static void
stop(int signal)
{
	(void)signal;
	is_stopping = 1;
}

static void
serve(struct connection *connection)
{
	struct field *fields;
	const char *path;

	connection_receive(connection);
	fields = request_parse(connection->in);
	path = request_get(fields, "path");
	connection_answer(connection, cache_get(routes_find(path)));
	if (connection->session == NULL && connection->n_requests == 3)
		connection->session = session_login(connection->id);
	else if (connection->session != NULL)
		session_touch(connection->session);
	journal_line(path, connection->id);
	request_free(fields);
}

static void
serve_round(struct connection **clients, int *next_id)
{
	for (int i = 0; i < N_CLIENTS; i++) {
		serve(clients[i]);
		if (any_below(32) == 0) {
			connection_close(clients[i]);
			clients[i] = connection_open((*next_id)++);
		}
	}
}

static void
pause_round(void)
{
	const struct timespec pause = { .tv_nsec = ROUND_NS };

	nanosleep(&pause, NULL);
}

/* max_rounds 0: until stopped. */
static unsigned long
serve_clients(unsigned long max_rounds, int is_fast)
{
	struct connection *clients[N_CLIENTS];
	unsigned long n_rounds = 0;
	int next_id = 0;

	for (int i = 0; i < N_CLIENTS; i++)
		clients[i] = connection_open(next_id++);
	while (!is_stopping && (max_rounds == 0 || n_rounds < max_rounds)) {
		serve_round(clients, &next_id);
		if (++n_rounds % 50 == 0) {
			printf("served %lu requests\n", n_rounds * N_CLIENTS);
			fflush(stdout);
		}
		if (!is_fast)
			pause_round();
	}
	for (int i = 0; i < N_CLIENTS; i++)
		connection_close(clients[i]);
	return n_rounds;
}

static void
usage(FILE *out)
{
	fputs("usage: leaky [--rounds=N] [--seconds=N] [--fast]\n"
	    "  --rounds=N   stop after N rounds of 40 requests\n"
	    "  --seconds=N  stop after about N seconds (50 rounds each)\n"
	    "  --fast       no pause between rounds\n"
	    "Without a number: until stopped on a terminal, 250 rounds"
	    " elsewhere.\n", out);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "fast", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const struct sigaction on_stop = { .sa_handler = stop };
	unsigned long max_rounds = isatty(STDOUT_FILENO) ? 0 : SHORT_ROUNDS;
	int is_fast = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			max_rounds = strtoul(optarg, NULL, 10);
			break;
		case 's':
			max_rounds = 50 * strtoul(optarg, NULL, 10);
			break;
		case 'f':
			is_fast = 1;
			break;
		default:
			usage(option == 'h' ? stdout : stderr);
			return option == 'h' ? 0 : 2;
		}
	}
	sigaction(SIGTERM, &on_stop, NULL);
	sigaction(SIGINT, &on_stop, NULL);

	cache_init(CACHE_BYTES);
	journal_init(JOURNAL_LINES);
	routes_init();
	serve_clients(max_rounds, is_fast);
	routes_fini();
	journal_fini();
	cache_fini();
	printf("lost %u sessions of %zu bytes\n", session_open_count(),
	    session_open_bytes());
	return 0;
}
