/*-------------------------------------------------------------------------
 *
 * as_of.h
 *	  Reading as of a time.
 *
 * A scan then sees of each cell the newest version at or before that time, and
 * no row that had none.  The time is said by the setting bigtable_fdw.as_of, or,
 * for one scan, by a condition "column = time" on a column with option "as_of".
 * That column is then that time; else it is the setting's, or NULL.
 *
 * Includes nothing of the client: planning contacts nobody.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_AS_OF_H
#define BIGTABLE_FDW_AS_OF_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pathnodes.h"

#include "mapping.h"

/* Defines the setting; called once, when the library is loaded. */
extern void as_of_define_setting(void);

/* The setting's time; false if there is none. */
extern bool as_of_setting(TimestampTz *time);

/* Raises an error if the session reads as of a time: the past is read only. */
extern void as_of_check_write(const TableMapping *table);

/*
 * Raises an error for a condition on the column that does not say one time
 * before the scan begins.
 */
extern void
as_of_check_clauses(PlannerInfo *root, RelOptInfo *rel, const TableMapping *table);

/*
 * The clauses, of RestrictInfo or bare, that are not about the column: it is the
 * same for all rows, so that such a clause leaves all of them.
 */
extern List *
as_of_other_clauses(const RelOptInfo *rel, const TableMapping *table, List *clauses);

#endif /* BIGTABLE_FDW_AS_OF_H */
