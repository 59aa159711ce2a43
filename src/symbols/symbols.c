/*
 * symbols.c - code locations to functions, files and lines (L4).
 *
 * Shape      A cache of what is known of each location, and those that wait
 *            for an answer (waiting.h).  The helper answers in the order in
 *            which it is asked, so the first it has is what it is working on.
 * Why        That is how one knows what the helper died of, or is stuck on:
 *            this location keeps what is known of it, the others are asked
 *            again.  A module that did it twice is left out, or a broken file
 *            with ten thousand addresses would kill ten thousand helpers.
 * Limits     WAITING_MAX_SENT locations with the helper at a time.
 */
#include "symbols/symbols_private.h"

#include <poll.h>
#include <time.h>

#define MAX_FAILED_STARTS	3u
#define DEFAULT_PATIENCE_MS	10000
#define MAX_GAP_MS		1000	/* counted between two looks */

struct module_state *
symbols_module(struct symbols *symbols, uint32_t module)
{
	if (module >= symbols->modules.n)
		vec_push_zeroed(&symbols->modules,
		    module + 1 - symbols->modules.n);
	return &symbols->modules.items[module];
}

/* Would the helper know more? */
static bool
is_worth_asking(const struct symbols *symbols, uint32_t location)
{
	const struct code_location *code =
	    frame_store_get_location(symbols->store, location);

	if (symbols->is_given_up || code->kind == LOCATION_CUT ||
	    code->kind == LOCATION_DEEPER || code->kind == LOCATION_REGION)
		return false;
	if (code->module == 0 || code->module >= SYMBOLS_MAX_MODULES)
		return false;
	return frame_store_get_module(symbols->store,
	    code->module)->path[0] == '/';
}

/* What is said of a location that was never asked for. */
static void
begin(struct symbols *symbols, uint32_t location)
{
	bool is_best = false;
	bool is_kept = symbols_find_kept(symbols, location, &is_best);

	if (!is_kept) {
		struct symbol_frame frame =
		    cache_stand_in(&symbols->cache, location);

		cache_set(&symbols->cache, location, &frame, 1);
	}
	if (is_best || !is_worth_asking(symbols, location))
		return;
	cache_mark(&symbols->cache, location, SYMBOL_PENDING, true);
	waiting_add(&symbols->waiting, location, is_kept);
}

const struct symbol_frame *
symbols_frames(struct symbols *symbols, uint32_t location,
    uint32_t *n_frames)
{
	const struct known_place *place =
	    cache_get(&symbols->cache, location);

	if (place->frames == NULL)
		begin(symbols, location);
	*n_frames = place->n_frames;
	return place->frames;
}

void
symbols_put(struct symbols *symbols, uint32_t location,
    const struct symbol_frame *frames, uint32_t n_frames)
{
	assert(n_frames > 0 && n_frames <= SYMBOLS_MAX_PUT);
	cache_get(&symbols->cache, location);
	cache_set(&symbols->cache, location, frames, n_frames);
}

struct symbol_frame
symbols_stand_in(struct symbols *symbols, uint32_t location)
{
	return cache_stand_in(&symbols->cache, location);
}

void
symbols_settle(struct symbols *symbols, uint32_t location)
{
	cache_mark(&symbols->cache, location, SYMBOL_PENDING, false);
	symbols->has_changed = true;
}

void
symbols_hurry(struct symbols *symbols, const uint32_t *locations, size_t n)
{
	waiting_hurry(&symbols->waiting, locations, n);
}

struct symbols_progress
symbols_progress(const struct symbols *symbols)
{
	uint32_t head = waiting_head(&symbols->waiting);
	struct symbols_progress progress = {
		.n_asked = symbols->waiting.n_asked,
		.n_pending = symbols->waiting.n_waiting,
		.reading = "",
	};

	if (head != 0)
		progress.reading = name_text(symbols->names,
		    symbols->cache.places.items[head].frames[0].module);
	symbols_fetch_progress(symbols, &progress);
	return progress;
}

/* ---- the helper's life ---- */

static void
give_up(struct symbols *symbols)
{
	uint32_t location;

	helper_stop(&symbols->helper);
	symbols->is_given_up = true;
	symbols_stop_fetching(symbols);
	waiting_return(&symbols->waiting);
	while (waiting_next(&symbols->waiting, &location)) {
		waiting_drop(&symbols->waiting, location);
		symbols_settle(symbols, location);
	}
}

static void
start_helper(struct symbols *symbols)
{
	symbols->generation++;
	symbols->has_hello = false;
	symbols->idle_ms = 0;
	if (helper_start(&symbols->helper, symbols->helper_path, false,
	    &symbols->trouble) < 0)
		give_up(symbols);
}

void
symbols_start(struct symbols *symbols)
{
	if (symbols->helper.pid == 0 && !symbols->is_given_up &&
	    symbols_n_pending(symbols) > 0)
		start_helper(symbols);
}

