/*
 * session_builds.c - comparing what two builds have done (L6).
 *
 * Why        Of one build, two lines are two lines.  Of two builds, one of
 *            them may have moved; but only in a module that was built anew,
 *            and that the build-id tells.
 */
#include "session_state.h"

#include "util/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct module_range
session_foreign(const struct session *s)
{
	static const struct module_range none;

	return s->baseline < 0 ? none : s->marks.items[s->baseline].modules;
}

static bool
is_in(struct module_range range, uint32_t id)
{
	return id >= range.begin && id < range.end;
}

static uint32_t
name_module(const struct session *s, uint32_t id)
{
	const char *path = frame_store_get_module(s->frames, id)->path;

	return names_intern(s->names, path, strlen(path));
}

static bool
is_same_build(const struct code_module *a, const struct code_module *b)
{
	return a->build_id_size > 0 && a->build_id_size == b->build_id_size &&
	    memcmp(a->build_id, b->build_id, a->build_id_size) == 0;
}

/*
 * By name: is the module of this path the same on both sides?  A path that is
 * on one side only may be another build's.  Caller frees.
 */
static bool *
find_same_builds(const struct session *s, struct module_range foreign)
{
	uint32_t n = frame_store_n_modules(s->frames), room, name;
	uint32_t *theirs;
	bool *same;

	/* All names first: interning makes room for none that is new. */
	for (uint32_t id = 1; id < n; id++)
		name_module(s, id);
	room = names_count(s->names);
	theirs = xcalloc(room, sizeof *theirs);
	same = xcalloc(room, sizeof *same);
	for (uint32_t id = foreign.begin; id < foreign.end; id++)
		theirs[name_module(s, id)] = id;
	for (uint32_t id = 1; id < n; id++) {
		name = name_module(s, id);
		if (!is_in(foreign, id) && theirs[name] != 0)
			same[name] = is_same_build(
			    frame_store_get_module(s->frames, id),
			    frame_store_get_module(s->frames, theirs[name]));
	}
	free(theirs);
	return same;
}

struct stats_table *
session_diff(const struct session *s, struct module_range foreign,
    const struct stats_table *old, const struct stats_table *now)
{
	struct stats_table *table;
	bool *same;

	if (foreign.begin == foreign.end || s->options->match == MATCH_EXACT)
		return diff_tables(old, now);
	same = find_same_builds(s, foreign);
	table = diff_builds(old, now, same);
	free(same);
	return table;
}

void
session_build_id(const struct session *s, const char *path, char *text,
    size_t room)
{
	text[0] = '\0';
	for (uint32_t id = 1; id < frame_store_n_modules(s->frames); id++) {
		const struct code_module *module =
		    frame_store_get_module(s->frames, id);

		if (strcmp(module->path, path) != 0 ||
		    2u * module->build_id_size >= room)
			continue;
		for (size_t i = 0; i < module->build_id_size; i++)
			snprintf(text + 2 * i, 3, "%02x",
			    module->build_id[i]);
		return;
	}
}
