/*
 * test_symbols_helper.c - tmtop-symbols itself: what it says to whom asks it,
 * and what it may do.
 */
#include "symbols/helper.h"
#include "tests/symbols/fixture.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MODULE	5u

/* ---- talking ---- */

static void
start(struct helper *helper)
{
	char path[4096];
	struct errbuf why = { 0 };

	snprintf(path, sizeof path, "%s/tmtop-symbols",
	    getenv("TMTOP_BUILD") != NULL ? getenv("TMTOP_BUILD") : ".");
	helper_init(helper);
	if (helper_start(helper, path, false, &why) < 0)
		fail_msg("%s", why.text);
}

/* The next packet, or false when it is gone. */
static bool
hear(struct helper *helper, uint32_t *kind, struct packet *packet)
{
	for (;;) {
		struct pollfd poll_fd = { helper->fd, POLLIN, 0 };
		bool is_dead;

		if (helper_next(helper, kind, packet) > 0)
			return true;
		assert_true(poll(&poll_fd, 1, 60000) > 0);
		if (!helper_exchange(helper, &is_dead) && is_dead)
			return false;
	}
}

static void
introduce(struct helper *helper, const char *path)
{
	size_t start = packet_begin(&helper->out, SYMBOLS_MODULE);

	packet_put_u32(&helper->out, MODULE);
	packet_put_string(&helper->out, "", 0);
	packet_put_string(&helper->out, path, strlen(path));
	packet_put_string(&helper->out, "", 0);
	packet_put_string(&helper->out, "", 0);
	packet_end(&helper->out, start);
}

static void
look_up(struct helper *helper, uint32_t location, uint64_t address,
    uint32_t flags)
{
	size_t start = packet_begin(&helper->out, SYMBOLS_LOOKUP);
	bool is_dead;

	packet_put_u32(&helper->out, location);
	packet_put_u32(&helper->out, MODULE);
	packet_put_u64(&helper->out, address);
	packet_put_u32(&helper->out, flags);
	packet_end(&helper->out, start);
	helper_exchange(helper, &is_dead);
}

/* "rough|best|-: function file:line" of the next answer's first frame. */
static const char *
hear_answer(struct helper *helper, uint32_t location)
{
	static char text[8192];
	struct packet packet;
	struct packet_string function, file;
	uint32_t kind, flags, line;

	do {
		if (!hear(helper, &kind, &packet))
			return "gone";
	} while (kind != SYMBOLS_ANSWER);
	assert_int_equal(packet_get_u32(&packet), location);
	flags = packet_get_u32(&packet);
	if (packet_get_u32(&packet) == 0)
		return "nothing";
	line = packet_get_u32(&packet);
	packet_get_u32(&packet);
	function = packet_get_string(&packet);
	file = packet_get_string(&packet);
	snprintf(text, sizeof text, "%s: %.*s %.*s:%u",
	    flags & ANSWER_ROUGH ? "rough" : flags & ANSWER_BEST ? "best" :
	    "-", (int)function.size, function.bytes, (int)file.size,
	    file.bytes, line);
	return text;
}

/* ---- haste ---- */

/* A program whose file is large. */
static void
build_large(struct fixture *fixture, const char *flags,
    uint64_t marks[MAX_MARKS])
{
	fixture_build(fixture, "$CC", flags, "a", marks);
	fixture_run(fixture, "truncate -s 9M pad && "
	    "objcopy --add-section .pad=pad a");
}

static void
symbols_helper_in_haste_names_come_before_lines(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	struct helper helper;
	char line[256];

	build_large(fixture, "-g -O2", marks);
	snprintf(line, sizeof line, "best: plain %s:108",
	    fixture_path(fixture, "src/prog.c"));
	start(&helper);
	introduce(&helper, fixture_path(fixture, "a"));
	look_up(&helper, 1, marks[1] - 1, LOOKUP_HASTE);
	assert_string_equal(hear_answer(&helper, 1), "rough: plain :0");
	look_up(&helper, 1, marks[1] - 1, 0);
	assert_string_equal(hear_answer(&helper, 1), line);
	/* the unit has been read: now it is as quick as it can be */
	look_up(&helper, 2, marks[1] - 1, LOOKUP_HASTE);
	assert_string_equal(hear_answer(&helper, 2), line);
	helper_fini(&helper);
}

