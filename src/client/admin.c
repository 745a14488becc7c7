/*-------------------------------------------------------------------------
 *
 * admin.c
 *	  Table admin calls.
 *
 *-------------------------------------------------------------------------
 */
#include "admin.h"

#include <stdlib.h>

#define SERVICE "/google.bigtable.admin.v2.BigtableTableAdmin/"

/* Defaults; the times are those that the service recommends. */
static const bt_retry_policy read_policy = {
	.operation_timeout_us = INT64_C(600) * 1000000,
	.attempt_timeout_us = INT64_C(60) * 1000000,
	.initial_delay_us = BT_RETRY_MIN_DELAY_US,
	.max_attempts = 5,
	.codes = BT_RETRY_WRITE_CODES,
};

#define CHANGE_TIMEOUT_US (INT64_C(300) * 1000000)
#define DROP_ROWS_TIMEOUT_US (INT64_C(3600) * 1000000)

/* Takes the request.  key is the header that routes the call. */
static bt_unary *
make_call(bt_channel *channel, const bt_host *host, const char *method, const char *key,
		  const char *resource, bt_buffer *request, const bt_retry_policy *policy)
{
	bt_headers headers;

	if (!bt_headers_init_admin(&headers, key, resource))
	{
		free(request->data);
		return NULL;
	}
	return bt_unary_create(channel, host, method, request, &headers, policy);
}

static bt_retry_policy
for_read(const bt_retry_policy *policy)
{
	bt_retry_policy result = *policy;

	bt_retry_policy_fill(&result, &read_policy);
	return result;
}

/*
 * The server may take its time, and is not asked twice: an attempt is the whole
 * operation.
 */
static bt_retry_policy
for_change(const bt_retry_policy *policy, int64_t timeout_us)
{
	bt_retry_policy result = {
		.operation_timeout_us = timeout_us,
		.initial_delay_us = BT_RETRY_MIN_DELAY_US,
		.max_attempts = 1,
	};

	if (policy->operation_timeout_us > 0)
		result.operation_timeout_us = policy->operation_timeout_us;
	result.attempt_timeout_us = result.operation_timeout_us;
	return result;
}

bt_unary *
bt_admin_list_tables(bt_channel *channel, const bt_host *host, const char *instance,
					 const char *page_token, const bt_retry_policy *policy)
{
	bt_retry_policy full_policy = for_read(policy);
	bt_buffer request;

	if (!bt_pack_list_tables(instance, page_token, &request))
		return NULL;
	return make_call(channel, host, SERVICE "ListTables", "parent=", instance, &request,
					 &full_policy);
}

bt_unary *
bt_admin_get_table(bt_channel *channel, const bt_host *host, const char *table,
				   const bt_retry_policy *policy)
{
	bt_retry_policy full_policy = for_read(policy);
	bt_buffer request;

	if (!bt_pack_get_table(table, &request))
		return NULL;
	return make_call(channel, host, SERVICE "GetTable", "name=", table, &request,
					 &full_policy);
}

bt_unary *
bt_admin_create_table(bt_channel *channel, const bt_host *host, const char *instance,
					  const char *table_id, const bt_family *families, size_t nfamilies,
					  const bt_span *splits, size_t nsplits,
					  const bt_retry_policy *policy)
{
	bt_retry_policy full_policy = for_change(policy, CHANGE_TIMEOUT_US);
	bt_buffer request;

	if (!bt_pack_create_table(instance, table_id, families, nfamilies, splits, nsplits,
							  &request))
		return NULL;
	return make_call(channel, host, SERVICE "CreateTable", "parent=", instance, &request,
					 &full_policy);
}

bt_unary *
bt_admin_delete_table(bt_channel *channel, const bt_host *host, const char *table,
					  const bt_retry_policy *policy)
{
	bt_retry_policy full_policy = for_change(policy, CHANGE_TIMEOUT_US);
	bt_buffer request;

	if (!bt_pack_delete_table(table, &request))
		return NULL;
	return make_call(channel, host, SERVICE "DeleteTable", "name=", table, &request,
					 &full_policy);
}

bt_unary *
bt_admin_modify_families(bt_channel *channel, const bt_host *host, const char *table,
						 const bt_family_modification *modifications,
						 size_t nmodifications, const bt_retry_policy *policy)
{
	bt_retry_policy full_policy = for_change(policy, CHANGE_TIMEOUT_US);
	bt_buffer request;

	if (!bt_pack_modify_column_families(table, modifications, nmodifications, &request))
		return NULL;
	return make_call(channel, host, SERVICE "ModifyColumnFamilies", "name=", table,
					 &request, &full_policy);
}

bt_unary *
bt_admin_drop_row_range(bt_channel *channel, const bt_host *host, const char *table,
						bt_span prefix, bool whole_table, const bt_retry_policy *policy)
{
	bt_retry_policy full_policy = for_change(policy, DROP_ROWS_TIMEOUT_US);
	bt_buffer request;

	if (!bt_pack_drop_row_range(table, prefix, whole_table, &request))
		return NULL;
	return make_call(channel, host, SERVICE "DropRowRange", "name=", table, &request,
					 &full_policy);
}
