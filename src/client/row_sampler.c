/*-------------------------------------------------------------------------
 *
 * row_sampler.c
 *	  SampleRowKeys: keys that split a table into parts of about equal size.
 *
 *-------------------------------------------------------------------------
 */
#include "row_sampler.h"

#include <stdlib.h>
#include <unistd.h>

#include "header.h"

#define METHOD "/google.bigtable.v2.Bigtable/SampleRowKeys"

static const bt_retry_policy sample_policy = {
	.operation_timeout_us = INT64_C(600) * 1000000,
	.attempt_timeout_us = INT64_C(60) * 1000000,
	.initial_delay_us = BT_RETRY_MIN_DELAY_US,
	.max_attempts = 10,
};

struct bt_row_sampler
{
	bt_channel *channel;
	const bt_host *host;
	bt_resource_kind kind;
	const char *resource;
	const char *app_profile;
	bt_headers headers;
	bt_retry retry;
	int64_t attempt_at_us; /* when the next attempt begins */
	bt_call *call;         /* the attempt under way, or NULL */
	bt_row_sample *samples;
	size_t nsamples;
	size_t capacity;
	bt_buffer message; /* scratch: a message in one piece */
};

bt_row_sampler *
bt_row_sampler_create(bt_channel *channel, const bt_host *host, bt_resource_kind kind,
					  const char *resource, const char *app_profile,
					  const bt_retry_policy *policy)
{
	bt_row_sampler *sampler = calloc(1, sizeof(bt_row_sampler));
	bt_retry_policy full_policy = *policy;
	int64_t now = bt_rpc_now_us();

	if (sampler == NULL)
		return NULL;
	sampler->channel = channel;
	sampler->host = host;
	sampler->kind = kind;
	sampler->resource = resource;
	sampler->app_profile = app_profile;
	sampler->attempt_at_us = now;
	if (!bt_headers_init(&sampler->headers, kind, resource, app_profile))
	{
		bt_row_sampler_free(sampler);
		return NULL;
	}
	bt_retry_policy_fill(&full_policy, &sample_policy);
	bt_retry_start(&sampler->retry, &full_policy, now,
				   (uint64_t) now ^ (uint64_t) getpid());
	return sampler;
}

static void
drop_samples(bt_row_sampler *sampler)
{
	for (size_t i = 0; i < sampler->nsamples; i++)
		free(sampler->samples[i].key.data);
	sampler->nsamples = 0;
}

void
bt_row_sampler_free(bt_row_sampler *sampler)
{
	if (sampler == NULL)
		return;
	bt_call_destroy(sampler->call);
	bt_headers_free(&sampler->headers);
	drop_samples(sampler);
	free(sampler->samples);
	free(sampler->message.data);
	free(sampler);
}

const bt_row_sample *
bt_row_sampler_samples(const bt_row_sampler *sampler, size_t *n)
{
	*n = sampler->nsamples;
	return sampler->samples;
}

int
bt_row_sampler_attempts(const bt_row_sampler *sampler)
{
	return sampler->retry.attempts;
}

static bt_sample_result
fail_with(bt_row_sampler *sampler, bt_status *status, bt_code code, const char *message)
{
	bt_status_set(status, code, "%s", message);
	status->attempts = sampler->retry.attempts;
	return BT_SAMPLE_ERROR;
}

static bool
begin_attempt(bt_row_sampler *sampler, bt_status *status)
{
	int64_t deadline_us =
		bt_host_deadline_us(sampler->host, bt_retry_deadline_us(&sampler->retry));
	const bt_header *headers;
	bt_buffer request;
	size_t nheaders;

	drop_samples(sampler);
	headers = bt_headers_list(&sampler->headers, sampler->retry.attempts, &nheaders);
	if (headers == NULL || !bt_pack_sample_row_keys(sampler->kind, sampler->resource,
													sampler->app_profile, &request))
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return false;
	}
	sampler->call = bt_call_start(sampler->channel, METHOD, bt_buffer_span(&request),
								  headers, nheaders, deadline_us, status);
	free(request.data);
	sampler->retry.attempts++;
	return sampler->call != NULL;
}

/* The message as one span: what gRPC has in several slices is copied. */
static bool
whole_message(bt_row_sampler *sampler, bt_span *message)
{
	size_t nslices;
	const bt_span *slices = bt_call_message(sampler->call, &nslices);
	size_t len = 0;
	uint8_t *data;

	if (nslices == 1)
	{
		*message = slices[0];
		return true;
	}
	for (size_t i = 0; i < nslices; i++)
		len += slices[i].len;
	data = realloc(sampler->message.data, len + 1);
	if (data == NULL)
		return false;
	sampler->message.data = data;
	len = 0;
	for (size_t i = 0; i < nslices; i++)
	{
		if (slices[i].len > 0)
			memcpy(data + len, slices[i].data, slices[i].len);
		len += slices[i].len;
	}
	*message = bt_span_make(data, len);
	return true;
}

