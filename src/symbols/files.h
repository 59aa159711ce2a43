/*
 * files.h - how the helper opens files, libraries' opens included (L4,
 * helper).
 */
#ifndef TMTOP_SYMBOLS_FILES_H
#define TMTOP_SYMBOLS_FILES_H

#include "util/strbuf.h"

/*
 * Open the executable or library at `path` for reading.
 *
 * root       "" or the root directory of another mount namespace, tried
 *            first; symbolic links in it lead nowhere outside
 * name       becomes the path under which its neighbours are found
 * Returns    a descriptor of a regular 64-bit ELF file, or -1
 */
int files_open_module(const char *root, const char *path,
    struct strbuf *name);

/* Open any regular file for reading; -1: it cannot be. */
int files_open(const char *path);

/*
 * Where a library's open() finds nothing, it gets what `find` returns: a
 * descriptor that is the library's then, or -1.  NULL: nothing.
 */
void files_set_fallback(int (*find)(void *data), void *data);

#endif
