/*-------------------------------------------------------------------------
 *
 * key_scan.h
 *	  The row keys of a scan -> the columns that they are put together of.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_KEY_SCAN_H
#define BIGTABLE_FDW_KEY_SCAN_H

#include "postgres.h"

#include "nodes/bitmapset.h"

#include "client/span.h"
#include "key_form.h"
#include "mapping.h"
#include "row_memory.h"

typedef struct KeyScan KeyScan;

/*
 * Prepares to read the attributes of the key that are in a set of numbers, in
 * the current memory context.  Rows whose key does not fit are left out if
 * clauses on the key are relied on: no clause holds for them.  form, or NULL, is of
 * rows that are read to be changed.
 *
 * Returns NULL if there is nothing to do for a row.
 */
extern KeyScan *key_scan_create(const TableMapping *table, Bitmapset *attrs,
								bool has_clauses, KeyForm *form);

/* The attributes that are parts of the key. */
extern Bitmapset *key_scan_attrs(const TableMapping *table);

/*
 * Fills in the attributes from a row's key, in the row's memory, by number - 1;
 * values and isnull may be NULL.  Returns false if the row is to be left out.
 * Raises an error if the key does not fit and the table says so.
 * *converting is the column at hand, for error contexts; NULL: the key itself.
 */
extern bool key_scan_read(KeyScan *scan, bt_span key, RowMemory *memory, Datum *values,
						  bool *isnull, const ColumnMapping **converting);

#endif /* BIGTABLE_FDW_KEY_SCAN_H */
