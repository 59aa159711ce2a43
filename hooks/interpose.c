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
#include "hooks/modules.h"
#include "hooks/real.h"
#include "hooks/record.h"
#include "hooks/thread.h"
#include "tables/region.h"

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

/* The sample's turn may have come, or the thread has drawn none yet. */
static ATTR_COLD ATTR_NOINLINE bool
is_sample_due(void)
{
	if (lifecycle_records())
		return true;
	/* This point is passed over: the next one is drawn anew. */
	thread_state.until_sample = 0;
	return false;
}

/*
 * Take a block of this size off the bytes to the next sample point: false
 * when the point lies in it.
 */
static ATTR_INLINE bool
is_passed_over(size_t size)
{
	uint64_t left = (uint64_t)thread_state.until_sample;

	if (unlikely(left <= size))
		return false;
	thread_state.until_sample = (int64_t)(left - size);
	return true;
}

/*
 * Is a block of this size to be recorded?  Where not every block is, the
 * sample is asked here: most calls then end with a subtraction.  Only while
 * the hook is on.
 */
static ATTR_INLINE bool
is_wanted(size_t size)
{
	uint32_t mode = load_relaxed(lifecycle_armed);

	if (likely(mode == LIFECYCLE_ALL))
		return lifecycle_records();
	if (mode == LIFECYCLE_SAMPLE)
		return !is_passed_over(size) && is_sample_due();
	if (!lifecycle_records())
		return false;
	lifecycle_touch_slow();
	return true;
}

/*
 * malloc() itself has no frame, and jumps to one of these or to libc's: what
 * is called from here sees the program's call as its own.
 */
static ATTR_NOINLINE void *
malloc_recorded(size_t size)
{
	void *block = real.malloc(size);

	if (likely(block != NULL))
		record_alloc(block, size, unwind_own_frame());
	return block;
}

static ATTR_NOINLINE void *
malloc_otherwise(size_t size)
{
	void *block;

	if (!lifecycle_is_on())
		return plain_malloc(size);
	block = real.malloc(size);
	if (block != NULL && is_wanted(size))
		record_alloc(block, size, unwind_own_frame());
	return block;
}

HOOK void *
malloc(size_t size)
{
	uint32_t mode = load_relaxed(lifecycle_armed);

	if (likely(mode == LIFECYCLE_ALL))
		return likely(lifecycle_records()) ? malloc_recorded(size) :
		    real.malloc(size);
	/* Sampling; one comparison serves both. */
	if (mode > LIFECYCLE_ALL) {
		if (likely(is_passed_over(size)))
			return real.malloc(size);
	} else if (mode == LIFECYCLE_UNTOUCHED &&
	    likely(!lifecycle_records()))
		return real.malloc(size);
	return malloc_otherwise(size);
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
	if (likely(block != NULL) && likely(is_wanted(count * size)))
		record_alloc(block, count * size, unwind_own_frame());
	return block;
}

/* ---- free ---- */

/* Not recording: not yet, not in this process, or nothing ever. */
static ATTR_COLD void
free_unrecorded(void *block)
{
	if (block == NULL || bootstrap_owns(block))
		return;
	if (load_relaxed(lifecycle_armed) == LIFECYCLE_IDLE) {
		if (lifecycle_begin_slow())
			record_unknown_free();
	} else
		modules_check_free(block);
	if (real.free != NULL)
		real.free(block);
}

/* These have no frame either: what is rare is left by a jump. */
static ATTR_NOINLINE void
free_stopped(void *block)
{
	if (bootstrap_may_own(block) || modules_may_be(block))
		free_unrecorded(block);
	else
		real.free(block);
}

static ATTR_NOINLINE void
free_recorded(void *block, uint64_t *record)
{
	record_free(block, record);
	real.free(block);
}

static ATTR_NOINLINE void
free_unknown(void *block)
{
	if (block == NULL || bootstrap_owns(block))
		return;
	record_unknown_free();
	real.free(block);
}

