/*
 * address.c - from an address to the traceback of its block (L7).
 *
 * What tracemalloc's get_object_traceback() is to an object: asked for at a
 * prompt, answered by the detail view.
 */
#include "ui/address.h"

#include "ui/ui.h"

#include "session_blocks.h"

#include <inttypes.h>
#include <stdlib.h>

/* The row of the table that a traceback is behind, NULL: none. */
static const struct statistic *
find_row(const struct stats_table *table, uint32_t stack)
{
	for (uint32_t i = 0; i < table->n_rows; i++) {
		if (stats_is_at(table, &table->rows[i], stack))
			return &table->rows[i];
	}
	return NULL;
}

/* Hexadecimal, with or without 0x. */
static bool
parse_address(const char *text, uint64_t *address)
{
	char *end;

	if (*text == '\0' || *text == '-' || *text == '+' || *text == ' ')
		return false;
	*address = strtoull(text, &end, 16);
	return *end == '\0';
}

static enum stage
show(struct ui *ui, const struct live_block *block, uint32_t stack,
    uint64_t address)
{
	const struct stats_table *table = session_rows(ui->session);
	const struct statistic *row = find_row(table, stack);
	char size[FMT_ROOM];

	if (row == NULL) {
		errbuf_set(&ui->filter_why, "its row is not shown");
		return STAGE_DRAW;
	}
	fmt_size(size, block->size);
	ui_say(ui, "0x%" PRIx64 " is %" PRIu64 " bytes into a block of %s at "
	    "0x%" PRIx64 ".", address, address - block->address, size,
	    block->address);
	ui_open_detail(ui, row->identity, false);
	ui->detail.identity = stacks_identity(table->stacks, stack);
	return STAGE_DRAW;
}

enum stage
address_accept(struct ui *ui, const char *text)
{
	const struct stats_table *table = session_rows(ui->session);
	struct live_block block;
	uint64_t address;
	uint32_t stack;

	if (!parse_address(text, &address))
		errbuf_set(&ui->filter_why, "an address like 0x7f12a0 is "
		    "expected");
	else if (table == NULL || !session_has_blocks(ui->session))
		errbuf_set(&ui->filter_why, "the blocks are still being "
		    "read: Enter again");
	else if (!session_find_block(ui->session, address, &block, &stack))
		errbuf_set(&ui->filter_why, "no live block that is recorded "
		    "has it");
	else if (stack == 0)
		errbuf_set(&ui->filter_why, "the filters hide its traceback");
	else if (table->grouping == BY_THREAD)
		errbuf_set(&ui->filter_why, "not while grouped by thread");
	else
		return show(ui, &block, stack, address);
	return STAGE_DRAW;
}
