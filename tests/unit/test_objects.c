/*
 * test_objects.c - what the program tracks itself, against an array of it.
 *
 * The file under test is part of this one: that an owner is gone can only be
 * made so from inside.
 */
#include "../../src/tables/objects.c"

#include "traced.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uint32_t own_id;

static int
set_up(void **state)
{
	traced_set_up(state);
	traced_attach(0, getpid(), "p");
	own_id = (uint32_t)sys_call6(SYS_gettid, 0, 0, 0, 0, 0, 0);
	return 0;
}

static int
tear_down(void **state)
{
	objects_abandon();
	return traced_tear_down(state);
}

static struct object_key
key_at(uintptr_t address, uint32_t domain)
{
	return (struct object_key){ .address = address, .domain = domain,
	    .thread = own_id };
}

/* ---- a model: what should be there ---- */

#define N_ADDRESSES	5000
#define N_DOMAINS	3

static struct block model[N_DOMAINS][N_ADDRESSES];

static void
must_be(uint32_t i, uint32_t domain)
{
	const struct block *is = &model[domain][i];
	struct object_key key = key_at(i * 8, domain + 2);
	struct block found;

	assert_int_equal(objects_find(&key, &found), OBJECTS_DONE);
	assert_int_equal(found.traceback, is->traceback);
	if (is->traceback != 0)
		assert_int_equal(found.size, is->size);
}

static void
one_step(uint64_t *random, uint32_t step)
{
	uint32_t i = (uint32_t)traced_random(random, N_ADDRESSES);
	uint32_t domain = (uint32_t)traced_random(random, N_DOMAINS);
	struct block *is = &model[domain][i], old;
	struct object_key key = key_at(i * 8, domain + 2);
	struct block new = { .size = traced_random(random, 1 << 20),
	    .traceback = step + 1, .generation = step };

	switch (traced_random(random, 5)) {
	case 0:
	case 1:
		assert_int_equal(objects_put(&key, &new, &old), OBJECTS_DONE);
		assert_int_equal(old.traceback, is->traceback);
		*is = new;
		break;
	case 2:
		assert_int_equal(objects_retrace(&key, &new, &old),
		    OBJECTS_DONE);
		assert_int_equal(old.traceback, is->traceback);
		if (is->traceback != 0)
			is->traceback = new.traceback;
		break;
	default:
		assert_int_equal(objects_take(&key, &old), OBJECTS_DONE);
		assert_int_equal(old.traceback, is->traceback);
		is->traceback = 0;
	}
}

static void
objects_in_any_order_are_those_put_last(void **state)
{
	uint64_t random = traced_seed();
	uint32_t i, domain;

	(void)state;
	memset(model, 0, sizeof model);
	for (i = 0; i < 400000; i++)
		one_step(&random, i);
	for (domain = 0; domain < N_DOMAINS; domain++)
		for (i = 0; i < N_ADDRESSES; i++)
			must_be(i, domain);
}

/* Live objects as a viewer finds them. */
static void
count_records(uint64_t *bytes, uint64_t *count)
{
	uint32_t n = region_header->sections[SECTION_OBJECTS].n_used, id;
	const struct object_record *record;

	*bytes = *count = 0;
	for (id = 1; id < n; id++) {
		record = region_at(OBJECTS, struct object_record, id);
		if (record->traceback == 0)
			continue;
		assert_int_equal(record->sequence & 1, 0);
		*bytes += record->size;
		++*count;
	}
}

static void
objects_in_the_segment_are_the_live_ones(void **state)
{
	uint64_t random = traced_seed(), bytes = 0, count = 0, seen, n_seen;
	uint32_t i, domain;

	(void)state;
	memset(model, 0, sizeof model);
	for (i = 0; i < 100000; i++)
		one_step(&random, i);
	for (domain = 0; domain < N_DOMAINS; domain++)
		for (i = 0; i < N_ADDRESSES; i++)
			if (model[domain][i].traceback != 0) {
				bytes += model[domain][i].size;
				count++;
			}
	count_records(&seen, &n_seen);
	assert_int_equal(n_seen, count);
	assert_int_equal(seen, bytes);
}

/* A pool that goes round its addresses needs no more records than it ever had
 * objects, but for what lies about in tables. */
static void
objects_that_come_and_go_use_records_again(void **state)
{
	enum { N_LIVE = 20000, N_ROUNDS = 400000 };
	struct block block = { .size = 1, .traceback = 1 }, old;
	struct object_key key;
	uint32_t i;

	(void)state;
	for (i = 0; i < N_ROUNDS; i++) {
		key = key_at(i * 16ul, 2);
		assert_int_equal(objects_put(&key, &block, &old),
		    OBJECTS_DONE);
		assert_int_equal(old.traceback, 0);
		if (i < N_LIVE)
			continue;
		key = key_at((i - N_LIVE) * 16ul, 2);
		assert_int_equal(objects_take(&key, &old), OBJECTS_DONE);
		assert_int_equal(old.traceback, 1);
	}
	assert_true(region_header->sections[SECTION_OBJECTS].n_used <
	    4 * N_LIVE);
}

