/*-------------------------------------------------------------------------
 *
 * cell_filter.h
 *	  What a scan of a table with layout 'cells' needs -> its row filter.
 *
 * Includes nothing of the client but pure structures: planning contacts nobody.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_CELL_FILTER_H
#define BIGTABLE_FDW_CELL_FILTER_H

#include "postgres.h"

#include "nodes/primnodes.h"

#include "client/filter.h"
#include "mapping.h"
#include "row_filter.h"

/*
 * What a clause says about each part of a cell but the row key, as a list of
 * PushedClause; NIL if nothing that can be pushed.  All of them must hold.
 */
extern List *cell_filter_clauses(const TableMapping *table, Index varno, Expr *clause);

/*
 * Builds the filter, in the arena.  Its cells are those that the query wants, or
 * more: what the service cannot express, or would find too large, is left out.
 */
extern bt_filter *cell_filter_build(const RowFilterSpec *spec, const bt_arena *arena);

/* What a filter yields, but no more than so many cells of each row. */
extern bt_filter *
cell_filter_limit(bt_filter *filter, int64 cells, const bt_arena *arena);

#endif /* BIGTABLE_FDW_CELL_FILTER_H */
