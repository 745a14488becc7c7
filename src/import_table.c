/*-------------------------------------------------------------------------
 *
 * import_table.c
 *	  What is known of a Bigtable table -> CREATE FOREIGN TABLE.
 *
 * A type is taken from the family, if that has one, else from the values of the
 * sample: all of them must fit it, and there must be enough of them, or no
 * others.  Else the column is text, if it could be, or bytea.
 *
 * Bigtable's names are bytes of any kind and length, PostgreSQL's are not.  So
 * the options say which column is meant, and names are made up where they must.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "import_table.h"
#include "option.h"
#include "value_guess.h"

/* Values that are evidence of a type, where there may be others. */
#define MIN_VALUES 10

#define KEY_NAME "row_key"

/* A column of the foreign table. */
typedef struct ImportColumn
{
	const ColumnSample *sample;
	char *name; /* or NULL: none chosen yet */
	const char *type;
	const char *encoding; /* or NULL: the default */
} ImportColumn;

/* ---- types ---- */

typedef struct GuessedType
{
	int guess;
	const char *type;
	const char *encoding;
} GuessedType;

/* The narrowest first. */
static const GuessedType guessed_types[] = {
	{GUESS_COUNTER, "bigint", "binary"},
	{GUESS_BOOLEAN, "boolean", NULL},
	{GUESS_BIGINT, "bigint", NULL},
	{GUESS_NUMERIC, "numeric", NULL},
	{GUESS_DOUBLE, "double precision", NULL},
	{GUESS_DATE, "date", NULL},
	{GUESS_TIMESTAMPTZ, "timestamp with time zone", NULL},
	{GUESS_TIMESTAMP, "timestamp without time zone", NULL},
	{GUESS_UUID, "uuid", NULL},
	{GUESS_JSONB, "jsonb", NULL},
};

/* Has the sample seen enough of a column to tell its type? */
static bool
is_enough(const TableSample *sample, const ColumnSample *column)
{
	return column->values >= MIN_VALUES || (sample->is_complete && column->values > 0);
}

static void
guess_type(ImportColumn *column, const TableSample *sample)
{
	int types = column->sample->types;

	for (size_t i = 0; i < lengthof(guessed_types); i++)
		if ((types & guessed_types[i].guess) != 0 && is_enough(sample, column->sample))
		{
			column->type = guessed_types[i].type;
			column->encoding = guessed_types[i].encoding;
			return;
		}
	column->type = (types & GUESS_TEXT) != 0 ? "text" : "bytea";
}

/* The type that the family says; false if it says none that can be read. */
static bool
take_family_type(ImportColumn *column, const bt_type *type)
{
	if (type != NULL && type->kind == BT_TYPE_AGGREGATE &&
		type->aggregator != BT_AGGREGATE_UNIQUE_COUNT &&
		type->aggregator != BT_AGGREGATE_OTHER)
		type = type->element;
	if (type == NULL)
		return false;
	switch (type->kind)
	{
		case BT_TYPE_INT64:
			column->type = "bigint";
			column->encoding =
				type->encoding == BT_ENCODING_ORDERED_CODE ? "ordered" : "binary";
			return true;
		case BT_TYPE_STRING:
			column->type = "text";
			return GetDatabaseEncoding() == PG_UTF8;
		case BT_TYPE_AGGREGATE:
			column->type = "bytea";
			return true;
		default:
			return false;
	}
}

static const bt_type *
family_type(const bt_table *schema, bt_span family)
{
	for (size_t i = 0; i < schema->nfamilies; i++)
		if (bt_span_equal(schema->families[i].name, family))
			return schema->families[i].value_type;
	return NULL;
}

/* ---- names ---- */

/* UTF-8 that guess_is_text() is true for, in this database's encoding. */
static char *
text_of(bt_span bytes)
{
	return pg_any_to_server(pnstrdup((const char *) bytes.data, bytes.len),
							(int) bytes.len, PG_UTF8);
}

