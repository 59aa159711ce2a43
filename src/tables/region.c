/*
 * region.c - chunks of this process's part of the segment (L1).
 *
 * Shape      `region_chunks` mirrors header.directory with addresses.  Every
 *            mapping made is remembered in `handles`, newest last: the next
 *            one is made from the newest, which is the nearest in the file,
 *            so that a program with a limit on its address space is asked for
 *            little more than the chunk itself.
 * Invariant  A directory entry is published after its chunk is mapped; an
 *            element is handed out after its pages are populated.
 * Limits     lobby.table_limit bytes of populated memory, the sections' own
 *            numbers of chunks; beyond them sections say they are full.
 */
#include "tables/region.h"

#include "base/atomic.h"
#include "base/sys.h"

#include <errno.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23	/* Linux 5.14 */
#endif

/* Populated ahead, in somebody's malloc: about ten microseconds. */
#define GROUP			(16 * LAYOUT_PAGE)

struct section_info {
	uint32_t	directory;	/* first entry */
	uint32_t	element_size;
	uint32_t	per_chunk;
	uint32_t	max_chunks;
};

static const struct section_info section_info[N_SECTIONS] = {
#define S(name, size, per_chunk, chunks)				\
	[SECTION_##name] = { DIRECTORY_##name, size, per_chunk, chunks },
	SECTION_LIST(S)
#undef S
};

struct handle {
	char		*address;
	uint64_t	 offset;	/* in the region */
};

struct process_header *region_header;
char *region_chunks[DIRECTORY_SIZE];

static struct handle handles[DIRECTORY_SIZE + 1];
static uint32_t n_handles;
/* Elements of each section whose pages are there. */
static uint32_t n_populated[N_SECTIONS];
/* One more than the highest chunk mapped: how much a fork child forgets. */
static uint32_t n_chunks[N_SECTIONS];
static uint64_t limit_bytes;

void *
private_map(size_t size)
{
	long p = sys_mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (sys_failed(p))
		return NULL;
	if (region_header != NULL)
		add_relaxed(&region_header->private_bytes, size);
	return (void *)p;
}

void
private_unmap(void *address, size_t size)
{
	sys_munmap(address, size);
	if (region_header != NULL)
		sub_relaxed(&region_header->private_bytes, size);
}

static void
remember_handle(char *address, uint64_t offset)
{
	uint32_t i = add_relaxed(&n_handles, 1);

	if (i >= array_size(handles))
		return;
	handles[i].offset = offset;
	/* ORDER handle: the offset is there before the address is.
	 * Other end: map_offset(). */
	store_release(&handles[i].address, address);
}

/* A new mapping of `size` bytes of the file, `distance` after `from`. */
static char *
map_after(char *from, uint64_t distance, size_t size)
{
	long p = sys_mremap(from, 0, distance + size, MREMAP_MAYMOVE);

	if (sys_failed(p))
		return NULL;
	if (distance > 0)
		sys_munmap((void *)p, distance);
	return (char *)p + distance;
}

static char *
map_offset(uint64_t offset, size_t size)
{
	uint32_t i = load_relaxed(&n_handles);
	char *from, *p;

	if (i > array_size(handles))
		i = array_size(handles);
	/* The newest handle below the offset whose writer is done. */
	while (i-- > 0) {
		/* ORDER handle: other end remember_handle(). */
		from = load_acquire(&handles[i].address);
		if (from != NULL && handles[i].offset <= offset)
			break;
	}
	if (i == UINT32_MAX)
		return NULL;
	p = map_after(from, offset - handles[i].offset, size);
	if (p == NULL)
		return NULL;
	sys_madvise(p, size, MADV_DONTDUMP);
	sys_madvise(p, size, MADV_DONTFORK);
	return p;
}

/* Pages now or never: at a later touch the refusal would be a signal. */
static bool
populate_pages(char *from, size_t size)
{
	long r = sys_madvise(from, size, MADV_POPULATE_WRITE);

	/* A kernel without the advice: pages come at first touch. */
	return !sys_failed(r) || r == -EINVAL;
}

int
region_attach(void *from, int fd, uint32_t slot, uint64_t limit)
{
	uint64_t offset = REGIONS_OFFSET + slot * REGION_SIZE;
	char *p;
	long r;

	if (fd >= 0) {
		r = sys_mmap(NULL, HEADER_SIZE, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, offset);
		p = sys_failed(r) ? NULL : (char *)r;
	} else {
		p = map_after(from, offset, HEADER_SIZE);
		if (p == NULL) {
			/* No room for the way there: ask the kernel to move
			 * a near mapping instead.  It logs that call as
			 * deprecated, so it is the second choice. */
			p = map_after(from, 0, HEADER_SIZE);
			if (p != NULL && sys_failed(sys_call6(
			    SYS_remap_file_pages, (long)p, HEADER_SIZE, 0,
			    (long)(offset / LAYOUT_PAGE), MAP_NONBLOCK, 0))) {
				sys_munmap(p, HEADER_SIZE);
				p = NULL;
			}
		}
	}
	if (p == NULL)
		return -1;
	if (!populate_pages(p, HEADER_SIZE)) {
		sys_munmap(p, HEADER_SIZE);
		return -1;
	}
	sys_madvise(p, HEADER_SIZE, MADV_DONTDUMP);
	limit_bytes = limit;
	region_header = (struct process_header *)p;
	region_header->arena_used = HEADER_SIZE;
	region_header->used_bytes = HEADER_SIZE;
	remember_handle(p, 0);
	return 0;
}

void
region_abandon(void)
{
	uint32_t i, s;

	for (s = 0; s < N_SECTIONS; s++) {
		for (i = 0; i < n_chunks[s]; i++)
			region_chunks[section_info[s].directory + i] = NULL;
		n_chunks[s] = n_populated[s] = 0;
	}
	for (i = 0; i < n_handles && i < array_size(handles); i++)
		handles[i] = (struct handle){ NULL, 0 };
	n_handles = 0;
	if (region_header != NULL)
		sys_munmap(region_header, HEADER_SIZE);
	region_header = NULL;
}

static void
raise_to(uint32_t *value, uint32_t least)
{
	uint32_t now = load_relaxed(value);

	while (now < least && !cas_relaxed(value, &now, least))
		;
}

/* The chunk at this index of the section, mapped now if it is not yet. */
static char *
ensure_chunk(enum section_id section, uint32_t index)
{
	const struct section_info *info = &section_info[section];
	char **chunk = &region_chunks[info->directory + index];
	size_t size = (size_t)info->element_size * info->per_chunk;
	uint64_t offset;
	char *p, *expected = NULL;

	p = load_acquire(chunk);
	if (p != NULL)
		return p;
	offset = add_relaxed(&region_header->arena_used, size);
	if (offset + size > REGION_SIZE)
		return NULL;
	p = map_offset(offset, size);
	if (p == NULL) {
		or_relaxed(&region_header->troubles, TROUBLE_NO_MEMORY);
		return NULL;
	}
	/* Another thread may have been faster: its chunk wins, our part of
	 * the file stays a hole. */
	if (!cas_acq_rel(chunk, &expected, p)) {
		sys_munmap(p, size);
		return expected;
	}
	raise_to(&n_chunks[section], index + 1);
	/* ORDER chunk-publish: other end read_directory() of the reader. */
	store_release(&region_header->directory[info->directory + index],
	    (uint32_t)(offset / LAYOUT_PAGE));
	remember_handle(p, offset);
	return p;
}

static bool
populate(char *from, size_t size)
{
	if (load_relaxed(&region_header->used_bytes) + size > limit_bytes) {
		or_relaxed(&region_header->troubles, TROUBLE_LIMIT);
		return false;
	}
	if (!populate_pages(from, size)) {
		or_relaxed(&region_header->troubles, TROUBLE_NO_MEMORY);
		return false;
	}
	add_relaxed(&region_header->used_bytes, size);
	return true;
}

/* Chunk mapped and pages populated for elements up to and with `last`. */
static bool
make_ready(enum section_id section, uint32_t last)
{
	const struct section_info *info = &section_info[section];
	uint32_t index = last / info->per_chunk;
	uint32_t ready = load_relaxed(&n_populated[section]);
	size_t chunk_size = (size_t)info->element_size * info->per_chunk;
	size_t from, end;
	char *chunk;

	if (index >= info->max_chunks)
		return false;
	chunk = ensure_chunk(section, index);
	if (chunk == NULL)
		return false;
	from = ready / info->per_chunk < index ? 0 :
	    (size_t)(ready % info->per_chunk) * info->element_size;
	from &= ~(size_t)(LAYOUT_PAGE - 1);
	end = (size_t)(last % info->per_chunk + 1) * info->element_size;
	end = (end + LAYOUT_PAGE - 1) & ~(size_t)(LAYOUT_PAGE - 1);
	if (end < from + GROUP)
		end = from + GROUP;
	if (end > chunk_size)
		end = chunk_size;
	if (!populate(chunk + from, end - from))
		return false;
	raise_to(&n_populated[section], index * info->per_chunk +
	    (uint32_t)(end / info->element_size));
	return true;
}

static ATTR_COLD bool
say_full(enum section_id section)
{
	store_relaxed(&region_header->sections[section].is_full, 1);
	return false;
}

bool
region_ensure(enum section_id section, uint32_t id)
{
	if (likely(id < load_relaxed(&n_populated[section])))
		return true;
	return make_ready(section, id) || say_full(section);
}

uint32_t
region_take(enum section_id section)
{
	struct section *s = &region_header->sections[section];
	uint32_t id;

	if (unlikely(load_relaxed(&s->is_full)))
		return 0;
	id = add_relaxed(&s->n_used, 1);
	if (unlikely(id == 0))		/* id 0 means "none" everywhere */
		id = add_relaxed(&s->n_used, 1);
	return region_ensure(section, id) ? id : 0;
}

uint32_t
region_take_many(enum section_id section, uint32_t count)
{
	const struct section_info *info = &section_info[section];
	struct section *s = &region_header->sections[section];
	uint32_t id, room;

	if (load_relaxed(&s->is_full) || count > info->per_chunk / 2)
		return 0;
	id = add_relaxed(&s->n_used, count);
	if (id == 0)			/* "none" */
		id = add_relaxed(&s->n_used, count);
	room = info->per_chunk - id % info->per_chunk;
	if (room < count)		/* keep it within one chunk */
		id = add_relaxed(&s->n_used, count + room) + room;
	if (info->per_chunk - id % info->per_chunk < count)
		return 0;
	return region_ensure(section, id + count - 1) ? id : 0;
}
