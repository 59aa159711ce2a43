/*
 * stacks.c - resolved tracebacks as a tree of source frames (L5).
 *
 * Shape      Three interned tables, each an array with an idmap over it:
 *            locations (what rows are grouped by), frames (a location and a
 *            function), nodes (a frame and the caller's node).  Identities
 *            are computed from the bytes of names when a frame is new, and
 *            of nodes from their parent's, so that they cost one hash step
 *            per node and nothing per refresh.
 * Why        Dense ids of locations and nodes make every grouping an index
 *            into an array: no hashing per trace.
 */
#include "query/stacks.h"

#include "base/hash.h"
#include "util/idmap.h"
#include "util/vec.h"

#include <assert.h>

struct location {
	uint32_t	file, line;
	uint64_t	offset;		/* 0 where there is a line */
};

struct stacks {
	const struct names	*names;
	VEC(struct location)	 locations;
	VEC(struct stack_frame)	 frames;
	VEC(struct stack_node)	 nodes;
	VEC(uint64_t)		 identities;	/* of nodes */
	struct idmap		 location_ids, frame_ids, node_ids;
};

/* Without a line only the offset tells two calls of a module apart. */
static struct location
location_of(const struct symbol_frame *frame)
{
	bool has_line = frame->line != 0 || !(frame->flags & SYMBOL_NO_LINE);

	return (struct location){
		.file = frame->file,
		.line = frame->line,
		.offset = has_line ? 0 : frame->offset,
	};
}

static bool
is_same_location(const void *table, uint32_t id, const void *key)
{
	const struct stacks *stacks = table;
	const struct location *a = &stacks->locations.items[id], *b = key;

	return a->file == b->file && a->line == b->line &&
	    a->offset == b->offset;
}

static uint32_t
intern_location(struct stacks *stacks, const struct location *location)
{
	uint64_t hash = hash_add(hash_word(
	    (uint64_t)location->file << 32 | location->line),
	    location->offset);
	uint32_t id = idmap_find(&stacks->location_ids, hash,
	    is_same_location, stacks, location);

	if (id != IDMAP_NONE)
		return id;
	id = (uint32_t)stacks->locations.n;
	vec_push(&stacks->locations, *location);
	idmap_add(&stacks->location_ids, hash, id);
	return id;
}

static uint64_t
hash_name(const struct stacks *stacks, uint32_t name)
{
	size_t size;
	const char *raw = name_raw(stacks->names, name, &size);

	return hash_bytes(raw, size);
}

struct frame_key {
	uint32_t	location, function;
};

static bool
is_same_frame(const void *table, uint32_t id, const void *key)
{
	const struct stacks *stacks = table;
	const struct stack_frame *frame = &stacks->frames.items[id];
	const struct frame_key *wanted = key;

	return frame->location == wanted->location &&
	    frame->symbol.function == wanted->function;
}

uint32_t
stacks_intern(struct stacks *stacks, const struct symbol_frame *frame)
{
	struct location location = location_of(frame);
	struct frame_key key = {
		.location = intern_location(stacks, &location),
		.function = frame->function,
	};
	uint64_t hash = hash_word((uint64_t)key.location << 32 |
	    key.function);
	uint32_t id = idmap_find(&stacks->frame_ids, hash, is_same_frame,
	    stacks, &key);
	uint64_t identity;

	assert(frame->file < names_count(stacks->names));
	assert(frame->function < names_count(stacks->names));
	if (id != IDMAP_NONE)
		return id;
	identity = hash_add(hash_add(hash_name(stacks, location.file),
	    location.line), location.offset);
	id = (uint32_t)stacks->frames.n;
	vec_push(&stacks->frames, (struct stack_frame){
		.symbol = *frame,
		.identity = identity,
		.contents = hash_add(identity,
		    hash_name(stacks, key.function)),
		.location = key.location,
	});
	idmap_add(&stacks->frame_ids, hash, id);
	return id;
}

static bool
is_same_node(const void *table, uint32_t id, const void *key)
{
	const struct stacks *stacks = table;
	const struct stack_node *node = &stacks->nodes.items[id];
	const struct stack_node *wanted = key;

	return node->parent == wanted->parent && node->frame == wanted->frame;
}

