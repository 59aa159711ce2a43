/*
 * symbols_main.c - tmtop-symbols: reads hostile files so that tmtop need not
 * (L4, program).
 *
 * Shape      One loop: a request in, an answer out, in order, each written
 *            as soon as it is known.  Modules are opened when first needed
 *            and kept; beyond MAX_OPEN the one not used for longest is
 *            closed.
 * Why        libdw and the demangler have bugs that a crafted file reaches,
 *            and a crafted file can ask for any amount of memory and time.
 *            Here they end this process, at worst; the viewer starts it
 *            again and leaves out what it died of.
 * Invariant  The socket is the only way in or out.  No network: whoever
 *            starts this has taken DEBUGINFOD_URLS out of the environment,
 *            which libdw reads before main().
 * Limits     Those of confine.c; ends with its parent.
 */
#include "symbols/confine.h"
#include "symbols/debug_module.h"
#include "symbols/demangle.h"
#include "symbols/protocol.h"
#include "util/vec.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_OPEN	128u

struct known_module {
	char		*path;		/* NULL: not introduced */
	char		*root;
	char		*debug;
	unsigned char	 build_id[SYMBOLS_MAX_BUILD_ID];
	size_t		 build_id_size;
	struct debug_module *opened;	/* NULL: not now */
	bool		 is_missing;	/* could not be opened */
	bool		 has_source;	/* the viewer knows it */
	uint64_t	 last_use;
};

struct server {
	VEC(struct known_module) modules;	/* by the viewer's id */
	unsigned	 n_open;
	uint64_t	 n_uses;
	struct strbuf	 answer;
};

/* ---- modules ---- */

static void
forget_module(struct server *server, struct known_module *module)
{
	if (module->opened != NULL)
		server->n_open--;
	debug_close(module->opened);
	free(module->path);
	free(module->root);
	free(module->debug);
	*module = (struct known_module){ 0 };
}

static int
learn_module(struct server *server, struct packet *packet)
{
	uint32_t id = packet_get_u32(packet);
	struct packet_string build_id = packet_get_string(packet);
	struct packet_string path = packet_get_string(packet);
	struct packet_string root = packet_get_string(packet);
	struct packet_string debug = packet_get_string(packet);
	struct known_module *module;

	if (!packet_is_done(packet) || id >= SYMBOLS_MAX_MODULES ||
	    build_id.size > SYMBOLS_MAX_BUILD_ID)
		return -1;
	if (id >= server->modules.n)
		vec_push_zeroed(&server->modules, id + 1 - server->modules.n);
	module = &server->modules.items[id];
	forget_module(server, module);
	module->path = xstrndup(path.bytes, path.size);
	module->root = xstrndup(root.bytes, root.size);
	module->debug = xstrndup(debug.bytes, debug.size);
	module->build_id_size = build_id.size;
	memcpy(module->build_id, build_id.bytes, build_id.size);
	return 0;
}

static void
close_oldest(struct server *server)
{
	struct known_module *oldest = NULL;

	for (size_t i = 0; i < server->modules.n; i++) {
		struct known_module *module = &server->modules.items[i];

		if (module->opened != NULL &&
		    (oldest == NULL || module->last_use < oldest->last_use))
			oldest = module;
	}
	debug_close(oldest->opened);
	oldest->opened = NULL;
	server->n_open--;
}

static struct debug_module *
open_module(struct server *server, struct known_module *module)
{
	struct module_key key = {
		.path = module->path,
		.root = module->root,
		.debug = module->debug,
		.build_id = module->build_id,
		.build_id_size = module->build_id_size,
	};

	module->last_use = ++server->n_uses;
	if (module->opened != NULL || module->is_missing)
		return module->opened;
	if (server->n_open == MAX_OPEN)
		close_oldest(server);
	module->opened = debug_open(&key);
	if (module->opened == NULL)
		module->is_missing = true;
	else
		server->n_open++;
	return module->opened;
}

/* ---- answers ---- */

static void
put_function(struct strbuf *answer, const char *linkage_name)
{
	char name[NAME_MAX_BYTES + 1];
	size_t size = 0;

	if (linkage_name != NULL) {
		size = demangle(name, sizeof name, linkage_name);
		/* malloc@@GLIBC_2.2.5, from a symbol table */
		size = strcspn(name, "@") > 0 ? strcspn(name, "@") : size;
	}
	packet_put_string(answer, name, size);
}

static void
put_file(struct strbuf *answer, const struct place *place)
{
	struct strbuf path = STRBUF_INIT(NAME_MAX_BYTES);

	if (place->file != NULL && place->file[0] != '/' &&
	    place->directory != NULL)
		strbuf_printf(&path, "%s/", place->directory);
	if (place->file != NULL)
		strbuf_puts(&path, place->file);
	packet_put_string(answer, strbuf_text(&path), path.size);
	strbuf_fini(&path);
}

static void
put_place(struct strbuf *answer, const struct place *place)
{
	packet_put_u32(answer, place->line);
	packet_put_u32(answer, place->is_inlined ? FRAME_INLINED : 0);
	put_function(answer, place->function);
	put_file(answer, place);
}

