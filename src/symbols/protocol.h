/*
 * protocol.h - what the viewer and tmtop-symbols say to each other (L4).
 *
 * A stream of packets over one socket, descriptor 3 in the helper.  All
 * numbers are little endian and unaligned; a string is a 16-bit size and its
 * bytes, no NUL.  Every packet starts with its size, itself included, and
 * its kind:
 *
 *	u32 size, u32 kind, ...
 *
 *	HELLO	helper, first of all	u32 version
 *	MODULE	viewer, before its	u32 module; string build-id, path,
 *		first LOOKUP		    root, separate file to fall back on
 *					    ("": none).  Again: open it anew
 *	LOOKUP	viewer			u32 location, u32 module,
 *					    u64 address, u32 flags
 *	SOURCE	helper, before the	u32 module, u32 flags; stamp of the
 *		module's first ANSWER	    file; string path and stamp of the
 *		with ANSWER_BEST	    separate file ("", zeros: none).
 *					    A stamp: u64 size, u64 mtime
 *	ANSWER	helper, in the order	u32 location, u32 flags,
 *		of the LOOKUPs		    u32 n_frames, then per
 *					    frame, innermost first: u32 line,
 *					    u32 flags; string function, file
 *
 * With tmtop-fetch, after its HELLO:
 *
 *	FETCH	viewer			u32 module; string build-id
 *	PROGRESS fetcher, any number	u32 module; u64 bytes done, of all (0:
 *					    not known)
 *	FETCHED	fetcher			u32 module; string path, "": in vain
 *
 * The address is an ELF address inside the instruction that is meant: the
 * viewer has subtracted 1 from return addresses already.  No frames: nothing
 * is known.  An empty file: no line information.  To a LOOKUP in haste the
 * helper may answer roughly, with a name from the symbol table, when debug
 * information would have to be read first and is large.
 *
 * Neither side trusts the other.  The helper's input is hostile, so that it
 * may be taken over; all it can then do is to lie about names and lines.  A
 * packet that breaks a limit or ends early is an error, the viewer's answer
 * to which is a new helper.
 */
#ifndef TMTOP_SYMBOLS_PROTOCOL_H
#define TMTOP_SYMBOLS_PROTOCOL_H

#include "symbols/stamp.h"
#include "util/names.h"
#include "util/strbuf.h"

#define SYMBOLS_FD		3
#define SYMBOLS_VERSION		3u
#define SYMBOLS_MAX_FRAMES	64u	/* inlined at one place */
#define SYMBOLS_MAX_MODULES	(1u << 20)
#define SYMBOLS_MAX_BUILD_ID	32u
#define SYMBOLS_MAX_REQUEST	16384u	/* bytes of a packet to the helper */
#define SYMBOLS_MAX_ANSWER						\
	(20u + SYMBOLS_MAX_FRAMES * (12u + 2u * NAME_MAX_BYTES))
#define SYMBOLS_MAX_SOURCE	(64u + NAME_MAX_BYTES)
#define SYMBOLS_HEADER		8u	/* bytes of size and kind */

enum symbols_kind {
	SYMBOLS_HELLO	= 1,
	SYMBOLS_MODULE	= 2,
	SYMBOLS_LOOKUP	= 3,
	SYMBOLS_ANSWER	= 4,
	SYMBOLS_SOURCE	= 5,
	SYMBOLS_FETCH	= 6,
	SYMBOLS_PROGRESS = 7,
	SYMBOLS_FETCHED	= 8,
};

enum symbols_lookup_flag {
	LOOKUP_HASTE	= 1,	/* rather now than well */
};

enum symbols_source_flag {
	SOURCE_HAS_LINES = 1,	/* there is debug information */
};

enum symbols_answer_flag {
	ANSWER_ROUGH	= 1,	/* ask again, without haste */
	ANSWER_BEST	= 2,	/* from all the debug information there can
				 * be for this build */
};

enum symbols_frame_flag {
	FRAME_INLINED	= 1,	/* into the next frame of the answer */
};

/* ---- writing ---- */

/* Start a packet at the end of buf; returns where, for packet_end(). */
size_t packet_begin(struct strbuf *buf, enum symbols_kind kind);

void packet_put_u32(struct strbuf *buf, uint32_t value);
void packet_put_u64(struct strbuf *buf, uint64_t value);

void packet_put_stamp(struct strbuf *buf, const struct file_stamp *stamp);

/* Cut to NAME_MAX_BYTES. */
void packet_put_string(struct strbuf *buf, const char *bytes, size_t size);

/* Fill in the size of the packet that began at `start`. */
void packet_end(struct strbuf *buf, size_t start);

/* ---- reading ---- */

/* A packet, or what is left of it.  Reading beyond its end gives zeros and
 * sets is_bad; the caller asks once, at the end. */
struct packet {
	const unsigned char *at;
	size_t		 size;
	bool		 is_bad;
};

struct packet_string {
	const char	*bytes;		/* into the packet; not terminated */
	size_t		 size;
};

/*
 * The first whole packet of these bytes.
 *
 * Returns    its size with the header, 0 when there is no whole packet yet,
 *            -1 when there never will be one (wrong size).  *kind is any
 *            number; *packet is what follows the header.
 */
long packet_split(const void *bytes, size_t size, size_t max_size,
    uint32_t *kind, struct packet *packet);

uint32_t packet_get_u32(struct packet *packet);
uint64_t packet_get_u64(struct packet *packet);
struct file_stamp packet_get_stamp(struct packet *packet);
struct packet_string packet_get_string(struct packet *packet);

/* Everything was read, nothing beyond. */
bool packet_is_done(const struct packet *packet);

#endif
