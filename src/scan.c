/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  The executor's callbacks of a scan: rows -> tuples.
 *
 * A scan contacts the server when its first row is asked for.  What it holds
 * outside of PostgreSQL's memory, a call and a place in a connection, is given
 * back by a callback of its memory context, so that an error at any point
 * leaves nothing behind.
 *
 * The path of a row: the client hands out spans into the received bytes;
 * the column map says which attributes a cell feeds; their codecs make datums
 * in the row's memory; a virtual tuple refers to them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "arena.h"
#include "as_of.h"
#include "cell_filter.h"
#include "cell_scan.h"
#include "compat.h"
#include "key_condition.h"
#include "parallel.h"
#include "pushdown.h"
#include "quote.h"
#include "row_filter.h"
#include "scan.h"
#include "setting.h"

/* ---- beginning and end ---- */

/* Gives back what is not PostgreSQL's.  Raises no errors. */
static void
release(void *arg)
{
	BigtableScan *scan = arg;

	bt_row_fan_free(scan->fan);
	scan->fan = NULL;
	if (scan->wakeup != NULL)
	{
		bt_wakeup_destroy(scan->wakeup);
		ReleaseExternalFD();
	}
	scan->wakeup = NULL;
	if (scan->connection != NULL)
		connection_release(scan->connection);
	scan->connection = NULL;
}

/* Compiles a clause on a cell as the planner did. */
static PushedClause *
compile_cell_clause(const BigtableScan *scan, Index varno, Expr *expr)
{
	for (int attnum = 1; attnum <= scan->table->natts; attnum++)
	{
		const ColumnMapping *column = mapping_column(scan->table, attnum);
		PushedClause *clause = NULL;

		if (column->kind != COLUMN_NONE && column->kind != COLUMN_ROW_KEY)
			clause = pushdown_compile(column, varno, expr);
		if (clause != NULL)
			return clause;
	}
	elog(ERROR, "clause of a foreign scan can no longer be pushed down");
}

static List *
compile_cell_clauses(ForeignScanState *node, BigtableScan *scan, int first, int n)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List *result = NIL;

	for (int i = first; i < first + n; i++)
	{
		PushedClause *clause =
			compile_cell_clause(scan, plan->scan.scanrelid, list_nth(plan->fdw_exprs, i));

		pushdown_prepare(clause, &node->ss.ps);
		result = lappend(result, clause);
	}
	return result;
}

/* Compiles the clauses on the key as the planner did. */
static KeyCondition *
compile_key_clauses(ForeignScanState *node, BigtableScan *scan, int n)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	KeyCondition *condition = key_condition_compile(scan->table, plan->scan.scanrelid,
													list_copy_head(plan->fdw_exprs, n));

	for (int i = 0; i < n; i++)
		if (!key_condition_uses(condition, i))
			elog(ERROR, "clause of a foreign scan can no longer be pushed down");
	key_condition_prepare(condition, &node->ss.ps);
	return condition;
}

/* What the first n clauses say about the parts of a cell. */
static List *
compile_part_clauses(ForeignScanState *node, BigtableScan *scan, int n)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List *result = NIL;
	ListCell *cell;

	for (int i = 0; i < n; i++)
		result =
			list_concat(result, cell_filter_clauses(scan->table, plan->scan.scanrelid,
													list_nth(plan->fdw_exprs, i)));
	foreach (cell, result)
		pushdown_prepare(lfirst(cell), &node->ss.ps);
	return result;
}

/* Prepares the expressions of the plan. */
static void
init_expressions(ForeignScanState *node, BigtableScan *scan)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	int n = scan->plan->nkey_clauses;
	int m = scan->plan->ncell_clauses;

	scan->condition = compile_key_clauses(node, scan, n);
	scan->cell_clauses = scan->table->layout == LAYOUT_CELLS
							 ? compile_part_clauses(node, scan, n + m)
							 : compile_cell_clauses(node, scan, n, m);
	if (scan->plan->has_limit)
		scan->limit = ExecInitExpr(list_nth(plan->fdw_exprs, n + m), &node->ss.ps);
	if (scan->plan->has_offset)
		scan->offset = ExecInitExpr(list_nth(plan->fdw_exprs, n + m + 1), &node->ss.ps);
}

