/*
 * deltas.c - write-combining of counters, one block per thread (L1).
 *
 * Shape      A block is a small direct-mapped cache of changes, keyed by
 *            traceback.  An event of a thread changes its own entry with plain
 *            writes.  When two tracebacks want the same place, the entry is
 *            moved: added to its traceback, then cleared.
 * Why        One traceback used by many threads would otherwise cost each of
 *            them a cache line transfer per event: five locked additions,
 *            40 to 200 ns, growing with the number of cores.
 * Invariant  Readers add tracebacks and entries.  An entry holds changes of
 *            one mark epoch and one peak epoch, so that its part of a mark is
 *            known: moved late, what was gathered before the mark is added to
 *            the saved values too (move_pair(), move_peak()).
 * Limits     Totals of the header lag behind by DELTA_FLUSH_BYTES a thread,
 *            and so does the peak: its contents are those of the moment when
 *            a thread handed on the first decrease after it.
 *            A thread that is held up between the two steps of move_pair()
 *            over a whole mark, from before it to after the next, leaves that
 *            mark's saved value of one traceback wrong by its one entry.
 */
#include "tables/deltas.h"

#include "base/atomic.h"
#include "tables/region.h"

/* ---- adding to a traceback ---- */

void
deltas_save_peak(struct traceback *t)
{
	uint32_t epoch = load_relaxed(&region_header->peak_epoch);
	word_pair live = load_pair(&t->live);

	store_relaxed(&t->peak_live[0], live[0]);
	store_relaxed(&t->peak_live[1], live[1] & PAIR_COUNT_MASK);
	/* The epoch last: it says that the values are those of the peak. */
	store_release(&t->peak_epoch, epoch);
}

/*
 * Add to a pair what was gathered under mark epoch `from`.  The pair's own
 * epoch says whether its value at the latest mark is saved already.  If not,
 * the first change from after the mark saves what it finds; whatever of before
 * the mark comes later is added to the saved value as well.
 */
static void
move_pair(const struct control *control, struct pair *pair,
    uint64_t saved[2], uint32_t *marked, const int64_t change[2],
    uint32_t from)
{
	uint64_t before[2], count, epoch;
	word_pair old, new;
	uint32_t mark;
	bool saves;

	do {
		old = load_pair(pair);
		/* ORDER pair: a mark that the pair knows of is seen here,
		 * or an older one would be saved over it. */
		fence_acquire();
		mark = load_relaxed(&control->mark_epoch) & PAIR_EPOCH_MASK;
		before[0] = load_relaxed(&saved[0]);
		before[1] = load_relaxed(&saved[1]);
		count = old[1] & PAIR_COUNT_MASK;
		epoch = old[1] >> PAIR_COUNT_BITS;
		saves = from == mark && epoch != mark;
		new = (word_pair){ old[0] + (uint64_t)change[0],
		    ((count + (uint64_t)change[1]) & PAIR_COUNT_MASK) |
		    (saves ? mark : epoch) << PAIR_COUNT_BITS };
		/* ORDER pair: the epoch was read before it is stored. */
	} while (!cas_pair(pair, old, new));
	if (saves) {
		/* Added, not stored: others may be adding already. */
		add_relaxed(&saved[0], old[0] - before[0]);
		add_relaxed(&saved[1], count - before[1]);
		/* ORDER marked: other end read_pair() of the reader. */
		store_release(marked, mark);
	} else if (from != mark && epoch == mark) {
		add_relaxed(&saved[0], (uint64_t)change[0]);
		add_relaxed(&saved[1], (uint64_t)change[1]);
	}
}

/*
 * The same for the contents of the peak, before the live values change: what
 * an entry gathered before the peak and brings later belongs to them.
 */
static void
move_peak(struct traceback *t, const struct delta *entry)
{
	uint32_t epoch = load_relaxed(&region_header->peak_epoch);
	bool is_saved = load_acquire(&t->peak_epoch) == epoch;

	if (entry->peak_epoch == epoch) {
		if (!is_saved)
			deltas_save_peak(t);
	} else if (is_saved) {
		add_relaxed(&t->peak_live[0], (uint64_t)entry->bytes);
		add_relaxed(&t->peak_live[1], (uint64_t)entry->count);
	}
}