/* Keeps a sample.  DONE means "go on". */
static bt_sample_result
take_sample(bt_row_sampler *sampler, bt_status *status)
{
	bt_span message;

	if (sampler->nsamples == sampler->capacity)
	{
		size_t capacity = sampler->capacity == 0 ? 64 : sampler->capacity * 2;
		bt_row_sample *samples =
			realloc(sampler->samples, capacity * sizeof(bt_row_sample));

		if (samples == NULL)
			return fail_with(sampler, status, BT_RESOURCE_EXHAUSTED, "out of memory");
		sampler->samples = samples;
		sampler->capacity = capacity;
	}
	if (!whole_message(sampler, &message))
		return fail_with(sampler, status, BT_RESOURCE_EXHAUSTED, "out of memory");
	if (!bt_unpack_row_sample(message, &sampler->samples[sampler->nsamples]))
		return fail_with(sampler, status, BT_INTERNAL, "invalid SampleRowKeys response");
	sampler->nsamples++;

	/* No progress: the next attempt would begin anew. */
	bt_retry_connected(&sampler->retry);
	return BT_SAMPLE_DONE;
}

/*
 * The attempt is over with a status that is not OK.  INTERRUPTED says that
 * another one is due.
 */
static bt_sample_result
after_failure(bt_row_sampler *sampler, bt_status *status)
{
	int64_t now = bt_rpc_now_us();
	int64_t delay_us;

	status->attempts = sampler->retry.attempts;
	(void) bt_headers_keep_cookies(&sampler->headers, sampler->call);
	bt_call_destroy(sampler->call);
	sampler->call = NULL;
	if (bt_channel_is_connected(sampler->channel))
		bt_retry_connected(&sampler->retry);
	if (!bt_retry_after(&sampler->retry, status, now, &delay_us))
		return BT_SAMPLE_ERROR;
	sampler->attempt_at_us = now + delay_us;
	return BT_SAMPLE_INTERRUPTED;
}

/* The attempt's next event.  INTERRUPTED with *goes_on says "call again". */
static bt_sample_result
run_attempt(bt_row_sampler *sampler, bt_status *status, bool *goes_on)
{
	const bt_retry_policy *policy = &sampler->retry.policy;

	*goes_on = true;
	switch (bt_call_next(sampler->call, sampler->host, policy->attempt_timeout_us))
	{
		case BT_CALL_INTERRUPTED:
			*goes_on = false;
			return BT_SAMPLE_INTERRUPTED;
		case BT_CALL_MESSAGE:
			if (take_sample(sampler, status) == BT_SAMPLE_ERROR)
				return BT_SAMPLE_ERROR;
			return BT_SAMPLE_INTERRUPTED;
		case BT_CALL_TIMEOUT:
			bt_call_cancel(sampler->call);
			bt_status_set(status, BT_DEADLINE_EXCEEDED,
						  "no message within the attempt timeout of %.3f s",
						  (double) policy->attempt_timeout_us / 1e6);
			return after_failure(sampler, status);
		case BT_CALL_END:
			bt_call_status(sampler->call, status);
			status->attempts = sampler->retry.attempts;
			if (status->code == BT_OK)
				return BT_SAMPLE_DONE;
			status->retry_delay_us = bt_headers_retry_delay(sampler->call);
			return after_failure(sampler, status);
	}
	return BT_SAMPLE_ERROR;
}

bt_sample_result
bt_row_sampler_run(bt_row_sampler *sampler, bt_status *status)
{
	for (;;)
	{
		int64_t left = sampler->attempt_at_us - bt_rpc_now_us();
		bt_sample_result result;
		bool goes_on;

		if (sampler->call == NULL && left > 0)
		{
			if (sampler->host->wait(sampler->host->arg, -1, left, BT_WAIT_FOR_RETRY) ==
				BT_WAIT_INTERRUPTED)
				return BT_SAMPLE_INTERRUPTED;
			continue;
		}
		if (sampler->call == NULL && !begin_attempt(sampler, status))
			return BT_SAMPLE_ERROR;
		result = run_attempt(sampler, status, &goes_on);
		if (result != BT_SAMPLE_INTERRUPTED || !goes_on)
			return result;
	}
}
