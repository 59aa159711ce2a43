/*
 * tsan_tables.c - threads that write the hook's tables at once, and a reader
 * beside them; built with ThreadSanitizer by tests/hooks/tsan.test.
 *
 *	tsan_tables OPERATIONS
 *
 * Threads intern stacks, some the same as the others' and some of their own,
 * count at them, and put and take blocks and objects that lie side by side;
 * blocks change hands, and some objects are named by all.  The reader follows every traceback to its outermost frame and adds
 * up its counters at all moments, as a viewer does; it takes marks, resets the
 * peak and has tags forgotten.  At the end the tables must hold what the
 * threads say they hold.
 *
 * Limits     A reader in another process has mappings of its own, which no
 *            sanitizer follows: this one uses the writers'.
 */
#include "base/atomic.h"
#include "reader/read_counters.h"
#include "tables/blocks.h"
#include "tables/counters.h"
#include "tables/objects.h"
#include "tables/region.h"
#include "tables/segment.h"
#include "tables/tree.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define N_THREADS	4
#define N_HELD		500	/* by a thread */
#define N_SHARED	200	/* stacks of all threads; as many of each */
#define MAX_DEPTH	12
#define FIRST_ADDRESS	0x10000000ull

/* A place for a block; who has it owns the record.  A third are objects of
 * the program's own. */
struct place {
	uintptr_t	address;
	bool		is_live, is_object;
};

struct writer_thread {
	pthread_t	thread;
	struct writer	writer;
	uint64_t	random;
	uint64_t	bytes, blocks;	/* came alive less died: wraps */
	struct place	held[N_HELD];
	unsigned	id;
};

static struct lobby_map lobby;
static struct writer_thread writers[N_THREADS];
static struct place pool[N_HELD];
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned n_operations;
static uint32_t n_working = N_THREADS;
static uint64_t n_walked;

static unsigned
next_random(uint64_t *state, unsigned below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*state >> 33) % below;
}

static void
need(bool condition, const char *what)
{
	if (condition)
		return;
	printf("not so: %s\n", what);
	exit(1);
}

/* ---- writers ---- */

static tree_tag
tag_of(const struct tree_key *key)
{
	return (tree_tag)key->offset << 16 | key->module_kind;
}

/* Stack `number` of a thread's own (owner > 0) or of all: the same frames
 * whoever interns it. */
static uint32_t
intern(unsigned owner, unsigned number)
{
	uint64_t state = number * 977u + owner * 1000003u + 1;
	unsigned depth = 1 + next_random(&state, MAX_DEPTH), i;
	uint32_t node = 0;

	for (i = 0; i < depth; i++) {
		struct tree_key key = {
			.offset = 0x1000 + next_random(&state, 8) * 16 + owner,
			.module_kind = 1 << NODE_MODULE_SHIFT | NODE_CALL,
		};

		node = tree_child(node, &key, tag_of(&key));
		need(node != 0, "there is room for a node");
	}
	return tree_traceback(node, load_relaxed(&lobby.control->clear_epoch),
	    0, depth);
}

static struct object_key
key_of(const struct writer_thread *w, const struct place *place)
{
	return (struct object_key){ .address = place->address, .domain = 2,
	    .thread = w->id + 1 };
}

static bool
put(struct writer_thread *w, struct place *place, const struct block *block)
{
	struct object_key key = key_of(w, place);
	struct block old;

	place->is_object = next_random(&w->random, 3) == 0;
	if (!place->is_object)
		return blocks_put(place->address, block);
	return objects_put(&key, block, &old) == OBJECTS_DONE &&
	    old.traceback == 0;
}

static void
take(struct writer_thread *w, struct place *place, struct block *block)
{
	struct object_key key = key_of(w, place);

	if (place->is_object)
		need(objects_take(&key, block) == OBJECTS_DONE,
		    "an object can be taken");
	else
		blocks_take(place->address, block);
}

static void
bring_alive(struct writer_thread *w, struct place *place)
{
	unsigned owner = next_random(&w->random, 2) * (w->id + 1);
	struct block block = {
		.size = next_random(&w->random, 5000),
		.traceback = intern(owner, next_random(&w->random, N_SHARED)),
	};

	if (next_random(&w->random, 50) == 0)
		block.size += 1ull << 30;	/* not in a record */
	need(block.traceback != 0, "there is room for a traceback");
	need(put(w, place, &block), "there is room for a block");
	counters_add(&w->writer, block.traceback,
	    (struct amount){ block.size, 1 });
	place->is_live = true;
	w->bytes += block.size;
	w->blocks++;
}

