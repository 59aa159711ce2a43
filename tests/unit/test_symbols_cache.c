/*
 * test_symbols_cache.c - answers that outlive the tmtop that got them.
 *
 * A client without a helper that works shows what comes from the disk alone.
 */
#include "base/hash.h"
#include "symbols/disk_cache.h"
#include "symbols/disk_dir.h"
#include "tests/symbols/fixture.h"
#include "util/xalloc.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ID	"0102030405060708090a0b0c0d0e0f1011121314"
#define FLAGS	"-g -O2 -Wl,--build-id=0x" ID

static uint8_t build_id[20] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
};

static void
use_client(struct fixture *fixture, const char *helper)
{
	char path[4096];

	if (helper == NULL) {
		snprintf(path, sizeof path, "%s/tmtop-symbols",
		    getenv("TMTOP_BUILD") != NULL ? getenv("TMTOP_BUILD") :
		    ".");
		helper = path;
	}
	fixture_use_helper(fixture, helper);
	symbols_use_cache(fixture->symbols,
	    fixture_path(fixture, "cache/tmtop"));
}

/* "function:line[?]" of the innermost frame, before (wait: after) the helper
 * was asked; "?": it may get better. */
static const char *
ask(struct fixture *fixture, uint64_t mark, bool wait)
{
	static char text[256];
	uint32_t module = frame_store_module(fixture->store,
	    fixture_path(fixture, "a"), build_id, sizeof build_id);
	uint32_t location = frame_store_location(fixture->store, module,
	    mark, LOCATION_CALL);
	const struct symbol_frame *frames;
	uint32_t n;

	symbols_frames(fixture->symbols, location, &n);
	if (wait)
		symbols_pump(fixture->symbols, -1);
	frames = symbols_frames(fixture->symbols, location, &n);
	snprintf(text, sizeof text, "%s:%u%s",
	    name_text(fixture->names, frames[0].function), frames[0].line,
	    frames[0].flags & SYMBOL_PENDING ? "?" : "");
	return text;
}

