/*
 * disk_dir.h - the folder of the cache on disk: whole files, written
 * atomically (L4).
 *
 * Whoever may write there can lie about names, so the folder must be ours
 * alone; what is read is checked by the caller nevertheless.
 */
#ifndef TMTOP_SYMBOLS_DISK_DIR_H
#define TMTOP_SYMBOLS_DISK_DIR_H

#include "util/strbuf.h"

/* Open the folder, made if need be with those above it.  -1: there is none,
 * or it is not ours alone. */
int disk_dir_open(const char *path);

/* The contents of a file, caller frees; NULL when it is not there, is not
 * ours or has more than max_size bytes.  It counts as used now. */
char *disk_dir_read(int dir, const char *name, size_t max_size, size_t *size);

/* Replace a file, or leave the old one as it is. */
bool disk_dir_write(int dir, const char *name, const void *bytes,
    size_t size);

/* Remove the files that were not used for longest until the others have at
 * most max_size bytes, and what writers have left behind. */
void disk_dir_prune(int dir, uint64_t max_size);

#endif
