/*
 * test_reader.c - snapshots of tables written here by the hook's own code.
 *
 * The expected sums are kept beside; hostile values are put into the shared
 * memory directly.
 */
#include "tables/control.h"
#include "tables/counters.h"
#include "tables/region.h"
#include "traced.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct writer alone = { .alone = true };	/* the only thread */

static void
attach(uint32_t slot, const char *command)
{
	traced_attach(slot, getpid(), command);
	alone.control = traced.lobby.control;
}

static void
add(uint32_t traceback, uint64_t size)
{
	counters_add(&alone, traceback, (struct amount){ size, 1 });
}

static void
snapshot_of_nothing_is_empty(void **state)
{
	struct snapshot *s = reader_snapshot(traced.reader);

	(void)state;
	assert_int_equal(s->n_traces, 0);
	assert_int_equal(s->n_processes, 0);
	assert_int_equal(s->totals.traced_bytes, 0);
	assert_false(s->is_corrupt);
	snapshot_release(s);
}

static void
snapshot_has_sums_stacks_and_module_of_what_was_written(void **state)
{
	const struct code_stack *stack, *outer;
	const struct code_location *location;
	struct snapshot *s;
	uint32_t t;

	(void)state;
	attach(0, "/usr/bin/prog");
	t = traced_traceback(traced_module("/usr/lib/libx.so", 7), 0x10, 0x20);
	add(t, 100);
	add(t, 50);
	counters_remove(&alone, t, (struct amount){ 100, 1 }, true);
	s = reader_snapshot(traced.reader);
	assert_int_equal(s->n_traces, 1);
	assert_int_equal(s->traces[0].size, 50);
	assert_int_equal(s->traces[0].count, 1);
	assert_int_equal(s->traces[0].allocs, 2);
	assert_int_equal(s->traces[0].allocated, 150);
	assert_int_equal(s->traces[0].temporary, 1);
	assert_int_equal(s->totals.traced_bytes, 50);
	assert_int_equal(s->totals.peak_bytes, 150);
	assert_int_equal(s->totals.allocs, 2);
	assert_int_equal(s->totals.frees, 1);
	assert_int_equal(s->totals.skew_bytes, 0);
	assert_true(s->totals.rss_bytes > 0);
	assert_string_equal(s->processes[0].name, "prog");
	stack = frame_store_get_stack(traced.store, s->traces[0].stack);
	location = frame_store_get_location(traced.store, stack->location);
	assert_int_equal(location->offset, 0x20);
	assert_string_equal(frame_store_get_module(traced.store,
	    location->module)->path, "/usr/lib/libx.so");
	outer = frame_store_get_stack(traced.store, stack->parent);
	assert_int_equal(frame_store_get_location(traced.store,
	    outer->location)->offset, 0x10);
	assert_int_equal(outer->parent, 0);
	snapshot_release(s);
}

static void
snapshot_equal_code_of_two_processes_has_equal_stacks(void **state)
{
	struct snapshot *s;
	uint32_t i, t;

	(void)state;
	for (i = 0; i < 2; i++) {
		attach(i, "p");
		/* The second process numbers its modules otherwise. */
		if (i == 1)
			traced_module("/other", 1);
		t = traced_traceback(traced_module("/m", 9), 0x1, 0x2);
		add(t, 10);
		traced_let_go();
	}
	s = reader_snapshot(traced.reader);
	assert_int_equal(s->n_traces, 2);
	assert_int_equal(s->traces[0].stack, s->traces[1].stack);
	assert_int_not_equal(s->traces[0].process, s->traces[1].process);
	assert_int_equal(s->totals.traced_bytes, 20);
	snapshot_release(s);
}

