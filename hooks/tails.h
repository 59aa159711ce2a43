/*
 * tails.h - ends of stacks that were walked lately (L2).
 *
 * A program that allocates in several places of a loop comes back to the same
 * few stacks in turn.  What a walk found is kept here, with its nodes; when
 * the thread, or another one, comes by again, it is put behind the frames that
 * are known and compared with the stack, instead of being walked and looked up
 * once more.
 * Context    Guard held, any thread, lock-free.
 */
#ifndef TMTOP_HOOKS_TAILS_H
#define TMTOP_HOOKS_TAILS_H

#include "hooks/unwind.h"

#define TAIL_MAX_FRAMES	7
#define TAILS_LOG2	10

/* 192 bytes: three cache lines. */
struct tail {
	struct frame	frames[TAIL_MAX_FRAMES];
	uint32_t	sequence;	/* odd while it is written */
	uint32_t	epoch;		/* of modules */
	uint32_t	known;		/* node of the last known frame then */
	uint32_t	join_depth;	/* of the frame that called these */
	uint16_t	n_joined, n;	/* known frames before them; these */
	uint32_t	unused;
};

/* Two to a place. */
extern struct tail *tails_table ATTR_HIDDEN;

static ATTR_INLINE uint32_t
tails_place(uint32_t known, uintptr_t pc)
{
	return (uint32_t)((pc + ((uint64_t)known << 24)) *
	    0x9e3779b97f4a7c15ull >> (64 - TAILS_LOG2));
}

typedef uint64_t frame_part __attribute__((vector_size(16), aligned(8),
    may_alias));

/* 16 bytes at a time, up to 8 more than these frames have: there is room
 * behind them at both ends. */
static ATTR_INLINE void
tails_copy(struct frame *to, const struct tail *tail, uint32_t n)
{
	volatile frame_part *target = (volatile frame_part *)to;
	const volatile frame_part *source =
	    (const volatile frame_part *)tail->frames, *end =
	    (const volatile frame_part *)&tail->frames[n];

	do
		*target++ = *source++;
	while (source < end);
}

static ATTR_INLINE const struct tail *
tails_other(const struct tail *tail)
{
	return tails_table + ((tail - tails_table) ^ 1);
}

/*
 * Put frames that lead from `pc` to the known ones, of which the last has the
 * node `known`, behind these: from frames[first] on.  The number of all frames
 * then; 0: nothing fits.  They are a guess, to be verified.
 */
static ATTR_INLINE uint32_t
tails_put_back(struct unwind_work *work, uint32_t known, uintptr_t pc,
    uint32_t epoch, uint32_t *first)
{
	/* ORDER tails: other end tails_save(). */
	const struct tail *tail = load_acquire(&tails_table);
	uint32_t sequence, n_joined, n;

	if (unlikely(tail == NULL))
		return 0;
	tail += tails_place(known, pc);
	if (load_relaxed(&tail->known) != known)
		tail = tails_other(tail);
	/* ORDER tail: other end tails_save(). */
	sequence = load_acquire(&tail->sequence);
	n_joined = load_relaxed(&tail->n_joined);
	n = load_relaxed(&tail->n);
	if (load_relaxed(&tail->known) != known ||
	    load_relaxed(&tail->epoch) != epoch || (sequence & 1) != 0 ||
	    n_joined - 1 >= work->n_known || n > TAIL_MAX_FRAMES ||
	    load_relaxed(&tail->join_depth) !=
	    work->frames[n_joined - 1].depth)
		return 0;
	work->n_known = work->n_interned = *first = n_joined;
	tails_copy(&work->frames[n_joined], tail, n);
	/* ORDER tail: nothing above was read later than this. */
	fence_acquire();
	return load_relaxed(&tail->sequence) == sequence ? n_joined + n : 0;
}

/* Keep frames[n_joined, n_known), found by a walk from `pc` when the last
 * known frame had the node `known`.  They have their nodes. */
void tails_save(const struct unwind_work *work, uint32_t n_joined,
    uint32_t known, uintptr_t pc, uint32_t epoch);

/* Fork child: nodes are others. */
void tails_abandon(void);

#endif
