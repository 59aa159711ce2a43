/*
 * test_read_blocks.c - blocks and survivors, of records written here by the
 * hook's own code.
 *
 * The expected blocks are kept beside in an array; hostile values are put into
 * the shared memory directly.
 */
#include "tables/blocks.h"
#include "tables/control.h"
#include "tables/counters.h"
#include "tables/mappings.h"
#include "tables/objects.h"
#include "tables/region.h"
#include "tables/tree.h"
#include "traced.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { N_TRACEBACKS = 7 };

static struct writer alone = { .alone = true };
static uint32_t tracebacks[N_TRACEBACKS];

static void
begin(uint32_t slot, uint32_t lanes)
{
	uint32_t module;

	traced_attach(slot, getpid(), "p");
	blocks_init(lanes);
	alone.control = traced.lobby.control;
	module = traced_module("/m", 1);
	for (uint32_t i = 0; i < N_TRACEBACKS; i++)
		tracebacks[i] = traced_traceback(module, 0x10, 0x1000 + i);
}

static void
end(void)
{
	blocks_abandon();
	traced_let_go();
}

static int
tear_down(void **state)
{
	blocks_abandon();
	objects_abandon();
	return traced_tear_down(state);
}

static void
put(uint64_t address, uint64_t size, uint32_t traceback)
{
	struct block block = { .size = size, .traceback = traceback,
	    .generation = traced.lobby.control->generation };

	assert_true(blocks_put(address, &block));
	counters_add(&alone, traceback, (struct amount){ size, 1 });
}

static void
take(uint64_t address)
{
	struct block block = { .size = 0 };

	blocks_take(address, &block);
	counters_remove(&alone, block.traceback,
	    (struct amount){ block.size, 1 }, false);
}

static struct snapshot *
read_blocks(void)
{
	reader_want_blocks(traced.reader, true);
	return reader_snapshot(traced.reader);
}

static uint32_t
traceback_number(const struct snapshot *s, uint32_t trace)
{
	return (uint32_t)(traced_inner(&s->traces[trace]) - 0x1000);
}

/* Every trace's blocks: by address, as many and as large as it says. */
static void
check_sums(const struct snapshot *s)
{
	const struct live_block *blocks;
	uint64_t size;
	size_t n, i, sum = 0;

	for (uint32_t trace = 0; trace < s->n_traces; trace++) {
		blocks = snapshot_blocks(s, trace, &n);
		assert_int_equal(n, s->traces[trace].count);
		for (i = 0, size = 0; i < n; i++) {
			assert_int_equal(blocks[i].trace, trace);
			assert_true(i == 0 ||
			    blocks[i - 1].address < blocks[i].address);
			size += blocks[i].size;
		}
		assert_int_equal(size, s->traces[trace].size);
		sum += n;
	}
	assert_int_equal(sum, s->n_blocks);
}

static void
blocks_are_not_read_unless_asked_for(void **state)
{
	struct snapshot *s;

	(void)state;
	begin(0, 1);
	put(0x10000, 8, tracebacks[0]);
	s = reader_snapshot(traced.reader);
	assert_null(s->blocks);
	assert_int_equal(s->n_blocks, 0);
	assert_false(s->has_survivors);
	snapshot_release(s);
}

/* Addresses 16 apart are told apart where blocks are 32 apart. */
static void
blocks_have_their_addresses_sizes_and_traces(void **state)
{
	enum { N = 20000 };
	static struct { uint64_t address, size; uint32_t traceback; } want[N];
	const struct live_block *blocks;
	uint64_t seed = traced_seed(), address = 0x7f0000000010;
	struct snapshot *s;
	size_t n, found = 0, seen[N_TRACEBACKS] = { 0 };

	(void)state;
	begin(0, 1);
	for (size_t i = 0; i < N; i++) {
		want[i].address = address;
		want[i].size = traced_random(&seed, 200) == 0 ?
		    RECORD_SIZE_WIDE + traced_random(&seed, 1u << 30) :
		    traced_random(&seed, 5000);
		want[i].traceback = (uint32_t)traced_random(&seed,
		    N_TRACEBACKS);
		put(address, want[i].size, tracebacks[want[i].traceback]);
		address += 32 + 16 * traced_random(&seed, 100);
		if (traced_random(&seed, 3000) == 0)
			address += UINT64_C(1) << 33;
	}
	s = read_blocks();
	assert_int_equal(s->n_blocks, N);
	check_sums(s);
	for (size_t i = 0; i < N; i++)
		for (uint32_t t = 0; t < s->n_traces; t++) {
			if (traceback_number(s, t) != want[i].traceback)
				continue;
			blocks = snapshot_blocks(s, t, &n);
			assert_true(seen[t] < n);
			assert_int_equal(blocks[seen[t]].address,
			    want[i].address);
			assert_int_equal(blocks[seen[t]].size, want[i].size);
			seen[t]++;
			found++;
		}
	assert_int_equal(found, N);
	snapshot_release(s);
}

