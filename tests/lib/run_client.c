/*
 * run_client.c - a viewer without a screen, for testing tmtop-run.
 *
 *	run_client [OPTION]... -- PROGRAM [ARG]...
 *
 * Starts the program through the helper of the build tree, writes what it is
 * told as lines to the events file and does what it is told in the commands
 * file (a FIFO), a line each.  Exits with the program's exit code, or with
 * that of client_start().
 */
#include "base/atomic.h"
#include "reader/client.h"
#include "tables/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct client *client;
static FILE *events;		/* lines, unbuffered */
static FILE *output;		/* of the terminal, raw; or NULL */
static bool is_reading = true;
static bool print_slots, ack_slots;
static int exit_code;

/* ---- what is told ---- */

static void
show_slots(void)
{
	static const char *const states[] = {
		"free", "claimed", "live", "dead",
	};
	struct lobby_map map;

	if (lobby_map_fd(&map, client_segment_fd(client), false) < 0) {
		fprintf(events, "slots unreadable\n");
		return;
	}
	for (uint32_t i = 0; i < N_SLOTS; i++) {
		const struct slot *slot = &map.slots[i];
		uint32_t state = load_acquire(&slot->state);

		if (state == SLOT_FREE)
			continue;
		fprintf(events, "slot %u %s kind %u end %u status %d is %s\n",
		    i, state < 4 ? states[state] : "bad", slot->kind,
		    slot->end, slot->wait_status,
		    slot->pid == client_pid(client) ? "program" : "other");
	}
	fprintf(events, "untracked %u\n", map.lobby->n_untracked);
	fprintf(events, "control mark %u clear %u reset %u generation %u "
	    "pauses %u state %u\n", map.control->mark_epoch,
	    map.control->clear_epoch, map.control->peak_reset_epoch,
	    map.control->generation, map.control->n_pauses,
	    map.control->state);
	lobby_unmap(&map);
}

/* As a viewer does that has read the dead ones. */
static void
acknowledge_slots(void)
{
	struct lobby_map map;

	if (!ack_slots ||
	    lobby_map_fd(&map, client_segment_fd(client), false) < 0)
		return;
	for (uint32_t i = 0; i < N_SLOTS; i++)
		if (load_acquire(&map.slots[i].state) == SLOT_DEAD)
			client_slot_read(client, i, map.slots[i].incarnation);
	lobby_unmap(&map);
}

static void
show_event(void *context, const struct client_event *event)
{
	static const char *const notices[N_CLIENT_NOTICES] = {
		"untracked", "hint", "script", "trouble",
	};

	(void)context;
	switch (event->kind) {
	case CLIENT_STOPPED:
		fprintf(events, "stopped %d\n", event->status);
		break;
	case CLIENT_QUESTION:
		fprintf(events, "question %d\n", (int)event->question.what);
		break;
	case CLIENT_CONTINUED:
		fprintf(events, "continued\n");
		break;
	case CLIENT_EXITED:
	case CLIENT_KILLED:
		fprintf(events, "%s %d\n", event->kind == CLIENT_EXITED ?
		    "exited" : "killed", event->status);
		exit_code = client_exit_code(event);
		break;
	case CLIENT_RUN_OVER:
		fprintf(events, "over\n");
		break;
	case CLIENT_OUTPUT:
		if (event->n_dropped > 0)
			fprintf(events, "dropped %llu\n",
			    (unsigned long long)event->n_dropped);
		if (output != NULL)
			fwrite(event->bytes, 1, event->size, output);
		break;
	case CLIENT_WAITS_INPUT:
		fprintf(events, "waits %d\n", event->status);
		break;
	case CLIENT_NOTICE:
		fprintf(events, "notice %s %s\n", notices[event->notice],
		    event->text);
		break;
	case CLIENT_SLOTS_LOW:
		fprintf(events, "slots-low\n");
		acknowledge_slots();
		break;
	case CLIENT_CONTROL:
		fprintf(events, "control\n");
		break;
	case CLIENT_GONE:
		fprintf(events, "gone\n");
		break;
	}
}

/* ---- what is to be done ---- */

static void
type_line(const char *text)
{
	client_type(client, text, strlen(text));
	client_type(client, "\n", 1);
}

/* False: the end. */
static bool
obey(const char *line)
{
	int a, b;
	char word[256];

	if (sscanf(line, "signal %d %255s", &a, word) == 2)
		client_signal(client, a, strcmp(word, "all") == 0 ?
		    CLIENT_TO_ALL : strcmp(word, "foreground") == 0 ?
		    CLIENT_TO_FOREGROUND : CLIENT_TO_PROGRAM);
	else if (sscanf(line, "resize %d %d", &a, &b) == 2)
		client_resize(client, a, b);
	else if (strncmp(line, "type ", 5) == 0)
		type_line(line + 5);
	else if (sscanf(line, "key %d", &a) == 1)
		client_type(client, &(char){ (char)a }, 1);
	else if (sscanf(line, "leave %255s", word) == 1)
		client_leave_running(client, word);
	else if (strcmp(line, "mark") == 0)
		client_control(client, CLIENT_CONTROL_MARK, 0);
	else if (strcmp(line, "clear") == 0)
		client_control(client, CLIENT_CONTROL_CLEAR, 0);
	else if (strcmp(line, "reset-peak") == 0)
		client_control(client, CLIENT_CONTROL_RESET_PEAK, 0);
	else if (sscanf(line, "state %d", &a) == 1)
		client_control(client, CLIENT_CONTROL_STATE, (uint64_t)a);
	else if (sscanf(line, "screen %d", &a) == 1)
		client_screen_taken(client, a != 0, "RESET", 5);
	else if (sscanf(line, "reading %d", &a) == 1)
		is_reading = a != 0;
	else if (sscanf(line, "read-slot %d %d", &a, &b) == 2)
		client_slot_read(client, (uint32_t)a, (uint32_t)b);
	else if (strcmp(line, "terminal") == 0)
		fprintf(events, "terminal end %d\n", client_terminal(client,
		    0, show_event, NULL));
	else if (strcmp(line, "slots") == 0)
		show_slots();
	else if (strcmp(line, "close") == 0)
		return false;
	else
		fprintf(events, "no such command: %s\n", line);
	fprintf(events, "done %s\n", line);
	return true;
}

