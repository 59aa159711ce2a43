/*
 * sample.c - distances and weights of a Poisson sample, in integers (L2).
 *
 * Invariant  rate is what --sample allows, 1 KiB to 1 GiB: weights are whole
 *            bytes, of which there are at least rate.
 */
#include "hooks/sample.h"

#include "base/sys.h"

#include <time.h>

#define ONE		(1ull << 32)		/* 1.0 in 32.32 */
#define LN2		2977044472ull		/* ln 2 in 0.32 */
#define LOG_BITS	24

static uint64_t
seed(const void *unique)
{
	struct timespec now = { 0, 0 };

	sys_call6(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
	return (((uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec) *
	    0x9e3779b97f4a7c15ull ^ (uintptr_t)unique) | 1;
}

/* xorshift64*, Vigna 2014. */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t x = *state;

	if (x == 0)
		x = seed(state);
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dull;
}

/* -log2(x / 2^64) for x > 0, in 8.24: digit by digit, squaring. */
static uint64_t
minus_log2(uint64_t x)
{
	unsigned shift = (unsigned)__builtin_clzll(x);
	uint64_t mantissa = x << shift, log = 63 - shift;
	unsigned i;

	for (i = 0; i < LOG_BITS; i++) {
		/* 1.63 squared is 2.62 in the upper half. */
		mantissa = (uint64_t)((unsigned __int128)mantissa *
		    mantissa >> 64);
		log <<= 1;
		if (mantissa >> 63)
			log |= 1;
		else
			mantissa <<= 1;
	}
	return (64ull << LOG_BITS) - log;
}

int64_t
sample_distance(uint64_t rate, uint64_t *random)
{
	uint64_t x = next_random(random) | 1;
	unsigned __int128 distance = (unsigned __int128)minus_log2(x) * LN2 *
	    rate >> (LOG_BITS + 32);

	return (int64_t)distance + 1;
}

/*
 * f(x) = x / (1 - exp(-x)) for x < 1 in 32.32: its Taylor series, of which
 * the first term left out is x^8 / 1209600.
 */
static uint64_t
series(uint64_t x)
{
	uint64_t x2 = x * x >> 32, x4 = x2 * x2 >> 32, x6 = x4 * x2 >> 32;

	return ONE + x / 2 + x2 / 12 - x4 / 720 + x6 / 30240;
}

struct amount
sample_weight(uint64_t size, uint64_t rate)
{
	unsigned __int128 f, x;
	unsigned doublings = 0;
	uint64_t bytes;

	if (size / 32 >= rate)		/* p differs from 1 by e-14 */
		return (struct amount){ size, SAMPLE_UNIT };
	while (size >> doublings >= rate)
		doublings++;
	x = ((unsigned __int128)size << 32) / rate >> doublings;
	f = series((uint64_t)x);
	/* f(2x) = 2 f(x)^2 / (2 f(x) - x), from exp(-x) = 1 - x / f(x). */
	for (; doublings > 0; doublings--) {
		f = 2 * f * f / (2 * f - x);
		x *= 2;
	}
	bytes = (uint64_t)(f * rate >> 32);
	return (struct amount){ bytes,
	    (uint64_t)(((unsigned __int128)bytes * SAMPLE_UNIT + size / 2) /
	    size) };
}
