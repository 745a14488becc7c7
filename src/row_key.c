/*-------------------------------------------------------------------------
 *
 * row_key.c
 *	  Composite row keys: encode, decode, and ranges of keys.
 *
 * See row_key.h.  How a segment s stands in a key, with a delimiter d:
 *
 *	 concatenated	s, or ~s if it is reversed
 *	 delimited		the same, and then d, but for the last
 *	 ordered code	escape(s) 00 01; all of that flipped if it is reversed
 *
 * In ordered code an empty s is 00 00 instead, and fields that are empty and
 * not reversed are left out at the end of the key, with the 00 01 before them.
 * If nothing is left, the key is 00 00.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_crc32c.h"

#include "arena.h"
#include "mapping.h"
#include "ordered_code.h"
#include "row_key.h"

/* More than this never stands between two segments, besides the delimiter. */
#define SEPARATOR_BYTES 4

/* ---- putting segments together ---- */

/* A key in the making.  The buffer is large enough. */
typedef struct KeyWriter
{
	const RowKey *key;
	uint8 *start;
	uint8 *end;
	size_t tail; /* as in KeyPrefix */
} KeyWriter;

static uint8 *
put_escaped(uint8 *out, bt_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
	{
		*out++ = bytes.data[i];
		if (bytes.data[i] == 0)
			*out++ = 0xff;
	}
	return out;
}

static void
flip(uint8 *bytes, const uint8 *end)
{
	for (; bytes < end; bytes++)
		*bytes = (uint8) ~*bytes;
}

static uint8 *
put_bytes(uint8 *out, bt_span bytes)
{
	if (bytes.len > 0)
		memcpy(out, bytes.data, bytes.len);
	return out + bytes.len;
}

/* Appends a segment, and what separates it from the next one. */
static void
put_segment(KeyWriter *writer, int i, bt_span segment)
{
	const RowKey *key = writer->key;
	bool is_reversed = key->parts[i].is_reversed;
	uint8 *begin = writer->end;

	if (key->encoding != KEY_ORDERED_CODE)
	{
		writer->end = put_bytes(writer->end, segment);
		if (is_reversed)
			flip(begin, writer->end);
		if (i < key->nparts - 1)
			writer->end = put_bytes(writer->end, key->delimiter);
		writer->tail = writer->end - writer->start;
		return;
	}

	writer->end = segment.len > 0 ? put_escaped(writer->end, segment)
								  : put_bytes(writer->end, bt_span_make("\0\0", 2));
	if (segment.len > 0 && !is_reversed)
		writer->tail = writer->end - writer->start;
	writer->end = put_bytes(writer->end, bt_span_make("\0\1", 2));
	if (is_reversed)
	{
		flip(begin, writer->end);
		writer->tail = writer->end - writer->start;
	}
}

static size_t
segment_size(const RowKey *key, bt_span segment)
{
	return 2 * segment.len + SEPARATOR_BYTES + key->delimiter.len;
}

static void
put_bucket(KeyWriter *writer, int bucket)
{
	const RowKey *key = writer->key;

	for (int i = key->salt_digits - 1; i >= 0; i--)
	{
		writer->end[i] = (uint8) ('0' + bucket % 10);
		bucket /= 10;
	}
	writer->end = put_bytes(writer->end + key->salt_digits, key->delimiter);
	writer->tail = writer->end - writer->start;
}

/* The whole key, when all segments are there. */
static bt_span
finish(const RowKey *key, KeyPrefix prefix)
{
	size_t len = prefix.bytes.len;

	/* When all fields are empty, the first one stays, without its end. */
	if (key->encoding == KEY_ORDERED_CODE)
		len = prefix.tail > key->salt_width ? prefix.tail : key->salt_width + 2;
	return bt_span_make(prefix.bytes.data, len);
}

static KeyPrefix
written(const KeyWriter *writer)
{
	KeyPrefix prefix = {bt_span_make(writer->start, writer->end - writer->start),
						writer->tail};

	return prefix;
}

