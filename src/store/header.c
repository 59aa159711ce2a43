/*
 * header.c - is it a snapshot file?  Before SQLite sees it (L5s).
 *
 * Role       The first hundred bytes of a database, and its size: enough to
 *            say of most files that are none, or not whole, what they are.
 * Why        SQLite would say "file is not a database" of a newer version and
 *            of a photograph alike, waits for a writer at the other end of a
 *            FIFO, and reads what is missing of a last page as zeroes.
 */
#include "store/header.h"

#include "store/schema.h"
#include "util/strbuf.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADER = 100, PAGE_AT = 16, VERSIONS_AT = 18, CHANGE_AT = 24,
	PAGES_AT = 28, VERSION_AT = 60, ID_AT = 68, PAGES_VALID_AT = 92,
	JOURNALLED = 1
};

static uint32_t
read_be32(const unsigned char *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof word);
	return be32toh(word);
}

/* The first bytes of any SQLite database say enough to tell most other files
 * from a snapshot. */
static int
check_header(const unsigned char *header, ssize_t n, struct errbuf *why)
{
	uint32_t version;

	if (n == 0)
		errbuf_set(why, "it is empty");
	else if (n < HEADER || memcmp(header, "SQLite format 3", 16) != 0 ||
	    read_be32(header + ID_AT) != STORE_ID)
		errbuf_set(why, "it is no snapshot file");
	else if ((version = read_be32(header + VERSION_AT)) > STORE_VERSION)
		errbuf_set(why, "a newer tmtop has written it (version %u; "
		    "this one reads %u)", version, STORE_VERSION);
	else if (version != STORE_VERSION ||
	    header[VERSIONS_AT] != JOURNALLED ||
	    header[VERSIONS_AT + 1] != JOURNALLED)
		errbuf_set(why, "it is damaged: header");
	else
		return 0;
	return -1;
}

/* Has the file fewer bytes than its header counts pages? */
static bool
is_short(int fd)
{
	unsigned char h[HEADER];
	struct stat st;
	uint64_t page;

	if (pread(fd, h, sizeof h, 0) != HEADER || fstat(fd, &st) < 0 ||
	    memcmp(h + CHANGE_AT, h + PAGES_VALID_AT, 4) != 0)
		return false;
	page = (uint64_t)h[PAGE_AT] << 8 | h[PAGE_AT + 1];
	if (page == 1)
		page = 65536;
	return page * read_be32(h + PAGES_AT) > (uint64_t)st.st_size;
}

static bool
has_journal(const char *path)
{
	struct strbuf name = STRBUF_INIT(PATH_MAX + 16);
	struct stat st;
	bool is_there;

	strbuf_printf(&name, "%s-journal", path);
	is_there = lstat(strbuf_text(&name), &st) == 0;
	strbuf_fini(&name);
	return is_there;
}

/*
 * SQLite takes what is missing of the last page for zeroes.  While somebody
 * writes, there is a journal, and the file may be shorter for a moment; asked
 * again in that order, a writer that comes or goes in between is noticed.
 */
static bool
is_cut(const char *path, int fd)
{
	return !has_journal(path) && is_short(fd) && !has_journal(path) &&
	    is_short(fd);
}

int
header_check(const char *path, struct errbuf *why)
{
	unsigned char header[HEADER];
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc = -1;

	if (fd < 0 || fstat(fd, &st) < 0) {
		errbuf_set(why, "%s", strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		errbuf_set(why, "it is no regular file");
	} else {
		n = pread(fd, header, sizeof header, 0);
		if (n < 0)
			errbuf_set(why, "%s", strerror(errno));
		else
			rc = check_header(header, n, why);
	}
	if (rc == 0 && is_cut(path, fd)) {
		errbuf_set(why, "it is damaged: its end is missing");
		rc = -1;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}
