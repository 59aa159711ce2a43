/*
 * test_read_threads.c - whose traces are whose, of markers and records written
 * here as the hook writes them.
 */
#include "tables/counters.h"
#include "tables/region.h"
#include "tables/tree.h"
#include "traced.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static struct writer alone = { .alone = true };

static void
begin(uint32_t slot)
{
	traced_attach(slot, getpid(), "p");
	alone.control = traced.lobby.control;
}

static uint32_t
add_thread(uint32_t tid, const char *name)
{
	uint32_t id = region_take(SECTION_THREADS);
	struct thread_record *record =
	    region_at(THREADS, struct thread_record, id);

	record->tid = tid;
	memcpy(record->name, name, strlen(name));
	record->state = THREAD_RECORD_ALIVE;
	return id;
}

static void
end_thread(uint32_t id, const char *name)
{
	struct thread_record *record =
	    region_at(THREADS, struct thread_record, id);

	memcpy(record->last_name, name, strlen(name));
	record->state = THREAD_RECORD_ENDED;
}

/* Two frames of a thread, as many bytes live; thread 0: nobody's. */
static uint32_t
add_traceback(uint32_t thread, uint64_t size)
{
	struct tree_key marker = { thread, NODE_THREAD };
	struct tree_key outer = { 0x10, NODE_CALL }, inner = { 0x20, NODE_CALL };
	uint32_t node = 0, id;

	if (thread != 0)
		node = tree_child(0, &marker,
		    (uint64_t)thread << 16 | NODE_THREAD);
	node = tree_child(node, &outer, 0x10 << 16);
	node = tree_child(node, &inner, 0x20 << 16);
	id = tree_traceback(node, traced.lobby.control->clear_epoch, 0, 2);
	counters_add(&alone, id, (struct amount){ size, 1 });
	return node;
}

static void
threads_share_stacks_and_not_traces(void **state)
{
	const struct code_stack *stack;
	struct snapshot *s;
	uint32_t a, b;

	(void)state;
	begin(0);
	a = add_thread(1000000001, "first");
	b = add_thread(1000000002, "second");
	add_traceback(a, 10);
	add_traceback(b, 20);
	add_traceback(0, 40);
	end_thread(b, "renamed");
	s = reader_snapshot(traced.reader);
	assert_false(s->is_corrupt);
	assert_int_equal(s->n_traces, 3);
	assert_int_equal(s->n_threads, 2);
	assert_int_equal(s->traces[0].thread, 1);
	assert_int_equal(s->traces[1].thread, 2);
	assert_int_equal(s->traces[2].thread, 0);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(s->traces[i].size, 10 << i);
		assert_int_equal(s->traces[i].stack, s->traces[0].stack);
	}
	/* The marker is no frame. */
	stack = frame_store_get_stack(traced.store, s->traces[0].stack);
	stack = frame_store_get_stack(traced.store, stack->parent);
	assert_int_equal(stack->parent, 0);
	assert_string_equal(s->threads[0].name, "first");
	assert_int_equal(s->threads[0].tid, 1000000001);
	assert_false(s->threads[0].has_exited);
	assert_string_equal(s->threads[1].name, "renamed");
	assert_true(s->threads[1].has_exited);
	snapshot_release(s);
}

/* It is asked for at each reading, and the last answer is kept. */
static void
threads_have_the_name_that_the_kernel_knows(void **state)
{
	struct snapshot *s;

	(void)state;
	begin(0);
	add_traceback(add_thread((uint32_t)syscall(SYS_gettid), "old"), 1);
	prctl(PR_SET_NAME, "new\tname");
	s = reader_snapshot(traced.reader);
	assert_string_equal(s->threads[0].name, "new\\x09name");
	snapshot_release(s);
	slot_set_dead(&traced.lobby, 0, SLOT_EXITED, 0);
	prctl(PR_SET_NAME, "later");
	s = reader_snapshot(traced.reader);
	assert_string_equal(s->threads[0].name, "new\\x09name");
	snapshot_release(s);
}

static void
threads_of_two_processes_have_numbers_of_their_own(void **state)
{
	struct snapshot *s;

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		begin(i);
		add_thread(1000000001, "idle");
		add_traceback(add_thread(1000000002, "busy"), 1);
		traced_let_go();
	}
	s = reader_snapshot(traced.reader);
	assert_int_equal(s->n_threads, 4);
	assert_int_equal(s->traces[0].thread, 2);
	assert_int_equal(s->traces[1].thread, 4);
	assert_int_equal(s->threads[3].process, 1);
	snapshot_release(s);
}

/* ---- hostile ---- */

static void
hostile_marker_of_no_thread_is_flagged(void **state)
{
	struct snapshot *s;

	(void)state;
	begin(0);
	add_traceback(7, 10);
	s = reader_snapshot(traced.reader);
	assert_true(s->is_corrupt);
	assert_int_equal(s->traces[0].thread, 0);
	snapshot_release(s);
}

static void
hostile_marker_inside_a_stack_is_flagged(void **state)
{
	struct snapshot *s;
	uint32_t node;

	(void)state;
	begin(0);
	node = add_traceback(0, 10);
	region_at(NODES, struct node, node)->module_kind = NODE_THREAD;
	region_at(NODES, struct node, node)->offset = add_thread(1, "x");
	s = reader_snapshot(traced.reader);
	assert_true(s->is_corrupt);
	snapshot_release(s);
}

static void
hostile_number_of_threads_is_flagged(void **state)
{
	struct snapshot *s;

	(void)state;
	begin(0);
	add_traceback(add_thread(1000000001, "x"), 10);
	region_header->sections[SECTION_THREADS].n_used = UINT32_MAX;
	region_header->sections[SECTION_TRACEBACKS].n_used = 2;
	s = reader_snapshot(traced.reader);
	assert_true(s->is_corrupt);
	assert_int_equal(s->traces[0].thread, 0);
	snapshot_release(s);
	/* Fewer than there were. */
	region_header->sections[SECTION_THREADS].n_used = 2;
	snapshot_release(reader_snapshot(traced.reader));
	region_header->sections[SECTION_THREADS].n_used = 0;
	s = reader_snapshot(traced.reader);
	assert_int_equal(s->traces[0].thread, 1);
	assert_int_equal(s->n_threads, 1);
	snapshot_release(s);
}

static void
hostile_names_are_made_printable(void **state)
{
	struct snapshot *s;

	(void)state;
	begin(0);
	add_traceback(add_thread(1000000001,
	    "\033[2J\200\201\202\203\204\205\206\207\210\211\212"), 10);
	s = reader_snapshot(traced.reader);
	for (const char *c = s->threads[0].name; *c != '\0'; c++)
		assert_true(*c >= ' ' && *c < 0x7f);
	snapshot_release(s);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, traced_set_up, \
			    traced_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(threads_share_stacks_and_not_traces),
		T(threads_have_the_name_that_the_kernel_knows),
		T(threads_of_two_processes_have_numbers_of_their_own),
		T(hostile_marker_of_no_thread_is_flagged),
		T(hostile_marker_inside_a_stack_is_flagged),
		T(hostile_number_of_threads_is_flagged),
		T(hostile_names_are_made_printable),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
