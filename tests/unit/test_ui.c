/* test_ui.c - parts of the screen that need no screen: keys, actions, rows,
 * lines, prompt, history, source files. */
#include "ui/actions.h"
#include "ui/history.h"
#include "ui/keys.h"
#include "ui/line.h"
#include "ui/prompt.h"
#include "ui/rescue.h"
#include "ui/rows.h"
#include "ui/sourcefile.h"
#include "ui/outside.h"
#include "ui/trends.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- keys and actions ---- */

static void
keys_every_name_is_found_again(void **state)
{
	static const uint32_t keys[] = { K_UP, K_PGDN, K_F1, K_F12, K_TAB,
		K_BACKTAB, K_ENTER, K_ESC, K_SPACE, K_BACKSPACE, K_DELETE,
		'a', '~', '?', K_CTRL('b'), K_CTRL('\\') };
	char name[KEY_NAME_ROOM];

	(void)state;
	for (size_t i = 0; i < array_size(keys); i++)
		assert_int_equal(key_find(name, key_text(name, keys[i])),
		    keys[i]);
}

static void
keys_names_are_printable_for_any_number(void **state)
{
	char name[KEY_NAME_ROOM];

	(void)state;
	for (uint64_t key = 1; key <= UINT32_MAX; key = key * 3 + 1) {
		size_t n = key_text(name, (uint32_t)key);

		assert_in_range(n, 1, KEY_NAME_ROOM - 1);
		for (size_t i = 0; i < n; i++)
			assert_true((unsigned char)name[i] >= 0x20 &&
			    name[i] != 0x7f);
	}
}

static void
actions_every_key_has_a_name(void **state)
{
	(void)state;
	for (int id = 0; id < N_ACTIONS; id++) {
		const char *keys = actions[id].keys;
		const char *name;
		size_t size;

		while ((name = keys_next(&keys, &size)) != NULL)
			assert_int_not_equal(key_find(name, size), K_NONE);
		assert_true(strlen(actions[id].help) <= 21);
		assert_int_not_equal(actions[id].help[0], '\0');
	}
}

static void
actions_no_key_means_two_things_in_one_place(void **state)
{
	(void)state;
	for (int a = 0; a < N_ACTIONS; a++) {
		const char *keys = actions[a].keys;
		const char *name;
		size_t size;

		while ((name = keys_next(&keys, &size)) != NULL) {
			for (int b = 0; b < N_ACTIONS; b++) {
				if (a == b || (actions[a].contexts &
				    actions[b].contexts) == 0)
					continue;
				if (keys_have(actions[b].keys,
				    key_find(name, size)))
					fail_msg("%.*s: %s and %s", (int)size,
					    name, actions[a].name,
					    actions[b].name);
			}
		}
	}
}

/* ---- rows ---- */

static void
rows_cursor_goes_with_its_row(void **state)
{
	static const uint64_t before[] = { 10, 20, 30, 40 };
	static const uint64_t after[] = { 30, 10, 40, 20, 50 };
	struct row_list list = { 0 };

	(void)state;
	row_list_update(&list, before, 4, false);
	row_list_move(&list, 2);
	assert_int_equal(list.cursor, 2);
	row_list_update(&list, after, 5, false);
	assert_int_equal(list.cursor, 0);
	assert_int_equal(list.identities[list.cursor], 30);
	row_list_fini(&list);
}

static void
rows_cursor_that_never_moved_stays_first(void **state)
{
	static const uint64_t before[] = { 10, 20 }, after[] = { 20, 10 };
	struct row_list list = { 0 };

	(void)state;
	row_list_update(&list, before, 2, false);
	row_list_update(&list, after, 2, false);
	assert_int_equal(list.identities[list.cursor], 20);
	row_list_fini(&list);
}

