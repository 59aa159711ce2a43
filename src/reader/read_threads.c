/*
 * read_threads.c - who allocated, where threads are told apart (L3).
 *
 * Shape      A thread's record says its number and, when it has ended, the
 *            name it had then.  Meanwhile the kernel is asked for the name,
 *            because programs name their threads after they have begun.
 * Limits     MAX_ASKED names are asked for at each reading, in turn.
 */
#include "reader/read_tables.h"

#include "base/atomic.h"
#include "util/names.h"
#include "util/slice.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { MAX_ASKED = 100 };

static void
set_name(struct snapshot_thread *thread, const char *raw, size_t size)
{
	size_t n = strnlen(raw, size);

	if (n > 0)
		sanitise(thread->name, sizeof thread->name, raw, n);
}

/* What is new in a thread's record. */
static void
read_record(struct slot_tables *t, uint32_t id)
{
	struct snapshot_thread *thread = &t->threads.items[id - 1];
	const struct thread_record *shared;
	struct thread_record record;
	uint32_t state;

	shared = slot_element(t, SECTION_THREADS, id);
	if (shared == NULL || thread->has_exited)
		return;
	/* ORDER thread-record: other ends make_marker(), end_marker(). */
	state = load_acquire(&shared->state);
	if (state != THREAD_RECORD_ALIVE && state != THREAD_RECORD_ENDED)
		return;
	memcpy(&record, shared, sizeof record);
	if (thread->name[0] == '\0')
		set_name(thread, record.name, sizeof record.name);
	thread->tid = (pid_t)record.tid;
	if (state == THREAD_RECORD_ENDED) {
		thread->has_exited = true;
		set_name(thread, record.last_name, sizeof record.last_name);
	}
}

/* The name now; left as it is when there is no such thread any more. */
static void
ask_name(struct snapshot_thread *thread, pid_t pid)
{
	char path[64], name[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/task/%d/comm", (int)pid,
	    (int)thread->tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, name, sizeof name);
	close(fd);
	if (n > 0 && name[n - 1] == '\n')
		n--;
	if (n > 0)
		set_name(thread, name, (size_t)n);
}

static void
ask_names(struct slot_tables *t, pid_t pid)
{
	uint32_t n = (uint32_t)t->threads.n, n_asked = 0;
	struct snapshot_thread *thread;

	for (uint32_t i = 0; i < n && n_asked < MAX_ASKED; i++) {
		thread = &t->threads.items[t->next_asked++ % n];
		if (thread->has_exited || thread->tid == 0)
			continue;
		ask_name(thread, pid);
		n_asked++;
	}
}

void
slot_tables_read_threads(struct slot_tables *t, const struct process *process)
{
	uint32_t n = slot_count(t, SECTION_THREADS), id;

	if (!slot_can_have(t, SECTION_THREADS, n))
		slot_corrupt(t, "%u threads, more than there is memory for",
		    n);
	else if (n > t->threads.n + 1)
		vec_push_zeroed(&t->threads, n - 1 - t->threads.n);
	for (id = 1; id <= t->threads.n; id++) {
		slice_point_at(id);
		read_record(t, id);
	}
	if (process->state == PROCESS_RUNNING)
		ask_names(t, process->pid);
}
