/*
 * test_blocks.c - block records against arrays of them.
 */
#include "tables/blocks.h"
#include "tables/region.h"
#include "traced.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int
set_up(void **state)
{
	traced_set_up(state);
	traced_attach(0, getpid(), "p");
	blocks_init(1);
	return 0;
}

static int
tear_down(void **state)
{
	blocks_abandon();
	return traced_tear_down(state);
}

static void
blocks_every_address_keeps_its_own_record(void **state)
{
	enum { N = 100000 };
	uintptr_t base = 0x7f1200000010;
	struct block block, found;
	uint32_t i;

	(void)state;
	for (i = 0; i < N; i++) {
		block = (struct block){ .size = i, .traceback = i + 1,
		    .generation = i % 4096 };
		assert_true(blocks_put(base + i * 32ul, &block));
	}
	for (i = 0; i < N; i++) {
		blocks_take(base + i * 32ul, &found);
		assert_int_equal(found.traceback, i + 1);
		assert_int_equal(found.size, i);
		assert_int_equal(found.generation, i % 4096);
		blocks_take(base + i * 32ul, &found);
		assert_int_equal(found.traceback, 0);
	}
}

static void
blocks_in_lanes_have_a_record_per_8_bytes(void **state)
{
	struct block found;
	uint32_t i;

	(void)state;
	blocks_init(RECORD_STRIDE / 8);
	for (i = 1; i <= 10000; i++)
		assert_true(blocks_put(0x555500000000 + i * 8ul,
		    &(struct block){ .size = 8, .traceback = i }));
	for (i = 1; i <= 10000; i++) {
		blocks_take(0x555500000000 + i * 8ul, &found);
		assert_int_equal(found.traceback, i);
		assert_int_equal(found.size, 8);
	}
	/* A lane costs memory when something lies in it. */
	assert_int_equal(region_header->record_lanes, RECORD_STRIDE / 8);
	assert_in_range(region_header->sections[SECTION_GRANULES].n_used - 1,
	    10000 * 8 / (GRANULE_RECORDS * RECORD_STRIDE) * 4,
	    (10000 * 8 / (GRANULE_RECORDS * RECORD_STRIDE) + 2) * 4);
}

/* A flag outlives nothing: the block that is freed takes it away. */
static void
blocks_flagged_address_is_reported_once_by_the_take(void **state)
{
	uintptr_t recorded = 0x7f0000001000, other = 0x7f0000002000;
	struct block found;

	(void)state;
	assert_true(blocks_put(recorded,
	    &(struct block){ .size = 8, .traceback = 5 }));
	assert_true(blocks_flag(recorded));
	assert_true(blocks_flag(other));
	assert_true(*blocks_find(other) != 0);
	assert_true(blocks_take(recorded, &found));
	assert_int_equal(found.traceback, 5);
	assert_int_equal(found.size, 8);
	assert_true(blocks_take(other, &found));
	assert_int_equal(found.traceback, 0);
	assert_false(blocks_take(recorded, &found));
	assert_false(blocks_take(other, &found));
	assert_true(blocks_put(recorded,
	    &(struct block){ .size = 8, .traceback = MAX_TRACEBACKS - 1,
	    .generation = 4095 }));
	assert_false(blocks_take(recorded, &found));
	assert_int_equal(found.traceback, MAX_TRACEBACKS - 1);
}

static void
blocks_of_any_size_are_remembered_exactly(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 4096, RECORD_SIZE_WIDE - 1,
	    RECORD_SIZE_WIDE, RECORD_SIZE_WIDE + 1, UINT64_C(1) << 32,
	    UINT64_C(1) << 47 };
	struct block found;
	uint32_t i;

	(void)state;
	for (i = 0; i < array_size(sizes); i++)
		assert_true(blocks_put(0x7f0000001010 + i * 0x100000ul,
		    &(struct block){ .size = sizes[i], .traceback = i + 1 }));
	for (i = 0; i < array_size(sizes); i++) {
		blocks_take(0x7f0000001010 + i * 0x100000ul, &found);
		assert_int_equal(found.traceback, i + 1);
		assert_int_equal(found.size, sizes[i]);
	}
}

static void
blocks_unknown_and_impossible_addresses_have_none(void **state)
{
	struct block found;

	(void)state;
	blocks_take(0x10, &found);
	assert_int_equal(found.traceback, 0);
	blocks_take(UINTPTR_MAX - 15, &found);
	assert_int_equal(found.traceback, 0);
	assert_false(blocks_put(UINTPTR_MAX - 15,
	    &(struct block){ .size = 1, .traceback = 1 }));
}

/* Viewers know by its key what a granule of 16 KiB of address stands for. */
static void
blocks_granules_are_named_by_first_address_and_lane(void **state)
{
	static const uint64_t keys[] = { 0x7f1200004000, 0x7f1200004001,
	    0x7f1200004002, 0x7f1200004003, 0x7f1200008000 };
	static const uintptr_t at[] = { 0x7f1200004000, 0x7f1200007fe8,
	    0x7f1200005030, 0x7f1200004058, 0x7f1200008000 };
	uint32_t i;

	(void)state;
	blocks_init(RECORD_STRIDE / 8);
	for (i = 0; i < array_size(at); i++) {
		assert_true(blocks_put(at[i], &(struct block){ .size = 1,
		    .traceback = 1 }));
		assert_int_equal(*region_at(GRANULE_KEYS, uint64_t, i + 1),
		    keys[i]);
	}
}

