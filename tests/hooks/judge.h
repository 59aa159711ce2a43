/*
 * judge.h - what the parts of the judge share: judge.c reads a program's
 * tables, judge_account.c compares a reading with the program's account.
 */
#ifndef TESTS_HOOKS_JUDGE_H
#define TESTS_HOOKS_JUDGE_H

#include "oracle.h"

#include "reader/read.h"

struct judge {
	struct oracle_page *page;
	struct frame_store *store;
	const char	*program;	/* path as the loader has it */
	unsigned	 n_barriers, n_readings, n_marks, n_differences;
	bool		 was_held[ORACLE_MAX_SITES];	/* at some barrier */
	uint64_t	 most_askew;	/* of all readings */
};
extern struct judge judge;

/* Print what is wrong; the first twenty times. */
void differ(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The program waits: the reading is its account. */
void compare_at_barrier(const struct snapshot *now);

/* Read of a mark: the account at that moment. */
void compare_mark(const struct snapshot *then);

/* Read of the peak, of a program with one thread: what it held then. */
void compare_peak(const struct snapshot *then);

/* The program works: the reading lies between what was done before it was
 * taken and what had begun after. */
void note_account_before(void);
void compare_at_work(const struct snapshot *now);

/* Calls that have begun: grows while the program works. */
uint64_t count_calls(void);

void judge_account_fini(void);

#endif
