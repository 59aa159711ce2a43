/*
 * fuzz_segment.c - the shared tables of a run, written to by a stranger.
 *
 * Shape      The tables of two processes are made once, by the hook's own
 *            code.  The input is a list of edits: sixteen bytes each that say
 *            where (a field of the lobby, a slot, a header, an element of a
 *            section, or just any place) and what; between edits it may ask
 *            for a reading.  Afterwards the old bytes are put back.
 * Why        Bytes from nowhere never get past the first check.  Edits of
 *            tables that are right reach every check, also with tables that
 *            change between two readings, which is what a reader keeps
 *            translated nodes and modules across.
 * Invariant  Whatever is in the tables: every id that a snapshot holds is one
 *            of its store, parents are older than their children, totals are
 *            those of the traces, strings are short and ended.
 */
#include "fuzz.h"

#include "base/atomic.h"
#include "tables/control.h"
#include "tables/counters.h"
#include "tables/region.h"
#include "tables/tree.h"
#include "unit/traced.h"
#include "util/names.h"
#include "util/vec.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
	N_PROCESSES = 2,
	WINDOW = 8 << 20,	/* of each region; what is made here fits */
	MAX_EDITS = 64,
};

enum place {
	IN_LOBBY, IN_CONTROL, IN_SLOT, IN_HEADER, IN_SECTION_COUNT,
	IN_DIRECTORY, IN_ELEMENT, ANYWHERE, READ_NOW, READ_MARK, READ_PEAK,
	N_PLACES
};

struct edit {
	uint8_t		place, process, section, element;
	uint16_t	offset;
	uint8_t		size;		/* of value; 0: all */
	uint8_t		spread;		/* how often, one after the other */
	uint64_t	value;
} __attribute__((packed));

static char *windows[N_PROCESSES];	/* writable, from the region's start */
static char *lobby;			/* the same of what is before */

struct saved {
	char		*at;
	unsigned char	 byte;
};
static VEC(struct saved) undo;

static struct writer alone = { .alone = true };

/* A writer that stands still for ever is waited for without the time. */
int
nanosleep(const struct timespec *wait, struct timespec *left)
{
	(void)wait;
	(void)left;
	return 0;
}

/* ---- the tables as they should be ---- */

/* What a thread has not handed on yet, of two tracebacks. */
static void
write_deltas(uint32_t first, uint32_t second)
{
	struct delta_block *block = region_at(DELTAS, struct delta_block,
	    region_take(SECTION_DELTAS));

	block->owner = 1;
	block->clear_epoch = 1;
	block->current = 70;
	block->allocated = 100;
	block->entries[0] = (struct delta){ .bytes = 60, .count = 2,
		.ever_bytes = 90, .ever_count = 3, .temporary = 1,
		.traceback = first, .mark_epoch = 1, .peak_epoch = 1 };
	block->entries[7] = (struct delta){ .bytes = 10, .count = 1,
		.ever_bytes = 10, .ever_count = 1, .traceback = second };
}

/* Blocks of them, one too large for its record. */
static void
write_blocks(uint32_t traceback)
{
	uint32_t id = region_take(SECTION_GRANULES);
	struct granule *granule = region_at(GRANULES, struct granule, id);
	struct large_record *large = region_at(LARGE, struct large_record,
	    region_take(SECTION_LARGE));
	uint64_t first = UINT64_C(0x7f0000000000);

	region_ensure(SECTION_GRANULE_KEYS, id);
	*region_at(GRANULE_KEYS, uint64_t, id) = first;
	granule->records[3] = (uint64_t)traceback << RECORD_TRACEBACK_SHIFT |
	    48 << RECORD_SIZE_SHIFT | 1;
	granule->records[5] = (uint64_t)traceback << RECORD_TRACEBACK_SHIFT |
	    RECORD_SIZE_WIDE << RECORD_SIZE_SHIFT | 1;
	*large = (struct large_record){ .address = first + 5 * RECORD_STRIDE,
		.size = 1 << 30, .traceback = traceback, .generation = 1 };
}

