#include "tests/symbols/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MARK								\
	"#include <stdio.h>\n"						\
	"#include <stdlib.h>\n"						\
	"#define INLINE static inline __attribute__((always_inline))\n"	\
	"#define KEEP __attribute__((noinline, used))\n"		\
	"#define END __asm__ volatile(\"\")\n"				\
	"extern char __executable_start[];\n"				\
	"KEEP void mark(void)\n"					\
	"{\n"								\
	"	printf(\"%lx\\n\", (unsigned long)((char *)\n"		\
	"	    __builtin_return_address(0) - __executable_start));\n" \
	"	END;\n"							\
	"}\n"

const char program_c[] = MARK
    "#line 100 \"src/prog.c\"\n"
    "INLINE void inner(void) { mark(); END; }\n"		/* 100 */
    "INLINE void middle(void) {\n"				/* 101 */
    "	inner(); END;\n"					/* 102 */
    "}\n"
    "KEEP void outer(void) {\n"					/* 104 */
    "	middle(); END;\n"					/* 105 */
    "}\n"
    "KEEP static void plain(void) {\n"				/* 107 */
    "	mark();\n"						/* 108 */
    "	mark(); END;\n"						/* 109 */
    "}\n"
    "int main(void) {\n"					/* 111 */
    "	outer();\n"						/* 112 */
    "	plain();\n"						/* 113 */
    "	mark();\n"						/* 114 */
    "	return 0;\n"						/* 115 */
    "}\n";

const char program_cxx[] = MARK
    "#line 200 \"/elsewhere/prog.cc\"\n"
    "namespace shop {\n"					/* 200 */
    "template <typename T> struct box {\n"			/* 201 */
    "	T value;\n"						/* 202 */
    "	__attribute__((always_inline))\n"			/* 203 */
    "	T *fill(int n) { mark(); END; return n ? &value : 0; }\n" /* 204 */
    "\n\n"						/* 205 */
    "	KEEP T *refill(int n, const char *why) {\n"		/* 207 */
    "		T *p = fill(n + *why); END; return p;\n"	/* 208 */
    "	}\n"							/* 209 */
    "};\n"							/* 210 */
    "namespace {\n"						/* 211 */
    "template <typename T> KEEP T *hidden(box<T> &b) {\n"	/* 212 */
    "	mark(); END; return &b.value;\n"			/* 213 */
    "}\n"							/* 214 */
    "}\n"							/* 215 */
    "}\n"							/* 216 */
    "extern \"C\" KEEP void plain_c(void) {\n"			/* 217 */
    "	mark(); END;\n"						/* 218 */
    "}\n"							/* 219 */
    "int main(int argc, char **) {\n"				/* 220 */
    "	shop::box<long> b;\n"					/* 221 */
    "	b.refill(argc, \"\");\n"				/* 222 */
    "	shop::hidden(b);\n"					/* 223 */
    "	plain_c();\n"						/* 224 */
    "	mark();\n"						/* 225 */
    "	return 0;\n"						/* 226 */
    "}\n";

/* ---- the client ---- */

void
fixture_use_helper(struct fixture *fixture, const char *path)
{
	symbols_free(fixture->symbols);
	frame_store_free(fixture->store);
	names_free(fixture->names);
	fixture->store = frame_store_new();
	fixture->names = names_new();
	fixture->symbols = symbols_new(path, fixture->store, fixture->names);
}

int
fixture_setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	const char *build = getenv("TMTOP_BUILD");
	char helper[4096];

	snprintf(fixture->dir, sizeof fixture->dir, "/tmp/tmtop-test.XXXXXX");
	if (mkdtemp(fixture->dir) == NULL)
		return -1;
	snprintf(helper, sizeof helper, "%s/tmtop-symbols",
	    build != NULL ? build : ".");
	setenv("CC", "cc", 0);
	setenv("CXX", "c++", 0);
	fixture_use_helper(fixture, helper);
	*state = fixture;
	return 0;
}

int
fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	symbols_free(fixture->symbols);
	frame_store_free(fixture->store);
	names_free(fixture->names);
	fixture_run(fixture, "rm -rf %s", fixture->dir);
	free(fixture);
	return 0;
}

