/*-------------------------------------------------------------------------
 *
 * fuzz_input.h
 *	  A fuzzer's input, taken as decisions: numbers, choices, byte strings.
 *
 * At the end of the input every number is 0 and every string empty, so that
 * any input is a whole test case.  Byte strings are copied into memory of their
 * own, so that a sanitizer sees where they end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdio.h>
#include <stdlib.h>

#include "../unit/test_arena.h"
#include "span.h"

/* What libFuzzer calls, once an input. */
extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct fuzz_input
{
	const uint8_t *data;
	size_t left;
	test_arena arena; /* of what is made of it */
} fuzz_input;

/* Ends the run with a message: the input is a finding. */
#define FUZZ_CHECK(condition, what)                                                      \
	do                                                                                   \
	{                                                                                    \
		if (!(condition))                                                                \
		{                                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, what);                    \
			abort();                                                                     \
		}                                                                                \
	} while (0)

static inline void
fuzz_begin(fuzz_input *input, const uint8_t *data, size_t size)
{
	input->data = data;
	input->left = size;
	test_arena_init(&input->arena);
}

static inline void
fuzz_end(fuzz_input *input)
{
	test_arena_reset(&input->arena);
}

static inline uint8_t
fuzz_byte(fuzz_input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->data++;
}

static inline bool
fuzz_bool(fuzz_input *input)
{
	return (fuzz_byte(input) & 1) != 0;
}

/* From 0 to limit - 1, which is below 256. */
static inline unsigned
fuzz_below(fuzz_input *input, unsigned limit)
{
	return fuzz_byte(input) % limit;
}

/* A number of any size; small ones take fewer bytes. */
static inline int64_t
fuzz_number(fuzz_input *input)
{
	unsigned bytes = fuzz_below(input, 9);
	uint64_t number = 0;

	for (unsigned i = 0; i < bytes; i++)
		number = number << 8 | fuzz_byte(input);
	return (int64_t) number;
}

/* A byte string of at most "most" bytes, which are below 256. */
static inline bt_span
fuzz_bytes(fuzz_input *input, unsigned most)
{
	size_t len = fuzz_below(input, most + 1);
	uint8_t *copy;

	if (len > input->left)
		len = input->left;
	copy = test_arena_alloc(&input->arena, len);
	memcpy(copy, input->data, len);
	input->data += len;
	input->left -= len;
	return bt_span_make(copy, len);
}

/* The same as a text without NUL: bytes that are one become an x. */
static inline bt_span
fuzz_text(fuzz_input *input, unsigned most)
{
	bt_span text = fuzz_bytes(input, most);

	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == 0)
			((uint8_t *) text.data)[i] = 'x';
	return text;
}

/* What two messages are separated by, where an input holds several. */
#define FUZZ_SEPARATOR "\xfe\xed"

/* All bytes up to the next separator, or the end. */
static inline bt_span
fuzz_message(fuzz_input *input)
{
	const uint8_t *end = input->left == 0
							 ? NULL
							 : memmem(input->data, input->left, FUZZ_SEPARATOR,
									  sizeof(FUZZ_SEPARATOR) - 1);
	size_t len = end != NULL ? (size_t) (end - input->data) : input->left;
	size_t used = end != NULL ? len + sizeof(FUZZ_SEPARATOR) - 1 : len;
	uint8_t *copy = test_arena_alloc(&input->arena, len);

	if (len > 0)
		memcpy(copy, input->data, len);
	input->data += used;
	input->left -= used;
	return bt_span_make(copy, len);
}

#endif /* FUZZ_INPUT_H */
