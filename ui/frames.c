/*
 * frames.c - the frames of a traceback as lines (L7).
 *
 * Frames, and notes that stand for those which are not shown: the skipped ones
 * above the attributed frame, and what lies outside of the program, older
 * than every frame that has a source line.
 */
#include "ui/frames.h"

#include "util/names.h"

#include <stdio.h>
#include <string.h>

enum { MAX_FRAMES = 4096, NOTE_BYTES = 120 };

const char *
frame_who(const struct ui *ui, const struct symbol_frame *frame)
{
	const struct names *names = session_names(ui->session);

	return name_text(names, frame->function != NAME_UNKNOWN ?
	    frame->function : frame->module);
}

static void
add_note(frame_lines *lines, const char *lead, const struct strbuf *who)
{
	struct frame_line line = { 0 };

	snprintf(line.note, sizeof line.note, "-- %s: %s (J shows)", lead,
	    strbuf_text(who));
	vec_push(lines, line);
}

/* The frames between the newest and the attributed one. */
static void
add_skipped(struct ui *ui, frame_lines *lines, uint32_t stack)
{
	const struct stacks *stacks = ui->detail.tracebacks->stacks;
	uint32_t node = session_full_stack(ui->session, stack);
	uint32_t n_all = stacks_depth(stacks, node);
	uint32_t n = stacks_depth(stacks, stack);
	struct strbuf who = STRBUF_INIT(NOTE_BYTES);

	for (; n_all > n; n_all--) {
		if (who.size > 0)
			strbuf_puts(&who, ", ");
		strbuf_puts(&who, frame_who(ui, stacks_frame(stacks, node)));
		node = stacks_parent(stacks, node);
	}
	if (who.size > 0)
		add_note(lines, "library frames", &who);
	strbuf_fini(&who);
}

static bool
is_main(const struct ui *ui, const struct symbol_frame *frame)
{
	return frame != NULL && frame->function != NAME_UNKNOWN &&
	    strcmp(frame_who(ui, frame), "main") == 0;
}

/* Regions of the program are the oldest of all, and always shown. */
static size_t
count_regions(const frame_lines *lines)
{
	size_t n = 0;

	while (n < lines->n && lines->items[lines->n - 1 - n].frame != NULL &&
	    symbol_is_region(lines->items[lines->n - 1 - n].frame))
		n++;
	return n;
}

/* Take what lies outside of the program off the end: what called main, and
 * frames without lines that are older than all frames with lines. */
static void
fold_frames(struct ui *ui, frame_lines *lines)
{
	struct strbuf who = STRBUF_INIT(NOTE_BYTES);
	size_t n = lines->n;

	while (n > 0 && (lines->items[n - 1].frame == NULL ||
	    (lines->items[n - 1].frame->flags & SYMBOL_NO_LINE) != 0))
		n--;
	for (size_t i = 0; i < n; i++) {
		if (is_main(ui, lines->items[i].frame))
			n = i + 1;
	}
	if (n == 0 || n == lines->n)
		return;
	for (size_t i = n; i < lines->n; i++) {
		if (who.size > 0)
			strbuf_puts(&who, ", ");
		strbuf_puts(&who, frame_who(ui, lines->items[i].frame));
	}
	lines->n = n;
	add_note(lines, "outside your program", &who);
	strbuf_fini(&who);
}

static void
fold_outside(struct ui *ui, frame_lines *lines)
{
	frame_lines regions = VEC_INIT;

	for (size_t n = count_regions(lines); n > 0; n--)
		vec_push(&regions, vec_pop(lines));
	fold_frames(ui, lines);
	while (regions.n > 0)
		vec_push(lines, vec_pop(&regions));
	vec_fini(&regions);
}

static void
reverse(frame_lines *lines)
{
	for (size_t i = 0; i < lines->n / 2; i++) {
		struct frame_line line = lines->items[i];

		lines->items[i] = lines->items[lines->n - 1 - i];
		lines->items[lines->n - 1 - i] = line;
	}
}

void
frames_list(struct ui *ui, const struct statistic *traceback,
    frame_lines *lines)
{
	const struct stacks *stacks;
	struct frame_line line = { 0 };
	uint32_t node;

	if (traceback == NULL)
		return;
	stacks = ui->detail.tracebacks->stacks;
	node = traceback->stack;
	if (ui->detail.shows_all)
		node = session_full_stack(ui->session, node);
	else
		add_skipped(ui, lines, node);
	for (; node != 0 && line.number < MAX_FRAMES; line.number++) {
		line.frame = stacks_frame(stacks, node);
		vec_push(lines, line);
		node = stacks_parent(stacks, node);
	}
	if (!ui->detail.shows_all)
		fold_outside(ui, lines);
	if (ui->detail.is_oldest_first)
		reverse(lines);
	ui->detail.n_frames = (uint32_t)lines->n;
	if (ui->detail.is_new) {
		/* on the first frame, not on a note above it */
		ui->detail.cursor = lines->n > 0 &&
		    lines->items[0].frame == NULL;
		ui->detail.is_new = false;
	}
	if (ui->detail.cursor >= lines->n)
		ui->detail.cursor = lines->n > 0 ? (uint32_t)lines->n - 1 : 0;
}
