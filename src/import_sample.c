/*-------------------------------------------------------------------------
 *
 * import_sample.c
 *	  A sample of a table's rows: which columns there are, and what they hold.
 *
 * Rows that are close to each other are often alike, so the sample is taken from
 * several places of the table.  Only the newest cell of each column is looked
 * at, as a foreign table does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "arena.h"
#include "client/row_reader.h"
#include "import_sample.h"
#include "table_admin.h"
#include "value_guess.h"

/* Places that a sample is taken from. */
#define MAX_PLACES 16

/* Most bytes of a sample, and most cells of a row of it. */
#define MAX_SAMPLE_BYTES ((int64) 32 * 1024 * 1024)
#define MAX_ROW_CELLS 10000

/* Columns by their names. */
typedef struct ColumnEntry
{
	bt_span name; /* family, NUL, qualifier */
	uint32 hash;
	char status;
	size_t family_len;
	int types;
	int64 values;
} ColumnEntry;

#define SH_PREFIX colset
#define SH_ELEMENT_TYPE ColumnEntry
#define SH_KEY_TYPE bt_span
#define SH_KEY name
#define SH_HASH_KEY(tb, k) hash_bytes((k).data, (int) (k).len)
#define SH_EQUAL(tb, a, b) bt_span_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

/* A part of the table that is not read to its end. */
typedef struct Place
{
	bt_range range;
	bool at_end;
} Place;

/* A sample in the making. */
typedef struct Sampling
{
	Connection *connection;
	const TableMapping *table;
	bt_row_reader *reader;
	MemoryContext request_context;
	colset_hash *columns;
	TableSample *result;
	int64 rows_left;
	int64 bytes_left;
} Sampling;

/* ---- rows ---- */

static bt_span
column_name(const bt_cell *cell)
{
	size_t len = cell->family.len + 1 + cell->qualifier.len;
	uint8 *name = palloc(len);

	memcpy(name, cell->family.data, cell->family.len);
	name[cell->family.len] = '\0';
	if (cell->qualifier.len > 0)
		memcpy(name + cell->family.len + 1, cell->qualifier.data, cell->qualifier.len);
	return bt_span_make(name, len);
}

static void
add_cell(Sampling *sampling, const bt_cell *cell)
{
	bt_span name = column_name(cell);
	bool found;
	ColumnEntry *column = colset_insert(sampling->columns, name, &found);

	if (found)
		pfree((void *) name.data);
	else
	{
		column->family_len = cell->family.len;
		column->types = GUESS_ALL;
		column->values = 0;
		if (!guess_is_text(cell->qualifier))
			sampling->result->has_text_qualifiers = false;
	}

	/* An empty cell could be of any type. */
	if (cell->value.len == 0)
		return;
	column->types &= guess_types(cell->value);
	column->values++;
}

static int64
row_bytes(const bt_row *row)
{
	int64 bytes = (int64) row->key.len;

	for (size_t i = 0; i < row->ncells; i++)
		bytes += (int64) (row->cells[i].qualifier.len + row->cells[i].value.len);
	return bytes;
}

static void
add_row(Sampling *sampling, const bt_row *row)
{
	TableSample *result = sampling->result;

	result->rows++;
	if (!guess_is_text(row->key))
		result->has_text_keys = false;
	if (row->ncells >= MAX_ROW_CELLS)
		result->is_complete = false;
	for (size_t i = 0; i < row->ncells; i++)
		add_cell(sampling, &row->cells[i]);
}

/* ---- places ---- */

static bt_filter *
sample_filter(const bt_arena *arena)
{
	bt_filter *chain = bt_filter_make(arena, BT_FILTER_CHAIN);

	arena_check(
		bt_filter_add(arena, chain,
					  bt_filter_make_limit(arena, BT_FILTER_COLUMN_LIMIT, 1)) != NULL &&
		bt_filter_add(arena, chain,
					  bt_filter_make_limit(arena, BT_FILTER_ROW_LIMIT, MAX_ROW_CELLS)) !=
			NULL);
	return chain;
}

/* The next row of a place; false at its end. */
static bool
next_row(Sampling *sampling, bt_row *row)
{
	bt_status status;

	for (;;)
	{
		switch (bt_row_reader_next(sampling->reader, row, &status))
		{
			case BT_READ_ROW:
				return true;
			case BT_READ_DONE:
				return false;
			case BT_READ_INTERRUPTED:
				CHECK_FOR_INTERRUPTS();
				break;
			case BT_READ_ERROR:
				connection_report(sampling->connection, sampling->table, &status,
								  "read a sample of");
		}
	}
}

/* Copies a key, for what outlives its row. */
static bt_span
copy_key(bt_span key)
{
	return bt_span_make(memcpy(palloc(key.len), key.data, key.len), key.len);
}

