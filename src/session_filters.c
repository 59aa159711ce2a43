#include "session_filters.h"

#include "session_state.h"

#include <stdio.h>

const struct filter_list *
session_filters(const struct session *s)
{
	return &s->filter_list;
}

enum stage
session_set_filters(struct session *s, const struct filter_list *list)
{
	filter_list_copy(&s->filter_list, list);
	s->hits.n = 0;
	return session_filters_changed(s);
}

enum stage
session_want_hits(struct session *s, bool on)
{
	if (s->wants_hits == on)
		return STAGE_IDLE;
	s->wants_hits = on;
	return on ? STAGE_GROUP : STAGE_IDLE;
}

bool
session_filter_hits(const struct session *s, size_t i,
    struct filter_hits *hits)
{
	if (i >= s->hits.n)
		return false;
	*hits = s->hits.items[i];
	return true;
}

enum stage
session_filters_changed(struct session *s)
{
	bool had_tests = filter_set_has_block_tests(s->filters);

	session_retire_filters(s, s->filters);
	s->said_unmatched = false;
	strbuf_clear(&s->filters_text);
	s->filters = filter_list_make_set(&s->filter_list, s->quick,
	    &s->filters_text);
	session_ask_for_blocks(s);
	session_base_needs(s, STAGE_FILTER);

	/* The reading that is shown has no blocks. */
	return !had_tests && session_lacks_blocks(s) == BLOCKS_UNKNOWN_NOW ?
	    STAGE_SNAPSHOT : STAGE_FILTER;
}

void
session_make_filters(struct session *s)
{
	const struct options *o = s->options;

	for (size_t i = 0; i < o->n_filters; i++)
		filter_list_put(&s->filter_list, i, o->filters[i],
		    FILTER_EXACT, NULL, NULL);
	session_filters_changed(s);
}

/* ---- refreshing ---- */

void
session_note_unmatched(struct session *s)
{
	char text[120];

	if (s->said_unmatched || s->now.n_filter_errors == 0)
		return;
	s->said_unmatched = true;
	snprintf(text, sizeof text, "a filter's pattern is too hard: matching "
	    "was given up on %u names, which count as not matched",
	    s->now.n_filter_errors);
	session_note(s, text);
}

/* The entries as they are now: a change meanwhile concerns the next refresh,
 * but the counts are of the list of this one. */
void
session_plan_hits(struct session *s)
{
	struct session_refresh *r = &s->refresh;

	r->counts_hits = s->wants_hits;
	r->hit_filters = (struct filter_list){ 0 };
	if (!r->counts_hits)
		return;
	filter_list_copy(&r->hit_filters, &s->filter_list);
	if (s->quick != NULL)
		filter_list_put(&r->hit_filters, r->hit_filters.entries.n,
		    s->quick, FILTER_PROMPT, NULL, NULL);
}

void
session_make_hits(struct session *s)
{
	struct session_refresh *r = &s->refresh;

	for (size_t i = 0; i < r->hit_filters.entries.n; i++) {
		struct filter *filter = filter_list_parse(
		    &r->hit_filters.entries.items[i]);

		vec_push(&r->hits, filter_count_hits(filter,
		    &r->now.attributed, r->grouping, r->cumulative));
		filter_free(filter);
	}
}

void
session_commit_hits(struct session *s)
{
	struct session_refresh *r = &s->refresh;

	filter_list_fini(&r->hit_filters);
	if (!r->counts_hits || r->from > STAGE_GROUP)
		return;
	vec_fini(&s->hits);
	s->hits.items = r->hits.items;
	s->hits.n = r->hits.n;
	s->hits.room = r->hits.room;
}
