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

/*
 * How many of the pathkeys, from the first one on, are the order of the rows
 * that satisfy a condition; *is_reversed says whether keys have to be read from
 * the last one on.  *is_total: those pathkeys leave at most one row each, so that
 * whatever follows changes nothing.
 */
extern int
key_order_match(RelOptInfo *rel, const TableMapping *table, const KeyCondition *condition,
				List *pathkeys, bool *is_reversed, bool *is_total);

/*
 * The order of the rows as pathkeys, as far as the query has a use for them.
 */
extern List *
key_order_pathkeys(PlannerInfo *root, RelOptInfo *rel, const TableMapping *table,
				   const KeyCondition *condition, bool is_reversed);

#endif /* BIGTABLE_FDW_KEY_ORDER_H */
