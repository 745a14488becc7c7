/*-------------------------------------------------------------------------
 *
 * range_text.h
 *	  Row sets in the notation of intervals, for tests to read and write.
 *
 *		[a,b)		from just before a to just before b
 *		(a,b]		from just after a to just after b
 *		(,inf)		from just after the empty key, without an upper limit
 *
 * Several ranges are separated by a space, an empty set is the empty text.
 * Keys are escaped as in byte_buffer.h.  Nothing here calls row_set.c but to
 * append a range.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RANGE_TEXT_H
#define RANGE_TEXT_H

#include "byte_buffer.h"
#include "row_set.h"
#include "test_arena.h"

/* Copies an unescaped key into the arena; moves *text behind it. */
static inline bt_span
parse_key(test_arena *arena, const char **text, const char *ends)
{
	byte_buffer bytes = {NULL, 0, 0};
	bt_span key;
	void *copy;

	*text = buffer_put_unescaped(&bytes, *text, ends);
	copy = test_arena_alloc(arena, bytes.len);
	if (bytes.len > 0)
		memcpy(copy, bytes.data, bytes.len);
	key = bt_span_make(copy, bytes.len);
	buffer_free(&bytes);
	return key;
}

static inline bt_range
parse_range(test_arena *arena, const char **text)
{
	bt_range range;

	memset(&range, 0, sizeof(range));
	if (**text != '[' && **text != '(')
		abort();
	range.from.after = **text == '(';
	(*text)++;
	range.from.key = parse_key(arena, text, ",");
	(*text)++;
	if (strncmp(*text, "inf)", 4) == 0)
	{
		range.unbounded = true;
		*text += 4;
		return range;
	}
	range.to.key = parse_key(arena, text, ")]");
	range.to.after = **text == ']';
	(*text)++;
	return range;
}

/* A set with just the ranges of the text, not normalized. */
static inline bt_row_set
parse_set(test_arena *arena, const char *text)
{
	bt_row_set set;

	bt_row_set_init(&set, &arena->arena);
	while (*text != '\0')
	{
		if (!bt_row_set_add(&set, parse_range(arena, &text)))
			abort();
		if (*text == ' ')
			text++;
	}
	return set;
}

static inline void
put_range(byte_buffer *text, const bt_range *range)
{
	buffer_printf(text, "%c", range->from.after ? '(' : '[');
	buffer_put_escaped(text, range->from.key);
	buffer_printf(text, ",");
	if (range->unbounded)
	{
		buffer_printf(text, "inf)");
		return;
	}
	buffer_put_escaped(text, range->to.key);
	buffer_printf(text, "%c", range->to.after ? ']' : ')');
}

/* Freed with buffer_free(). */
static inline byte_buffer
set_text(const bt_row_set *set)
{
	byte_buffer text = {NULL, 0, 0};

	for (size_t i = 0; i < set->nranges; i++)
	{
		if (i > 0)
			buffer_printf(&text, " ");
		put_range(&text, &set->ranges[i]);
	}
	return text;
}

#endif /* RANGE_TEXT_H */