static void
let_die(struct writer_thread *w, struct place *place)
{
	struct block block;

	take(w, place, &block);
	need(block.traceback != 0, "a live block has a record");
	counters_remove(&w->writer, block.traceback,
	    (struct amount){ block.size, 1 }, next_random(&w->random, 2) == 0);
	place->is_live = false;
	w->bytes -= block.size;
	w->blocks--;
}

static void
swap(struct place *mine, struct place *other)
{
	struct place place;

	pthread_mutex_lock(&pool_lock);
	place = *other;
	*other = *mine;
	*mine = place;
	pthread_mutex_unlock(&pool_lock);
}

static void
take_writer(struct writer_thread *w)
{
	w->writer = (struct writer){
		.control = lobby.control,
		/* One has to do without. */
		.own = w->id == 0 ? NULL :
		    deltas_take(lobby.control, w->id + 1),
	};
}

static void
give_writer(struct writer_thread *w)
{
	if (w->writer.own != NULL)
		deltas_give(lobby.control, w->writer.own);
}

/* All name the same objects: nobody knows what is there. */
static void
quarrel(struct writer_thread *w)
{
	struct object_key key = { .address = next_random(&w->random, 20),
	    .domain = 3, .thread = w->id + 1 };
	struct block block = { .size = 1, .traceback = intern(0, 1) }, old;

	switch (next_random(&w->random, 4)) {
	case 0:
		objects_put(&key, &block, &old);
		break;
	case 1:
		objects_take(&key, &old);
		break;
	case 2:
		objects_retrace(&key, &block, &old);
		break;
	default:
		objects_find(&key, &old);
	}
	need(old.traceback == 0 || old.size == 1, "an object is whole");
}

static void *
write_tables(void *argument)
{
	struct writer_thread *w = argument;
	unsigned i;

	take_writer(w);
	for (i = 0; i < n_operations; i++) {
		struct place *place = &w->held[next_random(&w->random,
		    N_HELD)];

		if (next_random(&w->random, 8) == 0)
			swap(place, &pool[next_random(&w->random, N_HELD)]);
		else if (place->is_live)
			let_die(w, place);
		else
			bring_alive(w, place);
		quarrel(w);
		/* As if the thread had ended and another begun. */
		if (next_random(&w->random, 2000) == 0) {
			give_writer(w);
			take_writer(w);
		}
	}
	give_writer(w);
	sub_relaxed(&n_working, 1);
	return NULL;
}

/* Neighbours' records share pages and granules. */
static void
hand_out_places(void)
{
	unsigned i, k;

	for (i = 0; i < N_HELD; i++) {
		for (k = 0; k < N_THREADS; k++)
			writers[k].held[i].address = FIRST_ADDRESS +
			    (i * (N_THREADS + 1) + k) * 32;
		pool[i].address = FIRST_ADDRESS +
		    (i * (N_THREADS + 1) + N_THREADS) * 32;
	}
}

/* ---- the reader ---- */

static const struct traceback *
traceback_at(uint32_t id)
{
	uint32_t chunk = DIRECTORY_TRACEBACKS +
	    id / REGION_PER_CHUNK_TRACEBACKS;

	/* ORDER chunk-publish: as the reader of another process. */
	if (load_acquire(&region_header->directory[chunk]) == 0)
		return NULL;
	return region_at(TRACEBACKS, struct traceback, id);
}

static void
walk(uint32_t id)
{
	const struct node *node;
	unsigned depth;

	for (depth = 0; id != 0; depth++) {
		node = region_at(NODES, struct node, id);
		need(node->parent < id, "parents have smaller ids");
		need(node->module_kind >> NODE_MODULE_SHIFT == 1 &&
		    node->offset >= 0x1000, "a node is complete");
		id = node->parent;
	}
	need(depth <= MAX_DEPTH, "no stack is deeper than it was");
	n_walked++;
}

static void
list_deltas(struct delta_refs *refs)
{
	uint32_t n = load_relaxed(
	    &region_header->sections[SECTION_DELTAS].n_used), id, i;
	struct delta_ref ref;

	vec_clear(&refs->list);
	for (id = 1; id < n; id++)
		for (i = 0; i < DELTA_ENTRIES; i++) {
			ref.shared = &region_at(DELTAS, struct delta_block,
			    id)->entries[i];
			ref.traceback = load_relaxed(&ref.shared->traceback);
			if (ref.traceback != 0)
				vec_push(&refs->list, ref);
		}
	delta_refs_sort(refs);
}

