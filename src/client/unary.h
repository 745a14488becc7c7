/*-------------------------------------------------------------------------
 *
 * unary.h
 *	  A call with one answer, retried where that is safe.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_UNARY_H
#define BT_UNARY_H

#include "header.h"
#include "retry.h"
#include "rpc.h"

typedef enum bt_unary_result
{
	BT_UNARY_DONE,
	BT_UNARY_ERROR,
	BT_UNARY_INTERRUPTED /* the host was; call again to go on */
} bt_unary_result;

typedef struct bt_unary bt_unary;

/*
 * Prepares a call; contacts nobody yet.  Takes *request's and *headers'
 * memory.  A call that is not idempotent is made with max_attempts 1.
 * Returns NULL, with both freed, when memory runs out.
 */
extern bt_unary *
bt_unary_create(bt_channel *channel, const bt_host *host, const char *method,
				bt_buffer *request, bt_headers *headers, const bt_retry_policy *policy);

/*
 * Sends the first attempt without waiting for anything, so that several calls
 * may be under way; each is then waited for with bt_unary_run().
 */
extern bool bt_unary_start(bt_unary *unary, bt_status *status);

/* Makes the call, and goes on with it after an interrupt. */
extern bt_unary_result bt_unary_run(bt_unary *unary, bt_status *status);

/* The answer, in one piece, after BT_UNARY_DONE; valid until it is freed. */
extern bt_span bt_unary_response(const bt_unary *unary);

/* Cancels and frees.  NULL is fine. */
extern void bt_unary_free(bt_unary *unary);

#endif /* BT_UNARY_H */
