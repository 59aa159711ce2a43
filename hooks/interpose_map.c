/*
 * interpose_map.c - mmap and its relatives, a domain of their own (L2).
 *
 * Off unless the run asks for it: there live the heaps of Java, Go and
 * CPython, which would count their objects twice, as blocks and as the memory
 * below them.  Anonymous mappings only; a file's pages are not allocated.
 *
 * Early calls, before the real functions are known, go to the kernel.
 */
#include "base/sys.h"
#include "hooks/lifecycle.h"
#include "hooks/real.h"
#include "hooks/record.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>

#define HOOK ATTR_EXPORT

static ATTR_INLINE bool
is_recording(void)
{
	return lifecycle_is_on() &&
	    unlikely(lifecycle_lobby->options & LOBBY_MAPPINGS) &&
	    !lifecycle_is_stopped();
}

/* As libc gives the kernel's answer. */
static ATTR_COLD long
with_errno(long result)
{
	if (!sys_failed(result))
		return result;
	errno = (int)-result;
	return -1;
}

static ATTR_INLINE void *
do_mmap(void *address, size_t size, int protection, int flags, int fd,
    off64_t offset, own_frame own)
{
	bool recording = is_recording();
	void *mapping;

	/* What is replaced goes first, as with free. */
	if (recording && (flags & MAP_FIXED))
		record_unmap(address, size);
	if (unlikely(real.mmap64 == NULL))
		mapping = (void *)with_errno(sys_mmap(address, size,
		    protection, flags, fd, (uint64_t)offset));
	else
		mapping = real.mmap64(address, size, protection, flags, fd,
		    offset);
	if (recording && lifecycle_records() && mapping != MAP_FAILED &&
	    (flags & MAP_ANONYMOUS))
		record_map(mapping, size, own);
	return mapping;
}

HOOK void *
mmap(void *address, size_t size, int protection, int flags, int fd,
    off_t offset)
{
	return do_mmap(address, size, protection, flags, fd, offset,
	    unwind_own_frame());
}

HOOK void *
mmap64(void *address, size_t size, int protection, int flags, int fd,
    off64_t offset)
{
	return do_mmap(address, size, protection, flags, fd, offset,
	    unwind_own_frame());
}

HOOK int
munmap(void *address, size_t size)
{
	if (is_recording() && (uintptr_t)address % LAYOUT_PAGE == 0)
		record_unmap(address, size);
	if (unlikely(real.munmap == NULL))
		return (int)with_errno(sys_munmap(address, size));
	return real.munmap(address, size);
}

HOOK void *
mremap(void *address, size_t old_size, size_t size, int flags, ...)
{
	own_frame own = unwind_own_frame();
	bool was_recorded = false;
	void *wanted, *mapping;
	va_list arguments;

	va_start(arguments, flags);
	wanted = flags & MREMAP_FIXED ? va_arg(arguments, void *) : NULL;
	va_end(arguments);
	if (is_recording()) {
		was_recorded = record_unmap(address, old_size);
		if (flags & MREMAP_FIXED)
			record_unmap(wanted, size);
	}
	if (unlikely(real.mremap == NULL))
		mapping = (void *)with_errno(sys_call6(SYS_mremap,
		    (long)address, (long)old_size, (long)size, flags,
		    (long)wanted, 0));
	else
		mapping = real.mremap(address, old_size, size, flags, wanted);
	/* A mapping that could not be moved is still there. */
	if (was_recorded)
		record_map(mapping != MAP_FAILED ? mapping : address,
		    mapping != MAP_FAILED ? size : old_size, own);
	return mapping;
}