static void
blocks_closer_than_32_bytes_are_all_there(void **state)
{
	struct snapshot *s;

	(void)state;
	begin(0, RECORD_STRIDE / 8);
	for (uint32_t i = 0; i < 5000; i++)
		put(0x7f0000000000 + i * 8, i % 9, tracebacks[0]);
	s = read_blocks();
	assert_int_equal(s->n_blocks, 5000);
	check_sums(s);
	for (uint32_t i = 0; i < 5000; i++) {
		assert_int_equal(s->blocks[i].address,
		    0x7f0000000000 + i * 8);
		assert_int_equal(s->blocks[i].size, i % 9);
	}
	snapshot_release(s);
}

static void
blocks_of_the_processes_are_kept_apart(void **state)
{
	struct snapshot *s;

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		begin(i, 1);
		put(0x20000, 10 + i, tracebacks[i]);
		end();
	}
	s = read_blocks();
	assert_int_equal(s->n_blocks, 2);
	check_sums(s);
	assert_int_equal(s->blocks[0].size, 10);
	assert_int_equal(s->traces[s->blocks[0].trace].process, 0);
	assert_int_equal(s->blocks[1].size, 11);
	assert_int_equal(s->traces[s->blocks[1].trace].process, 1);
	snapshot_release(s);
}

static void
kill_slot(uint32_t i)
{
	traced.lobby.slots[i].state = SLOT_DEAD;
	traced.lobby.slots[i].end = SLOT_EXITED;
}

/* The tables of the two that ended last are there for whoever asks later. */
static void
blocks_of_ended_processes_are_kept(void **state)
{
	uint32_t slot, incarnation, i;
	struct snapshot *s;

	(void)state;
	reader_keep_ended(traced.reader, 2);
	for (i = 0; i < 3; i++) {
		begin(i, 1);
		put(0x20000, 100 + i, tracebacks[0]);
		end();
		kill_slot(i);
		snapshot_release(reader_snapshot(traced.reader));
	}
	assert_true(reader_next_finished(traced.reader, &slot, &incarnation));
	assert_int_equal(slot, 0);
	assert_false(reader_next_finished(traced.reader, &slot,
	    &incarnation));
	s = read_blocks();
	assert_int_equal(s->n_blocks, 2);
	assert_int_equal(s->blocks[0].size, 101);
	assert_int_equal(s->blocks[1].size, 102);
	snapshot_release(s);
	/* One is gone that had live blocks. */
	reader_want_survivors(traced.reader, &(struct birth){ 1, 1 });
	s = reader_snapshot(traced.reader);
	assert_false(s->has_survivors);
	snapshot_release(s);
}

/* ---- survivors ---- */

static struct birth
mark(void)
{
	struct snapshot *s;
	struct birth birth;

	control_mark(traced.lobby.control, NULL);
	s = reader_snapshot_at(traced.reader, READER_MARK);
	birth = s->birth;
	snapshot_release(s);
	return birth;
}

static void
check_survivors(const struct birth *since, uint64_t size, uint64_t count)
{
	struct snapshot *s;

	reader_want_survivors(traced.reader, since);
	s = reader_snapshot(traced.reader);
	assert_true(s->has_survivors);
	assert_int_equal(s->traces[0].survivor_size, size);
	assert_int_equal(s->traces[0].survivor_count, count);
	snapshot_release(s);
}

