/*-------------------------------------------------------------------------
 *
 * direct.c
 *	  The executor's callbacks of UPDATE and DELETE that need no read.
 *
 * UPDATE of counters: one atomic request a row, ReadModifyWriteRow, or
 * AddToCell in a family of sums.  Neither is ever tried again, since it must
 * not be applied twice.
 *
 * DELETE of rows named by their keys: batches of DeleteFromRow, without asking
 * whether the rows exist.  Bigtable cannot delete a range of rows, so the keys
 * of a range are read, and nothing else of its rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "port/pg_bswap.h"
#include "storage/ipc.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "arena.h"
#include "as_of.h"
#include "client/single_row.h"
#include "compat.h"
#include "direct.h"
#include "explain.h"
#include "plan.h"
#include "quote.h"
#include "row_encoder.h"
#include "scan.h"
#include "sender.h"

/* Increments that are under way at once. */
#define MAX_INCREMENTS 16

/* A counter that is incremented. */
typedef struct Counter
{
	const ColumnMapping *column;
	bool negative;
	ExprState *amount_state;
	Oid amount_type;
	int64 amount;
	int64 value;   /* afterwards */
	bool is_known; /* the server has said so */
} Counter;

/* An increment that is under way. */
typedef struct PendingIncrement
{
	bt_unary *call;
	bt_span key; /* in the row set */
} PendingIncrement;

/* The state, in BigtableScan.direct; lives in es_query_cxt. */
typedef struct DirectModify
{
	DirectPlan *plan;
	BigtableScan *scan;
	bool started;

	/* DELETE */
	Sender *sender;

	/* UPDATE */
	int ncounters;
	Counter *counters;
	bool is_aggregate;                        /* the counters are sums */
	size_t next_range;                        /* of the row set, to be incremented next */
	PendingIncrement pending[MAX_INCREMENTS]; /* a ring */
	int first;
	int npending;
	int64 nupdated;
	bool completed; /* the statement has not failed */
	MemoryContextCallback callback;
} DirectModify;

/* ---- beginning and end ---- */

/* Says what a statement that failed has incremented. */
static void
warn_of_increments(const DirectModify *direct)
{
	if (direct->nupdated + direct->npending > 0 && !proc_exit_inprogress)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("rows of Bigtable table \"%s\" that were written before the "
						"failure stay",
						direct->scan->table->remote_name),
				 errdetail(INT64_FORMAT " rows were written, %d more may have been.",
						   direct->nupdated, direct->npending)));
}

static void
release(void *arg)
{
	DirectModify *direct = arg;

	if (!direct->completed)
		warn_of_increments(direct);
	for (; direct->npending > 0; direct->npending--)
	{
		bt_unary_free(direct->pending[direct->first].call);
		direct->first = (direct->first + 1) % MAX_INCREMENTS;
	}
}

static void
init_counters(ForeignScanState *node, DirectModify *direct)
{
	const ForeignScan *plan = (const ForeignScan *) node->ss.ps.plan;
	int first = direct->scan->plan->nkey_clauses + direct->scan->plan->ncell_clauses;

	direct->ncounters = direct->plan->nincrements;
	direct->scan->makes_rows = direct->ncounters > 0;
	direct->counters = palloc0(sizeof(Counter) * (direct->ncounters + 1));
	for (int i = 0; i < direct->ncounters; i++)
	{
		const Increment *increment = &direct->plan->increments[i];
		Counter *counter = &direct->counters[i];
		Expr *amount = list_nth(plan->fdw_exprs, first + i);

		counter->column = mapping_column(direct->scan->table, increment->attnum);
		counter->negative = increment->negative;
		counter->amount_type = exprType((Node *) amount);
		counter->amount_state = ExecInitExpr(amount, &node->ss.ps);
	}
}

void
bigtable_begin_direct_modify(ForeignScanState *node, int eflags)
{
	EState *estate = node->ss.ps.state;
	DirectModify *direct = palloc0(sizeof(DirectModify));
	BigtableScan *scan;

	bigtable_begin_scan(node, eflags);
	scan = node->fdw_state;
	scan->direct = direct;
	scan->userid = compat_modify_user(node->resultRelInfo, estate);
	direct->scan = scan;
	direct->plan = direct_plan_read((ForeignScan *) node->ss.ps.plan);
	if (scan->table->key == NULL || direct->plan->returns_rows)
		scan->parts = key_scan_create(scan->table, key_scan_attrs(scan->table),
									  scan->plan->nkey_clauses > 0, NULL);
	init_counters(node, direct);
	direct->callback.func = release;
	direct->callback.arg = direct;
	MemoryContextRegisterResetCallback(estate->es_query_cxt, &direct->callback);
}