static uint32_t
add_node(uint32_t parent, uint64_t offset, uint32_t module_kind)
{
	struct tree_key key = { offset, module_kind };

	return tree_child(parent, &key, offset << 8 | module_kind);
}

/* A traceback of a thread, in a region that has a name, and an object of
 * another domain. */
static void
write_rest(uint32_t module)
{
	uint32_t thread = region_take(SECTION_THREADS), node, region;
	uint32_t name = region_take_many(SECTION_STRINGS, 4);
	struct object_record *object = region_at(OBJECTS,
	    struct object_record, region_take(SECTION_OBJECTS));

	*region_at(THREADS, struct thread_record, thread) =
	    (struct thread_record){ .tid = 77, .state = THREAD_RECORD_ALIVE,
		.name = "worker" };
	node = add_node(0, thread, NODE_THREAD);
	node = add_node(node, 0x70, module << NODE_MODULE_SHIFT);
	memcpy(region_at(STRINGS, char, name), "work", 4);
	region = add_node(0, (uint64_t)4 << 32 | name, NODE_REGION);
	node = add_node(node, region, NODE_IN_REGION);
	object->address = 0x1000;
	object->size = 24;
	object->domain = 5;
	object->traceback = tree_traceback(node,
	    traced.lobby.control->clear_epoch, 0, 1);
	object->generation = 1;
	counters_add(&alone, object->traceback, (struct amount){ 24, 1 });
}

static void
write_process(uint32_t i)
{
	uint32_t module, t[4];

	traced_attach(i, 1000 + (pid_t)i, "/usr/bin/program");
	alone.control = traced.lobby.control;
	module = traced_module("/usr/lib/libx.so.1", 7);
	t[0] = traced_traceback(module, 0x10, 0x20);
	t[1] = traced_traceback(module, 0x10, 0x30);
	t[2] = traced_traceback(traced_module("/usr/bin/program", 9), 1, 2);
	t[3] = traced_traceback(0, 0x5000, 0x6000);
	for (unsigned n = 0; n < array_size(t); n++)
		counters_add(&alone, t[n], (struct amount){ 100 * n + 1, 1 });
	counters_remove(&alone, t[0], (struct amount){ 1, 1 }, true);
	write_deltas(t[0], t[3]);
	write_blocks(t[2]);
	write_rest(module);
	traced_let_go();
}

static char *
map_window(uint64_t offset, size_t size)
{
	char *window = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    traced.fd, (off_t)offset);

	REQUIRE(window != MAP_FAILED);
	return window;
}

static void
set_up(void)
{
	traced_set_up(NULL);
	reader_close(traced.reader);
	frame_store_free(traced.store);
	for (uint32_t i = 0; i < N_PROCESSES; i++) {
		write_process(i);
		windows[i] = map_window(slot_region_offset(i), WINDOW);
	}
	lobby = map_window(0, LOBBY_SIZE);
}

/* ---- edits ---- */

