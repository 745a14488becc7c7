/*-------------------------------------------------------------------------
 *
 * plan.h
 *	  The planner's callbacks, and what the plan hands to the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_PLAN_H
#define BIGTABLE_FDW_PLAN_H

#include "postgres.h"

#include "foreign/fdwapi.h"
#include "nodes/bitmapset.h"

/*
 * What a plan says, in ForeignScan.fdw_private; the expressions that go with
 * it are in ForeignScan.fdw_exprs, in this order: clauses on the row key,
 * clauses on cells, LIMIT, OFFSET.
 */
typedef struct ScanPlan
{
	int nkey_clauses;
	int ncell_clauses;
	bool has_limit;   /* LIMIT is pushed down */
	bool has_offset;  /* and there is an OFFSET, which adds to it */
	bool ordered;     /* somebody relies on the order of the keys */
	bool reversed;    /* and it is descending */
	bool all_rows;    /* also rows that have none of the needed cells */
	Bitmapset *attrs; /* attribute numbers that the query needs */
} ScanPlan;

extern ScanPlan *scan_plan_read(const ForeignScan *plan);

extern void bigtable_get_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern void bigtable_get_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern ForeignScan *
bigtable_get_plan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *path,
				  List *tlist, List *clauses, Plan *outer_plan);

#endif /* BIGTABLE_FDW_PLAN_H */
