/*-------------------------------------------------------------------------
 *
 * import_table.c
 *	  What is known of a Bigtable table -> CREATE FOREIGN TABLE.
 *
 * A type is taken from the family, if that has one, else from the values of the
 * sample: all of them must fit it, and there must be enough of them, or no
 * others.  Else the column is text, if it could be, or bytea.  A family of which
 * the sample has no column, or too many, is one column, of type jsonb.
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

#include "import_key.h"
#include "import_name.h"
#include "import_table.h"
#include "option.h"
#include "value_guess.h"

/* Values that are evidence of a type, where there may be others. */
#define MIN_VALUES 10

#define KEY_NAME "row_key"

/* A column of the foreign table. */
typedef struct ImportColumn
{
	bt_span family;
	const ColumnSample *sample; /* NULL: it is the whole family */
	char *name;                 /* or NULL: none chosen yet */
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

/*
 * The numbers of a family that is all counters are shown as such; of others, all
 * values of eight bytes would be.
 */
static void
load_family_type(ImportColumn *column, const TableSample *sample,
				 const ColumnSample *columns, int n)
{
	bool all_counters = n > 0;

	for (int i = 0; i < n && all_counters; i++)
		all_counters =
			columns[i].types == GUESS_COUNTER && is_enough(sample, &columns[i]);
	column->type = "jsonb";
	column->encoding = all_counters ? "binary" : NULL;
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

/* ---- columns ---- */

/* A family, and what the sample has of it. */
typedef struct SampledFamily
{
	const bt_family *family;
	const ColumnSample *columns;
	int ncolumns;
	bool is_folded; /* it is one column */
} SampledFamily;

/* The sample is sorted, so that the columns of a family are together. */
static SampledFamily *
sort_by_family(const bt_table *schema, const TableSample *sample)
{
	SampledFamily *families = palloc0(sizeof(SampledFamily) * (schema->nfamilies + 1));

	for (size_t i = 0; i < schema->nfamilies; i++)
	{
		SampledFamily *family = &families[i];

		family->family = &schema->families[i];
		for (int j = 0; j < sample->ncolumns; j++)
			if (bt_span_equal(sample->columns[j].family, family->family->name))
			{
				if (family->ncolumns++ == 0)
					family->columns = &sample->columns[j];
			}
	}
	return families;
}

/* Makes the family with the most columns one; false if all are. */
static bool
fold_largest(SampledFamily *families, size_t nfamilies)
{
	SampledFamily *largest = NULL;

	for (size_t i = 0; i < nfamilies; i++)
		if (!families[i].is_folded && families[i].ncolumns > 1 &&
			(largest == NULL || families[i].ncolumns > largest->ncolumns))
			largest = &families[i];
	if (largest != NULL)
		largest->is_folded = true;
	return largest != NULL;
}

static int
count_columns(const SampledFamily *families, size_t nfamilies)
{
	int count = 0;

	for (size_t i = 0; i < nfamilies; i++)
		count += families[i].is_folded ? 1 : families[i].ncolumns;
	return count;
}

/* Chooses which families are one column each. */
static void
fold_families(const ImportSettings *settings, const char *table, SampledFamily *families,
			  size_t nfamilies)
{
	bool too_many = false;

	for (size_t i = 0; i < nfamilies; i++)
		families[i].is_folded =
			settings->style == IMPORT_FAMILIES || families[i].ncolumns == 0;
	while (count_columns(families, nfamilies) > settings->max_columns &&
		   fold_largest(families, nfamilies))
		too_many = true;
	if (too_many)
		ereport(NOTICE,
				(errcode(ERRCODE_SUCCESSFUL_COMPLETION),
				 errmsg("families of table \"%s\" are imported as jsonb", table),
				 errdetail("The table has more than %d columns.", settings->max_columns),
				 errhint("Set option \"max_columns\" of IMPORT FOREIGN SCHEMA.")));
}

/* Adds the columns that show a family, without their names. */
static void
add_family(ImportColumn *columns, int *n, const SampledFamily *family,
		   const TableSample *sample)
{
	int count = family->is_folded ? 1 : family->ncolumns;

	for (int i = 0; i < count; i++)
	{
		ImportColumn *column = &columns[(*n)++];

		column->family = family->family->name;
		column->sample = family->is_folded ? NULL : &family->columns[i];
		if (family->is_folded)
			load_family_type(column, sample, family->columns, family->ncolumns);
		else if (!take_family_type(column, family->family->value_type))
			guess_type(column, sample);
	}
}

/* All columns but the key's, without their names; sets how many. */
static ImportColumn *
list_columns(const ImportSettings *settings, const char *table, const bt_table *schema,
			 const TableSample *sample, int *n)
{
	SampledFamily *families = sort_by_family(schema, sample);
	ImportColumn *columns;

	fold_families(settings, table, families, schema->nfamilies);
	columns =
		palloc0(sizeof(ImportColumn) * (count_columns(families, schema->nfamilies) + 1));
	*n = 0;
	for (size_t i = 0; i < schema->nfamilies; i++)
		add_family(columns, n, &families[i], sample);
	return columns;
}

/* ---- names ---- */

static bool
is_key_name(const ImportKey *key, const char *name)
{
	for (int i = 0; i < key->nparts; i++)
		if (strcmp(key->parts[i].name, name) == 0)
			return true;
	return false;
}

static bool
is_taken(const ImportKey *key, const ImportColumn *columns, int n, const char *name)
{
	if (is_key_name(key, name) || import_is_system_column(name))
		return true;
	for (int i = 0; i < n; i++)
		if (columns[i].name != NULL && strcmp(columns[i].name, name) == 0)
			return true;
	return false;
}

/* A name that no column has yet, from family and qualifier. */
static char *
make_name(const ImportKey *key, const ImportColumn *columns, int n,
		  const ImportColumn *column)
{
	char *name = import_text(column->family);

	if (column->sample != NULL && column->sample->qualifier.len > 0)
	{
		bt_span qualifier = column->sample->qualifier;

		name = psprintf("%s_%s", name,
						guess_is_text(qualifier) ? import_text(qualifier)
												 : import_hex(qualifier));
	}
	import_truncate_name(name, 0);
	for (int i = 2; is_taken(key, columns, n, name); i++)
	{
		char *suffix = psprintf("_%d", i);
		char *base = pstrdup(name);

		if (i > 2)
			base[strlen(base) - strlen(psprintf("_%d", i - 1))] = '\0';
		import_truncate_name(base, strlen(suffix));
		name = psprintf("%s%s", base, suffix);
	}
	return name;
}

static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static bt_span
own_name(const ImportColumn *column)
{
	return column->sample != NULL ? column->sample->qualifier : column->family;
}

/*
 * Qualifiers name their columns, unless two families have the same; then, and
 * where a name cannot be, the family is put before it.
 */
static void
choose_names(const ImportKey *key, ImportColumn *columns, int n)
{
	char **names = palloc(sizeof(char *) * (n + 1));
	int nnames = 0;

	for (int i = 0; i < n; i++)
	{
		char *name = import_plain_name(own_name(&columns[i]));

		if (name != NULL)
			names[nnames++] = name;
	}
	qsort(names, nnames, sizeof(char *), compare_strings);
	for (int i = 0; i < n; i++)
	{
		char *name = import_plain_name(own_name(&columns[i]));
		char **found =
			name == NULL ? NULL
						 : bsearch(&name, names, nnames, sizeof(char *), compare_strings);

		if (found != NULL && !is_key_name(key, name) &&
			(found == names || strcmp(found[-1], name) != 0) &&
			(found + 1 == names + nnames || strcmp(found[1], name) != 0))
			columns[i].name = name;
	}
	for (int i = 0; i < n; i++)
		if (columns[i].name == NULL)
			columns[i].name = make_name(key, columns, n, &columns[i]);
}

/* ---- statements ---- */

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
	append_option(sql, "family", import_text(column->family));
	if (column->sample != NULL)
		append_option(sql, "qualifier", import_bytes_option(column->sample->qualifier));
	if (column->encoding != NULL)
		append_option(sql, "encoding", column->encoding);
	appendStringInfoChar(sql, ')');
}

static void
append_key_part(StringInfo sql, const ImportKey *key, int i)
{
	const ImportKeyPart *part = &key->parts[i];

	appendStringInfo(sql, "%s%s %s OPTIONS (", i > 0 ? ",\n  " : "",
					 quote_identifier(part->name), part->type);
	if (key->is_whole)
		append_option(sql, "row_key", "true");
	else
		append_option(sql, "key_part", psprintf("%d", i + 1));
	if (part->encoding != NULL)
		append_option(sql, "encoding", part->encoding);
	appendStringInfo(sql, ")%s%s NOT NULL", part->collation != NULL ? " COLLATE " : "",
					 part->collation != NULL ? part->collation : "");
}

/* The key of a table that has no schema of it. */
static ImportKey
plain_key(const TableSample *sample)
{
	ImportKeyPart *part = palloc0(sizeof(ImportKeyPart));
	ImportKey key = {.nparts = 1, .parts = part, .is_whole = true};

	part->name = KEY_NAME;
	part->type = sample->has_text_keys ? "text" : "bytea";
	part->collation = sample->has_text_keys ? "\"C\"" : NULL;
	return key;
}

/*
 * Columns are in the default encoding, unless they say otherwise; so it must be
 * the default.  Without a key, each row is a cell.
 */
static void
append_table_options(StringInfo sql, const ForeignServer *server, const char *name,
					 const ImportKey *key)
{
	const char *encoding = option_string(server->options, "encoding", "text");

	appendStringInfo(sql, "\n) SERVER %s OPTIONS (",
					 quote_identifier(server->servername));
	append_option(sql, "table_name", name);
	if (key == NULL)
		append_option(sql, "layout", "cells");
	else if (strcmp(encoding, "text") != 0)
		append_option(sql, "encoding", "text");
	if (key != NULL && key->encoding != NULL)
		append_option(sql, "key_encoding", key->encoding);
	if (key != NULL && key->delimiter != NULL)
		append_option(sql, "key_delimiter", key->delimiter);
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
	append_table_options(&sql, server, name, NULL);
	return sql.data;
}

static char *
create_columns(const ImportSettings *settings, const ForeignServer *server,
			   const char *name, const bt_table *schema, const TableSample *sample)
{
	ImportKey key;
	int n;
	ImportColumn *columns = list_columns(settings, name, schema, sample, &n);
	StringInfoData sql;

	if (!import_key_of_schema(schema->row_key, &key))
		key = plain_key(sample);
	choose_names(&key, columns, n);

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE FOREIGN TABLE %s (\n  ", quote_identifier(name));
	for (int i = 0; i < key.nparts; i++)
		append_key_part(&sql, &key, i);
	for (int i = 0; i < n; i++)
		append_column(&sql, &columns[i]);
	append_table_options(&sql, server, name, &key);
	return sql.data;
}

char *
import_create_table(const ImportSettings *settings, const ForeignServer *server,
					const char *name, const bt_table *schema, const TableSample *sample)
{
	if (settings->style == IMPORT_CELLS)
		return create_cells(server, name, sample);
	return create_columns(settings, server, name, schema, sample);
}
