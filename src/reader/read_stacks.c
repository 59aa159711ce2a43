/*
 * read_stacks.c - the modules, frames and stacks of one process (L3).
 *
 * Shape      A node is translated once: its chain of parents up to one that
 *            is known is collected, then interned from there down.
 *            What was allocated in a region of the program's has the region
 *            for its outermost frames.
 * Invariant  A parent's id is smaller than its child's, so that a chain ends;
 *            what breaks that is corrupt.
 */
#include "reader/read_tables.h"

#include "base/atomic.h"
#include "util/names.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_REGION_NAME	64
#define MAX_ROOTED	(16u << 20)

/* ---- modules ---- */

static bool
copy_path(struct slot_tables *t, uint32_t offset, uint32_t size, char *to)
{
	uint32_t per_chunk = slot_per_chunk(SECTION_STRINGS);
	const char *from;

	if (size > NAME_MAX_BYTES || offset >= slot_count(t,
	    SECTION_STRINGS) || offset % per_chunk + size > per_chunk)
		return false;
	from = slot_element(t, SECTION_STRINGS, offset);
	if (from == NULL)
		return false;
	memcpy(to, from, size);
	to[size] = '\0';
	return true;
}

/*
 * ld.so knows a library as it was asked for, "./plugin.so": then it was in
 * the process's folder.  That may have changed since, or be gone with the
 * process; the build-id tells whether it is the right file.
 */
static void
make_absolute(const struct slot_tables *t, char path[NAME_MAX_BYTES + 1])
{
	char folder[PATH_MAX], link[64], whole[NAME_MAX_BYTES + 1];
	ssize_t n;

	if (path[0] == '/' || strchr(path, '/') == NULL)
		return;
	snprintf(link, sizeof link, "/proc/%d/cwd", (int)t->header->pid);
	n = readlink(link, folder, sizeof folder - 1);
	if (n > 0)
		folder[n] = '\0';
	else if (getcwd(folder, sizeof folder) == NULL)
		return;
	if (strncmp(path, "./", 2) == 0)
		memmove(path, path + 2, strlen(path + 2) + 1);
	n = snprintf(whole, sizeof whole, "%s/%s", folder, path);
	if (n > 0 && (size_t)n < sizeof whole)
		memcpy(path, whole, (size_t)n + 1);
}

/* Store id + 1 of the process's module; 0: not complete yet. */
static uint32_t
read_module(struct slot_tables *t, uint32_t id)
{
	const struct module_record *shared = slot_element(t, SECTION_MODULES, id);
	struct module_record record;
	char path[NAME_MAX_BYTES + 1];
	uint32_t path_size;

	if (shared == NULL)
		return 0;
	/* ORDER module-publish: other end record_new() of the hook. */
	path_size = load_acquire(&shared->path_size);
	if (path_size == 0)
		return 0;
	memcpy(&record, shared, sizeof(record));
	if (!copy_path(t, record.path, path_size, path)) {
		slot_corrupt(t, "module %u has no valid path", id);
		return 0;
	}
	make_absolute(t, path);
	if (record.build_id_size > sizeof(record.build_id))
		record.build_id_size = 0;
	return frame_store_module(t->store, path, record.build_id,
	    record.build_id_size) + 1;
}

/* Store id of a module named by a node. */
static bool
module_id(struct slot_tables *t, uint32_t id, uint32_t *result)
{
	if (id == 0) {
		*result = 0;
		return true;
	}
	if (id >= slot_count(t, SECTION_MODULES)) {
		slot_corrupt(t, "a frame names module %u, which is not there", id);
		return false;
	}
	if (id >= t->modules.n)
		vec_push_zeroed(&t->modules, id + 1 - t->modules.n);
	if (t->modules.items[id] == 0)
		t->modules.items[id] = read_module(t, id);
	if (t->modules.items[id] == 0)
		return false;
	*result = t->modules.items[id] - 1;
	return true;
}

/* ---- nodes ---- */

