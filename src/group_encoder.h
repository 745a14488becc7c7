/*-------------------------------------------------------------------------
 *
 * group_encoder.h
 *	  Columns that stand for several cells of a row -> mutations.
 *
 * The counterpart of cell_group.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_GROUP_ENCODER_H
#define BIGTABLE_FDW_GROUP_ENCODER_H

#include "postgres.h"

#include "row_encoder.h"

/*
 * Adds the mutations of a column for a row: for an INSERT if changed is NULL,
 * else for an UPDATE of those attributes.
 */
extern void group_encoder_encode(RowEncoder *row, CellEncoder *cell, TupleTableSlot *slot,
								 Bitmapset *changed);

/* Has a row any cell in such a column? */
extern bool group_encoder_has_cell(const ColumnMapping *column, TupleTableSlot *slot);

#endif /* BIGTABLE_FDW_GROUP_ENCODER_H */
