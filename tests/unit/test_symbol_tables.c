/*
 * test_symbol_tables.c - the helper's tables on literal data, and names.
 */
#include "symbols/demangle.h"
#include "symbols/lines.h"
#include "symbols/protocol.h"
#include "symbols/symtab.h"
#include "symbols/waiting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- ranges ---- */

static void
ranges_innermost_start_wins(void **state)
{
	struct ranges ranges = { VEC_INIT, false };

	(void)state;
	assert_int_equal(ranges_find(&ranges, 5), RANGE_NONE);
	ranges_add(&ranges, 100, 200, 1);
	ranges_add(&ranges, 10, 1000, 2);
	ranges_add(&ranges, 300, 300, 3);	/* empty */
	ranges_add(&ranges, 500, 400, 4);	/* reversed */
	ranges_add(&ranges, 150, 160, 5);
	assert_int_equal(ranges_find(&ranges, 9), RANGE_NONE);
	assert_int_equal(ranges_find(&ranges, 10), 2);
	assert_int_equal(ranges_find(&ranges, 99), 2);
	assert_int_equal(ranges_find(&ranges, 100), 1);
	assert_int_equal(ranges_find(&ranges, 150), 5);
	assert_int_equal(ranges_find(&ranges, 159), 5);
	assert_int_equal(ranges_find(&ranges, 160), 1);
	assert_int_equal(ranges_find(&ranges, 200), 2);
	assert_int_equal(ranges_find(&ranges, 300), 2);
	assert_int_equal(ranges_find(&ranges, 450), 2);
	assert_int_equal(ranges_find(&ranges, 1000), RANGE_NONE);
	/* added after a search */
	ranges_add(&ranges, 450, UINT64_MAX, 6);
	assert_int_equal(ranges_find(&ranges, 450), 6);
	assert_int_equal(ranges_find(&ranges, UINT64_MAX - 1), 6);
	assert_int_equal(ranges_find(&ranges, UINT64_MAX), RANGE_NONE);
	ranges_fini(&ranges);
}

static uint32_t
scan(const struct ranges *ranges, size_t n, uint64_t address)
{
	const struct range *best = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct range *r = &ranges->all.items[i];

		if (address < r->low || address >= r->high)
			continue;
		if (best == NULL || r->low > best->low ||
		    (r->low == best->low && r->high < best->high))
			best = r;
	}
	return best == NULL ? RANGE_NONE : best->id;
}

/* Against a linear search, over ranges that nest and overlap. */
static void
ranges_agree_with_a_linear_search(void **state)
{
	struct ranges ranges = { VEC_INIT, false };
	bool seen[60][60] = { { false } };

	(void)state;
	srandom(3);
	for (uint32_t id = 0; id < 80; id++) {
		long low = random() % 59, high = low + 1 + random() % 8;

		if (high >= 60 || seen[low][high])
			continue;
		seen[low][high] = true;
		ranges_add(&ranges, (uint64_t)low, (uint64_t)high, id);
	}
	for (uint64_t address = 0; address < 70; address++)
		assert_int_equal(ranges_find(&ranges, address),
		    scan(&ranges, ranges.all.n, address));
	ranges_fini(&ranges);
}

/* ---- lines ---- */

static const struct line_row *
find_in(struct line_row *rows, size_t n, uint64_t address)
{
	struct lines lines = { { rows, n, n } };

	return lines_find(&lines, address);
}

static void
lines_last_row_of_an_address_rather_a_statement(void **state)
{
	struct line_row rows[] = {
		{ 10, "a.c", 1, true, false },
		{ 20, "a.c", 2, true, false },
		{ 20, "a.c", 3, true, false },
		{ 20, "a.c", 4, false, false },
		{ 30, "a.c", 5, false, false },
		{ 40, "a.c", 0, false, true },
		{ 60, "b.c", 6, true, false },
		{ 70, "b.c", 0, true, true },
		{ 70, "c.c", 7, true, false },
		{ 80, "c.c", 0, true, true },
	};
	const struct { uint64_t address; uint32_t line; } expected[] = {
		{ 10, 1 }, { 19, 1 }, { 20, 3 }, { 29, 3 }, { 30, 5 },
		{ 39, 5 }, { 60, 6 }, { 69, 6 }, { 70, 7 }, { 79, 7 },
	};
	const uint64_t outside[] = { 0, 9, 40, 59, 80, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < array_size(expected); i++)
		assert_int_equal(find_in(rows, array_size(rows),
		    expected[i].address)->line, expected[i].line);
	for (size_t i = 0; i < array_size(outside); i++)
		assert_null(find_in(rows, array_size(rows), outside[i]));
	assert_null(find_in(rows, 0, 10));
}