static void
survivors_are_those_born_after_any_mark_and_alive(void **state)
{
	struct birth first, second;

	(void)state;
	begin(0, 1);
	put(0x10000, 1, tracebacks[0]);
	put(0x10040, 2, tracebacks[0]);
	first = mark();
	check_survivors(&first, 0, 0);
	take(0x10000);
	put(0x10080, 4, tracebacks[0]);
	put(0x100c0, 8, tracebacks[0]);
	second = mark();
	put(0x10100, 16, tracebacks[0]);
	check_survivors(&first, 28, 3);
	check_survivors(&second, 16, 1);
	/* The place of a block that died says nothing about the new one. */
	take(0x10040);
	put(0x10040, 32, tracebacks[0]);
	take(0x100c0);
	check_survivors(&first, 52, 3);
	check_survivors(&second, 48, 2);
}

/* A cache that is filled anew grows by nothing, and all of it survives. */
static void
survivors_are_no_difference(void **state)
{
	struct birth since;

	(void)state;
	begin(0, 1);
	for (uint32_t i = 0; i < 100; i++)
		put(0x10000 + i * 64, 10, tracebacks[0]);
	since = mark();
	for (uint32_t i = 0; i < 100; i++) {
		take(0x10000 + i * 64);
		put(0x10000 + i * 64, 10, tracebacks[0]);
	}
	check_survivors(&since, 1000, 100);
}

static void
survivors_of_a_mark_before_a_clear_are_all_there_are(void **state)
{
	struct birth since;
	uint32_t traceback;

	(void)state;
	begin(0, 1);
	put(0x10000, 1, tracebacks[0]);
	mark();
	mark();
	since = mark();
	control_clear(traced.lobby.control);
	assert_int_equal(traced.lobby.control->generation, 1);
	traceback = traced_traceback(1, 0x10, 0x1000);
	put(0x20000, 5, traceback);
	check_survivors(&since, 5, 1);
}

/* Twelve bits: what is older must never pass for young. */
static void
survivors_are_unknown_when_generations_are_used_up(void **state)
{
	struct birth birth = { 0, 0 };

	(void)state;
	begin(0, 1);
	put(0x10000, 1, tracebacks[0]);
	for (uint32_t i = 2; i < GENERATION_LAST; i++) {
		birth = mark();
		assert_int_equal(birth.generation, i);
	}
	put(0x10040, 2, tracebacks[0]);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(mark().generation, 0);
	put(0x10080, 4, tracebacks[0]);
	check_survivors(&birth, 6, 2);
}

/* ---- hostile ---- */

static void
hostile_keys_of_granules_are_flagged(void **state)
{
	static const uint64_t bad[] = { 4, 5000, UINT64_C(1) << 47,
	    UINT64_MAX };
	struct snapshot *s;

	(void)state;
	begin(0, 1);
	put(0x10000, 1, tracebacks[0]);
	put(0x90000, 2, tracebacks[0]);
	for (size_t i = 0; i < array_size(bad); i++) {
		*region_at(GRANULE_KEYS, uint64_t, 1) = bad[i];
		s = read_blocks();
		assert_true(s->is_corrupt);
		assert_int_equal(s->n_blocks, 1);
		assert_int_equal(s->blocks[0].address, 0x90000);
		snapshot_release(s);
	}
}

/* Two granules for one address: one of them counts, both are in bounds. */
static void
hostile_granules_of_one_address_are_harmless(void **state)
{
	struct snapshot *s;

	(void)state;
	begin(0, 1);
	put(0x10000, 1, tracebacks[0]);
	put(0x90000, 2, tracebacks[0]);
	*region_at(GRANULE_KEYS, uint64_t, 1) =
	    *region_at(GRANULE_KEYS, uint64_t, 2);
	s = read_blocks();
	assert_int_equal(s->n_blocks, 1);
	snapshot_release(s);
}

static void
hostile_tracebacks_and_sizes_of_records_are_left_out(void **state)
{
	struct snapshot *s;
	struct granule *granule;

	(void)state;
	begin(0, 1);
	put(0x10000, 1, tracebacks[0]);
	granule = region_at(GRANULES, struct granule, 1);
	granule->records[1] = UINT64_MAX;
	granule->records[2] = (uint64_t)tracebacks[0] <<
	    RECORD_TRACEBACK_SHIFT | RECORD_SIZE_WIDE << RECORD_SIZE_SHIFT;
	s = read_blocks();
	assert_int_equal(s->n_blocks, 1);
	assert_int_equal(s->blocks[0].size, 1);
	snapshot_release(s);
}

