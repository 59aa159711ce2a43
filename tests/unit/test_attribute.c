/*
 * test_attribute.c - raw snapshots to query traces.
 *
 * The symboliser is replaced by a table in this file: the functions of
 * symbols.h are defined here and answer for locations by their offset.
 */
#include "query/attribute.h"
#include "query/stats.h"
#include "util/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- a symboliser ---- */

enum { MAX_INLINE = 4 };

struct fake_frame {
	const char	*function, *file, *module;
	uint32_t	line, flags;
};

struct symbols {
	const struct frame_store *store;
	struct names		*names;
	const struct fake_frame	(*code)[MAX_INLINE];	/* by offset */
	unsigned		 n_asked;
	struct symbol_frame	 answer[MAX_INLINE];
};

static uint32_t
intern(struct names *names, const char *text)
{
	return text != NULL ? names_intern(names, text, strlen(text)) :
	    NAME_UNKNOWN;
}

const struct symbol_frame *
symbols_frames(struct symbols *symbols, uint32_t location,
    uint32_t *n_frames)
{
	uint64_t offset =
	    frame_store_get_location(symbols->store, location)->offset;
	const struct fake_frame *frames = symbols->code[offset];

	symbols->n_asked++;
	for (*n_frames = 0; *n_frames < MAX_INLINE &&
	    (frames[*n_frames].file != NULL || *n_frames == 0);
	    ++*n_frames) {
		const struct fake_frame *frame = &frames[*n_frames];

		symbols->answer[*n_frames] = (struct symbol_frame){
			.file = intern(symbols->names, frame->file),
			.function = intern(symbols->names, frame->function),
			.module = intern(symbols->names, frame->module),
			.line = frame->line,
			.flags = frame->flags,
			.offset = offset,
		};
	}
	return symbols->answer;
}

/* ---- code of three programs, innermost inline frame first ---- */

static const struct fake_frame cxx[][MAX_INLINE] = {
	[1] = { { "operator new", "/lib/libstdc++.so.6", NULL, 0,
	    SYMBOL_NO_LINE } },
	[2] = { { "__gnu_cxx::new_allocator<int>::allocate",
	    "/usr/include/c++/12/ext/new_allocator.h", NULL, 137, 0 },
	    { "std::vector<int>::push_back",
	    "/usr/include/c++/12/bits/stl_vector.h", NULL, 1281,
	    SYMBOL_INLINED },
	    { "Router::add", "/src/route.cc", NULL, 210, SYMBOL_INLINED },
	    { "load", "/src/load.cc", NULL, 12, 0 } },
	[3] = { { "main", "/src/main.cc", NULL, 7, 0 } },
	[4] = { { "xmalloc.part.0", "/src/util.c", NULL, 9, 0 } },
	[5] = { { "getline", "/src/own.c", NULL, 3, 0 } },
	[6] = { { "__getdelim", "/build/glibc/libio/iogetdelim.c",
	    "/lib/x86_64-linux-gnu/libc.so.6", 61, 0 } },
	[7] = { { "<cut>", NULL, NULL, 0, SYMBOL_NO_LINE | SYMBOL_SPECIAL } },
	[10] = { { "getline", "/usr/include/x86_64-linux-gnu/bits/stdio.h",
	    NULL, 120, SYMBOL_INLINED },
	    { "read_all", "/src/read.c", NULL, 33, 0 } },
	[11] = { { "read_all", "/usr/include/c++/12/bits/stl_tree.h", NULL,
	    1031, 0 } },
	[12] = { { NULL, "/usr/include/c++/12/bits/stl_tree.h", NULL, 9, 0 } },
	[13] = { { "_start", "/bin/x", NULL, 0, SYMBOL_NO_LINE } },
	[8] = { { "my::pool_get", "/src/pool.cc", NULL, 5, 0 } },
	[9] = { { "strdup", "/lib/libc.so.6", NULL, 0, SYMBOL_NO_LINE } },
};

