/*
 * tree.c - interning of frames, and tracebacks as leaves (L1).
 *
 * Shape      Nodes lie in the segment.  Beside them, in private memory: per
 *            node its tag, the child found last and the traceback that ends
 *            there; and an index (parent, frame) -> node, cut into shards by
 *            the hash's upper bits, each an open-addressing table of ids that
 *            doubles by itself.
 * Why        A program that allocates in a loop comes down the same path each
 *            time: the remembered child answers without hashing, and its tag
 *            without a look at the node.  Viewers never look for a child, so
 *            the index is not shared and may be dense and grow.  One table
 *            would have to be copied whole in somebody's malloc: of a million
 *            nodes that takes a tenth of a second, of a shard microseconds.
 * Invariant  A node is complete before its id is stored anywhere; a parent's
 *            last_child is always a child of it.  A larger shard is filled
 *            before it is published; a thread that still looks into the old
 *            one misses newer nodes and may make a node twice, nothing worse.
 *            That holds even when the old one's memory serves another shard
 *            meanwhile: whatever id is found, the node itself is compared.
 * Limits     Section capacities; full means id 0 and a counted loss.
 */
#include "tables/tree.h"

#include "base/sys.h"

#define SHARD_BITS	12
#define N_SHARDS	(1u << SHARD_BITS)
#define FIRST_LOG2	3u		/* of a shard's places */
#define MAX_LOG2	15u
#define LOG2_MASK	31u
#define POOL_SIZE	(256ul << 10)	/* of address space; pages come at
					 * first touch */
#define MAX_POOLS	2048u

struct tree_private *tree_privates[REGION_MAX_CHUNKS_NODES];
uint64_t tree_recent[1 << TREE_RECENT_LOG2];

/*
 * Per shard the address of its places (aligned to 32) | log2 of their number;
 * 0 = none yet.  places[0] counts the ids, places[1 ..] hold them, 0 = empty.
 */
static uintptr_t *shards;
static uint8_t *is_growing;		/* per shard */

/* Memory of shards, never given back: what growing leaves behind is less
 * than what is in use. */
static char *pools[MAX_POOLS];
static uint64_t pools_used;		/* bytes, atomic */

/* ---- per node ---- */

static bool
ensure_private(uint32_t node)
{
	struct tree_private **chunk = &tree_privates[node / TREE_CHUNK];
	struct tree_private *p, *expected = NULL;
	size_t size = sizeof(*p) * TREE_CHUNK;

	if (likely(load_acquire(chunk) != NULL))
		return true;
	p = private_map(size);
	if (p == NULL)
		return false;
	if (!cas_acq_rel(chunk, &expected, p))
		private_unmap(p, size);
	return true;
}

static bool
is_node(uint32_t id, uint32_t parent, const struct tree_key *key)
{
	const struct node *node = region_at(NODES, struct node, id);

	return node->offset == key->offset && node->parent == parent &&
	    node->module_kind == key->module_kind;
}

/* A node that another thread was quicker to make; 0: none. */
static uint32_t spare_node;

/* Below this parent: readers rely on a node being younger than its caller. */
static uint32_t
take_spare(uint32_t parent)
{
	uint32_t id = load_relaxed(&spare_node);

	return id > parent && cas_acq_rel(&spare_node, &id, 0) ? id : 0;
}

static uint32_t
node_new(uint32_t parent, const struct tree_key *key)
{
	uint32_t id = take_spare(parent);
	struct node *node;

	if (id == 0)
		id = region_take(SECTION_NODES);
	if (unlikely(id == 0) || unlikely(!ensure_private(id)))
		return 0;
	node = region_at(NODES, struct node, id);
	node->parent = parent;
	node->module_kind = key->module_kind;
	node->offset = key->offset;
	return id;
}

/* ---- memory of shards ---- */

static char *
ensure_pool(uint64_t index)
{
	char *pool, *expected = NULL;

	if (index >= MAX_POOLS)
		return NULL;
	pool = load_acquire(&pools[index]);
	if (pool != NULL)
		return pool;
	pool = private_map(POOL_SIZE);
	if (pool == NULL || cas_acq_rel(&pools[index], &expected, pool))
		return pool;
	private_unmap(pool, POOL_SIZE);
	return expected;
}

/* Zeroed; NULL: no memory. */
static uint32_t *
places_new(uint32_t log2)
{
	size_t size = sizeof(uint32_t) << log2;
	uint64_t at;
	char *pool;

	do
		at = add_relaxed(&pools_used, size);
	while (at % POOL_SIZE + size > POOL_SIZE);
	pool = ensure_pool(at / POOL_SIZE);
	return pool == NULL ? NULL : (uint32_t *)(pool + at % POOL_SIZE);
}

/* ---- shards ---- */

