/*
 * test_names.c - what reaches a terminal, and that ids are for ever.
 *
 * Expected texts are written out here byte by byte; the exhaustive tests
 * compare with the ranges of the Unicode standard, not with the table of the
 * code under test.
 */
#include "util/names.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct sample {
	const char	*from;
	size_t		 size;
	const char	*to;
};

#define SAMPLE(f, t)	{ f, sizeof f - 1, t }

static void
check_samples(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[256];
		size_t length = sanitise(text, sizeof text, samples[i].from,
		    samples[i].size);

		assert_string_equal(text, samples[i].to);
		assert_int_equal(length, strlen(samples[i].to));
	}
}

static void
sanitise_printable_text_is_unchanged(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("", ""),
		SAMPLE("/usr/src/a b.c", "/usr/src/a b.c"),
		SAMPLE("std::map<int, char*>::operator[]",
		    "std::map<int, char*>::operator[]"),
		SAMPLE("C:\\dir\\x41", "C:\\dir\\x41"),
		SAMPLE("gr\xc3\xbc\xc3\x9f" "e", "gr\xc3\xbc\xc3\x9f" "e"),
		SAMPLE("\xe6\xbc\xa2\xe5\xad\x97", "\xe6\xbc\xa2\xe5\xad\x97"),
		SAMPLE("\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7"),
		SAMPLE("e\xcc\x81", "e\xcc\x81"),
		SAMPLE("\xc2\xa0", "\xc2\xa0"),
	};

	(void)state;
	check_samples(samples, array_size(samples));
}

static void
sanitise_controls_become_hex(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("a\0b", "a\\x00b"),
		SAMPLE("\x1b[2J", "\\x1b[2J"),
		SAMPLE("a\tb\nc\rd", "a\\x09b\\x0ac\\x0dd"),
		SAMPLE("\x7f", "\\x7f"),
		/* C1 as a character and as a bare byte (CSI) */
		SAMPLE("\xc2\x9b" "2J", "\\xc2\\x9b2J"),
		SAMPLE("\x9b" "2J", "\\x9b2J"),
		SAMPLE("\xc2\x85", "\\xc2\\x85"),
	};

	(void)state;
	check_samples(samples, array_size(samples));
}

static void
sanitise_bidi_and_invisible_become_hex(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("a\xe2\x80\xae" "b", "a\\xe2\\x80\\xaeb"), /* RLO */
		SAMPLE("\xe2\x80\xaa", "\\xe2\\x80\\xaa"),	/* LRE */
		SAMPLE("\xe2\x81\xa6", "\\xe2\\x81\\xa6"),	/* LRI */
		SAMPLE("\xe2\x81\xa9", "\\xe2\\x81\\xa9"),	/* PDI */
		SAMPLE("\xe2\x80\x8e", "\\xe2\\x80\\x8e"),	/* LRM */
		SAMPLE("\xd8\x9c", "\\xd8\\x9c"),		/* ALM */
		SAMPLE("\xe2\x80\x8b", "\\xe2\\x80\\x8b"),	/* ZWSP */
		SAMPLE("\xe2\x80\xa8", "\\xe2\\x80\\xa8"),	/* LS */
		SAMPLE("\xef\xbb\xbf", "\\xef\\xbb\\xbf"),	/* BOM */
		SAMPLE("\xee\x80\x80", "\\xee\\x80\\x80"),	/* private */
		SAMPLE("\xf3\xa0\x80\x81", "\\xf3\\xa0\\x80\\x81"), /* tag */
	};

	(void)state;
	check_samples(samples, array_size(samples));
}

static void
sanitise_invalid_utf8_becomes_hex(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("\xff\xfe", "\\xff\\xfe"),
		SAMPLE("\x80", "\\x80"),
		SAMPLE("a\xc3", "a\\xc3"),		/* cut short */
		SAMPLE("\xe2\x82z", "\\xe2\\x82z"),
		SAMPLE("\xf0\x9f\x90", "\\xf0\\x9f\\x90"),
		SAMPLE("\xc0\xaf", "\\xc0\\xaf"),	/* overlong '/' */
		SAMPLE("\xc1\xbf", "\\xc1\\xbf"),
		SAMPLE("\xe0\x80\xaf", "\\xe0\\x80\\xaf"),
		SAMPLE("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"),
		SAMPLE("\xc0\x80", "\\xc0\\x80"),	/* overlong NUL */
		SAMPLE("\xed\xa0\x80", "\\xed\\xa0\\x80"), /* surrogate */
		SAMPLE("\xed\xbf\xbf", "\\xed\\xbf\\xbf"),
		SAMPLE("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"),
		SAMPLE("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"),
		/* what follows a broken one is read again from its start */
		SAMPLE("\xe2\xc3\xbc", "\\xe2\xc3\xbc"),
	};

	(void)state;
	check_samples(samples, array_size(samples));
}

