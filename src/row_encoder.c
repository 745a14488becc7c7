/*-------------------------------------------------------------------------
 *
 * row_encoder.c
 *	  Tuples -> row keys and mutations.
 *
 * Every cell gets an explicit timestamp, in whole milliseconds, so that a
 * write that is tried again has the same effect.  The clock of a backend never
 * goes back: what is written later is newer.
 *
 * What the service would refuse, in the middle of a batch, is refused here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "codec.h"
#include "group_encoder.h"
#include "quote.h"
#include "row_encoder.h"

#define US_PER_MS 1000

/* ---- preparing ---- */

static const ColumnMapping *
find_column(const TableMapping *table, ColumnKind kind, const ColumnMapping *of)
{
	for (int i = 0; i < table->natts; i++)
	{
		const ColumnMapping *column = &table->columns[i];

		if (column->kind == kind && bt_span_equal(column->family, of->family) &&
			bt_span_equal(column->qualifier, of->qualifier))
			return column;
	}
	return NULL;
}

/* Can a value be written to the column, or to what it belongs to? */
static bool
is_writable(const TableMapping *table, const ColumnMapping *column)
{
	switch (column->kind)
	{
		case COLUMN_TIMESTAMP:
			return find_column(table, COLUMN_VALUE, column) != NULL;
		case COLUMN_TIMESTAMPS:
			return find_column(table, COLUMN_VERSIONS, column) != NULL;
		case COLUMN_HISTORY:
		case COLUMN_AS_OF:
			return false;
		default:
			return true;
	}
}

static void
init_cell(RowEncoder *row, const ColumnMapping *column)
{
	CellEncoder *cell = &row->cells[row->ncells++];
	bool has_versions = column->kind == COLUMN_VERSIONS;

	cell->mapping = column;
	if (column_is_object(column))
		return;
	cell->timestamp = find_column(
		row->table, has_versions ? COLUMN_TIMESTAMPS : COLUMN_TIMESTAMP, column);
	if (has_versions)
		cell->version = mapping_of_version(column);
	encoder_init(&cell->encoder, has_versions ? &cell->version : column);
	row->needs_fixed_settings |= cell->encoder.needs_fixed_settings;
}

static void
init_key(RowEncoder *row)
{
	const RowKey *key = &row->table->row_key;

	row->key_encoders = palloc0(sizeof(Encoder) * key->nparts);
	row->key_attrs = palloc0(sizeof(AttrNumber) * key->nparts);
	row->segments = palloc0(sizeof(bt_span) * key->nparts);
	for (int i = 0; i < key->nparts; i++)
	{
		encoder_init(&row->key_encoders[i], key->parts[i].column);
		row->key_needs_fixed_settings |= row->key_encoders[i].needs_fixed_settings;
		row->key_attrs[i] = key->parts[i].column->attnum;
	}
}

RowEncoder *
row_encoder_create(const TableMapping *table, Connection *connection)
{
	RowEncoder *row = palloc0(sizeof(RowEncoder));

	row->table = table;
	row->connection = connection;
	row->context = AllocSetContextCreate(CurrentMemoryContext, "bigtable_fdw row",
										 ALLOCSET_DEFAULT_SIZES);
	init_key(row);
	row->needs_fixed_settings = row->key_needs_fixed_settings;
	row->cells = palloc0(sizeof(CellEncoder) * (table->natts + 1));
	row->capacity = 2 * table->natts + 1;
	row->mutations = palloc(sizeof(bt_mutation) * row->capacity);
	for (int i = 0; i < table->natts; i++)
	{
		const ColumnMapping *column = &table->columns[i];

		if (!is_writable(table, column))
			row->unwritable = lappend(row->unwritable, (void *) column);
		else if (column->kind == COLUMN_VALUE || column->kind == COLUMN_VERSIONS ||
				 column_is_object(column))
			init_cell(row, column);
	}
	return row;
}

static void
encoding_context(void *arg)
{
	RowEncoder *row = arg;

	if (row->encoding != NULL)
		errcontext("column \"%s\" of foreign table \"%s\", row key %s",
				   row->encoding->name, row->table->relname, quoted(row->key));
}

/* ---- keys ---- */

