/*
 * help.c - the pages of help, made from the tables of actions and columns
 * (L7).
 */
#include "ui/ui.h"

#include "util/vec.h"

#include <stdio.h>
#include <string.h>

enum { TWO_COLUMNS_FROM = 76, KEYS_WIDTH = 15, MAX_WIDTH = 80 };

struct help_line {
	bool		is_heading;
	char		left[32];
	const char	*text;		/* borrowed from a table */
};

typedef VEC(struct help_line) help_lines;

static const char *const filter_help[] = {
	"[!]PATTERN[:LINE] [func=NAME] [all] [@DOMAIN] [TEST...]",
	"",
	"PATTERN is compared with the whole name of the file:",
	"  *     any text, also with '/'      ?     one character",
	"  [ab]  one of these                 [!ab] none of these",
	"A word without * ? [ finds names that contain it: lru is *lru*.",
	"=name is taken exactly as it is, also without wildcards.",
	"A leading ! leaves out what matches.",
	":LINE asks for that line.  all looks at every frame of the",
	"traceback, not only at the one the memory belongs to.",
	"@2 asks for domain 2.  func=NAME asks for the function; it may",
	"stand alone: func=parse all is what parse and its callees own.",
	"Tests may stand alone too.  Of rows as they are shown:",
	"  size>10K  count>=100  average<64  growth>1M   (< <= = >= >)",
	"Of single blocks, of which those that pass are counted: block>10K",
	"",
	"*lru*     !*/json/* all     */conn.c:77     !<unknown>     * @2",
};

static const char *const state_help[] = {
	"RUNNING, STOPPED       the program's state",
	"PAUSED                 the display stands still, tracing goes on",
	"recording HELD         new blocks are not recorded, see R",
	"recording STOPPED      nothing is, and all blocks are forgotten",
	"sampled 512K, ~        estimates: one block about every 512 KiB",
	"EXITED 7, KILLED SIGx  it has ended; the last tables stay",
	"lost                   allocations that were not recorded",
	"truncated              tracebacks with fewer frames than there were",
	"cut, guessed           tracebacks that code without unwind",
	"                       information ended, or frame pointers bridged",
	"unresolved             rows without line information (no -g?)",
};

static void
add_heading(help_lines *lines, const char *text)
{
	struct help_line line = { .is_heading = true, .text = text };

	vec_push(lines, line);
}

static void
list_keys(help_lines *lines)
{
	for (int group = 0; group < N_GROUPS; group++) {
		add_heading(lines, action_group_name(group));
		for (int id = 0; id < N_ACTIONS; id++) {
			struct help_line line = { .text = actions[id].help };

			if ((int)actions[id].group != group)
				continue;
			snprintf(line.left, sizeof line.left, "%s",
			    actions[id].keys);
			vec_push(lines, line);
		}
	}
}

static void
add_texts(help_lines *lines, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct help_line line = { .text = texts[i] };

		vec_push(lines, line);
	}
}

static void
list_columns(help_lines *lines)
{
	add_heading(lines, "COLUMNS");
	for (int id = 0; id < N_COLUMNS; id++) {
		struct help_line line = { .text = columns[id].help };

		if (columns[id].title[0] == '\0')
			continue;
		snprintf(line.left, sizeof line.left, "%s",
		    columns[id].title);
		vec_push(lines, line);
	}
}

/* ---- pages ---- */

struct book {
	help_lines	keys, filters, others;
	struct rect	box;
	int		rows;		/* of text on a page */
	int		n_columns;	/* of keys */
};