/* Is a column in a family of aggregates?  Their cells are 8-byte integers. */
static bool
is_aggregate(void *arg, const ColumnMapping *column)
{
	BigtableScan *scan = arg;
	bt_family_type type = connection_check_family(scan->connection, scan->table, column);

	return type != BT_FAMILY_PLAIN && type != BT_FAMILY_OTHER_AGGREGATE;
}

/* Are the rows read to be changed by what the plan says of them? */
static bool
is_target(const ForeignScanState *node)
{
	const ForeignScan *plan = (const ForeignScan *) node->ss.ps.plan;

	return plan->operation == CMD_SELECT &&
		   list_member_int(node->ss.ps.state->es_plannedstmt->resultRelations,
						   (int) plan->scan.scanrelid);
}

/* The usual key, one column, needs no more than its codec. */
static void
init_key(BigtableScan *scan)
{
	const RowKey *key = &scan->table->row_key;

	if (key->encoding == KEY_WHOLE && key->on_mismatch == KEY_MISMATCH_ERROR)
	{
		if (scan->form != NULL && scan->key != NULL)
			key_form_watch(scan->form, &scan->key->codec, scan->key->mapping);
		return;
	}
	scan->key = NULL;
	scan->parts = key_scan_create(scan->table, scan->plan->attrs,
								  scan->plan->nkey_clauses > 0, scan->form);
}

/* Prepares the conversion of the attributes that the query needs. */
static void
init_columns(BigtableScan *scan)
{
	int natts = scan->table->natts;
	int attnum = -1;

	scan->columns = palloc0(sizeof(ScanColumn) * (natts + 1));
	scan->map = column_map_create(bms_num_members(scan->plan->attrs));
	while ((attnum = bms_next_member(scan->plan->attrs, attnum)) >= 0)
	{
		const ColumnMapping *mapping = mapping_column(scan->table, attnum);
		ScanColumn *column = &scan->columns[attnum - 1];

		column->mapping = mapping;
		if (mapping->kind == COLUMN_AS_OF)
			scan->as_of_columns = lappend(scan->as_of_columns, (void *) mapping);
		if (cell_group_takes(mapping))
			scan->groups =
				lappend(scan->groups, cell_group_create(mapping, is_aggregate, scan));
		if (mapping->kind == COLUMN_AS_OF || cell_group_takes(mapping))
			continue;
		codec_init(&column->codec, mapping);
		codec_init_integer(&column->codec, mapping, is_aggregate, scan);
		if (mapping->kind == COLUMN_ROW_KEY)
			scan->key = column;
		else if (scan->table->layout == LAYOUT_ROWS)
			column_map_add(scan->map, mapping->family, mapping->qualifier, attnum - 1);
	}
	init_key(scan);
}

void
bigtable_begin_scan(ForeignScanState *node, int eflags)
{
	MemoryContext context = node->ss.ps.state->es_query_cxt;
	BigtableScan *scan = palloc0(sizeof(BigtableScan));

	node->fdw_state = scan;
	scan->plan = scan_plan_read((ForeignScan *) node->ss.ps.plan);
	scan->table = mapping_load(RelationGetRelid(node->ss.ss_currentRelation));
	scan->userid = compat_scan_user(node);
	scan->request_context =
		AllocSetContextCreate(context, "bigtable_fdw request", ALLOCSET_SMALL_SIZES);
	scan->arena = arena_in_context(scan->request_context);
	init_expressions(node, scan);
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0)
		return;

	if (is_target(node))
		scan->form = key_form_create(scan->table);
	init_columns(scan);
	if (scan->table->layout == LAYOUT_CELLS)
		scan->cells = cell_scan_create();
	scan->callback.func = release;
	scan->callback.arg = scan;
	MemoryContextRegisterResetCallback(context, &scan->callback);
}

void
bigtable_rescan(ForeignScanState *node)
{
	BigtableScan *scan = node->fdw_state;

	if (scan->fan != NULL)
		bt_row_fan_stop(scan->fan);
	if (scan->cells != NULL)
		cell_scan_restart(scan->cells, scan);
	scan->started = false;
	scan->done = false;
}

void
scan_restrict(ForeignScanState *node, const bt_row_set *keys)
{
	((BigtableScan *) node->fdw_state)->restriction = keys;
}

bt_span
scan_row_key(const ForeignScanState *node)
{
	return ((BigtableScan *) node->fdw_state)->row.key;
}

bt_read_counters
scan_counters(const BigtableScan *scan)
{
	bt_read_counters none = {0};

	return scan->fan != NULL ? bt_row_fan_counters(scan->fan) : none;
}

