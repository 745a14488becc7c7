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
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

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

void
group_encoder_encode(RowEncoder *row, CellEncoder *cell, TupleTableSlot *slot,
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
