/*-------------------------------------------------------------------------
 *
 * functions_read.c
 *	  SQL functions that read from Bigtable directly: all that ReadRows can
 *	  ask for, and SampleRowKeys.
 *
 * Cells go into a tuplestore, which spills to disk beyond work_mem.  A set of
 * keys that is empty is answered here: to the server it would mean all rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

#include "arena.h"
#include "client/row_reader.h"
#include "codec.h"
#include "compat.h"
#include "filter_json.h"
#include "function_args.h"
#include "table_admin.h"

PG_FUNCTION_INFO_V1(bigtable_read_rows);
PG_FUNCTION_INFO_V1(bigtable_sample_row_keys);
PG_FUNCTION_INFO_V1(bigtable_prefix);

/* Arguments of bigtable_read_rows(). */
enum
{
	READ_SERVER,
	READ_TABLE,
	READ_KEYS,
	READ_RANGES,
	READ_FILTER,
	READ_LIMIT,
	READ_REVERSED,
	READ_APP_PROFILE,
	READ_TIMEOUT
};

/* Columns of a cell. */
enum
{
	CELL_KEY,
	CELL_FAMILY,
	CELL_QUALIFIER,
	CELL_TIMESTAMP,
	CELL_VALUE,
	CELL_LABELS,
	CELL_LENGTH
};

/* ---- which rows ---- */

static bt_range
range_of(const RangeBound *lower, const RangeBound *upper)
{
	bt_range range = bt_range_all();

	if (!lower->infinite)
		range.from = bt_range_from(bytes_of(lower->val), lower->inclusive).from;
	if (!upper->infinite)
	{
		bt_range to = bt_range_to(bytes_of(upper->val), upper->inclusive);

		range.to = to.to;
		range.unbounded = to.unbounded;
	}
	return range;
}

static void
add_ranges(FunctionCallInfo fcinfo, bt_row_set *set)
{
	MultirangeType *multirange = PG_GETARG_MULTIRANGE_P(READ_RANGES);
	TypeCacheEntry *type =
		lookup_type_cache(MultirangeTypeGetOid(multirange), TYPECACHE_MULTIRANGE_INFO);
	TypeCacheEntry *range_type = type->rngtype;

	if (range_type == NULL || range_type->rngelemtype->type_id != BYTEAOID)
		elog(ERROR, "not a multirange of bytea: %u", MultirangeTypeGetOid(multirange));
	for (uint32 i = 0; i < multirange->rangeCount; i++)
	{
		RangeBound lower;
		RangeBound upper;

		multirange_get_bounds(range_type, multirange, i, &lower, &upper);
		arena_check(bt_row_set_add(set, range_of(&lower, &upper)));
	}
}

/*
 * The rows that the keys and the ranges say, together; all if there are neither.
 * The arena must live as long as the set.
 */
static bt_row_set
row_set_argument(FunctionCallInfo fcinfo, const bt_arena *arena)
{
	bt_row_set named;
	bt_row_set all;
	bt_row_set result;

	bt_row_set_init(&all, arena);
	arena_check(bt_row_set_add(&all, bt_range_all()));
	if (PG_ARGISNULL(READ_KEYS) && PG_ARGISNULL(READ_RANGES))
		return all;

	bt_row_set_init(&named, arena);
	if (!PG_ARGISNULL(READ_KEYS))
	{
		int n;
		Datum *keys = elements_of(PG_GETARG_DATUM(READ_KEYS), "row_keys", &n);

		for (int i = 0; i < n; i++)
			arena_check(bt_row_set_add(&named, bt_range_key(row_key_of(keys[i]))));
	}
	if (!PG_ARGISNULL(READ_RANGES))
		add_ranges(fcinfo, &named);
	bt_row_set_normalize(&named);

	/* No row has the empty key, which a range may hold. */
	arena_check(bt_row_set_intersect(&named, &all, &result));
	return result;
}

Datum
bigtable_prefix(PG_FUNCTION_ARGS)
{
	bt_span prefix = bytes_of(PG_GETARG_DATUM(0));
	bt_arena arena = arena_in_context(CurrentMemoryContext);
	Oid type = get_fn_expr_rettype(fcinfo->flinfo);
	TypeCacheEntry *range_type =
		lookup_type_cache(type, TYPECACHE_MULTIRANGE_INFO)->rngtype;
	RangeBound lower = {.infinite = false, .inclusive = true, .lower = true};
	RangeBound upper = {.infinite = false, .inclusive = false, .lower = false};
	RangeType *ranges[1];
	bt_range range;

	if (prefix.len == 0)
		report_argument("prefix of row keys is empty", NULL);
	arena_check(bt_range_prefix(&arena, prefix, &range));
	lower.val = PG_GETARG_DATUM(0);
	upper.infinite = range.unbounded;
	if (!upper.infinite)
		upper.val = bytea_datum(range.to.key);
	ranges[0] = compat_make_range(range_type, &lower, &upper);
	PG_RETURN_MULTIRANGE_P(make_multirange(type, range_type, 1, ranges));
}

/* ---- cells ---- */

