/*
 * symbols.c - code locations to functions, files and lines (L4).
 *
 * Shape      A cache of what is known of each location, and a queue of
 *            locations in the order they were asked for.  The first n_sent
 *            of the queue are with the helper, which answers in order; so
 *            the first is what it is working on.
 * Why        That is how one knows what the helper died of, or is stuck on:
 *            this location keeps its stand-in, the others are asked again.
 *            A module that did it twice is left out, or a broken file with
 *            ten thousand addresses would kill ten thousand helpers.
 * Invariant  Nothing that the helper says is used as an index or a size
 *            before it was checked; names go through util/names.
 * Limits     MAX_SENT locations with the helper at a time.
 */
#include "symbols/symbols.h"

#include "symbols/cache.h"
#include "symbols/helper.h"

#include <poll.h>
#include <time.h>

#define MAX_SENT		64u
#define MAX_STRIKES		2u	/* of a module */
#define MAX_FAILED_STARTS	3u
#define DEFAULT_PATIENCE_MS	10000
#define MAX_GAP_MS		1000	/* counted between two looks */

struct module_state {
	uint32_t	n_strikes;	/* helpers that it cost */
	uint32_t	known_to;	/* generation of helper that has it */
};

struct symbols {
	const struct frame_store *store;
	struct names	*names;
	char		*helper_path;
	struct helper	 helper;
	uint32_t	 generation;	/* of helpers; 0: none yet */
	uint32_t	 n_failed_starts; /* without a hello in between */
	bool		 has_hello;
	bool		 is_given_up;
	int		 patience_ms;
	int64_t		 idle_ms;	/* since the helper's last sign */
	int64_t		 last_look_ms;
	bool		 has_changed;	/* since symbols_pump() returned */
	struct errbuf	 trouble;

	struct cache	 cache;
	VEC(struct module_state) modules;	/* by module */
	VEC(uint32_t)	 queue;
	size_t		 queue_head;
	size_t		 n_sent;		/* from queue_head on */
};

/* Would the helper know more? */
static bool
is_worth_asking(const struct symbols *symbols, uint32_t location)
{
	const struct code_location *code =
	    frame_store_get_location(symbols->store, location);

	if (symbols->is_given_up || code->kind == LOCATION_CUT ||
	    code->kind == LOCATION_DEEPER)
		return false;
	if (code->module == 0 || code->module >= SYMBOLS_MAX_MODULES)
		return false;
	return frame_store_get_module(symbols->store,
	    code->module)->path[0] == '/';
}

