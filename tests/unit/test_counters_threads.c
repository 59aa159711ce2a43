/*
 * test_counters_threads.c - counters changed by threads and read meanwhile.
 *
 * While threads are at work nobody knows what a row should be, but:
 *   - all blocks of a row have the same size: whoever sees half of a change
 *     sees a row whose size is no multiple of it;
 *   - a reading lies between what was done before it and what was begun until
 *     its end;
 *   - what was at a mark does not change any more.
 * At barriers the threads' own sums are what the rows are.
 */
#include "base/atomic.h"
#include "reader/read_tables.h"
#include "tables/counters.h"
#include "tables/region.h"
#include "traced.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* More rows than a delta block has entries. */
enum { N_ROWS = 150, N_HOT = 8, N_THREADS = 4, N_HELD = 400 };

struct sums {
	uint64_t	count, allocs;	/* of one thread, count wraps */
};

struct thread {
	pthread_t	id;
	struct writer	writer;
	uint32_t	number;
	uint64_t	random;
	uint32_t	held[N_HELD];	/* rows + 1 of its blocks; 0: none */
	struct sums	sums[N_ROWS];
	uint64_t	n_begun, n_done;	/* atomic: read meanwhile */
};

static uint32_t rows[N_ROWS];
static struct sums now[N_ROWS], at_mark[N_ROWS];
static struct thread threads[N_THREADS];
static pthread_barrier_t barrier;
static uint32_t n_working, is_stopped;
/* While threads run a test may not end: what failed first is told later. */
static char failed[160];

static uint64_t
size_in(uint32_t row)
{
	return 16 + 8 * row;
}

static int
set_up(void **state)
{
	uint64_t seed = traced_seed();
	uint32_t module, i;

	traced_set_up(state);
	traced_attach(0, getpid(), "p");
	module = traced_module("/m", 1);
	for (i = 0; i < N_ROWS; i++) {
		rows[i] = traced_traceback(module, 1, i);
		assert_int_not_equal(rows[i], 0);
	}
	memset(threads, 0, sizeof threads);
	for (i = 0; i < N_THREADS; i++) {
		threads[i].writer.control = traced.lobby.control;
		threads[i].number = i;
		threads[i].random = seed + i;
	}
	memset(at_mark, 0, sizeof at_mark);
	n_working = N_THREADS;
	is_stopped = 0;
	failed[0] = '\0';
	pthread_barrier_init(&barrier, NULL, N_THREADS + 1);
	return 0;
}

static int
tear_down(void **state)
{
	pthread_barrier_destroy(&barrier);
	return traced_tear_down(state);
}

static void
expect(uint64_t got, uint64_t wanted, const char *what)
{
	if (got != wanted && failed[0] == '\0')
		snprintf(failed, sizeof failed, "%s: %" PRIu64
		    " in place of %" PRIu64, what, got, wanted);
}

static void
expect_between(uint64_t got, uint64_t least, uint64_t most)
{
	if ((got < least || got > most) && failed[0] == '\0')
		snprintf(failed, sizeof failed, "%" PRIu64 " not from %"
		    PRIu64 " to %" PRIu64, got, least, most);
}

static void
start_threads(void *(*run)(void *))
{
	for (unsigned i = 0; i < N_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i].id, NULL, run,
		    &threads[i]), 0);
}

static void
join_threads(void)
{
	for (unsigned i = 0; i < N_THREADS; i++)
		pthread_join(threads[i].id, NULL);
}

/* The last one does without a delta block. */
static void
begin_thread(struct thread *t)
{
	if (t->number < N_THREADS - 1 && t->writer.own == NULL)
		t->writer.own = deltas_take(t->writer.control, t->number + 1);
}

static void
end_thread(struct thread *t)
{
	if (t->writer.own != NULL)
		deltas_give(t->writer.control, t->writer.own);
	t->writer.own = NULL;
}

/* ---- phases ---- */

enum { N_PHASES = 12, N_EVENTS = 100000 };

