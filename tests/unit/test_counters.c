/*
 * test_counters.c - counters and delta blocks, one situation each.
 *
 * Threads are played by writers that take turns: what each has gathered, and
 * when it is added to the tracebacks, is then known to the byte.  Expected
 * numbers are written out.  Any order of events: test_counters_model.c.
 */
#include "base/atomic.h"
#include "tables/counters.h"
#include "tables/region.h"
#include "traced.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { N_ROWS = 2 * DELTA_ENTRIES };

static uint32_t rows[N_ROWS];		/* traceback ids, consecutive */
static struct writer alone, a, b, without;

static void
make_rows(void)
{
	uint32_t module = traced_module("/m", 1), i;

	for (i = 0; i < N_ROWS; i++) {
		rows[i] = traced_traceback(module, 1, i);
		assert_int_not_equal(rows[i], 0);
	}
}

static int
set_up(void **state)
{
	const struct control *control;

	traced_set_up(state);
	traced_attach(0, getpid(), "p");
	control = traced.lobby.control;
	make_rows();
	alone = (struct writer){ control, NULL, true };
	a = (struct writer){ control, deltas_take(control, 1), false };
	b = (struct writer){ control, deltas_take(control, 2), false };
	without = (struct writer){ control, NULL, false };
	assert_non_null(a.own);
	assert_non_null(b.own);
	assert_ptr_not_equal(a.own, b.own);
	return 0;
}

static void
add(const struct writer *writer, uint32_t row, uint64_t bytes, uint64_t count)
{
	counters_add(writer, rows[row], (struct amount){ bytes, count });
}

static void
take(const struct writer *writer, uint32_t row, uint64_t bytes,
    uint64_t count)
{
	counters_remove(writer, rows[row], (struct amount){ bytes, count },
	    false);
}

static struct traceback *
traceback_of(uint32_t row)
{
	return region_at(TRACEBACKS, struct traceback, rows[row]);
}

/* The row at a moment; all 0 when it is forgotten. */
static struct trace
row_at(enum reader_moment moment, uint32_t row)
{
	struct snapshot *s = reader_snapshot_at(traced.reader, moment);
	struct trace found = { 0 };
	uint32_t i;

	for (i = 0; i < s->n_traces; i++)
		if (traced_inner(&s->traces[i]) == row)
			found = s->traces[i];
	snapshot_release(s);
	return found;
}

static void
expect_row(enum reader_moment moment, uint32_t row, uint64_t size,
    uint64_t count)
{
	struct trace trace = row_at(moment, row);

	assert_int_equal(trace.size, size);
	assert_int_equal(trace.count, count);
}

static uint64_t
peak_bytes(void)
{
	struct snapshot *s = reader_snapshot(traced.reader);
	uint64_t peak = s->totals.peak_bytes;

	snapshot_release(s);
	return peak;
}

static void
mark(void)
{
	traced.lobby.control->mark_epoch++;
}

/* ---- one thread ---- */

static void
alone_all_counters_are_exact(void **state)
{
	struct trace trace;

	(void)state;
	add(&alone, 0, 100, 1);
	add(&alone, 0, 0, 1);
	add(&alone, 0, 30, 1);
	counters_remove(&alone, rows[0], (struct amount){ 100, 1 }, true);
	counters_shrink(&alone, rows[0], 10);
	trace = row_at(READER_NOW, 0);
	assert_int_equal(trace.size, 20);
	assert_int_equal(trace.count, 2);
	assert_int_equal(trace.allocs, 3);
	assert_int_equal(trace.allocated, 130);
	assert_int_equal(trace.temporary, 1);
	assert_int_equal(region_header->current, 20);
	assert_int_equal(region_header->peak, 130);
	assert_int_equal(region_header->allocated, 130);
}

static void
mark_before_any_event_is_empty(void **state)
{
	(void)state;
	add(&alone, 0, 100, 1);
	add(&a, 1, 100, 1);
	expect_row(READER_MARK, 0, 0, 0);
	expect_row(READER_MARK, 1, 0, 0);
}

