/*
 * sites.c - the cache of unwind rules, one per distinct return address (L2).
 *
 * Shape      Open addressing over private memory, doubled when it fills.  An
 *            entry is claimed by its key's lowest half-bit pattern, filled,
 *            then published by writing the key.
 * Why        Interpreting .eh_frame costs microseconds, a look-up here two
 *            nanoseconds; a program allocates below a few thousand distinct
 *            return addresses.
 * Invariant  A published entry never changes but for its epoch.  An entry of
 *            a module that was unloaded is dead: look-ups pass over it, the
 *            next growth leaves it out.
 * Limits     Without memory for the table every look-up derives its answer.
 */
#include "hooks/sites.h"

#include "base/atomic.h"
#include "base/sys.h"
#include "hooks/modules.h"
#include "tables/region.h"

#include <dlfcn.h>

#define FIRST_SIZE	1024u
#define KEY_BUSY	1ull	/* claimed, being filled; no address is 0 */

struct site_table *sites_table;

static uint32_t is_growing;

extern int _dl_find_object(void *, struct dl_find_object *) ATTR_WEAK;

static bool
find_object(uintptr_t pc, struct dl_find_object *found)
{
	return _dl_find_object != NULL &&
	    _dl_find_object((void *)pc, found) == 0;
}

bool
site_row(uintptr_t pc, bool is_exact, struct cfi_row *row)
{
	struct dl_find_object found;
	uintptr_t at = is_exact ? pc : pc - 1;

	return find_object(at, &found) && eh_frame_row(&found, at, row);
}

/* ---- from a row to a rule ---- */

/* `breg6 N`, the only expression that compilers emit for a saved rbp. */
static bool
is_rbp_offset(const uint8_t *expression, uint32_t size, int32_t *offset)
{
	if (size != 2 || expression[0] != 0x76 || (expression[1] & 0x80))
		return false;
	*offset = (int8_t)(expression[1] << 1) >> 1;
	return true;
}

static bool
compile_rbp(const struct cfi_rule *rule, struct site *site)
{
	int32_t offset;

	switch (rule->kind) {
	case CFI_SAME:
	case CFI_UNDEFINED:
		site->rbp = RBP_SAME;
		return true;
	case CFI_AT_CFA:
		site->rbp = RBP_AT_CFA;
		site->rbp_offset = (int16_t)rule->offset;
		return rule->offset == site->rbp_offset;
	case CFI_AT_EXPRESSION:
		site->rbp = RBP_AT_RBP;
		if (!is_rbp_offset(rule->expression, rule->expression_size,
		    &offset))
			return false;
		site->rbp_offset = (int16_t)offset;
		return true;
	default:
		return false;
	}
}

static bool
compile_cfa(const struct cfi_row *row, struct site *site)
{
	const uint8_t *e = row->cfa_expression;

	if (row->cfa_kind == CFA_REGISTER) {
		site->step = STEP_SIMPLE;
		site->cfa_is_rbp = row->cfa_register == 6;
		site->cfa_offset = (int32_t)row->cfa_offset;
		return (row->cfa_register == 6 || row->cfa_register == 7) &&
		    row->cfa_offset == site->cfa_offset;
	}
	/* `breg6 N; deref`: the stack was realigned. */
	site->step = STEP_LOADED;
	return row->cfa_expression_size == 3 && e[2] == 0x06 &&
	    is_rbp_offset(e, 2, &site->cfa_offset);
}

static void
compile_rule(const struct cfi_row *row, struct site *site)
{
	const struct cfi_rule *ra = &row->rules[CFI_RA];

	site->is_signal = row->is_signal_frame;
	if (ra->kind == CFI_UNDEFINED) {
		site->step = STEP_END;
		return;
	}
	if (row->is_signal_frame || ra->kind != CFI_AT_CFA ||
	    ra->offset != -8 || row->rules[CFI_RSP].kind != CFI_IS_CFA ||
	    !compile_cfa(row, site) ||
	    !compile_rbp(&row->rules[CFI_RBP], site))
		site->step = STEP_GENERAL;
}

static void
derive(uintptr_t pc, bool is_exact, struct site *site)
{
	struct dl_find_object found;
	const struct module *module;
	struct cfi_row row;
	uintptr_t at = is_exact ? pc : pc - 1;

	*site = (struct site){
		.frame = { .offset = pc,
		    .module_kind = is_exact ? NODE_SIGNAL : NODE_CALL },
		.epoch = load_relaxed(&modules_epoch),
		.step = STEP_NONE,
	};
	if (!find_object(at, &found))
		return;
	module = modules_intern(&found);
	if (module == NULL)
		return;
	site->frame.offset = pc - module->load_bias;
	site->frame.module_kind |= module->id << NODE_MODULE_SHIFT;
	if (eh_frame_row(&found, at, &row))
		compile_rule(&row, site);
}