/* Reading holes of the sparse file would make them memory. */
static void
hostile_number_of_granules_costs_no_memory(void **state)
{
	struct snapshot *s;

	(void)state;
	begin(0, 1);
	put(0x10000, 1, tracebacks[0]);
	for (uint32_t i = 1; i < REGION_MAX_CHUNKS_GRANULES; i++)
		region_header->directory[DIRECTORY_GRANULES + i] =
		    region_header->directory[DIRECTORY_GRANULES];
	region_header->sections[SECTION_GRANULES].n_used = UINT32_MAX;
	s = read_blocks();
	assert_true(s->is_corrupt);
	assert_int_equal(s->n_blocks, 0);
	snapshot_release(s);
}

static void
hostile_bytes_anywhere_are_read_within_bounds(void **state)
{
	uint64_t seed = traced_seed();
	struct snapshot *s;
	uint64_t *words;

	(void)state;
	begin(0, 1);
	for (uint32_t i = 0; i < 2000; i++)
		put(0x10000 + i * 64, i % 100 == 0 ? RECORD_SIZE_WIDE : i,
		    tracebacks[i % N_TRACEBACKS]);
	for (uint32_t round = 0; round < 200; round++) {
		words = traced_random(&seed, 2) == 0 ?
		    (uint64_t *)region_at(GRANULES, struct granule, 1) :
		    (uint64_t *)region_at(LARGE, struct large_record, 0);
		for (uint32_t i = 0; i < 50; i++)
			words[traced_random(&seed, 1024)] =
			    traced_random(&seed, UINT64_MAX);
		words = region_at(GRANULE_KEYS, uint64_t, 0);
		words[traced_random(&seed, 64)] =
		    traced_random(&seed, UINT64_MAX);
		s = read_blocks();
		for (size_t i = 0; i < s->n_blocks; i++)
			assert_true(s->blocks[i].trace < s->n_traces);
		snapshot_release(s);
	}
}

/* ---- mappings ---- */

static void
mappings_are_blocks_with_generations(void **state)
{
	struct range range = { .address = 0x7000000, .size = 0x5000,
	    .generation = 1 };
	uint32_t traceback;
	struct birth since;
	struct snapshot *s;

	(void)state;
	begin(0, 1);
	traceback = tree_in_domain(tracebacks[0], DOMAIN_MAPPINGS);
	range.traceback = traceback;
	assert_true(mappings_put(&range));
	since = mark();
	range.address = 0x6000000;
	range.size = 0x3000;
	range.generation = traced.lobby.control->generation;
	assert_true(mappings_put(&range));
	counters_add(&alone, traceback, (struct amount){ 0x8000, 2 });
	reader_want_survivors(traced.reader, &since);
	s = read_blocks();
	check_sums(s);
	assert_int_equal(s->n_blocks, 2);
	assert_int_equal(s->blocks[0].address, 0x6000000);
	assert_int_equal(s->blocks[1].address, 0x7000000);
	assert_int_equal(s->traces[s->blocks[0].trace].survivor_size, 0x3000);
	snapshot_release(s);
	/* The later part of one that was cut keeps its age. */
	assert_true(mappings_take(0x7000000, 1, &range));
	assert_int_equal(range.generation, 1);
	mappings_abandon();
}

/* ---- objects of the program's own ---- */

static void
track(uint64_t address, uint64_t size, uint32_t traceback)
{
	struct block old, block = { .size = size, .traceback = traceback,
	    .generation = traced.lobby.control->generation };
	struct object_key key = { .address = address, .domain = 5,
	    .thread = 1 };

	assert_int_equal(objects_put(&key, &block, &old), OBJECTS_DONE);
	counters_add(&alone, traceback, (struct amount){ size, 1 });
}

/* At a block's address and others, beside the blocks. */
static void
objects_are_blocks_of_their_traces(void **state)
{
	const struct live_block *blocks;
	uint32_t own, trace;
	struct snapshot *s;
	size_t n;

	(void)state;
	begin(0, 1);
	own = tree_in_domain(tracebacks[1], 5);
	put(0x10000, 640, tracebacks[0]);
	track(0x10000, 64, own);
	track(3, UINT64_C(1) << 40, own);
	s = read_blocks();
	assert_int_equal(s->n_blocks, 3);
	check_sums(s);
	for (trace = 0; s->traces[trace].domain != 5; trace++)
		;
	blocks = snapshot_blocks(s, trace, &n);
	assert_int_equal(n, 2);
	assert_int_equal(blocks[0].address, 3);
	assert_int_equal(blocks[0].size, UINT64_C(1) << 40);
	assert_int_equal(blocks[1].address, 0x10000);
	assert_int_equal(blocks[1].size, 64);
	snapshot_release(s);
}

