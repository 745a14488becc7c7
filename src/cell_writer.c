/*-------------------------------------------------------------------------
 *
 * cell_writer.c
 *	  Tables with layout 'cells': tuples -> mutations of single cells.
 *
 * Cells of one row that come one after another are written as one entry: a row
 * key must not be twice in a request, and an entry takes effect as a whole.
 *
 * A cell is told from others by its row key, family, qualifier and timestamp.
 * To change one of the latter three is to delete the cell and set another one.
 * If that is one that the statement has yet to visit (all timestamps go back by
 * an hour, say), the visit must not delete it: so what has been moved to is
 * kept in mind.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "cell_layout.h"
#include "cell_writer.h"
#include "codec.h"
#include "quote.h"
#include "row_encoder.h"

/* An entry is handed on when it has so many mutations, or bytes. */
#define MAX_ENTRY_MUTATIONS 10000
#define MAX_ENTRY_BYTES ((Size) 1024 * 1024)

#define US_PER_MS 1000

/* Sets of cells. */
typedef struct CellEntry
{
	bt_span id; /* see identity_bytes() */
	uint32 hash;
	char status;
} CellEntry;

#define SH_PREFIX cellset
#define SH_ELEMENT_TYPE CellEntry
#define SH_KEY_TYPE bt_span
#define SH_KEY id
#define SH_HASH_KEY(tb, k) hash_bytes((k).data, (int) (k).len)
#define SH_EQUAL(tb, a, b) bt_span_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

/* A cell, in bytes. */
typedef struct Cell
{
	bt_span key;
	bt_span family;
	bt_span qualifier;
	int64 time_us;
} Cell;

struct CellWriter
{
	const TableMapping *table;
	Sender *sender;
	bt_span at; /* the row key at hand, for messages */
	const ColumnMapping *key;
	const ColumnMapping *family;
	const ColumnMapping *qualifier;
	const ColumnMapping *timestamp;
	const ColumnMapping *value;
	const ColumnMapping *labels; /* or NULL */

	/* The entry at hand. */
	MemoryContext entry_context;
	bt_span entry_key;
	int nmutations;
	int capacity;
	bt_mutation *mutations;
	Size bytes;

	/* The family that was last written to. */
	char known_family[64];
	size_t known_family_len;
	bt_family_type known_family_type;

	cellset_hash *seen;  /* cells that have been changed, or NULL */
	cellset_hash *moved; /* cells that others have been moved to, or NULL */
	MemoryContext context;
};

CellWriter *
cell_writer_create(const TableMapping *table, Sender *sender, bool may_repeat)
{
	CellWriter *writer = palloc0(sizeof(CellWriter));

	writer->table = table;
	writer->sender = sender;
	writer->key = table->key;
	writer->family = cell_layout_column(table, COLUMN_FAMILY);
	writer->qualifier = cell_layout_column(table, COLUMN_QUALIFIER);
	writer->timestamp = cell_layout_column(table, COLUMN_TIMESTAMP);
	writer->value = cell_layout_column(table, COLUMN_VALUE);
	writer->labels = cell_layout_column(table, COLUMN_LABELS);
	writer->context = CurrentMemoryContext;
	writer->entry_context = AllocSetContextCreate(
		CurrentMemoryContext, "bigtable_fdw cells", ALLOCSET_DEFAULT_SIZES);
	writer->capacity = 64;
	writer->mutations = palloc(sizeof(bt_mutation) * writer->capacity);
	if (may_repeat)
		writer->seen = cellset_create(writer->context, 1024, NULL);
	return writer;
}

/* ---- sets of cells ---- */

/* Bytes that are the same for the same cell only, in the current memory context. */
static bt_span
identity_bytes(const Cell *cell)
{
	uint32 lengths[] = {(uint32) cell->key.len, (uint32) cell->family.len};
	Size size = sizeof(lengths) + sizeof(int64) + cell->key.len + cell->family.len +
				cell->qualifier.len;
	uint8 *bytes = palloc(size);
	uint8 *end = bytes;

	memcpy(end, lengths, sizeof(lengths));
	end += sizeof(lengths);
	memcpy(end, &cell->time_us, sizeof(int64));
	end += sizeof(int64);
	memcpy(end, cell->key.data, cell->key.len);
	end += cell->key.len;
	memcpy(end, cell->family.data, cell->family.len);
	end += cell->family.len;
	if (cell->qualifier.len > 0)
		memcpy(end, cell->qualifier.data, cell->qualifier.len);
	return bt_span_make(bytes, size);
}

