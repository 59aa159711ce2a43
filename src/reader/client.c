/*
 * client.c - the viewer's end of tmtop-run (L3).
 *
 * Shape      One message of the helper is at most one event; commands are
 *            one message each.  Nothing is queued on this side.
 * Why        The helper keeps what a late viewer must still learn, so this
 *            side needs no thread and no memory of its own beyond the tail
 *            of the output, for handing over the terminal.
 * Invariant  What the helper sends is checked like any foreign input; texts
 *            pass the sanitiser before anybody sees them.
 */
#include "reader/client.h"

#include "reader/client_private.h"
#include "run/protocol.h"
#include "tables/layout.h"
#include "util/names.h"
#include "util/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_TROUBLE	125
#define SEND_WAIT_MS	1000	/* for a helper that is behind */
#define END_WAIT_MS	2000	/* for the helper to be gone */

_Static_assert((int)CLIENT_TO_ALL == (int)SIGNAL_ALL, "same numbers");
_Static_assert((int)N_CLIENT_CONTROLS == (int)N_CHANGES, "same numbers");
_Static_assert((int)CLIENT_CONTROL_FRAMES == (int)CHANGE_FRAMES,
    "same numbers");
_Static_assert((int)N_CLIENT_NOTICES == (int)N_NOTICES, "same numbers");
_Static_assert((int)CLIENT_NOTICE_SCRIPT == (int)NOTICE_SCRIPT,
    "same numbers");

_Static_assert((int)N_CLIENT_ASKS == (int)N_QUESTIONS &&
    (int)CLIENT_ASKS_SNAPSHOT == (int)QUESTION_SNAPSHOT, "same numbers");
_Static_assert((int)CLIENT_ANSWER_FAILED == (int)ANSWER_FAILED &&
    (int)CLIENT_ANSWER_BAD_FILTER == (int)ANSWER_BAD_FILTER, "same numbers");

/* ---- starting ---- */

static void
add_plan_string(struct message *message, enum plan_string which,
    const char *text)
{
	size_t size = text == NULL ? 0 : strlen(text);

	message->plan.string_size[which] = (uint32_t)size;
	message_add(message, text, size);
}

static uint32_t
lobby_options(const struct client_plan *plan)
{
	return (plan->follow_fork ? LOBBY_FOLLOW_FORK : 0) |
	    (plan->follow_exec ? LOBBY_FOLLOW_EXEC : 0) |
	    (plan->use_libunwind ? LOBBY_LIBUNWIND : 0) |
	    (plan->mappings ? LOBBY_MAPPINGS : 0) |
	    (plan->by_thread ? LOBBY_BY_THREAD : 0) |
	    (plan->verify ? LOBBY_VERIFY : 0);
}

/* -1: the user's terminal cannot be asked for its settings. */
static int
write_plan(struct message *message, const struct client_plan *plan)
{
	message_init(message, MESSAGE_PLAN);
	message->plan.version = PROTOCOL_VERSION;
	message->plan.max_frames = plan->max_frames;
	message->plan.table_limit = plan->table_limit;
	message->plan.sample_bytes = plan->sample_bytes;
	message->plan.options = lobby_options(plan);
	message->plan.flags = (plan->batch ? PLAN_BATCH : 0) |
	    (plan->keep_on_hangup ? PLAN_KEEP : 0) |
	    (plan->stopped ? PLAN_STOPPED : 0);
	if (!plan->batch) {
		message->fd = plan->tty_fd;
		if (tcgetattr(plan->tty_fd, &message->plan.termios) < 0 ||
		    ioctl(plan->tty_fd, TIOCGWINSZ, &message->plan.size) < 0)
			return -1;
	}
	add_plan_string(message, PLAN_HOOK, plan->hook_path);
	add_plan_string(message, PLAN_STDIN, plan->stdin_path);
	add_plan_string(message, PLAN_STDOUT, plan->stdout_path);
	add_plan_string(message, PLAN_STDERR, plan->stderr_path);
	add_plan_string(message, PLAN_LOG, plan->output_log);
	return 0;
}

