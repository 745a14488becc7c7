/*-------------------------------------------------------------------------
 *
 * mock_action.c
 *	  Parses the lines of a script.
 *
 * Chunks are encoded by hand rather than through the generated code, so that
 * a script can also say what a correct server never sends.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_script.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The timestamp of a cell of "row" and "rows" that does not say its own. */
#define DEFAULT_TIMESTAMP 1000

/* A piece of a line; not terminated. */
struct word
{
	const char *text;
	size_t len;
};

/* The cells of a chunk as the script says them. */
struct chunk
{
	struct bytes key, family, qualifier, value;
	struct bytes labels; /* encoded already */
	bool has_family, has_qualifier;
	int64_t timestamp, value_size;
	bool commit, reset;
};

/* Take the next word of the line; false at its end. */
static bool
next_word(const char **p, struct word *word)
{
	*p += strspn(*p, " \t");
	word->text = *p;
	word->len = strcspn(*p, " \t");
	*p += word->len;
	return word->len > 0;
}

/* Whether the word is this text. */
static bool
word_is(struct word word, const char *text)
{
	return strlen(text) == word.len && memcmp(word.text, text, word.len) == 0;
}

/* The position after "name=" if the word begins so, else NULL. */
static const char *
word_value(struct word word, const char *name, size_t *len)
{
	size_t n = strlen(name);

	if (word.len <= n || memcmp(word.text, name, n) != 0 || word.text[n] != '=')
		return NULL;
	*len = word.len - n - 1;
	return word.text + n + 1;
}

/* A whole decimal number of the given range. */
static bool
parse_number(const char *text, size_t len, int64_t low, int64_t high, int64_t *out)
{
	char copy[32];
	char *end;
	long long value;

	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	errno = 0;
	value = strtoll(copy, &end, 10);
	if (*end || errno || value < low || value > high)
		return false;
	*out = value;
	return true;
}

/* Append a length-delimited field. */
static void
field_bytes(struct bytes *out, int field, const void *data, size_t len)
{
	bytes_varint(out, (uint64_t) field << 3 | 2);
	bytes_varint(out, len);
	bytes_append(out, data, len);
}

/* Append a varint field unless it has its default. */
static void
field_varint(struct bytes *out, int field, int64_t value)
{
	if (value == 0)
		return;
	bytes_varint(out, (uint64_t) field << 3);
	bytes_varint(out, (uint64_t) value);
}

/* Append a StringValue or BytesValue, which is there even when empty. */
static void
field_wrapper(struct bytes *out, int field, const struct bytes *value)
{
	struct bytes inner = {0};

	if (value->len)
		field_bytes(&inner, 1, value->data, value->len);
	field_bytes(out, field, inner.data, inner.len);
	bytes_free(&inner);
}

/* Append the chunk to a message. */
static void
chunk_encode(const struct chunk *chunk, struct bytes *out)
{
	struct bytes b = {0};

	if (chunk->key.len)
		field_bytes(&b, 1, chunk->key.data, chunk->key.len);
	if (chunk->has_family)
		field_wrapper(&b, 2, &chunk->family);
	if (chunk->has_qualifier)
		field_wrapper(&b, 3, &chunk->qualifier);
	field_varint(&b, 4, chunk->timestamp);
	bytes_append(&b, chunk->labels.data, chunk->labels.len);
	if (chunk->value.len)
		field_bytes(&b, 6, chunk->value.data, chunk->value.len);
	field_varint(&b, 7, chunk->value_size);
	field_varint(&b, 8, chunk->reset);
	field_varint(&b, 9, chunk->commit);
	field_bytes(out, 1, b.data, b.len);
	bytes_free(&b);
}

/* Forget a chunk's cells. */
static void
chunk_free(struct chunk *chunk)
{
	bytes_free(&chunk->key);
	bytes_free(&chunk->family);
	bytes_free(&chunk->qualifier);
	bytes_free(&chunk->value);
	bytes_free(&chunk->labels);
}

