/* callgrind_maps.c - see callgrind_maps.h.  For one thread at a time. */
#include "tests/hooks/callgrind_maps.h"

#include <fcntl.h>
#include <sys/mman.h>

#undef sys_mmap
#undef sys_mremap

enum { KEPT_AT = 300 };		/* above what the program opens */

static struct {
	uintptr_t	address;
	size_t		size;
	uint64_t	offset;
} maps[4096];
static unsigned n_maps;
static long kept_fd = -1;

static long
remember(long address, size_t size, uint64_t offset)
{
	if (!sys_failed(address) && n_maps < sizeof maps / sizeof *maps) {
		maps[n_maps].address = (uintptr_t)address;
		maps[n_maps].size = size;
		maps[n_maps++].offset = offset;
	}
	return address;
}

long
kept_mmap(void *address, size_t size, int protection, int flags, int fd,
    uint64_t offset)
{
	long p = sys_mmap(address, size, protection, flags, fd, offset);

	if (fd < 0 || !(flags & MAP_SHARED))
		return p;
	if (sys_failed(kept_fd))
		kept_fd = sys_fcntl(fd, F_DUPFD_CLOEXEC, KEPT_AT);
	return remember(p, size, offset);
}

long
kept_mremap(void *address, size_t old_size, size_t new_size, int flags)
{
	uintptr_t at = (uintptr_t)address;

	for (unsigned i = n_maps; old_size == 0 && i-- > 0;) {
		uint64_t distance = at - maps[i].address, offset;

		if (at < maps[i].address || distance >= maps[i].size)
			continue;
		offset = maps[i].offset + distance;
		return remember(sys_mmap(NULL, new_size, PROT_READ |
		    PROT_WRITE, MAP_SHARED, (int)kept_fd, offset), new_size,
		    offset);
	}
	return sys_mremap(address, old_size, new_size, flags);
}