void
bigtable_end_scan(ForeignScanState *node)
{
	if (node->fdw_state != NULL)
		release(node->fdw_state);
}

/* ---- the request ---- */

/*
 * Leaves of the row set what is in a bucket.  Other keys, which do not fit, have
 * no place in an order that is merged.
 */
static void
leave_buckets(BigtableScan *scan)
{
	const RowKey *key = &scan->table->row_key;
	bt_row_set before = scan->rows;
	bt_row_set buckets;

	bt_row_set_init(&buckets, &scan->arena);
	for (int i = 0; i < key->nbuckets; i++)
		row_key_add_prefix(key, 0, row_key_begin(key, i), &buckets);
	bt_row_set_normalize(&buckets);
	arena_check(bt_row_set_intersect(&before, &buckets, &scan->rows));
}

/* The rows that all clauses on the key allow. */
static bool
make_row_set(BigtableScan *scan, ExprContext *econtext)
{
	if (!key_condition_evaluate(scan->condition, econtext, &scan->arena, &scan->rows))
		return false;
	if (scan->restriction != NULL)
	{
		bt_row_set before = scan->rows;

		arena_check(bt_row_set_intersect(&before, scan->restriction, &scan->rows));
	}
	if (scan->plan->merged)
		leave_buckets(scan);

	/* No row has a longer key, and the service refuses to look for one. */
	if (!scan->makes_rows)
		bt_row_set_clip(&scan->rows, BT_MAX_ROW_KEY_BYTES);
	scan->is_empty = scan->rows.nranges == 0;
	return true;
}

/* Merges a clause's set into the test of its column. */
static List *
add_test(List *tests, const ColumnMapping *column, const bt_row_set *set)
{
	CellTest *test;
	ListCell *cell;

	foreach (cell, tests)
	{
		bt_row_set before;

		test = lfirst(cell);
		if (test->column != column)
			continue;
		before = test->set;
		arena_check(bt_row_set_intersect(&before, set, &test->set));
		return tests;
	}
	test = palloc(sizeof(CellTest));
	test->column = column;
	test->set = *set;
	return lappend(tests, test);
}

/* The time that a condition says; the planner has seen that it says one. */
static void
set_as_of(BigtableScan *scan, const bt_row_set *set)
{
	int64 first;
	int64 last;

	if (set->nranges == 0)
	{
		scan->is_empty = true;
		return;
	}
	pushdown_number_bounds(&set->ranges[0], &first, &last);
	if (set->nranges > 1 || first != last)
		elog(ERROR, "more than one time to read as of");
	if (scan->as_of_clause && scan->as_of != codec_timestamp(first))
		scan->is_empty = true;
	scan->has_as_of = true;
	scan->as_of_clause = true;
	scan->as_of = codec_timestamp(first);
}

/* Reads as of a time: of the future, that is now; before 1970 there is nothing. */
static void
apply_as_of(BigtableScan *scan, RowFilterSpec *spec)
{
	int64 us;

	if (!scan->has_as_of || !codec_number(TIMESTAMPTZOID, scan->as_of, &us) ||
		us > PG_INT64_MAX - USECS_PER_SEC)
		return;
	spec->has_as_of = true;
	spec->as_of_us = us;
	scan->is_empty = scan->is_empty || us < 0;
}

/* The filter that asks for the needed columns of rows that pass the tests. */
static bool
make_filter(BigtableScan *scan, ExprContext *econtext)
{
	RowFilterSpec spec = {.table = scan->table,
						  .attrs = scan->plan->attrs,
						  .json_keys = scan->plan->json_keys,
						  .all_rows = scan->plan->all_rows};
	ListCell *cell;

	scan->as_of_clause = false;
	scan->has_as_of = as_of_setting(&scan->as_of);

	foreach (cell, scan->cell_clauses)
	{
		PushedClause *clause = lfirst(cell);
		bt_row_set set;

		if (!pushdown_evaluate(clause, econtext, &scan->arena, &set))
			return false;
		if (pushdown_column(clause)->kind == COLUMN_AS_OF)
			set_as_of(scan, &set);
		else
			spec.tests = add_test(spec.tests, pushdown_column(clause), &set);
	}
	apply_as_of(scan, &spec);
	foreach (cell, spec.tests)
		if (((CellTest *) lfirst(cell))->set.nranges == 0)
			scan->is_empty = true;
	if (scan->is_empty)
		return true; /* nothing will be asked for */
	scan->filter = scan->table->layout == LAYOUT_CELLS
					   ? cell_filter_build(&spec, &scan->arena)
					   : row_filter_build(&spec, &scan->arena);
	return true;
}