static void
open_book(struct ui *ui, struct book *book)
{
	const struct cells *cells = &ui->cells;

	*book = (struct book){ 0 };
	book->box = (struct rect){ 0, 0, cells->rows - 1, cells->cols };
	if (book->box.cols > MAX_WIDTH) {
		book->box.col = (cells->cols - MAX_WIDTH) / 2;
		book->box.cols = MAX_WIDTH;
	}
	book->rows = book->box.rows > 3 ? book->box.rows - 2 : 1;
	book->n_columns = book->box.cols >= TWO_COLUMNS_FROM ? 2 : 1;
	list_keys(&book->keys);
	add_heading(&book->filters, "FILTERS");
	add_texts(&book->filters, filter_help, array_size(filter_help));
	list_columns(&book->others);
	add_heading(&book->others, "WORDS IN THE HEADER");
	add_texts(&book->others, state_help, array_size(state_help));
}

static void
close_book(struct book *book)
{
	vec_fini(&book->keys);
	vec_fini(&book->filters);
	vec_fini(&book->others);
}

static unsigned
pages_of(const help_lines *lines, int per_page)
{
	return (unsigned)((lines->n + (size_t)per_page - 1) /
	    (size_t)per_page);
}

unsigned
help_filter_page(const struct ui *ui)
{
	struct book book;
	unsigned page;

	open_book((struct ui *)ui, &book);
	page = pages_of(&book.keys, book.rows * book.n_columns) + 1;
	close_book(&book);
	return page;
}

unsigned
help_n_pages(const struct ui *ui)
{
	struct book book;
	unsigned n;

	open_book((struct ui *)ui, &book);
	n = pages_of(&book.keys, book.rows * book.n_columns) +
	    pages_of(&book.filters, book.rows) +
	    pages_of(&book.others, book.rows);
	close_book(&book);
	return n;
}

static void
put_line(struct ui *ui, struct rect at, const struct help_line *line)
{
	int left = at.cols > 2 * KEYS_WIDTH ? KEYS_WIDTH : at.cols / 2;
	int used = 0;

	if (line->is_heading) {
		cells_put(&ui->cells, at.row, at.col, at.cols, STYLE_TITLE,
		    line->text);
		return;
	}
	if (line->left[0] != '\0') {
		cells_put_head(&ui->cells, at.row, at.col + 1, left - 1,
		    STYLE_KEY, line->left);
		used = left;
	}
	cells_put(&ui->cells, at.row, at.col + 1 + used, at.cols - 1 - used,
	    STYLE_NORMAL, line->text);
}

static void
put_page(struct ui *ui, const struct book *book, const help_lines *lines,
    unsigned page, int n_columns)
{
	int width = (book->box.cols - 3) / n_columns;
	size_t from = (size_t)page * (size_t)(book->rows * n_columns);
	struct rect at = { 0, 0, 1, width - 1 };

	for (int i = 0; i < book->rows * n_columns; i++) {
		if (from + (size_t)i >= lines->n)
			break;
		at.row = book->box.row + 1 + i % book->rows;
		at.col = book->box.col + 2 + i / book->rows * width;
		put_line(ui, at, &lines->items[from + (size_t)i]);
	}
}

void
help_draw(struct ui *ui)
{
	unsigned n_pages = help_n_pages(ui), n_keys, n_filters;
	unsigned page = ui->help_page - 1;
	struct book book;
	char title[48];

	open_book(ui, &book);
	snprintf(title, sizeof title, "tmtop keys (%u/%u)", ui->help_page,
	    n_pages);
	cells_box(&ui->cells, book.box, title);
	n_keys = pages_of(&book.keys, book.rows * book.n_columns);
	n_filters = pages_of(&book.filters, book.rows);
	if (page < n_keys)
		put_page(ui, &book, &book.keys, page, book.n_columns);
	else if (page < n_keys + n_filters)
		put_page(ui, &book, &book.filters, page - n_keys, 1);
	else
		put_page(ui, &book, &book.others, page - n_keys - n_filters,
		    1);
	cells_put_head(&ui->cells, book.box.row + book.box.rows - 1,
	    book.box.col + 2, book.box.cols - 4, STYLE_DIM,
	    " Space: next page   Esc: close   more: tmtop(1) ");
	close_book(&book);
}
