/*-------------------------------------------------------------------------
 *
 * column_map.h
 *	  Finds the columns of a foreign table that a cell belongs to.
 *
 * Made once a scan, asked for each cell.  Rows mostly have the same cells in
 * the same order, so the order of the previous row is tried first, and the
 * hash table only when it does not fit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_COLUMN_MAP_H
#define BIGTABLE_FDW_COLUMN_MAP_H

#include "postgres.h"

#include "client/span.h"

/* One column of Bigtable, and the attributes that it feeds. */
typedef struct CellColumn
{
	bt_span family;
	bt_span qualifier;
	uint32 hash;
	int nattrs;
	int *attrs;      /* 0-based attribute numbers */
	uint64 last_row; /* the last row that had this column */
	bool seen;       /* has any row had it? */
} CellColumn;

typedef struct ColumnMap
{
	int ncolumns;
	CellColumn *columns;

	/* Open addressing; -1 is empty.  The size is a power of two. */
	uint32 mask;
	int *buckets;

	/* The previous row: which column was its i-th cell's; -1: none. */
	int *order;
	int norder;
	uint64 row; /* number of the current row, from 1 */
} ColumnMap;

/* An empty map with room for that many columns, in the current memory context. */
extern ColumnMap *column_map_create(int max_columns);

/* Adds an attribute that is fed by a column. */
extern void column_map_add(ColumnMap *map, bt_span family, bt_span qualifier, int attr);

extern int column_map_search(ColumnMap *map, bt_span family, bt_span qualifier);

/*
 * The column of the i-th cell of the current row, or NULL if the table does
 * not have it, or if the row has had a cell of it before: the newest is first.
 */
static inline CellColumn *
column_map_find(ColumnMap *map, int i, bt_span family, bt_span qualifier)
{
	CellColumn *column;
	int found = i < map->norder ? map->order[i] : -1;

	if (found < 0 || !bt_span_equal(map->columns[found].qualifier, qualifier) ||
		!bt_span_equal(map->columns[found].family, family))
	{
		found = column_map_search(map, family, qualifier);
		if (i < map->ncolumns)
		{
			map->order[i] = found;
			if (i >= map->norder)
				map->norder = i + 1;
		}
		if (found < 0)
			return NULL;
	}
	column = &map->columns[found];
	if (column->last_row == map->row)
		return NULL;
	column->last_row = map->row;
	column->seen = true;
	return column;
}

#endif /* BIGTABLE_FDW_COLUMN_MAP_H */
