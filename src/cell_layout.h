/*-------------------------------------------------------------------------
 *
 * cell_layout.h
 *	  Tables with layout 'cells': which column is which part of a cell.
 *
 * A row of such a foreign table is one cell.  Its columns are fixed: they are
 * found by their names, and have no options.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_CELL_LAYOUT_H
#define BIGTABLE_FDW_CELL_LAYOUT_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "nodes/pg_list.h"

#include "mapping.h"

/*
 * Says what a column is in this layout, from its name and type, which are set.
 * Raises an error if there is no such column, or if it cannot have this type
 * or any options.
 */
extern void
cell_layout_load_column(const TableMapping *table, ColumnMapping *column, List *options);

/* The column of a kind, or NULL if the foreign table does without it. */
extern const ColumnMapping *
cell_layout_column(const TableMapping *table, ColumnKind kind);

/*
 * What tells a cell from all others: the kinds of the columns of its row key,
 * family, qualifier and timestamp.
 */
#define CELL_IDENTITY_PARTS 4
extern const ColumnKind cell_identity[CELL_IDENTITY_PARTS];

/* A column without which a table cannot be written to, and which is missing, or NULL. */
extern const char *cell_layout_missing_column(TupleDesc desc);

#endif /* BIGTABLE_FDW_CELL_LAYOUT_H */
