/*-------------------------------------------------------------------------
 *
 * retry.h
 *	  Which status is retried, when, and until when.
 *
 * Pure: the caller says what time it is, makes the attempts and waits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_RETRY_H
#define BT_RETRY_H

#include "status.h"

/* What the host may set; times in microseconds. */
typedef struct bt_retry_policy
{
	int64_t operation_timeout_us; /* over all attempts and the waits between */
	int64_t attempt_timeout_us;   /* of one attempt, without an answer */
	int64_t initial_delay_us;     /* at least BT_RETRY_MIN_DELAY_US */
	int max_attempts;             /* in a row without progress; at least 1 */
	unsigned codes;               /* BT_RETRY_CODE() of what is retried; 0: of reads */
} bt_retry_policy;

#define BT_RETRY_CODE(code) (1U << (code))
#define BT_RETRY_READ_CODES                                                              \
	(BT_RETRY_CODE(BT_UNAVAILABLE) | BT_RETRY_CODE(BT_ABORTED) |                         \
	 BT_RETRY_CODE(BT_DEADLINE_EXCEEDED))

/* Of writes that may be repeated, and of admin reads. */
#define BT_RETRY_WRITE_CODES                                                             \
	(BT_RETRY_CODE(BT_UNAVAILABLE) | BT_RETRY_CODE(BT_DEADLINE_EXCEEDED))

#define BT_RETRY_MIN_DELAY_US INT64_C(11000)
#define BT_RETRY_MAX_DELAY_US INT64_C(60000000)

/* One operation: what it has tried so far. */
typedef struct bt_retry
{
	bt_retry_policy policy;
	int64_t started_us;
	int attempts;    /* all of them; the caller counts */
	int failures;    /* in a row, without progress */
	bool answered;   /* has a server been there at all? */
	uint64_t random; /* state of the jitter's generator */
} bt_retry;

/* Fills in the members of a policy that are 0. */
extern void
bt_retry_policy_fill(bt_retry_policy *policy, const bt_retry_policy *defaults);

/* Begins an operation.  seed makes the jitter differ between clients. */
extern void bt_retry_start(bt_retry *retry, const bt_retry_policy *policy, int64_t now_us,
						   uint64_t seed);

/* When the operation must be over. */
extern int64_t bt_retry_deadline_us(const bt_retry *retry);

/* The server has answered something: the count of failures begins anew. */
extern void bt_retry_progress(bt_retry *retry);

/* The server is there, though it has not answered this operation yet. */
extern void bt_retry_connected(bt_retry *retry);

/*
 * An attempt of an idempotent operation has failed with *status.  Returns
 * whether to make another one, and how long to wait before.
 *
 * RetryInfo makes any code retryable and its delay is used as it is.  An
 * operation that has never reached a server gives up after attempt_timeout: it
 * is more likely misconfigured than unlucky.
 */
extern bool bt_retry_after(bt_retry *retry, const bt_status *status, int64_t now_us,
						   int64_t *delay_us);

/*
 * Is the status one that an idempotent operation is retried on?  A connection
 * that is lost in mid-stream is among them, whatever its code.
 */
extern bool bt_retry_is_transient(const bt_retry_policy *policy, const bt_status *status);

/*
 * A write has ended with this status: may it have been applied all the same?
 * of_call: it is the call's status, not one for just that row.
 */
extern bool bt_retry_is_outcome_unknown(const bt_status *status, bool of_call);

#endif /* BT_RETRY_H */
