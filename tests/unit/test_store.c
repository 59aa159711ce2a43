/*
 * test_store.c - what is saved is what is loaded; what is damaged is refused.
 *
 * A small world of modules, symbols and stacks is made by arithmetic; its
 * moments are written down as text before saving and after loading, in other
 * tables, and the texts must be equal.
 */
#include "store/store.h"

#include "util/names.h"
#include "util/strbuf.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include <cmocka.h>

struct world {
	struct frame_store	*frames;
	struct names		*names;
	struct symbols		*symbols;
};

static char folder[64];
static char path[128];

/* ---- worlds ---- */

static struct world
new_world(void)
{
	struct world world = { .frames = frame_store_new(),
		.names = names_new() };

	world.symbols = symbols_new_saved(world.frames, world.names);
	return world;
}

static void
free_world(struct world *world)
{
	symbols_free(world->symbols);
	names_free(world->names);
	frame_store_free(world->frames);
}

static uint32_t
name(struct world *world, const char *text)
{
	return names_intern(world->names, text, strlen(text));
}

/* Names of all kinds: plain, no UTF-8, with what a terminal would obey. */
static const char *const strange[] = {
	"/src/a.c", "/src/b\xff\xfe.c", "operator new", "\033[31mred", "",
	"na\xc3\xafve::f<std::map<int, char> >", "/x/\xed\xa0\x80.c", "'); --",
};

/* A location with one to three inline frames. */
static uint32_t
make_location(struct world *world, unsigned i)
{
	static const uint8_t build_id[20] = { 0xde, 0xad, 0, 0xff };
	char module[40];
	struct symbol_frame frames[3];
	uint32_t location, n = 1 + i % 3;

	snprintf(module, sizeof module, "/lib/m%u\xc0.so", i % 5);
	location = frame_store_location(world->frames,
	    i % 7 == 0 ? 0 : frame_store_module(world->frames, module,
	    build_id, i % 5 * 4), 0x1000 + i * (UINT64_C(1) << i % 60),
	    (enum location_kind)(i % 5));
	for (uint32_t k = 0; k < n; k++) {
		frames[k] = symbols_stand_in(world->symbols, location);
		frames[k].function = name(world, strange[(i + k) % 8]);
		frames[k].file = name(world, strange[(i + 3 * k) % 8]);
		frames[k].line = i * k;
		frames[k].flags = k + 1 < n ? SYMBOL_INLINED : i % 4;
	}
	if (i % 11 != 0)
		symbols_put(world->symbols, location, frames, n);
	return location;
}

static uint32_t
make_stack(struct world *world, unsigned i)
{
	uint32_t stack = 0;

	for (unsigned depth = 0; depth < i % 9; depth++)
		stack = frame_store_stack(world->frames, stack,
		    make_location(world, (i >> depth) + depth));
	return stack;
}

static struct snapshot *
make_snapshot(struct world *world, unsigned seed, bool has_blocks)
{
	uint32_t n = 50 + seed % 10;
	struct snapshot *snapshot = snapshot_new(n, 2);

	snapshot->processes[0] = (struct process){ .pid = 4711, .ppid = 1,
		.state = PROCESS_EXITED, .wait_status = -1, .n_threads = 3,
		.name = "prog", .command = "prog \\x1b", .is_fork = true,
		.allocator = "jemalloc",
		.totals = { .allocs = seed } };
	snapshot->processes[1] = (struct process){ .pid = 4712,
		.start_ns = UINT64_MAX, .is_corrupt = true };
	snapshot->n_threads = 2;
	snapshot->threads = calloc(2, sizeof *snapshot->threads);
	snapshot->threads[1] = (struct snapshot_thread){ .process = 1,
		.tid = 99, .has_exited = true, .name = "worker" };
	for (uint32_t i = 0; i < n; i++) {
		snapshot->traces[i] = (struct trace){
			.size = (uint64_t)i * seed << i, .count = i,
			.allocs = UINT64_MAX - i, .allocated = i,
			.temporary = i * 2, .survivor_size = i * 3,
			.survivor_count = i * 4,
			.stack = make_stack(world, i * 7 + seed),
			.process = i % 2, .thread = i % 3,
			.total_nframe = i, .domain = (uint16_t)(65535 - i),
			.flags = (uint16_t)(i % 8) };
	}
	snapshot->totals = (struct totals){ .traced_bytes = seed,
		.skew_bytes = UINT64_MAX, .sample_bytes = 512,
		.is_memory_refused = true };
	snapshot->birth = (struct birth){ 3, seed };
	snapshot->has_survivors = true;
	snapshot->survivors_since = (struct birth){ 2, seed + 1 };
	if (seed % 2 != 0) {
		snapshot->is_corrupt = true;
		strcpy(snapshot->corruption, "tree: parent");
	}
	if (has_blocks) {
		snapshot->n_blocks = n;
		snapshot->blocks = calloc(n, sizeof *snapshot->blocks);
		for (uint32_t i = 0; i < n; i++)
			snapshot->blocks[i] = (struct live_block){
				.address = UINT64_MAX - (n - i) * 64,
				.size = i, .trace = i / 2, .generation = i };
	}
	return snapshot;
}

