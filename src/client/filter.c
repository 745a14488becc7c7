/*-------------------------------------------------------------------------
 *
 * filter.c
 *	  Row filters as a small tree, and their size.
 *
 *-------------------------------------------------------------------------
 */
#include "filter.h"

bt_filter *
bt_filter_make(const bt_arena *arena, bt_filter_kind kind)
{
	bt_filter *filter = arena->alloc(arena->arg, sizeof(bt_filter));

	if (filter != NULL)
	{
		memset(filter, 0, sizeof(*filter));
		filter->kind = kind;
	}
	return filter;
}

bt_filter *
bt_filter_make_text(const bt_arena *arena, bt_filter_kind kind, bt_span text)
{
	bt_filter *filter = bt_filter_make(arena, kind);

	if (filter != NULL)
		filter->text = text;
	return filter;
}

bt_filter *
bt_filter_make_column(const bt_arena *arena, bt_span family, bt_span qualifier)
{
	bt_filter *filter = bt_filter_make_text(arena, BT_FILTER_COLUMN, family);

	if (filter != NULL)
		filter->qualifier = qualifier;
	return filter;
}

bt_filter *
bt_filter_make_limit(const bt_arena *arena, bt_filter_kind kind, int32_t limit)
{
	bt_filter *filter = bt_filter_make(arena, kind);

	if (filter != NULL)
		filter->limit = limit;
	return filter;
}

bt_filter *
bt_filter_make_condition(const bt_arena *arena, bt_filter *predicate, bt_filter *then,
						 bt_filter *otherwise)
{
	bt_filter *filter = bt_filter_make(arena, BT_FILTER_CONDITION);

	if (bt_filter_add(arena, filter, predicate) == NULL)
		return NULL;
	filter->members[1] = then; /* there is room for four */
	filter->members[2] = otherwise;
	filter->nmembers = 3;
	return filter;
}

bt_filter *
bt_filter_add(const bt_arena *arena, bt_filter *list, bt_filter *member)
{
	if (list == NULL || member == NULL)
		return NULL;
	if (list->nmembers == list->capacity)
	{
		size_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
		bt_filter **members = arena->alloc(arena->arg, capacity * sizeof(*members));

		if (members == NULL)
			return NULL;
		if (list->nmembers > 0)
			memcpy(members, list->members, list->nmembers * sizeof(*members));
		list->members = members;
		list->capacity = capacity;
	}
	list->members[list->nmembers++] = member;
	return member;
}

bt_filter *
bt_filter_simplify(const bt_arena *arena, bt_filter *list)
{
	if (list == NULL ||
		(list->kind != BT_FILTER_CHAIN && list->kind != BT_FILTER_INTERLEAVE))
		return list;
	if (list->nmembers == 1)
		return list->members[0];
	if (list->nmembers == 0)
		return bt_filter_make(arena, list->kind == BT_FILTER_CHAIN ? BT_FILTER_PASS_ALL
																   : BT_FILTER_BLOCK_ALL);
	return list;
}

static size_t
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

/* Tag, length and content of a length-delimited field. */
static size_t
field_size(size_t tag_size, size_t content)
{
	return tag_size + varint_size(content) + content;
}

static size_t
value_range_size(const bt_filter *filter)
{
	return (filter->has_from ? field_size(1, filter->from.len) : 0) +
		   (filter->has_to ? field_size(1, filter->to.len) : 0);
}

static size_t
members_size(const bt_filter *filter)
{
	size_t size = 0;

	for (size_t i = 0; i < filter->nmembers; i++)
		if (filter->members[i] != NULL)
			size += field_size(1, bt_filter_size(filter->members[i]));
	return size;
}

size_t
bt_filter_size(const bt_filter *filter)
{
	switch (filter->kind)
	{
		case BT_FILTER_CHAIN:
		case BT_FILTER_INTERLEAVE:
		case BT_FILTER_CONDITION:
			return field_size(1, members_size(filter));
		case BT_FILTER_FAMILY_REGEX:
		case BT_FILTER_QUALIFIER_REGEX:
		case BT_FILTER_VALUE_REGEX:
		case BT_FILTER_ROW_KEY_REGEX:
			return field_size(1, filter->text.len);
		case BT_FILTER_VALUE_BITMASK:
			return field_size(2, field_size(1, filter->text.len));
		case BT_FILTER_COLUMN_RANGE:
			return field_size(1,
							  field_size(1, filter->text.len) + value_range_size(filter));
		case BT_FILTER_LABEL:
			return field_size(2, filter->text.len);
		case BT_FILTER_COLUMN:
			return field_size(1, field_size(1, filter->text.len) +
									 2 * field_size(1, filter->qualifier.len));
		case BT_FILTER_TIMESTAMP_RANGE:
			/* Signed 64-bit varints take up to 10 bytes; be generous. */
			return field_size(1, 2 * (1 + 10));
		case BT_FILTER_VALUE_RANGE:
			return field_size(1, value_range_size(filter));
		case BT_FILTER_ROW_SAMPLE:
			return 1 + 8;
		case BT_FILTER_ROW_LIMIT:
		case BT_FILTER_ROW_OFFSET:
		case BT_FILTER_COLUMN_LIMIT:
			return 1 + varint_size((uint32_t) filter->limit);
		case BT_FILTER_STRIP_VALUE:
			return 2;
		case BT_FILTER_PASS_ALL:
		case BT_FILTER_BLOCK_ALL:
		case BT_FILTER_SINK:
			return 3;
	}
	return 0;
}

int
bt_filter_depth(const bt_filter *filter)
{
	int deepest = 0;

	for (size_t i = 0; i < filter->nmembers; i++)
	{
		int depth = filter->members[i] != NULL ? bt_filter_depth(filter->members[i]) : 0;

		if (depth > deepest)
			deepest = depth;
	}
	return deepest + 1;
}

/*
 * RE2 reads a pattern as UTF-8 or Latin-1, and clients differ on which; a
 * literal with other bytes than ASCII goes into a column range instead.
 */
bool
bt_regex_can_quote(bt_span literal)
{
	for (size_t i = 0; i < literal.len; i++)
		if (literal.data[i] >= 0x80)
			return false;
	return true;
}

static bool
is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		   c == '_';
}

static bool
is_printable(uint8_t c)
{
	return c > 0x20 && c < 0x7f;
}

size_t
bt_regex_quoted_size(bt_span literal)
{
	size_t size = 0;

	for (size_t i = 0; i < literal.len; i++)
		size += is_plain(literal.data[i]) ? 1 : is_printable(literal.data[i]) ? 2 : 4;
	return size;
}

uint8_t *
bt_regex_quote(uint8_t *out, bt_span literal)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < literal.len; i++)
	{
		uint8_t c = literal.data[i];

		if (is_plain(c))
			*out++ = c;
		else if (is_printable(c))
		{
			*out++ = '\\';
			*out++ = c;
		}
		else
		{
			*out++ = '\\';
			*out++ = 'x';
			*out++ = (uint8_t) digits[c >> 4];
			*out++ = (uint8_t) digits[c & 15];
		}
	}
	return out;
}
