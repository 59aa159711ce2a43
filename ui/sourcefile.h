/*
 * sourcefile.h - source files as safe lines of text (L7).
 *
 * The path comes from a stranger's debug information: only regular files of
 * limited size are read, without waiting, and what is shown is sanitised,
 * tabs expanded.
 */
#ifndef TMTOP_UI_SOURCEFILE_H
#define TMTOP_UI_SOURCEFILE_H

#include "base/errbuf.h"

#include <stddef.h>
#include <time.h>

enum { SOURCE_LINE_MAX = 400 };

/* A few files, the least recently used goes first. */
struct sources;

/*
 * maps    n_maps rules "OLD=NEW", borrowed: a file whose path begins with OLD,
 *         up to a slash or its end, is looked for below NEW first.  Rules are
 *         tried in their order; where none leads to a file, the path itself
 *         is.
 */
struct sources *sources_new(const char *const *maps, size_t n_maps);
void sources_free(struct sources *sources);	/* NULL is fine */

/* Number of lines of the file, -1 if it cannot be shown: why (may be NULL)
 * says for what reason.  A file is read once and again when it changed. */
int sources_n_lines(struct sources *sources, const char *path,
    struct errbuf *why);

/* Line `line`, counted from 1, as printable text of at most SOURCE_LINE_MAX
 * bytes; "" when there is none.  Borrowed until the next call. */
const char *sources_line(struct sources *sources, const char *path,
    unsigned line);

/* The bytes of the same line as they are, without what ends it, at most
 * SOURCE_LINE_MAX; NULL and 0 when there is none.  Not terminated, not
 * sanitised.  Borrowed until the next call. */
const char *sources_raw_line(struct sources *sources, const char *path,
    unsigned line, size_t *size);

/* Where it was found, as the maps say; borrowed until the next call. */
const char *sources_file(struct sources *sources, const char *path);

/* When the file was last changed, 0 when it cannot be shown. */
time_t sources_changed_at(struct sources *sources, const char *path);

#endif
