/*
 * phdr.c - dl_iterate_phdr() with a callback that allocates, dlopen() and
 * dlclose(), and a thread that allocates from ever new call sites: whoever
 * takes ld.so's lock to unwind hangs here.
 *
 *	phdr ROUNDS SECONDS PLUGIN
 *
 * Ends by SIGALRM if it hangs.
 */
#include "account.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>

static volatile int is_over;

static int
callback(struct dl_phdr_info *info, size_t size, void *argument)
{
	(void)info;
	(void)size;
	(void)argument;
	give(take(300), 300);
	return 0;
}

static void *
iterate(void *argument)
{
	while (!is_over)
		dl_iterate_phdr(callback, NULL);
	return argument;
}

static void *
reload(void *path)
{
	void *plugin;

	while (!is_over) {
		plugin = dlopen(path, RTLD_NOW);
		if (plugin == NULL)
			_exit(3);
		((void (*)(void))dlsym(plugin, "plugin_work"))();
		dlclose(plugin);
	}
	return NULL;
}

/* 1024 functions, two sites each; none was seen when they are first run. */
#define SITE(n)								\
	static __attribute__((noinline)) void *site_##n(size_t size)	\
	{								\
		give(take(size + 1), size + 1);				\
		return kept(malloc(size));				\
	}
#define SITES4(n)	SITE(n##0) SITE(n##1) SITE(n##2) SITE(n##3)
#define SITES16(n)	SITES4(n##0) SITES4(n##1) SITES4(n##2) SITES4(n##3)
#define SITES64(n)	SITES16(n##0) SITES16(n##1) SITES16(n##2) SITES16(n##3)
#define SITES256(n)	SITES64(n##0) SITES64(n##1) SITES64(n##2) SITES64(n##3)
SITES256(0) SITES256(1) SITES256(2) SITES256(3)

#define NAME(n)		site_##n,
#define NAMES4(n)	NAME(n##0) NAME(n##1) NAME(n##2) NAME(n##3)
#define NAMES16(n)	NAMES4(n##0) NAMES4(n##1) NAMES4(n##2) NAMES4(n##3)
#define NAMES64(n)	NAMES16(n##0) NAMES16(n##1) NAMES16(n##2) NAMES16(n##3)
#define NAMES256(n)	NAMES64(n##0) NAMES64(n##1) NAMES64(n##2) NAMES64(n##3)
static void *(*const sites[])(size_t) = {
	NAMES256(0) NAMES256(1) NAMES256(2) NAMES256(3)
};

/* Every round comes by another path, so that its tracebacks are new. */
static __attribute__((noinline)) void
visit(unsigned path, unsigned depth)
{
	size_t i;

	if (depth > 0) {
		if (path & 1)
			visit(path >> 1, depth - 1);
		else
			visit(path >> 1, depth - 1);
		__asm__ volatile("" ::: "memory");
		return;
	}
	for (i = 0; i < sizeof sites / sizeof sites[0]; i++)
		give(took(sites[i](i), i), i);
}

int
main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[1]) : 0, i;
	pthread_t iterator, reloader;

	if (rounds == 0)
		return 2;
	alarm((unsigned)atoi(argv[2]));
	pthread_create(&iterator, NULL, iterate, NULL);
	pthread_create(&reloader, NULL, reload, argv[3]);
	for (i = 0; i < rounds; i++)
		visit((unsigned)i, 6);
	is_over = 1;
	pthread_join(iterator, NULL);
	pthread_join(reloader, NULL);
	say("rounds %d\n", rounds);
	return 0;
}
