/*
 * capture.c - from a call to a traceback id (L2).
 *
 * Shape      The thread's previous traceback is kept, outermost frame first.
 *            Before a walk the words of the stack that its steps had read are
 *            compared with what is there now; the walk ends at the first
 *            frame that is among those still true, and only the frames found
 *            before it are looked up in the frame tree.
 * Why        Between two allocations of a thread one to four inner frames
 *            change out of dozens.  Comparing known words costs a third of a
 *            nanosecond a frame, walking and interning them many times that.
 * Invariant  A step is a function of (pc, sp, fp) and of the words noted with
 *            the frame; when all are equal, so is what it leads to.  That
 *            holds however the stack came to look like this: longjmp,
 *            exceptions, tail calls need no notice.  Code may be replaced
 *            only after its module was unloaded, which advances the epoch.
 *            Steps that depend on more (signal frames, guesses) are never
 *            taken as still true, nor is anything above them.
 * Limits     The most recent UNWIND_MAX_FRAMES; total_nframe is exact as long
 *            as no single walk was longer.
 */
#include "hooks/capture.h"

#include "base/atomic.h"
#include "hooks/modules.h"
#include "hooks/sites.h"
#include "hooks/verify.h"

/* Frames that go at once when there is no room for more. */
#define DROP_STEP	(UNWIND_MAX_FRAMES / 2)

static ATTR_INLINE uintptr_t
word_at(uintptr_t address)
{
	return *(const uintptr_t *)address;
}

/* ---- what is still true ---- */

/* The steps that took more than a look at two words. */
static ATTR_COLD bool
is_special_step_unchanged(struct unwind_work *work, uint32_t inner,
    const struct stack_bounds *bounds)
{
	const struct frame *in = &work->frames[inner], *out = in - 1;

	if (frame_step(in) != FRAME_REDO)
		return false;
	return unwind_same_step(&(struct frame_state){
	    frame_sp(in, bounds->high), frame_pc(in), in->fp },
	    &(struct frame_state){
	    frame_sp(out, bounds->high), frame_pc(out), out->fp },
	    bounds, work);
}

/*
 * Leave those known frames that are still true.  All words compared lie
 * between the current sp and the outermost frame: in the stack.
 */
static ATTR_INLINE void
verify_known(struct unwind_work *work, uintptr_t sp,
    const struct stack_bounds *bounds)
{
	const struct frame *inner = work->frames, *end;
	uintptr_t high = bounds->high, inner_sp, outer_sp;
	uint32_t n = work->n_known, depth;
	uint64_t packed, step;

	if (unlikely(work->known_epoch != load_relaxed(&modules_epoch)))
		n = 0;
	depth = frame_depth(sp, high);
	while (n > 0 && inner[n - 1].depth > depth)
		n--;		/* that frame has returned */
	work->n_known = n;
	end = inner + n;
	outer_sp = frame_sp(inner, high);
	packed = inner->packed;
	while (++inner < end) {
		inner_sp = frame_sp(inner, high);
		if (unlikely(word_at(outer_sp - sizeof(uintptr_t)) !=
		    packed >> 16))
			break;
		packed = inner->packed;
		step = packed & 0xffff;
		if (step < FRAME_FIRST_STEP) {
			if (unlikely(word_at(inner_sp + step *
			    sizeof(uintptr_t)) != inner[-1].fp))
				break;
		} else if (step != FRAME_FP_SAME &&
		    !is_special_step_unchanged(work,
		    (uint32_t)(inner - work->frames), bounds))
			break;
		outer_sp = inner_sp;
	}
	if (unlikely(inner < end))
		work->n_known = (uint32_t)(inner - work->frames);
}

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
static ATTR_INLINE uint32_t
child_of(uint32_t parent, const struct frame *frame, uint32_t epoch)
{
	uint32_t step = frame_step(frame);
	tree_tag tag = (frame->packed & ~UINT64_C(0xffff)) |
	    (epoch & 0xff) << 8;
	uint32_t id;

	if (unlikely(step >= FRAME_FIRST_STEP && step < FRAME_SPECIAL))
		tag |= kind_of(frame);
	id = tree_last_child(parent, tag);
	return likely(id != 0) ? id : find_child(parent, frame, tag);
}

