/*-------------------------------------------------------------------------
 *
 * analyze.c
 *	  ANALYZE of foreign tables.
 *
 * The server tells how large the table is, and keys that split it
 * (SampleRowKeys).  A table that is not large is read as a whole, and of its
 * rows a random sample is taken.  Of a large one some ranges are read, each from
 * its beginning, until there are enough rows; the number of all rows follows
 * from the size of what was read.
 *
 * Rows are read by the callbacks of a scan, so they are what a query would see.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/sampling.h"

#include "analyze.h"
#include "arena.h"
#include "compat.h"
#include "estimate.h"
#include "scan.h"
#include "table_admin.h"

/* A table of up to so many bytes is read as a whole. */
#define SMALL_TABLE_BYTES (INT64CONST(64) * 1024 * 1024)

/* Ranges that are read of a larger one. */
#define MAX_RANGES 64

/* The rows that ANALYZE wants, and what they say of the whole table. */
typedef struct Sample
{
	HeapTuple *rows;
	int capacity;
	int nrows;
	double seen; /* rows that were read */
	ReservoirStateData reservoir;
	double skip; /* rows to read until one is taken; below 0: not known yet */
} Sample;

/* A scan that no plan is of. */
typedef struct AnalyzeScan
{
	EState *estate;
	ForeignScanState *node;
} AnalyzeScan;

/* ---- scans ---- */

static AnalyzeScan
begin_scan(Relation relation)
{
	AnalyzeScan scan = {CreateExecutorState(), makeNode(ForeignScanState)};
	ForeignScan *plan = scan_plan_whole_table(relation);
	MemoryContext old = MemoryContextSwitchTo(scan.estate->es_query_cxt);
	ScanState *state = &scan.node->ss;

	scan.estate->es_plannedstmt = makeNode(PlannedStmt);
	compat_set_scan_user(scan.estate, plan, relation, relation->rd_rel->relowner);
	state->ps.plan = &plan->scan.plan;
	state->ps.state = scan.estate;
	state->ss_currentRelation = relation;
	ExecAssignExprContext(scan.estate, &state->ps);
	ExecInitScanTupleSlot(scan.estate, state, RelationGetDescr(relation), &TTSOpsVirtual);
	bigtable_begin_scan(scan.node, 0);
	MemoryContextSwitchTo(old);
	return scan;
}

static void
end_scan(AnalyzeScan *scan)
{
	bigtable_end_scan(scan->node);
	ExecResetTupleTable(scan->estate->es_tupleTable, false);
	FreeExecutorState(scan->estate);
}

/* The next row, or NULL. */
static TupleTableSlot *
next_row(AnalyzeScan *scan)
{
	TupleTableSlot *slot;

	compat_analyze_delay();
	ResetPerTupleExprContext(scan->estate);
	slot = bigtable_iterate_scan(scan->node);
	return TupIsNull(slot) ? NULL : slot;
}

/* ---- the sample ---- */

/*
 * Takes a row, or not: any row is as likely to be in the sample as any other,
 * as in PostgreSQL's own sampling (Vitter's algorithm Z).
 */
static void
offer(Sample *sample, TupleTableSlot *slot)
{
	sample->seen++;
	if (sample->nrows < sample->capacity)
	{
		sample->rows[sample->nrows++] = ExecCopySlotHeapTuple(slot);
		return;
	}
	if (sample->skip < 0)
		sample->skip =
			reservoir_get_next_S(&sample->reservoir, sample->seen - 1, sample->capacity);
	if (sample->skip-- <= 0)
	{
		int i =
			(int) (sample->capacity * sampler_random_fract(&sample->reservoir.randstate));

		heap_freetuple(sample->rows[i]);
		sample->rows[i] = ExecCopySlotHeapTuple(slot);
		sample->skip = -1;
	}
}

/* ---- small tables ---- */

/* Returns the number of rows. */
static double
read_whole_table(AnalyzeScan *scan, Sample *sample)
{
	TupleTableSlot *slot;

	while ((slot = next_row(scan)) != NULL)
		offer(sample, slot);
	return sample->seen;
}

/* ---- large tables ---- */

/* What reading some ranges has shown. */
typedef struct Density
{
	double rows;  /* that were read */
	double bytes; /* that were received for them */

	/* Of ranges that were read to their end: what the server says of their size. */
	double whole_rows;
	double whole_bytes;
} Density;

/*
 * Reads a range from its beginning, up to so many rows; size is that of the range
 * as the server says.
 */
