/*
 * test_symbols_hostile.c - files and helpers that mean harm.
 *
 * This program is also the helper that lies: started with FAKE_HELPER in the
 * environment, it speaks on the helper's descriptor what the variable says.
 */
#include "tests/symbols/fixture.h"

#include "symbols/protocol.h"
#include "util/xalloc.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the lying helper ---- */

static void
speak(const struct strbuf *bytes)
{
	if (send(SYMBOLS_FD, bytes->text, bytes->size, MSG_NOSIGNAL) < 0)
		_exit(1);
}

/* Wait for a LOOKUP; the viewer sends them in one piece with the MODULE. */
static uint32_t
hear_lookup(void)
{
	static unsigned char bytes[65536];
	static size_t n, done;

	for (;;) {
		struct packet packet;
		uint32_t kind;
		long size = packet_split(bytes + done, n - done,
		    SYMBOLS_MAX_REQUEST, &kind, &packet);
		ssize_t more;

		if (size > 0) {
			done += (size_t)size;
			if (kind == SYMBOLS_LOOKUP)
				return packet_get_u32(&packet);
			continue;
		}
		more = recv(SYMBOLS_FD, bytes + n, sizeof bytes - n, 0);
		if (more <= 0)
			_exit(0);
		n += (size_t)more;
	}
}

static void
put_hello(struct strbuf *to, uint32_t version)
{
	size_t start = packet_begin(to, SYMBOLS_HELLO);

	packet_put_u32(to, version);
	packet_end(to, start);
}

static void
put_flagged(struct strbuf *to, uint32_t location, uint32_t flags,
    uint32_t n_said, uint32_t n_frames)
{
	size_t start = packet_begin(to, SYMBOLS_ANSWER);

	packet_put_u32(to, location);
	packet_put_u32(to, flags);
	packet_put_u32(to, n_said);
	for (uint32_t i = 0; i < n_frames; i++) {
		packet_put_u32(to, 0xffffffff);
		packet_put_u32(to, 0xffffffff);
		packet_put_string(to, "a\x1b[2J\0b", 7);
		packet_put_string(to, "/\xff\xe2\x80\xae", 5);
	}
	packet_end(to, start);
}

static void
put_answer(struct strbuf *to, uint32_t location, uint32_t n_said,
    uint32_t n_frames)
{
	put_flagged(to, location, 0, n_said, n_frames);
}

static void
set_size(struct strbuf *packet, size_t start, uint32_t size)
{
	memcpy(packet->text + start, &size, sizeof size);
}

/* Every answer could be better. */
static void ATTR_NORETURN
be_rough_for_ever(struct strbuf *to)
{
	for (;;) {
		put_flagged(to, hear_lookup(), ANSWER_ROUGH, 1, 1);
		speak(to);
		strbuf_clear(to);
	}
}

/* What it says after HELLO, when asked for a location. */
static void
lie(const char *how, struct strbuf *to, uint32_t location)
{
	if (strcmp(how, "other location") == 0)
		put_answer(to, location + 1, 1, 1);
	if (strcmp(how, "twice") == 0) {
		put_answer(to, location, 1, 1);
		put_answer(to, location, 1, 1);
	}
	if (strcmp(how, "too many frames") == 0)
		put_answer(to, location, SYMBOLS_MAX_FRAMES + 1,
		    SYMBOLS_MAX_FRAMES + 1);
	if (strcmp(how, "four billion frames") == 0)
		put_answer(to, location, 0xffffffff, 1);
	if (strcmp(how, "fewer frames") == 0)
		put_answer(to, location, 3, 1);
	if (strcmp(how, "more frames") == 0)
		put_answer(to, location, 1, 2);
	if (strcmp(how, "size too small") == 0) {
		put_answer(to, location, 1, 1);
		set_size(to, 0, 3);
	}
	if (strcmp(how, "size too large") == 0) {
		put_answer(to, location, 1, 1);
		set_size(to, 0, 0xfffffff0);
	}
	if (strcmp(how, "cut string") == 0) {
		put_answer(to, location, 1, 1);
		set_size(to, 0, (uint32_t)to->size - 2);
	}
	if (strcmp(how, "unknown kind") == 0) {
		put_answer(to, location, 1, 1);
		to->text[4] = 77;
	}
	if (strcmp(how, "hello again") == 0)
		put_hello(to, SYMBOLS_VERSION);
	if (strcmp(how, "garbage") == 0)
		for (int i = 0; i < 5000; i++)
			strbuf_putc(to, (char)(i * 31));
	if (strcmp(how, "worst names") == 0)
		put_answer(to, location, 2, 2);
}