/* Adds a cell to a set; false if it is in it already. */
static bool
remember(CellWriter *writer, cellset_hash *set, const Cell *cell)
{
	MemoryContext old = MemoryContextSwitchTo(writer->context);
	bt_span id = identity_bytes(cell);
	bool found;

	(void) cellset_insert(set, id, &found);
	if (found)
		pfree((void *) id.data);
	MemoryContextSwitchTo(old);
	return !found;
}

static bool
is_member(cellset_hash *set, const Cell *cell)
{
	bt_span id;
	bool result;

	if (set == NULL)
		return false;
	id = identity_bytes(cell);
	result = cellset_lookup(set, id) != NULL;
	pfree((void *) id.data);
	return result;
}

/* ---- the entry at hand ---- */

void
cell_writer_flush(CellWriter *writer)
{
	if (writer->nmutations == 0)
		return;
	sender_put(writer->sender, writer->entry_key, writer->mutations, writer->nmutations);
	writer->nmutations = 0;
	writer->bytes = 0;
	MemoryContextReset(writer->entry_context);
}

static bt_span
copy_span(CellWriter *writer, bt_span span)
{
	uint8 *bytes;

	if (span.len == 0)
		return bt_span_make(NULL, 0);
	bytes = MemoryContextAllocHuge(writer->entry_context, span.len);
	memcpy(bytes, span.data, span.len);
	writer->bytes += span.len;
	return bt_span_make(bytes, span.len);
}

/*
 * Begins what belongs together: n mutations of a row, of about so many bytes.
 */
static void
begin_mutations(CellWriter *writer, bt_span key, int n, Size bytes)
{
	if (writer->nmutations > 0 && (!bt_span_equal(writer->entry_key, key) ||
								   writer->nmutations + n > MAX_ENTRY_MUTATIONS ||
								   writer->bytes + bytes > MAX_ENTRY_BYTES))
		cell_writer_flush(writer);
	if (writer->nmutations == 0)
		writer->entry_key = copy_span(writer, key);
}

static bt_mutation *
add_mutation(CellWriter *writer, bt_mutation_kind kind, const Cell *cell)
{
	bt_mutation *mutation;

	if (writer->nmutations == writer->capacity)
	{
		writer->capacity *= 2;
		writer->mutations =
			repalloc(writer->mutations, sizeof(bt_mutation) * writer->capacity);
	}
	mutation = &writer->mutations[writer->nmutations++];
	memset(mutation, 0, sizeof(*mutation));
	mutation->kind = kind;
	mutation->family = copy_span(writer, cell->family);
	mutation->qualifier = copy_span(writer, cell->qualifier);
	return mutation;
}

/*
 * Deletes exactly one cell.  The service knows milliseconds only, and refuses a
 * range that does not begin and end with one; a time that is not a whole one is
 * from a table that is finer than that.
 */
static void
add_delete(CellWriter *writer, const Cell *cell)
{
	bt_mutation *mutation = add_mutation(writer, BT_DELETE_COLUMN, cell);

	mutation->from_us = cell->time_us;
	mutation->to_us = cell->time_us + (cell->time_us % US_PER_MS == 0 ? US_PER_MS : 1);
}

/* ---- parts of a cell ---- */

static Datum
required_part(const CellWriter *writer, TupleTableSlot *slot, const ColumnMapping *column)
{
	bool isnull;
	Datum value = slot_getattr(slot, column->attnum, &isnull);

	if (isnull)
		ereport(
			ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("null value in column \"%s\" of foreign table \"%s\"", column->name,
					writer->table->relname),
			 errdetail("Each row is a cell: only \"timestamp\" and labels may be "
					   "null."),
			 writer->key != column ? errcontext("row key %s", quoted(writer->at)) : 0));
	return value;
}

static bt_span
bytes_of(const ColumnMapping *column, Datum value)
{
	bt_span bytes;

	if (!codec_encode(column->typid, ENCODING_TEXT, value, &bytes))
		elog(ERROR, "type %u has no bytes", column->typid);
	return bytes;
}

static bt_span
key_of(CellWriter *writer, Datum key)
{
	writer->at = bytes_of(writer->key, key);
	row_encoder_check_key(writer->table, writer->at);
	return writer->at;
}

