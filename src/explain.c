/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  What EXPLAIN says about a scan.
 *
 * The key condition is what was pushed down, as an expression; the row set is
 * what it comes to, which is known before execution only if it depends on
 * constants.  EXPLAIN without ANALYZE contacts nobody.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "nodes/makefuncs.h"
#include "utils/ruleutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "explain.h"
#include "quote.h"
#include "scan.h"

/* A row set is shown up to this many ranges, and a key up to so many bytes. */
#define MAX_RANGES 5
#define MAX_KEY_BYTES 64

/* ---- row sets ---- */

static void
append_range(StringInfo out, const bt_range *range)
{
	bt_span key;

	if (bt_range_is_key(range, &key))
	{
		append_quoted(out, key, MAX_KEY_BYTES);
		return;
	}
	if (range->from.key.len == 0)
		appendStringInfoChar(out, '(');
	else
	{
		appendStringInfoChar(out, range->from.after ? '(' : '[');
		append_quoted(out, range->from.key, MAX_KEY_BYTES);
	}
	appendStringInfoString(out, ", ");
	if (range->unbounded)
		appendStringInfoChar(out, ')');
	else
	{
		append_quoted(out, range->to.key, MAX_KEY_BYTES);
		appendStringInfoChar(out, range->to.after ? ']' : ')');
	}
}

char *
row_set_text(const bt_row_set *set)
{
	StringInfoData out;

	initStringInfo(&out);
	if (set->nranges == 0)
		appendStringInfoString(&out, "empty");
	else if (bt_row_set_is_all(set))
		appendStringInfoString(&out, "full table");
	for (size_t i = 0; !bt_row_set_is_all(set) && i < set->nranges; i++)
	{
		if (i == MAX_RANGES)
		{
			appendStringInfo(&out, ", ... (%zu in all)", set->nranges);
			break;
		}
		if (i > 0)
			appendStringInfoString(&out, ", ");
		append_range(&out, &set->ranges[i]);
	}
	return out.data;
}

/* ---- filters ---- */

static void append_filter(StringInfo out, const bt_filter *filter);

static void
append_members(StringInfo out, const char *name, const bt_filter *filter)
{
	appendStringInfo(out, "%s(", name);
	for (size_t i = 0; i < filter->nmembers && filter->members[i] != NULL; i++)
	{
		if (i > 0)
			appendStringInfoString(out, ", ");
		append_filter(out, filter->members[i]);
	}
	appendStringInfoChar(out, ')');
}

static void
append_text(StringInfo out, const char *name, bt_span text)
{
	appendStringInfo(out, "%s ", name);
	append_quoted(out, text, text.len);
}

static void
append_bounds(StringInfo out, const bt_filter *filter)
{
	appendStringInfoChar(out, filter->from_open || !filter->has_from ? '(' : '[');
	if (filter->has_from)
		append_quoted(out, filter->from, MAX_KEY_BYTES);
	appendStringInfoString(out, ", ");
	if (filter->has_to)
		append_quoted(out, filter->to, MAX_KEY_BYTES);
	appendStringInfoChar(out, filter->to_open || !filter->has_to ? ')' : ']');
}

static void
append_timestamp_range(StringInfo out, const bt_filter *filter)
{
	appendStringInfo(out, "timestamp [" INT64_FORMAT ", ", (int64) filter->from_us);
	if (filter->to_us != 0)
		appendStringInfo(out, INT64_FORMAT, (int64) filter->to_us);
	appendStringInfoChar(out, ')');
}