static int
send_all(const struct strbuf *bytes)
{
	size_t done = 0;

	while (done < bytes->size) {
		ssize_t n = send(SYMBOLS_FD, bytes->text + done,
		    bytes->size - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

static void
put_source(struct server *server, uint32_t id)
{
	struct known_module *module = &server->modules.items[id];
	const struct debug_source *source = debug_get_source(module->opened);
	struct strbuf *out = &server->answer;
	size_t start = packet_begin(out, SYMBOLS_SOURCE);

	packet_put_u32(out, id);
	packet_put_u32(out, source->has_lines ? SOURCE_HAS_LINES : 0);
	packet_put_stamp(out, &source->file);
	packet_put_string(out, source->separate, strlen(source->separate));
	packet_put_stamp(out, &source->separate_file);
	packet_end(out, start);
	module->has_source = true;
}

struct lookup {
	uint32_t	location, module, flags;
	uint64_t	address;
};

static int
read_lookup(struct server *server, struct packet *packet,
    struct lookup *lookup)
{
	lookup->location = packet_get_u32(packet);
	lookup->module = packet_get_u32(packet);
	lookup->address = packet_get_u64(packet);
	lookup->flags = packet_get_u32(packet);
	if (!packet_is_done(packet) ||
	    lookup->module >= server->modules.n ||
	    server->modules.items[lookup->module].path == NULL)
		return -1;
	return 0;
}

/* What is known of the address, and the flags of the answer. */
static unsigned
find_places(struct debug_module *module, const struct lookup *lookup,
    struct place places[SYMBOLS_MAX_FRAMES], uint32_t *flags)
{
	bool is_best = false;
	unsigned n;

	*flags = 0;
	if (module == NULL)
		return 0;
	if ((lookup->flags & LOOKUP_HASTE) &&
	    debug_is_slow(module, lookup->address)) {
		*flags = ANSWER_ROUGH;
		places[0] = (struct place){
			.function = debug_find_name(module, lookup->address),
		};
		return 1;
	}
	n = debug_find_places(module, lookup->address, places,
	    SYMBOLS_MAX_FRAMES, &is_best);
	if (is_best)
		*flags = ANSWER_BEST;
	return n;
}

static int
answer_lookup(struct server *server, struct packet *packet)
{
	struct place places[SYMBOLS_MAX_FRAMES];
	struct debug_module *module;
	struct lookup lookup;
	uint32_t flags;
	unsigned n;
	size_t start;

	if (read_lookup(server, packet, &lookup) < 0)
		return -1;
	confine_renew_time();
	module = open_module(server, &server->modules.items[lookup.module]);
	n = find_places(module, &lookup, places, &flags);
	strbuf_clear(&server->answer);
	if (module != NULL && (flags & ANSWER_ROUGH) == 0 &&
	    !server->modules.items[lookup.module].has_source)
		put_source(server, lookup.module);
	start = packet_begin(&server->answer, SYMBOLS_ANSWER);
	packet_put_u32(&server->answer, lookup.location);
	packet_put_u32(&server->answer, flags);
	packet_put_u32(&server->answer, n);
	for (unsigned i = 0; i < n; i++)
		put_place(&server->answer, &places[i]);
	packet_end(&server->answer, start);
	return send_all(&server->answer);
}

static int
say_hello(struct server *server)
{
	size_t start = packet_begin(&server->answer, SYMBOLS_HELLO);

	packet_put_u32(&server->answer, SYMBOLS_VERSION);
	packet_end(&server->answer, start);
	return send_all(&server->answer);
}

/* ---- the loop ---- */

static int
handle_packet(struct server *server, uint32_t kind, struct packet *packet)
{
	switch (kind) {
	case SYMBOLS_MODULE:
		return learn_module(server, packet);
	case SYMBOLS_LOOKUP:
		return answer_lookup(server, packet);
	default:
		return -1;
	}
}

/* Returns when the viewer closes its end or says something wrong. */
static void
serve(struct server *server)
{
	static unsigned char input[4 * SYMBOLS_MAX_REQUEST];
	size_t n_input = 0;

	for (;;) {
		ssize_t n = recv(SYMBOLS_FD, input + n_input,
		    sizeof input - n_input, 0);
		size_t done = 0;
		long size;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		n_input += (size_t)n;
		for (;;) {
			struct packet packet;
			uint32_t kind;

			size = packet_split(input + done, n_input - done,
			    SYMBOLS_MAX_REQUEST, &kind, &packet);
			if (size <= 0)
				break;
			if (handle_packet(server, kind, &packet) < 0)
				return;
			done += (size_t)size;
		}
		if (size < 0)
			return;
		n_input -= done;
		memmove(input, input + done, n_input);
	}
}

int
main(void)
{
	struct server server = {
		.answer = STRBUF_INIT(SYMBOLS_MAX_SOURCE + SYMBOLS_MAX_ANSWER),
	};
	int type;
	socklen_t size = sizeof type;

	if (getsockopt(SYMBOLS_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0) {
		fprintf(stderr, "tmtop-symbols is started by tmtop\n");
		return 125;
	}
	confine_process();
	if (say_hello(&server) == 0)
		serve(&server);
	/* The files are the kernel's to close. */
	_exit(0);
}