/*
 * Most blocks are not recorded; whether anything is, is in the record.  Where
 * there is one, bootstrap memory is not (real.c).
 */
static ATTR_INLINE void
free_sampled(void *block)
{
	uint64_t *record = blocks_find((uintptr_t)block);

	if (record != NULL) {
		if (unlikely(load_relaxed(record) != 0))
			free_recorded(block, record);
		else
			real.free(block);
	} else if (bootstrap_may_own(block))
		free_unrecorded(block);
	else
		real.free(block);
}

HOOK void
free(void *block)
{
	uint32_t mode = load_relaxed(lifecycle_armed);
	uint64_t *record;

	if (unlikely(mode != LIFECYCLE_ALL)) {
		if (mode > LIFECYCLE_ALL)
			free_sampled(block);
		else if (mode == LIFECYCLE_IDLE || bootstrap_may_own(block))
			free_unrecorded(block);
		else
			real.free(block);
		return;
	}
	if (lifecycle_is_stopped()) {
		free_stopped(block);
		return;
	}
	/* What libc reads first comes from memory while the record does. */
	__builtin_prefetch((const char *)block - sizeof(size_t));
	record = blocks_find((uintptr_t)block);
	if (likely(record != NULL) && likely(load_relaxed(record) != 0))
		free_recorded(block, record);
	else
		free_unknown(block);
}

/* ---- realloc ---- */

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

/* A block that is followed stays so while others are not recorded. */
static ATTR_INLINE bool
is_still_wanted(const struct block *old, size_t size)
{
	return is_wanted(size) || (region_header->sample_bytes == 0 &&
	    record_is_followed(old));
}

static ATTR_INLINE void *
do_realloc(void *old, size_t size, own_frame own)
{
	bool is_bootstrap = old != NULL && unlikely(bootstrap_owns(old));
	struct block record = { .traceback = 0 };
	void *block;

	if (unlikely(!lifecycle_is_on())) {
		if (is_bootstrap || real.realloc == NULL)
			return old == NULL ? plain_malloc(size) :
			    leave_bootstrap(old, size);
		return real.realloc(old, size);
	}
	if (unlikely(is_bootstrap)) {
		block = leave_bootstrap(old, size);
	} else if (old == NULL || lifecycle_is_stopped()) {
		block = real.realloc(old, size);
	} else {
		record_detach(old, &record);
		block = real.realloc(old, size);
		/* No block for a size of 0 means that the old one is gone. */
		if (likely(block != NULL) || size == 0)
			record_forget(&record);
		else
			record_put_back(old, &record);
	}
	if (likely(block != NULL) && likely(is_still_wanted(&record, size)))
		record_alloc(block, size, own);
	return block;
}

HOOK void *
realloc(void *old, size_t size)
{
	return do_realloc(old, size, unwind_own_frame());
}

HOOK void *
reallocarray(void *old, size_t count, size_t size)
{
	/* libc's own would come back through realloc and count twice. */
	if (unlikely(multiply_overflows(count, size, &size))) {
		errno = ENOMEM;
		return NULL;
	}
	return do_realloc(old, size, unwind_own_frame());
}

HOOK void *
memalign(size_t alignment, size_t size)
{
	void *block;

	if (unlikely(!lifecycle_is_on()))
		return plain_aligned(alignment, size);
	block = real.memalign(alignment, size);
	if (likely(block != NULL) && likely(is_wanted(size)))
		record_alloc(block, size, unwind_own_frame());
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
	if (likely(block != NULL) && likely(is_wanted(size)))
		record_alloc(block, size, unwind_own_frame());
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
	if (likely(error == 0) && *result != NULL && is_wanted(size))
		record_alloc(*result, size, unwind_own_frame());
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
	if (likely(block != NULL) && likely(is_wanted(size)))
		record_alloc(block, size, unwind_own_frame());
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
	if (likely(block != NULL) && likely(is_wanted(size)))
		record_alloc(block, size, unwind_own_frame());
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
