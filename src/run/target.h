/*
 * target.h - can this program be run, and can the hook reach it? (L3)
 *
 * Asked before exec, because a preloaded library that cannot load fails
 * silently, or, under another C library, takes the program with it.
 */
#ifndef TMTOP_RUN_TARGET_H
#define TMTOP_RUN_TARGET_H

#include "base/errbuf.h"

#include <limits.h>

enum target_verdict {
	TARGET_TRACEABLE,
	TARGET_UNTRACKED,	/* runs, but the hook does not reach it */
	TARGET_UNRUNNABLE,
};

struct target {
	enum target_verdict verdict;
	int		exit_code;	/* UNRUNNABLE: 126 or 127 */
	bool		preload;	/* LD_PRELOAD does no harm, here or in
					 * the children */
	bool		use_shell;	/* no "#!" line: /bin/sh reads it */
	char		path[PATH_MAX];	/* to exec */
	char		script[64];	/* "": not one; else the name of what
					 * interprets it */
	struct errbuf	why;		/* UNTRACKED, UNRUNNABLE: reason and
					 * remedy; TRACEABLE: "" or a hint */
};

/*
 * Find argv[0] as execvp() does with this PATH (NULL: the system's), and look
 * into it.  The texts hold raw bytes of file names.  Everything may change
 * before exec: the result guides, it does not guard.
 */
void target_check(struct target *target, char *const *argv,
    const char *search_path);

/* Is this file a library that the loader of a native program can preload?
 * 0, or -1 with the reason. */
int target_check_hook(const char *path, struct errbuf *why);

/* Why the running image of a process is not traced, for one that replaced
 * itself: as target_check() of /proc/PID/exe. "" when nothing is seen. */
void target_check_process(int pid, struct errbuf *why);

#endif
