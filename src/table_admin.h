/*-------------------------------------------------------------------------
 *
 * table_admin.h
 *	  What Bigtable says of its tables: which there are, their schemas, and
 *	  samples of their row keys.
 *
 * Each function waits for the answer, interruptibly, and raises an error if
 * there is none.  Results are in the current memory context.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_TABLE_ADMIN_H
#define BIGTABLE_FDW_TABLE_ADMIN_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "client/row_sampler.h"
#include "client/table_schema.h"
#include "client/unary.h"
#include "connection.h"
#include "mapping.h"

/*
 * The names of an instance's tables, char *, in the order of their bytes; the
 * mapping is mapping_of_instance()'s.
 */
extern List *table_admin_list(Connection *connection, const TableMapping *instance);

/*
 * A table's families, in the order of their names, and what else is known of it.
 * The error for a table that does not exist is ERRCODE_FDW_TABLE_NOT_FOUND.
 */
extern bt_table *table_admin_get(Connection *connection, const TableMapping *table);

/* Keys that split a table, in the server's order. */
extern bt_row_sample *
table_admin_sample_keys(Connection *connection, const TableMapping *table, size_t *n);

/*
 * The same for those who can do without: none if the server does not have the
 * method, or does not let the user call it.
 */
extern bt_row_sample *
table_admin_try_sample_keys(Connection *connection, const TableMapping *table, size_t *n);

/*
 * Waits for a call.  If it fails, an error is raised, "could not <action>
 * Bigtable table ..."; with once, it says that the outcome may be unknown.  The
 * call is left to the caller.  A call that is NULL means that memory ran out.
 */
extern void table_admin_run(Connection *connection, const TableMapping *table,
							bt_unary *call, bool once, const char *action);

#endif /* BIGTABLE_FDW_TABLE_ADMIN_H */