static struct store_moment
make_moment(struct world *world, enum store_kind kind, unsigned seed)
{
	struct store_moment moment = { .kind = kind, .number = seed,
		.time_ns = -5 + seed, .uptime_ns = seed * 1000000007ull,
		.state = (enum store_state)(seed % N_STORE_STATES),
		.status = -3, .recording = RECORD_HELD,
		.snapshot = make_snapshot(world, seed,
		    kind == STORE_NOW) };

	snprintf(moment.name, sizeof moment.name, "moment %u", seed);
	return moment;
}

/* ---- as text ---- */

static void
print_location(struct strbuf *to, const struct world *world, uint32_t id)
{
	const struct code_location *location = frame_store_get_location(
	    world->frames, id);
	const struct code_module *module = frame_store_get_module(
	    world->frames, location->module);
	const struct symbol_frame *frames;
	uint32_t n;

	strbuf_printf(to, " [%s ", module->path);
	for (unsigned i = 0; i < module->build_id_size; i++)
		strbuf_printf(to, "%02x", module->build_id[i]);
	strbuf_printf(to, " %lx %u", (long)location->offset, location->kind);
	frames = symbols_frames(world->symbols, id, &n);
	for (uint32_t i = 0; i < n; i++)
		strbuf_printf(to, " (%s %s %u %s %lx %u)",
		    name_raw(world->names, frames[i].function, NULL),
		    name_raw(world->names, frames[i].file, NULL),
		    frames[i].line,
		    name_raw(world->names, frames[i].module, NULL),
		    (long)frames[i].offset, frames[i].flags);
	strbuf_puts(to, "]");
}

/* All fields of a struct that are compared as bytes have no padding: the
 * totals' last member is one bool, at a place that is known. */
static void
print_totals(struct strbuf *to, const struct totals *totals)
{
	const uint64_t *words = (const uint64_t *)totals;

	for (size_t i = 0; i < offsetof(struct totals, is_memory_refused) /
	    sizeof *words; i++)
		strbuf_printf(to, " %lu", (unsigned long)words[i]);
	strbuf_printf(to, " %d\n", totals->is_memory_refused);
}

static void
print_traces(struct strbuf *to, const struct world *world,
    const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->n_traces; i++) {
		const struct trace *t = &snapshot->traces[i];

		strbuf_printf(to, "%lu %lu %lu %lu %lu %lu %lu %u %u %u %u %u",
		    t->size, t->count, t->allocs, t->allocated, t->temporary,
		    t->survivor_size, t->survivor_count, t->process,
		    t->thread, t->total_nframe, t->domain, t->flags);
		for (uint32_t s = t->stack; s != 0;
		    s = frame_store_get_stack(world->frames, s)->parent)
			print_location(to, world, frame_store_get_stack(
			    world->frames, s)->location);
		strbuf_puts(to, "\n");
	}
}

