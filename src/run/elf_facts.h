/*
 * elf_facts.h - what an ELF file says about how it will be loaded (L3).
 *
 * Reads the few tables that decide whether a preloaded library can reach a
 * program, with pread() and every offset checked: the file may be anything.
 */
#ifndef TMTOP_RUN_ELF_FACTS_H
#define TMTOP_RUN_ELF_FACTS_H

#include "base/compiler.h"

#define ELF_STRING_MAX	256

struct elf_facts {
	bool		is_elf;		/* has the magic; else all is zero */
	bool		is_native;	/* class, byte order and machine are
					 * those of this tmtop; else the
					 * fields below are not filled in */
	bool		is_broken;	/* some table lies outside the file */
	uint16_t	machine;	/* EM_* */
	uint8_t		bits;		/* 32 or 64, 0 for neither */
	bool		is_program;	/* ET_EXEC or ET_DYN */
	bool		has_interpreter; /* PT_INTERP: dynamically linked */
	bool		defines_malloc;	/* in its dynamic symbols */
	char		interpreter[ELF_STRING_MAX];
	char		soname[ELF_STRING_MAX];
	char		asan[ELF_STRING_MAX];	/* the libasan it needs, or "" */
};

/* Fill in from an open file; whatever cannot be read is is_broken. Never
 * fails otherwise, moves no file position, allocates nothing. */
void elf_facts_read(struct elf_facts *facts, int fd);

#endif
