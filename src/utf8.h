/*-------------------------------------------------------------------------
 *
 * utf8.h
 *	  Bigtable's text, which is UTF-8, in the database's encoding.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_UTF8_H
#define BIGTABLE_FDW_UTF8_H

#include "postgres.h"

#include "client/span.h"

/* Is this plain ASCII without NUL, eight bytes at a time? */
static inline bool
is_plain_ascii(const uint8 *bytes, size_t len)
{
	const uint64 high = UINT64CONST(0x8080808080808080);
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint8 bad = 0;

	for (; len >= 8; bytes += 8, len -= 8)
	{
		uint64 word;

		memcpy(&word, bytes, 8);
		if (((word | (word - ones)) & high) != 0)
			return false;
	}
	for (; len > 0; bytes++, len--)
		bad |= (uint8) (*bytes | (*bytes - 1)) & 0x80;
	return bad == 0;
}

/*
 * Replaces text by what it is in the database's encoding: itself, or a copy in
 * the current memory context.  Returns false if it is not valid UTF-8, holds a
 * NUL, or has a character that the database's encoding does not have.
 */
extern bool utf8_to_server(bt_span *text);

#endif /* BIGTABLE_FDW_UTF8_H */
