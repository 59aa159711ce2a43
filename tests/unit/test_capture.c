/*
 * test_capture.c - reuse of the previous traceback, with a fake unwinder.
 *
 * The stack is an array of this test, laid out by hand; the fake walks a list
 * of frames that the test prepared, ends at known ones as the interface says,
 * and counts the frames it had to look at.  What capture() makes of it is
 * compared with the frames that were laid out.  Below 64 KiB no module lies,
 * so that the frames' addresses are stored as they are.
 */
#include "hooks/capture.h"
#include "hooks/modules.h"
#include "hooks/tails.h"
#include "hooks/verify.h"
#include "tables/region.h"
#include "tables/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

uint32_t verify_mode;

void
verify_unwind(const struct frame_state *start,
    const struct stack_bounds *bounds, struct unwind_work *work,
    uint32_t max_frames, struct unwind_result *result)
{
	(void)start;
	(void)bounds;
	(void)work;
	(void)max_frames;
	(void)result;
	fail_msg("verification is off");
}

bool
unwind_same_step(const struct frame_state *inner,
    const struct frame_state *outer, const struct stack_bounds *bounds,
    struct unwind_work *work)
{
	(void)inner;
	(void)outer;
	(void)bounds;
	(void)work;
	fail_msg("no step is taken again");
	return false;
}

/* ---- a stack by hand: frame i occupies words [at[i].word, ...) ---- */

enum { MAX_DEPTH = 100001, FRAME_WORDS = 4, N_WORDS = MAX_DEPTH * FRAME_WORDS };

static uintptr_t stack[N_WORDS];
static struct frame_state frames[MAX_DEPTH];	/* outermost first */
static unsigned n_frames, n_walked;
static uint32_t walk_flags, steps_read_fp;

/*
 * Frame i's sp is FRAME_WORDS below that of its caller; the word below the
 * caller's sp is the return address, the one below that the saved fp.
 */
static void
push_frame(uintptr_t pc)
{
	unsigned i = n_frames++;
	uintptr_t *sp = &stack[N_WORDS - 1 - i * FRAME_WORDS];

	frames[i] = (struct frame_state){ .sp = (uintptr_t)sp, .pc = pc,
	    .fp = 0xf00 + pc };
	if (i > 0) {
		sp[FRAME_WORDS - 1] = frames[i - 1].pc;
		sp[FRAME_WORDS - 2] = frames[i - 1].fp;
	}
}

static void
lay_out(const uintptr_t *pcs, unsigned n)
{
	n_frames = 0;
	while (n_frames < n)
		push_frame(pcs[n_frames]);
}

static struct stack_bounds
stack_bounds(void)
{
	return (struct stack_bounds){ (uintptr_t)stack,
	    (uintptr_t)(stack + N_WORDS) };
}

/* Frame i as a walk finds it: how the step to its caller was taken, and in
 * node, whether it read fp. */
static struct frame
frame_of(unsigned i)
{
	return (struct frame){
		.packed = frame_pack(frames[i].pc, i == 0 ? FRAME_FP_SAME :
		    FRAME_WORDS - 2),
		.fp = frames[i].fp,
		.depth = frame_depth(frames[i].sp, stack_bounds().high),
		.node = steps_read_fp,
	};
}

/* Is frame i among the first *n_left known ones?  Those deeper in the stack
 * are passed over. */
static bool
is_known(const struct unwind_work *known, uint32_t *n_left, unsigned i)
{
	struct frame frame = frame_of(i), last;

	while (*n_left > 0 &&
	    known->frames[*n_left - 1].depth > frame.depth)
		--*n_left;
	if (*n_left == 0)
		return false;
	last = known->frames[*n_left - 1];
	return frame_pc(&last) == frame_pc(&frame) &&
	    frame_fp_is(&last, frame.fp) && last.depth == frame.depth;
}