static void
symbols_cache_second_start_needs_no_helper(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	struct stat st;

	fixture_build(fixture, "$CC", FLAGS, "a", marks);
	use_client(fixture, NULL);
	assert_string_equal(ask(fixture, marks[0], false), "<unknown>:0?");
	assert_string_equal(ask(fixture, marks[0], true), "inner:100");
	assert_string_equal(ask(fixture, marks[1], true), "plain:108");

	use_client(fixture, "/nonexistent/tmtop-symbols");
	assert_string_equal(ask(fixture, marks[0], false), "inner:100");
	assert_string_equal(ask(fixture, marks[1], false), "plain:108");
	assert_int_equal(symbols_n_pending(fixture->symbols), 0);
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "a"), marks[1], LOCATION_CALL),
	    "<unknown> [a]");	/* without its build-id it is another one */

	assert_int_equal(stat(fixture_path(fixture, "cache/tmtop/" ID), &st),
	    0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(fixture_path(fixture, "cache/tmtop"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void
symbols_cache_inlined_frames_are_kept(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	uint32_t module, n;
	const struct symbol_frame *frames;

	fixture_build(fixture, "$CC", FLAGS, "a", marks);
	use_client(fixture, NULL);
	ask(fixture, marks[0], true);
	use_client(fixture, "/nonexistent");
	module = frame_store_module(fixture->store,
	    fixture_path(fixture, "a"), build_id, sizeof build_id);
	frames = symbols_frames(fixture->symbols, frame_store_location(
	    fixture->store, module, marks[0], LOCATION_CALL), &n);
	assert_int_equal(n, 3);
	assert_string_equal(name_text(fixture->names, frames[2].function),
	    "outer");
	assert_int_equal(frames[2].line, 105);
	assert_int_equal(frames[1].flags, SYMBOL_INLINED);
	assert_string_equal(name_text(fixture->names, frames[2].module),
	    fixture_path(fixture, "a"));
}

/* ---- what has changed since ---- */

static void
symbols_cache_debug_information_installed_later(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];

	fixture_build(fixture, "$CC", FLAGS, "a", marks);
	fixture_run(fixture, "objcopy --only-keep-debug a a.dbg && "
	    "strip -g a && objcopy --add-gnu-debuglink=a.dbg a && "
	    "mv a.dbg away");
	use_client(fixture, NULL);
	assert_string_equal(ask(fixture, marks[1], true), "plain:0");

	use_client(fixture, NULL);
	assert_string_equal(ask(fixture, marks[1], false), "plain:0?");
	assert_string_equal(ask(fixture, marks[1], true), "plain:0");

	fixture_run(fixture, "mv away a.dbg");
	use_client(fixture, NULL);
	assert_string_equal(ask(fixture, marks[1], false), "plain:0?");
	assert_string_equal(ask(fixture, marks[1], true), "plain:108");

	/* now it is complete; taken away, it is asked for again, in case it
	 * was replaced */
	use_client(fixture, "/nonexistent");
	assert_string_equal(ask(fixture, marks[1], false), "plain:108");
	fixture_run(fixture, "mv a.dbg away");
	use_client(fixture, NULL);
	assert_string_equal(ask(fixture, marks[1], false), "plain:108?");
	assert_string_equal(ask(fixture, marks[1], true), "plain:0");
}

/* A build-id can be chosen by hand, and then says nothing. */
static void
symbols_cache_other_file_of_the_same_build_id(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];

	fixture_build(fixture, "$CC", FLAGS, "a", marks);
	use_client(fixture, NULL);
	ask(fixture, marks[1], true);
	fixture_run(fixture, "sed 's/#line 100/#line 300/' a.c >b.c && "
	    "$CC " FLAGS " -fPIE -pie -o a b.c && touch -d '2001-02-03' a");
	use_client(fixture, NULL);
	assert_string_equal(ask(fixture, marks[1], false), "plain:108?");
	assert_string_equal(ask(fixture, marks[1], true), "plain:308");
	use_client(fixture, "/nonexistent");
	assert_string_equal(ask(fixture, marks[1], false), "plain:308");
}

/* ---- several writers ---- */

static void
symbols_cache_of_two_at_once_has_what_both_learnt(void **state)
{
	struct fixture *fixture = *state;
	struct symbols *other;
	struct frame_store *store = frame_store_new();
	struct names *names = names_new();
	uint64_t marks[MAX_MARKS];
	uint32_t module, n;
	char helper[4096];

	fixture_build(fixture, "$CC", FLAGS, "a", marks);
	use_client(fixture, NULL);
	ask(fixture, marks[0], true);
	snprintf(helper, sizeof helper, "%s/tmtop-symbols",
	    getenv("TMTOP_BUILD") != NULL ? getenv("TMTOP_BUILD") : ".");
	other = symbols_new(helper, store, names);
	symbols_use_cache(other, fixture_path(fixture, "cache/tmtop"));
	module = frame_store_module(store, fixture_path(fixture, "a"),
	    build_id, sizeof build_id);
	symbols_frames(other, frame_store_location(store, module, marks[1],
	    LOCATION_CALL), &n);
	symbols_pump(other, -1);
	symbols_free(other);
	frame_store_free(store);
	names_free(names);

	use_client(fixture, "/nonexistent");	/* ends the first one */
	assert_string_equal(ask(fixture, marks[0], false), "inner:100");
	assert_string_equal(ask(fixture, marks[1], false), "plain:108");
}

/* ---- where there is no cache ---- */

static void
symbols_cache_folder_that_is_not_ours_alone(void **state)
{
	static const char *const how[] = {
		"mkdir -p cache/tmtop && chmod 0770 cache/tmtop",
		"rm -rf cache && mkdir cache && : >cache/tmtop",
		"rm -rf cache && : >cache",
	};
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];

	fixture_build(fixture, "$CC", FLAGS, "a", marks);
	for (size_t i = 0; i < array_size(how); i++) {
		fixture_run(fixture, "%s", how[i]);
		use_client(fixture, NULL);
		assert_string_equal(ask(fixture, marks[1], true),
		    "plain:108");
		use_client(fixture, "/nonexistent");
		assert_string_equal(ask(fixture, marks[1], true),
		    "<unknown>:0");
	}
	fixture_use_helper(fixture, "/nonexistent");
	symbols_use_cache(fixture->symbols, "relative");
	assert_string_equal(ask(fixture, marks[1], true), "<unknown>:0");
	assert_false(fixture_try(fixture, "ls relative"));
}

