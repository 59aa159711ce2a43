/*
 * fake_data.c - the traces of the scenes.
 *
 * "cached": 118.4 MiB in all.  Sizes are in units of 0.1 MiB (M) and KiB (K)
 * so that sums are easily checked: 542 + 240 + 125 + 80 + 69 + 40 + 31 + 20 +
 * 12 = 1159 tenths of a MiB, 512 KiB, and 2 MiB of small ones.
 */
#include "fake_session.h"

#include <string.h>

#define M	(1048576 / 10)
#define K	1024

#define LOOP	" src/conn.c:240=conn_readable src/loop.c:96=loop_run " \
		"src/main.c:71=main"

static const struct fake_line cached[] = {
	{ 510 * M, 208896, "src/lru.c:118=cache_put src/proto.c:341=handle_set "
	    "src/proto.c:512=dispatch~" LOOP
	    " libc.so.6+0x27249=__libc_start_call_main" },
	{ 29 * M, 11878, "src/lru.c:118=cache_put src/dump.c:50=load_dump "
	    "src/main.c:60=main" },
	{ 3 * M, 1130, "src/lru.c:118=cache_put src/dump.c:90=warmup" },
	{ 240 * M, 1536, "src/conn.c:77=conn_new src/conn.c:121=conn_accept"
	    LOOP },
	{ 125 * M, 102400, "src/json/parse.c:402=node_alloc "
	    "src/json/parse.c:90=json_parse" LOOP },
	{ 80 * M, 1, "src/index.c:59=index_open src/main.c:40=main" },
	{ 69 * M, 45200, "src/route.cc:210=Router::add src/main.c:45=main" },
	{ 40 * M, 64, "src/log.c:211=ring_grow src/log.c:20=log_thread" },
	{ 31 * M, 3174, "/usr/lib/libssl.so.3+0x4a1c0=SSL_new "
	    "src/tls.c:31=tls_accept" LOOP },
	{ 20 * M, 8192, "src/metrics.c:88=metric_reg src/main.c:50=main" },
	{ 12 * M, 1229, "/usr/lib/libc.so.6+0xf00=getaddrinfo "
	    "src/dns.c:12=resolve" LOOP },
	{ 512 * K, 1, "src/main.c:33=main" },
	{ 0, 0, NULL },
};

/* What "cached" had at its peak, 131 MiB. */
static const struct fake_line peak[] = {
	{ 710 * M, 4544, "src/conn.c:77=conn_new src/main.c:50=main" },
	{ 600 * M, 245760, "src/lru.c:118=cache_put src/main.c:50=main" },
	{ 0, 0, NULL },
};

static const struct fake_line empty[] = {
	{ 0, 0, NULL },
};

/* Three callers of one place whose source is beside this file. */
static const struct fake_line callers[] = {
	{ 3000, 3, "code/json.c:9=leak_b code/json.c:20=first_caller "
	    "code/main.c:8=main" },
	{ 2000, 2, "code/json.c:9=leak_b code/json.c:26=second_caller "
	    "code/main.c:9=main" },
	{ 1000, 1, "code/json.c:9=leak_b code/json.c:32=third_caller "
	    "code/main.c:10=main" },
	{ 512, 1, "code/json.c:32=third_caller code/main.c:10=main" },
	{ 100, 1, "code/missing.c:5=elsewhere code/main.c:11=main" },
	{ 50, 1, "/opt/lib/libzip.so.4+0x1234=zip_open code/main.c:12=main" },
	{ 0, 0, NULL },
};

/* Names that no terminal should see as they are. */
static const struct fake_line names[] = {
	{ 4000, 4, "src/gr\xc3\xbc\xc3\x9f""e.c:1=gr\xc3\xbc\xc3\x9f""en" },
	{ 3000, 3, "src/new\nline.c:2=f" },
	{ 2000, 2, "src/bad\xff""byte.c:3=g" },
	{ 1500, 1, "src/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.c:4=h" },
	{ 1000, 1, "src/esc\033[31mred.c:5=i" },
	{ 900, 1, "/a/very/long/path/that/does/not/fit/into/any/column/"
	    "of/the/table/and/goes/on/until/its/end/file.c:123456="
	    "namespace_of_many::words::and_more<of_them>::method" },
	{ 0, 0, NULL },
};

static const struct {
	const char		*name;
	const struct fake_line	*lines;
} scenes[] = {
	{ "cached", cached },
	{ "peak", peak },
	{ "empty", empty },
	{ "callers", callers },
	{ "names", names },
};

const struct fake_line *
fake_scene(const char *name)
{
	for (size_t i = 0; i < array_size(scenes); i++) {
		if (strcmp(scenes[i].name, name) == 0)
			return scenes[i].lines;
	}
	return NULL;
}