static void
objects_that_change_for_ever_are_left_out(void **state)
{
	struct object_record *record;
	struct snapshot *s;

	(void)state;
	begin(0, 1);
	track(3, 10, tracebacks[0]);
	track(4, 10, tracebacks[0]);
	record = region_at(OBJECTS, struct object_record, 1);
	record->sequence |= 1;
	record = region_at(OBJECTS, struct object_record, 2);
	record->traceback = UINT32_MAX;
	s = read_blocks();
	assert_int_equal(s->n_blocks, 0);
	snapshot_release(s);
	region_header->sections[SECTION_OBJECTS].n_used = UINT32_MAX;
	s = read_blocks();
	assert_true(s->is_corrupt);
	snapshot_release(s);
}

/* ---- time ---- */

static uint64_t
spent_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The shortest of several readings: what others do on the machine adds. */
static uint64_t
time_reading(bool with_blocks)
{
	uint64_t least = UINT64_MAX, ns;
	struct snapshot *s;

	reader_want_blocks(traced.reader, with_blocks);
	for (int i = 0; i < 15; i++) {
		ns = spent_ns();
		s = reader_snapshot(traced.reader);
		ns = spent_ns() - ns;
		snapshot_release(s);
		if (ns < least)
			least = ns;
	}
	return least;
}

static void
put_many(uint32_t from, uint32_t to, const uint32_t *ids, uint32_t n_ids)
{
	for (uint32_t i = from; i < to; i++)
		put(0x7f0000000000 + i * UINT64_C(64), 40, ids[i % n_ids]);
}

/* A refresh reads tracebacks; a million blocks are read when asked for. */
static void
refresh_is_no_longer_with_ten_times_the_blocks(void **state)
{
	enum { N_IDS = 2000, FEW = 100000, MANY = 1000000 };
	static uint32_t ids[N_IDS];
	uint64_t few, many, blocks;
	struct snapshot *s;
	bool is_short = false;

	(void)state;
	begin(0, 1);
	for (uint32_t i = 0; i < N_IDS; i++)
		ids[i] = traced_traceback(1, 0x10, 0x2000 + i);
	put_many(0, FEW, ids, N_IDS);
	few = time_reading(false);
	put_many(FEW, MANY, ids, N_IDS);
	for (int i = 0; i < 5 && !is_short; i++) {
		many = time_reading(false);
		is_short = many <= few + few / 10;
		printf("# a reading with %d blocks %llu us, with %d %llu us\n",
		    FEW, (unsigned long long)few / 1000, MANY,
		    (unsigned long long)many / 1000);
	}
	assert_true(is_short);
	blocks = time_reading(true);
	printf("# all the blocks too: %llu us\n",
	    (unsigned long long)blocks / 1000);
	assert_true(blocks < 1000000000);
	s = read_blocks();
	assert_int_equal(s->n_blocks, MANY);
	check_sums(s);
	snapshot_release(s);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, traced_set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(blocks_are_not_read_unless_asked_for),
		T(blocks_have_their_addresses_sizes_and_traces),
		T(blocks_closer_than_32_bytes_are_all_there),
		T(blocks_of_the_processes_are_kept_apart),
		T(blocks_of_ended_processes_are_kept),
		T(survivors_are_those_born_after_any_mark_and_alive),
		T(survivors_are_no_difference),
		T(survivors_of_a_mark_before_a_clear_are_all_there_are),
		T(survivors_are_unknown_when_generations_are_used_up),
		T(hostile_keys_of_granules_are_flagged),
		T(hostile_granules_of_one_address_are_harmless),
		T(hostile_tracebacks_and_sizes_of_records_are_left_out),
		T(hostile_number_of_granules_costs_no_memory),
		T(hostile_bytes_anywhere_are_read_within_bounds),
		T(refresh_is_no_longer_with_ten_times_the_blocks),
		T(mappings_are_blocks_with_generations),
		T(objects_are_blocks_of_their_traces),
		T(objects_that_change_for_ever_are_left_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
