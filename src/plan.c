/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  The planner's callbacks, and what the plan hands to the executor.
 *
 * Planning contacts nobody, unless option use_remote_estimate says so.  A path says only how it is parameterized and in
 * which order it reads; what can be pushed down follows from its clauses, and
 * is decided anew when the plan is made of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "arena.h"
#include "as_of.h"
#include "cell_filter.h"
#include "compat.h"
#include "estimate.h"
#include "json_access.h"
#include "key_condition.h"
#include "key_order.h"
#include "mapping.h"
#include "plan.h"
#include "pushdown.h"
#include "row_filter.h"

/* Rows of a table that nobody has analyzed. */
#define DEFAULT_ROWS 100000.0

/* Sets of outer relations up to which each two of them are looked at together. */
#define MAX_COMBINED_RELS 4
/* Cells of a row, as far as anybody knows before it is read. */
#define DEFAULT_CELLS_PER_ROW 10.0

static const KeyOrder no_order = {false, false};

/* Bytes of a row besides its values, as the planner takes them. */
#define TUPLE_OVERHEAD 24

/* What is known of a relation while it is planned, in RelOptInfo.fdw_private. */
typedef struct RelPlan
{
	const TableMapping *table;
} RelPlan;

/* A clause list, sorted by who applies what. */
typedef struct ClauseSplit
{
	List *key;     /* on the row key and its parts, for the server */
	List *cells;   /* on cells, for the server */
	List *local;   /* for the executor */
	List *recheck; /* exact: only for EvalPlanQual */
	double keys;   /* most rows that are left, by their keys; 0: a range */
	const KeyCondition *condition; /* what all clauses say about the key */
} ClauseSplit;

/* Members of fdw_private of a plan. */
enum
{
	PLAN_NUMBERS, /* integers, in the order of make_private() */
	PLAN_ATTRS,   /* integers */
	PLAN_JSON,    /* lists of a column's number and the keys of it */
	PLAN_LENGTH,
	PLAN_DIRECT = PLAN_LENGTH /* integers, of direct_plan_write() */
};

/* ---- clauses ---- */

/*
 * The column whose cells the clause is about, if it is about just one.
 */
static const ColumnMapping *
cell_column_of(const TableMapping *table, Index varno, Expr *clause)
{
	Bitmapset *attrs = NULL;
	const ColumnMapping *column;
	int member;

	pull_varattnos((Node *) clause, varno, &attrs);
	if (!bms_get_singleton_member(attrs, &member))
		return NULL;
	column = mapping_column(table, member + FirstLowInvalidHeapAttributeNumber);
	return column != NULL && column->kind != COLUMN_ROW_KEY ? column : NULL;
}

static bool
is_cell_clause(const TableMapping *table, Index varno, Expr *clause)
{
	const ColumnMapping *column;

	if (table->layout == LAYOUT_CELLS)
		return cell_filter_clauses(table, varno, clause) != NIL;
	column = cell_column_of(table, varno, clause);
	return column != NULL && pushdown_compile(column, varno, clause) != NULL;
}

/* A clause that says nothing about the key that could be used. */
static void
split_cell_clause(ClauseSplit *split, RelOptInfo *rel, const TableMapping *table,
				  Expr *clause)
{
	if (is_cell_clause(table, rel->relid, clause))
		split->cells = lappend(split->cells, clause);
	split->local = lappend(split->local, clause);
}

/* Sorts a clause on the key, the i-th that the condition is made of. */
static void
split_key_clause(ClauseSplit *split, Expr *clause, int i)
{
	split->key = lappend(split->key, clause);
	if (key_condition_is_exact(split->condition, i))
		split->recheck = lappend(split->recheck, clause);
	else
		split->local = lappend(split->local, clause);
}

