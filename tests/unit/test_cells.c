/* test_cells.c - the grid that views draw into. */
#include "ui/cells.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct cells cells;

static int
set_up(void **state)
{
	(void)state;
	cells_init(&cells, &glyphs_ascii, true);
	cells_resize(&cells, 3, 10);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	cells_fini(&cells);
	return 0;
}

static void
expect_row(int row, const char *text)
{
	struct strbuf is = STRBUF_INIT(1000);

	cells_dump_row(&cells, row, &is);
	assert_string_equal(strbuf_text(&is), text);
	strbuf_fini(&is);
}

static void
put_cuts_at_width_and_edge(void **state)
{
	(void)state;
	assert_int_equal(cells_put(&cells, 0, 0, 4, 0, "abcdef"), 4);
	assert_int_equal(cells_put(&cells, 1, 7, 100, 0, "abcdef"), 3);
	expect_row(0, "abcd");
	expect_row(1, "       abc");
}

static void
put_outside_does_nothing(void **state)
{
	(void)state;
	assert_int_equal(cells_put(&cells, -1, 0, 5, 0, "x"), 0);
	assert_int_equal(cells_put(&cells, 3, 0, 5, 0, "x"), 0);
	assert_int_equal(cells_put(&cells, 0, 10, 5, 0, "x"), 0);
	assert_int_equal(cells_put(&cells, 0, -1, 5, 0, "x"), 0);
	assert_int_equal(cells_put(&cells, 0, 0, -5, 0, "x"), 0);
	cells_fill(&cells, 5, 5, 50, 0, "x");
	cells_add_style(&cells, 2, 8, 50, STYLE_SELECTED);
	cells_box(&cells, (struct rect){ 1, 5, 20, 20 }, "title");
	assert_null(cells_at(&cells, 0, 10));
}

static void
put_right_ends_at_the_column(void **state)
{
	(void)state;
	cells_put_right(&cells, 0, 2, 5, 0, "abc");
	cells_put_right(&cells, 1, 2, 5, 0, "abcdefg");
	expect_row(0, "    abc");
	expect_row(1, "  abcde");
}

static void
tail_keeps_file_name_and_line(void **state)
{
	(void)state;
	cells_resize(&cells, 1, 40);
	cells_put_tail(&cells, 0, 0, 17, 0, "src/json/parse.c:402");
	expect_row(0, "..son/parse.c:402");
}

static void
head_ends_in_an_ellipsis(void **state)
{
	(void)state;
	cells_put_head(&cells, 0, 0, 8, 0, "abcdefghij");
	cells_put_head(&cells, 1, 0, 8, 0, "abcdefgh");
	cells_put_head(&cells, 2, 0, 2, 0, "abc");
	expect_row(0, "abcdef..");
	expect_row(1, "abcdefgh");
	expect_row(2, "ab");
}

static void
wide_character_takes_two_columns(void **state)
{
	(void)state;
	assert_int_equal(cells_width(&cells, "a\u65e5b"), 4);
	assert_int_equal(cells_put(&cells, 0, 0, 10, 0, "a\u65e5b"), 4);
	assert_int_equal(cells_at(&cells, 0, 1)->width, 2);
	assert_int_equal(cells_at(&cells, 0, 2)->width, 0);
	expect_row(0, "a\u65e5b");
}

static void
wide_character_is_never_halved_at_the_edge(void **state)
{
	(void)state;
	assert_int_equal(cells_put(&cells, 0, 9, 10, 0, "\u65e5"), 0);
	assert_int_equal(cells_put(&cells, 1, 0, 2, 0, "a\u65e5"), 1);
	expect_row(0, "");
	expect_row(1, "a");
}

