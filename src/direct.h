/*-------------------------------------------------------------------------
 *
 * direct.h
 *	  The executor's callbacks of UPDATE and DELETE that need no read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_DIRECT_H
#define BIGTABLE_FDW_DIRECT_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "compat.h"

extern void bigtable_begin_direct_modify(ForeignScanState *node, int eflags);
extern TupleTableSlot *bigtable_iterate_direct_modify(ForeignScanState *node);
extern void bigtable_end_direct_modify(ForeignScanState *node);
extern void bigtable_explain_direct_modify(ForeignScanState *node, ExplainState *es);

#endif /* BIGTABLE_FDW_DIRECT_H */
