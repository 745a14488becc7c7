/*-------------------------------------------------------------------------
 *
 * plan_modify.h
 *	  The planner's callbacks of statements that write.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_PLAN_MODIFY_H
#define BIGTABLE_FDW_PLAN_MODIFY_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "mapping.h"

/*
 * The name of the row key in the tuples that UPDATE and DELETE get from their
 * plan.  Tables of one statement share it if their keys are alike.
 */
extern char *key_junk_name(const ColumnMapping *key);

/* The whole row, as PostgreSQL itself calls it. */
#define ROW_JUNK_NAME "wholerow"

/*
 * What the plan of an INSERT, UPDATE or DELETE says, in fdwPrivLists: whether
 * rows that exist are skipped.
 */
extern bool modify_plan_skips_existing(const List *fdw_private);

/* Raises an error if the table cannot be written to. */
extern void check_writable(const TableMapping *table);

extern void
bigtable_add_update_targets(PlannerInfo *root, Index rtindex, RangeTblEntry *target_rte,
							Relation target_relation);
extern bool bigtable_plan_direct_modify(PlannerInfo *root, ModifyTable *plan,
										Index result_relation, int subplan_index);
extern List *bigtable_plan_modify(PlannerInfo *root, ModifyTable *plan,
								  Index result_relation, int subplan_index);

#endif /* BIGTABLE_FDW_PLAN_MODIFY_H */
