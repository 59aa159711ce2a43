/*
 * capture.c - from a call to a traceback id (L2).
 *
 * Shape      The thread's previous traceback is kept, outermost frame first.
 *            What of it is still true is found by comparing words (known.h).
 *            Frames that followed there some other time are tried next
 *            (tails.h).  Only what is new then is walked, up to the first
 *            frame that is known, and looked up in the frame tree.
 * Why        Looking up takes a hash and cache misses, walking a rule and two
 *            dependent loads a frame.
 * Limits     The most recent UNWIND_MAX_FRAMES; total_nframe is exact as long
 *            as no single walk was longer.
 */
#include "hooks/capture.h"

#include "base/atomic.h"
#include "hooks/known.h"
#include "hooks/modules.h"
#include "hooks/sites.h"
#include "hooks/tails.h"
#include "hooks/verify.h"

/* Frames that go at once when there is no room for more. */
#define DROP_STEP	(UNWIND_MAX_FRAMES / 2)

/* ---- frames in the tree ---- */

static ATTR_INLINE uint32_t
kind_of(const struct frame *frame)
{
	switch (frame_step(frame)) {
	case FRAME_EXACT:
		return NODE_SIGNAL;
	case FRAME_GUESSED:
		return NODE_GUESSED;
	case FRAME_CUT:
		return NODE_CUT;
	case FRAME_DEEPER:
		return NODE_DEEPER;
	default:
		return NODE_CALL;
	}
}

static ATTR_NOINLINE uint32_t
find_child(uint32_t parent, const struct frame *frame, tree_tag tag)
{
	uint32_t kind = kind_of(frame);
	struct tree_key key = { .module_kind = kind };
	struct site fallback;

	if (kind != NODE_CUT && kind != NODE_DEEPER) {
		key = site_find(frame_pc(frame), kind == NODE_SIGNAL,
		    &fallback)->frame;
		key.module_kind = (key.module_kind & ~NODE_KIND_MASK) | kind;
	}
	return tree_child(parent, &key, tag);
}

/* Which module an address belongs to may change with the epoch; when its
 * last bits come round again, all tags are forgotten. */
static ATTR_INLINE tree_tag
tag_of(const struct frame *frame, uint32_t epoch)
{
	uint32_t step = frame_step(frame);
	tree_tag tag = (frame->packed & ~UINT64_C(0xffff)) |
	    (epoch & 0xff) << 8;

	if (unlikely(step >= FRAME_FIRST_SPECIAL && step < FRAME_SPECIAL))
		tag |= kind_of(frame);
	return tag;
}

static ATTR_INLINE uint32_t
child_of(uint32_t parent, const struct frame *frame, uint32_t epoch)
{
	tree_tag tag = tag_of(frame, epoch);
	uint32_t id = tree_last_child(parent, tag);

	if (likely(id != 0) ||
	    likely((id = tree_recent_child(parent, tag)) != 0))
		return id;
	return find_child(parent, frame, tag);
}

/* The node of known frame n - 1, after all up to there got theirs; 0: no
 * room. */
static ATTR_INLINE uint32_t
intern_known(struct unwind_work *work, uint32_t n, uint32_t epoch)
{
	struct frame *frame = &work->frames[work->n_interned];
	const struct frame *end = &work->frames[n];
	const struct tree_private *private;
	uint32_t node;

	if (frame >= end)
		return n > 0 ? end[-1].node : work->root;
	node = work->n_interned > 0 ? frame[-1].node : work->root;
	for (private = tree_private_of(node); frame < end; frame++) {
		if (tree_next_is_child(private, node, tag_of(frame, epoch))) {
			node++;
			private++;
		} else {
			node = child_of(node, frame, epoch);
			if (unlikely(node == 0))
				return 0;
			private = tree_private_of(node);
		}
		frame->node = node;
	}
	work->n_interned = n;
	return node;
}

/* The frames of a walk that will not be remembered, below `node`. */
static uint32_t
intern_found(struct unwind_work *work, uint32_t n, uint32_t node,
    uint32_t epoch)
{
	const struct frame *found = unwind_found(work);

	while (n-- > 0)
		if ((node = child_of(node, &found[n], epoch)) == 0)
			break;
	return node;
}

static uint32_t
deeper_root(const struct unwind_work *work, uint32_t epoch)
{
	return child_of(work->base, &(struct frame){
	    .packed = frame_pack(0, FRAME_DEEPER) }, epoch);
}

/* ---- the known frames of the next capture ---- */

/*
 * No room: forget the outer half.  Those kept hang below a marker from now
 * on, in steps, so that a recursion of any depth has a bounded number of
 * nodes.
 */
