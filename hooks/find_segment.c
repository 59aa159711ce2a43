/*
 * find_segment.c - from PID:FD:NONCE[:SOCKET] to a mapped lobby (L2).
 *
 * Why        No descriptor is inherited: it would be seen by the program, or
 *            closed by it.  The helper's own, opened through /proc, cannot be.
 *            The number in the environment may meanwhile be another process's
 *            or another file; seals, size and nonce tell.
 */
#include "hooks/find_segment.h"

#include "base/sys.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_WAIT_MS	50

/* A number in `base` up to one of `ends`; false: something else. */
static bool
parse_number(const char **at, unsigned base, uint64_t *value)
{
	const char *start = *at;
	unsigned digit;

	*value = 0;
	for (;; (*at)++) {
		char c = **at;

		digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') :
		    c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
		if (digit >= base)
			return *at != start && *at - start <= 16;
		*value = *value * base + digit;
	}
}

struct address {
	uint64_t	pid, fd, nonce;
	const char	*socket;	/* path, or "" */
};

static bool
parse_address(const char *text, struct address *address)
{
	return parse_number(&text, 10, &address->pid) && *text++ == ':' &&
	    parse_number(&text, 10, &address->fd) && *text++ == ':' &&
	    parse_number(&text, 16, &address->nonce) &&
	    (*text == '\0' || *text == ':') &&
	    (address->socket = *text == ':' ? text + 1 : text) != NULL;
}

/* ---- the descriptor ---- */

static char *
put_number(char *to, uint64_t value)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

static long
open_segment(const struct address *address)
{
	char path[64], *to = path;

	memcpy(to, "/proc/", 6);
	to = put_number(to + 6, address->pid);
	memcpy(to, "/fd/", 4);
	to = put_number(to + 4, address->fd);
	*to = '\0';
	return sys_open(path, O_RDWR | O_CLOEXEC);
}

static bool
connect_helper(long fd, const char *path)
{
	struct timeval wait = { 0, SOCKET_WAIT_MS * 1000 };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	size_t size = strlen(path);

	if (size >= sizeof(name.sun_path))
		return false;
	memcpy(name.sun_path, path, size);
	return !sys_failed(sys_call6(SYS_setsockopt, fd, SOL_SOCKET,
	    SO_RCVTIMEO, (long)&wait, sizeof wait, 0)) &&
	    !sys_failed(sys_call6(SYS_setsockopt, fd, SOL_SOCKET,
	    SO_SNDTIMEO, (long)&wait, sizeof wait, 0)) &&
	    !sys_failed(sys_call6(SYS_connect, fd, (long)&name, sizeof name,
	    0, 0, 0));
}

/* The descriptor that comes with the nonce; negative: none. */
static long
receive_descriptor(long fd)
{
	uint64_t nonce;
	struct iovec part = { &nonce, sizeof nonce };
	union {
		struct cmsghdr	header;
		char		bytes[CMSG_SPACE(sizeof(int))];
	} room;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &room, .msg_controllen = sizeof room,
	};
	const struct cmsghdr *control;
	int received;

	if (sys_call6(SYS_recvmsg, fd, (long)&message, MSG_CMSG_CLOEXEC, 0, 0,
	    0) != sizeof nonce)
		return -1;
	control = CMSG_FIRSTHDR(&message);
	if (control == NULL || control->cmsg_level != SOL_SOCKET ||
	    control->cmsg_type != SCM_RIGHTS ||
	    control->cmsg_len != CMSG_LEN(sizeof received))
		return -1;
	memcpy(&received, CMSG_DATA(control), sizeof received);
	return received;
}

/* Another pid namespace, another user: the helper hands the descriptor to
 * whoever comes to its socket as its own user. */
static long
ask_helper(const char *path)
{
	long fd, received = -1;

	if (*path == '\0')
		return -1;
	fd = sys_call6(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    0, 0, 0);
	if (sys_failed(fd))
		return -1;
	if (connect_helper(fd, path))
		received = receive_descriptor(fd);
	sys_close((int)fd);
	return received;
}

/* ---- the lobby ---- */

static bool
is_sealed(long fd)
{
	long seals = sys_fcntl((int)fd, F_GET_SEALS, 0);

	return !sys_failed(seals) && (seals & F_SEAL_SHRINK) &&
	    sys_call6(SYS_lseek, fd, 0, SEEK_END, 0, 0, 0) ==
	    (long)SEGMENT_SIZE;
}

static struct lobby *
map_lobby(long fd, const struct address *address)
{
	long p = sys_mmap(NULL, LOBBY_SIZE, PROT_READ | PROT_WRITE,
	    MAP_SHARED, (int)fd, 0);
	struct lobby *lobby = (struct lobby *)p;

	if (sys_failed(p))
		return NULL;
	if (lobby->magic != LAYOUT_MAGIC ||
	    lobby->version != LAYOUT_VERSION ||
	    lobby->layout_hash != layout_hash() ||
	    lobby->nonce != address->nonce) {
		sys_munmap(lobby, LOBBY_SIZE);
		return NULL;
	}
	sys_madvise(lobby, LOBBY_SIZE, MADV_DONTDUMP);
	return lobby;
}

/* True when this descriptor is the run's segment; else it is closed. */
static bool
accept_segment(long fd, const struct address *address, struct lobby **lobby)
{
	if (sys_failed(fd))
		return false;
	if (is_sealed(fd) && (*lobby = map_lobby(fd, address)) != NULL)
		return true;
	sys_close((int)fd);
	return false;
}

int
find_segment(const char *text, struct lobby **lobby)
{
	struct address address;
	long fd;

	if (!parse_address(text, &address))
		return -1;
	fd = open_segment(&address);
	if (accept_segment(fd, &address, lobby))
		return (int)fd;
	fd = ask_helper(address.socket);
	return accept_segment(fd, &address, lobby) ? (int)fd : -1;
}
