/*
 * frames.h - every code location and raw stack seen by this viewer (L3).
 *
 * Shape      Three interned, grow-only tables: modules, locations (module,
 *            offset) and stacks (location, parent), shared by all processes
 *            of a run and by all snapshots.  Stack 0 is the empty one,
 *            module 0 stands for code outside any module (JIT).
 * Why        Two processes that run the same code at different addresses
 *            get the same ids, so that grouping compares integers, and a
 *            mark stays comparable with later snapshots.
 * Invariant  An id never changes its meaning and never dies before the
 *            store; parent ids are smaller than their children's.
 * Context    One thread (the viewer's).  Out of memory ends tmtop.
 */
#ifndef TMTOP_READER_FRAMES_H
#define TMTOP_READER_FRAMES_H

#include "base/compiler.h"

enum location_kind {
	LOCATION_CALL,		/* offset is a return address: look up -1 */
	LOCATION_SIGNAL,	/* offset is where a signal interrupted: exact */
	LOCATION_GUESSED,	/* found through a frame pointer, no unwind
				 * information; return address */
	LOCATION_CUT,		/* the walk could not go on below this */
	LOCATION_DEEPER,	/* stands for frames not stored (recursion) */
	LOCATION_REGION,	/* a piece of the program (TMTOP_REGION) that
				 * all above happened in: module's path */
};

struct code_module {
	const char	*path;		/* raw bytes as the loader had them;
					 * owned by the store */
	const char	*root;		/* "/proc/PID/root" to try first, or "" */
	uint8_t		 build_id[32];
	uint8_t		 build_id_size;	/* 0: none known */
};

struct code_location {
	uint64_t	offset;		/* ELF address in module; absolute for
					 * module 0 */
	uint32_t	module;
	uint32_t	kind;		/* enum location_kind */
};

struct code_stack {
	uint32_t	parent;		/* the caller's stack; 0 = outermost */
	uint32_t	location;
};

struct frame_store;

struct frame_store *frame_store_new(void);
void frame_store_free(struct frame_store *store);	/* NULL is fine */

/* Intern; path is copied. Modules are equal when path and build-id are. */
uint32_t frame_store_module(struct frame_store *store, const char *path,
    const uint8_t *build_id, size_t build_id_size);
uint32_t frame_store_location(struct frame_store *store, uint32_t module,
    uint64_t offset, enum location_kind kind);
uint32_t frame_store_stack(struct frame_store *store, uint32_t parent,
    uint32_t location);

/*
 * Add without looking for an equal one: what comes from a file is a world of
 * its own, whose modules are not those of a run, or of another file, although
 * they have the same names.  Nothing that is interned later is equal to them.
 */
uint32_t frame_store_add_module(struct frame_store *store, const char *path,
    const uint8_t *build_id, size_t build_id_size);
uint32_t frame_store_add_location(struct frame_store *store,
    uint32_t module, uint64_t offset, enum location_kind kind);
uint32_t frame_store_add_stack(struct frame_store *store, uint32_t parent,
    uint32_t location);

/* Borrow; ids must come from this store.  The pointers are good until the
 * next call that interns. */
const struct code_module *frame_store_get_module(
    const struct frame_store *store, uint32_t id);
const struct code_location *frame_store_get_location(
    const struct frame_store *store, uint32_t id);
const struct code_stack *frame_store_get_stack(
    const struct frame_store *store, uint32_t id);

/* Ids in use are 0 (stack, module) or 1 (location: 0 is "none") up to these,
 * exclusive. */
uint32_t frame_store_n_modules(const struct frame_store *store);
uint32_t frame_store_n_locations(const struct frame_store *store);
uint32_t frame_store_n_stacks(const struct frame_store *store);

#endif
