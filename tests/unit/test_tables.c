/*
 * test_tables.c - the hook's tables against plain models of them.
 *
 * The tables are written in a real segment, as in a traced process; the models
 * are arrays kept by the test.  Counters: test_counters.c.
 */
#include "base/atomic.h"
#include "tables/blocks.h"
#include "tables/region.h"
#include "tables/segment.h"
#include "tables/tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int segment;
static struct lobby_map lobby;

static void
attach(uint32_t slot, uint64_t limit)
{
	assert_int_equal(region_attach(NULL, segment, slot, limit), 0);
	blocks_init(1);
	assert_true(tree_begin());
}

static int
set_up(void **state)
{
	struct segment_plan plan = { .nonce = 42 };

	(void)state;
	segment = segment_create(&plan);
	assert_true(segment >= 0);
	assert_int_equal(lobby_map_fd(&lobby, segment, true), 0);
	attach(0, UINT64_C(1) << 30);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tree_abandon();
	blocks_abandon();
	region_abandon();
	lobby_unmap(&lobby);
	close(segment);
	return 0;
}

static struct tree_key
key_of(uint64_t offset, uint32_t module)
{
	return (struct tree_key){ .offset = offset,
	    .module_kind = module << NODE_MODULE_SHIFT };
}

/* Equal for equal keys of this test, and never 0. */
static tree_tag
tag_of(const struct tree_key *key)
{
	return (key->offset + 1) << 16 | key->module_kind;
}

static uint32_t
child(uint32_t parent, uint64_t offset, uint32_t module)
{
	struct tree_key key = key_of(offset, module);

	return tree_child(parent, &key, tag_of(&key));
}

static void
tree_same_frame_below_same_parent_is_same_node(void **state)
{
	uint32_t outer = child(0, 0x100, 1), inner = child(outer, 0x200, 1);

	(void)state;
	assert_int_not_equal(outer, 0);
	assert_int_not_equal(inner, outer);
	assert_int_equal(child(0, 0x100, 1), outer);
	assert_int_equal(child(outer, 0x200, 1), inner);
	assert_true(outer < inner);
}

static void
tree_module_or_parent_differs_is_another_node(void **state)
{
	uint32_t first = child(0, 0x100, 1);

	(void)state;
	assert_int_not_equal(child(0, 0x100, 2), first);
	assert_int_not_equal(child(first, 0x100, 1), first);
}

/* The short way gives the child found last and no other. */
static void
tree_last_child_is_the_latest_of_its_parent(void **state)
{
	struct tree_key a = key_of(0x100, 1), b = key_of(0x200, 1);
	uint32_t first = child(0, 0x100, 1), second = child(0, 0x200, 1);

	(void)state;
	assert_int_equal(tree_last_child(0, tag_of(&a)), 0);
	assert_int_equal(tree_last_child(0, tag_of(&b)), second);
	assert_int_equal(tree_last_child(first, tag_of(&b)), 0);
	assert_int_equal(child(0, 0x100, 1), first);
	assert_int_equal(tree_last_child(0, tag_of(&a)), first);
	tree_forget_tags();
	assert_int_equal(tree_last_child(0, tag_of(&a)), 0);
	assert_int_equal(child(0, 0x100, 1), first);
}

/* Many more children than the first index holds, visited in another order. */
static void
tree_index_grows_without_losing_nodes(void **state)
{
	enum { N = 50000 };
	uint32_t *ids = calloc(N, sizeof(*ids)), i, at;

	(void)state;
	for (i = 0; i < N; i++) {
		ids[i] = child(0, i * 16 + 1, 1);
		assert_int_not_equal(ids[i], 0);
	}
	for (i = 0; i < N; i++) {
		at = (uint32_t)((uint64_t)i * 7919 % N);
		assert_int_equal(child(0, at * 16 + 1, 1), ids[at]);
	}
	/* Every id was handed out once. */
	assert_int_equal(region_header->sections[SECTION_NODES].n_used, N + 1);
	free(ids);
}