/* Splits a list of RestrictInfo; each of the lists stays in its order. */
static ClauseSplit
split_clauses(RelOptInfo *rel, const TableMapping *table, List *rinfos)
{
	ClauseSplit split = {0};
	List *clauses = NIL;
	int i = 0;
	ListCell *cell;

	/* The server must not apply a clause before a security barrier does. */
	foreach (cell, rinfos)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);

		if (!rinfo->pseudoconstant && restriction_is_securely_promotable(rinfo, rel))
			clauses = lappend(clauses, rinfo->clause);
	}
	split.condition = key_condition_compile(table, rel->relid, clauses);
	split.keys = key_condition_estimate_keys(split.condition);
	if (table->layout == LAYOUT_CELLS)
		split.keys *= DEFAULT_CELLS_PER_ROW;
	foreach (cell, rinfos)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);

		if (rinfo->pseudoconstant)
			continue;
		if (!restriction_is_securely_promotable(rinfo, rel))
		{
			split.local = lappend(split.local, rinfo->clause);
			continue;
		}
		if (key_condition_uses(split.condition, i))
			split_key_clause(&split, rinfo->clause, i);
		else
			split_cell_clause(&split, rel, table, rinfo->clause);
		i++;
	}
	return split;
}

/* ---- size ---- */

/*
 * Tells the planner that keys are unique, whether or not there are statistics
 * to say so: the number of rows of joins depends on it.  It knows of uniqueness
 * by indexes.  As of one whose check is deferred, estimates make use of it, and
 * proofs do not, which would have to look at collations.
 */
static void
add_key_index(RelOptInfo *rel, const ColumnMapping *key)
{
	IndexOptInfo *index = makeNode(IndexOptInfo);

	index->rel = rel;
	index->ncolumns = 1;
	index->nkeycolumns = 1;
	index->indexkeys = palloc(sizeof(int));
	index->indexkeys[0] = key->attnum;
	index->unique = true;
	index->immediate = false;
	rel->indexlist = lappend(rel->indexlist, index);
}

/*
 * Takes the number of rows from what the server says of the table's size: of
 * all, and of those whose keys satisfy the clauses, as far as these are
 * constants.
 */
static void
estimate_remotely(PlannerInfo *root, RelOptInfo *rel, const TableMapping *table,
				  const ClauseSplit *split)
{
	Oid userid = OidIsValid(rel->userid) ? rel->userid : GetUserId();
	bt_arena arena = arena_in_context(CurrentMemoryContext);
	List *others = list_difference_ptr(rel->baserestrictinfo, NIL);
	double pages = rel->pages;
	bt_row_set rows;
	double bytes;
	double share;
	ListCell *cell;

	if (!key_condition_evaluate((KeyCondition *) split->condition, NULL, &arena, &rows))
	{
		bt_row_set_init(&rows, &arena);
		arena_check(bt_row_set_add(&rows, bt_range_all()));
	}
	else
		foreach (cell, rel->baserestrictinfo)
			if (list_member_ptr(split->key, lfirst_node(RestrictInfo, cell)->clause))
				others = list_delete_ptr(others, lfirst(cell));
	if (!estimate_size(table, userid, &rows, &bytes, &share))
		return;
	rel->pages = estimate_pages(bytes);
	if (pages > 0)
		rel->tuples *= rel->pages / pages;
	else
		rel->tuples =
			bytes / (get_relation_data_width(table->relid, NULL) + TUPLE_OVERHEAD);
	rel->tuples = clamp_row_est(rel->tuples);
	rel->rows = clamp_row_est(rel->tuples * share *
							  clauselist_selectivity(root, others, 0, JOIN_INNER, NULL));
}

void
bigtable_get_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	RelPlan *rel_plan = palloc0(sizeof(RelPlan));
	ClauseSplit split;
	List *others;

	rel_plan->table = mapping_load(relid);
	rel->fdw_private = rel_plan;
	as_of_check_clauses(root, rel, rel_plan->table);
	if (rel->tuples < 0 || (rel->tuples == 0 && rel->pages == 0))
		rel->tuples = DEFAULT_ROWS;
	if (rel_plan->table->key != NULL && rel_plan->table->layout == LAYOUT_ROWS)
		add_key_index(rel, rel_plan->table->key);

	others = as_of_other_clauses(rel, rel_plan->table, rel->baserestrictinfo);
	rel->rows = clamp_row_est(rel->tuples *
							  clauselist_selectivity(root, others, 0, JOIN_INNER, NULL));

	/* A row key is unique, whether or not there are statistics to say so. */
	split = split_clauses(rel, rel_plan->table, rel->baserestrictinfo);
	if (rel_plan->table->use_remote_estimate)
		estimate_remotely(root, rel, rel_plan->table, &split);
	if (split.keys > 0 && rel->rows > split.keys)
		rel->rows = clamp_row_est(split.keys);
	rel->reltarget->width = Max(rel->reltarget->width, 1);
}