bool
row_key_allows(const RowKey *key, int part, bt_span segment)
{
	const bt_span delimiter = key->delimiter;
	const uint8 *last;

	if (key->parts[part].width > 0 && segment.len != (size_t) key->parts[part].width)
		return false;
	if (key->encoding != KEY_DELIMITED || row_key_is_self_delimiting(&key->parts[part]))
		return true;
	if (segment.len >= delimiter.len &&
		memmem(segment.data, segment.len, delimiter.data, delimiter.len) != NULL)
		return false;

	/* Nor may the delimiter seem to begin before it does: "a:" before "::". */
	if (part == key->nparts - 1)
		return true;
	last = segment.data + segment.len;
	for (size_t n = 1; n < delimiter.len && n <= segment.len; n++)
		if (memcmp(last - n, delimiter.data, n) == 0 &&
			memcmp(delimiter.data + n, delimiter.data, delimiter.len - n) == 0)
			return false;
	return true;
}

int
row_key_bucket(const RowKey *key, const bt_span *segments)
{
	pg_crc32c crc;

	INIT_CRC32C(crc);
	for (int i = 0; i < key->nparts; i++)
		if (key->parts[i].is_salted)
			COMP_CRC32C(crc, segments[i].data, segments[i].len);
	FIN_CRC32C(crc);
	return (int) (crc % (uint32) key->nbuckets);
}

bt_span
row_key_encode(const RowKey *key, const bt_span *segments)
{
	size_t size = key->salt_width;
	KeyWriter writer = {key};

	for (int i = 0; i < key->nparts; i++)
		size += segment_size(key, segments[i]);
	writer.start = writer.end = palloc(size);
	if (key->nbuckets > 0)
		put_bucket(&writer, row_key_bucket(key, segments));
	for (int i = 0; i < key->nparts; i++)
		put_segment(&writer, i, segments[i]);
	return finish(key, written(&writer));
}

/* ---- taking keys apart ---- */

KeySplitter *
row_key_splitter(const RowKey *key)
{
	KeySplitter *splitter = palloc0(sizeof(KeySplitter));

	splitter->key = key;
	splitter->segments = palloc0(sizeof(bt_span) * (key->nparts + 1));
	splitter->context = CurrentMemoryContext;
	return splitter;
}

/* What is left of a key, and of the scratch space. */
typedef struct KeyCursor
{
	KeySplitter *splitter;
	const uint8 *next;
	const uint8 *end;
	uint8 *scratch;
} KeyCursor;

static bool
fail(KeySplitter *splitter, int part, KeyProblem problem)
{
	splitter->part = part;
	splitter->problem = problem;
	return false;
}

static void
reserve(KeySplitter *splitter, size_t size)
{
	if (size <= splitter->capacity)
		return;
	if (splitter->scratch != NULL)
		pfree(splitter->scratch);
	splitter->capacity = 0;
	splitter->scratch = MemoryContextAlloc(splitter->context, size);
	splitter->capacity = size;
}

/* The next bytes as a segment, turned round if they are reversed. */
static bt_span
take(KeyCursor *cursor, size_t len, bool is_reversed)
{
	bt_span bytes = bt_span_make(cursor->next, len);

	cursor->next += len;
	if (!is_reversed)
		return bytes;
	memcpy(cursor->scratch, bytes.data, len);
	flip(cursor->scratch, cursor->scratch + len);
	bytes.data = cursor->scratch;
	cursor->scratch += len;
	return bytes;
}

/* A number in encoding "ordered", behind which the key may go on. */
static bool
take_number(KeyCursor *cursor, int i)
{
	KeySplitter *splitter = cursor->splitter;
	uint8 bytes[ORDERED_CODE_MAX_BYTES];
	size_t n = Min((size_t) (cursor->end - cursor->next), sizeof(bytes));
	bool is_reversed = splitter->key->parts[i].is_reversed;
	int64 number;
	size_t len;

	memcpy(bytes, cursor->next, n);
	if (is_reversed)
		flip(bytes, bytes + n);
	len = n > 0 ? ordered_code_get(bytes, n, &number) : 0;
	if (len == 0)
		return fail(splitter, i, n > 0 ? KEY_NOT_A_NUMBER : KEY_TOO_SHORT);
	splitter->segments[i] = take(cursor, len, is_reversed);
	return true;
}