void
row_encoder_check_key(const TableMapping *table, bt_span key)
{
	if (key.len == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("row key column \"%s\" of foreign table \"%s\" is empty",
							   table->row_key.parts[0].column->name, table->relname),
						errdetail("Bigtable has no row with an empty key.")));
	if (key.len > BT_MAX_ROW_KEY_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("row key of foreign table \"%s\" is too long", table->relname),
				 errdetail("It has %zu bytes, and begins with %s. Bigtable allows %zu "
						   "bytes.",
						   key.len, quoted(bt_span_make(key.data, 32)),
						   BT_MAX_ROW_KEY_BYTES)));
}

static void
report_null(const RowEncoder *row, const ColumnMapping *column)
{
	if (row->table->key != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("null value in row key column \"%s\" of foreign table \"%s\"",
						column->name, row->table->relname)));
	ereport(
		ERROR,
		(errcode(ERRCODE_NOT_NULL_VIOLATION),
		 errmsg("null value in column \"%s\" of foreign table \"%s\", which is a part "
				"of the row key",
				column->name, row->table->relname)));
}

static void
report_segment(const RowEncoder *row, const ColumnMapping *column, bt_span segment)
{
	bt_span delimiter = row->table->row_key.delimiter;

	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		 errmsg("value %s of column \"%s\" of foreign table \"%s\" cannot be a part "
				"of a row key",
				quoted(segment), column->name, row->table->relname),
		 errdetail("It would not be told from the delimiter %s.", quoted(delimiter))));
}

/* Encodes the parts of the key; they live in the row's memory, or in the slot. */
static void
encode_segments(RowEncoder *row, TupleTableSlot *slot, const AttrNumber *attrs)
{
	const RowKey *key = &row->table->row_key;

	for (int i = 0; i < key->nparts; i++)
	{
		const ColumnMapping *column = key->parts[i].column;
		bool isnull;
		Datum value = slot_getattr(slot, attrs[i], &isnull);

		if (isnull)
			report_null(row, column);
		row->segments[i] = encoder_encode(&row->key_encoders[i], value);
		if (key->encoding != KEY_WHOLE && !row_key_allows(key, i, row->segments[i]))
			report_segment(row, column, row->segments[i]);
	}
}

void
row_encoder_begin(RowEncoder *row, TupleTableSlot *slot, const AttrNumber *attrs)
{
	const RowKey *key = &row->table->row_key;
	MemoryContext old;
	int nest_level = 0;

	MemoryContextReset(row->context);
	row->nmutations = 0;
	row->time_us = 0;
	old = MemoryContextSwitchTo(row->context);
	if (row->key_needs_fixed_settings)
		nest_level = encoder_begin_fixed_settings();
	encode_segments(row, slot, attrs);
	row->key = key->encoding == KEY_WHOLE ? row->segments[0]
										  : row_key_encode(key, row->segments);
	if (row->key_needs_fixed_settings)
		encoder_end_fixed_settings(nest_level);
	MemoryContextSwitchTo(old);

	row_encoder_check_key(row->table, row->key);
}

/* ---- timestamps ---- */

int64
row_encoder_current_time_us(void)
{
	static int64 last = 0;
	const int64 epoch_us =
		(int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	int64 now = GetCurrentTimestamp() + epoch_us;

	now -= now % US_PER_MS;
	if (now > last)
		last = now;
	return last;
}

/* One time for all of a row's cells. */
int64
row_encoder_time_us(RowEncoder *row)
{
	if (row->time_us == 0)
		row->time_us = row_encoder_current_time_us();
	return row->time_us;
}

int64
row_encoder_given_time_us(Datum value)
{
	int64 us;

	if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(value)) ||
		!codec_number(TIMESTAMPTZOID, value, &us) || us < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp of cell is out of range: %s",
						timestamptz_to_str(DatumGetTimestampTz(value))),
				 errdetail("Bigtable's timestamps begin in 1970 and are finite.")));
	if (us % US_PER_MS != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("timestamp of cell is not in whole milliseconds: %s",
							   timestamptz_to_str(DatumGetTimestampTz(value))),
						errhint("Use date_trunc('milliseconds', ...).")));
	return us;
}

/* ---- cells ---- */

__attribute__((noreturn)) static void
report_time_without_value(const ColumnMapping *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("timestamp of a cell that has no value"),
			 errdetail("Column \"%s\" is the timestamp of the cell %s:%s, to which no "
					   "value is written.",
					   column->name, quoted(column->family), quoted(column->qualifier))));
}

static bool
is_present(TupleTableSlot *slot, const ColumnMapping *column)
{
	return column != NULL && !slot->tts_isnull[column->attnum - 1];
}

