/*
 * read_blocks.c - block records to a list of live blocks (L3).
 *
 * Shape      Malloc's blocks lie in granules, which stand for 16 KiB of
 *            address and one of four lanes; they are visited by address.
 *            Sizes that do not fit a record are looked up in a sorted copy of
 *            their table.  Objects that the program tracks are a list.
 * Why        The rows need counters only, so a refresh never comes here
 *            unless somebody asks for blocks.
 * Invariant  A granule is never read before the file has been asked whether so
 *            many can exist: reading holes of a sparse file would fill them.
 * Limits     A block whose record is being written is missing; one larger
 *            than 256 MiB also while its size is.  What is left of a mapping
 *            that was cut in two is two blocks here, and one in the counters.
 */
#include "reader/read_blocks.h"

#include "base/atomic.h"
#include "util/slice.h"

#define GRANULE_SPAN	((uint64_t)GRANULE_RECORDS << RECORD_STRIDE_SHIFT)
#define MAX_LANES	(RECORD_STRIDE / 8)
#define ADDRESS_END	(UINT64_C(1) << 47)

struct granule_place {
	uint64_t	key;		/* first address | lane */
	uint32_t	id;
};

struct wide {
	uint64_t	address, size;
};

struct visit {
	struct slot_tables *tables;
	block_visitor	*call;
	void		*context;
	VEC(struct granule_place) granules;	/* by key */
	VEC(struct wide) wides;			/* by address */
};

/* ---- one block ---- */

static void
visit_block(const struct visit *v, struct live_block *block,
    uint32_t traceback)
{
	const struct slot_tables *t = v->tables;
	uint32_t place = traceback < t->places.n ?
	    t->places.items[traceback] : 0;

	if (place == 0)
		return;		/* forgotten, or newer than the reading */
	block->trace = place - 1;
	v->call(v->context, block);
}

