/*
 * helper.c - the process tmtop-symbols as the viewer sees it (L4).
 *
 * Shape      A child with one socket.  Both directions are buffered here and
 *            never block the viewer.
 * Why        A session of its own keeps the terminal's signals away: Ctrl-C
 *            is meant for the program being watched, and a helper stopped by
 *            Ctrl-Z would look stuck.  Its environment lacks what would let
 *            libraries open a network connection or be replaced.
 * Invariant  It inherits no descriptor but its socket and /dev/null.
 */
#include "symbols/helper.h"

#include "util/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_OUT		(4u << 20)
#define IN_ROOM		(2u * SYMBOLS_MAX_ANSWER)

void
helper_init(struct helper *helper)
{
	*helper = (struct helper){ .fd = -1 };
	strbuf_init(&helper->out, MAX_OUT);
}

/* ---- starting ---- */

static bool
is_unwanted(const char *variable, bool may_fetch)
{
	static const char *const prefixes[] = {
		"LD_PRELOAD=", "LD_AUDIT=", "TMTOP_", "DEBUGINFOD_"
	};

	for (size_t i = 0; i < array_size(prefixes) - may_fetch; i++) {
		if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

/* The strings are borrowed, the array is the caller's to free. */
static char **
make_environment(bool may_fetch)
{
	VEC(char *) kept = VEC_INIT;

	for (char **variable = environ; *variable != NULL; variable++) {
		if (!is_unwanted(*variable, may_fetch))
			vec_push(&kept, *variable);
	}
	vec_push(&kept, NULL);
	return kept.items;
}

static int
add_actions(posix_spawn_file_actions_t *actions, int socket)
{
	int error = posix_spawn_file_actions_adddup2(actions, socket,
	    SYMBOLS_FD);

	for (int fd = 0; fd < 3 && error == 0; fd++)
		error = posix_spawn_file_actions_addopen(actions, fd,
		    "/dev/null", O_RDWR, 0);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(actions,
		    SYMBOLS_FD + 1);
	return error;
}

static void
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

/* Returns an errno. */
static int
spawn_helper(const char *path, int socket, bool may_fetch, pid_t *pid)
{
	char *name = xstrdup(path);
	char *arguments[] = { name, NULL };
	char **environment = make_environment(may_fetch);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	set_attributes(&attributes);
	error = add_actions(&actions, socket);
	if (error == 0)
		error = posix_spawn(pid, path, &actions, &attributes,
		    arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(environment);
	free(name);
	return error;
}

int
helper_start(struct helper *helper, const char *path, bool may_fetch,
    struct errbuf *why)
{
	int pair[2];
	int error;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		errbuf_sys(why, "no symbols: cannot make a socket");
		return -1;
	}
	error = spawn_helper(path, pair[1], may_fetch, &helper->pid);
	close(pair[1]);
	if (error != 0) {
		close(pair[0]);
		helper->pid = 0;
		errno = error;
		errbuf_sys(why, "no symbols: cannot start %s", path);
		return -1;
	}
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	helper->fd = pair[0];
	if (helper->in == NULL)
		helper->in = xmalloc(IN_ROOM);
	return 0;
}

void
helper_stop(struct helper *helper)
{
	if (helper->pid == 0)
		return;
	close(helper->fd);
	kill(helper->pid, SIGKILL);
	while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	helper->pid = 0;
	helper->fd = -1;
	helper->n_in = helper->n_taken = helper->n_sent = 0;
	strbuf_clear(&helper->out);
}

void
helper_fini(struct helper *helper)
{
	helper_stop(helper);
	strbuf_fini(&helper->out);
	free(helper->in);
	helper->in = NULL;
}

/* ---- talking ---- */

static bool
is_passing(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void
send_some(struct helper *helper, bool *is_dead)
{
	while (helper->n_sent < helper->out.size) {
		ssize_t n = send(helper->fd,
		    helper->out.text + helper->n_sent,
		    helper->out.size - helper->n_sent, MSG_NOSIGNAL);

		if (n < 0) {
			*is_dead = !is_passing(errno);
			return;
		}
		helper->n_sent += (size_t)n;
	}
}

/* The helper may be slower than requests come, so that `out` never gets
 * empty. */
static void
drop_sent(struct helper *helper)
{
	struct strbuf *out = &helper->out;

	if (helper->n_sent == 0)
		return;
	memmove(out->text, out->text + helper->n_sent,
	    out->size - helper->n_sent);
	strbuf_cut(out, out->size - helper->n_sent);
	helper->n_sent = 0;
}

bool
helper_exchange(struct helper *helper, bool *is_dead)
{
	ssize_t n;

	*is_dead = false;
	send_some(helper, is_dead);
	drop_sent(helper);
	helper->n_in -= helper->n_taken;
	memmove(helper->in, helper->in + helper->n_taken, helper->n_in);
	helper->n_taken = 0;
	n = recv(helper->fd, helper->in + helper->n_in,
	    IN_ROOM - helper->n_in, 0);
	if (n == 0 || (n < 0 && !is_passing(errno)))
		*is_dead = true;
	/* Answers that came before the end still count. */
	if (n > 0) {
		*is_dead = false;
		helper->n_in += (size_t)n;
	}
	return n > 0;
}

int
helper_next(struct helper *helper, uint32_t *kind, struct packet *packet)
{
	long size = packet_split(helper->in + helper->n_taken,
	    helper->n_in - helper->n_taken, SYMBOLS_MAX_ANSWER, kind, packet);

	if (size < 0)
		return -1;
	helper->n_taken += (size_t)size;
	return size > 0;
}
