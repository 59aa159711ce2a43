/*
 * fetch_main.c - tmtop-fetch: asks debuginfod servers, so that nobody else
 * needs the network (L4, program).
 *
 * Shape      One loop: a build-id in, a path out.  What is fetched goes to
 *            libdebuginfod's own cache and is read by tmtop-symbols.
 * Why        libdebuginfod waits for its servers, and brings some forty
 *            libraries.  As a process of its own it can be waited for beside
 *            everything else, and ended at any time; tmtop-symbols, which
 *            reads hostile files, stays without a network.
 * Invariant  It is started only when the user has asked for it (--debuginfod)
 *            and named servers (DEBUGINFOD_URLS).  It prints nothing, and
 *            speaks through its socket alone.
 * Limits     Those of libdebuginfod: DEBUGINFOD_TIMEOUT, DEBUGINFOD_MAXSIZE,
 *            DEBUGINFOD_MAXTIME.  Ends with its parent.
 */
#include "symbols/protocol.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LIBRARY		"libdebuginfod.so.1"
#define PROGRESS_MS	100

/* As in elfutils/debuginfod.h.  The library is looked for when the program
 * runs, so that tmtop can be built and used without it. */
struct debuginfod_client;
typedef int progress_function(struct debuginfod_client *client, long done,
    long all);

static struct {
	struct debuginfod_client *(*begin)(void);
	void	(*set_progress)(struct debuginfod_client *client,
		    progress_function *function);
	int	(*find)(struct debuginfod_client *client,
		    const unsigned char *build_id, int size, char **path);
	struct debuginfod_client *client;
	uint32_t module;		/* being fetched */
	int64_t	 said_ms;		/* when progress was last told */
} debuginfod;

static int
send_packet(const struct strbuf *bytes)
{
	size_t done = 0;

	while (done < bytes->size) {
		ssize_t n = send(SYMBOLS_FD, bytes->text + done,
		    bytes->size - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

static int
say_hello(void)
{
	struct strbuf packet = STRBUF_INIT(64);
	size_t start = packet_begin(&packet, SYMBOLS_HELLO);
	int rc;

	packet_put_u32(&packet, SYMBOLS_VERSION);
	packet_end(&packet, start);
	rc = send_packet(&packet);
	strbuf_fini(&packet);
	return rc;
}

static int
say_progress(uint64_t done, uint64_t all)
{
	struct strbuf packet = STRBUF_INIT(64);
	size_t start = packet_begin(&packet, SYMBOLS_PROGRESS);
	int rc;

	packet_put_u32(&packet, debuginfod.module);
	packet_put_u64(&packet, done);
	packet_put_u64(&packet, all);
	packet_end(&packet, start);
	rc = send_packet(&packet);
	strbuf_fini(&packet);
	return rc;
}

static int
say_fetched(const char *path)
{
	struct strbuf packet = STRBUF_INIT(64 + NAME_MAX_BYTES);
	size_t start = packet_begin(&packet, SYMBOLS_FETCHED);
	int rc;

	packet_put_u32(&packet, debuginfod.module);
	packet_put_string(&packet, path, strlen(path));
	packet_end(&packet, start);
	rc = send_packet(&packet);
	strbuf_fini(&packet);
	return rc;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Called by the library now and then. Not 0: it shall stop. */
static int
take_progress(struct debuginfod_client *client ATTR_UNUSED, long done,
    long all)
{
	if (now_ms() - debuginfod.said_ms < PROGRESS_MS)
		return 0;
	debuginfod.said_ms = now_ms();
	return say_progress(done > 0 ? (uint64_t)done : 0,
	    all > 0 ? (uint64_t)all : 0) < 0;
}

static int
load_library(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		return -1;
	*(void **)&debuginfod.begin = dlsym(library, "debuginfod_begin");
	*(void **)&debuginfod.set_progress = dlsym(library,
	    "debuginfod_set_progressfn");
	*(void **)&debuginfod.find = dlsym(library,
	    "debuginfod_find_debuginfo");
	if (debuginfod.begin == NULL || debuginfod.set_progress == NULL ||
	    debuginfod.find == NULL)
		return -1;
	debuginfod.client = debuginfod.begin();
	if (debuginfod.client == NULL)
		return -1;
	debuginfod.set_progress(debuginfod.client, take_progress);
	return 0;
}

static int
fetch(struct packet *packet)
{
	uint32_t module = packet_get_u32(packet);
	struct packet_string build_id = packet_get_string(packet);
	char *path = NULL;
	int fd, rc;

	if (!packet_is_done(packet) || build_id.size == 0 ||
	    build_id.size > SYMBOLS_MAX_BUILD_ID)
		return -1;
	debuginfod.module = module;
	fd = debuginfod.find(debuginfod.client,
	    (const unsigned char *)build_id.bytes, (int)build_id.size, &path);
	if (fd >= 0)
		close(fd);
	rc = say_fetched(fd >= 0 && path != NULL ? path : "");
	free(path);
	return rc;
}

/* Returns when the viewer closes its end or says something wrong. */
static void
serve(void)
{
	static unsigned char input[SYMBOLS_MAX_REQUEST];
	size_t n_input = 0;

	for (;;) {
		struct packet packet;
		uint32_t kind;
		long size = packet_split(input, n_input, sizeof input, &kind,
		    &packet);
		ssize_t n;

		if (size < 0)
			return;
		if (size > 0) {
			if (kind != SYMBOLS_FETCH || fetch(&packet) < 0)
				return;
			n_input -= (size_t)size;
			memmove(input, input + size, n_input);
			continue;
		}
		n = recv(SYMBOLS_FD, input + n_input, sizeof input - n_input,
		    0);
		if (n == 0 || (n < 0 && errno != EINTR))
			return;
		if (n > 0)
			n_input += (size_t)n;
	}
}

int
main(void)
{
	const struct rlimit none = { 0, 0 };
	int type;
	socklen_t size = sizeof type;

	if (getsockopt(SYMBOLS_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0) {
		fprintf(stderr, "tmtop-fetch is started by tmtop\n");
		return 125;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
	/* The library would print its own progress. */
	unsetenv("DEBUGINFOD_PROGRESS");
	if (load_library() == 0 && say_hello() == 0)
		serve();
	_exit(0);
}
