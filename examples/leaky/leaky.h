/*
 * leaky.h - the parts of a small pretend server, for trying tmtop on.
 *
 * Clients connect, ask for documents and go.  Every part allocates in its own
 * place and gives back what it took, but one: find it with tmtop.
 */
#ifndef LEAKY_H
#define LEAKY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- main.c: numbers that are the same in every run ---- */

/* 0 <= result < limit */
uint32_t any_below(uint32_t limit);
/* malloc, calloc, realloc that end the program when there is no memory. */
void *must(void *block);

/* ---- connection.c: a client that is connected ---- */

struct session;

struct connection {
	int		 id;
	char		*in;		/* what it sent; grows */
	size_t		 in_room;
	char		*out;		/* the answer being made */
	struct session	*session;	/* NULL: not logged in */
	unsigned	 n_requests;
};

struct connection *connection_open(int id);
void connection_close(struct connection *connection);
/* Read one pretend request into connection->in. */
void connection_receive(struct connection *connection);
void connection_answer(struct connection *connection, const char *body);

/* ---- session.c: who is logged in ---- */

struct session *session_login(int id);
/* Also ends the session. */
void session_logout(struct session *session);
void session_touch(struct session *session);
/* How many were opened and not ended. */
unsigned session_open_count(void);
size_t session_open_bytes(void);

/* ---- request.c: text to a tree of fields ---- */

struct field {
	struct field	*next;
	char		*name;
	char		*value;
};

struct field *request_parse(const char *text);
const char *request_get(const struct field *fields, const char *name);
void request_free(struct field *fields);

/* ---- cache.c: documents used lately ---- */

void cache_init(size_t max_bytes);
const char *cache_get(uint32_t document);
void cache_fini(void);

/* ---- journal.c: what happened, the newest lines only ---- */

void journal_init(unsigned n_lines);
void journal_line(const char *what, int id);
void journal_fini(void);

/* ---- routes.cc: which handler serves which path ---- */

void routes_init(void);
/* The document a path stands for. */
uint32_t routes_find(const char *path);
void routes_fini(void);

#ifdef __cplusplus
}
#endif

#endif