static ATTR_INLINE uint64_t
hash_frame(uint32_t parent, uint32_t module_kind, uint64_t offset)
{
	uint64_t h = (offset ^ (uint64_t)module_kind << 40) *
	    0x9e3779b97f4a7c15ull;

	h ^= h >> 32;
	return (h + parent) * 0xff51afd7ed558ccdull;
}

static ATTR_INLINE uint32_t
shard_of(uint64_t hash)
{
	return (uint32_t)(hash >> (64 - SHARD_BITS));
}

/* Where a search begins; place 0 is the count. */
static ATTR_INLINE uint32_t
first_place(uint64_t hash, uint32_t log2)
{
	return (uint32_t)(hash << SHARD_BITS >> (64 - log2));
}

static ATTR_INLINE uint32_t *
places_in(uintptr_t shard)
{
	return (uint32_t *)(shard & ~(uintptr_t)LOG2_MASK);
}

/* Copy ids that `to` does not hold yet; only the growing thread. */
static void
copy_places(uintptr_t to, uintptr_t from)
{
	uint32_t *source = places_in(from), *target = places_in(to);
	uint32_t log2 = to & LOG2_MASK, mask = (1u << log2) - 1, i, j, id;
	uint32_t expected;

	for (i = 1; i < 1u << (from & LOG2_MASK); i++) {
		const struct node *n;

		/* ORDER node: other end find_or_add(). */
		id = load_acquire(&source[i]);
		if (id == 0)
			continue;
		n = region_at(NODES, struct node, id);
		j = first_place(hash_frame(n->parent, n->module_kind,
		    n->offset), log2);
		for (;; j++) {
			expected = 0;
			if ((j & mask) == 0)
				continue;
			if (cas_acq_rel(&target[j & mask], &expected, id)) {
				add_relaxed(&target[0], 1);
				break;
			}
			if (expected == id)
				break;
		}
	}
}

static ATTR_COLD void
grow(uint32_t number, uintptr_t old)
{
	uint32_t log2 = (old & LOG2_MASK) + 1, *places;
	uint8_t idle = 0;
	uintptr_t larger;

	/* Somebody is at it; there is room meanwhile. */
	if (log2 > MAX_LOG2 || !cas_acq_rel(&is_growing[number], &idle, 1))
		return;
	if (old == load_acquire(&shards[number]) &&
	    (places = places_new(log2)) != NULL) {
		larger = (uintptr_t)places | log2;
		copy_places(larger, old);
		/* ORDER shard: filled before it is seen.
		 * Other end: tree_child(). */
		store_release(&shards[number], larger);
		/* What came in during the first pass. */
		copy_places(larger, old);
	}
	store_release(&is_growing[number], 0);
}

static ATTR_COLD uintptr_t
first_shard(uint32_t number)
{
	uint32_t *places = places_new(FIRST_LOG2);
	uintptr_t expected = 0, shard = (uintptr_t)places | FIRST_LOG2;

	if (places == NULL)
		return 0;
	/* ORDER shard: zeroed before it is seen. Other end: tree_child(). */
	return cas_acq_rel(&shards[number], &expected, shard) ? shard :
	    expected;
}

/* The node in the shard, or a new one put there. */
static uint32_t
find_or_add(uint32_t number, uintptr_t shard, uint64_t hash, uint32_t parent,
    const struct tree_key *key)
{
	uint32_t log2 = shard & LOG2_MASK, mask = (1u << log2) - 1;
	uint32_t *places = places_in(shard), *place, mine = 0, id, n, i;

	i = first_place(hash, log2);
	for (n = 0; n <= mask; n++, i++) {
		place = &places[i & mask];
		if ((i & mask) == 0)
			continue;
		/* ORDER node: other end is the exchange below. */
		id = load_acquire(place);
		if (id == 0) {
			if (mine == 0 && (mine = node_new(parent, key)) == 0)
				return 0;
			/* ORDER node: complete before the id is seen. */
			if (cas_acq_rel(place, &id, mine))
				break;
		}
		if (is_node(id, parent, key)) {
			if (unlikely(mine != 0))
				exchange_acq_rel(&spare_node, mine);
			return id;
		}
	}
	/* Full for a moment, while another thread makes a larger one: a node
	 * that no index knows will be made again, nothing worse. */
	if (n > mask)
		return mine != 0 ? mine : node_new(parent, key);
	if (add_relaxed(&places[0], 1) >= (1u << log2) / 4 * 3 - 1)
		grow(number, shard);
	return mine;
}

bool
tree_begin(void)
{
	size_t size = N_SHARDS * (sizeof(*shards) + sizeof(*is_growing));

	if (!ensure_private(0))
		return false;
	shards = private_map(size);
	is_growing = (uint8_t *)(shards + N_SHARDS);
	return shards != NULL;
}