/* ---- costs ---- */

/*
 * Rows that the server sends for these clauses, of which the planner thinks
 * that they leave that many in the end.
 */
static double
fetched_rows(PlannerInfo *root, RelOptInfo *rel, const ClauseSplit *split, double rows)
{
	const TableMapping *table = ((RelPlan *) rel->fdw_private)->table;
	List *pushed =
		as_of_other_clauses(rel, table, list_concat_copy(split->key, split->cells));
	double fetched =
		rel->tuples * clauselist_selectivity(root, pushed, rel->relid, JOIN_INNER, NULL);

	if (split->keys > 0 && fetched > split->keys)
		fetched = split->keys;
	return clamp_row_est(Max(fetched, rows));
}

/*
 * The number of workers that a scan is worth, by the table's size.  That is
 * guessed where nobody has analyzed it.
 */
static int
workers_for(PlannerInfo *root, RelOptInfo *rel)
{
	double pages = rel->pages;

	if (!rel->consider_parallel || rel->reloptkind != RELOPT_BASEREL)
		return 0;
	if (pages == 0)
		pages = ceil(rel->tuples * (rel->reltarget->width + TUPLE_OVERHEAD) / BLCKSZ);
	return compute_parallel_worker(rel, pages, -1, max_parallel_workers_per_gather);
}

/* As many processes as workers, and the leader, which has something else to do, too. */
static double
parallel_divisor(int workers)
{
	double leader = 1.0 - 0.3 * workers;

	return workers + (parallel_leader_participation && leader > 0 ? leader : 0);
}

/*
 * Adds the same path once more, of which each process of a parallel query takes
 * a part.
 */
static void
add_partial_path_of(PlannerInfo *root, RelOptInfo *rel, const ForeignPath *path)
{
	int workers = workers_for(root, rel);
	ForeignPath *partial;
	double divisor;

	if (workers == 0)
		return;
	divisor = parallel_divisor(workers);
	partial = compat_create_foreignscan_path(
		root, rel, clamp_row_est(path->path.rows / divisor), path->path.startup_cost,
		path->path.startup_cost +
			(path->path.total_cost - path->path.startup_cost) / divisor,
		path->path.pathkeys, NULL, path->fdw_private);
	partial->path.parallel_aware = true;
	partial->path.parallel_workers = workers;
	add_partial_path(rel, (Path *) partial);
}

static void
add_scan_path(PlannerInfo *root, RelOptInfo *rel, List *pathkeys, const KeyOrder *order,
			  ParamPathInfo *param)
{
	const TableMapping *table = ((RelPlan *) rel->fdw_private)->table;
	List *rinfos = rel->baserestrictinfo;
	double rows = rel->rows;
	ClauseSplit split;
	double fetched;
	QualCost qual_cost;
	Cost startup;
	Cost total;
	ForeignPath *path;

	if (param != NULL)
	{
		rinfos = list_concat_copy(rinfos, param->ppi_clauses);
		rows = param->ppi_rows;
	}
	split = split_clauses(rel, table, rinfos);
	if (split.keys > 0 && rows > split.keys)
		rows = clamp_row_est(split.keys);
	fetched = fetched_rows(root, rel, &split, rows);
	cost_qual_eval(&qual_cost, split.local, root);
	startup = table->startup_cost + qual_cost.startup + rel->reltarget->cost.startup;
	if (order->is_merged)
		startup += table->startup_cost * (table->row_key.nbuckets - 1);
	total = startup +
			fetched * (table->tuple_cost + cpu_tuple_cost + qual_cost.per_tuple) +
			rows * rel->reltarget->cost.per_tuple;
	path = compat_create_foreignscan_path(
		root, rel, rows, startup, total, pathkeys,
		param != NULL ? param->ppi_req_outer : NULL,
		list_make2(makeInteger(order->is_reversed), makeInteger(order->is_merged)));

	/* Parts of a table are not parts of the merged order. */
	if (param == NULL && split.keys == 0 && !order->is_merged)
		add_partial_path_of(root, rel, path);
	add_path(rel, (Path *) path);
}

