/*
 * asking.h - what a traced process may ask its viewer, packet by packet (L1).
 *
 * The hook has no symbols: what a filter means only the viewer knows.  So a
 * process connects to the helper's socket PID.ask (SOCK_SEQPACKET), beside the
 * PID.sock of its environment, sends one question and waits for one answer.
 * The helper hands it to the viewer when the kernel says that both are of one
 * user, and answers itself when there is no viewer.
 *
 * Each question is a connection of its own: nothing is left of it when the
 * process is killed, and threads need not wait for each other.
 */
#ifndef TMTOP_TABLES_ASKING_H
#define TMTOP_TABLES_ASKING_H

#include "base/compiler.h"

#define QUESTION_TEXT_MAX	4095u	/* bytes; a path or a filter */
#define QUESTION_WAIT_MS	10000	/* then nobody will answer */

enum question {
	QUESTION_GROWTH,	/* text: a filter, or nothing */
	QUESTION_SNAPSHOT,	/* text: a path */
	N_QUESTIONS
};

/* The text follows, without a NUL. */
struct question_packet {
	uint64_t	nonce;		/* of the run */
	uint32_t	what;		/* enum question */
	int32_t		pid;		/* as in the process's slot */
};

enum answer_result {
	ANSWER_DONE	= 0,
	ANSWER_FAILED	= -1,
	ANSWER_BAD_FILTER = -3,
};

struct answer_packet {
	int32_t		result;		/* enum answer_result */
	uint32_t	reserved;
	int64_t		bytes, blocks;	/* of QUESTION_GROWTH */
};

#endif
