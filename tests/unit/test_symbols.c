/*
 * test_symbols.c - functions, files and lines of programs compiled here.
 *
 * What is expected stands in the programs' sources (tests/symbols/fixture.c):
 * each call of mark() says where it is when the program runs, and #line says
 * which line that is.
 */
#include "tests/symbols/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLAIN_1	"plain prog.c:108"
#define PLAIN_2	"plain prog.c:109"
#define MAIN_C	"main prog.c:114"
#define CHAIN_C	"inner prog.c:100 < middle prog.c:102 < outer prog.c:105"

static const char *const expected_c[] = { CHAIN_C, PLAIN_1, PLAIN_2, MAIN_C };

static const char *const expected_cxx[] = {
	("shop::box<long>::fill prog.cc:204"
	    " < shop::box<long>::refill prog.cc:208"),
	"shop::(anonymous namespace)::hidden<long> prog.cc:213",
	"plain_c prog.cc:218",
	"main prog.cc:225",
};

/* cmocka's skip() reads as a failure in TAP. */
static bool
has_tool(const struct fixture *fixture, const char *command)
{
	bool has = fixture_try(fixture, "%s", command);

	if (!has)
		printf("# skipped, not installed: %s\n", command);
	return has;
}

/* Compile, ask for every mark, compare with what the source says. */
static void
check_program(struct fixture *fixture, const char *compiler,
    const char *flags, const char *name)
{
	bool is_c = strstr(compiler, "CXX") == NULL &&
	    strstr(compiler, "++") == NULL;
	const char *const *expected = is_c ? expected_c : expected_cxx;
	uint64_t marks[MAX_MARKS];
	size_t n = fixture_build(fixture, compiler, flags, name, marks);

	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(fixture_describe(fixture,
		    fixture_path(fixture, name), marks[i], LOCATION_CALL),
		    expected[i]);
}

static void
symbols_c_with_and_without_optimisation(void **state)
{
	check_program(*state, "$CC", "-g -O0", "a");
	check_program(*state, "$CC", "-g -O1", "b");
	check_program(*state, "$CC", "-g -O2", "c");
	check_program(*state, "$CC", "-g -O2 -fomit-frame-pointer", "d");
	check_program(*state, "$CC", "-g1 -O2", "e");
	check_program(*state, "$CC", "-g3 -O2 -flto", "f");
}

static void
symbols_cxx_names_have_no_parameters(void **state)
{
	check_program(*state, "$CXX", "-g -O0", "a");
	check_program(*state, "$CXX", "-g -O2", "b");
	check_program(*state, "$CXX", "-g -O2 -fno-omit-frame-pointer", "c");
}

static void
symbols_every_dwarf_form(void **state)
{
	check_program(*state, "$CC", "-gdwarf-3 -O2", "a");
	check_program(*state, "$CC", "-gdwarf-4 -O2", "b");
	check_program(*state, "$CC", "-gdwarf-5 -O2", "c");
	check_program(*state, "$CXX", "-gdwarf-4 -O2", "d");
	check_program(*state, "$CC", "-g -O2 -gz", "e");
	check_program(*state, "$CC", "-g -O2 -gsplit-dwarf", "f");
	check_program(*state, "$CXX", "-g -O2 -gsplit-dwarf", "g");
	check_program(*state, "$CXX", "-g -O2 -ffunction-sections", "h");
}

/* Split units in one package; the .dwo files are gone. */
static void
check_package(struct fixture *fixture, const char *compiler,
    const char *flags, const char *tool, const char *name)
{
	uint64_t marks[MAX_MARKS];
	bool is_cxx = strstr(compiler, "CXX") != NULL ||
	    strstr(compiler, "++") != NULL;
	size_t n = fixture_build(fixture, compiler, flags, name, marks);
	const char *const *expected = is_cxx ? expected_cxx : expected_c;

	assert_int_equal(n, 4);
	/* these tools have their own bugs with what compilers write */
	if (!fixture_try(fixture, "timeout 20 %s -e %s -o %s.dwp", tool, name,
	    name)) {
		printf("# skipped, %s cannot do it: %s\n", tool, flags);
		return;
	}
	fixture_run(fixture, "rm *.dwo");
	for (size_t i = 0; i < n; i++)
		assert_string_equal(fixture_describe(fixture,
		    fixture_path(fixture, name), marks[i], LOCATION_CALL),
		    expected[i]);
}