/* Both ends above 2: a closed standard stream stays closed. */
static int
make_sockets(int ends[2])
{
	int fd;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (ends[i] > 2)
			continue;
		fd = fcntl(ends[i], F_DUPFD_CLOEXEC, 3);
		close(ends[i]);
		ends[i] = fd;
	}
	return 0;
}

/*
 * Not posix_spawn(): glibc's leaves the two signals that it keeps to itself
 * ignored, which the program would inherit.
 */
static void ATTR_NORETURN
exec_helper(const struct client_plan *plan, char *const *words, int end)
{
	static struct message message;
	struct errbuf why;

	fcntl(end, F_SETFD, 0);
	execv(plan->helper_path, words);
	errbuf_sys(&why, "cannot start %s", plan->helper_path);
	message_init(&message, MESSAGE_FAILED);
	message.failed.exit_code = EXIT_TROUBLE;
	message_add(&message, why.text, strlen(why.text));
	message_send(end, &message, 0);
	_exit(EXIT_TROUBLE);
}

static int
spawn_helper(struct client *client, const struct client_plan *plan, int end)
{
	char number[16], **words;
	size_t n = 0;

	while (plan->argv[n] != NULL)
		n++;
	words = xcalloc(n + 4, sizeof *words);
	snprintf(number, sizeof number, "%d", end);
	words[0] = (char *)(uintptr_t)plan->helper_path;
	words[1] = number;
	words[2] = (char *)(uintptr_t)"--";
	memcpy(words + 3, plan->argv, n * sizeof *words);
	client->helper = fork();
	if (client->helper == 0)
		exec_helper(plan, words, end);
	free(words);
	return client->helper < 0 ? -1 : 0;
}

/* The helper's first word: the program runs, or why not. */
static int
take_answer(struct client *client, struct errbuf *why, int *exit_code)
{
	struct message *message = &client->message;
	const char *tail;
	size_t size;
	int rc = message_receive(client->socket, message, 0);

	/* A helper that ended without reading the plan leaves an error on the
	 * socket, which is told once, before what it has sent. */
	if (rc == 0)
		rc = message_receive(client->socket, message, 0);
	if (rc == 1 && message->kind == MESSAGE_STARTED && message->fd >= 0) {
		client->segment_fd = message->fd;
		client->program = message->started.pid;
		client->has_terminal = message->started.has_terminal != 0;
		return 0;
	}
	if (rc == 1 && message->kind == MESSAGE_FAILED) {
		tail = message_tail(message, &size);
		errbuf_set(why, "%s", "");
		sanitise(why->text, sizeof why->text, tail, size);
		*exit_code = message->failed.exit_code;
		return -1;
	}
	errbuf_set(why, "tmtop-run does not answer as it should");
	return -1;
}

struct client *
client_start(const struct client_plan *plan, struct errbuf *why,
    int *exit_code)
{
	struct client *client = xcalloc(1, sizeof *client);
	int ends[2] = { -1, -1 }, rc = -1;

	client->socket = client->segment_fd = -1;
	*exit_code = EXIT_TROUBLE;
	if (write_plan(&client->message, plan) < 0) {
		errbuf_sys(why, "cannot read the terminal's settings");
		goto out;
	}
	if (make_sockets(ends) < 0) {
		errbuf_sys(why, "no sockets");
		goto out;
	}
	client->socket = ends[0];
	if (spawn_helper(client, plan, ends[1]) < 0) {
		errbuf_sys(why, "cannot start %s", plan->helper_path);
		goto out;
	}
	close(ends[1]);
	ends[1] = -1;
	/* One that could not be started has left its answer. */
	if (message_send(client->socket, &client->message, 0) < 0 &&
	    errno != EPIPE && errno != ECONNRESET) {
		errbuf_sys(why, "cannot tell tmtop-run what to do");
		goto out;
	}
	rc = take_answer(client, why, exit_code);
out:
	if (ends[1] >= 0)
		close(ends[1]);
	if (rc == 0)
		return client;
	client->is_over = true;
	client_close(client);
	return NULL;
}

