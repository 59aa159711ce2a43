/*
 * watch.c - liveness of the owners of slots (L3).
 *
 * Shape      A private copy of what was last seen of each slot, with a pidfd
 *            for its process; all pidfds sit in one epoll descriptor.
 * Why        The helper is the parent of the first process only, and making
 *            it the reaper of all others would change what getppid() tells
 *            them.  A pidfd says exactly when a process is gone and cannot
 *            be fooled by a pid that is used again.
 * Invariant  A slot becomes dead when its process has ended or runs another
 *            image, never earlier: the tables are final then.
 * Limits     A process that claims a slot and dies before writing its pid
 *            leaves the slot claimed; it does not keep the run alive.
 */
#include "run/watch.h"

#include "base/atomic.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* Dead slots kept for whoever looks later, before they are given out; half as
 * many may wait to be read, so that a reading is not for one process each. */
#define KEEP_DEAD	64u
/* A process that has changed its program and has no new slot after this is
 * not traced any more. */
#define LOST_AFTER_NS	1000000000ull

int
watch_open(struct watch *watch, int segment_fd, uint64_t nonce)
{
	struct stat st;

	memset(watch, 0, sizeof *watch);
	for (uint32_t i = 0; i < N_SLOTS; i++)
		watch->slots[i].pidfd = -1;
	watch->segment_fd = segment_fd;
	watch->start_ns = clock_now_ns();
	watch->n_free = N_SLOTS;
	snprintf(watch->nonce, sizeof watch->nonce, "%016llx",
	    (unsigned long long)nonce);
	watch->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (watch->epoll < 0 || fstat(segment_fd, &st) < 0)
		return -1;
	watch->segment = (struct file_id){ st.st_dev, st.st_ino };
	return lobby_map_fd(&watch->map, segment_fd, true);
}

void
watch_close(struct watch *watch)
{
	for (uint32_t i = 0; i < N_SLOTS; i++)
		if (watch->slots[i].pidfd >= 0)
			close(watch->slots[i].pidfd);
	if (watch->epoll >= 0)
		close(watch->epoll);
	lobby_unmap(&watch->map);
}

/* ---- one slot ---- */

static void
let_go(struct watch *watch, struct watched *watched)
{
	if (watched->pidfd >= 0) {
		epoll_ctl(watch->epoll, EPOLL_CTL_DEL, watched->pidfd, NULL);
		close(watched->pidfd);
	}
	watched->pidfd = -1;
}

static bool
is_occupied(const struct watched *watched)
{
	return watched->state == SLOT_CLAIMED || watched->state == SLOT_LIVE;
}

/* Its process no longer uses it.  What never became live holds nothing. */
static void
end_slot(struct watch *watch, uint32_t i, enum slot_end end, int wait_status)
{
	struct watched *watched = &watch->slots[i];
	uint32_t state = load_acquire(&watch->map.slots[i].state);

	let_go(watch, watched);
	watch->has_changed = true;
	if (state == SLOT_LIVE) {
		slot_set_dead(&watch->map, i, end, wait_status);
		watched->state = SLOT_DEAD;
	} else if (state == SLOT_CLAIMED &&
	    slot_recycle(&watch->map, watch->segment_fd, i) == 0) {
		watched->state = SLOT_FREE;
	}
}

/* The program itself is known by being our child. */
static bool
is_program(const struct watch *watch, const struct watched *watched)
{
	return watched->pid == watch->program && (!watch->program_ended ||
	    watched->start_ns <= watch->program_end_ns);
}

/* Did this process exist when the slot was taken, and start in this run? */
static bool
is_plausible(const struct watch *watch, pid_t pid, uint64_t slot_start_ns)
{
	uint64_t started = process_start_ns(pid);

	return started != 0 &&
	    started + PROCESS_START_SLACK >= watch->start_ns &&
	    (slot_start_ns == 0 ||
	    started <= slot_start_ns + PROCESS_START_SLACK);
}

/* Hold a process by a pidfd, then see whether it is the right one. False: it
 * is gone. Too many open files: goes on without. */
static bool
hold(struct watch *watch, struct watched *watched, pid_t pid, uint32_t i)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

	watched->pid = pid;
	watched->pidfd = pidfd_open(pid, 0);
	if (watched->pidfd < 0)
		return errno != ESRCH;
	epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watched->pidfd, &event);
	return true;
}

/* Find the process of a slot and watch it; is_missing when there is none. */
static void
adopt(struct watch *watch, struct watched *watched, pid_t slot_pid, uint32_t i)
{
	watched->pid = slot_pid;
	if (is_program(watch, watched)) {
		watch->program_seen = true;
		return;
	}
	if (hold(watch, watched, slot_pid, i) &&
	    is_plausible(watch, slot_pid, watched->start_ns))
		return;
	let_go(watch, watched);
	watched->is_missing = true;
	watch->has_missing = true;
}

