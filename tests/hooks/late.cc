/*
 * late.cc - allocations after the end of main(), by every way out.
 *
 *	late exit | quick_exit | _exit | thread | abort
 *
 * Everything is held: what tmtop reports at the end must include it.
 */
#include "account.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void *held[4000];
static int n_held;

static void
grab(const char *who, size_t size)
{
	held[__atomic_fetch_add(&n_held, 1, __ATOMIC_RELAXED)] = take(size);
	if (who != nullptr)
		say("%s\n", who);
}

struct object {
	const char	*name;
	size_t		 size;
	~object() { grab(name, size); }
};

static object global = { "static destructor", 1001 };
static thread_local object local = { "thread_local destructor", 1002 };

static pthread_key_t key;

/* As often as libc lets it. */
static void
key_destructor(void *value)
{
	grab("key destructor", 1003);
	pthread_setspecific(key, value);
}

static void *
thread(void *)
{
	grab("thread", 1004);
	pthread_setspecific(key, &key);
	return local.name != nullptr ? nullptr : &local;
}

static void
at_exit()
{
	grab("atexit", 1005);
	account_print();
}

static void
by_on_exit(int, void *)
{
	grab("on_exit", 1006);
}

static void
at_quick()
{
	grab("at_quick_exit", 1007);
	account_print();
}

/* Goes on allocating while another thread is in exit(). */
static volatile bool is_leaving;

static void *
restless(void *)
{
	for (;;) {
		void *block = kept(malloc(64));

		free(block);
		is_leaving = true;
	}
}

int
main(int, char **argv)
{
	pthread_t id;

	/* Registered first, runs last but for the static destructor. */
	atexit(at_exit);
	on_exit(by_on_exit, nullptr);
	at_quick_exit(at_quick);
	pthread_key_create(&key, key_destructor);
	pthread_create(&id, nullptr, thread, nullptr);
	pthread_join(id, nullptr);
	grab("main", 1008);
	switch (argv[1][0]) {
	case 'q':
		quick_exit(3);
	case '_':
		account_print();
		_exit(4);
	case 'a':
		account_print();
		abort();
	case 't':
		pthread_create(&id, nullptr, restless, nullptr);
		while (!is_leaving)
			;
		exit(5);
	}
	return global.size != 0 ? 6 : 7;
}
