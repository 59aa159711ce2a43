/*
 * test_tree.c - frames and tracebacks as they are found again.
 */
#include "tables/region.h"
#include "tables/tree.h"
#include "traced.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static int
set_up(void **state)
{
	traced_set_up(state);
	traced_attach(0, getpid(), "p");
	return 0;
}

static struct tree_key
key_of(uint64_t offset, uint32_t module)
{
	return (struct tree_key){ .offset = offset,
	    .module_kind = module << NODE_MODULE_SHIFT };
}

/* Equal for equal keys of this test, and never 0. */
static tree_tag
tag_of(const struct tree_key *key)
{
	return (key->offset + 1) << 16 | key->module_kind;
}

static uint32_t
child(uint32_t parent, uint64_t offset, uint32_t module)
{
	struct tree_key key = key_of(offset, module);

	return tree_child(parent, &key, tag_of(&key));
}

static void
tree_same_frame_below_same_parent_is_same_node(void **state)
{
	uint32_t outer = child(0, 0x100, 1), inner = child(outer, 0x200, 1);

	(void)state;
	assert_int_not_equal(outer, 0);
	assert_int_not_equal(inner, outer);
	assert_int_equal(child(0, 0x100, 1), outer);
	assert_int_equal(child(outer, 0x200, 1), inner);
	assert_true(outer < inner);
}

static void
tree_module_or_parent_differs_is_another_node(void **state)
{
	uint32_t first = child(0, 0x100, 1);

	(void)state;
	assert_int_not_equal(child(0, 0x100, 2), first);
	assert_int_not_equal(child(first, 0x100, 1), first);
}

/* The short way gives the child found last and no other. */
static void
tree_last_child_is_the_latest_of_its_parent(void **state)
{
	struct tree_key a = key_of(0x100, 1), b = key_of(0x200, 1);
	uint32_t first = child(0, 0x100, 1), second = child(0, 0x200, 1);

	(void)state;
	assert_int_equal(tree_last_child(0, tag_of(&a)), 0);
	assert_int_equal(tree_last_child(0, tag_of(&b)), second);
	assert_int_equal(tree_last_child(first, tag_of(&b)), 0);
	assert_int_equal(child(0, 0x100, 1), first);
	assert_int_equal(tree_last_child(0, tag_of(&a)), first);
	tree_forget_tags();
	assert_int_equal(tree_last_child(0, tag_of(&a)), 0);
	assert_int_equal(child(0, 0x100, 1), first);
}

/* Many more children than the first index holds, visited in another order. */
static void
tree_index_grows_without_losing_nodes(void **state)
{
	enum { N = 50000 };
	uint32_t *ids = calloc(N, sizeof(*ids)), i, at;

	(void)state;
	for (i = 0; i < N; i++) {
		ids[i] = child(0, i * 16 + 1, 1);
		assert_int_not_equal(ids[i], 0);
	}
	for (i = 0; i < N; i++) {
		at = (uint32_t)((uint64_t)i * 7919 % N);
		assert_int_equal(child(0, at * 16 + 1, 1), ids[at]);
	}
	/* Every id was handed out once. */
	assert_int_equal(region_header->sections[SECTION_NODES].n_used, N + 1);
	free(ids);
}

static void
tree_traceback_of_a_node_is_one_id_with_its_flags(void **state)
{
	uint32_t node = child(0, 0x100, 1), id;
	const struct traceback *t;

	(void)state;
	id = tree_traceback(node, 1, TRACEBACK_CUT, 7);
	assert_int_not_equal(id, 0);
	assert_int_equal(tree_traceback(node, 1, TRACEBACK_CUT, 7), id);
	t = region_at(TRACEBACKS, struct traceback, id);
	assert_int_equal(t->node, node);
	assert_int_equal(t->flags, TRACEBACK_CUT);
	assert_int_equal(t->total_nframe, 7);
}

static void
tree_cleared_traceback_is_another_id_for_the_same_node(void **state)
{
	uint32_t node = child(0, 0x100, 1), before, after;

	(void)state;
	before = tree_traceback(node, 1, 0, 7);
	after = tree_traceback(node, 2, 0, 7);
	assert_int_not_equal(after, 0);
	assert_int_not_equal(after, before);
	assert_int_equal(tree_traceback(node, 2, 0, 7), after);
	assert_int_equal(region_at(TRACEBACKS, struct traceback,
	    before)->node, node);
	assert_int_equal(region_at(TRACEBACKS, struct traceback,
	    after)->node, node);
	assert_int_equal(region_at(TRACEBACKS, struct traceback,
	    after)->clear_epoch, 2);
}

static void
tree_domain_is_another_traceback_of_the_same_stack(void **state)
{
	uint32_t node = child(0, 0x100, 1), plain, mapped;
	const struct traceback *t;

	(void)state;
	plain = tree_traceback(node, 1, TRACEBACK_CUT, 7);
	mapped = tree_in_domain(plain, DOMAIN_MAPPINGS);
	assert_int_not_equal(mapped, 0);
	assert_int_not_equal(mapped, plain);
	assert_int_equal(tree_in_domain(plain, DOMAIN_MAPPINGS), mapped);
	t = region_at(TRACEBACKS, struct traceback, mapped);
	assert_int_equal(t->domain, DOMAIN_MAPPINGS);
	assert_int_equal(t->flags, TRACEBACK_CUT);
	assert_int_equal(region_at(NODES, struct node, t->node)->parent,
	    node);
	assert_int_equal(region_at(TRACEBACKS, struct traceback,
	    plain)->domain, DOMAIN_MALLOC);
}

/* ---- more of everything ---- */