/* Is this relation all that the query reads? */
static bool
is_only_relation(PlannerInfo *root, RelOptInfo *rel)
{
	return rel->reloptkind == RELOPT_BASEREL &&
		   bms_equal(root->all_baserels, rel->relids);
}

/* ---- order ---- */

/*
 * The query's own order, as far as it is the keys'.  Where the rows of this
 * relation are all there is, whatever the query sorts by after the key changes
 * nothing, since keys are unique; a join or a set-returning function makes
 * several rows of one, and so does a layout that shows each cell.
 */
static void
add_query_order(PlannerInfo *root, RelOptInfo *rel, const ClauseSplit *split)
{
	const TableMapping *table = ((RelPlan *) rel->fdw_private)->table;
	List *pathkeys = root->query_pathkeys;
	KeyOrder order;
	bool is_total;
	int n = key_order_match(rel, table, split->condition, pathkeys, &order, &is_total);

	if (n == 0)
		return;
	if (!is_total || table->layout == LAYOUT_CELLS || !is_only_relation(root, rel) ||
		root->parse->hasTargetSRFs)
		pathkeys = list_copy_head(pathkeys, n);
	add_scan_path(root, rel, pathkeys, &order, NULL);
}

/*
 * The keys' order, both ways, as far as it is of use, say for a merge join.
 */
static void
add_key_order(PlannerInfo *root, RelOptInfo *rel, const ClauseSplit *split)
{
	const TableMapping *table = ((RelPlan *) rel->fdw_private)->table;

	if (!has_useful_pathkeys(root, rel))
		return;
	for (int is_reversed = 0; is_reversed <= 1; is_reversed++)
	{
		KeyOrder order;
		List *pathkeys = key_order_pathkeys(root, rel, table, split->condition, &order,
											is_reversed != 0);

		if (pathkeys != NIL)
			add_scan_path(root, rel, pathkeys, &order, NULL);
	}
}

/* ---- parameterized paths ---- */

/* What tells ec_member_is_key() which relation it is about. */
typedef struct KeyOfRel
{
	const ColumnMapping *column;
	Index relid;
} KeyOfRel;

static bool
ec_member_is_key(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
				 EquivalenceMember *member, void *arg)
{
	KeyOfRel *key = arg;

	return pushdown_is_column(key->column, key->relid, (Node *) member->em_expr);
}

/* Join clauses that may be about the key. */
static List *
join_clauses(PlannerInfo *root, RelOptInfo *rel, const RowKey *key)
{
	List *clauses = list_copy(rel->joininfo);

	for (int i = 0; rel->has_eclass_joins && i < key->nparts; i++)
	{
		KeyOfRel part = {key->parts[i].column, rel->relid};

		clauses = list_concat(
			clauses, generate_implied_equalities_for_column(
						 root, rel, ec_member_is_key, &part, rel->lateral_referencers));
	}
	return clauses;
}

static List *
add_relids(List *list, Relids relids)
{
	ListCell *cell;

	foreach (cell, list)
		if (bms_equal(lfirst(cell), relids))
			return list;
	return lappend(list, relids);
}

/* Adds the outer relations of a join clause on the key, if it is one. */
static List *
collect_outer_rels(List *outer_rels, RelOptInfo *rel, RestrictInfo *rinfo)
{
	const TableMapping *table = ((RelPlan *) rel->fdw_private)->table;
	Relids outer;

	if (!join_clause_is_movable_to(rinfo, rel) ||
		!key_condition_mentions(table, rel->relid, rinfo->clause))
		return outer_rels;
	outer = bms_union(rinfo->clause_relids, rel->lateral_relids);
	outer = bms_del_member(outer, rel->relid);
	return bms_is_empty(outer) ? outer_rels : add_relids(outer_rels, outer);
}

