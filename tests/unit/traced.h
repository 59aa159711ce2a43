/*
 * traced.h - a run with tables of processes, written by the hook's own code.
 *
 * The segment is a real one; the processes are as many slots of it as a test
 * attaches, one after the other, all written by the test itself.
 */
#ifndef TMTOP_TESTS_TRACED_H
#define TMTOP_TESTS_TRACED_H

#include "reader/read.h"
#include "tables/segment.h"

struct traced {
	int		 fd;
	struct lobby_map lobby;
	struct frame_store *store;
	struct reader	*reader;
};
extern struct traced traced;

/* For cmocka: an empty run before each test, nothing after it. */
int traced_set_up(void **state);
int traced_tear_down(void **state);

/* As the hook does at its start: the tables of this slot are written now. */
void traced_attach(uint32_t slot, pid_t pid, const char *command);

/* The next process: the tables of the one before stay in the segment. */
void traced_let_go(void);

uint32_t traced_module(const char *path, uint8_t build_id);

/* Two frames, `outer` and below it `inner`, of one module; of the present
 * clear epoch. */
uint32_t traced_traceback(uint32_t module, uint64_t outer, uint64_t inner);

/* Offset of the innermost frame of a trace in a snapshot. */
uint64_t traced_inner(const struct trace *trace);

/*
 * Numbers that look random: equal for equal seeds.  The seed is that of the
 * environment, TMTOP_SEED, or else always the same; it is printed.
 */
uint64_t traced_seed(void);
uint64_t traced_random(uint64_t *state, uint64_t below);

#endif
