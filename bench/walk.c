/*
 * walk.c - a preloaded library that takes libunwind's traceback of every
 * allocation and throws it away: the least that a profiler costs that walks
 * whole stacks.
 */
#define UNW_LOCAL_ONLY
#include <dlfcn.h>
#include <errno.h>
#include <libunwind.h>
#include <stddef.h>

#define MAX_FRAMES	256

void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *block, size_t size);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);

static struct {
	void	*(*malloc)(size_t);
	void	*(*calloc)(size_t, size_t);
	void	*(*realloc)(void *, size_t);
	void	*(*memalign)(size_t, size_t);
} next;

static __thread __attribute__((tls_model("initial-exec"))) struct {
	int	is_busy;	/* libunwind allocates, too */
	void	*frames[MAX_FRAMES];
} self;

static __attribute__((constructor)) void
find_next(void)
{
	next.calloc = dlsym(RTLD_NEXT, "calloc");
	next.realloc = dlsym(RTLD_NEXT, "realloc");
	next.memalign = dlsym(RTLD_NEXT, "memalign");
	next.malloc = dlsym(RTLD_NEXT, "malloc");
}

static inline void
walk(void)
{
	/* Constructors of other libraries come first. */
	if (__builtin_expect(next.malloc == NULL, 0))
		find_next();
	if (self.is_busy)
		return;
	self.is_busy = 1;
	unw_backtrace(self.frames, MAX_FRAMES);
	self.is_busy = 0;
}

void *
malloc(size_t size)
{
	walk();
	return next.malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	walk();
	return next.calloc(n, size);
}

void *
realloc(void *block, size_t size)
{
	walk();
	return next.realloc(block, size);
}

void *
memalign(size_t alignment, size_t size)
{
	walk();
	return next.memalign(alignment, size);
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int
posix_memalign(void **block, size_t alignment, size_t size)
{
	void *p;

	if (alignment < sizeof p || (alignment & (alignment - 1)) != 0)
		return EINVAL;
	p = memalign(alignment, size);
	if (p == NULL)
		return ENOMEM;
	*block = p;
	return 0;
}