/* ---- hostile files ---- */

static char *
read_cache(struct fixture *fixture, size_t *size)
{
	FILE *file = fopen(fixture_path(fixture, "cache/tmtop/" ID), "rb");
	char *bytes = xmalloc(65536);

	assert_non_null(file);
	*size = fread(bytes, 1, 65536, file);
	fclose(file);
	return bytes;
}

static void
write_cache(struct fixture *fixture, const char *bytes, size_t size)
{
	FILE *file = fopen(fixture_path(fixture, "cache/tmtop/" ID), "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static uint64_t
hash_of(const char *bytes, size_t size)
{
	uint64_t hash = htole64(hash_bytes(bytes + 20, size - 20));

	return hash;
}

/* Cut anywhere, it is no file; nothing is believed, nothing is in the way. */
static void
symbols_cache_cut_anywhere(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	size_t size;
	char *bytes;

	fixture_build(fixture, "$CC", FLAGS, "a", marks);
	use_client(fixture, NULL);
	ask(fixture, marks[1], true);
	use_client(fixture, "/nonexistent");
	bytes = read_cache(fixture, &size);
	for (size_t n = 0; n < size; n++) {
		write_cache(fixture, bytes, n);
		use_client(fixture, "/nonexistent");
		assert_string_equal(ask(fixture, marks[1], true),
		    "<unknown>:0");
	}
	write_cache(fixture, bytes, size);
	use_client(fixture, "/nonexistent");
	assert_string_equal(ask(fixture, marks[1], false), "plain:108");
	free(bytes);
}

/* With a hash that is right, whatever the bytes are. */
static void
symbols_cache_mutated_with_the_right_hash(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	size_t size;
	unsigned n_mutants = getenv("TMTOP_LONG") != NULL ? 30000 : 500;
	char *bytes, *copy;

	fixture_build(fixture, "$CC", FLAGS, "a", marks);
	use_client(fixture, NULL);
	ask(fixture, marks[0], true);
	ask(fixture, marks[1], true);
	use_client(fixture, "/nonexistent");
	bytes = read_cache(fixture, &size);
	copy = xmalloc(size);
	srandom(7);
	for (unsigned i = 0; i < n_mutants; i++) {
		size_t n = random() % 8 == 0 ? 20 + (size_t)random() %
		    (size - 20) : size;
		uint64_t hash;

		memcpy(copy, bytes, size);
		for (long k = random() % 4; k >= 0; k--)
			copy[20 + (size_t)random() % (size - 20)] =
			    random() % 2 ? (char)random() : (char)0xff;
		hash = hash_of(copy, n);
		memcpy(copy + 12, &hash, sizeof hash);
		write_cache(fixture, copy, n);
		use_client(fixture, "/nonexistent");
		ask(fixture, marks[0], true);
		ask(fixture, marks[1], true);
		ask(fixture, marks[2], true);
	}
	free(copy);
	free(bytes);
}

static void
symbols_cache_file_that_is_none(void **state)
{
	static const char *const how[] = {
		"mkfifo cache/tmtop/" ID, "mkdir cache/tmtop/" ID,
		"cp good cache/tmtop/" ID " && chmod 0666 cache/tmtop/" ID,
		"ln -s ../../good cache/tmtop/" ID,
		"truncate -s 1G cache/tmtop/" ID, ": >cache/tmtop/" ID,
	};
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];

	fixture_build(fixture, "$CC", FLAGS, "a", marks);
	use_client(fixture, NULL);
	ask(fixture, marks[1], true);
	use_client(fixture, "/nonexistent");
	fixture_run(fixture, "mv cache/tmtop/" ID " good");
	for (size_t i = 0; i < array_size(how); i++) {
		fixture_run(fixture, "rm -rf cache/tmtop/" ID " && %s",
		    how[i]);
		use_client(fixture, "/nonexistent");
		assert_string_equal(ask(fixture, marks[1], true),
		    "<unknown>:0");
	}
}

/* ---- the folder ---- */

static void
disk_dir_oldest_files_go_first(void **state)
{
	struct fixture *fixture = *state;
	char bytes[1000] = "";
	int dir = disk_dir_open(fixture_path(fixture, "x/y"));
	size_t size;

	assert_true(dir >= 0);
	assert_true(disk_dir_write(dir, "a", bytes, sizeof bytes));
	assert_true(disk_dir_write(dir, "b", bytes, sizeof bytes));
	assert_true(disk_dir_write(dir, "c", bytes, sizeof bytes));
	fixture_run(fixture, "cd x/y && touch -d '2001-01-01' b && "
	    "touch -d '2001-01-02' a && touch -d '2001-01-03' .new-1-d && "
	    ": >.new-2-d && touch -d '2001-01-04' c");
	free(disk_dir_read(dir, "b", 1000, &size));	/* used now */
	assert_int_equal(size, 1000);
	disk_dir_prune(dir, 3000);
	fixture_run(fixture, "test \"$(ls -A x/y | tr '\\n' ' ')\" = "
	    "'.new-2-d a b c '");
	disk_dir_prune(dir, 2999);
	fixture_run(fixture, "test \"$(ls x/y | tr '\\n' ' ')\" = 'b c '");
	disk_dir_prune(dir, 0);
	fixture_run(fixture, "test -z \"$(ls x/y)\"");
	close(dir);
}

/* A folder that cannot be written, a disk that is full: the old file stays. */
static void
disk_dir_what_cannot_be_written_is_left_as_it_was(void **state)
{
	struct fixture *fixture = *state;
	int dir = disk_dir_open(fixture_path(fixture, "x"));
	char *bytes;
	size_t size;

	assert_true(disk_dir_write(dir, "a", "old", 3));
	fixture_run(fixture, "mkdir x/b && : >x/b/c");
	assert_false(disk_dir_write(dir, "b", "new", 3));
	fixture_run(fixture, "test \"$(ls -A x | tr '\\n' ' ')\" = 'a b '");
	bytes = disk_dir_read(dir, "a", 2, &size);
	assert_null(bytes);
	bytes = disk_dir_read(dir, "a", 3, &size);
	assert_memory_equal(bytes, "old", 3);
	free(bytes);
	close(dir);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fixture_setup,	\
    fixture_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(symbols_cache_second_start_needs_no_helper),
		TEST(symbols_cache_inlined_frames_are_kept),
		TEST(symbols_cache_debug_information_installed_later),
		TEST(symbols_cache_other_file_of_the_same_build_id),
		TEST(symbols_cache_of_two_at_once_has_what_both_learnt),
		TEST(symbols_cache_folder_that_is_not_ours_alone),
		TEST(symbols_cache_cut_anywhere),
		TEST(symbols_cache_mutated_with_the_right_hash),
		TEST(symbols_cache_file_that_is_none),
		TEST(disk_dir_oldest_files_go_first),
		TEST(disk_dir_what_cannot_be_written_is_left_as_it_was),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("symbols_cache", tests, NULL,
	    NULL);
}