static void
append_filter(StringInfo out, const bt_filter *filter)
{
	switch (filter->kind)
	{
		case BT_FILTER_CHAIN:
			append_members(out, "chain", filter);
			break;
		case BT_FILTER_INTERLEAVE:
			append_members(out, "interleave", filter);
			break;
		case BT_FILTER_CONDITION:
			append_members(out, "condition", filter);
			break;
		case BT_FILTER_FAMILY_REGEX:
			append_text(out, "family", filter->text);
			break;
		case BT_FILTER_QUALIFIER_REGEX:
			append_text(out, "qualifier", filter->text);
			break;
		case BT_FILTER_VALUE_REGEX:
			append_text(out, "value", filter->text);
			break;
		case BT_FILTER_ROW_KEY_REGEX:
		case BT_FILTER_VALUE_BITMASK:
		case BT_FILTER_ROW_OFFSET:
		case BT_FILTER_ROW_SAMPLE:
		case BT_FILTER_SINK:
			break; /* not of scans */
		case BT_FILTER_COLUMN:
			append_text(out, "column", filter->text);
			appendStringInfoChar(out, ':');
			append_quoted(out, filter->qualifier, filter->qualifier.len);
			break;
		case BT_FILTER_TIMESTAMP_RANGE:
			append_timestamp_range(out, filter);
			break;
		case BT_FILTER_VALUE_RANGE:
			appendStringInfoString(out, "value ");
			append_bounds(out, filter);
			break;
		case BT_FILTER_COLUMN_RANGE:
			append_text(out, "columns", filter->text);
			appendStringInfoChar(out, ':');
			append_bounds(out, filter);
			break;
		case BT_FILTER_ROW_LIMIT:
			appendStringInfo(out, "cells per row %d", (int) filter->limit);
			break;
		case BT_FILTER_COLUMN_LIMIT:
			appendStringInfo(out, "latest %d", (int) filter->limit);
			break;
		case BT_FILTER_STRIP_VALUE:
			appendStringInfoString(out, "strip value");
			break;
		case BT_FILTER_PASS_ALL:
			appendStringInfoString(out, "pass all");
			break;
		case BT_FILTER_BLOCK_ALL:
			appendStringInfoString(out, "block all");
			break;
		case BT_FILTER_LABEL:
			append_text(out, "label", filter->text);
			break;
	}
}

char *
filter_text(const bt_filter *filter)
{
	StringInfoData out;

	initStringInfo(&out);
	append_filter(&out, filter);
	return out.data;
}

/* ---- properties ---- */

static List *find_ancestors(Plan *plan, Plan *target, List *ancestors);

static List *
find_in_list(List *plans, Plan *target, List *ancestors)
{
	List *found = NIL;
	ListCell *cell;

	foreach (cell, plans)
		if (found == NIL)
			found = find_ancestors(lfirst(cell), target, ancestors);
	return found;
}

/*
 * The plan nodes above ours, nearest first: ruleutils finds there what the
 * parameters of a nested loop stand for.  EXPLAIN knows them, but does not tell
 * the wrapper.  NIL if we are in a part of the plan that is not searched; then
 * parameters are shown as numbers.
 */
static List *
find_ancestors(Plan *plan, Plan *target, List *ancestors)
{
	List *found;

	if (plan == NULL)
		return NIL;
	if (plan == target)
		return ancestors;
	ancestors = lcons(plan, list_copy(ancestors));
	switch (nodeTag(plan))
	{
		case T_Append:
			return find_in_list(((Append *) plan)->appendplans, target, ancestors);
		case T_MergeAppend:
			return find_in_list(((MergeAppend *) plan)->mergeplans, target, ancestors);
		case T_CustomScan:
			return find_in_list(((CustomScan *) plan)->custom_plans, target, ancestors);
		case T_SubqueryScan:
			return find_ancestors(((SubqueryScan *) plan)->subplan, target, ancestors);
		default:
			found = find_ancestors(outerPlan(plan), target, ancestors);
			return found != NIL ? found
								: find_ancestors(innerPlan(plan), target, ancestors);
	}
}

static char *
deparse(ForeignScanState *node, Node *expr, List *ancestors, ExplainState *es)
{
	List *context =
		set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan, ancestors);

	return deparse_expression(expr, context,
							  compat_explain_relations(es) > 1 || es->verbose, false);
}

/* The n of the plan's expressions from one on, as SQL. */
static void
explain_condition(ForeignScanState *node, const char *label, int first, int n,
				  List *ancestors, ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List *exprs = NIL;

	if (n == 0)
		return;
	for (int i = first; i < first + n; i++)
		exprs = lappend(exprs, list_nth(plan->fdw_exprs, i));
	ExplainPropertyText(
		label, deparse(node, (Node *) make_ands_explicit(exprs), ancestors, es), es);
}

/* LIMIT, and what OFFSET adds to it: a number if both are constants. */
static void
explain_limit(ForeignScanState *node, List *ancestors, ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	const ScanPlan *scan_plan = ((BigtableScan *) node->fdw_state)->plan;
	int first = scan_plan->nkey_clauses + scan_plan->ncell_clauses;
	bool constant = true;
	int64 limit = 0;
	StringInfoData text;

	initStringInfo(&text);
	for (int i = first; i < list_length(plan->fdw_exprs); i++)
	{
		Const *count = list_nth(plan->fdw_exprs, i);

		appendStringInfo(&text, "%s%s", i > first ? " + " : "",
						 deparse(node, (Node *) count, ancestors, es));
		if (!IsA(count, Const))
			constant = false;
		else if (pg_add_s64_overflow(limit, DatumGetInt64(count->constvalue), &limit))
			return; /* then none is sent */
	}
	if (constant)
		ExplainPropertyInteger("Row Limit", NULL, limit, es);
	else
		ExplainPropertyText("Row Limit", text.data, es);
}

