/*-------------------------------------------------------------------------
 *
 * byte_text.c
 *	  Bytes as hexadecimal digits, and as base64.
 *
 *-------------------------------------------------------------------------
 */
#include "byte_text.h"

/* ---- hexadecimal digits ---- */

void
hex_put(uint8_t *out, bt_span bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++)
	{
		*out++ = (uint8_t) digits[bytes.data[i] >> 4];
		*out++ = (uint8_t) digits[bytes.data[i] & 15];
	}
}

/* The value of a digit, or -1. */
static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_get(bt_span text, uint8_t *out, size_t *len)
{
	if (text.len % 2 != 0)
		return false;
	for (size_t i = 0; i < text.len; i += 2)
	{
		int high = hex_digit(text.data[i]);
		int low = hex_digit(text.data[i + 1]);

		if (high < 0 || low < 0)
			return false;
		*out++ = (uint8_t) (high << 4 | low);
	}
	*len = text.len / 2;
	return true;
}

/* ---- base64 ---- */

void
base64_put(uint8_t *out, bt_span bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.len; i += 3)
	{
		size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
		uint32_t bits = (uint32_t) bytes.data[i] << 16;

		if (n > 1)
			bits |= (uint32_t) bytes.data[i + 1] << 8;
		if (n > 2)
			bits |= bytes.data[i + 2];
		*out++ = (uint8_t) digits[bits >> 18];
		*out++ = (uint8_t) digits[bits >> 12 & 63];
		*out++ = n > 1 ? (uint8_t) digits[bits >> 6 & 63] : '=';
		*out++ = n > 2 ? (uint8_t) digits[bits & 63] : '=';
	}
}

/* The value of a digit, or -1. */
static int
base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

bool
base64_get(bt_span text, uint8_t *out, size_t *len)
{
	const uint8_t *start = out;
	size_t n = text.len;
	uint32_t bits = 0;

	/* Padding, if there is any, fills up the last four. */
	if (n % 4 == 0 && n > 0 && text.data[n - 1] == '=')
		n -= text.data[n - 2] == '=' ? 2 : 1;
	if (n % 4 == 1)
		return false;
	for (size_t i = 0; i < n; i++)
	{
		int digit = base64_digit(text.data[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t) digit;
		if (i % 4 > 0)
			*out++ = (uint8_t) (bits >> (6 - 2 * (i % 4)));
	}
	*len = (size_t) (out - start);
	return true;
}