/* Several relations may tell different parts of a key. */
static List *
add_unions(List *outer_rels)
{
	List *result = list_copy(outer_rels);
	ListCell *a;
	ListCell *b;

	if (list_length(outer_rels) > MAX_COMBINED_RELS)
		return outer_rels;
	foreach (a, outer_rels)
		foreach (b, outer_rels)
			result = add_relids(result, bms_union(lfirst(a), lfirst(b)));
	return result;
}

/* Does a clause that comes with the parameters make the set of keys smaller? */
static bool
is_useful_param(RelOptInfo *rel, const ParamPathInfo *param)
{
	const TableMapping *table = ((RelPlan *) rel->fdw_private)->table;
	ClauseSplit split = split_clauses(
		rel, table, list_concat_copy(rel->baserestrictinfo, param->ppi_clauses));
	ListCell *cell;

	foreach (cell, param->ppi_clauses)
		if (list_member_ptr(split.key, lfirst_node(RestrictInfo, cell)->clause))
			return true;
	return false;
}

/* One path for each set of relations that can tell us keys. */
static void
add_parameterized_paths(PlannerInfo *root, RelOptInfo *rel)
{
	const TableMapping *table = ((RelPlan *) rel->fdw_private)->table;
	List *outer_rels = NIL;
	ListCell *cell;

	foreach (cell, join_clauses(root, rel, &table->row_key))
		outer_rels = collect_outer_rels(outer_rels, rel, lfirst_node(RestrictInfo, cell));
	if (table->row_key.nparts > 1)
		outer_rels = add_unions(outer_rels);
	foreach (cell, outer_rels)
	{
		ParamPathInfo *param = get_baserel_parampathinfo(root, rel, lfirst(cell));

		if (is_useful_param(rel, param))
			add_scan_path(root, rel, NIL, &no_order, param);
	}
}

void
bigtable_get_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	const TableMapping *table = ((RelPlan *) rel->fdw_private)->table;
	ParamPathInfo *lateral = NULL;

	if (!bms_is_empty(rel->lateral_relids))
		lateral = get_baserel_parampathinfo(root, rel, rel->lateral_relids);
	add_scan_path(root, rel, NIL, &no_order, lateral);
	if (!mapping_has_key(table))
		return;
	if (lateral == NULL)
	{
		ClauseSplit split = split_clauses(rel, table, rel->baserestrictinfo);

		add_query_order(root, rel, &split);
		add_key_order(root, rel, &split);
	}
	add_parameterized_paths(root, rel);
}

/* ---- lookup joins ---- */

bool
scan_is_of_bigtable(const RelOptInfo *rel)
{
	return IS_SIMPLE_REL(rel) && rel->fdwroutine != NULL &&
		   rel->fdwroutine->GetForeignPaths == bigtable_get_paths &&
		   mapping_has_key(((RelPlan *) rel->fdw_private)->table);
}

/* Adds the clauses of some restrictions that may be sent to the server. */
static List *
add_secure_clauses(List *clauses, RelOptInfo *rel, List *restrictions)
{
	ListCell *cell;

	foreach (cell, restrictions)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, cell);

		if (!rinfo->pseudoconstant && restriction_is_securely_promotable(rinfo, rel))
			clauses = lappend(clauses, rinfo->clause);
	}
	return clauses;
}

List *
scan_lookup_clauses(RelOptInfo *rel, List *restrictions, double *keys)
{
	const TableMapping *table = ((RelPlan *) rel->fdw_private)->table;
	List *clauses = add_secure_clauses(NIL, rel, rel->baserestrictinfo);
	int nown = list_length(clauses);
	const KeyCondition *condition;
	List *used = NIL;
	bool names_other = false;

	clauses = add_secure_clauses(clauses, rel, restrictions);
	condition = key_condition_compile(table, rel->relid, clauses);
	*keys = key_condition_estimate_keys(condition) *
			(table->layout == LAYOUT_CELLS ? DEFAULT_CELLS_PER_ROW : 1);
	for (int i = 0; *keys > 0 && i < list_length(clauses); i++)
		if (key_condition_uses(condition, i))
		{
			used = lappend(used, list_nth(clauses, i));
			names_other = names_other || i >= nown;
		}
	return names_other ? used : NIL;
}