/* ---- files ---- */

static bool
run_in_dir(const struct fixture *fixture, const char *format, va_list args)
{
	char command[8192];
	int n = snprintf(command, sizeof command, "cd %s && { ",
	    fixture->dir);

	vsnprintf(command + n, sizeof command - n, format, args);
	n = (int)strlen(command);
	snprintf(command + n, sizeof command - n, "; } >log 2>&1");
	return system(command) == 0;
}

bool
fixture_try(const struct fixture *fixture, const char *format, ...)
{
	va_list args;
	bool worked;

	va_start(args, format);
	worked = run_in_dir(fixture, format, args);
	va_end(args);
	return worked;
}

void
fixture_run(const struct fixture *fixture, const char *format, ...)
{
	va_list args;
	bool worked;

	va_start(args, format);
	worked = run_in_dir(fixture, format, args);
	va_end(args);
	if (!worked) {
		fprintf(stderr, "failed: %s\n", format);
		fail();
	}
}

const char *
fixture_path(const struct fixture *fixture, const char *name)
{
	static char paths[4][256];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", fixture->dir, name);
	return path;
}

void
fixture_link(const struct fixture *fixture, const char *old,
    const char *name)
{
	assert_int_equal(link(fixture_path(fixture, old),
	    fixture_path(fixture, name)), 0);
}

void
fixture_write(const struct fixture *fixture, const char *name,
    const char *text)
{
	FILE *file = fopen(fixture_path(fixture, name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

size_t
fixture_build(const struct fixture *fixture, const char *compiler,
    const char *flags, const char *name, uint64_t marks[MAX_MARKS])
{
	bool is_cxx = strcmp(compiler, "$CXX") == 0 ||
	    strstr(compiler, "++") != NULL;
	char file[128];
	FILE *output;
	size_t n = 0;

	snprintf(file, sizeof file, "%s.%s", name, is_cxx ? "cc" : "c");
	fixture_write(fixture, file, is_cxx ? program_cxx : program_c);
	fixture_run(fixture, "%s %s -fPIE -pie -o %s %s", compiler, flags,
	    name, file);
	fixture_run(fixture, "./%s >marks", name);
	output = fopen(fixture_path(fixture, "marks"), "r");
	assert_non_null(output);
	while (n < MAX_MARKS && fscanf(output, "%lx", &marks[n]) == 1)
		n++;
	fclose(output);
	return n;
}

/* ---- asking ---- */

const struct symbol_frame *
fixture_ask(struct fixture *fixture, const char *path, uint64_t offset,
    enum location_kind kind, uint32_t *n_frames)
{
	uint32_t module = frame_store_module(fixture->store, path, NULL, 0);
	uint32_t location = frame_store_location(fixture->store, module,
	    offset, kind);

	symbols_frames(fixture->symbols, location, n_frames);
	symbols_pump(fixture->symbols, -1);
	assert_int_equal(symbols_n_pending(fixture->symbols), 0);
	return symbols_frames(fixture->symbols, location, n_frames);
}

static const char *
find_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

const char *
fixture_describe(struct fixture *fixture, const char *path, uint64_t offset,
    enum location_kind kind)
{
	static char text[8192];
	uint32_t n_frames;
	const struct symbol_frame *frames = fixture_ask(fixture, path, offset,
	    kind, &n_frames);
	size_t used = 0;

	for (uint32_t i = 0; i < n_frames; i++) {
		const char *file = find_base_name(
		    name_text(fixture->names, frames[i].file));

		used += (size_t)snprintf(text + used, sizeof text - used,
		    "%s%s ", i > 0 ? " < " : "",
		    name_text(fixture->names, frames[i].function));
		assert_false(frames[i].flags & SYMBOL_PENDING);
		if (frames[i].flags & SYMBOL_NO_LINE)
			used += (size_t)snprintf(text + used,
			    sizeof text - used, "[%s]", file);
		else
			used += (size_t)snprintf(text + used,
			    sizeof text - used, "%s:%u", file,
			    frames[i].line);
		assert_int_equal(!!(frames[i].flags & SYMBOL_INLINED),
		    i + 1 < n_frames);
	}
	return text;
}
