/*
 * client_terminal.c - handing the user's terminal to the program (L3).
 *
 * Shape      Bytes typed go to the helper, output goes to the terminal, until
 *            Ctrl-] or the end.
 * Why        No terminal emulator in tmtop: the real one does it.  So it must
 *            have seen what a terminal would have seen: output since the last
 *            time is written first, and a program that draws full screens is
 *            made to draw by a change of size.
 */
#include "reader/client_private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LEAVE_KEY	0x1d	/* Ctrl-] */
#define LOOK_MS		200	/* for a changed size */
#define ENTER_SCREEN	"\033[?1049h\033[2J\033[H"
#define LEAVE_SCREEN	"\033[?1049l"

/* ---- the tail ---- */

/* Follow "ESC [ ? NUMBER h" and "... l"; several numbers in one sequence are
 * not told apart: programs send the screen's alone. */
static void
follow_mode(struct output_tail *tail, char c)
{
	static const char start[] = "\033[?";

	if (tail->matched < 3) {
		tail->matched = c == start[tail->matched] ?
		    tail->matched + 1 : c == start[0];
		tail->number = 0;
		return;
	}
	if (c >= '0' && c <= '9' && tail->number < 10000) {
		tail->number = tail->number * 10 + (unsigned)(c - '0');
		return;
	}
	if ((c == 'h' || c == 'l') && (tail->number == 47 ||
	    tail->number == 1047 || tail->number == 1049))
		tail->is_full_screen = c == 'h';
	tail->matched = c == start[0];
}

void
output_tail_add(struct output_tail *tail, const struct client_event *event)
{
	const char *bytes = event->bytes;
	size_t size = event->size, keep;

	for (size_t i = 0; i < size; i++)
		follow_mode(tail, bytes[i]);
	tail->end += event->n_dropped + size;
	if (event->n_dropped > 0)
		tail->size = 0;
	if (size > TAIL_SIZE) {
		bytes += size - TAIL_SIZE;
		size = TAIL_SIZE;
	}
	keep = tail->size < TAIL_SIZE - size ? tail->size : TAIL_SIZE - size;
	memmove(tail->bytes, tail->bytes + tail->size - keep, keep);
	memcpy(tail->bytes + keep, bytes, size);
	tail->size = keep + size;
}

/* ---- the user's terminal ---- */

static void
write_all(int fd, const char *bytes, size_t size)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	while (size > 0) {
		n = write(fd, bytes, size);
		if (n < 0 && errno == EAGAIN)
			poll(&room, 1, -1);
		else if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		}
	}
}

static void
write_text(int fd, const char *text)
{
	write_all(fd, text, strlen(text));
}

/* Output that the user's terminal has not had; what is older than the tail
 * starts at a line. */
static void
show_unseen(struct output_tail *tail, int tty_fd)
{
	uint64_t unseen = tail->end - tail->shown;
	const char *from = tail->bytes, *line;
	size_t size = tail->size;

	if (unseen <= size) {
		from += size - unseen;
		size = unseen;
	} else if ((line = memchr(from, '\n', size)) != NULL) {
		size -= (size_t)(line + 1 - from);
		from = line + 1;
	}
	write_all(tty_fd, from, size);
	tail->shown = tail->end;
}

/* The terminal's size becomes the program's; `force`: it redraws even when
 * the size is the same. */
static void
follow_size(struct client *client, int tty_fd, struct winsize *last,
    bool force)
{
	struct winsize now;

	if (ioctl(tty_fd, TIOCGWINSZ, &now) < 0 || now.ws_row == 0)
		return;
	if (!force && now.ws_row == last->ws_row && now.ws_col == last->ws_col)
		return;
	if (force)
		client_resize(client, now.ws_row - 1, now.ws_col);
	client_resize(client, now.ws_row, now.ws_col);
	*last = now;
}

static void
hand_over(struct client *client, int tty_fd, struct winsize *size)
{
	bool full_screen = client->tail.is_full_screen;

	*size = (struct winsize){ .ws_row = 0 };
	if (full_screen) {
		write_text(tty_fd, ENTER_SCREEN);
		client->tail.shown = client->tail.end;
	} else {
		show_unseen(&client->tail, tty_fd);
	}
	follow_size(client, tty_fd, size, full_screen);
}

/* True: the user wants to leave, or there is nobody any more. */
static bool
take_keys(struct client *client, int tty_fd)
{
	char keys[1024], *leave;
	ssize_t n = read(tty_fd, keys, sizeof keys);

	if (n <= 0)
		return n == 0 || (errno != EINTR && errno != EAGAIN);
	leave = memchr(keys, LEAVE_KEY, (size_t)n);
	client_type(client, keys, leave == NULL ? (size_t)n :
	    (size_t)(leave - keys));
	return leave != NULL;
}

/* True when the program has ended and all it wrote has been shown. */
static bool
take_events(struct client *client, int tty_fd,
    void (*on_event)(void *context, const struct client_event *event),
    void *context)
{
	struct client_event event;

	while (client_next(client, &event)) {
		if (event.kind == CLIENT_OUTPUT) {
			write_all(tty_fd, event.bytes, event.size);
			client->tail.shown = client->tail.end;
		}
		if (event.kind == CLIENT_EXITED ||
		    event.kind == CLIENT_KILLED)
			client->has_ended = true;
		if (on_event != NULL)
			on_event(context, &event);
		if (event.kind == CLIENT_RUN_OVER || event.kind == CLIENT_GONE)
			return true;
	}
	return false;
}

enum client_terminal_end
client_terminal(struct client *client, int tty_fd,
    void (*on_event)(void *context, const struct client_event *event),
    void *context)
{
	enum client_terminal_end end = CLIENT_TERMINAL_RUN_OVER;
	struct pollfd polls[2];
	struct winsize size;
	int n;

	if (!client->has_terminal || client->socket < 0 || client->is_over)
		return CLIENT_TERMINAL_NONE;
	hand_over(client, tty_fd, &size);
	for (;;) {
		polls[0] = (struct pollfd){ tty_fd, POLLIN, 0 };
		polls[1] = (struct pollfd){ client->socket, POLLIN, 0 };
		n = poll(polls, 2, LOOK_MS);
		follow_size(client, tty_fd, &size, false);
		if (take_events(client, tty_fd, on_event, context))
			break;
		/* Others of the run may live on; the program has said all. */
		if (n == 0 && client->has_ended)
			break;
		if (n > 0 && polls[0].revents != 0 &&
		    take_keys(client, tty_fd)) {
			end = CLIENT_TERMINAL_LEFT;
			break;
		}
	}
	if (client->tail.is_full_screen)
		write_text(tty_fd, LEAVE_SCREEN);
	return end;
}
