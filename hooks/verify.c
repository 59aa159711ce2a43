/*
 * verify.c - our walker held against libunwind (L2).
 *
 * Why        A wrong traceback looks like a right one.  With TMTOP_VERIFY=1
 *            every capture is made twice and differences are counted in the
 *            segment, with the latest one kept for whoever looks into it.
 *            The module is loaded by the first call that comes from where a
 *            program itself could call dlopen(): in our constructor that
 *            would initialise libc before its turn, without arguments and
 *            environment.  Captures before that are not compared.
 * Invariant  One walk at a time: libunwind's caches are global.  A thread
 *            that finds the reference busy waits; this mode is for tests, its
 *            price is known.
 */
#include "hooks/verify.h"

#include "base/sys.h"
#include "hooks/thread.h"
#include "hooks/unwind_module.h"
#include "tables/region.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

uint32_t verify_mode;

static unwind_reference_function *reference;
static uint32_t is_busy;

extern int _dl_find_object(void *, struct dl_find_object *) ATTR_WEAK;

/* The module's path: in the directory of this library. */
static bool
module_path(char *to, size_t room)
{
	struct dl_find_object found;
	const char *own, *slash;
	size_t size;

	if (_dl_find_object == NULL ||
	    _dl_find_object((void *)module_path, &found) != 0)
		return false;
	own = found.dlfo_link_map->l_name;
	slash = own != NULL ? strrchr(own, '/') : NULL;
	size = slash != NULL ? (size_t)(slash - own) + 1 : 0;
	if (size + sizeof(UNWIND_MODULE_FILE) > room)
		return false;
	memcpy(to, own, size);
	memcpy(to + size, UNWIND_MODULE_FILE, sizeof(UNWIND_MODULE_FILE));
	return true;
}

void
verify_init(uint32_t options)
{
	store_relaxed(&verify_mode, options & (LOBBY_VERIFY |
	    LOBBY_LIBUNWIND));
}

/* libc is ready, and the caller neither it nor ld.so, which might be in the
 * middle of loading something. */
static bool
may_load(uintptr_t pc)
{
	struct dl_find_object found;
	const char *name, *slash;

	if (environ == NULL || _dl_find_object == NULL ||
	    _dl_find_object((void *)pc, &found) != 0)
		return false;
	name = found.dlfo_link_map->l_name;
	slash = name != NULL ? strrchr(name, '/') : NULL;
	return slash == NULL || (strncmp(slash, "/libc.so", 8) != 0 &&
	    strncmp(slash, "/ld-linux", 9) != 0);
}

static void
load_module(void)
{
	unwind_reference_function *function = NULL;
	char path[512];
	void *module = NULL;

	if (module_path(path, sizeof path))
		module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (module != NULL)
		*(void **)&function = dlsym(module, UNWIND_MODULE_SYMBOL);
	if (function == NULL) {
		or_relaxed(&region_header->troubles, TROUBLE_NO_UNWINDER);
		store_relaxed(&verify_mode, 0);
	}
	store_release(&reference, function);
}

/* Can the reference be asked?  Nobody waits for a thread that loads it: it may
 * in turn wait for them, at ld.so's lock. */
static ATTR_COLD bool
load_reference(uintptr_t pc)
{
	struct thread_state *t = &thread_state;
	int saved_errno = errno;
	uint32_t idle = 0;

	if (!may_load(pc) || !cas_acq_rel(&is_busy, &idle, 1))
		return false;
	if (load_acquire(&reference) == NULL && verify_is_on()) {
		t->flags |= THREAD_OWN_CALL;
		load_module();
		t->flags &= ~(uint32_t)THREAD_OWN_CALL;
	}
	store_release(&is_busy, 0);
	errno = saved_errno;
	return load_acquire(&reference) != NULL;
}

void
verify_abandon(void)
{
	/* The lock may be held by a thread that this child does not have. */
	store_relaxed(&verify_mode, 0);
}

static void
ask_reference(const struct frame_state *start,
    const struct stack_bounds *bounds, uintptr_t *pcs, uint32_t max_frames,
    struct unwind_reference *request)
{
	struct thread_state *t = &thread_state;
	uint32_t idle = 0;
	int saved_errno = errno;

	*request = (struct unwind_reference){
		.start_pc = start->pc, .start_sp = start->sp,
		.stack_low = bounds->low, .stack_high = bounds->high,
		.pcs = pcs, .max_frames = max_frames,
	};
	t->flags |= THREAD_OWN_CALL;
	while (!cas_acq_rel(&is_busy, &idle, 1)) {
		idle = 0;
		sys_call6(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
	reference(request);
	store_release(&is_busy, 0);
	t->flags &= ~(uint32_t)THREAD_OWN_CALL;
	errno = saved_errno;
}

/* Our i-th address of the traceback: found, or known and joined. */
static uintptr_t
our_pc(struct unwind_work *work, const struct unwind_result *result,
    uint32_t i)
{
	if (i < result->n_found)
		return frame_pc(&unwind_found(work)[i]);
	return frame_pc(&work->frames[result->n_joined - 1 -
	    (i - result->n_found)]);
}

/*
 * Both must agree on every frame up to the first that was guessed or is a
 * marker.  Where all of ours are certain the numbers must be equal too.
 */
static void
compare(struct unwind_work *work, const struct unwind_result *result,
    const uintptr_t *theirs, const struct unwind_reference *request)
{
	struct process_header *header = region_header;
	uint32_t n = result->n_found + result->n_joined, i;
	bool is_whole = result->flags == 0 &&
	    (result->n_joined == 0 || !work->is_deep);

	if (result->flags != 0)
		n = result->first_guess;
	for (i = 0; i < n && i < request->n_frames; i++)
		if (our_pc(work, result, i) != theirs[i])
			break;
	/* The reference could not go on where we could: on a stack that it may
	 * not read, say.  That is no comparison. */
	if (i < n && i == request->n_frames && !request->is_complete)
		return;
	add_relaxed(&header->unwind_compared, 1);
	if (i == n && (!is_whole || n == request->n_frames))
		return;
	add_relaxed(&header->unwind_mismatches, 1);
	header->mismatch[0] = i;
	header->mismatch[1] = i < n ? our_pc(work, result, i) : 0;
	header->mismatch[2] = i < request->n_frames ? theirs[i] : 0;
	header->mismatch[3] = i > 0 ? theirs[i - 1] : 0;
}

/* What the reference says instead of what we would. */
static void
replace(struct unwind_work *work, const struct unwind_reference *request,
    struct unwind_result *result)
{
	struct frame *found = unwind_found(work);
	uint32_t i;

	*result = (struct unwind_result){
		.n_found = request->n_frames,
		.first_guess = request->n_frames,
	};
	for (i = 0; i < request->n_frames; i++)
		found[i].packed = frame_pack(request->pcs[i], FRAME_SPECIAL);
}

void
verify_unwind(const struct frame_state *start,
    const struct stack_bounds *bounds, struct unwind_work *work,
    uint32_t max_frames, struct unwind_result *result)
{
	uintptr_t *theirs = (uintptr_t *)work->reference;
	struct unwind_reference request;

	bool is_ready = load_acquire(&reference) != NULL ||
	    load_reference(start->pc);

	if (!is_ready || !(verify_mode & LOBBY_LIBUNWIND))
		unwind_cfa(start, bounds, work, max_frames, result);
	if (!is_ready)
		return;
	ask_reference(start, bounds, theirs, max_frames, &request);
	if (verify_mode & LOBBY_LIBUNWIND)
		replace(work, &request, result);
	else
		compare(work, result, theirs, &request);
}
