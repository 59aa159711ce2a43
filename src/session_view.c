/*
 * session_view.c - what is shown: grouping, order, filters, process (L6).
 *
 * Every setter changes state only and names the stage that must run again;
 * nothing is recomputed here.
 */
#include "session_state.h"

#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>

enum stage
session_set_grouping(struct session *s, enum grouping grouping)
{
	assert(grouping < N_GROUPINGS);
	s->grouping = grouping;
	session_base_needs(s, STAGE_GROUP);
	return STAGE_GROUP;
}

enum stage
session_set_sort(struct session *s, enum sort_key key, bool reverse)
{
	assert(key < N_SORT_KEYS);
	if (s->baseline >= 0)
		s->growth_sort = key;
	else
		s->sort = key;
	s->reverse = reverse;
	return STAGE_ORDER;
}

enum stage
session_set_cumulative(struct session *s, enum cumulative cumulative)
{
	s->cumulative = cumulative;
	session_base_needs(s, STAGE_GROUP);
	return STAGE_GROUP;
}

enum stage
session_set_skip(struct session *s, bool on)
{
	s->skips = on;
	s->attribution_changed = true;
	return STAGE_ATTRIBUTE;
}

enum stage
session_set_limit(struct session *s, uint32_t n_frames)
{
	s->limit = n_frames;
	s->attribution_changed = true;
	return STAGE_ATTRIBUTE;
}

enum stage
session_set_process(struct session *s, pid_t pid)
{
	s->process = pid;
	session_base_needs(s, STAGE_ATTRIBUTE);
	return STAGE_ATTRIBUTE;
}

enum stage
session_set_paused(struct session *s, bool paused)
{
	s->paused = paused;
	return paused ? STAGE_DRAW : STAGE_SNAPSHOT;
}

enum grouping
session_grouping(const struct session *s)
{
	return s->grouping;
}

enum sort_key
session_sort(const struct session *s, bool *reverse)
{
	if (reverse != NULL)
		*reverse = s->reverse;
	return s->baseline >= 0 ? s->growth_sort : s->sort;
}

enum cumulative
session_cumulative(const struct session *s)
{
	return s->cumulative;
}

uint32_t
session_limit(const struct session *s)
{
	return s->limit;
}

bool
session_skips(const struct session *s)
{
	return s->skips;
}

pid_t
session_process(const struct session *s)
{
	return s->process;
}

bool
session_is_paused(const struct session *s)
{
	return s->paused;
}

/* ---- filters ---- */

bool
session_set_quick(struct session *s, const char *text, struct errbuf *why,
    struct errbuf *note, enum stage *stage)
{
	bool is_empty = text == NULL || text[0] == '\0';
	struct filter *filter;

	*stage = STAGE_IDLE;
	if (!is_empty) {
		filter = filter_parse(text, FILTER_PROMPT, why, note);
		if (filter == NULL)
			return false;
		filter_free(filter);
	} else if (s->quick == NULL) {
		return true;
	}
	free(s->quick);
	s->quick = is_empty ? NULL : xstrdup(text);
	*stage = session_filters_changed(s);
	return true;
}

const char *
session_quick(const struct session *s)
{
	return s->quick != NULL ? s->quick : "";
}

const char *
session_filters_text(const struct session *s)
{
	return strbuf_text(&s->filters_text);
}

uint64_t
session_ignored_size(const struct session *s)
{
	return s->now.ignored_size;
}

/* The filter the prompt is about: the quick one, else the last. */
static const struct filter *
find_prompted(const struct session *s)
{
	size_t n = s->filters != NULL ? filter_set_count(s->filters) : 0;

	return n > 0 ? filter_set_get(s->filters, n - 1) : NULL;
}

struct filter_effect
session_filter_effect(const struct session *s)
{
	const struct filter *filter = find_prompted(s);
	const struct stats_table *all = s->unfiltered_rows;
	struct filter_effect effect = { .text = "", .inclusive = true };

	if (s->rows == NULL)
		return effect;
	effect.n_matched = s->rows->n_rows;
	effect.size_matched = s->rows->size;
	effect.n_total = s->rows->n_unfiltered;
	effect.size_total = all != NULL ? all->size : effect.size_matched;
	if (filter != NULL) {
		effect.text = filter_text(filter) + 1;
		effect.inclusive = filter_is_inclusive(filter);
		effect.has_pattern = filter_pattern(filter)[0] != '\0';
	}
	return effect;
}

uint32_t
session_filter_errors(const struct session *s)
{
	return s->now.n_filter_errors;
}