static void
tree_traceback_of_a_node_is_one_id_with_its_flags(void **state)
{
	uint32_t node = child(0, 0x100, 1), id;
	const struct traceback *t;

	(void)state;
	id = tree_traceback(node, 1, TRACEBACK_CUT, 7);
	assert_int_not_equal(id, 0);
	assert_int_equal(tree_traceback(node, 1, TRACEBACK_CUT, 7), id);
	t = region_at(TRACEBACKS, struct traceback, id);
	assert_int_equal(t->node, node);
	assert_int_equal(t->flags, TRACEBACK_CUT);
	assert_int_equal(t->total_nframe, 7);
}

static void
tree_cleared_traceback_is_another_id_for_the_same_node(void **state)
{
	uint32_t node = child(0, 0x100, 1), before, after;

	(void)state;
	before = tree_traceback(node, 1, 0, 7);
	after = tree_traceback(node, 2, 0, 7);
	assert_int_not_equal(after, 0);
	assert_int_not_equal(after, before);
	assert_int_equal(tree_traceback(node, 2, 0, 7), after);
	assert_int_equal(region_at(TRACEBACKS, struct traceback,
	    before)->node, node);
	assert_int_equal(region_at(TRACEBACKS, struct traceback,
	    after)->node, node);
	assert_int_equal(region_at(TRACEBACKS, struct traceback,
	    after)->clear_epoch, 2);
}

static void
tree_domain_is_another_traceback_of_the_same_stack(void **state)
{
	uint32_t node = child(0, 0x100, 1), plain, mapped;
	const struct traceback *t;

	(void)state;
	plain = tree_traceback(node, 1, TRACEBACK_CUT, 7);
	mapped = tree_in_domain(plain, DOMAIN_MAPPINGS);
	assert_int_not_equal(mapped, 0);
	assert_int_not_equal(mapped, plain);
	assert_int_equal(tree_in_domain(plain, DOMAIN_MAPPINGS), mapped);
	t = region_at(TRACEBACKS, struct traceback, mapped);
	assert_int_equal(t->domain, DOMAIN_MAPPINGS);
	assert_int_equal(t->flags, TRACEBACK_CUT);
	assert_int_equal(region_at(NODES, struct node, t->node)->parent,
	    node);
	assert_int_equal(region_at(TRACEBACKS, struct traceback,
	    plain)->domain, DOMAIN_MALLOC);
}

static void
region_at_its_limit_says_full_and_goes_on_saying_it(void **state)
{
	uint32_t taken = 0;

	(void)state;
	tear_down(state);
	set_up(state);
	tree_abandon();
	blocks_abandon();
	region_abandon();
	attach(1, HEADER_SIZE + 256 * 1024);
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
	lobby.slots[0].state = SLOT_LIVE;
	slot_set_dead(&lobby, 0, SLOT_EXITED, 256);
	assert_int_equal(lobby.slots[0].state, SLOT_DEAD);
	assert_int_equal(slot_recycle(&lobby, segment, 0), 0);
	assert_int_equal(lobby.slots[0].state, SLOT_FREE);
	assert_int_equal(lobby.slots[0].incarnation, 1);
	assert_int_equal(region_header->magic, 0);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(tree_same_frame_below_same_parent_is_same_node),
		T(tree_module_or_parent_differs_is_another_node),
		T(tree_last_child_is_the_latest_of_its_parent),
		T(tree_index_grows_without_losing_nodes),
		T(tree_traceback_of_a_node_is_one_id_with_its_flags),
		T(tree_cleared_traceback_is_another_id_for_the_same_node),
		T(tree_domain_is_another_traceback_of_the_same_stack),
		T(region_at_its_limit_says_full_and_goes_on_saying_it),
		T(region_strings_stay_within_one_chunk),
		T(blocks_every_address_keeps_its_own_record),
		T(blocks_in_lanes_have_a_record_per_8_bytes),
		T(blocks_flagged_address_is_reported_once_by_the_take),
		T(blocks_of_any_size_are_remembered_exactly),
		T(blocks_unknown_and_impossible_addresses_have_none),
		T(segment_without_seals_is_refused),
		T(segment_slot_recycled_is_empty_and_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
