/*
 * idmap.h - the index of an interning table: hash to id (L0h).
 *
 * Shape      Open addressing over (32 bits of hash, id) pairs; 8 bytes a
 *            slot, at most half full.  Keys stay in the caller's own array,
 *            where id leads; the caller compares.
 * Why        Everything tmtop interns (names, locations, stacks, rows) has
 *            its keys in an array already; storing them again in the index
 *            would cost more than the index.
 * Limits     2^30 ids.  Nothing is ever removed but everything at once.
 *
 *	id = idmap_find(&map, hash, is_same, table, &key);
 *	if (id == IDMAP_NONE)
 *		idmap_add(&map, hash, id = append(table, &key));
 */
#ifndef TMTOP_UTIL_IDMAP_H
#define TMTOP_UTIL_IDMAP_H

#include "base/compiler.h"

#include <assert.h>

#define IDMAP_NONE	UINT32_MAX

struct idmap_slot {
	uint32_t	tag;		/* hash >> 32 */
	uint32_t	id;		/* IDMAP_NONE: free */
};

struct idmap {
	struct idmap_slot *slots;	/* NULL until the first add */
	uint32_t	 mask;		/* number of slots - 1 */
	uint32_t	 n;
};

#define IDMAP_INIT	{ NULL, 0, 0 }

/* Is `key` the key of `id`?  table is what idmap_find() was given. */
typedef bool idmap_same(const void *table, uint32_t id, const void *key);

/* Release; empty and usable afterwards. */
void idmap_fini(struct idmap *map);

/* Forget all ids, keep the memory. */
void idmap_clear(struct idmap *map);

/* Room for n ids in all, so that adding them does not grow the index. */
void idmap_reserve(struct idmap *map, size_t n);

/* Add an id whose key is not there yet (idmap_find() said so).  All 64 bits
 * of the hash must be mixed well; use base/hash.h. */
void idmap_add(struct idmap *map, uint64_t hash, uint32_t id);

/* The id with this key, or IDMAP_NONE. */
static ATTR_INLINE uint32_t
idmap_find(const struct idmap *map, uint64_t hash, idmap_same *is_same,
    const void *table, const void *key)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	uint32_t i;

	if (map->slots == NULL)
		return IDMAP_NONE;
	for (i = tag & map->mask; map->slots[i].id != IDMAP_NONE;
	    i = (i + 1) & map->mask) {
		if (map->slots[i].tag == tag &&
		    is_same(table, map->slots[i].id, key))
			return map->slots[i].id;
	}
	return IDMAP_NONE;
}

#endif
