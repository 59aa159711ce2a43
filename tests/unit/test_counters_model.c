/*
 * test_counters_model.c - counters under any order of events.
 *
 * Random events are counted by the tables and, in plain sums, by this test;
 * what the reader says at each moment is compared, row by row.  Marks, resets
 * of the peak and clears come in between.
 *
 * Writers    Alone, as in a process with one thread: all is exact.  Taking
 *            turns, some with a delta block and one without, beginning and
 *            ending as threads do: exact but for the peak.  Real threads:
 *            test_counters_threads.c.
 */
#include "tables/counters.h"
#include "tables/region.h"
#include "traced.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* More rows than a delta block has entries. */
enum { N_ROWS = 150, N_HOT = 8, MAX_BLOCKS = 3000, N_WRITERS = 4 };

struct sums {
	uint64_t	size, count, allocs, allocated, temporary;
};

struct row {
	uint32_t	id;
	struct sums	now, at_mark, at_peak;
};

struct block {
	uint32_t	row, id;	/* id: as counted, perhaps forgotten */
	uint64_t	size;
};

static uint64_t random_state;
static uint32_t module;
static struct row rows[N_ROWS];
static struct block blocks[MAX_BLOCKS];
static unsigned n_blocks;
static uint64_t current, peak;
static bool at_peak;

static uint64_t
random_below(uint64_t below)
{
	return traced_random(&random_state, below);
}

static void
make_rows(void)
{
	for (uint32_t i = 0; i < N_ROWS; i++) {
		rows[i] = (struct row){ .id = traced_traceback(module, 1, i) };
		assert_int_not_equal(rows[i].id, 0);
	}
}

static int
set_up(void **state)
{
	traced_set_up(state);
	traced_attach(0, getpid(), "p");
	random_state = traced_seed();
	module = traced_module("/m", 1);
	make_rows();
	n_blocks = 0;
	current = peak = 0;
	at_peak = false;
	return 0;
}

/* ---- the model ---- */

static void
model_add(struct row *row, uint64_t size)
{
	row->now.size += size;
	row->now.count++;
	row->now.allocated += size;
	row->now.allocs++;
	current += size;
	if (current > peak) {
		peak = current;
		at_peak = true;
	}
}

static void
model_leave_peak(void)
{
	if (at_peak)
		for (unsigned i = 0; i < N_ROWS; i++)
			rows[i].at_peak = rows[i].now;
	at_peak = false;
}

static void
model_remove(const struct block *block, uint64_t size, uint64_t count,
    bool temporary)
{
	struct row *row = &rows[block->row];

	if (block->id != row->id)
		return;		/* forgotten */
	if (size > 0)
		model_leave_peak();
	row->now.size -= size;
	row->now.count -= count;
	row->now.temporary += temporary;
	current -= size;
}

/* ---- events ---- */

static void
allocate(const struct writer *writer)
{
	uint32_t row = (uint32_t)random_below(random_below(2) ? N_HOT :
	    N_ROWS);
	uint64_t size = random_below(5000);

	if (n_blocks == MAX_BLOCKS)
		return;
	switch (random_below(100)) {
	case 0:
		size = random_below(UINT64_C(1) << 33);
		break;
	case 1:
		size = 0;
		break;
	}
	blocks[n_blocks++] = (struct block){ row, rows[row].id, size };
	counters_add(writer, rows[row].id, (struct amount){ size, 1 });
	model_add(&rows[row], size);
}

static void
release(const struct writer *writer)
{
	bool temporary = random_below(3) == 0;
	struct block *block;

	if (n_blocks == 0)
		return;
	block = &blocks[random_below(n_blocks)];
	counters_remove(writer, block->id, (struct amount){ block->size, 1 },
	    temporary);
	model_remove(block, block->size, 1, temporary);
	*block = blocks[--n_blocks];
}

static void
shrink(const struct writer *writer)
{
	struct block *block;
	uint64_t by;

	if (n_blocks == 0)
		return;
	block = &blocks[random_below(n_blocks)];
	by = random_below(block->size + 1);
	counters_shrink(writer, block->id, by);
	model_remove(block, by, 0, false);
	block->size -= by;
}

static void
mark(void)
{
	traced.lobby.control->mark_epoch++;
	for (unsigned i = 0; i < N_ROWS; i++)
		rows[i].at_mark = rows[i].now;
}

static void
reset_peak(void)
{
	traced.lobby.control->peak_reset_epoch++;
	at_peak = true;
	model_leave_peak();
	peak = current;
}

static void
clear(void)
{
	traced.lobby.control->clear_epoch++;
	make_rows();
	current = peak = 0;
	at_peak = false;
}

