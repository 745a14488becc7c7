/*-------------------------------------------------------------------------
 *
 * key_order.c
 *	  The order of row keys, as the planner knows orders.
 *
 * Rows come sorted by the first part of the key, then by the second one, and so
 * on, as long as segments sort like their values and stand in the key so that
 * keys sort like segments.  A part that is the same in all rows is of no
 * account, even if neither is so.  Of a salted table the buckets are merged.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "utils/typcache.h"

#include "compat.h"
#include "key_order.h"
#include "pushdown.h"

/* Buckets are read one after another, or all at once, up to so many. */
#define MAX_MERGED_BUCKETS 64

/* Can rows be read in an order of keys, and how? */
static bool
has_order(const RowKey *key, const KeyCondition *condition, KeyOrder *order)
{
	order->is_reversed = order->is_merged = false;

	/* A key that does not fit is anywhere among the others. */
	if (key->nparts == 0 || key->on_mismatch == KEY_MISMATCH_NULL)
		return false;
	for (int i = 0; i < key->nparts; i++)
		if (key->parts[i].is_salted && !key_condition_pins(condition, i))
			order->is_merged = true;
	return !order->is_merged || key->nbuckets <= MAX_MERGED_BUCKETS;
}

/* Is a pathkey the order of a part's values, one way or the other? */
static bool
is_order_of(RelOptInfo *rel, const KeyCondition *condition, const RowKey *key, int part,
			PathKey *pathkey)
{
	const ColumnMapping *column = key->parts[part].column;
	bool has_one_sign = key_condition_has_one_sign(condition, part);
	ListCell *cell;

	foreach (cell, pathkey->pk_eclass->ec_members)
	{
		EquivalenceMember *member = lfirst(cell);

		if (!member->em_is_const &&
			pushdown_is_column(column, rel->relid, (Node *) member->em_expr) &&
			pushdown_key_is_ordered(column, pathkey->pk_opfamily, member->em_datatype,
									pathkey->pk_eclass->ec_collation, has_one_sign))
			return true;
	}
	return false;
}

/* The first part from one on that is not the same in all rows. */
static int
skip_pinned(const RowKey *key, const KeyCondition *condition, int part)
{
	while (part < key->nparts && key_condition_pins(condition, part))
		part++;
	return part;
}

int
key_order_match(RelOptInfo *rel, const TableMapping *table, const KeyCondition *condition,
				List *pathkeys, KeyOrder *order, bool *is_total)
{
	const RowKey *key = &table->row_key;
	int part = skip_pinned(key, condition, 0);
	int n = 0;
	ListCell *cell;

	*is_total = false;
	if (!has_order(key, condition, order))
		return 0;
	foreach (cell, pathkeys)
	{
		PathKey *pathkey = lfirst(cell);
		bool reversed;

		if (part == key->nparts || !row_key_is_sorted_by(key, part) ||
			!is_order_of(rel, condition, key, part, pathkey))
			break;
		reversed = compat_pathkey_is_reversed(pathkey) != key->parts[part].is_reversed;
		if (n > 0 && reversed != order->is_reversed)
			break;
		order->is_reversed = reversed;
		part = skip_pinned(key, condition, part + 1);
		n++;
	}
	*is_total = part == key->nparts;
	return n;
}

/* The order of a part's values, if the query has an equivalence class for it. */
static PathKey *
pathkey_of_part(PlannerInfo *root, RelOptInfo *rel, const ColumnMapping *column,
				bool has_one_sign, bool descending)
{
	Oid type = column->typid == VARCHAROID ? TEXTOID : column->typid;
	TypeCacheEntry *operators = lookup_type_cache(
		type, TYPECACHE_LT_OPR | TYPECACHE_GT_OPR | TYPECACHE_BTREE_OPFAMILY);
	Expr *expr = (Expr *) makeVar(rel->relid, column->attnum, column->typid,
								  column->typmod, column->collation, 0);
	List *pathkeys;

	if (!pushdown_key_is_ordered(column, operators->btree_opf, type, column->collation,
								 has_one_sign))
		return NULL;
	if (type != column->typid)
		expr = (Expr *) makeRelabelType(expr, type, -1, column->collation,
										COERCE_IMPLICIT_CAST);
	pathkeys = compat_build_expression_pathkey(
		root, expr, descending ? operators->gt_opr : operators->lt_opr, rel->relids);
	return pathkeys != NIL ? linitial(pathkeys) : NULL;
}

List *
key_order_pathkeys(PlannerInfo *root, RelOptInfo *rel, const TableMapping *table,
				   const KeyCondition *condition, KeyOrder *order, bool is_reversed)
{
	const RowKey *key = &table->row_key;
	List *pathkeys = NIL;

	if (!has_order(key, condition, order))
		return NIL;
	order->is_reversed = is_reversed;
	for (int i = skip_pinned(key, condition, 0); i < key->nparts;
		 i = skip_pinned(key, condition, i + 1))
	{
		const KeyPart *part = &key->parts[i];
		PathKey *pathkey = NULL;

		if (row_key_is_sorted_by(key, i))
			pathkey = pathkey_of_part(root, rel, part->column,
									  key_condition_has_one_sign(condition, i),
									  part->is_reversed != is_reversed);
		if (pathkey == NULL)
			break;
		if (!EC_MUST_BE_REDUNDANT(pathkey->pk_eclass))
			pathkeys = lappend(pathkeys, pathkey);
	}
	return truncate_useless_pathkeys(root, rel, pathkeys);
}