/* Known frames from `first` on get their nodes. The last one; 0: no room. */
static ATTR_INLINE uint32_t
intern_known(struct unwind_work *work, uint32_t first, uint32_t epoch)
{
	uint32_t node = first > 0 ? work->frames[first - 1].node : work->root;
	uint32_t i;

	for (i = first; i < work->n_known; i++) {
		node = child_of(node, &work->frames[i], epoch);
		if (unlikely(node == 0))
			break;
		work->frames[i].node = node;
	}
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
deeper_root(uint32_t epoch)
{
	return child_of(0, &(struct frame){
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
	work->n_dropped += drop;
	work->root = deeper_root(epoch);
}

/* The frames of this walk become the known ones. First of those that have no
 * node yet. */
static ATTR_INLINE uint32_t
remember(struct unwind_work *work, const struct unwind_result *result,
    uint32_t epoch)
{
	struct frame *to = &work->frames[result->n_joined];
	struct frame *from = unwind_found(work), frame;
	uint32_t n = result->n_found, i;

	for (i = 0; i < n / 2; i++) {
		frame = from[i];
		from[i] = from[n - 1 - i];
		from[n - 1 - i] = frame;
	}
	if (to != from)
		for (i = 0; i < n; i++)
			to[i] = from[i];
	work->n_known = result->n_joined + n;
	work->known_epoch = epoch;
	if (unlikely(result->n_joined == 0)) {
		work->n_dropped = 0;
		work->root = result->flags & TRACEBACK_TRUNCATED ?
		    deeper_root(epoch) : 0;
	}
	if (likely(work->n_known <= UNWIND_MAX_FRAMES))
		return result->n_joined;
	drop_outer(work, epoch);
	return 0;
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
	uint32_t n = result->n_found + result->n_joined, node = 0;

	if (n > work->max_frames) {
		n = work->max_frames;
		result->flags |= TRACEBACK_TRUNCATED;
	}
	while (n-- > 0)
		if ((node = child_of(node, frame_of(work, result, n),
		    epoch)) == 0)
			break;
	if (result->is_lasting)
		remember(work, result, epoch);
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

	if (load_relaxed(&t->total_nframe) < total)
		store_relaxed(&t->total_nframe, total);
}

static ATTR_INLINE uint32_t
intern(struct unwind_work *work, const struct unwind_result *result,
    uint32_t epoch)
{
	uint32_t root = 0;

	if (likely(result->is_lasting))
		return intern_known(work, remember(work, result, epoch),
		    epoch);
	if (result->n_joined > 0)
		root = work->frames[result->n_joined - 1].node;
	else if (result->flags & TRACEBACK_TRUNCATED)
		root = deeper_root(epoch);
	return intern_found(work, result->n_found, root, epoch);
}

uint32_t
capture(const struct frame_state *start, const struct stack_bounds *bounds,
    struct unwind_work *work, uint32_t max_frames, uint32_t clear_epoch)
{
	struct unwind_result result;
	uint32_t node, total, epoch = load_relaxed(&modules_epoch), id;

	if (unlikely(work->max_frames != max_frames)) {
		work->max_frames = max_frames;
		work->n_known = 0;	/* they have other nodes, or none */
	}
	if (likely(is_own_stack(start, bounds)))
		verify_known(work, start->sp, bounds);
	if (unlikely(verify_is_on()))
		verify_unwind(start, bounds, work, UNWIND_MAX_FRAMES,
		    &result);
	else
		unwind_cfa(start, bounds, work, UNWIND_MAX_FRAMES, &result);
	total = result.n_joined + result.n_found;
	if (result.n_joined > 0) {
		total += work->n_dropped;
		if (unlikely(work->root != 0))
			result.flags |= TRACEBACK_TRUNCATED;
	}
	if (unlikely(max_frames != 0))
		node = intern_limited(work, &result, epoch);
	else
		node = intern(work, &result, epoch);
	if (unlikely(node == 0)) {
		work->n_known = 0;
		return 0;
	}
	id = tree_traceback(node, clear_epoch, result.flags, total);
	if (unlikely(result.flags & TRACEBACK_TRUNCATED) && id != 0)
		note_depth(id, total);
	return id;
}
