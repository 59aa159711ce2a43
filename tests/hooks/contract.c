/*
 * contract.c - what every allocation function answers to every odd argument,
 * as text: equal with and without tmtop.
 */
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t sizes[] = {
	0, 1, 2, 7, 8, 15, 16, 17, 24, 25, 40, 100, 1000, 1032, 1033, 4095, 4096,
	65536, 131072, 1 << 20, 33 << 20, (size_t)1 << 45, (size_t)1 << 62,
	PTRDIFF_MAX - 4096, PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1,
	SIZE_MAX - 4096, SIZE_MAX - 1, SIZE_MAX,
};

static const size_t alignments[] = {
	0, 1, 2, 3, 4, 8, 12, 16, 24, 32, 64, 4096, 65536, 1 << 20,
	(size_t)1 << 40, ((size_t)1 << 62) + 1, (size_t)1 << 63, SIZE_MAX,
};

#define N(a)	(sizeof(a) / sizeof((a)[0]))
#define MARK	4321

static void *volatile opaque;

/* How the block is aligned (up to what was asked for), whether it can hold
 * what was asked for, and errno. */
static void
answer(const char *call, size_t a, size_t b, void *block, size_t size,
    size_t alignment)
{
	int error = errno;

	opaque = block;
	printf("%s(%zx, %zx) = %s", call, a, b, opaque != NULL ? "block" :
	    "NULL");
	if (opaque != NULL) {
		printf(" usable %s aligned %s",
		    malloc_usable_size(opaque) >= size ? "yes" : "NO",
		    alignment == 0 || (uintptr_t)opaque % alignment == 0 ?
		    "yes" : "NO");
		if (size <= 1 << 20)
			memset(opaque, 0xa5, size);
	}
	printf(" errno %d\n", error);
	errno = MARK;
	free(opaque);
	if (errno != MARK)
		printf("free changed errno to %d\n", errno);
}

static void
try_sizes(size_t size)
{
	char *zeroed;
	size_t i;

	errno = MARK;
	answer("malloc", size, 0, malloc(size), size, 16);
	errno = MARK;
	zeroed = calloc(1, size);
	for (i = 0; zeroed != NULL && i < size; i += 61)
		if (zeroed[i] != 0)
			printf("calloc left %zx dirty\n", i);
	answer("calloc", 1, size, zeroed, size, 16);
	errno = MARK;
	answer("valloc", size, 0, valloc(size), size, 4096);
	errno = MARK;
	answer("pvalloc", size, 0, pvalloc(size), size, 4096);
	errno = MARK;
	answer("realloc NULL", size, 0, realloc(NULL, size), size, 16);
}

static void
try_products(size_t a, size_t b)
{
	size_t size;

	if (__builtin_mul_overflow(a, b, &size))
		size = 0;
	if (size > 64 << 20)
		size = 0;
	errno = MARK;
	answer("calloc", a, b, calloc(a, b), size, 16);
	errno = MARK;
	answer("reallocarray NULL", a, b, reallocarray(NULL, a, b), size, 16);
}

static void
try_alignments(size_t alignment, size_t size)
{
	size_t least = alignment != 0 && (alignment & (alignment - 1)) == 0 ?
	    alignment : 0;
	void *block = (void *)-1L;
	int error;

	errno = MARK;
	answer("memalign", alignment, size, memalign(alignment, size), size,
	    least);
	errno = MARK;
	answer("aligned_alloc", alignment, size, aligned_alloc(alignment,
	    size), size, least);
	errno = MARK;
	error = posix_memalign(&block, alignment, size);
	printf("posix_memalign = %d, result %s, ", error,
	    block == (void *)-1L ? "untouched" : "set");
	answer("posix_memalign", alignment, size, error == 0 ? block : NULL,
	    size, least);
}

/* From `old` bytes to `size`: the content, and what a failure leaves. */
static void
try_realloc(size_t old, size_t size)
{
	unsigned char *block = malloc(old), *moved;
	size_t i, n = old < size ? old : size;

	for (i = 0; i < old; i++)
		block[i] = (unsigned char)(i * 7);
	errno = MARK;
	moved = realloc(block, size);
	i = errno;
	printf("realloc %zx to %zx: %s errno %zu", old, size,
	    moved != NULL ? "block" : "NULL", i);
	if (moved == NULL && size != 0) {
		moved = block;		/* still there, as it was */
		n = old;
	}
	for (i = 0; moved != NULL && i < n; i++)
		if (moved[i] != (unsigned char)(i * 7)) {
			printf(" content differs at %zx", i);
			break;
		}
	printf("\n");
	free(moved);
}

int
main(void)
{
	static const size_t counts[] = { 0, 1, 3, 65536, (size_t)1 << 32,
		(size_t)1 << 63, SIZE_MAX };
	static const size_t old[] = { 1, 24, 1000, 200000 };
	size_t i, k;

	for (i = 0; i < N(sizes); i++)
		try_sizes(sizes[i]);
	for (i = 0; i < N(counts); i++)
		for (k = 0; k < N(counts); k++)
			try_products(counts[i], counts[k]);
	for (i = 0; i < N(alignments); i++)
		for (k = 0; k < N(sizes); k++)
			try_alignments(alignments[i], sizes[k]);
	for (i = 0; i < N(old); i++)
		for (k = 0; k < N(sizes); k++)
			try_realloc(old[i], sizes[k]);
	printf("usable size of NULL: %zu\n", malloc_usable_size(NULL));
	free(NULL);
	return 0;
}
