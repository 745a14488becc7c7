/*-------------------------------------------------------------------------
 *
 * group_encoder.c
 *	  Columns that stand for several cells of a row -> mutations.
 *
 * An array of versions is written as one cell an element, newest first, at the
 * times that an array of timestamps gives, or now and a millisecond earlier
 * each.  So what is written is read, if the row is new, or updated: UPDATE
 * replaces all versions.
 *
 * An object of a family, or of the row, is written as one cell a key.  UPDATE
 * compares it with the old one: it writes what is new or has changed, and deletes
 * what is no longer there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "cell_json.h"
#include "group_encoder.h"
#include "quote.h"

#define US_PER_MS 1000

/* ---- versions ---- */

/* The elements of an array that is a list; none is NULL. */
static int
list_elements(const ColumnMapping *column, Datum value, Datum **elements)
{
	ArrayType *array = DatumGetArrayTypeP(value);
	int16 typlen;
	bool typbyval;
	char typalign;
	bool *nulls;
	int n;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &typlen, &typbyval, &typalign);
	deconstruct_array(array, ARR_ELEMTYPE(array), typlen, typbyval, typalign, elements,
					  &nulls, &n);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("cannot write an array of %d dimensions as versions",
							   ARR_NDIM(array))));
	for (int i = 0; i < n; i++)
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("version of a cell cannot be NULL")));
	return n;
}

/* What would not be read as it is written is not written. */
static void
check_count(const ColumnMapping *column, int n)
{
	if (n == 0)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot write an empty array of versions"),
						errdetail("It would be read back as NULL.")));
	if (n > column->max_versions)
		ereport(
			ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("too many versions of a cell"),
			 errdetail("There are %d; option \"max_versions\" of column \"%s\" is %d.", n,
					   column->name, column->max_versions)));
}

/* The times of n versions; NULL if the row gives none. */
static int64 *
given_times(RowEncoder *row, const ColumnMapping *column, TupleTableSlot *slot, int n)
{
	Datum *elements;
	int64 *times;

	if (column == NULL || slot->tts_isnull[column->attnum - 1])
		return NULL;
	row->encoding = column;
	if (list_elements(column, slot->tts_values[column->attnum - 1], &elements) != n)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("there must be as many timestamps as versions of a cell")));
	times = palloc(n * sizeof(int64));
	for (int i = 0; i < n; i++)
	{
		times[i] = row_encoder_given_time_us(elements[i]);
		if (i > 0 && times[i] >= times[i - 1])
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("timestamps of versions must be in descending order")));
	}
	return times;
}

static void
add_versions(RowEncoder *row, CellEncoder *cell, TupleTableSlot *slot, bool given)
{
	const ColumnMapping *column = cell->mapping;
	Datum *elements;
	int n = list_elements(column, slot->tts_values[column->attnum - 1], &elements);
	int64 *times = given ? given_times(row, cell->timestamp, slot, n) : NULL;

	row->encoding = column;
	check_count(column, n);
	if (row_encoder_family(row, cell) != BT_FAMILY_PLAIN)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot write versions to an aggregate"),
						errdetail("Column family %s holds aggregates.",
								  quoted(column->family))));
	for (int i = 0; i < n; i++)
	{
		bt_span value = encoder_encode(&cell->encoder, elements[i]);
		bt_mutation *mutation = row_encoder_add(row, BT_SET_CELL, column);

		row_encoder_check_value(value);
		mutation->value = value;
		mutation->timestamp_us =
			times != NULL ? times[i] : row_encoder_time_us(row) - (int64) i * US_PER_MS;
	}
}

__attribute__((noreturn)) static void
report_times_alone(RowEncoder *row, const ColumnMapping *column)
{
	row->encoding = column;
	ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION),
					errmsg("timestamps of versions that have no values")));
}

static void
encode_versions(RowEncoder *row, CellEncoder *cell, TupleTableSlot *slot,
				Bitmapset *changed)
{
	const ColumnMapping *column = cell->mapping;
	const ColumnMapping *times = cell->timestamp;
	bool is_insert = changed == NULL;
	bool is_null = slot->tts_isnull[column->attnum - 1];
	bool new_values = is_insert || bms_is_member(column->attnum, changed);
	bool new_times = times != NULL && !slot->tts_isnull[times->attnum - 1] &&
					 (is_insert || bms_is_member(times->attnum, changed));

	if (new_times && is_null)
		report_times_alone(row, times);
	if (!new_values && !new_times)
		return;
	row->encoding = column;
	if (!is_insert || (row->table->write.replace && !is_null))
	{
		(void) row_encoder_family(row, cell);
		(void) row_encoder_add(row, BT_DELETE_COLUMN, column);
	}
	if (!is_null)
		add_versions(row, cell, slot, new_times);
}

/* ---- objects ---- */

/* What a cell of an object is, as a column of its own. */
static CellEncoder
cell_of_object(const ColumnMapping *column, const JsonCell *json)
{
	CellEncoder cell = {0};
	ColumnMapping *mapping = palloc(sizeof(ColumnMapping));

	*mapping = *column;
	if (column->kind == COLUMN_ROW_JSON)
		mapping->family = json->family;
	mapping->qualifier = json->qualifier;
	cell.mapping = mapping;
	return cell;
}

static void
add_object_amount(RowEncoder *row, const CellEncoder *cell, const JsonCell *json)
{
	bt_mutation *mutation;

	if (!json->is_number || cell->family == BT_FAMILY_OTHER_AGGREGATE)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("value cannot be added to an aggregate"),
						errdetail("The cell is %s:%s.", quoted(cell->mapping->family),
								  quoted(cell->mapping->qualifier))));
	mutation = row_encoder_add(row, BT_ADD_TO_CELL, cell->mapping);
	mutation->amount = json->number;
	mutation->timestamp_us = 0;
}

