/*-------------------------------------------------------------------------
 *
 * unary.c
 *	  A call with one answer, retried where that is safe.
 *
 *-------------------------------------------------------------------------
 */
#include "unary.h"

#include <stdlib.h>
#include <unistd.h>

struct bt_unary
{
	bt_channel *channel;
	const bt_host *host;
	const char *method;
	bt_buffer request;
	bt_headers headers;
	bt_retry retry;
	int64_t attempt_at_us; /* when the next attempt begins */
	bt_call *call;         /* the attempt under way, or NULL */
	bt_buffer response;    /* the last answer of the attempt */
	int nanswers;
};

bt_unary *
bt_unary_create(bt_channel *channel, const bt_host *host, const char *method,
				bt_buffer *request, bt_headers *headers, const bt_retry_policy *policy)
{
	bt_unary *unary = calloc(1, sizeof(bt_unary));
	int64_t now = bt_rpc_now_us();

	if (unary == NULL)
	{
		free(request->data);
		bt_headers_free(headers);
		return NULL;
	}
	unary->channel = channel;
	unary->host = host;
	unary->method = method;
	unary->request = *request;
	unary->headers = *headers;
	unary->attempt_at_us = now;
	bt_retry_start(&unary->retry, policy, now, (uint64_t) now ^ (uint64_t) getpid());
	return unary;
}

void
bt_unary_free(bt_unary *unary)
{
	if (unary == NULL)
		return;
	bt_call_destroy(unary->call);
	bt_headers_free(&unary->headers);
	free(unary->request.data);
	free(unary->response.data);
	free(unary);
}

bt_span
bt_unary_response(const bt_unary *unary)
{
	return bt_buffer_span(&unary->response);
}

static bool
begin_attempt(bt_unary *unary, bt_status *status)
{
	int64_t deadline_us = bt_rpc_now_us() + unary->retry.policy.attempt_timeout_us;
	const bt_header *headers;
	size_t nheaders;

	if (deadline_us > bt_retry_deadline_us(&unary->retry))
		deadline_us = bt_retry_deadline_us(&unary->retry);
	deadline_us = bt_host_deadline_us(unary->host, deadline_us);
	headers = bt_headers_list(&unary->headers, unary->retry.attempts, &nheaders);
	if (headers == NULL)
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return false;
	}
	unary->call =
		bt_call_start(unary->channel, unary->method, bt_buffer_span(&unary->request),
					  headers, nheaders, deadline_us, status);
	unary->retry.attempts++;
	return unary->call != NULL;
}

bool
bt_unary_start(bt_unary *unary, bt_status *status)
{
	if (unary->call == NULL && !begin_attempt(unary, status))
		return false;
	bt_rpc_go_on();
	return true;
}

/* Takes the message out of gRPC's slices. */
static bool
take_response(bt_unary *unary)
{
	size_t nslices;
	const bt_span *slices = bt_call_message(unary->call, &nslices);
	size_t len = 0;
	uint8_t *data;

	for (size_t i = 0; i < nslices; i++)
		len += slices[i].len;
	data = realloc(unary->response.data, len + 1);
	if (data == NULL)
		return false;
	unary->response.data = data;
	unary->response.len = 0;
	for (size_t i = 0; i < nslices; i++)
	{
		if (slices[i].len > 0)
			memcpy(data + unary->response.len, slices[i].data, slices[i].len);
		unary->response.len += slices[i].len;
	}
	unary->nanswers++;
	return true;
}

/* The attempt is over: DONE, ERROR, or INTERRUPTED to say "not yet". */
static bt_unary_result
after_end(bt_unary *unary, bt_status *status)
{
	int64_t now = bt_rpc_now_us();
	int64_t delay_us;

	bt_call_status(unary->call, status);
	if (status->code == BT_OK && unary->nanswers != 1)
	{
		bt_status_set(status, BT_INTERNAL, "the server sent %s",
					  unary->nanswers == 0 ? "no answer" : "more than one answer");
		status->local = false; /* it has had the request */
	}
	status->attempts = unary->retry.attempts;
	if (status->code == BT_OK)
		return BT_UNARY_DONE;
	status->retry_delay_us = bt_headers_retry_delay(unary->call);
	(void) bt_headers_keep_cookies(&unary->headers, unary->call);
	bt_call_destroy(unary->call);
	unary->call = NULL;
	unary->nanswers = 0;
	if (bt_channel_is_connected(unary->channel))
		bt_retry_connected(&unary->retry);
	if (!bt_retry_after(&unary->retry, status, now, &delay_us))
		return BT_UNARY_ERROR;
	unary->attempt_at_us = now + delay_us;
	return BT_UNARY_INTERRUPTED;
}

bt_unary_result
bt_unary_run(bt_unary *unary, bt_status *status)
{
	for (;;)
	{
		int64_t left = unary->attempt_at_us - bt_rpc_now_us();
		bt_unary_result result;

		if (unary->call == NULL && left > 0)
		{
			if (bt_channel_sleep(unary->channel, unary->host, left) ==
				BT_WAIT_INTERRUPTED)
				return BT_UNARY_INTERRUPTED;
			continue;
		}
		if (unary->call == NULL && !begin_attempt(unary, status))
			return BT_UNARY_ERROR;

		/* The call's own deadline ends it; the timeout here only has to be later. */
		switch (bt_call_next(unary->call, unary->host,
							 unary->retry.policy.attempt_timeout_us + 1000000))
		{
			case BT_CALL_INTERRUPTED:
				return BT_UNARY_INTERRUPTED;
			case BT_CALL_MESSAGE:
				if (take_response(unary))
					continue;
				bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
				return BT_UNARY_ERROR;
			case BT_CALL_TIMEOUT:
				bt_call_cancel(unary->call);
				break;
			case BT_CALL_END:
				break;
		}
		result = after_end(unary, status);
		if (result != BT_UNARY_INTERRUPTED)
			return result;
	}
}
