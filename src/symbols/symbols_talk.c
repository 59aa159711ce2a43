/*
 * symbols_talk.c - requests to the helper, and its answers (L4).
 *
 * Invariant  Nothing that the helper says is used as an index or a size before
 *            it was checked; names go through util/names.  It can delay an
 *            answer once, by calling it rough, and only where it was asked in
 *            haste: so every location is settled after two answers.
 */
#include "symbols/symbols_private.h"

/* ---- answers ---- */

static void
read_frame(struct symbols *symbols, struct packet *packet,
    struct symbol_frame *frame)
{
	uint32_t line = packet_get_u32(packet);
	uint32_t flags = packet_get_u32(packet);
	struct packet_string function = packet_get_string(packet);
	struct packet_string file = packet_get_string(packet);

	if (flags & FRAME_INLINED)
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

uint32_t
symbols_read_frames(struct symbols *symbols, struct packet *packet,
    uint32_t location, struct symbol_frame frames[SYMBOLS_MAX_FRAMES])
{
	uint32_t n = packet_get_u32(packet);

	if (n > SYMBOLS_MAX_FRAMES) {
		packet->is_bad = true;
		return 0;
	}
	frames[0] = cache_stand_in(&symbols->cache, location);
	for (uint32_t i = 1; i < n; i++)
		frames[i] = frames[0];
	for (uint32_t i = 0; i < n; i++)
		read_frame(symbols, packet, &frames[i]);
	return n;
}

/* -1: not what was asked for. */
static int
take_answer(struct symbols *symbols, struct packet *packet)
{
	struct symbol_frame frames[SYMBOLS_MAX_FRAMES];
	uint32_t location = packet_get_u32(packet);
	uint32_t flags = packet_get_u32(packet);
	const struct packet rest = *packet;
	bool is_rough = (flags & ANSWER_ROUGH) != 0;
	bool is_final = false;
	uint32_t n;

	if (location == 0 || location != waiting_head(&symbols->waiting) ||
	    (is_rough && !waiting_head_is_new(&symbols->waiting)))
		return -1;
	n = symbols_read_frames(symbols, packet, location, frames);
	if (!packet_is_done(packet))
		return -1;
	if (!is_rough)
		symbols_keep(symbols, location, flags, rest.at, rest.size);
	if (is_rough)
		waiting_take_rough(&symbols->waiting);
	else if ((flags & ANSWER_BEST) || !symbols_park(symbols, location))
		is_final = waiting_take(&symbols->waiting) != 0;
	for (uint32_t i = 0; !is_final && (i < n || i == 0); i++)
		frames[i].flags |= SYMBOL_PENDING;
	cache_set(&symbols->cache, location, frames, n > 0 ? n : 1);
	symbols->has_changed = true;
	return 0;
}

static int
take_source(struct symbols *symbols, struct packet *packet)
{
	uint32_t module = packet_get_u32(packet);
	struct disk_source source;

	disk_source_read(packet, &source);
	if (!packet_is_done(packet) || module == 0 ||
	    module >= frame_store_n_modules(symbols->store))
		return -1;
	symbols_keep_source(symbols, module, &source);
	if ((source.flags & SOURCE_HAS_LINES) == 0)
		symbols_want_lines(symbols, module);
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

int
symbols_take_packets(struct symbols *symbols)
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
		else if (kind == SYMBOLS_SOURCE && symbols->has_hello)
			rc = take_source(symbols, &packet);
		else
			rc = -1;
	}
	return rc;
}

/* ---- requests ---- */

static void
put_module(struct symbols *symbols, uint32_t id)
{
	const struct code_module *module =
	    frame_store_get_module(symbols->store, id);
	const char *debug = symbols_module(symbols, id)->debug_path;
	struct strbuf *out = &symbols->helper.out;
	size_t start = packet_begin(out, SYMBOLS_MODULE);

	packet_put_u32(out, id);
	packet_put_string(out, (const char *)module->build_id,
	    module->build_id_size);
	packet_put_string(out, module->path, strlen(module->path));
	packet_put_string(out, module->root, strlen(module->root));
	packet_put_string(out, debug == NULL ? "" : debug,
	    debug == NULL ? 0 : strlen(debug));
	packet_end(out, start);
}

/* Inside the instruction that is meant: a return address is behind it, where
 * the next line or even the next function may begin. */
uint64_t
symbols_address(const struct code_location *location)
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
	struct module_state *module = symbols_module(symbols,
	    location->module);
	struct strbuf *out = &symbols->helper.out;
	bool is_new = waiting_send(&symbols->waiting, id);
	size_t start;

	if (module->known_to != symbols->generation) {
		put_module(symbols, location->module);
		module->known_to = symbols->generation;
	}
	start = packet_begin(out, SYMBOLS_LOOKUP);
	packet_put_u32(out, id);
	packet_put_u32(out, location->module);
	packet_put_u64(out, symbols_address(location));
	packet_put_u32(out, is_new ? LOOKUP_HASTE : 0);
	packet_end(out, start);
}

void
symbols_put_lookups(struct symbols *symbols)
{
	uint32_t location;

	while (waiting_next(&symbols->waiting, &location)) {
		uint32_t module = frame_store_get_location(symbols->store,
		    location)->module;

		if (symbols_module(symbols, module)->n_strikes <
		    SYMBOLS_MAX_STRIKES) {
			put_lookup(symbols, location);
			continue;
		}
		waiting_drop(&symbols->waiting, location);
		symbols_settle(symbols, location);
	}
}
