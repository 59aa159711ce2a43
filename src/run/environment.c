/*
 * environment.c - two variables more, and nothing else changed (L3).
 *
 * Why        The user's own LD_PRELOAD entries keep working and keep their
 *            order; the hook comes before them so that their calls of malloc
 *            are seen, too.
 * Invariant  Values are copied as they are, also of entries without "=" and
 *            of variables that occur twice.
 */
#include "run/environment.h"

#include "tables/segment.h"
#include "util/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRELOAD_ENV	"LD_PRELOAD"

/* The value if this entry is the variable `name`, else NULL. */
static const char *
value_of(const char *entry, const char *name)
{
	size_t size = strlen(name);

	return strncmp(entry, name, size) == 0 && entry[size] == '=' ?
	    entry + size + 1 : NULL;
}

const char *
environment_find(char *const *environment, const char *name)
{
	const char *value;

	for (; *environment != NULL; environment++)
		if ((value = value_of(*environment, name)) != NULL)
			return value;
	return NULL;
}

bool
environment_can_preload(const char *path)
{
	return path[0] == '/' && strpbrk(path, ": $\t\n") == NULL;
}

/* Is `hook` the first entry already (tmtop below tmtop)? */
static bool
starts_with_hook(const char *preload, const char *hook)
{
	size_t size = strlen(hook);

	return strncmp(preload, hook, size) == 0 &&
	    (preload[size] == '\0' || preload[size] == ':' ||
	    preload[size] == ' ');
}

/* "LD_PRELOAD=hook[:old]" */
static char *
preload_entry(const char *hook, const char *old)
{
	size_t size;
	char *entry;

	if (old != NULL && starts_with_hook(old, hook)) {
		hook = old;
		old = NULL;
	}
	size = sizeof PRELOAD_ENV + strlen(hook) +
	    (old == NULL ? 0 : strlen(old)) + 2;
	entry = xmalloc(size);
	snprintf(entry, size, PRELOAD_ENV "=%s%s%s", hook,
	    old == NULL || *old == '\0' ? "" : ":", old == NULL ? "" : old);
	return entry;
}

static char *
segment_entry(const char *segment)
{
	size_t size = sizeof SEGMENT_ENV + strlen(segment) + 1;
	char *entry = xmalloc(size);

	snprintf(entry, size, SEGMENT_ENV "=%s", segment);
	return entry;
}

/* Copy entries and their pointers into one block. */
static char **
pack(char *const *entries, size_t n)
{
	size_t size = (n + 1) * sizeof *entries;
	char **packed, *text;

	for (size_t i = 0; i < n; i++)
		size += strlen(entries[i]) + 1;
	packed = xmalloc(size);
	text = (char *)(packed + n + 1);
	for (size_t i = 0; i < n; i++) {
		size = strlen(entries[i]) + 1;
		packed[i] = memcpy(text, entries[i], size);
		text += size;
	}
	packed[n] = NULL;
	return packed;
}

/* Every occurrence of a variable becomes the entry; one at the end if there
 * is none. */
static size_t
put_entry(char **entries, size_t n, const char *name, char *entry)
{
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		if (value_of(entries[i], name) == NULL)
			continue;
		entries[i] = entry;
		found = true;
	}
	if (!found)
		entries[n++] = entry;
	return n;
}

char **
environment_new(char *const *environment, const char *hook,
    const char *segment)
{
	char **entries, **packed, *preload = NULL, *place;
	size_t n = 0;

	while (environment[n] != NULL)
		n++;
	entries = xcalloc(n + 3, sizeof *entries);
	memcpy(entries, environment, n * sizeof *entries);
	place = segment_entry(segment);
	n = put_entry(entries, n, SEGMENT_ENV, place);
	if (hook != NULL) {
		preload = preload_entry(hook,
		    environment_find(environment, PRELOAD_ENV));
		n = put_entry(entries, n, PRELOAD_ENV, preload);
	}
	packed = pack(entries, n);
	free(preload);
	free(place);
	free(entries);
	return packed;
}
