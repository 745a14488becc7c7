/*-------------------------------------------------------------------------
 *
 * connection.h
 *	  One channel per server, API and user mapping; status -> ereport.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_CONNECTION_H
#define BIGTABLE_FDW_CONNECTION_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "client/message_admin.h"
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

/*
 * The connection of the same user for calls of the admin API, whose endpoint is
 * another one; for its errors, too.  Made on first use; it lives as long as the
 * one that it is asked of.
 */
extern Connection *connection_admin(Connection *connection);

/* How the client waits in this backend: for an answer, or for a write to be done. */
extern const bt_host *connection_host(void);
extern const bt_host *connection_write_host(void);

/* In a parallel worker: when the leader's statement will be cancelled. */
extern void connection_set_leader_deadline(TimestampTz deadline);

/* A connection of this backend, to be looked at. */
typedef struct ConnectionInfo
{
	Oid serverid;
	Oid mapping_id; /* InvalidOid: the user has no mapping */
	const char *target;
	bool outdated;     /* a change has come: it goes once nobody uses it */
	bool in_use;       /* by a statement, or a cursor */
	bool is_connected; /* on the network, as far as is known */
	TimestampTz opened_at;
	bt_channel_counters counters;
} ConnectionInfo;

/* A List of ConnectionInfo, the oldest first. */
extern List *connection_list(void);

/*
 * Closes the connections to a server (InvalidOid: to all) that are not in use.
 * Returns how many; *in_use is how many stay.
 */
extern int connection_close(Oid serverid, int *in_use);

/*
 * Raises the error for a call on a table that has failed.  The primary message
 * is "could not <action> Bigtable table ..." (or "instance").
 */
extern void
connection_report(const Connection *connection, const TableMapping *table,
				  const bt_status *status, const char *action) __attribute__((noreturn));

/*
 * The same for a write of one row that is not tried again, "could not <action>
 * row ...": says so, and whether it may have been applied.
 */
extern void
connection_report_write(const Connection *connection, const TableMapping *table,
						const bt_status *status, bt_span key, const char *action)
	__attribute__((noreturn));

/* The same for a request on the whole table. */
extern void connection_report_once(const Connection *connection,
								   const TableMapping *table, const bt_status *status,
								   const char *action) __attribute__((noreturn));

/* The parts of such an error, for those who word it themselves. */
extern int connection_sqlstate(const bt_status *status);
extern const char *connection_hint(const Connection *connection,
								   const TableMapping *table, const bt_status *status);
extern const char *
connection_status_text(const Connection *connection, const bt_status *status);

/* A message of a server, in this database's encoding. */
extern const char *connection_message_text(const char *message);

/*
 * Makes sure that a family exists that no row has had a cell of: a filter for
 * a family that does not exist just finds nothing.  Asks the server once per
 * table and process, and raises an error if the table does not have the
 * family.  If the server will not tell, there is no error.  Returns the
 * family's type; where it is not known, it is a plain one.
 */
extern bt_family_type
connection_check_family(Connection *connection, const TableMapping *table,
						const ColumnMapping *column);

/* A write was refused: what is known of the table's families may be outdated. */
extern void connection_forget_families(Connection *connection, const TableMapping *table);

#endif /* BIGTABLE_FDW_CONNECTION_H */