static void
print_snapshot(struct strbuf *to, const struct world *world,
    const struct snapshot *s)
{
	strbuf_printf(to, "%d %s %u %u %d %u %u %u %u %u %d %zu\n",
	    s->is_corrupt, s->corruption, s->birth.clear_epoch,
	    s->birth.generation, s->has_survivors,
	    s->survivors_since.clear_epoch, s->survivors_since.generation, s->n_processes, s->n_threads, s->n_traces,
	    s->blocks != NULL, s->n_blocks);
	print_totals(to, &s->totals);
	for (uint32_t i = 0; i < s->n_processes; i++) {
		const struct process *p = &s->processes[i];

		strbuf_printf(to, "%d %d %d %d %u %lu %lu %d %d %s %s %s",
		    p->pid, p->ppid, p->state, p->wait_status, p->n_threads,
		    p->start_ns, p->inherited_bytes, p->is_fork,
		    p->is_corrupt, p->name, p->command, p->allocator);
		print_totals(to, &p->totals);
	}
	for (uint32_t i = 0; i < s->n_threads; i++)
		strbuf_printf(to, "%u %d %d %s\n", s->threads[i].process,
		    s->threads[i].tid, s->threads[i].has_exited,
		    s->threads[i].name);
	print_traces(to, world, s);
	for (size_t i = 0; i < s->n_blocks; i++)
		strbuf_printf(to, "%lx %lu %u %u\n", s->blocks[i].address,
		    s->blocks[i].size, s->blocks[i].trace,
		    s->blocks[i].generation);
}

static void
print_moment(struct strbuf *to, const struct world *world,
    const struct store_moment *m)
{
	strbuf_printf(to, "== %d %u %s %ld %lu %d %d %d\n", m->kind,
	    m->number, m->name, m->time_ns, m->uptime_ns, m->state,
	    m->status, m->recording);
	print_snapshot(to, world, m->snapshot);
}

static char *
print_moments(const struct world *world, const struct store_moment *moments,
    size_t n)
{
	struct strbuf text = STRBUF_INIT(4 << 20);

	for (size_t i = 0; i < n; i++)
		print_moment(&text, world, &moments[i]);
	assert_false(text.is_cut);
	return strbuf_take(&text);
}

/* ---- a file of three moments ---- */

struct saved {
	struct world		 world;
	struct store_moment	 moments[3];
	struct store_facts	 facts;
	struct store_writer	*writer;
};

static void
make_saved(struct saved *saved)
{
	*saved = (struct saved){ .world = new_world() };
	saved->moments[0] = make_moment(&saved->world, STORE_MARK, 1);
	saved->moments[1] = make_moment(&saved->world, STORE_PEAK, 4);
	saved->moments[2] = make_moment(&saved->world, STORE_NOW, 9);
	store_facts_add(&saved->facts, false, "argv", "prog", 4);
	store_facts_add(&saved->facts, false, "argv", "a\0b\xff", 4);
	store_facts_add(&saved->facts, false, "host", "here", 4);
	store_facts_add(&saved->facts, true, "host", "mine", 4);
	saved->writer = store_writer_new(path, saved->world.frames,
	    saved->world.symbols, saved->world.names, &saved->facts);
}

static void
free_saved(struct saved *saved)
{
	for (int i = 0; i < 3; i++)
		snapshot_release(saved->moments[i].snapshot);
	store_writer_free(saved->writer);
	store_facts_fini(&saved->facts);
	free_world(&saved->world);
}

static void
assert_saves(struct saved *saved, size_t first, size_t n)
{
	struct errbuf why = { .column = 0 };

	store_writer_ask(saved->writer, saved->moments + first, n);
	if (store_writer_save(saved->writer, saved->moments + first, n,
	    &why) < 0)
		fail_msg("%s", why.text);
}

/* The file has the first n moments, and loads in a world of its own. */
static void
assert_loads(const struct saved *saved, size_t n)
{
	struct world world = new_world();
	struct store_contents contents;
	struct errbuf why = { .column = 0 };
	char *expected, *found;

	/* ids must not be the same by chance */
	make_stack(&world, 1000);
	if (store_load(path, STORE_ALL, world.frames, world.symbols,
	    world.names, &contents, &why) < 0)
		fail_msg("%s", why.text);
	assert_int_equal(contents.moments.n, n);
	expected = print_moments(&saved->world, saved->moments, n);
	found = print_moments(&world, contents.moments.items, n);
	assert_string_equal(found, expected);
	free(expected);
	free(found);
	store_contents_fini(&contents);
	free_world(&world);
}

static size_t loaded_moments;	/* by load() */

