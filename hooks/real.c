/*
 * real.c - finding the next malloc, and living until it is found (L2).
 *
 * Why        dlsym() may allocate (error texts, older libcs), so a call that
 *            comes back to us meanwhile needs memory that is not malloc's.
 *            glibc's own __libc_malloc is not the way: with another allocator
 *            preloaded or linked its blocks would end in the wrong free.
 * Shape      A bump arena in the library's data, then pieces from mmap. The
 *            size of each block stands in the 16 bytes before it.
 * Invariant  No block shares a granule of records (tables/blocks.h) with a
 *            block of malloc's: free() relies on that.
 */
#include "hooks/real.h"

#include "base/atomic.h"
#include "base/sys.h"
#include "tables/blocks.h"

#include <dlfcn.h>
#include <sys/mman.h>

#define ARENA_SIZE	(64u << 10)
#define MAX_PIECES	64
#define PIECE_LEAST	(1u << 20)
#define GRANULE_SPAN	((size_t)1 << BLOCKS_GRANULE_SHIFT)

struct real_functions real;

/* With room to begin at a granule's first address. */
static char arena[ARENA_SIZE + GRANULE_SPAN];
static size_t arena_used;
uintptr_t bootstrap_low = (uintptr_t)arena;
uintptr_t bootstrap_span = sizeof(arena);

static struct { char *start; size_t size; } pieces[MAX_PIECES];
static uint32_t n_pieces;

bool
real_resolve(void)
{
	bool complete = true;

#define H(name, required, type, parameters)				\
	*(void **)&real.name = dlsym(RTLD_NEXT, #name);			\
	if (required && real.name == NULL)				\
		complete = false;
	HOOK_LIST(H)
#undef H
	return complete;
}

static char *
first_of_granule(char *at)
{
	return (char *)(((uintptr_t)at + GRANULE_SPAN - 1) &
	    ~(uintptr_t)(GRANULE_SPAN - 1));
}

/* Place for a header and `size` bytes behind `at`, aligned. */
static char *
align_block(char *at, size_t alignment)
{
	return (char *)(((uintptr_t)at + 16 + alignment - 1) &
	    ~(uintptr_t)(alignment - 1));
}

static char *
from_piece(size_t size, size_t alignment)
{
	size_t whole = size + alignment + 16;
	uint32_t i;
	long p;

	if (whole < size)
		return NULL;
	whole = whole < PIECE_LEAST ? PIECE_LEAST : whole;
	whole += 2 * GRANULE_SPAN;	/* none but ours at either end */
	p = sys_mmap(NULL, whole, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sys_failed(p))
		return NULL;
	i = add_relaxed(&n_pieces, 1);
	if (i >= MAX_PIECES) {
		sys_munmap((void *)p, whole);
		return NULL;
	}
	pieces[i].size = whole;
	store_release(&pieces[i].start, (char *)p);
	/* Too rare to describe: from now on any block may be one. */
	store_relaxed(&bootstrap_span, UINTPTR_MAX);
	return align_block(first_of_granule((char *)p), alignment);
}

void *
bootstrap_alloc(size_t size, size_t alignment)
{
	size_t used = load_relaxed(&arena_used), next;
	char *first = first_of_granule(arena), *block;

	if (alignment < 16)
		alignment = 16;
	do {
		block = align_block(first + used, alignment);
		next = (size_t)(block - first) + size;
		if (size > ARENA_SIZE || next > ARENA_SIZE) {
			block = from_piece(size, alignment);
			break;
		}
	} while (!cas_relaxed(&arena_used, &used, next));
	if (block != NULL)
		((size_t *)block)[-1] = size;
	return block;
}

bool
bootstrap_owns(const void *block)
{
	const char *at = block, *start;
	uint32_t i, n = load_relaxed(&n_pieces);

	if (at >= arena && at < arena + sizeof(arena))
		return true;
	for (i = 0; i < n && i < MAX_PIECES; i++) {
		start = load_acquire(&pieces[i].start);
		if (start != NULL && at >= start &&
		    at < start + pieces[i].size)
			return true;
	}
	return false;
}

size_t
bootstrap_size(const void *block)
{
	return ((const size_t *)block)[-1];
}