/* Take one word of "chunk"; false when it is not one. */
static bool
chunk_word(struct chunk *chunk, struct word word)
{
	const char *v;
	size_t len;
	int64_t fill;

	if (word_is(word, "commit"))
		return chunk->commit = true;
	if (word_is(word, "reset"))
		return chunk->reset = true;
	if ((v = word_value(word, "key", &len)))
		return percent_decode(v, len, &chunk->key);
	if ((v = word_value(word, "family", &len)))
	{
		chunk->has_family = true;
		return percent_decode(v, len, &chunk->family);
	}
	if ((v = word_value(word, "qualifier", &len)))
	{
		chunk->has_qualifier = true;
		return percent_decode(v, len, &chunk->qualifier);
	}
	if ((v = word_value(word, "ts", &len)))
		return parse_number(v, len, INT64_MIN, INT64_MAX, &chunk->timestamp);
	if ((v = word_value(word, "value", &len)))
		return percent_decode(v, len, &chunk->value);
	if ((v = word_value(word, "value_size", &len)))
		return parse_number(v, len, INT32_MIN, INT32_MAX, &chunk->value_size);
	if ((v = word_value(word, "fill", &len)))
	{
		if (!parse_number(v, len, 0, INT32_MAX, &fill))
			return false;
		bytes_reserve(&chunk->value, (size_t) fill);
		memset(chunk->value.data + chunk->value.len, 'x', (size_t) fill);
		chunk->value.len += (size_t) fill;
		return true;
	}
	if ((v = word_value(word, "label", &len)))
	{
		struct bytes label = {0};
		bool ok = percent_decode(v, len, &label);

		field_bytes(&chunk->labels, 5, label.data, label.len);
		bytes_free(&label);
		return ok;
	}
	return false;
}

/* chunk key=K family=F ... */
static bool
parse_chunk(const char *p, struct action *out, char *error, size_t size)
{
	struct chunk chunk = {0};
	struct word word;
	bool ok = true;

	while (ok && next_word(&p, &word))
	{
		ok = chunk_word(&chunk, word);
		if (!ok)
			snprintf(error, size, "wrong part of a chunk: %.*s", (int) word.len,
					 word.text);
	}
	if (ok)
		chunk_encode(&chunk, &out->data);
	out->a = chunk.commit;
	chunk_free(&chunk);
	return ok;
}

/* One F:Q=V or F:Q@TS=V of a row. */
static bool
cell_word(struct chunk *chunk, struct word word)
{
	const char *end = word.text + word.len;
	const char *colon = memchr(word.text, ':', word.len);
	const char *equals = colon ? memchr(colon, '=', (size_t) (end - colon)) : NULL;
	const char *at;

	if (!equals)
		return false;
	chunk->timestamp = DEFAULT_TIMESTAMP;
	at = memchr(colon, '@', (size_t) (equals - colon));
	if (at && !parse_number(at + 1, (size_t) (equals - at - 1), INT64_MIN, INT64_MAX,
							&chunk->timestamp))
		return false;
	if (!at)
		at = equals;
	chunk->has_family = chunk->has_qualifier = true;
	return percent_decode(word.text, (size_t) (colon - word.text), &chunk->family) &&
		   percent_decode(colon + 1, (size_t) (at - colon - 1), &chunk->qualifier) &&
		   percent_decode(equals + 1, (size_t) (end - equals - 1), &chunk->value);
}

/* A whole row: key, cells, commit on the last one. */
bool
row_encode(const char *text, struct bytes *out, char *error, size_t size)
{
	struct word key;
	struct word word;
	struct word following;
	bool first = true;
	bool ok = true;
	bool more;

	if (!next_word(&text, &key) || !next_word(&text, &word))
	{
		snprintf(error, size, "a row needs a key and at least one cell");
		return false;
	}
	do
	{
		struct chunk chunk = {0};

		more = next_word(&text, &following);
		chunk.commit = !more;
		ok = (!first || percent_decode(key.text, key.len, &chunk.key)) &&
			 cell_word(&chunk, word);
		if (ok)
			chunk_encode(&chunk, out);
		else
			snprintf(error, size, "a row's cell is F:Q=V or F:Q@TS=V, not %.*s",
					 (int) word.len, word.text);
		chunk_free(&chunk);
		first = false;
		word = following;
	} while (ok && more);
	return ok;
}

