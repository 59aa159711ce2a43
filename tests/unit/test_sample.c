/*
 * test_sample.c - distances and weights of samples, against the mathematics.
 *
 * A block of s bytes has a point of a Poisson process of one point every r
 * bytes in it with probability p = 1 - exp(-s/r); weighted with 1/p the sums
 * are unbiased.  Expected values are computed here with long double; what is
 * drawn is judged at five standard deviations.
 */
#include "hooks/sample.h"
#include "traced.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* As --sample allows, and those that divide no power of two. */
static const uint64_t rates[] = { 1024, 1000 * 3, 100003, 512 * 1024,
    UINT64_C(1) << 30 };
enum { N_RATES = sizeof(rates) / sizeof(rates[0]) };

static uint64_t random_state;

static int
set_up(void **state)
{
	(void)state;
	random_state = traced_seed();
	return 0;
}

static long double
probability(uint64_t size, uint64_t rate)
{
	return -expm1l(-(long double)size / (long double)rate);
}

/* ---- weights ---- */

/* Whole bytes, rounded down, and of these whole units, rounded; the series is
 * cut off at 1e-6. */
static void
check_weight(uint64_t size, uint64_t rate)
{
	struct amount weight = sample_weight(size, rate);
	long double p = probability(size, rate);
	long double bytes = (long double)size / p;
	long double count = SAMPLE_UNIT / p;

	if (fabsl((long double)weight.bytes - bytes) > 1 + bytes * 1e-6L ||
	    fabsl((long double)weight.count - count) > 0.5L +
	    count * 1e-6L + (long double)SAMPLE_UNIT / (long double)size)
		fail_msg("size %llu, rate %llu: %llu bytes for %.3Lf, "
		    "count %llu for %.3Lf", (unsigned long long)size,
		    (unsigned long long)rate, (unsigned long long)weight.bytes,
		    bytes, (unsigned long long)weight.count, count);
}

static void
weight_is_one_by_the_probability(void **state)
{
	uint64_t size;

	(void)state;
	for (unsigned i = 0; i < N_RATES; i++) {
		for (size = 1; size <= UINT64_C(1) << 46; size *= 2) {
			check_weight(size, rates[i]);
			check_weight(size + 1, rates[i]);
			check_weight(size + size / 2, rates[i]);
		}
		for (size = 1; size <= 40; size++) {
			check_weight(size * rates[i], rates[i]);
			check_weight(size * rates[i] - 1, rates[i]);
			check_weight(size * rates[i] + 1, rates[i]);
		}
		for (unsigned k = 0; k < 20000; k++)
			check_weight(1 + traced_random(&random_state,
			    rates[i] * 40), rates[i]);
	}
}

static void
weight_of_what_is_always_sampled_is_itself(void **state)
{
	struct amount weight = sample_weight(UINT64_C(1) << 40, 1024);

	(void)state;
	assert_int_equal(weight.bytes, UINT64_C(1) << 40);
	assert_int_equal(weight.count, SAMPLE_UNIT);
}

/* ---- distances ---- */

enum { N_BINS = 64, N_DRAWS = 200000 };

/* P(distance <= n): at least one point in n bytes. */
static double
chi_square(const unsigned bins[N_BINS], const uint64_t ends[N_BINS],
    uint64_t rate)
{
	long double sum = 0, below = 0, upto, expected;

	for (unsigned i = 0; i < N_BINS; i++) {
		upto = i == N_BINS - 1 ? 1 : probability(ends[i], rate);
		expected = (upto - below) * N_DRAWS;
		sum += (bins[i] - expected) * (bins[i] - expected) / expected;
		below = upto;
	}
	return (double)sum;
}

