/*
 * reborn.cc - stacks that are freed and come back at the same address as
 * something else, code likewise, and frames that leave by tail calls, at
 * random, with allocations at every turn.
 *
 *	reborn SEED ROUNDS MODULE MODULE
 *
 * What is remembered of a stack or of an address is wrong a moment later:
 * one piece of memory is in turn a coroutine's stack, left in the middle of
 * it, a thread's and nothing at all; two modules with frames of different
 * size take turns at one address.  Threads end by return, by pthread_exit()
 * and by cancellation through frames whose destructors allocate.
 */
#include "turns.h"

#include <csetjmp>
#include <csignal>
#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

static const size_t stack_size = 256 << 10;

/* ---- frames ---- */

static __attribute__((noinline)) void small_tail(random_state *, unsigned);

/* Nothing is left to do after these calls: the frame is gone by then. */
static __attribute__((noinline)) void
large_tail(random_state *r, unsigned depth)
{
	volatile char room[700];

	room[depth] = 1;
	leaf(room[depth] + 40);
	if (depth == 0)
		return leaf(42);
	return small_tail(r, depth - 1);
}

static __attribute__((noinline)) void
small_tail(random_state *r, unsigned depth)
{
	if (depth == 0)
		return leaf(43);
	if (r->next(2) == 0) {
		leaf(44);
		return small_tail(r, depth - 1);
	}
	return large_tail(r, depth - 1);
}

/* Arrays whose length nobody knows before. */
static __attribute__((noinline)) void
variable(random_state *r, unsigned depth)
{
	unsigned n = r->next(3000) + 1;
	volatile char *room = static_cast<volatile char *>(
	    __builtin_alloca(n));

	room[n - 1] = 1;
	if (depth == 0)
		small_tail(r, r->next(6));
	else
		variable(r, depth - 1);
	leaf(50);
	room[0] = 2;
}

static __attribute__((noinline)) void
jump_out(random_state *r, jmp_buf to, unsigned depth)
{
	leaf(51);
	if (depth > 1000)
		return;
	if (depth == 0) {
		variable(r, 1);
		longjmp(to, 1);
	}
	jump_out(r, to, depth - 1);
	__asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) void
some_frames(random_state *r)
{
	jmp_buf to;

	switch (r->next(3)) {
	case 0:
		return variable(r, r->next(5));
	case 1:
		return large_tail(r, r->next(9));
	default:
		if (setjmp(to) == 0)
			jump_out(r, to, r->next(12));
	}
}

static __attribute__((noinline)) void
deep_frames(random_state *r, unsigned depth)
{
	if (depth > 0)
		deep_frames(r, depth - 1);
	else
		some_frames(r);
	if (depth % 4 == 0)
		leaf(60);
	__asm__ volatile("" ::: "memory");
}

/* ---- coroutines ---- */

struct world {
	random_state	random;
	void		*memory;	/* the stack of all */
	const char	*modules[2];
	ucontext_t	own, caller;
};

static void
coroutine_main(unsigned low, unsigned high)
{
	world *w = reinterpret_cast<world *>(
	    static_cast<unsigned long>(high) << 32 | low);

	for (;;) {
		deep_frames(&w->random, w->random.next(20));
		swapcontext(&w->own, &w->caller);
	}
}

/* Begun, resumed some times and left where it is. */
static __attribute__((noinline)) void
run_coroutine(world *w)
{
	unsigned long self = reinterpret_cast<unsigned long>(w);
	unsigned n = w->random.next(4) + 1;

	getcontext(&w->own);
	w->own.uc_stack.ss_sp = w->memory;
	w->own.uc_stack.ss_size = stack_size - w->random.next(64) * 1024;
	w->own.uc_link = nullptr;
	makecontext(&w->own, reinterpret_cast<void (*)()>(coroutine_main), 2,
	    static_cast<unsigned>(self), static_cast<unsigned>(self >> 32));
	while (n-- > 0) {
		is_in_coroutine = true;
		swapcontext(&w->caller, &w->own);
		is_in_coroutine = false;
		leaf(70);
	}
}

/* ---- threads ---- */

static __attribute__((noinline)) void
end_thread(random_state *r, unsigned depth)
{
	holder held(30);

	if (depth > 1000)
		return;
	if (depth > 0)
		end_thread(r, depth - 1);
	else if (r->next(2) == 0)
		pthread_exit(nullptr);
	else
		for (pthread_cancel(pthread_self());;)
			pthread_testcancel();
	leaf(80);
}

static void *
thread(void *argument)
{
	random_state *r = static_cast<random_state *>(argument);

	deep_frames(r, r->next(30));
	if (r->next(2) == 0)
		end_thread(r, r->next(10));
	deep_frames(r, r->next(5));
	return nullptr;
}

static __attribute__((noinline)) void
run_thread(world *w, void *memory)
{
	random_state its = { w->random.state + 1 };
	pthread_attr_t attributes;
	pthread_t id;

	pthread_attr_init(&attributes);
	if (memory != nullptr)
		pthread_attr_setstack(&attributes, memory, stack_size);
	else
		pthread_attr_setstacksize(&attributes,
		    (w->random.next(4) + 1) * (64 << 10));
	if (pthread_create(&id, &attributes, thread, &its) != 0)
		_exit(4);
	/* Beside it, on this one. */
	deep_frames(&w->random, w->random.next(10));
	pthread_join(id, nullptr);
	pthread_attr_destroy(&attributes);
}

/* ---- memory and code that goes and comes ---- */

static void
renew_memory(world *w)
{
	munmap(w->memory, stack_size);
	if (mmap(w->memory, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == w->memory)
		return;
	w->memory = mmap(nullptr, stack_size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static thread_local random_state *module_random;

static void
from_module()
{
	deep_frames(module_random, module_random->next(8));
}

/* As many times as chance says, whichever chance says. */
static __attribute__((noinline)) void
run_module(world *w)
{
	void *module = dlopen(w->modules[w->random.next(2)], RTLD_NOW);
	void (*call)(void (*)());
	unsigned n = w->random.next(3) + 1;

	if (module == nullptr)
		_exit(3);
	*reinterpret_cast<void **>(&call) = dlsym(module, "plugin_call");
	module_random = &w->random;
	while (n-- > 0)
		call(from_module);
	dlclose(module);
}

/* ---- signals ---- */

static void
handler(int)
{
	random_state r = { 7 };

	if (!is_in_coroutine)
		deep_frames(&r, 3);
}

int
main(int argc, char **argv)
{
	static world w;
	struct sigaction action = {};
	stack_t stack = {};
	unsigned rounds;

	if (argc != 5)
		return 2;
	w.random.state = strtoul(argv[1], nullptr, 10);
	rounds = static_cast<unsigned>(atoi(argv[2]));
	w.modules[0] = argv[3];
	w.modules[1] = argv[4];
	w.memory = mmap(nullptr, stack_size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack.ss_size = stack_size;
	stack.ss_sp = mmap(nullptr, stack_size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaltstack(&stack, nullptr);
	action.sa_handler = handler;
	action.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR1, &action, nullptr);
	while (rounds-- > 0)
		switch (w.random.next(7)) {
		case 0:
			deep_frames(&w.random, w.random.next(40));
			break;
		case 1:
			run_coroutine(&w);
			break;
		case 2:
			run_thread(&w, w.memory);
			break;
		case 3:
			run_thread(&w, nullptr);
			break;
		case 4:
			renew_memory(&w);
			break;
		case 5:
			run_module(&w);
			break;
		default:
			raise(SIGUSR1);
		}
	say("in coroutines %ld\n", n_in_coroutines);
	return 0;
}
