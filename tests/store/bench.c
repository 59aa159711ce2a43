/*
 * bench.c - what saving and loading a snapshot costs.
 *
 *	bench [TRACEBACKS [DEPTH]]		default 100000 20
 *
 * Two shapes: `tree`, where callers are shared as in a program (each traceback
 * leaves the one before it at a random depth), and `apart`, where no two
 * tracebacks share a frame's node, which is the worst there can be.  Prints,
 * for each, milliseconds of the clock, of the processor in brackets, and
 * bytes: "tree stacks 575141 save 410 (380) load 202 (190) bytes 14274560".
 * Run by tests/store/speed.test.
 */
#include "store/store.h"

#include "util/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { N_LOCATIONS = 20000, N_FILES = 500, N_FUNCTIONS = 8000, N_MODULES = 40 };

static uint64_t random_state = 1;

static uint32_t
next_random(uint32_t below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695;
	return (uint32_t)(random_state >> 33) % below;
}

struct took { double wall_ms, cpu_ms; };

static double
read_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct took
now(void)
{
	return (struct took){ read_ms(CLOCK_MONOTONIC),
		read_ms(CLOCK_PROCESS_CPUTIME_ID) };
}

static struct took
since(struct took start)
{
	struct took end = now();

	return (struct took){ end.wall_ms - start.wall_ms,
		end.cpu_ms - start.cpu_ms };
}

static uint32_t
make_name(struct names *names, const char *format, uint32_t i)
{
	char text[120];
	int n = snprintf(text, sizeof text, format, i, i % 97);

	return names_intern(names, text, (size_t)n);
}

/* Every third location has a function that is inlined there. */
static void
make_locations(struct frame_store *store, struct names *names,
    struct symbols *symbols)
{
	for (uint32_t i = 0; i < N_LOCATIONS; i++) {
		char path[64];
		struct symbol_frame frames[2];
		uint32_t location, n = 1 + (i % 3 == 0);

		snprintf(path, sizeof path, "/usr/lib/libnumber%u.so.1",
		    i % N_MODULES);
		location = frame_store_location(store, frame_store_module(
		    store, path, (const uint8_t *)path, 20), 0x1000 + 16 * i,
		    LOCATION_CALL);
		for (uint32_t k = 0; k < n; k++) {
			frames[k] = symbols_stand_in(symbols, location);
			frames[k].function = make_name(names,
			    "space%u::Class<unsigned long, %u>::method",
			    (i + k) % N_FUNCTIONS);
			frames[k].file = make_name(names,
			    "/home/builder/project/src/part%u/file%u.cc",
			    (i + 7 * k) % N_FILES);
			frames[k].line = 1 + i % 5000;
			frames[k].flags = k + 1 < n ? SYMBOL_INLINED : 0;
		}
		symbols_put(symbols, location, frames, n);
	}
}

static struct snapshot *
make_snapshot(struct frame_store *store, uint32_t n, uint32_t depth,
    bool is_tree)
{
	struct snapshot *snapshot = snapshot_new(n, 1);
	uint32_t *path = calloc(depth, sizeof *path);

	for (uint32_t i = 0; i < n; i++) {
		/* the newest frames change most often */
		uint32_t keep = is_tree && i > 0 ? depth - 1 -
		    next_random(1 + next_random(depth)) : 0;

		for (uint32_t k = keep; k < depth; k++)
			path[k] = frame_store_add_stack(store,
			    k > 0 ? path[k - 1] : 0,
			    1 + next_random(N_LOCATIONS));
		snapshot->traces[i] = (struct trace){
			.size = 16u << i % 20, .count = 1 + i % 1000,
			.allocs = i * 37, .allocated = i * 4096ull,
			.temporary = i % 100, .stack = path[depth - 1],
			.total_nframe = depth };
	}
	free(path);
	return snapshot;
}

static struct took
save(const char *path, const struct frame_store *store,
    struct symbols *symbols, const struct names *names,
    struct snapshot *snapshot)
{
	struct store_moment moment = { .kind = STORE_NOW,
		.snapshot = snapshot };
	struct store_facts facts = { .list = VEC_INIT };
	struct errbuf why;
	struct took start = now();
	struct store_writer *writer = store_writer_new(path, store, symbols,
	    names, &facts);

	store_writer_ask(writer, &moment, 1);
	if (store_writer_save(writer, &moment, 1, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		exit(1);
	}
	store_writer_free(writer);
	return since(start);
}

static struct took
load(const char *path)
{
	struct frame_store *store = frame_store_new();
	struct names *names = names_new();
	struct symbols *symbols = symbols_new_saved(store, names);
	struct store_contents contents;
	struct errbuf why;
	struct took took, start = now();

	if (store_load(path, STORE_ALL, store, symbols, names, &contents,
	    &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		exit(1);
	}
	took = since(start);
	store_contents_fini(&contents);
	symbols_free(symbols);
	names_free(names);
	frame_store_free(store);
	return took;
}

static void
measure(const char *path, uint32_t n, uint32_t depth, bool is_tree)
{
	struct frame_store *store = frame_store_new();
	struct names *names = names_new();
	struct symbols *symbols = symbols_new_saved(store, names);
	struct snapshot *snapshot;
	struct stat st;
	struct took saved, loaded;

	make_locations(store, names, symbols);
	snapshot = make_snapshot(store, n, depth, is_tree);
	saved = save(path, store, symbols, names, snapshot);
	loaded = load(path);
	if (stat(path, &st) < 0)
		exit(1);
	printf("%s stacks %u save %.0f (%.0f) load %.0f (%.0f) bytes %lld\n",
	    is_tree ? "tree" : "apart", frame_store_n_stacks(store) - 1,
	    saved.wall_ms, saved.cpu_ms, loaded.wall_ms, loaded.cpu_ms,
	    (long long)st.st_size);
	unlink(path);
	snapshot_release(snapshot);
	symbols_free(symbols);
	names_free(names);
	frame_store_free(store);
}

int
main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
	uint32_t depth = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 20;
	const char *folder = getenv("TMPDIR");
	char path[256];

	if (n == 0 || depth == 0)
		return 2;
	snprintf(path, sizeof path, "%s/tmtop-bench-%d.tms",
	    folder != NULL ? folder : "/tmp", (int)getpid());
	measure(path, n, depth, true);
	measure(path, n, depth, false);
	return 0;
}