struct fixture {
	struct frame_store	*store;
	struct names		*names;
	struct symbols		 symbols;
	struct attribution	*attribution;
	struct skip_list	*skip;
	struct strbuf		 text;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct errbuf why;

	f->store = frame_store_new();
	f->names = names_new();
	f->symbols = (struct symbols){
		.store = f->store, .names = f->names, .code = cxx };
	f->attribution = attribution_new(f->store, &f->symbols, f->names);
	f->skip = skip_list_new(NULL, 0, &why);
	strbuf_init(&f->text, 4096);
	*state = f;
	return f->skip == NULL;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	attribution_free(f->attribution);
	skip_list_free(f->skip);
	names_free(f->names);
	frame_store_free(f->store);
	strbuf_fini(&f->text);
	free(f);
	return 0;
}

/* A raw stack from offsets, newest first, ended by 0. */
static uint32_t
raw_stack(struct fixture *f, const unsigned *offsets)
{
	uint32_t module = frame_store_module(f->store, "/bin/x", NULL, 0);
	uint32_t stack = 0;
	size_t n = 0;

	while (offsets[n] != 0)
		n++;
	while (n > 0)
		stack = frame_store_stack(f->store, stack,
		    frame_store_location(f->store, module, offsets[--n],
		    LOCATION_CALL));
	return stack;
}

#define RAW(...)	(const unsigned[]){ __VA_ARGS__, 0 }

static void
write_stack(struct fixture *f, const struct stacks *stacks, uint32_t node)
{
	for (; node != 0; node = stacks_parent(stacks, node)) {
		const struct symbol_frame *frame = stacks_frame(stacks, node);
		const char *file = name_text(f->names, frame->file);
		const char *slash = strrchr(file, '/');

		strbuf_printf(&f->text, "%s:%u ", slash != NULL ? slash + 1 :
		    file, (unsigned)frame->line);
	}
}

static struct query_trace
apply_one(struct fixture *f, uint32_t stack, uint32_t total_nframe,
    struct query_traces *traces)
{
	struct snapshot snapshot = { .n_traces = 1 };
	struct trace trace = { .size = 64, .count = 2, .allocs = 5,
		.allocated = 160, .temporary = 1, .stack = stack,
		.process = 3, .domain = 7, .flags = TRACE_GUESSED,
		.total_nframe = total_nframe };
	struct query_trace result;

	snapshot.traces = &trace;
	attribution_apply(f->attribution, &snapshot, traces);
	assert_int_equal(traces->n, 1);
	result = traces->traces[0];
	free(traces->traces);
	return result;
}

/* What is shown of a raw stack, and the whole of it. */
static void
check_shown(struct fixture *f, const unsigned *raw, const char *shown,
    const char *full)
{
	struct query_traces traces;
	struct query_trace trace = apply_one(f, raw_stack(f, raw), 0,
	    &traces);

	strbuf_clear(&f->text);
	write_stack(f, traces.stacks, trace.stack);
	assert_string_equal(strbuf_text(&f->text), shown);
	strbuf_clear(&f->text);
	write_stack(f, traces.stacks, trace.full);
	assert_string_equal(strbuf_text(&f->text), full);
}

/* ---- tests ---- */

static const char whole[] = "libstdc++.so.6:0 new_allocator.h:137 "
    "stl_vector.h:1281 route.cc:210 load.cc:12 main.cc:7 ";

static void
attribute_without_list_is_the_newest_inline_frame(void **state)
{
	check_shown(*state, RAW(1, 2, 3), whole, whole);
}

static void
attribute_skips_to_the_users_code(void **state)
{
	struct fixture *f = *state;

	attribution_set_skip(f->attribution, f->skip);
	check_shown(f, RAW(1, 2, 3), "route.cc:210 load.cc:12 main.cc:7 ",
	    whole);
	check_shown(f, RAW(9, 3), "main.cc:7 ", "libc.so.6:0 main.cc:7 ");
	check_shown(f, RAW(4, 3), "main.cc:7 ", "util.c:9 main.cc:7 ");
	attribution_set_skip(f->attribution, NULL);
	check_shown(f, RAW(1, 2, 3), whole, whole);
}