/* A segment that ends at the delimiter, or else at the end of the key. */
static bool
take_delimited(KeyCursor *cursor, int i)
{
	KeySplitter *splitter = cursor->splitter;
	const RowKey *key = splitter->key;
	bool is_last = i == key->nparts - 1;
	size_t left = cursor->end - cursor->next;
	const uint8 *end = NULL;

	if (key->delimiter.len == 1)
		end = memchr(cursor->next, key->delimiter.data[0], left);
	else if (key->delimiter.len > 1)
		end = memmem(cursor->next, left, key->delimiter.data, key->delimiter.len);
	if (is_last && end != NULL)
		return fail(splitter, i, KEY_TOO_LONG);
	if (!is_last && end == NULL)
		return fail(splitter, i, KEY_NO_DELIMITER);
	splitter->segments[i] = take(cursor, is_last ? left : (size_t) (end - cursor->next),
								 key->parts[i].is_reversed);
	return true;
}

/* Concatenated and delimited segments. */
static bool
split_plain(KeyCursor *cursor)
{
	KeySplitter *splitter = cursor->splitter;
	const RowKey *key = splitter->key;

	for (int i = 0; i < key->nparts; i++)
	{
		const KeyPart *part = &key->parts[i];

		if (part->width > 0)
		{
			if (cursor->end - cursor->next < part->width)
				return fail(splitter, i, KEY_TOO_SHORT);
			splitter->segments[i] = take(cursor, part->width, part->is_reversed);
		}
		else if (part->is_number ? !take_number(cursor, i) : !take_delimited(cursor, i))
			return false;
		if (i == key->nparts - 1)
			break;
		if ((size_t) (cursor->end - cursor->next) < key->delimiter.len ||
			(key->delimiter.len > 0 &&
			 memcmp(cursor->next, key->delimiter.data, key->delimiter.len) != 0))
			return fail(splitter, i, KEY_NO_DELIMITER);
		cursor->next += key->delimiter.len;
	}
	return cursor->next == cursor->end || fail(splitter, key->nparts - 1, KEY_TOO_LONG);
}

/* A field in ordered code; what is not there is empty. */
static bt_span
take_field(KeyCursor *cursor, bool is_reversed)
{
	uint8 mask = is_reversed ? 0xff : 0;
	uint8 *begin = cursor->scratch;

	while (cursor->next < cursor->end)
	{
		uint8 byte = *cursor->next++ ^ mask;
		uint8 escape;

		if (byte == 0 && cursor->next < cursor->end)
		{
			escape = *cursor->next++ ^ mask;
			if (escape == 1)
				break;
			if (escape == 0)
				continue; /* an empty field */
		}
		*cursor->scratch++ = byte;
	}
	return bt_span_make(begin, cursor->scratch - begin);
}

/*
 * Takes fields as they come, and looks afterwards whether they would be written
 * in just this way.
 */
static bool
split_ordered_code(KeyCursor *cursor, bt_span bytes)
{
	KeySplitter *splitter = cursor->splitter;
	const RowKey *key = splitter->key;
	KeyWriter writer = {key};
	KeyPrefix prefix;

	for (int i = 0; i < key->nparts; i++)
		splitter->segments[i] = take_field(cursor, key->parts[i].is_reversed);
	if (cursor->next != cursor->end)
		return fail(splitter, key->nparts - 1, KEY_TOO_LONG);

	writer.start = writer.end = cursor->scratch;
	writer.end = put_bytes(writer.end, bt_span_make(bytes.data, key->salt_width));
	writer.tail = key->salt_width;
	for (int i = 0; i < key->nparts; i++)
		put_segment(&writer, i, splitter->segments[i]);
	prefix = written(&writer);
	return bt_span_equal(finish(key, prefix), bytes) ||
		   fail(splitter, key->nparts - 1, KEY_NOT_CANONICAL);
}