static Datum
labels_datum(const bt_row *row, const bt_cell *cell)
{
	Datum *labels;

	if (cell->nlabels == 0)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	labels = palloc(sizeof(Datum) * cell->nlabels);
	for (uint32 i = 0; i < cell->nlabels; i++)
		labels[i] = text_datum(row->labels[cell->first_label + i]);
	return PointerGetDatum(
		construct_array(labels, (int) cell->nlabels, TEXTOID, -1, false, TYPALIGN_INT));
}

/* In the current memory context, which the caller resets. */
static void
return_row(ReturnSetInfo *rsinfo, const bt_row *row)
{
	bool isnull[CELL_LENGTH] = {false};
	Datum values[CELL_LENGTH];

	values[CELL_KEY] = bytea_datum(row->key);
	for (size_t i = 0; i < row->ncells; i++)
	{
		const bt_cell *cell = &row->cells[i];

		values[CELL_FAMILY] = text_datum(cell->family);
		values[CELL_QUALIFIER] = bytea_datum(cell->qualifier);
		values[CELL_TIMESTAMP] = codec_timestamp_datum(cell->timestamp_us);
		values[CELL_VALUE] = bytea_datum(cell->value);
		values[CELL_LABELS] = labels_datum(row, cell);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
	}
}

/* Reads to the end. */
static void
read_rows(const RemoteTable *table, bt_row_reader *reader, const bt_read_spec *spec,
		  ReturnSetInfo *rsinfo)
{
	MemoryContext context = AllocSetContextCreate(
		CurrentMemoryContext, "bigtable_fdw row", ALLOCSET_DEFAULT_SIZES);
	bt_status status;
	bt_row row;

	arena_check(reader != NULL);
	if (!bt_row_reader_start(reader, spec, &status))
		connection_report(table->connection, table->mapping, &status, "read");
	for (;;)
	{
		MemoryContext old;

		switch (bt_row_reader_next(reader, &row, &status))
		{
			case BT_READ_ROW:
				old = MemoryContextSwitchTo(context);
				return_row(rsinfo, &row);
				MemoryContextSwitchTo(old);
				MemoryContextReset(context);
				break;
			case BT_READ_INTERRUPTED:
				CHECK_FOR_INTERRUPTS();
				break;
			case BT_READ_ERROR:
				connection_report(table->connection, table->mapping, &status, "read");
			case BT_READ_DONE:
				MemoryContextDelete(context);
				return;
		}
	}
}

/* The limit, 0 for none; false if no row is wanted. */
static bool
limit_argument(FunctionCallInfo fcinfo, int64 *limit)
{
	*limit = 0;
	if (PG_ARGISNULL(READ_LIMIT))
		return true;
	*limit = PG_GETARG_INT64(READ_LIMIT);
	if (*limit < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE),
						errmsg("argument \"%s\" must not be negative", "rows_limit")));
	return *limit > 0;
}

Datum
bigtable_read_rows(PG_FUNCTION_ARGS)
{
	RemoteTable table = table_argument(fcinfo, READ_APP_PROFILE, READ_TIMEOUT);
	bt_arena arena = arena_in_context(CurrentMemoryContext);
	bt_row_set rows = row_set_argument(fcinfo, &arena);
	bt_read_spec spec = {.kind = table.target.kind,
						 .resource = table.target.resource,
						 .app_profile = table.target.app_profile,
						 .rows = &rows,
						 .retry = table.mapping->retry};
	bool wants_rows = limit_argument(fcinfo, &spec.rows_limit);
	bt_row_reader *volatile reader = NULL;

	if (!PG_ARGISNULL(READ_FILTER))
		spec.filter = filter_from_json(PG_GETARG_JSONB_P(READ_FILTER));
	spec.reversed = !PG_ARGISNULL(READ_REVERSED) && PG_GETARG_BOOL(READ_REVERSED);
	InitMaterializedSRF(fcinfo, 0);
	if (!wants_rows || rows.nranges == 0)
		return (Datum) 0;
	connect_table(&table);
	PG_TRY();
	{
		reader =
			bt_row_reader_create(connection_channel(table.connection), connection_host());
		read_rows(&table, reader, &spec, (ReturnSetInfo *) fcinfo->resultinfo);
	}
	PG_FINALLY();
	{
		bt_row_reader_free(reader);
		connection_release(table.connection);
	}
	PG_END_TRY();
	return (Datum) 0;
}

/* ---- samples ---- */

Datum
bigtable_sample_row_keys(PG_FUNCTION_ARGS)
{
	RemoteTable table = table_argument(fcinfo, 2, 3);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	bt_row_sample *volatile samples = NULL;
	size_t n = 0;

	InitMaterializedSRF(fcinfo, 0);
	connect_table(&table);
	PG_TRY();
	{
		samples = table_admin_sample_keys(table.connection, table.mapping, &n);
	}
	PG_FINALLY();
	{
		connection_release(table.connection);
	}
	PG_END_TRY();
	for (size_t i = 0; i < n; i++)
	{
		bool isnull[2] = {false};
		Datum values[2] = {bytea_datum(bt_buffer_span(&samples[i].key)),
						   Int64GetDatum(samples[i].offset_bytes)};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
	}
	return (Datum) 0;
}