static void
check_distances(uint64_t rate)
{
	uint64_t ends[N_BINS], random = traced_random(&random_state,
	    UINT64_MAX) | 1;
	unsigned bins[N_BINS] = { 0 }, i, k;
	/* Of a geometric distribution. */
	long double p = probability(1, rate), mean = 1 / p, sum = 0, lag = 0;
	long double deviation = sqrtl(1 - p) / p, previous = mean;
	int64_t distance;

	for (i = 0; i < N_BINS; i++)
		ends[i] = (uint64_t)(-(long double)rate *
		    log1pl(-(long double)(i + 1) / N_BINS));
	ends[N_BINS - 1] = UINT64_MAX;
	for (k = 0; k < N_DRAWS; k++) {
		distance = sample_distance(rate, &random);
		assert_true(distance > 0);
		for (i = 0; (uint64_t)distance > ends[i]; i++)
			;
		bins[i]++;
		sum += (long double)distance;
		lag += ((long double)distance - mean) * (previous - mean);
		previous = (long double)distance;
	}
	/* 63 degrees of freedom: variance 126. */
	assert_true(chi_square(bins, ends, rate) < 63 + 5 * sqrt(126));
	assert_true(fabsl(sum / N_DRAWS - mean) <
	    5 * deviation / sqrtl(N_DRAWS));
	assert_true(fabsl(lag / N_DRAWS) <
	    5 * deviation * deviation / sqrtl(N_DRAWS));
}

/* xorshift64*, and the logarithm of what it gives to 24 digits. */
static void
distance_is_the_logarithm_of_the_random_number(void **state)
{
	uint64_t x = traced_random(&random_state, UINT64_MAX) | 1, random = x;
	long double expected, rate;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		x ^= x >> 12;
		x ^= x << 25;
		x ^= x >> 27;
		rate = (long double)rates[i % N_RATES];
		expected = -logl(((x * 0x2545f4914f6cdd1du) | 1) /
		    18446744073709551616.0L) * rate;
		assert_true(fabsl((long double)sample_distance(
		    rates[i % N_RATES], &random) - expected) <=
		    1 + rate / (1 << 24));
	}
}

static void
distances_are_exponential_and_independent(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_RATES; i++)
		check_distances(rates[i]);
}

static void
distance_of_an_unseeded_thread_is_its_own(void **state)
{
	uint64_t a = 0, b = 0;
	int64_t first = sample_distance(1 << 30, &a);
	int64_t second = sample_distance(1 << 30, &b);

	(void)state;
	assert_true(a != 0 && b != 0 && a != b);
	assert_true(first != second);
}

/* ---- estimates ---- */

struct estimate {
	long double	bytes, blocks, bytes_variance, blocks_variance;
	long double	true_bytes, true_blocks;
};

/* A program that allocates, sampled as hooks/record.c does it. */
static void
allocate(struct estimate *e, uint64_t rate, uint64_t size, int64_t *until,
    uint64_t *random)
{
	long double p = probability(size, rate);
	struct amount weight;

	e->true_bytes += (long double)size;
	e->true_blocks++;
	e->bytes_variance += (long double)size * (long double)size *
	    (1 - p) / p;
	e->blocks_variance += (1 - p) / p;
	*until -= (int64_t)size;
	if (*until > 0)
		return;
	*until = sample_distance(rate, random);
	weight = sample_weight(size, rate);
	e->bytes += (long double)weight.bytes;
	e->blocks += (long double)weight.count / SAMPLE_UNIT;
}

static void
check_estimate(uint64_t rate, uint64_t largest)
{
	uint64_t random = traced_random(&random_state, UINT64_MAX) | 1;
	int64_t until = sample_distance(rate, &random);
	struct estimate e = { 0 };

	for (unsigned i = 0; i < 1000000; i++)
		allocate(&e, rate, 1 + traced_random(&random_state, largest),
		    &until, &random);
	/* Counts are rounded to units. */
	assert_true(fabsl(e.bytes - e.true_bytes) <
	    5 * sqrtl(e.bytes_variance) + e.true_bytes * 1e-6L);
	assert_true(fabsl(e.blocks - e.true_blocks) <
	    5 * sqrtl(e.blocks_variance) + e.true_blocks / SAMPLE_UNIT / 2);
}

static void
estimates_are_unbiased(void **state)
{
	(void)state;
	check_estimate(1024, 100);
	check_estimate(1024, 1024);
	check_estimate(1024, 10000);
	check_estimate(512 * 1024, 1000);
	check_estimate(512 * 1024, 1000000);
}

#define T(f)	cmocka_unit_test_setup(f, set_up)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(weight_is_one_by_the_probability),
		T(weight_of_what_is_always_sampled_is_itself),
		T(distance_is_the_logarithm_of_the_random_number),
		T(distances_are_exponential_and_independent),
		T(distance_of_an_unseeded_thread_is_its_own),
		T(estimates_are_unbiased),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