static void
rows_held_order_keeps_places(void **state)
{
	static const uint64_t before[] = { 10, 20, 30 };
	static const uint64_t after[] = { 40, 30, 10 };
	static const uint64_t expected[] = { 10, 30, 40 };
	struct row_list list = { 0 };

	(void)state;
	row_list_update(&list, before, 3, false);
	row_list_update(&list, after, 3, true);
	assert_memory_equal(list.identities, expected, sizeof expected);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(after[list.order[i]], expected[i]);
	row_list_fini(&list);
}

static void
rows_equal_identities_all_stay(void **state)
{
	static const uint64_t rows[] = { 7, 7, 7, 8 };
	struct row_list list = { 0 };
	uint32_t seen = 0;

	(void)state;
	row_list_update(&list, rows, 4, false);
	row_list_update(&list, rows, 4, true);
	for (uint32_t i = 0; i < list.n; i++)
		seen |= 1u << list.order[i];
	assert_int_equal(seen, 0xf);
	row_list_fini(&list);
}

static void
rows_vanished_row_leaves_the_cursor_in_place(void **state)
{
	static const uint64_t before[] = { 10, 20, 30 }, after[] = { 10 };
	struct row_list list = { 0 };

	(void)state;
	row_list_update(&list, before, 3, false);
	row_list_go(&list, 2);
	row_list_update(&list, after, 1, false);
	assert_int_equal(list.cursor, 0);
	row_list_update(&list, after, 0, false);
	assert_int_equal(list.cursor, 0);
	row_list_move(&list, 5);
	assert_int_equal(list.cursor, 0);
	row_list_fini(&list);
}

static void
rows_fold_only_at_the_top_and_reach_all(void **state)
{
	uint64_t rows[20];
	struct row_list list = { 0 };
	bool seen[20] = { false };

	(void)state;
	for (uint64_t i = 0; i < 20; i++)
		rows[i] = i;
	row_list_update(&list, rows, 20, false);
	assert_int_equal(row_list_fit(&list, 5, true), 4);
	for (int step = 0; step < 40; step++) {
		uint32_t shown = row_list_fit(&list, 5, true);

		assert_true(list.cursor >= list.top &&
		    list.cursor < list.top + shown);
		for (uint32_t i = 0; i < shown; i++)
			seen[list.top + i] = true;
		row_list_move(&list, step < 20 ? 1 : -1);
	}
	for (int i = 0; i < 20; i++)
		assert_true(seen[i]);
	assert_int_equal(row_list_fit(&list, 5, true), 4);
	assert_int_equal(row_list_fit(&list, 25, true), 20);
	assert_int_equal(row_list_fit(&list, 0, true), 0);
	row_list_fini(&list);
}

/* ---- lines ---- */

static void
line_drops_the_highest_rank_first(void **state)
{
	struct cells cells;
	struct line line = { 0 };
	struct strbuf text = STRBUF_INIT(100);

	(void)state;
	cells_init(&cells, &glyphs_ascii, true);
	cells_resize(&cells, 1, 12);
	line_add(&line, 0, 0, "aaa");
	line_add(&line, 2, 0, "bbbb");
	line_add(&line, 1, 0, "ccc");
	line_add_right(&line, 0, 0, "R");
	line_put(&line, &cells, 0, 1);
	cells_dump_row(&cells, 0, &text);
	assert_string_equal(strbuf_text(&text), "aaa ccc    R");
	assert_int_equal(line_piece_at(&line, &cells, 5), 2);
	assert_int_equal(line_piece_at(&line, &cells, 3), -1);
	assert_int_equal(line_piece_at(&line, &cells, 11), 3);
	strbuf_fini(&text);
	cells_fini(&cells);
}

/* ---- prompt ---- */

static void
type(struct prompt *prompt, const char *text)
{
	for (; *text != '\0'; text++)
		prompt_type(prompt, (uint32_t)(unsigned char)*text);
}