/* A number of rows; false if it is NULL, which means "all" or "none". */
static bool
evaluate_count(ExprState *state, ExprContext *econtext, int64 *count)
{
	bool isnull;
	Datum value;

	if (state == NULL)
		return false;
	value = ExecEvalExpr(state, econtext, &isnull);
	*count = isnull ? 0 : DatumGetInt64(value);
	return !isnull;
}

/* LIMIT plus OFFSET; the executor complains of negative ones. */
static void
make_limit(BigtableScan *scan, ExprContext *econtext)
{
	int64 limit;
	int64 offset = 0;

	scan->rows_limit = 0;
	if (!evaluate_count(scan->limit, econtext, &limit) || limit < 0)
		return;
	(void) evaluate_count(scan->offset, econtext, &offset);
	if (offset < 0 || pg_add_s64_overflow(limit, offset, &scan->rows_limit))
		scan->rows_limit = 0;
	else if (scan->rows_limit == 0)
		scan->is_empty = true;

	/* Each row has a cell at least, and so many of one are enough. */
	else if (scan->table->layout == LAYOUT_CELLS && !scan->is_empty)
		scan->filter = cell_filter_limit(scan->filter, scan->rows_limit, &scan->arena);
}

bool
scan_make_request(ForeignScanState *node, bool constants_only)
{
	BigtableScan *scan = node->fdw_state;
	ExprContext *econtext = constants_only ? NULL : node->ss.ps.ps_ExprContext;
	MemoryContext old;
	bool known;

	MemoryContextReset(scan->request_context);
	old = MemoryContextSwitchTo(scan->request_context);
	known = make_row_set(scan, econtext) && make_filter(scan, econtext);
	if (known && !constants_only)
		make_limit(scan, econtext);
	MemoryContextSwitchTo(old);
	return known;
}

/* ---- the stream ---- */

/* What is read as of a time may not be what is there to be changed. */
static void
check_past_is_kept(ForeignScanState *node, const BigtableScan *scan)
{
	Index relid = ((Scan *) node->ss.ps.plan)->scanrelid;

	if (scan->has_as_of && ExecRelationIsTargetRelation(node->ss.ps.state, relid))
		ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
						errmsg("cannot change rows of foreign table \"%s\" as of a time",
							   scan->table->relname)));
}

/* Has the rows of all buckets merged by what follows the bucket in the key. */
static void
merge_buckets(BigtableScan *scan, bt_fan_spec *spec)
{
	const RowKey *key = &scan->table->row_key;
	MemoryContext old = MemoryContextSwitchTo(scan->request_context);
	bt_span *cuts = palloc(sizeof(bt_span) * key->nbuckets);

	for (int i = 1; i < key->nbuckets; i++)
		cuts[i - 1] = row_key_begin(key, i).bytes;
	MemoryContextSwitchTo(old);
	spec->order = BT_FAN_MERGED;
	spec->cuts = cuts;
	spec->ncuts = key->nbuckets - 1;
	spec->skip = key->salt_width;
}

void
scan_connect(BigtableScan *scan)
{
	if (scan->connection == NULL)
		scan->connection = connection_acquire(scan->table, scan->userid);
}

/* Asks for rows of the scan. */
static void
start_request(ForeignScanState *node, bt_row_set *rows)
{
	BigtableScan *scan = node->fdw_state;
	bt_fan_spec spec = {0};
	bt_status status;

	scan_connect(scan);
	if (scan->fan == NULL)
		scan->fan =
			bt_row_fan_create(connection_channel(scan->connection), connection_host());
	arena_check(scan->fan != NULL);

	spec.read.kind = scan->table->kind;
	spec.read.resource = scan->table->resource;
	spec.read.app_profile = scan->table->app_profile;
	spec.read.rows = rows;
	spec.read.filter = scan->filter;
	spec.read.rows_limit = scan->rows_limit;
	spec.read.reversed = scan->plan->reversed;
	spec.read.want_stats = node->ss.ps.instrument != NULL;
	spec.read.retry = scan->table->retry;
	spec.order = scan->plan->ordered ? BT_FAN_KEYS : BT_FAN_ANY;
	if (scan->plan->merged)
		merge_buckets(scan, &spec);
	spec.max_streams = (size_t) setting_max_streams;
	if (!bt_row_fan_start(scan->fan, &spec, &status))
		connection_report(scan->connection, scan->table, &status, "read");
}

