/*-------------------------------------------------------------------------
 *
 * utf8.c
 *	  Bigtable's text, which is UTF-8, in the database's encoding.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "utf8.h"

bool
utf8_to_server(bt_span *text)
{
	int encoding = GetDatabaseEncoding();
	int len = (int) text->len;
	Size size;
	char *converted;
	Oid proc;

	if (is_plain_ascii(text->data, text->len))
		return true;
	if (text->len > MaxAllocSize / MAX_CONVERSION_GROWTH - 1 ||
		!pg_verify_mbstr(PG_UTF8, (const char *) text->data, len, true))
		return false;
	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return true;
	proc = FindDefaultConversionProc(PG_UTF8, encoding);
	if (!OidIsValid(proc))
		return false;
	size = (Size) len * MAX_CONVERSION_GROWTH + 1;
	converted = palloc(size);
	if (pg_do_encoding_conversion_buf(
			proc, PG_UTF8, encoding, (unsigned char *) text->data, len,
			(unsigned char *) converted, (int) size, true) < len)
		return false;
	*text = bt_span_str(converted);
	return true;
}
