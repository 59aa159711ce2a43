/*
 * protocol.c - one packet to one message and back (L3).
 *
 * Shape      A table of shapes per kind, generated from MESSAGE_LIST, against
 *            which everything received is checked.
 * Invariant  No descriptor outlives a packet that was refused; the kernel is
 *            given room for one only and closes the others itself.
 */
#include "run/protocol.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
	uint32_t	size;		/* of the fixed part */
	uint32_t	more;		/* bytes that may follow it */
	bool		has_fd;
} shapes[N_MESSAGE_KINDS] = {
#define M(name, fixed, tail, fd)					\
	[MESSAGE_##name] = { .size = (fixed), .more = (tail), .has_fd = (fd) },
	MESSAGE_LIST(M)
#undef M
};

void
message_init(struct message *message, enum message_kind kind)
{
	assert(kind > MESSAGE_NONE && kind < N_MESSAGE_KINDS);

	message->kind = kind;
	message->size = shapes[kind].size;
	message->fd = -1;
	memset(message->bytes, 0, message->size);
}

void
message_add(struct message *message, const void *bytes, size_t size)
{
	size_t end = shapes[message->kind].size + shapes[message->kind].more;

	assert(end <= MESSAGE_BODY_MAX);
	assert(message->size <= end);
	if (size > end - message->size)
		size = end - message->size;
	if (size > 0)
		memcpy(message->bytes + message->size, bytes, size);
	message->size += (uint32_t)size;
}

const char *
message_tail(const struct message *message, size_t *size)
{
	*size = message->size - shapes[message->kind].size;
	return message->bytes + shapes[message->kind].size;
}

/* Room for one descriptor beside a message. */
union control_room {
	struct cmsghdr	header;
	char		bytes[CMSG_SPACE(sizeof(int))];
};

static void
attach_fd(struct msghdr *header, union control_room *room, int fd)
{
	struct cmsghdr *control;

	memset(room, 0, sizeof *room);
	header->msg_control = room;
	header->msg_controllen = sizeof *room;
	control = CMSG_FIRSTHDR(header);
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(control), &fd, sizeof fd);
}

int
message_send(int socket, const struct message *message, int flags)
{
	uint32_t kind = message->kind;
	struct iovec parts[2] = {
		{ .iov_base = &kind, .iov_len = sizeof kind },
		{ .iov_base = (void *)(uintptr_t)message->bytes,
		  .iov_len = message->size },
	};
	struct msghdr header = { .msg_iov = parts, .msg_iovlen = 2 };
	union control_room room;
	ssize_t n;

	if (message->fd >= 0)
		attach_fd(&header, &room, message->fd);
	do
		n = sendmsg(socket, &header, flags | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/* The descriptor that came along, -1 for none.  The room given to the kernel
 * is for one; it closes what does not fit. */
static int
received_fd(struct msghdr *header)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(header);
	int fd;

	if (control == NULL || control->cmsg_level != SOL_SOCKET ||
	    control->cmsg_type != SCM_RIGHTS ||
	    control->cmsg_len != CMSG_LEN(sizeof fd))
		return -1;
	memcpy(&fd, CMSG_DATA(control), sizeof fd);
	return fd;
}

static bool
is_well_formed(const struct message *message, const struct msghdr *header,
    ssize_t size)
{
	if (header->msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    size < (ssize_t)sizeof(uint32_t))
		return false;
	if (message->kind <= MESSAGE_NONE || message->kind >= N_MESSAGE_KINDS)
		return false;
	if (message->size < shapes[message->kind].size ||
	    message->size - shapes[message->kind].size >
	    shapes[message->kind].more)
		return false;
	return message->fd < 0 || shapes[message->kind].has_fd;
}

int
message_receive(int socket, struct message *message, int flags)
{
	uint32_t kind = 0;
	struct iovec parts[2] = {
		{ .iov_base = &kind, .iov_len = sizeof kind },
		{ .iov_base = message->bytes,
		  .iov_len = sizeof message->bytes },
	};
	union control_room room;
	struct msghdr header = {
		.msg_iov = parts, .msg_iovlen = 2,
		/* Not the aligned CMSG_SPACE: that has room for two. */
		.msg_control = &room, .msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t n;

	do
		n = recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -1;
	if (n == 0)
		return 0;
	message->fd = received_fd(&header);
	message->kind = kind < N_MESSAGE_KINDS ? kind : MESSAGE_NONE;
	message->size = n < (ssize_t)sizeof kind ? 0 :
	    (uint32_t)(n - (ssize_t)sizeof kind);
	if (is_well_formed(message, &header, n))
		return 1;
	if (message->fd >= 0)
		close(message->fd);
	message->fd = -1;
	errno = EPROTO;
	return -1;
}
