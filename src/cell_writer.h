/*-------------------------------------------------------------------------
 *
 * cell_writer.h
 *	  Tables with layout 'cells': tuples -> mutations of single cells.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_CELL_WRITER_H
#define BIGTABLE_FDW_CELL_WRITER_H

#include "postgres.h"

#include "executor/tuptable.h"

#include "mapping.h"
#include "sender.h"

typedef struct CellWriter CellWriter;

/* What tells a cell from all others, as the columns of a tuple. */
typedef struct CellIdentity
{
	Datum key;
	Datum family;
	Datum qualifier;
	Datum timestamp;
} CellIdentity;

/*
 * A writer to the sender's table, in the current memory context.  If a plan may
 * yield a cell twice, only the first change of it is made.
 */
extern CellWriter *
cell_writer_create(const TableMapping *table, Sender *sender, bool may_repeat);

/*
 * Each returns the timestamp that the cell gets, or false if the cell has been
 * changed before.  Cells that follow each other in one row are written together,
 * so they may stay here until cell_writer_flush().
 */
extern TimestampTz cell_writer_insert(CellWriter *writer, TupleTableSlot *slot);
extern bool cell_writer_update(CellWriter *writer, const CellIdentity *old,
							   TupleTableSlot *slot, TimestampTz *timestamp);
extern bool cell_writer_delete(CellWriter *writer, const CellIdentity *old);

/* Hands to the sender what is still here. */
extern void cell_writer_flush(CellWriter *writer);

#endif /* BIGTABLE_FDW_CELL_WRITER_H */
