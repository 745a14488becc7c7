/*-------------------------------------------------------------------------
 *
 * ordered_code.c
 *	  Integers as bytes of varying length that sort as the integers do.
 *
 * A number of n bytes that is not negative begins with n bits of 1 and a 0;
 * the remaining 7n - 1 bits are the number.  A negative number x is ~x with all
 * bits inverted.  So longer means farther from zero, in either direction, and
 * all negative numbers, whose first bit is 0, come first.
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>

#include "ordered_code.h"

/* Bytes that a number takes which is not negative. */
static size_t
encoded_size(uint64_t number)
{
	size_t size = 1;

	/* Nine bytes hold 62 bits, and ten more than there are. */
	while (size < ORDERED_CODE_MAX_BYTES && number >> (7 * size - 1) != 0)
		size++;
	return size;
}

/* The i-th byte of "size" bits of 1, with zeros behind. */
static uint8_t
header_byte(size_t size, size_t i)
{
	if (size >= 8 * (i + 1))
		return 0xff;
	return size > 8 * i ? (uint8_t) (0xff00 >> (size - 8 * i)) : 0;
}

size_t
ordered_code_put(uint8_t *out, int64_t value)
{
	uint64_t number = value < 0 ? ~(uint64_t) value : (uint64_t) value;
	uint8_t inversion = value < 0 ? 0xff : 0;
	size_t size = encoded_size(number);

	for (size_t i = size; i-- > 0; number >>= 8)
		out[i] = (uint8_t) ((header_byte(size, i) | (number & 0xff)) ^ inversion);
	return size;
}

/* How many bits of 1 the bytes begin with, up to 11. */
static size_t
leading_ones(const uint8_t *bytes, size_t len, uint8_t inversion)
{
	size_t n = 0;

	while (n <= ORDERED_CODE_MAX_BYTES && n / 8 < len &&
		   ((bytes[n / 8] ^ inversion) & (0x80 >> n % 8)) != 0)
		n++;
	return n;
}

size_t
ordered_code_get(const uint8_t *bytes, size_t len, int64_t *value)
{
	bool negative = len > 0 && (bytes[0] & 0x80) == 0;
	uint8_t inversion = negative ? 0xff : 0;
	size_t size = leading_ones(bytes, len, inversion);
	uint64_t number = 0;

	if (size == 0 || size > ORDERED_CODE_MAX_BYTES || size > len)
		return 0;
	for (size_t i = 0; i < size; i++)
	{
		uint8_t byte = (uint8_t) (bytes[i] ^ inversion ^ header_byte(size, i));

		if (number >> 56 != 0)
			return 0; /* more than 64 bits */
		number = number << 8 | byte;
	}
	if (number > INT64_MAX || encoded_size(number) != size)
		return 0; /* too large, or longer than need be */
	*value = negative ? -(int64_t) number - 1 : (int64_t) number;
	return size;
}