ForeignPath *
scan_lookup_path(PlannerInfo *root, RelOptInfo *rel, double requests, double rows,
				 double fetched)
{
	const TableMapping *table = ((RelPlan *) rel->fdw_private)->table;
	ClauseSplit split = split_clauses(rel, table, rel->baserestrictinfo);
	QualCost qual_cost;
	Cost startup;
	Cost total;

	cost_qual_eval(&qual_cost, split.local, root);
	startup = table->startup_cost + qual_cost.startup + rel->reltarget->cost.startup;
	total = startup + (requests - 1) * table->startup_cost +
			fetched * (table->tuple_cost + cpu_tuple_cost + qual_cost.per_tuple) +
			rows * rel->reltarget->cost.per_tuple;
	return compat_create_foreignscan_path(root, rel, clamp_row_est(rows), startup, total,
										  NIL, NULL, NIL);
}

bool
bigtable_is_async_capable(ForeignPath *path)
{
	const TableMapping *table = ((RelPlan *) path->path.parent->fdw_private)->table;

	return mapping_is_async_capable(table->relid);
}

/* ---- limit ---- */

/* Does LIMIT or OFFSET say nothing? */
static bool
is_null_or_absent(Node *count)
{
	return count == NULL || (IsA(count, Const) && ((Const *) count)->constisnull);
}

/*
 * May the server stop after as many rows as LIMIT and OFFSET say?  Only if
 * nothing between the scan and the LIMIT drops, adds or reorders rows.
 */
static bool
limit_is_pushable(PlannerInfo *root, RelOptInfo *rel, ForeignPath *path,
				  const ClauseSplit *split)
{
	const RowKey *key = &((RelPlan *) rel->fdw_private)->table->row_key;
	Query *parse = root->parse;

	/* Rows may be left out because of their keys. */
	if (key->on_mismatch == KEY_MISMATCH_SKIP ||
		(key->on_mismatch == KEY_MISMATCH_NULL && split->key != NIL))
		return false;

	return !is_null_or_absent(parse->limitCount) &&
		   parse->limitOption == LIMIT_OPTION_COUNT && parse->commandType == CMD_SELECT &&
		   is_only_relation(root, rel) && path->path.param_info == NULL &&
		   !path->path.parallel_aware && split->local == NIL && parse->rowMarks == NIL &&
		   parse->groupClause == NIL && parse->groupingSets == NIL &&
		   parse->distinctClause == NIL && !parse->hasAggs && !parse->hasWindowFuncs &&
		   !parse->hasTargetSRFs && parse->havingQual == NULL &&
		   parse->setOperations == NULL && !contain_subplans(parse->limitCount) &&
		   !contain_subplans(parse->limitOffset) &&
		   !contain_volatile_functions(parse->limitCount) &&
		   !contain_volatile_functions(parse->limitOffset) &&
		   pathkeys_contained_in(root->query_pathkeys, path->path.pathkeys);
}

/* ---- the plan ---- */

/* Attributes whose values the query needs: for its output, and local clauses. */
static Bitmapset *
needed_attrs(const TableMapping *table, RelOptInfo *rel, List *local)
{
	Bitmapset *members = NULL;
	Bitmapset *attrs = NULL;
	int member = -1;

	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &members);
	pull_varattnos((Node *) local, rel->relid, &members);
	while ((member = bms_next_member(members, member)) >= 0)
	{
		int attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0)
			attrs = bms_add_member(attrs, attnum);
		else if (attnum == 0) /* the whole row */
			for (int i = 1; i <= table->natts; i++)
				if (mapping_column(table, i)->kind != COLUMN_NONE)
					attrs = bms_add_member(attrs, i);
	}
	return attrs;
}

/*
 * Can a row that has none of the needed cells be part of the result?  Not if
 * one of them is NOT NULL, or must not be NULL for a clause to hold.
 */
