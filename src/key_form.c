/*-------------------------------------------------------------------------
 *
 * key_form.c
 *	  Has a row that is to be changed the key that its values are written as?
 *
 * See key_form.h.  A row that PostgreSQL drops afterwards does no harm, so that
 * what is found is reported by the caller, or not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "encoder.h"
#include "key_form.h"
#include "quote.h"

/* A column, and what was decoded of it last. */
typedef struct WatchedColumn
{
	const ColumnMapping *mapping;
	Encoder encoder;
	bool is_other;
	Datum value; /* if so; in the row's memory */
} WatchedColumn;

struct KeyForm
{
	const TableMapping *table;
	WatchedColumn *columns;
	int ncolumns;
};

KeyForm *
key_form_create(const TableMapping *table)
{
	KeyForm *form = palloc0(sizeof(KeyForm));

	form->table = table;
	form->columns = palloc0(sizeof(WatchedColumn) * (table->row_key.nparts + 1));
	return form;
}

/* What a value is written as, in the current memory context. */
static bt_span
write_value(WatchedColumn *column, Datum value)
{
	bt_span bytes;
	int nest_level;

	if (!column->encoder.needs_fixed_settings)
		return encoder_encode(&column->encoder, value);
	nest_level = encoder_begin_fixed_settings();
	bytes = encoder_encode(&column->encoder, value);
	encoder_end_fixed_settings(nest_level);
	return bytes;
}

static void
see_value(void *arg, bt_span bytes, Datum value)
{
	WatchedColumn *column = arg;

	column->value = value;
	column->is_other = !bt_span_equal(write_value(column, value), bytes);
}

void
key_form_watch(KeyForm *form, Codec *codec, const ColumnMapping *column)
{
	WatchedColumn *watched = &form->columns[form->ncolumns++];

	watched->mapping = column;
	encoder_init(&watched->encoder, column);
	codec_watch(codec, see_value, watched);
}

void
key_form_forget(KeyForm *form)
{
	for (int i = 0; i < form->ncolumns; i++)
		form->columns[i].is_other = false;
}

bool
key_form_is_other(const KeyForm *form)
{
	for (int i = 0; i < form->ncolumns; i++)
		if (form->columns[i].is_other)
			return true;
	return false;
}

void
key_form_report(const KeyForm *form, bt_span key)
{
	WatchedColumn *column = form->columns;

	while (!column->is_other)
		column++;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot change the row with key %s of foreign table \"%s\"",
					quoted(key), form->table->relname),
			 errdetail("The value of column \"%s\" would be written as %s, in the key of "
					   "another row.",
					   column->mapping->name, quoted(write_value(column, column->value))),
			 errhint("Use a foreign table that has the row key in a column of type text "
					 "or bytea.")));
}
