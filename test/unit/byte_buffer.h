/*-------------------------------------------------------------------------
 *
 * byte_buffer.h
 *	  Bytes and texts that grow, and byte strings as readable text.
 *
 * A byte string is written with %xx for every byte that is not a graphic
 * ASCII character, and for the characters that the tests' notations use
 * themselves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BYTE_BUFFER_H
#define BYTE_BUFFER_H

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "span.h"

/* data is NULL while empty; it always has a NUL behind its len bytes. */
typedef struct byte_buffer
{
	uint8_t *data;
	size_t len;
	size_t capacity;
} byte_buffer;

static inline void
buffer_put(byte_buffer *buffer, const void *data, size_t len)
{
	if (buffer->len + len + 1 > buffer->capacity)
	{
		buffer->capacity = (buffer->len + len + 1) * 2;
		buffer->data = realloc(buffer->data, buffer->capacity);
		if (buffer->data == NULL)
			abort();
	}
	if (len > 0)
		memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	buffer->data[buffer->len] = 0;
}

static inline void
buffer_put_byte(byte_buffer *buffer, uint8_t byte)
{
	buffer_put(buffer, &byte, 1);
}

/* Up to 250 bytes. */
static inline void __attribute__((format(printf, 2, 3)))
buffer_printf(byte_buffer *buffer, const char *format, ...)
{
	char text[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0 || (size_t) len >= sizeof(text))
		abort();
	buffer_put(buffer, text, (size_t) len);
}

static inline void
buffer_put_escaped(byte_buffer *buffer, bt_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
	{
		uint8_t c = bytes.data[i];

		if (c > 0x20 && c < 0x7f && strchr("%[](),=@:", c) == NULL)
			buffer_put_byte(buffer, c);
		else
			buffer_printf(buffer, "%%%02x", c);
	}
}

static inline const char *
buffer_text(const byte_buffer *buffer)
{
	return buffer->data == NULL ? "" : (const char *) buffer->data;
}

static inline void
buffer_free(byte_buffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}

/*
 * Appends the bytes that an escaped text stands for, up to a character of
 * "ends" or the end of the text; returns where it stopped.
 */
static inline const char *
buffer_put_unescaped(byte_buffer *buffer, const char *text, const char *ends)
{
	for (; *text != '\0' && strchr(ends, *text) == NULL; text++)
	{
		if (*text == '%')
		{
			char digits[3] = {text[1], text[1] == '\0' ? '\0' : text[2], '\0'};

			if (!isxdigit((unsigned char) digits[0]) ||
				!isxdigit((unsigned char) digits[1]))
				abort();
			buffer_put_byte(buffer, (uint8_t) strtoul(digits, NULL, 16));
			text += 2;
		}
		else
			buffer_put_byte(buffer, (uint8_t) *text);
	}
	return text;
}

#endif /* BYTE_BUFFER_H */