/*
 * Takes parts of a parallel scan until there is one that has rows to read, and
 * asks for them.  Returns false if there is none left.
 */
static bool
start_part(ForeignScanState *node)
{
	BigtableScan *scan = node->fdw_state;
	bt_row_set part;
	bt_range range;

	while (parallel_take_part(scan->shared, scan->plan->reversed, &range))
	{
		bt_row_set_init(&part, &scan->arena);
		arena_check(bt_row_set_add(&part, range) &&
					bt_row_set_intersect(&scan->rows, &part, &scan->part));
		if (scan->part.nranges == 0)
			continue;
		start_request(node, &scan->part);
		return true;
	}
	return false;
}

/* Begins the scan, or begins it again. */
static void
start_stream(ForeignScanState *node)
{
	BigtableScan *scan = node->fdw_state;

	scan->started = true;
	if (scan->memory.context == NULL)
		row_memory_init(&scan->memory, node->ss.ps.state->es_query_cxt);
	(void) scan_make_request(node, false);
	check_past_is_kept(node, scan);
	if (scan->is_empty)
		scan->done = true;
	else if (scan->shared != NULL)
		scan->done = !start_part(node);
	else
		start_request(node, &scan->rows);
}

/*
 * The stream has ended.  A family of which no cell was seen may not exist.
 */
static void
finish_stream(BigtableScan *scan)
{
	ListCell *cell;

	scan->done = true;
	for (int i = 0; i < scan->map->ncolumns; i++)
	{
		const CellColumn *column = &scan->map->columns[i];

		if (!column->seen)
			connection_check_family(scan->connection, scan->table,
									scan->columns[column->attrs[0]].mapping);
	}
	foreach (cell, scan->groups)
	{
		const CellGroup *group = lfirst(cell);

		if (!group->seen && group->mapping->kind != COLUMN_ROW_JSON)
			connection_check_family(scan->connection, scan->table, group->mapping);
	}
}

/* The next row, or false at the end, or if it would take a wait that is not wanted. */
static bool
next_row(ForeignScanState *node, bt_row *row)
{
	BigtableScan *scan = node->fdw_state;
	bt_read_result result;
	bt_status status;

	for (;;)
	{
		if (!scan->polls)
			result = bt_row_fan_next(scan->fan, row, &status);
		else if (!bt_row_fan_poll(scan->fan, row, &result, &status))
		{
			scan->starved = true;
			return false;
		}
		switch (result)
		{
			case BT_READ_ROW:
				return true;
			case BT_READ_DONE:
				if (scan->shared != NULL && start_part(node))
					break;
				finish_stream(scan);
				return false;
			case BT_READ_INTERRUPTED:
				CHECK_FOR_INTERRUPTS();
				break;
			case BT_READ_ERROR:
				connection_report(scan->connection, scan->table, &status, "read");
		}
	}
}

bool
scan_next_row(ForeignScanState *node, bt_row *row)
{
	BigtableScan *scan = node->fdw_state;

	if (!scan->started)
		start_stream(node);
	return !scan->done && next_row(node, row);
}

/* ---- tuples ---- */

static void
conversion_context(void *arg)
{
	BigtableScan *scan = arg;

	if (scan->converting == NULL)
		return; /* it is about the key, and says so */
	errcontext("column \"%s\" of foreign table \"%s\", row key %s",
			   scan->converting->name, scan->table->relname, quoted(scan->row.key));

	/* Errors that have no hint of their own: this is where to look. */
	switch (geterrcode())
	{
		case ERRCODE_INVALID_TEXT_REPRESENTATION:
		case ERRCODE_INVALID_BINARY_REPRESENTATION:
		case ERRCODE_INVALID_DATETIME_FORMAT:
		case ERRCODE_CHARACTER_NOT_IN_REPERTOIRE:
		case ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE:
			if (scan->cells != NULL)
				errhint("Use type bytea for the column.");
			else
				errhint("Check the type of the column, and its option \"encoding\".");
	}
}

static inline void
convert(BigtableScan *scan, ScanColumn *column, const bt_cell *cell, Datum *value,
		bool *isnull)
{
	scan->converting = column->mapping;
	if (column->mapping->kind == COLUMN_TIMESTAMP)
	{
		*value = codec_timestamp_datum(cell->timestamp_us);
		*isnull = false;
	}
	else
		*isnull = !codec_decode(&column->codec, cell->value, &scan->memory, value);
}

