/*
 * registry.h - the run's entry in the user's tmtop directory (L3).
 *
 * A directory that belongs to the user alone holds, per run, a socket that
 * hands the segment to processes which cannot open /proc/HELPER/fd/N, and,
 * where the hook's own path will not do in LD_PRELOAD, a link to the hook.
 */
#ifndef TMTOP_RUN_REGISTRY_H
#define TMTOP_RUN_REGISTRY_H

#include "base/errbuf.h"

#include <sys/un.h>

#define REGISTRY_PATH_MAX	sizeof(((struct sockaddr_un *)0)->sun_path)

struct registry {
	int	socket;			/* listening; -1: none */
	char	directory[64];		/* "": none usable */
	char	socket_path[REGISTRY_PATH_MAX];
	char	link_path[REGISTRY_PATH_MAX];
};

/*
 * Find or make the directory: $XDG_RUNTIME_DIR/tmtop, else /tmp/tmtop-UID;
 * owner, mode 0700 and that it is no link are checked.  Then listen there.
 * Entries of runs whose helper is gone are removed.  -1: `why` says what is
 * missing; the run can do without.
 */
int registry_open(struct registry *registry, const char *runtime_directory,
    struct errbuf *why);

/* A path for LD_PRELOAD that leads to the hook: `hook` itself or a link made
 * here; NULL with the reason. Borrowed. */
const char *registry_hook_path(struct registry *registry, const char *hook,
    struct errbuf *why);

/*
 * Somebody knocks: hand out the segment to those of the same user, then hang
 * up.  Takes in a bounded number and never waits for any of them.  The answer
 * is one packet of 8 bytes, the nonce, with the descriptor.
 */
void registry_serve(struct registry *registry, int segment_fd,
    uint64_t nonce);

/* Listen at a path in the directory; -1 with errno. */
int registry_listen(const char *path);

/* Is who has connected of the same user?  *pid: who it is. */
bool registry_is_same_user(int socket, int32_t *pid);

/* Stop listening and remove what was made. */
void registry_close(struct registry *registry);

#endif
