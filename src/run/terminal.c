/*
 * terminal.c - pseudo-terminal, ring of output, queue of input (L3).
 *
 * Shape      The helper leads the session and holds both ends; the program
 *            is a foreground process group in it, as under a shell.
 * Why        Were the program itself the leader, its exit would hang up the
 *            daemons it leaves in its group, and Ctrl-Z could not stop it
 *            (its group would be orphaned).  The slave is kept open because
 *            a master without slaves reads as end-of-file even when the
 *            program will open /dev/tty again.
 * Invariant  Nothing here waits: master and log are non-blocking (a log on a
 *            disk may still be slow), what does not fit is dropped.
 */
#include "run/terminal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAIN_MAX	(1u << 16)	/* bytes per call */

/* ---- life ---- */

static int
open_pair(struct terminal *terminal)
{
	char name[64];
	struct stat st;

	terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC |
	    O_NONBLOCK);
	if (terminal->master < 0 || grantpt(terminal->master) < 0 ||
	    unlockpt(terminal->master) < 0 ||
	    ptsname_r(terminal->master, name, sizeof name) != 0)
		return -1;
	terminal->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->slave < 0 || fstat(terminal->slave, &st) < 0)
		return -1;
	terminal->device = st.st_rdev;
	return 0;
}

int
terminal_open(struct terminal *terminal, const struct termios *settings,
    const struct winsize *size, struct errbuf *why)
{
	terminal->master = terminal->slave = terminal->log = -1;
	if (open_pair(terminal) == 0 &&
	    tcsetattr(terminal->slave, TCSANOW, settings) == 0 &&
	    ioctl(terminal->slave, TIOCSWINSZ, size) == 0 &&
	    setsid() >= 0 && ioctl(terminal->slave, TIOCSCTTY, 0) == 0)
		return 0;
	errbuf_sys(why, "cannot make a terminal for the program");
	terminal_close(terminal);
	return -1;
}

void
terminal_close(struct terminal *terminal)
{
	if (terminal->slave >= 0)
		close(terminal->slave);
	if (terminal->master >= 0)
		close(terminal->master);
	if (terminal->log >= 0)
		close(terminal->log);
	terminal->master = terminal->slave = terminal->log = -1;
}

/* ---- the log ---- */

/* Copy without the CR of each CR LF: those the terminal put in.  A CR at the
 * end waits for what follows it. */
static size_t
drop_returns(struct terminal *terminal, char *to, const char *from,
    size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		if (terminal->log_after_return && from[i] != '\n')
			to[n++] = '\r';
		terminal->log_after_return = from[i] == '\r';
		if (from[i] != '\r')
			to[n++] = from[i];
	}
	return n;
}

static void
write_log(struct terminal *terminal, const char *bytes, size_t size)
{
	char part[4096 + 1];
	size_t n, done, take;
	ssize_t written;

	for (; terminal->log >= 0 && size > 0; bytes += take, size -= take) {
		take = size < sizeof part / 2 ? size : sizeof part / 2;
		n = drop_returns(terminal, part, bytes, take);
		for (done = 0; done < n; done += (size_t)written) {
			written = write(terminal->log, part + done, n - done);
			if (written > 0)
				continue;
			close(terminal->log);
			terminal->log = -1;
			terminal->log_failed = true;
			return;
		}
	}
}

int
terminal_log(struct terminal *terminal, const char *path, uint64_t offset,
    struct errbuf *why)
{
	const char *bytes;
	struct stat st;
	size_t size;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
		errbuf_sys(why, "cannot write the output log %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (terminal->log >= 0)
		close(terminal->log);
	terminal->log = fd;
	terminal->log_after_return = false;
	while ((size = terminal_output(terminal, &offset, &bytes)) > 0) {
		write_log(terminal, bytes, size);
		offset += size;
	}
	return 0;
}

/* ---- output ---- */

bool
terminal_drain(struct terminal *terminal)
{
	size_t at, total = 0;
	ssize_t n;

	while (terminal->master >= 0 && total < DRAIN_MAX) {
		at = terminal->n_output % RING_SIZE;
		n = read(terminal->master, terminal->ring + at,
		    RING_SIZE - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		terminal->n_output += (uint64_t)n;
		total += (size_t)n;
		write_log(terminal, terminal->ring + at, (size_t)n);
	}
	return terminal->master >= 0;
}

size_t
terminal_output(const struct terminal *terminal, uint64_t *offset,
    const char **bytes)
{
	uint64_t left;
	size_t at;

	assert(*offset <= terminal->n_output);
	if (terminal->n_output - *offset > RING_SIZE)
		*offset = terminal->n_output - RING_SIZE;
	left = terminal->n_output - *offset;
	at = *offset % RING_SIZE;
	*bytes = terminal->ring + at;
	return left < RING_SIZE - at ? left : RING_SIZE - at;
}

/* ---- input ---- */

void
terminal_type(struct terminal *terminal, const char *bytes, size_t size)
{
	size_t used = terminal->typed_end - terminal->typed_start;

	if (terminal->master < 0)
		return;
	memmove(terminal->typed, terminal->typed + terminal->typed_start,
	    used);
	terminal->typed_start = 0;
	if (size > TYPED_SIZE - used)
		size = TYPED_SIZE - used;
	memcpy(terminal->typed + used, bytes, size);
	terminal->typed_end = used + size;
	terminal_flush_typed(terminal);
}

bool
terminal_has_typed(const struct terminal *terminal)
{
	return terminal->master >= 0 &&
	    terminal->typed_start < terminal->typed_end;
}

void
terminal_flush_typed(struct terminal *terminal)
{
	ssize_t n;

	while (terminal_has_typed(terminal)) {
		n = write(terminal->master,
		    terminal->typed + terminal->typed_start,
		    terminal->typed_end - terminal->typed_start);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		terminal->typed_start += (size_t)n;
	}
}

void
terminal_resize(struct terminal *terminal, unsigned rows, unsigned cols)
{
	struct winsize size = {
		.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols,
	};

	if (terminal->master >= 0)
		ioctl(terminal->master, TIOCSWINSZ, &size);
}

pid_t
terminal_foreground(const struct terminal *terminal)
{
	pid_t group;

	return terminal->master >= 0 &&
	    ioctl(terminal->master, TIOCGPGRP, &group) == 0 ? group : -1;
}
