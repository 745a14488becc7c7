/*-------------------------------------------------------------------------
 *
 * btload_lines.c
 *	  The input: one cell a line, fields separated by tabs.
 *
 *-------------------------------------------------------------------------
 */
#include "btload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 4

/* 2024-01-01 00:00:00 UTC, for lines without a timestamp. */
#define DEFAULT_TIMESTAMP INT64_C(1704067200000000)

static char *line;
static size_t line_size;
static long line_number;

/* The value of a hex digit, or -1. */
static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

	return found ? (int) (found - digits) : -1;
}

/* A byte of two hex digits; dies when they are not. */
static char
hex_byte(const char *p)
{
	int high = hex_digit(p[0]);
	int low = high < 0 ? -1 : hex_digit(p[1]);

	if (low < 0)
		die("line %ld: wrong hex digits", line_number);
	return (char) (high * 16 + low);
}

/* Decode a field that is all hex. */
static size_t
decode_hex(char *out, const char *p)
{
	size_t n = 0;

	for (; *p; p += 2)
		out[n++] = hex_byte(p);
	return n;
}

/* Decode the escape after a backslash; returns the position after it. */
static const char *
decode_escape(char *out, const char *p)
{
	switch (*p)
	{
		case 't':
			*out = '\t';
			return p + 1;
		case 'n':
			*out = '\n';
			return p + 1;
		case 'r':
			*out = '\r';
			return p + 1;
		case '\\':
			*out = '\\';
			return p + 1;
		case 'x':
			*out = hex_byte(p + 1);
			return p + 3;
		default:
			die("line %ld: unknown escape \\%c", line_number, *p);
	}
}

/* Decode a field in place: it only becomes shorter. */
static ProtobufCBinaryData
decode(char *field)
{
	const char *p = field;
	char *out = field;

	if (strncmp(field, "\\x", 2) == 0)
		out += decode_hex(field, field + 2);
	else
		while (*p)
		{
			if (*p == '\\')
				p = decode_escape(out++, p + 1);
			else
				*out++ = *p++;
		}
	return (ProtobufCBinaryData){(size_t) (out - field), (uint8_t *) field};
}

/* The timestamp's field. */
static int64_t
decode_timestamp(const char *field)
{
	char *end;
	long long value;

	if (!*field)
		return DEFAULT_TIMESTAMP;
	errno = 0;
	value = strtoll(field, &end, 10);
	if (*end || errno || value < 0)
		die("line %ld: wrong timestamp %s", line_number, field);
	return value;
}

/* Split a line, which must hold exactly FIELDS fields. */
static void
split(char *fields[FIELDS])
{
	char *rest = line;
	int n = 0;

	while (rest && n < FIELDS)
		fields[n++] = strsep(&rest, "\t");
	if (n < FIELDS || rest)
		die("line %ld: %d fields are needed: "
			"row key, family:qualifier, timestamp, value",
			line_number, FIELDS);
}

/* The next cell. */
bool
read_cell(FILE *input, struct cell *cell)
{
	ssize_t len = getline(&line, &line_size, input);
	char *fields[FIELDS];
	ProtobufCBinaryData column;
	uint8_t *colon;

	if (len < 0)
		return false;
	line_number++;
	if (line[len - 1] == '\n')
		line[--len] = '\0';
	if (strlen(line) != (size_t) len)
		die("line %ld: a NUL byte is written \\x00", line_number);
	split(fields);
	cell->row_key = decode(fields[0]);
	if (cell->row_key.len == 0)
		die("line %ld: the row key is empty", line_number);
	column = decode(fields[1]);
	colon = memchr(column.data, ':', column.len);
	if (!colon)
		die("line %ld: no colon between family and qualifier", line_number);
	*colon = '\0';
	cell->family = (char *) column.data;
	cell->qualifier.data = colon + 1;
	cell->qualifier.len = column.len - (size_t) (colon + 1 - column.data);
	cell->timestamp = decode_timestamp(fields[2]);
	cell->value = decode(fields[3]);
	return true;
}

/* Free the line. */
void
read_cell_finish(void)
{
	free(line);
	line = NULL;
}
