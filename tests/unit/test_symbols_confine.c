/*
 * test_symbols_confine.c - what the helper cannot do any more once it is
 * confined.
 *
 * Each attempt is made in a child that confines itself as the helper does; the
 * same attempts succeed without that.
 */
#include "symbols/confine.h"
#include "base/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char victim[64];		/* a file with 8 bytes */
static int pipe_end, victim_fd;

/* Each returns whether it could be done. */

static bool
open_for_writing(void)
{
	return syscall(SYS_openat, AT_FDCWD, victim, O_WRONLY, 0) >= 0;
}

static bool
cut_a_file_by_opening_it(void)
{
	return syscall(SYS_openat, AT_FDCWD, victim, O_RDONLY | O_TRUNC,
	    0) >= 0;
}

static bool
cut_a_file_by_openat2(void)
{
	struct { uint64_t flags, mode, resolve; } how = { O_WRONLY, 0, 0 };

	return syscall(SYS_openat2, AT_FDCWD, victim, &how, sizeof how) >= 0;
}

static bool
make_a_file(void)
{
	char path[80];

	snprintf(path, sizeof path, "%s.new", victim);
	return syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CREAT,
	    0600) >= 0;
}

static bool
make_a_nameless_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/tmp", O_TMPFILE | O_RDWR,
	    0600) >= 0;
}

static bool
remove_a_file(void)
{
	char path[80];

	snprintf(path, sizeof path, "%s.gone", victim);
	return unlink(path) == 0;
}

static bool
rename_a_file(void)
{
	return rename(victim, victim) == 0;
}

static bool
write_to_a_descriptor(void)
{
	return write(pipe_end, "x", 1) == 1;
}

static bool
write_to_an_open_file(void)
{
	return pwrite(victim_fd, "x", 1, 0) == 1;
}

static bool
make_a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool
make_a_process(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool
map_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
make_memory_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED &&
	    mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool
signal_another_process(void)
{
	return kill(getppid(), 0) == 0;
}

static bool
let_itself_be_traced(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool
raise_a_limit(void)
{
	const struct rlimit limit = { 1, 1 };

	return setrlimit(RLIMIT_STACK, &limit) == 0;
}

static bool
execute(void)
{
	char *arguments[] = { victim, NULL };

	/* it is no program: when it may be tried, the error is another one */
	return execve("/nonexistent", arguments, NULL) == 0 ||
	    errno == ENOENT;
}

static const struct {
	bool		(*attempt)(void);
	const char	*name;
} forbidden[] = {
	{ open_for_writing, "open for writing" },
	{ cut_a_file_by_opening_it, "cut a file by opening it" },
	{ cut_a_file_by_openat2, "openat2" },
	{ make_a_file, "make a file" },
	{ make_a_nameless_file, "make a nameless file" },
	{ remove_a_file, "remove a file" },
	{ rename_a_file, "rename a file" },
	{ write_to_a_descriptor, "write to a descriptor" },
	{ write_to_an_open_file, "write to an open file" },
	{ make_a_socket, "make a socket" },
	{ make_a_process, "make a process" },
	{ map_executable, "map executable" },
	{ make_memory_executable, "make memory executable" },
	{ signal_another_process, "signal another process" },
	{ let_itself_be_traced, "let itself be traced" },
	{ raise_a_limit, "set a limit" },
	{ execute, "execute" },
};

static bool
read_a_file(void)
{
	char bytes[8];
	int fd = open(victim, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 &&
	    pread(fd, bytes, sizeof bytes, 0) == sizeof bytes &&
	    mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) !=
	    MAP_FAILED && close(fd) == 0;
}

static bool
take_and_give_memory(void)
{
	char *small = malloc(100), *large = malloc(50 << 20);

	if (small == NULL || large == NULL)
		return false;
	memset(large, 1, 50 << 20);
	large = realloc(large, 100 << 20);
	free(large);
	free(small);
	return large != NULL;
}

static bool
have_a_clock(void)
{
	struct timespec now;

	return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) == 0;
}

/* What happens when a child tries. 0: it could, 1: EPERM, 2: something else,
 * 128 + n: signal n. */
static int
try(bool (*attempt)(void), bool is_confined)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		bool worked;

		if (is_confined)
			confine_process();
		errno = 0;
		worked = attempt();
		_exit(worked ? 0 : errno == EPERM ? 1 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	    WEXITSTATUS(status);
}

/* A process with a sanitizer keeps its system calls. */
static bool
is_filtered(void)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");
	int mode = 0;

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		sscanf(line, "Seccomp: %d", &mode);
	if (file != NULL)
		fclose(file);
	return mode == 2;
}

static int
set_up(void **state)
{
	int ends[2];
	char gone[80];

	(void)state;
	snprintf(victim, sizeof victim, "%s", "/tmp/tmtop-test-XXXXXX");
	victim_fd = mkstemp(victim);
	snprintf(gone, sizeof gone, "%s.gone", victim);
	close(open(gone, O_WRONLY | O_CREAT, 0600));
	if (victim_fd < 0 || pipe(ends) < 0 ||
	    write(victim_fd, "12345678", 8) != 8)
		return -1;
	pipe_end = ends[1];
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const endings[] = { "", ".new", ".gone" };
	char path[80];

	(void)state;
	for (size_t i = 0; i < array_size(endings); i++) {
		snprintf(path, sizeof path, "%s%s", victim, endings[i]);
		unlink(path);
	}
	return 0;
}

static void
confined_process_can_do_no_harm(void **state)
{
	(void)state;
	if (try(is_filtered, true) != 0) {
		printf("# no filter: a sanitizer, or no such kernel\n");
		return;
	}
	for (size_t i = 0; i < array_size(forbidden); i++) {
		int result = try(forbidden[i].attempt, true);

		if (result != 1)
			fail_msg("%s: %d", forbidden[i].name, result);
	}
	assert_int_equal(try(read_a_file, true), 0);	/* still 8 bytes */
}

static void
confined_process_can_still_read(void **state)
{
	(void)state;
	assert_int_equal(try(read_a_file, true), 0);
	assert_int_equal(try(take_and_give_memory, true), 0);
	assert_int_equal(try(have_a_clock, true), 0);
}

static bool
fail_an_assertion(void)
{
	abort();
}

static void
confined_process_can_still_die(void **state)
{
	(void)state;
	assert_int_equal(try(fail_an_assertion, true), 128 + SIGABRT);
}

/* The list would prove nothing if these could not be done anyway. */
static void
unconfined_process_can_do_all_of_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(forbidden); i++) {
		int result = try(forbidden[i].attempt, false);

		if (result != 0)
			fail_msg("%s: %d", forbidden[i].name, result);
		if (i == 1)
			assert_int_equal(pwrite(victim_fd, "12345678", 8, 0),
			    8);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(confined_process_can_do_no_harm),
		cmocka_unit_test(confined_process_can_still_read),
		cmocka_unit_test(confined_process_can_still_die),
		cmocka_unit_test(unconfined_process_can_do_all_of_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("symbols_confine", tests, set_up,
	    tear_down);
}
