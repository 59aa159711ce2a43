/*
 * view_tree.c - the call tree (L7).
 *
 * Shape      The session lists the nodes that are open; this view indents
 *            them, keeps the cursor on its node, and opens and closes.
 *            A deep tree is indented by one column for a level.
 * Limits     A node deeper than half of the width is indented no more; its
 *            depth is written in front of it.
 */
#include "ui/ui.h"

#include "session_tree.h"
#include "ui/outside.h"
#include "util/names.h"
#include "util/xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	INDENT = 2, FIGURE = 9, GROWTH_FIGURE = 10, MARGIN = 1,
	PLACE_FROM = 66,	/* columns from which the place is shown, */
	SELF_FROM = 100,	/* and what is the node's own */
	PLACE_SHARE = 4		/* of the columns is the place's */
};

static const struct tree_row *
row_at(const struct ui *ui, uint32_t place)
{
	const struct row_list *rows = &ui->tree.rows;
	size_t n;
	const struct tree_row *nodes = session_tree(ui->session, &n);

	if (place >= rows->n || rows->order[place] >= n)
		return NULL;
	return &nodes[rows->order[place]];
}

static void
update(struct ui *ui)
{
	size_t n;
	const struct tree_row *nodes = session_tree(ui->session, &n);
	uint64_t *identities = xreallocarray(NULL, n + 1,
	    sizeof *identities);

	for (size_t i = 0; i < n; i++)
		identities[i] = nodes[i].stat.identity;
	row_list_update(&ui->tree.rows, identities, (uint32_t)n, false);
	free(identities);
}

/* ---- drawing ---- */

/* Where things stand; width 0: not shown. */
struct layout {
	int	growth, count, self;	/* columns; 0: not shown */
	int	name, name_width;
	int	indent;		/* of a level */
	int	place, place_width;
};

static uint32_t
deepest(const struct ui *ui)
{
	size_t n;
	const struct tree_row *nodes = session_tree(ui->session, &n);
	uint32_t depth = 0;

	for (size_t i = 0; i < n; i++) {
		if (nodes[i].depth > depth)
			depth = nodes[i].depth;
	}
	return depth;
}

static struct layout
lay_out(const struct ui *ui, int cols)
{
	struct layout at = { .name = MARGIN + FIGURE };
	bool has_growth = session_baseline(ui->session) >= 0;

	if (has_growth) {
		at.growth = at.name + 1;
		at.name = at.growth + GROWTH_FIGURE;
	}
	if (cols >= (has_growth ? PLACE_FROM : PLACE_FROM - GROWTH_FIGURE)) {
		at.count = at.name + 1;
		at.name = at.count + FIGURE;
	}
	if (cols >= SELF_FROM && !session_is_bottom_up(ui->session)) {
		at.self = at.name + 1;
		at.name = at.self + FIGURE;
	}
	at.name += 2;
	if (cols >= PLACE_FROM) {
		at.place_width = cols / PLACE_SHARE;
		at.place = cols - at.place_width;
	}
	at.name_width = cols - at.name - (at.place_width > 0 ?
	    at.place_width + 1 : 0);
	at.indent = deepest(ui) * INDENT > (uint32_t)at.name_width / 2 ? 1 :
	    INDENT;
	return at;
}

static void
put_titles(struct ui *ui, int row, const struct layout *at)
{
	struct cells *cells = &ui->cells;
	enum sort_key sort = session_sort(ui->session, NULL);
	bool by_growth = at->growth > 0 && (sort == SORT_GROWTH ||
	    sort == SORT_GROWTH_SIGNED);
	const char *about = ui_about(ui);
	char text[32];

	snprintf(text, sizeof text, "%sSIZE%s", about, by_growth ? "" : " v");
	cells_put_right(cells, row, MARGIN, FIGURE, by_growth ?
	    STYLE_COLUMN : STYLE_COLUMN_SORTED, text);
	if (at->growth > 0)
		cells_put_right(cells, row, at->growth, GROWTH_FIGURE,
		    by_growth ? STYLE_COLUMN_SORTED : STYLE_COLUMN,
		    by_growth ? "|GROWTH| v" : "GROWTH");
	snprintf(text, sizeof text, "%sCOUNT", about);
	if (at->count > 0)
		cells_put_right(cells, row, at->count, FIGURE, STYLE_COLUMN,
		    text);
	if (at->self > 0)
		cells_put_right(cells, row, at->self, FIGURE, STYLE_COLUMN,
		    "SELF");
	cells_put_head(cells, row, at->name, at->name_width, STYLE_COLUMN,
	    session_is_bottom_up(ui->session) ? "CALLED FROM" : "CALL TREE");
	if (at->place_width > 0)
		cells_put_head(cells, row, at->place, at->place_width,
		    STYLE_COLUMN, "LOCATION");
}

