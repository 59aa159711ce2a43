/*
 * read_counters.c - tracebacks and what threads have not added yet (L3).
 *
 * Shape      A row is read together with the entries for it: first their
 *            sequences, then everything, then the sequences again.
 * Why        An entry moves in two steps, to the traceback and then out of the
 *            block.  Read between them it would be counted twice or not at
 *            all.
 */
#include "reader/read_counters.h"

#include "base/atomic.h"

#include <stdlib.h>
#include <time.h>

#define MAX_SPINS	64
#define WAIT_NS		50000

/* Sums in the making: they may be below zero for a moment, and hostile ones
 * wrap around. */
struct sums {
	uint64_t	live[2], ever[2], temporary;
	bool		is_moving;
};

static int
compare_refs(const void *a, const void *b)
{
	uint32_t x = ((const struct delta_ref *)a)->traceback;
	uint32_t y = ((const struct delta_ref *)b)->traceback;

	return (x > y) - (x < y);
}

void
delta_refs_sort(struct delta_refs *refs)
{
	if (refs->list.n > 1)
		qsort(refs->list.items, refs->list.n,
		    sizeof(refs->list.items[0]), compare_refs);
}

static uint64_t
signed_count(uint64_t packed)
{
	return (uint64_t)((int64_t)(packed << (64 - PAIR_COUNT_BITS)) >>
	    (64 - PAIR_COUNT_BITS));
}

static void
copy_saved(uint64_t to[2], const uint64_t saved[2])
{
	to[0] = load_relaxed(&saved[0]);
	to[1] = signed_count(load_relaxed(&saved[1]));
}

/* False: the pair was changed since the mark, and is not saved yet. */
static bool
read_pair(uint64_t to[2], const struct pair *shared, const uint64_t saved[2],
    const uint32_t *marked, const struct moment *moment)
{
	word_pair now = load_pair(shared);

	to[0] = now[0];
	to[1] = signed_count(now[1]);
	if (moment->kind != READER_MARK ||
	    now[1] >> PAIR_COUNT_BITS != moment->mark_epoch)
		return true;
	/* ORDER marked: other ends save_pair(), move_pair() of the hook. */
	if (load_acquire(marked) != moment->mark_epoch)
		return false;
	copy_saved(to, saved);
	return true;
}

static void
read_traceback(struct sums *sums, const struct traceback *shared,
    const struct moment *moment)
{
	/* Live values first: the hook counts what is allocated before it is
	 * live. */
	sums->is_moving = !read_pair(sums->live, &shared->live,
	    shared->mark_live, &shared->marked_live, moment);
	sums->is_moving |= !read_pair(sums->ever, &shared->ever,
	    shared->mark_ever, &shared->marked_ever, moment);
	sums->temporary = load_relaxed(&shared->temporary);
	if (moment->kind == READER_PEAK &&
	    load_acquire(&shared->peak_epoch) == moment->peak_epoch)
		copy_saved(sums->live, shared->peak_live);
}

/* Its changes came after the moment that is asked for. */
static bool
is_later(const struct delta *shared, const struct moment *moment)
{
	switch (moment->kind) {
	case READER_MARK:
		return load_relaxed(&shared->mark_epoch) ==
		    moment->mark_epoch;
	case READER_PEAK:
		return load_relaxed(&shared->peak_epoch) ==
		    moment->peak_epoch;
	default:
		return false;
	}
}

static void
add_amounts(struct sums *sums, const struct delta *shared,
    const struct moment *moment)
{
	bool later = is_later(shared, moment);
	word_pair live;

	if (!later) {
		live = load_pair(&shared->bytes);
		sums->live[0] += live[0];
		sums->live[1] += live[1];
	}
	/* What is live at the peak; the rest is of now. */
	if (!later || moment->kind == READER_PEAK) {
		sums->ever[0] += load_relaxed(&shared->ever_bytes);
		sums->ever[1] += load_relaxed(&shared->ever_count);
		sums->temporary += load_relaxed(&shared->temporary);
	}
}

static void
add_entry(struct sums *sums, const struct delta_ref *ref,
    const struct moment *moment)
{
	const struct delta *shared = ref->shared;
	uint32_t sequence = load_acquire(&shared->sequence);

	sums->is_moving |= sequence & 1;
	/* ORDER delta: other ends move_entry(), claim() of the hook. */
	if (load_acquire(&shared->traceback) == ref->traceback)
		add_amounts(sums, shared, moment);
	fence_acquire();
	sums->is_moving |= load_relaxed(&shared->sequence) != sequence;
}

/* The sequences before and after all: no entry moved meanwhile. */
static uint64_t
sum_sequences(const struct delta_ref *refs, size_t n)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += load_acquire(&refs[i].shared->sequence);
	return sum;
}

static uint64_t
not_below_zero(uint64_t sum)
{
	return (int64_t)sum < 0 ? 0 : sum;
}

static uint64_t
counted(uint64_t sum, const struct moment *moment)
{
	uint64_t count = not_below_zero(sum);

	return moment->is_sample ?
	    (count + SAMPLE_UNIT / 2) / SAMPLE_UNIT : count;
}

/* A thread that has lost its processor in the middle of a move. */
static bool
wait_for_writer(unsigned tries, uint32_t *patience)
{
	struct timespec wait = { 0, WAIT_NS };

	if (tries < MAX_SPINS)
		return true;
	if (*patience == 0)
		return false;
	--*patience;
	nanosleep(&wait, NULL);
	return true;
}

void
counters_read(struct counters *counters, const struct traceback *shared,
    const struct delta_ref *refs, size_t n, struct moment *moment)
{
	uint64_t sequences;
	unsigned tries = 0;
	struct sums sums;
	size_t i;

	for (;;) {
		sequences = sum_sequences(refs, n);
		read_traceback(&sums, shared, moment);
		for (i = 0; i < n; i++)
			add_entry(&sums, &refs[i], moment);
		fence_acquire();
		if (!sums.is_moving && sum_sequences(refs, n) == sequences)
			break;
		if (!wait_for_writer(tries++, &moment->patience))
			break;
	}
	*counters = (struct counters){
		.size = not_below_zero(sums.live[0]),
		.count = counted(sums.live[1], moment),
		.allocated = not_below_zero(sums.ever[0]),
		.allocs = counted(sums.ever[1], moment),
		.temporary = counted(sums.temporary, moment),
	};
	if (counters->allocs < counters->count)
		counters->allocs = counters->count;
}