static void
mark_keeps_what_was_then_and_only_the_latest(void **state)
{
	struct trace trace;

	(void)state;
	add(&alone, 0, 100, 1);
	add(&alone, 1, 7, 1);
	mark();
	expect_row(READER_MARK, 0, 100, 1);
	add(&alone, 0, 50, 2);
	take(&alone, 0, 100, 1);
	trace = row_at(READER_MARK, 0);
	assert_int_equal(trace.size, 100);
	assert_int_equal(trace.allocs, 1);
	assert_int_equal(trace.allocated, 100);
	expect_row(READER_MARK, 1, 7, 1);
	mark();
	expect_row(READER_MARK, 0, 50, 2);
	take(&alone, 0, 50, 2);
	expect_row(READER_MARK, 0, 50, 2);
	expect_row(READER_NOW, 0, 0, 0);
}

/* Only the lower bits of the mark epoch fit beside the count. */
static void
mark_epoch_comes_round_unnoticed(void **state)
{
	(void)state;
	traced.lobby.control->mark_epoch = PAIR_EPOCH_MASK;
	add(&alone, 0, 100, 1);
	add(&a, 1, 100, 1);
	mark();
	add(&alone, 0, 1, 1);
	add(&a, 1, 1, 1);
	expect_row(READER_MARK, 0, 100, 1);
	expect_row(READER_MARK, 1, 100, 1);
	expect_row(READER_NOW, 0, 101, 2);
	expect_row(READER_NOW, 1, 101, 2);
}

static void
peak_contents_are_those_of_the_highest_moment(void **state)
{
	(void)state;
	add(&alone, 0, 100, 1);
	add(&alone, 1, 200, 1);
	expect_row(READER_PEAK, 1, 200, 1);
	take(&alone, 0, 100, 1);
	add(&alone, 2, 50, 1);
	take(&alone, 1, 200, 1);
	expect_row(READER_PEAK, 0, 100, 1);
	expect_row(READER_PEAK, 1, 200, 1);
	expect_row(READER_PEAK, 2, 0, 0);
	assert_int_equal(peak_bytes(), 300);
	/* As high as before is no new peak; one byte more is. */
	add(&alone, 0, 250, 1);
	expect_row(READER_PEAK, 0, 100, 1);
	add(&alone, 0, 1, 1);
	expect_row(READER_PEAK, 0, 251, 2);
	take(&alone, 0, 251, 2);
	expect_row(READER_PEAK, 0, 251, 2);
	expect_row(READER_PEAK, 2, 50, 1);
	assert_int_equal(peak_bytes(), 301);
}

static void
peak_that_was_reset_is_that_moment(void **state)
{
	(void)state;
	add(&alone, 0, 1000, 1);
	assert_int_equal(peak_bytes(), 1000);
	take(&alone, 0, 1000, 1);
	add(&alone, 0, 10, 1);
	traced.lobby.control->peak_reset_epoch++;
	/* Before the next event and after it. */
	assert_int_equal(peak_bytes(), 10);
	expect_row(READER_PEAK, 0, 10, 1);
	take(&alone, 0, 10, 1);
	assert_int_equal(peak_bytes(), 10);
	expect_row(READER_PEAK, 0, 10, 1);
	add(&alone, 1, 11, 1);
	assert_int_equal(peak_bytes(), 11);
	expect_row(READER_PEAK, 0, 0, 0);
	expect_row(READER_PEAK, 1, 11, 1);
}

static void
cleared_blocks_die_without_a_trace(void **state)
{
	uint32_t before = rows[0];
	struct snapshot *s;

	(void)state;
	add(&alone, 0, 100, 1);
	add(&alone, 1, 7, 1);
	traced.lobby.control->clear_epoch++;
	s = reader_snapshot(traced.reader);
	assert_int_equal(s->n_traces, 0);
	assert_int_equal(s->totals.traced_bytes, 0);
	assert_int_equal(s->totals.peak_bytes, 0);
	snapshot_release(s);
	make_rows();
	assert_int_not_equal(rows[0], before);
	add(&alone, 0, 3, 1);
	counters_remove(&alone, before, (struct amount){ 100, 1 }, true);
	/* Captured before, counted after. */
	counters_add(&alone, before, (struct amount){ 50, 1 });
	expect_row(READER_NOW, 0, 3, 1);
	expect_row(READER_NOW, 1, 0, 0);
	assert_int_equal(row_at(READER_NOW, 0).temporary, 0);
	assert_int_equal(region_header->current, 3);
	assert_int_equal(peak_bytes(), 3);
}

