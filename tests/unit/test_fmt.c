/*
 * test_fmt.c - numbers as people read them.
 *
 * tracemalloc's column was printed by CPython 3.11's _format_size(); the
 * screen's column is the manual's rule worked out by hand.
 */
#include "base/fmt.h"
#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define KIB	UINT64_C(1024)
#define MIB	(KIB * 1024)
#define GIB	(MIB * 1024)
#define TIB	(GIB * 1024)

struct size_case {
	uint64_t	size;
	const char	*text;
};

typedef size_t size_writer(char to[FMT_ROOM], uint64_t size);

static void
check_sizes(size_writer *write, const struct size_case *cases, size_t n)
{
	char text[FMT_ROOM];

	for (size_t i = 0; i < n; i++) {
		memset(text, 'x', sizeof text);
		assert_int_equal(write(text, cases[i].size),
		    strlen(cases[i].text));
		assert_string_equal(text, cases[i].text);
	}
}

static void
fmt_size_for_screen_has_four_digits(void **state)
{
	static const struct size_case cases[] = {
		{ 0, "0 B" }, { 1, "1 B" }, { 1023, "1023 B" },
		{ KIB, "1.0 KiB" }, { 16 * KIB, "16.0 KiB" },
		{ 99 * KIB + 900, "99.9 KiB" }, { 512 * KIB, "512 KiB" },
		{ 102348, "99.9 KiB" }, { 102349, "100 KiB" },
		{ 1023 * KIB, "1023 KiB" }, { MIB - 1, "1.0 MiB" },
		{ 4 * MIB, "4.0 MiB" }, { 1184 * MIB / 10, "118.4 MiB" },
		{ 1000 * MIB - 1, "1000 MiB" }, { 1023 * MIB, "1023 MiB" },
		{ GIB - 1, "1.0 GiB" }, { 5 * TIB, "5.0 TiB" },
		{ UINT64_MAX, "16.0 EiB" },
	};

	(void)state;
	check_sizes(fmt_size, cases, array_size(cases));
}

static void
fmt_size_half_rounds_to_even(void **state)
{
	static const struct size_case cases[] = {
		{ KIB + 256, "1.2 KiB" }, { KIB + 768, "1.8 KiB" },
		{ 200 * KIB + 512, "200 KiB" }, { 201 * KIB + 512, "202 KiB" },
	};

	(void)state;
	check_sizes(fmt_size, cases, array_size(cases));
}

static void
fmt_size_tracemalloc_is_cpythons(void **state)
{
	static const struct size_case cases[] = {
		{ 0, "0 B" }, { 1, "1 B" }, { 1024, "1024 B" },
		{ 10239, "10239 B" }, { 10240, "10.0 KiB" },
		{ 102399, "100.0 KiB" }, { 102400, "100 KiB" },
		{ 10485759, "10240 KiB" }, { 10485760, "10.0 MiB" },
		{ 10 * TIB, "10.0 TiB" }, { 10240 * TIB, "10240 TiB" },
		{ 99 * KIB + 256, "99.2 KiB" }, { 99 * KIB + 768, "99.8 KiB" },
		{ 150 * KIB + 512, "150 KiB" }, { 151 * KIB + 512, "152 KiB" },
		{ UINT64_MAX, "16777216 TiB" },
	};

	(void)state;
	check_sizes(fmt_size_tracemalloc, cases, array_size(cases));
}

static void
fmt_size_letter_and_short_forms(void **state)
{
	static const struct size_case letters[] = {
		{ 1184 * MIB / 10, "118.4M" }, { 512 * KIB, "512K" },
		{ 7, "7B" },
	};
	static const struct size_case shorts[] = {
		{ 171 * MIB, "171 MiB" }, { 96 * MIB / 10, "9.6 MiB" },
	};
	static const struct size_case axes[] = {
		{ 1184 * MIB / 10, "118M" }, { 98 * MIB, "98M" },
		{ 96 * MIB / 10, "9.6M" },
	};

	(void)state;
	check_sizes(fmt_size_letter, letters, array_size(letters));
	check_sizes(fmt_size_short, shorts, array_size(shorts));
	check_sizes(fmt_size_axis, axes, array_size(axes));
}

static void
fmt_size_diff_signs(void **state)
{
	char text[FMT_ROOM];

	(void)state;
	fmt_size_diff(text, (int64_t)(391 * MIB / 10));
	assert_string_equal(text, "+39.1 MiB");
	fmt_size_diff(text, -(int64_t)MIB);
	assert_string_equal(text, "-1.0 MiB");
	fmt_size_diff(text, 0);
	assert_string_equal(text, "0 B");
	fmt_size_diff(text, INT64_MIN);
	assert_string_equal(text, "-8.0 EiB");
	fmt_size_diff_letter(text, (int64_t)(413 * MIB / 10));
	assert_string_equal(text, "+41.3M");
	fmt_size_diff_tracemalloc(text, 0);
	assert_string_equal(text, "+0 B");
	fmt_size_diff_tracemalloc(text, 5000);
	assert_string_equal(text, "+5000 B");
	fmt_size_diff_tracemalloc(text, -66);
	assert_string_equal(text, "-66 B");
	fmt_size_diff_tracemalloc(text, INT64_MIN);
	assert_string_equal(text, "-8388608 TiB");
}

