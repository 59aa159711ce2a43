/*
 * test_tables.c - the segment, and what a region of it gives out.
 *
 * What lies in there: test_tree.c, test_blocks.c, test_counters.c.
 */
#include "tables/region.h"
#include "traced.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int
set_up(void **state)
{
	traced_set_up(state);
	traced_attach(0, getpid(), "p");
	return 0;
}

static void
region_at_its_limit_says_full_and_goes_on_saying_it(void **state)
{
	uint32_t taken = 0;

	(void)state;
	traced_let_go();
	assert_int_equal(region_attach(NULL, traced.fd, 1,
	    HEADER_SIZE + 256 * 1024), 0);
	while (region_take(SECTION_TRACEBACKS) != 0)
		taken++;
	/* 256 KiB hold at most 2048 records of 128 bytes. */
	assert_in_range(taken, 1, 2048);
	assert_int_equal(region_take(SECTION_TRACEBACKS), 0);
	assert_true(region_header->sections[SECTION_TRACEBACKS].is_full);
	assert_true(region_header->troubles & TROUBLE_LIMIT);
	assert_true(region_header->used_bytes <= HEADER_SIZE + 256 * 1024);
}

static void
region_strings_stay_within_one_chunk(void **state)
{
	uint32_t i, at;

	(void)state;
	for (i = 0; i < 200; i++) {
		at = region_take_many(SECTION_STRINGS, 1000);
		assert_int_not_equal(at, 0);
		assert_true(at % REGION_PER_CHUNK_STRINGS + 1000 <=
		    REGION_PER_CHUNK_STRINGS);
		memset(region_at(STRINGS, char, at), 'x', 1000);
	}
	assert_int_equal(region_take_many(SECTION_STRINGS, 1 << 20), 0);
}

static void
segment_without_seals_is_refused(void **state)
{
	struct lobby_map map;
	char page[LAYOUT_PAGE] = { 0 };
	int fd = memfd_create("plain", 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, page, sizeof page), sizeof page);
	assert_int_equal(lobby_map_fd(&map, fd, false), -1);
	assert_int_equal(errno, EPROTO);
	close(fd);
}

static void
segment_slot_recycled_is_empty_and_counted(void **state)
{
	(void)state;
	region_header->magic = LAYOUT_MAGIC;
	traced.lobby.slots[0].state = SLOT_LIVE;
	slot_set_dead(&traced.lobby, 0, SLOT_EXITED, 256);
	assert_int_equal(traced.lobby.slots[0].state, SLOT_DEAD);
	assert_int_equal(slot_recycle(&traced.lobby, traced.fd, 0), 0);
	assert_int_equal(traced.lobby.slots[0].state, SLOT_FREE);
	assert_int_equal(traced.lobby.slots[0].incarnation, 1);
	assert_int_equal(region_header->magic, 0);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, traced_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(region_at_its_limit_says_full_and_goes_on_saying_it),
		T(region_strings_stay_within_one_chunk),
		T(segment_without_seals_is_refused),
		T(segment_slot_recycled_is_empty_and_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
