/*-------------------------------------------------------------------------
 *
 * cell_scan.h
 *	  Scans of tables with layout 'cells': rows -> a tuple for each cell.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_CELL_SCAN_H
#define BIGTABLE_FDW_CELL_SCAN_H

#include "postgres.h"

#include "scan.h"

/* In the current memory context, which must be the scan's. */
extern CellScan *cell_scan_create(void);

/* Forgets the row at hand, which the stream has been stopped in. */
extern void cell_scan_restart(CellScan *cells, BigtableScan *scan);

/* Steps to the next cell, of the row at hand or the next one; false at the end. */
extern bool cell_scan_next(CellScan *cells, ForeignScanState *node);

/* Fills a slot's arrays from that cell, in the row's memory context; true. */
extern bool
cell_scan_convert(CellScan *cells, BigtableScan *scan, Datum *values, bool *isnull);

#endif /* BIGTABLE_FDW_CELL_SCAN_H */
