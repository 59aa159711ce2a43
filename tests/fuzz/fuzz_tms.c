/*
 * fuzz_tms.c - a snapshot file, written by a stranger.
 *
 * Shape      A small file is saved once, by our own code.  The input is a list
 *            of edits of twelve bytes: a value of a row (then SQLite itself
 *            writes the file anew), a row that goes, a byte of the file, its
 *            length, or a byte of a journal that a killed writer has left
 *            beside it.  What comes out is opened as `tmtop -l` opens it,
 *            and each of its marks is compared with.
 * Why        Bytes from nowhere never get past the first check; edits of what
 *            is right get to all of them, the database's pages and the
 *            values in its tables alike.
 * Invariant  Whatever the file: one line that says what is wrong with it, or
 *            tables in which every id is one that exists, parents are older
 *            than their children, and rows can be made.
 */
#include "fuzz.h"

#include "session_state.h"
#include "util/names.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_EDITS = 64, MOST_JOURNAL = 1 << 16 };

enum place {
	SET_INT, SET_SMALL, SET_TEXT, SET_NULL, DELETE_ROW, SET_BYTE,
	CUT_FILE, JOURNAL_BYTE, ADD_JOURNAL, N_PLACES
};

struct edit {
	uint8_t		place, table, row, column;
	uint64_t	value;
} __attribute__((packed));

static char folder[] = "/tmp/tmtop-fuzz-XXXXXX";
static char path[64], journal_path[80];
static unsigned char *whole, *journal;
static size_t whole_size, journal_size;

/* ---- the file as it should be ---- */

static uint32_t
make_stack(struct frame_store *frames, struct symbols *symbols,
    struct names *names, uint32_t i)
{
	static const uint8_t build_id[20] = { 1, 2, 3 };
	uint32_t module = frame_store_module(frames, i % 2 ? "/bin/a" :
	    "/lib/b.so", build_id, 20);
	uint32_t stack = 0, location;

	for (uint32_t depth = 0; depth < 1 + i % 4; depth++) {
		struct symbol_frame frame[2];

		location = frame_store_location(frames, module,
		    0x1000 + depth * 16 + i % 3, LOCATION_CALL);
		frame[0] = frame[1] = symbols_stand_in(symbols, location);
		frame[0].file = names_intern(names, "/src/x.c", 8);
		frame[0].function = names_intern(names, "inner", 5);
		frame[0].line = depth;
		frame[0].flags = SYMBOL_INLINED;
		frame[1].function = names_intern(names, "outer", 5);
		symbols_put(symbols, location, frame, 2);
		stack = frame_store_stack(frames, stack, location);
	}
	return stack;
}

static struct snapshot *
make_snapshot(struct frame_store *frames, struct symbols *symbols,
    struct names *names, uint32_t n)
{
	struct snapshot *snapshot = snapshot_new(n, 2);

	snapshot->processes[1].pid = 7;
	snapshot->n_threads = 2;
	snapshot->threads = calloc(2, sizeof *snapshot->threads);
	snapshot->blocks = calloc(n, sizeof *snapshot->blocks);
	snapshot->n_blocks = n;
	for (uint32_t i = 0; i < n; i++) {
		snapshot->traces[i] = (struct trace){ .size = 10 * i,
			.count = i, .thread = i % 3, .process = i % 2,
			.stack = make_stack(frames, symbols, names, i) };
		snapshot->blocks[i] = (struct live_block){ .address = 64 * i,
			.size = 10, .trace = i, .generation = 1 };
	}
	return snapshot;
}

