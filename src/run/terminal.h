/*
 * terminal.h - the program's own terminal, seen from the master side (L3).
 *
 * Always drained: output goes into a ring of the last RING_SIZE bytes,
 * whether anybody wants it or not, so that the program is never blocked by a
 * stopped viewer.  Whoever forwards output keeps an offset into the ring.
 */
#ifndef TMTOP_RUN_TERMINAL_H
#define TMTOP_RUN_TERMINAL_H

#include "base/errbuf.h"

#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

#define RING_SIZE	(1u << 20)
#define TYPED_SIZE	(1u << 18)

struct terminal {
	int		master;		/* -1: there is no terminal */
	int		slave;		/* kept open, so that output outlives
					 * the last writer */
	dev_t		device;		/* of the slave */
	uint64_t	n_output;	/* bytes ever; the newest RING_SIZE of
					 * them are in the ring */
	size_t		typed_start, typed_end;	/* not yet taken */
	int		log;		/* -1: none */
	bool		log_failed;	/* was given up; to be told once */
	bool		log_after_return; /* last logged byte was a CR */
	char		ring[RING_SIZE];
	char		typed[TYPED_SIZE];
};

/*
 * Make the pair with these settings and size, and make it the controlling
 * terminal of a new session led by this process.
 */
int terminal_open(struct terminal *terminal, const struct termios *settings,
    const struct winsize *size, struct errbuf *why);

/* Hang up: foreground group and session see their terminal gone. */
void terminal_close(struct terminal *terminal);

/* Take in what the program wrote, a bounded amount per call. True when there
 * may be more at once. */
bool terminal_drain(struct terminal *terminal);

/*
 * Output from *offset on: a pointer into the ring and how many bytes can be
 * read there, 0 when *offset is the end.  *offset moves up when older output
 * has been overwritten.
 */
size_t terminal_output(const struct terminal *terminal, uint64_t *offset,
    const char **bytes);

/* Queue as typed; what does not fit is dropped. */
void terminal_type(struct terminal *terminal, const char *bytes, size_t size);
bool terminal_has_typed(const struct terminal *terminal);
void terminal_flush_typed(struct terminal *terminal);

void terminal_resize(struct terminal *terminal, unsigned rows, unsigned cols);

/* The foreground process group, or -1. */
pid_t terminal_foreground(const struct terminal *terminal);

/*
 * From now on write output to the file, too, with line ends as in files and
 * starting with what the ring holds from `offset` on.  Created with 0600,
 * appended to; links and directories are refused.
 */
int terminal_log(struct terminal *terminal, const char *path,
    uint64_t offset, struct errbuf *why);

#endif