/* 0: it loads; else why says what is wrong. */
static int
load(const char *file, struct errbuf *why)
{
	struct world world = new_world();
	struct store_contents contents;
	int rc;

	*why = (struct errbuf){ .column = 0 };
	rc = store_load(file, STORE_ALL, world.frames, world.symbols,
	    world.names, &contents, why);
	if (rc == 0) {
		loaded_moments = contents.moments.n;
		free(print_moments(&world, contents.moments.items,
		    contents.moments.n));
		store_contents_fini(&contents);
	} else {
		assert_true(why->text[0] != '\0');
		assert_null(strchr(why->text, '\n'));
	}
	free_world(&world);
	return rc;
}

static char *
slurp(const char *file, size_t *size)
{
	int fd = open(file, O_RDONLY);
	struct stat st;
	char *bytes;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size);
	assert_int_equal(read(fd, bytes, *size), *size);
	close(fd);
	return bytes;
}

static void
spit(const char *file, const char *bytes, size_t size)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

/* ---- tests ---- */

static void
saved_moments_loaded_are_the_same(void **state)
{
	struct saved saved;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 3);
	assert_loads(&saved, 3);
	free_saved(&saved);
}

/* The last moment is there at once, the others when they are asked for. */
static void
moments_filled_later_are_the_same(void **state)
{
	struct saved saved;
	struct world world = new_world();
	struct store_contents contents;
	struct errbuf why;
	char *expected, *found, other[128];

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 3);
	assert_int_equal(store_load(path, STORE_LAST, world.frames,
	    world.symbols, world.names, &contents, &why), 0);
	assert_int_equal(contents.moments.n, 3);
	assert_int_equal(contents.moments.items[0].snapshot->n_traces, 0);
	assert_int_equal(contents.moments.items[0].snapshot->totals.
	    traced_bytes, 1);
	assert_int_equal(contents.moments.items[2].snapshot->n_traces, 59);
	/* what is interned meanwhile is nothing of the file's */
	make_stack(&world, 77);
	assert_int_equal(store_fill(contents.file, 0,
	    contents.moments.items[0].snapshot, &why), 0);
	snprintf(other, sizeof other, "%s/b.tms", folder);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(store_fill(contents.file, 1,
	    contents.moments.items[1].snapshot, &why), -1);
	assert_non_null(strstr(why.text, "no more what it was"));
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(store_fill(contents.file, 1,
	    contents.moments.items[1].snapshot, &why), 0);
	expected = print_moments(&saved.world, saved.moments, 3);
	found = print_moments(&world, contents.moments.items, 3);
	assert_string_equal(found, expected);
	free(expected);
	free(found);
	store_contents_fini(&contents);
	free_world(&world);
	free_saved(&saved);
}

static void
facts_loaded_are_the_same(void **state)
{
	struct saved saved;
	struct world world = new_world();
	struct store_contents contents;
	struct errbuf why;
	const char *value;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 1);
	assert_int_equal(store_load(path, STORE_LAST, world.frames,
	    world.symbols, world.names, &contents, &why), 0);
	assert_string_equal(store_facts_get(&contents.facts, "argv", 0),
	    "prog");
	value = store_facts_get(&contents.facts, "argv", 1);
	assert_memory_equal(value, "a\0b\xff", 5);
	assert_null(store_facts_get(&contents.facts, "argv", 2));
	assert_string_equal(store_facts_get(&contents.facts, "host", 0),
	    "here");
	assert_int_equal(contents.facts.list.n, 4);
	assert_true(contents.facts.list.items[3].is_meta);
	assert_string_equal(contents.facts.list.items[3].value, "mine");
	store_contents_fini(&contents);
	free_world(&world);
	free_saved(&saved);
}

static void
moments_appended_are_behind_the_others(void **state)
{
	struct saved saved;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 1);
	assert_loads(&saved, 1);
	assert_saves(&saved, 1, 2);
	assert_loads(&saved, 3);
	free_saved(&saved);
}

/* Facts that are known later come with the next save. */
static void
facts_told_later_are_behind_the_others(void **state)
{
	struct saved saved;
	struct world world = new_world();
	struct store_contents contents;
	struct errbuf why;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 1);
	store_facts_add(&saved.facts, false, "argv", "third", 5);
	store_writer_tell(saved.writer, &saved.facts);
	assert_saves(&saved, 1, 1);
	assert_saves(&saved, 2, 1);
	assert_int_equal(store_load(path, STORE_LAST, world.frames,
	    world.symbols, world.names, &contents, &why), 0);
	assert_string_equal(store_facts_get(&contents.facts, "argv", 0),
	    "prog");
	assert_string_equal(store_facts_get(&contents.facts, "argv", 2),
	    "third");
	assert_int_equal(contents.facts.list.n, 5);
	store_contents_fini(&contents);
	free_world(&world);
	free_saved(&saved);
}

