/*
 * unwind_libunwind.c - the reference unwinder, a module of its own (L2).
 *
 * Why        libunwind cannot live in the hook: as a global dependency it
 *            would take over _Unwind_* and backtrace() of the program, and
 *            its local address space opens pipes and keeps stale caches.
 *            Here it runs on a remote address space whose accessors read
 *            this very process, within the stack's bounds, without caches.
 * Shape      The walk begins in this function and is reported from the frame
 *            that the hook names.
 */
#include "hooks/unwind_module.h"

#include <dlfcn.h>
#include <libunwind.h>
#include <string.h>

struct search {
	struct unwind_reference	*request;
	unw_context_t		*registers;
	uintptr_t		 walk_sp;
};

/* From libunwind's private headers: the format of perf and gdb users too. */
extern int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t, unw_word_t,
    unw_dyn_info_t *, unw_proc_info_t *, int, void *);

static int
find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info,
    int need_unwind_info, void *argument)
{
	struct dl_find_object found;
	unw_dyn_info_t table;
	const uint8_t *header;
	uint32_t count;

	if (_dl_find_object((void *)ip, &found) != 0 ||
	    found.dlfo_eh_frame == NULL)
		return -UNW_ENOINFO;
	header = found.dlfo_eh_frame;
	/* version 1, eh_frame pointer sdata4, count udata4, table sdata4 */
	if (header[0] != 1 || header[2] != 0x03 || header[3] != 0x3b)
		return -UNW_ENOINFO;
	memcpy(&count, header + 8, sizeof count);
	memset(&table, 0, sizeof table);
	table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
	table.start_ip = (unw_word_t)found.dlfo_map_start;
	table.end_ip = (unw_word_t)found.dlfo_map_end;
	table.u.rti.segbase = (unw_word_t)header;
	table.u.rti.table_data = (unw_word_t)header + 12;
	table.u.rti.table_len = count * 8 / sizeof(unw_word_t);
	return UNW_OBJ(dwarf_search_unwind_table)(space, ip, &table, info,
	    need_unwind_info, argument);
}

static void
put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *argument)
{
	(void)space;
	(void)info;
	(void)argument;
}

static int
get_dyn_info_list(unw_addr_space_t space, unw_word_t *address, void *argument)
{
	(void)space;
	(void)address;
	(void)argument;
	return -UNW_ENOINFO;
}

static int
access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *value,
    int is_write, void *argument)
{
	const struct search *search = argument;
	const struct unwind_reference *request = search->request;
	struct dl_find_object found;

	(void)space;
	if (is_write)
		return -UNW_EINVAL;
	if ((address >= search->walk_sp &&
	    address <= request->stack_high - sizeof(*value) &&
	    search->walk_sp >= request->stack_low &&
	    search->walk_sp < request->stack_high) ||
	    _dl_find_object((void *)address, &found) == 0) {
		memcpy(value, (const void *)address, sizeof(*value));
		return 0;
	}
	return -UNW_EINVAL;
}

static int
access_reg(unw_addr_space_t space, unw_regnum_t reg, unw_word_t *value,
    int is_write, void *argument)
{
	const struct search *search = argument;
	const greg_t *gregs = search->registers->uc_mcontext.gregs;
	static const int place[] = {
		[UNW_X86_64_RAX] = REG_RAX, [UNW_X86_64_RDX] = REG_RDX,
		[UNW_X86_64_RCX] = REG_RCX, [UNW_X86_64_RBX] = REG_RBX,
		[UNW_X86_64_RSI] = REG_RSI, [UNW_X86_64_RDI] = REG_RDI,
		[UNW_X86_64_RBP] = REG_RBP, [UNW_X86_64_RSP] = REG_RSP,
		[UNW_X86_64_R8] = REG_R8, [UNW_X86_64_R9] = REG_R9,
		[UNW_X86_64_R10] = REG_R10, [UNW_X86_64_R11] = REG_R11,
		[UNW_X86_64_R12] = REG_R12, [UNW_X86_64_R13] = REG_R13,
		[UNW_X86_64_R14] = REG_R14, [UNW_X86_64_R15] = REG_R15,
		[UNW_X86_64_RIP] = REG_RIP,
	};

	(void)space;
	if (is_write || reg < 0 ||
	    (size_t)reg >= sizeof(place) / sizeof(place[0]))
		return -UNW_EBADREG;
	*value = (unw_word_t)gregs[place[reg]];
	return 0;
}

static int
access_fpreg(unw_addr_space_t space, unw_regnum_t reg, unw_fpreg_t *value,
    int is_write, void *argument)
{
	(void)space;
	(void)reg;
	(void)value;
	(void)is_write;
	(void)argument;
	return -UNW_EINVAL;
}

static int
resume(unw_addr_space_t space, unw_cursor_t *cursor, void *argument)
{
	(void)space;
	(void)cursor;
	(void)argument;
	return -UNW_EINVAL;
}

static int
get_proc_name(unw_addr_space_t space, unw_word_t address, char *name,
    size_t size, unw_word_t *offset, void *argument)
{
	(void)space;
	(void)address;
	(void)name;
	(void)size;
	(void)offset;
	(void)argument;
	return -UNW_ENOINFO;
}

static unw_accessors_t accessors = {
	.find_proc_info = find_proc_info,
	.put_unwind_info = put_unwind_info,
	.get_dyn_info_list_addr = get_dyn_info_list,
	.access_mem = access_mem,
	.access_reg = access_reg,
	.access_fpreg = access_fpreg,
	.resume = resume,
	.get_proc_name = get_proc_name,
};

static void
report(unw_cursor_t *cursor, struct search *search)
{
	struct unwind_reference *request = search->request;
	unw_word_t ip = 0;
	int more = 0;

	do {
		if (unw_get_reg(cursor, UNW_REG_IP, &ip) < 0 || ip == 0)
			break;
		if (request->n_frames == request->max_frames)
			return;
		request->pcs[request->n_frames++] = ip;
		more = unw_step(cursor);
	} while (more > 0);
	request->is_complete = more == 0;
}

__attribute__((visibility("default"))) void
tmtop_unwind_reference(struct unwind_reference *request)
{
	static unw_addr_space_t space;
	unw_context_t registers;
	struct search search = { request, &registers, 0 };
	unw_cursor_t cursor;
	unw_word_t ip, sp;

	if (space == NULL) {
		space = unw_create_addr_space(&accessors, 0);
		if (space == NULL)
			return;
		unw_set_caching_policy(space, UNW_CACHE_NONE);
	}
	if (unw_getcontext(&registers) != 0)
		return;
	search.walk_sp = (uintptr_t)registers.uc_mcontext.gregs[REG_RSP];
	if (unw_init_remote(&cursor, space, &search) != 0)
		return;
	do {
		if (unw_get_reg(&cursor, UNW_REG_IP, &ip) < 0 ||
		    unw_get_reg(&cursor, UNW_REG_SP, &sp) < 0)
			return;
		if (ip == request->start_pc && sp == request->start_sp) {
			report(&cursor, &search);
			return;
		}
	} while (unw_step(&cursor) > 0);
}