static bool
wants_all_rows(const TableMapping *table, RelOptInfo *rel, Bitmapset *attrs, List *local)
{
	int attnum = -1;

	if (table->layout == LAYOUT_CELLS)
		return false;
	while ((attnum = bms_next_member(attrs, attnum)) >= 0)
	{
		const ColumnMapping *column = mapping_column(table, attnum);

		if (column->kind == COLUMN_ROW_KEY || column->kind == COLUMN_AS_OF)
			continue; /* no cell */
		if (column->not_null || compat_clauses_reject_null(local, rel->relid, attnum))
			return false;
	}
	return true;
}

static List *
write_json_keys(List *json_keys)
{
	List *result = NIL;
	ListCell *cell;

	foreach (cell, json_keys)
	{
		const JsonKeys *json = lfirst(cell);
		List *member = list_make1(makeInteger(json->attnum));
		ListCell *key;

		foreach (key, json->keys)
			member = lappend(member, makeString(lfirst(key)));
		result = lappend(result, member);
	}
	return result;
}

static List *
read_json_keys(List *written)
{
	List *result = NIL;
	ListCell *cell;

	foreach (cell, written)
	{
		JsonKeys *json = palloc0(sizeof(JsonKeys));
		List *member = lfirst(cell);

		json->attnum = intVal(linitial(member));
		for (int i = 1; i < list_length(member); i++)
			json->keys = lappend(json->keys, strVal(list_nth(member, i)));
		result = lappend(result, json);
	}
	return result;
}

static List *
make_private(const ScanPlan *plan)
{
	List *numbers = NIL;
	List *attrs = NIL;
	int attnum = -1;

	numbers = lappend(numbers, makeInteger(plan->nkey_clauses));
	numbers = lappend(numbers, makeInteger(plan->ncell_clauses));
	numbers = lappend(numbers, makeInteger(plan->has_limit));
	numbers = lappend(numbers, makeInteger(plan->has_offset));
	numbers = lappend(numbers, makeInteger(plan->ordered));
	numbers = lappend(numbers, makeInteger(plan->reversed));
	numbers = lappend(numbers, makeInteger(plan->all_rows));
	numbers = lappend(numbers, makeInteger(plan->is_lookup));
	numbers = lappend(numbers, makeInteger(plan->merged));
	while ((attnum = bms_next_member(plan->attrs, attnum)) >= 0)
		attrs = lappend(attrs, makeInteger(attnum));
	return list_make3(numbers, attrs, write_json_keys(plan->json_keys));
}

ScanPlan *
scan_plan_read(const ForeignScan *plan)
{
	ScanPlan *result = palloc0(sizeof(ScanPlan));
	List *numbers = list_nth(plan->fdw_private, PLAN_NUMBERS);
	ListCell *cell;

	Assert(list_length(plan->fdw_private) >= PLAN_LENGTH);
	result->nkey_clauses = intVal(list_nth(numbers, 0));
	result->ncell_clauses = intVal(list_nth(numbers, 1));
	result->has_limit = intVal(list_nth(numbers, 2)) != 0;
	result->has_offset = intVal(list_nth(numbers, 3)) != 0;
	result->ordered = intVal(list_nth(numbers, 4)) != 0;
	result->reversed = intVal(list_nth(numbers, 5)) != 0;
	result->all_rows = intVal(list_nth(numbers, 6)) != 0;
	result->is_lookup = intVal(list_nth(numbers, 7)) != 0;
	result->merged = intVal(list_nth(numbers, 8)) != 0;
	foreach (cell, (List *) list_nth(plan->fdw_private, PLAN_ATTRS))
		result->attrs = bms_add_member(result->attrs, intVal(lfirst(cell)));
	result->json_keys = read_json_keys(list_nth(plan->fdw_private, PLAN_JSON));
	return result;
}

