/*
 * place.c - a file that appears whole or not at all (L5s).
 *
 * Shape      A draft beside the file, synced, and renamed to it; then the
 *            folder is synced, so that the name survives a power cut as well.
 * Why        Who has saved before must still have that when the disk is full
 *            or tmtop is killed in the middle.
 * Limits     A draft of a tmtop that was killed stays, as FILE.tmp-PID-N.
 */
#include "store/place.h"

#include "util/names.h"
#include "util/strbuf.h"
#include "util/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DRAFTS = 100 };

static void
complain(struct errbuf *why, const char *path)
{
	char shown[160];

	sanitise(shown, sizeof shown, path, strlen(path));
	errbuf_sys(why, "cannot write %s", shown);
}

/* What stands at `path`, unless it may be replaced: -1, errno is set. */
static int
check_old(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : -1;
	if (S_ISREG(st.st_mode))
		return 0;
	errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	return -1;
}

/* Others may write in the folder: never through a link, never what exists. */
static int
make_draft(struct place *place)
{
	struct strbuf name = STRBUF_INIT(PATH_MAX + 32);
	int fd = -1;

	for (int i = 0; i < DRAFTS && fd < 0; i++) {
		strbuf_clear(&name);
		strbuf_printf(&name, "%s.tmp-%d-%d", place->path,
		    (int)getpid(), i);
		fd = open(strbuf_text(&name), O_RDWR | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd >= 0) {
		close(fd);
		place->draft = strbuf_take(&name);
	}
	strbuf_fini(&name);
	return fd >= 0 ? 0 : -1;
}

int
place_init(struct place *place, const char *path, struct errbuf *why)
{
	char *resolved = realpath(path, NULL);

	*place = (struct place){ .path = resolved != NULL ? resolved :
	    xstrdup(path) };
	if (check_old(place->path) == 0 && make_draft(place) == 0)
		return 0;
	complain(why, path);
	place_fini(place);
	return -1;
}

static int
sync_path(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	int rc = fd >= 0 ? fsync(fd) : -1;
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return rc;
}

static void
sync_folder(const char *path)
{
	char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');

	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	/* Some file systems cannot: the file is in place all the same. */
	sync_path(slash != NULL ? folder : ".", O_DIRECTORY);
	free(folder);
}

int
place_keep(struct place *place, struct errbuf *why)
{
	if (sync_path(place->draft, 0) < 0 ||
	    rename(place->draft, place->path) < 0) {
		complain(why, place->path);
		return -1;
	}
	free(place->draft);
	place->draft = NULL;
	sync_folder(place->path);
	return 0;
}

void
place_fini(struct place *place)
{
	if (place->draft != NULL)
		unlink(place->draft);
	free(place->draft);
	free(place->path);
	*place = (struct place){ .path = NULL };
}