static void
put_figures(struct ui *ui, int row, const struct tree_row *node,
    const struct layout *at)
{
	struct cells *cells = &ui->cells;
	const struct statistic *stat = &node->stat;
	char text[FMT_ROOM];

	fmt_size(text, stat->size);
	cells_put_right(cells, row, MARGIN, FIGURE, STYLE_NORMAL, text);
	if (at->growth > 0) {
		fmt_size_diff(text, stat->size_diff);
		cells_put_right(cells, row, at->growth, GROWTH_FIGURE,
		    stat->size_diff > 0 ? STYLE_GROWTH : stat->size_diff < 0 ?
		    STYLE_SHRINK : STYLE_NORMAL, text);
	}
	if (at->count > 0) {
		fmt_count(text, stat->count, ',');
		cells_put_right(cells, row, at->count, FIGURE, STYLE_NORMAL,
		    text);
	}
	if (at->self > 0) {
		fmt_size(text, node->self_size);
		cells_put_right(cells, row, at->self, FIGURE,
		    node->self_size > 0 ? STYLE_NORMAL : STYLE_DIM, text);
	}
}

/* What the node is called: the function, or the place of what has no name. */
static void
add_name(struct ui *ui, struct strbuf *to, const struct tree_row *node)
{
	struct row_context context = ui_row_context(ui);

	context.grouping = BY_LINENO;
	if (node->depth == 0)
		strbuf_puts(to, "(all)");
	else if (node->n_folded > 0)
		strbuf_printf(to, "(%" PRIu32 " more %s)", node->n_folded,
		    session_is_bottom_up(ui->session) ? "callers" :
		    "callees");
	else if (node->stat.function != NAME_UNKNOWN)
		strbuf_puts(to, name_text(context.names,
		    node->stat.function));
	else
		location_place(to, &node->stat, &context);
}

static void
put_node(struct ui *ui, int row, const struct tree_row *node,
    const struct layout *at)
{
	struct cells *cells = &ui->cells;
	struct row_context context = ui_row_context(ui);
	struct strbuf text = STRBUF_INIT(LOCATION_MAX_BYTES);
	int indent = (int)node->depth * at->indent;
	int most = at->name_width / 2 / at->indent;

	put_figures(ui, row, node, at);
	if (node->depth > (uint32_t)most) {
		indent = most * at->indent;
		strbuf_printf(&text, "%" PRIu32 ": ", node->depth);
	}
	strbuf_puts(&text, !node->has_children ? "  " : node->is_open ?
	    "- " : "+ ");
	add_name(ui, &text, node);
	cells_put_head(cells, row, at->name + indent,
	    at->name_width - indent, node->n_folded > 0 ? STYLE_DIM :
	    STYLE_NORMAL, strbuf_text(&text));
	if (ui->search[0] != '\0' &&
	    finder_match(strbuf_text(&text), ui->search) != NULL)
		cells_add_style(cells, row, at->name, at->name_width,
		    STYLE_MATCH);
	strbuf_fini(&text);
	context.grouping = BY_LINENO;
	if (at->place_width > 0 && node->depth > 0 && node->n_folded == 0)
		location_put_place(cells, (struct rect){ row, at->place, 1,
		    at->place_width }, &node->stat, &context, -1);
}

static void
draw(struct ui *ui, struct rect area)
{
	struct tree_state *state = &ui->tree;
	struct layout at = lay_out(ui, area.cols);
	uint32_t lines = area.rows > 1 ? (uint32_t)area.rows - 1 : 0;
	uint32_t shown = row_list_fit(&state->rows, lines, false);

	state->n_lines = lines;
	put_titles(ui, area.row, &at);
	for (uint32_t i = 0; i < shown; i++) {
		uint32_t place = state->rows.top + i;
		const struct tree_row *node = row_at(ui, place);
		int row = area.row + 1 + (int)i;

		if (node == NULL)
			break;
		put_node(ui, row, node, &at);
		if (place != state->rows.cursor)
			continue;
		cells_put(&ui->cells, row, 0, 1, STYLE_NORMAL, ">");
		cells_add_style(&ui->cells, row, 0, area.cols,
		    STYLE_SELECTED);
	}
	if (shown == 0)
		cells_put_head(&ui->cells, area.row + 2, 2, area.cols - 2,
		    STYLE_DIM, "The tree is being made ...");
}

static void
describe(struct ui *ui, char *to, size_t room)
{
	snprintf(to, room, session_is_bottom_up(ui->session) ?
	    "bottom-up  v: top-down" : "top-down  v: bottom-up");
}

/* ---- acting ---- */

/* The node that this one is below; the same for the root. */
static uint32_t
parent_of(const struct ui *ui, uint32_t place)
{
	const struct tree_row *node = row_at(ui, place), *above = node;

	while (place > 0 && above != NULL && above->depth >= node->depth)
		above = row_at(ui, --place);
	return place;
}

