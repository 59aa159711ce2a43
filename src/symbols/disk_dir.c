/*
 * disk_dir.c - the folder of the cache on disk: whole files, written
 * atomically (L4).
 *
 * Shape      A file is written under another name and then renamed, so that a
 *            reader finds the old one or the new one, and of two writers one
 *            wins.  It is not synced: after a crash of the machine a file may
 *            be empty or torn, which its checksum tells.
 * Limits     MAX_FILES files are looked at when room is made.
 */
#include "symbols/disk_dir.h"

#include "util/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEMPORARY	".new-"		/* how such names begin */
#define MAX_AGE_S	3600		/* of one that nobody renames */
#define MAX_FILES	65536u

static void
make_folders(const char *path)
{
	char copy[PATH_MAX];

	if ((size_t)snprintf(copy, sizeof copy, "%s", path) >= sizeof copy)
		return;
	for (char *c = copy + 1; *c != '\0'; c++) {
		if (*c == '/') {
			*c = '\0';
			mkdir(copy, 0700);
			*c = '/';
		}
	}
	mkdir(copy, 0700);
}

static bool
is_ours(const struct stat *st)
{
	return st->st_uid == geteuid() &&
	    (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int
disk_dir_open(const char *path)
{
	struct stat st;
	int fd;

	if (path[0] != '/')
		return -1;
	make_folders(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !is_ours(&st))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Up to `size` bytes; how many. */
static size_t
read_all(int fd, char *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, bytes + done, size - done);

		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		if (n > 0)
			done += (size_t)n;
	}
	return done;
}

char *
disk_dir_read(int dir, const char *name, size_t max_size, size_t *size)
{
	int fd = openat(dir, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	char *bytes = NULL;

	*size = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_ours(&st) &&
	    st.st_size > 0 && (uint64_t)st.st_size <= max_size) {
		bytes = xmalloc((size_t)st.st_size);
		*size = read_all(fd, bytes, (size_t)st.st_size);
		futimens(fd, NULL);
	}
	close(fd);
	return bytes;
}

static bool
write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		}
	}
	return true;
}

bool
disk_dir_write(int dir, const char *name, const void *bytes, size_t size)
{
	char temporary[NAME_MAX];
	bool is_good;
	int fd;

	snprintf(temporary, sizeof temporary, TEMPORARY "%d-%.200s",
	    (int)getpid(), name);
	fd = openat(dir, temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	is_good = write_all(fd, bytes, size);
	is_good = close(fd) == 0 && is_good &&
	    renameat(dir, temporary, dir, name) == 0;
	if (!is_good)
		unlinkat(dir, temporary, 0);
	return is_good;
}

/* ---- making room ---- */

struct old_file {
	char		name[NAME_MAX + 1];
	struct timespec	used;
	uint64_t	size;
};

struct old_files {
	VEC(struct old_file) all;
	uint64_t	size;
};

static int
compare_used(const void *left, const void *right)
{
	const struct old_file *a = left, *b = right;

	if (a->used.tv_sec != b->used.tv_sec)
		return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
	return a->used.tv_nsec < b->used.tv_nsec ? -1 :
	    a->used.tv_nsec > b->used.tv_nsec;
}

static bool
is_left_behind(const char *name, const struct stat *st)
{
	return strncmp(name, TEMPORARY, strlen(TEMPORARY)) == 0 &&
	    time(NULL) - st->st_mtime > MAX_AGE_S;
}

static void
list_files(int dir, struct old_files *files)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	struct old_file file;
	struct stat st;

	if (stream == NULL) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while (files->all.n < MAX_FILES && (entry = readdir(stream)) != NULL) {
		if (fstatat(dir, entry->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (is_left_behind(entry->d_name, &st)) {
			unlinkat(dir, entry->d_name, 0);
			continue;
		}
		snprintf(file.name, sizeof file.name, "%s", entry->d_name);
		file.used = st.st_mtim;
		file.size = (uint64_t)st.st_size;
		files->size += file.size;
		vec_push(&files->all, file);
	}
	closedir(stream);
}

void
disk_dir_prune(int dir, uint64_t max_size)
{
	struct old_files files = { .all = VEC_INIT };

	list_files(dir, &files);
	if (files.size > max_size)
		qsort(files.all.items, files.all.n, sizeof *files.all.items,
		    compare_used);
	for (size_t i = 0; i < files.all.n && files.size > max_size; i++) {
		unlinkat(dir, files.all.items[i].name, 0);
		files.size -= files.all.items[i].size;
	}
	vec_fini(&files.all);
}
