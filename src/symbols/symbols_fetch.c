/*
 * symbols_fetch.c - debug information from debuginfod servers (L4).
 *
 * Shape      A second helper, tmtop-fetch, is told the build-ids of modules
 *            that have no debug information, one at a time.  Meanwhile places
 *            in such a module are parked with what is known of them; when a
 *            file has come, tmtop-symbols opens the module again with it, and
 *            they are asked for again.
 * Why        All other places are answered while a server takes its time.
 */
#include "symbols/symbols_private.h"

#include <stdlib.h>

enum fetch_state { FETCH_NOT, FETCH_WANTED, FETCH_DONE };

struct fetcher {
	struct helper	helper;
	char		*path;		/* of tmtop-fetch */
	bool		has_hello;
	bool		is_given_up;
	VEC(uint32_t)	wanted;		/* modules, the first is under way */
	size_t		head;
	bool		is_asked;	/* for the first */
	uint64_t	n_done, n_all;	/* bytes of it */
};

void
symbols_use_debuginfod(struct symbols *symbols, const char *path)
{
	symbols->fetcher = xcalloc(1, sizeof *symbols->fetcher);
	symbols->fetcher->path = xstrdup(path);
	helper_init(&symbols->fetcher->helper);
}

void
symbols_fetch_fini(struct symbols *symbols)
{
	struct fetcher *fetcher = symbols->fetcher;

	if (fetcher == NULL)
		return;
	helper_fini(&fetcher->helper);
	vec_fini(&fetcher->wanted);
	free(fetcher->path);
	free(fetcher);
}

int
symbols_fetch_fd(const struct symbols *symbols)
{
	return symbols->fetcher == NULL ? -1 : symbols->fetcher->helper.fd;
}

/* The module that is being fetched, 0: none. */
static uint32_t
get_current(const struct fetcher *fetcher)
{
	return fetcher != NULL && fetcher->head < fetcher->wanted.n ?
	    fetcher->wanted.items[fetcher->head] : 0;
}

void
symbols_fetch_progress(const struct symbols *symbols,
    struct symbols_progress *progress)
{
	uint32_t module = get_current(symbols->fetcher);

	progress->fetching = "";
	if (module == 0)
		return;
	progress->fetching = frame_store_get_module(symbols->store,
	    module)->path;
	progress->n_fetched = symbols->fetcher->n_done;
	progress->n_to_fetch = symbols->fetcher->n_all;
}

void
symbols_want_lines(struct symbols *symbols, uint32_t module)
{
	struct fetcher *fetcher = symbols->fetcher;
	struct module_state *state = symbols_module(symbols, module);

	if (fetcher == NULL || fetcher->is_given_up ||
	    state->fetch != FETCH_NOT || frame_store_get_module(
	    symbols->store, module)->build_id_size == 0)
		return;
	state->fetch = FETCH_WANTED;
	vec_push(&fetcher->wanted, module);
}

bool
symbols_park(struct symbols *symbols, uint32_t location)
{
	uint32_t module = frame_store_get_location(symbols->store,
	    location)->module;
	struct module_state *state = symbols_module(symbols, module);

	if (state->fetch != FETCH_WANTED)
		return false;
	waiting_park(&symbols->waiting);
	vec_push(&state->parked, location);
	return true;
}

/* The first of the wanted modules has been dealt with; path "": in vain. */
static void
end_fetch(struct symbols *symbols, const char *path, size_t size)
{
	struct fetcher *fetcher = symbols->fetcher;
	uint32_t module = get_current(fetcher);
	struct module_state *state = symbols_module(symbols, module);

	state->fetch = FETCH_DONE;
	if (size > 0) {
		state->debug_path = xstrndup(path, size);
		state->known_to = 0;
	}
	for (size_t i = 0; i < state->parked.n; i++) {
		uint32_t location = state->parked.items[i];

		if (size > 0) {
			waiting_unpark(&symbols->waiting, location);
			continue;
		}
		waiting_drop(&symbols->waiting, location);
		symbols_settle(symbols, location);
	}
	vec_fini(&state->parked);
	fetcher->head++;
	fetcher->is_asked = false;
	fetcher->n_done = fetcher->n_all = 0;
	symbols->has_changed = true;
}

void
symbols_stop_fetching(struct symbols *symbols)
{
	struct fetcher *fetcher = symbols->fetcher;

	if (fetcher == NULL || fetcher->is_given_up)
		return;
	helper_stop(&fetcher->helper);
	fetcher->is_given_up = true;
	while (get_current(fetcher) != 0)
		end_fetch(symbols, "", 0);
}

/* ---- talking ---- */

static int
take_packet(struct symbols *symbols, uint32_t kind, struct packet *packet)
{
	struct fetcher *fetcher = symbols->fetcher;
	uint32_t module = packet_get_u32(packet);
	struct packet_string path;

	if (kind == SYMBOLS_HELLO) {
		fetcher->has_hello = true;
		return module == SYMBOLS_VERSION ? 0 : -1;
	}
	if (module == 0 || module != get_current(fetcher))
		return -1;
	if (kind == SYMBOLS_PROGRESS) {
		fetcher->n_done = packet_get_u64(packet);
		fetcher->n_all = packet_get_u64(packet);
		return packet_is_done(packet) ? 0 : -1;
	}
	path = packet_get_string(packet);
	if (kind != SYMBOLS_FETCHED || !packet_is_done(packet))
		return -1;
	end_fetch(symbols, path.bytes, path.size);
	return 0;
}

static int
take_packets(struct symbols *symbols)
{
	struct packet packet;
	uint32_t kind;
	int found;

	while ((found = helper_next(&symbols->fetcher->helper, &kind,
	    &packet)) > 0) {
		if (take_packet(symbols, kind, &packet) < 0)
			return -1;
	}
	return found;
}

static void
put_fetch(struct symbols *symbols)
{
	struct fetcher *fetcher = symbols->fetcher;
	uint32_t id = get_current(fetcher);
	const struct code_module *module;
	struct strbuf *out = &fetcher->helper.out;
	size_t start;

	if (id == 0 || fetcher->is_asked)
		return;
	module = frame_store_get_module(symbols->store, id);
	start = packet_begin(out, SYMBOLS_FETCH);
	packet_put_u32(out, id);
	packet_put_string(out, (const char *)module->build_id,
	    module->build_id_size);
	packet_end(out, start);
	fetcher->is_asked = true;
}

void
symbols_fetch_work(struct symbols *symbols)
{
	struct fetcher *fetcher = symbols->fetcher;
	bool is_dead, has_sign;

	if (fetcher == NULL || fetcher->is_given_up ||
	    (get_current(fetcher) == 0 && fetcher->helper.pid == 0))
		return;
	if (fetcher->helper.pid == 0 && helper_start(&fetcher->helper,
	    fetcher->path, true, &symbols->trouble) < 0) {
		symbols_stop_fetching(symbols);
		return;
	}
	do {
		put_fetch(symbols);
		has_sign = helper_exchange(&fetcher->helper, &is_dead);
		if (take_packets(symbols) < 0)
			is_dead = true;
	} while (has_sign && !is_dead);
	if (!is_dead)
		return;
	errbuf_set(&symbols->trouble, fetcher->has_hello ?
	    "no symbols from debuginfod: tmtop-fetch has ended" :
	    "no symbols from debuginfod: libdebuginfod.so.1 cannot be loaded");
	symbols_stop_fetching(symbols);
}