static void
prompt_edits(void **state)
{
	struct prompt prompt = { 0 };

	(void)state;
	prompt_open(&prompt, C_FILTER, "one");
	type(&prompt, " two");
	assert_string_equal(prompt.text, "one two");
	assert_true(prompt_edit(&prompt, ACTION_ERASE_WORD, NULL));
	assert_string_equal(prompt.text, "one ");
	prompt_edit(&prompt, ACTION_EDIT_HOME, NULL);
	prompt_edit(&prompt, ACTION_YANK, NULL);
	assert_string_equal(prompt.text, "twoone ");
	prompt_type(&prompt, 0xfc);
	assert_string_equal(prompt.text, "two\u00fcone ");
	assert_true(prompt_edit(&prompt, ACTION_ERASE, NULL));
	assert_string_equal(prompt.text, "twoone ");
	assert_true(prompt_edit(&prompt, ACTION_ERASE_END, NULL));
	assert_string_equal(prompt.text, "two");
	assert_false(prompt_edit(&prompt, ACTION_ERASE_NEXT, NULL));
	prompt_edit(&prompt, ACTION_EDIT_LEFT, NULL);
	assert_true(prompt_edit(&prompt, ACTION_ERASE_START, NULL));
	assert_string_equal(prompt.text, "o");
}

static void
prompt_full_takes_no_more(void **state)
{
	struct prompt prompt = { 0 };

	(void)state;
	prompt_open(&prompt, C_FILTER, "");
	for (int i = 0; i < 3 * PROMPT_ROOM; i++)
		prompt_type(&prompt, i % 2 ? 'x' : 0x65e5);
	assert_in_range(strlen(prompt.text), PROMPT_ROOM - 4,
	    PROMPT_ROOM - 1);
	assert_false(prompt_type(&prompt, K_F1));
	assert_false(prompt_type(&prompt, 7));
}

/* ---- history ---- */

static void
history_survives_and_forgets_doubles(void **state)
{
	char directory[] = "/tmp/tmtop-test-XXXXXX";
	char path[64];
	struct history *history;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/a/b/history", directory);
	history = history_open(path);
	history_add(history, "filter", "*lru*");
	history_add(history, "search", "main");
	history_add(history, "filter", "*json*");
	history_add(history, "filter", "*lru*");
	history_add(history, "filter", "");
	history_free(history);
	history = history_open(path);
	assert_int_equal(history_count(history, "filter"), 2);
	assert_string_equal(history_get(history, "filter", 0), "*lru*");
	assert_string_equal(history_get(history, "filter", 1), "*json*");
	assert_string_equal(history_get(history, "filter", 2), "");
	assert_string_equal(history_get(history, "search", 0), "main");
	for (int i = 0; i < 700; i++) {
		char text[16];

		snprintf(text, sizeof text, "%d", i);
		history_add(history, "filter", text);
	}
	assert_int_equal(history_count(history, "filter") +
	    history_count(history, "search"), 500);
	assert_string_equal(history_get(history, "filter", 0), "699");
	history_free(history);
	assert_int_equal(unlink(path), 0);
	for (int cut = 0; cut < 3; cut++) {
		*strrchr(path, '/') = '\0';
		assert_int_equal(rmdir(path), 0);
	}
}

static void
history_of_garbage_is_printable(void **state)
{
	char path[] = "/tmp/tmtop-test-XXXXXX";
	static const char garbage[] =
	    "filter \033[31mred\nnonsense\nfilter\nsearch x\xff\n";
	int fd = mkstemp(path);
	struct history *history;

	(void)state;
	assert_int_equal(write(fd, garbage, sizeof garbage - 1),
	    sizeof garbage - 1);
	close(fd);
	history = history_open(path);
	assert_string_equal(history_get(history, "filter", 0),
	    "\\x1b[31mred");
	assert_string_equal(history_get(history, "search", 0), "x\\xff");
	assert_int_equal(history_count(history, "filter"), 1);
	history_free(history);
	unlink(path);
}

/* ---- source files ---- */

