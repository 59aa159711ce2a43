/*
 * questions.h - traced processes that ask the viewer something (L3).
 *
 * tables/asking.h has the packets.  The helper only carries: it checks who
 * asks, and that each gets an answer or, with the viewer gone, a refusal.
 * Context    The helper's loop; nothing waits.
 */
#ifndef TMTOP_RUN_QUESTIONS_H
#define TMTOP_RUN_QUESTIONS_H

#include "run/registry.h"
#include "run/viewer.h"
#include "tables/asking.h"

#define MAX_ASKERS	16

struct asker {
	int		socket;		/* -1: a free place */
	uint32_t	number;		/* names the question to the viewer */
	bool		is_complete;	/* the question has come */
	bool		is_told;	/* the viewer has it */
	int32_t		peer;		/* pid here */
	struct question_packet question;
	uint32_t	text_size;
	char		text[QUESTION_TEXT_MAX];
};

struct questions {
	int		socket;		/* listening; -1: none */
	int		epoll;		/* readable: there is something to do */
	uint64_t	nonce;
	uint32_t	last_number;
	char		path[REGISTRY_PATH_MAX];
	struct asker	askers[MAX_ASKERS];
};

/* Listen beside the registry's socket, if it has one.  Without one nobody can
 * ask. */
void questions_open(struct questions *questions,
    const struct registry *registry, uint64_t nonce);
void questions_close(struct questions *questions);

/* Somebody knocks, asks or leaves. */
void questions_serve(struct questions *questions);

/* Hand on what the viewer does not have yet; refuse all when it is gone. */
void questions_tell(struct questions *questions, struct viewer *viewer);

/* The viewer's answer; a number that nobody waits for is passed over. */
void questions_answer(struct questions *questions, uint32_t number,
    const struct answer_packet *answer);

#endif
