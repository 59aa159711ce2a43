/*
 * lifecycle.c - finding the segment, taking a slot, surviving fork (L2).
 *
 * Shape      idle -> starting -> on | off.  In a fork child the armed word has
 *            been wiped while the state still says on: the child forgets the
 *            parent's tables, untouched, and takes a slot of its own at its
 *            first event.
 * Why        The first interposed call may come before any constructor, when
 *            libc does not know its environment yet: it is found above the
 *            initial stack instead.  Nothing is waited for: what is not there
 *            leaves the process untracked, and it runs as if alone.
 */
#include "hooks/lifecycle.h"

#include "base/sys.h"
#include "hooks/ask.h"
#include "hooks/find_segment.h"
#include "hooks/modules.h"
#include "hooks/real.h"
#include "hooks/record.h"
#include "hooks/sites.h"
#include "hooks/spans.h"
#include "hooks/tails.h"
#include "hooks/thread.h"
#include "hooks/verify.h"
#include "tables/blocks.h"
#include "tables/counters.h"
#include "tables/mappings.h"
#include "tables/objects.h"
#include "tables/region.h"
#include "tables/segment.h"
#include "tables/tree.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum state { IDLE, STARTING, ON, OFF };

static const uint32_t never = LIFECYCLE_IDLE;
static const char not_alone;

const uint32_t *lifecycle_armed = &never;
const char *lifecycle_single_threaded = &not_alone;
struct control *lifecycle_control;
struct lobby *lifecycle_lobby;

static uint32_t state;
static uint32_t own_slot;
static uint32_t child_is_starting;

extern char __libc_single_threaded ATTR_WEAK;
extern void *__libc_stack_end ATTR_WEAK;
extern char **environ;
extern int _dl_find_object(void *, struct dl_find_object *) ATTR_WEAK;

/* ---- the environment ---- */

/* As the kernel laid it out: argc, argv, NULL, envp, NULL, auxv. */
static char **
initial_environment(void)
{
	uintptr_t *at;

	if (&__libc_stack_end == NULL)
		return environ;
	at = __libc_stack_end;
	return (char **)(at + 1 + *at + 1);
}

static const char *
environment_value(char **environment, const char *name)
{
	size_t size = strlen(name);

	for (; environment != NULL && *environment != NULL; environment++)
		if (strncmp(*environment, name, size) == 0 &&
		    (*environment)[size] == '=')
			return *environment + size + 1;
	return NULL;
}

/* What the kernel says beside the environment; 0: nothing of that kind. */
static uintptr_t
auxiliary_value(char **environment, uintptr_t type)
{
	const ElfW(auxv_t) *aux;

	while (*environment != NULL)
		environment++;
	for (aux = (const void *)(environment + 1); aux->a_type != AT_NULL;
	    aux++)
		if (aux->a_type == type)
			return aux->a_un.a_val;
	return 0;
}

/* ---- the slot ---- */

static struct slot *
slots(void)
{
	return (struct slot *)((char *)lifecycle_lobby + SLOTS_OFFSET);
}

static uint64_t
now_ns(void)
{
	struct timespec t;

	if (sys_failed(sys_call6(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&t,
	    0, 0, 0, 0)))
		return 0;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool
claim_slot(enum slot_kind kind, uint32_t *index)
{
	struct slot *slot;
	uint32_t i, expected;

	for (i = 0; i < N_SLOTS; i++) {
		slot = &slots()[i];
		expected = SLOT_FREE;
		/* ORDER slot-free: other end slot_recycle(). */
		if (load_relaxed(&slot->state) != SLOT_FREE ||
		    !cas_acq_rel(&slot->state, &expected, SLOT_CLAIMED))
			continue;
		store_relaxed(&slot->pid, (int32_t)sys_getpid());
		slot->ppid = (int32_t)sys_getppid();
		slot->kind = kind;
		slot->parent_slot = kind == SLOT_KIND_FORK ? own_slot + 1 : 0;
		slot->start_ns = now_ns();
		*index = i;
		return true;
	}
	add_relaxed(&lifecycle_lobby->n_untracked, 1);
	return false;
}

static void
read_command(struct process_header *header)
{
	long fd = sys_open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC), n;

	if (sys_failed(fd))
		return;
	n = sys_read((int)fd, header->command, sizeof(header->command));
	header->command_size = sys_failed(n) ? 0 : (uint32_t)n;
	sys_close((int)fd);
}

