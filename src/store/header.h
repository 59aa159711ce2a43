/*
 * header.h - is it a snapshot file?  Before SQLite sees it (L5s).
 */
#ifndef TMTOP_STORE_HEADER_H
#define TMTOP_STORE_HEADER_H

#include "base/errbuf.h"

/* 0 when the file is there, regular, and begins as a snapshot file of this
 * version; -1: why says what it is, without its name. */
int header_check(const char *path, struct errbuf *why);

#endif
