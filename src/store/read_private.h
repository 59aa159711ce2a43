/*
 * read_private.h - a file being read (L5s, private to read*.c).
 */
#ifndef TMTOP_STORE_READ_PRIVATE_H
#define TMTOP_STORE_READ_PRIVATE_H

#include "store/db.h"
#include "store/store.h"

#include <sys/types.h>

enum { MOST_ROWS = 1 << 30 };

struct loading {
	struct db		*db;
	struct frame_store	*frames;
	struct symbols		*symbols;
	struct names		*names;
	struct store_contents	*contents;
	/* Ids here by those in the file. */
	VEC(uint32_t)		 name_ids, modules, locations;
	/* Those of stacks follow each other: number 1 is this one. */
	uint32_t		 first_stack, n_stacks;
};

/* How many rows belong to a moment. */
struct belongings {
	uint32_t	n_processes, n_threads, n_traces;
	int64_t		n_blocks;		/* -1: not known */
};

struct store_file {
	char		*path;
	dev_t		 device;
	ino_t		 inode;
	uint32_t	 first_stack, n_stacks;	/* see struct loading */
	VEC(struct belongings) has;		/* by moment */
};

/* The id of a row, its first column, must be `n`, the number of rows before
 * it. */
bool read_is_next(struct db_query *query, size_t n);
/* A column that refers to one of n rows: its number. */
uint32_t read_reference(struct db_query *query, int column, size_t n);
/* Of a stack's number, checked: its id. */
static inline uint32_t
read_stack_id(const struct loading *l, uint32_t number)
{
	return number > 0 ? l->first_stack + number - 1 : 0;
}

/* read_tables.c: all that moments refer to. */
void read_tables(struct loading *l);

/* read_moments.c: those of the file, without what belongs to them; and that,
 * of moment i. */
void read_moments(struct loading *l);
void read_belongings(struct loading *l, size_t i,
    const struct belongings *has, struct snapshot *snapshot);
/* A text that will be shown, made printable. */
void read_printable(struct db_query *query, int column, char *to, size_t room);

#endif
