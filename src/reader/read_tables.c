/*
 * read_tables.c - copying one process's tables out of the segment (L3).
 *
 * Shape      Chunks are mapped read-only as the directory names them and stay
 *            mapped.  Counters are read anew each time; what frames and
 *            modules there are is read_stacks.c, blocks are read_blocks.c.
 * Why        The writer may be hostile or half dead: every number is copied
 *            to a local before it is checked, and never read again.
 * Invariant  The segment is sealed against shrinking, so that no read of a
 *            mapped page can fail.
 */
#include "reader/read_tables.h"

#include "base/atomic.h"
#include "util/names.h"
#include "util/slice.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Frames of the deepest traceback that is kept whole. */
#define MAX_STORED	1024u

static const struct {
	uint32_t	directory, element_size, per_chunk, max_chunks;
} sections[N_SECTIONS] = {
#define S(name, size, per_chunk, chunks)				\
	[SECTION_##name] = { DIRECTORY_##name, size, per_chunk, chunks },
	SECTION_LIST(S)
#undef S
};

void
slot_corrupt(struct slot_tables *t, const char *format, ...)
{
	va_list args;

	if (t->is_corrupt)
		return;
	t->is_corrupt = true;
	va_start(args, format);
	vsnprintf(t->corruption, sizeof t->corruption, format, args);
	va_end(args);
}

struct slot_tables *
slot_tables_open(int fd, uint64_t region_offset,
    const struct control *control, struct frame_store *store)
{
	struct slot_tables *t;
	void *header;

	header = mmap(NULL, HEADER_SIZE, PROT_READ, MAP_SHARED, fd,
	    (off_t)region_offset);
	if (header == MAP_FAILED)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->fd = fd;
	t->region_offset = region_offset;
	t->control = control;
	t->store = store;
	t->header = header;
	return t;
}

static size_t
chunk_size(enum section_id section)
{
	return (size_t)sections[section].element_size *
	    sections[section].per_chunk;
}

void
slot_tables_close(struct slot_tables *t)
{
	uint32_t s, i;

	if (t == NULL)
		return;
	for (s = 0; s < N_SECTIONS; s++)
		for (i = 0; i < sections[s].max_chunks; i++)
			if (t->chunks[sections[s].directory + i] != NULL)
				munmap((void *)t->chunks[
				    sections[s].directory + i], chunk_size(s));
	munmap((void *)t->header, HEADER_SIZE);
	vec_fini(&t->modules);
	vec_fini(&t->stacks);
	vec_fini(&t->owners);
	vec_fini(&t->threads);
	vec_fini(&t->path);
	vec_fini(&t->places);
	vec_fini(&t->deltas.list);
	free(t);
}

uint32_t
slot_per_chunk(enum section_id section)
{
	return sections[section].per_chunk;
}

uint32_t
slot_count(const struct slot_tables *t, enum section_id section)
{
	uint32_t n = load_acquire(&t->header->sections[section].n_used);
	uint32_t most = sections[section].max_chunks *
	    sections[section].per_chunk;

	return n < most ? n : most;
}

bool
slot_can_have(struct slot_tables *t, enum section_id section, uint32_t n)
{
	uint64_t needed = (uint64_t)n * sections[section].element_size /
	    LAYOUT_PAGE;
	struct stat st;

	/* It only grows while processes run. */
	if (needed > t->n_pages && fstat(t->fd, &st) == 0)
		t->n_pages = (uint64_t)st.st_blocks * 512 / LAYOUT_PAGE;
	return needed <= t->n_pages;
}

/* As slot_count(), for who passes over all of them: no more than there can
 * be. */
static uint32_t
count_to_read(struct slot_tables *t, enum section_id section)
{
	uint32_t n = slot_count(t, section);

	if (slot_can_have(t, section, n))
		return n;
	slot_corrupt(t, "%u elements of section %d, more than there is "
	    "memory for", n, section);
	return (uint32_t)(t->n_pages * LAYOUT_PAGE /
	    sections[section].element_size);
}

/* The chunk that holds element `id`, mapped; NULL: not there (yet). */
static const char *
map_chunk(struct slot_tables *t, enum section_id section, uint32_t index)
{
	uint32_t entry = sections[section].directory + index;
	uint64_t offset;
	void *p;

	if (t->chunks[entry] != NULL)
		return t->chunks[entry];
	/* ORDER chunk-publish: other end ensure_chunk() of the hook. */
	offset = (uint64_t)load_acquire(&t->header->directory[entry]) *
	    LAYOUT_PAGE;
	if (offset == 0)
		return NULL;
	if (offset < HEADER_SIZE ||
	    offset > REGION_SIZE - chunk_size(section)) {
		slot_corrupt(t, "chunk %u of section %d lies outside the region",
		    index, section);
		return NULL;
	}
	p = mmap(NULL, chunk_size(section), PROT_READ, MAP_SHARED, t->fd,
	    (off_t)(t->region_offset + offset));
	if (p == MAP_FAILED)
		return NULL;
	return t->chunks[entry] = p;
}

const void *
slot_element(struct slot_tables *t, enum section_id section, uint32_t id)
{
	const char *chunk = map_chunk(t, section,
	    id / sections[section].per_chunk);

	return chunk == NULL ? NULL : chunk +
	    (size_t)(id % sections[section].per_chunk) *
	    sections[section].element_size;
}

/* ---- counters ---- */

/* The entries of all delta blocks that have a traceback now. */
static void
list_deltas(struct slot_tables *t)
{
	uint32_t n = count_to_read(t, SECTION_DELTAS), id, i;
	const struct delta_block *block;
	struct delta_ref ref;

	vec_clear(&t->deltas.list);
	for (id = 1; id < n; id++) {
		block = slot_element(t, SECTION_DELTAS, id);
		if (block == NULL)
			continue;
		for (i = 0; i < DELTA_ENTRIES; i++) {
			ref.shared = &block->entries[i];
			ref.traceback = load_relaxed(&ref.shared->traceback);
			if (ref.traceback != 0)
				vec_push(&t->deltas.list, ref);
		}
	}
	delta_refs_sort(&t->deltas);
}

/* Those for this traceback: *next passes over the list as ids grow. */
static size_t
deltas_of(const struct slot_tables *t, uint32_t id, size_t *next)
{
	const struct delta_ref *refs = t->deltas.list.items;
	size_t from;

	while (*next < t->deltas.list.n && refs[*next].traceback < id)
		++*next;
	for (from = *next; *next < t->deltas.list.n &&
	    refs[*next].traceback == id;)
		++*next;
	return *next - from;
}

/* False: the entry is not complete, or forgotten. */
static bool
read_traceback(struct slot_tables *t, uint32_t id, size_t *next_delta,
    struct moment *moment, struct trace *trace, uint64_t *losses)
{
	const struct traceback *shared = slot_element(t, SECTION_TRACEBACKS, id);
	size_t n_deltas = deltas_of(t, id, next_delta);
	/* There may be no list to point into. */
	const struct delta_ref *deltas = n_deltas == 0 ? NULL :
	    t->deltas.list.items + *next_delta - n_deltas;
	struct counters counters;
	uint32_t node, flags;

	if (shared == NULL)
		return false;
	/* ORDER traceback-publish: other end tree_traceback_slow(). */
	node = load_acquire(&shared->node);
	if (node == 0 || load_relaxed(&shared->clear_epoch) !=
	    load_relaxed(&t->control->clear_epoch))
		return false;
	counters_read(&counters, shared, deltas, n_deltas, moment);
	flags = load_relaxed(&shared->flags);
	/* Made on the way to one in a domain or a region, and no more. */
	if ((flags & TRACEBACK_STEM) != 0 && counters.allocs == 0 &&
	    counters.size == 0)
		return false;
	*trace = (struct trace){
		.size = counters.size,
		.count = counters.count,
		.allocs = counters.allocs,
		.allocated = counters.allocated,
		.temporary = counters.temporary,
		.domain = load_relaxed(&shared->domain),
		.total_nframe = load_relaxed(&shared->total_nframe),
		.flags = (uint16_t)(
		    (flags & TRACEBACK_GUESSED ? TRACE_GUESSED : 0) |
		    (flags & TRACEBACK_CUT ? TRACE_CUT : 0) |
		    (flags & TRACEBACK_TRUNCATED ? TRACE_TRUNCATED : 0)),
	};
	trace->stack = slot_traceback_stack(t, node, &trace->thread);
	if (trace->stack == 0)
		++*losses;
	return true;
}

static void
add_trace(struct totals *totals, const struct trace *trace)
{
	totals->traced_bytes += trace->size;
	if (trace->domain == DOMAIN_MALLOC)
		totals->heap_bytes += trace->size;
	totals->uninterned_bytes += trace->count * sizeof(uint64_t) *
	    (trace->total_nframe < MAX_STORED ? trace->total_nframe :
	    MAX_STORED);
	totals->blocks += trace->count;
	totals->allocs += trace->allocs;
	totals->frees += trace->allocs - trace->count;
	totals->allocated_bytes += trace->allocated;
	totals->captures += trace->allocs;
	totals->tracebacks++;
	if (trace->flags & TRACE_GUESSED)
		totals->guessed += trace->allocs;
	if (trace->flags & TRACE_CUT)
		totals->cut += trace->allocs;
	if (trace->flags & TRACE_TRUNCATED)
		totals->truncated += trace->allocs;
}

static uint64_t
section_bytes(const struct slot_tables *t, enum section_id section)
{
	return (uint64_t)slot_count(t, section) *
	    sections[section].element_size;
}

/* What the tables take, as far as it says how they do. */
static void
add_tables(struct totals *totals, const struct slot_tables *t)
{
	totals->frame_bytes = section_bytes(t, SECTION_NODES);
	totals->traceback_bytes = section_bytes(t, SECTION_TRACEBACKS);
	totals->block_bytes = section_bytes(t, SECTION_GRANULES) +
	    section_bytes(t, SECTION_GRANULE_KEYS) +
	    section_bytes(t, SECTION_OBJECTS);
}

/* Per node two words of memory and its places in the index (tree.c), which
 * are at least half full. */
#define PRIVATE_PER_NODE	32u

uint64_t
slot_tables_private_bytes(const struct slot_tables *t)
{
	uint64_t mapped = load_relaxed(&t->header->private_bytes);
	uint64_t touched = (uint64_t)slot_count(t, SECTION_NODES) *
	    PRIVATE_PER_NODE;

	return touched < mapped ? touched : mapped;
}

static void
add_losses(struct totals *totals, const struct process_header *header)
{
	uint32_t troubles = load_relaxed(&header->troubles);

	totals->is_memory_refused = (troubles & TROUBLE_NO_MEMORY) != 0 &&
	    (troubles & TROUBLE_LIMIT) == 0;
	totals->lost = load_relaxed(&header->lost_blocks);
	totals->lost_bytes = load_relaxed(&header->lost_bytes);
	totals->unknown_frees = load_relaxed(&header->unknown_frees);
	totals->unwind_compared = load_relaxed(&header->unwind_compared);
	totals->unwind_mismatches = load_relaxed(&header->unwind_mismatches);
	totals->overhead_bytes = load_relaxed(&header->private_bytes) +
	    load_relaxed(&header->used_bytes);
	/* Not recorded, but made and given back all the same. */
	totals->allocs += totals->lost;
	totals->allocated_bytes += totals->lost_bytes;
	totals->frees += totals->unknown_frees;
}

/* ---- the process ---- */

/* Those that everybody knows, by their files; else the file. */
static void
name_allocator(struct process *process, const char *file, size_t size)
{
	static const struct { const char *file, *name; } known[] = {
		{ "libc.so.", "glibc" }, { "libjemalloc", "jemalloc" },
		{ "libtcmalloc", "tcmalloc" }, { "libmimalloc", "mimalloc" },
	};

	for (size_t i = 0; i < array_size(known); i++)
		if (size >= strlen(known[i].file) &&
		    memcmp(file, known[i].file, strlen(known[i].file)) == 0) {
			file = known[i].name;
			size = strlen(file);
		}
	sanitise(process->allocator, sizeof process->allocator, file, size);
}

static void
read_identity(struct slot_tables *t, struct process *process)
{
	struct process_header header;
	const char *base;
	size_t size, i;

	memcpy(&header, t->header, offsetof(struct process_header, current));
	process->start_ns = header.start_ns;
	process->inherited_bytes = header.inherited_bytes;
	process->is_fork = header.kind == SLOT_KIND_FORK;
	size = header.command_size < sizeof(header.command) ?
	    header.command_size : sizeof(header.command);
	while (size > 0 && header.command[size - 1] == '\0')
		size--;
	base = header.command;
	for (i = 0; i < size && header.command[i] != '\0'; i++)
		if (header.command[i] == '/')
			base = header.command + i + 1;
	sanitise(process->name, sizeof(process->name), base,
	    (size_t)(header.command + i - base));
	if (load_relaxed(&t->header->troubles) & TROUBLE_OWN_MALLOC)
		name_allocator(process, "own", strlen("own"));
	else
		name_allocator(process, header.allocator,
		    strnlen(header.allocator, sizeof header.allocator));
	for (i = 0; i < size; i++)
		if (header.command[i] == '\0')
			header.command[i] = ' ';
	sanitise(process->command, sizeof(process->command), header.command,
	    size);
}

/* Bytes allocated ever and live now, as far as all threads have got.  Unsigned:
 * hostile ones may wrap around. */
struct progress {
	uint64_t	allocated, current;
};

/* clear_epoch: what is live of an older one is forgotten. */
static struct progress
read_progress(struct slot_tables *t, uint32_t clear_epoch)
{
	uint32_t n = count_to_read(t, SECTION_DELTAS), id;
	const struct delta_block *block;
	struct progress progress;

	progress.allocated = load_relaxed(&t->header->allocated);
	progress.current = load_relaxed(&t->header->clear_epoch) ==
	    clear_epoch ? load_relaxed(&t->header->current) : 0;
	for (id = 1; id < n; id++) {
		block = slot_element(t, SECTION_DELTAS, id);
		if (block == NULL)
			continue;
		progress.allocated += load_relaxed(&block->allocated);
		if (load_relaxed(&block->clear_epoch) == clear_epoch)
			progress.current += (uint64_t)load_relaxed(
			    &block->current);
	}
	return progress;
}

/* Allocated meanwhile, plus freed meanwhile.  What a thread is handing on just
 * now may be missing on one side: neither is less than nothing. */
static uint64_t
skew_between(const struct progress *before, const struct progress *after)
{
	int64_t allocated = (int64_t)(after->allocated - before->allocated);
	int64_t freed = (int64_t)(after->allocated - before->allocated -
	    (after->current - before->current));

	return (allocated > 0 ? (uint64_t)allocated : 0) +
	    (freed > 0 ? (uint64_t)freed : 0);
}

/* No event since the peak was reset or traces were cleared: the hook has not
 * taken note yet. */
static bool
is_header_behind(const struct slot_tables *t)
{
	return load_relaxed(&t->header->peak_reset_epoch) !=
	    load_relaxed(&t->control->peak_reset_epoch) ||
	    load_relaxed(&t->header->clear_epoch) !=
	    load_relaxed(&t->control->clear_epoch);
}

static struct moment
moment_now(const struct slot_tables *t, enum reader_moment kind)
{
	const struct process_header *header = t->header;
	struct moment moment = { .kind = kind,
	    .patience = t->patience != NULL ? *t->patience :
	    MOMENT_PATIENCE };

	moment.mark_epoch = load_relaxed(&t->control->mark_epoch) &
	    PAIR_EPOCH_MASK;
	moment.peak_epoch = load_relaxed(&header->peak_epoch);
	moment.is_sample = load_relaxed(&header->sample_bytes) != 0;
	/* The peak is now. */
	if (kind == READER_PEAK && (load_relaxed(&header->at_peak) != 0 ||
	    is_header_behind(t)))
		moment.kind = READER_NOW;
	return moment;
}

static uint64_t
read_peak(const struct slot_tables *t, const struct totals *totals)
{
	uint64_t peak = is_header_behind(t) ? 0 :
	    load_relaxed(&t->header->peak);

	return peak > totals->traced_bytes ? peak : totals->traced_bytes;
}

void
slot_tables_read(struct slot_tables *t, enum reader_moment kind,
    struct process *process, struct trace **traces, uint32_t *n_traces)
{
	const struct process_header *header = t->header;
	uint32_t clear_epoch = load_relaxed(&t->control->clear_epoch);
	struct progress before, after;
	uint64_t unresolved = 0;
	uint32_t n = count_to_read(t, SECTION_TRACEBACKS), i;
	struct moment moment = moment_now(t, kind);
	size_t next_delta = 0;

	*traces = xcalloc(n, sizeof(**traces));
	*n_traces = 0;
	vec_clear(&t->places);
	if (load_relaxed(&header->magic) != LAYOUT_MAGIC ||
	    load_relaxed(&header->version) != LAYOUT_VERSION) {
		slot_corrupt(t, "the header of process %d is not one",
		    (int)process->pid);
		return;
	}
	read_identity(t, process);
	before = read_progress(t, clear_epoch);
	list_deltas(t);
	vec_push_zeroed(&t->places, n);
	for (i = 1; i < n; i++) {
		slice_point_at(i);
		if (read_traceback(t, i, &next_delta, &moment,
		    &(*traces)[*n_traces], &unresolved)) {
			add_trace(&process->totals, &(*traces)[*n_traces]);
			t->places.items[i] = ++*n_traces;
		}
	}
	if (t->patience != NULL)
		*t->patience = moment.patience;
	/* Every thread that a trace names is there by now. */
	slot_tables_read_threads(t, process);
	after = read_progress(t, clear_epoch);
	process->totals.skew_bytes = skew_between(&before, &after);
	process->totals.peak_bytes = read_peak(t, &process->totals);
	process->totals.sample_bytes = load_relaxed(&header->sample_bytes);
	add_tables(&process->totals, t);
	add_losses(&process->totals, header);
}
