/*-------------------------------------------------------------------------
 *
 * cell_group.h
 *	  Columns that stand for several cells of a row.
 *
 * Each is filled in by itself, from all cells of the row, after those that are
 * one cell each.  A table without such columns does not come here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_CELL_GROUP_H
#define BIGTABLE_FDW_CELL_GROUP_H

#include "postgres.h"

#include "client/chunk_decoder.h"
#include "codec.h"
#include "mapping.h"
#include "row_filter.h"
#include "row_memory.h"

/* A column of such a kind, and how its cells are decoded. */
typedef struct CellGroup
{
	const ColumnMapping *mapping;
	ColumnMapping version; /* VERSIONS: of one of them */
	Codec codec;           /* of that */
	int16 typlen;          /* of elements of an array */
	bool typbyval;
	char typalign;
	bool seen; /* has any row had a cell of it? */

	/* JSON: whether the family of the last value of 8 bytes is one of aggregates. */
	bool (*is_aggregate)(void *arg, const ColumnMapping *column);
	void *is_aggregate_arg;
	bt_span known_family; /* data is NULL: none */
	bool known_aggregate;
} CellGroup;

/* Is the column of a kind that takes several cells? */
static inline bool
cell_group_takes(const ColumnMapping *column)
{
	return column_has_versions(column) || column_is_object(column);
}

/* In the current memory context.  For the function see codec_init_integer(). */
extern CellGroup *
cell_group_create(const ColumnMapping *column,
				  bool (*is_aggregate)(void *arg, const ColumnMapping *column),
				  void *arg);

/*
 * The column's value for a row; false if it is NULL.  It lives in the row's
 * memory, whose context must be the current one.
 */
extern bool
cell_group_value(CellGroup *group, const bt_row *row, RowMemory *memory, Datum *value);

/* Is this the cell that only says that the row exists? */
static inline bool
is_row_marker(const bt_row *row, const bt_cell *cell)
{
	for (uint32 i = 0; i < cell->nlabels; i++)
		if (bt_span_equal(row->labels[cell->first_label + i],
						  bt_span_str(ROW_MARKER_LABEL)))
			return true;
	return false;
}

#endif /* BIGTABLE_FDW_CELL_GROUP_H */