static size_t
encode(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 63));
		to[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 63));
	to[2] = (char)(0x80 | (c >> 6 & 63));
	to[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* C0, DEL, C1, the bidirectional controls of UAX #9, surrogates. */
static bool
must_be_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c ||
	    c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069) || (c >= 0xd800 && c < 0xe000);
}

/* Letters of scripts in use, which nothing may touch. */
static bool
must_be_kept(uint32_t c)
{
	return (c >= 0x20 && c < 0x7f) || (c >= 0xc0 && c < 0x250) ||
	    (c >= 0x391 && c <= 0x3c9) || (c >= 0x410 && c <= 0x44f) ||
	    (c >= 0x5d0 && c <= 0x5ea) || (c >= 0x620 && c <= 0x64a) ||
	    (c >= 0x3041 && c <= 0x3096) || (c >= 0x4e00 && c <= 0x9fff) ||
	    (c >= 0xac00 && c <= 0xd7a3) || (c >= 0x1f600 && c <= 0x1f64f);
}

static void
sanitise_every_character(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char from[4], text[32];
		size_t size = encode(from, c);
		size_t length = sanitise(text, sizeof text, from, size);
		bool same = length == size && memcmp(text, from, size) == 0;

		if (must_be_hidden(c) ? same : must_be_kept(c) && !same)
			fail_msg("U+%04x is %s", c, text);
		if (!same)
			assert_int_equal(length, 4 * size);
	}
}

/* Every room from 0 up: never over the end, never a part of a character. */
static void
sanitise_cut_leaves_whole_characters(void **state)
{
	static const char from[] =
	    "a\xc3\xbc\x1b\xe6\xbc\xa2\xff\xf0\x9f\x90\xa7z";
	/* lengths of the text after each character */
	static const size_t ends[] = { 0, 1, 3, 7, 10, 14, 18, 19 };
	char text[32];

	(void)state;
	for (size_t room = 0; room <= 24; room++) {
		size_t length, expected = 0;

		memset(text, '#', sizeof text);
		length = sanitise(text, room, from, sizeof from - 1);
		for (size_t i = 0; i < array_size(ends); i++) {
			if (room > ends[i])
				expected = ends[i];
		}
		assert_int_equal(length, expected);
		if (room > 0)
			assert_int_equal(text[length], '\0');
		for (size_t i = room > 0 ? length + 1 : 0; i < 32; i++)
			assert_int_equal(text[i], '#');
	}
}

static void
sanitise_is_the_same_in_every_locale(void **state)
{
	static const char *const locales[] = { "C", "C.UTF-8", "POSIX" };
	static const struct sample samples[] = {
		SAMPLE("\xc3\xbc\xe9", "\xc3\xbc\\xe9"),
	};

	(void)state;
	for (size_t i = 0; i < array_size(locales); i++) {
		assert_non_null(setlocale(LC_ALL, locales[i]));
		check_samples(samples, 1);
	}
	setlocale(LC_ALL, "C");
}

/* ---- interning ---- */

static uint32_t
intern(struct names *names, const char *text)
{
	return names_intern(names, text, strlen(text));
}

static void
names_unknown_is_zero(void **state)
{
	struct names *names = names_new();
	size_t size;

	(void)state;
	assert_int_equal(names_count(names), 1);
	assert_string_equal(name_text(names, NAME_UNKNOWN), "<unknown>");
	assert_string_equal(name_raw(names, NAME_UNKNOWN, &size), "<unknown>");
	assert_int_equal(size, 9);
	assert_int_equal(intern(names, "<unknown>"), NAME_UNKNOWN);
	assert_int_equal(intern(names, ""), NAME_UNKNOWN);
	assert_int_equal(names_intern(names, "\0x", 2), NAME_UNKNOWN);
	assert_int_equal(names_count(names), 1);
	names_free(names);
	names_free(NULL);
}

static void
names_raw_and_text_differ_where_needed(void **state)
{
	struct names *names = names_new();
	uint32_t id = intern(names, "x\x1b]0;\xff");
	size_t size;

	(void)state;
	assert_string_equal(name_raw(names, id, &size), "x\x1b]0;\xff");
	assert_int_equal(size, 6);
	assert_string_equal(name_text(names, id), "x\\x1b]0;\\xff");
	/* the escaped text as a name of its own is another name */
	assert_int_not_equal(intern(names, "x\\x1b]0;\\xff"), id);
	names_free(names);
}

static void
names_inner_nul_cuts(void **state)
{
	struct names *names = names_new();

	(void)state;
	assert_int_equal(names_intern(names, "ab\0cd", 5), intern(names, "ab"));
	names_free(names);
}

