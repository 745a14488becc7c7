/*-------------------------------------------------------------------------
 *
 * row_filter.h
 *	  What a scan needs -> the row filter that asks for it.
 *
 * Includes nothing of the client but pure structures: planning contacts nobody.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_ROW_FILTER_H
#define BIGTABLE_FDW_ROW_FILTER_H

#include "postgres.h"

#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"

#include "client/filter.h"
#include "client/row_set.h"
#include "mapping.h"

/* The label of cells that only say that their row exists. */
#define ROW_MARKER_LABEL "row"

/* A test of a column's newest cell, that rows must pass. */
typedef struct CellTest
{
	const ColumnMapping *column;
	bt_row_set set; /* of values or timestamps; not empty */
} CellTest;

/* A family's column of which only some keys are needed, see json_access.h. */
typedef struct JsonKeys
{
	int attnum;
	List *keys; /* of char * */
} JsonKeys;

typedef struct RowFilterSpec
{
	const TableMapping *table;
	Bitmapset *attrs; /* attribute numbers that the query needs */
	List *json_keys;  /* of JsonKeys */
	List *tests;      /* of CellTest */
	bool all_rows;    /* also rows that have none of the cells */
	bool has_as_of;   /* only cells up to a time, see as_of.h */
	int64 as_of_us;   /* in microseconds since 1970; not negative */
} RowFilterSpec;

/*
 * Builds the filter, in the arena.  Tests that would make it larger than the
 * service allows are left out; the caller checks rows itself anyway.
 */
extern bt_filter *row_filter_build(const RowFilterSpec *spec, const bt_arena *arena);

/* ---- parts that cell_filter.c shares ---- */

/*
 * Cells whose timestamps are between the first and the last of a set that is
 * not empty, or close to that.
 */
extern bt_filter *row_filter_timestamps(const bt_row_set *set, const bt_arena *arena);

/* A range of values, or of columns, whose family the caller adds. */
extern bt_filter *
row_filter_range(bt_filter_kind kind, const bt_range *range, const bt_arena *arena);

/* What a filter yields, as of the spec's time, if it has one. */
extern bt_filter *
row_filter_as_of(const RowFilterSpec *spec, bt_filter *filter, const bt_arena *arena);

/* Does the service take a filter of this size and depth? */
extern bool row_filter_is_acceptable(const bt_filter *filter);

#endif /* BIGTABLE_FDW_ROW_FILTER_H */