/* Not for ever: it may have been stopped. */
static void
wait_for_helper(pid_t helper)
{
	struct pollfd gone = { .fd = pidfd_open(helper, 0), .events = POLLIN };

	if (gone.fd < 0 || poll(&gone, 1, END_WAIT_MS) > 0)
		waitpid(helper, NULL, gone.fd < 0 ? WNOHANG : 0);
	if (gone.fd >= 0)
		close(gone.fd);
}

void
client_close(struct client *client)
{
	if (client == NULL)
		return;
	if (client->screen_taken)
		client_screen_taken(client, false, NULL, 0);
	if (client->socket >= 0)
		close(client->socket);
	if (client->helper > 0 && client->is_over)
		wait_for_helper(client->helper);
	if (client->segment_fd >= 0)
		close(client->segment_fd);
	free(client);
}

int
client_segment_fd(const struct client *client)
{
	return client->segment_fd;
}

pid_t
client_pid(const struct client *client)
{
	return client->program;
}

pid_t
client_helper_pid(const struct client *client)
{
	return client->helper;
}

bool
client_has_terminal(const struct client *client)
{
	return client->has_terminal;
}

int
client_fd(const struct client *client)
{
	return client->socket;
}

/* ---- events ---- */

static bool
read_state(const struct state_body *body, struct client_event *event)
{
	static const enum client_event_kind kinds[N_PROGRAM_STATES] = {
		[PROGRAM_RUNNING] = CLIENT_CONTINUED,
		[PROGRAM_STOPPED] = CLIENT_STOPPED,
		[PROGRAM_EXITED] = CLIENT_EXITED,
		[PROGRAM_KILLED] = CLIENT_KILLED,
	};

	if (body->state >= N_PROGRAM_STATES || body->status < 0 ||
	    body->status > 255)
		return false;
	event->kind = kinds[body->state];
	event->status = body->status;
	event->has_core = body->has_core != 0;
	return true;
}

static bool
read_output(struct client *client, struct client_event *event)
{
	const struct message *message = &client->message;
	uint64_t offset = message->output.offset;

	event->kind = CLIENT_OUTPUT;
	event->bytes = message_tail(message, &event->size);
	if (offset < client->n_output || offset > UINT64_MAX / 2)
		return false;
	event->n_dropped = offset - client->n_output;
	client->n_output = offset + event->size;
	output_tail_add(&client->tail, event);
	return true;
}

static bool
read_notice(struct client *client, struct client_event *event)
{
	const char *tail;
	size_t size;

	if (client->message.notice.notice >= N_NOTICES)
		return false;
	tail = message_tail(&client->message, &size);
	sanitise(client->text, sizeof client->text, tail, size);
	event->kind = CLIENT_NOTICE;
	event->notice = (enum client_notice)client->message.notice.notice;
	event->text = client->text;
	return true;
}

static bool
read_question(struct client *client, struct client_event *event)
{
	const struct question_body *body = &client->message.question;

	if (body->what >= N_QUESTIONS)
		return false;
	event->kind = CLIENT_QUESTION;
	event->question.number = body->number;
	event->question.what = body->what;
	event->question.pid = body->pid;
	event->question.peer = body->peer;
	event->bytes = message_tail(&client->message, &event->size);
	return true;
}

/* False: not for us, or not well-formed: passed over. */
static bool
read_event(struct client *client, struct client_event *event)
{
	switch (client->message.kind) {
	case MESSAGE_STATE:
		return read_state(&client->message.state, event);
	case MESSAGE_OUTPUT:
		return read_output(client, event);
	case MESSAGE_NOTICE:
		return read_notice(client, event);
	case MESSAGE_WAITS_INPUT:
		event->kind = CLIENT_WAITS_INPUT;
		event->status = client->message.flag.is_set != 0;
		return true;
	case MESSAGE_SLOTS_LOW:
		event->kind = CLIENT_SLOTS_LOW;
		return true;
	case MESSAGE_CHANGED:
		event->kind = CLIENT_CONTROL;
		return true;
	case MESSAGE_QUESTION:
		return read_question(client, event);
	case MESSAGE_RUN_OVER:
		event->kind = CLIENT_RUN_OVER;
		client->is_over = true;
		return true;
	default:
		return false;
	}
}

