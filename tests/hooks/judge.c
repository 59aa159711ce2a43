/*
 * judge.c - compares the tables of a running program with the program's own
 * account (oracle.h).
 *
 *	judge PRELOAD FILE PROGRAM [ARG]...	(the program is told FILE, too)
 *
 * PRELOAD is what the user has in LD_PRELOAD, or "".  While the program works
 * readings are taken and must lie within what has been begun and what is
 * done; when it waits, they must be equal to its account.  Prints every
 * difference, then
 *
 *	judged BARRIERS READINGS SITES
 *
 * (readings while the program worked, sites that held memory at some barrier)
 * and how much the readings were said to be askew.  Exits with the program's
 * status, or 1 after a difference.
 */
#include "oracle.h"

#include "base/atomic.h"
#include "base/errbuf.h"
#include "reader/client.h"
#include "reader/read.h"
#include "util/vec.h"
#include "util/xalloc.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define READINGS_A_ROUND	10

static struct oracle_page *page;
static struct client *client;
static struct frame_store *store;
static struct reader *reader;
static const char *program;		/* path as the loader has it */
static VEC(int16_t) site_of;		/* by stack: site, -1 none, -2 new */
static bool was_held[ORACLE_MAX_SITES];
static unsigned n_barriers, n_readings, n_differences;
static uint64_t most_askew;
static int exit_code;
static bool is_over;

