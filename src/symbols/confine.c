/*
 * confine.c - what the helper may not do, whatever it reads (L4, helper).
 *
 * Shape      Limits, then a list of the system calls that remain.  Any other
 *            fails with EPERM: a libc that has found a new way to do the old
 *            thing costs a name and not the process.
 * Why        libdw, zlib, lzma and the demangler read what a stranger wrote.
 *            Who takes them over finds a process that can read the user's
 *            files, and answer one socket.
 * Invariant  After confine_process() no file can be written, made, cut short
 *            or mapped executable; no process, program or connection begun.
 *            That is why openat2(), whose flags a filter cannot see, is not
 *            among the calls: files.c walks into other roots itself.
 * Limits     Memory MAX_SPACE, of it MAX_DATA that is not a file's; REQUEST_S
 *            of processor time a request, LIFE_S in all; MAX_FILES open.
 *            Under pressure the kernel kills this process before others.
 */
#include "symbols/confine.h"

#include "base/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define MAX_SPACE	(UINT64_C(8) << 30)
#define MAX_DATA	(UINT64_C(4) << 30)
#define MAX_MEMORY_FILE	(UINT64_C(256) << 20)
#define MAX_FILES	1024u
#define REQUEST_S	30
#define LIFE_S		7200u

/* ---- limits ---- */

static void
lower(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return;
	if (limit.rlim_max > value)
		limit.rlim_max = value;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(resource, &limit);
}

/* Address sanitizer maps terabytes. */
static bool
has_sanitizer(void)
{
	unsigned long long n_pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL)
		return false;
	if (fscanf(file, "%llu", &n_pages) != 1)
		n_pages = 0;
	fclose(file);
	return n_pages * 4096 > MAX_SPACE / 2;
}

static void
offer_for_killing(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "we");

	if (file == NULL)
		return;
	fputs("1000\n", file);
	fclose(file);
}

void
confine_renew_time(void)
{
	const struct itimerval share = { .it_value.tv_sec = REQUEST_S };

	setitimer(ITIMER_PROF, &share, NULL);
}

/* ---- system calls ---- */

#if defined(__x86_64__)
#define ARCHITECTURE	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE	AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

enum condition {
	ALWAYS,
	WITHOUT_BITS,		/* none of `value` in the argument */
	WITH_VALUE,		/* the argument is `value` */
};

struct call {
	uint32_t	number;
	enum condition	condition;
	unsigned	argument;
	uint32_t	value;
};

#define WRITING		(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | \
    (O_TMPFILE & ~O_DIRECTORY))

static const struct call calls[] = {
	/* the socket */
	{ .number = SYS_recvfrom }, { .number = SYS_sendto },
	/* files */
	{ SYS_openat, WITHOUT_BITS, 2, WRITING },
#ifdef SYS_open
	{ SYS_open, WITHOUT_BITS, 1, WRITING },
	{ .number = SYS_stat }, { .number = SYS_lstat },
	{ .number = SYS_access }, { .number = SYS_readlink },
#endif
	{ .number = SYS_read }, { .number = SYS_pread64 },
	{ .number = SYS_readv }, { .number = SYS_lseek },
	{ .number = SYS_close }, { .number = SYS_fstat },
	{ .number = SYS_newfstatat }, { .number = SYS_statx },
	{ .number = SYS_readlinkat }, { .number = SYS_faccessat },
	{ .number = SYS_getcwd }, { .number = SYS_fadvise64 },
	{ SYS_fcntl, WITH_VALUE, 1, F_GETFL },
	/* memory */
	{ SYS_mmap, WITHOUT_BITS, 2, PROT_EXEC },
	{ SYS_mprotect, WITHOUT_BITS, 2, PROT_EXEC },
	{ .number = SYS_munmap }, { .number = SYS_mremap },
	{ .number = SYS_madvise }, { .number = SYS_brk },
	{ .number = SYS_futex }, { .number = SYS_getrandom },
	{ .number = SYS_sysinfo },
	/* files in memory; no other can be open for writing */
	{ .number = SYS_memfd_create }, { .number = SYS_ftruncate },
	/* time */
	{ .number = SYS_clock_gettime }, { .number = SYS_gettimeofday },
	{ .number = SYS_setitimer },
	/* ending, by a failed assertion too */
	{ .number = SYS_exit_group }, { .number = SYS_exit },
	{ .number = SYS_getpid }, { .number = SYS_gettid },
	{ .number = SYS_tgkill }, { .number = SYS_rt_sigprocmask },
	{ .number = SYS_rt_sigaction }, { .number = SYS_rt_sigreturn },
	{ SYS_write, WITH_VALUE, 0, STDERR_FILENO },
	{ SYS_writev, WITH_VALUE, 0, STDERR_FILENO },
};

#define PER_CALL	5u	/* instructions, at most */
#define BEFORE_CALLS	4u
#define REFUSE		(SECCOMP_RET_ERRNO | EPERM)

static size_t
add_call(struct sock_filter *to, const struct call *call)
{
	const uint32_t load = offsetof(struct seccomp_data, args) +
	    call->argument * sizeof(uint64_t);
	const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K,
	    SECCOMP_RET_ALLOW);
	const struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, REFUSE);

	if (call->condition == ALWAYS) {
		to[0] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, 1);
		to[1] = allow;
		return 2;
	}
	/* Flags and descriptors are 32 bits; the kernel looks at no more. */
	to[0] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
	    call->number, 0, 4);
	to[1] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, load);
	to[2] = call->condition == WITH_VALUE ?
	    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
	    call->value, 0, 1) :
	    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K,
	    call->value, 1, 0);
	to[3] = allow;
	to[4] = refuse;
	return 5;
}

static void
filter_calls(void)
{
	struct sock_filter filter[BEFORE_CALLS +
	    PER_CALL * array_size(calls) + 1] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { .filter = filter };
	size_t n = BEFORE_CALLS;

	for (size_t i = 0; i < array_size(calls); i++)
		n += add_call(&filter[n], &calls[i]);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, REFUSE);
	program.len = (unsigned short)n;
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#else

static void
filter_calls(void)
{
}

#endif

void
confine_process(void)
{
	const bool is_instrumented = has_sanitizer();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	offer_for_killing();
	lower(RLIMIT_CORE, 0);
	lower(RLIMIT_FSIZE, MAX_MEMORY_FILE);
	lower(RLIMIT_NPROC, 0);
	lower(RLIMIT_NOFILE, MAX_FILES);
	lower(RLIMIT_CPU, LIFE_S);
	if (!is_instrumented) {
		lower(RLIMIT_AS, MAX_SPACE);
		lower(RLIMIT_DATA, MAX_DATA);
	}
	/* A handler that takes core files through a pipe ignores the limit.
	 * Last but the filter: from here on, /proc/self may belong to root. */
	prctl(PR_SET_DUMPABLE, 0);
	confine_renew_time();
	if (!is_instrumented)
		filter_calls();
}
