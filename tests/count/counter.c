/*
 * counter.c - an account of a program's allocation calls, to compare tmtop's
 * with.  Shares no line with tmtop.
 *
 * Preloaded, it counts as valgrind does: an allocation is a call that
 * returned a block, its bytes are those asked for, a realloc of a block is
 * one allocation and one free, free(NULL) is nothing.
 *
 * The counters of a process lie in a file of their own in the directory named
 * by $ALLOC_COUNT_DIR, mapped shared, so that they are right whatever ends
 * the process: exit, _exit, exec, a signal.  A forked child begins another
 * file at zero, as does an exec'ed program.  tests/lib/count.sh reads them.
 *
 * Calls made while one of the functions here runs on the same thread (the
 * look-up of the real ones) are not the program's and are not counted.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct account {
	uint64_t	pid;
	uint64_t	allocs;
	uint64_t	frees;
	uint64_t	bytes;		/* asked for */
	char		name[32];
};

static struct {
	void	*(*malloc)(size_t);
	void	*(*calloc)(size_t, size_t);
	void	*(*realloc)(void *, size_t);
	void	*(*reallocarray)(void *, size_t, size_t);
	void	(*free)(void *);
	void	*(*memalign)(size_t, size_t);
	int	(*posix_memalign)(void **, size_t, size_t);
	void	*(*aligned_alloc)(size_t, size_t);
	void	*(*valloc)(size_t);
	void	*(*pvalloc)(size_t);
} next;

static bool is_ready;
static bool has_begun;

/* A page that is zero again in a forked child: NULL says that this process
 * has no account yet. */
static struct account **current;

static __thread unsigned depth __attribute__((tls_model("initial-exec")));

/* For calls made by dlsym() itself. */
static char arena[1 << 16] __attribute__((aligned(16)));
static size_t arena_used;

static void *
arena_take(size_t size)
{
	void *block = arena + arena_used;

	size = (size + 15) & ~(size_t)15;
	if (size > sizeof arena - arena_used)
		abort();
	arena_used += size;
	return block;
}

static bool
is_arena(const void *block)
{
	return (uintptr_t)block - (uintptr_t)arena < sizeof arena;
}

static void
resolve(void)
{
	next.malloc = dlsym(RTLD_NEXT, "malloc");
	next.calloc = dlsym(RTLD_NEXT, "calloc");
	next.realloc = dlsym(RTLD_NEXT, "realloc");
	next.reallocarray = dlsym(RTLD_NEXT, "reallocarray");
	next.free = dlsym(RTLD_NEXT, "free");
	next.memalign = dlsym(RTLD_NEXT, "memalign");
	next.posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
	next.aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
	next.valloc = dlsym(RTLD_NEXT, "valloc");
	next.pvalloc = dlsym(RTLD_NEXT, "pvalloc");
	is_ready = true;
}

static void *
map_page(int fd)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		abort();
	return page;
}

static struct account *
open_account(void)
{
	const char *directory = getenv("ALLOC_COUNT_DIR");
	struct account *account;
	char path[512];
	int fd = -1;
	int comm;

	if (directory == NULL)
		return map_page(-1);
	for (int i = 0; fd < 0 && i < 1000; i++) {
		snprintf(path, sizeof path, "%s/%d.%d", directory,
		    (int)getpid(), i);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	if (fd < 0 || ftruncate(fd, 4096) < 0)
		abort();
	account = map_page(fd);
	close(fd);
	account->pid = getpid();
	comm = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	if (comm >= 0) {
		if (read(comm, account->name, sizeof account->name - 1) > 0)
			account->name[strcspn(account->name, "\n")] = '\0';
		close(comm);
	}
	return account;
}

static struct account *
my_account(void)
{
	if (current == NULL) {
		current = map_page(-1);
		if (madvise(current, 4096, MADV_WIPEONFORK) < 0)
			abort();
	}
	if (*current == NULL)
		*current = open_account();
	return *current;
}

/* True: a call of the program's, to be counted; leave() ends it. */
static bool
enter(void)
{
	if (depth++ > 0)
		return false;
	if (!is_ready)
		resolve();
	return true;
}

static void
leave(void)
{
	depth--;
}

static void
count(bool is_own, int n_allocs, int n_frees, size_t bytes)
{
	struct account *account;

	/* Before libc knows its environment nothing of the program has run:
	 * such calls are made by another preloaded library. (Later on programs
	 * do clear the variable.) */
	if (environ != NULL)
		has_begun = true;
	if (!is_own || !has_begun)
		return;
	account = my_account();
	__atomic_fetch_add(&account->allocs, n_allocs, __ATOMIC_RELAXED);
	__atomic_fetch_add(&account->frees, n_frees, __ATOMIC_RELAXED);
	__atomic_fetch_add(&account->bytes, bytes, __ATOMIC_RELAXED);
}

static void *
counted(bool is_own, void *block, size_t size)
{
	if (block != NULL)
		count(is_own, 1, 0, size);
	leave();
	return block;
}

void *
malloc(size_t size)
{
	bool is_own = enter();

	return counted(is_own,
	    is_ready ? next.malloc(size) : arena_take(size), size);
}

void *
calloc(size_t n, size_t size)
{
	bool is_own = enter();

	return counted(is_own,
	    is_ready ? next.calloc(n, size) : arena_take(n * size), n * size);
}

static void *
count_realloc(bool is_own, const void *old, void *block, size_t size)
{
	if (block != NULL)
		count(is_own, 1, old != NULL, size);
	else if (old != NULL && size == 0)
		count(is_own, 0, 1, 0);
	leave();
	return block;
}

/* What the look-up allocated keeps its place: nobody here gives it back. */
static void *
leave_arena(bool is_own, const void *old, size_t size)
{
	void *block = next.malloc(size);
	size_t room = arena + sizeof arena - (const char *)old;

	if (block != NULL)
		memcpy(block, old, size < room ? size : room);
	return counted(is_own, block, size);
}

void *
realloc(void *old, size_t size)
{
	bool is_own = enter();

	if (is_arena(old))
		return leave_arena(is_own, old, size);
	return count_realloc(is_own, old, next.realloc(old, size), size);
}

void *
reallocarray(void *old, size_t n, size_t size)
{
	bool is_own = enter();

	return count_realloc(is_own, old, next.reallocarray(old, n, size),
	    n * size);
}

void
free(void *block)
{
	bool is_own;

	if (block == NULL || is_arena(block))
		return;
	is_own = enter();
	count(is_own, 0, 1, 0);
	next.free(block);
	leave();
}

void *
memalign(size_t alignment, size_t size)
{
	bool is_own = enter();

	return counted(is_own, next.memalign(alignment, size), size);
}

int
posix_memalign(void **block, size_t alignment, size_t size)
{
	bool is_own = enter();
	int error = next.posix_memalign(block, alignment, size);

	counted(is_own, error == 0 ? *block : NULL, size);
	return error;
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	bool is_own = enter();

	return counted(is_own, next.aligned_alloc(alignment, size), size);
}

void *
valloc(size_t size)
{
	bool is_own = enter();

	return counted(is_own, next.valloc(size), size);
}

void *
pvalloc(size_t size)
{
	bool is_own = enter();

	return counted(is_own, next.pvalloc(size), size);
}
