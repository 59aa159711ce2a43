/*
 * oracle.c - threads that know what they hold, by the function that
 * allocated it.
 *
 *	oracle FILE THREADS ROUNDS OPERATIONS SEED
 *
 * Each round is OPERATIONS random calls by each thread; then all are parked,
 * their account stands in FILE (oracle.h), and the program waits for its
 * reader.  From time to time the threads end and others go on with their
 * blocks.
 *
 * Shape      Sites (oracle_sites.h) are called by ways of many depths.  Blocks
 *            change hands through a pool: most are freed by others than
 *            allocated them.  The account is of recorded blocks only: which
 *            those are follows from what the reader, or this program, has
 *            done to the recording.
 * Invariant  Nothing here allocates but the sites.
 */
#include "oracle_sites.h"
#include "tmtop.h"

#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>

#define N_HELD		200	/* by a thread */
#define N_POOL		100	/* by none */
#define ORDERED()	__asm__ volatile("" ::: "memory")

/* ---- threads and what they hold ---- */

struct held {
	void		*block;
	size_t		 size;
	unsigned	 site;
	bool		 is_recorded;
};

struct worker {
	uint64_t	random;
	struct held	held[N_HELD];
	unsigned	id;
	pthread_t	thread;
};

static struct oracle_page *page;
static struct worker workers[ORACLE_MAX_THREADS];
static struct held pool[N_POOL];
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t begin, end, meeting;
static unsigned n_threads, n_operations;
static unsigned burst_size;	/* operations of each thread, this round */
static unsigned mark_before;	/* which of them; burst_size: none */
static uint64_t order;		/* state of what is random for all */
static bool is_last_burst;	/* of these threads */
static uint64_t live;		/* of one thread: now */
static bool is_on = true, is_held;	/* recording; else stopped */

static unsigned
next_random(uint64_t *state, unsigned below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*state >> 33) % below;
}

static void
be_at_peak(void)
{
	const struct oracle_sums *done;
	unsigned i;

	page->peak = live;
	for (i = 0; i < N_SITES; i++) {
		done = &page->ledgers[0][i].done;
		page->sites[i].at_peak = done->allocated - done->freed;
	}
}

static void
note_peak(size_t more, size_t less)
{
	if (n_threads > 1)
		return;
	live -= less;
	live += more;
	if (live > page->peak)
		be_at_peak();
}

/* ---- the account ---- */

static int
note_bias(struct dl_phdr_info *info, size_t size, void *bias)
{
	(void)size;
	*(uint64_t *)bias = info->dlpi_addr;
	return 1;		/* the program itself is the first */
}

static void
open_page(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint64_t bias = 0;
	unsigned i;

	if (fd < 0)
		_exit(91);
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (page == MAP_FAILED)
		_exit(92);
	close(fd);
	dl_iterate_phdr(note_bias, &bias);
	for (i = 0; i < N_SITES; i++) {
		page->sites[i].start = (uintptr_t)sites[i].start - bias;
		page->sites[i].end = (uintptr_t)sites[i].stop - bias;
	}
	page->n_sites = N_SITES;
	page->n_threads = n_threads;
}

static struct oracle_sums
sum_up(unsigned site)
{
	struct oracle_sums sum = { 0, 0, 0, 0 };
	const struct oracle_sums *done;
	unsigned k;

	for (k = 0; k < n_threads; k++) {
		done = &page->ledgers[k][site].done;
		sum.allocs += done->allocs;
		sum.allocated += done->allocated;
		sum.frees += done->frees;
		sum.freed += done->freed;
	}
	return sum;
}

static void
note_mark(void)
{
	unsigned i;

	for (i = 0; i < N_SITES; i++)
		page->sites[i].marked = sum_up(i);
	__atomic_store_n(&page->is_marked, 1, __ATOMIC_RELEASE);
}

/* As tracemalloc.clear_traces(): blocks are there, but nobody knows them. */
static void
forget_all(void)
{
	unsigned i, k;

	for (i = 0; i < n_threads; i++)
		for (k = 0; k < N_HELD; k++)
			workers[i].held[k].is_recorded = false;
	for (k = 0; k < N_POOL; k++)
		pool[k].is_recorded = false;
	memset(page->ledgers, 0, sizeof page->ledgers);
	live = 0;
	be_at_peak();
	page->is_marked = 0;
}