static void
save_whole(void)
{
	struct frame_store *frames = frame_store_new();
	struct names *names = names_new();
	struct symbols *symbols = symbols_new_saved(frames, names);
	struct store_facts facts = { .list = VEC_INIT };
	struct store_moment moments[3] = {
		{ .kind = STORE_MARK, .number = 1, .name = "warm" },
		{ .kind = STORE_PEAK }, { .kind = STORE_NOW } };
	struct store_writer *writer;
	struct errbuf why;

	for (uint32_t i = 0; i < 3; i++)
		moments[i].snapshot = make_snapshot(frames, symbols, names,
		    3 + i);
	store_facts_add(&facts, false, "argv", "x", 1);
	store_facts_add(&facts, true, "build", "1", 1);
	writer = store_writer_new(path, frames, symbols, names, &facts);
	if (store_writer_save(writer, moments, 3, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	store_writer_free(writer);
	store_facts_fini(&facts);
	for (uint32_t i = 0; i < 3; i++)
		snapshot_release(moments[i].snapshot);
	symbols_free(symbols);
	names_free(names);
	frame_store_free(frames);
}

static unsigned char *
slurp(const char *name, size_t *size)
{
	int fd = open(name, O_RDONLY);
	off_t end = lseek(fd, 0, SEEK_END);
	unsigned char *bytes = malloc((size_t)end);

	*size = (size_t)end;
	REQUIRE(pread(fd, bytes, *size, 0) == end);
	close(fd);
	return bytes;
}

static void
spit(const char *name, const unsigned char *bytes, size_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	REQUIRE(write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

/* One page of the file, as it is, under a right header. */
static void
make_journal(void)
{
	static const unsigned char header[] = { 0xd9, 0xd5, 5, 0xf9, 0x20,
		0xa1, 0x63, 0xd7, 0, 0, 0, 2, 0, 0, 0, 7 };
	uint32_t page = (uint32_t)whole[16] << 8 | whole[17];
	uint32_t numbers[] = { (uint32_t)whole_size / page, 512, page };

	journal_size = 512 + 2 * (page + 8);
	journal = calloc(1, MOST_JOURNAL);
	memcpy(journal, header, sizeof header);
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 4; k++)
			journal[16 + 4 * i + k] = (unsigned char)
			    (numbers[i] >> (24 - 8 * k));
	for (uint32_t i = 0; i < 2; i++) {
		unsigned char *record = journal + 512 + i * (page + 8);
		uint32_t sum = 7;

		record[3] = (unsigned char)(i + 1);
		memcpy(record + 4, whole + i * page, page);
		for (uint32_t at = page - 200; at > 0 && at < page; at -= 200)
			sum += record[4 + at];
		for (int k = 0; k < 4; k++)
			record[4 + page + k] = (unsigned char)
			    (sum >> (24 - 8 * k));
	}
}

static void
clean_up(void)
{
	unlink(path);
	unlink(journal_path);
	rmdir(folder);
}

static void
set_up(void)
{
	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(path, sizeof path, "%s/x.tms", folder);
	snprintf(journal_path, sizeof journal_path, "%s-journal", path);
	save_whole();
	whole = slurp(path, &whole_size);
	make_journal();
	atexit(clean_up);
}

/* ---- edits of values ---- */

static const char *const tables[] = { "block", "frame", "info", "location",
	"meta", "module", "name", "process", "snapshot", "stack", "thread",
	"trace" };

static const struct { const char *table, *key; } keys[] = {
	{ "block", "snapshot, id" }, { "frame", "location, depth" },
	{ "info", "key, item" }, { "meta", "key" },
	{ "process", "snapshot, id" }, { "thread", "snapshot, id" },
	{ "trace", "snapshot, id" },
};

static const char *
key_of(const char *table)
{
	for (size_t i = 0; i < array_size(keys); i++) {
		if (strcmp(keys[i].table, table) == 0)
			return keys[i].key;
	}
	return "id";
}

static void
column_name(sqlite3 *db, const char *table, unsigned i, char to[64])
{
	char sql[100];
	sqlite3_stmt *statement;
	int n;

	snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
	REQUIRE(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) ==
	    SQLITE_OK);
	n = sqlite3_column_count(statement);
	snprintf(to, 64, "%s", sqlite3_column_name(statement, (int)i % n));
	sqlite3_finalize(statement);
}

static void
edit_value(sqlite3 *db, const struct edit *edit)
{
	const char *table = tables[edit->table % array_size(tables)];
	const char *key = key_of(table);
	unsigned place = edit->place % N_PLACES;
	char column[64], sql[400];
	sqlite3_stmt *statement;

	column_name(db, table, edit->column, column);
	if (place == DELETE_ROW)
		snprintf(sql, sizeof sql, "DELETE FROM %s", table);
	else
		snprintf(sql, sizeof sql, "UPDATE OR IGNORE %s SET %s = ?1",
		    table, column);
	snprintf(sql + strlen(sql), sizeof sql - strlen(sql),
	    " WHERE (%s) IN (SELECT %s FROM %s LIMIT 1 OFFSET %u)", key, key,
	    table, edit->row % 16);
	REQUIRE(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) ==
	    SQLITE_OK);
	if (place == SET_INT)
		sqlite3_bind_int64(statement, 1, (int64_t)edit->value);
	else if (place == SET_SMALL)
		sqlite3_bind_int64(statement, 1,
		    (int64_t)(edit->value % 32) - 2);
	else if (place == SET_TEXT)
		sqlite3_bind_text(statement, 1, (const char *)&edit->value,
		    sizeof edit->value, SQLITE_TRANSIENT);
	sqlite3_step(statement);
	sqlite3_finalize(statement);
}

/* The file with the values of these edits; the caller frees it. */
static unsigned char *
edit_values(const struct edit *edits, size_t n, size_t *size)
{
	unsigned char *copy = sqlite3_malloc64(whole_size), *made;
	sqlite3_int64 made_size;
	sqlite3 *db;

	memcpy(copy, whole, whole_size);
	REQUIRE(sqlite3_open(":memory:", &db) == SQLITE_OK);
	REQUIRE(sqlite3_deserialize(db, "main", copy,
	    (sqlite3_int64)whole_size, (sqlite3_int64)whole_size,
	    SQLITE_DESERIALIZE_FREEONCLOSE |
	    SQLITE_DESERIALIZE_RESIZEABLE) == SQLITE_OK);
	for (size_t i = 0; i < n; i++) {
		if (edits[i].place % N_PLACES <= DELETE_ROW)
			edit_value(db, &edits[i]);
	}
	made = sqlite3_serialize(db, "main", &made_size, 0);
	REQUIRE(made != NULL);
	*size = (size_t)made_size;
	sqlite3_close(db);
	return made;
}

/* ---- edits of bytes ---- */

static void
edit_bytes(const struct edit *edits, size_t n, unsigned char *bytes,
    size_t *size)
{
	for (size_t i = 0; i < n; i++) {
		unsigned place = edits[i].place % N_PLACES;
		size_t at = (size_t)edits[i].table << 16 |
		    (size_t)edits[i].row << 8 | edits[i].column;

		if (place == SET_BYTE && *size > 0)
			bytes[at % *size] = (unsigned char)edits[i].value;
		else if (place == CUT_FILE)
			*size = at < *size ? at : *size;
	}
}

static void
write_journal(const struct edit *edits, size_t n)
{
	unsigned char *bytes = malloc(journal_size);
	bool is_there = false;

	memcpy(bytes, journal, journal_size);
	for (size_t i = 0; i < n; i++) {
		size_t at = (size_t)edits[i].row << 8 | edits[i].column;
		unsigned place = edits[i].place % N_PLACES;

		is_there |= place == JOURNAL_BYTE || place == ADD_JOURNAL;
		if (place == JOURNAL_BYTE)
			bytes[(edits[i].table % 2 ? at : at % 64) %
			    journal_size] = (unsigned char)edits[i].value;
	}
	if (is_there)
		spit(journal_path, bytes, journal_size);
	else
		unlink(journal_path);
	free(bytes);
}

/* ---- what must hold ---- */

static void
check_frames(struct session *s)
{
	uint32_t n_names = names_count(s->names), n;

	for (uint32_t i = 1; i < frame_store_n_stacks(s->frames); i++) {
		const struct code_stack *stack = frame_store_get_stack(
		    s->frames, i);

		REQUIRE(stack->parent < i && stack->location > 0);
		REQUIRE(stack->location <
		    frame_store_n_locations(s->frames));
	}
	for (uint32_t i = 1; i < frame_store_n_locations(s->frames); i++) {
		const struct symbol_frame *frames = symbols_frames(
		    s->symbols, i, &n);

		REQUIRE(n > 0);
		for (uint32_t k = 0; k < n; k++)
			REQUIRE(frames[k].file < n_names &&
			    frames[k].function < n_names &&
			    frames[k].module < n_names);
	}
}

static void
check_snapshot(const struct session *s, const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->n_traces; i++) {
		const struct trace *trace = &snapshot->traces[i];

		REQUIRE(trace->process < snapshot->n_processes);
		REQUIRE(trace->thread <= snapshot->n_threads);
		REQUIRE(trace->stack < frame_store_n_stacks(s->frames));
	}
	for (uint32_t i = 0; i < snapshot->n_threads; i++)
		REQUIRE(snapshot->threads[i].process <
		    snapshot->n_processes);
	for (size_t i = 0; i < snapshot->n_blocks; i++)
		REQUIRE(snapshot->blocks[i].trace < snapshot->n_traces);
}

