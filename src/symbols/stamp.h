/*
 * stamp.h - is a file still the one it was? (L4)
 */
#ifndef TMTOP_SYMBOLS_STAMP_H
#define TMTOP_SYMBOLS_STAMP_H

#include "base/compiler.h"

/* Both 0: no file. */
struct file_stamp {
	uint64_t	size, mtime_ns;
};

/* False, and zeros, when the file cannot be asked. */
bool stamp_of_fd(struct file_stamp *stamp, int fd);
bool stamp_of_path(struct file_stamp *stamp, const char *path);

bool stamp_is_same(const struct file_stamp *a, const struct file_stamp *b);

#endif
