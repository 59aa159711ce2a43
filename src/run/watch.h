/*
 * watch.h - which processes of the run live, from the slot directory (L3).
 *
 * The hooks claim slots; the helper finds out when their owners die or turn
 * into another program, marks the slots dead, and gives them out again when
 * they have been read.  Slots are written by strangers: nothing in them is
 * believed that /proc does not confirm.
 */
#ifndef TMTOP_RUN_WATCH_H
#define TMTOP_RUN_WATCH_H

#include "run/process.h"
#include "tables/segment.h"

struct watched {
	uint32_t	state;		/* enum slot_state as last seen */
	uint32_t	incarnation;	/* what the rest is about */
	pid_t		pid;		/* here; 0: not looked for yet */
	int		pidfd;		/* -1: none */
	uint64_t	start_ns;	/* as the slot says */
	struct file_id	program;	/* at the first look; 0: gone by then */
	uint64_t	changed_ns;	/* another program since then; 0: no */
	bool		has_program;	/* was looked at */
	bool		is_missing;	/* no such process in this namespace */
	bool		has_ended;	/* its pidfd says so */
	bool		is_read;	/* dead and no longer wanted */
};

struct watch {
	struct lobby_map map;
	int		segment_fd;
	struct file_id	segment;
	char		nonce[17];	/* hex, as in the environment */
	int		epoll;		/* readable: some process has ended */
	uint64_t	start_ns;	/* of the run */

	pid_t		program;	/* the child of the helper */
	bool		program_ended;
	uint64_t	program_end_ns;
	bool		program_seen;	/* it has had a slot */

	bool		has_missing;	/* some slot is_missing */

	/* after watch_scan() */
	unsigned	n_live;		/* slots whose owner lives */
	unsigned	n_free;
	unsigned	n_unread;	/* dead and still wanted */
	bool		has_changed;	/* some slot did, in the last scan */

	struct watched	slots[N_SLOTS];
};

/* Map the lobby of the segment. -1 with errno. */
int watch_open(struct watch *watch, int segment_fd, uint64_t nonce);
void watch_close(struct watch *watch);

/* Bring everything up to date.  A few microseconds when nothing changed. */
void watch_scan(struct watch *watch);

/* The program was reaped: its slots are final. */
void watch_program_ended(struct watch *watch, int wait_status);

/*
 * Look for processes that exec'ed something the hook did not get into; their
 * old tables are closed.  Returns the pid of one, 0 for none: call again.  To
 * be called about once a second.
 */
pid_t watch_find_lost(struct watch *watch);

/*
 * With the program gone and no slot live: is there a process of the run
 * without a slot?  A fork child takes one when it first allocates, which may
 * be late; one that was just exec'ed takes one at once, if ever.  Looks
 * through /proc.
 */
enum watch_more { WATCH_NO_MORE, WATCH_STARTING, WATCH_FORKED };
enum watch_more watch_expects_more(struct watch *watch);

/* A viewer has read a dead slot for the last time. */
void watch_slot_read(struct watch *watch, uint32_t slot, uint32_t incarnation);

/*
 * Are free slots running low?  Then those that have been read, or, when
 * nobody will read them (`forced`), all dead ones are given out again.  True
 * when viewers should read more of them.
 */
bool watch_recycle(struct watch *watch, bool forced);

/* Signal every live process of the run but the program. */
void watch_signal(const struct watch *watch, int number);

/* Is some process of the group blocked reading this terminal? */
bool watch_reads_terminal(const struct watch *watch, pid_t group,
    dev_t terminal);

#endif