/* ---- symbols ---- */

#define FUNCTION(n, a, s)						\
	{ .name = n, .address = a, .size = s, .limit = 1000,		\
	  .is_function = true }

static const char *
name_at(struct symtab *symtab, uint64_t address)
{
	const struct symtab_symbol *symbol = symtab_find(symtab, address);

	return symbol == NULL ? "-" : symbol->name;
}

static void
symtab_covering_symbol(void **state)
{
	static const struct symtab_symbol symbols[] = {
		FUNCTION("first", 100, 50),
		FUNCTION("label", 120, 0),
		FUNCTION("second", 200, 10),
		FUNCTION("assembly", 300, 0),
		FUNCTION("more", 320, 0),
	};
	struct symtab symtab = { 0 };

	(void)state;
	for (size_t i = 0; i < array_size(symbols); i++)
		symtab_add(&symtab, &symbols[i]);
	symtab_finish(&symtab);
	assert_string_equal(name_at(&symtab, 99), "-");
	assert_string_equal(name_at(&symtab, 100), "first");
	assert_string_equal(name_at(&symtab, 130), "first");
	/* "label" reaches to the next symbol, where nothing else is */
	assert_string_equal(name_at(&symtab, 150), "label");
	assert_string_equal(name_at(&symtab, 205), "second");
	assert_string_equal(name_at(&symtab, 210), "-");
	assert_string_equal(name_at(&symtab, 319), "assembly");
	assert_string_equal(name_at(&symtab, 320), "more");
	assert_string_equal(name_at(&symtab, 999), "more");
	assert_string_equal(name_at(&symtab, 1000), "-");
	symtab_fini(&symtab);
}

static void
symtab_name_does_not_depend_on_the_order(void **state)
{
	static const struct symtab_symbol aliases[] = {
		{ "__libc_malloc", 100, 50, 1000, true, false, false },
		{ "malloc", 100, 50, 1000, true, false, false },
		{ "__GI___libc_malloc", 100, 50, 1000, true, true, false },
		{ "m", 100, 50, 1000, true, true, false },
		{ "memory", 100, 50, 1000, true, false, true },
		{ "marker", 100, 0, 1000, false, false, false },
	};

	(void)state;
	for (size_t first = 0; first < array_size(aliases); first++) {
		struct symtab symtab = { 0 };

		for (size_t i = 0; i < array_size(aliases); i++)
			symtab_add(&symtab, &aliases[(first + i) %
			    array_size(aliases)]);
		symtab_finish(&symtab);
		assert_string_equal(name_at(&symtab, 120), "malloc");
		symtab_fini(&symtab);
	}
}

/* ---- names ---- */