/* ---- the packed pair ---- */

static void
count_fills_its_40_bits_and_leaves_the_epoch_alone(void **state)
{
	const uint64_t most = (UINT64_C(1) << 39) - 1;

	(void)state;
	traced.lobby.control->mark_epoch = 0xabcdef;
	add(&alone, 0, most, most);
	add(&without, 1, most, most);
	expect_row(READER_NOW, 0, most, most);
	expect_row(READER_NOW, 1, most, most);
	assert_int_equal(traceback_of(0)->live.packed,
	    UINT64_C(0xabcdef7fffffffff));
	assert_int_equal(traceback_of(1)->live.packed,
	    UINT64_C(0xabcdef7fffffffff));
	mark();
	take(&alone, 0, most, most);
	take(&without, 1, most, most);
	expect_row(READER_MARK, 0, most, most);
	expect_row(READER_MARK, 1, most, most);
	assert_int_equal(traceback_of(0)->live.packed,
	    UINT64_C(0xabcdf00000000000));
	assert_int_equal(traceback_of(1)->live.packed,
	    UINT64_C(0xabcdf00000000000));
}

/* One thread's frees of another's blocks arrive first. */
static void
count_below_zero_is_a_number_like_others(void **state)
{
	(void)state;
	add(&a, 0, 80, 8);
	take(&b, 0, 50, 5);
	deltas_give(b.control, b.own);
	assert_int_equal(traceback_of(0)->live.packed & PAIR_COUNT_MASK,
	    PAIR_COUNT_MASK - 4);
	expect_row(READER_NOW, 0, 30, 3);
	deltas_give(a.control, a.own);
	expect_row(READER_NOW, 0, 30, 3);
	assert_int_equal(traceback_of(0)->live.bytes, 30);
}

static void
count_of_a_sample_is_rounded_to_blocks(void **state)
{
	(void)state;
	region_header->sample_bytes = 4096;
	add(&alone, 0, 1000, 5 * SAMPLE_UNIT + SAMPLE_UNIT / 2 - 1);
	add(&a, 1, 1000, 5 * SAMPLE_UNIT + SAMPLE_UNIT / 2);
	expect_row(READER_NOW, 0, 1000, 5);
	expect_row(READER_NOW, 1, 1000, 6);
	assert_int_equal(row_at(READER_NOW, 1).allocs, 6);
}

/* ---- threads ---- */

static void
delta_entry_is_read_where_it_lies(void **state)
{
	struct trace trace;

	(void)state;
	add(&a, 0, 100, 1);
	add(&b, 0, 30, 1);
	counters_remove(&b, rows[0], (struct amount){ 100, 1 }, true);
	counters_shrink(&a, rows[0], 20);
	assert_int_equal(traceback_of(0)->live.bytes, 0);
	trace = row_at(READER_NOW, 0);
	assert_int_equal(trace.size, 10);
	assert_int_equal(trace.count, 1);
	assert_int_equal(trace.allocs, 2);
	assert_int_equal(trace.allocated, 130);
	assert_int_equal(trace.temporary, 1);
}

/* Rows DELTA_ENTRIES apart want the same place. */
static void
delta_entry_in_the_way_is_moved_to_its_traceback(void **state)
{
	uint32_t i;

	(void)state;
	add(&a, 0, 100, 1);
	add(&a, DELTA_ENTRIES, 7, 1);
	assert_int_equal(traceback_of(0)->live.bytes, 100);
	assert_int_equal(traceback_of(0)->ever.bytes, 100);
	assert_int_equal(traceback_of(DELTA_ENTRIES)->live.bytes, 0);
	for (i = 0; i < 1000; i++) {
		add(&a, 0, 10, 1);
		add(&a, DELTA_ENTRIES, 1, 1);
	}
	expect_row(READER_NOW, 0, 10100, 1001);
	expect_row(READER_NOW, DELTA_ENTRIES, 1007, 1001);
}