/* The helper ended while it worked on a location. */
static void
strike(struct symbols *symbols, uint32_t location)
{
	uint32_t id = frame_store_get_location(symbols->store,
	    location)->module;
	struct module_state *module = symbols_module(symbols, id);

	module->n_strikes++;
	if (module->n_strikes == SYMBOLS_MAX_STRIKES)
		errbuf_set(&symbols->trouble, "no symbols of %s: "
		    "its debug information cannot be read",
		    name_text(symbols->names,
		    cache_module_path(&symbols->cache, id)));
	symbols_settle(symbols, location);
}

/* It died, is stuck, or lies.  What it was working on pays for it. */
static void
replace_helper(struct symbols *symbols)
{
	helper_stop(&symbols->helper);
	if (symbols->has_hello) {
		if (waiting_head(&symbols->waiting) != 0)
			strike(symbols, waiting_take(&symbols->waiting));
		waiting_return(&symbols->waiting);
		return;
	}
	waiting_return(&symbols->waiting);
	if (++symbols->n_failed_starts < MAX_FAILED_STARTS)
		return;
	errbuf_set(&symbols->trouble, "no symbols: %s does not work",
	    symbols->helper_path);
	give_up(symbols);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Has the helper been silent for too long?  Time in which nobody looked does
 * not count in full: tmtop may have been stopped meanwhile. */
static bool
is_stuck(struct symbols *symbols, bool has_sign)
{
	int64_t now = now_ms();
	int64_t gap = now - symbols->last_look_ms;

	symbols->last_look_ms = now;
	if (has_sign || (symbols->has_hello &&
	    waiting_head(&symbols->waiting) == 0)) {
		symbols->idle_ms = 0;
		return false;
	}
	symbols->idle_ms += gap < MAX_GAP_MS ? gap : MAX_GAP_MS;
	return symbols->idle_ms > symbols->patience_ms;
}

/* Everything that can be done now. */
static void
work(struct symbols *symbols)
{
	bool has_sign, is_dead;

	do {
		symbols_fetch_work(symbols);
		if (symbols->is_given_up)
			return;
		if (symbols->helper.pid == 0) {
			if (symbols_n_pending(symbols) == 0)
				return;
			start_helper(symbols);
			if (symbols->is_given_up)
				return;
		}
		symbols_put_lookups(symbols);
		has_sign = helper_exchange(&symbols->helper, &is_dead);
		if (symbols_take_packets(symbols) < 0 ||
		    is_stuck(symbols, has_sign))
			is_dead = true;
		if (is_dead)
			replace_helper(symbols);
	} while (has_sign || is_dead);
}

static void
wait_for_helper(const struct symbols *symbols, int64_t ms)
{
	struct pollfd fds[] = {
		{ .fd = symbols->helper.fd, .events = POLLIN },
		{ .fd = symbols_fetch_fd(symbols), .events = POLLIN },
	};

	if (symbols->helper.out.size > 0)
		fds[0].events |= POLLOUT;
	/* Often enough for the watchdog. */
	if (ms < 0 || ms > 100)
		ms = 100;
	poll(fds, array_size(fds), (int)ms);
}

bool
symbols_pump(struct symbols *symbols, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	bool changed;

	work(symbols);
	while (timeout_ms != 0 && symbols_n_pending(symbols) > 0) {
		int64_t left = timeout_ms < 0 ? -1 : end - now_ms();

		if (timeout_ms > 0 && left <= 0)
			break;
		wait_for_helper(symbols, left);
		work(symbols);
	}
	changed = symbols->has_changed;
	symbols->has_changed = false;
	return changed;
}

/* ---- life ---- */

struct symbols *
symbols_new(const char *helper_path, const struct frame_store *store,
    struct names *names)
{
	struct symbols *symbols = xcalloc(1, sizeof *symbols);

	symbols->store = store;
	symbols->names = names;
	symbols->helper_path = xstrdup(helper_path);
	symbols->patience_ms = DEFAULT_PATIENCE_MS;
	symbols->last_look_ms = now_ms();
	symbols->cache_dir = -1;
	cache_init(&symbols->cache, store, names);
	helper_init(&symbols->helper);
	return symbols;
}

struct symbols *
symbols_new_saved(const struct frame_store *store, struct names *names)
{
	struct symbols *symbols = symbols_new("", store, names);

	symbols->is_given_up = true;
	return symbols;
}

void
symbols_free(struct symbols *symbols)
{
	if (symbols == NULL)
		return;
	helper_fini(&symbols->helper);
	symbols_fetch_fini(symbols);
	symbols_save_kept(symbols);
	for (size_t i = 0; i < symbols->modules.n; i++) {
		vec_fini(&symbols->modules.items[i].parked);
		free(symbols->modules.items[i].debug_path);
	}
	cache_fini(&symbols->cache);
	vec_fini(&symbols->modules);
	waiting_fini(&symbols->waiting);
	free(symbols->helper_path);
	free(symbols);
}

void
symbols_set_patience(struct symbols *symbols, int ms)
{
	symbols->patience_ms = ms;
}

uint32_t
symbols_n_pending(const struct symbols *symbols)
{
	return symbols->waiting.n_waiting;
}

int
symbols_fd(const struct symbols *symbols)
{
	return symbols->helper.fd;
}

const char *
symbols_trouble(const struct symbols *symbols)
{
	return symbols->trouble.text;
}