/* What the server is asked for, as far as that is known. */
static void
explain_request(ForeignScanState *node, ExplainState *es)
{
	BigtableScan *scan = node->fdw_state;

	/* After execution the readers have used up the row set; make it again. */
	if (scan->fan != NULL)
		bt_row_fan_stop(scan->fan);
	scan_restrict(node, NULL);
	if (!scan_make_request(node, true))
		return;
	if (scan->has_as_of)
		ExplainPropertyText("As Of", timestamptz_to_str(scan->as_of), es);
	if (scan->plan->is_lookup && !scan->is_empty)
		ExplainPropertyText("Row Set", "keys of outer rows", es);
	else
		ExplainPropertyText("Row Set",
							scan->is_empty ? "empty" : row_set_text(&scan->rows), es);
	if (es->verbose && !scan->is_empty &&
		(scan->direct == NULL || !bt_row_set_is_keys(&scan->rows)))
		ExplainPropertyText("Row Filter", filter_text(scan->filter), es);
}

static void
explain_counters(const BigtableScan *scan, ExplainState *es)
{
	bt_read_counters counters = scan_counters(scan);
	const bt_read_counters *workers = &scan->worker_counters;
	size_t streams = scan->fan != NULL ? bt_row_fan_streams(scan->fan) : 0;
	uint64 nulls_made = 0;
	ListCell *cell;

	for (int i = 0; i < scan->table->natts; i++)
		nulls_made += scan->columns[i].codec.nulls_made;
	foreach (cell, scan->groups)
		nulls_made += ((CellGroup *) lfirst(cell))->codec.nulls_made;
	counters.requests += workers->requests;
	counters.retries += workers->retries;
	counters.messages += workers->messages;
	counters.bytes += workers->bytes;
	counters.rows += workers->rows;
	counters.rows_seen += workers->rows_seen;
	if (streams > 1 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("Streams", NULL, (int64) streams, es);
	ExplainPropertyInteger("Requests", NULL, counters.requests, es);
	if (counters.retries > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("Retries", NULL, counters.retries, es);
	ExplainPropertyInteger("Messages", NULL, counters.messages, es);
	ExplainPropertyInteger("Bytes Received", NULL, counters.bytes, es);

	/* The server says so at the end, which a scan may not have waited for. */
	if (counters.rows_seen >= counters.rows || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("Rows Seen", NULL, counters.rows_seen, es);
	ExplainPropertyInteger("Rows Returned", NULL, counters.rows, es);
	if (nulls_made > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("Values Not Decoded", NULL, (int64) nulls_made, es);
}

static List *
ancestors_of(ForeignScanState *node)
{
	PlannedStmt *statement = node->ss.ps.state->es_plannedstmt;
	List *ancestors = find_ancestors(statement->planTree, node->ss.ps.plan, NIL);

	return ancestors != NIL ? ancestors
							: find_in_list(statement->subplans, node->ss.ps.plan, NIL);
}

char *
explain_expression(ForeignScanState *node, Node *expr, ExplainState *es)
{
	return deparse(node, expr, ancestors_of(node), es);
}

void
explain_scan_request(ForeignScanState *node, ExplainState *es)
{
	BigtableScan *scan = node->fdw_state;
	const ScanPlan *plan = scan->plan;
	List *ancestors = ancestors_of(node);

	ExplainPropertyText("Bigtable Table",
						es->verbose ? scan->table->resource : scan->table->remote_name,
						es);
	explain_condition(node, "Key Condition", 0, plan->nkey_clauses, ancestors, es);
	explain_condition(node, "Cell Condition", plan->nkey_clauses, plan->ncell_clauses,
					  ancestors, es);
	explain_request(node, es);
}

static const char *
row_order_text(const BigtableScan *scan)
{
	const char *direction = scan->plan->reversed ? "descending" : "ascending";

	if (!scan->plan->merged)
		return direction;
	return psprintf("%s, merged from %d buckets", direction,
					scan->table->row_key.nbuckets);
}

void
bigtable_explain_scan(ForeignScanState *node, ExplainState *es)
{
	BigtableScan *scan = node->fdw_state;
	const ScanPlan *plan = scan->plan;
	List *ancestors = ancestors_of(node);

	explain_scan_request(node, es);
	if (plan->ordered)
		ExplainPropertyText("Row Order", row_order_text(scan), es);
	if (plan->has_limit)
		explain_limit(node, ancestors, es);
	if (es->analyze)
		explain_counters(scan, es);
}