static bt_span
qualifier_of(CellWriter *writer, Datum value)
{
	bt_span qualifier = bytes_of(writer->qualifier, value);

	if (qualifier.len > BT_MAX_QUALIFIER_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("qualifier is too long for a column"),
						errdetail("It has %zu bytes; Bigtable allows %zu.", qualifier.len,
								  BT_MAX_QUALIFIER_BYTES),
						errcontext("row key %s", quoted(writer->at))));
	return qualifier;
}

static void
check_labels(const CellWriter *writer, TupleTableSlot *slot)
{
	bool isnull;
	Datum labels;

	if (writer->labels == NULL)
		return;
	labels = slot_getattr(slot, writer->labels->attnum, &isnull);
	if (!isnull && ARR_NDIM(DatumGetArrayTypeP(labels)) > 0)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot write to column \"%s\" of foreign table \"%s\"",
							   writer->labels->name, writer->table->relname),
						errdetail("Labels are not stored: filters add them to what they "
								  "return.")));
}

static bt_family_type
family_type_of(CellWriter *writer, bt_span family)
{
	ColumnMapping column = *writer->family;

	if (writer->known_family_len > 0 &&
		bt_span_equal(family,
					  bt_span_make(writer->known_family, writer->known_family_len)))
		return writer->known_family_type;
	column.family = family;
	writer->known_family_type = connection_check_family(sender_connection(writer->sender),
														writer->table, &column);
	writer->known_family_len = 0;
	if (family.len <= sizeof(writer->known_family))
	{
		memcpy(writer->known_family, family.data, family.len);
		writer->known_family_len = family.len;
	}
	return writer->known_family_type;
}

/* The time that a slot gives the cell, in microseconds; -1: none. */
static int64
given_time(const CellWriter *writer, TupleTableSlot *slot)
{
	bool isnull;
	Datum value = slot_getattr(slot, writer->timestamp->attnum, &isnull);

	return isnull ? -1 : row_encoder_given_time_us(value);
}

/* ---- cells ---- */

static int64
amount_of(const CellWriter *writer, const Cell *cell, bt_span value)
{
	uint64 word;

	if (value.len != sizeof(word))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("value cannot be added to an aggregate"),
				 errdetail("Column family %s holds aggregates of integers: a value has 8 "
						   "bytes, this one has %zu.",
						   quoted(cell->family), value.len),
				 errhint("Make it by int8send()."),
				 errcontext("row key %s", quoted(cell->key))));
	memcpy(&word, value.data, sizeof(word));
	return (int64) pg_ntoh64(word);
}

/* Sets a cell, at its own time. */
static void
add_set(CellWriter *writer, const Cell *cell, bt_span value, bt_family_type type)
{
	bt_mutation *mutation;

	if (type == BT_FAMILY_PLAIN)
	{
		mutation = add_mutation(writer, BT_SET_CELL, cell);
		mutation->value = copy_span(writer, value);
	}
	else
	{
		int64 amount = amount_of(writer, cell, value);

		mutation = add_mutation(writer, BT_ADD_TO_CELL, cell);
		mutation->amount = amount;
	}
	mutation->timestamp_us = cell->time_us;
}

/* What can be told of a cell before anything is written. */
static bt_family_type
check_cell(CellWriter *writer, const Cell *cell, bt_span value)
{
	bt_family_type type = family_type_of(writer, cell->family);

	if (type == BT_FAMILY_OTHER_AGGREGATE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot write to column family %s of Bigtable table \"%s\"",
						quoted(cell->family), writer->table->remote_name),
				 errdetail("It holds aggregates of a kind that is not supported.")));
	if (value.len > BT_MAX_VALUE_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("value is too large for a cell"),
						errdetail("It has %zu bytes; Bigtable allows %zu.", value.len,
								  BT_MAX_VALUE_BYTES),
						errcontext("row key %s", quoted(cell->key))));
	return type;
}

/* The time of a cell that gives none. */
static int64
default_time(bt_family_type type)
{
	return type == BT_FAMILY_PLAIN ? row_encoder_current_time_us()
								   : AGGREGATE_TIMESTAMP_US;
}

static Size
cell_bytes(const Cell *cell, bt_span value)
{
	return cell->family.len + cell->qualifier.len + value.len;
}

