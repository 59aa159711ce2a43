/*
 * read_private.h - a file being read (L5s, private to read*.c).
 */
#ifndef TMTOP_STORE_READ_PRIVATE_H
#define TMTOP_STORE_READ_PRIVATE_H

#include "store/db.h"
#include "store/store.h"

enum { MOST_ROWS = 1 << 30 };

struct loading {
	struct db		*db;
	struct frame_store	*frames;
	struct symbols		*symbols;
	struct names		*names;
	struct store_contents	*contents;
	/* Ids here by those in the file. */
	VEC(uint32_t)		 name_ids, modules, locations, stacks;
};

/* The id of a row, its first column, must be `n`, the number of rows before
 * it. */
bool read_is_next(struct db_query *query, size_t n);
/* A column that refers to one of n rows: its number. */
uint32_t read_reference(struct db_query *query, int column, size_t n);

/* read_tables.c: all that moments refer to. */
void read_tables(struct loading *l);

#endif
