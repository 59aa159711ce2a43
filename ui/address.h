/*
 * address.h - from an address to the traceback of its block (L7).
 */
#ifndef TMTOP_UI_ADDRESS_H
#define TMTOP_UI_ADDRESS_H

#include "ui/actions.h"

/* Open the traceback of the block with this address in it; if there is none,
 * or it is no address, ui->filter_why says so. */
enum stage address_accept(struct ui *ui, const char *text);

#endif
