/*
 * main.c - tmtop-run: takes a plan from its viewer and carries it out (L3).
 *
 * Shape      tmtop-run SOCKET -- PROGRAM [ARG...]; the rest of the plan is
 *            the first message on the socket.  The answer is STARTED or
 *            FAILED; then run_loop().
 * Why        A program of its own, not a fork of the viewer: it starts with
 *            the signals, descriptors and environment that tmtop was started
 *            with, and hands on just these.
 * Invariant  Every descriptor opened here is close-on-exec and above 2, so
 *            that the program finds what it would find without tmtop.
 */
#include "run/environment.h"
#include "run/run.h"
#include "run/target.h"
#include "util/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXIT_TROUBLE	125
#define EXIT_CANNOT_RUN	126
#define EXIT_NOT_FOUND	127

extern char **environ;

static struct run run;
static struct terminal terminal;
static struct message message;

/* What of the plan is needed only until the program has started. */
static struct {
	struct plan_body	body;
	char			*strings[N_PLAN_STRINGS];	/* or NULL */
	struct signal_state	signals;
	struct target		target;
	int			streams[3];
	int			tty;	/* the user's */
	int			viewer_segment;	/* read-only */
} plan = { .streams = { -1, -1, -1 }, .tty = -1 };

/* ---- answers ---- */

static void ATTR_NORETURN
fail(int exit_code, const char *text)
{
	message_init(&message, MESSAGE_FAILED);
	message.failed.exit_code = exit_code;
	message_add(&message, text, strlen(text));
	message_send(run.viewer.socket, &message, 0);
	questions_close(&run.questions);
	registry_close(&run.registry);
	exit(exit_code);
}

static void
answer_started(void)
{
	message_init(&message, MESSAGE_STARTED);
	message.started.pid = run.program;
	message.started.has_terminal = run.terminal != NULL;
	message.fd = plan.viewer_segment;
	message_send(run.viewer.socket, &message, 0);
	close(plan.viewer_segment);
}

/* ---- the plan ---- */

/* A socket of the viewer's, out of the way of 0, 1, 2. */
static int
take_socket(const char *text)
{
	char *end;
	long fd = strtol(text, &end, 10);
	int type, moved;
	socklen_t size = sizeof type;

	if (*text == '\0' || *end != '\0' || fd < 0 || fd > INT32_MAX ||
	    getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	    type != SOCK_SEQPACKET)
		return -1;
	moved = fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
	close((int)fd);
	return moved;
}

/* What is closed of 0, 1, 2 must stay closed for the program, and must not be
 * taken by a descriptor of ours meanwhile. */
static void
plug_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	if (fd >= 0)
		close(fd);
}

/* The strings behind the body: sizes must add up to what came. */
static bool
take_strings(const char *bytes, size_t size)
{
	for (int i = 0; i < N_PLAN_STRINGS; i++) {
		size_t n = plan.body.string_size[i];

		if (n > size || memchr(bytes, '\0', n) != NULL)
			return false;
		plan.strings[i] = n == 0 ? NULL : xmemdup(bytes, n);
		bytes += n;
		size -= n;
	}
	return size == 0;
}

static bool
take_plan(void)
{
	const char *tail;
	size_t size;

	if (message_receive(run.viewer.socket, &message, 0) != 1 ||
	    message.kind != MESSAGE_PLAN ||
	    message.plan.version != PROTOCOL_VERSION)
		return false;
	plan.body = message.plan;
	plan.tty = message.fd;
	tail = message_tail(&message, &size);
	return take_strings(tail, size);
}

/* ---- preparing ---- */

static void
open_stream(int number, const char *path, int flags)
{
	char text[NOTICE_BYTES_MAX];

	if (path == NULL)
		return;
	plan.streams[number] = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
	if (plan.streams[number] >= 0)
		return;
	snprintf(text, sizeof text, "cannot open %s: %s", path,
	    strerror(errno));
	fail(EXIT_TROUBLE, text);
}

static void
open_streams(void)
{
	open_stream(0, plan.strings[PLAN_STDIN], O_RDONLY);
	open_stream(1, plan.strings[PLAN_STDOUT],
	    O_WRONLY | O_CREAT | O_TRUNC);
	open_stream(2, plan.strings[PLAN_STDERR],
	    O_WRONLY | O_CREAT | O_TRUNC);
}

static void
make_terminal(void)
{
	struct errbuf why;

	if (plan.body.flags & PLAN_BATCH)
		return;
	if (terminal_open(&terminal, &plan.body.termios, &plan.body.size,
	    &why) < 0)
		fail(EXIT_TROUBLE, why.text);
	run.terminal = &terminal;
	run.tty = plan.tty;
	run.tty_settings = plan.body.termios;
	for (int i = 0; i < 3; i++)
		if (plan.streams[i] < 0 && isatty(i))
			plan.streams[i] = terminal.slave;
	if (plan.strings[PLAN_LOG] != NULL && terminal_log(&terminal,
	    plan.strings[PLAN_LOG], 0, &why) < 0)
		fail(EXIT_TROUBLE, why.text);
}

/* Opened anew: a duplicate would be writable as ours is. */
static int
open_read_only(int fd)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* How recording begins; nobody reads the page yet. */
static void
write_control(struct control *control)
{
	control->sample_bytes = plan.body.sample_bytes;
	if ((plan.body.flags & PLAN_STOPPED) == 0)
		return;
	control->state = RECORDING_STOPPED;
	control->n_pauses = 1;
}