/* Add an entry to its traceback. */
static void
apply(const struct control *control, const struct delta *entry)
{
	struct traceback *t = region_at(TRACEBACKS, struct traceback,
	    entry->traceback);
	int64_t live[2] = { entry->bytes, entry->count };
	int64_t ever[2] = { (int64_t)entry->ever_bytes,
	    (int64_t)entry->ever_count };

	move_peak(t, entry);
	if (entry->ever_count != 0)
		move_pair(control, &t->ever, t->mark_ever, &t->marked_ever,
		    ever, entry->mark_epoch);
	if (entry->bytes != 0 || entry->count != 0)
		move_pair(control, &t->live, t->mark_live, &t->marked_live,
		    live, entry->mark_epoch);
	if (entry->temporary != 0)
		add_relaxed(&t->temporary, entry->temporary);
}

/* ---- entries ---- */

static void
move_entry(const struct control *control, struct delta *entry)
{
	/* ORDER delta: odd before anything moves, even when all is clear.
	 * Other end: read_deltas().  Odd already: a signal handler left the
	 * move before this one by a longjmp. */
	store_relaxed(&entry->sequence, entry->sequence | 1);
	fence_release();
	if (entry->traceback != 0)
		apply(control, entry);
	store_pair(&entry->bytes, ((word_pair){ 0, 0 }));
	store_pair(&entry->ever_bytes, ((word_pair){ 0, 0 }));
	store_relaxed(&entry->temporary, 0);
	store_relaxed(&entry->traceback, 0);
	store_release(&entry->sequence, entry->sequence + 1);
}

static ATTR_NOINLINE void
claim(const struct control *control, struct delta *entry, uint32_t traceback)
{
	move_entry(control, entry);
	store_relaxed(&entry->mark_epoch,
	    load_relaxed(&control->mark_epoch) & PAIR_EPOCH_MASK);
	store_relaxed(&entry->peak_epoch,
	    load_relaxed(&region_header->peak_epoch));
	/* ORDER delta: an entry counts when it has a traceback. */
	store_release(&entry->traceback, traceback);
}

static ATTR_INLINE struct delta *
entry_for(const struct writer *writer, uint32_t traceback)
{
	struct delta *entry =
	    &writer->own->entries[traceback % DELTA_ENTRIES];

	if (unlikely(entry->traceback != traceback) ||
	    unlikely(entry->mark_epoch !=
	    (load_relaxed(&writer->control->mark_epoch) & PAIR_EPOCH_MASK)) ||
	    unlikely(entry->peak_epoch !=
	    load_relaxed(&region_header->peak_epoch)))
		claim(writer->control, entry, traceback);
	return entry;
}

/* ---- the process's totals ---- */

static void
change_header(int64_t bytes)
{
	struct process_header *header = region_header;
	uint64_t current = add_relaxed(&header->current, (uint64_t)bytes) +
	    (uint64_t)bytes;
	uint64_t peak = load_relaxed(&header->peak);
	uint32_t at_peak = 1;

	if (bytes < 0) {
		if (load_relaxed(&header->at_peak) != 0 &&
		    cas_relaxed(&header->at_peak, &at_peak, 0))
			add_relaxed(&header->peak_epoch, 1);
		return;
	}
	/* Below 0: threads hand on in another order than things happened. */
	if ((int64_t)current < 0)
		return;
	while (current > peak)
		if (cas_relaxed(&header->peak, &peak, current)) {
			store_relaxed(&header->at_peak, 1);
			break;
		}
}

static ATTR_NOINLINE void
hand_on(struct delta_block *own)
{
	int64_t current = own->current;
	uint64_t allocated = own->allocated;

	own->current = 0;
	own->allocated = 0;
	add_relaxed(&region_header->allocated, allocated);
	change_header(current);
}

static ATTR_INLINE void
count_total(const struct writer *writer, int64_t bytes)
{
	struct delta_block *own = writer->own;
	uint32_t clear = load_relaxed(&writer->control->clear_epoch);

	if (unlikely(own->clear_epoch != clear)) {
		own->clear_epoch = clear;
		own->current = 0;
	}
	own->current += bytes;
	own->allocated += bytes > 0 ? (uint64_t)bytes : 0;
	if (unlikely(own->current >= DELTA_FLUSH_BYTES) ||
	    unlikely(own->current <= -DELTA_FLUSH_BYTES))
		hand_on(own);
}

/* ---- without a block ---- */

static ATTR_COLD ATTR_NOINLINE void
apply_at_once(const struct writer *writer, uint32_t traceback,
    struct amount added, struct amount removed, bool temporary)
{
	struct delta change = {
		.bytes = (int64_t)(added.bytes - removed.bytes),
		.count = (int64_t)(added.count - removed.count),
		.ever_bytes = added.bytes, .ever_count = added.count,
		.temporary = temporary ? removed.count : 0,
		.traceback = traceback,
		.mark_epoch = load_relaxed(&writer->control->mark_epoch) &
		    PAIR_EPOCH_MASK,
	};