bool
client_next(struct client *client, struct client_event *event)
{
	int rc;

	while (client->socket >= 0) {
		rc = message_receive(client->socket, &client->message,
		    MSG_DONTWAIT);
		if (rc < 0 && errno == EAGAIN)
			return false;
		if (rc < 0 && errno == EPROTO)
			continue;
		memset(event, 0, sizeof *event);
		if (rc <= 0) {
			close(client->socket);
			client->socket = -1;
			client->is_over = true;
			event->kind = CLIENT_GONE;
			return true;
		}
		if (client->message.fd >= 0)
			close(client->message.fd);
		if (read_event(client, event))
			return true;
	}
	return false;
}

int
client_exit_code(const struct client_event *event)
{
	return event->kind == CLIENT_KILLED ? 128 + event->status :
	    event->status;
}

/* ---- commands ---- */

/* Dropped when the helper is gone or does not listen. */
static void
send_command(struct client *client)
{
	struct pollfd room = { .fd = client->socket, .events = POLLOUT };

	while (client->socket >= 0 && message_send(client->socket,
	    &client->command, MSG_DONTWAIT) < 0)
		if (errno != EAGAIN || poll(&room, 1, SEND_WAIT_MS) <= 0)
			return;
}

void
client_signal(struct client *client, int signal, enum client_target target)
{
	message_init(&client->command, MESSAGE_SIGNAL);
	client->command.signal.signal = signal;
	client->command.signal.target = target;
	send_command(client);
}

void
client_resize(struct client *client, int rows, int cols)
{
	assert(rows >= 0 && rows <= UINT16_MAX);
	assert(cols >= 0 && cols <= UINT16_MAX);

	message_init(&client->command, MESSAGE_RESIZE);
	client->command.resize.rows = (uint16_t)rows;
	client->command.resize.cols = (uint16_t)cols;
	send_command(client);
}

void
client_type(struct client *client, const void *bytes, size_t size)
{
	const char *from = bytes;
	size_t n;

	for (; size > 0; from += n, size -= n) {
		n = size < TYPE_BYTES_MAX ? size : TYPE_BYTES_MAX;
		message_init(&client->command, MESSAGE_TYPE);
		message_add(&client->command, from, n);
		send_command(client);
	}
}

void
client_leave_running(struct client *client, const char *log_path)
{
	message_init(&client->command, MESSAGE_LEAVE);
	if (log_path != NULL)
		message_add(&client->command, log_path, strlen(log_path));
	send_command(client);
}

void
client_slot_read(struct client *client, uint32_t slot, uint32_t incarnation)
{
	message_init(&client->command, MESSAGE_SLOT_READ);
	client->command.slot.slot = slot;
	client->command.slot.incarnation = incarnation;
	send_command(client);
}

void
client_control(struct client *client, enum client_control what, uint64_t value)
{
	message_init(&client->command, MESSAGE_CHANGE);
	client->command.change.what = what;
	client->command.change.value = value;
	send_command(client);
}

void
client_screen_taken(struct client *client, bool is_taken, const void *reset,
    size_t reset_size)
{
	client->screen_taken = is_taken;
	message_init(&client->command, MESSAGE_SCREEN);
	client->command.screen.is_taken = is_taken;
	if (reset != NULL)
		message_add(&client->command, reset, reset_size);
	send_command(client);
}

void
client_answer(struct client *client, uint32_t number,
    const struct client_answer *answer)
{
	message_init(&client->command, MESSAGE_ANSWER);
	client->command.answer.number = number;
	client->command.answer.answer = (struct answer_packet){
		.result = (int32_t)answer->result,
		.bytes = answer->bytes, .blocks = answer->blocks,
	};
	send_command(client);
}
