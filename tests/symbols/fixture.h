/*
 * fixture.h - programs made for the tests of src/symbols, and asking about
 * them.
 */
#ifndef TMTOP_TESTS_SYMBOLS_FIXTURE_H
#define TMTOP_TESTS_SYMBOLS_FIXTURE_H

#include "symbols/symbols.h"

#define MAX_MARKS	16

/* A client with its store, and a directory for files. */
struct fixture {
	struct frame_store *store;
	struct names	*names;
	struct symbols	*symbols;
	char		 dir[64];
};

/* cmocka's setup and teardown: *state becomes a struct fixture with the real
 * helper of the build tree. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Replace the client by one with another helper. */
void fixture_use_helper(struct fixture *fixture, const char *path);

/* Run a shell command made by printf, in the fixture's directory; the test
 * fails when it does. */
void fixture_run(const struct fixture *fixture, const char *format, ...)
    ATTR_PRINTF(2, 3);
/* The same, and whether it worked. */
bool fixture_try(const struct fixture *fixture, const char *format, ...)
    ATTR_PRINTF(2, 3);

/* DIR/name; good until the fourth call from now. */
const char *fixture_path(const struct fixture *fixture, const char *name);

/* Another name, a hard link, for a file there. */
void fixture_link(const struct fixture *fixture, const char *old,
    const char *name);

/* Write a file there. */
void fixture_write(const struct fixture *fixture, const char *name,
    const char *text);

/*
 * The programs write the return address of each call of mark(), less the
 * load base, when they are run.  These are the sources; the lines named in
 * the tests are set in them by #line.
 */
extern const char program_c[], program_cxx[];

/* Compile DIR/name.c or .cc to DIR/name and run it; returns how many marks
 * it wrote. "$CC" and "$CXX" are meant by compiler. */
size_t fixture_build(const struct fixture *fixture, const char *compiler,
    const char *flags, const char *name, uint64_t marks[MAX_MARKS]);

/* Ask for one location and wait for it. */
const struct symbol_frame *fixture_ask(struct fixture *fixture,
    const char *path, uint64_t offset, enum location_kind kind,
    uint32_t *n_frames);

/*
 * "function file:line" of each frame, innermost first, separated by " < ";
 * as "function [module]" where there is no line.  Only the last part of
 * file names.  Static.
 */
const char *fixture_describe(struct fixture *fixture, const char *path,
    uint64_t offset, enum location_kind kind);

#endif
