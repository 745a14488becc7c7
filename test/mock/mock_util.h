/*-------------------------------------------------------------------------
 *
 * mock_util.h
 *	  Growable bytes, percent and hex codes, and the clock.
 *
 * Running out of memory ends the process: this is a test program.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOCK_UTIL_H
#define MOCK_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growable byte string; {0} is a valid empty one. */
struct bytes
{
	uint8_t *data;
	size_t len;
	size_t cap;
};

/* Like malloc and strdup; never return NULL.  The memory is zeroed. */
extern void *mock_alloc(size_t size);
extern char *mock_strdup(const char *text);

/* Make room for "more" bytes after the ones in use. */
extern void bytes_reserve(struct bytes *b, size_t more);
extern void bytes_append(struct bytes *b, const void *data, size_t len);
extern void bytes_text(struct bytes *b, const char *text);
extern void bytes_printf(struct bytes *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
extern void bytes_varint(struct bytes *b, uint64_t value);
extern void bytes_free(struct bytes *b);

/* Write a protobuf varint at p; returns the position after it. */
extern uint8_t *put_varint(uint8_t *p, uint64_t value);

/* The number of bytes that put_varint writes. */
extern size_t varint_size(uint64_t value);

/*
 * Append the bytes that the text says, with %HH for any byte.  False when a
 * percent sign is not followed by two hex digits.
 */
extern bool percent_decode(const char *text, size_t len, struct bytes *out);

/*
 * Append data as printable ASCII: every byte outside 0x21..0x7e and every
 * byte of "reserved" becomes %HH.
 */
extern void
percent_encode(struct bytes *out, const void *data, size_t len, const char *reserved);

/* Append the bytes of a hex string; false when it is not one. */
extern bool hex_decode(const char *text, size_t len, struct bytes *out);

/* Milliseconds of a clock that never steps back. */
extern int64_t now_ms(void);

#endif