/* ---- what is done to the recording ---- */

/* What the reader has not done already. */
static int
command_tmtop(void)
{
	switch (page->command) {
	case ORACLE_START:
		return tmtop_start();
	case ORACLE_HOLD:
		return tmtop_hold();
	case ORACLE_STOP:
		return tmtop_stop();
	case ORACLE_CLEAR:
		return tmtop_clear_traces();
	case ORACLE_RESET_PEAK:
		return tmtop_reset_peak();
	case ORACLE_MARK:
		return tmtop_mark("at rest");
	}
	return 0;
}

static void
obey(void)
{
	if (page->is_for_program && command_tmtop() != 0)
		_exit(96);
	switch (page->command) {
	case ORACLE_START:
	case ORACLE_HOLD:
		is_on = page->command == ORACLE_START;
		is_held = !is_on;
		break;
	case ORACLE_STOP:
		is_on = is_held = false;
		forget_all();
		break;
	case ORACLE_CLEAR:
		forget_all();
		break;
	case ORACLE_RESET_PEAK:
		be_at_peak();
		break;
	case ORACLE_MARK:
		note_mark();
		break;
	case ORACLE_MARK_IN_LOOP:
		page->is_marked = 0;
		break;
	}
	if (tmtop_is_tracing() != is_on)
		_exit(97);
}

static void
await_reader(void)
{
	uint32_t turn;
	unsigned i;

	for (i = 0; i < N_SITES; i++)
		page->sites[i].sums = sum_up(i);
	oracle_pass_turn(page);
	turn = oracle_turn(page);
	while ((turn & 1) != 0 && oracle_turn(page) == turn)
		oracle_wait(page, turn);
	obey();
	__atomic_store_n(&page->obeyed, oracle_turn(page), __ATOMIC_RELEASE);
}

/* ---- what threads do ---- */

static __attribute__((noinline)) void *
call_site(unsigned site, void *old, size_t size, unsigned depth)
{
	void *block;

	if (depth == 0)
		block = sites[site].call(old, size);
	else if (depth % 3 == 0)
		block = call_site(site, old, size, depth - 1);
	else
		block = call_site(site, old, size, depth / 2);
	ORDERED();
	return block;
}

static void
count_free(struct oracle_sums *sums, const struct held *held)
{
	if (!held->is_recorded)
		return;
	sums->frees++;
	sums->freed += held->size;
}

static void
count_allocation(struct oracle_sums *sums, size_t size)
{
	sums->allocs++;
	sums->allocated += size;
}

/* There was no block to be had. */
static void
take_back(struct oracle_sums *sums, size_t size)
{
	sums->allocs--;
	sums->allocated -= size;
}

/* The block is gone. */
static void
retire(struct held *held, struct oracle_ledger *ledger)
{
	count_free(&ledger->done, held);
	if (held->is_recorded)
		note_peak(0, held->size);
	*held = (struct held){ .block = NULL };
}

static void
release(struct worker *w, struct held *held)
{
	struct oracle_ledger *ledger = &page->ledgers[w->id][held->site];

	if (held->block == NULL)
		return;
	count_free(&ledger->begun, held);
	ORDERED();
	free(held->block);
	ORDERED();
	retire(held, ledger);
}

/* A new block of this site, or for those that resize, the old one resized. */
static void
allocate(struct worker *w, struct held *held, unsigned site)
{
	size_t size = next_random(&w->random, (unsigned)sites[site].below);
	size_t asked = asked_for(site, size);
	struct oracle_ledger *ledger = &page->ledgers[w->id][site], *old;
	bool is_recorded;
	void *block;

	if (site != SITE_grown && site != SITE_array)
		release(w, held);
	/* While recording is held, what is known is followed. */
	is_recorded = is_on || (is_held && held->is_recorded);
	old = &page->ledgers[w->id][held->site];
	count_free(&old->begun, held);
	if (is_recorded)
		count_allocation(&ledger->begun, asked);
	ORDERED();
	block = call_site(site, held->block, size,
	    next_random(&w->random, 20));
	ORDERED();
	if (block == NULL && asked != 0 && held->block != NULL)
		_exit(94);
	retire(held, old);
	if (block == NULL) {
		if (is_recorded)
			take_back(&ledger->begun, asked);
		return;
	}
	if (is_recorded) {
		count_allocation(&ledger->done, asked);
		note_peak(asked, 0);
	}
	*held = (struct held){ block, asked, site, is_recorded };
}

