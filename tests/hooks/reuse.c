/*
 * reuse.c - loads one module, allocates through it, unloads it, and loads the
 * other at the same address: a rule or a traceback that is remembered by
 * address is wrong now.
 *
 *	reuse N FIRST SECOND
 *
 * Holds N blocks of 101 bytes through the first and N of 202 through the
 * second module.
 */
#include "account.h"

#include <dlfcn.h>

static size_t size;

__attribute__((noinline)) void
allocate(void)
{
	take(size);
}

__attribute__((noinline)) void *
use(const char *path)
{
	void *module = dlopen(path, RTLD_NOW);
	void (*call)(void (*)(void));

	if (module == NULL)
		_exit(3);
	*(void **)&call = dlsym(module, "plugin_call");
	call(allocate);
	__asm__ volatile("" ::: "memory");
	dlclose(module);
	return *(void **)&call;
}

int
main(int argc, char **argv)
{
	int n = argc > 3 ? atoi(argv[1]) : 0, n_same = 0, i;
	void *first, *second;

	for (i = 0; i < n; i++) {
		size = 101;
		first = use(argv[2]);
		size = 202;
		second = use(argv[3]);
		n_same += first == second;
	}
	say("same address %d\n", n_same);
	return 0;
}
