/*-------------------------------------------------------------------------
 *
 * value_guess.c
 *	  Which types a cell's bytes could be.
 *
 * Rather too few than too many: a column of text always works.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"

#include "compat.h"
#include "value_guess.h"

/* JSON that is nested deeper is left as text. */
#define MAX_JSON_DEPTH 200

/* More digits are hardly a number to calculate with. */
#define MAX_DIGITS 30

/* What is left of a text that is read from its start. */
typedef struct Rest
{
	const uint8 *next;
	const uint8 *end;
} Rest;

static bool
at_end(const Rest *rest)
{
	return rest->next == rest->end;
}

/* Takes a character, if it is one of a list. */
static bool
take(Rest *rest, const char *chars)
{
	if (at_end(rest) || *rest->next == '\0' || strchr(chars, *rest->next) == NULL)
		return false;
	rest->next++;
	return true;
}

static bool
is_digit(uint8 c)
{
	return c >= '0' && c <= '9';
}

/* Takes digits, and returns how many. */
static int
take_digits(Rest *rest)
{
	const uint8 *first = rest->next;

	while (!at_end(rest) && is_digit(*rest->next))
		rest->next++;
	return (int) Min(rest->next - first, PG_INT16_MAX);
}

/* Takes a number of exactly n digits, from first to last. */
static bool
take_number(Rest *rest, int n, int first, int last, int *number)
{
	*number = 0;
	if (rest->end - rest->next < n)
		return false;
	for (int i = 0; i < n; i++)
	{
		if (!is_digit(*rest->next))
			return false;
		*number = *number * 10 + (*rest->next++ - '0');
	}
	return *number >= first && *number <= last;
}

/* ---- text ---- */

/* Is all of it ASCII, or may the database hold all of Unicode? */
static bool
is_convertible(bt_span bytes)
{
	int encoding = GetDatabaseEncoding();

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return true;
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.data[i] >= 0x80)
			return false;
	return true;
}

bool
guess_is_text(bt_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
	{
		uint8 c = bytes.data[i];

		if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
			return false;
	}
	return bytes.len <= PG_INT32_MAX && is_convertible(bytes) &&
		   pg_verify_mbstr(PG_UTF8, (const char *) bytes.data, (int) bytes.len, true);
}

/* ---- numbers ---- */

/*
 * A number as computers write it.  Leading zeros and the like mean something to
 * somebody.
 */
static int
guess_number(bt_span bytes)
{
	Rest rest = {bytes.data, bytes.data + bytes.len};
	bool negative = take(&rest, "-");
	bool zero = !at_end(&rest) && *rest.next == '0';
	int digits = take_digits(&rest);
	int decimals = 0;

	if (digits == 0 || (zero && digits > 1))
		return 0;
	if (at_end(&rest))
	{
		if (digits > 18 || (zero && negative))
			return 0;
		return GUESS_BIGINT | GUESS_NUMERIC | GUESS_DOUBLE;
	}
	if (take(&rest, "."))
	{
		decimals = take_digits(&rest);
		if (decimals == 0 || digits + decimals > MAX_DIGITS)
			return 0;
		if (at_end(&rest))
			return GUESS_NUMERIC | (digits + decimals <= 17 ? GUESS_DOUBLE : 0);
	}
	if (digits + decimals > 17 || !take(&rest, "eE"))
		return 0;
	(void) take(&rest, "+-");
	digits = take_digits(&rest);
	return digits >= 1 && digits <= 2 && at_end(&rest) ? GUESS_DOUBLE : 0;
}

/* Eight bytes of a number that is not huge; a double looks otherwise. */
static bool
is_counter(bt_span bytes)
{
	return bytes.len == sizeof(int64) && (bytes.data[0] == 0 || bytes.data[0] == 0xff);
}

/* ---- times ---- */

