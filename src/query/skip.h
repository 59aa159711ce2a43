/*
 * skip.h - which frames are not the user's: the skip list (L5).
 *
 * For attribute.c; made and released through attribute.h.
 */
#ifndef TMTOP_QUERY_SKIP_H
#define TMTOP_QUERY_SKIP_H

#include "query/attribute.h"

/* Of one name; a name on which matching hits a limit is not skipped. */
bool skip_list_has_function(const struct skip_list *skip, const char *name,
    size_t size);
bool skip_list_has_file(const struct skip_list *skip, const char *name,
    size_t size);
/* Only for frames that were inlined or whose function is not known. */
bool skip_list_has_header(const struct skip_list *skip, const char *name,
    size_t size);
bool skip_list_has_module(const struct skip_list *skip, const char *name,
    size_t size);

#endif
