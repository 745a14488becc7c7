/*-------------------------------------------------------------------------
 *
 * modify.h
 *	  The executor's callbacks of INSERT, COPY, UPDATE, DELETE and TRUNCATE.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_MODIFY_H
#define BIGTABLE_FDW_MODIFY_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "compat.h"

extern int bigtable_is_updatable(Relation rel);
extern void bigtable_begin_modify(ModifyTableState *mtstate, ResultRelInfo *rinfo,
								  List *fdw_private, int subplan_index, int eflags);
extern void bigtable_begin_insert(ModifyTableState *mtstate, ResultRelInfo *rinfo);
extern int bigtable_get_batch_size(ResultRelInfo *rinfo);
extern TupleTableSlot *
bigtable_exec_insert(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					 TupleTableSlot *plan_slot);
extern TupleTableSlot **
bigtable_exec_batch_insert(EState *estate, ResultRelInfo *rinfo, TupleTableSlot **slots,
						   TupleTableSlot **plan_slots, int *nslots);
extern TupleTableSlot *
bigtable_exec_update(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					 TupleTableSlot *plan_slot);
extern TupleTableSlot *
bigtable_exec_delete(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					 TupleTableSlot *plan_slot);
extern void bigtable_end_modify(EState *estate, ResultRelInfo *rinfo);
extern void
bigtable_explain_modify(ModifyTableState *mtstate, ResultRelInfo *rinfo,
						List *fdw_private, int subplan_index, ExplainState *es);
extern void bigtable_truncate(List *rels, DropBehavior behavior, bool restart_seqs);

#endif /* BIGTABLE_FDW_MODIFY_H */