static void __attribute__((format(printf, 1, 2)))
differ(const char *format, ...)
{
	va_list args;

	if (++n_differences > 20)
		return;
	va_start(args, format);
	printf("barrier %u, reading %u: ", n_barriers, n_readings);
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

/* ---- a reading, by site ---- */

static bool
is_program(uint32_t module)
{
	const char *path = frame_store_get_module(store, module)->path;

	return module != 0 && strcmp(path, program) == 0;
}

static int
find_site(uint32_t stack)
{
	const struct code_location *at;
	uint32_t i;

	for (; stack != 0; stack = frame_store_get_stack(store, stack)->parent) {
		at = frame_store_get_location(store,
		    frame_store_get_stack(store, stack)->location);
		if (!is_program(at->module))
			continue;
		for (i = 0; i < page->n_sites; i++)
			if (at->offset - 1 >= page->sites[i].start &&
			    at->offset - 1 < page->sites[i].end)
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
	if (askew > most_askew)
		most_askew = askew;
	if (now->is_corrupt)
		differ("corrupt: %s", now->corruption);
}

/* ---- while the program waits ---- */

static void
compare_site(uint32_t i, const struct figures *seen)
{
	const struct oracle_sums *own = &page->sites[i].sums;
	struct figures told = { own->allocated - own->freed,
		own->allocs - own->frees, own->allocs, own->allocated };

	if (memcmp(seen, &told, sizeof told) != 0)
		differ("site %u has %lu in %lu, of %lu in %lu ever; "
		    "tmtop: %lu in %lu, of %lu in %lu", i, told.size,
		    told.count, told.allocated, told.allocs, seen->size,
		    seen->count, seen->allocated, seen->allocs);
	if (told.count > 0)
		was_held[i] = true;
}

/* What libc holds does not change while there is one thread. */
static void
compare_peak(const struct snapshot *now, uint64_t live)
{
	uint64_t others = now->totals.traced_bytes - live;

	if (now->totals.peak_bytes != others + page->peak)
		differ("peak %lu besides %lu; tmtop: %lu", page->peak, others,
		    now->totals.peak_bytes);
}

static void
judge_at_barrier(void)
{
	struct figures seen[ORACLE_MAX_SITES];
	struct snapshot *now = reader_snapshot(reader);
	uint64_t live = 0;
	uint32_t i;

	add_up(now, seen);
	if (now->totals.skew_bytes != 0)
		differ("askew by %lu at rest", now->totals.skew_bytes);
	if (now->totals.lost + now->totals.cut + now->totals.guessed != 0)
		differ("lost %lu, cut %lu, guessed %lu", now->totals.lost,
		    now->totals.cut, now->totals.guessed);
	for (i = 0; i < page->n_sites; i++) {
		compare_site(i, &seen[i]);
		live += page->sites[i].sums.allocated -
		    page->sites[i].sums.freed;
	}
	if (page->n_threads == 1)
		compare_peak(now, live);
	snapshot_release(now);
	n_barriers++;
}

/* ---- while it works ---- */

static void
sum_ledgers(bool is_done, struct oracle_sums *sums)
{
	const struct oracle_sums *one;
	uint32_t i, k;

	memset(sums, 0, ORACLE_MAX_SITES * sizeof(*sums));
	for (k = 0; k < page->n_threads; k++)
		for (i = 0; i < page->n_sites; i++) {
			one = is_done ? &page->ledgers[k][i].done :
			    &page->ledgers[k][i].begun;
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

static void
judge_at_work(void)
{
	static struct oracle_sums before_begun[ORACLE_MAX_SITES],
	    before_done[ORACLE_MAX_SITES], after_begun[ORACLE_MAX_SITES],
	    after_done[ORACLE_MAX_SITES];
	struct figures seen[ORACLE_MAX_SITES];
	struct snapshot *now;
	uint32_t i;

	sum_ledgers(true, before_done);
	sum_ledgers(false, before_begun);
	fence_acquire();
	now = reader_snapshot(reader);
	fence_acquire();
	sum_ledgers(true, after_done);
	sum_ledgers(false, after_begun);
	add_up(now, seen);
	for (i = 0; i < page->n_sites; i++) {
		want_within("allocs", i, seen[i].allocs,
		    before_done[i].allocs, after_begun[i].allocs);
		want_within("allocated", i, seen[i].allocated,
		    before_done[i].allocated, after_begun[i].allocated);
		want_within("count", i, seen[i].count,
		    before_done[i].allocs - after_begun[i].frees,
		    after_begun[i].allocs - before_done[i].frees);
		want_within("size", i, seen[i].size,
		    before_done[i].allocated - after_begun[i].freed,
		    after_begun[i].allocated - before_done[i].freed);
	}
	snapshot_release(now);
	n_readings++;
}

/* ---- the run ---- */

static void
follow(void)
{
	struct client_event event;

	while (!is_over && client_next(client, &event)) {
		if (event.kind == CLIENT_EXITED || event.kind == CLIENT_KILLED)
			exit_code = client_exit_code(&event);
		else if (event.kind == CLIENT_NOTICE)
			differ("%s", event.text);
		is_over = event.kind == CLIENT_RUN_OVER ||
		    event.kind == CLIENT_GONE;
	}
}

/* Until something has happened since the last reading, or the turn ends, or
 * the program. */
static void
await_work(uint32_t turn)
{
	static struct oracle_sums begun[ORACLE_MAX_SITES];
	static uint64_t last;
	uint64_t calls;
	uint32_t i;

	for (; !is_over && oracle_turn(page) == turn; follow()) {
		sum_ledgers(false, begun);
		for (i = 0, calls = 0; i < page->n_sites; i++)
			calls += begun[i].allocs + begun[i].frees;
		if (calls != last) {
			last = calls;
			return;
		}
		sched_yield();
	}
}

static void
judge(void)
{
	uint32_t turn;
	unsigned n;

	while (!is_over) {
		turn = oracle_turn(page);
		/* The program is not there before its first account. */
		for (n = 0; turn > 0 && (turn & 1) == 0 &&
		    n < READINGS_A_ROUND; n++) {
			await_work(turn);
			if (is_over || oracle_turn(page) != turn)
				break;
			judge_at_work();
		}
		if ((turn & 1) == 0) {
			oracle_wait(page, turn);
		} else {
			judge_at_barrier();
			oracle_pass_turn(page);
		}
		follow();
	}
}

static void
start(char **argv)
{
	static char helper[4096], hook[4096];
	struct client_plan plan = {
		.helper_path = helper, .hook_path = hook, .argv = argv,
		.follow_fork = true, .follow_exec = true,
		.batch = true, .tty_fd = -1,
	};
	const char *build = getenv("TMTOP_BUILD");
	struct errbuf why;

	snprintf(helper, sizeof helper, "%s/tmtop-run", build);
	snprintf(hook, sizeof hook, "%s/.libs/libtmtop_hook.so", build);
	client = client_start(&plan, &why, &exit_code);
	if (client == NULL) {
		printf("%s\n", why.text);
		exit(exit_code);
	}
	store = frame_store_new();
	reader = reader_open(client_segment_fd(client), store, &why);
	if (reader == NULL) {
		printf("%s\n", why.text);
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	unsigned n_held = 0, i;
	int fd;

	if (argc < 4)
		return 90;
	if (argv[1][0] != '\0')
		setenv("LD_PRELOAD", argv[1], 1);
	fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*page)) != 0)
		return 91;
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (page == MAP_FAILED)
		return 92;
	program = argv[3];
	start(argv + 3);
	judge();
	for (i = 0; i < ORACLE_MAX_SITES; i++)
		n_held += was_held[i];
	printf("judged %u %u %u\naskew %lu\n", n_barriers, n_readings, n_held,
	    most_askew);
	reader_close(reader);
	frame_store_free(store);
	client_close(client);
	vec_fini(&site_of);
	return n_differences > 0 ? 1 : exit_code;
}
