#include "query/filter_list.h"

#include "query/filter_rule.h"

#include <assert.h>

enum { MAX_TEXT = 1 << 20 };

void
filter_list_fini(struct filter_list *list)
{
	for (size_t i = 0; i < list->entries.n; i++)
		free(list->entries.items[i].text);
	vec_fini(&list->entries);
}

void
filter_list_copy(struct filter_list *to, const struct filter_list *from)
{
	filter_list_fini(to);
	for (size_t i = 0; i < from->entries.n; i++) {
		struct filter_entry entry = from->entries.items[i];

		entry.text = xstrdup(entry.text);
		vec_push(&to->entries, entry);
	}
}

bool
filter_list_put(struct filter_list *list, size_t i, const char *text,
    enum filter_mode mode, struct errbuf *why, struct errbuf *note)
{
	struct filter *filter = filter_parse(text, mode, why, note);
	struct filter_entry *entry;

	assert(i <= list->entries.n);
	if (filter == NULL)
		return false;
	filter_free(filter);
	if (i == list->entries.n)
		vec_push_zeroed(&list->entries, 1);
	entry = &list->entries.items[i];
	free(entry->text);
	*entry = (struct filter_entry){ .text = xstrdup(text), .mode = mode,
		.is_on = true };
	return true;
}

void
filter_list_remove(struct filter_list *list, size_t i)
{
	assert(i < list->entries.n);
	free(list->entries.items[i].text);
	vec_remove(&list->entries, i);
}

struct filter *
filter_list_parse(const struct filter_entry *entry)
{
	/* It could be parsed when it was put in. */
	struct filter *filter = filter_parse(entry->text, entry->mode, NULL,
	    NULL);

	assert(filter != NULL);
	return filter;
}

/* The entry says from now on what the filter does, which is released; false
 * when that cannot be written. */
static bool
take_filter(struct filter_list *list, size_t i, struct filter *filter)
{
	struct strbuf text = STRBUF_INIT(MAX_TEXT);
	bool is_on = list->entries.items[i].is_on;
	bool is_ok;

	free(filter->text);
	filter_write_texts(filter);
	strbuf_printf(&text, "%s%s", filter->inclusive ? "" : "!",
	    filter_text(filter) + 1);
	is_ok = filter_list_put(list, i, strbuf_text(&text), FILTER_EXACT,
	    NULL, NULL);
	list->entries.items[i].is_on = is_on;
	strbuf_fini(&text);
	filter_free(filter);
	return is_ok;
}

bool
filter_list_flip(struct filter_list *list, size_t i)
{
	struct filter *filter = filter_list_parse(&list->entries.items[i]);

	filter->inclusive = !filter->inclusive;
	return take_filter(list, i, filter);
}

bool
filter_list_flip_all(struct filter_list *list, size_t i)
{
	struct filter *filter = filter_list_parse(&list->entries.items[i]);

	if (filter->glob == NULL && filter->function == NULL) {
		filter_free(filter);
		return false;
	}
	filter->all = !filter->all;
	return take_filter(list, i, filter);
}

static void
add_filter(struct strbuf *text, const struct filter *filter)
{
	if (text->size > 0)
		strbuf_putc(text, ' ');
	strbuf_puts(text, filter_text(filter));
}

struct filter_set *
filter_list_make_set(const struct filter_list *list, const char *quick,
    struct strbuf *text)
{
	VEC(struct filter *) filters = VEC_INIT;
	struct filter_set *set = NULL;

	for (size_t i = 0; i < list->entries.n; i++) {
		const struct filter_entry *entry = &list->entries.items[i];

		if (entry->is_on)
			vec_push(&filters, filter_list_parse(entry));
	}
	if (quick != NULL)
		vec_push(&filters, filter_list_parse(&(struct filter_entry){
		    .text = (char *)quick, .mode = FILTER_PROMPT }));
	for (size_t i = 0; i < filters.n; i++)
		add_filter(text, filters.items[i]);
	if (filters.n > 0)
		set = filter_set_new(filters.items, filters.n);
	vec_fini(&filters);
	return set;
}

struct filter_hits
filter_count_hits(const struct filter *filter,
    const struct query_traces *traces, enum grouping grouping,
    enum cumulative cumulative)
{
	struct filter_entry entry = { .text = (char *)filter_text(filter) + 1,
		.mode = FILTER_EXACT };
	struct filter *alone = filter_list_parse(&entry);
	struct filter_set *set = filter_set_new(&alone, 1);
	struct query_traces kept;
	struct stats_table *table;
	struct filter_hits hits;

	filter_apply(set, traces, &kept, NULL);
	table = group_by(&kept, grouping, cumulative);
	filter_rows(set, table, cumulative);
	hits = (struct filter_hits){ .rows = table->n_rows,
		.size = table->size, .count = table->count };
	stats_free(table);
	free(kept.traces);
	filter_set_free(set);
	return hits;
}
