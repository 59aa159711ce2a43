#include "hooks/tails.h"

#include "base/atomic.h"
#include "base/sys.h"
#include "tables/region.h"

struct tail *tails_table;

static size_t
table_size(void)
{
	return sizeof(struct tail) << TAILS_LOG2;
}

static ATTR_COLD struct tail *
table_new(void)
{
	struct tail *table = private_map(table_size()), *expected = NULL;

	/* ORDER tails: zeroed before it is seen.  Other end:
	 * tails_put_back(). */
	if (table == NULL || cas_acq_rel(&tails_table, &expected, table))
		return table;
	private_unmap(table, table_size());
	return expected;
}

/* Its own, an empty one, or either in turn. */
static struct tail *
place_for(struct tail *first, uint32_t known)
{
	struct tail *second = tails_table + ((first - tails_table) ^ 1);

	if (load_relaxed(&first->known) == known ||
	    load_relaxed(&first->sequence) == 0)
		return first;
	if (load_relaxed(&second->known) == known ||
	    load_relaxed(&second->sequence) == 0)
		return second;
	return load_relaxed(&first->sequence) <
	    load_relaxed(&second->sequence) ? first : second;
}

void
tails_save(const struct unwind_work *work, uint32_t n_joined, uint32_t known,
    uintptr_t pc, uint32_t epoch)
{
	struct tail *tail = load_acquire(&tails_table);
	uint32_t n = work->n_known - n_joined, sequence, i;

	if (n == 0 || n > TAIL_MAX_FRAMES || n_joined > UINT16_MAX ||
	    (tail == NULL && (tail = table_new()) == NULL))
		return;
	tail = place_for(tail + tails_place(known, pc), known);
	sequence = load_relaxed(&tail->sequence);
	/* Somebody else writes: what they found is as good. */
	if ((sequence & 1) != 0 ||
	    !cas_acq_rel(&tail->sequence, &sequence, sequence + 1))
		return;
	/* ORDER tail: odd before anything changes, even after all did.
	 * Other end: tails_put_back(). */
	fence_release();
	store_relaxed(&tail->epoch, epoch);
	store_relaxed(&tail->known, known);
	store_relaxed(&tail->join_depth, work->frames[n_joined - 1].depth);
	store_relaxed(&tail->n_joined, (uint16_t)n_joined);
	store_relaxed(&tail->n, (uint16_t)n);
	for (i = 0; i < n; i++)
		tail->frames[i] = work->frames[n_joined + i];
	store_release(&tail->sequence, sequence + 2);
}

void
tails_abandon(void)
{
	if (tails_table != NULL)
		sys_munmap(tails_table, table_size());
	tails_table = NULL;
}