uint32_t
tree_child(uint32_t parent, const struct tree_key *key, tree_tag tag)
{
	uint64_t hash = hash_frame(parent, key->module_kind, key->offset);
	uint32_t number = shard_of(hash), id;
	/* ORDER shard: other ends grow(), first_shard(). */
	uintptr_t shard = load_acquire(&shards[number]);

	if (unlikely(shard == 0) && (shard = first_shard(number)) == 0)
		return 0;
	id = find_or_add(number, shard, hash, parent, key);
	if (unlikely(id == 0))
		return 0;
	store_relaxed(&tree_private_of(id)->tag, tag);
	/* ORDER last-child: node and tag are complete before it is
	 * remembered.  Other end: tree_last_child(). */
	store_release(&tree_private_of(parent)->last_child, id);
	/* ORDER recent-child: likewise.  Other end: tree_recent_child(). */
	store_release(tree_recent_place(parent, tag),
	    (uint64_t)parent << 32 | id);
	return id;
}

void
tree_forget_tags(void)
{
	uint32_t n = load_relaxed(
	    &region_header->sections[SECTION_NODES].n_used), id;

	for (id = 1; id < n && id / TREE_CHUNK < array_size(tree_privates);
	    id++)
		if (load_acquire(&tree_privates[id / TREE_CHUNK]) != NULL)
			store_relaxed(&tree_private_of(id)->tag, 0);
}

/* ---- tracebacks ---- */

ATTR_COLD uint32_t
tree_traceback_slow(uint32_t node, uint32_t clear_epoch, uint32_t flags,
    uint32_t total_nframe)
{
	struct tree_private *p = tree_private_of(node);
	struct traceback *traceback;
	uint32_t id = region_take(SECTION_TRACEBACKS), found;

	if (id == 0 || id >= MAX_TRACEBACKS)
		return 0;
	traceback = region_at(TRACEBACKS, struct traceback, id);
	traceback->flags = (uint16_t)flags;
	traceback->total_nframe = total_nframe;
	traceback->clear_epoch = clear_epoch;
	/* Before anybody else can count there.
	 * ORDER traceback-publish: other end read_traceback(). */
	store_release(&traceback->node, node);
	found = load_acquire(&p->traceback);
	do
		if (found != 0 && region_at(TRACEBACKS, struct traceback,
		    found)->clear_epoch == clear_epoch) {
			/* Ours stays unused. */
			store_relaxed(&traceback->node, 0);
			return found;
		}
	/* ORDER traceback-private: other end tree_traceback(). */
	while (!cas_acq_rel(&p->traceback, &found, id));
	return id;
}

/* The traceback that has this marker below its innermost frame; 0: no room. */
static uint32_t
marked(struct traceback *t, enum node_kind kind, uint64_t offset)
{
	struct tree_key key = { .offset = offset, .module_kind = kind };
	/* No frame has its tag: kind and a small number for an address. */
	tree_tag tag = offset << 16 | kind;
	uint32_t node = tree_last_child(t->node, tag);

	if (node == 0 && (node = tree_child(t->node, &key, tag)) == 0)
		return 0;
	if (!(load_relaxed(&t->flags) & TRACEBACK_STEM))
		or_relaxed(&t->flags, (uint16_t)TRACEBACK_STEM);
	return tree_traceback(node, t->clear_epoch,
	    load_relaxed(&t->flags) & ~(uint32_t)TRACEBACK_STEM,
	    t->total_nframe);
}

uint32_t
tree_in_domain(uint32_t traceback, uint16_t domain)
{
	uint32_t id = marked(region_at(TRACEBACKS, struct traceback,
	    traceback), NODE_DOMAIN, domain);

	if (id != 0)
		store_relaxed(&region_at(TRACEBACKS, struct traceback,
		    id)->domain, domain);
	return id;
}

uint32_t
tree_in_region(uint32_t traceback, uint32_t region)
{
	return marked(region_at(TRACEBACKS, struct traceback, traceback),
	    NODE_IN_REGION, region);
}

void
tree_abandon(void)
{
	uint32_t i;

	for (i = 0; i < array_size(tree_recent); i++)
		tree_recent[i] = 0;
	/* Holes are possible where a chunk's memory was refused once. */
	for (i = 0; i < array_size(tree_privates); i++)
		if (tree_privates[i] != NULL) {
			sys_munmap(tree_privates[i], sizeof(struct
			    tree_private) * TREE_CHUNK);
			tree_privates[i] = NULL;
		}
	for (i = 0; i <= pools_used / POOL_SIZE && i < MAX_POOLS; i++)
		if (pools[i] != NULL) {
			sys_munmap(pools[i], POOL_SIZE);
			pools[i] = NULL;
		}
	pools_used = 0;
	spare_node = 0;
	if (shards != NULL)
		sys_munmap(shards, N_SHARDS * (sizeof(*shards) +
		    sizeof(*is_growing)));
	shards = NULL;
}
