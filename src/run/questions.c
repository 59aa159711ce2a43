/*
 * questions.c - from a traced process to the viewer and back (L3).
 *
 * Shape      A listening socket and up to MAX_ASKERS connections, all in one
 *            epoll descriptor.  A connection is one question: read, told to
 *            the viewer, answered, closed.
 * Invariant  Who connects is asked of the kernel.  A packet is read once,
 *            checked, and copied; whoever talks on is hung up on.
 * Limits     MAX_ASKERS at a time; others are refused.
 */
#include "run/questions.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define LISTENER	MAX_ASKERS	/* epoll's data of the socket */

/* ---- life ---- */

static void
watch_socket(const struct questions *q, int socket, uint32_t i)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

	epoll_ctl(q->epoll, EPOLL_CTL_ADD, socket, &event);
}

void
questions_open(struct questions *q, const struct registry *registry,
    uint64_t nonce)
{
	size_t size = strlen(registry->socket_path);

	*q = (struct questions){ .socket = -1, .epoll = -1, .nonce = nonce };
	for (uint32_t i = 0; i < MAX_ASKERS; i++)
		q->askers[i].socket = -1;
	if (registry->socket < 0 || size < sizeof ".sock")
		return;
	snprintf(q->path, sizeof q->path, "%.*s.ask",
	    (int)(size - strlen(".sock")), registry->socket_path);
	q->epoll = epoll_create1(EPOLL_CLOEXEC);
	q->socket = q->epoll < 0 ? -1 : registry_listen(q->path);
	if (q->socket >= 0)
		watch_socket(q, q->socket, LISTENER);
}

static void
hang_up(struct asker *asker)
{
	if (asker->socket >= 0)
		close(asker->socket);
	asker->socket = -1;
	asker->is_complete = asker->is_told = false;
}

void
questions_close(struct questions *q)
{
	for (uint32_t i = 0; i < MAX_ASKERS; i++)
		hang_up(&q->askers[i]);
	if (q->socket >= 0) {
		close(q->socket);
		unlink(q->path);
	}
	if (q->epoll >= 0)
		close(q->epoll);
	q->socket = q->epoll = -1;
}

/* ---- who asks ---- */

static struct asker *
find_place(struct questions *q)
{
	for (uint32_t i = 0; i < MAX_ASKERS; i++)
		if (q->askers[i].socket < 0)
			return &q->askers[i];
	return NULL;
}

static void
let_in(struct questions *q)
{
	struct asker *asker;
	int socket;

	for (int i = 0; i < MAX_ASKERS; i++) {
		socket = accept4(q->socket, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (socket < 0)
			return;
		asker = find_place(q);
		if (asker == NULL || !registry_is_same_user(socket,
		    &asker->peer)) {
			close(socket);
			continue;
		}
		asker->socket = socket;
		asker->number = ++q->last_number;
		watch_socket(q, socket, (uint32_t)(asker - q->askers));
	}
}

/* Its question, or its end. */
static void
hear(const struct questions *q, struct asker *asker)
{
	struct iovec parts[2] = {
		{ &asker->question, sizeof asker->question },
		{ asker->text, sizeof asker->text },
	};
	struct msghdr header = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n;

	if (asker->is_complete) {
		hang_up(asker);		/* gone, or does not wait its turn */
		return;
	}
	n = recvmsg(asker->socket, &header, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < (ssize_t)sizeof asker->question ||
	    header.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    asker->question.nonce != q->nonce ||
	    asker->question.what >= N_QUESTIONS) {
		hang_up(asker);
		return;
	}
	asker->text_size = (uint32_t)(n - (ssize_t)sizeof asker->question);
	asker->is_complete = true;
}

void
questions_serve(struct questions *q)
{
	struct epoll_event events[MAX_ASKERS + 1];
	int n = epoll_wait(q->epoll, events, array_size(events), 0);

	bool somebody_knocks = false;

	for (int i = 0; i < n; i++)
		if (events[i].data.u32 == LISTENER)
			somebody_knocks = true;
		else if (q->askers[events[i].data.u32].socket >= 0)
			hear(q, &q->askers[events[i].data.u32]);
	/* Last: some may have left. */
	if (somebody_knocks)
		let_in(q);
}

/* ---- the viewer ---- */

static void
answer_asker(struct asker *asker, const struct answer_packet *answer)
{
	/* One that has left gets nothing. */
	send(asker->socket, answer, sizeof *answer,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	hang_up(asker);
}

void
questions_tell(struct questions *q, struct viewer *viewer)
{
	const struct answer_packet refusal = { .result = ANSWER_FAILED };

	for (uint32_t i = 0; i < MAX_ASKERS; i++) {
		struct asker *asker = &q->askers[i];

		if (asker->socket < 0 || !asker->is_complete)
			continue;
		if (viewer->socket < 0) {
			answer_asker(asker, &refusal);
		} else if (!asker->is_told) {
			struct question_body body = {
				.number = asker->number,
				.what = asker->question.what,
				.pid = asker->question.pid,
				.peer = asker->peer,
			};

			asker->is_told = viewer_ask(viewer, &body,
			    asker->text, asker->text_size);
		}
	}
}

void
questions_answer(struct questions *q, uint32_t number,
    const struct answer_packet *answer)
{
	for (uint32_t i = 0; i < MAX_ASKERS; i++) {
		struct asker *asker = &q->askers[i];

		if (asker->socket >= 0 && asker->is_told &&
		    asker->number == number)
			answer_asker(asker, answer);
	}
}