static void
any_event(const struct writer *writer)
{
	/* Now more is allocated, now less. */
	unsigned share = n_blocks < MAX_BLOCKS / 2 ? 55 : 45;
	unsigned n = (unsigned)random_below(100);

	if (random_below(300) == 0)
		mark();
	if (random_below(500) == 0)
		reset_peak();
	if (random_below(3000) == 0)
		clear();
	if (n < share)
		allocate(writer);
	else if (n < 97)
		release(writer);
	else
		shrink(writer);
}

/* ---- comparison ---- */

static void
compare_rows(enum reader_moment moment)
{
	struct snapshot *s = reader_snapshot_at(traced.reader, moment);
	bool is_compared[N_ROWS] = { false };
	const struct trace *t;
	const struct sums *sums;
	uint64_t row;

	assert_false(s->is_corrupt);
	assert_int_equal(s->n_traces, N_ROWS);
	for (uint32_t i = 0; i < N_ROWS; i++) {
		t = &s->traces[i];
		row = traced_inner(t);
		assert_true(row < N_ROWS && !is_compared[row]);
		is_compared[row] = true;
		sums = moment == READER_MARK ? &rows[row].at_mark :
		    moment == READER_PEAK && !at_peak ? &rows[row].at_peak :
		    &rows[row].now;
		assert_int_equal(t->size, sums->size);
		assert_int_equal(t->count, sums->count);
		/* At a peak these are of now. */
		if (moment == READER_PEAK)
			sums = &rows[row].now;
		assert_int_equal(t->allocs, sums->allocs);
		assert_int_equal(t->allocated, sums->allocated);
		if (moment == READER_NOW)
			assert_int_equal(t->temporary, sums->temporary);
	}
	snapshot_release(s);
}

static void
compare_totals(uint64_t peak_slack)
{
	struct snapshot *s = reader_snapshot(traced.reader);

	assert_int_equal(s->totals.traced_bytes, current);
	assert_int_equal(s->totals.skew_bytes, 0);
	assert_true(s->totals.peak_bytes + peak_slack >= peak);
	assert_true(s->totals.peak_bytes <= peak + peak_slack);
	snapshot_release(s);
}

/* ---- one writer, and several in turns ---- */

static void
one_thread_is_exact_at_every_moment(void **state)
{
	struct writer alone = { traced.lobby.control, NULL, true };

	(void)state;
	/* The mark epochs come round. */
	traced.lobby.control->mark_epoch = PAIR_EPOCH_MASK - 20;
	for (unsigned i = 0; i < 30000; i++) {
		any_event(&alone);
		if (random_below(40) != 0)
			continue;
		compare_rows(READER_NOW);
		compare_rows(READER_MARK);
		compare_rows(READER_PEAK);
		compare_totals(0);
	}
}

static void
end_thread(struct writer *writer)
{
	if (writer->own != NULL)
		deltas_give(writer->control, writer->own);
	writer->own = NULL;
}

static void
begin_thread(struct writer *writer, uint32_t number)
{
	/* The last one does without. */
	if (number < N_WRITERS - 1) {
		writer->own = deltas_take(writer->control, number + 1);
		assert_non_null(writer->own);
	}
}

/* Rows of READER_PEAK are sums of some moment near the peak: how near, only
 * their total tells. */
static void
compare_peak_contents(void)
{
	struct snapshot *s = reader_snapshot_at(traced.reader, READER_PEAK);
	uint64_t slack = N_WRITERS * DELTA_FLUSH_BYTES;

	assert_true(s->totals.traced_bytes + slack >= peak);
	assert_true(s->totals.traced_bytes <= peak + slack);
	snapshot_release(s);
}

static void
threads_in_turns_are_exact_but_for_the_peak(void **state)
{
	struct writer writers[N_WRITERS];
	unsigned who;

	(void)state;
	for (who = 0; who < N_WRITERS; who++) {
		writers[who] = (struct writer){ traced.lobby.control, NULL,
		    false };
		begin_thread(&writers[who], who);
	}
	for (unsigned i = 0; i < 60000; i++) {
		who = (unsigned)random_below(N_WRITERS);
		any_event(&writers[who]);
		if (random_below(1000) == 0) {
			end_thread(&writers[who]);
			begin_thread(&writers[who], who);
		}
		if (random_below(60) != 0)
			continue;
		compare_rows(READER_NOW);
		compare_rows(READER_MARK);
		compare_totals(N_WRITERS * DELTA_FLUSH_BYTES);
		compare_peak_contents();
	}
	for (who = 0; who < N_WRITERS; who++)
		end_thread(&writers[who]);
	compare_rows(READER_NOW);
	compare_rows(READER_MARK);
	assert_int_equal(region_header->current, current);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, traced_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(one_thread_is_exact_at_every_moment),
		T(threads_in_turns_are_exact_but_for_the_peak),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
