/*
 * location.c - a row's place in the program as text (L7).
 *
 * Why        Paths differ at their end, and often only there; so a path is cut
 *            at its start, and the file name with its line is the last thing
 *            to go.
 */
#include "ui/location.h"

#include "util/names.h"

#include <inttypes.h>
#include <string.h>

/* Callers after the newest frame in the title of a traceback. */
enum { MAX_CALLERS = 12, MIN_WHO = 5, MIN_BOTH = 24 };

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* Module and offset, for code that has no line information. */
static void
add_module(struct strbuf *to, uint32_t module, uint64_t offset,
    const struct names *names)
{
	strbuf_printf(to, "%s+0x%" PRIx64,
	    base_name(name_text(names, module)), offset);
}

void
location_place(struct strbuf *to, const struct statistic *row,
    const struct row_context *context)
{
	const char *file = name_text(context->names, row->file);

	if (context->grouping != BY_FILENAME &&
	    (row->flags & SYMBOL_NO_LINE) != 0 && row->module != NAME_UNKNOWN) {
		add_module(to, row->module, row->offset, context->names);
		return;
	}
	strbuf_puts(to, file);
	if (context->grouping != BY_FILENAME && row->line > 0)
		strbuf_printf(to, ":%" PRIu32, row->line);
}

void
location_frame(struct strbuf *to, const struct symbol_frame *frame,
    const struct names *names)
{
	if ((frame->flags & SYMBOL_NO_LINE) != 0 &&
	    frame->module != NAME_UNKNOWN) {
		add_module(to, frame->module, frame->offset, names);
		return;
	}
	strbuf_puts(to, name_text(names, frame->file));
	if (frame->line > 0)
		strbuf_printf(to, ":%" PRIu32, frame->line);
}

void
location_who(struct strbuf *to, const struct statistic *row,
    const struct row_context *context)
{
	const struct stacks *stacks = context->stacks;
	uint32_t node = row->stack;
	int n = 0;

	if (context->grouping == BY_FILENAME)
		return;
	if (row->function != NAME_UNKNOWN)
		strbuf_puts(to, name_text(context->names, row->function));
	if (context->grouping != BY_TRACEBACK || node == 0)
		return;
	node = stacks_parent(stacks, node);
	for (; node != 0 && n < MAX_CALLERS; n++) {
		const struct symbol_frame *frame = stacks_frame(stacks, node);

		strbuf_printf(to, " < %s", frame->function != NAME_UNKNOWN ?
		    name_text(context->names, frame->function) :
		    base_name(name_text(context->names, frame->file)));
		node = stacks_parent(stacks, node);
	}
}

void
location_text(struct strbuf *to, const struct statistic *row,
    const struct row_context *context)
{
	location_place(to, row, context);
	if (context->grouping == BY_FILENAME)
		return;
	strbuf_putc(to, ' ');
	location_who(to, row, context);
	if (strbuf_text(to)[to->size - 1] == ' ')
		strbuf_cut(to, to->size - 1);
}

/* Place and function into what is too narrow for both. */
static void
put_cut(struct cells *cells, struct rect at, const char *place,
    const char *who)
{
	int w_who = cells_width(cells, who);
	int w_least = cells_width(cells, base_name(place)) +
	    cells_width(cells, cells->glyphs->ellipsis);
	int w_place = at.cols - 1 - w_who;
	int least_who = w_who < MIN_WHO ? w_who : MIN_WHO;

	/* a place of up to half of the width is not worth cutting */
	if (w_place < at.cols / 2)
		w_place = at.cols / 2;
	if (w_place < w_least)
		w_place = w_least;
	if (w_place > cells_width(cells, place))
		w_place = cells_width(cells, place);
	if (at.cols - w_place - 1 < least_who)
		w_place = at.cols;
	w_place = cells_put_tail(cells, at.row, at.col, w_place, STYLE_NORMAL,
	    place);
	if (at.cols - w_place - 1 >= least_who)
		cells_put_head(cells, at.row, at.col + w_place + 1,
		    at.cols - w_place - 1, STYLE_NORMAL, who);
}

static void
put_place_and_who(struct cells *cells, struct rect at, struct strbuf *place,
    const char *who, int skip)
{
	int width;

	if (skip >= 0) {
		strbuf_printf(place, " %s", who);
		cells_put(cells, at.row, at.col, at.cols, STYLE_NORMAL,
		    cells_skip(cells, strbuf_text(place), skip));
		return;
	}
	width = cells_width(cells, strbuf_text(place));
	if (*who == '\0' || (at.cols < MIN_BOTH &&
	    width + 1 + cells_width(cells, who) > at.cols)) {
		cells_put_tail(cells, at.row, at.col, at.cols, STYLE_NORMAL,
		    strbuf_text(place));
	} else if (width + 1 + cells_width(cells, who) <= at.cols) {
		cells_put(cells, at.row, at.col, width, STYLE_NORMAL,
		    strbuf_text(place));
		cells_put(cells, at.row, at.col + width + 1,
		    at.cols - width - 1, STYLE_NORMAL, who);
	} else {
		put_cut(cells, at, strbuf_text(place), who);
	}
}

void
location_put(struct cells *cells, struct rect at, const struct statistic *row,
    const struct row_context *context, int skip)
{
	struct strbuf place = STRBUF_INIT(LOCATION_MAX_BYTES * 2);
	struct strbuf who = STRBUF_INIT(LOCATION_MAX_BYTES);

	location_place(&place, row, context);
	location_who(&who, row, context);
	put_place_and_who(cells, at, &place, strbuf_text(&who), skip);
	strbuf_fini(&place);
	strbuf_fini(&who);
}

void
location_put_place(struct cells *cells, struct rect at,
    const struct statistic *row, const struct row_context *context, int skip)
{
	struct strbuf place = STRBUF_INIT(LOCATION_MAX_BYTES * 2);

	location_place(&place, row, context);
	put_place_and_who(cells, at, &place, "", skip);
	strbuf_fini(&place);
}
