/*
 * test_protocol.c - messages between viewer and tmtop-run, well-formed and
 * not, and what either end does with the other's rubbish.
 *
 * As "test_protocol N -- MODE" it plays a helper that lies.
 */
#include "reader/client.h"
#include "run/protocol.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct message message;
static char own_path[4096];
static uint64_t seed = 1;

static uint32_t
next_random(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33);
}

static void
fill_random(void *to, size_t size)
{
	unsigned char *bytes = to;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)next_random();
}

static int
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static void
make_pair(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    ends), 0);
}

/* Any packet, with n_fds descriptors. */
static void
send_raw(int socket, const void *bytes, size_t size, unsigned n_fds)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes,
	    .iov_len = size };
	union {
		struct cmsghdr	header;
		char		bytes[CMSG_SPACE(sizeof(int) * 250)];
	} room;
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	int fds[250];

	memset(&room, 0, sizeof room);
	if (n_fds > 0) {
		for (unsigned i = 0; i < n_fds; i++)
			fds[i] = 2;
		header.msg_control = &room;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		room.header.cmsg_level = SOL_SOCKET;
		room.header.cmsg_type = SCM_RIGHTS;
		room.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&room.header), fds, sizeof(int) * n_fds);
	}
	assert_int_equal(sendmsg(socket, &header, MSG_NOSIGNAL), size);
}

/* ---- one message ---- */

static void
protocol_message_arrives_as_sent(void **state)
{
	int ends[2];
	const char *tail;
	size_t size;

	(void)state;
	make_pair(ends);
	message_init(&message, MESSAGE_FAILED);
	message.failed.exit_code = 127;
	message_add(&message, "not found", 9);
	assert_int_equal(message_send(ends[0], &message, 0), 0);
	memset(&message, 0x55, sizeof message);
	assert_int_equal(message_receive(ends[1], &message, 0), 1);
	assert_int_equal(message.kind, MESSAGE_FAILED);
	assert_int_equal(message.failed.exit_code, 127);
	assert_int_equal(message.fd, -1);
	tail = message_tail(&message, &size);
	assert_int_equal(size, 9);
	assert_memory_equal(tail, "not found", 9);
	close(ends[0]);
	assert_int_equal(message_receive(ends[1], &message, 0), 0);
	close(ends[1]);
}

static void
protocol_tail_is_cut_at_what_the_kind_allows(void **state)
{
	static char much[MESSAGE_BODY_MAX];
	size_t size;

	(void)state;
	message_init(&message, MESSAGE_OUTPUT);
	message_add(&message, much, sizeof much);
	message_tail(&message, &size);
	assert_int_equal(size, OUTPUT_BYTES_MAX);
	message_init(&message, MESSAGE_RUN_OVER);
	message_add(&message, much, 1);
	assert_int_equal(message.size, 0);
}

static void
protocol_descriptor_arrives_and_only_where_allowed(void **state)
{
	int ends[2], before;

	(void)state;
	make_pair(ends);
	before = count_fds();
	message_init(&message, MESSAGE_STARTED);
	message.fd = 2;
	assert_int_equal(message_send(ends[0], &message, 0), 0);
	assert_int_equal(message_receive(ends[1], &message, 0), 1);
	assert_true(message.fd > 2);
	assert_int_equal(fcntl(message.fd, F_GETFD), FD_CLOEXEC);
	close(message.fd);

	message_init(&message, MESSAGE_STATE);
	message.fd = 2;
	assert_int_equal(message_send(ends[0], &message, 0), 0);
	assert_int_equal(message_receive(ends[1], &message, 0), -1);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(count_fds(), before);
	close(ends[0]);
	close(ends[1]);
}

static void
protocol_many_descriptors_do_not_stay(void **state)
{
	struct { uint32_t kind; struct started_body body; } packet = {
		.kind = MESSAGE_STARTED,
	};
	int ends[2], before;

	(void)state;
	make_pair(ends);
	before = count_fds();
	for (unsigned n = 2; n <= 250; n += 31) {
		send_raw(ends[0], &packet, sizeof packet, n);
		assert_int_equal(message_receive(ends[1], &message, 0), -1);
		assert_int_equal(errno, EPROTO);
		assert_int_equal(count_fds(), before);
	}
	close(ends[0]);
	close(ends[1]);
}