void
bigtable_end_direct_modify(ForeignScanState *node)
{
	BigtableScan *scan = node->fdw_state;

	if (scan != NULL && scan->direct != NULL)
		scan->direct->completed = true;
	bigtable_end_scan(node);
}

/* Reports rows to whoever counts them. */
static void
count_rows(ForeignScanState *node, int64 n)
{
	const DirectModify *direct = ((BigtableScan *) node->fdw_state)->direct;

	if (direct->plan->set_processed)
		node->ss.ps.state->es_processed += (uint64) n;
	if (node->ss.ps.instrument != NULL && !direct->plan->returns_rows)
		node->ss.ps.instrument->tuplecount += (double) n;
}

/* ---- DELETE ---- */

static int64
delete_keys(DirectModify *direct, const bt_row_set *rows)
{
	static const bt_mutation deletion = {.kind = BT_DELETE_ROW};
	int64 n = 0;

	for (size_t i = 0; i < rows->nranges; i++)
	{
		bt_span key;

		CHECK_FOR_INTERRUPTS();
		(void) bt_range_is_key(&rows->ranges[i], &key);
		if (key.len > BT_MAX_ROW_KEY_BYTES)
			continue; /* there is no such row, and the service would not look */
		sender_put(direct->sender, key, &deletion, 1);
		n++;
	}
	return n;
}

static int64
delete_rows_read(ForeignScanState *node, DirectModify *direct)
{
	static const bt_mutation deletion = {.kind = BT_DELETE_ROW};
	int64 n = 0;
	bt_row row;

	while (scan_next_row(node, &row))
	{
		CHECK_FOR_INTERRUPTS();
		if (!scan_sees_row(direct->scan, &row))
			continue;
		sender_put(direct->sender, row.key, &deletion, 1);
		n++;
	}
	return n;
}

static void
delete_rows(ForeignScanState *node, DirectModify *direct)
{
	BigtableScan *scan = direct->scan;
	MemoryContext old = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);
	int64 n = 0;

	(void) scan_make_request(node, false);
	if (!scan->is_empty)
	{
		direct->sender = sender_create(scan->table, scan->userid, SENDER_CHANGE, false);
		if (bt_row_set_is_keys(&scan->rows))
			n = delete_keys(direct, &scan->rows);
		else
			n = delete_rows_read(node, direct);
		sender_complete(direct->sender);
	}
	MemoryContextSwitchTo(old);
	count_rows(node, n);
}

/* ---- UPDATE ---- */

/* Evaluates the amounts, which are the same for all rows. */
static void
evaluate_amounts(ForeignScanState *node, DirectModify *direct)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	for (int i = 0; i < direct->ncounters; i++)
	{
		Counter *counter = &direct->counters[i];
		bool isnull;
		Datum value = ExecEvalExprSwitchContext(counter->amount_state, econtext, &isnull);

		if (isnull)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("cannot add NULL to counter \"%s\" of foreign table \"%s\"",
							counter->column->name, direct->scan->table->relname),
					 errhint("To remove the counter, set it to NULL.")));
		counter->amount = counter->amount_type == INT2OID   ? DatumGetInt16(value)
						  : counter->amount_type == INT4OID ? DatumGetInt32(value)
															: DatumGetInt64(value);
		if (counter->negative &&
			pg_sub_s64_overflow(0, counter->amount, &counter->amount))
			ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
							errmsg("bigint out of range")));
	}
}

/* Counters are all plain or all sums, so that one request does. */
static void
check_families(DirectModify *direct)
{
	const BigtableScan *scan = direct->scan;

	for (int i = 0; i < direct->ncounters; i++)
	{
		const ColumnMapping *column = direct->counters[i].column;
		bt_family_type family =
			connection_check_family(scan->connection, scan->table, column);

		if ((family != BT_FAMILY_PLAIN && family != BT_FAMILY_SUM) ||
			(i > 0 && (family == BT_FAMILY_SUM) != direct->is_aggregate))
			ereport(
				ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot increment column \"%s\" of foreign table \"%s\"",
						column->name, scan->table->relname),
				 family == BT_FAMILY_PLAIN || family == BT_FAMILY_SUM
					 ? errdetail("One request cannot increment both plain counters and "
								 "sums.")
					 : errdetail("Column family %s holds aggregates that are not sums.",
								 quoted(column->family))));
		direct->is_aggregate = family == BT_FAMILY_SUM;
	}
	if (direct->is_aggregate && direct->plan->returns_rows)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("RETURNING is not supported for increments of aggregates"),
						errdetail("Bigtable does not say what the sum is afterwards.")));
}

