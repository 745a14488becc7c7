/*-------------------------------------------------------------------------
 *
 * key_order.h
 *	  The order of row keys, as the planner knows orders.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_KEY_ORDER_H
#define BIGTABLE_FDW_KEY_ORDER_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "key_condition.h"
#include "mapping.h"

/* How rows have to be read to come in an order. */
typedef struct KeyOrder
{
	bool is_reversed; /* from the last key on */
	bool is_merged;   /* by the keys without their buckets, of all buckets at once */
} KeyOrder;

/*
 * How many of the pathkeys, from the first one on, are the order of the rows
 * that satisfy a condition, when they are read so.  *is_total: those pathkeys
 * leave at most one row each, so that whatever follows changes nothing.
 */
extern int
key_order_match(RelOptInfo *rel, const TableMapping *table, const KeyCondition *condition,
				List *pathkeys, KeyOrder *order, bool *is_total);

/*
 * The order of the rows as pathkeys, from the first or the last key on, as far
 * as the query has a use for them.
 */
extern List *
key_order_pathkeys(PlannerInfo *root, RelOptInfo *rel, const TableMapping *table,
				   const KeyCondition *condition, KeyOrder *order, bool is_reversed);

#endif /* BIGTABLE_FDW_KEY_ORDER_H */
