/*-------------------------------------------------------------------------
 *
 * wire.h
 *	  Reading protobuf's wire format from a contiguous piece of memory.
 *
 * For the hot path only; everything else goes through protobuf-c.  Functions
 * take a cursor and the end, and return NULL where the bytes are malformed or
 * run out: a length never leads outside [cursor, end).
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

#endif /* BT_WIRE_H */
