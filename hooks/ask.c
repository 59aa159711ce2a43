/*
 * ask.c - one question over the helper's socket, and its answer (L2).
 *
 * Shape      A connection per question: connect, one packet there, one back.
 *            Where to is in the environment, beside the segment's place.
 * Why        Functions and files have names only on the viewer's side.  What
 *            the segment could carry, every process of the run could forge;
 *            of a socket the kernel says who is at the other end.
 * Invariant  System calls only, no more than one descriptor, and that for the
 *            time of the call; errno is as it was (sys.h).
 * Limits     QUESTION_WAIT_MS in all; a text of QUESTION_TEXT_MAX bytes.
 */
#include "hooks/ask.h"

#include "base/sys.h"
#include "hooks/lifecycle.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

#define NS_PER_MS	1000000ll

static struct sockaddr_un helper;	/* sun_path "": nobody to ask */

/* PID:FD:NONCE:DIRECTORY/PID.sock */
void
ask_init(const char *text)
{
	size_t size, end = strlen(".sock");
	int colons = 0;

	for (; *text != '\0' && colons < 3; text++)
		colons += *text == ':';
	size = strlen(text);
	if (size <= end || size >= sizeof(helper.sun_path) ||
	    memcmp(text + size - end, ".sock", end) != 0)
		return;
	helper.sun_family = AF_UNIX;
	memcpy(helper.sun_path, text, size - end);
	memcpy(helper.sun_path + size - end, ".ask", strlen(".ask"));
}

static int64_t
now_ns(void)
{
	struct timespec now = { 0, 0 };

	sys_call6(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

/* Others may stand in line: not for ever. */
static bool
connect_helper(long fd)
{
	struct timeval wait = { QUESTION_WAIT_MS / 1000, 0 };

	return !sys_failed(sys_call6(SYS_setsockopt, fd, SOL_SOCKET,
	    SO_SNDTIMEO, (long)&wait, sizeof wait, 0)) &&
	    !sys_failed(sys_call6(SYS_connect, fd, (long)&helper,
	    sizeof helper, 0, 0, 0));
}

static bool
send_question(long fd, enum question what, const char *text)
{
	struct question_packet question = {
		.nonce = lifecycle_lobby->nonce, .what = what,
		.pid = (int32_t)sys_getpid(),
	};
	struct iovec parts[2] = {
		{ &question, sizeof question },
		{ (void *)(uintptr_t)text, text == NULL ? 0 :
		    strnlen(text, QUESTION_TEXT_MAX + 1) },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	/* Cut it would mean something else. */
	return parts[1].iov_len <= QUESTION_TEXT_MAX &&
	    !sys_failed(sys_call6(SYS_sendmsg, fd, (long)&message,
	    MSG_NOSIGNAL, 0, 0, 0));
}

/* Signals of the program come and go meanwhile. */
static bool
wait_for_answer(long fd, int64_t end_ns, struct answer_packet *answer)
{
	struct pollfd readable = { .fd = (int)fd, .events = POLLIN };
	int64_t left_ns;
	struct timespec left;
	long n;

	while ((left_ns = end_ns - now_ns()) > 0) {
		left = (struct timespec){ left_ns / 1000000000,
		    left_ns % 1000000000 };
		n = sys_call6(SYS_ppoll, (long)&readable, 1, (long)&left, 0,
		    0, 0);
		if (n == 1)
			return sys_call6(SYS_recvfrom, fd, (long)answer,
			    sizeof *answer, MSG_DONTWAIT, 0, 0) ==
			    (long)sizeof *answer;
		if (n != -EINTR)
			return false;
	}
	return false;
}

bool
ask(enum question what, const char *text, struct answer_packet *answer)
{
	int64_t end_ns = now_ns() + QUESTION_WAIT_MS * NS_PER_MS;
	bool done = false;
	long fd;

	if (helper.sun_path[0] == '\0')
		return false;
	fd = sys_call6(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    0, 0, 0);
	if (sys_failed(fd))
		return false;
	if (connect_helper(fd))
		done = send_question(fd, what, text) &&
		    wait_for_answer(fd, end_ns, answer);
	sys_close((int)fd);
	return done;
}