static void
look_at(struct session *s)
{
	check_frames(s);
	session_refresh(s, STAGE_SNAPSHOT, -1);
	check_snapshot(s, s->latest);
	for (size_t i = 0; i < session_n_marks(s); i++) {
		check_snapshot(s, s->marks.items[i].snapshot);
		session_set_baseline(s, (int)i);
		session_refresh(s, STAGE_ATTRIBUTE, -1);
	}
	session_set_grouping(s, BY_TRACEBACK);
	session_refresh(s, STAGE_GROUP, -1);
}

static void
open_as_user(void)
{
	static struct options options = { .grouping = BY_LINENO, .sort = -1,
		.skip = true, .load = path };
	struct errbuf why = { .column = 0 };
	struct session *session = session_open_file(&options, path, &why);

	if (session == NULL) {
		REQUIRE(why.text[0] != '\0' &&
		    strpbrk(why.text, "\n\r\t\033") == NULL);
		return;
	}
	look_at(session);
	session_free(session);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct edit edits[MAX_EDITS];
	size_t n = size / sizeof *edits, file_size;
	unsigned char *file;

	if (whole == NULL)
		set_up();
	n = n < MAX_EDITS ? n : MAX_EDITS;
	memcpy(edits, data, n * sizeof *edits);
	file = edit_values(edits, n, &file_size);
	edit_bytes(edits, n, file, &file_size);
	spit(path, file, file_size);
	sqlite3_free(file);
	write_journal(edits, n);
	open_as_user();
	return 0;
}
