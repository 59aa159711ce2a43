/*
 * ignore.c - LeakSanitizer's suppressions: tracebacks to be left out (L5).
 *
 * Shape      A pattern is matched piece by piece from left to right, each at
 *            its first place, as LeakSanitizer does: never back again, so
 *            that "a$" is not in "aa", there or here.
 * Why        Whoever has such a file has it for a program, and it must mean
 *            the same.  Functions are named without parameters here.
 *            Each name is matched once; whether some frame of a traceback is
 *            ignored is known of a node from its parent.
 */
#include "query/ignore.h"

#include "util/slice.h"
#include "util/vec.h"

#include <stdlib.h>
#include <string.h>

struct ignore_list {
	VEC(char *)	patterns;	/* owned */
};

/* ---- patterns ---- */

/* The piece of a pattern at `at`, up to * or $, in `text`: what is behind it
 * there, or NULL. */
static const char *
find_piece(const char *text, const char *at, size_t size, bool at_start)
{
	const char *found = text;

	if (size == 0)
		return text;
	if (!at_start)
		found = memmem(text, strlen(text), at, size);
	else if (strncmp(text, at, size) != 0)
		found = NULL;
	return found != NULL ? found + size : NULL;
}

static bool
matches(const char *pattern, const char *text)
{
	bool at_start = pattern[0] == '^', after_star = false;
	size_t size;

	if (text[0] == '\0')
		return false;
	for (pattern += at_start; *pattern != '\0'; pattern += size) {
		size = strcspn(pattern, "*$");
		if (*pattern == '*') {
			at_start = false;
			after_star = true;
			size = 1;
			continue;
		}
		if (*pattern == '$')
			return *text == '\0' || after_star;
		text = find_piece(text, pattern, size, at_start);
		if (text == NULL)
			return false;
		at_start = after_star = false;
	}
	return true;
}

bool
ignore_list_has(const struct ignore_list *list, const char *name)
{
	for (size_t i = 0; i < list->patterns.n; i++) {
		if (matches(list->patterns.items[i], name))
			return true;
	}
	return false;
}

/* ---- reading ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One line without its newline. */
static int
add_line(struct ignore_list *list, const char *line, size_t size,
    unsigned number, struct errbuf *why)
{
	static const char type[] = "leak:";
	size_t n_type = sizeof type - 1;

	for (; size > 0 && is_blank(*line); size--)
		line++;
	while (size > 0 && is_blank(line[size - 1]))
		size--;
	if (size == 0 || *line == '#')
		return 0;
	if (size < n_type || memcmp(line, type, n_type) != 0) {
		errbuf_set(why, "line %u does not begin with leak:", number);
		return -1;
	}
	if (size == n_type) {
		errbuf_set(why, "line %u has no pattern", number);
		return -1;
	}
	vec_push(&list->patterns, xstrndup(line + n_type, size - n_type));
	return 0;
}

struct ignore_list *
ignore_list_new(const char *text, struct errbuf *why)
{
	struct ignore_list *list = xcalloc(1, sizeof *list);
	size_t size;

	for (unsigned number = 1; *text != '\0'; number++) {
		size = strcspn(text, "\n");
		if (add_line(list, text, size, number, why) < 0) {
			ignore_list_free(list);
			return NULL;
		}
		text += size + (text[size] == '\n');
	}
	return list;
}

void
ignore_list_free(struct ignore_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->patterns.n; i++)
		free(list->patterns.items[i]);
	vec_fini(&list->patterns);
	free(list);
}

/* ---- traces ---- */

struct ignoring {
	const struct ignore_list *list;
	const struct names	 *names;
	uint8_t			 *known;	/* by name: NOT_YET, ... */
};

enum { NOT_YET, IS_KEPT, IS_IGNORED };

static bool
is_name_ignored(struct ignoring *w, uint32_t name)
{
	size_t size;

	if (name == NAME_UNKNOWN)
		return false;
	if (w->known[name] == NOT_YET)
		w->known[name] = ignore_list_has(w->list,
		    name_raw(w->names, name, &size)) ? IS_IGNORED : IS_KEPT;
	return w->known[name] == IS_IGNORED;
}

static bool
is_frame_ignored(struct ignoring *w, const struct symbol_frame *frame)
{
	return (frame->flags & SYMBOL_SPECIAL) == 0 &&
	    (is_name_ignored(w, frame->function) ||
	    is_name_ignored(w, frame->file) ||
	    is_name_ignored(w, frame->module));
}

/* By node: is some frame of this traceback ignored?  Caller frees. */
static bool *
find_ignored(const struct ignore_list *list, const struct stacks *stacks)
{
	struct stack_tables tables = stacks_tables(stacks);
	struct ignoring w = { .list = list, .names = stacks_names(stacks) };
	bool *frames = xcalloc(tables.n_frames, sizeof *frames);
	bool *nodes = xcalloc(tables.n_nodes, sizeof *nodes);

	w.known = xcalloc(names_count(w.names), 1);
	for (uint32_t i = 0; i < tables.n_frames; i++) {
		slice_point_at(i);
		frames[i] = is_frame_ignored(&w, &tables.frames[i].symbol);
	}
	for (uint32_t i = 1; i < tables.n_nodes; i++) {
		slice_point_at(i);
		nodes[i] = nodes[tables.nodes[i].parent] ||
		    frames[tables.nodes[i].frame];
	}
	free(frames);
	free(w.known);
	return nodes;
}

uint64_t
ignore_apply(const struct ignore_list *list, struct query_traces *traces)
{
	bool *ignored = find_ignored(list, traces->stacks);
	uint64_t size = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < traces->n; i++) {
		const struct query_trace *trace = &traces->traces[i];

		if (ignored[trace->full != 0 ? trace->full : trace->stack])
			size += trace->size;
		else
			traces->traces[n++] = *trace;
	}
	traces->n = n;
	free(ignored);
	return size;
}
