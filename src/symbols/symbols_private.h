/*
 * symbols_private.h - what symbols.c and symbols_talk.c share (L4).
 */
#ifndef TMTOP_SYMBOLS_SYMBOLS_PRIVATE_H
#define TMTOP_SYMBOLS_SYMBOLS_PRIVATE_H

#include "symbols/cache.h"
#include "symbols/disk_cache.h"
#include "symbols/helper.h"
#include "symbols/symbols.h"
#include "symbols/waiting.h"

struct module_state {
	uint32_t	n_strikes;	/* helpers that it cost */
	uint32_t	known_to;	/* generation of helper that has it */
	unsigned	fetch;		/* enum fetch_state */
	VEC(uint32_t)	parked;		/* until it is fetched */
	char		*debug_path;	/* what was fetched; NULL: nothing */
	struct disk_module *kept;	/* NULL: not asked for, or nowhere */
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
	int		 cache_dir;	/* on disk; -1: none */
	VEC(struct module_state) modules;	/* by module */
	struct waiting	 waiting;
	struct fetcher	*fetcher;	/* NULL: nothing is ever fetched */
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

/* Frames as in an ANSWER, from their number on, put over the stand-in of a
 * location; how many, 0: none.  packet_is_done() must be asked, too. */
uint32_t symbols_read_frames(struct symbols *symbols, struct packet *packet,
    uint32_t location, struct symbol_frame frames[SYMBOLS_MAX_FRAMES]);

/* ---- symbols_fetch.c ---- */

/* A module has no debug information here: fetch it, if that is wanted. */
void symbols_want_lines(struct symbols *symbols, uint32_t module);
/* The head of what waits is to wait for its module; false when nothing is
 * fetched for that. */
bool symbols_park(struct symbols *symbols, uint32_t location);
/* Everything that can be done now. */
void symbols_fetch_work(struct symbols *symbols);
void symbols_fetch_progress(const struct symbols *symbols,
    struct symbols_progress *progress);
void symbols_fetch_fini(struct symbols *symbols);

/* ---- symbols_disk.c ---- */

/* Take what is known of a location from the disk; false when that is nothing.
 * *is_best: it need not be asked for. */
bool symbols_find_kept(struct symbols *symbols, uint32_t location,
    bool *is_best);

/* What the helper has said: flags and frames of an answer, as received, and
 * what a module's answers are made from. */
void symbols_keep(struct symbols *symbols, uint32_t location, uint32_t flags,
    const void *frames, size_t size);
void symbols_keep_source(struct symbols *symbols, uint32_t module,
    const struct disk_source *source);

/* Write everything that is new, and let go of it. */
void symbols_save_kept(struct symbols *symbols);

/* A module that cost too many helpers is left out. */
#define SYMBOLS_MAX_STRIKES	2u

#endif