/* A domain marker is no frame. */
static const enum location_kind kind_of_node[NODE_DOMAIN] = {
	[NODE_CALL] = LOCATION_CALL,
	[NODE_SIGNAL] = LOCATION_SIGNAL,
	[NODE_GUESSED] = LOCATION_GUESSED,
	[NODE_CUT] = LOCATION_CUT,
	[NODE_DEEPER] = LOCATION_DEEPER,
};

/* A region looks like a module without a file. */
static bool
region_location(struct slot_tables *t, const struct node *node,
    uint32_t *location)
{
	char path[MAX_REGION_NAME + 3], name[MAX_REGION_NAME + 1];

	if (node->offset >> 32 > MAX_REGION_NAME || !copy_path(t,
	    (uint32_t)node->offset, (uint32_t)(node->offset >> 32), name)) {
		slot_corrupt(t, "a region has no valid name");
		return false;
	}
	snprintf(path, sizeof path, "{%s}", name);
	*location = frame_store_location(t->store, frame_store_module(t->store,
	    path, NULL, 0), 0, LOCATION_REGION);
	return true;
}

static bool
node_location(struct slot_tables *t, const struct node *node,
    uint32_t *location)
{
	uint32_t kind = node->module_kind & NODE_KIND_MASK, module;

	if (kind == NODE_REGION)
		return region_location(t, node, location);
	if (kind >= NODE_DOMAIN) {
		slot_corrupt(t, "a frame of unknown kind %u", kind);
		return false;
	}
	if (!module_id(t, node->module_kind >> NODE_MODULE_SHIFT, &module))
		return false;
	*location = frame_store_location(t->store, module, node->offset,
	    kind_of_node[kind]);
	return true;
}

/* A marker names the thread of all that hangs below it. */
static bool
read_marker(struct slot_tables *t, uint32_t id, const struct node *node)
{
	if ((node->module_kind & NODE_KIND_MASK) != NODE_THREAD)
		return false;
	if (node->parent != 0 || node->offset == 0 ||
	    node->offset >= slot_count(t, SECTION_THREADS)) {
		slot_corrupt(t, "frame %u names a thread that is not there",
		    id);
		return false;
	}
	if (id >= t->owners.n)
		vec_push_zeroed(&t->owners, id + 1 - t->owners.n);
	t->owners.items[id] = (uint32_t)node->offset;
	t->stacks.items[id] = STACK_EMPTY;
	return true;
}

static uint32_t
owner_of(const struct slot_tables *t, uint32_t id)
{
	return id < t->owners.n ? t->owners.items[id] : 0;
}

static void
set_owner(struct slot_tables *t, uint32_t id, uint32_t owner)
{
	if (owner == 0)
		return;
	if (id >= t->owners.n)
		vec_push_zeroed(&t->owners, t->stacks.n - t->owners.n);
	t->owners.items[id] = owner;
}

/* Node ids from `id` up to the first known one, in t->path, newest first. */
static bool
collect_unknown(struct slot_tables *t, uint32_t id)
{
	uint32_t n = slot_count(t, SECTION_NODES), parent;
	const struct node *shared;

	if (id >= n || !slot_can_have(t, SECTION_NODES, id)) {
		slot_corrupt(t, "a traceback ends in frame %u of %u", id, n);
		return false;
	}
	/* All that there are at once, if they can be there at all. */
	if (!slot_can_have(t, SECTION_NODES, n))
		n = id + 1;
	if (n > t->stacks.n)
		vec_push_zeroed(&t->stacks, n - t->stacks.n);
	vec_clear(&t->path);
	while (id != 0 && t->stacks.items[id] == 0) {
		shared = slot_element(t, SECTION_NODES, id);
		if (shared == NULL)
			return false;
		vec_push(&t->path, id);
		parent = load_relaxed(&shared->parent);
		if (parent >= id) {
			slot_corrupt(t, "frame %u is called from frame %u", id,
			    parent);
			return false;
		}
		id = parent;
	}
	return true;
}

