#include "util/idmap.h"

#include "util/xalloc.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_SLOTS = 16 };

/* The tag alone finds the place, so that growing needs no keys. */
static void
put_slot(struct idmap *map, struct idmap_slot slot)
{
	uint32_t i = slot.tag & map->mask;

	while (map->slots[i].id != IDMAP_NONE)
		i = (i + 1) & map->mask;
	map->slots[i] = slot;
}

static void
set_slots(struct idmap *map, size_t n_slots)
{
	map->slots = xreallocarray(NULL, n_slots, sizeof *map->slots);
	memset(map->slots, 0xff, n_slots * sizeof *map->slots);
	map->mask = (uint32_t)(n_slots - 1);
}

static void
grow(struct idmap *map, size_t n_slots)
{
	struct idmap_slot *old = map->slots;
	size_t n_old = old != NULL ? (size_t)map->mask + 1 : 0;

	assert((n_slots & (n_slots - 1)) == 0);
	set_slots(map, n_slots);
	for (size_t i = 0; i < n_old; i++) {
		if (old[i].id != IDMAP_NONE)
			put_slot(map, old[i]);
	}
	free(old);
}

void
idmap_fini(struct idmap *map)
{
	free(map->slots);
	*map = (struct idmap)IDMAP_INIT;
}

void
idmap_clear(struct idmap *map)
{
	map->n = 0;
	if (map->slots != NULL)
		memset(map->slots, 0xff,
		    ((size_t)map->mask + 1) * sizeof *map->slots);
}

void
idmap_reserve(struct idmap *map, size_t n)
{
	size_t n_now = map->slots != NULL ? (size_t)map->mask + 1 : 0;
	size_t n_slots = n_now > 0 ? n_now : MIN_SLOTS;

	assert(n <= (size_t)1 << 30);
	while (n_slots < n * 2)
		n_slots *= 2;
	if (n_slots > n_now)
		grow(map, n_slots);
}

void
idmap_add(struct idmap *map, uint64_t hash, uint32_t id)
{
	assert(id != IDMAP_NONE);
	idmap_reserve(map, (size_t)map->n + 1);
	put_slot(map, (struct idmap_slot){
		.tag = (uint32_t)(hash >> 32), .id = id });
	map->n++;
}
