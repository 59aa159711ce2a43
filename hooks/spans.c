/*
 * spans.c - what is allocated between the beginning and the end of a region.
 *
 * Shape      Events change the innermost open region only; when it ends, what
 *            it has become is added to the one around it.
 * Invariant  No memory of the program is remembered for writing.
 * Limits     A region that was left by longjmp stays open until one around it
 *            ends, or one begins while the stack is above it.
 */
#include "hooks/spans.h"

#include "hooks/event.h"
#include "tables/tree.h"

#include <string.h>

/* Offset in SECTION_STRINGS | size << 32; 0: none yet. */
static uint64_t names[MAX_SPAN_NAMES];

/* ---- names ---- */

static uint32_t
hash_name(const char *name, uint32_t size)
{
	uint32_t hash = 2166136261u, i;

	for (i = 0; i < size; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static bool
is_name(uint64_t entry, const char *name, uint32_t size)
{
	return entry >> 32 == size && memcmp(region_at(STRINGS, char,
	    (uint32_t)entry), name, size) == 0;
}

static uint64_t
put_name(const char *name, uint32_t size)
{
	uint32_t at = region_take_many(SECTION_STRINGS, size);

	if (at == 0)
		return 0;
	memcpy(region_at(STRINGS, char, at), name, size);
	return (uint64_t)size << 32 | at;
}

/* As in names[]; 0: no room. */
static uint64_t
intern_name(const char *name)
{
	uint32_t size, i, n;
	uint64_t entry, mine = 0;

	if (name == NULL || *name == '\0')
		name = "?";
	size = (uint32_t)strnlen(name, MAX_SPAN_NAME);
	i = hash_name(name, size);
	for (n = 0; n < MAX_SPAN_NAMES; n++, i++) {
		/* ORDER span-name: complete before it is found; the other end
		 * is the exchange below. */
		entry = load_acquire(&names[i % MAX_SPAN_NAMES]);
		if (entry == 0) {
			if (mine == 0 && (mine = put_name(name, size)) == 0)
				return 0;
			/* ORDER span-name: see above. */
			if (cas_acq_rel(&names[i % MAX_SPAN_NAMES], &entry,
			    mine))
				return mine;
		}
		if (is_name(entry, name, size))
			return entry;
	}
	return 0;
}

/* The region's node, in the region `outer` (0: in none). */
static uint32_t
intern_span(uint32_t outer, const char *name)
{
	struct tree_key key = { .offset = intern_name(name),
	    .module_kind = NODE_REGION };
	/* No frame has its tag: kind and an offset for an address. */
	tree_tag tag = (key.offset & UINT32_MAX) << 16 | NODE_REGION;
	uint32_t node;

	if (key.offset == 0)
		return 0;
	node = tree_last_child(outer, tag);
	return node != 0 ? node : tree_child(outer, &key, tag);
}

uint32_t
spans_mark(const struct thread_state *t, uint32_t traceback)
{
	const struct thread_work *work = t->work;

	if (traceback == 0 || !spans_is_open(t))
		return traceback;
	return tree_in_region(traceback,
	    work->spans[work->n_spans - 1].node);
}

/* ---- sums ---- */

static void
add_signed(struct span_sum *sum, int64_t bytes, int64_t blocks)
{
	sum->bytes += bytes;
	sum->blocks += blocks;
	if (sum->bytes > sum->peak)
		sum->peak = sum->bytes;
}

void
spans_count(struct thread_state *t, struct amount amount, int sign)
{
	struct span_sum *sum;

	if (!spans_is_open(t))
		return;
	sum = &t->work->spans[t->work->n_spans - 1].sum;
	if (sign > 0) {
		sum->allocated_bytes += amount.bytes;
		sum->allocated_blocks += amount.count;
	}
	add_signed(sum, sign * (int64_t)amount.bytes,
	    sign * (int64_t)amount.count);
}

/* What happened in the region inside happened in this one, too. */
static void
add_inner(struct span_sum *sum, const struct span_sum *inner)
{
	if (sum->bytes + inner->peak > sum->peak)
		sum->peak = sum->bytes + inner->peak;
	sum->bytes += inner->bytes;
	sum->blocks += inner->blocks;
	sum->allocated_bytes += inner->allocated_bytes;
	sum->allocated_blocks += inner->allocated_blocks;
}

static void
end_innermost(struct thread_work *work)
{
	const struct span_sum *inner = &work->spans[--work->n_spans].sum;

	if (work->n_spans > 0)
		add_inner(&work->spans[work->n_spans - 1].sum, inner);
}

/* ---- open regions ---- */

static bool
is_on_stack(const struct thread_state *t, uintptr_t address)
{
	return address >= t->bounds.low && address < t->bounds.high;
}

/* Regions of functions that are gone: on one stack those lie below.  And this
 * one, if it begins once more. */
static void
end_left(struct thread_state *t, uintptr_t sp, uintptr_t beginning)
{
	struct thread_work *work = t->work;
	uintptr_t frame;

	for (; work->n_spans > 0; end_innermost(work)) {
		frame = work->spans[work->n_spans - 1].frame;
		if (frame != beginning && (!is_on_stack(t, frame) ||
		    !is_on_stack(t, sp) || frame >= sp))
			break;
	}
}

static bool
push(struct thread_work *work, uintptr_t frame, const char *name)
{
	uint32_t n = work->n_spans, node;

	if (n == MAX_SPANS)
		return false;
	node = intern_span(n > 0 ? work->spans[n - 1].node : 0, name);
	if (node == 0)
		return false;
	work->spans[n] = (struct span){ .frame = frame, .node = node };
	work->n_spans = n + 1;
	return true;
}

bool
spans_begin(const void *frame, uintptr_t sp, const char *name)
{
	struct thread_state *t = &thread_state;
	bool done = false;

	if (!event_enter_any(t))
		return false;
	if ((t->flags & THREAD_READY) || thread_prepare_slow(t)) {
		end_left(t, sp, (uintptr_t)frame);
		done = push(t->work, (uintptr_t)frame, name);
	}
	event_leave_any(t);
	return done;
}

/* Which open region this is; MAX_SPANS: none. */
static uint32_t
find_span(const struct thread_work *work, uintptr_t frame)
{
	uint32_t i;

	for (i = work->n_spans; i-- > 0;)
		if (work->spans[i].frame == frame)
			return i;
	return MAX_SPANS;
}

bool
spans_read(const void *frame, bool ends, struct span_sum *sum)
{
	struct thread_state *t = &thread_state;
	struct thread_work *work;
	uint32_t at, i;

	if (!event_enter_any(t))
		return false;
	work = t->work;
	at = work != NULL ? find_span(work, (uintptr_t)frame) : MAX_SPANS;
	if (at < MAX_SPANS) {
		/* From the inside out, as they would end. */
		*sum = work->spans[work->n_spans - 1].sum;
		for (i = work->n_spans - 1; i > at; i--) {
			struct span_sum outer = work->spans[i - 1].sum;

			add_inner(&outer, sum);
			*sum = outer;
		}
		while (ends && work->n_spans > at)
			end_innermost(work);
	}
	event_leave_any(t);
	return at < MAX_SPANS;
}

void
spans_abandon(void)
{
	memset(names, 0, sizeof names);
}
