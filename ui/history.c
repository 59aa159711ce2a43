/*
 * history.c - what was typed into the prompts, across runs (L7).
 *
 * Why        The file is written anew next to the old one and renamed, so that
 *            a crash leaves one or the other, and two tmtops at the same time
 *            lose lines at worst.  What is read is sanitised like anything
 *            else that comes from outside.
 */
#include "ui/history.h"

#include "util/names.h"
#include "util/strbuf.h"
#include "util/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_ENTRIES = 500, MAX_LINE = 1024 };

struct entry {
	const char	*kind;		/* one of `kinds` */
	char		*text;
};

struct history {
	char		*path;
	VEC(struct entry) entries;	/* oldest first */
};

static const char *const kinds[] = { "filter", "search" };

char *
history_path(void)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	struct strbuf path = STRBUF_INIT(4096);

	if (state != NULL && state[0] == '/')
		strbuf_printf(&path, "%s/tmtop/history", state);
	else if (home != NULL && home[0] == '/')
		strbuf_printf(&path, "%s/.local/state/tmtop/history", home);
	else
		return NULL;
	if (path.is_cut) {
		strbuf_fini(&path);
		return NULL;
	}
	return strbuf_take(&path);
}

static const char *
find_kind(const char *word, size_t size)
{
	for (size_t i = 0; i < array_size(kinds); i++) {
		if (strlen(kinds[i]) == size &&
		    memcmp(kinds[i], word, size) == 0)
			return kinds[i];
	}
	return NULL;
}

/* Add without saving; the oldest goes when there are too many. */
static void
add_entry(struct history *history, const char *kind, const char *text)
{
	struct entry entry = { .kind = find_kind(kind, strlen(kind)) };
	char clean[MAX_LINE];

	sanitise(clean, sizeof clean, text, strlen(text));
	if (clean[0] == '\0' || entry.kind == NULL)
		return;
	for (size_t i = 0; i < history->entries.n; i++) {
		struct entry *old = &history->entries.items[i];

		if (old->kind == entry.kind && strcmp(old->text, clean) == 0) {
			free(old->text);
			vec_remove(&history->entries, i);
			break;
		}
	}
	if (history->entries.n == MAX_ENTRIES) {
		free(history->entries.items[0].text);
		vec_remove(&history->entries, 0);
	}
	entry.text = xstrdup(clean);
	vec_push(&history->entries, entry);
}

static void
add_line(struct history *history, char *line)
{
	const char *kind;
	size_t n;

	line[strcspn(line, "\n")] = '\0';
	n = strcspn(line, " ");
	kind = find_kind(line, n);
	if (kind != NULL && line[n] == ' ')
		add_entry(history, kind, line + n + 1);
}

static void
load(struct history *history)
{
	int fd = open(history->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char line[MAX_LINE];
	FILE *file;

	if (fd < 0)
		return;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > MAX_ENTRIES * MAX_LINE ||
	    (file = fdopen(fd, "r")) == NULL) {
		close(fd);
		return;
	}
	while (fgets(line, sizeof line, file) != NULL)
		add_line(history, line);
	fclose(file);
}

struct history *
history_open(const char *path)
{
	struct history *history = xcalloc(1, sizeof *history);

	if (path != NULL) {
		history->path = xstrdup(path);
		load(history);
	}
	return history;
}

void
history_free(struct history *history)
{
	if (history == NULL)
		return;
	for (size_t i = 0; i < history->entries.n; i++)
		free(history->entries.items[i].text);
	vec_fini(&history->entries);
	free(history->path);
	free(history);
}

size_t
history_count(const struct history *history, const char *kind)
{
	size_t n = 0;

	for (size_t i = 0; i < history->entries.n; i++)
		n += strcmp(history->entries.items[i].kind, kind) == 0;
	return n;
}

const char *
history_get(const struct history *history, const char *kind, size_t i)
{
	for (size_t at = history->entries.n; at-- > 0; ) {
		const struct entry *entry = &history->entries.items[at];

		if (strcmp(entry->kind, kind) == 0 && i-- == 0)
			return entry->text;
	}
	return "";
}

/* ---- saving ---- */

/* The directories of a path, for this user only. */
static void
make_directories(const char *path)
{
	char *copy = xstrdup(path);

	for (char *c = copy + 1; *c != '\0'; c++) {
		if (*c == '/') {
			*c = '\0';
			mkdir(copy, 0700);
			*c = '/';
		}
	}
	free(copy);
}

static bool
write_entries(const struct history *history, int fd)
{
	FILE *file = fdopen(fd, "w");
	bool is_good;

	if (file == NULL) {
		close(fd);
		return false;
	}
	for (size_t i = 0; i < history->entries.n; i++) {
		const struct entry *entry = &history->entries.items[i];

		fprintf(file, "%s %s\n", entry->kind, entry->text);
	}
	is_good = !ferror(file);
	return fclose(file) == 0 && is_good;
}

static void
save(const struct history *history)
{
	struct strbuf temporary = STRBUF_INIT(4096);
	int fd;

	strbuf_printf(&temporary, "%s.%d", history->path, (int)getpid());
	make_directories(history->path);
	fd = open(strbuf_text(&temporary),
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && (!write_entries(history, fd) ||
	    rename(strbuf_text(&temporary), history->path) < 0))
		unlink(strbuf_text(&temporary));
	strbuf_fini(&temporary);
}

void
history_add(struct history *history, const char *kind, const char *text)
{
	if (*text == '\0')
		return;
	add_entry(history, kind, text);
	if (history->path != NULL)
		save(history);
}