/* Reads up to so many rows, and bytes, of a place; the rest of it remains. */
static void
read_place(Sampling *sampling, Place *place, int64 max_rows, int64 max_bytes)
{
	bt_arena arena = arena_in_context(sampling->request_context);
	int64 rows = 0;
	int64 bytes = 0;
	bt_row_set set;
	bt_read_spec spec = {.kind = sampling->table->kind,
						 .resource = sampling->table->resource,
						 .app_profile = sampling->table->app_profile,
						 .rows = &set,
						 .rows_limit = max_rows + 1,
						 .retry = sampling->table->retry};
	bt_status status;
	bt_row row;

	bt_row_set_init(&set, &arena);
	arena_check(bt_row_set_add(&set, place->range));
	spec.filter = sample_filter(&arena);
	if (!bt_row_reader_start(sampling->reader, &spec, &status))
		connection_report(sampling->connection, sampling->table, &status,
						  "read a sample of");
	while (!(place->at_end = !next_row(sampling, &row)))
	{
		if (rows == max_rows || bytes >= max_bytes)
		{
			place->range.from = bt_range_from(copy_key(row.key), true).from;
			break;
		}
		rows++;
		bytes += row_bytes(&row);
		add_row(sampling, &row);
	}
	bt_row_reader_stop(sampling->reader);
	sampling->rows_left -= rows;
	sampling->bytes_left -= bytes;
	MemoryContextReset(sampling->request_context);
}

/*
 * Keys at which a table is split into places, all but the first of which begin
 * there; returns how many.
 */
static int
choose_splits(Sampling *sampling, bt_span *splits)
{
	size_t n;
	const bt_row_sample *samples =
		table_admin_sample_keys(sampling->connection, sampling->table, &n);
	int nsplits = 0;

	for (size_t i = 1; i < MAX_PLACES && n > 1; i++)
	{
		const bt_row_sample *sample = &samples[i * n / MAX_PLACES];
		bt_span key = bt_span_make(sample->key.data, sample->key.len);

		if (key.len > 0 &&
			(nsplits == 0 || bt_span_compare(splits[nsplits - 1], key) < 0))
			splits[nsplits++] = key;
	}
	return nsplits;
}

/* Makes the places, and returns how many. */
static int
make_places(Sampling *sampling, Place *places)
{
	bt_span splits[MAX_PLACES];
	int nsplits = choose_splits(sampling, splits);

	for (int i = 0; i <= nsplits; i++)
	{
		places[i].at_end = false;
		places[i].range = i == 0 ? bt_range_all() : bt_range_from(splits[i - 1], true);
		if (i < nsplits)
		{
			places[i].range.to = bt_range_to(splits[i], false).to;
			places[i].range.unbounded = false;
		}
	}
	return nsplits + 1;
}

static int
count_unfinished(const Place *places, int nplaces)
{
	int n = 0;

	for (int i = 0; i < nplaces; i++)
		n += places[i].at_end ? 0 : 1;
	return n;
}

/*
 * Each place has the same share.  What one leaves of it goes to those that
 * follow, and if the last ones leave some, the first ones are read further.
 */
static void
read_places(Sampling *sampling)
{
	Place places[MAX_PLACES];
	int nplaces = make_places(sampling, places);
	int left;

	while ((left = count_unfinished(places, nplaces)) > 0 && sampling->rows_left > 0 &&
		   sampling->bytes_left > 0)
		for (int i = 0; i < nplaces && sampling->rows_left > 0; i++)
			if (!places[i].at_end && sampling->bytes_left > 0)
			{
				read_place(sampling, &places[i], (sampling->rows_left + left - 1) / left,
						   Max(sampling->bytes_left / left, 1));
				left--;
			}

	/* The last row may have been just as many as there are. */
	if (left > 0)
		sampling->result->is_complete = false;
}

/* ---- the result ---- */

static int
compare_columns(const void *a, const void *b)
{
	const ColumnSample *left = a;
	const ColumnSample *right = b;
	int cmp = bt_span_compare(left->family, right->family);

	return cmp != 0 ? cmp : bt_span_compare(left->qualifier, right->qualifier);
}

static void
finish(Sampling *sampling)
{
	TableSample *result = sampling->result;
	colset_iterator iterator;
	ColumnEntry *entry;

	result->columns = palloc_extended(
		sizeof(ColumnSample) * (sampling->columns->members + 1), MCXT_ALLOC_HUGE);
	colset_start_iterate(sampling->columns, &iterator);
	while ((entry = colset_iterate(sampling->columns, &iterator)) != NULL)
	{
		ColumnSample *column = &result->columns[result->ncolumns++];
		size_t before = entry->family_len + 1;

		column->family = bt_span_make(entry->name.data, entry->family_len);
		column->qualifier =
			bt_span_make(entry->name.data + before, entry->name.len - before);
		column->types = entry->types;
		column->values = entry->values;
	}
	if (result->ncolumns > 1)
		qsort(result->columns, result->ncolumns, sizeof(ColumnSample), compare_columns);
	if (result->rows == 0)
		result->has_text_keys = result->has_text_qualifiers = false;
}

TableSample *
import_sample(Connection *connection, const TableMapping *table, int max_rows)
{
	TableSample *result = palloc0(sizeof(TableSample));
	Sampling sampling = {.connection = connection,
						 .table = table,
						 .result = result,
						 .rows_left = max_rows,
						 .bytes_left = MAX_SAMPLE_BYTES};

	if (max_rows == 0)
		return result;
	result->is_complete = result->has_text_keys = result->has_text_qualifiers = true;
	sampling.columns = colset_create(CurrentMemoryContext, 256, NULL);
	sampling.request_context = AllocSetContextCreate(
		CurrentMemoryContext, "bigtable_fdw sample request", ALLOCSET_SMALL_SIZES);
	sampling.reader =
		bt_row_reader_create(connection_channel(connection), connection_host());
	arena_check(sampling.reader != NULL);
	PG_TRY();
	{
		read_places(&sampling);
	}
	PG_FINALLY();
	{
		bt_row_reader_free(sampling.reader);
	}
	PG_END_TRY();
	finish(&sampling);
	return result;
}
