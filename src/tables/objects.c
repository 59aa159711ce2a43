/*
 * objects.c - a hash of (domain, address), in shards (L1).
 *
 * Shape      Records lie in the segment, in the order of first use; viewers
 *            read them there.  Which one is whose is the hook's own affair:
 *            in private memory each shard has an open-addressing table of
 *            their ids.  An object that goes leaves its record, dead, in its
 *            place; another takes it over, at the latest when the table is
 *            made anew.
 * Why        Any address may be tracked, of device memory too, so that an
 *            array indexed by address would not do (blocks.c).  That a second
 *            thread may name the same object asks for a lock: the program is
 *            not obliged to own what it names.
 * Invariant  Each change is made by one store: of a record's traceback, of a
 *            place, or of the shard's table, complete before.  So a shard
 *            whose owner is gone (its thread has ended, or a signal handler
 *            left it by longjmp) may be taken over as it is; at most one
 *            record serves nobody any more.
 * Limits     SECTION_OBJECTS; a shard's table of 2^MAX_LOG2 places.
 */
#include "tables/objects.h"

#include "base/atomic.h"
#include "base/sys.h"
#include "tables/region.h"

#include <errno.h>
#include <time.h>

#define SHARD_BITS	6
#define N_SHARDS	(1u << SHARD_BITS)
/* Places and as many spare ids: the smallest table is a page. */
#define FIRST_LOG2	9u
#define MAX_LOG2	24u

/* Half a second in all: an owner may have lost its processor. */
#define SPINS		64
#define SHORT_NAPS	20
#define LONG_NAPS	500
#define SHORT_NS	50000
#define LONG_NS		1000000

/* Places first, then spare ids. */
struct table {
	uint32_t	log2;
	uint32_t	n_used;		/* places that have an id */
	uint32_t	n_spare;
	uint32_t	reserved;
	uint32_t	ids[];		/* 0: empty */
};

struct shard {
	uint32_t	owner;		/* a thread's id; 0: none */
	uint32_t	n_live;		/* objects */
	uint32_t	is_stuck;	/* somebody has waited in vain */
	struct table	*table;		/* NULL: nothing yet */
} __attribute__((aligned(64)));

static struct shard shards[N_SHARDS];

/* ---- the lock ---- */

static bool
is_gone(uint32_t thread)
{
	return sys_call6(SYS_tgkill, sys_getpid(), thread, 0, 0, 0, 0) ==
	    -ESRCH;
}

static void
nap(uint32_t i)
{
	struct timespec time = { 0, i < SPINS + SHORT_NAPS ? SHORT_NS :
	    LONG_NS };

	if (i >= SPINS)
		sys_call6(SYS_nanosleep, (long)&time, 0, 0, 0, 0, 0);
}

static ATTR_COLD bool
lock_slow(struct shard *shard, uint32_t thread)
{
	uint32_t owner = load_relaxed(&shard->owner), i;
	/* One who has gone for ever is not waited for again and again. */
	uint32_t n = SPINS + SHORT_NAPS +
	    (load_relaxed(&shard->is_stuck) ? 0 : LONG_NAPS);

	/* Ours: left behind by a longjmp out of a signal handler. */
	if (owner == thread)
		return true;
	for (i = 0; i < n; nap(i++)) {
		if (owner == 0 && cas_acq_rel(&shard->owner, &owner, thread)) {
			store_relaxed(&shard->is_stuck, 0);
			return true;
		}
		owner = load_relaxed(&shard->owner);
	}
	store_relaxed(&shard->is_stuck, 1);
	return owner != 0 && is_gone(owner) &&
	    cas_acq_rel(&shard->owner, &owner, thread);
}

static struct shard *
lock_shard(uint64_t hash, uint32_t thread)
{
	struct shard *shard = &shards[hash >> (64 - SHARD_BITS)];
	uint32_t free = 0;

	/* ORDER shard-lock: other end unlock_shard(). */
	if (likely(cas_acq_rel(&shard->owner, &free, thread)) ||
	    lock_slow(shard, thread))
		return shard;
	return NULL;
}