static void
symbols_dwarf_packages(void **state)
{
	if (has_tool(*state, "dwp --version")) {
		check_package(*state, "$CC", "-gdwarf-4 -O2 -gsplit-dwarf",
		    "dwp", "a");
		check_package(*state, "$CXX", "-gdwarf-4 -O2 -gsplit-dwarf",
		    "dwp", "b");
	}
	if (has_tool(*state, "llvm-dwp --version && clang++ --version")) {
		check_package(*state, "clang", "-gdwarf-5 -O2 -gsplit-dwarf",
		    "llvm-dwp", "c");
		check_package(*state, "clang++",
		    "-gdwarf-5 -O2 -gsplit-dwarf", "llvm-dwp", "d");
	}
}

/* clang writes no .debug_aranges. */
static void
symbols_clang(void **state)
{
	if (!has_tool(*state, "clang --version && clang++ --version"))
		return;
	check_program(*state, "clang", "-g -O0", "a");
	check_program(*state, "clang", "-g -O2", "b");
	check_program(*state, "clang", "-gdwarf-4 -O2", "c");
	check_program(*state, "clang", "-gline-tables-only -O2", "d");
	check_program(*state, "clang++", "-g -O2", "e");
}

/* A file name is as the compiler saw it, made absolute. */
static void
symbols_file_is_joined_with_its_directory(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	const struct symbol_frame *frames;
	uint32_t n;

	fixture_build(fixture, "$CC", "-g -O0", "a", marks);
	frames = fixture_ask(fixture, fixture_path(fixture, "a"), marks[3],
	    LOCATION_CALL, &n);
	assert_string_equal(name_text(fixture->names, frames[0].file),
	    fixture_path(fixture, "src/prog.c"));
	assert_string_equal(name_text(fixture->names, frames[0].module),
	    fixture_path(fixture, "a"));
	assert_int_equal(frames[0].offset, marks[3]);

	fixture_build(fixture, "$CXX", "-g -O0", "b", marks);
	frames = fixture_ask(fixture, fixture_path(fixture, "b"), marks[3],
	    LOCATION_CALL, &n);
	assert_string_equal(name_text(fixture->names, frames[0].file),
	    "/elsewhere/prog.cc");
}

/* Behind the first call in plain() begins the line of the second. */
static void
symbols_call_is_looked_up_before_the_return_address(void **state)
{
	struct fixture *fixture = *state;
	const char *path = fixture_path(fixture, "a");
	uint64_t marks[MAX_MARKS];

	fixture_build(fixture, "$CC", "-g -O0", "a", marks);
	assert_string_equal(fixture_describe(fixture, path, marks[1],
	    LOCATION_CALL), PLAIN_1);
	assert_string_equal(fixture_describe(fixture, path, marks[1],
	    LOCATION_GUESSED), PLAIN_1);
	assert_string_equal(fixture_describe(fixture, path, marks[1],
	    LOCATION_SIGNAL), PLAIN_2);
}

static void
symbols_guessed_frames_are_flagged(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	const struct symbol_frame *frames;
	uint32_t n;

	fixture_build(fixture, "$CC", "-g -O2", "a", marks);
	frames = fixture_ask(fixture, fixture_path(fixture, "a"), marks[0],
	    LOCATION_GUESSED, &n);
	assert_int_equal(n, 3);
	for (uint32_t i = 0; i < n; i++)
		assert_true(frames[i].flags & SYMBOL_GUESSED);
}

/* ---- without line information ---- */

static void
symbols_stripped_program_is_module_and_offset(void **state)
{
	struct fixture *fixture = *state;
	const char *path = fixture_path(fixture, "a");
	uint64_t marks[MAX_MARKS];
	const struct symbol_frame *frames;
	uint32_t n;

	fixture_build(fixture, "$CC", "-O2 -s", "a", marks);
	frames = fixture_ask(fixture, path, marks[1], LOCATION_CALL, &n);
	assert_int_equal(n, 1);
	assert_string_equal(name_text(fixture->names, frames[0].file), path);
	assert_int_equal(frames[0].function, NAME_UNKNOWN);
	assert_int_equal(frames[0].line, 0);
	assert_int_equal(frames[0].flags, SYMBOL_NO_LINE);
	assert_int_equal(frames[0].offset, marks[1]);
}

