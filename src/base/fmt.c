/*
 * fmt.c - numbers as people read them (L0).
 *
 * Why        Reports must not depend on the locale, halves must round as
 *            CPython's "%.1f" does (to even, on the exact value), and the
 *            hook's diagnostics may use this where stdio is forbidden.  So
 *            everything is integer arithmetic on 128 bits.
 * Shape      A value in bytes is m / 2^shift for some unit; one function,
 *            round_scaled(), rounds 1 or 10 times that to an integer, and
 *            write_fixed() prints it with no or one decimal.
 */
#include "base/fmt.h"

#include <assert.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

enum { N_UNITS = 7 };		/* B K M G T P E */

static const char unit_names[N_UNITS][4] = {
	"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"
};
static const char unit_letters[] = "BKMGTPE";

/* value / 2^shift to the nearest integer, halves to even. */
static u128
round_shifted(u128 value, unsigned shift)
{
	u128 whole, rest, half;

	if (shift == 0)
		return value;
	if (shift > 126)
		return 0;
	whole = value >> shift;
	rest = value & (((u128)1 << shift) - 1);
	half = (u128)1 << (shift - 1);
	if (rest > half || (rest == half && (whole & 1)))
		whole++;
	return whole;
}

static size_t
write_digits(char *to, uint64_t value, char separator)
{
	char reversed[FMT_ROOM];
	size_t n = 0, n_digits = 0;

	do {
		if (separator != 0 && n_digits > 0 && n_digits % 3 == 0)
			reversed[n++] = separator;
		reversed[n++] = (char)('0' + value % 10);
		n_digits++;
		value /= 10;
	} while (value > 0);
	assert(n < sizeof reversed);
	for (size_t i = 0; i < n; i++)
		to[i] = reversed[n - 1 - i];
	to[n] = '\0';
	return n;
}

/* An integer, or with has_tenth a number of tenths as "12.3". */
static size_t
write_fixed(char *to, uint64_t value, bool has_tenth)
{
	size_t n;

	if (!has_tenth)
		return write_digits(to, value, 0);
	n = write_digits(to, value / 10, 0);
	to[n++] = '.';
	to[n++] = (char)('0' + value % 10);
	to[n] = '\0';
	return n;
}

/* The sign of a difference and its magnitude. */
static size_t
write_sign(char *to, int64_t diff, bool sign_zero, uint64_t *magnitude)
{
	*magnitude = diff < 0 ? -(uint64_t)diff : (uint64_t)diff;
	if (diff == 0 && !sign_zero)
		return 0;
	to[0] = diff < 0 ? '-' : '+';
	return 1;
}

/* A scaled size before it is printed. */
struct scaled {
	uint64_t	value;		/* in units, or in tenths of them */
	unsigned	unit;
	bool		has_tenth;
};

/*
 * Scale for the screen.  max_tenths says, for KiB and for larger units, up
 * to which number of tenths one is shown.
 */
static struct scaled
scale(uint64_t size, unsigned kib_tenths, unsigned max_tenths)
{
	struct scaled s = { .value = size };
	unsigned limit;

	if (size < 1024)
		return s;
	for (s.unit = 1; s.unit < N_UNITS; s.unit++) {
		limit = s.unit == 1 ? kib_tenths : max_tenths;
		s.value = (uint64_t)round_shifted((u128)size * 10,
		    10 * s.unit);
		s.has_tenth = s.value < limit;
		if (s.has_tenth)
			return s;
		s.value = (uint64_t)round_shifted(size, 10 * s.unit);
		if (s.value < 1024)
			return s;
	}
	assert(!"2^64 bytes are 16 EiB");
	return s;
}

static size_t
write_scaled(char *to, struct scaled s, bool is_letter)
{
	size_t n = write_fixed(to, s.value, s.has_tenth);
	size_t n_name = strlen(unit_names[s.unit]);

	if (is_letter) {
		to[n++] = unit_letters[s.unit];
		to[n] = '\0';
		return n;
	}
	to[n++] = ' ';
	memcpy(to + n, unit_names[s.unit], n_name + 1);
	return n + n_name;
}

size_t
fmt_size(char to[FMT_ROOM], uint64_t size)
{
	return write_scaled(to, scale(size, 1000, 10000), false);
}

size_t
fmt_size_diff(char to[FMT_ROOM], int64_t diff)
{
	uint64_t size;
	size_t n = write_sign(to, diff, false, &size);

	return n + fmt_size(to + n, size);
}

size_t
fmt_size_short(char to[FMT_ROOM], uint64_t size)
{
	return write_scaled(to, scale(size, 1000, 1000), false);
}

size_t
fmt_size_letter(char to[FMT_ROOM], uint64_t size)
{
	return write_scaled(to, scale(size, 1000, 10000), true);
}

size_t
fmt_size_diff_letter(char to[FMT_ROOM], int64_t diff)
{
	uint64_t size;
	size_t n = write_sign(to, diff, false, &size);

	return n + fmt_size_letter(to + n, size);
}

size_t
fmt_size_axis(char to[FMT_ROOM], uint64_t size)
{
	return write_scaled(to, scale(size, 100, 100), true);
}

enum { TRACEMALLOC_LAST_UNIT = 4 };	/* TiB */

