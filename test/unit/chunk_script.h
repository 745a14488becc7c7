/*-------------------------------------------------------------------------
 *
 * chunk_script.h
 *	  ReadRows streams as readable text, and their protobuf bytes.
 *
 * A script has a line for each cell chunk, with these words in any order:
 *
 *		key=K fam=F qual=Q ts=N label=L value=V more=N commit reset
 *
 * where more is value_size, and an empty fam= or qual= is present, but empty
 * ("nothing" makes a chunk without any field); and lines of their own for the
 * other fields of a message:
 *
 *		scanned=K		last_scanned_row_key
 *		stats=BYTES		request_stats
 *
 * Byte strings are escaped as in byte_buffer.h.  Since a decoder sees the
 * chunks of a message before the rest of it, whatever their order, a message
 * ends behind such a line, but stats may follow scanned.
 *
 * The bytes are written by hand, not by a protobuf library, because much of
 * what a decoder must understand is what no library writes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CHUNK_SCRIPT_H
#define CHUNK_SCRIPT_H

#include "byte_buffer.h"

#define SCRIPT_MAX_ITEMS 100

typedef enum encoding
{
	ENCODING_PLAIN, /* as a protobuf library would */
	ENCODING_ODD    /* reversed order, defaults written out, unknown
								 * fields, lengths of more bytes than needed */
} encoding;

#define ENCODINGS 2

typedef enum item_kind
{
	ITEM_CHUNK = 1, /* these are also the numbers of the fields */
	ITEM_SCANNED = 2,
	ITEM_STATS = 3
} item_kind;

typedef struct script_item
{
	item_kind kind;
	byte_buffer bytes; /* the content of the field */
} script_item;

typedef struct chunk_script
{
	encoding encoding;
	script_item items[SCRIPT_MAX_ITEMS];
	size_t nitems;
} chunk_script;

/* ---- protobuf ---- */

static inline void
put_varint(byte_buffer *out, uint64_t value, unsigned min_bytes)
{
	for (unsigned i = 1; i < min_bytes || value >= 0x80; i++)
	{
		buffer_put_byte(out, (uint8_t) (value | 0x80));
		value >>= 7;
	}
	buffer_put_byte(out, (uint8_t) value);
}

static inline void
put_number(byte_buffer *out, unsigned field, uint64_t value)
{
	put_varint(out, field << 3, 1);
	put_varint(out, value, 1);
}

static inline void
put_bytes(byte_buffer *out, encoding encoding, unsigned field, const byte_buffer *bytes)
{
	put_varint(out, field << 3 | 2, 1);
	put_varint(out, bytes->len, encoding == ENCODING_ODD ? 3 : 1);
	buffer_put(out, bytes->data, bytes->len);
}

/* A field of each wire type, of numbers that the message does not have. */
static inline void
put_unknown_fields(byte_buffer *out)
{
	/* clang-format off */
	static const uint8_t fields[] = {
		0xf8, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
		0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8,
		0x85, 0x01, 1, 2, 3, 4,
		0x82, 0x7d, 3, 0x0a, 0x01, 'x',
	};
	/* clang-format on */

	buffer_put(out, fields, sizeof(fields));
}

/* ---- one chunk ---- */

#define CHUNK_FIELDS 9

/* The fields of a chunk, each already encoded; all labels are in one. */
typedef struct chunk_fields
{
	byte_buffer field[CHUNK_FIELDS + 1];
} chunk_fields;

/* A StringValue or BytesValue in the chunk. */
static inline void
put_wrapped(byte_buffer *out, encoding encoding, unsigned field, const byte_buffer *bytes)
{
	byte_buffer message = {NULL, 0, 0};

	if (encoding == ENCODING_ODD)
		put_unknown_fields(&message);
	if (encoding == ENCODING_ODD || bytes->len > 0)
		put_bytes(&message, encoding, 1, bytes);
	put_bytes(out, encoding, field, &message);
	buffer_free(&message);
}

static inline bool
skip_word(const char **text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*text, word, len) != 0)
		return false;
	*text += len;
	return true;
}

static inline void
parse_bytes(const char **text, byte_buffer *bytes)
{
	bytes->len = 0;
	*text = buffer_put_unescaped(bytes, *text, " \n");
}

static inline uint64_t
parse_number(const char **text)
{
	return (uint64_t) strtoll(*text, (char **) text, 10);
}

