#include "symbols/cache.h"

#define FRAMES_PER_CHUNK	1024u

struct frame_chunk {
	struct frame_chunk *next;
	struct symbol_frame frames[FRAMES_PER_CHUNK];
};

void
cache_init(struct cache *cache, const struct frame_store *store,
    struct names *names)
{
	*cache = (struct cache){ .store = store, .names = names };
}

void
cache_fini(struct cache *cache)
{
	while (cache->chunks != NULL) {
		struct frame_chunk *chunk = cache->chunks;

		cache->chunks = chunk->next;
		free(chunk);
	}
	vec_fini(&cache->places);
	vec_fini(&cache->paths);
}

static struct symbol_frame *
take_frames(struct cache *cache, uint32_t n)
{
	assert(n > 0 && n <= FRAMES_PER_CHUNK);
	if (n > cache->n_left) {
		struct frame_chunk *chunk = xmalloc(sizeof *chunk);

		chunk->next = cache->chunks;
		cache->chunks = chunk;
		cache->n_left = FRAMES_PER_CHUNK;
	}
	cache->n_left -= n;
	return &cache->chunks->frames[cache->n_left];
}

const struct known_place *
cache_get(struct cache *cache, uint32_t location)
{
	assert(location > 0);
	assert(location < frame_store_n_locations(cache->store));
	if (location >= cache->places.n)
		vec_push_zeroed(&cache->places,
		    location + 1 - cache->places.n);
	return &cache->places.items[location];
}

void
cache_set(struct cache *cache, uint32_t location,
    const struct symbol_frame *frames, uint32_t n_frames)
{
	struct symbol_frame *kept = take_frames(cache, n_frames);

	assert(location < cache->places.n);
	memcpy(kept, frames, n_frames * sizeof *frames);
	cache->places.items[location] =
	    (struct known_place){ kept, n_frames };
}

void
cache_mark(struct cache *cache, uint32_t location, uint32_t flag,
    bool is_set)
{
	struct known_place old = *cache_get(cache, location);
	struct symbol_frame *kept = take_frames(cache, old.n_frames);

	for (uint32_t i = 0; i < old.n_frames; i++) {
		kept[i] = old.frames[i];
		kept[i].flags = is_set ? kept[i].flags | flag :
		    kept[i].flags & ~flag;
	}
	cache->places.items[location].frames = kept;
}

uint32_t
cache_module_path(struct cache *cache, uint32_t module)
{
	for (size_t i = cache->paths.n; i <= module; i++) {
		const char *path = frame_store_get_module(cache->store,
		    (uint32_t)i)->path;

		vec_push(&cache->paths, names_intern(cache->names, path,
		    strlen(path)));
	}
	return cache->paths.items[module];
}

static uint32_t
name_special(struct cache *cache, uint32_t kind)
{
	const char *name = kind == LOCATION_CUT ? "<cut>" : "<deeper>";

	return names_intern(cache->names, name, strlen(name));
}

struct symbol_frame
cache_stand_in(struct cache *cache, uint32_t location)
{
	const struct code_location *code =
	    frame_store_get_location(cache->store, location);
	struct symbol_frame frame = {
		.file = NAME_UNKNOWN,
		.function = NAME_UNKNOWN,
		.module = NAME_UNKNOWN,
		.offset = code->offset,
		.flags = SYMBOL_NO_LINE,
	};

	if (code->kind == LOCATION_REGION) {
		frame.file = cache_module_path(cache, code->module);
		frame.flags = SYMBOL_SPECIAL;
		return frame;
	}
	if (code->kind == LOCATION_CUT || code->kind == LOCATION_DEEPER) {
		frame.function = name_special(cache, code->kind);
		frame.flags |= SYMBOL_SPECIAL;
		return frame;
	}
	if (code->module != 0)
		frame.file = frame.module =
		    cache_module_path(cache, code->module);
	if (code->kind == LOCATION_GUESSED)
		frame.flags |= SYMBOL_GUESSED;
	return frame;
}
