/*
 * files.c - how the helper opens files, libraries' opens included (L4,
 * helper).
 *
 * Shape      One function, open_regular(), that everything goes through.
 * Why        The names come from strangers: a module path that is a FIFO now,
 *            a .gnu_debuglink or a split-DWARF name that is a terminal.
 *            libdw opens those itself, so this program defines open() and
 *            open64(), and the dynamic linker gives libdw these.
 * Invariant  Nothing is opened for writing, nothing blocks in open, nothing
 *            but regular files of at most MAX_FILE bytes is ever read.  No
 *            library is loaded that the program was not linked with.
 */
#include "symbols/files.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_FILE	(INT64_C(4) << 30)

#define SAFE_FLAGS	(O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

/* fd, or -1 and the descriptor closed when it is not a file to read. */
static int
keep_regular(int fd)
{
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= MAX_FILE)
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

static int
open_regular(const char *path)
{
	return keep_regular((int)syscall(SYS_openat, AT_FDCWD, path,
	    SAFE_FLAGS, 0));
}

/* What libelf and libdw call.  Their flags ask for reading; any others are
 * not honoured. */
int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);

int
open(const char *path, int flags, ...)
{
	(void)flags;
	return open_regular(path);
}

int
open64(const char *path, int flags, ...)
{
	(void)flags;
	return open_regular(path);
}

/* libdw loads libdebuginfod, and with it some forty libraries, to look for a
 * separate file that is not there, whether or not it may ask anybody. */
void *dlopen(const char *path, int flags);

void *
dlopen(const char *path, int flags)
{
	(void)path;
	(void)flags;
	return NULL;
}

/* In that directory as if it were the root of the file system. */
static int
open_under(const char *root, const char *path)
{
	struct open_how how = {
		.flags = SAFE_FLAGS,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int dir = (int)syscall(SYS_openat, AT_FDCWD, root,
	    O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	int fd = -1;

	if (dir < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
	close(dir);
	return keep_regular(fd);
}

static bool
is_same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool
is_module(int fd)
{
	unsigned char ident[EI_NIDENT + sizeof(Elf64_Half)];
	Elf64_Half type;

	if (pread(fd, ident, sizeof ident, 0) != (ssize_t)sizeof ident)
		return false;
	memcpy(&type, ident + EI_NIDENT, sizeof type);
	return memcmp(ident, ELFMAG, SELFMAG) == 0 &&
	    ident[EI_CLASS] == ELFCLASS64 &&
	    ident[EI_DATA] == ELFDATA2LSB &&
	    (type == ET_EXEC || type == ET_DYN);
}

int
files_open_module(const char *root, const char *path, struct strbuf *name)
{
	int fd = -1;

	strbuf_clear(name);
	if (path[0] != '/')
		return -1;
	if (root[0] != '\0')
		fd = open_under(root, path);
	/* The common root is the helper's own: then the usual name, which is
	 * also the one under which /usr/lib/debug knows the file. */
	if (fd >= 0 && !is_same_file(fd, path))
		strbuf_puts(name, root);
	if (fd < 0)
		fd = open_regular(path);
	strbuf_puts(name, path);
	if (fd >= 0 && !is_module(fd)) {
		close(fd);
		fd = -1;
	}
	return fd;
}
