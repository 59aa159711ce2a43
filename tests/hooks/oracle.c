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
 * Shape      A site is a function in a section of its own, so that the linker
 *            says where it begins and ends.  Some are called by all threads,
 *            one by each thread alone, by ways of many depths.  Blocks change
 *            hands through a pool: most are freed by others than allocated
 *            them.
 * Invariant  Nothing here allocates but the sites.
 */
#include "account.h"
#include "oracle.h"

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>

#define N_HELD		200	/* by a thread */
#define N_POOL		100	/* by none */
#define ORDERED()	__asm__ volatile("" ::: "memory")

/* ---- sites ---- */

static inline void *
posix_memaligned(size_t size)
{
	void *block = NULL;

	return posix_memalign(&block, 64, size) == 0 ? block : NULL;
}

/* name, sizes below, call */
#define SHARED_SITES(S)							\
	S(tiny, 17, malloc(size))					\
	S(small, 300, malloc(size))					\
	S(large, 300000, malloc(size))					\
	S(zeroed, 2000, calloc(1, size))				\
	S(items, 3000, calloc(size / 8, 8))				\
	S(grown, 3000, realloc(old, size))				\
	S(array, 3000, reallocarray(old, size / 4, 4))			\
	S(lined, 4000, aligned_alloc(128, size))			\
	S(spaced, 4000, memalign(256, size))				\
	S(posix, 1000, posix_memaligned(size))				\
	S(paged, 9000, valloc(size))
#define OWN_8(S, o)							\
	S(own_##o##0, 500, malloc(size)) S(own_##o##1, 500, malloc(size)) \
	S(own_##o##2, 500, malloc(size)) S(own_##o##3, 500, malloc(size)) \
	S(own_##o##4, 500, malloc(size)) S(own_##o##5, 500, malloc(size)) \
	S(own_##o##6, 500, malloc(size)) S(own_##o##7, 500, malloc(size))
#define OWN_SITES(S)							\
	OWN_8(S, 0) OWN_8(S, 1) OWN_8(S, 2) OWN_8(S, 3)			\
	OWN_8(S, 4) OWN_8(S, 5) OWN_8(S, 6) OWN_8(S, 7)
/* Beyond what fits a block record; address space only. */
#define ALL_SITES(S)							\
	SHARED_SITES(S) S(huge, 1, malloc(size + (300u << 20))) OWN_SITES(S)

#define SITE(name, below, call)						\
extern const char __start_site_##name[], __stop_site_##name[];		\
static void *__attribute__((noinline, noclone, section("site_" #name)))	\
at_##name(void *old, size_t size)					\
{									\
	void *block = (call);						\
									\
	(void)old;							\
	return kept(block);						\
}
ALL_SITES(SITE)

enum site_id {
#define S(name, below, call) SITE_##name,
	ALL_SITES(S)
#undef S
	N_SITES
};

static const struct site {
	void		*(*call)(void *old, size_t size);
	size_t		 below;
	const char	*start, *stop;
} sites[N_SITES] = {
#define S(name, below, call)						\
	[SITE_##name] = { at_##name, below,				\
	    __start_site_##name, __stop_site_##name },
	ALL_SITES(S)
#undef S
};

_Static_assert(N_SITES <= ORACLE_MAX_SITES, "they fit the page");
_Static_assert(N_SITES - SITE_own_00 == ORACLE_MAX_THREADS, "one for each");

/* What a site counts as asked for. */
static size_t
asked_for(unsigned site, size_t size)
{
	return site == SITE_huge ? size + (300u << 20) :
	    site == SITE_items ? size / 8 * 8 :
	    site == SITE_array ? size / 4 * 4 : size;
}

/* ---- threads and what they hold ---- */

struct held {
	void		*block;
	size_t		 size;
	unsigned	 site;
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
static pthread_barrier_t begin, end;
static unsigned n_threads, n_operations;
static bool is_last_burst;	/* of these threads */
static uint64_t live;		/* of one thread: now */

static unsigned
next_random(uint64_t *state, unsigned below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*state >> 33) % below;
}

static void
note_peak(size_t more, size_t less)
{
	if (n_threads > 1)
		return;
	live -= less;
	live += more;
	if (live > page->peak)
		page->peak = live;
}

static void
forget(struct held *held)
{
	held->block = NULL;
	held->size = 0;
}

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
release(struct worker *w, struct held *held)
{
	struct oracle_ledger *ledger;

	if (held->block == NULL)
		return;
	ledger = &page->ledgers[w->id][held->site];
	ledger->begun.frees++;
	ledger->begun.freed += held->size;
	ORDERED();
	free(held->block);
	ORDERED();
	ledger->done.frees++;
	ledger->done.freed += held->size;
	note_peak(0, held->size);
	forget(held);
}

/* A new block of this site, or for those that resize, the old one resized. */
static void
allocate(struct worker *w, struct held *held, unsigned site)
{
	size_t size = next_random(&w->random, (unsigned)sites[site].below);
	size_t asked = asked_for(site, size);
	struct oracle_ledger *ledger = &page->ledgers[w->id][site], *old;
	void *block;

	if (site != SITE_grown && site != SITE_array)
		release(w, held);
	old = held->block != NULL ? &page->ledgers[w->id][held->site] : NULL;
	if (old != NULL) {
		old->begun.frees++;
		old->begun.freed += held->size;
	}
	ledger->begun.allocs++;
	ledger->begun.allocated += asked;
	ORDERED();
	block = call_site(site, held->block, size,
	    next_random(&w->random, 20));
	ORDERED();
	if (old != NULL && (block != NULL || asked == 0)) {
		old->done.frees++;
		old->done.freed += held->size;
		note_peak(0, held->size);
		forget(held);
	} else if (old != NULL) {
		_exit(94);
	}
	if (block == NULL) {
		ledger->begun.allocs--;
		ledger->begun.allocated -= asked;
		return;
	}
	ledger->done.allocs++;
	ledger->done.allocated += asked;
	note_peak(asked, 0);
	*held = (struct held){ block, asked, site };
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
	else if (what < 501)
		allocate(w, held, SITE_huge);
	else if (what < 510)
		fail(held);
	else if (what < 600)
		allocate(w, held, SITE_own_00 + w->id);
	else
		allocate(w, held, next_random(&w->random, SITE_huge));
}

static void
burst(struct worker *w)
{
	unsigned i;

	for (i = 0; i < n_operations; i++)
		operate(w);
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

static void
sum_up(void)
{
	unsigned i, k;

	for (i = 0; i < N_SITES; i++) {
		struct oracle_sums sum = { 0, 0, 0, 0 };

		for (k = 0; k < n_threads; k++) {
			sum.allocs += page->ledgers[k][i].done.allocs;
			sum.allocated += page->ledgers[k][i].done.allocated;
			sum.frees += page->ledgers[k][i].done.frees;
			sum.freed += page->ledgers[k][i].done.freed;
		}
		page->sites[i].sums = sum;
	}
}

static void
await_reader(void)
{
	uint32_t turn;

	sum_up();
	oracle_pass_turn(page);
	turn = oracle_turn(page);
	while ((turn & 1) != 0 && oracle_turn(page) == turn)
		oracle_wait(page, turn);
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
