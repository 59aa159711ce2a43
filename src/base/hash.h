/*
 * hash.h - 64-bit mixing of words and strings (L0).
 *
 * Every bit of the input changes every bit of the result, so that any bits of
 * it may index a table.  Not keyed: tables that hold a stranger's strings
 * must stay correct, if slower, when all of them collide.  The values are the
 * same in every run and may be stored while tmtop runs, not in files.
 */
#ifndef TMTOP_BASE_HASH_H
#define TMTOP_BASE_HASH_H

#include "base/compiler.h"

#include <string.h>

/* One word. */
static inline uint64_t
hash_word(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return x;
}

/* A hash extended by one more word; the order of words matters. */
static inline uint64_t
hash_add(uint64_t hash, uint64_t word)
{
	return hash_word((hash ^ (hash >> 29)) * UINT64_C(0x9e3779b97f4a7c15) +
	    hash_word(word));
}

/* n bytes at any alignment. */
static inline uint64_t
hash_bytes(const void *bytes, size_t n)
{
	const unsigned char *at = bytes;
	uint64_t hash = hash_word(n + UINT64_C(0x2545f4914f6cdd1d));
	uint64_t word;

	for (; n >= sizeof word; n -= sizeof word, at += sizeof word) {
		memcpy(&word, at, sizeof word);
		hash = hash_add(hash, word);
	}
	if (n > 0) {
		word = 0;
		memcpy(&word, at, n);
		hash = hash_add(hash, word);
	}
	return hash;
}

#endif