/* The second file's stacks are not the first's, although names are shared. */
static void
two_files_in_one_world_keep_apart(void **state)
{
	struct saved saved;
	struct world world = new_world();
	struct store_contents first, second;
	struct errbuf why;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 3);
	assert_int_equal(store_load(path, STORE_ALL, world.frames,
	    world.symbols, world.names, &first, &why), 0);
	assert_int_equal(store_load(path, STORE_LAST, world.frames,
	    world.symbols, world.names, &second, &why), 0);
	for (uint32_t i = 0; i < 50; i++) {
		uint32_t a = first.moments.items[2].snapshot->traces[i].stack;
		uint32_t b = second.moments.items[2].snapshot->
		    traces[i].stack;

		assert_true((a == 0) == (b == 0));
		assert_true(a == 0 || a != b);
	}
	store_contents_fini(&first);
	store_contents_fini(&second);
	free_world(&world);
	free_saved(&saved);
}

static void
file_replaced_meanwhile_is_left_alone(void **state)
{
	struct saved saved;
	struct errbuf why;
	size_t size, size_after;
	char *bytes, other[128];

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 1);
	bytes = slurp(path, &size);
	snprintf(other, sizeof other, "%s/b.tms", folder);
	spit(other, bytes, size);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(store_writer_save(saved.writer, saved.moments + 1, 1,
	    &why), -1);
	assert_non_null(strstr(why.text, "replaced"));
	free(bytes);
	free(slurp(path, &size_after));
	assert_int_equal(size_after, size);
	free_saved(&saved);
}

static void
place_that_cannot_be_written_is_named(void **state)
{
	static const char *const places[] = { "/nowhere/x.tms", "/dev/null",
		"/", "" };
	struct saved saved;
	struct errbuf why;

	(void)state;
	make_saved(&saved);
	for (size_t i = 0; i < array_size(places); i++) {
		struct store_writer *writer = store_writer_new(places[i],
		    saved.world.frames, saved.world.symbols,
		    saved.world.names, &saved.facts);

		why.text[0] = '\0';
		assert_int_equal(store_writer_save(writer, saved.moments, 1,
		    &why), -1);
		assert_non_null(strstr(why.text, places[i]));
		store_writer_free(writer);
	}
	free_saved(&saved);
}

/* In a child: no file may grow beyond `most` bytes.  0: saved, 1: refused and
 * said so. */
static int
save_with_limit(struct store_writer *writer, const struct saved *saved,
    size_t first, size_t n, size_t most)
{
	struct rlimit limit = { most, most };
	struct errbuf why;
	int status, rc;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_FSIZE, &limit);
		rc = store_writer_save(writer, saved->moments + first, n,
		    &why);
		_exit(rc == 0 ? 0 : strstr(why.text, path) != NULL ? 1 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static unsigned
count_files(void)
{
	DIR *list = opendir(folder);
	unsigned n = 0;

	while (readdir(list) != NULL)
		n++;
	closedir(list);
	return n - 2;
}

static void
disk_full_at_first_save_leaves_what_was_there(void **state)
{
	struct saved saved;
	int rc = 1;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 1);
	for (size_t most = 1; rc != 0; most += 3989) {
		struct store_writer *writer = store_writer_new(path,
		    saved.world.frames, saved.world.symbols,
		    saved.world.names, &saved.facts);

		assert_loads(&saved, 1);
		rc = save_with_limit(writer, &saved, 0, 3, most);
		assert_in_range(rc, 0, 1);
		assert_int_equal(count_files(), 1);
		store_writer_free(writer);
	}
	assert_loads(&saved, 3);
	free_saved(&saved);
}

static void
disk_full_while_appending_leaves_what_was_there(void **state)
{
	struct saved saved;
	int rc = 1;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 1);
	for (size_t most = 1; rc != 0; most += 3989) {
		assert_loads(&saved, 1);
		rc = save_with_limit(saved.writer, &saved, 1, 2, most);
		assert_in_range(rc, 0, 1);
		/* a journal that could not be written may stay */
		assert_in_range(count_files(), 1, 2);
	}
	assert_loads(&saved, 3);
	free_saved(&saved);
}

