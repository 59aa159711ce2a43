/*
 * stress.cc - everything that changes stacks without telling anybody, mixed
 * at random by several threads, with allocations at every turn.
 *
 *	stress ROUNDS
 */
#include "turns.h"

#include <alloca.h>
#include <csetjmp>
#include <csignal>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <ucontext.h>

static unsigned n_rounds;

/* Plain calls of changing depth, by two ways. */
static __attribute__((noinline)) void
recurse(random_state *r, unsigned depth)
{
	if (depth == 0) {
		leaf(r->next(300) + 1);
	} else if (depth & 1) {
		recurse(r, depth - 1);
		leaf(10);
	} else {
		recurse(r, depth - 1);
	}
	__asm__ volatile("" ::: "memory");
}

/* Frames whose size is known when they run only. */
static __attribute__((noinline)) void
variable(random_state *r, unsigned depth)
{
	volatile char *room = static_cast<volatile char *>(
	    alloca(r->next(2000) + 1));

	room[0] = 1;
	if (depth > 0)
		variable(r, depth - 1);
	leaf(20);
	room[0] = 2;
}

/* A frame that is aligned more than the ABI says. */
static __attribute__((noinline)) void
aligned(random_state *r, unsigned depth)
{
	alignas(256) volatile char room[512];

	room[0] = 1;
	if (depth > 0)
		aligned(r, depth - 1);
	else
		recurse(r, 3);
	leaf(room[0] + 29);
}

static __attribute__((noinline)) void
thrower(random_state *r, unsigned depth)
{
	holder held(depth + 1);

	if (depth == 0)
		throw std::runtime_error(std::string(r->next(100), 'x'));
	thrower(r, depth - 1);
}

static __attribute__((noinline)) void
catcher(random_state *r)
{
	try {
		thrower(r, r->next(12));
	} catch (const std::exception &) {
		recurse(r, r->next(5));
	}
}

static __attribute__((noinline)) void
jumper(random_state *r, jmp_buf buffer, unsigned depth)
{
	leaf(40);
	if (depth == 0)
		longjmp(buffer, 1);
	if (depth > 1000)
		return;
	jumper(r, buffer, depth - 1);
	__asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) void
jump(random_state *r)
{
	jmp_buf buffer;

	if (setjmp(buffer) == 0)
		jumper(r, buffer, r->next(20));
	recurse(r, r->next(8));
}

/* ---- signals, on the thread's stack and on one of their own ---- */

static thread_local random_state *signal_random;
static thread_local sigjmp_buf signal_buffer;

static void
handler(int signal)
{
	recurse(signal_random, signal_random->next(6));
	if (signal == SIGUSR2)
		siglongjmp(signal_buffer, 1);
}

static __attribute__((noinline)) void
interrupted(random_state *r, int signal)
{
	signal_random = r;
	if (sigsetjmp(signal_buffer, 1) == 0)
		pthread_kill(pthread_self(), signal);
	leaf(50);
}

/* ---- coroutines ---- */

struct coroutine {
	ucontext_t	 own, caller;
	random_state	*random;
	void		*stack;
};

static const size_t coroutine_stack = 128 << 10;

static void
coroutine_main(unsigned low, unsigned high)
{
	coroutine *c = reinterpret_cast<coroutine *>(
	    static_cast<unsigned long>(high) << 32 | low);

	for (;;) {
		recurse(c->random, c->random->next(10));
		swapcontext(&c->own, &c->caller);
	}
}

static void
start_coroutine(coroutine *c, random_state *r)
{
	unsigned long self = reinterpret_cast<unsigned long>(c);

	c->random = r;
	c->stack = mmap(nullptr, coroutine_stack, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	getcontext(&c->own);
	c->own.uc_stack.ss_sp = c->stack;
	c->own.uc_stack.ss_size = coroutine_stack;
	c->own.uc_link = nullptr;
	makecontext(&c->own, reinterpret_cast<void (*)()>(coroutine_main), 2,
	    static_cast<unsigned>(self), static_cast<unsigned>(self >> 32));
}

static __attribute__((noinline)) void
resume(coroutine *c)
{
	is_in_coroutine = true;
	swapcontext(&c->caller, &c->own);
	is_in_coroutine = false;
	leaf(60);
}

static int
compare(const void *a, const void *b)
{
	leaf(70);
	return *static_cast<const int *>(a) - *static_cast<const int *>(b);
}

static __attribute__((noinline)) void
sort(random_state *r)
{
	int numbers[9];

	for (int &number : numbers)
		number = static_cast<int>(r->next(1000));
	qsort(numbers, 9, sizeof numbers[0], compare);
}

static __attribute__((noinline)) void
one_of_all(random_state *r, coroutine *coroutines)
{
	switch (r->next(11)) {
	case 0:
		return recurse(r, r->next(30));
	case 1:
		return variable(r, r->next(6));
	case 2:
		return aligned(r, r->next(4));
	case 3:
		return catcher(r);
	case 4:
		return jump(r);
	case 5:
		return interrupted(r, SIGUSR1);
	case 6:
		return interrupted(r, SIGUSR2);
	case 7:
		return interrupted(r, SIGWINCH);
	case 8:
		return sort(r);
	default:
		return resume(&coroutines[r->next(2)]);
	}
}

static void *
thread(void *argument)
{
	random_state r = { reinterpret_cast<unsigned long>(argument) };
	coroutine coroutines[2];
	stack_t stack = {};

	stack.ss_size = 64 << 10;
	stack.ss_sp = mmap(nullptr, stack.ss_size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaltstack(&stack, nullptr);
	for (coroutine &c : coroutines)
		start_coroutine(&c, &r);
	for (unsigned i = 0; i < n_rounds; i++)
		one_of_all(&r, coroutines);
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, nullptr);
	return nullptr;
}

int
main(int argc, char **argv)
{
	struct sigaction action = {};
	pthread_t threads[3];

	n_rounds = argc > 1 ? static_cast<unsigned>(atoi(argv[1])) : 100;
	action.sa_handler = handler;
	action.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR1, &action, nullptr);
	sigaction(SIGUSR2, &action, nullptr);
	action.sa_flags = 0;
	sigaction(SIGWINCH, &action, nullptr);
	thread(reinterpret_cast<void *>(1ul));
	for (unsigned long i = 0; i < 3; i++)
		pthread_create(&threads[i], nullptr, thread,
		    reinterpret_cast<void *>(i + 2));
	for (pthread_t id : threads)
		pthread_join(id, nullptr);
	say("in coroutines %ld\n", n_in_coroutines);
	return 0;
}
