/*-------------------------------------------------------------------------
 *
 * admin.c
 *	  Table admin calls.
 *
 *-------------------------------------------------------------------------
 */
#include "admin.h"

#include <stdlib.h>

#define DROP_ROW_RANGE "/google.bigtable.admin.v2.BigtableTableAdmin/DropRowRange"
#define GET_TABLE "/google.bigtable.admin.v2.BigtableTableAdmin/GetTable"

static const bt_retry_policy admin_read_policy = {
	.operation_timeout_us = INT64_C(600) * 1000000,
	.attempt_timeout_us = INT64_C(60) * 1000000,
	.initial_delay_us = BT_RETRY_MIN_DELAY_US,
	.max_attempts = 5,
	.codes = BT_RETRY_WRITE_CODES,
};

bt_unary *
bt_admin_get_table(bt_channel *channel, const bt_host *host, const char *resource,
				   const bt_retry_policy *policy)
{
	bt_retry_policy full_policy = *policy;
	bt_headers headers;
	bt_buffer request;

	bt_retry_policy_fill(&full_policy, &admin_read_policy);
	if (!bt_headers_init_admin(&headers, resource))
		return NULL;
	if (!bt_pack_get_table(resource, &request))
	{
		bt_headers_free(&headers);
		return NULL;
	}
	return bt_unary_create(channel, host, GET_TABLE, &request, &headers, &full_policy);
}

bt_unary *
bt_admin_drop_row_range(bt_channel *channel, const bt_host *host, const char *resource,
						bt_span prefix, bool whole_table, const bt_retry_policy *policy)
{
	/* The server may take its time, and is not asked twice. */
	bt_retry_policy full_policy = {
		.operation_timeout_us = INT64_C(3600) * 1000000,
		.attempt_timeout_us = INT64_C(3600) * 1000000,
		.initial_delay_us = BT_RETRY_MIN_DELAY_US,
		.max_attempts = 1,
	};
	bt_headers headers;
	bt_buffer request;

	if (policy->operation_timeout_us > 0)
		full_policy.operation_timeout_us = policy->operation_timeout_us;
	if (!bt_headers_init_admin(&headers, resource))
		return NULL;
	if (!bt_pack_drop_row_range(resource, prefix, whole_table, &request))
	{
		bt_headers_free(&headers);
		return NULL;
	}
	return bt_unary_create(channel, host, DROP_ROW_RANGE, &request, &headers,
						   &full_policy);
}