/* The cell that a slot describes, but for its time; sets its value. */
static Cell
cell_of_slot(CellWriter *writer, TupleTableSlot *slot, bt_span *value)
{
	Cell cell = {0};

	cell.key = key_of(writer, required_part(writer, slot, writer->key));
	cell.family = bytes_of(writer->family, required_part(writer, slot, writer->family));
	cell.qualifier = qualifier_of(writer, required_part(writer, slot, writer->qualifier));
	*value = bytes_of(writer->value, required_part(writer, slot, writer->value));
	check_labels(writer, slot);
	return cell;
}

TimestampTz
cell_writer_insert(CellWriter *writer, TupleTableSlot *slot)
{
	bt_span value;
	Cell cell = cell_of_slot(writer, slot, &value);
	bt_family_type type = check_cell(writer, &cell, value);

	cell.time_us = given_time(writer, slot);
	if (cell.time_us < 0)
		cell.time_us = default_time(type);
	begin_mutations(writer, cell.key, 1, cell_bytes(&cell, value));
	add_set(writer, &cell, value, type);
	return DatumGetTimestampTz(codec_timestamp_datum(cell.time_us));
}

/* ---- changes ---- */

static Cell
cell_of_identity(CellWriter *writer, const CellIdentity *id)
{
	Cell cell;

	cell.key = key_of(writer, id->key);
	cell.family = bytes_of(writer->family, id->family);
	cell.qualifier = bytes_of(writer->qualifier, id->qualifier);
	(void) codec_number(TIMESTAMPTZOID, id->timestamp, &cell.time_us);
	return cell;
}

/* Is this the first change of a cell? */
static bool
is_first_change(CellWriter *writer, const Cell *cell)
{
	return writer->seen == NULL || remember(writer, writer->seen, cell);
}

/* Cells do not move from row to row. */
static void
check_key(CellWriter *writer, const Cell *old, const Cell *new)
{
	if (!bt_span_equal(old->key, new->key))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot change row key %s of foreign table \"%s\" to %s",
						quoted(old->key), writer->table->relname, quoted(new->key)),
				 errhint("Insert a cell with the new row key, and delete the old one.")));
}

/* The time that an update gives a cell; it may keep one that is not settable. */
static int64
updated_time(const CellWriter *writer, const CellIdentity *old, const Cell *old_cell,
			 TupleTableSlot *slot, bt_family_type type)
{
	bool isnull;
	Datum value = slot_getattr(slot, writer->timestamp->attnum, &isnull);

	if (isnull)
		return default_time(type);
	if (DatumGetTimestampTz(value) == DatumGetTimestampTz(old->timestamp))
		return old_cell->time_us;
	return row_encoder_given_time_us(value);
}

/* Deletes a cell and sets another one. */
static void
move_cell(CellWriter *writer, const Cell *old, const Cell *new, bt_span value,
		  bt_family_type type)
{
	if (!is_member(writer->moved, old))
		add_delete(writer, old);
	if (writer->moved == NULL)
		writer->moved = cellset_create(writer->context, 1024, NULL);
	(void) remember(writer, writer->moved, new);
	add_set(writer, new, value, type);
}

bool
cell_writer_update(CellWriter *writer, const CellIdentity *old, TupleTableSlot *slot,
				   TimestampTz *timestamp)
{
	Cell old_cell = cell_of_identity(writer, old);
	bt_family_type type;
	bt_span value;
	Cell cell;

	if (!is_first_change(writer, &old_cell))
		return false;
	cell = cell_of_slot(writer, slot, &value);
	check_key(writer, &old_cell, &cell);
	type = check_cell(writer, &cell, value);
	cell.time_us = updated_time(writer, old, &old_cell, slot, type);
	*timestamp = DatumGetTimestampTz(codec_timestamp_datum(cell.time_us));

	begin_mutations(writer, cell.key, 2, 2 * cell_bytes(&cell, value));
	if (cell.time_us != old_cell.time_us ||
		!bt_span_equal(cell.family, old_cell.family) ||
		!bt_span_equal(cell.qualifier, old_cell.qualifier))
		move_cell(writer, &old_cell, &cell, value, type);
	else
	{
		/* To an aggregate one can only add. */
		if (type != BT_FAMILY_PLAIN)
			add_delete(writer, &cell);
		add_set(writer, &cell, value, type);
	}
	return true;
}

bool
cell_writer_delete(CellWriter *writer, const CellIdentity *old)
{
	Cell cell = cell_of_identity(writer, old);

	if (!is_first_change(writer, &cell))
		return false;
	begin_mutations(writer, cell.key, 1, cell_bytes(&cell, bt_span_make(NULL, 0)));
	add_delete(writer, &cell);
	return true;
}
