/*-------------------------------------------------------------------------
 *
 * sender.h
 *	  Sends the rows of a statement, and says what became of them.
 *
 * Between a statement's rows and the client: many requests are under way at
 * once, and nothing is lost sight of, whatever ends the statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_SENDER_H
#define BIGTABLE_FDW_SENDER_H

#include "postgres.h"

#include "client/mutation.h"
#include "client/mutator.h"
#include "connection.h"
#include "mapping.h"

typedef struct Sender Sender;

/* What has been done so far, for EXPLAIN. */
typedef struct SenderCounters
{
	uint64 rows_written;
	uint64 rows_skipped; /* they existed already */
	uint64 requests;
	uint64 retries;
	uint64 bytes;
} SenderCounters;

/*
 * A sender to a table, in the current memory context, which also frees what it
 * holds elsewhere.  Contacts nobody yet.
 */
extern Sender *sender_create(const TableMapping *table, Oid userid);
extern Connection *sender_connection(Sender *sender);

/*
 * Gives a row to the next batch; its bytes are copied.  Errors may be those of
 * earlier rows.
 */
extern void
sender_put(Sender *sender, bt_span key, const bt_mutation *mutations, size_t nmutations);

/*
 * Writes a row if it does not exist.  If it does, that is an error, or with
 * skip_existing it is just counted.  Several may be under way at once.
 */
extern void sender_insert_new(Sender *sender, bt_span key, const bt_mutation *mutations,
							  size_t nmutations, bool skip_existing);

/* Waits until all rows are acknowledged, or raises the error. */
extern void sender_finish(Sender *sender);

extern SenderCounters sender_counters(const Sender *sender);

#endif /* BIGTABLE_FDW_SENDER_H */
