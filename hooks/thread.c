/*
 * thread.c - where a thread's stack is, and its working memory (L2).
 *
 * Why        Reading a stack needs its bounds.  The main thread's upper end
 *            is what ld.so was started with; its lower end follows from the
 *            limit, since the kernel maps nothing else into that gap.  Other
 *            threads are asked of libc once, which may allocate: such calls
 *            come back with THREAD_OWN_CALL set and pass through uncounted.
 * Limits     A thread that allocates after the last round of key destructors
 *            leaves its working memory behind (one mapping).
 */
#include "hooks/thread.h"

#include "base/sys.h"
#include "tables/region.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define MAX_SPARES		32
/* The kernel keeps at least this much free below the stack's top. */
#define STACK_GAP		(128ul << 20)
#define LEAST_STACK		(64ul << 10)

THREAD_LOCAL struct thread_state thread_state;

static struct thread_work *spares[MAX_SPARES];
static pthread_key_t exit_key;
static bool has_exit_key;

extern void *__libc_stack_end ATTR_WEAK;

static struct thread_work *
work_take(void)
{
	struct thread_work *work;
	unsigned i;

	for (i = 0; i < MAX_SPARES; i++) {
		if (load_relaxed(&spares[i]) == NULL)
			continue;
		work = exchange_acq_rel(&spares[i], NULL);
		if (work != NULL)
			return work;
	}
	return private_map(sizeof(*work));
}

static void
work_give(struct thread_work *work)
{
	struct thread_work *expected;
	unsigned i;

	for (i = 0; i < MAX_SPARES; i++) {
		expected = NULL;
		if (load_relaxed(&spares[i]) == NULL &&
		    cas_acq_rel(&spares[i], &expected, work))
			return;
	}
	private_unmap(work, sizeof(*work));
}

static void
thread_exits(void *work)
{
	struct thread_state *t = &thread_state;

	if (t->work != work)
		return;
	t->work = NULL;
	t->flags &= ~(uint32_t)THREAD_READY;
	work_give(work);
}

void
threads_init(void)
{
	has_exit_key = pthread_key_create(&exit_key, thread_exits) == 0;
}

static bool
is_main_thread(void)
{
	return sys_call6(SYS_gettid, 0, 0, 0, 0, 0, 0) == sys_getpid();
}

static void
find_main_stack(struct stack_bounds *bounds)
{
	struct rlimit limit;
	uintptr_t size = STACK_GAP;

	if (&__libc_stack_end == NULL)
		return;
	if (!sys_failed(sys_call6(SYS_prlimit64, 0, RLIMIT_STACK, 0,
	    (long)&limit, 0, 0)) && limit.rlim_cur < size)
		size = limit.rlim_cur;
	/* The arguments and the environment lie above: always mapped. */
	bounds->high = ((uintptr_t)__libc_stack_end | 63) + 1;
	bounds->low = bounds->high - size;
}

static void
find_thread_stack(struct stack_bounds *bounds)
{
	pthread_attr_t attributes;
	size_t size;
	void *low;

	if (pthread_getattr_np(pthread_self(), &attributes) != 0)
		return;
	if (pthread_attr_getstack(&attributes, &low, &size) == 0 &&
	    size >= LEAST_STACK / 8) {
		bounds->low = (uintptr_t)low;
		bounds->high = (uintptr_t)low + size;
	}
	pthread_attr_destroy(&attributes);
}

ATTR_COLD bool
thread_prepare_slow(struct thread_state *t)
{
	int saved_errno = errno;

	t->work = work_take();
	if (t->work == NULL)
		return false;
	t->n_pending = 0;
	t->work->unwind.n_known = 0;
	t->flags |= THREAD_READY | THREAD_OWN_CALL;
	if (is_main_thread())
		find_main_stack(&t->bounds);
	else
		find_thread_stack(&t->bounds);
	/* Early keys need no allocation; a later one is not worth one. */
	if (has_exit_key && exit_key < 32)
		pthread_setspecific(exit_key, t->work);
	t->flags &= ~(uint32_t)THREAD_OWN_CALL;
	errno = saved_errno;
	return true;
}

ATTR_COLD bool
thread_guard_is_stale(const struct thread_state *t, uintptr_t sp)
{
	/* On one stack an inner call lies below; one above means that the
	 * holder's frame is gone. */
	return sp > t->busy_sp && sp < t->bounds.high &&
	    t->busy_sp >= t->bounds.low;
}