static const struct {
	uint32_t	directory, size, per_chunk, chunks;
} sections[N_SECTIONS] = {
#define S(name, size, per_chunk, chunks)				\
	[SECTION_##name] = { DIRECTORY_##name, size, per_chunk, chunks },
	SECTION_LIST(S)
#undef S
};

/* Address of the element an edit means; NULL: outside of the window. */
static char *
element_of(const struct edit *edit, char *window)
{
	const struct process_header *header = (void *)window;
	uint32_t section = edit->section % N_SECTIONS;
	uint64_t chunk = (uint64_t)header->directory[
	    sections[section].directory] * LAYOUT_PAGE;
	uint64_t at = chunk + (uint64_t)(edit->element %
	    sections[section].per_chunk) * sections[section].size +
	    edit->offset;

	return chunk != 0 && at < WINDOW - 8 ? window + at : NULL;
}

static char *
place_of(const struct edit *edit)
{
	char *window = windows[edit->process % N_PROCESSES];
	struct process_header *header = (void *)window;
	uint32_t section = edit->section % N_SECTIONS;

	switch (edit->place % N_PLACES) {
	case IN_LOBBY:
		return lobby + edit->offset % CONTROL_OFFSET;
	case IN_CONTROL:
		return lobby + CONTROL_OFFSET + edit->offset %
		    sizeof(struct control);
	case IN_SLOT:
		return lobby + SLOTS_OFFSET + edit->offset % 1024;
	case IN_HEADER:
		return window + edit->offset %
		    offsetof(struct process_header, sections);
	case IN_SECTION_COUNT:
		return (char *)&header->sections[section].n_used;
	case IN_DIRECTORY:
		return (char *)&header->directory[
		    sections[section].directory +
		    edit->element % sections[section].chunks];
	case IN_ELEMENT:
		return element_of(edit, window);
	default:
		return window + ((uint32_t)edit->element << 16 |
		    edit->offset);
	}
}

static void
put_byte(char *at, unsigned char byte)
{
	vec_push(&undo, ((struct saved){ at, (unsigned char)*at }));
	*at = (char)byte;
}

/* Counts are mostly those of a few chunks: the largest ones take a while each
 * time, and once in a while is enough. */
static uint64_t
value_of(const struct edit *edit)
{
	if (edit->place % N_PLACES == IN_SECTION_COUNT && edit->offset != 0)
		return edit->value % (4 * sections[edit->section %
		    N_SECTIONS].per_chunk);
	return edit->value;
}

static void
make_edit(const struct edit *edit)
{
	size_t size = edit->size % 8 == 0 ? 8 : edit->size % 8;
	uint64_t value = value_of(edit);
	char *at = place_of(edit);
	const char *end;

	if (at == NULL)
		return;
	end = at >= lobby && at < lobby + LOBBY_SIZE ? lobby + LOBBY_SIZE :
	    windows[edit->process % N_PROCESSES] + WINDOW;
	for (unsigned n = 0; n <= edit->spread; n++)
		for (size_t i = 0; i < size && at < end; i++)
			put_byte(at++, (unsigned char)
			    (value >> (8 * i)));
}

static void
punch(uint64_t from, uint64_t to)
{
	REQUIRE(fallocate(traced.fd, FALLOC_FL_PUNCH_HOLE |
	    FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)) == 0);
}

/* The old bytes, and holes again where reading has made pages of them: what an
 * input costs does not depend on those before. */
static void
take_back(void)
{
	while (undo.n > 0) {
		struct saved saved = vec_pop(&undo);

		*saved.at = (char)saved.byte;
	}
	for (uint32_t i = 0; i < N_PROCESSES; i++)
		punch(slot_region_offset(i) + WINDOW,
		    slot_region_offset(i) + REGION_SIZE);
	punch(slot_region_offset(N_PROCESSES), SEGMENT_SIZE);
}

/* ---- what must hold ---- */

static void
check_store(const struct frame_store *store)
{
	uint32_t n_stacks = frame_store_n_stacks(store);
	uint32_t n_locations = frame_store_n_locations(store);
	uint32_t n_modules = frame_store_n_modules(store);

	for (uint32_t i = 1; i < n_stacks; i++) {
		const struct code_stack *stack = frame_store_get_stack(store,
		    i);

		REQUIRE(stack->parent < i);
		REQUIRE(stack->location < n_locations);
	}
	for (uint32_t i = 1; i < n_locations; i++)
		REQUIRE(frame_store_get_location(store, i)->module <
		    n_modules);
	for (uint32_t i = 1; i < n_modules; i++) {
		const struct code_module *module =
		    frame_store_get_module(store, i);

		REQUIRE(strlen(module->path) <= NAME_MAX_BYTES);
		REQUIRE(module->build_id_size <= sizeof(module->build_id));
	}
}

