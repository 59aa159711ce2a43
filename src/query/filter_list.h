/*
 * filter_list.h - a list of filters that can be edited and switched (L5).
 *
 * Texts, as they were written; what is in force is a filter_set made of those
 * that are on.
 */
#ifndef TMTOP_QUERY_FILTER_LIST_H
#define TMTOP_QUERY_FILTER_LIST_H

#include "query/filter.h"
#include "util/strbuf.h"
#include "util/vec.h"

struct filter_entry {
	char			*text;	/* that can be parsed; owned */
	enum filter_mode	 mode;
	bool			 is_on;
};

/* {0} is an empty list. */
struct filter_list {
	VEC(struct filter_entry) entries;
};

void filter_list_fini(struct filter_list *list);
void filter_list_copy(struct filter_list *to, const struct filter_list *from);

/* Replace entry i, or append one when i is their number; it is on.  False:
 * the text is wrong, why says where. */
bool filter_list_put(struct filter_list *list, size_t i, const char *text,
    enum filter_mode mode, struct errbuf *why, struct errbuf *note);
void filter_list_remove(struct filter_list *list, size_t i);
/* The other one of include and exclude; every frame, or the attributed one.
 * False: that is not possible with this filter. */
bool filter_list_flip(struct filter_list *list, size_t i);
bool filter_list_flip_all(struct filter_list *list, size_t i);

/* The filter of an entry; caller frees. */
struct filter *filter_list_parse(const struct filter_entry *entry);

/* The set of what is on, and of `quick` (as typed in the prompt; NULL: none);
 * NULL when there is nothing.  The canonical texts are appended to `text`. */
struct filter_set *filter_list_make_set(const struct filter_list *list,
    const char *quick, struct strbuf *text);

/* What a filter matches alone, whether it includes or excludes that. */
struct filter_hits {
	uint32_t	rows;
	uint64_t	size, count;
};
struct filter_hits filter_count_hits(const struct filter *filter,
    const struct query_traces *traces, enum grouping grouping,
    enum cumulative cumulative);

#endif