bt_mutation *
row_encoder_add(RowEncoder *row, bt_mutation_kind kind, const ColumnMapping *column)
{
	bt_mutation *mutation;

	if (row->nmutations == row->capacity)
	{
		row->capacity *= 2;
		row->mutations =
			repalloc_huge(row->mutations, sizeof(bt_mutation) * row->capacity);
	}
	mutation = &row->mutations[row->nmutations++];
	mutation->kind = kind;
	mutation->family = column->family;
	mutation->qualifier = column->qualifier;
	mutation->from_us = 0;
	mutation->to_us = 0;
	return mutation;
}

bt_family_type
row_encoder_family(RowEncoder *row, CellEncoder *cell)
{
	if (!cell->family_is_known)
	{
		cell->family =
			connection_check_family(row->connection, row->table, cell->mapping);
		cell->family_is_known = true;
	}
	return cell->family;
}

static int64
integer_value(const ColumnMapping *column, Datum value)
{
	if (column->encoding != ENCODING_BINARY && column->encoding != ENCODING_TEXT &&
		codec_has_any_width(column->typid))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("column \"%s\" cannot be written to an aggregate", column->name),
				 errdetail("Column family %s holds aggregates of integers, which are "
						   "binary.",
						   quoted(column->family)),
				 errhint("Set option \"encoding\" of the column to 'binary'.")));
	switch (column->typid)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT8OID:
			return DatumGetInt64(value);
		default:
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
							errmsg("cannot add a value of type %s to an aggregate",
								   format_type_be(column->typid)),
							errdetail("Column family %s holds aggregates of integers.",
									  quoted(column->family))));
	}
	return 0;
}

static void
add_to_aggregate(RowEncoder *row, CellEncoder *cell, Datum value, int64 time_us)
{
	bt_mutation *mutation;

	if (cell->family == BT_FAMILY_OTHER_AGGREGATE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot write to column family %s of Bigtable table \"%s\"",
						quoted(cell->mapping->family), row->table->remote_name),
				 errdetail("It holds aggregates of a kind that is not supported.")));
	mutation = row_encoder_add(row, BT_ADD_TO_CELL, cell->mapping);
	mutation->amount = integer_value(cell->mapping, value);
	mutation->timestamp_us = time_us >= 0 ? time_us : AGGREGATE_TIMESTAMP_US;
}

void
row_encoder_check_value(bt_span value)
{
	if (value.len > BT_MAX_VALUE_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("value is too large for a cell"),
						errdetail("It has %zu bytes; Bigtable allows %zu.", value.len,
								  BT_MAX_VALUE_BYTES)));
}

/* What else of a column goes when a cell of it is written. */
typedef enum Removal
{
	REMOVE_NOTHING,
	REMOVE_NEWER, /* versions that would hide the new one */
	REMOVE_ALL
} Removal;

/* Writes a value: at a time, or now if that is below 0. */
static void
write_cell(RowEncoder *row, CellEncoder *cell, Datum value, int64 time_us,
		   Removal removal)
{
	bt_family_type family = row_encoder_family(row, cell);
	int64 now_us = time_us >= 0 ? time_us : row_encoder_time_us(row);
	bt_mutation *mutation;

	if (removal != REMOVE_NOTHING)
	{
		mutation = row_encoder_add(row, BT_DELETE_COLUMN, cell->mapping);
		if (removal == REMOVE_NEWER)
			mutation->from_us = now_us + US_PER_MS;
	}
	if (family != BT_FAMILY_PLAIN)
	{
		add_to_aggregate(row, cell, value, time_us);
		return;
	}
	mutation = row_encoder_add(row, BT_SET_CELL, cell->mapping);
	mutation->timestamp_us = now_us;
	mutation->value = encoder_encode(&cell->encoder, value);
	row_encoder_check_value(mutation->value);
}

/* ---- rows ---- */

static void
insert_cell(RowEncoder *row, CellEncoder *cell, TupleTableSlot *slot)
{
	bool has_time = is_present(slot, cell->timestamp);
	int64 time_us = -1;

	if (!is_present(slot, cell->mapping))
	{
		if (has_time)
		{
			row->encoding = cell->timestamp;
			report_time_without_value(cell->timestamp);
		}
		return;
	}
	if (has_time)
	{
		row->encoding = cell->timestamp;
		time_us =
			row_encoder_given_time_us(slot->tts_values[cell->timestamp->attnum - 1]);
	}
	row->encoding = cell->mapping;
	write_cell(row, cell, slot->tts_values[cell->mapping->attnum - 1], time_us,
			   row->table->write.replace &&
					   row_encoder_family(row, cell) == BT_FAMILY_PLAIN
				   ? REMOVE_ALL
				   : REMOVE_NOTHING);
}