static void
demangle_without_parameters_and_return_type(void **state)
{
	static const char *const names[][2] = {
		{ "main", "main" },
		{ "", "" },
		{ "_Z", "_Z" },
		{ "_Zebra", "_Zebra" },
		{ "_ZNSt6vectorIiSaIiEE9push_backERKi",
		    "std::vector<int, std::allocator<int> >::push_back" },
		{ "_Z3addIdET_S0_S0_", "add<double>" },
		{ "_ZN3FooC4Ev", "Foo::Foo" },
		{ "_ZN3FooD0Ev", "Foo::~Foo" },
		{ "_ZNK3FoocvPKcEv", "Foo::operator char const*" },
		{ "_Znwm", "operator new" },
		{ "_ZdaPv", "operator delete[]" },
		{ "_ZN12_GLOBAL__N_13barEv", "(anonymous namespace)::bar" },
		{ "_ZN12_GLOBAL__N_13barEv.part.0",
		    "(anonymous namespace)::bar" },
		{ "_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()" },
		{ "_ZN4core3ptr13drop_in_place17h0123456789abcdefE",
		    "core::ptr::drop_in_place" },
		{ "_RNvCs15kBYyAo9fc_7mycrate7example",
		    "mycrate::example" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < array_size(names); i++) {
		size_t size = demangle(text, sizeof text, names[i][0]);

		assert_string_equal(text, names[i][1]);
		assert_int_equal(size, strlen(names[i][1]));
	}
}

/* pair<a, a>, then each time a pair of the pair before: a name of 300 bytes
 * stands for 2^32 bytes of text.  Cut, without memory or time for all that. */
static void
demangle_is_cut_at_its_room(void **state)
{
	static const char ids[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char mangled[1024] = "_Z1fISt4pairI1aS1_E", text[100];
	size_t size;

	(void)state;
	for (int i = 2; i < 34; i++) {
		size_t n = strlen(mangled);

		snprintf(mangled + n, sizeof mangled - n, "S0_IS%c_S%c_E",
		    ids[i], ids[i]);
	}
	strcat(mangled, "Evv");
	size = demangle(text, sizeof text, mangled);
	assert_int_equal(size, sizeof text - 1);
	assert_int_equal(size, strlen(text));
	assert_memory_equal(text, "f<std::pair<a, a>, std::pair<std::", 34);

	assert_int_equal(demangle(text, 6, "_ZN3FooC4Ev"), 5);
	assert_string_equal(text, "Foo::");
	assert_int_equal(demangle(text, 4, "plain"), 3);
	assert_string_equal(text, "pla");
	assert_int_equal(demangle(text, 1, "plain"), 0);
	assert_string_equal(text, "");
}

static void
demangle_deep_and_long_names_end(void **state)
{
	static char mangled[100000], text[5000];

	(void)state;
	/* pointers to pointers, 90,000 deep: too long, shown as it is */
	memset(mangled, 'P', sizeof mangled - 10);
	memcpy(mangled, "_Z1f", 4);
	assert_int_equal(demangle(text, sizeof text, mangled), 4999);
	/* as deep as may be tried */
	mangled[16000] = 'i';
	mangled[16001] = '\0';
	assert_true(demangle(text, sizeof text, mangled) > 0);
	/* templates in templates */
	strcpy(mangled, "_Z");
	for (int i = 0; i < 3000; i++)
		strcat(mangled, "1aI");
	assert_true(demangle(text, sizeof text, mangled) > 0);
}

/* ---- the protocol ---- */

static void
packets_round_trip(void **state)
{
	struct strbuf buf = STRBUF_INIT(100000);
	struct packet packet;
	struct packet_string string;
	uint32_t kind;
	size_t start;

	(void)state;
	start = packet_begin(&buf, SYMBOLS_LOOKUP);
	packet_put_u32(&buf, 0xfedcba98);
	packet_put_u64(&buf, UINT64_MAX - 1);
	packet_put_string(&buf, "a\0b", 3);
	packet_end(&buf, start);
	assert_int_equal(buf.size, 8 + 4 + 8 + 2 + 3);

	for (size_t size = 0; size < buf.size; size++)
		assert_int_equal(packet_split(buf.text, size, 100, &kind,
		    &packet), 0);
	assert_int_equal(packet_split(buf.text, buf.size, 24, &kind,
	    &packet), -1);
	assert_int_equal(packet_split(buf.text, buf.size, 25, &kind,
	    &packet), 25);
	assert_int_equal(kind, SYMBOLS_LOOKUP);
	assert_int_equal(packet_get_u32(&packet), 0xfedcba98);
	assert_true(packet_get_u64(&packet) == UINT64_MAX - 1);
	string = packet_get_string(&packet);
	assert_int_equal(string.size, 3);
	assert_memory_equal(string.bytes, "a\0b", 3);
	assert_true(packet_is_done(&packet));
	assert_int_equal(packet_get_u32(&packet), 0);
	assert_false(packet_is_done(&packet));
	strbuf_fini(&buf);
}

static void
packets_too_long_string_is_refused(void **state)
{
	unsigned char bytes[5002] = { 0 };
	struct packet packet = { bytes, sizeof bytes, false };
	uint16_t size = NAME_MAX_BYTES + 1;

	(void)state;
	memcpy(bytes, &size, sizeof size);
	packet_get_string(&packet);
	assert_true(packet.is_bad);
}

/* ---- waiting ---- */

/* Everything that can be asked for now, in its order, as "1 2 3". */
static const char *
send_all(struct waiting *waiting)
{
	static char text[2048];
	uint32_t location;
	size_t used = 0;

	text[0] = '\0';
	while (waiting_next(waiting, &location)) {
		bool is_new = waiting_send(waiting, location);

		used += (size_t)snprintf(text + used, sizeof text - used,
		    "%s%u%s", used > 0 ? " " : "", location,
		    is_new ? "" : "r");
	}
	return text;
}

static void
waiting_order_is_urgent_then_new_then_rough(void **state)
{
	static const uint32_t urgent[] = { 7, 3, 99, 5 };
	struct waiting waiting = { 0 };

	(void)state;
	for (uint32_t i = 1; i <= 8; i++)
		waiting_add(&waiting, i, i >= 5 && i <= 6);
	waiting_hurry(&waiting, urgent, 4);
	assert_string_equal(send_all(&waiting), "7 3 5r 1 2 4 8 6r");
	assert_int_equal(waiting.n_waiting, 8);
	/* what was answered roughly comes again, last */
	assert_true(waiting_head_is_new(&waiting));
	assert_int_equal(waiting_take_rough(&waiting), 7);
	waiting_add(&waiting, 9, false);
	assert_string_equal(send_all(&waiting), "9 7r");
	assert_int_equal(waiting_take(&waiting), 3);
	assert_int_equal(waiting.n_waiting, 8);
	assert_int_equal(waiting.n_asked, 9);
	/* hurrying what is with the helper, or answered, has no effect */
	waiting_hurry(&waiting, urgent, 4);
	assert_string_equal(send_all(&waiting), "");
	waiting_fini(&waiting);
}

static void
waiting_after_a_death_the_same_are_asked_first(void **state)
{
	struct waiting waiting = { 0 };

	(void)state;
	for (uint32_t i = 1; i <= WAITING_MAX_SENT + 2; i++)
		waiting_add(&waiting, i, i == 3);
	send_all(&waiting);
	assert_int_equal(waiting.n_sent, WAITING_MAX_SENT);
	assert_int_equal(waiting_take(&waiting), 1);
	waiting_return(&waiting);
	assert_int_equal(waiting_head(&waiting), 0);
	assert_memory_equal(send_all(&waiting), "2 4 5 6", 7);
	assert_int_equal(waiting.n_waiting, WAITING_MAX_SENT + 1);
	while (waiting_head(&waiting) != 0)
		waiting_take(&waiting);
	assert_string_equal(send_all(&waiting), "3r");
	waiting_take(&waiting);
	assert_int_equal(waiting.n_waiting, 0);
	waiting_fini(&waiting);
}

static void
waiting_parked_is_not_asked_until_unparked(void **state)
{
	struct waiting waiting = { 0 };

	(void)state;
	waiting_add(&waiting, 1, false);
	waiting_add(&waiting, 2, false);
	send_all(&waiting);
	assert_int_equal(waiting_park(&waiting), 1);
	assert_int_equal(waiting_take(&waiting), 2);
	assert_string_equal(send_all(&waiting), "");
	assert_int_equal(waiting.n_waiting, 1);
	waiting_unpark(&waiting, 1);
	assert_string_equal(send_all(&waiting), "1r");
	waiting_fini(&waiting);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_innermost_start_wins),
		cmocka_unit_test(ranges_agree_with_a_linear_search),
		cmocka_unit_test(
		    lines_last_row_of_an_address_rather_a_statement),
		cmocka_unit_test(symtab_covering_symbol),
		cmocka_unit_test(symtab_name_does_not_depend_on_the_order),
		cmocka_unit_test(demangle_without_parameters_and_return_type),
		cmocka_unit_test(demangle_is_cut_at_its_room),
		cmocka_unit_test(demangle_deep_and_long_names_end),
		cmocka_unit_test(packets_round_trip),
		cmocka_unit_test(packets_too_long_string_is_refused),
		cmocka_unit_test(waiting_order_is_urgent_then_new_then_rough),
		cmocka_unit_test(
		    waiting_after_a_death_the_same_are_asked_first),
		cmocka_unit_test(waiting_parked_is_not_asked_until_unparked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("symbol tables", tests, NULL,
	    NULL);
}