	/* First, as below. */
	if (change.bytes < 0)
		change_header(change.bytes);
	change.peak_epoch = load_relaxed(&region_header->peak_epoch);
	apply(writer->control, &change);
	if (change.bytes < 0)
		return;
	add_relaxed(&region_header->allocated, change.ever_bytes);
	change_header(change.bytes);
}

/* ---- events ---- */

void
deltas_add(const struct writer *writer, uint32_t traceback,
    struct amount amount)
{
	struct delta *entry;

	if (unlikely(writer->own == NULL)) {
		apply_at_once(writer, traceback, amount,
		    (struct amount){ 0, 0 }, false);
		return;
	}
	entry = entry_for(writer, traceback);
	store_pair(&entry->ever_bytes, load_pair(&entry->ever_bytes) +
	    ((word_pair){ amount.bytes, amount.count }));
	compiler_barrier();
	store_pair(&entry->bytes, load_pair(&entry->bytes) +
	    ((word_pair){ amount.bytes, amount.count }));
	count_total(writer, (int64_t)amount.bytes);
}

void
deltas_remove(const struct writer *writer, uint32_t traceback,
    struct amount amount, bool temporary)
{
	struct delta *entry;

	if (unlikely(writer->own == NULL)) {
		apply_at_once(writer, traceback, (struct amount){ 0, 0 },
		    amount, temporary);
		return;
	}
	/* First: a peak that ends with this still has the block. */
	count_total(writer, -(int64_t)amount.bytes);
	entry = entry_for(writer, traceback);
	store_relaxed(&entry->temporary, entry->temporary +
	    (temporary ? amount.count : 0));
	store_pair(&entry->bytes, load_pair(&entry->bytes) -
	    ((word_pair){ amount.bytes, amount.count }));
}

/* ---- blocks ---- */

/* Blocks that were given back; most threads find none and look no further. */
static uint32_t n_given;

static struct delta_block *
take_given(uint32_t owner)
{
	uint32_t n = load_relaxed(
	    &region_header->sections[SECTION_DELTAS].n_used), id, free;
	struct delta_block *block;

	for (id = 1; id < n && load_relaxed(&n_given) > 0; id++) {
		/* An id that found no room has no page. */
		if (!region_ensure(SECTION_DELTAS, id))
			break;
		block = region_at(DELTAS, struct delta_block, id);
		free = 0;
		/* ORDER delta-owner: other end deltas_give(). */
		if (load_relaxed(&block->owner) == 0 &&
		    cas_acq_rel(&block->owner, &free, owner)) {
			sub_relaxed(&n_given, 1);
			return block;
		}
	}
	return NULL;
}

struct delta_block *
deltas_take(const struct control *control, uint32_t owner)
{
	struct delta_block *block = NULL;
	uint32_t id, free = 0;

	if (load_relaxed(&n_given) > 0)
		block = take_given(owner);
	if (block == NULL) {
		id = region_take(SECTION_DELTAS);
		if (id == 0)
			return NULL;
		block = region_at(DELTAS, struct delta_block, id);
		/* Fails when another thread took it for one given back. */
		if (!cas_acq_rel(&block->owner, &free, owner))
			return NULL;
	}
	block->clear_epoch = load_relaxed(&control->clear_epoch);
	block->current = 0;
	return block;
}

void
deltas_give(const struct control *control, struct delta_block *block)
{
	uint32_t i;

	for (i = 0; i < DELTA_ENTRIES; i++)
		if (block->entries[i].traceback != 0)
			move_entry(control, &block->entries[i]);
	if (block->clear_epoch != load_relaxed(&control->clear_epoch))
		block->current = 0;
	hand_on(block);
	/* ORDER delta-owner: empty before it is free. Other end: take_given(). */
	store_release(&block->owner, 0);
	add_relaxed(&n_given, 1);
}

int64_t
deltas_current(uint32_t clear_epoch)
{
	uint32_t n = load_relaxed(
	    &region_header->sections[SECTION_DELTAS].n_used), id;
	const struct delta_block *block;
	int64_t sum = 0;

	for (id = 1; id < n; id++) {
		/* An id that found no room has no page. */
		if (!region_ensure(SECTION_DELTAS, id))
			break;
		block = region_at(DELTAS, struct delta_block, id);
		if (load_relaxed(&block->clear_epoch) == clear_epoch)
			sum += load_relaxed(&block->current);
	}
	return sum;
}

void
deltas_abandon(void)
{
	n_given = 0;
}