static void
symbols_helper_small_files_are_not_hurried(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	struct helper helper;

	fixture_build(fixture, "$CC", "-g -O2", "a", marks);
	start(&helper);
	introduce(&helper, fixture_path(fixture, "a"));
	look_up(&helper, 1, marks[1] - 1, LOOKUP_HASTE);
	assert_memory_equal(hear_answer(&helper, 1), "best: plain", 11);
	helper_fini(&helper);
}

static void
symbols_helper_without_debug_information_nothing_is_best(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	struct helper helper;

	build_large(fixture, "-O2", marks);
	start(&helper);
	introduce(&helper, fixture_path(fixture, "a"));
	look_up(&helper, 1, marks[1] - 1, LOOKUP_HASTE);
	assert_string_equal(hear_answer(&helper, 1), "rough: plain :0");
	look_up(&helper, 1, marks[1] - 1, 0);
	assert_string_equal(hear_answer(&helper, 1), "-: plain :0");
	helper_fini(&helper);
}

/* Lines are there, but what is inlined stands in another file. */
static void
symbols_helper_missing_dwo_file_is_not_best(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	struct helper helper;

	fixture_build(fixture, "$CC", "-g -O2 -gsplit-dwarf", "a", marks);
	start(&helper);
	introduce(&helper, fixture_path(fixture, "a"));
	look_up(&helper, 1, marks[1] - 1, 0);
	assert_memory_equal(hear_answer(&helper, 1), "best: plain", 11);
	helper_fini(&helper);

	fixture_run(fixture, "rm *.dwo");
	start(&helper);
	introduce(&helper, fixture_path(fixture, "a"));
	look_up(&helper, 1, marks[1] - 1, 0);
	assert_memory_equal(hear_answer(&helper, 1), "-: plain", 8);
	helper_fini(&helper);
}

/* ---- what is asked for first ---- */

static void
symbols_helper_every_place_gets_its_line_in_the_end(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	uint32_t module, n, first = 0, hurried[2];
	const struct symbol_frame *frames;

	build_large(fixture, "-g -O2", marks);
	module = frame_store_module(fixture->store,
	    fixture_path(fixture, "a"), NULL, 0);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t location = frame_store_location(fixture->store,
		    module, marks[1] + i * 4096, LOCATION_CALL);

		first = i == 0 ? location : first;
		symbols_frames(fixture->symbols, location, &n);
	}
	hurried[0] = first + 999;
	hurried[1] = first;
	symbols_hurry(fixture->symbols, hurried, 2);
	assert_int_equal(symbols_progress(fixture->symbols).n_asked, 1000);
	assert_int_equal(symbols_progress(fixture->symbols).n_pending, 1000);
	/* The window holds fewer than there are. */
	symbols_pump(fixture->symbols, 0);
	assert_string_equal(symbols_progress(fixture->symbols).reading,
	    fixture_path(fixture, "a"));
	symbols_pump(fixture->symbols, -1);
	assert_int_equal(symbols_n_pending(fixture->symbols), 0);
	frames = symbols_frames(fixture->symbols, hurried[1], &n);
	assert_int_equal(frames[0].line, 108);
	assert_string_equal(symbols_progress(fixture->symbols).reading, "");
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fixture_setup,	\
    fixture_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(symbols_helper_in_haste_names_come_before_lines),
		TEST(symbols_helper_small_files_are_not_hurried),
		TEST(symbols_helper_without_debug_information_nothing_is_best),
		TEST(symbols_helper_missing_dwo_file_is_not_best),
		TEST(symbols_helper_every_place_gets_its_line_in_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("symbols_helper", tests, NULL,
	    NULL);
}