static void ATTR_NORETURN
act_as_helper(const char *how)
{
	struct strbuf to = STRBUF_INIT(1 << 20);

	if (strcmp(how, "other version") == 0)
		put_hello(&to, SYMBOLS_VERSION + 1);
	else if (strcmp(how, "no hello") == 0)
		put_answer(&to, hear_lookup(), 1, 1);
	else if (strcmp(how, "dies") != 0)
		put_hello(&to, SYMBOLS_VERSION);
	if (to.size > 0)
		speak(&to);
	strbuf_clear(&to);
	if (strcmp(how, "dies") == 0)
		_exit(1);
	if (strcmp(how, "rough for ever") == 0)
		be_rough_for_ever(&to);
	lie(how, &to, hear_lookup());
	if (to.size > 0)
		speak(&to);
	if (strcmp(how, "dies when asked") == 0)
		_exit(1);
	/* "is stuck", and all others until the viewer has had enough */
	for (;;)
		pause();
}

/* ---- helpers ---- */

static void
use_liar(struct fixture *fixture, const char *how)
{
	setenv("FAKE_HELPER", how, 1);
	fixture_use_helper(fixture, "/proc/self/exe");
	symbols_set_patience(fixture->symbols, 300);
}

/* Ten locations of two modules; every one must be settled, and none of the
 * answers believed. */
static void
check_liar(struct fixture *fixture, const char *how)
{
	uint32_t n, modules[2];

	use_liar(fixture, how);
	modules[0] = frame_store_module(fixture->store, "/x/a", NULL, 0);
	modules[1] = frame_store_module(fixture->store, "/x/b", NULL, 0);
	for (uint32_t i = 0; i < 10; i++)
		symbols_frames(fixture->symbols, frame_store_location(
		    fixture->store, modules[i % 2], i + 1, LOCATION_CALL),
		    &n);
	symbols_pump(fixture->symbols, -1);
	assert_int_equal(symbols_n_pending(fixture->symbols), 0);
	assert_string_not_equal(symbols_trouble(fixture->symbols), "");
	for (uint32_t i = 1; i <= 10; i++) {
		const struct symbol_frame *frames =
		    symbols_frames(fixture->symbols, i, &n);

		if (strcmp(how, "twice") == 0)
			continue;	/* its first answer is a proper one */
		assert_int_equal(n, 1);
		assert_int_equal(frames[0].flags, SYMBOL_NO_LINE);
		assert_int_equal(frames[0].file, frames[0].module);
	}
}

static void
symbols_lies_cost_the_helper_its_life(void **state)
{
	static const char *const lies[] = {
		"other location", "too many frames", "four billion frames",
		"fewer frames", "more frames", "size too small",
		"size too large", "cut string", "unknown kind",
		"hello again", "garbage", "twice", "dies when asked",
	};

	for (size_t i = 0; i < array_size(lies); i++)
		check_liar(*state, lies[i]);
}

/* The first answer stands, and is not called pending any more. */
static void
symbols_helper_cannot_delay_for_ever(void **state)
{
	struct fixture *fixture = *state;
	const struct symbol_frame *frames;
	uint32_t n;

	use_liar(fixture, "rough for ever");
	frames = fixture_ask(fixture, "/x/a", 7, LOCATION_CALL, &n);
	assert_int_equal(n, 1);
	assert_int_equal(frames[0].flags & SYMBOL_PENDING, 0);
	assert_string_equal(name_text(fixture->names, frames[0].function),
	    "a\\x1b[2J");
}