/* The bucket that a key begins with, or -1. */
static int
read_bucket(const RowKey *key, bt_span bytes)
{
	int bucket = 0;

	if (bytes.len < key->salt_width)
		return -1;
	for (int i = 0; i < key->salt_digits; i++)
	{
		if (bytes.data[i] < '0' || bytes.data[i] > '9')
			return -1;
		bucket = bucket * 10 + (bytes.data[i] - '0');
	}
	if (key->delimiter.len > 0 && memcmp(bytes.data + key->salt_digits,
										 key->delimiter.data, key->delimiter.len) != 0)
		return -1;
	return bucket;
}

/* Have all segments what their parts need? */
static bool
check_segments(KeySplitter *splitter)
{
	const RowKey *key = splitter->key;

	for (int i = 0; i < key->nparts; i++)
	{
		const KeyPart *part = &key->parts[i];
		size_t len = splitter->segments[i].len;

		if (len == 0 && !part->has_empty)
			return fail(splitter, i, KEY_EMPTY_SEGMENT);
		if (part->width > 0 && len != (size_t) part->width)
			return fail(splitter, i,
						len < (size_t) part->width ? KEY_TOO_SHORT : KEY_TOO_LONG);
	}
	return true;
}

bool
row_key_split(KeySplitter *splitter, bt_span bytes)
{
	const RowKey *key = splitter->key;
	KeyCursor cursor = {splitter, bytes.data, bytes.data + bytes.len, NULL};
	int bucket = -1;

	splitter->problem = KEY_FITS;
	if (key->encoding == KEY_WHOLE)
	{
		splitter->segments[0] = bytes;
		return bytes.len > 0 || key->parts[0].has_empty ||
			   fail(splitter, 0, KEY_EMPTY_SEGMENT);
	}
	if (key->nbuckets > 0)
	{
		bucket = read_bucket(key, bytes);
		if (bucket < 0)
			return fail(splitter, 0, KEY_NO_BUCKET);
		cursor.next += key->salt_width;
	}

	/* Room for all segments, and for writing all of them once more. */
	reserve(splitter, 4 * bytes.len + (size_t) SEPARATOR_BYTES * (key->nparts + 1));
	cursor.scratch = splitter->scratch;
	if (key->encoding == KEY_ORDERED_CODE ? !split_ordered_code(&cursor, bytes)
										  : !split_plain(&cursor))
		return false;
	if (!check_segments(splitter))
		return false;
	if (key->nbuckets > 0 && bucket != row_key_bucket(key, splitter->segments))
		return fail(splitter, 0, KEY_OTHER_BUCKET);
	return true;
}

char *
row_key_problem_text(const KeySplitter *splitter)
{
	const char *name = splitter->key->parts[splitter->part].column->name;

	switch (splitter->problem)
	{
		case KEY_FITS:
			break;
		case KEY_TOO_SHORT:
			return psprintf(
				"The key ends before the end of the segment of column \"%s\".", name);
		case KEY_TOO_LONG:
			return psprintf("There is more behind the segment of column \"%s\".", name);
		case KEY_NO_DELIMITER:
			return psprintf("There is no delimiter behind the segment of column \"%s\".",
							name);
		case KEY_NOT_A_NUMBER:
			return psprintf("The segment of column \"%s\" is not an ordered number.",
							name);
		case KEY_EMPTY_SEGMENT:
			return psprintf("The segment of column \"%s\" is empty.", name);
		case KEY_NOT_CANONICAL:
			return pstrdup("A row with these values would have another key.");
		case KEY_NO_BUCKET:
			return psprintf("It does not begin with a bucket of %d digits.",
							splitter->key->salt_digits);
		case KEY_OTHER_BUCKET:
			return psprintf("By its segments it belongs to bucket %d.",
							row_key_bucket(splitter->key, splitter->segments));
	}
	return pstrdup("It fits.");
}

/* ---- sets of keys ---- */

static const bt_bound lowest = {{NULL, 0}, false};

KeyPrefix
row_key_begin(const RowKey *key, int bucket)
{
	KeyWriter writer = {key};

	writer.start = writer.end = palloc(key->salt_width + 1);
	if (bucket >= 0)
		put_bucket(&writer, bucket);
	return written(&writer);
}

