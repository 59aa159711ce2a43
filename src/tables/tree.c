/*
 * tree.c - interning of frames, and tracebacks as leaves (L1).
 *
 * Shape      Nodes lie in the segment.  Beside them, in private memory: per
 *            node the child found last and the traceback that ends there, and
 *            an open-addressing index (parent, frame) -> node of 32-bit ids.
 * Why        A program that allocates in a loop comes down the same path each
 *            time; the remembered child answers without hashing.  Viewers
 *            never look for a child, so the index is not shared and may be
 *            dense and grow.
 * Invariant  A node is complete before its id is stored anywhere.  A larger
 *            index is filled before it is published; a thread that still
 *            looks into the old one misses newer nodes and may make a node
 *            twice, nothing worse.  The old index is emptied, not unmapped:
 *            a late reader finds nothing there.
 * Limits     Section capacities; full means id 0 and a counted loss.
 */
#include "tables/tree.h"

#include "base/atomic.h"
#include "base/sys.h"
#include "tables/region.h"

#include <sys/mman.h>

#define FIRST_INDEX_SIZE	4096u

struct node_private {
	uint32_t	last_child;
	uint32_t	traceback;
};

struct index {
	uint32_t	mask;		/* size - 1; size is a power of two */
	uint32_t	n_used;		/* atomic */
	size_t		map_size;
	uint32_t	ids[];		/* 0 = empty */
};

static struct node_private *privates[REGION_MAX_CHUNKS_NODES];
static struct index *current_index;
static uint32_t is_growing;

static struct node_private *
private_of(uint32_t node)
{
	return &privates[node / REGION_PER_CHUNK_NODES]
	    [node % REGION_PER_CHUNK_NODES];
}

static bool
ensure_private(uint32_t node)
{
	struct node_private **chunk =
	    &privates[node / REGION_PER_CHUNK_NODES];
	struct node_private *p, *expected = NULL;
	size_t size = sizeof(*p) * REGION_PER_CHUNK_NODES;

	if (likely(load_acquire(chunk) != NULL))
		return true;
	p = private_map(size);
	if (p == NULL)
		return false;
	if (!cas_acq_rel(chunk, &expected, p))
		private_unmap(p, size);
	return true;
}

static uint32_t
hash_frame(uint32_t parent, const struct tree_key *key)
{
	uint64_t h = key->offset * 0x9e3779b97f4a7c15ull;

	h ^= ((uint64_t)key->module_kind << 32 | parent) *
	    0xc2b2ae3d27d4eb4full;
	h ^= h >> 29;
	h *= 0xff51afd7ed558ccdull;
	return (uint32_t)(h >> 32);
}

static bool
is_node(uint32_t id, uint32_t parent, const struct tree_key *key)
{
	const struct node *node = region_at(NODES, struct node, id);

	return node->offset == key->offset && node->parent == parent &&
	    node->module_kind == key->module_kind;
}

static struct index *
index_new(uint32_t size)
{
	size_t map_size = sizeof(struct index) + size * sizeof(uint32_t);
	struct index *index = private_map(map_size);

	if (index == NULL)
		return NULL;
	index->mask = size - 1;
	index->map_size = map_size;
	return index;
}

/* Copy entries that `to` does not hold yet; only the growing thread. */
static void
index_copy(struct index *to, const struct index *from)
{
	uint32_t i, j, id;

	for (i = 0; i <= from->mask; i++) {
		id = load_acquire(&from->ids[i]);
		if (id == 0)
			continue;
		const struct node *n = region_at(NODES, struct node, id);
		struct tree_key key = { n->offset, n->module_kind };
		uint32_t expected;

		for (j = hash_frame(n->parent, &key);; j++) {
			expected = 0;
			if (cas_acq_rel(&to->ids[j & to->mask], &expected, id)) {
				add_relaxed(&to->n_used, 1);
				break;
			}
			if (expected == id)
				break;
		}
	}
}

static ATTR_COLD void
index_grow(struct index *index)
{
	struct index *larger;
	uint32_t idle = 0;

	if (!cas_acq_rel(&is_growing, &idle, 1))
		return;		/* somebody is at it; there is room meanwhile */
	if (index != load_acquire(&current_index) ||
	    (larger = index_new((index->mask + 1) * 2)) == NULL)
		goto out;
	index_copy(larger, index);
	/* ORDER index: filled before it is seen. Other end: tree_child(). */
	store_release(&current_index, larger);
	index_copy(larger, index);	/* what came in during the first pass */
	sys_madvise((char *)index + LAYOUT_PAGE,
	    index->map_size - LAYOUT_PAGE, MADV_DONTNEED);
	sub_relaxed(&region_header->private_bytes,
	    index->map_size - LAYOUT_PAGE);
out:
	store_release(&is_growing, 0);
}