static void
start_update(ForeignScanState *node, DirectModify *direct)
{
	BigtableScan *scan = direct->scan;

	evaluate_amounts(node, direct);
	(void) scan_make_request(node, false);
	if (scan->is_empty)
		return;
	if (!bt_row_set_is_keys(&scan->rows))
		elog(ERROR, "increment of a range of rows");
	for (size_t i = 0; i < scan->rows.nranges; i++)
	{
		bt_span key;

		(void) bt_range_is_key(&scan->rows.ranges[i], &key);
		row_encoder_check_key(scan->table, key);
	}
	scan->connection = connection_acquire(scan->table, scan->userid);
	check_families(direct);
}

static bt_unary *
make_increment(const DirectModify *direct, bt_span key)
{
	const BigtableScan *scan = direct->scan;
	bt_write_target target = {scan->table->kind, scan->table->resource,
							  scan->table->app_profile};
	bt_rmw_rule *rules = palloc0(sizeof(bt_rmw_rule) * direct->ncounters);
	bt_mutation *mutations = palloc0(sizeof(bt_mutation) * direct->ncounters);

	for (int i = 0; i < direct->ncounters; i++)
	{
		const Counter *counter = &direct->counters[i];

		rules[i].family = mutations[i].family = counter->column->family;
		rules[i].qualifier = mutations[i].qualifier = counter->column->qualifier;
		rules[i].amount = mutations[i].amount = counter->amount;
		rules[i].is_increment = true;
		mutations[i].kind = BT_ADD_TO_CELL;
	}
	if (direct->is_aggregate)
		return bt_mutate_row(connection_channel(scan->connection),
							 connection_write_host(), &target, key, mutations,
							 direct->ncounters, &scan->table->retry);
	return bt_read_modify_write_row(connection_channel(scan->connection),
									connection_write_host(), &target, key, rules,
									direct->ncounters, &scan->table->retry);
}

/* Sends increments until enough are under way. */
static void
send_increments(DirectModify *direct)
{
	const BigtableScan *scan = direct->scan;

	while (direct->npending < MAX_INCREMENTS && direct->next_range < scan->rows.nranges)
	{
		PendingIncrement *pending =
			&direct->pending[(direct->first + direct->npending) % MAX_INCREMENTS];
		bt_status status;

		(void) bt_range_is_key(&scan->rows.ranges[direct->next_range++], &pending->key);
		pending->call = make_increment(direct, pending->key);
		arena_check(pending->call != NULL);
		direct->npending++;
		if (!bt_unary_start(pending->call, &status))
			connection_report_write(scan->connection, scan->table, &status, pending->key,
									"increment");
	}
}

/* Notes the value of a counter that an increment has left. */
static bool
note_value(void *arg, const bt_written_cell *cell)
{
	DirectModify *direct = arg;

	for (int i = 0; i < direct->ncounters; i++)
	{
		Counter *counter = &direct->counters[i];
		uint64 word;

		if (cell->value.len != sizeof(word) ||
			!bt_span_equal(cell->family, counter->column->family) ||
			!bt_span_equal(cell->qualifier, counter->column->qualifier))
			continue;
		memcpy(&word, cell->value.data, sizeof(word));
		counter->value = (int64) pg_ntoh64(word);
		counter->is_known = true;
	}
	return true;
}

/* Reads the values of all counters; returns false if there is not one of each. */
static bool
read_answer(DirectModify *direct, bt_span answer)
{
	for (int i = 0; i < direct->ncounters; i++)
		direct->counters[i].is_known = false;
	if (!bt_unpack_read_modify_write_row(answer, note_value, direct))
		return false;
	for (int i = 0; i < direct->ncounters; i++)
		if (!direct->counters[i].is_known)
			return false;
	return true;
}

/* Bigtable's counters wrap around; bigint does not. */
static void
check_overflow(const DirectModify *direct, bt_span key)
{
	for (int i = 0; i < direct->ncounters; i++)
	{
		const Counter *counter = &direct->counters[i];
		int64 before = (int64) ((uint64) counter->value - (uint64) counter->amount);
		int64 sum;

		if (pg_add_s64_overflow(before, counter->amount, &sum))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("bigint out of range"),
					 errdetail(
						 "Counter \"%s\" of row %s has wrapped around from " INT64_FORMAT
						 " to " INT64_FORMAT ".",
						 counter->column->name, quoted(key), before, counter->value)));
	}
}

