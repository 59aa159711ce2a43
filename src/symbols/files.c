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
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_FILE	(INT64_C(4) << 30)

#define MAX_LEVELS	64u	/* of folders below another root */
#define MAX_LINKS	40u	/* on the way to one file, as in the kernel */

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

int
files_open(const char *path)
{
	return open_regular(path);
}

static struct {
	int	(*find)(void *data);	/* NULL: there is none */
	void	*data;
} fallback;

void
files_set_fallback(int (*find)(void *data), void *data)
{
	fallback.find = find;
	fallback.data = data;
}

static int
open_for_library(const char *path)
{
	int fd = open_regular(path);

	return fd < 0 && fallback.find != NULL ?
	    fallback.find(fallback.data) : fd;
}

/* What libelf and libdw call.  Their flags ask for reading; any others are
 * not honoured. */
int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);

int
open(const char *path, int flags, ...)
{
	(void)flags;
	return open_for_library(path);
}

int
open64(const char *path, int flags, ...)
{
	(void)flags;
	return open_for_library(path);
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

/* ---- in another root ---- */

/*
 * A path being followed below a root, like openat2() with RESOLVE_IN_ROOT: a
 * link that begins with a slash begins at that root, and nothing leads above
 * it.  openat2() itself takes its flags from memory, where a filter of system
 * calls does not see them (confine.c).
 */
struct walk {
	int		fds[MAX_LEVELS];	/* of the folders; 0: the root */
	unsigned	n_fds;
	unsigned	n_links;		/* followed so far */
	char		rest[PATH_MAX];		/* still to be followed */
};

static void
go_up_to(struct walk *walk, unsigned n_fds)
{
	while (walk->n_fds > n_fds)
		close(walk->fds[--walk->n_fds]);
}

/* Take the next component off the path; false at its end. */
static bool
next_component(struct walk *walk, char name[NAME_MAX + 1])
{
	size_t start = strspn(walk->rest, "/");
	size_t n = strcspn(walk->rest + start, "/");

	if (n == 0 || n > NAME_MAX)
		return false;
	memcpy(name, walk->rest + start, n);
	name[n] = '\0';
	memmove(walk->rest, walk->rest + start + n,
	    strlen(walk->rest + start + n) + 1);
	return true;
}

/* Put what the link says before the rest of the path. */
static bool
follow_link(struct walk *walk, int fd)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof target - 1);
	size_t rest = strlen(walk->rest);

	if (n <= 0 || ++walk->n_links > MAX_LINKS ||
	    (size_t)n + rest + 1 > sizeof walk->rest)
		return false;
	memmove(walk->rest + n, walk->rest, rest + 1);
	memcpy(walk->rest, target, (size_t)n);
	if (target[0] == '/')
		go_up_to(walk, 1);
	return true;
}

/* One component further. 1: it is a folder or link, and was followed; 0: it
 * is something else; -1: there is no way. */
static int
step(struct walk *walk, const char *name)
{
	int fd;
	struct stat st;

	if (strcmp(name, ".") == 0)
		return 1;
	if (strcmp(name, "..") == 0) {
		go_up_to(walk, walk->n_fds > 1 ? walk->n_fds - 1 : 1);
		return 1;
	}
	fd = (int)syscall(SYS_openat, walk->fds[walk->n_fds - 1], name,
	    O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode) && walk->n_fds < MAX_LEVELS) {
		walk->fds[walk->n_fds++] = fd;
		return 1;
	}
	if (S_ISLNK(st.st_mode) && follow_link(walk, fd)) {
		close(fd);
		return 1;
	}
	close(fd);
	return S_ISREG(st.st_mode) ? 0 : -1;
}

static int
open_under(const char *root, const char *path)
{
	struct walk walk = { .n_fds = 1 };
	char name[NAME_MAX + 1];
	int found = 1, fd = -1;

	walk.fds[0] = (int)syscall(SYS_openat, AT_FDCWD, root,
	    O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (walk.fds[0] < 0 || strlen(path) >= sizeof walk.rest)
		goto out;
	strncpy(walk.rest, path, sizeof walk.rest - 1);
	while (found == 1 && next_component(&walk, name))
		found = step(&walk, name);
	/* What is not a folder must be the last component. */
	if (found == 0 && walk.rest[0] == '\0')
		fd = (int)syscall(SYS_openat, walk.fds[walk.n_fds - 1], name,
		    SAFE_FLAGS | O_NOFOLLOW, 0);
out:
	go_up_to(&walk, walk.fds[0] < 0 ? 1 : 0);
	return keep_regular(fd);
}

/* ---- modules ---- */

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