/* All tracebacks; what is live of them at this moment. */
static struct counters
read_tables(enum reader_moment kind)
{
	uint32_t n = load_relaxed(
	    &region_header->sections[SECTION_TRACEBACKS].n_used), i, node;
	struct moment moment = { .kind = kind, .patience = MOMENT_PATIENCE,
	    .mark_epoch = load_relaxed(&lobby.control->mark_epoch) &
	    PAIR_EPOCH_MASK,
	    .peak_epoch = load_relaxed(&region_header->peak_epoch) };
	struct delta_refs refs = { VEC_INIT };
	struct counters one, sum = { 0 };
	const struct traceback *t;
	size_t from, to = 0;

	list_deltas(&refs);
	for (i = 1; i < n; i++) {
		for (from = to; to < refs.list.n &&
		    refs.list.items[to].traceback == i;)
			to++;
		t = traceback_at(i);
		/* ORDER traceback-publish: as the reader of another process. */
		if (t == NULL || (node = load_acquire(&t->node)) == 0)
			continue;
		walk(node);
		counters_read(&one, t, refs.list.items + from, to - from,
		    &moment);
		sum.size += one.size;
		sum.count += one.count;
	}
	vec_fini(&refs.list);
	return sum;
}

/* Live objects, each read as a whole: as the reader of another process. */
static void
read_objects(void)
{
	uint32_t n = load_relaxed(
	    &region_header->sections[SECTION_OBJECTS].n_used), id;
	struct object_record *shared;
	uint32_t sequence, domain;
	uint64_t address;

	for (id = 1; id < n && id < REGION_PER_CHUNK_OBJECTS; id++) {
		if (load_acquire(&region_header->directory[
		    DIRECTORY_OBJECTS]) == 0)
			return;
		shared = region_at(OBJECTS, struct object_record, id);
		/* ORDER object: other end write_record(). */
		sequence = load_acquire(&shared->sequence);
		address = load_relaxed(&shared->address);
		domain = load_relaxed(&shared->domain);
		fence_acquire();
		if ((sequence & 1) == 0 && sequence > 0 &&
		    load_relaxed(&shared->sequence) == sequence)
			need(domain == (address < 20 ? 3 : 2),
			    "an object's record is of one object");
	}
}

static void
read_meanwhile(void)
{
	unsigned n;

	for (n = 0; load_relaxed(&n_working) > 0; n++) {
		read_tables(READER_NOW);
		read_tables(READER_MARK);
		read_tables(READER_PEAK);
		read_objects();
		add_relaxed(&lobby.control->mark_epoch, 1);
		if (n % 8 == 0)
			add_relaxed(&lobby.control->peak_reset_epoch, 1);
		if (n % 8 == 4)
			tree_forget_tags();
	}
}

int
main(int argc, char **argv)
{
	struct segment_plan plan = { .nonce = 1 };
	int fd = segment_create(&plan);
	uint64_t bytes = 0, blocks = 0;
	struct counters seen;
	unsigned i;

	n_operations = argc > 1 ? (unsigned)atoi(argv[1]) : 20000;
	need(fd >= 0 && lobby_map_fd(&lobby, fd, true) == 0 &&
	    region_attach(NULL, fd, 0, UINT64_C(1) << 30) == 0, "a segment");
	need(tree_begin(), "a root");
	blocks_init(1);
	hand_out_places();
	for (i = 0; i < N_THREADS; i++) {
		writers[i].id = i;
		writers[i].random = i;
		need(pthread_create(&writers[i].thread, NULL, write_tables,
		    &writers[i]) == 0, "threads");
	}
	read_meanwhile();
	for (i = 0; i < N_THREADS; i++) {
		pthread_join(writers[i].thread, NULL);
		bytes += writers[i].bytes;
		blocks += writers[i].blocks;
	}
	seen = read_tables(READER_NOW);
	printf("threads %lu in %lu\ntables %lu in %lu\nwalked %d\n", bytes,
	    blocks, seen.size, seen.count, n_walked > 1000);
	return bytes != seen.size || blocks != seen.count;
}