static bool
is_alive(const struct watch *watch, const struct watched *watched)
{
	if (is_program(watch, watched))
		return !watch->program_ended;
	return watched->pidfd >= 0 ? !watched->has_ended :
	    is_plausible(watch, watched->pid, watched->start_ns);
}

/* A second live slot with the same pid: the process has exec'ed, and what it
 * wrote before is closed. */
static void
end_older_images(struct watch *watch, uint32_t newest)
{
	const struct watched *own = &watch->slots[newest];

	for (uint32_t i = 0; i < N_SLOTS; i++) {
		const struct watched *other = &watch->slots[i];

		if (i != newest && is_occupied(other) &&
		    other->pid == own->pid && other->start_ns <= own->start_ns)
			end_slot(watch, i, SLOT_EXECED, -1);
	}
}

/* All slots of a process that is gone: the youngest ended with it. */
static void
end_process(struct watch *watch, uint32_t slot, int wait_status)
{
	pid_t pid = watch->slots[slot].pid;
	uint32_t youngest = slot;

	for (uint32_t i = 0; i < N_SLOTS; i++)
		if (is_occupied(&watch->slots[i]) &&
		    watch->slots[i].pid == pid &&
		    watch->slots[i].start_ns > watch->slots[youngest].start_ns)
			youngest = i;
	end_older_images(watch, youngest);
	end_slot(watch, youngest, SLOT_EXITED, wait_status);
}

/* ---- all slots ---- */

/* The slot's state is new to us, or a slot that we knew was taken again. */
static void
take_over(struct watch *watch, uint32_t i, uint32_t state,
    uint32_t incarnation)
{
	struct watched *watched = &watch->slots[i];

	watch->has_changed = true;
	if (watched->incarnation != incarnation || state < watched->state) {
		let_go(watch, watched);
		*watched = (struct watched){ .pidfd = -1 };
	}
	watched->incarnation = incarnation;
	watched->state = state;
}

static void
scan_slot(struct watch *watch, uint32_t i)
{
	const struct slot *slot = &watch->map.slots[i];
	struct watched *watched = &watch->slots[i];
	/* ORDER slot-live: what the owner wrote before is seen after. */
	uint32_t state = load_acquire(&slot->state);
	uint32_t incarnation = load_relaxed(&slot->incarnation);
	bool is_new = state != watched->state ||
	    incarnation != watched->incarnation;
	pid_t pid;

	if (is_new)
		take_over(watch, i, state, incarnation);
	if (!is_occupied(watched))
		return;
	pid = load_relaxed(&slot->pid);
	if (watched->pid == 0 && pid <= 0)
		return;
	watched->start_ns = load_relaxed(&slot->start_ns);
	if (watched->pid == 0)
		adopt(watch, watched, pid, i);
	if (watched->is_missing)
		return;
	if (is_new && state == SLOT_LIVE)
		end_older_images(watch, i);
	if (is_occupied(watched) && !is_alive(watch, watched))
		end_process(watch, i, -1);
}

/* A process in another pid namespace gives the pid that it has there. */
static void
match_missing(void *context, pid_t pid, pid_t inner_pid)
{
	struct watch *watch = context;

	for (uint32_t i = 0; i < N_SLOTS; i++) {
		struct watched *watched = &watch->slots[i];

		if (!watched->is_missing || watched->pid != inner_pid ||
		    !process_maps(pid, watch->segment) ||
		    !hold(watch, watched, pid, i))
			continue;
		watched->is_missing = false;
		end_older_images(watch, i);
	}
}

/* All in one pass through /proc: short-lived children, gone before they were
 * seen, come in crowds. */
static void
settle_missing(struct watch *watch)
{
	if (!watch->has_missing)
		return;
	watch->has_missing = false;
	process_visit_inner(match_missing, watch);
	for (uint32_t i = 0; i < N_SLOTS; i++)
		if (watch->slots[i].is_missing) {
			watch->slots[i].is_missing = false;
			end_process(watch, i, -1);
		}
}

static void
count_slots(struct watch *watch)
{
	watch->n_live = watch->n_free = watch->n_unread = 0;
	for (uint32_t i = 0; i < N_SLOTS; i++) {
		const struct watched *watched = &watch->slots[i];

		watch->n_free += watched->state == SLOT_FREE;
		watch->n_live += is_occupied(watched) && watched->pid != 0;
		watch->n_unread += watched->state == SLOT_DEAD &&
		    !watched->is_read;
	}
}

/* Those left over make the epoll descriptor readable again. */
static void
collect_ended(struct watch *watch)
{
	struct epoll_event events[32];
	int n = epoll_wait(watch->epoll, events, array_size(events), 0);

	for (int i = 0; i < n; i++)
		watch->slots[events[i].data.u32].has_ended = true;
}