/* A getline() of the program's own is its code; libc's is known by its
 * module even when its source file is. */
static void
attribute_knows_libraries_by_their_module(void **state)
{
	struct fixture *f = *state;

	attribution_set_skip(f->attribution, f->skip);
	check_shown(f, RAW(5, 3), "own.c:3 main.cc:7 ", "own.c:3 main.cc:7 ");
	check_shown(f, RAW(6, 3), "main.cc:7 ",
	    "iogetdelim.c:61 main.cc:7 ");
}

/* A header's line in a function of the user's: GCC does that where it dropped
 * the record of the inlined call. */
static void
attribute_believes_headers_only_of_inlined_frames(void **state)
{
	struct fixture *f = *state;

	attribution_set_skip(f->attribution, f->skip);
	check_shown(f, RAW(10, 3), "read.c:33 main.cc:7 ",
	    "stdio.h:120 read.c:33 main.cc:7 ");
	check_shown(f, RAW(11, 3), "stl_tree.h:1031 main.cc:7 ",
	    "stl_tree.h:1031 main.cc:7 ");
	check_shown(f, RAW(12, 3), "main.cc:7 ", "stl_tree.h:9 main.cc:7 ");
}

static void
attribute_to_the_newest_when_all_are_skipped(void **state)
{
	struct fixture *f = *state;

	attribution_set_skip(f->attribution, f->skip);
	check_shown(f, RAW(9, 1), "libc.so.6:0 libstdc++.so.6:0 ",
	    "libc.so.6:0 libstdc++.so.6:0 ");
	check_shown(f, RAW(9, 13), "libc.so.6:0 x:0 ", "libc.so.6:0 x:0 ");
	check_shown(f, RAW(9, 7), "libc.so.6:0 <unknown>:0 ",
	    "libc.so.6:0 <unknown>:0 ");
}

static void
attribute_of_no_frames_is_unknown(void **state)
{
	struct fixture *f = *state;

	check_shown(f, (const unsigned[]){ 0 }, "<unknown>:0 ",
	    "<unknown>:0 ");
	attribution_set_skip(f->attribution, f->skip);
	check_shown(f, (const unsigned[]){ 0 }, "<unknown>:0 ",
	    "<unknown>:0 ");
}

/* Return addresses are what a recording counts: before any is skipped, and
 * with all that is inlined there. */
static void
attribute_limit_is_that_of_a_recording(void **state)
{
	struct fixture *f = *state;
	struct query_traces traces;
	struct query_trace trace;

	attribution_set_skip(f->attribution, f->skip);
	attribution_set_limit(f->attribution, 2);
	check_shown(f, RAW(1, 2, 3), "route.cc:210 load.cc:12 ", whole);
	attribution_set_limit(f->attribution, 1);
	check_shown(f, RAW(1, 2, 3), "libstdc++.so.6:0 ", whole);
	check_shown(f, RAW(2, 3), "route.cc:210 load.cc:12 ",
	    "new_allocator.h:137 stl_vector.h:1281 route.cc:210 load.cc:12 "
	    "main.cc:7 ");
	trace = apply_one(f, raw_stack(f, RAW(1, 2, 3)), 0, &traces);
	assert_int_equal(trace.flags, TRACE_GUESSED | TRACE_TRUNCATED);
	attribution_set_limit(f->attribution, 3);
	trace = apply_one(f, raw_stack(f, RAW(1, 2, 3)), 0, &traces);
	assert_int_equal(trace.flags, TRACE_GUESSED);
	attribution_set_limit(f->attribution, 0);
	attribution_set_skip(f->attribution, NULL);
	check_shown(f, RAW(1, 2, 3), whole, whole);
}

/* With a limit, callers beyond it do not keep tracebacks apart. */
static void
attribute_limit_joins_tracebacks(void **state)
{
	struct fixture *f = *state;
	struct query_traces traces;
	struct query_trace a, b;

	attribution_set_limit(f->attribution, 1);
	a = apply_one(f, raw_stack(f, RAW(8, 3)), 0, &traces);
	b = apply_one(f, raw_stack(f, RAW(8, 5, 3)), 0, &traces);
	assert_int_equal(a.stack, b.stack);
	assert_int_not_equal(a.full, b.full);
}

