/*
 * vec.h - growing arrays of any type (L0h).
 *
 *	VEC(struct row) rows = VEC_INIT;
 *	vec_push(&rows, row);
 *	for (size_t i = 0; i < rows.n; i++)
 *		use(&rows.items[i]);
 *	vec_fini(&rows);
 *
 * Growing moves the items: no pointer to one survives a push.  Arguments
 * named v are evaluated more than once.
 */
#ifndef TMTOP_UTIL_VEC_H
#define TMTOP_UTIL_VEC_H

#include "util/xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define VEC(type)	struct { type *items; size_t n, room; }
#define VEC_INIT	{ NULL, 0, 0 }

/* Next room for at least `need` items: doubling keeps pushes O(1). */
static inline size_t
vec_next_room(size_t room, size_t need)
{
	size_t next = room < 8 ? 8 : room;

	while (next < need) {
		if (next > SIZE_MAX / 2)
			return need;
		next *= 2;
	}
	return next;
}

/* Make room for `more` further items without moving meanwhile. */
#define vec_reserve(v, more) do {					\
	size_t vec_need_ = (v)->n + (size_t)(more);			\
									\
	if (vec_need_ > (v)->room) {					\
		(v)->room = vec_next_room((v)->room, vec_need_);	\
		(v)->items = xreallocarray((v)->items, (v)->room,	\
		    sizeof *(v)->items);				\
	}								\
} while (0)

/* Append a copy of an item. */
#define vec_push(v, ...) do {						\
	vec_reserve(v, 1);						\
	(v)->items[(v)->n++] = (__VA_ARGS__);				\
} while (0)

/* Remove the last item and return it; there must be one. */
#define vec_pop(v)	(assert((v)->n > 0), (v)->items[--(v)->n])

/* The last item; there must be one. */
#define vec_last(v)	(assert((v)->n > 0), &(v)->items[(v)->n - 1])

/* Append n items that are zero bytes. */
#define vec_push_zeroed(v, more) do {					\
	size_t vec_more_ = (more);					\
									\
	vec_reserve(v, vec_more_);					\
	if (vec_more_ > 0)	/* there may be no array yet */		\
		memset(&(v)->items[(v)->n], 0,				\
		    vec_more_ * sizeof *(v)->items);			\
	(v)->n += vec_more_;						\
} while (0)

/* Remove item i, keeping the order of the others. */
#define vec_remove(v, i) do {						\
	size_t vec_i_ = (i);						\
									\
	assert(vec_i_ < (v)->n);					\
	memmove(&(v)->items[vec_i_], &(v)->items[vec_i_ + 1],		\
	    ((v)->n - vec_i_ - 1) * sizeof *(v)->items);		\
	(v)->n--;							\
} while (0)

/* Forget the items, keep the room. */
#define vec_clear(v)	((void)((v)->n = 0))

/* Release the array; the vec is empty and usable afterwards. */
#define vec_fini(v) do {						\
	free((v)->items);						\
	(v)->items = NULL;						\
	(v)->n = (v)->room = 0;						\
} while (0)

#endif