/* The same again with any order of addresses, and what was put last counts. */
static void
check_any_order(uint32_t lanes)
{
	enum { N = 2000 };
	static struct block model[4][N];
	static bool flagged[4][N];
	/* Over the ends of a granule, of a directory and of the address
	 * space. */
	static const uintptr_t bases[4] = { 0x555500000000 - 0x800,
	    0x7f1200004000 - 0x100, 0x10000,
	    (UINT64_C(1) << 47) - N * RECORD_STRIDE };
	uint64_t random = traced_seed();
	uint32_t r, i, k, stride = RECORD_STRIDE / lanes;
	struct block found;

	blocks_init(lanes);
	memset(model, 0, sizeof model);
	memset(flagged, 0, sizeof flagged);
	for (k = 0; k < 200000; k++) {
		r = (uint32_t)traced_random(&random, 4);
		i = (uint32_t)traced_random(&random, N);
		switch (traced_random(&random, 8)) {
		case 0:
			assert_true(blocks_flag(bases[r] + i * stride));
			flagged[r][i] = true;
			break;
		case 1: case 2: case 3:
			model[r][i] = (struct block){
				.size = traced_random(&random,
				    RECORD_SIZE_WIDE),
				.traceback = 1 + (uint32_t)traced_random(
				    &random, MAX_TRACEBACKS - 1),
				.generation = (uint32_t)traced_random(&random,
				    1u << 20),
			};
			assert_true(blocks_put(bases[r] + i * stride,
			    &model[r][i]));
			flagged[r][i] = false;
			break;
		default:
			assert_int_equal(blocks_take(bases[r] + i * stride,
			    &found), flagged[r][i]);
			assert_int_equal(found.traceback,
			    model[r][i].traceback);
			if (found.traceback != 0) {
				assert_int_equal(found.size, model[r][i].size);
				assert_int_equal(found.generation,
				    model[r][i].generation % 4096);
			}
			model[r][i] = (struct block){ 0 };
			flagged[r][i] = false;
		}
	}
}

static void
blocks_in_any_order_are_those_put_last(void **state)
{
	(void)state;
	check_any_order(1);
}

static void
blocks_in_lanes_in_any_order_are_those_put_last(void **state)
{
	(void)state;
	check_any_order(RECORD_STRIDE / 8);
}

/* While recording is stopped nobody takes away what is freed: another block at
 * the same address is recorded over it. */
static void
blocks_left_behind_are_replaced(void **state)
{
	const uint64_t wide = UINT64_C(1) << 32;
	static const uint64_t sizes[][3] = {
		{ 1, 1, 0 }, { 1, 0, 1 }, { 0, 1, 1 }, { 1, 1, 1 }, { 1, 0, 0 },
	};
	struct block found;
	uint32_t i, k;

	(void)state;
	for (i = 0; i < array_size(sizes); i++) {
		uintptr_t address = 0x7f0000001010 + i * 0x100000ul;

		for (k = 0; k < 3; k++)
			assert_true(blocks_put(address, &(struct block){
			    .size = sizes[i][k] * wide + i * 3 + k,
			    .traceback = 1 + k, .generation = k }));
		blocks_take(address, &found);
		assert_int_equal(found.size, sizes[i][2] * wide + i * 3 + 2);
		assert_int_equal(found.traceback, 3);
		assert_int_equal(found.generation, 2);
	}
}

/* As many as there are places, then none, then one for each that goes. */
static void
blocks_too_wide_are_refused_when_all_places_are_taken(void **state)
{
	const struct block block = { .size = UINT64_C(1) << 40,
	    .traceback = 1 };
	uintptr_t base = 0x100000000000, i;
	struct block found;

	(void)state;
	for (i = 0; i < REGION_PER_CHUNK_LARGE; i++)
		assert_true(blocks_put(base + i * 4096, &block));
	assert_false(blocks_put(base + i * 4096, &block));
	blocks_take(base + i * 4096, &found);
	assert_int_equal(found.traceback, 0);
	blocks_take(base, &found);
	assert_int_equal(found.size, block.size);
	assert_true(blocks_put(base + i * 4096, &block));
	assert_false(blocks_put(base, &block));
	/* Places come back: more blocks than places, one after the other. */
	for (i = 1; i <= REGION_PER_CHUNK_LARGE; i++) {
		blocks_take(base + i * 4096, &found);
		assert_int_equal(found.size, block.size);
	}
	for (i = 0; i < 3 * REGION_PER_CHUNK_LARGE; i++) {
		assert_true(blocks_put(base + i * 4096, &block));
		blocks_take(base + i * 4096, &found);
		assert_int_equal(found.size, block.size);
	}
}

#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(blocks_every_address_keeps_its_own_record),
		T(blocks_in_lanes_have_a_record_per_8_bytes),
		T(blocks_flagged_address_is_reported_once_by_the_take),
		T(blocks_of_any_size_are_remembered_exactly),
		T(blocks_unknown_and_impossible_addresses_have_none),
		T(blocks_granules_are_named_by_first_address_and_lane),
		T(blocks_in_any_order_are_those_put_last),
		T(blocks_in_lanes_in_any_order_are_those_put_last),
		T(blocks_left_behind_are_replaced),
		T(blocks_too_wide_are_refused_when_all_places_are_taken),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