/* Whole lines of the commands file. False: the end. */
static bool
obey_lines(int fd)
{
	static char text[4096];
	static size_t size;
	ssize_t n = read(fd, text + size, sizeof text - 1 - size);
	char *line = text, *end;

	if (n <= 0)
		return true;
	size += (size_t)n;
	text[size] = '\0';
	while ((end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		if (!obey(line))
			return false;
		line = end + 1;
	}
	size -= (size_t)(line - text);
	memmove(text, line, size);
	return true;
}

static void
follow(int commands)
{
	struct client_event event;
	struct pollfd polls[2];

	for (;;) {
		polls[0] = (struct pollfd){ is_reading ? client_fd(client) :
		    -1, POLLIN, 0 };
		polls[1] = (struct pollfd){ commands, POLLIN, 0 };
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return;
		if (polls[1].revents != 0 && !obey_lines(commands))
			return;
		while (is_reading && client_next(client, &event)) {
			show_event(NULL, &event);
			if (event.kind == CLIENT_RUN_OVER ||
			    event.kind == CLIENT_GONE)
				return;
		}
	}
}

/* ---- start ---- */

/* A terminal for those who have none, on the named streams. */
static int
own_terminal(const char *streams)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int master, slave;

	if (openpty(&master, &slave, NULL, NULL, &size) < 0)
		return -1;
	fcntl(master, F_SETFD, FD_CLOEXEC);
	fcntl(slave, F_SETFD, FD_CLOEXEC);
	for (; *streams != '\0'; streams++)
		dup2(slave, *streams - '0');
	return slave;
}

static FILE *
open_file(const char *path)
{
	FILE *file = fopen(path, "ae");

	if (file != NULL)
		setvbuf(file, NULL, _IONBF, 0);
	return file;
}

static const struct option options[] = {
	{ "events", required_argument, NULL, 'e' },
	{ "output", required_argument, NULL, 'o' },
	{ "commands", required_argument, NULL, 'c' },
	{ "own-tty", required_argument, NULL, 't' },
	{ "tty", no_argument, NULL, 'T' },
	{ "keep", no_argument, NULL, 'k' },
	{ "log", required_argument, NULL, 'l' },
	{ "stdin", required_argument, NULL, '0' },
	{ "stdout", required_argument, NULL, '1' },
	{ "stderr", required_argument, NULL, '2' },
	{ "hook", required_argument, NULL, 'h' },
	{ "slots", no_argument, NULL, 's' },
	{ "ack", no_argument, NULL, 'a' },
	{ NULL, 0, NULL, 0 }
};

static void
take_option(int c, struct client_plan *plan, int *commands)
{
	switch (c) {
	case 'e':
		events = open_file(optarg);
		break;
	case 'o':
		output = open_file(optarg);
		break;
	case 'c':
		*commands = open(optarg, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		break;
	case 't':
		plan->batch = false;
		plan->tty_fd = own_terminal(optarg);
		break;
	case 'T':
		plan->batch = false;
		plan->tty_fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
		break;
	case 'k':
		plan->keep_on_hangup = true;
		break;
	case 'l':
		plan->output_log = optarg;
		break;
	case '0':
		plan->stdin_path = optarg;
		break;
	case '1':
		plan->stdout_path = optarg;
		break;
	case '2':
		plan->stderr_path = optarg;
		break;
	case 'h':
		plan->hook_path = optarg;
		break;
	case 's':
		print_slots = true;
		break;
	case 'a':
		ack_slots = true;
		break;
	default:
		exit(124);
	}
}

int
main(int argc, char **argv)
{
	static char helper[4096], hook[4096];
	struct client_plan plan = {
		.helper_path = helper, .hook_path = hook,
		.follow_fork = true, .follow_exec = true,
		.batch = true, .tty_fd = -1,
	};
	const char *build = getenv("TMTOP_BUILD");
	int commands = -1, c;
	struct errbuf why;

	snprintf(helper, sizeof helper, "%s/tmtop-run", build);
	snprintf(hook, sizeof hook, "%s/.libs/libtmtop_hook.so", build);
	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1)
		take_option(c, &plan, &commands);
	if (events == NULL)
		events = open_file("/dev/null");
	plan.argv = argv + optind;
	client = client_start(&plan, &why, &exit_code);
	if (client == NULL) {
		fprintf(events, "failed %d %s\n", exit_code, why.text);
		return exit_code;
	}
	/* The program may signal the group that it shares with us. */
	signal(SIGUSR1, SIG_IGN);
	exit_code = 0;
	fprintf(events, "started %d helper %d terminal %d\n",
	    (int)client_pid(client), (int)client_helper_pid(client),
	    client_has_terminal(client));
	follow(commands);
	if (print_slots)
		show_slots();
	client_close(client);
	return exit_code;
}
