/*-------------------------------------------------------------------------
 *
 * quote.c
 *	  Byte strings as people read them, in messages and in EXPLAIN.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "quote.h"

#define MAX_BYTES_IN_MESSAGE 128

/* Length of a UTF-8 character that may be shown as it is, or 0. */
static int
printable_length(const uint8 *bytes, size_t left)
{
	int len;

	if (bytes[0] < 0x80)
		return bytes[0] >= 0x20 && bytes[0] < 0x7f && bytes[0] != '"' && bytes[0] != '\\'
				   ? 1
				   : 0;
	if (GetDatabaseEncoding() != PG_UTF8)
		return 0;
	len = pg_utf_mblen(bytes);
	return (size_t) len <= left && pg_utf8_islegal(bytes, len) ? len : 0;
}

void
append_quoted(StringInfo out, bt_span bytes, size_t max_bytes)
{
	size_t i = 0;

	appendStringInfoChar(out, '"');
	while (i < bytes.len && i < max_bytes)
	{
		int len = printable_length(bytes.data + i, bytes.len - i);

		if (len > 0)
			appendBinaryStringInfo(out, (const char *) bytes.data + i, len);
		else if (bytes.data[i] == '"' || bytes.data[i] == '\\')
			appendStringInfo(out, "\\%c", bytes.data[i]);
		else
			appendStringInfo(out, "\\x%02x", bytes.data[i]);
		i += len > 0 ? len : 1;
	}
	appendStringInfoString(out, i < bytes.len ? "...\"" : "\"");
}

char *
quoted(bt_span bytes)
{
	StringInfoData out;

	initStringInfo(&out);
	append_quoted(&out, bytes, MAX_BYTES_IN_MESSAGE);
	return out.data;
}
