/*-------------------------------------------------------------------------
 *
 * lookup_join.h
 *	  A join that looks up the row keys of many outer rows in one request.
 *
 * lookup_join_plan.c makes its paths and plans, lookup_join.c executes them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_LOOKUP_JOIN_H
#define BIGTABLE_FDW_LOOKUP_JOIN_H

#include "postgres.h"

#include "nodes/extensible.h"
#include "nodes/nodes.h"
#include "nodes/pg_list.h"

/* Outer rows of a batch: a setting. */
extern int lookup_batch_size;

/*
 * What the plan says, in CustomScan.custom_private.  The children of the
 * CustomScan are the outer plan and the foreign scan of the inner relation.
 * Its scan tuple has all columns of the outer child, then those of the inner
 * one, then those that only name keys, without a value.
 *
 * custom_exprs has the clauses that name keys, then those that a pair of rows
 * must satisfy besides; plan.qual has what rows must satisfy after the join.
 */
typedef struct LookupPlan
{
	JoinType jointype; /* INNER, LEFT, SEMI or ANTI */
	int nkey_clauses;
	int nouter; /* columns of the outer child */
	int ninner; /* and of the inner one */
	bool grows; /* begin with a small batch: not all rows may be wanted */
} LookupPlan;

extern LookupPlan lookup_plan_read(const CustomScan *plan);

extern const CustomScanMethods lookup_join_scan_methods;

/* Defines the settings, and takes part in planning from now on. */
extern void lookup_join_init(void);

#endif /* BIGTABLE_FDW_LOOKUP_JOIN_H */
