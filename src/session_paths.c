/* session_paths.c - where tmtop's other parts are (L6). */
#include "session_paths.h"

#include "util/strbuf.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Folder of the running program, without a trailing slash; "" if unknown. */
static void
find_own_folder(char folder[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	char *slash;

	folder[n > 0 ? n : 0] = '\0';
	slash = strrchr(folder, '/');
	if (slash != NULL)
		*slash = '\0';
}

static char *
join(const char *folder, const char *name)
{
	struct strbuf path = STRBUF_INIT(2 * PATH_MAX);

	strbuf_printf(&path, "%s/%s", folder, name);
	return strbuf_take(&path);
}

void
session_paths_init(struct session_paths *paths)
{
	char folder[PATH_MAX];

	find_own_folder(folder);
	*paths = (struct session_paths){
		.run = join(folder, "tmtop-run"),
		.symbols = join(folder, "tmtop-symbols"),
		.fetch = join(folder, "tmtop-fetch"),
		.hook = join(folder, ".libs/libtmtop_hook.so"),
	};
	/* All or nothing: a build's parts do not fit an installed tmtop. */
	if (access(paths->run, X_OK) == 0 && access(paths->hook, R_OK) == 0)
		return;
	session_paths_fini(paths);
	*paths = (struct session_paths){
		.run = join(TMTOP_PKGLIBEXECDIR, "tmtop-run"),
		.symbols = join(TMTOP_PKGLIBEXECDIR, "tmtop-symbols"),
		.fetch = join(TMTOP_PKGLIBEXECDIR, "tmtop-fetch"),
		.hook = join(TMTOP_PKGLIBDIR, "libtmtop_hook.so"),
	};
}

void
session_paths_fini(struct session_paths *paths)
{
	free(paths->run);
	free(paths->symbols);
	free(paths->fetch);
	free(paths->hook);
}

char *
session_cache_path(void)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	struct strbuf path = STRBUF_INIT(PATH_MAX);

	if (cache != NULL && cache[0] == '/')
		strbuf_printf(&path, "%s/tmtop", cache);
	else if (home != NULL && home[0] == '/')
		strbuf_printf(&path, "%s/.cache/tmtop", home);
	else
		return NULL;
	return strbuf_take(&path);
}

int
session_open_terminal(void)
{
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}
