/*
 * session.c - clients that have logged in.
 */
#include "leaky.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASKET_SIZE	1024

struct session {
	char		*token;
	char		*basket;
	int		 id;
	unsigned	 n_touched;
};

static unsigned n_open;
static size_t open_bytes;

static char *
make_token(int id)
{
	char text[64];

	snprintf(text, sizeof text, "token-%08x-%08d", any_below(UINT32_MAX),
	    id);
	return must(strdup(text));
}

static size_t
session_bytes(const struct session *session)
{
	return sizeof *session + strlen(session->token) + 1 + BASKET_SIZE;
}

struct session *
session_login(int id)
{
	struct session *session = must(malloc(sizeof *session));

	*session = (struct session){ .id = id };
	session->token = make_token(id);
	session->basket = must(calloc(1, BASKET_SIZE));
	n_open++;
	open_bytes += session_bytes(session);
	return session;
}

void
session_logout(struct session *session)
{
	n_open--;
	open_bytes -= session_bytes(session);
	free(session->basket);
	free(session->token);
	free(session);
}

void
session_touch(struct session *session)
{
	session->basket[session->n_touched++ % BASKET_SIZE] = 1;
}

unsigned
session_open_count(void)
{
	return n_open;
}

size_t
session_open_bytes(void)
{
	return open_bytes;
}