static void
objects_of_any_address_and_domain_are_told_apart(void **state)
{
	static const uintptr_t addresses[] = { 0, 1, 2, 8, UINT32_MAX,
	    UINTPTR_MAX, UINTPTR_MAX - 1, (uintptr_t)1 << 63 };
	static const uint32_t domains[] = { 2, 3, 65535 };
	struct block block = { .traceback = 1 }, old;
	struct object_key key;
	uint32_t i, k;

	(void)state;
	for (i = 0; i < array_size(addresses); i++)
		for (k = 0; k < array_size(domains); k++) {
			block.size = i * 10 + k;
			key = key_at(addresses[i], domains[k]);
			objects_put(&key, &block, &old);
			assert_int_equal(old.traceback, 0);
		}
	for (i = 0; i < array_size(addresses); i++)
		for (k = 0; k < array_size(domains); k++) {
			key = key_at(addresses[i], domains[k]);
			objects_take(&key, &old);
			assert_int_equal(old.traceback, 1);
			assert_int_equal(old.size, i * 10 + k);
		}
}

/* ---- owners of shards ---- */

static struct shard *
shard_of(const struct object_key *key)
{
	return &shards[hash_key(key->address, key->domain) >>
	    (64 - SHARD_BITS)];
}

static void *
tell_id(void *id)
{
	*(uint32_t *)id = (uint32_t)sys_call6(SYS_gettid, 0, 0, 0, 0, 0, 0);
	return NULL;
}

static void
objects_of_a_living_owner_are_busy(void **state)
{
	struct object_key key = key_at(64, 2);
	struct block block = { .size = 1, .traceback = 1 }, old;

	(void)state;
	objects_put(&key, &block, &old);
	shard_of(&key)->owner = own_id;
	/* Another thread, at work for ever. */
	key.thread = own_id + 1;
	assert_int_equal(objects_take(&key, &old), OBJECTS_BUSY);
	assert_int_equal(objects_put(&key, &block, &old), OBJECTS_BUSY);
	assert_int_equal(objects_find(&key, &old), OBJECTS_BUSY);
	assert_int_equal(old.traceback, 0);
	/* That thread itself: it has left by longjmp. */
	key.thread = own_id;
	assert_int_equal(objects_take(&key, &old), OBJECTS_DONE);
	assert_int_equal(old.traceback, 1);
	assert_int_equal(shard_of(&key)->owner, 0);
}

static void
objects_of_an_owner_that_is_gone_are_taken_over(void **state)
{
	struct object_key key = key_at(64, 2);
	struct block block = { .size = 1, .traceback = 1 }, old;
	pthread_t thread;
	uint32_t gone = 0;

	(void)state;
	objects_put(&key, &block, &old);
	assert_int_equal(pthread_create(&thread, NULL, tell_id, &gone), 0);
	pthread_join(thread, NULL);
	/* The kernel may be a moment behind. */
	while (!is_gone(gone))
		;
	shard_of(&key)->owner = gone;
	assert_int_equal(objects_take(&key, &old), OBJECTS_DONE);
	assert_int_equal(old.traceback, 1);
	assert_int_equal(shard_of(&key)->owner, 0);
}

static void
objects_after_a_fork_begin_with_none(void **state)
{
	struct object_key key = key_at(64, 2);
	struct block block = { .size = 1, .traceback = 1 }, old;

	(void)state;
	objects_put(&key, &block, &old);
	shard_of(&key)->owner = own_id + 1;
	objects_abandon();
	assert_int_equal(objects_find(&key, &old), OBJECTS_DONE);
	assert_int_equal(old.traceback, 0);
	assert_int_equal(objects_put(&key, &block, &old), OBJECTS_DONE);
}

/* ---- no room ---- */

static void
objects_without_room_are_refused_and_others_stay(void **state)
{
	struct block block = { .size = 1, .traceback = 1 }, old;
	struct object_key key;
	uint32_t i, n_done = 0;

	(void)state;
	for (i = 0; i < 100; i++) {
		key = key_at(i, 2);
		objects_put(&key, &block, &old);
	}
	region_header->sections[SECTION_OBJECTS].is_full = 1;
	for (i = 0; i < 1000; i++) {
		key = key_at(i, 2);
		n_done += objects_put(&key, &block, &old) == OBJECTS_DONE;
	}
	assert_int_equal(n_done, 100);
	/* One goes: its record serves one in the same shard. */
	key = key_at(50, 2);
	objects_take(&key, &old);
	assert_int_equal(old.traceback, 1);
	assert_int_equal(objects_put(&key, &block, &old), OBJECTS_DONE);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(objects_in_any_order_are_those_put_last),
		T(objects_in_the_segment_are_the_live_ones),
		T(objects_that_come_and_go_use_records_again),
		T(objects_of_any_address_and_domain_are_told_apart),
		T(objects_of_a_living_owner_are_busy),
		T(objects_of_an_owner_that_is_gone_are_taken_over),
		T(objects_after_a_fork_begin_with_none),
		T(objects_without_room_are_refused_and_others_stay),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