/* More bytes of names than one would think in the requests under way. */
static void
symbols_many_modules_with_long_paths(void **state)
{
	struct fixture *fixture = *state;
	char path[4000];
	uint32_t n;

	memset(path, 'x', sizeof path - 1);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	for (uint32_t i = 0; i < 600; i++) {
		uint32_t module;

		snprintf(path + 1, 8, "%06u", i);
		path[7] = 'x';
		module = frame_store_module(fixture->store, path, NULL, 0);
		((struct code_module *)frame_store_get_module(fixture->store,
		    module))->root = path;
		symbols_frames(fixture->symbols, frame_store_location(
		    fixture->store, module, 7, LOCATION_CALL), &n);
	}
	symbols_pump(fixture->symbols, -1);
	assert_int_equal(symbols_n_pending(fixture->symbols), 0);
	assert_string_equal(symbols_trouble(fixture->symbols), "");
}

static void
symbols_stuck_helper_is_replaced(void **state)
{
	struct fixture *fixture = *state;

	check_liar(fixture, "is stuck");
	assert_string_equal(symbols_trouble(fixture->symbols),
	    "no symbols of /x/b: its debug information cannot be read");
}

static void
symbols_helper_that_never_works_is_given_up(void **state)
{
	static const char *const lies[] = {
		"other version", "no hello", "dies"
	};

	for (size_t i = 0; i < array_size(lies); i++) {
		check_liar(*state, lies[i]);
		assert_int_equal(symbols_fd(
		    ((struct fixture *)*state)->symbols), -1);
	}
}

static void
symbols_no_helper_at_all(void **state)
{
	struct fixture *fixture = *state;

	fixture_use_helper(fixture, "/nonexistent/tmtop-symbols");
	assert_string_equal(fixture_describe(fixture, "/x/a", 7,
	    LOCATION_CALL), "<unknown> [a]");
	assert_string_equal(symbols_trouble(fixture->symbols),
	    "no symbols: cannot start /nonexistent/tmtop-symbols: "
	    "No such file or directory");
	assert_int_equal(symbols_fd(fixture->symbols), -1);
}

static void
symbols_worst_names_are_sanitised(void **state)
{
	struct fixture *fixture = *state;
	const struct symbol_frame *frames;
	uint32_t n;

	use_liar(fixture, "worst names");
	frames = fixture_ask(fixture, "/x/a", 7, LOCATION_CALL, &n);
	assert_int_equal(n, 2);
	assert_int_equal(frames[1].line, 0xffffffff);
	assert_string_equal(name_text(fixture->names, frames[1].function),
	    "a\\x1b[2J");
	assert_string_equal(name_text(fixture->names, frames[1].file),
	    "/\\xff\\xe2\\x80\\xae");
	assert_int_equal(frames[1].flags, SYMBOL_INLINED);
}

/* ---- a helper that is killed ---- */

/* The one child of this process. */
static pid_t
find_helper(void)
{
	char path[64];
	FILE *file;
	pid_t pid = 0;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

static uint32_t
ask_all(struct fixture *fixture, const char *path, const uint64_t *marks,
    uint32_t n_marks, uint32_t times)
{
	uint32_t module = frame_store_module(fixture->store, path, NULL, 0);
	uint32_t n, first = frame_store_n_locations(fixture->store);

	for (uint32_t i = 0; i < n_marks * times; i++)
		symbols_frames(fixture->symbols, frame_store_location(
		    fixture->store, module, marks[i % n_marks] -
		    i / n_marks, LOCATION_CALL), &n);
	return first;
}

static void
symbols_killed_helper_costs_one_location(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	uint32_t n_marks, first, n, n_stand_ins = 0;
	pid_t helper;

	n_marks = (uint32_t)fixture_build(fixture, "$CC", "-g -O2", "a",
	    marks);
	fixture_describe(fixture, fixture_path(fixture, "a"), marks[0],
	    LOCATION_SIGNAL);
	helper = find_helper();
	kill(helper, SIGSTOP);
	first = ask_all(fixture, fixture_path(fixture, "a"), marks, n_marks,
	    3);
	symbols_pump(fixture->symbols, 0);
	assert_int_equal(symbols_n_pending(fixture->symbols), 12);
	kill(helper, SIGKILL);
	symbols_pump(fixture->symbols, -1);
	assert_int_equal(symbols_n_pending(fixture->symbols), 0);
	for (uint32_t i = 0; i < 12; i++) {
		const struct symbol_frame *frames =
		    symbols_frames(fixture->symbols, first + i, &n);

		if (frames[0].flags & SYMBOL_NO_LINE)
			n_stand_ins++;
		assert_false(frames[0].flags & SYMBOL_PENDING);
	}
	assert_int_equal(n_stand_ins, 1);
	assert_string_equal(symbols_trouble(fixture->symbols), "");
	assert_int_not_equal(find_helper(), helper);
}

static void
symbols_stopped_helper_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	uint32_t n_marks = (uint32_t)fixture_build(fixture, "$CC", "-g -O2",
	    "a", marks);
	uint32_t n, first;

	fixture_describe(fixture, fixture_path(fixture, "a"), marks[0],
	    LOCATION_SIGNAL);
	kill(find_helper(), SIGSTOP);
	symbols_set_patience(fixture->symbols, 300);
	first = ask_all(fixture, fixture_path(fixture, "a"), marks, n_marks,
	    1);
	symbols_pump(fixture->symbols, -1);
	symbols_frames(fixture->symbols, first, &n);
	assert_int_equal(n, 1);
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "a"), marks[1], LOCATION_CALL),
	    "plain prog.c:108");
}

