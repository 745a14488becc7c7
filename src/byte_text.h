/*-------------------------------------------------------------------------
 *
 * byte_text.h
 *	  Bytes as hexadecimal digits, and as base64.
 *
 * What is written has one form: digits in lower case; the standard alphabet of
 * base64, with padding.  What is read may be as other clients write it: digits
 * in either case; base64 in the alphabet for URLs, too, with or without padding.
 * Text is ASCII and has no end but its length.
 *
 * Pure: depends on nothing but client/span.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_BYTE_TEXT_H
#define BIGTABLE_FDW_BYTE_TEXT_H

#include "client/span.h"

/* Characters that some bytes take. */
static inline size_t
hex_size(size_t len)
{
	return 2 * len;
}

static inline size_t
base64_size(size_t len)
{
	return (len + 2) / 3 * 4;
}

/* Write the characters; there must be room for that many. */
extern void hex_put(uint8_t *out, bt_span bytes);
extern void base64_put(uint8_t *out, bt_span bytes);

/*
 * Read bytes, of which there are never more than characters.  They return false
 * if the text is not of the kind.
 */
extern bool hex_get(bt_span text, uint8_t *out, size_t *len);
extern bool base64_get(bt_span text, uint8_t *out, size_t *len);

#endif /* BIGTABLE_FDW_BYTE_TEXT_H */