static char *
hex_of(bt_span bytes)
{
	StringInfoData hex;

	initStringInfo(&hex);
	for (size_t i = 0; i < bytes.len; i++)
		appendStringInfo(&hex, "%02x", bytes.data[i]);
	return hex.data;
}

static bool
is_system_column(const char *name)
{
	static const char *const names[] = {"tableoid", "cmax", "xmax",
										"cmin",     "xmin", "ctid"};

	for (size_t i = 0; i < lengthof(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Can a qualifier be the column's name as it is? */
static char *
plain_name(bt_span qualifier)
{
	char *name;

	if (qualifier.len == 0 || !guess_is_text(qualifier))
		return NULL;
	name = text_of(qualifier);
	return strlen(name) < NAMEDATALEN && !is_system_column(name) ? name : NULL;
}

static bool
is_taken(const ImportColumn *columns, int n, const char *name)
{
	if (strcmp(name, KEY_NAME) == 0 || is_system_column(name))
		return true;
	for (int i = 0; i < n; i++)
		if (columns[i].name != NULL && strcmp(columns[i].name, name) == 0)
			return true;
	return false;
}

/* Cuts off what is too long for a name with so many bytes behind it. */
static void
truncate_name(char *name, size_t more)
{
	size_t max = NAMEDATALEN - 1 - more;

	if (strlen(name) > max)
		name[pg_mbcliplen(name, (int) strlen(name), (int) max)] = '\0';
}

/* A name that no column has yet, from family and qualifier. */
static char *
make_name(const ImportColumn *columns, int n, const ColumnSample *column)
{
	char *family = text_of(column->family);
	char *name = family;

	if (column->qualifier.len > 0)
		name = psprintf("%s_%s", family,
						guess_is_text(column->qualifier) ? text_of(column->qualifier)
														 : hex_of(column->qualifier));
	truncate_name(name, 0);
	for (int i = 2; is_taken(columns, n, name); i++)
	{
		char *suffix = psprintf("_%d", i);
		char *base = pstrdup(name);

		if (i > 2)
			base[strlen(base) - strlen(psprintf("_%d", i - 1))] = '\0';
		truncate_name(base, strlen(suffix));
		name = psprintf("%s%s", base, suffix);
	}
	return name;
}

static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * Qualifiers name their columns, unless two families have the same; then, and
 * where a name cannot be, the family is put before it.
 */
static void
choose_names(ImportColumn *columns, int n)
{
	char **names = palloc(sizeof(char *) * (n + 1));
	int nnames = 0;

	for (int i = 0; i < n; i++)
	{
		char *name = plain_name(columns[i].sample->qualifier);

		if (name != NULL)
			names[nnames++] = name;
	}
	qsort(names, nnames, sizeof(char *), compare_strings);
	for (int i = 0; i < n; i++)
	{
		char *name = plain_name(columns[i].sample->qualifier);
		char **found =
			name == NULL ? NULL
						 : bsearch(&name, names, nnames, sizeof(char *), compare_strings);

		if (found != NULL && strcmp(name, KEY_NAME) != 0 &&
			(found == names || strcmp(found[-1], name) != 0) &&
			(found + 1 == names + nnames || strcmp(found[1], name) != 0))
			columns[i].name = name;
	}
	for (int i = 0; i < n; i++)
		if (columns[i].name == NULL)
			columns[i].name = make_name(columns, n, columns[i].sample);
}

/* ---- statements ---- */

/* As option "qualifier" has it. */
static char *
qualifier_option(bt_span qualifier)
{
	if (qualifier.len > 0 && guess_is_text(qualifier) &&
		!(qualifier.len > 1 && qualifier.data[0] == '\\' && qualifier.data[1] == 'x'))
		return text_of(qualifier);
	return psprintf("\\x%s", hex_of(qualifier));
}

static void
append_option(StringInfo sql, const char *name, const char *value)
{
	if (sql->data[sql->len - 1] != '(')
		appendStringInfoString(sql, ", ");
	appendStringInfo(sql, "%s %s", name, quote_literal_cstr(value));
}

static void
append_column(StringInfo sql, const ImportColumn *column)
{
	appendStringInfo(sql, ",\n  %s %s OPTIONS (", quote_identifier(column->name),
					 column->type);
	append_option(sql, "family", text_of(column->sample->family));
	append_option(sql, "qualifier", qualifier_option(column->sample->qualifier));
	if (column->encoding != NULL)
		append_option(sql, "encoding", column->encoding);
	appendStringInfoChar(sql, ')');
}

static void
append_key(StringInfo sql, const TableSample *sample)
{
	if (sample->has_text_keys)
		appendStringInfoString(sql,
							   KEY_NAME " text OPTIONS (row_key 'true') COLLATE \"C\" "
										"NOT NULL");
	else
		appendStringInfoString(sql, KEY_NAME " bytea OPTIONS (row_key 'true') NOT NULL");
}

/*
 * Columns are in the default encoding, unless they say otherwise; so it must be
 * the default.
 */
static void
append_table_options(StringInfo sql, const ForeignServer *server, const char *name,
					 bool is_cells)
{
	const char *encoding = option_string(server->options, "encoding", "text");

	appendStringInfo(sql, "\n) SERVER %s OPTIONS (",
					 quote_identifier(server->servername));
	append_option(sql, "table_name", name);
	if (is_cells)
		append_option(sql, "layout", "cells");
	else if (strcmp(encoding, "text") != 0)
		append_option(sql, "encoding", "text");
	appendStringInfoChar(sql, ')');
}

static char *
create_cells(const ForeignServer *server, const char *name, const TableSample *sample)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "CREATE FOREIGN TABLE %s (\n"
					 "  row_key %s NOT NULL,\n"
					 "  family text COLLATE \"C\" NOT NULL,\n"
					 "  qualifier %s NOT NULL,\n"
					 "  \"timestamp\" timestamp with time zone,\n"
					 "  value bytea NOT NULL,\n"
					 "  labels text[]",
					 quote_identifier(name),
					 sample->has_text_keys ? "text COLLATE \"C\"" : "bytea",
					 sample->has_text_qualifiers ? "text COLLATE \"C\"" : "bytea");
	append_table_options(&sql, server, name, true);
	return sql.data;
}

static char *
create_columns(const ForeignServer *server, const char *name, const bt_table *schema,
			   const TableSample *sample)
{
	ImportColumn *columns = palloc0(sizeof(ImportColumn) * (sample->ncolumns + 1));
	StringInfoData sql;

	for (int i = 0; i < sample->ncolumns; i++)
	{
		columns[i].sample = &sample->columns[i];
		if (!take_family_type(&columns[i],
							  family_type(schema, sample->columns[i].family)))
			guess_type(&columns[i], sample);
	}
	choose_names(columns, sample->ncolumns);

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE FOREIGN TABLE %s (\n  ", quote_identifier(name));
	append_key(&sql, sample);
	for (int i = 0; i < sample->ncolumns; i++)
		append_column(&sql, &columns[i]);
	append_table_options(&sql, server, name, false);
	return sql.data;
}

char *
import_create_table(const ImportSettings *settings, const ForeignServer *server,
					const char *name, const bt_table *schema, const TableSample *sample)
{
	if (settings->style == IMPORT_CELLS)
		return create_cells(server, name, sample);
	if (sample->ncolumns > settings->max_columns)
	{
		ereport(NOTICE,
				(errcode(ERRCODE_SUCCESSFUL_COMPLETION),
				 errmsg("table \"%s\" is imported with layout \"cells\"", name),
				 errdetail("It has more than %d columns.", settings->max_columns),
				 errhint("Set option \"max_columns\" of IMPORT FOREIGN SCHEMA.")));
		return create_cells(server, name, sample);
	}
	return create_columns(server, name, schema, sample);
}