static void
protocol_random_packets_are_refused_or_in_bounds(void **state)
{
	static char packet[MESSAGE_BODY_MAX + 4096];
	unsigned n_good = 0;
	size_t size;
	uint32_t kind;
	int ends[2], rc;

	(void)state;
	make_pair(ends);
	for (int i = 0; i < 20000; i++) {
		kind = next_random() % (N_MESSAGE_KINDS + 2);
		size = next_random() % (i % 50 == 0 ? sizeof packet : 80);
		fill_random(packet, size < 256 ? size : 256);
		if (size >= sizeof kind)
			memcpy(packet, &kind, sizeof kind);
		if (size == 0)
			continue;	/* reads as the end */
		send_raw(ends[0], packet, size, 0);
		rc = message_receive(ends[1], &message, 0);
		if (rc == 1) {
			n_good++;
			assert_true(message.kind > MESSAGE_NONE);
			assert_true(message.kind < N_MESSAGE_KINDS);
			message_tail(&message, &size);
			assert_true(size <= message.size);
		} else {
			assert_int_equal(rc, -1);
			assert_int_equal(errno, EPROTO);
		}
	}
	assert_true(n_good > 1000);
	close(ends[0]);
	close(ends[1]);
}

/* ---- a helper that lies to the client ---- */

/* Start as it should, then say anything. */
static int
play_helper(int socket, const char *mode)
{
	static char packet[20000];
	uint32_t kind;
	size_t size;

	seed = (uint64_t)atoi(mode) + 1;
	if (message_receive(socket, &message, 0) != 1)
		return 1;
	message_init(&message, MESSAGE_STARTED);
	message.started.pid = 1;
	message.fd = memfd_create("x", MFD_CLOEXEC);
	message_send(socket, &message, 0);
	for (int i = 0; i < 3000; i++) {
		kind = MESSAGE_STARTED + next_random() %
		    (N_MESSAGE_KINDS - MESSAGE_STARTED);
		if (kind == MESSAGE_RUN_OVER)
			kind = MESSAGE_OUTPUT;
		message_init(&message, kind);
		size = next_random() % 600;
		fill_random(packet, size);
		message_add(&message, packet, size);
		fill_random(message.bytes, message.size < 24 ? message.size :
		    24);
		if (i % 3 == 0)
			message.output.offset >>= 40;
		message_send(socket, &message, 0);
	}
	return 0;
}

static void
client_survives_a_helper_that_lies(void **state)
{
	char *argv[] = { NULL, NULL };
	struct client_plan plan = {
		.helper_path = own_path, .hook_path = "/none", .argv = argv,
		.batch = true, .tty_fd = -1,
	};
	struct client_event event;
	struct pollfd ready = { .events = POLLIN };
	struct client *client;
	unsigned n_events = 0;
	int exit_code, before = count_fds();
	char number[8];

	(void)state;
	argv[0] = number;
	for (int run = 0; run < 10; run++) {
		struct errbuf why;

		snprintf(number, sizeof number, "%d", run);
		client = client_start(&plan, &why, &exit_code);
		assert_non_null(client);
		do {
			ready.fd = client_fd(client);
			assert_int_equal(poll(&ready, 1, 20000), 1);
			assert_true(client_next(client, &event) ||
			    client_fd(client) >= 0);
			n_events++;
			if (event.kind == CLIENT_NOTICE)
				for (const char *p = event.text; *p; p++)
					assert_true((unsigned char)*p >= 0x20);
			if (event.kind == CLIENT_EXITED)
				assert_in_range(event.status, 0, 255);
		} while (event.kind != CLIENT_GONE);
		client_close(client);
	}
	assert_true(n_events > 1000);
	assert_int_equal(count_fds(), before);
}

static void
client_helper_that_is_missing_is_told(void **state)
{
	char *argv[] = { (char *)(uintptr_t)"true", NULL };
	struct client_plan plan = {
		.helper_path = "/nonexistent/tmtop-run", .hook_path = "/none",
		.argv = argv, .batch = true, .tty_fd = -1,
	};
	struct errbuf why;
	int exit_code, before = count_fds();

	(void)state;
	assert_null(client_start(&plan, &why, &exit_code));
	assert_int_equal(exit_code, 125);
	assert_non_null(strstr(why.text, "/nonexistent/tmtop-run: No such"));
	plan.helper_path = "/bin/true";
	assert_null(client_start(&plan, &why, &exit_code));
	assert_int_equal(exit_code, 125);
	assert_non_null(strstr(why.text, "does not answer"));
	assert_int_equal(count_fds(), before);
}

/* ---- a viewer that lies to the helper ---- */

