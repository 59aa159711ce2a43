/*
 * thread.c - where a thread's stack is, and its working memory (L2).
 *
 * Why        Reading a stack needs its bounds.  The main thread's upper end
 *            is what ld.so was started with; its lower end follows from the
 *            limit, since the kernel maps nothing else into that gap.
 *            pthread_getattr_np() would tell about other threads, but it
 *            allocates with the thread's lock held: a program that calls it
 *            comes to us there, and our own call would wait for ever.  So
 *            the mapping that holds the stack is looked up once, and with it
 *            the place in glibc's thread descriptor where the same numbers
 *            stand, which answers for all further threads.
 * Limits     A thread that allocates after the last round of key destructors
 *            leaves its working memory behind (one mapping).
 */
#include "hooks/thread.h"

#include "base/sys.h"
#include "hooks/lifecycle.h"
#include "hooks/maps.h"
#include "hooks/spans.h"
#include "tables/region.h"
#include "tables/tree.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define MAX_SPARES		32
/* The kernel keeps at least this much free below the stack's top. */
#define STACK_GAP		(128ul << 20)
#define MAX_DESCRIPTOR		2048u	/* of struct pthread, searched */

THREAD_LOCAL struct thread_state thread_state;

static struct thread_work *spares[MAX_SPARES];
static pthread_key_t exit_key;
static bool has_exit_key;
/* Distance of struct stack_words from a thread's descriptor; 0: unknown. */
static uint32_t stack_words_at;

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

/* ---- threads told apart ---- */

static void
read_own_name(char name[16])
{
	sys_call6(SYS_prctl, PR_GET_NAME, (long)name, 0, 0, 0, 0);
}

/*
 * The marker below which this thread's stacks hang; 0: no room, they are then
 * nobody's.  Each thread has a record of its own, since the kernel gives
 * numbers of threads that have ended to others.
 */
static uint32_t
make_marker(void)
{
	uint32_t id = region_take(SECTION_THREADS);
	struct tree_key key = { .offset = id, .module_kind = NODE_THREAD };
	struct thread_record *record;

	if (id == 0)
		return 0;
	record = region_at(THREADS, struct thread_record, id);
	record->tid = (uint32_t)sys_call6(SYS_gettid, 0, 0, 0, 0, 0, 0);
	read_own_name(record->name);
	/* ORDER thread-record: other end read_record() of the reader. */
	store_release(&record->state, THREAD_RECORD_ALIVE);
	/* No frame has its tag: kind and a record for an address. */
	return tree_child(0, &key, (uint64_t)id << 16 | NODE_THREAD);
}

static void
end_marker(uint32_t marker)
{
	uint64_t id = region_at(NODES, struct node, marker)->offset;
	struct thread_record *record = region_at(THREADS,
	    struct thread_record, id);

	read_own_name(record->last_name);
	/* ORDER thread-record: other end read_record() of the reader. */
	store_release(&record->state, THREAD_RECORD_ENDED);
}

static void
tell_apart(struct unwind_work *work)
{
	work->base = 0;
	if (lifecycle_lobby->options & LOBBY_BY_THREAD)
		work->base = make_marker();
}

void
thread_begin_child(void)
{
	if (thread_state.work != NULL)
		tell_apart(&thread_state.work->unwind);
}

/* ---- the end of a thread ---- */

static void
thread_exits(void *work)
{
	struct thread_state *t = &thread_state;

	/* A fork child that has not begun anew: the tables are not mapped
	 * here.  (No event of its own begins it: it is about to end.) */
	if (load_relaxed(lifecycle_armed) == LIFECYCLE_IDLE)
		return;
	/* Busy, as for an event: a signal may come in between. */
	if (t->work != work || (!thread_enter(t) && !spans_enter(t)))
		return;
	spans_forget(t->work);
	t->flags &= ~(uint32_t)(THREAD_READY | THREAD_NO_DELTAS);
	t->work = NULL;
	if (((struct thread_work *)work)->unwind.base != 0)
		end_marker(((struct thread_work *)work)->unwind.base);
	work_give(work);
	if (t->deltas != NULL)
		deltas_give(lifecycle_control, t->deltas);
	t->deltas = NULL;
	thread_leave(t);
}

ATTR_COLD void
thread_take_deltas(struct thread_state *t)
{
	uint32_t tid = (uint32_t)sys_call6(SYS_gettid, 0, 0, 0, 0, 0, 0);

	t->deltas = deltas_take(lifecycle_control, tid);
	/* Asked once: a full section stays full. */
	if (t->deltas == NULL)
		t->flags |= THREAD_NO_DELTAS;
}

