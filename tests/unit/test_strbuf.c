/*
 * test_strbuf.c - strings that grow up to a cap.
 */
#include "util/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
strbuf_empty_is_a_string(void **state)
{
	struct strbuf buf = STRBUF_INIT(10);

	(void)state;
	assert_string_equal(strbuf_text(&buf), "");
	strbuf_cut(&buf, 5);
	strbuf_add(&buf, NULL, 0);
	strbuf_printf(&buf, "%s", "");
	assert_string_equal(strbuf_text(&buf), "");
	assert_false(buf.is_cut);
	strbuf_fini(&buf);
	strbuf_fini(&buf);
}

static void
strbuf_appends_in_all_ways(void **state)
{
	struct strbuf buf = STRBUF_INIT(1000);

	(void)state;
	strbuf_puts(&buf, "rows");
	strbuf_putc(&buf, ':');
	strbuf_pad(&buf, ' ', 3);
	strbuf_printf(&buf, "%d of %s", 7, "204");
	strbuf_add(&buf, "!\0?", 3);
	assert_int_equal(buf.size, 19);
	assert_memory_equal(strbuf_text(&buf), "rows:   7 of 204!\0?", 20);
	strbuf_cut(&buf, 4);
	assert_string_equal(strbuf_text(&buf), "rows");
	strbuf_clear(&buf);
	assert_string_equal(strbuf_text(&buf), "");
	strbuf_fini(&buf);
}

static void
strbuf_stops_at_its_cap(void **state)
{
	struct strbuf buf = STRBUF_INIT(5);

	(void)state;
	strbuf_puts(&buf, "abcde");
	assert_false(buf.is_cut);
	strbuf_putc(&buf, 'f');
	assert_true(buf.is_cut);
	assert_string_equal(strbuf_text(&buf), "abcde");
	strbuf_clear(&buf);
	assert_false(buf.is_cut);
	strbuf_printf(&buf, "%s", "1234567890");
	assert_true(buf.is_cut);
	assert_string_equal(strbuf_text(&buf), "12345");
	strbuf_clear(&buf);
	strbuf_pad(&buf, '-', 9);
	assert_string_equal(strbuf_text(&buf), "-----");
	strbuf_clear(&buf);
	strbuf_puts(&buf, "abc");
	strbuf_puts(&buf, "defgh");
	assert_string_equal(strbuf_text(&buf), "abcde");
	strbuf_fini(&buf);
}

static void
strbuf_grows_to_what_it_is_given(void **state)
{
	enum { N = 20000 };
	struct strbuf buf = STRBUF_INIT(10 * N);
	const char *text;

	(void)state;
	for (int i = 0; i < N; i++)
		strbuf_printf(&buf, "%05d,", i);
	assert_int_equal(buf.size, 6 * N);
	text = strbuf_text(&buf);
	for (int i = 0; i < N; i++)
		assert_int_equal(atoi(text + 6 * i), i);
	strbuf_fini(&buf);
}

static void
strbuf_take_hands_over(void **state)
{
	struct strbuf buf = STRBUF_INIT(8);
	char *text;

	(void)state;
	strbuf_puts(&buf, "mine");
	text = strbuf_take(&buf);
	assert_string_equal(text, "mine");
	assert_string_equal(strbuf_text(&buf), "");
	free(text);
	text = strbuf_take(&buf);
	assert_string_equal(text, "");
	free(text);
	strbuf_puts(&buf, "123456789");
	assert_string_equal(strbuf_text(&buf), "12345678");
	strbuf_fini(&buf);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(strbuf_empty_is_a_string),
		cmocka_unit_test(strbuf_appends_in_all_ways),
		cmocka_unit_test(strbuf_stops_at_its_cap),
		cmocka_unit_test(strbuf_grows_to_what_it_is_given),
		cmocka_unit_test(strbuf_take_hands_over),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("strbuf", tests, NULL, NULL);
}