/* The helper of the build tree on one end; returns its pid. */
static pid_t
start_helper(int ends[2], const char *program)
{
	char path[4096], number[16];
	pid_t pid;

	snprintf(path, sizeof path, "%s/tmtop-run", getenv("TMTOP_BUILD"));
	make_pair(ends);
	pid = fork();
	if (pid == 0) {
		fcntl(ends[1], F_SETFD, 0);
		snprintf(number, sizeof number, "%d", ends[1]);
		execl(path, path, number, "--", "sh", "-c", program, NULL);
		_exit(99);
	}
	close(ends[1]);
	return pid;
}

static int
wait_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
helper_refuses_plans_that_are_none(void **state)
{
	static char packet[MESSAGE_BODY_MAX];
	uint32_t kind = MESSAGE_PLAN;
	struct plan_body body;
	size_t size;
	pid_t pid;
	int ends[2];

	(void)state;
	if (getenv("TMTOP_BUILD") == NULL)
		skip();
	for (int i = 0; i < 60; i++) {
		pid = start_helper(ends, "exit 1");
		size = next_random() % 4000;
		fill_random(packet, sizeof packet);
		fill_random(&body, sizeof body);
		if (i % 2 == 0) {
			body.version = PROTOCOL_VERSION;
			body.string_size[0] = (uint32_t)-1;
		}
		memcpy(packet, &kind, sizeof kind);
		memcpy(packet + sizeof kind, &body, sizeof body);
		send_raw(ends[0], packet, size + 1, 0);
		close(ends[0]);
		assert_int_equal(wait_status(pid), 125);
	}
}

static void
helper_survives_a_viewer_that_lies(void **state)
{
	static char packet[3000];
	uint32_t kind;
	pid_t pid;
	int ends[2];

	(void)state;
	if (getenv("TMTOP_BUILD") == NULL)
		skip();
	pid = start_helper(ends, "exec sleep 1000");
	message_init(&message, MESSAGE_PLAN);
	message.plan.version = PROTOCOL_VERSION;
	message.plan.flags = PLAN_BATCH;
	assert_int_equal(message_send(ends[0], &message, 0), 0);
	assert_int_equal(message_receive(ends[0], &message, 0), 1);
	assert_int_equal(message.kind, MESSAGE_STARTED);
	close(message.fd);
	for (int i = 0; i < 5000; i++) {
		fill_random(packet, 64);
		/* All kinds but SIGNAL and LEAVE, which would do as told. */
		kind = next_random() % (N_MESSAGE_KINDS + 1);
		if (kind == MESSAGE_SIGNAL || kind == MESSAGE_LEAVE)
			kind = MESSAGE_PLAN;
		memcpy(packet, &kind, sizeof kind);
		send_raw(ends[0], packet, 4 + next_random() % (i % 9 ? 24 :
		    2000), next_random() % 8 == 0 ? 3 : 0);
		while (message_receive(ends[0], &message, MSG_DONTWAIT) > 0)
			assert_int_not_equal(message.kind, MESSAGE_STATE);
	}
	/* It still does its work. */
	message_init(&message, MESSAGE_SIGNAL);
	message.signal.signal = SIGKILL;
	assert_int_equal(message_send(ends[0], &message, 0), 0);
	do
		assert_int_equal(message_receive(ends[0], &message, 0), 1);
	while (message.kind != MESSAGE_STATE);
	assert_int_equal(message.state.state, PROGRAM_KILLED);
	assert_int_equal(message.state.status, SIGKILL);
	close(ends[0]);
	assert_int_equal(wait_status(pid), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protocol_message_arrives_as_sent),
		cmocka_unit_test(protocol_tail_is_cut_at_what_the_kind_allows),
		cmocka_unit_test(
		    protocol_descriptor_arrives_and_only_where_allowed),
		cmocka_unit_test(protocol_many_descriptors_do_not_stay),
		cmocka_unit_test(
		    protocol_random_packets_are_refused_or_in_bounds),
		cmocka_unit_test(client_survives_a_helper_that_lies),
		cmocka_unit_test(client_helper_that_is_missing_is_told),
		cmocka_unit_test(helper_refuses_plans_that_are_none),
		cmocka_unit_test(helper_survives_a_viewer_that_lies),
	};
	ssize_t n;

	if (argc > 3 && strcmp(argv[2], "--") == 0)
		return play_helper(atoi(argv[1]), argv[3]);
	n = readlink("/proc/self/exe", own_path, sizeof own_path - 1);
	own_path[n > 0 ? n : 0] = '\0';
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
