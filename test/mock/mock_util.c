/*-------------------------------------------------------------------------
 *
 * mock_util.c
 *	  Growable bytes, percent and hex codes, and the clock.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Zeroed memory, or the end. */
void *
mock_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
	{
		fputs("bigtable_mock: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

/* A copy of a string. */
char *
mock_strdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(mock_alloc(size), text, size);
}

/* Make room for more bytes. */
void
bytes_reserve(struct bytes *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;

	if (b->len + more <= b->cap)
		return;
	while (cap < b->len + more)
		cap *= 2;
	b->data = realloc(b->data, cap);
	if (!b->data)
	{
		fputs("bigtable_mock: out of memory\n", stderr);
		exit(1);
	}
	b->cap = cap;
}

/* Append raw bytes. */
void
bytes_append(struct bytes *b, const void *data, size_t len)
{
	if (len == 0)
		return;
	bytes_reserve(b, len);
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

/* Append a C string without its end. */
void
bytes_text(struct bytes *b, const char *text)
{
	bytes_append(b, text, strlen(text));
}

/* Append formatted text. */
void
bytes_printf(struct bytes *b, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len <= 0)
		return;
	bytes_reserve(b, (size_t) len + 1);
	va_start(args, format);
	vsnprintf((char *) b->data + b->len, (size_t) len + 1, format, args);
	va_end(args);
	b->len += (size_t) len;
}

/* Append a protobuf varint. */
void
bytes_varint(struct bytes *b, uint64_t value)
{
	bytes_reserve(b, 10);
	b->len = (size_t) (put_varint(b->data + b->len, value) - b->data);
}

/* Give the memory back; the result is a valid empty string. */
void
bytes_free(struct bytes *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

/* Write a varint. */
uint8_t *
put_varint(uint8_t *p, uint64_t value)
{
	while (value >= 0x80)
	{
		*p++ = (uint8_t) (value | 0x80);
		value >>= 7;
	}
	*p++ = (uint8_t) value;
	return p;
}

/* The size of a varint. */
size_t
varint_size(uint64_t value)
{
	size_t size = 1;

	while (value >= 0x80)
	{
		value >>= 7;
		size++;
	}
	return size;
}

/* The value of a hex digit, or -1. */
static int
hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Percent code to bytes. */
bool
percent_decode(const char *text, size_t len, struct bytes *out)
{
	for (size_t i = 0; i < len; i++)
	{
		uint8_t byte = (uint8_t) text[i];

		if (byte == '%')
		{
			int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
			int low = i + 2 < len ? hex_digit(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			byte = (uint8_t) (high * 16 + low);
			i += 2;
		}
		bytes_append(out, &byte, 1);
	}
	return true;
}

/* Bytes to percent code. */
void
percent_encode(struct bytes *out, const void *data, size_t len, const char *reserved)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
	{
		if (p[i] < 0x21 || p[i] > 0x7e || strchr(reserved, p[i]))
			bytes_printf(out, "%%%02x", p[i]);
		else
			bytes_append(out, p + i, 1);
	}
}

/* Hex digits to bytes. */
bool
hex_decode(const char *text, size_t len, struct bytes *out)
{
	if (len % 2 != 0)
		return false;
	for (size_t i = 0; i < len; i += 2)
	{
		int high = hex_digit(text[i]);
		int low = hex_digit(text[i + 1]);
		uint8_t byte = (uint8_t) (high * 16 + low);

		if (high < 0 || low < 0)
			return false;
		bytes_append(out, &byte, 1);
	}
	return true;
}

/* The monotonic clock. */
int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
