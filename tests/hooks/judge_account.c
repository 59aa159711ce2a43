/*
 * judge_account.c - a reading, by site, against the program's own account.
 *
 * While threads work nobody knows what they hold at one instant; but an
 * operation is in the reading if it was done before, and is not if it has not
 * begun after: between these two every figure must lie.
 */
#include "judge.h"

#include "base/atomic.h"
#include "tables/layout.h"
#include "util/vec.h"
#include "util/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_PRINTED	20

static VEC(int16_t) site_of;		/* by stack: site, -1 none, -2 new */

void
differ(const char *format, ...)
{
	va_list args;

	if (++judge.n_differences > MAX_PRINTED)
		return;
	va_start(args, format);
	printf("barrier %u, reading %u: ", judge.n_barriers,
	    judge.n_readings);
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

/* ---- a reading, by site ---- */

static bool
is_program(uint32_t module)
{
	const char *path = frame_store_get_module(judge.store, module)->path;

	return module != 0 && strcmp(path, judge.program) == 0;
}

static int
find_site(uint32_t stack)
{
	const struct code_location *at;
	const struct code_stack *frame;
	uint32_t i;

	for (; stack != 0; stack = frame->parent) {
		frame = frame_store_get_stack(judge.store, stack);
		at = frame_store_get_location(judge.store, frame->location);
		if (!is_program(at->module))
			continue;
		for (i = 0; i < judge.page->n_sites; i++)
			if (at->offset - 1 >= judge.page->sites[i].start &&
			    at->offset - 1 < judge.page->sites[i].end)
				return (int)i;
		return -1;	/* the program's, but not a site */
	}
	return -1;
}

static int
site_by_stack(uint32_t stack)
{
	while (site_of.n <= stack)
		vec_push(&site_of, -2);
	if (site_of.items[stack] == -2)
		site_of.items[stack] = (int16_t)find_site(stack);
	return site_of.items[stack];
}

struct figures {
	uint64_t	size, count, allocs, allocated;
};

/* The rows by site, and that they and the totals are one. */
static void
add_up(const struct snapshot *now, struct figures *by_site)
{
	struct figures sum = { 0, 0, 0, 0 };
	uint64_t askew = now->totals.skew_bytes, apart;
	uint32_t i;
	int site;

	memset(by_site, 0, ORACLE_MAX_SITES * sizeof(*by_site));
	for (i = 0; i < now->n_traces; i++) {
		const struct trace *t = &now->traces[i];

		sum.size += t->size;
		sum.count += t->count;
		site = site_by_stack(t->stack);
		if (site < 0)
			continue;
		by_site[site].size += t->size;
		by_site[site].count += t->count;
		by_site[site].allocs += t->allocs;
		by_site[site].allocated += t->allocated;
	}
	apart = sum.size > now->totals.traced_bytes ?
	    sum.size - now->totals.traced_bytes :
	    now->totals.traced_bytes - sum.size;
	if (apart > askew)
		differ("rows %lu, total %lu, skew %lu", sum.size,
		    now->totals.traced_bytes, askew);
	if (askew > judge.most_askew)
		judge.most_askew = askew;
	if (now->is_corrupt)
		differ("corrupt: %s", now->corruption);
}

/* ---- while the program waits ---- */

static void
compare_site(const char *when, uint32_t i, const struct oracle_sums *own,
    const struct figures *seen)
{
	struct figures told = { own->allocated - own->freed,
		own->allocs - own->frees, own->allocs, own->allocated };

	if (memcmp(seen, &told, sizeof told) != 0)
		differ("%s, site %u: %lu in %lu, of %lu in %lu ever; "
		    "tmtop: %lu in %lu, of %lu in %lu", when, i, told.size,
		    told.count, told.allocated, told.allocs, seen->size,
		    seen->count, seen->allocated, seen->allocs);
}

/* What libc holds does not change while there is one thread. */
static void
compare_highest(const struct snapshot *now, uint64_t live)
{
	uint64_t others = now->totals.traced_bytes - live;

	if (now->totals.peak_bytes != others + judge.page->peak)
		differ("peak %lu besides %lu; tmtop: %lu", judge.page->peak,
		    others, now->totals.peak_bytes);
}

static void
compare_losses(const struct totals *totals)
{
	if (totals->skew_bytes != 0)
		differ("askew by %lu at rest", totals->skew_bytes);
	if (totals->lost + totals->cut + totals->guessed +
	    totals->unknown_frees != 0)
		differ("lost %lu, cut %lu, guessed %lu, unknown %lu",
		    totals->lost, totals->cut, totals->guessed,
		    totals->unknown_frees);
}

void
compare_at_barrier(const struct snapshot *now)
{
	struct figures seen[ORACLE_MAX_SITES];
	const struct oracle_sums *own;
	uint64_t live = 0;
	uint32_t i;

	add_up(now, seen);
	compare_losses(&now->totals);
	for (i = 0; i < judge.page->n_sites; i++) {
		own = &judge.page->sites[i].sums;
		compare_site("at rest", i, own, &seen[i]);
		live += own->allocated - own->freed;
		judge.was_held[i] |= own->allocs > own->frees;
	}
	if (judge.page->n_threads == 1)
		compare_highest(now, live);
	judge.n_barriers++;
}

void
compare_mark(const struct snapshot *then)
{
	struct figures seen[ORACLE_MAX_SITES];
	uint32_t i;

	add_up(then, seen);
	for (i = 0; i < judge.page->n_sites; i++)
		compare_site("at the mark", i, &judge.page->sites[i].marked,
		    &seen[i]);
	judge.n_marks++;
}

void
compare_peak(const struct snapshot *then)
{
	struct figures seen[ORACLE_MAX_SITES];
	uint32_t i;

	add_up(then, seen);
	for (i = 0; i < judge.page->n_sites; i++)
		if (seen[i].size != judge.page->sites[i].at_peak)
			differ("at the peak, site %u: %lu; tmtop: %lu", i,
			    judge.page->sites[i].at_peak, seen[i].size);
}

/* ---- while it works ---- */

static void
sum_ledgers(struct oracle_sums *sums, bool is_done)
{
	const struct oracle_sums *one;
	uint32_t i, k;

	memset(sums, 0, ORACLE_MAX_SITES * sizeof(*sums));
	for (k = 0; k < judge.page->n_threads; k++)
		for (i = 0; i < judge.page->n_sites; i++) {
			one = is_done ? &judge.page->ledgers[k][i].done :
			    &judge.page->ledgers[k][i].begun;
			sums[i].allocs += load_relaxed(&one->allocs);
			sums[i].allocated += load_relaxed(&one->allocated);
			sums[i].frees += load_relaxed(&one->frees);
			sums[i].freed += load_relaxed(&one->freed);
		}
}

static void
want_within(const char *what, uint32_t site, uint64_t seen, uint64_t least,
    uint64_t most)
{
	if ((int64_t)seen < (int64_t)least || (int64_t)seen > (int64_t)most)
		differ("site %u: %s %lu, not %ld..%ld", site, what, seen,
		    (long)least, (long)most);
}

/* What was done before the reading, and what had begun after it. */
static struct oracle_sums done[ORACLE_MAX_SITES], begun[ORACLE_MAX_SITES];

void
note_account_before(void)
{
	sum_ledgers(done, true);
	fence_acquire();
}

/* No more than came and went while the reading was taken: what came counts
 * up to three times when the reader is held up between two words of it, and
 * what threads had counted and not added up may be missing on one side. */
static void
compare_skew(const struct totals *totals)
{
	uint64_t most = (uint64_t)judge.page->n_threads *
	    (ORACLE_HUGE + 2 * DELTA_FLUSH_BYTES);
	uint32_t i;

	for (i = 0; i < judge.page->n_sites; i++)
		most += 3 * (begun[i].allocated - done[i].allocated) +
		    begun[i].freed - done[i].freed;
	if (totals->skew_bytes > most)
		differ("askew by %lu, not up to %lu", totals->skew_bytes,
		    most);
}

void
compare_at_work(const struct snapshot *now)
{
	struct figures seen[ORACLE_MAX_SITES];
	uint32_t i;

	fence_acquire();
	sum_ledgers(begun, false);
	add_up(now, seen);
	compare_skew(&now->totals);
	for (i = 0; i < judge.page->n_sites; i++) {
		want_within("allocs", i, seen[i].allocs, done[i].allocs,
		    begun[i].allocs);
		want_within("allocated", i, seen[i].allocated,
		    done[i].allocated, begun[i].allocated);
		want_within("count", i, seen[i].count,
		    done[i].allocs - begun[i].frees,
		    begun[i].allocs - done[i].frees);
		want_within("size", i, seen[i].size,
		    done[i].allocated - begun[i].freed,
		    begun[i].allocated - done[i].freed);
	}
	judge.n_readings++;
}

uint64_t
count_calls(void)
{
	static struct oracle_sums now[ORACLE_MAX_SITES];
	uint64_t calls = 0;
	uint32_t i;

	sum_ledgers(now, false);
	for (i = 0; i < judge.page->n_sites; i++)
		calls += now[i].allocs + now[i].frees;
	return calls;
}

void
judge_account_fini(void)
{
	vec_fini(&site_of);
}
