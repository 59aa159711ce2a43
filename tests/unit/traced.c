#include "traced.h"

#include "base/atomic.h"
#include "tables/counters.h"
#include "tables/region.h"
#include "tables/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct traced traced;

int
traced_set_up(void **state)
{
	struct segment_plan plan = { .nonce = 1 };
	struct errbuf why;

	(void)state;
	traced.fd = segment_create(&plan);
	assert_true(traced.fd >= 0);
	assert_int_equal(lobby_map_fd(&traced.lobby, traced.fd, true), 0);
	traced.store = frame_store_new();
	traced.reader = reader_open(traced.fd, traced.store, &why);
	assert_non_null(traced.reader);
	return 0;
}

int
traced_tear_down(void **state)
{
	(void)state;
	if (region_header != NULL)
		traced_let_go();
	reader_close(traced.reader);
	frame_store_free(traced.store);
	lobby_unmap(&traced.lobby);
	close(traced.fd);
	return 0;
}

void
traced_attach(uint32_t i, pid_t pid, const char *command)
{
	struct slot *slot = &traced.lobby.slots[i];

	slot->state = SLOT_CLAIMED;
	slot->pid = pid;
	assert_int_equal(region_attach(NULL, traced.fd, i,
	    UINT64_C(1) << 30), 0);
	region_header->magic = LAYOUT_MAGIC;
	region_header->version = LAYOUT_VERSION;
	region_header->pid = pid;
	region_header->kind = SLOT_KIND_EXEC;
	region_header->peak_epoch = 1;
	region_header->clear_epoch = traced.lobby.control->clear_epoch;
	region_header->peak_reset_epoch =
	    traced.lobby.control->peak_reset_epoch;
	region_header->command_size = (uint32_t)strlen(command) + 1;
	memcpy(region_header->command, command, strlen(command) + 1);
	assert_true(tree_begin());
	store_release(&slot->state, SLOT_LIVE);
}

void
traced_let_go(void)
{
	tree_abandon();
	deltas_abandon();
	region_abandon();
}

uint32_t
traced_module(const char *path, uint8_t build_id)
{
	uint32_t id = region_take(SECTION_MODULES);
	struct module_record *record =
	    region_at(MODULES, struct module_record, id);

	record->path = region_take_many(SECTION_STRINGS,
	    (uint32_t)strlen(path));
	memcpy(region_at(STRINGS, char, record->path), path, strlen(path));
	record->build_id[0] = build_id;
	record->build_id_size = 1;
	record->path_size = (uint32_t)strlen(path);
	return id;
}

uint32_t
traced_traceback(uint32_t module, uint64_t outer, uint64_t inner)
{
	struct tree_key a = { outer, module << NODE_MODULE_SHIFT };
	struct tree_key b = { inner, module << NODE_MODULE_SHIFT };
	uint32_t node = tree_child(0, &a, outer << 16 | module);

	return tree_traceback(tree_child(node, &b, inner << 16 | module),
	    traced.lobby.control->clear_epoch, 0, 2);
}

uint64_t
traced_inner(const struct trace *trace)
{
	const struct code_stack *stack = frame_store_get_stack(traced.store,
	    trace->stack);

	return frame_store_get_location(traced.store,
	    stack->location)->offset;
}

uint64_t
traced_seed(void)
{
	const char *wanted = getenv("TMTOP_SEED");
	uint64_t seed = wanted != NULL ? strtoull(wanted, NULL, 0) : 1;

	printf("# TMTOP_SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

/* splitmix64, Vigna 2015. */
uint64_t
traced_random(uint64_t *state, uint64_t below)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % below;
}