static void
overwriting_half_a_wide_character_blanks_the_other(void **state)
{
	(void)state;
	cells_put(&cells, 0, 0, 10, 0, "\u65e5\u672c");
	cells_put(&cells, 0, 1, 1, 0, "x");
	expect_row(0, " x\u672c");
	cells_put(&cells, 0, 2, 1, 0, "y");
	expect_row(0, " xy");
	cells_put(&cells, 1, 0, 10, 0, "a\u65e5b");
	cells_put(&cells, 1, 0, 2, 0, "\u672c");
	expect_row(1, "\u672c b");
}

static void
combining_character_joins_the_one_before(void **state)
{
	(void)state;
	assert_int_equal(cells_put(&cells, 0, 0, 10, 0, "e\u0301x"), 2);
	assert_int_equal((int)cells_at(&cells, 0, 0)->text[1], 0x301);
	expect_row(0, "e\u0301x");
}

static void
too_many_combining_characters_are_dropped(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		cells_put(&cells, 0, 0, 10, 0,
		    "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301x");
	expect_row(0, "e\u0301\u0301\u0301x");
}

static void
bytes_that_are_no_text_are_escaped(void **state)
{
	(void)state;
	cells_put(&cells, 0, 0, 10, 0, "a\xff" "b");
	cells_put(&cells, 1, 0, 10, 0, "\033[m");
	cells_put(&cells, 2, 0, 6, 0, "abc\x01");
	expect_row(0, "a\\xffb");
	expect_row(1, "\\x1b[m");
	expect_row(2, "abc");
}

static void
without_utf8_everything_is_ascii(void **state)
{
	(void)state;
	cells.has_utf8 = false;
	assert_int_equal(cells_width(&cells, "\u00fc"), 8);
	cells_put(&cells, 0, 0, 10, 0, "\u00fcb");
	expect_row(0, "\\xc3\\xbcb");
}

static void
styles_stay_with_their_cells(void **state)
{
	(void)state;
	cells_put(&cells, 0, 0, 10, STYLE_BAD, "ab");
	cells_add_style(&cells, 0, 1, 1, STYLE_SELECTED);
	assert_int_equal(cells_at(&cells, 0, 0)->style, STYLE_BAD);
	assert_int_equal(cells_at(&cells, 0, 1)->style,
	    STYLE_BAD | STYLE_SELECTED);
	assert_int_equal(cells_at(&cells, 0, 2)->style, STYLE_NORMAL);
}

static void
box_has_a_title_in_its_edge(void **state)
{
	(void)state;
	cells_box(&cells, (struct rect){ 0, 0, 3, 10 }, "ab");
	expect_row(0, "+-- ab --+");
	expect_row(1, "|        |");
	expect_row(2, "+--------+");
}

static void
skip_goes_by_columns(void **state)
{
	(void)state;
	assert_string_equal(cells_skip(&cells, "abc", 2), "c");
	assert_string_equal(cells_skip(&cells, "\u65e5x", 2), "x");
	assert_string_equal(cells_skip(&cells, "\xffx", 4), "x");
	assert_string_equal(cells_skip(&cells, "abc", 9), "");
}

static void
negative_sizes_are_empty(void **state)
{
	(void)state;
	cells_resize(&cells, -3, -7);
	assert_int_equal(cells.rows, 0);
	cells_put(&cells, 0, 0, 5, 0, "x");
	cells_clear(&cells);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(put_cuts_at_width_and_edge),
		TEST(put_outside_does_nothing),
		TEST(put_right_ends_at_the_column),
		TEST(tail_keeps_file_name_and_line),
		TEST(head_ends_in_an_ellipsis),
		TEST(wide_character_takes_two_columns),
		TEST(wide_character_is_never_halved_at_the_edge),
		TEST(overwriting_half_a_wide_character_blanks_the_other),
		TEST(combining_character_joins_the_one_before),
		TEST(too_many_combining_characters_are_dropped),
		TEST(bytes_that_are_no_text_are_escaped),
		TEST(without_utf8_everything_is_ascii),
		TEST(styles_stay_with_their_cells),
		TEST(box_has_a_title_in_its_edge),
		TEST(skip_goes_by_columns),
		TEST(negative_sizes_are_empty),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
