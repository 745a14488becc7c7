/*-------------------------------------------------------------------------
 *
 * lookup_join_plan.c
 *	  Paths and plans of lookup joins.
 *
 * Where a join names row keys of a foreign table by columns of its other side,
 * a nested loop would send one request for each outer row, and a hash join
 * would read the whole table.  This offers a third way to the planner: a batch
 * of outer rows, one request for all their keys, and the batch is joined to
 * what comes.  It is chosen by cost, like any other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/guc.h"

#include "compat.h"
#include "lookup_join.h"
#include "plan.h"

/* The server does more for a key than for the next row of a range. */
#define ROWS_OF_A_LOOKUP 4.0

int lookup_batch_size = 1000;

static bool enable_lookup_join = true;
static set_join_pathlist_hook_type previous_hook = NULL;

/* Members of custom_private of a path. */
enum
{
	PATH_JOINTYPE,
	PATH_RESTRICTIONS, /* of the join, of RestrictInfo */
	PATH_GROWS
};

static Plan *plan_lookup_join(PlannerInfo *root, RelOptInfo *rel, CustomPath *path,
							  List *tlist, List *clauses, List *children);

static const CustomPathMethods path_methods = {
	.CustomName = "BigtableLookupJoin",
	.PlanCustomPath = plan_lookup_join,
};

/* ---- paths ---- */

static bool
has_pseudoconstant(List *restrictions)
{
	ListCell *cell;

	foreach (cell, restrictions)
		if (lfirst_node(RestrictInfo, cell)->pseudoconstant)
			return true;
	return false;
}

/* Does the clause decide which rows match, rather than filter the result? */
static bool
decides_match(const RestrictInfo *rinfo, JoinType jointype, Relids joinrelids)
{
	return !IS_OUTER_JOIN(jointype) || !RINFO_IS_PUSHED_DOWN(rinfo, joinrelids);
}

/* The restrictions of a join that decide which rows match. */
static List *
deciding_restrictions(List *restrictions, JoinType jointype, Relids joinrelids)
{
	List *result = NIL;
	ListCell *cell;

	foreach (cell, restrictions)
		if (decides_match(lfirst_node(RestrictInfo, cell), jointype, joinrelids))
			result = lappend(result, lfirst(cell));
	return result;
}

/* May this relation be looked up in, for this kind of join? */
static bool
is_candidate(RelOptInfo *joinrel, RelOptInfo *outer, RelOptInfo *inner, JoinType jointype)
{
	if (jointype != JOIN_INNER && jointype != JOIN_LEFT && jointype != JOIN_SEMI &&
		jointype != JOIN_ANTI)
		return false;
	return scan_is_of_bigtable(inner) && bms_is_empty(inner->lateral_relids) &&
		   bms_is_empty(joinrel->lateral_relids) && outer->cheapest_total_path != NULL &&
		   bms_is_empty(PATH_REQ_OUTER(outer->cheapest_total_path));
}

/* What is to be joined, for all the paths that do it. */
typedef struct LookupRel
{
	RelOptInfo *joinrel;
	RelOptInfo *inner;
	JoinType jointype;
	List *restrictions; /* of the join, of RestrictInfo */
	double keys;        /* of an outer row, at most */
} LookupRel;

/* A path that joins what an outer path yields; so many rows come of it. */
static Path *
make_lookup_path(PlannerInfo *root, const LookupRel *join, Path *outer, double rows)
{
	RelOptInfo *joinrel = join->joinrel;
	double outer_rows = clamp_row_est(outer->rows);
	double batches = ceil(outer_rows / lookup_batch_size);
	double fetched = outer_rows * join->keys;
	Path *inner = (Path *) scan_lookup_path(
		root, join->inner, batches, Min(fetched, join->inner->rows),
		Min(fetched, join->inner->tuples) * ROWS_OF_A_LOOKUP);
	CustomPath *path = makeNode(CustomPath);
	bool grows = root->tuple_fraction > 0;

	path->path.pathtype = T_CustomScan;
	path->path.parent = joinrel;
	path->path.pathtarget = joinrel->reltarget;
	path->path.parallel_safe =
		joinrel->consider_parallel && outer->parallel_safe && inner->parallel_safe;
	path->path.parallel_workers = outer->parallel_workers;
	path->path.rows = clamp_row_est(rows);
	path->path.startup_cost =
		outer->startup_cost + inner->startup_cost + joinrel->reltarget->cost.startup +
		(grows ? 0 : (outer->total_cost - outer->startup_cost) / batches);
	path->path.total_cost =
		outer->total_cost + inner->total_cost + joinrel->reltarget->cost.startup +
		outer_rows * (cpu_tuple_cost + 2 * cpu_operator_cost) +
		path->path.rows * (cpu_tuple_cost + joinrel->reltarget->cost.per_tuple);
	path->path.total_cost = Max(path->path.total_cost, path->path.startup_cost);
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_paths = list_make2(outer, inner);
	path->custom_private =
		list_make3(makeInteger(join->jointype), join->restrictions, makeInteger(grows));
	path->methods = &path_methods;
	return (Path *) path;
}