/* A frame below itself, as recursion makes it. */
static void
tree_path_of_any_length_is_walked_back(void **state)
{
	enum { DEPTH = 100000 };
	uint32_t node = 0, i;

	(void)state;
	for (i = 1; i <= DEPTH; i++) {
		node = child(node, i % 7, 1);
		assert_int_equal(node, i);
	}
	for (; i-- > 1; node = region_at(NODES, struct node, node)->parent)
		assert_int_equal(region_at(NODES, struct node, node)->offset,
		    i % 7);
	assert_int_equal(node, 0);
}

static void
tree_tags_forgotten_cost_no_node(void **state)
{
	enum { N = 40000 };		/* in several chunks */
	uint32_t i;

	(void)state;
	for (i = 1; i <= N; i++)
		assert_int_equal(child((i - 1) / 2, i, 1), i);
	tree_forget_tags();
	for (i = 1; i <= N; i++) {
		struct tree_key key = key_of(i, 1);

		assert_int_equal(tree_last_child((i - 1) / 2, tag_of(&key)),
		    0);
	}
	for (i = 1; i <= N; i++)
		assert_int_equal(child((i - 1) / 2, i, 1), i);
}

/* All of it, as far as it goes: known stacks are found, new ones refused. */
static void
tree_that_is_full_knows_what_it_has(void **state)
{
	uint32_t n = 0, ids[2000], i;

	(void)state;
	traced_let_go();
	assert_int_equal(region_attach(NULL, traced.fd, 1,
	    HEADER_SIZE + 384 * 1024), 0);
	assert_true(tree_begin());
	for (i = 0; i < array_size(ids); i++) {
		ids[i] = child(0, i, 1);
		assert_int_not_equal(ids[i], 0);
	}
	while (tree_traceback(child(0, n, 1), 1, 0, 1) != 0)
		n++;
	/* A record takes 128 bytes. */
	assert_in_range(n, 1, 384 * 1024 / 128);
	while (child(0, n, 1) != 0)
		n++;
	assert_in_range(n, array_size(ids), 384 * 1024 / 16);
	assert_true(region_header->sections[SECTION_TRACEBACKS].is_full);
	assert_true(region_header->sections[SECTION_NODES].is_full);
	assert_true(region_header->troubles & TROUBLE_LIMIT);
	for (i = 0; i < array_size(ids); i++)
		assert_int_equal(child(0, i, 1), ids[i]);
	assert_int_not_equal(tree_traceback(ids[0], 1, 0, 1), 0);
	assert_int_equal(child(ids[0], 1, 1), 0);
	assert_int_equal(tree_in_domain(tree_traceback(ids[0], 1, 0, 1),
	    DOMAIN_MAPPINGS), 0);
}

/* ---- threads ---- */

enum { N_THREADS = 4, N_STACKS = 20000 };

static uint32_t made[N_THREADS][N_STACKS];

/* Where shards grow, and from where everybody starts, there is most to do. */
static uint32_t
stack_of(uint32_t i)
{
	return child(child(child(0, i % 3, 1), i % 101, 2), i, 3);
}

static void *
make_stacks(void *argument)
{
	unsigned number = *(unsigned *)argument;
	uint32_t i, k;

	for (k = 0; k < N_STACKS; k++) {
		/* Each in its own order. */
		i = number % 2 ? N_STACKS - 1 - k : k;
		made[number][i] = stack_of(i);
	}
	return NULL;
}

static void
check_stack(uint32_t id, uint32_t i)
{
	const uint64_t offsets[3] = { i, i % 101, i % 3 };

	for (unsigned k = 0; k < 3; k++) {
		const struct node *node = region_at(NODES, struct node, id);

		assert_int_equal(node->offset, offsets[k]);
		assert_int_equal(node->module_kind >> NODE_MODULE_SHIFT,
		    3 - k);
		assert_true(node->parent < id);
		id = node->parent;
	}
	assert_int_equal(id, 0);
}

/* Two may make the same node at once; what is said of it stays right. */
static void
tree_made_by_threads_has_each_stack_and_few_twice(void **state)
{
	unsigned numbers[N_THREADS], i, k;
	pthread_t threads[N_THREADS];
	uint32_t n_used, n = N_STACKS + 3 * 101 + 3;

	(void)state;
	for (i = 0; i < N_THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL,
		    make_stacks, &numbers[i]), 0);
	}
	for (i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < N_THREADS; i++)
		for (k = 0; k < N_STACKS; k++)
			check_stack(made[i][k], k);
	n_used = region_header->sections[SECTION_NODES].n_used;
	assert_in_range(n_used, n, n + n / 10);
	/* What was put into a place that was given up meanwhile is made again,
	 * once. */
	for (k = 0; k < N_STACKS; k++)
		made[0][k] = stack_of(k);
	assert_in_range(region_header->sections[SECTION_NODES].n_used, n_used,
	    n_used + n / 100);
	for (k = 0; k < N_STACKS; k++)
		assert_int_equal(stack_of(k), made[0][k]);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, traced_tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(tree_same_frame_below_same_parent_is_same_node),
		T(tree_module_or_parent_differs_is_another_node),
		T(tree_last_child_is_the_latest_of_its_parent),
		T(tree_index_grows_without_losing_nodes),
		T(tree_traceback_of_a_node_is_one_id_with_its_flags),
		T(tree_cleared_traceback_is_another_id_for_the_same_node),
		T(tree_domain_is_another_traceback_of_the_same_stack),
		T(tree_path_of_any_length_is_walked_back),
		T(tree_tags_forgotten_cost_no_node),
		T(tree_that_is_full_knows_what_it_has),
		T(tree_made_by_threads_has_each_stack_and_few_twice),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