/*
 * What is updated must be what is read afterwards: a version from the future,
 * written by a client whose clock is ahead, goes.  A new time moves the cell
 * there, so that nothing else may be left.
 */
static void
update_cell(RowEncoder *row, CellEncoder *cell, TupleTableSlot *slot, Bitmapset *changed)
{
	bool new_value = bms_is_member(cell->mapping->attnum, changed);
	bool new_time =
		cell->timestamp != NULL && bms_is_member(cell->timestamp->attnum, changed);
	int64 time_us = -1;

	if (new_time && is_present(slot, cell->timestamp))
	{
		row->encoding = cell->timestamp;
		if (!is_present(slot, cell->mapping))
			report_time_without_value(cell->timestamp);
		time_us =
			row_encoder_given_time_us(slot->tts_values[cell->timestamp->attnum - 1]);
	}
	row->encoding = cell->mapping;
	if (is_present(slot, cell->mapping) && (new_value || new_time))
		write_cell(row, cell, slot->tts_values[cell->mapping->attnum - 1], time_us,
				   row->table->write.replace || new_time ||
						   row_encoder_family(row, cell) != BT_FAMILY_PLAIN
					   ? REMOVE_ALL
					   : REMOVE_NEWER);
	else if (new_value)
	{
		(void) row_encoder_family(row, cell);
		(void) row_encoder_add(row, BT_DELETE_COLUMN, cell->mapping);
	}
}

static void
check_unwritable(RowEncoder *row, TupleTableSlot *slot, Bitmapset *changed)
{
	ListCell *cell;

	foreach (cell, row->unwritable)
	{
		const ColumnMapping *column = lfirst(cell);

		if (!is_present(slot, column) ||
			(changed != NULL && !bms_is_member(column->attnum, changed)))
			continue;
		row->encoding = column;
		if (column->kind == COLUMN_TIMESTAMP || column->kind == COLUMN_TIMESTAMPS)
			report_time_without_value(column);
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot write to column \"%s\" of foreign table \"%s\"",
							   column->name, row->table->relname),
						column->kind == COLUMN_AS_OF
							? errdetail("It is the time that a scan reads as of.")
							: errdetail("The history of a cell can only be read.")));
	}
}

/* Adds the mutations of all cells; a NULL set of changes means an INSERT. */
static void
encode_cells(RowEncoder *row, TupleTableSlot *slot, Bitmapset *changed, bool insert)
{
	ErrorContextCallback callback = {error_context_stack, encoding_context, row};
	MemoryContext old = MemoryContextSwitchTo(row->context);
	int nest_level = 0;

	slot_getallattrs(slot);
	error_context_stack = &callback;
	if (row->needs_fixed_settings)
		nest_level = encoder_begin_fixed_settings();
	if (row->unwritable != NIL)
		check_unwritable(row, slot, changed);
	for (int i = 0; i < row->ncells; i++)
	{
		if (row->cells[i].mapping->kind != COLUMN_VALUE)
			group_encoder_encode(row, &row->cells[i], slot, insert ? NULL : changed);
		else if (insert)
			insert_cell(row, &row->cells[i], slot);
		else
			update_cell(row, &row->cells[i], slot, changed);
	}
	if (row->needs_fixed_settings)
		encoder_end_fixed_settings(nest_level);
	row->encoding = NULL;
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(old);
}

void
row_encoder_insert(RowEncoder *row, TupleTableSlot *slot)
{
	encode_cells(row, slot, NULL, true);
	if (row->nmutations == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("cannot insert row %s into foreign table \"%s\" without any cell",
						quoted(row->key), row->table->relname),
				 errdetail("In Bigtable a row is its cells: one without any does not "
						   "exist."),
				 errhint("Give at least one column besides the row key a value that is "
						 "not NULL.")));
}

bool
row_encoder_update(RowEncoder *row, TupleTableSlot *slot, Bitmapset *changed)
{
	encode_cells(row, slot, changed, false);
	for (int i = 0; i < row->ncells; i++)
		if (group_encoder_has_cell(row->cells[i].mapping, slot))
			return true;
	return false;
}

void
row_encoder_delete(RowEncoder *row)
{
	bt_mutation *mutation = &row->mutations[row->nmutations++];

	memset(mutation, 0, sizeof(*mutation));
	mutation->kind = BT_DELETE_ROW;
}