static void
symbols_function_from_the_symbol_table(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];

	fixture_build(fixture, "$CC", "-O2", "a", marks);
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "a"), marks[1], LOCATION_CALL),
	    "plain [a]");
	/* only what is exported is left */
	fixture_build(fixture, "$CXX", "-O2 -s -rdynamic", "b", marks);
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "b"), marks[0], LOCATION_CALL),
	    "shop::box<long>::refill [b]");
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "b"), marks[1], LOCATION_CALL),
	    "<unknown> [b]");
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "b"), marks[2], LOCATION_CALL),
	    "plain_c [b]");
}

/* The same code under three names, two with a version. */
static void
symbols_alias_is_chosen_by_its_name(void **state)
{
	static const char source[] =
	    "__asm__(\".symver plain_1, plain@V_1\\n\"\n"
	    "    \".symver plain_2, plain@@V_2\\n\");\n"
	    "__attribute__((noinline)) int __reserved(int a)\n"
	    "{ return a + 1; }\n"
	    "int plain_1(int) __attribute__((alias(\"__reserved\")));\n"
	    "int plain_2(int) __attribute__((alias(\"__reserved\")));\n"
	    "static int alias(int)\n"
	    "    __attribute__((alias(\"__reserved\"), used));\n";
	struct fixture *fixture = *state;
	uint64_t address;
	FILE *output;

	fixture_write(fixture, "v.c", source);
	fixture_write(fixture, "v.map", "V_1 {}; V_2 {} V_1;\n");
	fixture_run(fixture, "$CC -O2 -shared -fPIC -o v.so v.c "
	    "-Wl,--version-script=v.map && "
	    "nm v.so | sed -n 's/ . __reserved$//p' >address");
	output = fopen(fixture_path(fixture, "address"), "r");
	assert_int_equal(fscanf(output, "%lx", &address), 1);
	fclose(output);
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "v.so"), address, LOCATION_SIGNAL),
	    "plain [v.so]");
}

/* ---- separate files ---- */

static void
symbols_debuglink_beside_and_in_debug_directory(void **state)
{
	struct fixture *fixture = *state;
	const char *path = fixture_path(fixture, "a");
	uint64_t marks[MAX_MARKS];

	fixture_build(fixture, "$CC", "-g -O2 -Wl,--build-id=none", "a",
	    marks);
	fixture_run(fixture, "objcopy --only-keep-debug a a.dbg && "
	    "strip a && objcopy --add-gnu-debuglink=a.dbg a");
	assert_string_equal(fixture_describe(fixture, path, marks[0],
	    LOCATION_CALL), CHAIN_C);

	fixture_run(fixture, "mkdir .debug sub && mv a.dbg .debug && "
	    "cp a b && cp -r a .debug sub");
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "b"), marks[0], LOCATION_CALL), CHAIN_C);

	/* another file under that name: its checksum is wrong */
	fixture_run(fixture, "cp b sub/.debug/a.dbg");
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "sub/a"), marks[0], LOCATION_CALL),
	    "<unknown> [a]");
}

static void
set_root(struct fixture *fixture, uint32_t module, const char *root)
{
	struct code_module *writable = (struct code_module *)
	    frame_store_get_module(fixture->store, module);

	writable->root = root;
}

/* A file system of its own: the program at /bin/a, its debug information by
 * build-id below /usr/lib/debug, both seen through the root only. */
static void
symbols_build_id_under_another_root(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	uint32_t module;

	fixture_build(fixture, "$CC", "-g -O2 -Wl,--build-id", "a", marks);
	fixture_run(fixture,
	    "id=$(readelf -n a | sed -n 's/.*Build ID: //p'); "
	    "to=root/usr/lib/debug/.build-id/$(echo $id | cut -c1-2); "
	    "mkdir -p root/bin $to && objcopy --only-keep-debug a "
	    "$to/$(echo $id | cut -c3-).debug && strip a && "
	    "mv a root/bin/tmtop-a");
	module = frame_store_module(fixture->store, "/bin/tmtop-a", NULL, 0);
	set_root(fixture, module, fixture_path(fixture, "root"));
	assert_string_equal(fixture_describe(fixture, "/bin/tmtop-a",
	    marks[0], LOCATION_CALL), CHAIN_C);
}