/* Store stack of a node; 0: not complete or corrupt. */
static uint32_t
node_stack(struct slot_tables *t, uint32_t id)
{
	uint32_t location, stack, parent, above;
	const struct node *shared;
	struct node node;

	if (id < t->stacks.n && t->stacks.items[id] != 0)
		return t->stacks.items[id];
	if (!collect_unknown(t, id))
		return 0;
	while (t->path.n > 0) {
		id = vec_pop(&t->path);
		shared = slot_element(t, SECTION_NODES, id);
		if (shared == NULL)
			return 0;
		memcpy(&node, shared, sizeof(node));
		parent = node.parent;
		/* Read again: what was checked above may have changed. */
		if (parent >= id)
			return 0;
		if (read_marker(t, id, &node))
			continue;
		if (!node_location(t, &node, &location))
			return 0;
		above = t->stacks.items[parent];
		stack = frame_store_stack(t->store, above == STACK_EMPTY ? 0 :
		    above, location);
		t->stacks.items[id] = stack;
		set_owner(t, id, owner_of(t, parent));
	}
	return t->stacks.items[id];
}

/* ---- tracebacks ---- */

/*
 * The frames of `stack` below those of region `root`; `stack` itself when this
 * would be too much.
 */
static uint32_t
put_below(struct slot_tables *t, uint32_t root, uint32_t stack)
{
	const struct code_stack *frame;
	uint32_t at;

	vec_clear(&t->path);
	for (at = stack; at != 0; at = frame->parent) {
		if (++t->n_rooted > MAX_ROOTED)
			return stack;
		frame = frame_store_get_stack(t->store, at);
		vec_push(&t->path, frame->location);
	}
	while (t->path.n > 0)
		root = frame_store_stack(t->store, root, vec_pop(&t->path));
	return root;
}

/* The stack of a node in a region; `marker` is the node that says so. */
static uint32_t
stack_in_region(struct slot_tables *t, uint32_t marker,
    const struct node *node)
{
	uint32_t stack, root;

	if (marker < t->stacks.n && t->stacks.items[marker] != 0)
		return t->stacks.items[marker];
	if (node->parent >= marker || node->offset >= marker) {
		slot_corrupt(t, "frame %u is in a region after it", marker);
		return 0;
	}
	stack = node_stack(t, node->parent);
	root = node_stack(t, (uint32_t)node->offset);
	if (stack == STACK_EMPTY || root == STACK_EMPTY)
		return 0;
	if (stack == 0 || root == 0)
		return stack;
	stack = put_below(t, root, stack);
	if (marker >= t->stacks.n)
		vec_push_zeroed(&t->stacks, marker + 1 - t->stacks.n);
	return t->stacks.items[marker] = stack;
}

/* As it is now; false: not there. */
static bool
copy_node(struct slot_tables *t, uint32_t id, struct node *node)
{
	const struct node *shared = id < slot_count(t, SECTION_NODES) ?
	    slot_element(t, SECTION_NODES, id) : NULL;

	if (shared == NULL)
		return false;
	memcpy(node, shared, sizeof *node);
	return true;
}

uint32_t
slot_traceback_stack(struct slot_tables *t, uint32_t id, uint32_t *thread)
{
	struct node node;
	uint32_t stack;

	*thread = 0;
	if (!copy_node(t, id, &node))
		return node_stack(t, id);	/* says what is wrong */
	if ((node.module_kind & NODE_KIND_MASK) == NODE_DOMAIN) {
		uint32_t parent = node.parent;

		if (parent >= id || !copy_node(t, parent, &node))
			return 0;
		id = parent;
	}
	if ((node.module_kind & NODE_KIND_MASK) == NODE_IN_REGION) {
		stack = stack_in_region(t, id, &node);
		*thread = owner_of(t, node.parent);
	} else {
		stack = node_stack(t, id);
		*thread = owner_of(t, id);
	}
	return stack == STACK_EMPTY ? 0 : stack;
}