static void
attribute_user_globs_are_added(void **state)
{
	static const char *const extra[] = { "my::*", "/src/load.*" };
	struct fixture *f = *state;
	struct errbuf why;
	struct skip_list *more = skip_list_new(extra, 2, &why);

	attribution_set_skip(f->attribution, more);
	check_shown(f, RAW(8, 3), "main.cc:7 ", "pool.cc:5 main.cc:7 ");
	check_shown(f, RAW(1, 2, 3), "route.cc:210 load.cc:12 main.cc:7 ",
	    whole);
	check_shown(f, RAW(9, 3), "main.cc:7 ", "libc.so.6:0 main.cc:7 ");
	attribution_set_skip(f->attribution, NULL);
	skip_list_free(more);
}

static void
attribute_keeps_the_counters(void **state)
{
	struct fixture *f = *state;
	struct query_traces traces;
	struct query_trace trace = apply_one(f,
	    raw_stack(f, RAW(1, 2, 3)), 10, &traces);

	assert_int_equal(trace.size, 64);
	assert_int_equal(trace.count, 2);
	assert_int_equal(trace.allocs, 5);
	assert_int_equal(trace.allocated, 160);
	assert_int_equal(trace.temporary, 1);
	assert_int_equal(trace.process, 3);
	assert_int_equal(trace.domain, 7);
	assert_int_equal(trace.flags, TRACE_GUESSED);

	/* ten raw frames, of which one stands for four */
	assert_int_equal(trace.total_nframe, 13);
}

static void
attribute_asks_for_a_location_once_until_refreshed(void **state)
{
	struct fixture *f = *state;

	check_shown(f, RAW(1, 2, 3), whole, whole);
	assert_int_equal(f->symbols.n_asked, 3);
	check_shown(f, RAW(1, 2, 3), whole, whole);
	attribution_set_skip(f->attribution, f->skip);
	check_shown(f, RAW(8, 2, 3), "pool.cc:5 new_allocator.h:137 "
	    "stl_vector.h:1281 route.cc:210 load.cc:12 main.cc:7 ",
	    "pool.cc:5 new_allocator.h:137 stl_vector.h:1281 route.cc:210 "
	    "load.cc:12 main.cc:7 ");
	assert_int_equal(f->symbols.n_asked, 4);
	attribution_refresh(f->attribution);
	check_shown(f, RAW(9, 3), "main.cc:7 ", "libc.so.6:0 main.cc:7 ");
	assert_int_equal(f->symbols.n_asked, 6);
}

static void
attribute_identity_survives_a_refresh(void **state)
{
	struct fixture *f = *state;
	struct query_traces traces;
	uint32_t raw = raw_stack(f, RAW(1, 2, 3));
	struct query_trace trace;
	uint64_t before;

	check_shown(f, RAW(8, 3), "pool.cc:5 main.cc:7 ",
	    "pool.cc:5 main.cc:7 ");
	trace = apply_one(f, raw, 0, &traces);
	before = stacks_identity(traces.stacks, trace.stack);
	attribution_refresh(f->attribution);
	trace = apply_one(f, raw, 0, &traces);
	assert_true(stacks_identity(traces.stacks, trace.stack) == before);
}

/* 100,000 frames must not recurse. */
static void
attribute_very_deep_stack(void **state)
{
	enum { DEPTH = 100000 };
	struct fixture *f = *state;
	struct query_traces traces;
	struct query_trace trace;
	uint32_t module = frame_store_module(f->store, "/bin/x", NULL, 0);
	uint32_t at = frame_store_location(f->store, module, 9,
	    LOCATION_CALL);
	uint32_t stack = 0;

	for (int i = 0; i < DEPTH; i++)
		stack = frame_store_stack(f->store, stack, at);
	attribution_set_skip(f->attribution, f->skip);
	trace = apply_one(f, stack, DEPTH, &traces);
	assert_int_equal(stacks_depth(traces.stacks, trace.full), DEPTH);
	assert_int_equal(trace.stack, trace.full);
	assert_int_equal(trace.total_nframe, DEPTH);
}

