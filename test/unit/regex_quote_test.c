/*-------------------------------------------------------------------------
 *
 * regex_quote_test.c
 *	  Literals quoted for RE2.
 *
 * What is quoted is read back by a routine that knows the part of RE2's syntax
 * in which a pattern is a literal: a letter, digit or underscore is itself, a
 * backslash makes an ASCII punctuation character itself, and \x with exactly
 * two hexadecimal digits is the byte of that number.  All else is refused.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdlib.h>

#include "filter.h"
#include "tap.h"

/* Quotes into a piece of memory that is just large enough. */
static uint8_t *
quote(bt_span literal, size_t *size)
{
	uint8_t *text;

	*size = bt_regex_quoted_size(literal);
	text = malloc(*size + 1);
	if (text == NULL || bt_regex_quote(text, literal) != text + *size)
	{
		free(text);
		return NULL;
	}
	text[*size] = '\0';
	return text;
}

static int
hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads one quoted byte, or returns NULL if what is there is not a literal. */
static const uint8_t *
unquote_byte(const uint8_t *text, const uint8_t *end, uint8_t *byte)
{
	if (text < end && (isalnum(*text) || *text == '_'))
	{
		*byte = *text;
		return text + 1;
	}
	if (end - text < 2 || *text != '\\')
		return NULL;
	if (text[1] < 0x80 && ispunct(text[1]))
	{
		*byte = text[1];
		return text + 2;
	}
	if (end - text < 4 || text[1] != 'x' || hex_digit(text[2]) < 0 ||
		hex_digit(text[3]) < 0)
		return NULL;
	*byte = (uint8_t) (hex_digit(text[2]) * 16 + hex_digit(text[3]));
	return text + 4;
}

/* Does the quoted literal read back as the literal? */
static bool
matches_itself(bt_span literal)
{
	size_t size;
	uint8_t *quoted = quote(literal, &size);
	const uint8_t *cursor = quoted;
	bool same = quoted != NULL;

	for (size_t i = 0; same && i < literal.len; i++)
	{
		uint8_t byte = 0;

		cursor = unquote_byte(cursor, quoted + size, &byte);
		same = cursor != NULL && byte == literal.data[i];
	}
	same = same && cursor == quoted + size;
	free(quoted);
	return same;
}

static void
test_bytes(void)
{
	int wrong = 0;

	for (int c = 0; c < 0x80; c++)
	{
		uint8_t byte = (uint8_t) c;
		bt_span literal = bt_span_make(&byte, 1);

		ok(bt_regex_can_quote(literal) && matches_itself(literal),
		   "byte %02x matches itself", (unsigned) c);
	}
	for (int c = 0x80; c < 0x100; c++)
	{
		uint8_t bytes[3] = {'a', (uint8_t) c, 'b'};

		ok(!bt_regex_can_quote(bt_span_make(bytes, 3)), "byte %02x cannot be quoted",
		   (unsigned) c);
	}

	/* Neighbours do not change what a byte means. */
	for (int first = 0; first < 0x80; first++)
		for (int second = 0; second < 0x80; second++)
		{
			uint8_t bytes[2] = {(uint8_t) first, (uint8_t) second};

			wrong += !matches_itself(bt_span_make(bytes, 2));
		}
	is_int(wrong, 0, "every pair of bytes matches itself");
}

typedef struct example
{
	const char *literal;
	size_t len;
	const char *quoted;
} example;

static const example examples[] = {
	{"", 0, ""},
	{"name_1", 6, "name_1"},
	{"a.b", 3, "a\\.b"},
	{"a|b", 3, "a\\|b"},
	{"(a)*", 4, "\\(a\\)\\*"},
	{"[a-z]+", 6, "\\[a\\-z\\]\\+"},
	{"^a$", 3, "\\^a\\$"},
	{"{1,2}?", 6, "\\{1\\,2\\}\\?"},
	{"a\\b", 3, "a\\\\b"},
	{"\\C", 2, "\\\\C"},
	{"\\Q", 2, "\\\\Q"},
	{"a b", 3, "a\\x20b"},
	{"\n\t", 2, "\\x0a\\x09"},
	{"\0", 1, "\\x00"},
	{"\0001", 2, "\\x001"}, /* NUL, then the digit 1 */
	{"\x7f", 1, "\\x7f"},
	{"cf:q#1/~", 8, "cf\\:q\\#1\\/\\~"},
};

static void
test_examples(void)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
	{
		size_t size;
		uint8_t *quoted =
			quote(bt_span_make(examples[i].literal, examples[i].len), &size);

		if (ok(quoted != NULL, "the size foretold is the size written"))
			is_text((char *) quoted, examples[i].quoted, "quoted: %s",
					examples[i].quoted);
		free(quoted);
	}
	ok(bt_regex_can_quote(bt_span_make(NULL, 0)), "nothing can be quoted");
}

int
main(void)
{
	test_bytes();
	test_examples();
	return tap_done();
}