static ATTR_COLD void
drop_outer(struct unwind_work *work, uint32_t epoch)
{
	uint32_t n = work->n_known, drop = 0, i;

	while (n - drop > UNWIND_MAX_FRAMES)
		drop += DROP_STEP;
	for (i = drop; i < n; i++)
		work->frames[i - drop] = work->frames[i];
	work->n_known = n - drop;
	work->n_interned = 0;
	work->n_dropped += drop;
	work->root = deeper_root(work, epoch);
	work->is_deep = true;
}

/* A frame's fp, if a step outwards reads it. */
static ATTR_INLINE uintptr_t
used_fp(const struct frame *found, uintptr_t outer_fp)
{
	return found->node == 0 && (outer_fp == FRAME_FP_UNUSED ||
	    frame_step(found) != FRAME_FP_SAME) ? FRAME_FP_UNUSED : found->fp;
}

/*
 * The common case: few frames were found, below known ones.  They become known
 * with their nodes.  The last one; 0: no room.
 */
static ATTR_INLINE uint32_t
intern_few(struct unwind_work *work, uint32_t n_joined, uint32_t n_found,
    uint32_t epoch)
{
	const struct frame *found = unwind_found(work);
	struct frame *to = &work->frames[n_joined];
	uintptr_t fp = to[-1].fp;
	uint32_t node = intern_known(work, n_joined, epoch);

	for (; n_found > 0 && node != 0; to++) {
		n_found--;
		to->packed = known_packed(&found[n_found], fp);
		to->depth = found[n_found].depth;
		to->fp = fp = used_fp(&found[n_found], fp);
		to->node = node = child_of(node, to, epoch);
	}
	work->n_known = work->n_interned = (uint32_t)(to - work->frames);
	return node;
}

/* The frames of this walk become the known ones. */
static ATTR_INLINE void
remember(struct unwind_work *work, const struct unwind_result *result,
    uint32_t epoch)
{
	struct frame *to = &work->frames[result->n_joined];
	struct frame *from = unwind_found(work), frame;
	uint32_t n = result->n_found, i;
	uintptr_t fp = result->n_joined > 0 ? to[-1].fp : FRAME_FP_UNUSED;

	for (i = 0; i < n / 2; i++) {
		frame = from[i];
		from[i] = from[n - 1 - i];
		from[n - 1 - i] = frame;
	}
	if (to != from)
		for (i = 0; i < n; i++)
			to[i] = from[i];
	work->n_known = result->n_joined + n;
	if (work->n_interned > result->n_joined)
		work->n_interned = result->n_joined;
	for (i = result->n_joined; i < work->n_known; i++) {
		work->frames[i].packed = known_packed(&work->frames[i], fp);
		work->frames[i].fp = fp = used_fp(&work->frames[i], fp);
	}
	work->known_epoch = epoch;
	if (unlikely(result->n_joined == 0)) {
		work->n_dropped = 0;
		work->is_deep = (result->flags & TRACEBACK_TRUNCATED) != 0;
		work->root = work->is_deep ? deeper_root(work, epoch) :
		    work->base;
	}
	if (unlikely(work->n_known > UNWIND_MAX_FRAMES))
		drop_outer(work, epoch);
}

/* ---- a stored limit ---- */

/* The i-th frame of a walk, most recent first. */
static const struct frame *
frame_of(struct unwind_work *work, const struct unwind_result *result,
    uint32_t i)
{
	return i < result->n_found ? unwind_found(work) + i :
	    &work->frames[result->n_joined - 1 - (i - result->n_found)];
}

/* Only the most recent ones, as if there were no others. */
static ATTR_NOINLINE uint32_t
intern_limited(struct unwind_work *work, struct unwind_result *result,
    uint32_t epoch)
{
	uint32_t n = result->n_found + result->n_joined, node = work->base;
	bool is_limited = n > work->max_frames;

	if (is_limited)
		n = work->max_frames;
	while (n-- > 0)
		if ((node = child_of(node, frame_of(work, result, n),
		    epoch)) == 0)
			break;
	/* All of them are remembered, down to the outermost. */
	if (result->is_lasting)
		remember(work, result, epoch);
	if (is_limited)
		result->flags |= TRACEBACK_TRUNCATED;
	return node;
}

/* ---- capture ---- */

static ATTR_INLINE bool
is_own_stack(const struct frame_state *start,
    const struct stack_bounds *bounds)
{
	return start->sp >= bounds->low && start->sp < bounds->high &&
	    (start->sp & 7) == 0;
}

static void
note_depth(uint32_t traceback, uint32_t total)
{
	struct traceback *t = region_at(TRACEBACKS, struct traceback,
	    traceback);

	if (load_relaxed(&t->total_nframe) >= total)
		return;
	store_relaxed(&t->total_nframe, total);
	/* Its first stack may have had these frames and no others. */
	or_relaxed(&t->flags, TRACEBACK_TRUNCATED);
}

