/*
 * test_expression.c - DWARF expressions of unwind tables.
 *
 * The byte strings are what GNU as and ld emit, as `readelf --debug-dump=frames`
 * shows them; values are worked out by hand.
 */
#include "hooks/eh_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uintptr_t words[8] = { 100, 200, 300, 400, 500, 600, 700, 800 };

static bool
evaluate(const char *bytes, size_t size, const uintptr_t *push,
    uintptr_t *result)
{
	struct cfi_context context = {
		.rsp = (uintptr_t)words, .rbp = (uintptr_t)&words[4],
		.pc = 0x401026,
		.stack = { (uintptr_t)words, (uintptr_t)(words + 8),
		    (const char *)words },
	};

	return eh_frame_evaluate((const uint8_t *)bytes, (uint32_t)size,
	    &context, push, result);
}

#define EVALUATE(bytes, push, result)					\
	evaluate(bytes, sizeof(bytes) - 1, push, result)

/* CFA = rsp + 8 + ((rip & 15) >= 11) * 8: 6 < 11, so 8. */
static void
expression_of_a_plt_entry_before_the_push(void **state)
{
	uintptr_t cfa;

	(void)state;
	assert_true(EVALUATE("\x77\x08\x80\x00\x3f\x1a\x3b\x2a\x33\x24\x22",
	    NULL, &cfa));
	assert_int_equal(cfa, (uintptr_t)words + 8);
}

/* rbp - 8, dereferenced: main() with a realigned stack. */
static void
expression_of_a_realigned_frame_reads_the_stack(void **state)
{
	uintptr_t cfa;

	(void)state;
	assert_true(EVALUATE("\x76\x78\x06", NULL, &cfa));
	assert_int_equal(cfa, 400);
}

static void
expression_of_a_rule_begins_with_what_was_pushed(void **state)
{
	uintptr_t cfa = 1000, at;

	(void)state;
	assert_true(EVALUATE("\x23\x90\x03", &cfa, &at));  /* plus 400 */
	assert_int_equal(at, 1400);
}

static void
expression_constants_are_signed_as_they_say(void **state)
{
	uintptr_t value;

	(void)state;
	assert_true(EVALUATE("\x09\xff", NULL, &value));	/* const1s */
	assert_int_equal(value, (uintptr_t)-1);
	assert_true(EVALUATE("\x08\xff", NULL, &value));	/* const1u */
	assert_int_equal(value, 255);
	assert_true(EVALUATE("\x11\x7f", NULL, &value));	/* consts */
	assert_int_equal(value, (uintptr_t)-1);
	assert_true(EVALUATE("\x0d\xfe\xff\xff\xff", NULL, &value));
	assert_int_equal(value, (uintptr_t)-2);
}

static void
expression_outside_the_stack_is_refused(void **state)
{
	uintptr_t value;

	(void)state;
	assert_false(EVALUATE("\x76\x20\x06", NULL, &value));	/* rbp + 32 */
	assert_false(EVALUATE("\x77\x78\x06", NULL, &value));	/* rsp - 8 */
	assert_false(EVALUATE("\x30\x06", NULL, &value));	/* NULL */
	assert_false(EVALUATE("\x09\xff\x06", NULL, &value));
}

static void
expression_malformed_is_refused(void **state)
{
	static const char *const cases[] = {
		"\x22",			/* plus of nothing */
		"\x06",			/* read of nothing */
		"\x0a\x01",		/* const2u cut short */
		"\x73\x80",		/* rbx is not known; LEB cut short */
		"\x70\x01",		/* breg0: not known here */
		"\xff",			/* no such operation */
		"\x2f\x01\x00",		/* skip beyond the end */
		"\x2f\xf0\xff",		/* skip before the start */
	};
	static const unsigned sizes[] = { 1, 1, 2, 2, 2, 1, 3, 3 };
	uintptr_t value;

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++)
		assert_false(evaluate(cases[i], sizes[i], NULL, &value));
}

static void
expression_that_loops_ends(void **state)
{
	uintptr_t value;

	(void)state;
	assert_false(EVALUATE("\x96\x2f\xfc\xff", NULL, &value));
	/* And one that only grows its stack. */
	assert_false(EVALUATE("\x30\x2f\xfc\xff", NULL, &value));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(expression_of_a_plt_entry_before_the_push),
		cmocka_unit_test(
		    expression_of_a_realigned_frame_reads_the_stack),
		cmocka_unit_test(
		    expression_of_a_rule_begins_with_what_was_pushed),
		cmocka_unit_test(expression_constants_are_signed_as_they_say),
		cmocka_unit_test(expression_outside_the_stack_is_refused),
		cmocka_unit_test(expression_malformed_is_refused),
		cmocka_unit_test(expression_that_loops_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