static ATTR_COLD struct index *
first_index(void)
{
	struct index *expected = NULL, *index = index_new(FIRST_INDEX_SIZE);

	if (index == NULL)
		return NULL;
	if (cas_acq_rel(&current_index, &expected, index))
		return index;
	private_unmap(index, index->map_size);
	return expected;
}

static uint32_t
node_new(uint32_t parent, const struct tree_key *key)
{
	uint32_t id = region_take(SECTION_NODES);
	struct node *node;

	if (unlikely(id == 0) || unlikely(!ensure_private(id)))
		return 0;
	node = region_at(NODES, struct node, id);
	node->parent = parent;
	node->module_kind = key->module_kind;
	node->offset = key->offset;
	return id;
}

/* The node in the index, or a new one put there. */
static uint32_t
find_or_add(struct index *index, uint32_t parent, const struct tree_key *key)
{
	uint32_t i = hash_frame(parent, key), id, mine = 0, probes = 0;
	uint32_t *place;

	for (;;) {
		place = &index->ids[i & index->mask];
		/* ORDER node: other end is the exchange below. */
		id = load_acquire(place);
		if (id == 0) {
			if (mine == 0 && (mine = node_new(parent, key)) == 0)
				return 0;
			/* ORDER node: complete before the id is seen. */
			if (cas_acq_rel(place, &id, mine))
				break;
		}
		if (is_node(id, parent, key))
			return id;
		i++;
		/* Full for a moment while another thread grows it. */
		if (++probes > index->mask)
			return 0;
	}
	if (add_relaxed(&index->n_used, 1) > index->mask / 4 * 3)
		index_grow(index);
	return mine;
}

uint32_t
tree_child(uint32_t parent, const struct tree_key *key)
{
	struct node_private *p;
	struct index *index;
	uint32_t id;

	if (unlikely(!ensure_private(parent)))
		return 0;
	p = private_of(parent);
	/* ORDER last-child: other end at the end of this function. */
	id = load_acquire(&p->last_child);
	if (likely(id != 0) && likely(is_node(id, parent, key)))
		return id;
	/* ORDER index: other end index_grow(). */
	index = load_acquire(&current_index);
	if (unlikely(index == NULL) && (index = first_index()) == NULL)
		return 0;
	id = find_or_add(index, parent, key);
	/* ORDER last-child: the node is complete before it is remembered. */
	store_release(&p->last_child, id);
	return id;
}

static ATTR_COLD uint32_t
traceback_new(uint32_t node, uint32_t flags, uint32_t total_nframe)
{
	struct node_private *p = private_of(node);
	struct traceback *traceback;
	uint32_t id = region_take(SECTION_TRACEBACKS), expected = 0;

	if (id == 0 || id >= MAX_TRACEBACKS)
		return 0;
	traceback = region_at(TRACEBACKS, struct traceback, id);
	traceback->flags = flags;
	traceback->total_nframe = total_nframe;
	/* ORDER traceback-private: other end tree_traceback(). */
	if (!cas_acq_rel(&p->traceback, &expected, id))
		return expected;	/* ours stays unused: node is 0 */
	/* ORDER traceback-publish: other end read_tracebacks(). */
	store_release(&traceback->node, node);
	return id;
}

uint32_t
tree_traceback(uint32_t node, uint32_t flags, uint32_t total_nframe)
{
	/* ORDER traceback-private: other end traceback_new(). */
	uint32_t id = load_acquire(&private_of(node)->traceback);

	if (likely(id != 0))
		return id;
	return traceback_new(node, flags, total_nframe);
}

uint32_t
tree_in_domain(uint32_t traceback, uint32_t domain)
{
	const struct traceback *t = region_at(TRACEBACKS, struct traceback,
	    traceback);
	struct tree_key key = { .offset = domain, .module_kind = NODE_DOMAIN };
	uint32_t node = tree_child(t->node, &key), id;

	if (node == 0)
		return 0;
	id = tree_traceback(node, t->flags, t->total_nframe);
	if (id != 0)
		store_relaxed(&region_at(TRACEBACKS, struct traceback,
		    id)->domain, domain);
	return id;
}

void
tree_abandon(void)
{
	uint32_t i;

	/* Holes are possible where a chunk's index was refused once. */
	for (i = 0; i < array_size(privates); i++)
		if (privates[i] != NULL) {
			sys_munmap(privates[i], sizeof(struct node_private) *
			    REGION_PER_CHUNK_NODES);
			privates[i] = NULL;
		}
	if (current_index != NULL)
		sys_munmap(current_index, current_index->map_size);
	current_index = NULL;
	is_growing = 0;
}
