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

/* What becomes of rows that exist. */
typedef enum SenderMode
{
	SENDER_CHANGE, /* they are changed */
	SENDER_INSERT, /* that is an error */
	SENDER_SKIP    /* they stay, and are counted */
} SenderMode;

/*
 * A sender to a table, in the current memory context, which also frees what it
 * holds elsewhere.  Contacts nobody yet.  With "hold", nothing is sent before
 * sender_finish(), for statements that must not see what they write.
 */
extern Sender *
sender_create(const TableMapping *table, Oid userid, SenderMode mode, bool hold);
extern Connection *sender_connection(Sender *sender);

/*
 * Writes a row; its bytes are copied.  Many are under way at once, so errors
 * may be those of earlier rows.
 */
extern void
sender_put(Sender *sender, bt_span key, const bt_mutation *mutations, size_t nmutations);

/* Waits until all rows so far are acknowledged, or raises the error. */
extern void sender_finish(Sender *sender);

/* The same at the end of the statement, which has not failed then. */
extern void sender_complete(Sender *sender);

extern SenderCounters sender_counters(const Sender *sender);

#endif /* BIGTABLE_FDW_SENDER_H */
