/*-------------------------------------------------------------------------
 *
 * mutator.h
 *	  MutateRows: rows in, acknowledgements out.
 *
 * Rows are packed into a batch as they come; full batches are sent, several
 * at once, while the next one is packed.  Entries that fail in a way that may
 * pass are sent again, and only they, if that is safe.
 *
 * The service applies the entries of a request in any order, and so it does
 * requests that are under way together.  A key is therefore never in two
 * entries that are unacknowledged at the same time: the second waits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_MUTATOR_H
#define BT_MUTATOR_H

#include "message.h"
#include "mutation.h"
#include "retry.h"
#include "rpc.h"
#include "write_batch.h"

/* What to write to.  All of it must stay in place. */
typedef struct bt_mutator_spec
{
	bt_write_target target;
	size_t batch_entries; /* send after so many rows; 0: the default */
	size_t batch_bytes;   /* or after so many bytes; 0: the default */
	size_t in_flight;     /* most batches under way; 0: the default */

	/* Where a time or a number is 0, the default is used. */
	bt_retry_policy retry;

	/*
	 * Hears of each row's outcome; "row" counts from 0 in the order of
	 * bt_mutator_add().  Must not throw.  Failed rows then end nothing; if it is
	 * NULL, the first one ends all.
	 */
	void (*on_result)(void *arg, uint64_t row, const bt_status *status);
	void *arg;
} bt_mutator_spec;

#define BT_MUTATOR_BATCH_ENTRIES 1000
#define BT_MUTATOR_BATCH_BYTES ((size_t) 4 * 1024 * 1024)
#define BT_MUTATOR_IN_FLIGHT 4

/* The field of an entry that its mutations are. */
#define BT_MUTATOR_FIELD BT_WRITE_BATCH_FIELD

/* Different failures that are told apart at the end. */
#define BT_MUTATOR_CAUSES 8

/* A status that rows have failed with. */
typedef struct bt_mutator_cause
{
	bt_status status; /* of the first of them */
	uint64_t rows;
} bt_mutator_cause;

typedef struct bt_mutator_counters
{
	uint64_t added;     /* rows given to the mutator */
	uint64_t written;   /* acknowledged */
	uint64_t failed;    /* refused, or given up */
	uint64_t unknown;   /* of the failed: they may have been written all the same */
	uint64_t under_way; /* sent, but nothing is heard of them yet */
	uint64_t requests;
	uint64_t retries; /* of the requests */
	uint64_t bytes;   /* sent */
} bt_mutator_counters;

typedef enum bt_mutate_result
{
	BT_MUTATE_DONE,
	BT_MUTATE_ERROR,      /* see bt_mutator_causes() */
	BT_MUTATE_INTERRUPTED /* the host was; call again to go on */
} bt_mutate_result;

typedef struct bt_mutator bt_mutator;

/* The channel and the host must outlive it.  Returns NULL without memory. */
extern bt_mutator *
bt_mutator_create(bt_channel *channel, const bt_host *host, const bt_mutator_spec *spec);

/*
 * Adds a row: 1 to BT_MAX_MUTATIONS mutations, which are copied.  May send
 * batches, and wait for earlier ones.  The row has been taken only if the
 * result is DONE.  After ERROR, nothing more is taken.
 */
extern bt_mutate_result bt_mutator_add(bt_mutator *mutator, bt_span key,
									   const bt_mutation *mutations, size_t nmutations);

/*
 * The same with mutations that bt_mutations_write() has encoded already, as
 * field BT_MUTATOR_FIELD.
 */
extern bt_mutate_result
bt_mutator_add_encoded(bt_mutator *mutator, bt_span key, bt_span mutations,
					   size_t nmutations, bool idempotent);

/*
 * Sends what is left, and waits until all is acknowledged.  After ERROR, what
 * was under way has been seen to its end, and nothing more has been sent.
 */
extern bt_mutate_result bt_mutator_finish(bt_mutator *mutator);

/* Hears of what has been acknowledged so far, without waiting. */
extern void bt_mutator_poll(bt_mutator *mutator);

extern const bt_mutator_counters *bt_mutator_counters_of(const bt_mutator *mutator);

/*
 * The different failures, most of them first seen first; if there are more
 * than are kept, one with the same code counts the rest, or else the last one.
 * *first_key is the first key that failed, in the order of failures.
 */
extern const bt_mutator_cause *
bt_mutator_causes(const bt_mutator *mutator, size_t *n, bt_span *first_key);

/* Cancels what is under way, and frees.  NULL is fine. */
extern void bt_mutator_free(bt_mutator *mutator);

#endif /* BT_MUTATOR_H */