/* A writer that failed can go on when there is room again. */
static void
disk_with_room_again_takes_the_next_save(void **state)
{
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit tight = { 40000, RLIM_INFINITY };
	struct saved saved;
	struct errbuf why;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_int_equal(store_writer_save(saved.writer, saved.moments + 1, 2,
	    &why), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_saves(&saved, 1, 2);
	assert_loads(&saved, 3);
	free_saved(&saved);
}

/* Killed in a transaction, as late as can be: pages of the database are
 * overwritten, the journal is complete. */
static void
leave_half_written(void)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		sqlite3 *db;
		int rc = sqlite3_open(path, &db);

		rc |= sqlite3_exec(db, "PRAGMA cache_size = 1; "
		    "PRAGMA synchronous = FULL; BEGIN; "
		    "UPDATE name SET text = 'gone' WHERE id > 0; "
		    "UPDATE snapshot SET number = number + 1; "
		    "DELETE FROM trace; "
		    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
		    "FROM n WHERE i < 20000) INSERT INTO stack SELECT "
		    "i + 100000, 0, 1 FROM n", NULL, NULL, NULL);
		_exit(rc);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
writer_killed_file_is_as_before(void **state)
{
	struct saved saved;
	char journal[160];
	size_t size, journal_size, size_after, journal_size_after;
	char *bytes, *journal_bytes;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 3);
	leave_half_written();
	snprintf(journal, sizeof journal, "%s-journal", path);
	bytes = slurp(path, &size);
	journal_bytes = slurp(journal, &journal_size);
	assert_true(journal_size > 4096);
	assert_loads(&saved, 3);
	/* looking has changed nothing */
	free(slurp(path, &size_after));
	free(slurp(journal, &journal_size_after));
	assert_int_equal(size_after, size);
	assert_int_equal(journal_size_after, journal_size);
	free(bytes);
	free(journal_bytes);
	free_saved(&saved);
}

/* What that writer left must not be undone in the file that comes after. */
static void
writer_killed_next_save_is_not_undone(void **state)
{
	struct saved saved;
	struct store_writer *writer;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 3);
	leave_half_written();
	writer = saved.writer;
	saved.writer = store_writer_new(path, saved.world.frames,
	    saved.world.symbols, saved.world.names, &saved.facts);
	store_writer_free(writer);
	assert_saves(&saved, 0, 1);
	assert_loads(&saved, 1);
	assert_saves(&saved, 1, 2);
	assert_loads(&saved, 3);
	assert_int_equal(count_files(), 1);
	free_saved(&saved);
}

/* Whatever the journal is: an answer, in bounded time. */
static void
journal_damaged_is_survived(void **state)
{
	struct saved saved;
	char journal[160];
	size_t size;
	char *bytes;
	struct errbuf why;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 3);
	leave_half_written();
	snprintf(journal, sizeof journal, "%s-journal", path);
	bytes = slurp(journal, &size);
	for (size_t i = 0; i < 28; i++) {
		bytes[i] ^= (char)0xff;
		spit(journal, bytes, size);
		load(path, &why);
		bytes[i] ^= (char)0xff;
	}
	for (size_t n = 1; n < size; n = n * 3 / 2 + 1) {
		spit(journal, bytes, n);
		load(path, &why);
	}
	free(bytes);
	free_saved(&saved);
}

/* Killed at any moment, with kill -9: the file loads, and has at least what
 * was acknowledged. */