/* One word of a chunk's line. */
static inline void
parse_word(const char **text, encoding encoding, chunk_fields *fields)
{
	byte_buffer *field = fields->field;
	byte_buffer bytes = {NULL, 0, 0};

	if (skip_word(text, "key="))
	{
		parse_bytes(text, &bytes);
		put_bytes(&field[1], encoding, 1, &bytes);
	}
	else if (skip_word(text, "fam="))
	{
		parse_bytes(text, &bytes);
		put_wrapped(&field[2], encoding, 2, &bytes);
	}
	else if (skip_word(text, "qual="))
	{
		parse_bytes(text, &bytes);
		put_wrapped(&field[3], encoding, 3, &bytes);
	}
	else if (skip_word(text, "ts="))
		put_number(&field[4], 4, parse_number(text));
	else if (skip_word(text, "label="))
	{
		parse_bytes(text, &bytes);
		put_bytes(&field[5], encoding, 5, &bytes);
	}
	else if (skip_word(text, "value="))
	{
		parse_bytes(text, &bytes);
		put_bytes(&field[6], encoding, 6, &bytes);
	}
	else if (skip_word(text, "more="))
		put_number(&field[7], 7, parse_number(text));
	else if (skip_word(text, "reset"))
		put_number(&field[8], 8, 1);
	else if (skip_word(text, "commit"))
		put_number(&field[9], 9, 1);
	else if (!skip_word(text, "nothing"))
		abort();
	buffer_free(&bytes);
}

/* Writes out the defaults of what the line does not have. */
static inline void
add_defaults(chunk_fields *fields)
{
	static const byte_buffer nothing = {NULL, 0, 0};
	byte_buffer *field = fields->field;

	if (field[1].len == 0)
		put_bytes(&field[1], ENCODING_ODD, 1, &nothing);
	if (field[4].len == 0)
		put_number(&field[4], 4, 0);
	if (field[6].len == 0)
		put_bytes(&field[6], ENCODING_ODD, 6, &nothing);
	if (field[7].len == 0)
		put_number(&field[7], 7, 0);
	if (field[8].len == 0 && field[9].len == 0)
		put_number(&field[9], 9, 0);
}

/* A chunk's line, up to its end. */
static inline const char *
parse_chunk_line(const char *text, encoding encoding, byte_buffer *out)
{
	chunk_fields fields;

	memset(&fields, 0, sizeof(fields));
	while (*text != '\n' && *text != '\0')
	{
		parse_word(&text, encoding, &fields);
		text += *text == ' ';
	}
	if (encoding == ENCODING_ODD)
	{
		put_unknown_fields(out);
		add_defaults(&fields);
	}
	for (int i = 1; i <= CHUNK_FIELDS; i++)
	{
		int number = encoding == ENCODING_ODD ? CHUNK_FIELDS + 1 - i : i;

		buffer_put(out, fields.field[number].data, fields.field[number].len);
		buffer_free(&fields.field[number]);
	}
	return text;
}

/* ---- the script ---- */

/* Freed with script_free(). */
static inline chunk_script *
script_parse(const char *text, encoding encoding)
{
	chunk_script *script = calloc(1, sizeof(*script));

	if (script == NULL)
		abort();
	script->encoding = encoding;
	while (*text != '\0')
	{
		script_item *item = &script->items[script->nitems++];

		if (script->nitems > SCRIPT_MAX_ITEMS)
			abort();
		if (skip_word(&text, "scanned="))
		{
			item->kind = ITEM_SCANNED;
			parse_bytes(&text, &item->bytes);
		}
		else if (skip_word(&text, "stats="))
		{
			item->kind = ITEM_STATS;
			parse_bytes(&text, &item->bytes);
		}
		else
		{
			item->kind = ITEM_CHUNK;
			text = parse_chunk_line(text, encoding, &item->bytes);
		}
		text += *text == '\n';
	}
	return script;
}

/* May the item be in one message with the one before it? */
static inline bool
script_can_join(const chunk_script *script, size_t item)
{
	item_kind before = script->items[item - 1].kind;
	item_kind kind = script->items[item].kind;

	return before == ITEM_CHUNK || (before == ITEM_SCANNED && kind == ITEM_STATS);
}

/* Items from first to last - 1, as one message. */
static inline byte_buffer
script_message(const chunk_script *script, size_t first, size_t last)
{
	byte_buffer message = {NULL, 0, 0};

	for (item_kind kind = ITEM_STATS; kind >= ITEM_CHUNK; kind--)
	{
		item_kind now = script->encoding == ENCODING_ODD ? kind : ITEM_STATS + 1 - kind;

		for (size_t i = first; i < last; i++)
			if (script->items[i].kind == now)
				put_bytes(&message, script->encoding, now, &script->items[i].bytes);
		if (script->encoding == ENCODING_ODD)
			put_unknown_fields(&message);
	}
	return message;
}

static inline void
script_free(chunk_script *script)
{
	for (size_t i = 0; i < script->nitems; i++)
		buffer_free(&script->items[i].bytes);
	free(script);
}

#endif /* CHUNK_SCRIPT_H */
