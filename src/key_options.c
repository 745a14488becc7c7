/*-------------------------------------------------------------------------
 *
 * key_options.c
 *	  A table's options -> how its row keys are put together.
 *
 * The validator has looked at each object's options by themselves; here they are
 * looked at together, and beside the types of the columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "codec.h"
#include "key_options.h"
#include "option.h"

/* ---- parts ---- */

static void
report_missing_part(const TableMapping *table, int part, int last)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					errmsg("foreign table \"%s\" has no column with key_part \"%d\"",
						   table->relname, part),
					errdetail("The last part of its row key is %d.", last),
					errhint("Number the parts from 1, without gaps.")));
}

static void
report_same_part(const TableMapping *table, const ColumnMapping *a,
				 const ColumnMapping *b)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("columns \"%s\" and \"%s\" of foreign table \"%s\" have the same "
					"key_part \"%d\"",
					a->name, b->name, table->relname, a->key_part)));
}

static void
set_part(KeyPart *part, const ColumnMapping *column)
{
	int16 typlen = get_typlen(column->typid);

	part->column = column;
	part->is_reversed = column->is_reversed;
	part->is_number = column->encoding == ENCODING_ORDERED;
	part->has_empty = codec_has_empty(column->typid);

	/* Types of fixed length have just that many bytes in binary encoding. */
	if (column->encoding == ENCODING_BINARY && typlen > 0)
		part->width = typlen;
}

/* Finds the columns that are parts of the key. */
static void
load_parts(TableMapping *table)
{
	RowKey *key = &table->row_key;
	int last = 0;

	for (int i = 0; i < table->natts; i++)
		last = Max(last, table->columns[i].key_part);
	key->parts = palloc0(sizeof(KeyPart) * (last + 1));
	for (int i = 0; i < table->natts; i++)
	{
		const ColumnMapping *column = &table->columns[i];

		if (column->key_part == 0)
			continue;
		if (table->key != NULL)
			ereport(
				ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("foreign table \"%s\" has both a row key column and parts "
						"of a row key",
						table->relname),
				 errdetail("Column \"%s\" is the row key, column \"%s\" a part of it.",
						   table->key->name, column->name)));
		if (key->parts[column->key_part - 1].column != NULL)
			report_same_part(table, key->parts[column->key_part - 1].column, column);
		set_part(&key->parts[column->key_part - 1], column);
	}
	for (int i = 0; i < last; i++)
		if (key->parts[i].column == NULL)
			report_missing_part(table, i + 1, last);
	key->nparts = last;
}

/* ---- the encoding ---- */

static KeyEncoding
key_encoding(List *options)
{
	bool has_delimiter = option_string(options, "key_delimiter", NULL) != NULL;
	const char *name = option_string(options, "key_encoding",
									 has_delimiter ? "delimited" : "concatenated");

	if (strcmp(name, "ordered_code") == 0)
		return KEY_ORDERED_CODE;
	return strcmp(name, "delimited") == 0 ? KEY_DELIMITED : KEY_CONCATENATED;
}

static void
load_encoding(TableMapping *table, List *options)
{
	RowKey *key = &table->row_key;
	const char *delimiter = option_string(options, "key_delimiter", NULL);

	key->encoding = key_encoding(options);
	if (key->encoding == KEY_DELIMITED)
		key->delimiter.data =
			option_bytes("key_delimiter", delimiter, &key->delimiter.len);
}