/* Put the number in place of %d and %0Nd. */
void
row_format(const char *format, int64_t number, struct bytes *out)
{
	while (*format)
	{
		size_t digits = *format == '%' ? strspn(format + 1, "0123456789") : 0;

		if (*format == '%' && digits <= 3 && format[1 + digits] == 'd')
		{
			bool zero = format[1] == '0';
			int width = atoi(format + 1);

			if (zero)
				bytes_printf(out, "%0*" PRId64, width, number);
			else
				bytes_printf(out, "%" PRId64, number);
			format += digits + 2;
		}
		else
			bytes_append(out, format++, 1);
	}
	bytes_append(out, "", 1);
}

/* row KEY F:Q=V ... */
static bool
parse_row(const char *p, struct action *out, char *error, size_t size)
{
	out->a = 1;
	return row_encode(p, &out->data, error, size);
}

/* rows FROM TO KEY F:Q=V ... */
static bool
parse_rows(const char *p, struct action *out, char *error, size_t size)
{
	struct word from;
	struct word to;
	struct bytes text = {0};
	struct bytes row = {0};
	bool ok;

	if (!next_word(&p, &from) || !next_word(&p, &to) ||
		!parse_number(from.text, from.len, 0, INT64_MAX, &out->a) ||
		!parse_number(to.text, to.len, 0, INT64_MAX, &out->b))
	{
		snprintf(error, size, "rows is followed by two numbers and a row");
		return false;
	}
	out->text = mock_strdup(p);
	row_format(p, out->a, &text);
	ok = row_encode((const char *) text.data, &row, error, size);
	bytes_free(&text);
	bytes_free(&row);
	return ok;
}

/* scanned KEY */
static bool
parse_scanned(const char *p, struct action *out, char *error, size_t size)
{
	struct word word;
	struct bytes key = {0};
	bool ok = next_word(&p, &word) && percent_decode(word.text, word.len, &key);

	if (ok)
		field_bytes(&out->data, 2, key.data, key.len);
	else
		snprintf(error, size, "scanned is followed by a key");
	bytes_free(&key);
	return ok;
}

/* sample KEY OFFSET_BYTES */
static bool
parse_sample(const char *p, struct action *out, char *error, size_t size)
{
	struct word key;
	struct word offset;
	struct bytes bytes = {0};
	int64_t number = 0;
	bool ok = next_word(&p, &key) && next_word(&p, &offset) &&
			  percent_decode(key.text, key.len, &bytes) &&
			  parse_number(offset.text, offset.len, INT64_MIN, INT64_MAX, &number);

	/* The empty key has a name of its own. */
	if (ok && !word_is(key, "end"))
		field_bytes(&out->data, 1, bytes.data, bytes.len);
	if (ok)
		field_varint(&out->data, 2, number);
	else
		snprintf(error, size, "sample is followed by a key, or \"end\", and a number");
	bytes_free(&bytes);
	return ok;
}

/* table NAME: one of ListTables; next_page TOKEN */
static bool
parse_listed(const char *p, struct action *out, bool is_table, char *error, size_t size)
{
	struct word word;
	struct bytes name = {0};
	struct bytes table = {0};
	bool ok = next_word(&p, &word) && percent_decode(word.text, word.len, &name);

	if (ok && is_table)
	{
		field_bytes(&table, 1, name.data, name.len);
		field_bytes(&out->data, 1, table.data, table.len);
	}
	else if (ok)
		field_bytes(&out->data, 2, name.data, name.len);
	else
		snprintf(error, size, "table and next_page are followed by a word");
	bytes_free(&table);
	bytes_free(&name);
	return ok;
}

/* stats ROWS_SEEN ROWS_RETURNED CELLS_SEEN CELLS_RETURNED */
static bool
parse_stats(const char *p, struct action *out, char *error, size_t size)
{
	struct bytes counts = {0};
	struct bytes view = {0};
	struct bytes stats = {0};
	bool ok = true;

	for (int field = 1; ok && field <= 4; field++)
	{
		struct word word;
		int64_t count = 0;

		ok = next_word(&p, &word) &&
			 parse_number(word.text, word.len, 0, INT64_MAX, &count);
		field_varint(&counts, field, count);
	}
	if (!ok)
		snprintf(error, size, "stats is followed by four numbers");
	field_bytes(&view, 1, counts.data, counts.len);
	field_bytes(&stats, 1, view.data, view.len);
	field_bytes(&out->data, 3, stats.data, stats.len);
	bytes_free(&counts);
	bytes_free(&view);
	bytes_free(&stats);
	return ok;
}