const struct symbol_frame *
symbols_frames(struct symbols *symbols, uint32_t location,
    uint32_t *n_frames)
{
	const struct known_place *place =
	    cache_get(&symbols->cache, location);

	if (place->frames == NULL) {
		struct symbol_frame frame =
		    cache_stand_in(&symbols->cache, location);

		if (is_worth_asking(symbols, location)) {
			frame.flags |= SYMBOL_PENDING;
			vec_push(&symbols->queue, location);
		}
		cache_set(&symbols->cache, location, &frame, 1);
	}
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

/* ---- answers ---- */

static void
resolve(struct symbols *symbols, const struct symbol_frame *frames,
    uint32_t n_frames)
{
	uint32_t location = symbols->queue.items[symbols->queue_head++];

	cache_set(&symbols->cache, location, frames, n_frames);
	symbols->has_changed = true;
}

/* The location at the head of the queue keeps its stand-in for good. */
static void
resolve_as_stand_in(struct symbols *symbols)
{
	struct symbol_frame frame = cache_stand_in(&symbols->cache,
	    symbols->queue.items[symbols->queue_head]);

	resolve(symbols, &frame, 1);
}

/* Improve a stand-in. */
static void
read_frame(struct symbols *symbols, struct packet *packet,
    struct symbol_frame *frame)
{
	uint32_t line = packet_get_u32(packet);
	uint32_t flags = packet_get_u32(packet);
	struct packet_string function = packet_get_string(packet);
	struct packet_string file = packet_get_string(packet);

	if (flags & SYMBOLS_INLINED)
		frame->flags |= SYMBOL_INLINED;
	frame->function = names_intern(symbols->names, function.bytes,
	    function.size);
	if (file.size > 0) {
		frame->file = names_intern(symbols->names, file.bytes,
		    file.size);
		frame->line = line;
		frame->flags &= ~(uint32_t)SYMBOL_NO_LINE;
	}
}

/* -1: not what was asked for. */
static int
take_answer(struct symbols *symbols, struct packet *packet)
{
	struct symbol_frame frames[SYMBOLS_MAX_FRAMES];
	uint32_t location = packet_get_u32(packet);
	uint32_t n_frames = packet_get_u32(packet);

	if (symbols->n_sent == 0 || n_frames > SYMBOLS_MAX_FRAMES ||
	    location != symbols->queue.items[symbols->queue_head])
		return -1;
	frames[0] = cache_stand_in(&symbols->cache, location);
	for (uint32_t i = n_frames; i-- > 0;)
		frames[i] = frames[0];
	for (uint32_t i = 0; i < n_frames; i++)
		read_frame(symbols, packet, &frames[i]);
	if (!packet_is_done(packet))
		return -1;
	symbols->n_sent--;
	resolve(symbols, frames, n_frames > 0 ? n_frames : 1);
	return 0;
}

static int
take_hello(struct symbols *symbols, struct packet *packet)
{
	uint32_t version = packet_get_u32(packet);

	if (symbols->has_hello || !packet_is_done(packet) ||
	    version != SYMBOLS_VERSION)
		return -1;
	symbols->has_hello = true;
	symbols->n_failed_starts = 0;
	return 0;
}

/* All whole packets that were received. -1: the helper talks nonsense. */
static int
take_packets(struct symbols *symbols)
{
	struct packet packet;
	uint32_t kind;
	int found, rc = 0;

	while (rc == 0) {
		found = helper_next(&symbols->helper, &kind, &packet);
		if (found <= 0)
			return found;
		if (kind == SYMBOLS_HELLO)
			rc = take_hello(symbols, &packet);
		else if (kind == SYMBOLS_ANSWER && symbols->has_hello)
			rc = take_answer(symbols, &packet);
		else
			rc = -1;
	}
	return rc;
}

/* ---- requests ---- */

static struct module_state *
get_module_state(struct symbols *symbols, uint32_t module)
{
	if (module >= symbols->modules.n)
		vec_push_zeroed(&symbols->modules,
		    module + 1 - symbols->modules.n);
	return &symbols->modules.items[module];
}

static void
put_module(struct symbols *symbols, uint32_t id)
{
	const struct code_module *module =
	    frame_store_get_module(symbols->store, id);
	struct strbuf *out = &symbols->helper.out;
	size_t start = packet_begin(out, SYMBOLS_MODULE);

	packet_put_u32(out, id);
	packet_put_string(out, (const char *)module->build_id,
	    module->build_id_size);
	packet_put_string(out, module->path, strlen(module->path));
	packet_put_string(out, module->root, strlen(module->root));
	packet_end(out, start);
}

/* Inside the instruction that is meant: a return address is behind it, where
 * the next line or even the next function may begin. */
static uint64_t
find_address(const struct code_location *location)
{
	if (location->kind == LOCATION_SIGNAL || location->offset == 0)
		return location->offset;
	return location->offset - 1;
}

static void
put_lookup(struct symbols *symbols, uint32_t id)
{
	const struct code_location *location =
	    frame_store_get_location(symbols->store, id);
	struct module_state *module =
	    get_module_state(symbols, location->module);
	struct strbuf *out = &symbols->helper.out;
	size_t start;

	if (module->known_to != symbols->generation) {
		put_module(symbols, location->module);
		module->known_to = symbols->generation;
	}
	start = packet_begin(out, SYMBOLS_LOOKUP);
	packet_put_u32(out, id);
	packet_put_u32(out, location->module);
	packet_put_u64(out, find_address(location));
	packet_end(out, start);
}

static bool
is_left_out(struct symbols *symbols, uint32_t location)
{
	uint32_t module = frame_store_get_location(symbols->store,
	    location)->module;

	return get_module_state(symbols, module)->n_strikes >= MAX_STRIKES;
}

/* Fill the window from the queue. */
static void
put_lookups(struct symbols *symbols)
{
	while (symbols->n_sent < MAX_SENT) {
		size_t next = symbols->queue_head + symbols->n_sent;

		if (next == symbols->queue.n)
			break;
		if (is_left_out(symbols, symbols->queue.items[next])) {
			/* Answers keep the queue's order, so this one waits
			 * for those before it. */
			if (symbols->n_sent > 0)
				break;
			resolve_as_stand_in(symbols);
			continue;
		}
		put_lookup(symbols, symbols->queue.items[next]);
		symbols->n_sent++;
	}
	if (symbols->queue_head == symbols->queue.n) {
		vec_clear(&symbols->queue);
		symbols->queue_head = 0;
	}
}

/* ---- the helper's life ---- */

static void
give_up(struct symbols *symbols)
{
	helper_stop(&symbols->helper);
	symbols->is_given_up = true;
	symbols->n_sent = 0;
	while (symbols->queue_head < symbols->queue.n)
		resolve_as_stand_in(symbols);
}

static void
start_helper(struct symbols *symbols)
{
	symbols->generation++;
	symbols->has_hello = false;
	symbols->idle_ms = 0;
	if (helper_start(&symbols->helper, symbols->helper_path,
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

/* It died, is stuck, or lies.  What it was working on pays for it. */
static void
replace_helper(struct symbols *symbols)
{
	bool was_busy = symbols->n_sent > 0;
	struct module_state *module;
	uint32_t culprit, id;

	helper_stop(&symbols->helper);
	symbols->n_sent = 0;
	if (!symbols->has_hello) {
		if (++symbols->n_failed_starts < MAX_FAILED_STARTS)
			return;
		errbuf_set(&symbols->trouble,
		    "no symbols: %s does not work", symbols->helper_path);
		give_up(symbols);
		return;
	}
	if (!was_busy)
		return;
	culprit = symbols->queue.items[symbols->queue_head];
	id = frame_store_get_location(symbols->store, culprit)->module;
	module = get_module_state(symbols, id);
	module->n_strikes++;
	if (module->n_strikes == MAX_STRIKES)
		errbuf_set(&symbols->trouble, "no symbols of %s: "
		    "its debug information cannot be read",
		    name_text(symbols->names,
		    cache_module_path(&symbols->cache, id)));
	resolve_as_stand_in(symbols);
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
	if (has_sign || (symbols->n_sent == 0 && symbols->has_hello)) {
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
		if (symbols->is_given_up)
			return;
		if (symbols->helper.pid == 0) {
			if (symbols_n_pending(symbols) == 0)
				return;
			start_helper(symbols);
			if (symbols->is_given_up)
				return;
		}
		put_lookups(symbols);
		has_sign = helper_exchange(&symbols->helper, &is_dead);
		if (take_packets(symbols) < 0 || is_stuck(symbols, has_sign))
			is_dead = true;
		if (is_dead)
			replace_helper(symbols);
	} while (has_sign || is_dead);
}

static void
wait_for_helper(const struct symbols *symbols, int64_t ms)
{
	struct pollfd poll_fd = {
		.fd = symbols->helper.fd,
		.events = POLLIN,
	};

	if (symbols->helper.out.size > 0)
		poll_fd.events |= POLLOUT;
	/* Often enough for the watchdog. */
	if (ms < 0 || ms > 100)
		ms = 100;
	poll(&poll_fd, 1, (int)ms);
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
	cache_fini(&symbols->cache);
	vec_fini(&symbols->modules);
	vec_fini(&symbols->queue);
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
	return (uint32_t)(symbols->queue.n - symbols->queue_head);
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
