/*-------------------------------------------------------------------------
 *
 * row_sampler.h
 *	  SampleRowKeys: keys that split a table into parts of about equal size.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_ROW_SAMPLER_H
#define BT_ROW_SAMPLER_H

#include "message.h"
#include "retry.h"
#include "rpc.h"

typedef enum bt_sample_result
{
	BT_SAMPLE_DONE,
	BT_SAMPLE_ERROR,
	BT_SAMPLE_INTERRUPTED /* the host was; call again to go on */
} bt_sample_result;

typedef struct bt_row_sampler bt_row_sampler;

/*
 * Prepares a call; contacts nobody yet.  The channel, the host and the strings
 * must outlive the sampler.  Where a time or a number of the policy is 0, the
 * default is used.  app_profile may be NULL.  Returns NULL when memory runs out.
 */
extern bt_row_sampler *
bt_row_sampler_create(bt_channel *channel, const bt_host *host, bt_resource_kind kind,
					  const char *resource, const char *app_profile,
					  const bt_retry_policy *policy);

/*
 * Makes the call, and goes on with it after an interrupt.  An attempt that
 * fails is made again from the start: the server may sample other keys then.
 */
extern bt_sample_result bt_row_sampler_run(bt_row_sampler *sampler, bt_status *status);

/* After BT_SAMPLE_DONE: in the server's order; valid until it is freed. */
extern const bt_row_sample *
bt_row_sampler_samples(const bt_row_sampler *sampler, size_t *n);

/* Attempts that have been made. */
extern int bt_row_sampler_attempts(const bt_row_sampler *sampler);

/* Cancels and frees.  NULL is fine. */
extern void bt_row_sampler_free(bt_row_sampler *sampler);

#endif /* BT_ROW_SAMPLER_H */
