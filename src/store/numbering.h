/*
 * numbering.h - ids of a table here, as consecutive ids in a file (L5s).
 */
#ifndef TMTOP_STORE_NUMBERING_H
#define TMTOP_STORE_NUMBERING_H

#include "util/vec.h"

#define NUMBER_NONE	UINT32_MAX

struct numbering {
	VEC(uint32_t)	 number;	/* by id here; NUMBER_NONE: none */
	VEC(uint32_t)	 ids;		/* by number */
	size_t		 n_saved;	/* of them in the file */
};

static inline void
numbering_fini(struct numbering *numbering)
{
	vec_fini(&numbering->number);
	vec_fini(&numbering->ids);
}

static inline uint32_t
numbering_get(const struct numbering *numbering, uint32_t id)
{
	return id < numbering->number.n ? numbering->number.items[id] :
	    NUMBER_NONE;
}

/* The next number for an id that has none. */
static inline uint32_t
numbering_add(struct numbering *numbering, uint32_t id)
{
	uint32_t number = (uint32_t)numbering->ids.n;

	vec_reserve(&numbering->number, id < numbering->number.n ? 0 :
	    id + 1 - numbering->number.n);
	while (numbering->number.n <= id)
		numbering->number.items[numbering->number.n++] = NUMBER_NONE;
	assert(numbering->number.items[id] == NUMBER_NONE);
	numbering->number.items[id] = number;
	vec_push(&numbering->ids, id);
	return number;
}

static inline uint32_t
numbering_find(struct numbering *numbering, uint32_t id)
{
	uint32_t number = numbering_get(numbering, id);

	return number != NUMBER_NONE ? number : numbering_add(numbering, id);
}

/* What was not saved has no number any more. */
static inline void
numbering_undo(struct numbering *numbering)
{
	while (numbering->ids.n > numbering->n_saved)
		numbering->number.items[vec_pop(&numbering->ids)] =
		    NUMBER_NONE;
}

#endif
