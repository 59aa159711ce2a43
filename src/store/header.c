#include "store/header.h"

#include "store/schema.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER = 100, VERSIONS_AT = 18, VERSION_AT = 60, ID_AT = 68,
	JOURNALLED = 1 };

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
	if (fd >= 0)
		close(fd);
	return rc;
}