uint32_t
stacks_child(struct stacks *stacks, uint32_t parent, uint32_t frame_id)
{
	struct stack_node node = { .parent = parent, .frame = frame_id };
	uint64_t hash = hash_word((uint64_t)parent << 32 | frame_id);
	uint32_t id = idmap_find(&stacks->node_ids, hash, is_same_node,
	    stacks, &node);
	const struct stack_frame *frame;

	assert(parent < stacks->nodes.n && frame_id < stacks->frames.n);
	if (id != IDMAP_NONE)
		return id;
	id = (uint32_t)stacks->nodes.n;
	assert(id != IDMAP_NONE && parent < id);
	node.depth = stacks->nodes.items[parent].depth + 1;
	frame = &stacks->frames.items[frame_id];
	vec_push(&stacks->nodes, node);
	vec_push(&stacks->identities,
	    hash_add(stacks->identities.items[parent], frame->contents));
	idmap_add(&stacks->node_ids, hash, id);
	return id;
}

uint32_t
stacks_push(struct stacks *stacks, uint32_t parent,
    const struct symbol_frame *frame)
{
	return stacks_child(stacks, parent, stacks_intern(stacks, frame));
}

/* The empty traceback and its frame. */
static void
add_root(struct stacks *stacks)
{
	static const struct symbol_frame unknown = {
		.file = NAME_UNKNOWN, .function = NAME_UNKNOWN,
		.module = NAME_UNKNOWN,
	};
	uint32_t frame = stacks_intern(stacks, &unknown);

	assert(frame == 0 && stacks->nodes.n == 0);
	vec_push(&stacks->nodes, (struct stack_node){ .frame = frame });
	vec_push(&stacks->identities, stacks->frames.items[frame].identity);
}

struct stacks *
stacks_new(const struct names *names)
{
	struct stacks *stacks = xcalloc(1, sizeof *stacks);

	stacks->names = names;
	add_root(stacks);
	return stacks;
}

void
stacks_clear(struct stacks *stacks)
{
	idmap_clear(&stacks->location_ids);
	idmap_clear(&stacks->frame_ids);
	idmap_clear(&stacks->node_ids);
	vec_clear(&stacks->locations);
	vec_clear(&stacks->frames);
	vec_clear(&stacks->nodes);
	vec_clear(&stacks->identities);
	add_root(stacks);
}

void
stacks_free(struct stacks *stacks)
{
	if (stacks == NULL)
		return;
	idmap_fini(&stacks->location_ids);
	idmap_fini(&stacks->frame_ids);
	idmap_fini(&stacks->node_ids);
	vec_fini(&stacks->locations);
	vec_fini(&stacks->frames);
	vec_fini(&stacks->nodes);
	vec_fini(&stacks->identities);
	free(stacks);
}

uint32_t
stacks_count(const struct stacks *stacks)
{
	return (uint32_t)stacks->nodes.n;
}

uint32_t
stacks_parent(const struct stacks *stacks, uint32_t node)
{
	assert(node < stacks->nodes.n);
	return stacks->nodes.items[node].parent;
}

uint32_t
stacks_depth(const struct stacks *stacks, uint32_t node)
{
	assert(node < stacks->nodes.n);
	return stacks->nodes.items[node].depth;
}

const struct symbol_frame *
stacks_frame(const struct stacks *stacks, uint32_t node)
{
	assert(node < stacks->nodes.n);
	assert(stacks->nodes.items[node].frame < stacks->frames.n);
	return &stacks->frames.items[stacks->nodes.items[node].frame].symbol;
}

uint64_t
stacks_identity(const struct stacks *stacks, uint32_t node)
{
	assert(node < stacks->identities.n);
	return stacks->identities.items[node];
}

const struct names *
stacks_names(const struct stacks *stacks)
{
	return stacks->names;
}

struct stack_tables
stacks_tables(const struct stacks *stacks)
{
	assert(stacks->identities.n == stacks->nodes.n);
	return (struct stack_tables){
		.nodes = stacks->nodes.items,
		.frames = stacks->frames.items,
		.n_nodes = (uint32_t)stacks->nodes.n,
		.n_frames = (uint32_t)stacks->frames.n,
		.n_locations = (uint32_t)stacks->locations.n,
	};
}
