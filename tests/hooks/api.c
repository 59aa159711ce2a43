/*
 * api.c - for api.test: a program that asks tmtop itself.  C and C++.
 *
 *	api values	what each function returns, before and after the others
 *	api record	blocks while recording is on, held, stopped
 *	api clear	blocks before and after all were forgotten
 *	api peak	a peak before the one that counts
 *	api mark	blocks before and after a mark called "warm"
 *	api marks N	N marks, a block of 100 bytes before each
 */
#include "tmtop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_KEPT = 100 };

static void *kept[N_KEPT];
static int n_kept;

static void
keep(int n, size_t size)
{
	for (; n > 0; n--)
		kept[n_kept++] = malloc(size);
}

/* The oldest ones that are left. */
static void
let_go(int n)
{
	static int n_gone;

	for (; n > 0; n--)
		free(kept[n_gone++]);
}

static void
values(void)
{
	int before = tmtop_is_tracing();
	int held = tmtop_hold(), tracing_held = tmtop_is_tracing();
	int stopped = tmtop_stop(), tracing_stopped = tmtop_is_tracing();
	int held_stopped = tmtop_hold(), still = tmtop_is_tracing();
	int started = tmtop_start(), after = tmtop_is_tracing();

	printf("%d %d %d %d %d %d %d %d %d %d %d %d %d\n", before, held,
	    tracing_held, stopped, tracing_stopped, held_stopped, still,
	    started, after, tmtop_clear_traces(), tmtop_reset_peak(),
	    tmtop_mark("name"), tmtop_mark(NULL));
}

static void
record(void)
{
	keep(1, 1);		/* before it starts */
	tmtop_start();
	keep(10, 1000);
	tmtop_hold();
	keep(10, 200);
	let_go(4);		/* the first, and 3 of 1000 */
	tmtop_start();
	keep(5, 30);
}

static void
clear(void)
{
	keep(10, 1000);
	tmtop_clear_traces();
	let_go(5);
	keep(3, 200);
	tmtop_stop();
	keep(3, 10000);
	tmtop_start();
	keep(2, 50);
	let_go(9);
}

static void
peak(void)
{
	keep(10, 1000);
	let_go(9);
	tmtop_reset_peak();
	keep(2, 500);
	let_go(1);
	keep(1, 300);
}

static void
mark(void)
{
	keep(10, 1000);
	tmtop_mark("warm");
	let_go(2);
	keep(4, 70);
}

static void
marks(int n)
{
	char name[16];

	for (int i = 1; i <= n; i++) {
		keep(1, 100);
		snprintf(name, sizeof name, "no %d", i);
		tmtop_mark(name);
	}
	keep(1, 7);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IONBF, 0);
	if (strcmp(what, "values") == 0)
		values();
	else if (strcmp(what, "record") == 0)
		record();
	else if (strcmp(what, "clear") == 0)
		clear();
	else if (strcmp(what, "peak") == 0)
		peak();
	else if (strcmp(what, "mark") == 0)
		mark();
	else if (strcmp(what, "marks") == 0 && argc == 3)
		marks(atoi(argv[2]));
	else
		return 2;
	return 0;
}
