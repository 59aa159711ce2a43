/*
 * region.h - the hook's side of its slot: chunks on demand (L1).
 *
 * Shape      A region is a linear part of the memfd.  Sections get chunks of
 *            it in the order of need; private pointers say where each chunk
 *            is mapped.  Pages are populated in groups before they are
 *            used, so that a refusal of the kernel is an answer here and not
 *            a signal later.
 * Why        No descriptor is kept and no range is reserved: a new chunk is
 *            mapped by mremap() of an older mapping with size 0, which makes
 *            a second mapping of the same file (see mremap(2)).
 * Context    All functions: hook side, guard held, any thread.  No locks,
 *            no allocation, no errno.  System calls only when a section
 *            grows.
 */
#ifndef TMTOP_TABLES_REGION_H
#define TMTOP_TABLES_REGION_H

#include "tables/layout.h"

/* The header of this process's tables; NULL while there are none. */
extern struct process_header *region_header ATTR_HIDDEN;

/*
 * Map the header of `slot`.  `from` is a mapping of the lobby in this process
 * (for a fork child, which has no descriptor) and fd >= 0 the memfd itself
 * where there is one.  -1: no address space; nothing is changed then.
 */
int region_attach(void *from, int fd, uint32_t slot, uint64_t limit);

/* Forget everything without touching it: in a fork child, where the old
 * chunks are not mapped and the old header belongs to the parent. */
void region_abandon(void);

/*
 * A new id of a section, zero-filled and writable; 0 when the section is
 * full or the kernel refuses memory (section.is_full is set).
 */
uint32_t region_take(enum section_id section);

/* Make element `id` of a section usable that is indexed like another one;
 * false as above. */
bool region_ensure(enum section_id section, uint32_t id);

/* `count` consecutive elements within one chunk (strings); 0 when full. */
uint32_t region_take_many(enum section_id section, uint32_t count);

/* Private chunk addresses; use region_at(). */
extern char *region_chunks[DIRECTORY_SIZE] ATTR_HIDDEN;

/* Address of an id that region_take() gave; no check. */
#define region_at(SECTION, type, id)					\
	((type *)region_chunks[DIRECTORY_##SECTION +			\
	    (id) / REGION_PER_CHUNK_##SECTION] +			\
	    (id) % REGION_PER_CHUNK_##SECTION)

enum {
#define S(name, size, per_chunk, chunks)				\
	REGION_PER_CHUNK_##name = (per_chunk),				\
	REGION_MAX_CHUNKS_##name = (chunks),
	SECTION_LIST(S)
#undef S
};

/*
 * Zeroed private memory for indexes that viewers do not need; NULL when the
 * kernel refuses.  Counted in header.private_bytes.  Not inherited content
 * matters: a fork child forgets it with private_forget().
 */
void *private_map(size_t size);
void private_unmap(void *address, size_t size);

#endif
