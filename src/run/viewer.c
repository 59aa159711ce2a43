/*
 * viewer.c - telling a viewer what it does not know yet (L3).
 *
 * Shape      Flags and offsets say what is due; viewer_forward() turns them
 *            into messages as long as the socket takes them.
 * Invariant  A flag is cleared only when its message was sent.  RUN_OVER
 *            comes after all output.
 */
#include "run/viewer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void
viewer_init(struct viewer *viewer, int socket)
{
	memset(viewer, 0, sizeof *viewer);
	viewer->socket = socket;
}

void
viewer_note_state(struct viewer *viewer, enum program_state state, int status,
    bool has_core)
{
	viewer->state = (struct state_body){
		.state = state, .status = status, .has_core = has_core,
	};
	viewer->state_due = true;
}

void
viewer_note(struct viewer *viewer, enum notice kind, const char *text)
{
	unsigned i = viewer->n_notices;

	if (i == MAX_NOTICES)
		return;
	viewer->notices[i].kind = kind;
	snprintf(viewer->notices[i].text, sizeof viewer->notices[i].text,
	    "%s", text);
	viewer->n_notices++;
}

void
viewer_note_waits_input(struct viewer *viewer, bool waits)
{
	if (viewer->waits_input == waits)
		return;
	viewer->waits_input = waits;
	viewer->waits_input_due = true;
}

void
viewer_note_slots_low(struct viewer *viewer)
{
	if (viewer->slots_low_open)
		return;
	viewer->slots_low_open = true;
	viewer->slots_low_due = true;
}

/* True when it was sent; else the viewer is blocked or gone. */
static bool
send_now(struct viewer *viewer, const struct message *message)
{
	if (viewer->is_blocked || viewer->socket < 0)
		return false;
	if (message_send(viewer->socket, message, MSG_DONTWAIT) == 0)
		return true;
	if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
		viewer->is_blocked = true;
	else
		viewer->socket = -1;
	return false;
}

bool
viewer_ask(struct viewer *viewer, const struct question_body *body,
    const char *text, size_t size)
{
	static struct message message;

	message_init(&message, MESSAGE_QUESTION);
	message.question = *body;
	message_add(&message, text, size);
	return send_now(viewer, &message);
}

static void
send_flag(struct viewer *viewer, struct message *message,
    enum message_kind kind, bool *due)
{
	if (!*due)
		return;
	message_init(message, kind);
	if (kind == MESSAGE_STATE)
		message->state = viewer->state;
	if (kind == MESSAGE_WAITS_INPUT)
		message->flag.is_set = viewer->waits_input;
	if (send_now(viewer, message))
		*due = false;
}

static void
send_notices(struct viewer *viewer, struct message *message)
{
	while (viewer->n_notices_sent < viewer->n_notices) {
		unsigned i = viewer->n_notices_sent;

		message_init(message, MESSAGE_NOTICE);
		message->notice.notice = viewer->notices[i].kind;
		message_add(message, viewer->notices[i].text,
		    strlen(viewer->notices[i].text));
		if (!send_now(viewer, message))
			return;
		viewer->n_notices_sent++;
	}
}

/* True when the viewer has all there is. */
static bool
send_output(struct viewer *viewer, struct message *message,
    const struct terminal *terminal)
{
	const char *bytes;
	size_t size;

	while ((size = terminal_output(terminal, &viewer->output_sent,
	    &bytes)) > 0) {
		if (size > OUTPUT_BYTES_MAX)
			size = OUTPUT_BYTES_MAX;
		message_init(message, MESSAGE_OUTPUT);
		message->output.offset = viewer->output_sent;
		message_add(message, bytes, size);
		if (!send_now(viewer, message))
			return false;
		viewer->output_sent += size;
	}
	return true;
}

bool
viewer_forward(struct viewer *viewer, const struct terminal *terminal)
{
	static struct message message;

	send_notices(viewer, &message);
	send_flag(viewer, &message, MESSAGE_STATE, &viewer->state_due);
	send_flag(viewer, &message, MESSAGE_CHANGED, &viewer->changed_due);
	send_flag(viewer, &message, MESSAGE_SLOTS_LOW,
	    &viewer->slots_low_due);
	send_flag(viewer, &message, MESSAGE_WAITS_INPUT,
	    &viewer->waits_input_due);
	/* Last of all, so that nothing comes after it. */
	if (terminal == NULL || send_output(viewer, &message, terminal)) {
		send_flag(viewer, &message, MESSAGE_RUN_OVER,
		    &viewer->over_due);
	}
	return viewer->socket >= 0;
}
