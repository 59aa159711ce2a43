/*
 * registry.c - a private directory, a socket in it (L3).
 *
 * Shape      DIRECTORY/PID.sock and, if needed, DIRECTORY/PID.so, PID being
 *            the helper's.
 * Why        No abstract socket: those have no owner.  No lock file: the
 *            helper's pid in the name says whether an entry is alive.
 * Invariant  Nothing is created before the directory is known to be ours
 *            and closed to others; a foreign or wider one is never used.
 *            Who connects is asked of the kernel (SO_PEERCRED), and nothing
 *            is read from them, so a silent or endless talker costs nothing.
 */
#include "run/registry.h"

#include "run/environment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_GUESTS	16	/* served per call */

/* Ours, a real directory, closed to others. */
static bool
is_private(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

static bool
make_directory(const char *path)
{
	mode_t mask = umask(077);

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		umask(mask);
		return false;
	}
	umask(mask);
	if (is_private(path))
		return true;
	errno = EPERM;
	return false;
}

/* Room for "/4194304.sock" behind it, and LD_PRELOAD can hold it. */
static bool
use_directory(struct registry *registry, const char *parent,
    const char *name)
{
	size_t room = sizeof registry->directory;

	if ((size_t)snprintf(registry->directory, room, "%s/%s", parent,
	    name) < room && environment_can_preload(registry->directory) &&
	    make_directory(registry->directory))
		return true;
	registry->directory[0] = '\0';
	return false;
}

static bool
choose_directory(struct registry *registry, const char *runtime_directory)
{
	char name[32];

	if (runtime_directory != NULL && is_private(runtime_directory) &&
	    use_directory(registry, runtime_directory, "tmtop"))
		return true;
	snprintf(name, sizeof name, "tmtop-%u", (unsigned)geteuid());
	return use_directory(registry, "/tmp", name);
}

static int
connect_to(const char *directory, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, rc = -1;

	if ((size_t)snprintf(address.sun_path, sizeof address.sun_path,
	    "%s/%s", directory, name) >= sizeof address.sun_path)
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		rc = connect(fd, (struct sockaddr *)&address, sizeof address);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* PID.sock of a helper that is gone: nobody listens and, so that one which
 * is about to is spared, nobody has the pid. */
static bool
is_stale(const char *directory, const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);

	return pid > 0 && pid <= INT32_MAX && strcmp(end, ".sock") == 0 &&
	    kill((pid_t)pid, 0) < 0 && errno == ESRCH &&
	    connect_to(directory, name) < 0 && errno == ECONNREFUSED;
}

static void
remove_stale(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char link[64];

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (!is_stale(directory, entry->d_name))
			continue;
		snprintf(link, sizeof link, "%ld.so",
		    strtol(entry->d_name, NULL, 10));
		unlinkat(dirfd(dir), link, 0);
		snprintf(link, sizeof link, "%ld.ask",
		    strtol(entry->d_name, NULL, 10));
		unlinkat(dirfd(dir), link, 0);
		unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}

int
registry_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, rc;

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	unlink(path);		/* of an earlier process with our pid */
	mask = umask(077);
	rc = bind(fd, (struct sockaddr *)&address, sizeof address);
	umask(mask);
	if (rc == 0 && listen(fd, 64) == 0)
		return fd;
	close(fd);
	return -1;
}

int
registry_open(struct registry *registry, const char *runtime_directory,
    struct errbuf *why)
{
	*registry = (struct registry){ .socket = -1 };
	/* Another run that ends may remove the empty directory meanwhile. */
	for (int i = 0; i < 3 && registry->socket < 0; i++) {
		if (!choose_directory(registry, runtime_directory))
			break;
		snprintf(registry->socket_path, sizeof registry->socket_path,
		    "%s/%d.sock", registry->directory, (int)getpid());
		registry->socket = registry_listen(registry->socket_path);
	}
	if (registry->socket < 0) {
		errbuf_sys(why, "no private directory for sockets");
		registry->socket_path[0] = '\0';
		return -1;
	}
	remove_stale(registry->directory);
	return 0;
}

const char *
registry_hook_path(struct registry *registry, const char *hook,
    struct errbuf *why)
{
	if (environment_can_preload(hook))
		return hook;
	if (registry->directory[0] == '\0' || hook[0] != '/') {
		errbuf_set(why, "LD_PRELOAD cannot hold the path of tmtop's "
		    "hook: it has a colon, a space or a dollar sign");
		return NULL;
	}
	snprintf(registry->link_path, sizeof registry->link_path, "%s/%d.so",
	    registry->directory, (int)getpid());
	unlink(registry->link_path);
	if (symlink(hook, registry->link_path) == 0)
		return registry->link_path;
	errbuf_sys(why, "cannot link tmtop's hook to %s",
	    registry->link_path);
	registry->link_path[0] = '\0';
	return NULL;
}

bool
registry_is_same_user(int socket, int32_t *pid)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
	    size != sizeof peer || peer.uid != geteuid())
		return false;
	*pid = peer.pid;
	return true;
}

static void
send_segment(int socket, int segment_fd, uint64_t nonce)
{
	struct iovec part = { .iov_base = &nonce, .iov_len = sizeof nonce };
	union {
		struct cmsghdr	header;
		char		bytes[CMSG_SPACE(sizeof(int))];
	} room = { .bytes = "" };
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &room, .msg_controllen = sizeof room,
	};
	struct cmsghdr *control = CMSG_FIRSTHDR(&header);

	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof segment_fd);
	memcpy(CMSG_DATA(control), &segment_fd, sizeof segment_fd);
	/* A guest that left or has no room gets nothing. */
	sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
registry_serve(struct registry *registry, int segment_fd, uint64_t nonce)
{
	int32_t pid;
	int guest;

	for (int i = 0; i < MAX_GUESTS; i++) {
		guest = accept4(registry->socket, NULL, NULL, SOCK_CLOEXEC);
		if (guest < 0)
			return;
		if (registry_is_same_user(guest, &pid))
			send_segment(guest, segment_fd, nonce);
		close(guest);
	}
}

void
registry_close(struct registry *registry)
{
	if (registry->socket >= 0)
		close(registry->socket);
	if (registry->socket_path[0] != '\0')
		unlink(registry->socket_path);
	if (registry->link_path[0] != '\0')
		unlink(registry->link_path);
	/* Only succeeds for the last run. */
	if (registry->directory[0] != '\0')
		rmdir(registry->directory);
	*registry = (struct registry){ .socket = -1 };
}
