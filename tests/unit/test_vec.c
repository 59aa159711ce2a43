/*
 * test_vec.c - growing arrays, the index over them, and running out of
 * memory.
 */
#include "base/hash.h"
#include "util/idmap.h"
#include "util/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct item {
	uint64_t	key;
	char		name[20];
};

static void
vec_keeps_what_is_pushed(void **state)
{
	enum { N = 1000 };
	VEC(struct item) items = VEC_INIT;

	(void)state;
	for (uint64_t i = 0; i < N; i++)
		vec_push(&items, (struct item){ .key = i * i, .name = "x" });
	assert_int_equal(items.n, N);
	assert_true(items.room >= N && items.room < 4 * N);
	for (uint64_t i = 0; i < N; i++)
		assert_int_equal(items.items[i].key, i * i);
	assert_int_equal(vec_last(&items)->key, 999 * 999);
	assert_int_equal(vec_pop(&items).key, 999 * 999);
	assert_int_equal(items.n, N - 1);
	vec_fini(&items);
	assert_int_equal(items.n, 0);
	vec_push(&items, (struct item){ .key = 7 });
	assert_int_equal(items.items[0].key, 7);
	vec_fini(&items);
}

static void
vec_reserve_does_not_move_later(void **state)
{
	VEC(int) v = VEC_INIT;
	int *before;

	(void)state;
	vec_reserve(&v, 100);
	before = v.items;
	for (int i = 0; i < 100; i++)
		vec_push(&v, i);
	assert_ptr_equal(v.items, before);
	vec_fini(&v);
}

static void
vec_remove_keeps_the_order(void **state)
{
	VEC(int) v = VEC_INIT;

	(void)state;
	for (int i = 0; i < 5; i++)
		vec_push(&v, i);
	vec_remove(&v, 1);
	vec_remove(&v, 3);
	assert_int_equal(v.n, 3);
	assert_int_equal(v.items[0], 0);
	assert_int_equal(v.items[1], 2);
	assert_int_equal(v.items[2], 3);
	vec_push_zeroed(&v, 3);
	assert_int_equal(v.n, 6);
	assert_int_equal(v.items[5], 0);
	vec_clear(&v);
	assert_int_equal(v.n, 0);
	vec_fini(&v);
}

static bool
is_same_key(const void *table, uint32_t id, const void *key)
{
	const uint64_t *keys = table;

	return keys[id] == *(const uint64_t *)key;
}

static void
idmap_finds_every_key_and_no_other(void **state)
{
	enum { N = 50000 };
	static uint64_t keys[N];
	struct idmap map = IDMAP_INIT;
	uint64_t missing;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		keys[i] = (uint64_t)i * 3;
		assert_int_equal(idmap_find(&map, hash_word(keys[i]),
		    is_same_key, keys, &keys[i]), IDMAP_NONE);
		idmap_add(&map, hash_word(keys[i]), i);
	}
	assert_int_equal(map.n, N);
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(idmap_find(&map, hash_word(keys[i]),
		    is_same_key, keys, &keys[i]), i);
		missing = keys[i] + 1;
		assert_int_equal(idmap_find(&map, hash_word(missing),
		    is_same_key, keys, &missing), IDMAP_NONE);
	}
	idmap_clear(&map);
	assert_int_equal(idmap_find(&map, hash_word(keys[5]), is_same_key,
	    keys, &keys[5]), IDMAP_NONE);
	idmap_fini(&map);
	assert_int_equal(idmap_find(&map, hash_word(keys[5]), is_same_key,
	    keys, &keys[5]), IDMAP_NONE);
}

/* All in one chain: slow, but right. */
static void
idmap_survives_equal_hashes(void **state)
{
	enum { N = 500 };
	static uint64_t keys[N];
	struct idmap map = IDMAP_INIT;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		keys[i] = i;
		idmap_add(&map, UINT64_MAX, i);
	}
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(idmap_find(&map, UINT64_MAX, is_same_key,
		    keys, &keys[i]), i);
	idmap_fini(&map);
}

static void
say_restored(void)
{
	static const char text[] = "restored ";

	if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
		_exit(1);
}

/* In a child: an array that no machine can hold. */
static void
xalloc_dies_after_restoring(void **state)
{
	volatile size_t too_many = SIZE_MAX / 4;
	char text[200];
	ssize_t n, used = 0;
	int fds[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		dup2(fds[1], STDERR_FILENO);
		xalloc_on_death = say_restored;
		free(xreallocarray(NULL, too_many, 8));
		_exit(0);
	}
	close(fds[1]);
	while ((n = read(fds[0], text + used,
	    sizeof text - 1 - (size_t)used)) > 0)
		used += n;
	text[used] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 125);
	assert_string_equal(text, "restored tmtop: out of memory "
	    "(18446744073709551615 bytes asked for)\n");
}

static void
xalloc_of_nothing_is_something(void **state)
{
	char *text = xstrndup("abcdef", 3);
	void *nothing = xmalloc(0), *none = xcalloc(0, 8);

	(void)state;
	assert_string_equal(text, "abc");
	assert_non_null(nothing);
	assert_non_null(none);
	free(text);
	text = xmemdup("a\0b", 3);
	assert_memory_equal(text, "a\0b", 4);
	free(text);
	free(nothing);
	free(none);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(vec_keeps_what_is_pushed),
		cmocka_unit_test(vec_reserve_does_not_move_later),
		cmocka_unit_test(vec_remove_keeps_the_order),
		cmocka_unit_test(idmap_finds_every_key_and_no_other),
		cmocka_unit_test(idmap_survives_equal_hashes),
		cmocka_unit_test(xalloc_dies_after_restoring),
		cmocka_unit_test(xalloc_of_nothing_is_something),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("vec", tests, NULL, NULL);
}
