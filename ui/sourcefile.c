/*
 * sourcefile.c - source files as safe lines of text (L7).
 *
 * Shape      A fixed number of slots, each a whole file and the offsets of its
 *            lines.  Failures are remembered too, or a missing file would be
 *            asked for at every refresh; each answer is good for CHECK_S
 *            seconds, then the file's time and size are looked at again.
 * Limits     MAX_BYTES a file; longer ones are said to be too large.
 */
#include "ui/sourcefile.h"

#include "util/names.h"
#include "util/strbuf.h"
#include "util/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N_SLOTS = 16, MAX_BYTES = 16 << 20, TAB_WIDTH = 8, CHECK_S = 2 };

struct slot {
	char		*path;		/* as in debug information; NULL: free */
	char		*file;		/* where it was looked for last */
	char		*text;		/* NULL: cannot be shown */
	VEC(size_t)	 starts;	/* of lines; one more than lines */
	struct timespec	 changed;
	off_t		 size;
	time_t		 checked_at;
	uint64_t	 used;		/* larger is more recent */
	struct errbuf	 why;
};

struct sources {
	const char *const *maps;
	size_t		n_maps;
	struct slot	slots[N_SLOTS];
	uint64_t	clock;
	char		line[SOURCE_LINE_MAX + 1];
};

struct sources *
sources_new(const char *const *maps, size_t n_maps)
{
	struct sources *sources = xcalloc(1, sizeof *sources);

	sources->maps = maps;
	sources->n_maps = n_maps;
	return sources;
}

static void
forget(struct slot *slot)
{
	free(slot->path);
	free(slot->file);
	free(slot->text);
	vec_fini(&slot->starts);
	*slot = (struct slot){ 0 };
}

void
sources_free(struct sources *sources)
{
	if (sources == NULL)
		return;
	for (int i = 0; i < N_SLOTS; i++)
		forget(&sources->slots[i]);
	free(sources);
}