void
thread_abandon(void)
{
	struct thread_state *t = &thread_state;

	t->last_block = 0;
	t->busy_sp = 0;
	t->n_pending = 0;
	t->deltas = NULL;
	t->flags &= ~(uint32_t)THREAD_NO_DELTAS;
	if (t->work != NULL) {
		t->work->thread_id = 0;
		spans_forget(t->work);
		t->work->unwind.base = 0;
		unwind_forget(&t->work->unwind);
	}
}

void
threads_init(void)
{
	has_exit_key = pthread_key_create(&exit_key, thread_exits) == 0;
}

static void
find_main_stack(struct stack_bounds *bounds)
{
	struct rlimit limit;
	uintptr_t size = STACK_GAP;

	*bounds = (struct stack_bounds){ 0, 0 };
	if (&__libc_stack_end == NULL)
		return;
	if (!sys_failed(sys_call6(SYS_prlimit64, 0, RLIMIT_STACK, 0,
	    (long)&limit, 0, 0)) && limit.rlim_cur < size)
		size = limit.rlim_cur;
	/* The arguments and the environment lie above: always mapped. */
	bounds->high = ((uintptr_t)__libc_stack_end | 63) + 1;
	bounds->low = bounds->high - size;
}

/*
 * In glibc's struct pthread (nptl/descr.h) three consecutive words describe a
 * thread's stack: block, size, guard.  Where they stand differs between
 * versions, so it is found by what they must contain.
 */
struct stack_words {
	uintptr_t	block, size, guard;
};

static bool
are_stack_words(const struct stack_words *words, uintptr_t descriptor,
    uintptr_t low)
{
	return words->block + words->guard == low &&
	    words->size > words->guard && words->block < descriptor &&
	    descriptor - words->block <= words->size;
}

static void
learn_stack_words(uintptr_t descriptor, uintptr_t low)
{
	uint32_t at;

	for (at = sizeof(uintptr_t); at <= MAX_DESCRIPTOR;
	    at += sizeof(uintptr_t))
		if (are_stack_words((const void *)(descriptor + at),
		    descriptor, low)) {
			store_relaxed(&stack_words_at, at);
			return;
		}
}

static bool
read_stack_words(uintptr_t descriptor, struct stack_bounds *bounds)
{
	uint32_t at = load_relaxed(&stack_words_at);
	const struct stack_words *words;

	if (at == 0)
		return false;
	words = (const void *)(descriptor + at);
	if (!are_stack_words(words, descriptor, words->block + words->guard))
		return false;
	/* Nothing above the descriptor is ever part of a frame. */
	*bounds = (struct stack_bounds){ words->block + words->guard,
	    descriptor };
	return true;
}

static void
find_thread_stack(struct stack_bounds *bounds)
{
	uintptr_t descriptor = (uintptr_t)pthread_self();
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	struct mapping mapping;

	if (read_stack_words(descriptor, bounds))
		return;
	/* The descriptor lies at the upper end of the thread's stack. */
	if (!maps_find(sp, &mapping) || descriptor <= sp ||
	    descriptor > mapping.end)
		return;
	*bounds = (struct stack_bounds){ mapping.start, descriptor };
	learn_stack_words(descriptor, mapping.start);
}

ATTR_COLD bool
thread_prepare_slow(struct thread_state *t)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	int saved_errno = errno;

	t->work = work_take();
	if (t->work == NULL)
		return false;
	t->n_pending = 0;
	t->work->thread_id = 0;
	spans_forget(t->work);
	unwind_forget(&t->work->unwind);
	t->work->unwind.max_frames = 0;
	tell_apart(&t->work->unwind);
	t->flags |= THREAD_READY;
	/* A child forked by a second thread has that thread's stack. */
	find_main_stack(&t->bounds);
	if (sp < t->bounds.low || sp >= t->bounds.high)
		find_thread_stack(&t->bounds);
	/* Early keys need no allocation; a later one is not worth one. */
	if (has_exit_key && exit_key < 32)
		pthread_setspecific(exit_key, t->work);
	errno = saved_errno;
	return true;
}

ATTR_COLD bool
thread_guard_is_stale(struct thread_state *t, uintptr_t sp)
{
	/* On one stack an inner call lies below; one above means that the
	 * holder's frame is gone.  THREAD_IN_SPAN lies in no stack. */
	if (sp <= t->busy_sp || sp >= t->bounds.high ||
	    t->busy_sp < t->bounds.low)
		return false;
	/* It may have been in the middle of a change. */
	if (t->work != NULL)
		unwind_forget(&t->work->unwind);
	if (!spans_is_open(t))
		return true;
	t->busy_sp = THREAD_IN_SPAN;
	return false;
}
