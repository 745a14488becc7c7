/*-------------------------------------------------------------------------
 *
 * single_row.c
 *	  Writes of one row, each of them atomic: MutateRow, CheckAndMutateRow,
 *	  ReadModifyWriteRow.
 *
 *-------------------------------------------------------------------------
 */
#include "single_row.h"

#include <stdlib.h>

#define SERVICE "/google.bigtable.v2.Bigtable/"

static const bt_retry_policy mutate_policy = {
	.operation_timeout_us = INT64_C(600) * 1000000,
	.attempt_timeout_us = INT64_C(60) * 1000000,
	.initial_delay_us = BT_RETRY_MIN_DELAY_US,
	.max_attempts = 10,
	.codes = BT_RETRY_WRITE_CODES,
};

/* What must not be applied twice. */
static const bt_retry_policy once_policy = {
	.operation_timeout_us = INT64_C(20) * 1000000,
	.attempt_timeout_us = INT64_C(20) * 1000000,
	.initial_delay_us = BT_RETRY_MIN_DELAY_US,
	.max_attempts = 1,
};

/* Takes the request. */
static bt_unary *
make_call(bt_channel *channel, const bt_host *host, const char *method,
		  const bt_write_target *target, bt_buffer *request,
		  const bt_retry_policy *policy)
{
	bt_headers headers;

	if (!bt_headers_init(&headers, target->kind, target->resource, target->app_profile))
	{
		bt_headers_free(&headers);
		free(request->data);
		return NULL;
	}
	return bt_unary_create(channel, host, method, request, &headers, policy);
}

/* The host's policy, but for one attempt alone. */
static bt_retry_policy
once(const bt_retry_policy *policy)
{
	bt_retry_policy result = *policy;

	bt_retry_policy_fill(&result, &once_policy);
	result.max_attempts = 1;
	return result;
}

bt_unary *
bt_mutate_row(bt_channel *channel, const bt_host *host, const bt_write_target *target,
			  bt_span key, const bt_mutation *mutations, size_t nmutations,
			  const bt_retry_policy *policy)
{
	bt_retry_policy full_policy = *policy;
	bt_buffer request;

	bt_retry_policy_fill(&full_policy, &mutate_policy);
	for (size_t i = 0; i < nmutations; i++)
		if (!bt_mutation_is_idempotent(&mutations[i]))
			full_policy = once(policy);
	if (!bt_pack_mutate_row(target, key, mutations, nmutations, &request))
		return NULL;
	return make_call(channel, host, SERVICE "MutateRow", target, &request, &full_policy);
}

bt_unary *
bt_check_and_mutate_row(bt_channel *channel, const bt_host *host,
						const bt_write_target *target, bt_span key,
						const bt_filter *predicate, const bt_mutation *if_true,
						size_t nif_true, const bt_mutation *if_false, size_t nif_false,
						const bt_retry_policy *policy)
{
	bt_retry_policy full_policy = once(policy);
	bt_buffer request;

	if (!bt_pack_check_and_mutate_row(target, key, predicate, if_true, nif_true, if_false,
									  nif_false, &request))
		return NULL;
	return make_call(channel, host, SERVICE "CheckAndMutateRow", target, &request,
					 &full_policy);
}

bt_unary *
bt_insert_row(bt_channel *channel, const bt_host *host, const bt_write_target *target,
			  bt_span key, bt_span mutations, const bt_retry_policy *policy)
{
	bt_retry_policy full_policy = once(policy);
	bt_buffer request;
	uint8_t *data;

	if (!bt_pack_check_and_mutate_row(target, key, NULL, NULL, 0, NULL, 0, &request))
		return NULL;
	data = realloc(request.data, request.len + mutations.len + 1);
	if (data == NULL)
	{
		free(request.data);
		return NULL;
	}

	/* Fields may come in any order. */
	memcpy(data + request.len, mutations.data, mutations.len);
	request.data = data;
	request.len += mutations.len;
	return make_call(channel, host, SERVICE "CheckAndMutateRow", target, &request,
					 &full_policy);
}

bt_unary *
bt_read_modify_write_row(bt_channel *channel, const bt_host *host,
						 const bt_write_target *target, bt_span key,
						 const bt_rmw_rule *rules, size_t nrules,
						 const bt_retry_policy *policy)
{
	bt_retry_policy full_policy = once(policy);
	bt_buffer request;

	if (!bt_pack_read_modify_write_row(target, key, rules, nrules, &request))
		return NULL;
	return make_call(channel, host, SERVICE "ReadModifyWriteRow", target, &request,
					 &full_policy);
}
