/*
 * process.c - reading /proc (L3).
 *
 * Shape      One function per question; a bounded read of one file each, but
 *            for those that visit every process.
 * Why        Nothing here can be asked of a pidfd: when a process started,
 *            what it has mapped, who is younger than the program.
 * Limits     Start times are exact to a clock tick.  Memory maps and the
 *            environment are those of the caller's user only; those of
 *            others read as "no".
 */
#include "run/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* Text of a /proc file, at most room - 1 bytes and a NUL; false when it is
 * not readable or empty. */
static bool ATTR_PRINTF(3, 4)
read_proc(char *to, size_t room, const char *format, ...)
{
	char path[64];
	va_list args;
	ssize_t n;
	int fd;

	va_start(args, format);
	vsnprintf(path, sizeof path, format, args);
	va_end(args);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, to, room - 1);
	close(fd);
	to[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t
clock_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t
process_start_ns(pid_t pid)
{
	/* /proc counts from boot, suspended time included.  Read in this order
	 * the difference is never too large, and may be below zero where the
	 * machine never slept. */
	uint64_t awake = clock_now_ns(), boot = clock_ns(CLOCK_BOOTTIME);
	uint64_t asleep = boot > awake ? boot - awake : 0;
	uint64_t started, hz = (uint64_t)sysconf(_SC_CLK_TCK);
	char text[1024], *field;

	if (!read_proc(text, sizeof text, "/proc/%d/stat", (int)pid))
		return 0;
	/* The name in parentheses may hold anything; field 22 is the 20th
	 * after it. */
	field = strrchr(text, ')');
	for (int i = 0; field != NULL && i < 20; i++)
		field = strchr(field + 1, ' ');
	if (field == NULL)
		return 0;
	started = strtoull(field + 1, NULL, 10) * (1000000000u / hz);
	return started > asleep ? started - asleep : 1;
}

struct file_id
process_program(pid_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	if (stat(path, &st) < 0)
		return (struct file_id){ 0, 0 };
	return (struct file_id){ st.st_dev, st.st_ino };
}

bool
file_id_equal(struct file_id a, struct file_id b)
{
	return a.device == b.device && a.inode == b.inode;
}

/* One line of maps: "from-to perms offset MAJOR:MINOR INODE path". */
static bool
line_maps(const char *line, struct file_id file)
{
	unsigned device_major, device_minor;
	unsigned long inode;

	return sscanf(line, "%*s %*s %*s %x:%x %lu", &device_major,
	    &device_minor, &inode) == 3 && inode == file.inode &&
	    makedev(device_major, device_minor) == file.device;
}

bool
process_maps(pid_t pid, struct file_id file)
{
	char path[32], line[512];
	bool found = false, at_start = true;
	FILE *maps;

	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (maps == NULL)
		return false;
	while (!found && fgets(line, sizeof line, maps) != NULL) {
		found = at_start && line_maps(line, file);
		at_start = strchr(line, '\n') != NULL;
	}
	fclose(maps);
	return found;
}

bool
process_environment_has(pid_t pid, const char *text)
{
	size_t size = strlen(text), kept = 0;
	char path[32], part[8192];
	bool found = false;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* Keep a tail, so that a border does not cut the text. */
	while (!found && (n = read(fd, part + kept, sizeof part - kept)) > 0) {
		kept += (size_t)n;
		found = memmem(part, kept, text, size) != NULL;
		if (kept >= size) {
			memmove(part, part + kept - (size - 1), size - 1);
			kept = size - 1;
		}
	}
	close(fd);
	return found;
}

bool
process_reads_terminal(pid_t pid, dev_t device)
{
	long number = -1;
	unsigned long fd = 0;
	char text[256], path[64];
	struct stat st;

	if (!read_proc(text, sizeof text, "/proc/%d/syscall", (int)pid) ||
	    sscanf(text, "%ld 0x%lx", &number, &fd) != 2 ||
	    (number != SYS_read && number != SYS_readv))
		return false;
	snprintf(path, sizeof path, "/proc/%d/fd/%lu", (int)pid, fd);
	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) &&
	    (st.st_rdev == device || st.st_rdev == makedev(5, 0));
}

/* The newest pid given out in this pid namespace, or 0. */
static pid_t
newest_pid(void)
{
	char text[128], *last;

	if (!read_proc(text, sizeof text, "/proc/loadavg"))
		return 0;
	last = strrchr(text, ' ');
	return last == NULL ? 0 : (pid_t)strtol(last, NULL, 10);
}

/* Every process, until the function returns true. */
static bool
visit_all(bool (*visit)(void *context, pid_t pid), void *context)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			found = visit(context,
			    (pid_t)strtol(entry->d_name, NULL, 10));
	closedir(dir);
	return found;
}

struct younger {
	pid_t	oldest, newest;
	bool	(*visit)(void *context, pid_t pid);
	void	*context;
};

/* Pids are given out in a circle. */
static bool
visit_if_younger(void *context, pid_t pid)
{
	const struct younger *younger = context;
	bool is_younger = younger->oldest <= younger->newest ?
	    pid > younger->oldest && pid <= younger->newest :
	    pid > younger->oldest || pid <= younger->newest;

	return is_younger && younger->visit(younger->context, pid);
}

bool
process_visit_younger(pid_t pid, bool (*visit)(void *context, pid_t pid),
    void *context)
{
	struct younger younger = {
		.oldest = pid, .newest = newest_pid(),
		.visit = visit, .context = context,
	};

	return younger.newest != pid && visit_all(visit_if_younger, &younger);
}

/* "NSpid:\tOUTER\t...\tINNER": the last of several, 0 if there is one. */
static pid_t
inner_pid_of(pid_t pid)
{
	char text[4096], *line, *last;

	if (!read_proc(text, sizeof text, "/proc/%d/status", (int)pid))
		return 0;
	line = strstr(text, "\nNSpid:\t");
	if (line == NULL)
		return 0;
	line += strlen("\nNSpid:\t");
	*strchrnul(line, '\n') = '\0';
	last = strrchr(line, '\t');
	return last == NULL ? 0 : (pid_t)strtol(last + 1, NULL, 10);
}

struct inner {
	char	own_namespace[64];
	ssize_t	own_size;
	void	(*visit)(void *context, pid_t pid, pid_t inner_pid);
	void	*context;
};

static bool
visit_if_inner(void *context, pid_t pid)
{
	const struct inner *inner = context;
	char path[32], namespace[64];
	pid_t inner_pid;
	ssize_t n;

	/* Most are in our own, which the link tells without their status. */
	snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)pid);
	n = readlink(path, namespace, sizeof namespace);
	if (n <= 0 || (n == inner->own_size &&
	    memcmp(namespace, inner->own_namespace, (size_t)n) == 0))
		return false;
	inner_pid = inner_pid_of(pid);
	if (inner_pid != 0)
		inner->visit(inner->context, pid, inner_pid);
	return false;
}

void
process_visit_inner(void (*visit)(void *context, pid_t pid, pid_t inner_pid),
    void *context)
{
	struct inner inner = { .visit = visit, .context = context };

	inner.own_size = readlink("/proc/self/ns/pid", inner.own_namespace,
	    sizeof inner.own_namespace);
	visit_all(visit_if_inner, &inner);
}