/* What a thread lays down another takes up. */
static void
swap(struct worker *w, struct held *mine)
{
	struct held *other = &pool[next_random(&w->random, N_POOL)], held;

	pthread_mutex_lock(&pool_lock);
	held = *other;
	*other = *mine;
	*mine = held;
	pthread_mutex_unlock(&pool_lock);
}

/* A resize that cannot be done leaves the block and the account alone. */
static void
fail(struct held *held)
{
	volatile size_t size = SIZE_MAX / 2 + 1;

	if (held->block != NULL && realloc(held->block, size) != NULL)
		_exit(95);
}

static void
operate(struct worker *w)
{
	struct held *held = &w->held[next_random(&w->random, N_HELD)];
	unsigned what = next_random(&w->random, 1000);

	if (what < 300)
		release(w, held);
	else if (what < 500)
		swap(w, held);
	else if (what < 505)
		allocate(w, held, SITE_huge);
	else if (what < 515)
		fail(held);
	else if (what < 600)
		allocate(w, held, SITE_own_00 + w->id);
	else
		allocate(w, held, next_random(&w->random, SITE_huge));
}

/* All threads, each with what it has not handed on, and nobody in a call. */
static void
meet_and_mark(const struct worker *w)
{
	if (n_threads > 1)
		pthread_barrier_wait(&meeting);
	if (w->id == 0) {
		if (tmtop_mark("in the loop") != 0)
			_exit(96);
		note_mark();
	}
	if (n_threads > 1)
		pthread_barrier_wait(&meeting);
}

static void
burst(struct worker *w)
{
	unsigned i;

	for (i = 0; i < burst_size; i++) {
		if (i == mark_before)
			meet_and_mark(w);
		operate(w);
	}
}

static void *
work(void *argument)
{
	bool is_last;

	do {
		pthread_barrier_wait(&begin);
		is_last = is_last_burst;
		burst(argument);
		pthread_barrier_wait(&end);
	} while (!is_last);
	return NULL;
}

/* ---- rounds ---- */

static void
start_threads(void)
{
	unsigned i;

	for (i = 0; i < n_threads; i++)
		if (pthread_create(&workers[i].thread, NULL, work,
		    &workers[i]) != 0)
			_exit(93);
}

static void
run_threads(bool is_last)
{
	unsigned i;

	burst_size = n_operations;
	/* Sometimes nothing happens between two commands. */
	if (page->command != ORACLE_NONE &&
	    page->command != ORACLE_MARK_IN_LOOP &&
	    next_random(&order, 8) == 0)
		burst_size = 0;
	mark_before = page->command == ORACLE_MARK_IN_LOOP ?
	    next_random(&order, burst_size) : burst_size;
	if (n_threads == 1) {
		burst(&workers[0]);
		return;
	}
	is_last_burst = is_last;
	pthread_barrier_wait(&begin);
	pthread_barrier_wait(&end);
	for (i = 0; is_last && i < n_threads; i++)
		pthread_join(workers[i].thread, NULL);
}

int
main(int argc, char **argv)
{
	unsigned rounds, i;
	bool is_last, is_running = false;

	if (argc != 6 || (n_threads = (unsigned)atoi(argv[2])) == 0 ||
	    n_threads > ORACLE_MAX_THREADS)
		return 90;
	rounds = (unsigned)atoi(argv[3]);
	n_operations = (unsigned)atoi(argv[4]);
	open_page(argv[1]);
	pthread_barrier_init(&begin, NULL, n_threads + 1);
	pthread_barrier_init(&end, NULL, n_threads + 1);
	pthread_barrier_init(&meeting, NULL, n_threads);
	order = strtoul(argv[5], NULL, 10);
	for (i = 0; i < n_threads; i++) {
		workers[i].id = i;
		workers[i].random = strtoul(argv[5], NULL, 10) * 1000 + i;
	}
	for (i = 0; i < rounds; i++) {
		if (n_threads > 1 && !is_running)
			start_threads();
		is_last = i % 3 == 2 || i + 1 == rounds;
		run_threads(is_last);
		is_running = !is_last;
		await_reader();
	}
	return 0;
}