static void
write_header(uint32_t index, uint64_t inherited)
{
	struct process_header *header = region_header;
	struct slot *slot = &slots()[index];

	header->magic = LAYOUT_MAGIC;
	header->version = LAYOUT_VERSION;
	header->pid = slot->pid;
	header->ppid = slot->ppid;
	header->kind = slot->kind;
	header->start_ns = slot->start_ns;
	header->own_pointer_size = sizeof(void *);
	header->inherited_bytes = inherited;
	header->sample_bytes = load_relaxed(&lifecycle_control->sample_bytes);
	header->peak_epoch = 1;
	header->clear_epoch = load_relaxed(&lifecycle_control->clear_epoch);
	header->peak_reset_epoch =
	    load_relaxed(&lifecycle_control->peak_reset_epoch);
	read_command(header);
}

/* File of the real malloc, without folder; "" when it is not known. */
static const char *
allocator_file(void)
{
	struct dl_find_object found;
	const char *name, *slash;

	if (_dl_find_object == NULL ||
	    _dl_find_object((void *)real.malloc, &found) != 0)
		return "";
	name = found.dlfo_link_map->l_name;
	slash = name != NULL ? strrchr(name, '/') : NULL;
	return slash != NULL ? slash + 1 : "";
}

/* glibc never places two blocks in the same aligned 32 bytes; others do. */
static uint32_t
note_allocator(void)
{
	const char *file = allocator_file();
	size_t i;

	for (i = 0; file[i] != '\0' &&
	    i < sizeof(region_header->allocator) - 1; i++)
		region_header->allocator[i] = file[i];
	return strcmp(file, "libc.so.6") == 0 ? 1 : RECORD_STRIDE / 8;
}

/* Takes the segment's descriptor over; -1: there is none, in a fork child. */
static bool
attach_slot(enum slot_kind kind, int fd, uint64_t inherited)
{
	bool is_claimed, is_attached;
	uint32_t index;

	is_claimed = claim_slot(kind, &index);
	is_attached = is_claimed && region_attach(lifecycle_lobby, fd, index,
	    lifecycle_lobby->table_limit) == 0;
	/* Before anything else is opened: there may be room for just one. */
	if (fd >= 0)
		sys_close(fd);
	if (!is_claimed)
		return false;
	if (!is_attached) {
		/* Stays claimed: the helper empties it when we are gone. */
		add_relaxed(&lifecycle_lobby->n_untracked, 1);
		return false;
	}
	own_slot = index;
	write_header(index, inherited);
	blocks_init(note_allocator());
	if (!tree_begin())
		return false;
	/* ORDER slot-live: other end read_slot() of the reader. */
	store_release(&slots()[index].state, SLOT_LIVE);
	return true;
}

/* ---- arming ---- */

static uint32_t
recording_mode(void)
{
	return region_header->sample_bytes != 0 ? LIFECYCLE_SAMPLE :
	    LIFECYCLE_ALL;
}

static uint32_t
first_mode(void)
{
	return lifecycle_is_stopped() ? LIFECYCLE_UNTOUCHED :
	    recording_mode();
}

ATTR_COLD void
lifecycle_touch_slow(void)
{
	/* The word is ours to write, by whichever thread comes first. */
	store_relaxed((uint32_t *)lifecycle_armed, recording_mode());
}