static void
unlock_shard(struct shard *shard)
{
	/* ORDER shard-lock: other end lock_shard(). */
	store_release(&shard->owner, 0);
}

/* ---- records ---- */

static uint64_t
hash_key(uintptr_t address, uint32_t domain)
{
	uint64_t h = (address ^ (uint64_t)domain << 48) *
	    0x9e3779b97f4a7c15ull;

	h ^= h >> 29;
	return h * 0xff51afd7ed558ccdull;
}

static struct object_record *
record_at(uint32_t id)
{
	return region_at(OBJECTS, struct object_record, id);
}

/* Viewers may be reading: ORDER object, other end is theirs. */
static void
write_record(struct object_record *record, const struct object_key *key,
    const struct block *block)
{
	uint32_t sequence = load_relaxed(&record->sequence) | 1;

	store_relaxed(&record->sequence, sequence);
	fence_release();
	store_relaxed(&record->address, (uint64_t)key->address);
	store_relaxed(&record->domain, key->domain);
	store_relaxed(&record->size, block->size);
	store_relaxed(&record->generation, block->generation);
	store_relaxed(&record->traceback, block->traceback);
	store_release(&record->sequence, sequence + 1);
}

static struct block
block_of(const struct object_record *record)
{
	return (struct block){ .size = record->size,
	    .traceback = record->traceback,
	    .generation = record->generation };
}

/* ---- tables of ids ---- */

static size_t
table_size(uint32_t log2)
{
	return sizeof(struct table) + ((2 * sizeof(uint32_t)) << log2);
}

static uint32_t
mask_of(const struct table *table)
{
	return (1u << table->log2) - 1;
}

static uint32_t *
spares_of(struct table *table)
{
	return table->ids + (1u << table->log2);
}

static uint32_t
first_place(uint64_t hash, const struct table *table)
{
	return (uint32_t)(hash << SHARD_BITS >> (64 - table->log2));
}

static struct table *
table_new(uint32_t log2)
{
	struct table *table = log2 > MAX_LOG2 ? NULL :
	    private_map(table_size(log2));

	if (table != NULL)
		table->log2 = log2;
	return table;
}

static void
table_add(struct table *table, uint32_t id)
{
	const struct object_record *record = record_at(id);
	uint32_t mask = mask_of(table), i;

	i = first_place(hash_key(record->address, record->domain), table);
	while (table->ids[i & mask] != 0)
		i++;
	table->ids[i & mask] = id;
	table->n_used++;
}

/* A table with room: larger, or the same without the dead. */
static ATTR_COLD bool
renew(struct shard *shard)
{
	struct table *old = shard->table, *new;
	uint32_t log2 = FIRST_LOG2, i;

	if (old != NULL)
		log2 = old->log2 + (shard->n_live > mask_of(old) / 8 * 3);
	new = table_new(log2);
	if (new == NULL)
		return false;
	for (i = 0; old != NULL && i < old->n_spare; i++)
		spares_of(new)[new->n_spare++] = spares_of(old)[i];
	for (i = 0; old != NULL && i <= mask_of(old); i++) {
		if (old->ids[i] == 0)
			continue;
		if (record_at(old->ids[i])->traceback != 0)
			table_add(new, old->ids[i]);
		else
			spares_of(new)[new->n_spare++] = old->ids[i];
	}
	shard->n_live = new->n_used;
	store_relaxed(&shard->table, new);
	if (old != NULL)
		private_unmap(old, table_size(old->log2));
	return true;
}

/* Where the object's record is, or NULL; *room: a place for it, with a dead
 * record or none. */
static struct object_record *
find(const struct shard *shard, const struct object_key *key, uint64_t hash,
    uint32_t **room)
{
	struct table *table = shard->table;
	struct object_record *record;
	uint32_t i, *place;

	*room = NULL;
	if (table == NULL)
		return NULL;
	for (i = first_place(hash, table);; i++) {
		place = &table->ids[i & mask_of(table)];
		if (*place == 0)
			break;
		record = record_at(*place);
		if (record->traceback == 0) {
			if (*room == NULL)
				*room = place;
		} else if (record->address == key->address &&
		    record->domain == key->domain)
			return record;
	}
	/* A quarter stays empty, so that every search ends. */
	if (*room == NULL && table->n_used <= mask_of(table) / 4 * 3)
		*room = place;
	return NULL;
}

