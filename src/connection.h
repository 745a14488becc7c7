/*-------------------------------------------------------------------------
 *
 * connection.h
 *	  One channel per server and user mapping; status -> ereport.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_CONNECTION_H
#define BIGTABLE_FDW_CONNECTION_H

#include "postgres.h"

#include "client/rpc.h"
#include "client/status.h"
#include "mapping.h"

typedef struct Connection Connection;

/*
 * The connection for a table's server and a user, made on first use in this
 * process.  Contacts nobody yet.  It stays until it is released, even if the
 * server or the user mapping changes meanwhile.
 */
extern Connection *connection_acquire(const TableMapping *table, Oid userid);

/* Never raises an error, so that it may be called in a memory context's callback. */
extern void connection_release(Connection *connection);

extern bt_channel *connection_channel(const Connection *connection);

/* How the client waits in this backend. */
extern const bt_host *connection_host(void);

/*
 * Raises the error for a call on a table that has failed.  The primary message
 * is "could not <action> Bigtable table ...".
 */
extern void
connection_report(const Connection *connection, const TableMapping *table,
				  const bt_status *status, const char *action) __attribute__((noreturn));

/*
 * Makes sure that a family exists that no row has had a cell of: a filter for
 * a family that does not exist just finds nothing.  Asks the server once per
 * table and process, and raises an error if the table does not have the
 * family.  If the server will not tell, there is no error.
 */
extern void connection_check_family(Connection *connection, const TableMapping *table,
									const ColumnMapping *column);

#endif /* BIGTABLE_FDW_CONNECTION_H */
