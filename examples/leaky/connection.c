/*
 * connection.c - what the server keeps for each connected client.
 */
#include "leaky.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_START	256
#define OUT_SIZE	8192

static const char *const verbs[] = { "get", "head", "post" };

struct connection *
connection_open(int id)
{
	struct connection *connection;

	connection = must(calloc(1, sizeof *connection));
	connection->id = id;
	connection->in_room = IN_START;
	connection->in = must(malloc(IN_START));
	connection->out = must(malloc(OUT_SIZE));
	return connection;
}

/*
 * A client that is leaving says so only half of the time; the session of one
 * that just hangs up is forgotten here.
 */
void
connection_close(struct connection *connection)
{
	if (connection->session != NULL && any_below(2) == 0)
		session_logout(connection->session);
	free(connection->out);
	free(connection->in);
	free(connection);
}

static void
reserve(struct connection *connection, size_t size)
{
	while (connection->in_room < size)
		connection->in_room *= 2;
	connection->in = must(realloc(connection->in, connection->in_room));
}

void
connection_receive(struct connection *connection)
{
	size_t n_padding = any_below(64) == 0 ? any_below(4000) : any_below(80);
	int length;

	reserve(connection, 160 + n_padding);
	length = snprintf(connection->in, 160,
	    "verb=%s&path=/doc/%u&client=%d&note=", verbs[any_below(3)],
	    any_below(any_below(2) ? 40 : 900), connection->id);
	memset(connection->in + length, 'x', n_padding);
	connection->in[length + n_padding] = '\0';
	connection->n_requests++;
}

void
connection_answer(struct connection *connection, const char *body)
{
	snprintf(connection->out, OUT_SIZE, "200 %s", body);
}