static void
fmt_average_rounds_the_quotient_once(void **state)
{
	static const struct {
		uint64_t	size, count;
		const char	*text;
	} cases[] = {
		{ 66, 1, "66 B" }, { 5002, 2, "2501 B" }, { 3, 2, "2 B" },
		{ 5, 2, "2 B" }, { 1, 3, "0 B" }, { 2, 3, "1 B" },
		{ 0, 5, "0 B" }, { 40961, 4, "10.0 KiB" },
		{ 40959, 4, "10240 B" }, { 1, UINT64_MAX, "0 B" },
		{ UINT64_C(1) << 60, 1, "1048576 TiB" },
		{ 700 * KIB, 3, "233 KiB" },
	};
	char text[FMT_ROOM];

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		fmt_average_tracemalloc(text, cases[i].size, cases[i].count);
		assert_string_equal(text, cases[i].text);
	}
}

static void
fmt_count_separates_thousands(void **state)
{
	char text[FMT_ROOM];

	(void)state;
	fmt_count(text, 412903, ',');
	assert_string_equal(text, "412,903");
	fmt_count(text, 412903, 0);
	assert_string_equal(text, "412903");
	fmt_count(text, 999, ',');
	assert_string_equal(text, "999");
	fmt_count(text, 0, ',');
	assert_string_equal(text, "0");
	assert_int_equal(fmt_count(text, UINT64_MAX, ','), 26);
	assert_string_equal(text, "18,446,744,073,709,551,615");
	fmt_count_diff(text, 160154, ',');
	assert_string_equal(text, "+160,154");
	fmt_count_diff(text, -16, ',');
	assert_string_equal(text, "-16");
	fmt_count_diff(text, 0, ',');
	assert_string_equal(text, "0");
	fmt_count_diff(text, INT64_MIN, ',');
	assert_string_equal(text, "-9,223,372,036,854,775,808");
}

static void
fmt_count_short_has_powers_of_1000(void **state)
{
	static const struct size_case cases[] = {
		{ 0, "0" }, { 950, "950" }, { 84200, "84.2k" },
		{ 118000, "118k" }, { 99949, "99.9k" }, { 99951, "100k" },
		{ 999499, "999k" }, { 999501, "1.0M" }, { 1200000, "1.2M" },
		{ UINT64_MAX, "18.4E" },
	};

	(void)state;
	check_sizes(fmt_count_short, cases, array_size(cases));
}

static void
fmt_percent_and_clock(void **state)
{
	char text[FMT_ROOM];

	(void)state;
	fmt_percent(text, 542, 1184);
	assert_string_equal(text, "45.8");
	fmt_percent(text, 1, 0);
	assert_string_equal(text, "0.0");
	fmt_percent(text, UINT64_MAX, UINT64_MAX);
	assert_string_equal(text, "100.0");
	fmt_percent(text, 3, 1);
	assert_string_equal(text, "300.0");
	fmt_clock(text, 761);
	assert_string_equal(text, "00:12:41");
	fmt_clock(text, 360000 + 59);
	assert_string_equal(text, "100:00:59");
}

static void
fmt_parse_size_follows_coreutils(void **state)
{
	static const struct {
		const char	*text;
		uint64_t	size;
	} cases[] = {
		{ "0", 0 }, { "123", 123 }, { "1B", 1 }, { "1K", 1024 },
		{ "1k", 1024 }, { "1kB", 1000 }, { "1KiB", 1024 },
		{ "1M", 1048576 }, { "1MB", 1000000 }, { "1MiB", 1048576 },
		{ "512K", 524288 }, { "2G", 2 * GIB }, { "3TB", 3000000000000 },
		{ "15E", UINT64_C(15) << 60 },
		{ "18446744073709551615", UINT64_MAX },
	};
	struct errbuf why;
	uint64_t size;

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		size = 42;
		assert_int_equal(
		    fmt_parse_size(cases[i].text, &size, &why), 0);
		assert_int_equal(size, cases[i].size);
	}
}

static void
fmt_parse_size_says_where_it_is_wrong(void **state)
{
	static const struct {
		const char	*text;
		int		column;
	} cases[] = {
		{ "", 1 }, { "K", 1 }, { "-1", 1 }, { " 1", 1 }, { "12x", 3 },
		{ "1KiBx", 2 }, { "1.5M", 2 }, { "1Ki", 2 }, { "16E", 1 },
		{ "18446744073709551616", 1 }, { "1 K", 2 },
	};
	struct errbuf why;
	uint64_t size = 42;

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		assert_int_equal(
		    fmt_parse_size(cases[i].text, &size, &why), -1);
		assert_int_equal(why.column, cases[i].column);
		assert_true(why.text[0] != '\0');
		assert_int_equal(size, 42);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fmt_size_for_screen_has_four_digits),
		cmocka_unit_test(fmt_size_half_rounds_to_even),
		cmocka_unit_test(fmt_size_tracemalloc_is_cpythons),
		cmocka_unit_test(fmt_size_letter_and_short_forms),
		cmocka_unit_test(fmt_size_diff_signs),
		cmocka_unit_test(fmt_average_rounds_the_quotient_once),
		cmocka_unit_test(fmt_count_separates_thousands),
		cmocka_unit_test(fmt_count_short_has_powers_of_1000),
		cmocka_unit_test(fmt_percent_and_clock),
		cmocka_unit_test(fmt_parse_size_follows_coreutils),
		cmocka_unit_test(fmt_parse_size_says_where_it_is_wrong),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("fmt", tests, NULL, NULL);
}