static void
sources_lines_are_safe(void **state)
{
	char path[] = "/tmp/tmtop-test-XXXXXX";
	static const char text[] =
	    "first\n\ttab\tx\r\n\nbad\xff\033[m\nlast";
	int fd = mkstemp(path);
	struct sources *sources = sources_new(NULL, 0);

	(void)state;
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	assert_int_equal(sources_n_lines(sources, path, NULL), 5);
	assert_string_equal(sources_line(sources, path, 1), "first");
	assert_string_equal(sources_line(sources, path, 2),
	    "        tab     x");
	assert_string_equal(sources_line(sources, path, 3), "");
	assert_string_equal(sources_line(sources, path, 4),
	    "bad\\xff\\x1b[m");
	assert_string_equal(sources_line(sources, path, 5), "last");
	assert_string_equal(sources_line(sources, path, 0), "");
	assert_string_equal(sources_line(sources, path, 6), "");
	assert_string_equal(sources_line(sources, path, 4000000000u), "");
	sources_free(sources);
	unlink(path);
}

static void
sources_refuse_what_is_no_file(void **state)
{
	struct sources *sources = sources_new(NULL, 0);
	struct errbuf why;

	(void)state;
	assert_int_equal(sources_n_lines(sources, "/dev/zero", &why), -1);
	assert_non_null(strstr(why.text, "regular"));
	assert_int_equal(sources_n_lines(sources, "/tmp", &why), -1);
	assert_int_equal(sources_n_lines(sources, "/nowhere/x.c", &why), -1);
	assert_non_null(strstr(why.text, "not found"));
	assert_string_equal(sources_line(sources, "/dev/zero", 1), "");
	assert_int_equal(sources_changed_at(sources, "/dev/zero"), 0);
	sources_free(sources);
}

static void
write_text(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Rules count up to a slash, in their order, and only where there is such a
 * file; else the path itself does. */
static void
sources_are_looked_for_where_the_maps_say(void **state)
{
	char folder[] = "/tmp/tmtop-test-XXXXXX", old[64], rules[4][128];
	const char *maps[] = { rules[0], rules[1], rules[2], rules[3] };
	struct sources *sources;

	(void)state;
	assert_non_null(mkdtemp(folder));
	write_text(folder, "a.c", "new a\n");
	write_text(folder, "b.c", "new b\n");
	write_text(folder, "old.c", "old\n");
	snprintf(old, sizeof old, "%s/old.c", folder);
	snprintf(rules[0], sizeof rules[0], "/build/src=/nowhere");
	snprintf(rules[1], sizeof rules[1], "/build/src=%s", folder);
	snprintf(rules[2], sizeof rules[2], "./rel/=%s/", folder);
	snprintf(rules[3], sizeof rules[3], "%s=%s/b.c", old, folder);
	sources = sources_new(maps, 3);
	assert_string_equal(sources_line(sources, "/build/src/a.c", 1),
	    "new a");
	assert_string_equal(sources_line(sources, "./rel/b.c", 1), "new b");
	assert_string_equal(sources_line(sources, old, 1), "old");
	assert_int_equal(sources_n_lines(sources, "/build/srca.c", NULL), -1);
	assert_int_equal(sources_n_lines(sources, "/build/src/c.c", NULL), -1);
	sources_free(sources);
	sources = sources_new(maps, 4);
	assert_string_equal(sources_line(sources, old, 1), "new b");
	sources_free(sources);
	unlink(old);
	snprintf(old, sizeof old, "%s/a.c", folder);
	unlink(old);
	snprintf(old, sizeof old, "%s/b.c", folder);
	unlink(old);
	rmdir(folder);
}

/* ---- rescue ---- */

static void
rescue_bytes_have_no_padding_and_fit(void **state)
{
	char bytes[RESCUE_BYTES];
	size_t n = rescue_add(bytes, 0, "\033[m$<5>x$<20/>y$z");

	(void)state;
	assert_int_equal(n, 7);
	assert_memory_equal(bytes, "\033[mxy$z", 7);
	for (int i = 0; i < 200; i++)
		n = rescue_add(bytes, n, "0123456789");
	assert_int_equal(n, RESCUE_BYTES);
}

/* The examples of RFC 4648. */
static void
outside_copies_in_base64(void **state)
{
	static const struct { const char *text, *expected; } cases[] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "\xff\xfe\xfb", "//77" },
	};
	char expected[40];

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct strbuf text = STRBUF_INIT(100);

		outside_add_osc52(&text, cases[i].text);
		snprintf(expected, sizeof expected, "\033]52;c;%s\a",
		    cases[i].expected);
		assert_string_equal(strbuf_text(&text), expected);
		strbuf_fini(&text);
	}
}

