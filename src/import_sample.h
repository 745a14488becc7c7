/*-------------------------------------------------------------------------
 *
 * import_sample.h
 *	  A sample of a table's rows: which columns there are, and what they hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_IMPORT_SAMPLE_H
#define BIGTABLE_FDW_IMPORT_SAMPLE_H

#include "postgres.h"

#include "client/span.h"
#include "connection.h"
#include "mapping.h"

/* A column that the sample has cells of. */
typedef struct ColumnSample
{
	bt_span family;
	bt_span qualifier;
	int types;    /* that all its values could be of, see value_guess.h */
	int64 values; /* that are not empty */
} ColumnSample;

typedef struct TableSample
{
	int64 rows;
	bool is_complete;         /* the table has no other rows */
	bool has_text_keys;       /* of all rows; not if there are none */
	bool has_text_qualifiers; /* the same of all columns */
	int ncolumns;
	ColumnSample *columns; /* in the order of their bytes */
} TableSample;

/*
 * Reads up to so many rows, spread over the table, but not too many bytes; 0
 * rows contact nobody.  In the current memory context.
 */
extern TableSample *
import_sample(Connection *connection, const TableMapping *table, int max_rows);

#endif /* BIGTABLE_FDW_IMPORT_SAMPLE_H */