static void
writer_killed_at_any_moment_loses_nothing(void **state)
{
	struct saved saved;
	struct errbuf why;
	unsigned least = 0;

	(void)state;
	make_saved(&saved);
	for (unsigned i = 0; i < 40; i++) {
		struct timespec while_ns = { 0, (long)i * 150000 };
		unsigned char n;
		int acknowledged[2];
		pid_t pid;

		unlink(path);
		assert_int_equal(pipe(acknowledged), 0);
		pid = fork();
		assert_true(pid >= 0);
		while (pid == 0) {
			if (store_writer_save(saved.writer, saved.moments, 3,
			    &why) < 0 || write(acknowledged[1], "", 1) != 1)
				_exit(1);
		}
		assert_int_equal(read(acknowledged[0], &n, 1), 1);
		nanosleep(&while_ns, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		close(acknowledged[1]);
		for (least = 1; read(acknowledged[0], &n, 1) == 1; least++)
			;
		close(acknowledged[0]);
		if (load(path, &why) < 0)
			fail_msg("%s", why.text);
		assert_true(loaded_moments >= 3 * least);
	}
	free_saved(&saved);
}

/* ---- damage ---- */

static void
file_truncated_anywhere_is_refused(void **state)
{
	struct saved saved;
	struct errbuf why;
	size_t size, step;
	char *bytes;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 3);
	bytes = slurp(path, &size);
	step = getenv("TMTOP_LONG") != NULL ? 1 : 211;
	for (size_t n = 0; n < size; n += n + 4096 < size ? step : 7) {
		spit(path, bytes, n);
		assert_int_equal(load(path, &why), -1);
		assert_non_null(strstr(why.text, path));
	}
	free(bytes);
	free_saved(&saved);
}

/* A wrong byte may go unnoticed; what comes out is whole all the same. */
static void
file_with_a_wrong_byte_is_survived(void **state)
{
	struct saved saved;
	struct errbuf why;
	size_t size, step;
	char *bytes;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 3);
	bytes = slurp(path, &size);
	step = getenv("TMTOP_LONG") != NULL ? 1 : 97;
	for (size_t i = 0; i < size; i += step) {
		char was = bytes[i];

		bytes[i] = (char)(was ^ (1 + i % 255));
		spit(path, bytes, size);
		load(path, &why);
		bytes[i] = was;
	}
	free(bytes);
	free_saved(&saved);
}