static int
compare_wides(const void *a, const void *b)
{
	const struct wide *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static bool
find_wide(const struct visit *v, uint64_t address, uint64_t *size)
{
	struct wide key = { .address = address }, *found = NULL;

	if (v->wides.n > 0)
		found = bsearch(&key, v->wides.items, v->wides.n, sizeof key,
		    compare_wides);
	if (found == NULL)
		return false;
	*size = found->size;
	return true;
}

static void
visit_record(const struct visit *v, uint64_t record, uint64_t address)
{
	uint32_t traceback = (uint32_t)(record >> RECORD_TRACEBACK_SHIFT) &
	    RECORD_TRACEBACK_MASK;
	struct live_block block = {
		.address = address,
		.size = record >> RECORD_SIZE_SHIFT & RECORD_SIZE_MASK,
		.generation = (uint32_t)(record & RECORD_GENERATION_MASK),
	};

	if (traceback == 0 || (block.size == RECORD_SIZE_WIDE &&
	    !find_wide(v, address, &block.size)))
		return;
	visit_block(v, &block, traceback);
}

/* ---- malloc's ---- */

static int
compare_granules(const void *a, const void *b)
{
	const struct granule_place *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static void
list_granules(struct visit *v)
{
	struct slot_tables *t = v->tables;
	uint32_t n = slot_count(t, SECTION_GRANULES), id;
	struct granule_place place;
	const uint64_t *key;

	if (!slot_can_have(t, SECTION_GRANULES, n)) {
		slot_corrupt(t, "%u pages of blocks, more than there are", n);
		return;
	}
	for (id = 1; id < n; id++) {
		slice_point_at(id);
		key = slot_element(t, SECTION_GRANULE_KEYS, id);
		if (key == NULL)
			continue;
		/* ORDER granule-key: other end make_granule(). */
		place = (struct granule_place){ load_acquire(key), id };
		if (place.key == 0)
			continue;
		if (place.key >= ADDRESS_END ||
		    place.key % GRANULE_SPAN >= MAX_LANES) {
			slot_corrupt(t, "blocks at %#llx",
			    (unsigned long long)place.key);
			continue;
		}
		vec_push(&v->granules, place);
	}
	if (v->granules.n > 1)
		qsort(v->granules.items, v->granules.n,
		    sizeof v->granules.items[0], compare_granules);
}

/* The lanes of one piece of address, from the i-th granule on; returns how
 * many granules those were. */
static size_t
visit_lanes(const struct visit *v, size_t i)
{
	uint64_t first = v->granules.items[i].key & ~(GRANULE_SPAN - 1);
	const uint64_t *lanes[MAX_LANES] = { NULL };
	const struct granule *granule;
	uint64_t record;
	size_t n = 0;

	for (; i + n < v->granules.n &&
	    v->granules.items[i + n].key - first < MAX_LANES; n++) {
		granule = slot_element(v->tables, SECTION_GRANULES,
		    v->granules.items[i + n].id);
		if (granule != NULL)
			lanes[v->granules.items[i + n].key - first] =
			    granule->records;
	}
	for (uint32_t at = 0; at < GRANULE_RECORDS; at++)
		for (uint32_t lane = 0; lane < MAX_LANES; lane++) {
			if (lanes[lane] == NULL)
				continue;
			record = load_relaxed(&lanes[lane][at]);
			if (record != 0)
				visit_record(v, record, (first +
				    at * RECORD_STRIDE + lane * 8) |
				    (record & RECORD_ODD ? RECORD_ODD_BIT :
				    0));
		}
	return n;
}

static void
list_wides(struct visit *v)
{
	const struct large_record *shared;
	struct wide wide;

	for (uint32_t i = 0; i < slot_per_chunk(SECTION_LARGE); i++) {
		shared = slot_element(v->tables, SECTION_LARGE, i);
		if (shared == NULL)
			return;
		wide.address = load_acquire(&shared->address);
		wide.size = load_relaxed(&shared->size);
		if (wide.address > 1)
			vec_push(&v->wides, wide);
	}
	if (v->wides.n > 1)
		qsort(v->wides.items, v->wides.n, sizeof v->wides.items[0],
		    compare_wides);
}

/* ---- the program's own ---- */

/* False: none, or it is being changed. */
static bool
read_object(const struct object_record *shared, struct live_block *block,
    uint32_t *traceback)
{
	/* ORDER object: other end write_record() of the hook. */
	uint32_t sequence = load_acquire(&shared->sequence);

	*block = (struct live_block){
		.address = load_relaxed(&shared->address),
		.size = load_relaxed(&shared->size),
		.generation = load_relaxed(&shared->generation) &
		    (uint32_t)RECORD_GENERATION_MASK,
	};
	*traceback = load_relaxed(&shared->traceback);
	fence_acquire();
	return *traceback != 0 && (sequence & 1) == 0 &&
	    load_relaxed(&shared->sequence) == sequence;
}

static void
visit_objects(const struct visit *v)
{
	uint32_t n = slot_count(v->tables, SECTION_OBJECTS), id, traceback;
	const struct object_record *shared;
	struct live_block block;

	if (!slot_can_have(v->tables, SECTION_OBJECTS, n)) {
		slot_corrupt(v->tables, "%u objects, more than there are", n);
		return;
	}
	for (id = 1; id < n; id++) {
		slice_point_at(id);
		shared = slot_element(v->tables, SECTION_OBJECTS, id);
		if (shared != NULL && read_object(shared, &block, &traceback))
			visit_block(v, &block, traceback);
	}
}

/* ---- mappings ---- */

static void
visit_range(const struct visit *v, const struct large_record *shared)
{
	/* ORDER range: other ends mappings_put(), mappings_take(). */
	uint64_t address = load_acquire(&shared->address);
	uint32_t traceback = load_relaxed(&shared->traceback);
	struct live_block block = {
		.address = address,
		.size = load_relaxed(&shared->size),
		.generation = load_relaxed(&shared->generation),
	};

	fence_acquire();
	/* Nobody has taken it out meanwhile. */
	if (address > 1 && load_relaxed(&shared->address) == address)
		visit_block(v, &block, traceback);
}

static void
visit_ranges(const struct visit *v)
{
	uint32_t n = slot_per_chunk(SECTION_RANGES), i;
	const void *shared;

	for (i = 0; i < n && (shared = slot_element(v->tables, SECTION_RANGES,
	    i)) != NULL; i++)
		visit_range(v, shared);
}

/* ---- all ---- */

void
slot_tables_visit_blocks(struct slot_tables *t, block_visitor *call,
    void *context)
{
	struct visit v = { .tables = t, .call = call, .context = context };
	size_t i;

	list_wides(&v);
	list_granules(&v);
	for (i = 0; i < v.granules.n; i += visit_lanes(&v, i))
		slice_point_at(i);
	visit_objects(&v);
	visit_ranges(&v);
	vec_fini(&v.granules);
	vec_fini(&v.wides);
}

/* ---- order ---- */

static int
compare_addresses(const void *a, const void *b)
{
	const struct live_block *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Nearly always they are in order. */
static void
sort_addresses(struct live_block *blocks, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (blocks[i - 1].address > blocks[i].address) {
			qsort(blocks, n, sizeof *blocks, compare_addresses);
			return;
		}
}

void
live_blocks_sort(struct live_block *blocks, size_t n, uint32_t n_traces)
{
	struct live_block *copy;
	size_t *ends, i;

	if (n == 0)
		return;
	copy = xreallocarray(NULL, n, sizeof *copy);
	ends = xcalloc((size_t)n_traces + 1, sizeof *ends);
	memcpy(copy, blocks, n * sizeof *copy);
	for (i = 0; i < n; i++)
		ends[blocks[i].trace + 1]++;
	for (i = 0; i < n_traces; i++)
		ends[i + 1] += ends[i];
	/* From here on ends[] are where each trace's next block goes. */
	for (i = 0; i < n; i++) {
		slice_point_at(i);
		blocks[ends[copy[i].trace]++] = copy[i];
	}
	for (i = 0; i < n_traces; i++)
		sort_addresses(blocks + (i > 0 ? ends[i - 1] : 0),
		    ends[i] - (i > 0 ? ends[i - 1] : 0));
	free(ends);
	free(copy);
}
