/*-------------------------------------------------------------------------
 *
 * wire.h
 *	  Protobuf's wire format in a contiguous piece of memory.
 *
 * For the hot paths only; everything else goes through protobuf-c.  Functions
 * that read take a cursor and the end, and return NULL where the bytes are
 * malformed or run out: a length never leads outside [cursor, end).  Functions
 * that write return the end of what they wrote; the caller has made room.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_WIRE_H
#define BT_WIRE_H

#include "span.h"

/* Field number and wire type in one, as they are on the wire. */
#define BT_WIRE_TAG(number, type) (((uint32_t) (number) << 3) | (type))

typedef enum bt_wire_type
{
	BT_WIRE_VARINT = 0,
	BT_WIRE_FIXED64 = 1,
	BT_WIRE_BYTES = 2,
	BT_WIRE_FIXED32 = 5
} bt_wire_type;

static inline const uint8_t *
bt_wire_varint(const uint8_t *cursor, const uint8_t *end, uint64_t *value)
{
	uint64_t result = 0;

	if (cursor < end && *cursor < 0x80)
	{
		*value = *cursor;
		return cursor + 1;
	}
	for (int shift = 0; shift < 70 && cursor < end; shift += 7)
	{
		uint8_t byte = *cursor++;

		if (shift < 64)
			result |= (uint64_t) (byte & 0x7f) << shift;
		if (byte < 0x80)
		{
			*value = result;
			return cursor;
		}
	}
	return NULL;
}

/* Reads a tag; field numbers are 1 to 2^29 - 1. */
static inline const uint8_t *
bt_wire_tag(const uint8_t *cursor, const uint8_t *end, uint32_t *tag)
{
	uint64_t value;

	cursor = bt_wire_varint(cursor, end, &value);
	if (cursor == NULL || value > UINT32_MAX || value < 8)
		return NULL;
	*tag = (uint32_t) value;
	return cursor;
}

static inline const uint8_t *
bt_wire_bytes(const uint8_t *cursor, const uint8_t *end, bt_span *bytes)
{
	uint64_t len;

	cursor = bt_wire_varint(cursor, end, &len);
	if (cursor == NULL || len > (uint64_t) (end - cursor))
		return NULL;
	*bytes = bt_span_make(cursor, (size_t) len);
	return cursor + len;
}

/* Skips the value of a field that nobody asked for. */
static inline const uint8_t *
bt_wire_skip(const uint8_t *cursor, const uint8_t *end, uint32_t tag)
{
	uint64_t value;
	bt_span bytes;

	switch (tag & 7)
	{
		case BT_WIRE_VARINT:
			return bt_wire_varint(cursor, end, &value);
		case BT_WIRE_FIXED64:
			return end - cursor >= 8 ? cursor + 8 : NULL;
		case BT_WIRE_BYTES:
			return bt_wire_bytes(cursor, end, &bytes);
		case BT_WIRE_FIXED32:
			return end - cursor >= 4 ? cursor + 4 : NULL;
		default:
			return NULL; /* groups are not used, other types do not exist */
	}
}

/* ---- writing ---- */

/* Bytes that a varint takes: one for each 7 bits. */
static inline size_t
bt_wire_varint_size(uint64_t value)
{
	return (size_t) (63 - __builtin_clzll(value | 1)) / 7 + 1;
}

/* A field of bytes, with a tag of one byte. */
static inline size_t
bt_wire_bytes_size(size_t len)
{
	return 1 + bt_wire_varint_size(len) + len;
}

static inline uint8_t *
bt_wire_put_varint(uint8_t *out, uint64_t value)
{
	while (value >= 0x80)
	{
		*out++ = (uint8_t) (value | 0x80);
		value >>= 7;
	}
	*out++ = (uint8_t) value;
	return out;
}

/* The tag, of one byte, and the length of a field whose bytes follow. */
static inline uint8_t *
bt_wire_put_length(uint8_t *out, int field, size_t len)
{
	*out++ = (uint8_t) BT_WIRE_TAG(field, BT_WIRE_BYTES);
	return bt_wire_put_varint(out, len);
}

static inline uint8_t *
bt_wire_put_bytes(uint8_t *out, int field, bt_span bytes)
{
	out = bt_wire_put_length(out, field, bytes.len);
	if (bytes.len > 0)
		memcpy(out, bytes.data, bytes.len);
	return out + bytes.len;
}

/* An int64, or anything else that is a varint. */
static inline uint8_t *
bt_wire_put_number(uint8_t *out, int field, uint64_t value)
{
	*out++ = (uint8_t) BT_WIRE_TAG(field, BT_WIRE_VARINT);
	return bt_wire_put_varint(out, value);
}

#endif /* BT_WIRE_H */
