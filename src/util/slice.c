#include "util/slice.h"

#include "util/xalloc.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

struct slices {
	void		(*work)(void *arg);
	void		*arg;
	pthread_t	 thread;
	bool		 has_thread;
	bool		 is_busy;
	bool		 is_ending;	/* the thread shall end */
	uint64_t	 end_ns;	/* of the slice; UINT64_MAX: none */
	pthread_mutex_t	 lock;		/* for whose turn it is */
	pthread_cond_t	 turn_changed;
	bool		 is_works_turn;
};

/* In the thread of the work: whose it is. */
static _Thread_local struct slices *working;

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Let the other side go on, and wait until it is this side's turn again. */
static void
change_turns(struct slices *s, bool is_work)
{
	pthread_mutex_lock(&s->lock);
	s->is_works_turn = !is_work;
	pthread_cond_broadcast(&s->turn_changed);
	while (s->is_works_turn != is_work)
		pthread_cond_wait(&s->turn_changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void
slice_point(void)
{
	if (working != NULL && now_ns() >= working->end_ns)
		change_turns(working, true);
}

static void
wait_for_first_turn(struct slices *s)
{
	pthread_mutex_lock(&s->lock);
	while (!s->is_works_turn)
		pthread_cond_wait(&s->turn_changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void *
run_thread(void *arg)
{
	struct slices *s = working = arg;

	wait_for_first_turn(s);
	while (!s->is_ending) {
		s->work(s->arg);
		s->is_busy = false;
		change_turns(s, true);
	}
	pthread_mutex_lock(&s->lock);
	s->is_works_turn = false;
	pthread_cond_broadcast(&s->turn_changed);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct slices *
slices_new(void (*work)(void *arg), void *arg)
{
	struct slices *s = xcalloc(1, sizeof *s);

	s->work = work;
	s->arg = arg;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->turn_changed, NULL);
	return s;
}

void
slices_free(struct slices *s)
{
	if (s == NULL)
		return;
	slices_run(s, -1);
	if (s->has_thread) {
		s->is_ending = true;
		change_turns(s, false);
		pthread_join(s->thread, NULL);
	}
	pthread_cond_destroy(&s->turn_changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* Signals are for the owner's thread. */
static void
make_thread(struct slices *s)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s->has_thread = pthread_create(&s->thread, NULL, run_thread, s) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
slices_begin(struct slices *s)
{
	assert(!s->is_busy && working == NULL);
	if (!s->has_thread)
		make_thread(s);
	s->is_busy = true;
}

bool
slices_run(struct slices *s, long budget_us)
{
	if (!s->is_busy)
		return true;
	if (!s->has_thread) {
		/* No thread to be had: all in one slice. */
		s->work(s->arg);
		s->is_busy = false;
		return true;
	}
	s->end_ns = budget_us < 0 ? UINT64_MAX :
	    now_ns() + (uint64_t)budget_us * 1000u;
	change_turns(s, false);
	return !s->is_busy;
}

bool
slices_busy(const struct slices *s)
{
	return s->is_busy;
}