DirectPlan *
direct_plan_read(const ForeignScan *plan)
{
	DirectPlan *direct = palloc0(sizeof(DirectPlan));
	List *numbers = list_nth(plan->fdw_private, PLAN_DIRECT);

	direct->set_processed = intVal(linitial(numbers)) != 0;
	direct->returns_rows = intVal(lsecond(numbers)) != 0;
	direct->nincrements = (list_length(numbers) - 2) / 2;
	direct->increments = palloc(sizeof(Increment) * (direct->nincrements + 1));
	for (int i = 0; i < direct->nincrements; i++)
	{
		direct->increments[i].attnum = intVal(list_nth(numbers, 2 + 2 * i));
		direct->increments[i].negative = intVal(list_nth(numbers, 3 + 2 * i)) != 0;
	}
	return direct;
}

void
direct_plan_write(ForeignScan *plan, const DirectPlan *direct, bool keys_only)
{
	List *numbers =
		list_make2(makeInteger(direct->set_processed), makeInteger(direct->returns_rows));
	ScanPlan *scan = scan_plan_read(plan);

	if (keys_only)
	{
		scan->attrs = NULL;
		scan->all_rows = true;
	}
	for (int i = 0; i < direct->nincrements; i++)
	{
		numbers = lappend(numbers, makeInteger(direct->increments[i].attnum));
		numbers = lappend(numbers, makeInteger(direct->increments[i].negative));
	}
	plan->fdw_private = lappend(make_private(scan), numbers);
}

void
scan_plan_mark_lookup(ForeignScan *plan)
{
	ScanPlan *scan = scan_plan_read(plan);

	scan->is_lookup = true;
	plan->fdw_private = make_private(scan);
}

/* The columns of families of which some keys will do. */
static List *
find_json_keys(PlannerInfo *root, RelOptInfo *rel, const TableMapping *table,
			   Bitmapset *attrs, List *local)
{
	List *result = NIL;
	int attnum = -1;

	while ((attnum = bms_next_member(attrs, attnum)) >= 0)
	{
		JsonKeys *json;
		List *keys;
		bool only;

		if (mapping_column(table, attnum)->kind != COLUMN_FAMILY_JSON)
			continue;
		keys = json_access_keys(root, rel, attnum, local, &only);
		if (!only)
			continue;
		json = palloc(sizeof(JsonKeys));
		json->attnum = attnum;
		json->keys = keys;
		result = lappend(result, json);
	}
	return result;
}

ForeignScan *
scan_plan_whole_table(Relation relation)
{
	TupleDesc desc = RelationGetDescr(relation);
	ScanPlan plan = {.all_rows = true};

	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped)
			plan.attrs = bms_add_member(plan.attrs, i + 1);
	return make_foreignscan(NIL, NIL, 1, NIL, make_private(&plan), NIL, NIL, NULL);
}

ForeignScan *
bigtable_get_plan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *path,
				  List *tlist, List *clauses, Plan *outer_plan)
{
	const TableMapping *table = ((RelPlan *) rel->fdw_private)->table;
	ClauseSplit split = split_clauses(rel, table, clauses);
	List *pathkeys = path->path.pathkeys;
	List *exprs = list_concat_copy(split.key, split.cells);
	ScanPlan plan = {0};

	plan.nkey_clauses = list_length(split.key);
	plan.ncell_clauses = list_length(split.cells);
	plan.attrs = needed_attrs(table, rel, split.local);
	plan.json_keys = find_json_keys(root, rel, table, plan.attrs, split.local);
	plan.all_rows = wants_all_rows(table, rel, plan.attrs, split.local);
	plan.ordered = pathkeys != NIL;
	plan.reversed = plan.ordered && intVal(linitial(path->fdw_private)) != 0;
	plan.merged = plan.ordered && intVal(lsecond(path->fdw_private)) != 0;
	if (limit_is_pushable(root, rel, path, &split))
	{
		plan.has_limit = true;
		exprs = lappend(exprs, root->parse->limitCount);
		plan.has_offset = !is_null_or_absent(root->parse->limitOffset);
		if (plan.has_offset)
			exprs = lappend(exprs, root->parse->limitOffset);
	}
	return make_foreignscan(tlist, split.local, rel->relid, exprs, make_private(&plan),
							NIL, split.recheck, outer_plan);
}
