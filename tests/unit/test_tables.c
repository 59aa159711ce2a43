/*
 * test_tables.c - the hook's tables against plain models of them.
 *
 * The tables are written in a real segment, as in a traced process; the models
 * are arrays and sums kept by the test.
 */
#include "base/atomic.h"
#include "tables/blocks.h"
#include "tables/counters.h"
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
static struct control *control;

static void
attach(uint32_t slot, uint64_t limit)
{
	assert_int_equal(region_attach(NULL, segment, slot, limit), 0);
	region_header->peak_epoch = 1;
	blocks_init(5);
}

static int
set_up(void **state)
{
	struct segment_plan plan = { .nonce = 42 };

	(void)state;
	segment = segment_create(&plan);
	assert_true(segment >= 0);
	assert_int_equal(lobby_map_fd(&lobby, segment, true), 0);
	control = lobby.control;
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

static void
tree_same_frame_below_same_parent_is_same_node(void **state)
{
	struct tree_key a = key_of(0x100, 1), b = key_of(0x200, 1);
	uint32_t outer, inner;

	(void)state;
	outer = tree_child(0, &a);
	inner = tree_child(outer, &b);
	assert_int_not_equal(outer, 0);
	assert_int_not_equal(inner, outer);
	assert_int_equal(tree_child(0, &a), outer);
	assert_int_equal(tree_child(outer, &b), inner);
	assert_true(outer < inner);
}

static void
tree_module_or_parent_differs_is_another_node(void **state)
{
	struct tree_key a = key_of(0x100, 1), reloaded = key_of(0x100, 2);
	uint32_t first = tree_child(0, &a);

	(void)state;
	assert_int_not_equal(tree_child(0, &reloaded), first);
	assert_int_not_equal(tree_child(first, &a), first);
}

/* Many more children than the first index holds, visited in another order. */
static void
tree_index_grows_without_losing_nodes(void **state)
{
	enum { N = 50000 };
	uint32_t *ids = calloc(N, sizeof(*ids)), i, at;

	(void)state;
	for (i = 0; i < N; i++) {
		struct tree_key key = key_of(i * 16 + 1, 1);

		ids[i] = tree_child(0, &key);
		assert_int_not_equal(ids[i], 0);
	}
	for (i = 0; i < N; i++) {
		struct tree_key key;

		at = (uint32_t)((uint64_t)i * 7919 % N);
		key = key_of(at * 16 + 1, 1);
		assert_int_equal(tree_child(0, &key), ids[at]);
	}
	/* Every id was handed out once. */
	assert_int_equal(region_header->sections[SECTION_NODES].n_used, N + 1);
	free(ids);
}

static void
tree_traceback_of_a_node_is_one_id_with_its_flags(void **state)
{
	struct tree_key key = key_of(0x100, 1);
	uint32_t node = tree_child(0, &key), id;
	const struct traceback *t;

	(void)state;
	id = tree_traceback(node, TRACEBACK_CUT, 7);
	assert_int_not_equal(id, 0);
	assert_int_equal(tree_traceback(node, TRACEBACK_CUT, 7), id);
	t = region_at(TRACEBACKS, struct traceback, id);
	assert_int_equal(t->node, node);
	assert_int_equal(t->flags, TRACEBACK_CUT);
	assert_int_equal(t->total_nframe, 7);
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

static uint32_t
new_traceback(uint64_t offset)
{
	struct tree_key key = key_of(offset, 3);

	return tree_traceback(tree_child(0, &key), 0, 1);
}

static const struct traceback *
counters_of(uint32_t id)
{
	return region_at(TRACEBACKS, struct traceback, id);
}

/* What a traceback held at the latest peak, as a reader works it out. */
static uint64_t
size_at_peak(uint32_t id)
{
	const struct traceback *t = counters_of(id);

	return !region_header->at_peak &&
	    t->peak_epoch == region_header->peak_epoch ?
	    t->peak_size : t->size;
}

static uint64_t
size_at_mark(uint32_t id)
{
	const struct traceback *t = counters_of(id);

	return t->mark_epoch == control->mark_epoch ? t->mark_size : t->size;
}

enum { N_SITES = 16, N_EVENTS = 200000 };

struct model {
	uint64_t	size[N_SITES], count[N_SITES], allocs[N_SITES];
	uint64_t	at_peak[N_SITES], at_mark[N_SITES];
	uint64_t	current, peak, allocated;
};

static void
check_model(const struct model *model, const uint32_t *ids)
{
	for (int i = 0; i < N_SITES; i++) {
		assert_int_equal(counters_of(ids[i])->size, model->size[i]);
		assert_int_equal(counters_of(ids[i])->count, model->count[i]);
		assert_int_equal(counters_of(ids[i])->allocs,
		    model->allocs[i]);
		assert_int_equal(size_at_peak(ids[i]), model->at_peak[i]);
		assert_int_equal(size_at_mark(ids[i]), model->at_mark[i]);
	}
	assert_int_equal(region_header->current, model->current);
	assert_int_equal(region_header->peak, model->peak);
	assert_int_equal(region_header->allocated, model->allocated);
}

static void
model_add(struct model *model, int site, uint64_t size)
{
	model->size[site] += size;
	model->count[site]++;
	model->allocs[site]++;
	model->allocated += size;
	model->current += size;
	if (model->current > model->peak) {
		model->peak = model->current;
		memcpy(model->at_peak, model->size, sizeof model->size);
	}
}

/* Random events against arrays: sums, peak with contents, marks. */
static void
counters_equal_a_model_after_any_events(void **state)
{
	static struct { int site; uint64_t size; } live[N_EVENTS];
	struct model model = { .current = 0 };
	uint32_t ids[N_SITES], n_live = 0, i, at;

	(void)state;
	srandom(1);
	for (i = 0; i < N_SITES; i++)
		ids[i] = new_traceback(i + 1);
	for (i = 0; i < N_EVENTS; i++) {
		if (n_live == 0 || random() % 100 < 51) {
			live[n_live].site = (int)(random() % N_SITES);
			live[n_live].size = (uint64_t)(random() % 5000);
			counters_add(control, ids[live[n_live].site],
			    live[n_live].size, true);
			model_add(&model, live[n_live].site,
			    live[n_live].size);
			n_live++;
		} else {
			at = (uint32_t)random() % n_live;
			counters_remove(control, ids[live[at].site],
			    live[at].size, false, true);
			model.size[live[at].site] -= live[at].size;
			model.count[live[at].site]--;
			model.current -= live[at].size;
			live[at] = live[--n_live];
		}
		if (random() % 5000 == 0) {
			control->mark_epoch++;
			memcpy(model.at_mark, model.size, sizeof model.size);
		}
		if (random() % 2000 == 0 && control->mark_epoch > 1)
			check_model(&model, ids);
	}
	control->mark_epoch++;
	memcpy(model.at_mark, model.size, sizeof model.size);
	check_model(&model, ids);
}

static void
counters_shared_and_alone_add_up_alike(void **state)
{
	uint32_t id = new_traceback(99);

	(void)state;
	counters_add(control, id, 100, false);
	counters_add(control, id, 50, true);
	counters_remove(control, id, 100, true, false);
	assert_int_equal(counters_of(id)->size, 50);
	assert_int_equal(counters_of(id)->count, 1);
	assert_int_equal(counters_of(id)->allocs, 2);
	assert_int_equal(counters_of(id)->allocated, 150);
	assert_int_equal(counters_of(id)->temporary, 1);
	assert_int_equal(region_header->peak, 150);
	assert_int_equal(region_header->current, 50);
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
blocks_dense_allocators_have_a_record_per_8_bytes(void **state)
{
	struct block found;
	uint32_t i;

	(void)state;
	blocks_init(3);
	for (i = 1; i <= 10000; i++)
		assert_true(blocks_put(0x555500000000 + i * 8ul,
		    &(struct block){ .size = 8, .traceback = i }));
	for (i = 1; i <= 10000; i++) {
		blocks_take(0x555500000000 + i * 8ul, &found);
		assert_int_equal(found.traceback, i);
	}
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
		T(tree_index_grows_without_losing_nodes),
		T(tree_traceback_of_a_node_is_one_id_with_its_flags),
		T(region_at_its_limit_says_full_and_goes_on_saying_it),
		T(region_strings_stay_within_one_chunk),
		T(counters_equal_a_model_after_any_events),
		T(counters_shared_and_alone_add_up_alike),
		T(blocks_every_address_keeps_its_own_record),
		T(blocks_dense_allocators_have_a_record_per_8_bytes),
		T(blocks_of_any_size_are_remembered_exactly),
		T(blocks_unknown_and_impossible_addresses_have_none),
		T(segment_without_seals_is_refused),
		T(segment_slot_recycled_is_empty_and_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