static time_t
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* The contents as far as they can be read, and where its lines start. */
static void
read_text(struct slot *slot, int fd, size_t size)
{
	size_t done = 0;
	ssize_t n;

	slot->text = xmalloc(size + 1);
	while (done < size) {
		n = read(fd, slot->text + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	slot->text[done] = '\0';
	vec_push(&slot->starts, 0);
	for (size_t i = 0; i < done; i++) {
		if (slot->text[i] == '\n' && i + 1 < done)
			vec_push(&slot->starts, i + 1);
	}
	vec_push(&slot->starts, done);
}

/* Why a file of this kind is not shown, NULL if it may be. */
static const char *
objection(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_size > MAX_BYTES)
		return "too large";
	return NULL;
}

/* What one rule makes of a path, caller frees; NULL: it says nothing of it. */
static char *
apply_map(const char *map, const char *path)
{
	size_t n = strcspn(map, "=");
	struct strbuf mapped = STRBUF_INIT(2 * NAME_MAX_BYTES);

	if (map[n] != '=' || n == 0 || strncmp(map, path, n) != 0 ||
	    (map[n - 1] != '/' && path[n] != '/' && path[n] != '\0'))
		return NULL;
	strbuf_printf(&mapped, "%s%s", map + n + 1, path + n);
	return strbuf_take(&mapped);
}

/* The file to read for a path, caller frees. */
static char *
find_file(const struct sources *sources, const char *path)
{
	struct stat st;

	for (size_t i = 0; i < sources->n_maps; i++) {
		char *mapped = apply_map(sources->maps[i], path);

		if (mapped != NULL && stat(mapped, &st) == 0)
			return mapped;
		free(mapped);
	}
	return xstrdup(path);
}

static void
load(struct slot *slot)
{
	const char *reason;
	struct stat st;
	int fd = -1;

	if (stat(slot->file, &st) < 0) {
		errbuf_sys(&slot->why, "source not found");
		return;
	}
	reason = objection(&st);
	/* looked at before opening, for opening a device may do things, and
	 * after it, for another file may stand there now */
	if (reason == NULL) {
		fd = open(slot->file,
		    O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
		if (fd < 0 || fstat(fd, &st) < 0) {
			errbuf_sys(&slot->why, "source cannot be read");
			goto out;
		}
		reason = objection(&st);
	}
	if (reason != NULL) {
		errbuf_set(&slot->why, "source is %s", reason);
		goto out;
	}
	slot->changed = st.st_mtim;
	slot->size = st.st_size;
	read_text(slot, fd, (size_t)st.st_size);
out:
	if (fd >= 0)
		close(fd);
}

/* Does what was read still stand for the file? */
static bool
is_fresh(struct slot *slot)
{
	time_t now = seconds_now();
	struct stat st;

	if (now - slot->checked_at < CHECK_S)
		return true;
	slot->checked_at = now;
	if (stat(slot->file, &st) < 0)
		return slot->text == NULL;
	return slot->text != NULL && st.st_size == slot->size &&
	    st.st_mtim.tv_sec == slot->changed.tv_sec &&
	    st.st_mtim.tv_nsec == slot->changed.tv_nsec;
}

static struct slot *
find_slot(struct sources *sources, const char *path)
{
	struct slot *oldest = &sources->slots[0];
	struct slot *found = NULL;

	for (int i = 0; i < N_SLOTS; i++) {
		struct slot *slot = &sources->slots[i];

		if (slot->path != NULL && strcmp(slot->path, path) == 0)
			found = slot;
		if (slot->used < oldest->used)
			oldest = slot;
	}
	if (found == NULL || !is_fresh(found)) {
		found = found != NULL ? found : oldest;
		forget(found);
		found->path = xstrdup(path);
		found->file = find_file(sources, path);
		found->checked_at = seconds_now();
		load(found);
	}
	found->used = ++sources->clock;
	return found;
}

int
sources_n_lines(struct sources *sources, const char *path,
    struct errbuf *why)
{
	struct slot *slot = find_slot(sources, path);

	if (slot->text == NULL) {
		if (why != NULL)
			*why = slot->why;
		return -1;
	}
	return (int)slot->starts.n - 1;
}

time_t
sources_changed_at(struct sources *sources, const char *path)
{
	struct slot *slot = find_slot(sources, path);

	return slot->text != NULL ? slot->changed.tv_sec : 0;
}

/* Tabs to blanks, up to `room` bytes. */
static size_t
expand_tabs(char *to, size_t room, const char *from, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size && n < room; i++) {
		if (from[i] != '\t') {
			to[n++] = from[i];
			continue;
		}
		do
			to[n++] = ' ';
		while (n % TAB_WIDTH != 0 && n < room);
	}
	return n;
}

/* Where the line is in the slot's text, without what ends it. */
static const char *
find_line(const struct slot *slot, unsigned line, size_t *size)
{
	size_t from, to;

	*size = 0;
	if (slot->text == NULL || line == 0 || line >= slot->starts.n)
		return NULL;
	from = slot->starts.items[line - 1];
	to = slot->starts.items[line];
	while (to > from &&
	    (slot->text[to - 1] == '\n' || slot->text[to - 1] == '\r'))
		to--;
	*size = to - from;
	return slot->text + from;
}

const char *
sources_raw_line(struct sources *sources, const char *path, unsigned line,
    size_t *size)
{
	const char *text = find_line(find_slot(sources, path), line, size);

	if (*size > SOURCE_LINE_MAX)
		*size = SOURCE_LINE_MAX;
	return text;
}

const char *
sources_line(struct sources *sources, const char *path, unsigned line)
{
	char expanded[SOURCE_LINE_MAX];
	size_t size;
	const char *text = find_line(find_slot(sources, path), line, &size);

	sources->line[0] = '\0';
	if (text != NULL)
		sanitise(sources->line, sizeof sources->line, expanded,
		    expand_tabs(expanded, sizeof expanded, text, size));
	return sources->line;
}

const char *
sources_file(struct sources *sources, const char *path)
{
	const struct slot *slot = find_slot(sources, path);

	return slot->file != NULL ? slot->file : path;
}
