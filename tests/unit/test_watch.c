/*
 * test_watch.c - slots of processes that live, die, exec or never were, and
 * the directory with the run's socket.
 *
 * Slots are written as the hook writes them, by the test; the processes are
 * real.
 */
#include "base/atomic.h"
#include "run/registry.h"
#include "run/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NONCE	0x0123456789abcdefull

static struct watch watch;
static int segment_fd;

static int
open_watch(void **state)
{
	(void)state;
	segment_fd = segment_create(&(struct segment_plan){ .nonce = NONCE });
	return segment_fd < 0 || watch_open(&watch, segment_fd, NONCE) < 0;
}

static int
close_watch(void **state)
{
	(void)state;
	watch_close(&watch);
	close(segment_fd);
	return 0;
}

/* A child that waits to be killed. */
static pid_t
start_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void
kill_child(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
set_slot(uint32_t i, pid_t pid, enum slot_state state)
{
	struct slot *slot = &watch.map.slots[i];

	slot->pid = pid;
	slot->start_ns = clock_now_ns();
	slot->kind = SLOT_KIND_FORK;
	store_release(&slot->state, state);
}

static void
assert_dead(uint32_t i, enum slot_end end)
{
	assert_int_equal(watch.map.slots[i].state, SLOT_DEAD);
	assert_int_equal(watch.map.slots[i].end, end);
}

/* ---- liveness ---- */

static void
watch_process_lives_then_dies(void **state)
{
	pid_t pid = start_child();
	struct pollfd ended = { .fd = watch.epoll, .events = POLLIN };

	(void)state;
	set_slot(0, pid, SLOT_LIVE);
	watch_scan(&watch);
	assert_int_equal(watch.n_live, 1);
	assert_true(watch.has_changed);
	watch_scan(&watch);
	assert_false(watch.has_changed);
	assert_int_equal(poll(&ended, 1, 0), 0);

	assert_int_equal(kill(pid, SIGKILL), 0);
	/* Dead is dead, reaped or not. */
	assert_int_equal(poll(&ended, 1, 10000), 1);
	watch_scan(&watch);
	assert_int_equal(watch.n_live, 0);
	assert_dead(0, SLOT_EXITED);
	assert_int_equal(watch.map.slots[0].wait_status, -1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
watch_process_that_was_never_seen_alive_is_dead(void **state)
{
	pid_t pid = start_child();

	(void)state;
	kill_child(pid);
	set_slot(0, pid, SLOT_LIVE);
	set_slot(1, pid, SLOT_CLAIMED);
	watch_scan(&watch);
	assert_int_equal(watch.n_live, 0);
	/* The younger had no tables yet: nothing to keep. */
	assert_dead(0, SLOT_EXECED);
	assert_int_equal(watch.map.slots[1].state, SLOT_FREE);
	assert_int_equal(watch.map.slots[1].incarnation, 1);
}

static void
watch_exec_replaces_the_older_image(void **state)
{
	pid_t pid = start_child();

	(void)state;
	set_slot(7, pid, SLOT_LIVE);
	watch_scan(&watch);
	set_slot(3, pid, SLOT_CLAIMED);
	watch_scan(&watch);
	assert_int_equal(watch.map.slots[7].state, SLOT_LIVE);
	set_slot(3, pid, SLOT_LIVE);
	watch_scan(&watch);
	assert_dead(7, SLOT_EXECED);
	assert_int_equal(watch.map.slots[3].state, SLOT_LIVE);
	assert_int_equal(watch.n_live, 1);
	kill_child(pid);
	watch_scan(&watch);
	assert_dead(3, SLOT_EXITED);
}

static void
watch_program_status_is_kept_in_its_slot(void **state)
{
	pid_t pid = start_child();

	(void)state;
	watch.program = pid;
	set_slot(0, pid, SLOT_LIVE);
	watch_scan(&watch);
	assert_true(watch.program_seen);
	kill_child(pid);
	watch_scan(&watch);
	assert_int_equal(watch.n_live, 1);	/* until it is reaped */
	watch_program_ended(&watch, 0x0300);
	assert_int_equal(watch.n_live, 0);
	assert_dead(0, SLOT_EXITED);
	assert_int_equal(watch.map.slots[0].wait_status, 0x0300);
}

/* ---- lies ---- */

static void
watch_slots_that_lie_do_not_live(void **state)
{
	static const int32_t pids[] = { 1, INT32_MAX, 4194304, -1, -7, 0 };

	(void)state;
	for (uint32_t i = 0; i < array_size(pids); i++)
		set_slot(i, pids[i], SLOT_LIVE);
	watch.map.slots[100].state = 77;
	watch.map.slots[101].state = UINT32_MAX;
	watch_scan(&watch);
	watch_scan(&watch);
	assert_int_equal(watch.n_live, 0);
	assert_dead(0, SLOT_EXITED);	/* init is older than the run */
	assert_dead(1, SLOT_EXITED);
	assert_dead(2, SLOT_EXITED);
}

static void
watch_signal_reaches_the_run(void **state)
{
	pid_t pid = start_child();	/* has our mapping of the lobby */
	int status;

	(void)state;
	set_slot(0, pid, SLOT_LIVE);
	watch_scan(&watch);
	assert_int_equal(watch.n_live, 1);
	watch_signal(&watch, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void
watch_signal_spares_strangers(void **state)
{
	int ends[2], status;
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		execlp("sleep", "sleep", "1000", NULL);
		_exit(99);
	}
	close(ends[1]);
	/* Close-on-exec: the end of the pipe is the beginning of sleep. */
	assert_int_equal(read(ends[0], &c, 1), 0);
	close(ends[0]);
	set_slot(0, pid, SLOT_LIVE);
	watch_scan(&watch);
	assert_int_equal(watch.n_live, 1);
	watch_signal(&watch, SIGTERM);
	assert_int_equal(kill(pid, SIGUSR1), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGUSR1);
}

/* ---- giving out again ---- */

static void
watch_dead_slots_are_given_out_when_read(void **state)
{
	pid_t pid = start_child();
	uint64_t word = 1;

	(void)state;
	kill_child(pid);
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(pwrite(segment_fd, &word, sizeof word,
		    (off_t)slot_region_offset(i)), sizeof word);
		set_slot(i, pid, SLOT_LIVE);
		watch_scan(&watch);
	}
	assert_int_equal(watch.n_free, N_SLOTS - 100);
	assert_true(watch_recycle(&watch, false));
	assert_int_equal(watch.n_free, N_SLOTS - 100);	/* nobody read any */

	for (uint32_t i = 0; i < 10; i++)
		watch_slot_read(&watch, i, 5);		/* not this one */
	watch_slot_read(&watch, N_SLOTS, 0);
	watch_slot_read(&watch, UINT32_MAX, 0);
	watch_recycle(&watch, false);
	assert_int_equal(watch.n_free, N_SLOTS - 100);
	for (uint32_t i = 0; i < 10; i++)
		watch_slot_read(&watch, i, 0);
	watch_recycle(&watch, false);
	assert_int_equal(watch.n_free, N_SLOTS - 90);
	assert_int_equal(watch.map.slots[4].state, SLOT_FREE);
	assert_int_equal(watch.map.slots[4].incarnation, 1);
	assert_int_equal(pread(segment_fd, &word, sizeof word,
	    (off_t)slot_region_offset(4)), sizeof word);
	assert_int_equal(word, 0);

	for (uint32_t i = 10; i < 68; i++)
		watch_slot_read(&watch, i, 0);
	assert_false(watch_recycle(&watch, false));	/* 32 are not a crowd */
	assert_int_equal(watch.n_free, N_SLOTS - 64);
	set_slot(200, pid, SLOT_LIVE);
	watch_scan(&watch);
	assert_true(watch_recycle(&watch, false));

	watch_recycle(&watch, true);	/* no viewer any more */
	assert_int_equal(watch.n_free, N_SLOTS - 64);
}

/* ---- who is still to come ---- */

static void
watch_expects_forked_and_starting_children(void **state)
{
	char variable[64];
	int ends[2];
	pid_t pid;
	char c;

	(void)state;
	watch.program = getpid();
	pid = start_child();	/* has our mapping of the lobby */
	assert_int_equal(watch_expects_more(&watch), WATCH_FORKED);
	set_slot(0, pid, SLOT_LIVE);
	watch_scan(&watch);
	assert_int_equal(watch_expects_more(&watch), WATCH_NO_MORE);
	kill_child(pid);

	snprintf(variable, sizeof variable, "TMTOP_SEGMENT=1:2:%s",
	    watch.nonce);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		execle("/bin/sleep", "sleep", "1000", NULL,
		    (char *[]){ variable, NULL });
		_exit(99);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 0);
	close(ends[0]);
	assert_int_equal(watch_expects_more(&watch), WATCH_STARTING);
	kill_child(pid);
	assert_int_equal(watch_expects_more(&watch), WATCH_NO_MORE);
}

/* ---- the directory ---- */

static struct registry registry;
static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	segment_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	snprintf(dir, sizeof dir, "/tmp/tmtop-unit.XXXXXX");
	return segment_fd < 0 || mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
	char path[96];

	(void)state;
	registry_close(&registry);
	close(segment_fd);
	snprintf(path, sizeof path, "%s/tmtop", dir);
	unlink(path);
	rmdir(path);
	return rmdir(dir);
}

static int
connect_to_registry(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	memcpy(address.sun_path, registry.socket_path,
	    sizeof registry.socket_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address,
	    sizeof address), 0);
	return fd;
}

