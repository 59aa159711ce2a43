/*
 * hostile.c - segments as no hook would write them, read by tmtop's reader.
 *
 *	hostile save IMAGE		in a traced program's place: copies the
 *					segment of the run ($TMTOP_SEGMENT)
 *	hostile mutate IMAGE N SEED	reads N mutated copies
 *	hostile live IMAGE SECONDS	reads while another process writes
 *					nonsense into it as fast as it can
 *	hostile refuse IMAGE		offers what is not a segment
 *
 * Compiled with sanitizers, together with the reader.  What was read must be
 * in bounds whatever the image says: see check_snapshot().
 */
#include "reader/read.h"
#include "tables/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_EXTENTS	4096
#define MAX_CHANGES	4096

struct extent {
	uint64_t	offset, size;
};

static struct extent extents[MAX_EXTENTS];
static unsigned n_extents;
static char *windows[MAX_EXTENTS];	/* extents as mapped for writing */
static uint64_t seed;

/* What was there, to be put back. */
static struct change {
	char		*at;
	uint64_t	old;
} changes[MAX_CHANGES];
static unsigned n_changes;

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

static uint64_t
random_word(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static uint64_t
below(uint64_t n)
{
	return n > 0 ? random_word() % n : 0;
}

/* ---- images: extents, then their bytes ---- */

static void
copy_bytes(int from, uint64_t offset, int to, uint64_t size)
{
	static char buffer[1 << 16];
	ssize_t n;

	while (size > 0) {
		n = pread(from, buffer, size < sizeof buffer ? size :
		    sizeof buffer, (off_t)offset);
		if (n <= 0 || write(to, buffer, (size_t)n) != n)
			die("copy");
		offset += (uint64_t)n;
		size -= (uint64_t)n;
	}
}

static void
save(const char *path)
{
	const char *address = getenv(SEGMENT_ENV);
	off_t data = 0, hole;
	char name[64];
	int pid, fd, segment, image;

	if (address == NULL || sscanf(address, "%d:%d:", &pid, &fd) != 2)
		die(SEGMENT_ENV);
	snprintf(name, sizeof name, "/proc/%d/fd/%d", pid, fd);
	segment = open(name, O_RDONLY);
	image = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (segment < 0 || image < 0)
		die("open");
	while (n_extents < MAX_EXTENTS &&
	    (data = lseek(segment, data, SEEK_DATA)) >= 0) {
		hole = lseek(segment, data, SEEK_HOLE);
		extents[n_extents++] = (struct extent){ (uint64_t)data,
		    (uint64_t)(hole - data) };
		data = hole;
	}
	if (write(image, &n_extents, sizeof n_extents) < 0 ||
	    write(image, extents, sizeof extents) < 0)
		die("write");
	for (unsigned i = 0; i < n_extents; i++)
		copy_bytes(segment, extents[i].offset, image,
		    extents[i].size);
}

/* A segment with the image's content, its extents mapped for writing. */
static int
load(const char *path)
{
	int image = open(path, O_RDONLY);
	int fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	unsigned i;

	if (image < 0 || fd < 0 || ftruncate(fd, (off_t)SEGMENT_SIZE) != 0 ||
	    read(image, &n_extents, sizeof n_extents) < 0 ||
	    read(image, extents, sizeof extents) < 0)
		die(path);
	for (i = 0; i < n_extents && i < MAX_EXTENTS; i++) {
		windows[i] = mmap(NULL, extents[i].size,
		    PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    (off_t)extents[i].offset);
		if (windows[i] == MAP_FAILED)
			die("mmap");
		for (uint64_t at = 0; at < extents[i].size;) {
			ssize_t n = read(image, windows[i] + at,
			    extents[i].size - at);

			if (n <= 0)
				die("read");
			at += (uint64_t)n;
		}
	}
	close(image);
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_SEAL) != 0)
		die("seals");
	return fd;
}