static void
any_event(struct thread *t)
{
	uint32_t row = (uint32_t)traced_random(&t->random,
	    traced_random(&t->random, 2) ? N_HOT : N_ROWS);
	uint32_t *held = &t->held[traced_random(&t->random, N_HELD)];
	bool dies = *held != 0;
	struct amount amount;

	if (dies)
		row = *held - 1;
	*held = dies ? 0 : row + 1;
	amount = (struct amount){ size_in(row), 1 };
	t->sums[row].count += dies ? -UINT64_C(1) : 1;
	t->sums[row].allocs += dies ? 0 : 1;
	if (dies)
		counters_remove(&t->writer, rows[row], amount, false);
	else
		counters_add(&t->writer, rows[row], amount);
}

static void *
run_phases(void *argument)
{
	struct thread *t = argument;

	for (unsigned phase = 0; phase < N_PHASES; phase++) {
		begin_thread(t);
		for (unsigned i = 0; i < N_EVENTS; i++)
			any_event(t);
		/* Some end, some go on with what they have gathered. */
		if ((phase + t->number) % 3 == 0)
			end_thread(t);
		sub_relaxed(&n_working, 1);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	end_thread(t);
	return NULL;
}

static void
add_up_threads(void)
{
	for (uint32_t row = 0; row < N_ROWS; row++) {
		now[row] = (struct sums){ 0, 0 };
		for (unsigned i = 0; i < N_THREADS; i++) {
			now[row].count += threads[i].sums[row].count;
			now[row].allocs += threads[i].sums[row].allocs;
		}
	}
}

/* All threads wait: their blocks become others'. */
static void
swap_blocks(void)
{
	uint32_t first[N_HELD];
	unsigned i;

	memcpy(first, threads[0].held, sizeof first);
	for (i = 0; i + 1 < N_THREADS; i++)
		memcpy(threads[i].held, threads[i + 1].held, sizeof first);
	memcpy(threads[i].held, first, sizeof first);
}

/* What a moment is: NULL, made of whole blocks. */
static struct snapshot *
check_rows(enum reader_moment moment, const struct sums *expected)
{
	struct snapshot *s = reader_snapshot_at(traced.reader, moment);

	expect(s->n_traces, N_ROWS, "rows");
	for (uint32_t i = 0; i < s->n_traces; i++) {
		const struct trace *t = &s->traces[i];
		uint32_t row = (uint32_t)traced_inner(t);

		expect(t->size, t->count * size_in(row), "whole blocks");
		if (expected == NULL)
			continue;
		expect(t->count, expected[row].count, "blocks");
		expect(t->allocs, expected[row].allocs, "allocations");
		expect(t->allocated, t->allocs * size_in(row), "bytes ever");
	}
	return s;
}

static void
check_same(const struct snapshot *s, const struct snapshot *other)
{
	for (uint32_t i = 0; i < N_ROWS; i++) {
		expect(s->traces[i].size, other->traces[i].size, "a mark");
		expect(s->traces[i].allocs, other->traces[i].allocs,
		    "a mark's allocations");
	}
}

/*
 * Of three phases the first ends with a mark, whose account is known from
 * then on; in the third one is taken while all are at work.
 */
static void
read_meanwhile(unsigned phase)
{
	unsigned n = 0;

	while (load_acquire(&n_working) > 0) {
		snapshot_release(check_rows(READER_NOW, NULL));
		snapshot_release(check_rows(READER_MARK,
		    phase % 3 == 1 ? at_mark : NULL));
		if (phase % 3 == 2 && n++ == 5)
			traced.lobby.control->mark_epoch++;
	}
	store_relaxed(&n_working, N_THREADS);
}

/* The mark that was taken meanwhile is what it was a phase ago. */
static void
check_at_barrier(unsigned phase, struct snapshot **meanwhile)
{
	struct snapshot *s;

	add_up_threads();
	snapshot_release(check_rows(READER_NOW, now));
	if (phase % 3 == 2)
		*meanwhile = check_rows(READER_MARK, NULL);
	if (phase % 3 != 0)
		return;
	if (*meanwhile != NULL) {
		s = check_rows(READER_MARK, NULL);
		check_same(s, *meanwhile);
		snapshot_release(s);
		snapshot_release(*meanwhile);
		*meanwhile = NULL;
	}
	traced.lobby.control->mark_epoch++;
	memcpy(at_mark, now, sizeof at_mark);
	snapshot_release(check_rows(READER_MARK, at_mark));
}

static void
threads_are_exact_at_barriers_and_whole_between(void **state)
{
	struct snapshot *meanwhile = NULL;
	uint64_t current = 0;

	(void)state;
	start_threads(run_phases);
	for (unsigned phase = 0; phase < N_PHASES; phase++) {
		read_meanwhile(phase);
		pthread_barrier_wait(&barrier);
		check_at_barrier(phase, &meanwhile);
		swap_blocks();
		pthread_barrier_wait(&barrier);
	}
	snapshot_release(meanwhile);
	join_threads();
	assert_string_equal(failed, "");
	snapshot_release(check_rows(READER_NOW, now));
	for (uint32_t row = 0; row < N_ROWS; row++)
		current += now[row].count * size_in(row);
	assert_int_equal(region_header->current, current);
}

/* ---- bounds ---- */

enum { N_RUN = 200, N_READINGS = 4000, MARK_EVERY = 40 };

/* Two rows that want the same entry, in turns: one move after each run. */
static void *
run_two_rows(void *argument)
{
	struct thread *t = argument;
	uint64_t n = 0;

	begin_thread(t);
	while (!load_relaxed(&is_stopped)) {
		store_release(&t->n_begun, n + 1);
		counters_add(&t->writer, rows[n / N_RUN % 2 * DELTA_ENTRIES],
		    (struct amount){ 1, 1 });
		store_release(&t->n_done, ++n);
	}
	end_thread(t);
	return NULL;
}

static uint64_t
sum_done(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < N_THREADS; i++)
		sum += load_acquire(&threads[i].n_done);
	return sum;
}