/* Ctrl-C and Ctrl-Z go to the viewer's process group; its descriptors are its
 * own. */
static void
symbols_helper_is_apart(void **state)
{
	struct fixture *fixture = *state;
	char command[256];
	pid_t helper;

	assert_int_not_equal(dup2(0, 99), -1);
	assert_int_equal(setenv("DEBUGINFOD_URLS", "http://127.0.0.1:9", 1),
	    0);
	snprintf(command, sizeof command, "%s/tmtop-symbols",
	    getenv("TMTOP_BUILD") != NULL ? getenv("TMTOP_BUILD") : ".");
	fixture_use_helper(fixture, command);
	fixture_describe(fixture, "/x/a", 1, LOCATION_CALL);
	helper = find_helper();
	assert_int_equal(getsid(helper), helper);
	fixture_run(fixture, "test \"$(ls /proc/%d/fd | tr '\\n' ' ')\" = "
	    "'0 1 2 3 '", helper);
	fixture_run(fixture, "! tr '\\0' '\\n' </proc/%d/environ | "
	    "grep DEBUGINFOD", helper);
	fixture_run(fixture, "! grep debuginfod /proc/%d/maps", helper);
	fixture_run(fixture, "grep 'Max core file size *0 *0' "
	    "/proc/%d/limits", helper);
	unsetenv("DEBUGINFOD_URLS");
}

/* ---- things that are no programs ---- */

static void
symbols_what_is_no_elf_file_has_no_symbols(void **state)
{
	static const char *const files[] = {
		"missing", "directory", "fifo", "empty", "text", "short",
		"locked",
	};
	struct fixture *fixture = *state;
	char expected[64];

	fixture_write(fixture, "text", "This is no program.\n");
	fixture_write(fixture, "short", "\x7f" "ELF\2\1\1");
	fixture_run(fixture, "mkdir directory && mkfifo fifo && : >empty && "
	    "cp text locked && chmod 0 locked");
	for (size_t i = 0; i < array_size(files); i++) {
		snprintf(expected, sizeof expected, "<unknown> [%s]",
		    files[i]);
		assert_string_equal(fixture_describe(fixture,
		    fixture_path(fixture, files[i]), 0x1000, LOCATION_CALL),
		    expected);
	}
	assert_string_equal(fixture_describe(fixture, "/dev/zero", 0x1000,
	    LOCATION_CALL), "<unknown> [zero]");
	assert_string_equal(symbols_trouble(fixture->symbols), "");
}

/* A debug link to a FIFO would block whoever opens it. */
static void
symbols_debuglink_to_a_fifo(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	struct timespec begin, end;

	fixture_build(fixture, "$CC", "-g -O2 -Wl,--build-id=none", "a",
	    marks);
	fixture_run(fixture, "objcopy --only-keep-debug a a.dbg && strip a &&"
	    " objcopy --add-gnu-debuglink=a.dbg a && rm a.dbg && "
	    "mkfifo a.dbg");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "a"), marks[0], LOCATION_CALL),
	    "<unknown> [a]");
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec < 5);
	assert_string_equal(symbols_trouble(fixture->symbols), "");
}