/* Can the segments be told from each other, and turned round? */
static void
check_parts(const TableMapping *table)
{
	const RowKey *key = &table->row_key;

	for (int i = 0; i < key->nparts; i++)
	{
		const KeyPart *part = &key->parts[i];
		bool is_self_delimiting = row_key_is_self_delimiting(part);

		if (key->encoding == KEY_CONCATENATED && i < key->nparts - 1 &&
			!is_self_delimiting)
			ereport(
				ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("segment of column \"%s\" of foreign table \"%s\" has no end",
						part->column->name, table->relname),
				 errdetail("It is of varying length, and another one follows it."),
				 errhint(
					 "Set the table's option \"key_delimiter\" or \"key_encoding\".")));
		if (part->is_reversed && key->encoding != KEY_ORDERED_CODE && !is_self_delimiting)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
					 errmsg("column \"%s\" of foreign table \"%s\" cannot be reversed",
							part->column->name, table->relname),
					 errdetail("Its segments are of varying length: reversed, shorter "
							   "ones would still sort before longer ones."),
					 errhint("Use encoding 'binary' or 'ordered' for the column, or "
							 "key_encoding 'ordered_code' for the table.")));
	}
}

/* ---- the salt ---- */

static int
count_digits(int number)
{
	int digits = 1;

	for (; number >= 10; number /= 10)
		digits++;
	return digits;
}

static KeyPart *
find_part(RowKey *key, const char *name)
{
	for (int i = 0; i < key->nparts; i++)
		if (strcmp(key->parts[i].column->name, name) == 0)
			return &key->parts[i];
	return NULL;
}

static void
load_salt(TableMapping *table, List *options)
{
	RowKey *key = &table->row_key;
	const char *columns = option_string(options, "key_salt_columns", "");
	List *names;
	ListCell *cell;

	key->nbuckets = option_int(options, "key_salt", 0);
	if (key->nbuckets == 0)
		return;
	key->salt_digits = count_digits(key->nbuckets - 1);
	key->salt_width = key->salt_digits + key->delimiter.len;
	if (!SplitIdentifierString(pstrdup(columns), ',', &names) || names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("invalid value for option \"key_salt_columns\" of foreign "
						"table \"%s\": \"%s\"",
						table->relname, columns),
				 errdetail("Names of columns are expected, separated by commas.")));
	foreach (cell, names)
	{
		KeyPart *part = find_part(key, lfirst(cell));

		if (part == NULL)
			ereport(
				ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("\"%s\" in option \"key_salt_columns\" of foreign table \"%s\" "
						"is not a part of the row key",
						(char *) lfirst(cell), table->relname)));
		part->is_salted = true;
	}
}

/* ---- all of it ---- */

/* What says how parts are put together says nothing without any. */
static void
check_no_parts(const TableMapping *table, List *options)
{
	static const char *const names[] = {"key_encoding", "key_delimiter", "key_salt"};

	for (size_t i = 0; i < lengthof(names); i++)
		if (option_string(options, names[i], NULL) != NULL)
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
							errmsg("option \"%s\" of foreign table \"%s\" has no effect",
								   names[i], table->relname),
							errdetail("No column is a part of the row key."),
							errhint("Set option \"key_part\" of the columns that are.")));
}

static KeyMismatch
load_mismatch(List *options, List *server_options)
{
	const char *name =
		option_string(options, "on_key_mismatch",
					  option_string(server_options, "on_key_mismatch", "error"));

	if (strcmp(name, "null") == 0)
		return KEY_MISMATCH_NULL;
	return strcmp(name, "skip") == 0 ? KEY_MISMATCH_SKIP : KEY_MISMATCH_ERROR;
}

void
key_options_load(TableMapping *table, List *options, List *server_options)
{
	RowKey *key = &table->row_key;

	load_parts(table);
	key->on_mismatch = load_mismatch(options, server_options);
	for (int i = 0; i < table->natts; i++)
		table->columns[i].may_be_null = table->columns[i].kind == COLUMN_ROW_KEY &&
										key->on_mismatch == KEY_MISMATCH_NULL;
	if (key->nparts > 0)
	{
		load_encoding(table, options);
		check_parts(table);
		load_salt(table, options);
		return;
	}
	check_no_parts(table, options);
	if (table->key == NULL)
		return;
	key->nparts = 1;
	key->parts = palloc0(sizeof(KeyPart));
	key->encoding = KEY_WHOLE;
	key->parts[0].column = table->key;
	key->parts[0].has_empty = codec_has_empty(table->key->typid);
}