/* 20,000 names: ids are dense, stay, and give back the same pointers. */
static void
names_many_keep_ids_and_addresses(void **state)
{
	enum { N = 20000 };
	struct names *names = names_new();
	const char **texts = calloc(N, sizeof *texts);
	char text[64];

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		snprintf(text, sizeof text, "/src/%u/file%u.c", i % 7, i);
		assert_int_equal(intern(names, text), i + 1);
		texts[i] = name_text(names, i + 1);
	}
	for (uint32_t i = 0; i < N; i++) {
		snprintf(text, sizeof text, "/src/%u/file%u.c", i % 7, i);
		assert_int_equal(intern(names, text), i + 1);
		assert_ptr_equal(name_text(names, i + 1), texts[i]);
		assert_string_equal(texts[i], text);
	}
	assert_int_equal(names_count(names), N + 1);
	free(texts);
	names_free(names);
}

static void
names_long_name_is_cut_before_a_character(void **state)
{
	struct names *names = names_new();
	char *text = malloc(100000);
	size_t size;
	uint32_t id;

	(void)state;
	memset(text, 'a', 100000);
	id = names_intern(names, text, 100000);
	name_raw(names, id, &size);
	assert_int_equal(size, NAME_MAX_BYTES);
	assert_int_equal(names_intern(names, text, NAME_MAX_BYTES), id);
	assert_int_not_equal(names_intern(names, text, NAME_MAX_BYTES - 1), id);

	/* a four-byte character over the cut, at each of its offsets */
	for (size_t before = 0; before <= 4; before++) {
		size_t at = NAME_MAX_BYTES - before;

		memset(text, 'b', 100000);
		memcpy(text + at, "\xf0\x9f\x90\xa7", 4);
		id = names_intern(names, text, 100000);
		name_raw(names, id, &size);
		assert_int_equal(size,
		    before == 0 || before == 4 ? NAME_MAX_BYTES : at);
		assert_null(strchr(name_text(names, id), '\\'));
	}
	free(text);
	names_free(names);
}

/* The longest text there is: every byte of the longest name escaped. */
static void
names_long_unprintable_name_is_all_escapes(void **state)
{
	struct names *names = names_new();
	char *raw = malloc(NAME_MAX_BYTES * 2);
	const char *text;

	(void)state;
	memset(raw, 0x1b, NAME_MAX_BYTES * 2);
	text = name_text(names, names_intern(names, raw, NAME_MAX_BYTES * 2));
	assert_int_equal(strlen(text), NAME_MAX_BYTES * 4);
	for (size_t i = 0; i < NAME_MAX_BYTES; i++)
		assert_memory_equal(text + 4 * i, "\\x1b", 4);
	free(raw);
	names_free(names);
}

/* Random bytes: the text is always printable ASCII or well-formed UTF-8
 * (judged by libc), whatever went in. */
static void
names_random_bytes_give_wellformed_text(void **state)
{
	uint64_t seed = 42;

	(void)state;
	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
	for (int i = 0; i < 20000; i++) {
		char raw[24], text[200];
		wchar_t wide[200];

		for (size_t k = 0; k < sizeof raw; k++) {
			seed = seed * 6364136223846793005u + 1;
			raw[k] = (char)(seed >> 56);
			if (seed >> 40 & 1)	/* more lead bytes */
				raw[k] = (char)(0xc0 | (raw[k] & 0x3f));
		}
		sanitise(text, sizeof text, raw, sizeof raw);
		assert_true(mbstowcs(wide, text, 200) != (size_t)-1);
		for (const char *p = text; *p != '\0'; p++)
			assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
	}
	setlocale(LC_ALL, "C");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sanitise_printable_text_is_unchanged),
		cmocka_unit_test(sanitise_controls_become_hex),
		cmocka_unit_test(sanitise_bidi_and_invisible_become_hex),
		cmocka_unit_test(sanitise_invalid_utf8_becomes_hex),
		cmocka_unit_test(sanitise_every_character),
		cmocka_unit_test(sanitise_cut_leaves_whole_characters),
		cmocka_unit_test(sanitise_is_the_same_in_every_locale),
		cmocka_unit_test(names_unknown_is_zero),
		cmocka_unit_test(names_raw_and_text_differ_where_needed),
		cmocka_unit_test(names_inner_nul_cuts),
		cmocka_unit_test(names_many_keep_ids_and_addresses),
		cmocka_unit_test(names_long_name_is_cut_before_a_character),
		cmocka_unit_test(names_long_unprintable_name_is_all_escapes),
		cmocka_unit_test(names_random_bytes_give_wellformed_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