static uint64_t
sum_begun(void)
{
	uint64_t sum = 0;

	fence_acquire();
	for (unsigned i = 0; i < N_THREADS; i++)
		sum += load_acquire(&threads[i].n_begun);
	return sum;
}

/* What was gathered before a mark is added before the next one: both rows had
 * their turn. */
static void
wait_for_all_threads(void)
{
	uint64_t before[N_THREADS];
	unsigned i;

	for (i = 0; i < N_THREADS; i++)
		before[i] = load_acquire(&threads[i].n_done);
	for (i = 0; i < N_THREADS; i++)
		while (load_acquire(&threads[i].n_done) < before[i] +
		    3 * N_RUN)
			sched_yield();
}

/* One slot, without what a snapshot does besides. */
static struct totals
read_totals(struct slot_tables *tables, enum reader_moment moment)
{
	struct process process = { .pid = getpid() };
	struct trace *traces;
	uint32_t n;

	slot_tables_read(tables, moment, &process, &traces, &n);
	free(traces);
	expect(process.totals.traced_bytes, process.totals.blocks,
	    "bytes of blocks of one byte");
	return process.totals;
}

static void
threads_are_read_between_before_and_after(void **state)
{
	struct slot_tables *tables = slot_tables_open(traced.fd,
	    slot_region_offset(0), traced.lobby.control, traced.store);
	uint64_t least, most;
	struct totals totals;

	(void)state;
	start_threads(run_two_rows);
	for (unsigned i = 0; i < N_READINGS; i++) {
		if (i % MARK_EVERY == 0) {
			wait_for_all_threads();
			least = sum_done();
			add_relaxed(&traced.lobby.control->mark_epoch, 1);
			most = sum_begun();
			totals = read_totals(tables, READER_MARK);
		} else {
			least = sum_done();
			totals = read_totals(tables, READER_NOW);
			most = sum_begun();
		}
		expect_between(totals.allocs, least, most);
		expect_between(totals.blocks, least, most);
	}
	store_relaxed(&is_stopped, 1);
	join_threads();
	assert_string_equal(failed, "");
	totals = read_totals(tables, READER_NOW);
	assert_int_equal(totals.allocs, sum_done());
	slot_tables_close(tables);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(threads_are_exact_at_barriers_and_whole_between),
		T(threads_are_read_between_before_and_after),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