void
unwind_cfa(const struct frame_state *start,
    const struct stack_bounds *bounds, struct unwind_work *work,
    uint32_t max_frames, struct unwind_result *result)
{
	struct frame *found = unwind_found(work);
	uint32_t n_left = work->n_known;
	unsigned i;

	*result = (struct unwind_result){ .flags = walk_flags,
	    .is_lasting = walk_flags == 0 };
	assert_ptr_equal(start->sp, frames[n_frames - 1].sp);
	assert_true(bounds->low <= start->sp);
	for (i = n_frames; i-- > 0;) {
		if (is_known(work, &n_left, i)) {
			result->n_joined = n_left;
			break;
		}
		if (result->n_found == max_frames) {
			result->flags |= TRACEBACK_TRUNCATED;
			break;
		}
		n_walked++;
		found[result->n_found++] = frame_of(i);
	}
	result->first_guess = result->n_found;
}

static int segment;
static struct unwind_work work;

static int
set_up(void **state)
{
	struct segment_plan plan = { .nonce = 1 };

	(void)state;
	segment = segment_create(&plan);
	assert_true(segment >= 0);
	assert_int_equal(region_attach(NULL, segment, 0, UINT64_C(1) << 30),
	    0);
	assert_true(tree_begin());
	memset(&work, 0, sizeof work);
	n_walked = 0;
	walk_flags = 0;
	steps_read_fp = 1;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tails_abandon();
	tree_abandon();
	region_abandon();
	close(segment);
	return 0;
}

static uint32_t
capture_limited(uint32_t max_frames)
{
	struct stack_bounds bounds = stack_bounds();

	n_walked = 0;
	return capture(&frames[n_frames - 1], &bounds, &work, max_frames, 1);
}

static uint32_t
capture_now(void)
{
	return capture_limited(0);
}

/* The stored frames are those laid out, outermost last. */
static void
check_stored(uint32_t id)
{
	const struct traceback *t = region_at(TRACEBACKS, struct traceback,
	    id);
	uint32_t node = t->node;

	assert_int_equal(t->total_nframe, n_frames);
	for (unsigned i = n_frames; i-- > 0;) {
		const struct node *n = region_at(NODES, struct node, node);

		assert_int_equal(n->offset, frames[i].pc);
		node = n->parent;
	}
	assert_int_equal(node, 0);
}

static void
capture_same_stack_walks_nothing_and_gives_the_same_id(void **state)
{
	static const uintptr_t pcs[] = { 1, 2, 3, 4, 5 };
	uint32_t id;

	(void)state;
	lay_out(pcs, 5);
	id = capture_now();
	assert_int_equal(n_walked, 5);
	check_stored(id);
	assert_int_equal(capture_now(), id);
	assert_int_equal(n_walked, 0);
}

static void
capture_inner_frames_changed_walks_only_those(void **state)
{
	static const uintptr_t before[] = { 1, 2, 3, 4, 5 };
	static const uintptr_t after[] = { 1, 2, 3, 14, 15, 16 };
	uint32_t id;

	(void)state;
	lay_out(before, 5);
	id = capture_now();
	lay_out(after, 6);
	assert_int_not_equal(capture_now(), id);
	assert_int_equal(n_walked, 3);
	check_stored(capture_now());
}

/* A longjmp and another path to the same place: nobody was told. */
static void
capture_outer_return_address_changed_walks_all_below(void **state)
{
	static const uintptr_t before[] = { 1, 2, 3, 4 };
	static const uintptr_t after[] = { 1, 22, 3, 4 };

	(void)state;
	lay_out(before, 4);
	capture_now();
	lay_out(after, 4);
	check_stored(capture_now());
	assert_int_equal(n_walked, 3);
}

static void
capture_saved_frame_pointer_changed_is_noticed(void **state)
{
	static const uintptr_t pcs[] = { 1, 2, 3, 4 };

	(void)state;
	lay_out(pcs, 4);
	capture_now();
	/* Frame 1 comes back with another fp: 1 and those below are new. */
	frames[1].fp++;
	stack[N_WORDS - 1 - FRAME_WORDS - 2] = frames[1].fp;
	check_stored(capture_now());
	assert_int_equal(n_walked, 3);
}

