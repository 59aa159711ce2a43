/*
 * sys.h - system calls without libc (L0).
 *
 * The hook may not change errno, and libc's wrappers may be interposed by
 * other libraries of the program.  Results are the kernel's: -errno on
 * failure.  The only file with conditionals on the architecture's call
 * convention.
 */
#ifndef TMTOP_BASE_SYS_H
#define TMTOP_BASE_SYS_H

#include "base/compiler.h"

#include <sys/syscall.h>

#if defined(__x86_64__)
static inline long
sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
	    : "=a"(result)
	    : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
	    : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long
sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
	    : "+r"(x0)
	    : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
	    : "memory");
	return x0;
}
#else
#error "no system call convention for this architecture"
#endif

/* True for the kernel's -errno range. */
static inline bool
sys_failed(long result)
{
	return (unsigned long)result > -4096ul;
}

static inline long
sys_mmap(void *address, size_t size, int protection, int flags, int fd,
    uint64_t offset)
{
	return sys_call6(SYS_mmap, (long)address, (long)size, protection,
	    flags, fd, (long)offset);
}

static inline long
sys_munmap(void *address, size_t size)
{
	return sys_call6(SYS_munmap, (long)address, (long)size, 0, 0, 0, 0);
}

static inline long
sys_mremap(void *address, size_t old_size, size_t new_size, int flags)
{
	return sys_call6(SYS_mremap, (long)address, (long)old_size,
	    (long)new_size, flags, 0, 0);
}

static inline long
sys_madvise(void *address, size_t size, int advice)
{
	return sys_call6(SYS_madvise, (long)address, (long)size, advice, 0, 0,
	    0);
}

static inline long
sys_open(const char *path, int flags)
{
	return sys_call6(SYS_openat, -100 /* AT_FDCWD */, (long)path, flags, 0,
	    0, 0);
}

static inline long
sys_read(int fd, void *to, size_t size)
{
	return sys_call6(SYS_read, fd, (long)to, (long)size, 0, 0, 0);
}

static inline long
sys_close(int fd)
{
	return sys_call6(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline long
sys_fcntl(int fd, int command, long argument)
{
	return sys_call6(SYS_fcntl, fd, command, argument, 0, 0, 0);
}

static inline long
sys_readlink(const char *path, char *to, size_t size)
{
	return sys_call6(SYS_readlinkat, -100 /* AT_FDCWD */, (long)path,
	    (long)to, (long)size, 0, 0);
}

static inline long
sys_getpid(void)
{
	return sys_call6(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline long
sys_getppid(void)
{
	return sys_call6(SYS_getppid, 0, 0, 0, 0, 0, 0);
}

#endif
