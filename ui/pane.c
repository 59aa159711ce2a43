#include "ui/pane.h"

#include "ui/sourcefile.h"
#include "ui/ui.h"

#include "util/names.h"

#include <stdio.h>
#include <string.h>

enum {
	PANE_ROWS = 9, MIN_ROWS = 26, MIN_COLS = 120,
	NUMBER_COL = 3, WHO_COL = 8, WHO_WIDTH = 26, PLACE_WIDTH = 40
};

int
pane_rows(struct rect area)
{
	return area.rows >= MIN_ROWS && area.cols >= MIN_COLS ? PANE_ROWS : 0;
}

static void
draw_title(struct ui *ui, int at, const struct statistic *row)
{
	struct row_context context = ui_row_context(ui);
	struct strbuf text = STRBUF_INIT(LINE_PIECE_ROOM - 1);
	char size[FMT_ROOM], count[FMT_ROOM];
	struct line line = { 0 };

	context.grouping = context.grouping == BY_FILENAME ? BY_FILENAME :
	    BY_LINENO;
	location_text(&text, row, &context);
	fmt_size(size, row->size);
	fmt_count(count, row->count, ',');
	line_add(&line, 0, STYLE_TITLE, "-- %s", strbuf_text(&text));
	line_add(&line, 1, STYLE_NORMAL, "-- %u traceback%s --",
	    row->n_tracebacks, row->n_tracebacks == 1 ? "" : "s");
	line_add(&line, 1, STYLE_NUMBER, "%s%s in %s blocks", ui_about(ui),
	    size, count);
	line_add(&line, 2, STYLE_DIM, "-- the largest, most recent call "
	    "first; Enter: all");
	line_put(&line, &ui->cells, at, 1);
	strbuf_fini(&text);
}

static void
draw_frame(struct ui *ui, int at, unsigned number,
    const struct symbol_frame *frame)
{
	const struct names *names = session_names(ui->session);
	struct cells *cells = &ui->cells;
	struct strbuf place = STRBUF_INIT(LOCATION_MAX_BYTES);
	int source = WHO_COL + WHO_WIDTH + 1 + PLACE_WIDTH + 2;
	char text[16];

	snprintf(text, sizeof text, "#%u", number);
	cells_put(cells, at, NUMBER_COL, 4, STYLE_NORMAL, text);
	cells_put_head(cells, at, WHO_COL, WHO_WIDTH, STYLE_NORMAL,
	    name_text(names, frame->function != NAME_UNKNOWN ?
	    frame->function : frame->module));
	location_frame(&place, frame, names);
	cells_put_tail(cells, at, WHO_COL + WHO_WIDTH + 1, PLACE_WIDTH,
	    STYLE_NORMAL, strbuf_text(&place));
	strbuf_fini(&place);
	if (frame->line > 0 && (frame->flags & SYMBOL_NO_LINE) == 0) {
		const char *line = sources_line(ui->sources,
		    name_raw(names, frame->file, NULL), frame->line);

		cells_put_head(cells, at, source, cells->cols - source,
		    STYLE_SOURCE, line + strspn(line, " "));
	}
}

void
pane_draw(struct ui *ui, struct rect area, const struct statistic *row)
{
	const struct stats_table *table = session_rows(ui->session);
	uint32_t node = row->stack;
	int end = area.row + area.rows;

	draw_title(ui, area.row++, row);
	for (unsigned n = 0; node != 0 && area.row < end; n++) {
		draw_frame(ui, area.row++, n, stacks_frame(table->stacks,
		    node));
		node = stacks_parent(table->stacks, node);
	}
	if (node != 0)
		cells_put(&ui->cells, end - 1, area.cols - 5, 5, STYLE_DIM,
		    "  ...");
}