static void
snapshot_dead_process_owns_memory_only_after_all_have_ended(void **state)
{
	uint32_t t, slot, incarnation;
	struct snapshot *s;

	(void)state;
	attach(0, "first");
	t = traced_traceback(traced_module("/m", 1), 1, 2);
	add(t, 1000);
	traced_let_go();
	attach(1, "second");
	t = traced_traceback(traced_module("/m", 1), 1, 2);
	add(t, 1);
	traced_let_go();
	slot_set_dead(&traced.lobby, 0, SLOT_EXITED, 0);
	s = reader_snapshot(traced.reader);
	assert_int_equal(s->totals.traced_bytes, 1);
	assert_int_equal(s->totals.allocs, 2);
	snapshot_release(s);
	assert_true(reader_next_finished(traced.reader, &slot, &incarnation));
	assert_int_equal(slot, 0);
	assert_false(reader_next_finished(traced.reader, &slot, &incarnation));
	/* Its slot may serve another process, its last state is kept. */
	assert_int_equal(slot_recycle(&traced.lobby, traced.fd, 0), 0);
	slot_set_dead(&traced.lobby, 1, SLOT_EXITED, 0);
	s = reader_snapshot(traced.reader);
	assert_int_equal(s->n_processes, 2);
	assert_int_equal(s->totals.traced_bytes, 1001);
	assert_true(s->totals.peak_bytes >= s->totals.traced_bytes);
	snapshot_release(s);
}

static void
snapshot_at_the_peak_is_kept_of_who_has_ended(void **state)
{
	struct snapshot *s;
	uint32_t t, u, slot, incarnation;

	(void)state;
	reader_keep_peaks(traced.reader);
	attach(0, "p");
	t = traced_traceback(traced_module("/m", 1), 1, 2);
	u = traced_traceback(traced_module("/m", 1), 1, 3);
	add(t, 1000);
	add(u, 300);
	counters_remove(&alone, t, (struct amount){ 1000, 1 }, false);
	add(u, 7);
	traced_let_go();
	slot_set_dead(&traced.lobby, 0, SLOT_EXITED, 0);
	s = reader_snapshot(traced.reader);
	assert_int_equal(s->totals.traced_bytes, 307);
	snapshot_release(s);
	assert_true(reader_next_finished(traced.reader, &slot, &incarnation));
	assert_int_equal(slot_recycle(&traced.lobby, traced.fd, 0), 0);
	s = reader_snapshot_at(traced.reader, READER_PEAK);
	assert_int_equal(s->totals.traced_bytes, 1300);
	assert_int_equal(s->totals.blocks, 2);
	assert_int_equal(s->n_traces, 2);
	assert_int_equal(s->traces[0].size, 1000);
	assert_int_equal(s->traces[1].size, 300);
	snapshot_release(s);
	/* The end is not lost over it. */
	s = reader_snapshot(traced.reader);
	assert_int_equal(s->totals.traced_bytes, 307);
	snapshot_release(s);
}

static void
reader_mark_has_a_number_and_a_printable_name(void **state)
{
	struct control *control = traced.lobby.control;
	char name[MARK_NAME_ROOM];

	(void)state;
	assert_int_equal(reader_last_mark(traced.reader, name), 0);
	assert_string_equal(name, "");
	control_mark(control, "warm");
	assert_int_equal(reader_last_mark(traced.reader, name), 1);
	assert_string_equal(name, "warm");
	control_mark(control, NULL);
	assert_int_equal(reader_last_mark(traced.reader, name), 2);
	assert_string_equal(name, "");
	control_mark(control, "0123456789012345678901234567890123456789");
	reader_last_mark(traced.reader, name);
	assert_string_equal(name, "0123456789012345678901234567890");
	/* What the program can write without asking. */
	memset(control->mark_name, '\033', sizeof control->mark_name);
	reader_last_mark(traced.reader, name);
	assert_int_equal(strlen(name), 4 * 31);
	assert_null(strchr(name, '\033'));
}

