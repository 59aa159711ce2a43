/*
 * session_filters.h - the filters of a session as a list (L6).
 *
 * At first those of --filter; the quick filter (session.h) comes on top.
 */
#ifndef TMTOP_SESSION_FILTERS_H
#define TMTOP_SESSION_FILTERS_H

#include "query/filter_list.h"
#include "session.h"

/* Borrowed until the next change. */
const struct filter_list *session_filters(const struct session *s);
/* A copy of the list is in force from now on. */
enum stage session_set_filters(struct session *s,
    const struct filter_list *list);

/* What each matches alone is counted in every refresh while it is wanted. */
enum stage session_want_hits(struct session *s, bool on);
/* Of entry i; i of their number: of the quick filter.  False: not known. */
bool session_filter_hits(const struct session *s, size_t i,
    struct filter_hits *hits);

#endif
