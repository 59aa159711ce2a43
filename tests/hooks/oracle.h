/*
 * oracle.h - what oracle.c says about its own memory, and to whom.
 *
 * A file that the program (oracle.c) and its reader (judge.c) both map.  The
 * program writes everything but the command, which is the reader's, and
 * `turn`, which both advance: odd while the account of `sites` stands and the
 * program waits, even while it works.  Only what is recorded is in the account.
 */
#ifndef TESTS_HOOKS_ORACLE_H
#define TESTS_HOOKS_ORACLE_H

#include <errno.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ORACLE_MAX_THREADS	64
#define ORACLE_MAX_SITES	80
#define ORACLE_HUGE		(300ul << 20)	/* a block that no record holds */

/* What is done to the recording before the program goes on. */
enum oracle_command {
	ORACLE_NONE, ORACLE_START, ORACLE_HOLD, ORACLE_STOP, ORACLE_CLEAR,
	ORACLE_RESET_PEAK, ORACLE_MARK,
	ORACLE_MARK_IN_LOOP,	/* by the program, among the next calls */
	N_ORACLE_COMMANDS
};

/* Since the tables were emptied last. */
struct oracle_sums {
	uint64_t	allocs, allocated;	/* calls, bytes */
	uint64_t	frees, freed;
};

/* One thread's doings at one site, written by that thread alone, without
 * locks: an operation under way has begun and is not done. */
struct oracle_ledger {
	struct oracle_sums	begun, done;
};

struct oracle_site {
	uint64_t	start, end;	/* ELF addresses of the function */
	struct oracle_sums sums;	/* at the barrier */
	struct oracle_sums marked;	/* at the latest mark */
	uint64_t	at_peak;	/* of one thread: bytes */
};

struct oracle_page {
	uint32_t		turn;	/* futex */
	uint32_t		command;
	uint32_t		is_for_program;	/* by it, not the reader */
	uint32_t		obeyed;	/* the turn in which it was */
	uint32_t		is_marked;	/* `marked` stands */
	uint32_t		n_sites, n_threads;
	uint64_t		peak;	/* of one thread: highest sum ever */
	struct oracle_site	sites[ORACLE_MAX_SITES];
	struct oracle_ledger	ledgers[ORACLE_MAX_THREADS][ORACLE_MAX_SITES];
};

static inline uint32_t
oracle_turn(const struct oracle_page *page)
{
	return __atomic_load_n(&page->turn, __ATOMIC_ACQUIRE);
}

static inline void
oracle_pass_turn(struct oracle_page *page)
{
	__atomic_fetch_add(&page->turn, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &page->turn, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* Until the turn is no longer `turn`, or a moment has passed. */
static inline void
oracle_wait(struct oracle_page *page, uint32_t turn)
{
	struct timespec moment = { .tv_nsec = 50000000 };

	while (oracle_turn(page) == turn)
		if (syscall(SYS_futex, &page->turn, FUTEX_WAIT, turn, &moment,
		    NULL, 0) < 0 && errno == ETIMEDOUT)
			return;
}

#endif