static void
capture_frame_pointer_that_no_step_reads_may_be_anything(void **state)
{
	static const uintptr_t pcs[] = { 1, 2, 3, 4 };
	uint32_t id;

	(void)state;
	steps_read_fp = 0;
	lay_out(pcs, 4);
	id = capture_now();
	frames[1].fp++;
	stack[N_WORDS - 1 - FRAME_WORDS - 2] = frames[1].fp;
	frames[3].fp++;
	assert_int_equal(capture_now(), id);
	assert_int_equal(n_walked, 0);
	check_stored(id);
}

static void
capture_unload_of_any_module_forgets_all(void **state)
{
	static const uintptr_t pcs[] = { 1, 2, 3 };

	(void)state;
	lay_out(pcs, 3);
	capture_now();
	modules_epoch++;
	capture_now();
	assert_int_equal(n_walked, 3);
}

static void
capture_incomplete_walk_is_not_remembered(void **state)
{
	static const uintptr_t pcs[] = { 1, 2, 3 };
	uint32_t id;

	(void)state;
	walk_flags = TRACEBACK_CUT;
	lay_out(pcs, 3);
	id = capture_now();
	assert_int_equal(region_at(TRACEBACKS, struct traceback, id)->flags,
	    TRACEBACK_CUT);
	assert_int_equal(capture_now(), id);
	assert_int_equal(n_walked, 3);
}

static void
capture_returned_frames_do_not_come_back(void **state)
{
	static const uintptr_t deep[] = { 1, 2, 3, 4, 5, 6 };
	static const uintptr_t shallow[] = { 1, 2 };
	static const uintptr_t again[] = { 1, 2, 7, 8 };

	(void)state;
	lay_out(deep, 6);
	capture_now();
	lay_out(shallow, 2);
	check_stored(capture_now());
	assert_int_equal(n_walked, 0);
	lay_out(again, 4);
	check_stored(capture_now());
	assert_int_equal(n_walked, 2);
}

/* Random stacks: whatever is reused, what is stored is what was there. */
static void
capture_any_sequence_of_stacks_is_stored_exactly(void **state)
{
	enum { DEPTH = 32 };
	uintptr_t pcs[DEPTH];
	unsigned n = 1, keep;

	(void)state;
	srandom(2);
	pcs[0] = 1;
	for (int i = 0; i < 20000; i++) {
		keep = 1 + (unsigned)random() % n;
		n = keep + (unsigned)random() % (DEPTH - keep);
		for (unsigned k = keep; k < n; k++)
			pcs[k] = 1 + (uintptr_t)(random() % 3);
		lay_out(pcs, n);
		check_stored(capture_now());
	}
}

/* ---- a stored limit ---- */

static struct unwind_work limited_work;

/*
 * What is stored under the limit is the full traceback's most recent frames:
 * the same ones have the same id, other ones another.
 */
static uint64_t
check_limited(uint32_t full, uint32_t limited, uint32_t limit)
{
	uint32_t a = region_at(TRACEBACKS, struct traceback, full)->node;
	uint32_t b = region_at(TRACEBACKS, struct traceback, limited)->node;
	uint64_t key = 0;

	for (uint32_t i = 0; i < limit && a != 0; i++) {
		const struct node *of_full = region_at(NODES, struct node, a);
		const struct node *of_limited = region_at(NODES, struct node,
		    b);

		assert_int_equal(of_limited->offset, of_full->offset);
		assert_int_equal(of_limited->module_kind,
		    of_full->module_kind);
		/* Addresses are 1 to 3. */
		key = key << 2 | of_full->offset;
		a = of_full->parent;
		b = of_limited->parent;
	}
	assert_int_equal(b, 0);
	return key;
}