/* ---- mutated files ---- */

struct bytes {
	unsigned char	*at;
	size_t		 size;
};

static struct bytes
read_bytes(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	struct bytes bytes;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	bytes.size = (size_t)st.st_size;
	bytes.at = xmalloc(bytes.size);
	assert_int_equal(fread(bytes.at, 1, bytes.size, file), bytes.size);
	fclose(file);
	return bytes;
}

static uint64_t random_state;

static uint64_t
next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Some bytes anywhere, some in the header and the section table, where they
 * do most; now and then the end of the file missing. */
static size_t
mutate(unsigned char *at, size_t size)
{
	unsigned n = 1 + next_random() % 16;
	size_t table;

	memcpy(&table, at + 40, sizeof table);	/* e_shoff */
	for (unsigned i = 0; i < n; i++) {
		uint64_t r = next_random();
		size_t where = next_random() % size;

		if (r % 8 == 0 && table < size)
			where = table + next_random() % (size - table);
		if (r % 64 == 1)
			where = 16 + next_random() % 48;
		if (r & 0x100)
			at[where] = (unsigned char)(r >> 16);
		else
			at[where] ^= (unsigned char)(1 << (r >> 16) % 8);
	}
	if (next_random() % 10 == 0)
		size = next_random() % size;
	return size;
}

static void
write_bytes(const char *path, const unsigned char *at, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(at, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* What is broken, and how a program is made that leads there. */
struct prey {
	const char	*compiler, *flags;
	const char	*prepare;	/* after the program `a` is built */
	const char	*victim;	/* "a": the program itself */
	int		 n_mutants;
};

static uint32_t
count_lines(struct fixture *fixture, uint32_t first, uint32_t n_places)
{
	uint32_t n_lines = 0, n;

	for (uint32_t i = 0; i < n_places; i++) {
		const struct symbol_frame *frames = symbols_frames(
		    fixture->symbols, first + i, &n);

		assert_in_range(n, 1, SYMBOLS_MAX_FRAMES);
		assert_false(frames[0].flags & SYMBOL_PENDING);
		n_lines += !(frames[0].flags & SYMBOL_NO_LINE);
	}
	return n_lines;
}

/* Another name for the program, and for a package that is named after it. */
static void
link_program(struct fixture *fixture, const struct prey *prey,
    const char *name)
{
	char package[64];

	fixture_link(fixture, "a", name);
	snprintf(package, sizeof package, "%s.dwp", name);
	if (strcmp(prey->victim, "a.dwp") == 0)
		fixture_link(fixture, "a.dwp", package);
}

/* A file broken in many ways, one after the other, and a few places asked for
 * through it each time; whatever becomes of the helpers, all are settled. */
static void
check_mutants(struct fixture *fixture, const struct prey *prey)
{
	uint64_t marks[MAX_MARKS];
	uint32_t n_marks = (uint32_t)fixture_build(fixture, prey->compiler,
	    prey->flags, "a", marks);
	int n_mutants = getenv("TMTOP_LONG") != NULL ?
	    20 * prey->n_mutants : prey->n_mutants;
	static int n_names;
	char whole[32];
	struct bytes original;
	unsigned char *copy;
	uint32_t n_lines = 0;

	fixture_run(fixture, "%s", prey->prepare);
	original = read_bytes(fixture_path(fixture, prey->victim));
	copy = xmalloc(original.size);
	symbols_set_patience(fixture->symbols, 2000);
	for (int i = 0; i < n_mutants; i++) {
		char name[32];
		uint32_t first;
		size_t size;

		memcpy(copy, original.at, original.size);
		size = mutate(copy, original.size);
		write_bytes(fixture_path(fixture, prey->victim), copy, size);
		/* another name for the program: it is opened anew */
		snprintf(name, sizeof name, "m%d", n_names++);
		link_program(fixture, prey, name);
		first = ask_all(fixture, fixture_path(fixture, name), marks,
		    n_marks, 2);
		symbols_pump(fixture->symbols, -1);
		assert_int_equal(symbols_n_pending(fixture->symbols), 0);
		n_lines += count_lines(fixture, first, n_marks * 2);
		unlink(fixture_path(fixture, name));
	}
	printf("# %s, %s: of %d places in %d mutants, %u have lines\n",
	    prey->flags, prey->victim, n_mutants * (int)n_marks * 2,
	    n_mutants, n_lines);
	/* Most mutations leave something to read: the test would be idle if
	 * none got through. */
	assert_true(n_lines > (uint32_t)n_mutants);
	write_bytes(fixture_path(fixture, prey->victim), original.at,
	    original.size);
	snprintf(whole, sizeof whole, "whole%d", n_names++);
	link_program(fixture, prey, whole);
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, whole), marks[n_marks - 1],
	    LOCATION_CALL), strstr(prey->compiler, "CXX") ?
	    "main prog.cc:225" : "main prog.c:114");
	free(original.at);
	free(copy);
}

