/*
 * hook_list.h - every function that is interposed, once (L2).
 *
 *	H(name, required, type, parameters)
 *
 * required: the program cannot run without the next definition.  From this
 * list come the pointers to the next definitions (real.h), their look-up
 * (real.c) and the version script with the complete list of exported names
 * (hooks.map is made from it when building).  C++ operator new arrives here
 * through malloc.
 */
#ifndef TMTOP_HOOKS_HOOK_LIST_H
#define TMTOP_HOOKS_HOOK_LIST_H

#define HOOK_LIST(H)							\
	H(malloc,	1, void *, (size_t size))			\
	H(calloc,	1, void *, (size_t count, size_t size))		\
	H(realloc,	1, void *, (void *block, size_t size))		\
	H(free,		1, void, (void *block))				\
	H(reallocarray,	0, void *, (void *block, size_t count,		\
	    size_t size))						\
	H(memalign,	0, void *, (size_t alignment, size_t size))	\
	H(posix_memalign, 0, int, (void **result, size_t alignment,	\
	    size_t size))						\
	H(aligned_alloc, 0, void *, (size_t alignment, size_t size))	\
	H(valloc,	0, void *, (size_t size))			\
	H(pvalloc,	0, void *, (size_t size))			\
	H(malloc_usable_size, 0, size_t, (void *block))			\
	H(free_sized,	0, void, (void *block, size_t size))		\
	H(free_aligned_sized, 0, void, (void *block, size_t alignment,	\
	    size_t size))						\
	H(mmap,		0, void *, (void *address, size_t size,		\
	    int protection, int flags, int fd, off_t offset))		\
	H(mmap64,	0, void *, (void *address, size_t size,		\
	    int protection, int flags, int fd, off64_t offset))		\
	H(munmap,	0, int, (void *address, size_t size))		\
	H(mremap,	0, void *, (void *address, size_t old_size,	\
	    size_t size, int flags, ...))

#endif
