#include "hooks/eh_reader.h"

#include <string.h>

uint64_t
read_fixed(struct reader *r, unsigned size)
{
	uint64_t value = 0;

	if ((size_t)(r->end - r->at) < size) {
		r->bad = true;
		r->at = r->end;
		return 0;
	}
	memcpy(&value, r->at, size);
	r->at += size;
	return value;
}

/* LEB128: seven bits a byte, least significant first (DWARF 5, 7.6). */
static uint64_t
read_leb(struct reader *r, bool is_signed)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)read_fixed(r, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && !r->bad);
	if (is_signed && shift < 64 && (byte & 0x40))
		value |= ~UINT64_C(0) << shift;
	return value;
}

uint64_t
read_uleb(struct reader *r)
{
	return read_leb(r, false);
}

int64_t
read_sleb(struct reader *r)
{
	return (int64_t)read_leb(r, true);
}

uint64_t
read_encoded(struct reader *r, uint8_t encoding, uintptr_t data_base)
{
	uintptr_t place = (uintptr_t)r->at;
	uint64_t value;

	if (encoding == DW_EH_PE_omit)
		return 0;
	switch (encoding & 0x0f) {
	case 0x00: case 0x04: case 0x0c:
		value = read_fixed(r, 8);
		break;
	case 0x01:
		value = read_uleb(r);
		break;
	case 0x02:
		value = read_fixed(r, 2);
		break;
	case 0x03:
		value = read_fixed(r, 4);
		break;
	case 0x09:
		value = (uint64_t)read_sleb(r);
		break;
	case 0x0a:
		value = (uint64_t)(int64_t)(int16_t)read_fixed(r, 2);
		break;
	case 0x0b:
		value = (uint64_t)(int64_t)(int32_t)read_fixed(r, 4);
		break;
	default:
		r->bad = true;
		return 0;
	}
	switch (encoding & 0x70) {
	case 0x00:
		return value;
	case DW_EH_PE_pcrel:
		return value + place;
	case DW_EH_PE_datarel:
		return value + data_base;
	default:
		r->bad = true;
		return 0;
	}
}