static void
symbols_mutated_programs(void **state)
{
	static const struct prey preys[] = {
		{ "$CXX", "-g -O2", "true", "a", 300 },
		{ "$CC", "-g -O0 -gdwarf-4", "true", "a", 150 },
		{ "$CC", "-g -O2 -gz", "true", "a", 150 },
	};

	random_state = 20240229;
	for (size_t i = 0; i < array_size(preys); i++)
		check_mutants(*state, &preys[i]);
}

/* The files that a program leads to. */
static void
symbols_mutated_files_beside_the_program(void **state)
{
	static const struct prey preys[] = {
		{ "$CC", "-g -O2 -Wl,--build-id=none", "objcopy "
		    "--only-keep-debug a a.dbg && strip -g a && objcopy "
		    "--add-gnu-debuglink=a.dbg a", "a", 100 },
		{ "$CC", "-g -O2 -gsplit-dwarf", "mv a-a.dwo the.dwo 2>&- || "
		    "mv a.dwo the.dwo; ln -s the.dwo a-a.dwo; "
		    "ln -sf the.dwo a.dwo", "the.dwo", 150 },
		{ "$CXX", "-gdwarf-4 -O2 -gsplit-dwarf",
		    "dwp -e a -o a.dwp && rm *.dwo", "a.dwp", 300 },
		{ "$CC", "-g -O2", "cp a b && dwz -m common a b", "common",
		    150 },
		{ "$CC", "-g -O2 -Wl,--build-id=0x1122334455667788", "objcopy "
		    "--only-keep-debug a a.dbg && strip -g a && mkdir .debug "
		    "&& ln a.dbg .debug && objcopy --add-gnu-debuglink=a.dbg "
		    "a", "a.dbg", 150 },
	};

	random_state = 20240301;
	for (size_t i = 0; i < array_size(preys); i++) {
		fixture_run(*state, "rm -rf * .debug");
		if (strstr(preys[i].prepare, "dwz") != NULL &&
		    !fixture_try(*state, "dwz --version")) {
			printf("# skipped, not installed: dwz\n");
			continue;
		}
		check_mutants(*state, &preys[i]);
	}
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fixture_setup,	\
    fixture_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(symbols_lies_cost_the_helper_its_life),
		TEST(symbols_helper_cannot_delay_for_ever),
		TEST(symbols_many_modules_with_long_paths),
		TEST(symbols_stuck_helper_is_replaced),
		TEST(symbols_helper_that_never_works_is_given_up),
		TEST(symbols_no_helper_at_all),
		TEST(symbols_worst_names_are_sanitised),
		TEST(symbols_killed_helper_costs_one_location),
		TEST(symbols_stopped_helper_is_noticed),
		TEST(symbols_helper_is_apart),
		TEST(symbols_what_is_no_elf_file_has_no_symbols),
		TEST(symbols_debuglink_to_a_fifo),
		TEST(symbols_mutated_programs),
		TEST(symbols_mutated_files_beside_the_program),
	};

	if (getenv("FAKE_HELPER") != NULL)
		act_as_helper(getenv("FAKE_HELPER"));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("symbols_hostile", tests, NULL,
	    NULL);
}