/* Links in the other root stay in it. */
static void
symbols_root_is_not_left_by_links(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	uint32_t module;

	fixture_build(fixture, "$CC", "-g -O2", "a", marks);
	fixture_run(fixture, "mkdir -p root/bin && ln -s %s/a root/bin/out &&"
	    " mv a root/a && ln -s /a root/bin/in", fixture->dir);
	module = frame_store_module(fixture->store, "/bin/in", NULL, 0);
	set_root(fixture, module, fixture_path(fixture, "root"));
	assert_string_equal(fixture_describe(fixture, "/bin/in", marks[0],
	    LOCATION_CALL), CHAIN_C);

	fixture_run(fixture, "cp root/a a");
	module = frame_store_module(fixture->store, "/bin/out", NULL, 0);
	set_root(fixture, module, fixture_path(fixture, "root"));
	assert_string_equal(fixture_describe(fixture, "/bin/out", marks[0],
	    LOCATION_CALL), "<unknown> [out]");
}

static void
symbols_mini_debug_information(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];

	if (!has_tool(fixture, "xz --version"))
		return;
	fixture_build(fixture, "$CC", "-O2", "a", marks);
	fixture_run(fixture, "objcopy -S --remove-section .comment "
	    "--keep-symbol=plain a mini && xz mini && strip a && "
	    "objcopy --add-section .gnu_debugdata=mini.xz a");
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "a"), marks[1], LOCATION_CALL),
	    "plain [a]");
}

static void
symbols_dwz_file(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];

	if (!has_tool(fixture, "dwz --version"))
		return;
	fixture_build(fixture, "$CC", "-g -O2", "a", marks);
	fixture_run(fixture, "cp a b && dwz -m common a b && "
	    "readelf -S a | grep gnu_debugaltlink");
	assert_string_equal(fixture_describe(fixture,
	    fixture_path(fixture, "a"), marks[0], LOCATION_CALL), CHAIN_C);
}

/* ---- the build-id ---- */

static uint32_t
ask_with_id(struct fixture *fixture, const uint8_t *id, size_t size,
    uint64_t offset, char text[64])
{
	uint32_t module = frame_store_module(fixture->store,
	    fixture_path(fixture, "a"), id, size);
	uint32_t location = frame_store_location(fixture->store, module,
	    offset, LOCATION_CALL);
	const struct symbol_frame *frames;
	uint32_t n;

	symbols_frames(fixture->symbols, location, &n);
	symbols_pump(fixture->symbols, -1);
	frames = symbols_frames(fixture->symbols, location, &n);
	snprintf(text, 64, "%s:%u",
	    name_text(fixture->names, frames[0].function), frames[0].line);
	return n;
}

