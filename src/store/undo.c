/*
 * undo.c - a database whose writer was killed, as it was before (L5s).
 *
 * Role       The journal beside a database has the pages as they were before
 *            the transaction that nobody committed.  They are put back into
 *            a copy, in which SQLite then reads.
 * Why        SQLite would do that in place.  But we promise to write nothing
 *            to a file that is only looked at, its folder may be read-only,
 *            and a journal is a stranger's too: SQLite deletes files that
 *            one names.
 * Shape      A journal is headers, each followed by records (page number,
 *            page, checksum), as SQLite's file format documents.  What does
 *            not fit ends it, as it does for SQLite: then the writer was
 *            killed before it was complete, and the database is untouched.
 */
#include "store/undo.h"

#include "util/strbuf.h"
#include "util/xalloc.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADER = 28, COUNT_AT = 8, NONCE_AT = 12, PAGES_AT = 16,
	SECTOR_AT = 20, PAGE_AT = 24,
	SMALLEST_PAGE = 512, LARGEST_PAGE = 65536,
	SMALLEST_SECTOR = 32, LARGEST_SECTOR = 65536,
	CHECKSUM_STEP = 200,
};

struct journal {
	int		 fd, to;
	uint64_t	 size;		/* of the journal */
	uint64_t	 at;		/* read so far */
	uint32_t	 n_records;	/* behind the present header */
	uint32_t	 nonce, n_pages, sector, page;
	bool		 has_begun;
	unsigned char	*record;
};

static uint32_t
get32(const unsigned char *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof word);
	return be32toh(word);
}

static bool
is_power(uint32_t x, uint32_t least, uint32_t most)
{
	return x >= least && x <= most && (x & (x - 1)) == 0;
}

/* The next header, on a sector's boundary.  False: there is none. */
static bool
read_header(struct journal *j)
{
	static const unsigned char magic[] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20,
		0xa1, 0x63, 0xd7 };
	unsigned char header[HEADER];
	uint64_t record;

	if (j->has_begun)
		j->at = (j->at + j->sector - 1) / j->sector * j->sector;
	if (pread(j->fd, header, HEADER, (off_t)j->at) != HEADER ||
	    memcmp(header, magic, sizeof magic) != 0)
		return false;
	j->nonce = get32(header + NONCE_AT);
	if (!j->has_begun) {
		j->n_pages = get32(header + PAGES_AT);
		j->sector = get32(header + SECTOR_AT);
		j->page = get32(header + PAGE_AT);
		if (!is_power(j->sector, SMALLEST_SECTOR, LARGEST_SECTOR) ||
		    !is_power(j->page, SMALLEST_PAGE, LARGEST_PAGE))
			return false;
		j->record = xmalloc(j->page + 8);
		j->has_begun = true;
	}
	record = j->page + 8;
	j->at += j->sector;
	j->n_records = get32(header + COUNT_AT);
	/* Not counted: up to the end. */
	if (j->n_records == UINT32_MAX)
		j->n_records = j->at < j->size ?
		    (uint32_t)((j->size - j->at) / record) : 0;
	return j->n_records > 0;
}

static uint32_t
checksum(const struct journal *j, const unsigned char *page)
{
	uint32_t sum = j->nonce;

	for (uint32_t i = j->page - CHECKSUM_STEP; i > 0 && i < j->page;
	    i -= CHECKSUM_STEP)
		sum += page[i];
	return sum;
}

/* Put one page back.  1: done, 0: the journal ends here, -1: errno is set. */
static int
undo_record(struct journal *j)
{
	size_t size = j->page + 8;
	const unsigned char *page = j->record + 4;
	uint32_t number;

	if (pread(j->fd, j->record, size, (off_t)j->at) != (ssize_t)size)
		return 0;
	number = get32(j->record);
	if (number == 0 || get32(page + j->page) != checksum(j, page))
		return 0;
	j->at += size;
	if (number > j->n_pages)
		return 1;
	return pwrite(j->to, page, j->page,
	    (off_t)(number - 1) * j->page) == (ssize_t)j->page ? 1 : -1;
}

static int
undo_all(struct journal *j)
{
	struct stat st;
	off_t size;
	int rc = 1;

	while (rc > 0 && read_header(j)) {
		while (rc > 0 && j->n_records-- > 0)
			rc = undo_record(j);
	}
	if (rc < 0 || !j->has_begun || fstat(j->to, &st) < 0)
		return rc < 0 ? -1 : 0;
	size = (off_t)j->n_pages * j->page;
	return size < st.st_size ? ftruncate(j->to, size) : 0;
}

/* ---- the copy ---- */

static int
copy_bytes(int from, int to)
{
	enum { ROOM = 1 << 16 };
	char *bytes = xmalloc(ROOM);
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = read(from, bytes, ROOM)) != 0) {
		if (n < 0 || write(to, bytes, (size_t)n) != n)
			rc = -1;
	}
	free(bytes);
	return rc;
}

static char *
make_temporary(int *fd)
{
	const char *folder = getenv("TMPDIR");
	struct strbuf path = STRBUF_INIT(PATH_MAX);

	strbuf_printf(&path, "%s/tmtop-XXXXXX", folder != NULL &&
	    folder[0] == '/' ? folder : "/tmp");
	strbuf_putc(&path, '\0');
	*fd = mkostemp(path.text, O_CLOEXEC);
	if (*fd < 0) {
		strbuf_fini(&path);
		return NULL;
	}
	return strbuf_take(&path);
}

static int
open_journal(const char *path)
{
	struct strbuf name = STRBUF_INIT(PATH_MAX + 16);
	int fd;

	strbuf_printf(&name, "%s-journal", path);
	fd = open(strbuf_text(&name), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	strbuf_fini(&name);
	return fd;
}

char *
undo_copy(const char *path, struct errbuf *why)
{
	struct journal j = { .fd = open_journal(path), .to = -1 };
	int from = open(path, O_RDONLY | O_CLOEXEC);
	char *copy = make_temporary(&j.to);
	struct stat st;
	int rc = -1;

	if (j.fd >= 0 && from >= 0 && copy != NULL &&
	    fstat(j.fd, &st) == 0) {
		j.size = (uint64_t)st.st_size;
		rc = copy_bytes(from, j.to);
	}
	if (rc == 0)
		rc = undo_all(&j);
	if (rc < 0) {
		errbuf_set(why, "its writer was killed, and what it left "
		    "cannot be undone: %s", strerror(errno));
		if (copy != NULL)
			unlink(copy);
		free(copy);
		copy = NULL;
	}
	free(j.record);
	if (j.fd >= 0)
		close(j.fd);
	if (from >= 0)
		close(from);
	if (j.to >= 0)
		close(j.to);
	return copy;
}
