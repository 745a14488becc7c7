/*-------------------------------------------------------------------------
 *
 * import_name.c
 *	  Bigtable's names -> names and options of PostgreSQL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "import_name.h"
#include "value_guess.h"

char *
import_text(bt_span bytes)
{
	return pg_any_to_server(pnstrdup((const char *) bytes.data, bytes.len),
							(int) bytes.len, PG_UTF8);
}

char *
import_hex(bt_span bytes)
{
	StringInfoData hex;

	initStringInfo(&hex);
	for (size_t i = 0; i < bytes.len; i++)
		appendStringInfo(&hex, "%02x", bytes.data[i]);
	return hex.data;
}

bool
import_is_system_column(const char *name)
{
	static const char *const names[] = {"tableoid", "cmax", "xmax",
										"cmin",     "xmin", "ctid"};

	for (size_t i = 0; i < lengthof(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

char *
import_plain_name(bt_span bytes)
{
	char *name;

	if (bytes.len == 0 || !guess_is_text(bytes))
		return NULL;
	name = import_text(bytes);
	return strlen(name) < NAMEDATALEN && !import_is_system_column(name) ? name : NULL;
}

void
import_truncate_name(char *name, size_t more)
{
	size_t max = NAMEDATALEN - 1 - more;

	if (strlen(name) > max)
		name[pg_mbcliplen(name, (int) strlen(name), (int) max)] = '\0';
}

char *
import_bytes_option(bt_span bytes)
{
	if (bytes.len > 0 && guess_is_text(bytes) &&
		!(bytes.len > 1 && bytes.data[0] == '\\' && bytes.data[1] == 'x'))
		return import_text(bytes);
	return psprintf("\\x%s", import_hex(bytes));
}
