/*
 * garbage.c - allocations from below frames that lead nowhere: frame pointers
 * and return addresses of every kind of nonsense.
 *
 *	garbage register | stack | framed
 *
 * Prints its account and "calls N", the allocations made in such a state.
 */
#include "account.h"

#include <stdint.h>
#include <sys/mman.h>

extern void nocfi_call(void (*function)(void), uintptr_t rbp);
extern void nocfi_framed(void (*function)(void));

#define N_VALUES	64

static uintptr_t values[N_VALUES];
static unsigned n_values;
static long n_calls;

static void
add(uintptr_t value)
{
	if (n_values < N_VALUES)
		values[n_values++] = value;
}

static void
add_values(void)
{
	static char data[64];
	uintptr_t own = (uintptr_t)__builtin_frame_address(0), random = 12345;
	char *closed = mmap(NULL, 8192, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	munmap(edge + 4096, 4096);
	add(0);
	add(1);
	add(8);
	add(4096);
	add(UINTPTR_MAX);
	add(UINTPTR_MAX - 7);
	add(UINTPTR_MAX - 15);
	add((uintptr_t)closed);
	add((uintptr_t)closed + 4096 - 8);
	add((uintptr_t)edge + 4096 - 8);
	add((uintptr_t)edge + 4096);
	add(0x8000000000000000u);
	add(0x0000800000000000u);
	add(0xffff800000000000u);
	add(0xffffffffff600000u);
	add((uintptr_t)data);
	add((uintptr_t)nocfi_call);
	add((uintptr_t)malloc + 1);
	for (i = -64; i <= 64; i += 8)
		add(own + (uintptr_t)(intptr_t)i);
	add(own + 3);
	add(own - (1 << 20));
	add(own + (1 << 20));
	while (n_values < N_VALUES)
		add(random = random * 6364136223846793005u + 1);
}

static __attribute__((noinline)) void
allocate(void)
{
	void *block = take(100);

	n_calls++;
	if (n_calls % 3 != 0)
		give(block, 100);
	__asm__ volatile("" ::: "memory");
}

/* With the return address and the caller's frame pointer overwritten while it
 * allocates.  Its own are put back before anybody needs them. */
static __attribute__((noinline, optimize("no-omit-frame-pointer"))) void
overwrite(uintptr_t fp, uintptr_t pc)
{
	volatile uintptr_t *frame = __builtin_frame_address(0);
	uintptr_t saved_fp = frame[0], saved_pc = frame[1];

	frame[0] = fp;
	frame[1] = pc;
	allocate();
	frame[0] = saved_fp;
	frame[1] = saved_pc;
}

static __attribute__((noinline)) void
nest(void)
{
	nocfi_framed(allocate);
	__asm__ volatile("" ::: "memory");
}

int
main(int argc, char **argv)
{
	unsigned i, k;

	add_values();
	switch (argc > 1 ? argv[1][0] : 0) {
	case 'r':
		for (i = 0; i < n_values; i++)
			nocfi_call(allocate, values[i]);
		break;
	case 's':
		for (i = 0; i < n_values; i++)
			for (k = 0; k < n_values; k++)
				overwrite(values[i], values[k]);
		break;
	case 'f':
		for (i = 0; i < 90; i++)
			nocfi_framed(nest);
		break;
	}
	say("calls %ld\n", n_calls);
	account_print();
	return 0;
}
