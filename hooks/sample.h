/*
 * sample.h - recording some blocks in place of all (L2).
 *
 * Sample points lie on the bytes that a thread allocates as a Poisson process
 * of one point per `rate` bytes: distances are exponentially distributed.  A
 * block with a point in it is recorded, with the weight that makes the sums
 * of all weighted blocks unbiased estimates.
 * Context    Any thread; integers only, so that the program's floating-point
 *            flags stay what they are.
 */
#ifndef TMTOP_HOOKS_SAMPLE_H
#define TMTOP_HOOKS_SAMPLE_H

#include "tables/counters.h"

/* Bytes to the next sample point; *random is the thread's, 0: not seeded. */
int64_t sample_distance(uint64_t rate, uint64_t *random);

/*
 * What a sampled block of this size (> 0) stands for: size / p and 1 / p with
 * p = 1 - exp(-size / rate).  Equal arguments give equal answers, so that the
 * block's end takes away what its beginning has added.
 */
struct amount sample_weight(uint64_t size, uint64_t rate);

#endif