static bool
arm(void)
{
	long p = sys_mmap(NULL, LAYOUT_PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (sys_failed(p))
		return false;
	/* Without the advice a child could not be told from its parent. */
	if (sys_failed(sys_madvise((void *)p, LAYOUT_PAGE,
	    MADV_WIPEONFORK))) {
		sys_munmap((void *)p, LAYOUT_PAGE);
		return false;
	}
	*(uint32_t *)p = first_mode();
	store_release(&lifecycle_armed, (const uint32_t *)p);
	return true;
}

/* Some process of the run has a slot already: this one was exec'ed. */
static bool
is_first_process(void)
{
	uint32_t i;

	for (i = 0; i < N_SLOTS; i++)
		if (load_relaxed(&slots()[i].state) != SLOT_FREE ||
		    slots()[i].incarnation != 0)
			return false;
	return true;
}

/* Does the executable define malloc, so that nobody comes to ours?  (An address
 * of ours says nothing: it is that of the first definition, whosever.) */
static bool
has_own_malloc(void)
{
	void *first = dlsym(RTLD_DEFAULT, "malloc");
	struct dl_find_object found;

	return _dl_find_object != NULL && first != NULL &&
	    _dl_find_object(first, &found) == 0 &&
	    found.dlfo_link_map->l_name != NULL &&
	    found.dlfo_link_map->l_name[0] == '\0';
}

static bool
start(void)
{
	char **environment = initial_environment();
	const char *text;
	int fd;

	text = environment_value(environment, SEGMENT_ENV);
	if (text == NULL || auxiliary_value(environment, AT_SECURE) != 0)
		return false;
	modules_set_program((void *)auxiliary_value(environment, AT_PHDR),
	    (unsigned)auxiliary_value(environment, AT_PHNUM));
	fd = find_segment(text, &lifecycle_lobby);
	if (fd < 0)
		return false;
	ask_init(text);
	lifecycle_control = (struct control *)((char *)lifecycle_lobby +
	    CONTROL_OFFSET);
	if (!(lifecycle_lobby->options & LOBBY_FOLLOW_EXEC) &&
	    !is_first_process()) {
		sys_close(fd);
		return false;
	}
	if (!attach_slot(SLOT_KIND_EXEC, fd, 0))
		return false;
	threads_init();
	if (has_own_malloc())
		region_header->troubles |= TROUBLE_OWN_MALLOC;
	verify_init(lifecycle_lobby->options);
	if (&__libc_single_threaded != NULL)
		lifecycle_single_threaded = &__libc_single_threaded;
	return arm();
}

/* ---- fork ---- */

static void
forget_parent(void)
{
	region_abandon();
	tree_abandon();
	blocks_abandon();
	mappings_abandon();
	objects_abandon();
	modules_abandon();
	sites_abandon();
	spans_abandon();
	tails_abandon();
	verify_abandon();
	deltas_abandon();
	thread_abandon();
}

/* The wiped word is still ours to write. */
static void
rearm(void)
{
	store_release((uint32_t *)lifecycle_armed, first_mode());
}

static bool
start_child(void)
{
	uint64_t inherited = load_relaxed(&region_header->current);

	forget_parent();
	if (!(lifecycle_lobby->options & LOBBY_FOLLOW_FORK) ||
	    !attach_slot(SLOT_KIND_FORK, -1, inherited)) {
		store_relaxed(&state, OFF);
		return false;
	}
	thread_begin_child();
	rearm();
	return true;
}

ATTR_COLD bool
lifecycle_begin_slow(void)
{
	uint32_t was = IDLE, idle = 0;
	int saved_errno;
	bool on;

	switch (load_acquire(&state)) {
	case OFF:
	case STARTING:
		return false;
	case ON:
		/* Only one thread exists in a fork child at first; should it
		 * make another one this early, that one passes through. */
		if (!cas_acq_rel(&child_is_starting, &idle, 1))
			return false;
		saved_errno = errno;
		on = start_child();
		errno = saved_errno;
		store_release(&child_is_starting, 0);
		return on;
	default:
		break;
	}
	if (!cas_acq_rel(&state, &was, STARTING))
		return false;
	saved_errno = errno;
	on = real_resolve() && start();
	errno = saved_errno;
	store_release(&state, on ? ON : OFF);
	return on;
}

__attribute__((constructor)) static void
begin_at_load(void)
{
	if (load_acquire(&state) == IDLE)
		lifecycle_begin_slow();
}