/* One path, and one of which each process of a parallel query does a part. */
static void
add_lookup_joins(PlannerInfo *root, const LookupRel *join, RelOptInfo *outerrel)
{
	RelOptInfo *joinrel = join->joinrel;
	Path *path =
		make_lookup_path(root, join, outerrel->cheapest_total_path, joinrel->rows);

	Path *outer;

	add_path(joinrel, path);
	if (!joinrel->consider_parallel || outerrel->partial_pathlist == NIL)
		return;
	outer = linitial(outerrel->partial_pathlist);
	path = make_lookup_path(root, join, outer,
							joinrel->rows * Min(outer->rows / outerrel->rows, 1.0));
	if (path->parallel_safe)
		add_partial_path(joinrel, path);
}

static void
consider_lookup_join(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
					 RelOptInfo *inner, JoinType jointype, JoinPathExtraData *extra)
{
	LookupRel join = {joinrel, inner, jointype, extra->restrictlist, 0};

	if (previous_hook != NULL)
		previous_hook(root, joinrel, outer, inner, jointype, extra);
	if (!enable_lookup_join || !is_candidate(joinrel, outer, inner, jointype))
		return;

	/* Nobody would check clauses that depend on no row. */
	if (has_pseudoconstant(extra->restrictlist) ||
		has_pseudoconstant(inner->baserestrictinfo))
		return;
	if (scan_lookup_clauses(
			inner, deciding_restrictions(extra->restrictlist, jointype, joinrel->relids),
			&join.keys) != NIL)
		add_lookup_joins(root, &join, outer);
}

/* ---- plans ---- */

static List *
make_private(const LookupPlan *plan)
{
	return list_make5(makeInteger(plan->jointype), makeInteger(plan->nkey_clauses),
					  makeInteger(plan->nouter), makeInteger(plan->ninner),
					  makeInteger(plan->grows));
}

LookupPlan
lookup_plan_read(const CustomScan *plan)
{
	List *numbers = plan->custom_private;
	LookupPlan result = {
		.jointype = (JoinType) intVal(linitial(numbers)),
		.nkey_clauses = intVal(lsecond(numbers)),
		.nouter = intVal(lthird(numbers)),
		.ninner = intVal(lfourth(numbers)),
		.grows = intVal(list_nth(numbers, 4)) != 0,
	};

	return result;
}

/* Adds the columns of a child to the scan tuple. */
static List *
add_columns(List *columns, const Plan *child)
{
	ListCell *cell;

	foreach (cell, child->targetlist)
	{
		Expr *expr = lfirst_node(TargetEntry, cell)->expr;

		columns = lappend(columns,
						  makeTargetEntry(expr, list_length(columns) + 1, NULL, false));
	}
	return columns;
}

/* Are these the same column, perhaps once above and once below an outer join? */
static bool
is_same_column(Node *a, Node *b)
{
	if (IsA(a, Var) && IsA(b, Var))
		return ((Var *) a)->varno == ((Var *) b)->varno &&
			   ((Var *) a)->varattno == ((Var *) b)->varattno;
	if (IsA(a, PlaceHolderVar) && IsA(b, PlaceHolderVar))
		return ((PlaceHolderVar *) a)->phid == ((PlaceHolderVar *) b)->phid;
	return false;
}

/* The column of the scan tuple that an expression is; -1: it is none. */
static int
find_column(List *columns, Node *expr)
{
	ListCell *cell;

	foreach (cell, columns)
		if (is_same_column((Node *) lfirst_node(TargetEntry, cell)->expr, expr))
			return foreach_current_index(cell);
	return -1;
}

/*
 * Above an outer join, a column of its inner side is marked as one that the join
 * may have made NULL (since PostgreSQL 16); in the clauses that decide which
 * rows match it is not.  A column of the scan tuple has one form: this gives it
 * the one that it has above.
 */