/* Waits for the oldest increment; returns its key. */
static bt_span
finish_increment(DirectModify *direct)
{
	const BigtableScan *scan = direct->scan;
	PendingIncrement *oldest = &direct->pending[direct->first];
	bt_span key = oldest->key;
	bt_unary_result result;
	bt_status status;

	while ((result = bt_unary_run(oldest->call, &status)) == BT_UNARY_INTERRUPTED)
		CHECK_FOR_INTERRUPTS();
	if (result == BT_UNARY_DONE && !direct->is_aggregate &&
		!read_answer(direct, bt_unary_response(oldest->call)))
	{
		bt_status_set(&status, BT_INTERNAL, "invalid ReadModifyWriteRow response");
		status.local = false;
		result = BT_UNARY_ERROR;
	}
	bt_unary_free(oldest->call);
	oldest->call = NULL;
	direct->first = (direct->first + 1) % MAX_INCREMENTS;
	direct->npending--;
	if (result != BT_UNARY_DONE)
		connection_report_write(scan->connection, scan->table, &status, key, "increment");
	if (!direct->is_aggregate)
		check_overflow(direct, key);
	direct->nupdated++;
	return key;
}

/* What RETURNING sees: the key and the counters. */
static TupleTableSlot *
returned_row(ForeignScanState *node, DirectModify *direct, bt_span key)
{
	BigtableScan *scan = direct->scan;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	MemoryContext old = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);

	if (scan->memory.context == NULL)
		row_memory_init(&scan->memory, CurrentMemoryContext);
	row_memory_next_row(&scan->memory);
	MemoryContextSwitchTo(scan->memory.context);
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, sizeof(bool) * scan->table->natts);
	(void) key_scan_read(scan->parts, key, &scan->memory, slot->tts_values,
						 slot->tts_isnull, &scan->converting);
	for (int i = 0; i < direct->ncounters; i++)
	{
		int attr = direct->counters[i].column->attnum - 1;

		slot->tts_isnull[attr] = false;
		slot->tts_values[attr] = Int64GetDatum(direct->counters[i].value);
	}
	MemoryContextSwitchTo(old);
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = scan->table->relid;
	node->resultRelInfo->ri_projectReturning->pi_exprContext->ecxt_scantuple = slot;
	return slot;
}

static TupleTableSlot *
update_counters(ForeignScanState *node, DirectModify *direct)
{
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	for (;;)
	{
		bt_span key;

		CHECK_FOR_INTERRUPTS();
		if (!direct->scan->is_empty)
			send_increments(direct);
		if (direct->npending == 0)
			return ExecClearTuple(slot);
		key = finish_increment(direct);
		count_rows(node, 1);
		if (direct->plan->returns_rows)
			return returned_row(node, direct, key);
	}
}

TupleTableSlot *
bigtable_iterate_direct_modify(ForeignScanState *node)
{
	BigtableScan *scan = node->fdw_state;
	DirectModify *direct = scan->direct;
	bool first = !direct->started;

	direct->started = true;
	if (first)
		as_of_check_write(scan->table);
	if (direct->ncounters > 0)
	{
		if (first)
			start_update(node, direct);
		return update_counters(node, direct);
	}
	if (first)
		delete_rows(node, direct);
	return ExecClearTuple(node->ss.ss_ScanTupleSlot);
}

/* ---- EXPLAIN ---- */

static void
explain_increments(ForeignScanState *node, const DirectModify *direct, ExplainState *es)
{
	const ForeignScan *plan = (const ForeignScan *) node->ss.ps.plan;
	int first = direct->scan->plan->nkey_clauses + direct->scan->plan->ncell_clauses;
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < direct->ncounters; i++)
		appendStringInfo(
			&text, "%s%s %c %s", i > 0 ? ", " : "",
			quote_identifier(direct->counters[i].column->name),
			direct->counters[i].negative ? '-' : '+',
			explain_expression(node, list_nth(plan->fdw_exprs, first + i), es));
	ExplainPropertyText("Increment", text.data, es);
}

void
bigtable_explain_direct_modify(ForeignScanState *node, ExplainState *es)
{
	const DirectModify *direct = ((BigtableScan *) node->fdw_state)->direct;
	SenderCounters counters;

	if (direct->ncounters > 0)
		explain_increments(node, direct, es);
	explain_scan_request(node, es);
	if (!es->analyze)
		return;
	if (direct->sender != NULL)
	{
		counters = sender_counters(direct->sender);
		ExplainPropertyInteger("Write Requests", NULL, (int64) counters.requests, es);
		ExplainPropertyInteger("Rows Written", NULL, (int64) counters.rows_written, es);
	}
	else
		ExplainPropertyInteger("Rows Written", NULL, direct->nupdated, es);
}
