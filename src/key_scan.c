/*-------------------------------------------------------------------------
 *
 * key_scan.c
 *	  The row keys of a scan -> the columns that they are put together of.
 *
 * Only the segments that the query needs are decoded, unless a key that does not
 * fit makes a row without a key, or no row: then each one has to be looked at.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "codec.h"
#include "key_scan.h"
#include "quote.h"

struct KeyScan
{
	const TableMapping *table;
	KeySplitter *splitter;
	bool has_clauses;
	bool *is_needed; /* by part: somebody wants its value */
	bool *is_read;   /* or at least to know whether it has one */
	Codec *codecs;
};

KeyScan *
key_scan_create(const TableMapping *table, Bitmapset *attrs, bool has_clauses,
				KeyForm *form)
{
	const RowKey *key = &table->row_key;
	bool is_strict = key->on_mismatch == KEY_MISMATCH_ERROR;
	bool has_work = !is_strict;
	KeyScan *scan = palloc0(sizeof(KeyScan));

	scan->table = table;
	scan->has_clauses = has_clauses;
	scan->splitter = row_key_splitter(key);
	scan->is_needed = palloc0(sizeof(bool) * (key->nparts + 1));
	scan->is_read = palloc0(sizeof(bool) * (key->nparts + 1));
	scan->codecs = palloc0(sizeof(Codec) * (key->nparts + 1));
	for (int i = 0; i < key->nparts; i++)
	{
		const KeyPart *part = &key->parts[i];

		scan->is_needed[i] = bms_is_member(part->column->attnum, attrs);
		scan->is_read[i] = scan->is_needed[i] || !is_strict;
		has_work |= scan->is_needed[i];
		codec_init(&scan->codecs[i], part->column);
		scan->codecs[i].null_on_error = !is_strict;

		/* Of so many bytes, each is a value, and has one form; but true has two. */
		if (part->width > 0 && part->column->typid != BOOLOID)
			scan->codecs[i].decode = scan->codecs[i].decode_form;
		if (form != NULL)
			key_form_watch(form, &scan->codecs[i], part->column);
	}
	return has_work && key->nparts > 0 ? scan : NULL;
}

Bitmapset *
key_scan_attrs(const TableMapping *table)
{
	const RowKey *key = &table->row_key;
	Bitmapset *attrs = NULL;

	for (int i = 0; i < key->nparts; i++)
		attrs = bms_add_member(attrs, key->parts[i].column->attnum);
	return attrs;
}

/* Decodes the segments; returns false if one is not a value. */
static bool
read_segments(KeyScan *scan, RowMemory *memory, Datum *values, bool *isnull,
			  const ColumnMapping **converting)
{
	const RowKey *key = &scan->table->row_key;

	for (int i = 0; i < key->nparts; i++)
	{
		Codec *codec = &scan->codecs[i];
		const ColumnMapping *column = key->parts[i].column;
		Datum value;

		if (!scan->is_read[i])
			continue;
		*converting = column;
		codec->failed = false;
		if (!codec_decode(codec, scan->splitter->segments[i], memory, &value) ||
			codec->failed)
			return false;
		if (!scan->is_needed[i] || values == NULL)
			continue;
		values[column->attnum - 1] = value;
		isnull[column->attnum - 1] = false;
	}
	return true;
}

__attribute__((noreturn)) static void
report_mismatch(const KeyScan *scan, bt_span key)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("row key %s does not fit the key parts of foreign table \"%s\"",
					quoted(key), scan->table->relname),
			 errdetail("%s", row_key_problem_text(scan->splitter)),
			 errhint("Set option \"on_key_mismatch\" of the table to 'null' or 'skip' if "
					 "there are such keys.")));
}

bool
key_scan_read(KeyScan *scan, bt_span key, RowMemory *memory, Datum *values, bool *isnull,
			  const ColumnMapping **converting)
{
	const RowKey *row_key = &scan->table->row_key;

	*converting = NULL;
	if (row_key_split(scan->splitter, key))
	{
		if (read_segments(scan, memory, values, isnull, converting))
			return true;
	}
	else if (row_key->on_mismatch == KEY_MISMATCH_ERROR)
		report_mismatch(scan, key);
	if (row_key->on_mismatch == KEY_MISMATCH_SKIP || scan->has_clauses)
		return false;
	for (int i = 0; i < row_key->nparts && values != NULL; i++)
		isnull[row_key->parts[i].column->attnum - 1] = true;
	return true;
}