static void
run_sql(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void
file_changed_by_hand_is_refused(void **state)
{
	static const struct { const char *sql, *why; } changes[] = {
		{ "PRAGMA user_version = 2", "a newer tmtop has written it "
		    "(version 2; this one reads 1)" },
		{ "PRAGMA application_id = 1", "it is no snapshot file" },
		{ "PRAGMA journal_mode = WAL", "it is damaged: header" },
		{ "DELETE FROM snapshot", "there is no snapshot in it" },
		{ "DELETE FROM trace WHERE id = 7", "trace.id is out" },
		{ "DELETE FROM trace WHERE id = 49 OR id > 49", "missing" },
		{ "DELETE FROM block WHERE id > 3", "blocks" },
		{ "DELETE FROM process", "processes" },
		{ "DELETE FROM thread", "threads" },
		{ "DELETE FROM name", "name 0 is missing" },
		{ "DELETE FROM module", "module 0 is missing" },
		{ "UPDATE stack SET parent = id WHERE id = 3",
		    "stack.parent is out of range" },
		{ "UPDATE stack SET parent = -1 WHERE id = 3",
		    "stack.parent is out of range" },
		{ "UPDATE stack SET location = 99999 WHERE id = 3",
		    "stack.location is out of range" },
		{ "UPDATE stack SET location = 0 WHERE id = 3",
		    "stack.location is 0" },
		{ "UPDATE stack SET location = 'x' WHERE id = 3",
		    "stack.location is no integer" },
		{ "UPDATE location SET module = 77 WHERE id = 3",
		    "location.module is out of range" },
		{ "UPDATE location SET kind = 9 WHERE id = 3",
		    "location.kind is out of range" },
		{ "UPDATE frame SET depth = 7 WHERE location = 3 AND "
		    "depth = 0",
		    "frame.depth is out of range" },
		{ "UPDATE frame SET file = 12345 WHERE location = 3",
		    "frame.file is out of range" },
		{ "UPDATE frame SET location = 0 WHERE location = 1",
		    "frame of location 0" },
		{ "UPDATE name SET text = 5 WHERE id = 1",
		    "name.text is no text" },
		{ "UPDATE name SET text = printf('%5000s', '') WHERE id = 1",
		    "name.text is too long" },
		{ "UPDATE name SET text = zeroblob(1000000) WHERE id = 1",
		    "name" },
		{ "UPDATE module SET build_id = 'xy' WHERE id = 1",
		    "hexadecimal" },
		{ "UPDATE trace SET process = 2", "trace.process is out" },
		{ "UPDATE trace SET stack = 1000000", "trace.stack is out" },
		{ "UPDATE trace SET thread = 2", "trace.thread is out" },
		{ "UPDATE trace SET domain = 65536", "trace.domain is out" },
		{ "UPDATE trace SET size = 1.5", "trace.size is no integer" },
		{ "UPDATE block SET trace = 5000", "block.trace is out" },
		{ "UPDATE snapshot SET kind = 'x'", "'x' is not known" },
		{ "UPDATE snapshot SET n_traces = -1", "n_traces is out" },
		{ "UPDATE process SET is_fork = 2", "is_fork is out" },
		{ "CREATE VIEW x AS SELECT 1", "more than the tables" },
		{ "CREATE INDEX a ON trace(stack)", "'index a' where" },
		{ "CREATE TRIGGER x AFTER INSERT ON trace BEGIN "
		    "SELECT 1; END", "more than the tables" },
		{ "DROP TABLE stack; CREATE VIEW stack AS SELECT 1 AS id, "
		    "0 AS parent, 1 AS location", "'view stack' where" },
		{ "ALTER TABLE stack ADD COLUMN x AS (id + 1)",
		    "table stack is not that" },
		{ "DROP TABLE block", "where there should be table block" },
		{ "DROP TABLE trace", "there is no table trace" },
	};
	struct saved saved;
	struct errbuf why;
	size_t size;
	char *bytes;

	(void)state;
	make_saved(&saved);
	assert_saves(&saved, 0, 3);
	bytes = slurp(path, &size);
	for (size_t i = 0; i < array_size(changes); i++) {
		spit(path, bytes, size);
		run_sql(changes[i].sql);
		if (load(path, &why) == 0)
			fail_msg("accepted: %s", changes[i].sql);
		if (strstr(why.text, changes[i].why) == NULL)
			fail_msg("%s: %s", changes[i].sql, why.text);
	}
	free(bytes);
	free_saved(&saved);
}

static void
file_of_another_kind_is_refused(void **state)
{
	struct errbuf why;

	(void)state;
	assert_int_equal(load("/nowhere/x.tms", &why), -1);
	assert_string_equal(why.text, "cannot read /nowhere/x.tms: No such "
	    "file or directory");
	assert_int_equal(load("/dev/zero", &why), -1);
	assert_string_equal(why.text, "cannot read /dev/zero: it is no "
	    "regular file");
	assert_int_equal(load(folder, &why), -1);
	spit(path, "", 0);
	assert_int_equal(load(path, &why), -1);
	assert_non_null(strstr(why.text, "it is empty"));
	spit(path, "SQLite format 3", 16);
	assert_int_equal(load(path, &why), -1);
	assert_non_null(strstr(why.text, "it is no snapshot file"));
	unlink(path);
	run_sql("CREATE TABLE t(x)");
	assert_int_equal(load(path, &why), -1);
	assert_non_null(strstr(why.text, "it is no snapshot file"));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(load(path, &why), -1);
}

/* ---- ---- */

static int
set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/tmtop-store-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/a.tms", folder);
	return 0;
}

static int
tear_down(void **state)
{
	DIR *list = opendir(folder);
	struct dirent *entry;

	(void)state;
	while ((entry = readdir(list)) != NULL)
		unlinkat(dirfd(list), entry->d_name, 0);
	closedir(list);
	return rmdir(folder);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(saved_moments_loaded_are_the_same),
		TEST(moments_filled_later_are_the_same),
		TEST(facts_loaded_are_the_same),
		TEST(moments_appended_are_behind_the_others),
		TEST(facts_told_later_are_behind_the_others),
		TEST(two_files_in_one_world_keep_apart),
		TEST(file_replaced_meanwhile_is_left_alone),
		TEST(place_that_cannot_be_written_is_named),
		TEST(disk_full_at_first_save_leaves_what_was_there),
		TEST(disk_full_while_appending_leaves_what_was_there),
		TEST(disk_with_room_again_takes_the_next_save),
		TEST(writer_killed_file_is_as_before),
		TEST(writer_killed_next_save_is_not_undone),
		TEST(journal_damaged_is_survived),
		TEST(writer_killed_at_any_moment_loses_nothing),
		TEST(file_truncated_anywhere_is_refused),
		TEST(file_with_a_wrong_byte_is_survived),
		TEST(file_changed_by_hand_is_refused),
		TEST(file_of_another_kind_is_refused),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