/* Where `offset` of the segment is mapped; NULL: in no extent. */
static char *
at_offset(uint64_t offset)
{
	unsigned i;

	for (i = 0; i < n_extents; i++)
		if (offset >= extents[i].offset &&
		    offset - extents[i].offset + 8 <= extents[i].size)
			return windows[i] + (offset - extents[i].offset);
	return NULL;
}

/* ---- mutations ---- */

static void
put(char *at, uint64_t value, size_t size)
{
	struct change *change = &changes[n_changes];

	if (at == NULL || n_changes == MAX_CHANGES)
		return;
	n_changes++;
	change->at = at;
	memcpy(&change->old, at, 8);
	memcpy(at, &value, size);
}

static void
put_back(void)
{
	while (n_changes > 0) {
		n_changes--;
		memcpy(changes[n_changes].at, &changes[n_changes].old, 8);
	}
}

static bool spares_lobby;	/* nothing would be read without it */

static char *
anywhere(void)
{
	unsigned i = (unsigned)(spares_lobby ? 1 + below(n_extents - 1) :
	    below(n_extents));

	return windows[i] + (below(extents[i].size) & ~UINT64_C(7));
}

/* Values that programs trip over. */
static uint64_t
evil_value(void)
{
	static const uint64_t values[] = {
		0, 1, 2, 3, 4, 5, 255, 256, 4095, 4096, 65535, 65536,
		0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
		0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
		0xfffffffffffffffe, 0xffffffffffffffff,
	};

	switch (below(4)) {
	case 0:
		return random_word();
	case 1:
		return below(100000);
	default:
		return values[below(sizeof values / sizeof values[0])];
	}
}

struct section_shape {
	uint32_t	directory, element_size, per_chunk;
};