bool
row_key_extend(const RowKey *key, int part, KeyPrefix prefix, bt_span segment,
			   KeyPrefix *result)
{
	KeyWriter writer = {key, .tail = prefix.tail};

	if (!row_key_allows(key, part, segment))
		return false;
	writer.start = palloc(prefix.bytes.len + segment_size(key, segment));
	writer.end = put_bytes(writer.start, prefix.bytes);
	put_segment(&writer, part, segment);
	*result = written(&writer);
	return true;
}

/* The bytes of a prefix, and others behind them. */
static bt_span
concatenate(bt_span a, bt_span b)
{
	uint8 *bytes = palloc(a.len + b.len + 1);

	(void) put_bytes(put_bytes(bytes, a), b);
	return bt_span_make(bytes, a.len + b.len);
}

/* May all parts from one on be left out, because they are empty? */
static bool
may_be_left_out(const RowKey *key, int part)
{
	if (key->encoding != KEY_ORDERED_CODE)
		return false;
	for (; part < key->nparts; part++)
		if (key->parts[part].is_reversed || !key->parts[part].has_empty)
			return false;
	return true;
}

/* All keys with this prefix of nparts segments, of which there are more. */
static bt_range
prefix_range(const RowKey *key, int nparts, KeyPrefix prefix, const bt_arena *arena)
{
	bt_range range;

	arena_check(bt_range_prefix(arena, prefix.bytes, &range));
	range.from.after = false;
	if (may_be_left_out(key, nparts) && nparts > 0)
		range.from.key = finish(key, prefix);
	return range;
}

void
row_key_add_prefix(const RowKey *key, int nparts, KeyPrefix prefix, bt_row_set *set)
{
	bt_range range;

	if (nparts == key->nparts)
		range = bt_range_key(finish(key, prefix));
	else
		range = prefix_range(key, nparts, prefix, set->arena);
	arena_check(bt_row_set_add(set, range));
}

/* A place among the keys: a bound, or behind all of them. */
typedef struct KeyPosition
{
	bt_bound bound;
	bool is_end;
} KeyPosition;

/* Before or behind all keys that go on with a segment, or just at its code. */
static KeyPosition
segment_position(const RowKey *key, int part, KeyPrefix prefix, bt_span segment,
				 bool after, const bt_arena *arena)
{
	KeyPosition position = {{{NULL, 0}, false}, false};
	KeyWriter writer = {key, .tail = prefix.tail};
	bool is_last = part == key->nparts - 1;
	bool is_reversed = key->parts[part].is_reversed;

	writer.start = palloc(prefix.bytes.len + segment_size(key, segment));
	writer.end = put_bytes(writer.start, prefix.bytes);
	put_segment(&writer, part, segment);
	if (is_last && (key->encoding != KEY_ORDERED_CODE || after))
	{
		position.bound.key = finish(key, written(&writer));
		position.bound.after = after;
	}
	else if (after)
	{
		/* Behind its code and end: other segments may begin with it. */
		bt_range range;

		if (key->encoding != KEY_ORDERED_CODE)
			writer.end -= key->delimiter.len;
		arena_check(bt_range_prefix(arena, written(&writer).bytes, &range));
		position.bound = range.to;
		position.is_end = range.unbounded;
	}
	else
	{
		/* Before its code without the end: shorter segments sort below. */
		if (key->encoding != KEY_ORDERED_CODE)
			writer.end -= key->delimiter.len;
		else if (!is_reversed)
			writer.end -= 2;
		position.bound.key = written(&writer).bytes;
	}
	return position;
}

/* The place of a bound of segments among the keys with a prefix. */
static KeyPosition
key_position(const RowKey *key, int part, KeyPrefix prefix, const bt_bound *bound,
			 const bt_arena *arena)
{
	bt_range all = prefix_range(key, part, prefix, arena);
	bool is_reversed = key->parts[part].is_reversed;
	KeyPosition first = {all.from, false};
	KeyPosition last = {all.to, all.unbounded};

	if (bound == NULL)
		return is_reversed ? first : last;
	if (bound->key.len == 0 && !bound->after)
		return is_reversed ? last : first;
	return segment_position(key, part, prefix, bound->key, bound->after != is_reversed,
							arena);
}

