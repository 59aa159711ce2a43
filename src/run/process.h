/*
 * process.h - what /proc says about a process (L3).
 *
 * The answers are about strangers and may be stale when they arrive; where
 * that matters the caller holds a pidfd.  What cannot be read is as if it
 * were not so.
 */
#ifndef TMTOP_RUN_PROCESS_H
#define TMTOP_RUN_PROCESS_H

#include "base/compiler.h"

#include <sys/types.h>

/* A file, however it is named. */
struct file_id {
	dev_t	device;
	ino_t	inode;
};

/* CLOCK_MONOTONIC, ns. */
uint64_t clock_now_ns(void);

/*
 * When the process started, CLOCK_MONOTONIC ns, exact to PROCESS_START_SLACK;
 * 0 when there is no such process (a zombie still has a start).
 */
uint64_t process_start_ns(pid_t pid);
#define PROCESS_START_SLACK	20000000ull

/* The file of its program; device and inode 0 when not to be known. */
struct file_id process_program(pid_t pid);
bool file_id_equal(struct file_id a, struct file_id b);

/* Is the file (a segment) mapped in it? */
bool process_maps(pid_t pid, struct file_id file);

/* Does the environment it was started with contain the text? */
bool process_environment_has(pid_t pid, const char *text);

/* Is its main thread blocked in read(2) on this terminal device? */
bool process_reads_terminal(pid_t pid, dev_t device);

/*
 * Visit every process here that is younger than `pid` (which may be gone),
 * until the function returns true, which is then returned.  Costs next to
 * nothing when no process has been made since.
 */
bool process_visit_younger(pid_t pid, bool (*visit)(void *context, pid_t pid),
    void *context);

/*
 * Visit the processes in pid namespaces below ours, with the pid that they
 * see themselves.  Looks at every process.
 */
void process_visit_inner(void (*visit)(void *context, pid_t pid,
    pid_t inner_pid), void *context);

#endif
