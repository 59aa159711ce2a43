/* stamp.c - is a file still the one it was? (L4) */
#include "symbols/stamp.h"

#include <sys/stat.h>

static bool
take(struct file_stamp *stamp, int rc, const struct stat *st)
{
	*stamp = (struct file_stamp){ 0, 0 };
	if (rc != 0)
		return false;
	stamp->size = (uint64_t)st->st_size;
	stamp->mtime_ns = (uint64_t)st->st_mtim.tv_sec * 1000000000u +
	    (uint64_t)st->st_mtim.tv_nsec;
	return true;
}

bool
stamp_of_fd(struct file_stamp *stamp, int fd)
{
	struct stat st;

	return take(stamp, fstat(fd, &st), &st);
}

bool
stamp_of_path(struct file_stamp *stamp, const char *path)
{
	struct stat st;

	return take(stamp, stat(path, &st), &st);
}

bool
stamp_is_same(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->size == b->size && a->mtime_ns == b->mtime_ns;
}