static void
symbols_other_build_gives_no_symbols(void **state)
{
	static const uint8_t right[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t wrong[] = { 1, 2, 3, 4, 5, 6, 7, 9 };
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	char text[64];

	fixture_build(fixture, "$CC",
	    "-g -O2 -Wl,--build-id=0x0102030405060708", "a", marks);
	assert_int_equal(ask_with_id(fixture, right, 8, marks[0], text), 3);
	assert_string_equal(text, "inner:100");
	assert_int_equal(ask_with_id(fixture, wrong, 8, marks[0], text), 1);
	assert_string_equal(text, "<unknown>:0");
	assert_int_equal(ask_with_id(fixture, right, 7, marks[0], text), 1);
	assert_string_equal(text, "<unknown>:0");
	assert_int_equal(ask_with_id(fixture, NULL, 0, marks[0], text), 3);
}

static void
symbols_build_id_asked_for_but_absent(void **state)
{
	static const uint8_t id[] = { 1, 2, 3, 4 };
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	char text[64];

	fixture_build(fixture, "$CC", "-g -O2 -Wl,--build-id=none", "a",
	    marks);
	assert_int_equal(ask_with_id(fixture, id, 4, marks[0], text), 1);
	assert_string_equal(text, "<unknown>:0");
}

/* ---- what is no file at all ---- */

static void
symbols_places_that_are_no_code(void **state)
{
	struct fixture *fixture = *state;
	uint32_t location, n;
	const struct symbol_frame *frames;

	location = frame_store_location(fixture->store, 0, 0x7f0012345678,
	    LOCATION_CALL);
	frames = symbols_frames(fixture->symbols, location, &n);
	assert_int_equal(n, 1);
	assert_int_equal(frames[0].file, NAME_UNKNOWN);
	assert_int_equal(frames[0].function, NAME_UNKNOWN);
	assert_int_equal(frames[0].flags, SYMBOL_NO_LINE);

	location = frame_store_location(fixture->store, 0, 0, LOCATION_CUT);
	frames = symbols_frames(fixture->symbols, location, &n);
	assert_int_equal(n, 1);
	assert_string_equal(name_text(fixture->names, frames[0].function),
	    "<cut>");
	assert_true(frames[0].flags & SYMBOL_SPECIAL);

	location = frame_store_location(fixture->store, 0, 0,
	    LOCATION_DEEPER);
	frames = symbols_frames(fixture->symbols, location, &n);
	assert_string_equal(name_text(fixture->names, frames[0].function),
	    "<deeper>");
	assert_true(frames[0].flags & SYMBOL_SPECIAL);
	assert_int_equal(symbols_n_pending(fixture->symbols), 0);
}

static void
symbols_module_without_a_path_is_not_asked_for(void **state)
{
	struct fixture *fixture = *state;

	assert_string_equal(fixture_describe(fixture, "[vdso]", 0x10,
	    LOCATION_CALL), "<unknown> [[vdso]]");
	assert_string_equal(fixture_describe(fixture, "relative", 0x10,
	    LOCATION_CALL), "<unknown> [relative]");
}

static void
symbols_pending_until_pumped(void **state)
{
	struct fixture *fixture = *state;
	uint64_t marks[MAX_MARKS];
	uint32_t module, location, n;
	const struct symbol_frame *frames;

	fixture_build(fixture, "$CC", "-g -O2", "a", marks);
	module = frame_store_module(fixture->store,
	    fixture_path(fixture, "a"), NULL, 0);
	location = frame_store_location(fixture->store, module, marks[0],
	    LOCATION_CALL);
	symbols_start(fixture->symbols);
	assert_int_equal(symbols_fd(fixture->symbols), -1);
	frames = symbols_frames(fixture->symbols, location, &n);
	assert_int_equal(n, 1);
	assert_int_equal(frames[0].flags, SYMBOL_PENDING | SYMBOL_NO_LINE);
	assert_string_equal(name_text(fixture->names, frames[0].file),
	    fixture_path(fixture, "a"));
	assert_int_equal(symbols_n_pending(fixture->symbols), 1);
	symbols_start(fixture->symbols);
	assert_true(symbols_fd(fixture->symbols) >= 0);
	assert_true(symbols_pump(fixture->symbols, -1));
	assert_false(symbols_pump(fixture->symbols, 0));
	assert_int_equal(symbols_n_pending(fixture->symbols), 0);
	symbols_frames(fixture->symbols, location, &n);
	assert_int_equal(n, 3);
	assert_string_equal(symbols_trouble(fixture->symbols), "");
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fixture_setup,	\
    fixture_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(symbols_c_with_and_without_optimisation),
		TEST(symbols_cxx_names_have_no_parameters),
		TEST(symbols_every_dwarf_form),
		TEST(symbols_dwarf_packages),
		TEST(symbols_clang),
		TEST(symbols_file_is_joined_with_its_directory),
		TEST(symbols_call_is_looked_up_before_the_return_address),
		TEST(symbols_guessed_frames_are_flagged),
		TEST(symbols_stripped_program_is_module_and_offset),
		TEST(symbols_function_from_the_symbol_table),
		TEST(symbols_alias_is_chosen_by_its_name),
		TEST(symbols_debuglink_beside_and_in_debug_directory),
		TEST(symbols_build_id_under_another_root),
		TEST(symbols_root_is_not_left_by_links),
		TEST(symbols_mini_debug_information),
		TEST(symbols_dwz_file),
		TEST(symbols_other_build_gives_no_symbols),
		TEST(symbols_build_id_asked_for_but_absent),
		TEST(symbols_places_that_are_no_code),
		TEST(symbols_module_without_a_path_is_not_asked_for),
		TEST(symbols_pending_until_pumped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}