static void
delta_totals_are_handed_on_at_64_kib(void **state)
{
	(void)state;
	add(&a, 0, DELTA_FLUSH_BYTES - 1, 1);
	assert_int_equal(region_header->current, 0);
	assert_int_equal(region_header->allocated, 0);
	add(&a, 1, 1, 1);
	assert_int_equal(region_header->current, 65536);
	assert_int_equal(region_header->allocated, 65536);
	assert_int_equal(region_header->peak, 65536);
	take(&b, 0, DELTA_FLUSH_BYTES - 1, 1);
	assert_int_equal(region_header->current, 65536);
	take(&b, 1, 1, 1);
	assert_int_equal(region_header->current, 0);
	assert_int_equal(region_header->allocated, 65536);
	/* Up and down again gathers nothing but what was allocated. */
	add(&a, 0, 65535, 1);
	take(&a, 0, 65535, 1);
	add(&a, 0, 65535, 1);
	assert_int_equal(region_header->allocated, 65536);
	add(&a, 0, 1, 1);
	assert_int_equal(region_header->allocated, 65536 + 2 * 65535 + 1);
	assert_int_equal(region_header->peak, 65536);
}

static void
delta_block_of_an_ended_thread_is_empty_and_serves_another(void **state)
{
	struct delta_block *block = a.own;
	uint32_t i;

	(void)state;
	add(&a, 0, 100, 1);
	add(&a, 1, 200, 2);
	deltas_give(a.control, block);
	assert_int_equal(traceback_of(0)->live.bytes, 100);
	assert_int_equal(traceback_of(1)->live.bytes, 200);
	assert_int_equal(region_header->current, 300);
	assert_int_equal(region_header->allocated, 300);
	assert_int_equal(block->owner, 0);
	for (i = 0; i < DELTA_ENTRIES; i++) {
		assert_int_equal(block->entries[i].traceback, 0);
		assert_int_equal(block->entries[i].sequence % 2, 0);
	}
	expect_row(READER_NOW, 1, 200, 2);
	assert_ptr_equal(deltas_take(a.control, 3), block);
	assert_int_equal(block->owner, 3);
	/* b's is in use. */
	assert_ptr_not_equal(deltas_take(a.control, 4), b.own);
}

static void
without_a_delta_block_all_is_added_at_once(void **state)
{
	(void)state;
	add(&without, 0, 100, 1);
	add(&without, 0, 50, 1);
	take(&without, 0, 100, 1);
	assert_int_equal(traceback_of(0)->live.bytes, 50);
	assert_int_equal(traceback_of(0)->ever.bytes, 150);
	assert_int_equal(region_header->current, 50);
	assert_int_equal(region_header->peak, 150);
	assert_int_equal(region_header->allocated, 150);
	expect_row(READER_NOW, 0, 50, 1);
}

/* ---- moments, with threads ---- */

static void
mark_of_entries_not_added_yet_is_exact(void **state)
{
	(void)state;
	add(&a, 0, 100, 1);
	mark();
	expect_row(READER_MARK, 0, 100, 1);
	/* The same thread goes on: its entry belongs to the mark before. */
	add(&a, 0, 10, 1);
	expect_row(READER_MARK, 0, 100, 1);
	expect_row(READER_NOW, 0, 110, 2);
	assert_int_equal(row_at(READER_MARK, 0).allocated, 100);
}

static void
mark_gets_what_was_gathered_before_it_and_added_late(void **state)
{
	(void)state;
	add(&a, 0, 100, 1);
	mark();
	/* b's change of after the mark is there first. */
	add(&b, 0, 7, 1);
	deltas_give(b.control, b.own);
	assert_int_equal(traceback_of(0)->live.bytes, 7);
	expect_row(READER_MARK, 0, 100, 1);
	deltas_give(a.control, a.own);
	assert_int_equal(traceback_of(0)->live.bytes, 107);
	expect_row(READER_MARK, 0, 100, 1);
	assert_int_equal(row_at(READER_MARK, 0).allocs, 1);
	assert_int_equal(row_at(READER_MARK, 0).allocated, 100);
	expect_row(READER_NOW, 0, 107, 2);
}

