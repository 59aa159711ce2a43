/*
 * undo.h - a database whose writer was killed, as it was before (L5s).
 */
#ifndef TMTOP_STORE_UNDO_H
#define TMTOP_STORE_UNDO_H

#include "base/errbuf.h"

/*
 * Copy the database at `path` to a file of our own and undo there what its
 * journal (PATH-journal) says was not committed.  Returns the copy's path,
 * which the caller frees and unlinks; NULL: why says what is wrong.
 */
char *undo_copy(const char *path, struct errbuf *why);

#endif