static bool
take_date(Rest *rest)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year;
	int month;
	int day;

	if (!take_number(rest, 4, 1, 9999, &year) || !take(rest, "-") ||
		!take_number(rest, 2, 1, 12, &month) || !take(rest, "-") ||
		!take_number(rest, 2, 1, days[month - 1], &day))
		return false;
	return month != 2 || day < 29 ||
		   (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

static bool
take_time(Rest *rest)
{
	int number;
	int digits;

	if (!take_number(rest, 2, 0, 23, &number) || !take(rest, ":") ||
		!take_number(rest, 2, 0, 59, &number))
		return false;
	if (!take(rest, ":"))
		return true;
	if (!take_number(rest, 2, 0, 59, &number))
		return false;
	if (!take(rest, "."))
		return true;

	/* More would be rounded. */
	digits = take_digits(rest);
	return digits >= 1 && digits <= 6;
}

static bool
take_zone(Rest *rest)
{
	int number;

	if (take(rest, "Z"))
		return true;
	if (!take(rest, "+-") || !take_number(rest, 2, 0, 14, &number))
		return false;
	if (at_end(rest))
		return true;
	(void) take(rest, ":");
	return take_number(rest, 2, 0, 59, &number);
}

/* ISO 8601. */
static int
guess_time(bt_span bytes)
{
	Rest rest = {bytes.data, bytes.data + bytes.len};

	if (!take_date(&rest))
		return 0;
	if (at_end(&rest))
		return GUESS_DATE;
	if (!take(&rest, "T ") || !take_time(&rest))
		return 0;
	if (at_end(&rest))
		return GUESS_TIMESTAMP;
	return take_zone(&rest) && at_end(&rest) ? GUESS_TIMESTAMPTZ : 0;
}

/* ---- others ---- */

static bool
is_word(bt_span bytes, const char *word)
{
	return bt_span_equal(bytes, bt_span_str(word));
}

static bool
is_uuid(bt_span bytes)
{
	if (bytes.len != 36)
		return false;
	for (size_t i = 0; i < bytes.len; i++)
	{
		if (i == 8 || i == 13 || i == 18 || i == 23)
		{
			if (bytes.data[i] != '-')
				return false;
		}
		else if (!isxdigit(bytes.data[i]))
			return false;
	}
	return true;
}

/*
 * Might reading it as jsonb fail though the syntax is right?  It is nested too
 * deep, or has a number with a large exponent, or characters that the database
 * may not have.
 */
static bool
is_dangerous_json(bt_span bytes)
{
	int depth = 0;

	for (size_t i = 0; i < bytes.len; i++)
	{
		uint8 c = bytes.data[i];

		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		else if ((c == 'e' || c == 'E') && i > 0 && is_digit(bytes.data[i - 1]))
		{
			Rest rest = {bytes.data + i + 1, bytes.data + bytes.len};

			(void) take(&rest, "+-");
			if (take_digits(&rest) > 3)
				return true;
		}
		else if (c == '\\' && i + 1 < bytes.len && bytes.data[i + 1] == 'u' &&
				 GetDatabaseEncoding() != PG_UTF8)
			return true;
		if (depth > MAX_JSON_DEPTH)
			return true;
	}
	return false;
}

/* An object or an array; what else is valid JSON is told better by other types. */
static bool
is_json(bt_span bytes)
{
	if (bytes.len < 2 || (bytes.data[0] != '{' && bytes.data[0] != '[') ||
		is_dangerous_json(bytes))
		return false;
	return compat_json_is_valid((const char *) bytes.data, bytes.len, PG_UTF8);
}

int
guess_types(bt_span bytes)
{
	int types;

	if (is_counter(bytes))
		return GUESS_COUNTER;
	if (!guess_is_text(bytes))
		return 0;
	types = GUESS_TEXT | guess_number(bytes) | guess_time(bytes);
	if (is_word(bytes, "true") || is_word(bytes, "false"))
		types |= GUESS_BOOLEAN;
	if (is_uuid(bytes))
		types |= GUESS_UUID;
	if (is_json(bytes))
		types |= GUESS_JSONB;
	return types;
}