static void
mark_counts_what_two_marks_ago_was_gathered(void **state)
{
	(void)state;
	add(&a, 0, 100, 1);
	mark();
	add(&b, 0, 7, 1);
	mark();
	expect_row(READER_MARK, 0, 107, 2);
	deltas_give(b.control, b.own);
	expect_row(READER_MARK, 0, 107, 2);
	add(&without, 0, 1000, 1);
	expect_row(READER_MARK, 0, 107, 2);
	deltas_give(a.control, a.own);
	expect_row(READER_MARK, 0, 107, 2);
	expect_row(READER_NOW, 0, 1107, 3);
}

/* Live and ever are saved apart: a thread may only free. */
static void
mark_of_a_row_that_only_loses_keeps_both(void **state)
{
	(void)state;
	add(&without, 0, 100, 2);
	mark();
	take(&a, 0, 40, 1);
	deltas_give(a.control, a.own);
	expect_row(READER_MARK, 0, 100, 2);
	assert_int_equal(row_at(READER_MARK, 0).allocs, 2);
	add(&without, 0, 5, 1);
	expect_row(READER_MARK, 0, 100, 2);
	assert_int_equal(row_at(READER_MARK, 0).allocs, 2);
	assert_int_equal(row_at(READER_MARK, 0).allocated, 100);
}

static void
cleared_entries_reach_no_new_row(void **state)
{
	uint32_t before = rows[0];

	(void)state;
	add(&a, 0, 65000, 1);
	add(&b, 1, 50, 1);
	traced.lobby.control->clear_epoch++;
	make_rows();
	expect_row(READER_NOW, 0, 0, 0);
	add(&a, 0, 3, 1);
	counters_remove(&a, before, (struct amount){ 65000, 1 }, false);
	counters_add(&b, before, (struct amount){ 50, 1 });
	expect_row(READER_NOW, 0, 3, 1);
	expect_row(READER_NOW, 1, 0, 0);
	deltas_give(a.control, a.own);
	deltas_give(b.control, b.own);
	expect_row(READER_NOW, 0, 3, 1);
	assert_int_equal(region_header->current, 3);
	assert_int_equal(region_header->peak, 3);
	assert_int_equal(peak_bytes(), 3);
}

/* What a test says of the peak with threads: within what they hold back. */
static void
peak_with_threads_is_within_what_they_hold_back(void **state)
{
	(void)state;
	add(&a, 0, 10 << 20, 1);
	take(&b, 0, 10 << 20, 1);
	add(&a, 1, 1000, 1);
	assert_in_range(peak_bytes(), (10 << 20) - 2 * DELTA_FLUSH_BYTES,
	    (10 << 20) + 2 * DELTA_FLUSH_BYTES);
	assert_in_range(row_at(READER_PEAK, 0).size,
	    (10 << 20) - 2 * DELTA_FLUSH_BYTES,
	    (10 << 20) + 2 * DELTA_FLUSH_BYTES);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, traced_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(alone_all_counters_are_exact),
		T(mark_before_any_event_is_empty),
		T(mark_keeps_what_was_then_and_only_the_latest),
		T(mark_epoch_comes_round_unnoticed),
		T(peak_contents_are_those_of_the_highest_moment),
		T(peak_that_was_reset_is_that_moment),
		T(cleared_blocks_die_without_a_trace),
		T(count_fills_its_40_bits_and_leaves_the_epoch_alone),
		T(count_below_zero_is_a_number_like_others),
		T(count_of_a_sample_is_rounded_to_blocks),
		T(delta_entry_is_read_where_it_lies),
		T(delta_entry_in_the_way_is_moved_to_its_traceback),
		T(delta_totals_are_handed_on_at_64_kib),
		T(delta_block_of_an_ended_thread_is_empty_and_serves_another),
		T(without_a_delta_block_all_is_added_at_once),
		T(mark_of_entries_not_added_yet_is_exact),
		T(mark_gets_what_was_gathered_before_it_and_added_late),
		T(mark_counts_what_two_marks_ago_was_gathered),
		T(mark_of_a_row_that_only_loses_keeps_both),
		T(cleared_entries_reach_no_new_row),
		T(peak_with_threads_is_within_what_they_hold_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
