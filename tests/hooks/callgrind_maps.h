/*
 * callgrind_maps.h - included before each source of the hook that runs under
 * valgrind, which refuses what the kernel allows: mremap() with an old size
 * of 0.  The same mappings are made from a descriptor that is kept.
 */
#ifndef TMTOP_TESTS_CALLGRIND_MAPS_H
#define TMTOP_TESTS_CALLGRIND_MAPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/sys.h"

/* As sys_mmap() and sys_mremap(). */
long kept_mmap(void *address, size_t size, int protection, int flags, int fd,
    uint64_t offset);
long kept_mremap(void *address, size_t old_size, size_t new_size, int flags);

#define sys_mmap	kept_mmap
#define sys_mremap	kept_mremap

#endif
