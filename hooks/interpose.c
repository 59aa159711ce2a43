/*
 * interpose.c - the functions that programs call instead of libc's (L2).
 *
 * Each is: the real call, then the event.  The program gets exactly what the
 * real function returned, with its errno.  Order matters where an address
 * changes hands: a record is taken away before the real free and written
 * after the real malloc, so that no other thread can be handed an address
 * whose record is still somebody else's.
 *
 * Until the real functions are known (libc may allocate while they are looked
 * up) calls are served from the bootstrap arena.
 */
#include "base/compiler.h"
#include "hooks/lifecycle.h"
#include "hooks/real.h"
#include "hooks/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <malloc.h>

#define HOOK ATTR_EXPORT

static ATTR_INLINE bool
multiply_overflows(size_t a, size_t b, size_t *product)
{
	return __builtin_mul_overflow(a, b, product);
}

/* Untraced or too early: as if the hook were not there. */
static ATTR_COLD void *
plain_malloc(size_t size)
{
	return real.malloc != NULL ? real.malloc(size) :
	    bootstrap_alloc(size, 16);
}

static ATTR_COLD void *
plain_aligned(size_t alignment, size_t size)
{
	return real.memalign != NULL ? real.memalign(alignment, size) :
	    bootstrap_alloc(size, alignment);
}

HOOK void *
malloc(size_t size)
{
	void *block;

	if (unlikely(!lifecycle_is_on()))
		return plain_malloc(size);
	block = real.malloc(size);
	if (likely(block != NULL))
		record_alloc(block, size, unwind_start_here());
	return block;
}

HOOK void *
calloc(size_t count, size_t size)
{
	void *block;

	if (unlikely(!lifecycle_is_on())) {
		if (real.calloc != NULL)
			return real.calloc(count, size);
		return multiply_overflows(count, size, &size) ? NULL :
		    bootstrap_alloc(size, 16);
	}
	block = real.calloc(count, size);
	if (likely(block != NULL))
		record_alloc(block, count * size, unwind_start_here());
	return block;
}

HOOK void
free(void *block)
{
	if (unlikely(block == NULL))
		return;
	if (unlikely(bootstrap_owns(block)))
		return;
	if (likely(lifecycle_is_on()))
		record_free(block);
	if (likely(real.free != NULL))
		real.free(block);
}

/* The old block is bootstrap memory: move its content out of there. */
static ATTR_COLD void *
leave_bootstrap(void *old, size_t size)
{
	size_t old_size = bootstrap_size(old);
	void *block;

	if (size == 0)
		return NULL;		/* given back, as libc's realloc does */
	block = plain_malloc(size);
	if (block != NULL)
		memcpy(block, old, old_size < size ? old_size : size);
	return block;
}

static ATTR_INLINE void *
do_realloc(void *old, size_t size, struct frame_state start)
{
	bool is_own = old != NULL && unlikely(bootstrap_owns(old));
	struct block record;
	void *block;

	if (unlikely(!lifecycle_is_on())) {
		if (is_own || real.realloc == NULL)
			return old == NULL ? plain_malloc(size) :
			    leave_bootstrap(old, size);
		return real.realloc(old, size);
	}
	if (unlikely(is_own)) {
		block = leave_bootstrap(old, size);
	} else if (old == NULL) {
		block = real.realloc(NULL, size);
	} else {
		record_detach(old, &record);
		block = real.realloc(old, size);
		/* No block for a size of 0 means that the old one is gone. */
		if (likely(block != NULL) || size == 0)
			record_forget(&record);
		else
			record_put_back(old, &record);
	}
	if (likely(block != NULL))
		record_alloc(block, size, start);
	return block;
}

HOOK void *
realloc(void *old, size_t size)
{
	return do_realloc(old, size, unwind_start_here());
}

HOOK void *
reallocarray(void *old, size_t count, size_t size)
{
	/* libc's own would come back through realloc and count twice. */
	if (unlikely(multiply_overflows(count, size, &size))) {
		errno = ENOMEM;
		return NULL;
	}
	return do_realloc(old, size, unwind_start_here());
}

HOOK void *
memalign(size_t alignment, size_t size)
{
	void *block;

	if (unlikely(!lifecycle_is_on()))
		return plain_aligned(alignment, size);
	block = real.memalign(alignment, size);
	if (likely(block != NULL))
		record_alloc(block, size, unwind_start_here());
	return block;
}

HOOK void *
aligned_alloc(size_t alignment, size_t size)
{
	void *block;

	if (unlikely(!lifecycle_is_on()))
		return real.aligned_alloc != NULL ?
		    real.aligned_alloc(alignment, size) :
		    plain_aligned(alignment, size);
	block = real.aligned_alloc(alignment, size);
	if (likely(block != NULL))
		record_alloc(block, size, unwind_start_here());
	return block;
}

HOOK int
posix_memalign(void **result, size_t alignment, size_t size)
{
	int error;

	if (unlikely(!lifecycle_is_on())) {
		if (real.posix_memalign != NULL)
			return real.posix_memalign(result, alignment, size);
		*result = bootstrap_alloc(size, alignment);
		return *result != NULL ? 0 : ENOMEM;
	}
	error = real.posix_memalign(result, alignment, size);
	if (likely(error == 0) && *result != NULL)
		record_alloc(*result, size, unwind_start_here());
	return error;
}

HOOK void *
valloc(size_t size)
{
	void *block;

	if (unlikely(!lifecycle_is_on()))
		return real.valloc != NULL ? real.valloc(size) :
		    plain_aligned(4096, size);
	block = real.valloc(size);
	if (likely(block != NULL))
		record_alloc(block, size, unwind_start_here());
	return block;
}

HOOK void *
pvalloc(size_t size)
{
	void *block;

	if (unlikely(!lifecycle_is_on()))
		return real.pvalloc != NULL ? real.pvalloc(size) :
		    plain_aligned(4096, size);
	block = real.pvalloc(size);
	if (likely(block != NULL))
		record_alloc(block, size, unwind_start_here());
	return block;
}

HOOK size_t
malloc_usable_size(void *block)
{
	if (block != NULL && unlikely(bootstrap_owns(block)))
		return bootstrap_size(block);
	if (unlikely(real.malloc_usable_size == NULL))
		lifecycle_begin_slow();
	return real.malloc_usable_size != NULL ?
	    real.malloc_usable_size(block) : 0;
}

/* C23; newer libcs have them, and their own would bypass free() above. */
HOOK void
free_sized(void *block, size_t size)
{
	(void)size;
	free(block);
}

HOOK void
free_aligned_sized(void *block, size_t alignment, size_t size)
{
	(void)alignment;
	(void)size;
	free(block);
}