/* tracemalloc's choice of unit and decimals for value / 2^shift bytes. */
static size_t
write_tracemalloc(char *to, u128 value, unsigned shift)
{
	struct scaled s = { 0 };

	for (;; s.unit++, shift += 10) {
		/* A value under 2^64 shifted by 100 is below one byte. */
		u128 below_100 = shift < 100 ? (u128)100 << shift : ~(u128)0;
		u128 below_10k = shift < 100 ? (u128)10240 << shift : ~(u128)0;

		s.has_tenth = s.unit > 0 && value < below_100;
		if (s.has_tenth || value < below_10k ||
		    s.unit == TRACEMALLOC_LAST_UNIT)
			break;
	}
	s.value = (uint64_t)round_shifted(value * (s.has_tenth ? 10 : 1),
	    shift);
	return write_scaled(to, s, false);
}

/* CPython's first division rounds to 53 bits; below 2^53 nothing changes. */
static u128
as_double(uint64_t size)
{
	return (u128)(double)size;
}

size_t
fmt_size_tracemalloc(char to[FMT_ROOM], uint64_t size)
{
	return write_tracemalloc(to, as_double(size), 0);
}

size_t
fmt_size_diff_tracemalloc(char to[FMT_ROOM], int64_t diff)
{
	uint64_t size;
	size_t n = write_sign(to, diff, true, &size);

	return n + write_tracemalloc(to + n, as_double(size), 0);
}

size_t
fmt_average_tracemalloc(char to[FMT_ROOM], uint64_t size, uint64_t count)
{
	double quotient;
	uint64_t bits, mantissa;
	unsigned exponent;

	assert(count > 0);
	if (size == 0)
		return write_tracemalloc(to, 0, 0);

	/* CPython divides to a double first; what is printed is the rounded
	 * decimal of that double, so take it apart exactly. */
	quotient = (double)size / (double)count;
	memcpy(&bits, &quotient, sizeof bits);
	exponent = (unsigned)(bits >> 52);
	mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
	if (exponent >= 1075)
		return write_tracemalloc(to, mantissa << (exponent - 1075), 0);
	return write_tracemalloc(to, mantissa, 1075 - exponent);
}

size_t
fmt_count(char to[FMT_ROOM], uint64_t count, char separator)
{
	return write_digits(to, count, separator);
}

size_t
fmt_count_diff(char to[FMT_ROOM], int64_t diff, char separator)
{
	uint64_t magnitude;
	size_t n = write_sign(to, diff, false, &magnitude);

	return n + write_digits(to + n, magnitude, separator);
}

/* n / d rounded, halves to even. */
static uint64_t
divide(u128 n, u128 d)
{
	u128 whole = n / d, rest = n % d;

	if (rest * 2 > d || (rest * 2 == d && (whole & 1)))
		whole++;
	return (uint64_t)whole;
}

size_t
fmt_count_short(char to[FMT_ROOM], uint64_t count)
{
	static const char letters[] = "kMGTPE";
	u128 unit = 1000;
	uint64_t value;
	size_t n, i;
	bool has_tenth;

	if (count < 1000)
		return write_digits(to, count, 0);
	for (i = 0;; i++, unit *= 1000) {
		assert(i < sizeof letters - 1);
		value = divide((u128)count * 10, unit);
		has_tenth = value < 1000;
		if (!has_tenth)
			value = divide(count, unit);
		if (has_tenth || value < 1000)
			break;
	}
	n = write_fixed(to, value, has_tenth);
	to[n++] = letters[i];
	to[n] = '\0';
	return n;
}

size_t
fmt_percent(char to[FMT_ROOM], uint64_t part, uint64_t whole)
{
	uint64_t tenths = whole > 0 ? divide((u128)part * 1000, whole) : 0;

	return write_fixed(to, tenths, true);
}

/* At least two digits. */
static size_t
write_two(char *to, uint64_t value)
{
	to[0] = '0';
	return value < 10 ? 1 + write_digits(to + 1, value, 0) :
	    write_digits(to, value, 0);
}

size_t
fmt_clock(char to[FMT_ROOM], uint64_t seconds)
{
	size_t n = write_two(to, seconds / 3600);

	to[n++] = ':';
	n += write_two(to + n, seconds / 60 % 60);
	to[n++] = ':';
	return n + write_two(to + n, seconds % 60);
}

/* The multiplier that a suffix means; 0: it is none. */
static uint64_t
suffix_unit(const char *suffix)
{
	static const char letters[] = "KMGTPE";
	const char *letter;
	uint64_t unit = 1, base;

	if (suffix[0] == '\0' || strcmp(suffix, "B") == 0)
		return 1;
	letter = strchr(letters, suffix[0] == 'k' ? 'K' : suffix[0]);
	if (letter == NULL)
		return 0;
	if (suffix[1] == '\0' || strcmp(suffix + 1, "iB") == 0)
		base = 1024;
	else if (strcmp(suffix + 1, "B") == 0)
		base = 1000;
	else
		return 0;
	for (const char *at = letters; at <= letter; at++)
		unit *= base;
	return unit;
}

int
fmt_parse_size(const char *text, uint64_t *size, struct errbuf *why)
{
	const char *at = text;
	uint64_t value = 0, unit;
	bool is_over = false;

	for (; *at >= '0' && *at <= '9'; at++)
		is_over |= __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*at - '0'),
		    &value);
	if (at == text) {
		errbuf_set_at(why, 1, "a size must start with a digit");
		return -1;
	}
	unit = suffix_unit(at);
	if (unit == 0) {
		errbuf_set_at(why, (int)(at - text) + 1,
		    "unknown unit; use K, M, G, T (1024) or KB, MB, GB, TB "
		    "(1000)");
		return -1;
	}
	if (is_over || __builtin_mul_overflow(value, unit, &value)) {
		errbuf_set_at(why, 1, "this size is too large");
		return -1;
	}
	*size = value;
	return 0;
}
