/*
 * session_tree.h - the call tree of what a session shows (L6).
 *
 * Made of the same filtered traces as the rows, with what has changed since
 * the mark, but only while somebody wants it.  Setters return the stage that
 * must run again.
 */
#ifndef TMTOP_SESSION_TREE_H
#define TMTOP_SESSION_TREE_H

#include "query/calltree.h"
#include "session.h"

enum stage session_want_tree(struct session *s, bool on);

/* Callers above what owns the memory, instead of callees below main. */
enum stage session_set_bottom_up(struct session *s, bool on);
bool session_is_bottom_up(const struct session *s);

enum stage session_open_node(struct session *s, uint64_t identity, bool on);
/* From the node on, as far as one callee has at least half. */
enum stage session_open_hot_path(struct session *s, uint64_t identity);

/* The visible rows; *n is 0 as long as there is no tree.  Borrowed until the
 * next refresh. */
const struct tree_row *session_tree(const struct session *s, size_t *n);

/* What session_tracebacks() is to a row, to a node; caller frees. */
struct stats_table *session_tree_tracebacks(const struct session *s,
    const struct tree_row *row);

#endif