/* The descriptor that comes, or -1; *nonce as sent. */
static int
receive_segment(int socket, uint64_t *nonce)
{
	struct iovec part = { .iov_base = nonce, .iov_len = sizeof *nonce };
	union {
		struct cmsghdr	header;
		char		bytes[CMSG_SPACE(sizeof(int))];
	} room;
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &room, .msg_controllen = sizeof room,
	};
	int fd;

	if (recvmsg(socket, &header, 0) != sizeof *nonce ||
	    CMSG_FIRSTHDR(&header) == NULL)
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof fd);
	return fd;
}

static void
registry_hands_the_segment_to_the_same_user(void **state)
{
	struct errbuf why;
	struct stat st, mine;
	uint64_t nonce = 0;
	int socket, fd;

	(void)state;
	assert_int_equal(registry_open(&registry, dir, &why), 0);
	assert_int_equal(stat(registry.directory, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(registry.socket_path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	socket = connect_to_registry();
	registry_serve(&registry, segment_fd, NONCE);
	fd = receive_segment(socket, &nonce);
	assert_true(fd >= 0);
	assert_true(nonce == NONCE);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(fstat(segment_fd, &mine), 0);
	assert_true(st.st_ino == mine.st_ino && st.st_dev == mine.st_dev);
	close(fd);
	close(socket);
}

static void
registry_refuses_other_users(void **state)
{
	struct errbuf why;
	uint64_t nonce;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(registry_open(&registry, dir, &why), 0);
	if (geteuid() != 0)
		skip();
	/* The directory keeps them out; the socket would, too. */
	chmod(dir, 0755);
	chmod(registry.directory, 0755);
	chmod(registry.socket_path, 0666);
	pid = fork();
	if (pid == 0) {
		if (setresuid(65534, 65534, 65534) < 0)
			_exit(99);
		_exit(receive_segment(connect_to_registry(), &nonce) < 0 ?
		    0 : 1);
	}
	assert_int_equal(poll(&(struct pollfd){ registry.socket, POLLIN, 0 },
	    1, 10000), 1);
	registry_serve(&registry, segment_fd, NONCE);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	chmod(dir, 0700);
	chmod(registry.directory, 0700);
}

static void
registry_serves_a_crowd_that_says_nothing(void **state)
{
	struct errbuf why;
	uint64_t nonce;
	int sockets[64], fd;

	(void)state;
	assert_int_equal(registry_open(&registry, dir, &why), 0);
	for (int i = 0; i < 64; i++) {
		sockets[i] = connect_to_registry();
		if (i % 2 == 0)
			close(sockets[i]);
	}
	for (int i = 0; i < 4; i++)
		registry_serve(&registry, segment_fd, NONCE);
	for (int i = 1; i < 64; i += 2) {
		fd = receive_segment(sockets[i], &nonce);
		assert_true(fd >= 0);
		close(fd);
		close(sockets[i]);
	}
}

static void
registry_does_not_use_what_others_may_change(void **state)
{
	char path[96], fallback[64];
	struct errbuf why;

	(void)state;
	snprintf(path, sizeof path, "%s/tmtop", dir);
	snprintf(fallback, sizeof fallback, "/tmp/tmtop-%u",
	    (unsigned)geteuid());
	/* open to others */
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0770), 0);
	assert_int_equal(registry_open(&registry, dir, &why), 0);
	assert_string_equal(registry.directory, fallback);
	registry_close(&registry);
	rmdir(path);
	/* a link */
	assert_int_equal(symlink("/var", path), 0);
	assert_int_equal(registry_open(&registry, dir, &why), 0);
	assert_string_equal(registry.directory, fallback);
	registry_close(&registry);
	unlink(path);
	/* a parent that is open to others */
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(registry_open(&registry, dir, &why), 0);
	assert_string_equal(registry.directory, fallback);
	registry_close(&registry);
	assert_int_equal(chmod(dir, 0700), 0);
	/* somebody else's */
	if (geteuid() == 0) {
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_int_equal(registry_open(&registry, dir, &why), 0);
		assert_string_equal(registry.directory, fallback);
	}
}

static void
registry_removes_the_dead_and_spares_the_living(void **state)
{
	char stale[96], alive[96];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct errbuf why;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	pid_t pid = start_child();

	(void)state;
	assert_int_equal(registry_open(&registry, dir, &why), 0);
	/* Sockets of a process that is gone, and of one that lives. */
	snprintf(alive, sizeof alive, "%s/tmtop/%d.sock", dir, (int)getppid());
	kill_child(pid);
	snprintf(stale, sizeof stale, "%s/tmtop/%d.sock", dir, (int)pid);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", stale);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
	    sizeof address), 0);
	close(fd);
	assert_int_equal(link(stale, alive), 0);
	registry_close(&registry);
	assert_int_equal(registry_open(&registry, dir, &why), 0);
	assert_int_equal(access(stale, F_OK), -1);
	assert_int_equal(access(alive, F_OK), 0);
	unlink(alive);
	registry_close(&registry);
	/* Nothing is left of the last. */
	snprintf(stale, sizeof stale, "%s/tmtop", dir);
	assert_int_equal(access(stale, F_OK), -1);
}

#define WATCH_TEST(name)						\
	cmocka_unit_test_setup_teardown(name, open_watch, close_watch)
#define REGISTRY_TEST(name)						\
	cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(watch_process_lives_then_dies),
		WATCH_TEST(watch_process_that_was_never_seen_alive_is_dead),
		WATCH_TEST(watch_exec_replaces_the_older_image),
		WATCH_TEST(watch_program_status_is_kept_in_its_slot),
		WATCH_TEST(watch_slots_that_lie_do_not_live),
		WATCH_TEST(watch_signal_reaches_the_run),
		WATCH_TEST(watch_signal_spares_strangers),
		WATCH_TEST(watch_dead_slots_are_given_out_when_read),
		WATCH_TEST(watch_expects_forked_and_starting_children),
		REGISTRY_TEST(registry_hands_the_segment_to_the_same_user),
		REGISTRY_TEST(registry_refuses_other_users),
		REGISTRY_TEST(registry_serves_a_crowd_that_says_nothing),
		REGISTRY_TEST(registry_does_not_use_what_others_may_change),
		REGISTRY_TEST(registry_removes_the_dead_and_spares_the_living),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
