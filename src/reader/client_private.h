/*
 * client_private.h - what client.c and client_terminal.c share (L3).
 */
#ifndef TMTOP_READER_CLIENT_PRIVATE_H
#define TMTOP_READER_CLIENT_PRIVATE_H

#include "reader/client.h"
#include "run/protocol.h"

#define TAIL_SIZE	(1u << 16)

/*
 * The newest output, and what it has done to a terminal that showed it: is a
 * full screen being drawn (alternate screen on)?
 */
struct output_tail {
	uint64_t	end;		/* bytes ever, dropped ones included */
	size_t		size;		/* of them in bytes[] */
	uint64_t	shown;		/* bytes the user's terminal has had */
	bool		is_full_screen;
	/* inside "ESC [ ? NUMBER h|l": how far, and the number */
	unsigned	matched, number;
	char		bytes[TAIL_SIZE];
};

/* Take an output event in. */
void output_tail_add(struct output_tail *tail,
    const struct client_event *event);

struct client {
	int		socket;		/* -1: the helper is gone */
	int		segment_fd;
	pid_t		helper, program;
	bool		has_terminal;
	bool		is_over;	/* the helper has nothing left to do */
	bool		has_ended;	/* the program */
	bool		screen_taken;
	uint64_t	n_output;	/* offset behind the last output */
	struct output_tail tail;
	char		text[4 * NOTICE_BYTES_MAX + 1];
	struct message	message;	/* the last received */
	struct message	command;
};

#endif
