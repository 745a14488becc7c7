/*-------------------------------------------------------------------------
 *
 * parallel.h
 *	  The executor's callbacks of a parallel scan, and what its processes
 *	  share: parts of the table, of which each takes one after the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_PARALLEL_H
#define BIGTABLE_FDW_PARALLEL_H

#include "postgres.h"

#include "access/parallel.h"
#include "foreign/fdwapi.h"

#include "client/row_reader.h"

typedef struct SharedScan SharedScan;

/*
 * Takes the next part of the table that no process has taken yet: the range of
 * its row keys, whose bytes are in shared memory.  Parts come in the order of
 * their keys, or reversed.  Returns false if there is none left.
 */
extern bool parallel_take_part(SharedScan *shared, bool reversed, bt_range *part);

extern bool
bigtable_is_parallel_safe(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte);
extern Size bigtable_estimate_dsm(ForeignScanState *node, ParallelContext *context);
extern void bigtable_initialize_dsm(ForeignScanState *node, ParallelContext *context,
									void *coordinate);
extern void bigtable_reinitialize_dsm(ForeignScanState *node, ParallelContext *context,
									  void *coordinate);
extern void
bigtable_initialize_worker(ForeignScanState *node, shm_toc *toc, void *coordinate);
extern void bigtable_shutdown_scan(ForeignScanState *node);

#endif /* BIGTABLE_FDW_PARALLEL_H */