/* Fills in the columns that are not one cell. */
static void
convert_groups(BigtableScan *scan, const bt_row *row, Datum *values, bool *isnull)
{
	ListCell *cell;

	foreach (cell, scan->groups)
	{
		CellGroup *group = lfirst(cell);
		int attr = group->mapping->attnum - 1;

		scan->converting = group->mapping;
		isnull[attr] = !cell_group_value(group, row, &scan->memory, &values[attr]);
	}
	foreach (cell, scan->as_of_columns)
	{
		int attr = ((const ColumnMapping *) lfirst(cell))->attnum - 1;

		isnull[attr] = !scan->has_as_of;
		values[attr] = TimestampTzGetDatum(scan->as_of);
	}
}

/* Fills the slot's arrays from a row; false if the row is to be left out. */
static bool
convert_row(BigtableScan *scan, const bt_row *row, Datum *values, bool *isnull)
{
	int ncells = (int) Min(row->ncells, (size_t) PG_INT32_MAX);
	int place = 0;

	memset(isnull, true, sizeof(bool) * scan->table->natts);
	if (scan->form != NULL)
		key_form_forget(scan->form);
	if (scan->key != NULL)
	{
		int attr = scan->key->mapping->attnum - 1;

		scan->converting = scan->key->mapping;
		isnull[attr] =
			!codec_decode(&scan->key->codec, row->key, &scan->memory, &values[attr]);
	}
	if (scan->parts != NULL && !key_scan_read(scan->parts, row->key, &scan->memory,
											  values, isnull, &scan->converting))
		return false;
	scan->map->row++;
	for (int i = 0; i < ncells && scan->map->ncolumns > 0; i++)
	{
		const bt_cell *cell = &row->cells[i];
		CellColumn *column;

		if (cell->nlabels > 0 && is_row_marker(row, cell))
			continue;
		column = column_map_find(scan->map, place++, cell->family, cell->qualifier);
		for (int j = 0; column != NULL && j < column->nattrs; j++)
		{
			int attr = column->attrs[j];

			convert(scan, &scan->columns[attr], cell, &values[attr], &isnull[attr]);
		}
	}
	if (scan->groups != NIL || scan->as_of_columns != NIL)
		convert_groups(scan, row, values, isnull);
	return true;
}

/* Does a row satisfy what PostgreSQL itself will test? */
static bool
is_wanted(ForeignScanState *node, TupleTableSlot *slot)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	econtext->ecxt_scantuple = slot;
	return ExecQual(node->ss.ps.qual, econtext);
}

TupleTableSlot *
bigtable_iterate_scan(ForeignScanState *node)
{
	BigtableScan *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	ErrorContextCallback callback = {error_context_stack, conversion_context, scan};
	bool is_visible = false;

	ExecClearTuple(slot);
	while (!is_visible)
	{
		MemoryContext old;

		if (scan->cells != NULL ? !cell_scan_next(scan->cells, node)
								: !scan_next_row(node, &scan->row))
			return slot;
		error_context_stack = &callback;
		row_memory_next_row(&scan->memory);
		old = MemoryContextSwitchTo(scan->memory.context);
		is_visible =
			scan->cells != NULL
				? cell_scan_convert(scan->cells, scan, slot->tts_values, slot->tts_isnull)
				: convert_row(scan, &scan->row, slot->tts_values, slot->tts_isnull);
		MemoryContextSwitchTo(old);
		error_context_stack = callback.previous;
	}
	ExecStoreVirtualTuple(slot);
	if (scan->form != NULL && key_form_is_other(scan->form) && is_wanted(node, slot))
		key_form_report(scan->form, scan->row.key);
	return slot;
}

bool
scan_sees_row(BigtableScan *scan, const bt_row *row)
{
	ErrorContextCallback callback = {error_context_stack, conversion_context, scan};
	MemoryContext old;
	bool result;

	if (scan->parts == NULL)
		return true;
	scan->row = *row;
	error_context_stack = &callback;
	row_memory_next_row(&scan->memory);
	old = MemoryContextSwitchTo(scan->memory.context);
	result = key_scan_read(scan->parts, row->key, &scan->memory, NULL, NULL,
						   &scan->converting);
	MemoryContextSwitchTo(old);
	error_context_stack = callback.previous;
	return result;
}