static void
check_snapshot(const struct snapshot *snapshot,
    const struct frame_store *store)
{
	uint64_t size = 0, count = 0;

	for (uint32_t i = 0; i < snapshot->n_traces; i++) {
		const struct trace *trace = &snapshot->traces[i];

		REQUIRE(trace->stack < frame_store_n_stacks(store));
		REQUIRE(trace->process < snapshot->n_processes);
		REQUIRE(trace->thread <= snapshot->n_threads);
		REQUIRE(trace->allocs >= trace->count);
		size += trace->size;
		count += trace->count;
	}
	REQUIRE(snapshot->totals.traced_bytes == size);
	REQUIRE(snapshot->totals.blocks == count);
	for (uint32_t i = 0; i < snapshot->n_processes; i++) {
		const struct process *process = &snapshot->processes[i];

		REQUIRE(memchr(process->name, '\0', sizeof process->name));
		REQUIRE(memchr(process->command, '\0',
		    sizeof process->command));
		REQUIRE(strpbrk(process->name, "\033\n") == NULL);
	}
	for (size_t i = 0; i < snapshot->n_blocks; i++)
		REQUIRE(snapshot->blocks[i].trace < snapshot->n_traces);
	for (uint32_t i = 0; i < snapshot->n_threads; i++) {
		const struct snapshot_thread *thread = &snapshot->threads[i];

		REQUIRE(thread->process < snapshot->n_processes);
		REQUIRE(memchr(thread->name, '\0', sizeof thread->name));
		REQUIRE(strpbrk(thread->name, "\033\n") == NULL);
	}
	for (uint32_t i = 0; i < snapshot->n_domains; i++) {
		const char *name = snapshot->domains[i].name;

		REQUIRE(strpbrk(name, "\033\n") == NULL);
	}
	REQUIRE(snapshot->is_corrupt == (snapshot->corruption[0] != '\0') ||
	    !snapshot->is_corrupt);
	check_store(store);
}

static void
read_at(struct reader *reader, const struct frame_store *store,
    enum reader_moment moment)
{
	struct snapshot *snapshot = reader_snapshot_at(reader, moment);
	uint32_t slot, incarnation;
	char name[MARK_NAME_ROOM];

	check_snapshot(snapshot, store);
	snapshot_release(snapshot);
	reader_last_mark(reader, name);
	REQUIRE(strpbrk(name, "\033\n") == NULL);
	while (reader_next_finished(reader, &slot, &incarnation))
		REQUIRE(slot < N_SLOTS);
}

static const enum reader_moment moments[] = {
	[READ_NOW] = READER_NOW, [READ_MARK] = READER_MARK,
	[READ_PEAK] = READER_PEAK,
};

static void
read_and_edit(const uint8_t *data, size_t size, struct frame_store *store)
{
	struct errbuf why = { .text = "" };
	struct reader *reader = reader_open(traced.fd, store, &why);
	struct edit edit;

	if (reader == NULL) {
		REQUIRE(why.text[0] != '\0');
		return;
	}
	reader_keep_peaks(reader);
	reader_keep_ended(reader, 1);
	reader_want_blocks(reader, true);
	reader_want_survivors(reader, &(struct birth){ 1, 1 });
	for (; size >= sizeof edit; size -= sizeof edit, data += sizeof edit) {
		memcpy(&edit, data, sizeof edit);
		if (edit.place % N_PLACES >= READ_NOW)
			read_at(reader, store,
			    moments[edit.place % N_PLACES]);
		else
			make_edit(&edit);
	}
	read_at(reader, store, READER_NOW);
	read_at(reader, store, READER_MARK);
	read_at(reader, store, READER_PEAK);
	reader_close(reader);
}

/* The first byte says how many edits are made before the segment is opened. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_store *store;
	struct edit edit;
	size_t n_before;

	if (windows[0] == NULL)
		set_up();
	if (size == 0 || size > 1 + MAX_EDITS * sizeof edit)
		return 0;
	n_before = data[0];
	for (data++, size--; n_before > 0 && size >= sizeof edit; n_before--) {
		memcpy(&edit, data, sizeof edit);
		if (edit.place % N_PLACES < READ_NOW)
			make_edit(&edit);
		data += sizeof edit;
		size -= sizeof edit;
	}
	store = frame_store_new();
	read_and_edit(data, size, store);
	frame_store_free(store);
	take_back();
	return 0;
}