/* Writes a cell; an update must be what is read afterwards, see row_encoder.c. */
static void
write_object_cell(RowEncoder *row, const ColumnMapping *column, const JsonCell *json,
				  bool is_update)
{
	CellEncoder cell = cell_of_object(column, json);
	bool is_aggregate = row_encoder_family(row, &cell) != BT_FAMILY_PLAIN;
	int64 now_us = row_encoder_time_us(row);
	bt_mutation *mutation;

	if (is_update || (row->table->write.replace && !is_aggregate))
	{
		mutation = row_encoder_add(row, BT_DELETE_COLUMN, cell.mapping);
		if (!is_aggregate && !row->table->write.replace)
			mutation->from_us = now_us + US_PER_MS;
	}
	if (is_aggregate)
	{
		add_object_amount(row, &cell, json);
		return;
	}
	if (json->is_number && column->encoding == ENCODING_TEXT)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("number cannot be written to a cell in encoding \"text\""),
			 errdetail("The cell is %s:%s. The number would be read back as a string.",
					   quoted(cell.mapping->family), quoted(cell.mapping->qualifier)),
			 errhint("Use a string, or option \"encoding\" 'binary'.")));
	row_encoder_check_value(json->value);
	mutation = row_encoder_add(row, BT_SET_CELL, cell.mapping);
	mutation->timestamp_us = now_us;
	mutation->value = json->value;
}

static void
delete_object_cell(RowEncoder *row, const ColumnMapping *column, const JsonCell *json)
{
	CellEncoder cell = cell_of_object(column, json);

	(void) row_encoder_family(row, &cell);
	(void) row_encoder_add(row, BT_DELETE_COLUMN, cell.mapping);
}

/* The cells of a column's object in a row; none if it is NULL. */
static int
cells_of(const ColumnMapping *column, TupleTableSlot *slot, JsonCell **cells)
{
	bool isnull;
	Datum value = slot_getattr(slot, column->attnum, &isnull);

	return isnull
			   ? 0
			   : cell_json_parse(DatumGetJsonbP(value), column->kind == COLUMN_ROW_JSON,
								 column->encoding, cells);
}

static bool
same_value(const JsonCell *a, const JsonCell *b)
{
	return a->is_number == b->is_number && a->number == b->number &&
		   bt_span_equal(a->value, b->value);
}

/* Both lists are in order. */
static void
write_changes(RowEncoder *row, const ColumnMapping *column, const JsonCell *old, int nold,
			  const JsonCell *new, int nnew)
{
	int i = 0;
	int j = 0;

	while (i < nold || j < nnew)
	{
		int cmp = i == nold ? 1 : j == nnew ? -1 : cell_json_compare(&old[i], &new[j]);

		if (cmp < 0)
			delete_object_cell(row, column, &old[i++]);
		else if (cmp > 0)
			write_object_cell(row, column, &new[j++], true);
		else
		{
			if (!same_value(&old[i], &new[j]))
				write_object_cell(row, column, &new[j], true);
			i++;
			j++;
		}
	}
}

static void
update_object(RowEncoder *row, const ColumnMapping *column, TupleTableSlot *slot)
{
	JsonCell *old = NULL;
	JsonCell *new = NULL;
	int nold;
	int nnew = cells_of(column, slot, &new);

	if (column->kind == COLUMN_ROW_JSON && nnew == 0)
		ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION),
						errmsg("cannot update a row to have no cells"),
						errhint("Use DELETE to remove the row.")));
	if (slot->tts_isnull[column->attnum - 1])
	{
		CellEncoder cell = {.mapping = column};

		/* All of it, also what has been added since the row was read. */
		(void) row_encoder_family(row, &cell);
		(void) row_encoder_add(row, BT_DELETE_FAMILY, column);
		return;
	}
	if (row->old_slot == NULL)
		elog(ERROR, "old row of an update is not known");
	nold = cells_of(column, row->old_slot, &old);
	write_changes(row, column, old, nold, new, nnew);
}

static void
encode_object(RowEncoder *row, const ColumnMapping *column, TupleTableSlot *slot,
			  Bitmapset *changed)
{
	JsonCell *cells;
	int n;

	row->encoding = column;
	if (changed == NULL)
	{
		n = cells_of(column, slot, &cells);
		for (int i = 0; i < n; i++)
			write_object_cell(row, column, &cells[i], false);
	}
	else if (bms_is_member(column->attnum, changed))
		update_object(row, column, slot);
	if (row->nmutations > BT_MAX_MUTATIONS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many cells are written to a row"),
						errdetail("Bigtable allows %d changes in a request.",
								  BT_MAX_MUTATIONS)));
}

void
group_encoder_encode(RowEncoder *row, CellEncoder *cell, TupleTableSlot *slot,
					 Bitmapset *changed)
{
	if (column_is_object(cell->mapping))
		encode_object(row, cell->mapping, slot, changed);
	else
		encode_versions(row, cell, slot, changed);
}

bool
group_encoder_has_cell(const ColumnMapping *column, TupleTableSlot *slot)
{
	bool isnull;
	Datum value = slot_getattr(slot, column->attnum, &isnull);

	return !isnull &&
		   (!column_is_object(column) || JB_ROOT_COUNT(DatumGetJsonbP(value)) > 0);
}
