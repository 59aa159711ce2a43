#include "symbols/protocol.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

size_t
packet_begin(struct strbuf *buf, enum symbols_kind kind)
{
	size_t start = buf->size;

	packet_put_u32(buf, 0);
	packet_put_u32(buf, kind);
	return start;
}

void
packet_put_u32(struct strbuf *buf, uint32_t value)
{
	value = htole32(value);
	strbuf_add(buf, &value, sizeof value);
}

void
packet_put_u64(struct strbuf *buf, uint64_t value)
{
	value = htole64(value);
	strbuf_add(buf, &value, sizeof value);
}

void
packet_put_stamp(struct strbuf *buf, const struct file_stamp *stamp)
{
	packet_put_u64(buf, stamp->size);
	packet_put_u64(buf, stamp->mtime_ns);
}

void
packet_put_string(struct strbuf *buf, const char *bytes, size_t size)
{
	uint16_t encoded;

	if (size > NAME_MAX_BYTES)
		size = NAME_MAX_BYTES;
	encoded = htole16((uint16_t)size);
	strbuf_add(buf, &encoded, sizeof encoded);
	strbuf_add(buf, bytes, size);
}

void
packet_end(struct strbuf *buf, size_t start)
{
	uint32_t size = htole32((uint32_t)(buf->size - start));

	assert(!buf->is_cut && buf->size - start >= SYMBOLS_HEADER);
	memcpy(buf->text + start, &size, sizeof size);
}

long
packet_split(const void *bytes, size_t size, size_t max_size,
    uint32_t *kind, struct packet *packet)
{
	struct packet whole = { bytes, size, false };
	uint32_t length;

	if (size < SYMBOLS_HEADER)
		return 0;
	length = packet_get_u32(&whole);
	if (length < SYMBOLS_HEADER || length > max_size)
		return -1;
	if (length > size)
		return 0;
	*kind = packet_get_u32(&whole);
	whole.size = length - SYMBOLS_HEADER;
	*packet = whole;
	return (long)length;
}

/* The next n bytes, or NULL. */
static const unsigned char *
take(struct packet *packet, size_t n)
{
	const unsigned char *at = packet->at;

	if (packet->is_bad || packet->size < n) {
		packet->is_bad = true;
		return NULL;
	}
	packet->at += n;
	packet->size -= n;
	return at;
}

uint32_t
packet_get_u32(struct packet *packet)
{
	const unsigned char *at = take(packet, sizeof(uint32_t));
	uint32_t value = 0;

	if (at != NULL)
		memcpy(&value, at, sizeof value);
	return le32toh(value);
}

uint64_t
packet_get_u64(struct packet *packet)
{
	const unsigned char *at = take(packet, sizeof(uint64_t));
	uint64_t value = 0;

	if (at != NULL)
		memcpy(&value, at, sizeof value);
	return le64toh(value);
}

struct file_stamp
packet_get_stamp(struct packet *packet)
{
	struct file_stamp stamp;

	stamp.size = packet_get_u64(packet);
	stamp.mtime_ns = packet_get_u64(packet);
	return stamp;
}

struct packet_string
packet_get_string(struct packet *packet)
{
	const unsigned char *at = take(packet, sizeof(uint16_t));
	struct packet_string string = { "", 0 };
	uint16_t size = 0;

	if (at != NULL)
		memcpy(&size, at, sizeof size);
	size = le16toh(size);
	if (size > NAME_MAX_BYTES)
		packet->is_bad = true;
	at = take(packet, size);
	if (at != NULL) {
		string.bytes = (const char *)at;
		string.size = size;
	}
	return string;
}

bool
packet_is_done(const struct packet *packet)
{
	return !packet->is_bad && packet->size == 0;
}
