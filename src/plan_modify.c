/*-------------------------------------------------------------------------
 *
 * plan_modify.c
 *	  The planner's callbacks of statements that write.
 *
 * Like all planning, this contacts nobody.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "cell_layout.h"
#include "compat.h"
#include "key_condition.h"
#include "plan.h"
#include "plan_modify.h"

void
check_writable(const TableMapping *table)
{
	const char *reason = mapping_read_only_reason(table);

	if (reason != NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("cannot write to foreign table \"%s\"", table->relname),
						errdetail("%s", reason)));
}

bool
modify_plan_skips_existing(const List *fdw_private)
{
	return fdw_private != NIL && intVal(linitial(fdw_private)) != 0;
}

char *
key_junk_name(const ColumnMapping *key)
{
	return psprintf("bigtable_row_key_%d_%u_%d_%u", key->attnum, key->typid, key->typmod,
					key->collation);
}

/* What tells a cell from all others. */
static void
add_cell_identity(PlannerInfo *root, Index rtindex, const TableMapping *table)
{
	for (int i = 0; i < CELL_IDENTITY_PARTS; i++)
	{
		const ColumnMapping *column = cell_layout_column(table, cell_identity[i]);

		add_row_identity_var(root,
							 makeVar((int) rtindex, column->attnum, column->typid,
									 column->typmod, column->collation, 0),
							 rtindex, key_junk_name(column));
	}
}

/*
 * A row is known by its key.  PostgreSQL asks for the whole old row of an
 * UPDATE by itself; for DELETE ... RETURNING, we have to, in the same way.
 */
void
bigtable_add_update_targets(PlannerInfo *root, Index rtindex, RangeTblEntry *target_rte,
							Relation target_relation)
{
	const TableMapping *table = mapping_load(RelationGetRelid(target_relation));

	check_writable(table);
	if (table->layout == LAYOUT_CELLS)
		add_cell_identity(root, rtindex, table);
	for (int i = 0; i < table->row_key.nparts && table->layout == LAYOUT_ROWS; i++)
	{
		const ColumnMapping *column = table->row_key.parts[i].column;

		add_row_identity_var(root,
							 makeVar((int) rtindex, column->attnum, column->typid,
									 column->typmod, column->collation, 0),
							 rtindex, key_junk_name(column));
	}
	if (root->parse->commandType == CMD_DELETE && root->parse->returningList != NIL)
		add_row_identity_var(
			root, makeVar((int) rtindex, InvalidAttrNumber, RECORDOID, -1, InvalidOid, 0),
			rtindex, ROW_JUNK_NAME);
}

List *
bigtable_plan_modify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
					 int subplan_index)
{
	RangeTblEntry *rte = planner_rt_fetch(result_relation, root);

	check_writable(mapping_load(rte->relid));
	return list_make1(makeInteger(plan->onConflictAction == ONCONFLICT_NOTHING));
}

/* ---- statements that need no read ---- */

/* The scan of the table, if it is all that the statement's plan does with it. */
static ForeignScan *
find_scan(ModifyTable *plan, Index result_relation, int subplan_index)
{
	Plan *subplan = outerPlan(plan);

	if (IsA(subplan, Result) && outerPlan(subplan) != NULL &&
		IsA(outerPlan(subplan), Append))
		subplan = outerPlan(subplan);
	if (IsA(subplan, Append))
	{
		if (subplan_index >= list_length(((Append *) subplan)->appendplans))
			return NULL;
		subplan = list_nth(((Append *) subplan)->appendplans, subplan_index);
	}
	if (!IsA(subplan, ForeignScan) ||
		((ForeignScan *) subplan)->scan.scanrelid != result_relation)
		return NULL;
	return (ForeignScan *) subplan;
}

/* Do the conditions of a scan name keys, and not ranges? */
static bool
names_keys(const ForeignScan *scan, const TableMapping *table)
{
	List *clauses = list_copy_head(scan->fdw_exprs, scan_plan_read(scan)->nkey_clauses);

	return key_condition_estimate_keys(
			   key_condition_compile(table, scan->scan.scanrelid, clauses)) > 0;
}

/* Is a function "bigint + integer of any size", or minus? */
static bool
is_sum(Oid function, bool *negative)
{
	switch (function)
	{
		case F_INT8PL:
		case F_INT82PL:
		case F_INT84PL:
		case F_INT28PL:
		case F_INT48PL:
			*negative = false;
			return true;
		case F_INT8MI:
		case F_INT82MI:
		case F_INT84MI:
			*negative = true;
			return true;
		default:
			return false;
	}
}

static bool
is_column(Node *node, Index varno, AttrNumber attnum)
{
	return IsA(node, Var) && ((Var *) node)->varno == (int) varno &&
		   ((Var *) node)->varattno == attnum && ((Var *) node)->varlevelsup == 0;
}

/*
 * Is an expression "column + amount", "amount + column" or "column - amount",
 * with an amount that the row has no part in?
 */
static bool
match_increment(PlannerInfo *root, Expr *expr, Index varno, AttrNumber attnum,
				bool *negative, Expr **amount)
{
	OpExpr *op = (OpExpr *) expr;
	Node *left;
	Node *right;

	if (!IsA(expr, OpExpr) || list_length(op->args) != 2)
		return false;
	set_opfuncid(op);
	if (!is_sum(op->opfuncid, negative))
		return false;
	left = linitial(op->args);
	right = lsecond(op->args);
	if (is_column(left, varno, attnum))
		*amount = (Expr *) right;
	else if (!*negative && is_column(right, varno, attnum))
		*amount = (Expr *) left;
	else
		return false;
	return !bms_is_member((int) varno, pull_varnos(root, (Node *) *amount)) &&
		   !contain_volatile_functions((Node *) *amount) &&
		   !contain_subplans((Node *) *amount);
}