static void
mark_columns(List *columns, List *exprs)
{
	List *vars =
		pull_var_clause((Node *) exprs, PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_WINDOWFUNCS |
											PVC_INCLUDE_PLACEHOLDERS);
	ListCell *cell;

	foreach (cell, vars)
	{
		Expr *var = lfirst(cell);
		int column = find_column(columns, (Node *) var);

		if (column >= 0)
			list_nth_node(TargetEntry, columns, column)->expr = var;
		else if (IsA(var, PlaceHolderVar)) /* it is worked out here */
			mark_columns(columns, list_make1(((PlaceHolderVar *) var)->phexpr));
	}
}

/* Refers to columns in the form that they have. */
static Node *
use_columns(Node *node, List *columns)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var) || IsA(node, PlaceHolderVar))
	{
		int column = find_column(columns, node);

		if (column >= 0)
			return copyObject((Node *) list_nth_node(TargetEntry, columns, column)->expr);
	}
	return expression_tree_mutator(node, use_columns, columns);
}

/*
 * Adds columns that the children do not have, since a scan has applied the
 * conditions on them, but that name keys: they have a place, and no value.
 */
static List *
add_key_columns(List *columns, List *keys)
{
	ListCell *cell;

	foreach (cell, pull_var_clause((Node *) keys, PVC_RECURSE_PLACEHOLDERS))
		if (find_column(columns, lfirst(cell)) < 0)
			columns =
				lappend(columns, makeTargetEntry(lfirst(cell), list_length(columns) + 1,
												 NULL, false));
	return columns;
}

static Plan *
plan_lookup_join(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
				 List *clauses, List *children)
{
	CustomScan *scan = makeNode(CustomScan);
	RelOptInfo *inner = ((Path *) lsecond(path->custom_paths))->parent;
	List *restrictions = list_nth(path->custom_private, PATH_RESTRICTIONS);
	Plan *outer_plan = linitial(children);
	ForeignScan *inner_plan = lsecond_node(ForeignScan, children);
	LookupPlan plan = {
		.jointype = (JoinType) intVal(list_nth(path->custom_private, PATH_JOINTYPE)),
		.nouter = list_length(outer_plan->targetlist),
		.ninner = list_length(inner_plan->scan.plan.targetlist),
		.grows = intVal(list_nth(path->custom_private, PATH_GROWS)) != 0,
	};
	double nkeys;
	List *keys = scan_lookup_clauses(
		inner, deciding_restrictions(restrictions, plan.jointype, rel->relids), &nkeys);
	List *matching;
	List *others = NIL;
	List *columns;

	if (IS_OUTER_JOIN(plan.jointype))
		extract_actual_join_clauses(restrictions, rel->relids, &matching, &others);
	else
		matching = extract_actual_clauses(restrictions, false);

	plan.nkey_clauses = list_length(keys);
	columns = add_columns(add_columns(NIL, outer_plan), &inner_plan->scan.plan);
	/* Not those of tlist, which another may replace. */
	mark_columns(columns, rel->reltarget->exprs);
	mark_columns(columns, others);
	columns = add_key_columns(columns, keys);
	keys = (List *) use_columns((Node *) keys, columns);
	matching = (List *) use_columns((Node *) matching, columns);
	scan_plan_mark_lookup(inner_plan);

	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = others;
	scan->flags = path->flags;
	scan->custom_plans = children;
	scan->custom_exprs = list_concat(keys, matching);
	scan->custom_scan_tlist = columns;
	scan->custom_private = make_private(&plan);
	scan->custom_relids = rel->relids;
	scan->methods = &lookup_join_scan_methods;
	return (Plan *) scan;
}

/* ---- the module ---- */

void
lookup_join_init(void)
{
	DefineCustomBoolVariable("bigtable_fdw.enable_lookup_join",
							 "Enables the planner's use of joins that look up the row "
							 "keys of many rows in one request.",
							 NULL, &enable_lookup_join, true, PGC_USERSET, GUC_EXPLAIN,
							 NULL, NULL, NULL);
	DefineCustomIntVariable("bigtable_fdw.lookup_batch_size",
							"Sets how many rows a lookup join looks up in one request.",
							NULL, &lookup_batch_size, 1000, 1, 100000, PGC_USERSET,
							GUC_EXPLAIN, NULL, NULL, NULL);
	RegisterCustomScanMethods(&lookup_join_scan_methods);
	previous_hook = set_join_pathlist_hook;
	set_join_pathlist_hook = consider_lookup_join;
}