/* Adds a range of keys where the segments' order is that of the keys. */
static void
add_sorted_range(const RowKey *key, int part, KeyPrefix prefix, const bt_range *range,
				 bt_row_set *set)
{
	KeyPosition from = key_position(key, part, prefix, &range->from, set->arena);
	KeyPosition to =
		key_position(key, part, prefix, range->unbounded ? NULL : &range->to, set->arena);
	KeyPosition first = key->parts[part].is_reversed ? to : from;
	KeyPosition last = key->parts[part].is_reversed ? from : to;
	bt_range keys = {first.bound, last.bound, last.is_end};

	if (!first.is_end)
		arena_check(bt_row_set_add(set, keys));
}

/*
 * Adds the keys whose segment is below a bound, where it ends at a delimiter.
 *
 * A segment below k either differs from it in a byte that is less: then the key
 * is below k as well.  Or it is a beginning p of k: then the keys begin with p
 * and the delimiter, which may sort behind k.
 */
static void
add_below(const RowKey *key, KeyPrefix prefix, const bt_bound *bound, bt_row_set *set)
{
	bt_span k = bound->key;
	bt_bound from = {prefix.bytes, false};
	bt_bound to = {concatenate(prefix.bytes, k), false};
	bt_range range = {from, to, false};

	arena_check(bt_row_set_add(set, range));
	for (size_t len = 0; len < k.len + (bound->after ? 1 : 0); len++)
	{
		bt_span rest = bt_span_make(k.data + len, Min(k.len - len, key->delimiter.len));
		bt_span p = bt_span_make(k.data, len);

		if (bt_span_compare(key->delimiter, rest) < 0)
			continue;
		arena_check(bt_range_prefix(
			set->arena, concatenate(concatenate(prefix.bytes, p), key->delimiter),
			&range));
		arena_check(bt_row_set_add(set, range));
	}
	bt_row_set_normalize(set);
}

/* Adds a range of segments that end at a delimiter: below one bound, not the other. */
static void
add_delimited_range(const RowKey *key, int part, KeyPrefix prefix, const bt_range *range,
					bt_row_set *set)
{
	bt_row_set below;
	bt_row_set before;
	bt_row_set not_before;
	bt_row_set both;

	bt_row_set_init(&below, set->arena);
	bt_row_set_init(&before, set->arena);
	if (range->unbounded)
		row_key_add_prefix(key, part, prefix, &below);
	else
		add_below(key, prefix, &range->to, &below);
	if (bt_bound_compare(range->from, lowest) > 0)
		add_below(key, prefix, &range->from, &before);
	arena_check(bt_row_set_complement(&before, &not_before));
	arena_check(bt_row_set_intersect(&below, &not_before, &both));
	for (size_t i = 0; i < both.nranges; i++)
		arena_check(bt_row_set_add(set, both.ranges[i]));
}

/* Does the segment end at a delimiter? */
static bool
ends_at_delimiter(const RowKey *key, int part)
{
	return key->encoding == KEY_DELIMITED && part < key->nparts - 1 &&
		   !row_key_is_self_delimiting(&key->parts[part]);
}

void
row_key_add_range(const RowKey *key, int part, KeyPrefix prefix, const bt_range *range,
				  bt_row_set *set)
{
	if (ends_at_delimiter(key, part))
		add_delimited_range(key, part, prefix, range, set);
	else
		add_sorted_range(key, part, prefix, range, set);
}

/* Text has no zero byte, and what is below the delimiter sorts before longer ones. */
static bool
is_below_all_segments(bt_span delimiter)
{
	return delimiter.len == 1 && delimiter.data[0] == 0;
}

bool
row_key_is_sorted_by(const RowKey *key, int part)
{
	return !ends_at_delimiter(key, part) || is_below_all_segments(key->delimiter);
}
