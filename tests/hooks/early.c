/*
 * early.c - allocations before main(): .preinit_array, constructors of every
 * priority, a failing dlsym() among them; used, changed and freed later.
 */
#include "account.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>

static unsigned char *blocks[6];
static const size_t sizes[6] = { 100, 100 << 10, 24, 5000, 200000, 48 };
static int n_errors;

static void
check(int is_right, const char *what)
{
	if (is_right)
		return;
	n_errors++;
	say("wrong: %s\n", what);
}

static void
fill(int i, void *block)
{
	blocks[i] = took(block, sizes[i]);
	check((uintptr_t)blocks[i] % 16 == 0, "alignment");
	memset(blocks[i], 0x11 * (i + 1), sizes[i]);
}

static void
before_constructors(void)
{
	size_t i;

	free(NULL);
	fill(0, malloc(sizes[0]));
	blocks[1] = took(kept(calloc(100, 1 << 10)), sizes[1]);
	for (i = 0; i < sizes[1]; i++)
		check(blocks[1][i] == 0, "calloc's zeroes");
	memset(blocks[1], 0x22, sizes[1]);
}

__attribute__((section(".preinit_array"), used))
static void (*const preinit)(void) = before_constructors;

static __attribute__((constructor(101))) void
constructor_101(void)
{
	void *symbol;

	fill(2, malloc(sizes[2]));
	/* Allocates its message, and gives it back when it is asked for. */
	symbol = dlsym(RTLD_NEXT, "a_function_that_nobody_has");
	check(symbol == NULL && dlerror() != NULL, "dlsym");
	free(NULL);
	fill(3, memalign(64, sizes[3]));
}

static __attribute__((constructor(65000))) void
constructor_65000(void)
{
	fill(4, malloc(sizes[4]));
	fill(5, calloc(1, sizes[5]));
}

int
main(void)
{
	size_t i;
	int k;

	for (k = 0; k < 6; k++) {
		for (i = 0; i < sizes[k]; i++)
			check(blocks[k][i] == 0x11 * (k + 1), "content");
		check(malloc_usable_size(blocks[k]) >= sizes[k],
		    "usable size");
	}
	gave(sizes[0]);
	blocks[0] = took(kept(realloc(blocks[0], 70000)), 70000);
	for (i = 0; i < sizes[0]; i++)
		check(blocks[0][i] == 0x11, "content after realloc");
	give(blocks[1], sizes[1]);
	give(blocks[2], sizes[2]);
	give(blocks[4], sizes[4]);
	account_print();
	return n_errors != 0;
}
