/*-------------------------------------------------------------------------
 *
 * analyze.h
 *	  ANALYZE of foreign tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_ANALYZE_H
#define BIGTABLE_FDW_ANALYZE_H

#include "postgres.h"

#include "foreign/fdwapi.h"

extern bool
bigtable_analyze(Relation relation, AcquireSampleRowsFunc *func, BlockNumber *totalpages);

#endif /* BIGTABLE_FDW_ANALYZE_H */