/* What SET assigns, if all of it are increments of counters. */
static bool
match_increments(PlannerInfo *root, const TableMapping *table, Index varno,
				 DirectPlan *direct, List **amounts)
{
	List *targets;
	List *attnums;
	ListCell *target;
	ListCell *number;

	get_translated_update_targetlist(root, varno, &targets, &attnums);
	direct->increments = palloc(sizeof(Increment) * (list_length(attnums) + 1));
	forboth(target, targets, number, attnums)
	{
		const ColumnMapping *column = mapping_column(table, lfirst_int(number));
		Increment *increment = &direct->increments[direct->nincrements++];
		Expr *amount;

		if (column == NULL || column->kind != COLUMN_VALUE || column->typid != INT8OID ||
			column->encoding != ENCODING_BINARY)
			return false;
		if (!match_increment(root, lfirst_node(TargetEntry, target)->expr, varno,
							 column->attnum, &increment->negative, &amount))
			return false;
		increment->attnum = column->attnum;
		*amounts = lappend(*amounts, amount);
	}
	return direct->nincrements > 0;
}

/* Can what RETURNING asks for be answered from what an increment returns? */
static bool
can_return(const ModifyTable *plan, Index varno, int subplan_index,
		   const TableMapping *table, const DirectPlan *direct)
{
	Bitmapset *members = NULL;
	int member = -1;

	if (plan->returningLists == NIL)
		return true;
	pull_varattnos(list_nth(plan->returningLists, subplan_index), varno, &members);
	while ((member = bms_next_member(members, member)) >= 0)
	{
		int attnum = member + FirstLowInvalidHeapAttributeNumber;
		const ColumnMapping *column = mapping_column(table, attnum);
		bool known = attnum == TableOidAttributeNumber ||
					 (column != NULL && column->kind == COLUMN_ROW_KEY);

		for (int i = 0; i < direct->nincrements; i++)
			known |= attnum == direct->increments[i].attnum;
		if (!known)
			return false;
	}
	return !compat_returning_wants_old(plan);
}

/*
 * An increment may make a row, and does not say what else is in it.  So there
 * must be nothing that the row could violate: a partition's bounds, constraints.
 */
static bool
has_restrictions(PlannerInfo *root, Index relid, const TableMapping *table,
				 const DirectPlan *direct)
{
	Relation rel = table_open(table->relid, NoLock);
	bool result = rel->rd_rel->relispartition ||
				  IS_OTHER_REL(find_base_rel(root, (int) relid)) ||
				  (RelationGetDescr(rel)->constr != NULL &&
				   RelationGetDescr(rel)->constr->num_check > 0);

	table_close(rel, NoLock);
	for (int i = 0; i < table->natts; i++)
	{
		const ColumnMapping *column = &table->columns[i];
		bool is_set = column->kind == COLUMN_ROW_KEY;

		for (int j = 0; j < direct->nincrements; j++)
			is_set |= column->attnum == direct->increments[j].attnum;
		result |= column->not_null && !is_set;
	}
	return result;
}

/* Nobody needs what SET computes, and with the new values it would be wrong. */
static void
drop_expressions(ForeignScan *scan)
{
	ListCell *cell;

	foreach (cell, scan->scan.plan.targetlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);

		if (!IsA(entry->expr, Var))
			entry->expr = (Expr *) makeNullConst(exprType((Node *) entry->expr), -1,
												 exprCollation((Node *) entry->expr));
	}
}

/*
 * UPDATE that only increments counters of rows named by their keys, and DELETE
 * by conditions on the key alone.  The scan's node does it all; if that cannot
 * be, rows are read, changed, and written one by one.
 */
bool
bigtable_plan_direct_modify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
							int subplan_index)
{
	ForeignScan *scan = find_scan(plan, result_relation, subplan_index);
	DirectPlan direct = {.set_processed = plan->canSetTag,
						 .returns_rows = plan->returningLists != NIL};
	const TableMapping *table;
	List *amounts = NIL;

	if (scan == NULL || scan->scan.plan.qual != NIL ||
		(plan->operation != CMD_UPDATE && plan->operation != CMD_DELETE))
		return false;
	table = mapping_load(planner_rt_fetch(result_relation, root)->relid);
	check_writable(table);
	if (table->layout == LAYOUT_CELLS ||
		(plan->operation == CMD_DELETE && plan->returningLists != NIL))
		return false;

	/* Keys would be counted once for each partition that might have them. */
	if (plan->operation == CMD_DELETE && names_keys(scan, table) &&
		IS_OTHER_REL(find_base_rel(root, (int) result_relation)))
		return false;
	if (plan->operation == CMD_UPDATE &&
		(!names_keys(scan, table) ||
		 !match_increments(root, table, result_relation, &direct, &amounts) ||
		 !can_return(plan, result_relation, subplan_index, table, &direct) ||
		 has_restrictions(root, result_relation, table, &direct)))
		return false;

	if (plan->operation == CMD_UPDATE)
		drop_expressions(scan);
	scan->operation = plan->operation;
	scan->resultRelation = result_relation;
	scan->fdw_exprs = list_concat(scan->fdw_exprs, amounts);
	direct_plan_write(scan, &direct, true);
	return true;
}