/* ---- the table ---- */

static bool
is_dead(const struct site *site)
{
	return !modules_is_alive(site_module(site));
}

static struct site_table *
table_new(uint32_t size)
{
	size_t map_size = sizeof(struct site_table) +
	    size * sizeof(struct site);
	struct site_table *table = private_map(map_size);

	if (table == NULL)
		return NULL;
	table->mask = size - 1;
	table->shift = 64 - (uint32_t)__builtin_ctz(size);
	table->map_size = map_size;
	return table;
}

/* A claimed place for this key, or NULL when the table is crowded. */
static struct site *
claim_place(struct site_table *table, uint64_t key)
{
	uint32_t i = site_place(table, key), probes;
	uint64_t expected;

	if (add_relaxed(&table->n_used, 1) > table->mask / 4)
		return NULL;
	for (probes = 0; probes <= table->mask; probes++, i++) {
		struct site *site = &table->sites[i & table->mask];

		expected = 0;
		if (load_relaxed(&site->key) == 0 &&
		    cas_acq_rel(&site->key, &expected, KEY_BUSY))
			return site;
	}
	return NULL;
}

static void
publish(struct site *place, const struct site *content, uint64_t key)
{
	place->frame = content->frame;
	place->epoch = content->epoch;
	place->cfa_offset = content->cfa_offset;
	place->rbp_offset = content->rbp_offset;
	place->step = content->step;
	place->cfa_is_rbp = content->cfa_is_rbp;
	place->rbp = content->rbp;
	place->is_signal = content->is_signal;
	/* ORDER site: filled before the key shows it. Other end: look_up(). */
	store_release(&place->key, key);
}

static ATTR_COLD struct site_table *
grow(struct site_table *old)
{
	struct site_table *table = NULL;
	uint32_t idle = 0, i;

	if (!cas_acq_rel(&is_growing, &idle, 1))
		return NULL;
	if (load_acquire(&sites_table) != old)
		goto out;
	table = table_new(old == NULL ? FIRST_SIZE : (old->mask + 1) * 2);
	if (table == NULL)
		goto out;
	for (i = 0; old != NULL && i <= old->mask; i++) {
		struct site *site = &old->sites[i], *place;
		uint64_t key = load_acquire(&site->key);

		if (key > KEY_BUSY && !is_dead(site) &&
		    (place = claim_place(table, key)) != NULL)
			publish(place, site, key);
	}
	/* The old table stays mapped: another thread may stand in it.
	 * ORDER site-table: filled before it is seen. Other end: site_find(). */
	store_release(&sites_table, table);
out:
	store_release(&is_growing, 0);
	return table;
}

static const struct site *
look_up(struct site_table *table, uint64_t key)
{
	uint32_t i = site_place(table, key), epoch, probes;
	struct site *site;
	uint64_t found;

	for (probes = 0; probes <= table->mask; probes++, i++) {
		site = &table->sites[i & table->mask];
		/* ORDER site: other end publish(). */
		found = load_acquire(&site->key);
		if (found == 0)
			return NULL;
		if (found != key)
			continue;
		epoch = load_relaxed(&modules_epoch);
		if (likely(site->epoch == epoch))
			return site;
		/* Something was unloaded since: was it this one's module? */
		if (!is_dead(site)) {
			store_relaxed(&site->epoch, epoch);
			return site;
		}
	}
	return NULL;
}

static ATTR_COLD const struct site *
site_new(uintptr_t pc, bool is_exact, struct site *fallback)
{
	struct site_table *table = load_acquire(&sites_table);
	uint64_t key = (uint64_t)pc << 1 | is_exact;
	struct site *place;

	derive(pc, is_exact, fallback);
	if (site_module(fallback) == 0)
		return fallback;	/* another module may come here */
	if (table == NULL || load_relaxed(&table->n_used) >=
	    table->mask / 4)
		table = grow(table);
	if (table == NULL || (place = claim_place(table, key)) == NULL)
		return fallback;
	publish(place, fallback, key);
	return place;
}

const struct site *
site_find_slow(uintptr_t pc, bool is_exact, struct site *fallback)
{
	struct site_table *table = load_acquire(&sites_table);
	const struct site *site;

	if (likely(table != NULL)) {
		site = look_up(table, (uint64_t)pc << 1 | is_exact);
		if (likely(site != NULL))
			return site;
	}
	return site_new(pc, is_exact, fallback);
}

void
sites_abandon(void)
{
	if (sites_table != NULL)
		sys_munmap(sites_table, sites_table->map_size);
	sites_table = NULL;
	is_growing = 0;
}