static void
snapshot_losses_are_counted_as_calls(void **state)
{
	struct snapshot *s;

	(void)state;
	attach(0, "p");
	counters_lose(64, false);
	counters_lose(36, true);
	region_header->unknown_frees = 5;
	s = reader_snapshot(traced.reader);
	assert_int_equal(s->totals.lost, 2);
	assert_int_equal(s->totals.lost_bytes, 100);
	assert_int_equal(s->totals.allocs, 2);
	assert_int_equal(s->totals.allocated_bytes, 100);
	assert_int_equal(s->totals.frees, 5);
	assert_string_equal(totals_lost_advice(&s->totals),
	    "raise --table-size");
	snapshot_release(s);

	region_header->troubles = TROUBLE_NO_MEMORY;
	s = reader_snapshot(traced.reader);
	assert_string_equal(totals_lost_advice(&s->totals),
	    "no memory for tables (ulimit -v?)");
	snapshot_release(s);

	region_header->troubles = TROUBLE_NO_MEMORY | TROUBLE_LIMIT;
	s = reader_snapshot(traced.reader);
	assert_string_equal(totals_lost_advice(&s->totals),
	    "raise --table-size");
	snapshot_release(s);
}

/* ---- hostile tables: flagged, read within bounds ---- */

static uint32_t module, good, bad;

static void
write_one_good_one_bad(void)
{
	attach(0, "p");
	module = traced_module("/m", 1);
	good = traced_traceback(module, 1, 2);
	bad = traced_traceback(module, 3, 4);
	add(good, 10);
	add(bad, 1);
}

static void
expect_corrupt_but_good_row_kept(void)
{
	struct snapshot *s = reader_snapshot(traced.reader);
	uint32_t i, n_good = 0;

	assert_true(s->is_corrupt);
	assert_string_not_equal(s->corruption, "");
	for (i = 0; i < s->n_traces; i++)
		n_good += s->traces[i].stack != 0 && s->traces[i].size == 10;
	assert_int_equal(n_good, 1);
	snapshot_release(s);
}

static struct node *
node_of(uint32_t traceback)
{
	return region_at(NODES, struct node,
	    region_at(TRACEBACKS, struct traceback, traceback)->node);
}

static void
hostile_frame_that_calls_itself_is_flagged(void **state)
{
	(void)state;
	write_one_good_one_bad();
	node_of(bad)->parent = region_at(TRACEBACKS, struct traceback,
	    bad)->node;
	expect_corrupt_but_good_row_kept();
}

static void
hostile_frame_beyond_the_table_is_flagged(void **state)
{
	(void)state;
	write_one_good_one_bad();
	region_at(TRACEBACKS, struct traceback, bad)->node = UINT32_MAX;
	expect_corrupt_but_good_row_kept();
}

static void
hostile_kind_of_frame_is_flagged(void **state)
{
	(void)state;
	write_one_good_one_bad();
	node_of(bad)->module_kind |= NODE_KIND_MASK;
	expect_corrupt_but_good_row_kept();
}

static void
hostile_module_number_is_flagged(void **state)
{
	(void)state;
	write_one_good_one_bad();
	node_of(bad)->module_kind = UINT32_MAX & ~NODE_KIND_MASK;
	expect_corrupt_but_good_row_kept();
}

static void
hostile_path_outside_the_strings_is_flagged(void **state)
{
	uint32_t other;

	(void)state;
	write_one_good_one_bad();
	other = traced_module("/n", 1);
	region_at(MODULES, struct module_record, other)->path = UINT32_MAX;
	node_of(bad)->module_kind = other << NODE_MODULE_SHIFT;
	expect_corrupt_but_good_row_kept();
}

/* 4 million tracebacks in a few pages are not looked for: their holes would
 * become memory. */