/* Names that must be skipped, and some that look similar and must not. */
static void
skip_list_has_what_users_do_not_write(void **state)
{
	static const struct {
		const char	*function;
		bool		is_skipped;
	} cases[] = {
		{ "operator new[]", true }, { "std::string::_M_create", true },
		{ "xrealloc", true }, { "xstrdup.constprop.0", true },
		{ "strdup [clone .cold]", true }, { "g_malloc0_n", true },
		{ "g_strdup_printf", true }, { "__rust_alloc", true },
		{ "alloc::vec::Vec<T>::push", true },
		{ "<alloc::string::String as core::clone::Clone>::clone",
		    true },
		{ "hashbrown::raw::RawTable<T>::new", true },
		{ "zmalloc", true }, { "__wrap_malloc", true },
		{ "main", false }, { "getline", false }, { "stdfoo", false },
		{ "my::std::f", false }, { "sqlite3MemMalloc", false },
		{ "malloc_stats_page", false }, { "xml_malloc", false },
		{ "Router::operator new_ish", false }, { "pool::alloc", false },
		{ "parse_strdup", false },
	};
	struct fixture *f = *state;
	struct fake_frame code[array_size(cases) + 2][MAX_INLINE] = { 0 };

	code[array_size(cases) + 1][0] =
	    (struct fake_frame){ "main", "/m.c", NULL, 1, 0 };
	for (size_t i = 0; i < array_size(cases); i++)
		code[i + 1][0] = (struct fake_frame){
			cases[i].function, "/f.c", NULL, 1, 0 };
	f->symbols.code = (const struct fake_frame (*)[MAX_INLINE])code;
	attribution_set_skip(f->attribution, f->skip);
	for (size_t i = 0; i < array_size(cases); i++) {
		const unsigned raw[] = { (unsigned)i + 1,
			array_size(cases) + 1, 0 };

		check_shown(f, raw, cases[i].is_skipped ? "m.c:1 " :
		    "f.c:1 m.c:1 ", "f.c:1 m.c:1 ");
	}
	f->symbols.code = cxx;
}

static void
skip_list_refuses_an_endless_glob(void **state)
{
	enum { SIZE = 100000 };
	char *glob = malloc(SIZE + 1);
	const char *extra = glob;
	struct errbuf why = { .text = "" };

	(void)state;
	memset(glob, 'x', SIZE);
	glob[SIZE] = '\0';
	assert_null(skip_list_new(&extra, 1, &why));
	assert_string_not_equal(why.text, "");
	free(glob);
}

#define WITH_FIXTURE(test)						\
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(
		    attribute_without_list_is_the_newest_inline_frame),
		WITH_FIXTURE(attribute_skips_to_the_users_code),
		WITH_FIXTURE(attribute_knows_libraries_by_their_module),
		WITH_FIXTURE(
		    attribute_believes_headers_only_of_inlined_frames),
		WITH_FIXTURE(attribute_to_the_newest_when_all_are_skipped),
		WITH_FIXTURE(attribute_of_no_frames_is_unknown),
		WITH_FIXTURE(attribute_limit_is_that_of_a_recording),
		WITH_FIXTURE(attribute_limit_joins_tracebacks),
		WITH_FIXTURE(attribute_user_globs_are_added),
		WITH_FIXTURE(attribute_keeps_the_counters),
		WITH_FIXTURE(
		    attribute_asks_for_a_location_once_until_refreshed),
		WITH_FIXTURE(attribute_identity_survives_a_refresh),
		WITH_FIXTURE(attribute_very_deep_stack),
		WITH_FIXTURE(skip_list_has_what_users_do_not_write),
		cmocka_unit_test(skip_list_refuses_an_endless_glob),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("attribute", tests, NULL, NULL);
}