/* 100 allocations in two seconds, then a reading that says nothing new. */
static void
trends_rate_is_over_the_last_readings(void **state)
{
	static struct trends trends;
	struct statistic row = { .identity = 7, .allocs = 1000, .size = 5 };
	double rate;

	(void)state;
	trends = (struct trends){ .n = 0 };
	assert_false(trend_rate(trends_find(&trends, 7), &rate));
	trends_add(&trends, &row, 1000000000);
	assert_false(trend_rate(trends_find(&trends, 7), &rate));
	row.allocs = 1100;
	row.size = 9;
	trends_add(&trends, &row, 3000000000);
	trends_add(&trends, &row, 3000000000);
	assert_true(trend_rate(trends_find(&trends, 7), &rate));
	assert_true(rate == 50.0);
	assert_int_equal(trends_find(&trends, 7)->n, 2);
	assert_int_equal(trends_find(&trends, 7)->sizes[1], 9);
	row.allocs = 3;		/* cleared */
	trends_add(&trends, &row, 4000000000);
	assert_false(trend_rate(trends_find(&trends, 7), &rate));
}

static void
trends_forget_the_oldest(void **state)
{
	static struct trends trends;
	struct statistic row = { .allocs = 1 };

	(void)state;
	trends = (struct trends){ .n = 0 };
	for (uint64_t i = 0; i < TRENDS_MAX + 3; i++) {
		row.identity = i;
		trends_add(&trends, &row, 1);
	}
	assert_null(trends_find(&trends, 2));
	assert_non_null(trends_find(&trends, 3));
	row.identity = 5;
	for (uint64_t i = 2; i < 20; i++)
		trends_add(&trends, &row, i);
	assert_int_equal(trends_find(&trends, 5)->n, TREND_SAMPLES);
	assert_int_equal(trends_find(&trends, 5)->times_ns[0], 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_every_name_is_found_again),
		cmocka_unit_test(keys_names_are_printable_for_any_number),
		cmocka_unit_test(actions_every_key_has_a_name),
		cmocka_unit_test(actions_no_key_means_two_things_in_one_place),
		cmocka_unit_test(rows_cursor_goes_with_its_row),
		cmocka_unit_test(rows_cursor_that_never_moved_stays_first),
		cmocka_unit_test(rows_held_order_keeps_places),
		cmocka_unit_test(rows_equal_identities_all_stay),
		cmocka_unit_test(rows_vanished_row_leaves_the_cursor_in_place),
		cmocka_unit_test(rows_fold_only_at_the_top_and_reach_all),
		cmocka_unit_test(line_drops_the_highest_rank_first),
		cmocka_unit_test(prompt_edits),
		cmocka_unit_test(prompt_full_takes_no_more),
		cmocka_unit_test(history_survives_and_forgets_doubles),
		cmocka_unit_test(history_of_garbage_is_printable),
		cmocka_unit_test(sources_lines_are_safe),
		cmocka_unit_test(sources_refuse_what_is_no_file),
		cmocka_unit_test(sources_are_looked_for_where_the_maps_say),
		cmocka_unit_test(outside_copies_in_base64),
		cmocka_unit_test(trends_rate_is_over_the_last_readings),
		cmocka_unit_test(trends_forget_the_oldest),
		cmocka_unit_test(rescue_bytes_have_no_padding_and_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