static void
read_range(AnalyzeScan *scan, Sample *sample, const bt_range *range, double size,
		   double max_rows, Density *density)
{
	BigtableScan *state = scan->node->fdw_state;
	MemoryContext old = MemoryContextSwitchTo(scan->estate->es_query_cxt);
	bt_arena arena = arena_in_context(CurrentMemoryContext);
	bt_row_set *rows = palloc(sizeof(bt_row_set));
	bt_read_counters before = scan_counters(state);
	TupleTableSlot *slot = NULL;
	double n = 0;

	bt_row_set_init(rows, &arena);
	arena_check(bt_row_set_add(rows, *range));
	bigtable_rescan(scan->node);
	scan_restrict(scan->node, rows);
	MemoryContextSwitchTo(old);
	while (n < max_rows && (slot = next_row(scan)) != NULL)
	{
		offer(sample, slot);
		n++;
	}
	density->rows += n;
	density->bytes += (double) (scan_counters(state).bytes - before.bytes);
	if (slot == NULL)
	{
		density->whole_rows += n;
		density->whole_bytes += size;
	}
	bigtable_rescan(scan->node);
	scan_restrict(scan->node, NULL);
}

/* Of a table in "bytes" bytes. */
static double
estimate_rows(const Density *density, double bytes)
{
	if (density->whole_bytes > 0 && density->whole_rows > 0)
		return bytes * density->whole_rows / density->whole_bytes;
	if (density->bytes > 0)
		return bytes * density->rows / density->bytes;
	return density->rows;
}

/*
 * Reads ranges that are evenly spread over the table, beginning with a random
 * one.  Returns the number of rows that the whole table may have.
 */
static double
read_ranges(AnalyzeScan *scan, Sample *sample, const bt_row_sample *keys, size_t nkeys)
{
	size_t nranges = Min(nkeys, MAX_RANGES);
	double step = (double) nkeys / (double) nranges;
	double first = step * sampler_random_fract(&sample->reservoir.randstate);
	double max_rows = ceil((double) sample->capacity / (double) nranges);
	Density density = {0};

	for (size_t i = 0; i < nranges; i++)
	{
		size_t n = Min((size_t) (first + step * (double) i), nkeys - 1);
		int64 offset = n > 0 ? keys[n - 1].offset_bytes : 0;
		double size = (double) keys[n].offset_bytes - (double) offset;
		bt_span key = bt_buffer_span(&keys[n].key);
		bt_range range = bt_range_all();

		if (n > 0)
			range.from = bt_range_from(bt_buffer_span(&keys[n - 1].key), true).from;
		if (key.len > 0)
		{
			range.to = bt_range_to(key, false).to;
			range.unbounded = false;
		}
		if (bt_range_is_empty(&range))
			density.whole_bytes += size; /* without a row */
		else
			read_range(scan, sample, &range, size, max_rows, &density);
	}
	return estimate_rows(&density, (double) keys[nkeys - 1].offset_bytes);
}

/* ---- the callbacks ---- */

static int
acquire_sample_rows(Relation relation, int elevel, HeapTuple *rows, int targrows,
					double *totalrows, double *totaldeadrows)
{
	Sample sample = {.rows = rows, .capacity = targrows, .skip = -1};
	AnalyzeScan scan = begin_scan(relation);
	BigtableScan *state = scan.node->fdw_state;
	bt_row_sample *keys;
	size_t nkeys;

	/* Whatever time the session reads as of; ANALYZE restores its settings. */
	(void) set_config_option("bigtable_fdw.as_of", "", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	reservoir_init_selection_state(&sample.reservoir, targrows);
	scan_connect(state);
	keys = table_admin_try_sample_keys(state->connection, state->table, &nkeys);
	if (nkeys == 0 || keys[nkeys - 1].offset_bytes <= SMALL_TABLE_BYTES)
		*totalrows = read_whole_table(&scan, &sample);
	else
		*totalrows = read_ranges(&scan, &sample, keys, nkeys);
	*totaldeadrows = 0;
	ereport(elevel,
			(errcode(ERRCODE_SUCCESSFUL_COMPLETION),
			 errmsg("\"%s\": read %.0f rows of Bigtable table \"%s\"; %d rows in sample, "
					"%.0f estimated total rows",
					RelationGetRelationName(relation), sample.seen,
					state->table->remote_name, sample.nrows, *totalrows)));
	end_scan(&scan);
	return sample.nrows;
}

bool
bigtable_analyze(Relation relation, AcquireSampleRowsFunc *func, BlockNumber *totalpages)
{
	TableMapping *table = mapping_load(RelationGetRelid(relation));
	Connection *connection = connection_acquire(table, relation->rd_rel->relowner);
	bt_row_sample *keys = NULL;
	size_t nkeys = 0;
	double bytes = 0;

	PG_TRY();
	{
		keys = table_admin_try_sample_keys(connection, table, &nkeys);
	}
	PG_FINALLY();
	{
		connection_release(connection);
	}
	PG_END_TRY();
	if (nkeys > 0)
		bytes = (double) keys[nkeys - 1].offset_bytes;
	*func = acquire_sample_rows;
	*totalpages = estimate_pages(bytes);
	return true;
}