void
watch_scan(struct watch *watch)
{
	watch->has_changed = false;
	collect_ended(watch);
	for (uint32_t i = 0; i < N_SLOTS; i++)
		scan_slot(watch, i);
	settle_missing(watch);
	count_slots(watch);
}

void
watch_program_ended(struct watch *watch, int wait_status)
{
	/* First learn of slots that it took last. */
	watch_scan(watch);
	for (uint32_t i = 0; i < N_SLOTS; i++)
		if (is_occupied(&watch->slots[i]) &&
		    is_program(watch, &watch->slots[i]))
			end_process(watch, i, wait_status);
	watch->program_ended = true;
	watch->program_end_ns = clock_now_ns();
	count_slots(watch);
}

/* ---- processes without a slot ---- */

/* Does it still run the program that took the slot?  What is not mapped any
 * more was gone before the first look. */
static bool
runs_its_program(const struct watch *watch, struct watched *watched)
{
	struct file_id program = process_program(watched->pid);

	if (watched->has_program)
		return program.inode == 0 ||
		    file_id_equal(program, watched->program);
	watched->has_program = true;
	if (process_maps(watched->pid, watch->segment))
		watched->program = program;
	return true;
}

pid_t
watch_find_lost(struct watch *watch)
{
	uint64_t now_ns = clock_now_ns();

	for (uint32_t i = 0; i < N_SLOTS; i++) {
		struct watched *watched = &watch->slots[i];

		if (watched->state != SLOT_LIVE)
			continue;
		if (runs_its_program(watch, watched))
			watched->changed_ns = 0;
		else if (watched->changed_ns == 0)
			watched->changed_ns = now_ns;
		else if (now_ns - watched->changed_ns >= LOST_AFTER_NS) {
			end_slot(watch, i, SLOT_EXECED, -1);
			count_slots(watch);
			return watched->pid;
		}
	}
	return 0;
}

static bool
has_slot(const struct watch *watch, pid_t pid)
{
	for (uint32_t i = 0; i < N_SLOTS; i++)
		if (watch->slots[i].state != SLOT_FREE &&
		    watch->slots[i].pid == pid)
			return true;
	return false;
}

static bool
is_unclaimed(void *context, pid_t pid)
{
	const struct watch *watch = context;

	return !has_slot(watch, pid) && process_maps(pid, watch->segment);
}

static bool
is_starting(void *context, pid_t pid)
{
	const struct watch *watch = context;

	return !has_slot(watch, pid) &&
	    process_environment_has(pid, watch->nonce);
}

enum watch_more
watch_expects_more(struct watch *watch)
{
	if (process_visit_younger(watch->program, is_unclaimed, watch))
		return WATCH_FORKED;
	if (process_visit_younger(watch->program, is_starting, watch))
		return WATCH_STARTING;
	return WATCH_NO_MORE;
}

/* ---- giving slots out again ---- */

void
watch_slot_read(struct watch *watch, uint32_t slot, uint32_t incarnation)
{
	if (slot < N_SLOTS && watch->slots[slot].state == SLOT_DEAD &&
	    watch->slots[slot].incarnation == incarnation)
		watch->slots[slot].is_read = true;
}

bool
watch_recycle(struct watch *watch, bool forced)
{
	unsigned n_dead = 0;

	for (uint32_t i = 0; i < N_SLOTS; i++)
		n_dead += watch->slots[i].state == SLOT_DEAD;
	for (uint32_t i = 0; i < N_SLOTS && n_dead > KEEP_DEAD; i++) {
		struct watched *watched = &watch->slots[i];

		if (watched->state != SLOT_DEAD ||
		    !(watched->is_read || forced))
			continue;
		if (slot_recycle(&watch->map, watch->segment_fd, i) < 0)
			continue;
		take_over(watch, i, SLOT_FREE, watched->incarnation + 1);
		n_dead--;
	}
	count_slots(watch);
	return watch->n_unread > KEEP_DEAD / 2;
}

/* ---- acting on processes ---- */

void
watch_signal(const struct watch *watch, int number)
{
	for (uint32_t i = 0; i < N_SLOTS; i++) {
		const struct watched *watched = &watch->slots[i];

		/* The slot may lie about its owner: who gets a signal must
		 * be in this run. */
		if (is_occupied(watched) && watched->pidfd >= 0 &&
		    process_maps(watched->pid, watch->segment))
			pidfd_send_signal(watched->pidfd, number, NULL, 0);
	}
}

bool
watch_reads_terminal(const struct watch *watch, pid_t group, dev_t terminal)
{
	if (!watch->program_ended &&
	    process_reads_terminal(watch->program, terminal))
		return true;
	for (uint32_t i = 0; i < N_SLOTS; i++) {
		const struct watched *watched = &watch->slots[i];

		if (is_occupied(watched) && watched->pid > 0 &&
		    getpgid(watched->pid) == group &&
		    process_reads_terminal(watched->pid, terminal))
			return true;
	}
	return false;
}
