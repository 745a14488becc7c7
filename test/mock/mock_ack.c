/*-------------------------------------------------------------------------
 *
 * mock_ack.c
 *	  Acknowledges MutateRows at speed.
 *
 * In benchmarks the server shall take far less time than its client, so that
 * entries are counted without being decoded.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_write.h"

#define TAG_BYTES(field) ((field) << 3 | 2)
#define TAG_VARINT(field) ((field) << 3)

/* Of the request; all of its fields are length-delimited, and below 16. */
#define TAG_REQUEST_ENTRY TAG_BYTES(2)

/* The position after a varint, or NULL. */
static const uint8_t *
take_varint(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (int shift = 0; p < end && shift < 64; shift += 7)
	{
		*value |= (uint64_t) (*p & 0x7f) << shift;
		if (*p++ < 0x80)
			return p;
	}
	return NULL;
}

/* Count the entries; false if the request is malformed. */
static bool
count_entries(const uint8_t *p, size_t len, size_t *n)
{
	const uint8_t *end = p + len;

	*n = 0;
	while (p < end)
	{
		uint64_t size;
		uint8_t tag = *p;

		if ((tag & 7) != 2 || tag >= 0x80)
			return false;
		p = take_varint(p + 1, end, &size);
		if (!p || size > (uint64_t) (end - p))
			return false;
		*n += tag == TAG_REQUEST_ENTRY;
		p += size;
	}
	return true;
}

/* {index: i, status: {}} for each. */
uint8_t *
acknowledge_all(const uint8_t *payload, size_t len, size_t *answer_len)
{
	size_t n;
	uint8_t *data;
	uint8_t *p;

	if (!count_entries(payload, len, &n))
		return NULL;
	p = data = mock_alloc(n * 16 + 1);
	for (size_t i = 0; i < n; i++)
	{
		*p++ = TAG_BYTES(1);
		*p++ = (uint8_t) (3 + varint_size(i));
		*p++ = TAG_VARINT(1);
		p = put_varint(p, i);
		*p++ = TAG_BYTES(2);
		*p++ = 0;
	}
	*answer_len = (size_t) (p - data);
	return data;
}