/* raw HEX, bytes HEX; nothing is the empty message */
static bool
parse_hex(const char *p, struct action *out, char *error, size_t size)
{
	struct word word;

	if (!next_word(&p, &word) || hex_decode(word.text, word.len, &out->data))
		return true;
	snprintf(error, size, "hex digits are needed");
	return false;
}

/* status CODE MESSAGE... */
static bool
parse_status(const char *p, struct action *out, char *error, size_t size)
{
	struct word code;

	if (!next_word(&p, &code) || !parse_number(code.text, code.len, 0, 99, &out->a))
	{
		snprintf(error, size, "status is followed by a number");
		return false;
	}
	p += strspn(p, " \t");
	out->text = mock_strdup(p);
	return true;
}

/* initial, trailer: NAME VALUE; trailer-bin: NAME-bin HEX */
static bool
parse_metadata(const char *p, struct action *out, bool binary, char *error, size_t size)
{
	struct word name;
	struct word value;
	bool ok = next_word(&p, &name) && next_word(&p, &value);

	if (ok && binary)
		ok = name.len > 4 && memcmp(name.text + name.len - 4, "-bin", 4) == 0 &&
			 hex_decode(value.text, value.len, &out->data);
	else if (ok)
		ok = percent_decode(value.text, value.len, &out->data);
	if (!ok)
	{
		snprintf(error, size, "a name and a value are needed%s",
				 binary ? ", NAME-bin and hex digits" : "");
		return false;
	}
	out->text = mock_alloc(name.len + 1);
	memcpy(out->text, name.text, name.len);
	return true;
}

/* retry_info SECONDS, which may have a fraction */
static bool
parse_retry_info(const char *p, struct action *out, char *error, size_t size)
{
	char *end;
	double seconds = strtod(p, &end);

	end += strspn(end, " \t");
	if (*end || end == p || !(seconds >= 0 && seconds < 1e9))
	{
		snprintf(error, size, "retry_info is followed by seconds");
		return false;
	}
	out->a = (int64_t) (seconds * 1e9 + 0.5);
	return true;
}

/* Which entries: INDEX, "all" or "rest". */
static bool
parse_index(struct word word, int64_t *index)
{
	*index = word_is(word, "rest") ? INDEX_REST : INDEX_ALL;
	return word_is(word, "all") || word_is(word, "rest") ||
		   parse_number(word.text, word.len, 0, INT32_MAX, index);
}

/* entry INDEX|all|rest CODE MESSAGE..., omit INDEX|all|rest */
static bool
parse_entry(const char *p, struct action *out, char *error, size_t size)
{
	struct word word;

	if (!next_word(&p, &word) || !parse_index(word, &out->b))
	{
		snprintf(error, size, "an entry's index, \"all\" or \"rest\" is needed");
		return false;
	}
	return out->kind == ACTION_OMIT || parse_status(p, out, error, size);
}

/* entry_retry_info [INDEX|all|rest] SECONDS */
static bool
parse_entry_retry_info(const char *p, struct action *out, char *error, size_t size)
{
	const char *rest = p;
	struct word first;
	struct word second;

	out->b = INDEX_ALL;
	if (next_word(&rest, &first))
	{
		const char *seconds = rest;

		if (next_word(&rest, &second) && parse_index(first, &out->b))
			p = seconds;
	}
	return parse_retry_info(p, out, error, size);
}

/* entry_key KEY CODE MESSAGE... */
static bool
parse_entry_key(const char *p, struct action *out, char *error, size_t size)
{
	struct word key;

	if (!next_word(&p, &key) || !percent_decode(key.text, key.len, &out->data))
	{
		snprintf(error, size, "entry_key is followed by a key");
		return false;
	}
	return parse_status(p, out, error, size);
}