/* The record of a place that find() gave; NULL: there are no more. */
static struct object_record *
claim(struct shard *shard, uint32_t *room)
{
	struct table *table = shard->table;
	uint32_t id = *room;

	if (id == 0) {
		id = table->n_spare > 0 ?
		    spares_of(table)[--table->n_spare] :
		    region_take(SECTION_OBJECTS);
		if (id == 0)
			return NULL;
		table->n_used++;
		store_relaxed(room, id);
	}
	return record_at(id);
}

/* ---- one object ---- */

static enum objects_result
put_locked(struct shard *shard, const struct object_key *key, uint64_t hash,
    const struct block *new, struct block *old)
{
	struct object_record *record;
	uint32_t *room;

	record = find(shard, key, hash, &room);
	if (record == NULL && room == NULL) {
		if (!renew(shard))
			return OBJECTS_NO_ROOM;
		find(shard, key, hash, &room);
	}
	if (record != NULL) {
		*old = block_of(record);
	} else {
		record = claim(shard, room);
		if (record == NULL)
			return OBJECTS_NO_ROOM;
		shard->n_live++;
	}
	write_record(record, key, new);
	return OBJECTS_DONE;
}

enum objects_result
objects_put(const struct object_key *key, const struct block *new,
    struct block *old)
{
	uint64_t hash = hash_key(key->address, key->domain);
	struct shard *shard = lock_shard(hash, key->thread);
	enum objects_result result;

	old->traceback = 0;
	if (shard == NULL)
		return OBJECTS_BUSY;
	result = put_locked(shard, key, hash, new, old);
	unlock_shard(shard);
	return result;
}

enum objects_result
objects_take(const struct object_key *key, struct block *old)
{
	uint64_t hash = hash_key(key->address, key->domain);
	struct shard *shard = lock_shard(hash, key->thread);
	const struct block nothing = { .traceback = 0 };
	struct object_record *record;
	uint32_t *room;

	*old = nothing;
	if (shard == NULL)
		return OBJECTS_BUSY;
	record = find(shard, key, hash, &room);
	if (record != NULL) {
		*old = block_of(record);
		write_record(record, key, &nothing);
		shard->n_live--;
	}
	unlock_shard(shard);
	return OBJECTS_DONE;
}

enum objects_result
objects_retrace(const struct object_key *key, const struct block *new,
    struct block *old)
{
	uint64_t hash = hash_key(key->address, key->domain);
	struct shard *shard = lock_shard(hash, key->thread);
	struct object_record *record;
	struct block block = *new;
	uint32_t *room;

	old->traceback = 0;
	if (shard == NULL)
		return OBJECTS_BUSY;
	record = find(shard, key, hash, &room);
	if (record != NULL) {
		*old = block_of(record);
		block.size = old->size;
		write_record(record, key, &block);
	}
	unlock_shard(shard);
	return OBJECTS_DONE;
}

enum objects_result
objects_find(const struct object_key *key, struct block *found)
{
	uint64_t hash = hash_key(key->address, key->domain);
	struct shard *shard = lock_shard(hash, key->thread);
	const struct object_record *record;
	uint32_t *room;

	found->traceback = 0;
	if (shard == NULL)
		return OBJECTS_BUSY;
	record = find(shard, key, hash, &room);
	if (record != NULL)
		*found = block_of(record);
	unlock_shard(shard);
	return OBJECTS_DONE;
}

void
objects_abandon(void)
{
	uint32_t i;

	for (i = 0; i < N_SHARDS; i++) {
		if (shards[i].table != NULL)
			sys_munmap(shards[i].table,
			    table_size(shards[i].table->log2));
		shards[i] = (struct shard){ .owner = 0 };
	}
}
