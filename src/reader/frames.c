/*
 * frames.c - interning of modules, locations and raw stacks (L3).
 *
 * Shape      Three arrays whose index is the id, each with an index of
 *            hashes beside it.
 * Limits     2^30 of each; a run that comes near ends tmtop for memory long
 *            before.
 */
#include "reader/frames.h"

#include "base/hash.h"
#include "util/idmap.h"
#include "util/vec.h"

#define MAX_MODULE_PATH	4096

struct frame_store {
	VEC(struct code_module)		modules;
	VEC(struct code_location)	locations;
	VEC(struct code_stack)		stacks;
	struct idmap			module_map, location_map, stack_map;
};

struct frame_store *
frame_store_new(void)
{
	struct frame_store *store = xcalloc(1, sizeof(*store));

	vec_push(&store->modules, (struct code_module){
	    .path = xstrdup(""), .root = "" });
	vec_push(&store->locations, (struct code_location){ .offset = 0 });
	vec_push(&store->stacks, (struct code_stack){ .parent = 0 });
	return store;
}

void
frame_store_free(struct frame_store *store)
{
	size_t i;

	if (store == NULL)
		return;
	for (i = 0; i < store->modules.n; i++)
		free((char *)store->modules.items[i].path);
	vec_fini(&store->modules);
	vec_fini(&store->locations);
	vec_fini(&store->stacks);
	idmap_fini(&store->module_map);
	idmap_fini(&store->location_map);
	idmap_fini(&store->stack_map);
	free(store);
}

static bool
same_module(const void *table, uint32_t id, const void *key)
{
	const struct frame_store *store = table;
	const struct code_module *a = &store->modules.items[id], *b = key;

	return a->build_id_size == b->build_id_size &&
	    memcmp(a->build_id, b->build_id, b->build_id_size) == 0 &&
	    strcmp(a->path, b->path) == 0;
}

/* path is borrowed. */
static struct code_module
make_module(const char *path, const uint8_t *build_id, size_t build_id_size)
{
	struct code_module module = { .path = path, .root = "" };

	assert(strlen(path) <= MAX_MODULE_PATH);
	if (build_id_size > sizeof(module.build_id))
		build_id_size = sizeof(module.build_id);
	module.build_id_size = (uint8_t)build_id_size;
	if (build_id_size > 0)
		memcpy(module.build_id, build_id, build_id_size);
	return module;
}

uint32_t
frame_store_add_module(struct frame_store *store, const char *path,
    const uint8_t *build_id, size_t build_id_size)
{
	struct code_module module = make_module(path, build_id,
	    build_id_size);

	module.path = xstrdup(path);
	vec_push(&store->modules, module);
	return (uint32_t)store->modules.n - 1;
}

uint32_t
frame_store_module(struct frame_store *store, const char *path,
    const uint8_t *build_id, size_t build_id_size)
{
	struct code_module module = make_module(path, build_id,
	    build_id_size);
	uint64_t hash = hash_bytes(path, strlen(path));
	uint32_t id;

	hash = hash_add(hash, hash_bytes(module.build_id,
	    module.build_id_size));
	id = idmap_find(&store->module_map, hash, same_module, store, &module);
	if (id != IDMAP_NONE)
		return id;
	id = frame_store_add_module(store, path, build_id, build_id_size);
	idmap_add(&store->module_map, hash, id);
	return id;
}

static bool
same_location(const void *table, uint32_t id, const void *key)
{
	const struct frame_store *store = table;
	const struct code_location *a = &store->locations.items[id], *b = key;

	return a->offset == b->offset && a->module == b->module &&
	    a->kind == b->kind;
}

uint32_t
frame_store_add_location(struct frame_store *store, uint32_t module,
    uint64_t offset, enum location_kind kind)
{
	assert(module < store->modules.n);
	vec_push(&store->locations,
	    (struct code_location){ offset, module, kind });
	return (uint32_t)store->locations.n - 1;
}

uint32_t
frame_store_location(struct frame_store *store, uint32_t module,
    uint64_t offset, enum location_kind kind)
{
	struct code_location location = { offset, module, kind };
	uint64_t hash = hash_add(hash_word(offset),
	    (uint64_t)module << 8 | kind);
	uint32_t id;

	id = idmap_find(&store->location_map, hash, same_location, store,
	    &location);
	if (id != IDMAP_NONE)
		return id;
	id = frame_store_add_location(store, module, offset, kind);
	idmap_add(&store->location_map, hash, id);
	return id;
}

static bool
same_stack(const void *table, uint32_t id, const void *key)
{
	const struct frame_store *store = table;
	const struct code_stack *a = &store->stacks.items[id], *b = key;

	return a->parent == b->parent && a->location == b->location;
}

uint32_t
frame_store_add_stack(struct frame_store *store, uint32_t parent,
    uint32_t location)
{
	assert(parent < store->stacks.n && location < store->locations.n);
	vec_push(&store->stacks, (struct code_stack){ parent, location });
	return (uint32_t)store->stacks.n - 1;
}

uint32_t
frame_store_stack(struct frame_store *store, uint32_t parent,
    uint32_t location)
{
	struct code_stack stack = { parent, location };
	uint64_t hash = hash_word((uint64_t)parent << 32 | location);
	uint32_t id;

	id = idmap_find(&store->stack_map, hash, same_stack, store, &stack);
	if (id != IDMAP_NONE)
		return id;
	id = frame_store_add_stack(store, parent, location);
	idmap_add(&store->stack_map, hash, id);
	return id;
}

const struct code_module *
frame_store_get_module(const struct frame_store *store, uint32_t id)
{
	assert(id < store->modules.n);
	return &store->modules.items[id];
}

const struct code_location *
frame_store_get_location(const struct frame_store *store, uint32_t id)
{
	assert(id < store->locations.n);
	return &store->locations.items[id];
}

const struct code_stack *
frame_store_get_stack(const struct frame_store *store, uint32_t id)
{
	assert(id < store->stacks.n);
	return &store->stacks.items[id];
}

uint32_t
frame_store_n_modules(const struct frame_store *store)
{
	return (uint32_t)store->modules.n;
}

uint32_t
frame_store_n_locations(const struct frame_store *store)
{
	return (uint32_t)store->locations.n;
}

uint32_t
frame_store_n_stacks(const struct frame_store *store)
{
	return (uint32_t)store->stacks.n;
}