static ATTR_INLINE uint32_t
intern(struct unwind_work *work, const struct unwind_result *result,
    uint32_t epoch)
{
	uint32_t root = work->base;

	if (likely(result->is_lasting)) {
		remember(work, result, epoch);
		return intern_known(work, work->n_known, epoch);
	}
	if (result->n_joined > 0) {
		root = intern_known(work, result->n_joined, epoch);
		if (unlikely(root == 0))
			return 0;
	} else if (result->flags & TRACEBACK_TRUNCATED)
		root = deeper_root(work, epoch);
	return intern_found(work, result->n_found, root, epoch);
}

/* The last frame that was known: its node (0: none), and how many of the
 * frames that lead to it are known still. */
struct last_known {
	uint32_t	node, n;
};

/*
 * Try to make all frames known, first those of the previous capture, then
 * those that followed here some other time.  False: a walk is needed, from
 * here to *last.
 */
static ATTR_INLINE bool
verify_known(struct unwind_work *work, const struct frame_state *start,
    const struct stack_bounds *bounds, uint32_t epoch,
    struct last_known *last)
{
	uint32_t n;

	if (unlikely(work->known_epoch != epoch))
		unwind_forget(work);
	known_verify(work, 1, work->n_known, start->sp, bounds);
	if (known_is_all(work, start, bounds->high))
		return true;
	known_drop_innermost(work, start->sp, bounds->high);
	if (unlikely(work->n_known == 0) ||
	    unlikely((work->max_frames | work->is_deep) != 0))
		return false;
	last->n = work->n_known;
	last->node = intern_known(work, work->n_known, epoch);
	if (unlikely(last->node == 0))
		return false;
	n = tails_put_back(work, last->node, start->pc, epoch, &last->n);
	if (n == 0)
		return false;
	work->n_interned = n;
	known_verify(work, last->n, n, start->sp, bounds);
	return likely(known_is_all(work, start, bounds->high));
}

/* The whole of it: a walk, what it found interned. */
static ATTR_NOINLINE uint32_t
capture_walk(const struct frame_state *start,
    const struct stack_bounds *bounds, struct unwind_work *work,
    struct last_known last, uint32_t clear_epoch, uint32_t epoch)
{
	uint32_t max_frames = work->max_frames;
	struct unwind_result result;
	uint32_t node, total, id;

	if (unlikely(verify_is_on()))
		verify_unwind(start, bounds, work, UNWIND_MAX_FRAMES,
		    &result);
	else
		unwind_cfa(start, bounds, work, UNWIND_MAX_FRAMES, &result);
	total = result.n_joined + result.n_found;
	if (likely(result.n_joined > 0) && likely(result.is_lasting) &&
	    likely(result.n_found <= UNWIND_GAP) &&
	    likely((result.flags | max_frames | work->is_deep) == 0) &&
	    likely(total <= UNWIND_MAX_FRAMES)) {
		node = intern_few(work, result.n_joined, result.n_found,
		    epoch);
		if (unlikely(node == 0)) {
			unwind_forget(work);
			return 0;
		}
		/* Behind frames that lead to the last one: what was put back
		 * meanwhile does not. */
		if (last.node != 0)
			tails_save(work, result.n_joined < last.n ?
			    result.n_joined : last.n, last.node, start->pc,
			    epoch);
		return tree_traceback(node, clear_epoch, 0, total);
	}
	if (result.n_joined > 0) {
		total += work->n_dropped;
		if (unlikely(work->is_deep))
			result.flags |= TRACEBACK_TRUNCATED;
	}
	if (unlikely(max_frames != 0))
		node = intern_limited(work, &result, epoch);
	else
		node = intern(work, &result, epoch);
	if (unlikely(node == 0)) {
		unwind_forget(work);
		return 0;
	}
	id = tree_traceback(node, clear_epoch, result.flags, total);
	if (unlikely(result.flags & TRACEBACK_TRUNCATED) && id != 0)
		note_depth(id, total);
	return id;
}

uint32_t
capture(const struct frame_state *start, const struct stack_bounds *bounds,
    struct unwind_work *work, uint32_t max_frames, uint32_t clear_epoch)
{
	uint32_t node, epoch = load_relaxed(&modules_epoch);
	struct last_known last = { 0, 0 };

	if (unlikely(work->max_frames != max_frames)) {
		work->max_frames = max_frames;
		unwind_forget(work);	/* they have other nodes, or none */
	}
	/* Where no walk is needed, and nothing is special about it. */
	if (likely(is_own_stack(start, bounds)) &&
	    verify_known(work, start, bounds, epoch, &last) &&
	    likely((max_frames | work->is_deep) == 0) &&
	    likely(!verify_is_on())) {
		node = intern_known(work, work->n_known, epoch);
		return likely(node != 0) ? tree_traceback(node, clear_epoch,
		    0, work->n_known) : 0;
	}
	return capture_walk(start, bounds, work, last, clear_epoch, epoch);
}
