/*
 * read_proc.c - what the kernel says of a process: threads, resident memory,
 * and how much of it the traced blocks account for (L3).
 *
 * Why        A program whose memory grows while its blocks do not has no leak:
 *            its allocator holds free memory that it cannot give back.  Only
 *            the kernel knows how much there is at all.  smaps_rollup would
 *            say more, but walks page tables with a lock that the program
 *            needs; status is a few counters.
 * Limits     retained is what is left of the resident anonymous memory when
 *            the bytes of malloc's live blocks and the hook's own memory
 *            (estimated) are taken off: free memory of the allocator and its
 *            bookkeeping, but also stacks, data of modules and mappings of
 *            the program's own.  Blocks that were never written to are not
 *            resident and make it smaller; it is never below 0.
 */
#include "reader/read_private.h"

#include "base/atomic.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* A file of /proc/PID as text; false: it is not there any more. */
static bool
read_file(pid_t pid, const char *name, char *text, size_t room)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, room - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return true;
}

static void
read_stat(struct process *process)
{
	unsigned long threads;
	char text[1024];
	const char *at;
	long rss;

	if (!read_file(process->pid, "stat", text, sizeof text))
		return;
	/* The name, in parentheses, may hold anything. */
	at = strrchr(text, ')');
	if (at != NULL && sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u"
	    " %*u %*u %*u %*u %*d %*d %*d %*d %lu %*d %*u %*u %ld", &threads,
	    &rss) == 2 && rss >= 0) {
		process->n_threads = (uint32_t)threads;
		process->totals.rss_bytes = (uint64_t)rss *
		    (uint64_t)sysconf(_SC_PAGESIZE);
	}
}

void
reader_read_proc(struct process *process, uint64_t private_bytes)
{
	struct totals *totals = &process->totals;
	unsigned long long kib;
	char text[4096];
	const char *at;
	uint64_t known;

	read_stat(process);
	/* No name can hold a newline here: the kernel escapes it. */
	if (!read_file(process->pid, "status", text, sizeof text) ||
	    (at = strstr(text, "\nRssAnon:")) == NULL ||
	    sscanf(at, " RssAnon: %llu kB", &kib) != 1)
		return;
	totals->anon_bytes = (uint64_t)kib * 1024;
	known = totals->heap_bytes + private_bytes;
	if (known >= totals->heap_bytes && known < totals->anon_bytes)
		totals->retained_bytes = totals->anon_bytes - known;
}