/* The actions that take up to two plain numbers. */
static const struct
{
	const char *name;
	enum action_kind kind;
	int needed;   /* numbers that must be there */
	int taken;    /* numbers that may be there */
	int64_t a, b; /* defaults */
} plain[] = {
	{"send", ACTION_SEND, 0, 0, 0, 0},
	{"headers", ACTION_HEADERS, 0, 0, 0, 0},
	{"stall", ACTION_STALL, 0, 0, 0, 0},
	{"drop", ACTION_DROP, 0, 0, 0, 0},
	{"end_stream", ACTION_END_STREAM, 0, 0, 0, 0},
	{"exit", ACTION_EXIT, 0, 0, 0, 0},
	{"shuffle", ACTION_SHUFFLE, 1, 1, 0, 0},
	{"sleep", ACTION_SLEEP, 1, 1, 0, 0},
	{"trickle", ACTION_TRICKLE, 1, 1, 0, 0},
	{"per_message", ACTION_PER_MESSAGE, 1, 1, 0, 0},
	{"replay", ACTION_REPLAY, 0, 1, -1, 0},
	{"rst", ACTION_RST, 0, 1, 2, 0},
	{"goaway", ACTION_GOAWAY, 0, 2, 0, INT32_MAX},
	{"matched", ACTION_MATCHED, 1, 1, 0, 0},
	{"apply", ACTION_APPLY, 0, 0, 0, 0},
	{"answer", ACTION_ANSWER, 0, 2, 0, -1},
};

/* An action of that table; false when it is another, or wrong. */
static bool
parse_plain(struct word verb, const char *p, struct action *out, char *error, size_t size)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
	{
		int64_t numbers[2] = {plain[i].a, plain[i].b};
		struct word word;
		int n = 0;

		if (!word_is(verb, plain[i].name))
			continue;
		while (next_word(&p, &word))
			if (n == plain[i].taken ||
				!parse_number(word.text, word.len, 0, INT32_MAX, &numbers[n++]))
			{
				snprintf(error, size, "%s cannot take %.*s", plain[i].name,
						 (int) word.len, word.text);
				return false;
			}
		if (n < plain[i].needed)
		{
			snprintf(error, size, "%s is followed by a number", plain[i].name);
			return false;
		}
		out->kind = plain[i].kind;
		out->a = numbers[0];
		out->b = numbers[1];
		return true;
	}
	snprintf(error, size, "unknown action: %.*s", (int) verb.len, verb.text);
	return false;
}

/* One line of a block. */
bool
action_parse(const char *line, struct action *out, char *error, size_t size)
{
	struct word verb;

	next_word(&line, &verb);
	if (word_is(verb, "chunk"))
		return parse_chunk(line, out, error, size);
	if (word_is(verb, "row"))
		return parse_row(line, out, error, size);
	if (word_is(verb, "scanned"))
		return parse_scanned(line, out, error, size);
	if (word_is(verb, "stats"))
		return parse_stats(line, out, error, size);
	if (word_is(verb, "sample"))
		return parse_sample(line, out, error, size);
	if (word_is(verb, "table") || word_is(verb, "next_page"))
		return parse_listed(line, out, word_is(verb, "table"), error, size);

	out->kind = ACTION_ROWS;
	if (word_is(verb, "rows"))
		return parse_rows(line, out, error, size);
	out->kind = ACTION_RAW;
	if (word_is(verb, "raw"))
		return parse_hex(line, out, error, size);
	out->kind = ACTION_BYTES;
	if (word_is(verb, "bytes"))
		return parse_hex(line, out, error, size);
	out->kind = ACTION_STATUS;
	if (word_is(verb, "status"))
		return parse_status(line, out, error, size);
	out->kind = ACTION_RETRY_INFO;
	if (word_is(verb, "retry_info"))
		return parse_retry_info(line, out, error, size);
	out->kind = ACTION_ENTRY_RETRY_INFO;
	if (word_is(verb, "entry_retry_info"))
		return parse_entry_retry_info(line, out, error, size);
	out->kind = ACTION_ENTRY;
	if (word_is(verb, "entry"))
		return parse_entry(line, out, error, size);
	out->kind = ACTION_OMIT;
	if (word_is(verb, "omit"))
		return parse_entry(line, out, error, size);
	out->kind = ACTION_ENTRY_KEY;
	if (word_is(verb, "entry_key"))
		return parse_entry_key(line, out, error, size);
	out->kind = ACTION_INITIAL;
	if (word_is(verb, "initial"))
		return parse_metadata(line, out, false, error, size);
	out->kind = ACTION_TRAILER;
	if (word_is(verb, "trailer") || word_is(verb, "trailer-bin"))
		return parse_metadata(line, out, word_is(verb, "trailer-bin"), error, size);
	return parse_plain(verb, line, out, error, size);
}