static enum stage
close_node(struct ui *ui)
{
	struct row_list *rows = &ui->tree.rows;
	const struct tree_row *node = row_at(ui, rows->cursor);

	if (node->is_open)
		return session_open_node(ui->session, node->stat.identity,
		    false);
	row_list_go(rows, parent_of(ui, rows->cursor));
	return STAGE_DRAW;
}

static enum stage
open_node(struct ui *ui)
{
	struct row_list *rows = &ui->tree.rows;
	const struct tree_row *node = row_at(ui, rows->cursor);

	if (node->is_open) {
		row_list_move(rows, 1);
		return STAGE_DRAW;
	}
	if (!node->has_children) {
		ui_say(ui, "There is nothing %s it. Enter shows the "
		    "tracebacks.", session_is_bottom_up(ui->session) ?
		    "above" : "below");
		return STAGE_DRAW;
	}
	rows->has_moved = true;
	return session_open_node(ui->session, node->stat.identity, true);
}

static enum stage
open_tracebacks(struct ui *ui, const struct tree_row *node)
{
	if (node->depth == 0 || node->n_folded > 0) {
		ui_say(ui, "This is no function: move to one.");
		return STAGE_DRAW;
	}
	ui->tree.rows.has_moved = true;
	return ui_open_detail(ui, node->stat.identity, true);
}

static enum stage
copy_name(struct ui *ui, const struct tree_row *node)
{
	struct strbuf text = STRBUF_INIT(LOCATION_MAX_BYTES);

	add_name(ui, &text, node);
	outside_copy(ui, strbuf_text(&text));
	strbuf_fini(&text);
	return STAGE_DRAW;
}

static enum stage
flip(struct ui *ui)
{
	bool on = !session_is_bottom_up(ui->session);

	row_list_reset(&ui->tree.rows);
	ui_say(ui, on ? "Bottom-up: what owns memory, and who called it." :
	    "Top-down: from main to what owns memory.");
	return session_set_bottom_up(ui->session, on);
}

static enum stage
act(struct ui *ui, enum action_id id)
{
	struct row_list *rows = &ui->tree.rows;
	const struct tree_row *node = row_at(ui, rows->cursor);
	uint32_t place = rows->cursor;

	if (ui_move(id, &place, rows->n, ui->tree.n_lines)) {
		row_list_go(rows, place);
		return STAGE_DRAW;
	}
	if (id == ACTION_TREE_FLIP)
		return flip(ui);
	if (id == ACTION_SORT_SIZE || id == ACTION_SORT_GROWTH ||
	    id == ACTION_SKIP)
		return view_table.act(ui, id);
	if (node == NULL)
		return STAGE_IDLE;
	switch (id) {
	case ACTION_NODE_OPEN:
		return open_node(ui);
	case ACTION_NODE_CLOSE:
		return close_node(ui);
	case ACTION_COPY:
		return copy_name(ui, node);
	case ACTION_HOT_PATH:
		rows->has_moved = true;
		return session_open_hot_path(ui->session,
		    node->stat.identity);
	case ACTION_OPEN:
		return open_tracebacks(ui, node);
	default:
		return STAGE_IDLE;
	}
}

static enum stage
click(struct ui *ui, int row, int col)
{
	struct row_list *rows = &ui->tree.rows;
	uint32_t place = rows->top + (uint32_t)row - 1;
	const struct tree_row *node = row > 0 ? row_at(ui, place) : NULL;

	(void)col;
	if (node == NULL)
		return STAGE_IDLE;
	if (place != rows->cursor || !rows->has_moved) {
		row_list_go(rows, place);
		return STAGE_DRAW;
	}
	return node->is_open ? close_node(ui) : open_node(ui);
}

static bool
find(struct ui *ui, const char *text, int by)
{
	struct row_list *rows = &ui->tree.rows;
	struct strbuf name = STRBUF_INIT(LOCATION_MAX_BYTES);
	uint32_t place = rows->cursor;
	bool is_found = false;

	for (uint32_t i = 0; i < rows->n && !is_found; i++) {
		if (by != 0 || i > 0)
			place = (place + (by < 0 ? rows->n - 1 : 1)) % rows->n;
		strbuf_clear(&name);
		add_name(ui, &name, row_at(ui, place));
		is_found = finder_match(strbuf_text(&name), text) != NULL;
	}
	if (is_found)
		row_list_go(rows, place);
	strbuf_fini(&name);
	return is_found;
}

const struct view_ops view_tree = {
	.name = "",
	.context = C_TREE,
	.has_tabs = true,
	.update = update,
	.draw = draw,
	.act = act,
	.click = click,
	.describe = describe,
	.find = find,
};