static void
hostile_counts_are_bounded_by_the_memory(void **state)
{
	struct stat before, after;
	struct snapshot *s;

	(void)state;
	write_one_good_one_bad();
	region_header->sections[SECTION_TRACEBACKS].n_used = UINT32_MAX;
	region_header->sections[SECTION_NODES].n_used = UINT32_MAX;
	region_header->sections[SECTION_DELTAS].n_used = UINT32_MAX;
	region_header->command_size = UINT32_MAX;
	assert_int_equal(fstat(traced.fd, &before), 0);
	s = reader_snapshot(traced.reader);
	assert_true(s->is_corrupt);
	assert_int_equal(s->n_traces, 2);
	assert_int_equal(s->totals.traced_bytes, 11);
	snapshot_release(s);
	assert_int_equal(fstat(traced.fd, &after), 0);
	assert_true(after.st_blocks < 2 * before.st_blocks);
}

/* A writer that stands still in the middle of a change is waited for, once a
 * reading and not once a process. */
static void
hostile_changes_without_end_share_one_patience(void **state)
{
	struct timespec start, end;
	struct snapshot *s;
	uint32_t t;

	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		attach(i, "p");
		t = traced_traceback(traced_module("/m", 1), 1, 2);
		add(t, 10);
		region_at(DELTAS, struct delta_block,
		    region_take(SECTION_DELTAS))->entries[0] = (struct delta){
			.traceback = t, .sequence = 1, .bytes = 1, .count = 1 };
		traced_let_go();
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	s = reader_snapshot(traced.reader);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_int_equal(s->totals.traced_bytes, 88);
	snapshot_release(s);
	printf("# one patience: %.2f s\n", (double)(end.tv_sec -
	    start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
	assert_true(end.tv_sec - start.tv_sec <= 2);
}

static void
hostile_chunk_outside_the_region_is_flagged(void **state)
{
	struct snapshot *s;

	(void)state;
	write_one_good_one_bad();
	region_header->directory[DIRECTORY_TRACEBACKS] = UINT32_MAX;
	s = reader_snapshot(traced.reader);
	assert_true(s->is_corrupt);
	assert_int_equal(s->n_traces, 0);
	snapshot_release(s);
}

static void
hostile_sizes_below_zero_count_as_nothing(void **state)
{
	struct snapshot *s;

	(void)state;
	write_one_good_one_bad();
	region_at(TRACEBACKS, struct traceback, bad)->live =
	    (struct pair){ UINT64_MAX, UINT64_MAX };
	s = reader_snapshot(traced.reader);
	assert_int_equal(s->totals.traced_bytes, 10);
	assert_int_equal(s->totals.blocks, 1);
	snapshot_release(s);
}

static void
hostile_header_is_no_process(void **state)
{
	struct snapshot *s;

	(void)state;
	write_one_good_one_bad();
	region_header->magic ^= 1;
	s = reader_snapshot(traced.reader);
	assert_true(s->is_corrupt);
	assert_int_equal(s->n_traces, 0);
	snapshot_release(s);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, traced_set_up, \
			    traced_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(snapshot_of_nothing_is_empty),
		T(snapshot_has_sums_stacks_and_module_of_what_was_written),
		T(snapshot_equal_code_of_two_processes_has_equal_stacks),
		T(snapshot_dead_process_owns_memory_only_after_all_have_ended),
		T(snapshot_at_the_peak_is_kept_of_who_has_ended),
		T(reader_mark_has_a_number_and_a_printable_name),
		T(snapshot_losses_are_counted_as_calls),
		T(hostile_frame_that_calls_itself_is_flagged),
		T(hostile_frame_beyond_the_table_is_flagged),
		T(hostile_kind_of_frame_is_flagged),
		T(hostile_module_number_is_flagged),
		T(hostile_path_outside_the_strings_is_flagged),
		T(hostile_counts_are_bounded_by_the_memory),
		T(hostile_changes_without_end_share_one_patience),
		T(hostile_chunk_outside_the_region_is_flagged),
		T(hostile_sizes_below_zero_count_as_nothing),
		T(hostile_header_is_no_process),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
