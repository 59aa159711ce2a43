/*
 * waiting.h - which locations wait for an answer, and which is asked next
 * (L4).
 *
 * Shape      A state by location, lists of locations to ask, and the ring of
 *            those that are with the helper, which answers in their order.  A
 *            list may hold a location whose state has changed since; it is
 *            passed over when its turn comes.
 * Why        What is on the screen comes before what is not, and a name for
 *            every row before the line of any.
 */
#ifndef TMTOP_SYMBOLS_WAITING_H
#define TMTOP_SYMBOLS_WAITING_H

#include "util/vec.h"

#include "base/compiler.h"

#define WAITING_MAX_SENT	256u

enum wait_state {
	WAIT_NOT,		/* never asked for, or answered for good */
	WAIT_NEW,		/* nothing is known */
	WAIT_ROUGH,		/* something is known, more to be had */
	WAIT_PARKED,		/* the same, but not now: see waiting_park() */
	WAIT_SENT_NEW, WAIT_SENT_ROUGH	/* with the helper */
};

struct wait_list {
	VEC(uint32_t)	locations;
	size_t		head;
};

struct waiting {
	VEC(uint8_t)	states;		/* enum wait_state, by location */
	struct wait_list again;		/* were with a helper that died */
	struct wait_list urgent, fresh, rough;	/* asked in this order */
	uint32_t	sent[WAITING_MAX_SENT];
	unsigned	first_sent, n_sent;
	uint32_t	n_waiting;	/* in any state but WAIT_NOT */
	uint32_t	n_asked;	/* ever */
};

void waiting_fini(struct waiting *waiting);

/* Ask for a location; is_rough: something is known of it already. */
void waiting_add(struct waiting *waiting, uint32_t location, bool is_rough);

/* These first, most urgent first, and none of those named before. */
void waiting_hurry(struct waiting *waiting, const uint32_t *locations,
    size_t n);

/* Take out the location to ask next; false when there is none, or the ring is
 * full.  It must be sent or dropped. */
bool waiting_next(struct waiting *waiting, uint32_t *location);
/* It went to the helper.  Returns whether nothing is known of it. */
bool waiting_send(struct waiting *waiting, uint32_t location);
/* It needs no answer any more. */
void waiting_drop(struct waiting *waiting, uint32_t location);

/* The location that the helper works on, 0: none. */
uint32_t waiting_head(const struct waiting *waiting);
/* Was the helper asked for any answer to the head, rather than the best? */
bool waiting_head_is_new(const struct waiting *waiting);

/* The head was answered: for good; or is asked again, later or when
 * waiting_unpark() says so.  Returns the location. */
uint32_t waiting_take(struct waiting *waiting);
uint32_t waiting_take_rough(struct waiting *waiting);
uint32_t waiting_park(struct waiting *waiting);
void waiting_unpark(struct waiting *waiting, uint32_t location);

/* The helper is gone: what it had is asked again, before all others. */
void waiting_return(struct waiting *waiting);

#endif