static void
make_segment(void)
{
	struct segment_plan segment = {
		.table_limit = plan.body.table_limit,
		.max_frames = plan.body.max_frames,
		.options = plan.body.options,
	};
	struct errbuf why;

	if (getrandom(&run.nonce, sizeof run.nonce, 0) != sizeof run.nonce)
		run.nonce = clock_now_ns() ^ (uint64_t)getpid() << 32;
	segment.nonce = run.nonce;
	run.segment_fd = segment_create(&segment);
	if (run.segment_fd >= 0 &&
	    watch_open(&run.watch, run.segment_fd, run.nonce) == 0) {
		write_control(run.watch.map.control);
		plan.viewer_segment = open_read_only(run.segment_fd);
		if (plan.viewer_segment >= 0)
			return;
	}
	errbuf_sys(&why, "cannot make the shared tables");
	fail(EXIT_TROUBLE, why.text);
}

/* The hook's path for LD_PRELOAD; NULL when it must stay out. */
static const char *
choose_preload(void)
{
	const char *path = plan.strings[PLAN_HOOK];
	struct errbuf why;

	if (!plan.target.preload || path == NULL)
		return NULL;
	if (target_check_hook(path, &why) == 0) {
		path = registry_hook_path(&run.registry, path, &why);
		if (path != NULL)
			return path;
	}
	run.is_traceable = false;
	viewer_note(&run.viewer, NOTICE_UNTRACKED, why.text);
	return NULL;
}

static char **
make_environment(void)
{
	char text[64 + REGISTRY_PATH_MAX];
	const char *preload = choose_preload();

	snprintf(text, sizeof text, "%d:%d:%016llx%s%s", (int)getpid(),
	    run.segment_fd, (unsigned long long)run.nonce,
	    run.registry.socket >= 0 ? ":" : "", run.registry.socket_path);
	return environment_new(environ, preload, text);
}

static void
note_target(void)
{
	const struct target *target = &plan.target;

	run.is_traceable = target->verdict == TARGET_TRACEABLE;
	if (target->script[0] != '\0')
		viewer_note(&run.viewer, NOTICE_SCRIPT, target->script);
	if (target->why.text[0] != '\0')
		viewer_note(&run.viewer, run.is_traceable ? NOTICE_HINT :
		    NOTICE_UNTRACKED, target->why.text);
}

/* ---- starting ---- */

static void
start(char **argv)
{
	char **environment = make_environment();
	struct start how = {
		.path = plan.target.path,
		.argv = argv,
		.environment = environment,
		.use_shell = plan.target.use_shell,
		.streams = { plan.streams[0], plan.streams[1],
		    plan.streams[2] },
		.terminal = run.terminal == NULL ? -1 : terminal.slave,
		.signals = &plan.signals,
	};
	struct errbuf why;

	run.program = start_program(&how);
	if (run.program < 0) {
		errbuf_sys(&why, "cannot execute %s", plan.target.path);
		fail(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN,
		    why.text);
	}
	run.watch.program = run.program;
	free(environment);
}

static void
release_plan(void)
{
	close_inherited();
	for (int i = 0; i < 3; i++)
		if (plan.streams[i] >= 0 && (run.terminal == NULL ||
		    plan.streams[i] != terminal.slave))
			close(plan.streams[i]);
	for (int i = 0; i < N_PLAN_STRINGS; i++)
		free(plan.strings[i]);
}

static int
usage(void)
{
	fputs("tmtop-run: started by tmtop, of no use by hand.\n"
	    "Try 'tmtop --help'\n", stderr);
	return EXIT_TROUBLE;
}

int
main(int argc, char **argv)
{
	struct errbuf why;

	if (argc < 4 || strcmp(argv[2], "--") != 0)
		return usage();
	run = (struct run){ .segment_fd = -1, .tty = -1,
	    .registry.socket = -1,
	    .questions = { .socket = -1, .epoll = -1 } };
	viewer_init(&run.viewer, take_socket(argv[1]));
	if (run.viewer.socket < 0)
		return usage();
	plug_standard_streams();
	run.signals = signals_take_over(&plan.signals);
	if (run.signals < 0)
		fail(EXIT_TROUBLE, "tmtop-run cannot receive signals");
	if (!take_plan())
		fail(EXIT_TROUBLE, "tmtop-run is of another version");

	target_check(&plan.target, argv + 3, getenv("PATH"));
	if (plan.target.verdict == TARGET_UNRUNNABLE)
		fail(plan.target.exit_code, plan.target.why.text);
	run.keep = (plan.body.flags & PLAN_KEEP) != 0;
	run.follows_exec = (plan.body.options & LOBBY_FOLLOW_EXEC) != 0;
	note_target();
	open_streams();
	make_terminal();
	make_segment();
	/* Without it only processes in other pid namespaces miss something. */
	registry_open(&run.registry, getenv("XDG_RUNTIME_DIR"), &why);
	questions_open(&run.questions, &run.registry, run.nonce);
	start(argv + 3);
	answer_started();
	release_plan();
	run_loop(&run);
	questions_close(&run.questions);
	registry_close(&run.registry);
	return 0;
}