static int
compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
check_any_stacks_at(uint32_t limit)
{
	enum { DEPTH = 40, MAX_IDS = 40000 };
	static uint64_t keys[MAX_IDS];
	static uint32_t deepest[MAX_IDS];
	struct stack_bounds bounds = stack_bounds();
	uintptr_t pcs[DEPTH] = { 1 };
	unsigned n = 1, keep, n_keys = 0;
	const struct traceback *t;
	uint64_t key;
	uint32_t id;

	tear_down(NULL);
	set_up(NULL);
	memset(keys, 0, sizeof keys);
	memset(deepest, 0, sizeof deepest);
	memset(&limited_work, 0, sizeof limited_work);
	for (int i = 0; i < 10000; i++) {
		keep = 1 + (unsigned)random() % n;
		n = keep + (unsigned)random() % (DEPTH - keep);
		for (unsigned k = keep; k < n; k++)
			pcs[k] = 1 + (uintptr_t)(random() % 3);
		lay_out(pcs, n);
		id = capture(&frames[n - 1], &bounds, &limited_work, limit, 1);
		assert_in_range(id, 1, MAX_IDS - 1);
		key = check_limited(capture_now(), id, limit);
		assert_true(keys[id] == 0 || keys[id] == key);
		keys[id] = key;
		deepest[id] = deepest[id] < n ? n : deepest[id];
		t = region_at(TRACEBACKS, struct traceback, id);
		assert_int_equal(t->total_nframe, deepest[id]);
		assert_int_equal(t->flags,
		    deepest[id] > limit ? TRACEBACK_TRUNCATED : 0);
	}
	for (id = 0; id < MAX_IDS; id++)
		if (keys[id] != 0)
			keys[n_keys++] = keys[id];
	assert_in_range(n_keys, 2, MAX_IDS);
	qsort(keys, n_keys, sizeof(keys[0]), compare_keys);
	for (id = 1; id < n_keys; id++)
		assert_true(keys[id] != keys[id - 1]);
}

static void
capture_limited_is_the_full_one_cut(void **state)
{
	(void)state;
	srandom(3);
	check_any_stacks_at(1);
	check_any_stacks_at(2);
	check_any_stacks_at(7);
	check_any_stacks_at(25);
}

/* ---- deep recursion ---- */

/* Three functions that call each other, down and up again. */
static void
recurse(uint32_t limit, uint32_t most_nodes)
{
	enum { DEPTH = 100000 };

	tear_down(NULL);
	set_up(NULL);
	n_frames = 0;
	while (n_frames < DEPTH) {
		push_frame(1 + n_frames % 3);
		assert_int_not_equal(capture_limited(limit), 0);
	}
	while (--n_frames > 0)
		assert_int_not_equal(capture_limited(limit), 0);
	assert_in_range(region_header->sections[SECTION_NODES].n_used, 1,
	    most_nodes + 1);
	assert_in_range(region_header->sections[SECTION_TRACEBACKS].n_used, 1,
	    most_nodes + 1);
}

static void
capture_recursion_has_bounded_nodes(void **state)
{
	(void)state;
	/* Limited, each frame of a stack may begin with any of the three; and
	 * one marker, for what a thread does not keep. */
	recurse(1, 3 + 1);
	recurse(25, 3 * 25 + 1);
	recurse(1024, 3 * 1024 + 1);
	/* The outermost as they are; below the marker any of the three. */
	recurse(0, 1024 + 1 + 3 * 1024);
}

static void
capture_recursion_knows_how_deep_it_is(void **state)
{
	uint32_t id = 0;

	(void)state;
	n_frames = 0;
	while (n_frames < 100000) {
		push_frame(1 + n_frames % 3);
		id = capture_limited(25);
		assert_int_equal(region_at(TRACEBACKS, struct traceback,
		    id)->total_nframe, n_frames);
	}
	assert_int_equal(region_at(TRACEBACKS, struct traceback, id)->flags,
	    TRACEBACK_TRUNCATED);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(capture_same_stack_walks_nothing_and_gives_the_same_id),
		T(capture_inner_frames_changed_walks_only_those),
		T(capture_outer_return_address_changed_walks_all_below),
		T(capture_saved_frame_pointer_changed_is_noticed),
		T(capture_frame_pointer_that_no_step_reads_may_be_anything),
		T(capture_unload_of_any_module_forgets_all),
		T(capture_incomplete_walk_is_not_remembered),
		T(capture_returned_frames_do_not_come_back),
		T(capture_any_sequence_of_stacks_is_stored_exactly),
		T(capture_limited_is_the_full_one_cut),
		T(capture_recursion_has_bounded_nodes),
		T(capture_recursion_knows_how_deep_it_is),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