static const struct section_shape shapes[N_SECTIONS] = {
#define S(name, size, per_chunk, chunks)				\
	[SECTION_##name] = { DIRECTORY_##name, size, per_chunk },
	SECTION_LIST(S)
#undef S
};

/* The region of a slot that is in use. */
static uint64_t
some_region(void)
{
	const struct slot *slots = (void *)at_offset(SLOTS_OFFSET);
	unsigned used[N_SLOTS], n = 0, i;

	for (i = 0; i < N_SLOTS; i++)
		if (slots[i].state != SLOT_FREE)
			used[n++] = i;
	return n == 0 ? REGIONS_OFFSET : slot_region_offset(used[below(n)]);
}

/* A word of some element that is in use. */
static char *
in_section(enum section_id section)
{
	const struct section_shape *shape = &shapes[section];
	uint64_t region = some_region(), offset;
	const struct process_header *header = (void *)at_offset(region);
	uint32_t n, id;

	if (header == NULL)
		return NULL;
	n = header->sections[section].n_used;
	id = (uint32_t)below(n < 1u << 24 ? n : 1u << 24);
	if (id / shape->per_chunk > 100)
		id = 0;
	offset = (uint64_t)header->directory[shape->directory +
	    id / shape->per_chunk] * LAYOUT_PAGE;
	offset += (uint64_t)(id % shape->per_chunk) * shape->element_size;
	offset += below(shape->element_size) & ~UINT64_C(3);
	return at_offset(region + offset);
}

static void
mutate_header(void)
{
	static const size_t fields[] = {
#define F(name) offsetof(struct process_header, name)
		F(magic), F(version), F(pid), F(ppid), F(kind), F(start_ns),
		F(record_lanes), F(inherited_bytes), F(sample_bytes),
		F(command_size), F(command), F(current), F(peak),
		F(allocated), F(at_peak), F(peak_epoch), F(clear_epoch),
		F(peak_reset_epoch),
		F(lost_blocks), F(lost_bytes), F(unknown_frees),
		F(unwind_compared), F(module_epoch), F(troubles),
		F(private_bytes), F(used_bytes),
#undef F
	};
	uint64_t region = some_region();

	put(at_offset(region + fields[below(sizeof fields /
	    sizeof fields[0])]), evil_value(), below(2) ? 4 : 8);
}

static void
mutate_sections(void)
{
	uint64_t region = some_region(), at;

	at = region + offsetof(struct process_header, sections) +
	    below(N_SECTIONS) * sizeof(struct section);
	put(at_offset(at + below(2) * 4), evil_value(), 4);
}

/* Chunks elsewhere, outside, twice, or in the header. */
static void
mutate_directory(void)
{
	uint64_t region = some_region(), at;
	const struct process_header *header = (void *)at_offset(region);
	uint32_t first = shapes[below(N_SECTIONS)].directory;

	if (header == NULL)
		return;
	at = region + offsetof(struct process_header, directory) +
	    (first + below(8)) * sizeof(uint32_t);
	put(at_offset(at), below(2) ? evil_value() :
	    header->directory[below(DIRECTORY_SIZE)], 4);
}

static void
mutate_lobby(void)
{
	put(at_offset(!spares_lobby && below(2) ?
	    below(sizeof(struct lobby)) & ~7u :
	    SLOTS_OFFSET + (below(8 * sizeof(struct slot)) & ~3ull)),
	    evil_value(), below(2) ? 4 : 8);
}

static void
mutate_once(void)
{
	char *at;
	unsigned i;

	switch (below(10)) {
	case 0:
		put(anywhere(), random_word(), 8);
		break;
	case 1:
		at = anywhere();
		put(at, *(uint64_t *)(void *)at ^ UINT64_C(1) << below(64), 8);
		break;
	case 2:
		mutate_header();
		break;
	case 3:
		mutate_sections();
		break;
	case 4:
		mutate_directory();
		break;
	case 5:
		mutate_lobby();
		break;
	case 6:			/* a stretch of one value */
		at = anywhere();
		for (i = 0; i < 64; i++)
			if (((uintptr_t)(at + i * 8) & 4095) != 0)
				put(at + i * 8, below(2) ? UINT64_MAX : 0, 8);
			else
				break;
		break;
	default:
		put(in_section((enum section_id)below(N_SECTIONS)),
		    evil_value(), below(2) ? 4 : 8);
	}
}

/* ---- what must hold ---- */

static void
must(bool holds, const char *what)
{
	if (holds)
		return;
	printf("not so: %s\n", what);
	fflush(stdout);
	abort();
}

static void
check_text(const char *text, size_t room)
{
	size_t size = strnlen(text, room), i;

	must(size < room, "texts end");
	for (i = 0; i < size; i++)
		must((unsigned char)text[i] >= 0x20 && text[i] != 0x7f,
		    "texts are printable");
}

static void
check_stack(const struct frame_store *store, uint32_t stack)
{
	const struct code_location *location;
	const struct code_stack *frame;
	uint32_t depth = 0;

	for (; stack != 0; stack = frame->parent) {
		must(stack < frame_store_n_stacks(store), "stacks are known");
		frame = frame_store_get_stack(store, stack);
		must(frame->parent < stack, "stacks end");
		must(frame->location < frame_store_n_locations(store),
		    "locations are known");
		location = frame_store_get_location(store, frame->location);
		must(location->module < frame_store_n_modules(store),
		    "modules are known");
		must(location->kind <= LOCATION_REGION, "kinds are known");
		must(strlen(frame_store_get_module(store,
		    location->module)->path) <= 4096, "paths end");
		must(++depth < 1u << 24, "stacks are not endless");
	}
}

static void
check_blocks(const struct snapshot *snapshot)
{
	const struct live_block *blocks = snapshot->blocks;
	size_t i;

	for (i = 0; i < snapshot->n_blocks; i++) {
		must(blocks[i].trace < snapshot->n_traces,
		    "blocks have a trace");
		must(i == 0 || blocks[i - 1].trace < blocks[i].trace ||
		    (blocks[i - 1].trace == blocks[i].trace &&
		    blocks[i - 1].address <= blocks[i].address),
		    "blocks are in order");
	}
}

static void
check_snapshot(const struct frame_store *store,
    const struct snapshot *snapshot)
{
	uint64_t size = 0, count = 0, allocs = 0;
	const struct trace *trace;
	uint32_t i;

	must(snapshot->n_processes <= 2 * N_SLOTS, "processes are few");
	for (i = 0; i < snapshot->n_processes; i++) {
		check_text(snapshot->processes[i].name,
		    sizeof snapshot->processes[i].name);
		check_text(snapshot->processes[i].command,
		    sizeof snapshot->processes[i].command);
		check_text(snapshot->processes[i].allocator,
		    sizeof snapshot->processes[i].allocator);
		must(snapshot->processes[i].state <= PROCESS_EXECED,
		    "states are known");
	}
	for (i = 0; i < snapshot->n_threads; i++) {
		check_text(snapshot->threads[i].name,
		    sizeof snapshot->threads[i].name);
		must(snapshot->threads[i].process < snapshot->n_processes,
		    "threads are of a process");
	}
	check_blocks(snapshot);
	for (i = 0; i < snapshot->n_traces; i++) {
		trace = &snapshot->traces[i];
		must(trace->process < snapshot->n_processes,
		    "processes are known");
		must(trace->thread <= snapshot->n_threads,
		    "threads are known");
		must((trace->flags & ~7) == 0, "flags are known");
		must(trace->count <= trace->allocs,
		    "no more live than allocated");
		check_stack(store, trace->stack);
		size += trace->size;
		count += trace->count;
		allocs += trace->allocs;
	}
	must(size == snapshot->totals.traced_bytes, "bytes add up");
	must(count == snapshot->totals.blocks, "blocks add up");
	must(allocs + snapshot->totals.lost == snapshot->totals.allocs,
	    "allocations add up");
	must(!snapshot->is_corrupt == (snapshot->corruption[0] == '\0'),
	    "what is corrupt is named");
	check_text(snapshot->corruption, sizeof snapshot->corruption);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The latest mark and the peak; not each time, for a mark that is never
 * complete is waited for. */
static void
check_moments(struct reader *reader, const struct frame_store *store)
{
	static unsigned n;
	static const enum reader_moment moments[] = { READER_MARK,
		READER_PEAK };
	struct snapshot *snapshot;
	char name[MARK_NAME_ROOM];
	unsigned i;

	for (i = 0; n % 16 == 0 && i < array_size(moments); i++) {
		snapshot = reader_snapshot_at(reader, moments[i]);
		check_snapshot(store, snapshot);
		snapshot_release(snapshot);
	}
	n++;
	reader_last_mark(reader, name);
	check_text(name, sizeof name);
	must(reader_recording(reader) < N_RECORD_MODES, "a known state");
}

enum verdict { REFUSED, FLAGGED, READ };

/* Open it, read it twice (once more after `between`). */
static enum verdict
read_segment(int fd, void (*between)(void))
{
	struct frame_store *store = frame_store_new();
	struct snapshot *snapshot;
	struct reader *reader;
	struct errbuf why;
	enum verdict verdict = REFUSED;
	uint32_t slot, incarnation, round;

	why.text[0] = '\0';
	reader = reader_open(fd, store, &why);
	if (reader == NULL) {
		must(why.text[0] != '\0', "refusals have a reason");
		frame_store_free(store);
		return REFUSED;
	}
	reader_keep_peaks(reader);
	reader_keep_ended(reader, below(3) == 0);
	reader_want_blocks(reader, below(2) == 0);
	if (below(2) == 0)
		reader_want_survivors(reader, &(struct birth){ 1, 1 });
	for (round = 0; round < 2; round++) {
		snapshot = reader_snapshot(reader);
		check_snapshot(store, snapshot);
		verdict = snapshot->is_corrupt ? FLAGGED : READ;
		snapshot_release(snapshot);
		check_moments(reader, store);
		while (reader_next_finished(reader, &slot, &incarnation))
			must(slot < N_SLOTS, "slots are known");
		if (between != NULL)
			between();
	}
	reader_close(reader);
	frame_store_free(store);
	return verdict;
}

static void
mutate(const char *path, unsigned n)
{
	unsigned verdicts[3] = { 0, 0, 0 }, i, k;
	double start, longest = 0;
	struct rusage usage;
	int fd = load(path);

	must(read_segment(fd, NULL) == READ, "the image is well");
	for (i = 0; i < n; i++) {
		for (k = (unsigned)below(12) + 1; k > 0; k--)
			mutate_once();
		start = now();
		verdicts[read_segment(fd, mutate_once)]++;
		if (now() - start > longest)
			longest = now() - start;
		put_back();
	}
	/* Unharmed again: nothing was left behind by what came before. */
	must(read_segment(fd, NULL) == READ, "the image is well again");
	getrusage(RUSAGE_SELF, &usage);
	printf("images %u refused %u flagged %u read %u\n", n,
	    verdicts[REFUSED], verdicts[FLAGGED], verdicts[READ]);
	printf("longest %.2f s, memory %ld MiB\n", longest,
	    usage.ru_maxrss >> 10);
}

static void
live(const char *path, unsigned seconds)
{
	unsigned n = 0, verdicts[3] = { 0, 0, 0 };
	int fd = load(path);
	time_t end;
	pid_t pid;

	spares_lobby = true;
	pid = fork();
	if (pid == 0) {
		/* Not for ever, should the reader be killed. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			for (n = 0; n < 400; n++)
				mutate_once();
			put_back();
		}
	}
	for (end = time(NULL) + seconds; time(NULL) < end; n++)
		verdicts[read_segment(fd, NULL)]++;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("live readings %u refused %u flagged %u read %u\n", n,
	    verdicts[REFUSED], verdicts[FLAGGED], verdicts[READ]);
	must(n > 10, "there were readings");
}

static void
refuse(const char *path)
{
	int fds[2], fd;

	fd = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	must(ftruncate(fd, (off_t)SEGMENT_SIZE) == 0, "memory");
	must(read_segment(fd, NULL) == REFUSED, "unsealed is refused");
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	must(read_segment(fd, NULL) == REFUSED, "empty is refused");
	fd = memfd_create("short", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	must(ftruncate(fd, 100) == 0, "memory");
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	must(read_segment(fd, NULL) == REFUSED, "too short is refused");
	must(pipe(fds) == 0 && read_segment(fds[0], NULL) == REFUSED,
	    "a pipe is refused");
	must(read_segment(open("/dev/zero", O_RDONLY), NULL) == REFUSED,
	    "a device is refused");
	must(read_segment(open(path, O_RDONLY), NULL) == REFUSED,
	    "a file is refused");
	must(read_segment(-1, NULL) == REFUSED, "nothing is refused");
	/* Holes may still be punched: they read as zeroes. */
	fd = load(path);
	must(ftruncate(fd, 0) != 0 && errno == EPERM, "seals hold");
	must(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	    REGIONS_OFFSET, 1 << 20) == 0, "holes");
	must(read_segment(fd, NULL) == FLAGGED, "a hole is noticed");
	printf("refused\n");
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 1;
	seed = argc > 4 ? strtoull(argv[4], NULL, 0) : 1;
	switch (argv[1][0]) {
	case 's':
		save(argv[2]);
		break;
	case 'm':
		mutate(argv[2], (unsigned)atoi(argv[3]));
		break;
	case 'l':
		live(argv[2], (unsigned)atoi(argv[3]));
		break;
	case 'r':
		refuse(argv[2]);
		break;
	}
	return 0;
}
