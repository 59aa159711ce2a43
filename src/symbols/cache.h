/*
 * cache.h - what is known of each location so far (L4).
 */
#ifndef TMTOP_SYMBOLS_CACHE_H
#define TMTOP_SYMBOLS_CACHE_H

#include "symbols/symbols.h"
#include "util/vec.h"

struct known_place {
	const struct symbol_frame *frames;	/* NULL: never asked for */
	uint32_t	n_frames;
};

struct frame_chunk;

struct cache {
	const struct frame_store *store;	/* borrowed */
	struct names	*names;			/* borrowed */
	VEC(struct known_place) places;		/* by location */
	VEC(uint32_t)	 paths;			/* name ids, by module */
	struct frame_chunk *chunks;		/* newest first */
	size_t		 n_left;		/* frames free in the newest */
};

void cache_init(struct cache *cache, const struct frame_store *store,
    struct names *names);
void cache_fini(struct cache *cache);

/* What is known of a location of the store; frames are NULL the first time.
 * Borrowed until the next call. */
const struct known_place *cache_get(struct cache *cache, uint32_t location);

/* Replace what is known; the frames are copied.  Those given out before stay
 * where they are. */
void cache_set(struct cache *cache, uint32_t location,
    const struct symbol_frame *frames, uint32_t n_frames);

/* Set or clear a flag in all frames of a location. */
void cache_mark(struct cache *cache, uint32_t location, uint32_t flag,
    bool is_set);

/* The frame that can be told without reading any file: the module and no
 * line. */
struct symbol_frame cache_stand_in(struct cache *cache, uint32_t location);

/* Name id of a module's path. */
uint32_t cache_module_path(struct cache *cache, uint32_t module);

#endif
