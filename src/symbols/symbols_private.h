/*
 * symbols_private.h - what symbols.c and symbols_talk.c share (L4).
 */
#ifndef TMTOP_SYMBOLS_SYMBOLS_PRIVATE_H
#define TMTOP_SYMBOLS_SYMBOLS_PRIVATE_H

#include "symbols/cache.h"
#include "symbols/helper.h"
#include "symbols/symbols.h"
#include "symbols/waiting.h"

struct module_state {
	uint32_t	n_strikes;	/* helpers that it cost */
	uint32_t	known_to;	/* generation of helper that has it */
};

struct symbols {
	const struct frame_store *store;
	struct names	*names;
	char		*helper_path;
	struct helper	 helper;
	uint32_t	 generation;	/* of helpers; 0: none yet */
	uint32_t	 n_failed_starts; /* without a hello in between */
	bool		 has_hello;
	bool		 is_given_up;
	int		 patience_ms;
	int64_t		 idle_ms;	/* since the helper's last sign */
	int64_t		 last_look_ms;
	bool		 has_changed;	/* since symbols_pump() returned */
	struct errbuf	 trouble;

	struct cache	 cache;
	VEC(struct module_state) modules;	/* by module */
	struct waiting	 waiting;
};

/* Borrowed until the next call for a module that has none yet. */
struct module_state *symbols_module(struct symbols *symbols,
    uint32_t module);

/* What is known of a location becomes its final answer. */
void symbols_settle(struct symbols *symbols, uint32_t location);

/* ---- symbols_talk.c ---- */

/* The address that a location is looked up by. */
uint64_t symbols_address(const struct code_location *location);

/* Fill the helper's window with requests, as many as are waiting. */
void symbols_put_lookups(struct symbols *symbols);

/* Take in all whole packets that were received. -1: the helper talks
 * nonsense. */
int symbols_take_packets(struct symbols *symbols);

/* A module that cost too many helpers is left out. */
#define SYMBOLS_MAX_STRIKES	2u

#endif
