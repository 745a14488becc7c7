/*-------------------------------------------------------------------------
 *
 * rpc.c
 *	  gRPC calls, for a single-threaded host that must stay interruptible.
 *
 * Channels are rpc_channel.c's; waiting, and the process, rpc_wait.c's.
 *
 *-------------------------------------------------------------------------
 */
#include "rpc.h"

#include "rpc_credentials.h"
#include "rpc_internal.h"

#include <stdlib.h>
#include <unistd.h>

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>

/*
 * A call that ends so much before the host's deadline has ended because of it,
 * and the host's interrupt comes at most so much after it.
 */
#define HOST_EARLY_US INT64_C(110000)
#define HOST_LATE_US INT64_C(80000)

/*
 * After so long without a call, what has come meanwhile is looked at before the
 * next one.  gRPC handles one event of the network at a time; the end of a
 * connection is a few.
 */
#define IDLE_US INT64_C(1000)
#define IDLE_EVENTS 10

/* What gRPC may add to a deadline in whole milliseconds. */
#define GRPC_CLOCK_US INT64_C(2000)

struct bt_call
{
	grpc_call *call; /* NULL after bt_rpc_shutdown() */
	bt_call *next;
	bt_call **link; /* what points to this call */
	bt_channel *channel;

	rpc_op send_op; /* the request, and initial metadata */
	rpc_op message_op;
	rpc_op status_op;

	/* Buffers that gRPC writes into or reads from until an op is done. */
	grpc_byte_buffer *request;
	grpc_metadata *headers;
	size_t nheaders;
	grpc_byte_buffer *incoming;
	grpc_metadata_array initial_metadata;
	grpc_metadata_array trailing_metadata;
	grpc_status_code code;
	grpc_slice details;

	grpc_byte_buffer *message; /* the current one */
	bt_span *slices;           /* of it */
	size_t nslices;
	size_t slices_capacity;
};

struct bt_payload
{
	atomic_int users;
	uint8_t data[];
};

/* ---- calls ---- */

static void
start_op(bt_call *call, rpc_op *op, const grpc_op *ops, size_t nops)
{
	op->done = false;
	op->started = grpc_call_start_batch(call->call, ops, nops, op, NULL) == GRPC_CALL_OK;

	/* Only a misuse of the API is refused, and it is refused at once. */
	if (!op->started)
		op->done = true;
}

static void
start_receiving(bt_call *call)
{
	grpc_op receive = {.op = GRPC_OP_RECV_MESSAGE};

	receive.data.recv_message.recv_message = &call->incoming;
	start_op(call, &call->message_op, &receive, 1);
}

static void
start_ops(bt_call *call)
{
	grpc_op send[4] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
					   {.op = GRPC_OP_SEND_MESSAGE},
					   {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
					   {.op = GRPC_OP_RECV_INITIAL_METADATA}};
	grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};

	send[0].data.send_initial_metadata.count = call->nheaders;
	send[0].data.send_initial_metadata.metadata = call->headers;
	send[1].data.send_message.send_message = call->request;
	send[3].data.recv_initial_metadata.recv_initial_metadata = &call->initial_metadata;
	start_op(call, &call->send_op, send, 4);

	status.data.recv_status_on_client.trailing_metadata = &call->trailing_metadata;
	status.data.recv_status_on_client.status = &call->code;
	status.data.recv_status_on_client.status_details = &call->details;
	start_op(call, &call->status_op, &status, 1);
	start_receiving(call);
}

/*
 * gRPC aborts the process on a header that HTTP/2 does not allow.  Where a key
 * says that the value is binary, gRPC encodes it.
 */
static bool
is_legal_header(const grpc_metadata *header)
{
	return grpc_header_key_is_legal(header->key) &&
		   (grpc_is_binary_header(header->key) ||
			grpc_header_nonbin_value_is_legal(header->value));
}

static bool
set_headers(bt_call *call, const bt_header *headers, size_t nheaders, bt_status *status)
{
	call->headers = calloc(nheaders + 1, sizeof(grpc_metadata));
	if (call->headers == NULL)
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return false;
	}
	for (size_t i = 0; i < nheaders; i++)
	{
		grpc_metadata *header = &call->headers[i];

		header->key = grpc_slice_from_copied_string(headers[i].key);
		header->value = grpc_slice_from_copied_buffer(
			(const char *) headers[i].value.data, headers[i].value.len);
		call->nheaders++;
		if (!is_legal_header(header))
		{
			bt_status_set(status, BT_INVALID_ARGUMENT, "illegal value of header %s",
						  headers[i].key);
			return false;
		}
	}
	return true;
}

/* Frees what no op uses any more.  The call is out of gRPC's hands. */
static void
free_buffers(bt_call *call)
{
	for (size_t i = 0; i < call->nheaders; i++)
	{
		grpc_slice_unref(call->headers[i].key);
		grpc_slice_unref(call->headers[i].value);
	}
	free(call->headers);
	grpc_metadata_array_destroy(&call->initial_metadata);
	grpc_metadata_array_destroy(&call->trailing_metadata);
	grpc_slice_unref(call->details);
	grpc_byte_buffer_destroy(call->request);
	grpc_byte_buffer_destroy(call->incoming);
	grpc_byte_buffer_destroy(call->message);
	call->message = call->incoming = call->request = NULL;
	call->headers = NULL;
	call->nheaders = call->nslices = 0;
}

/* An attempt but the first of its operation says so in a header. */
static bool
is_retry(const bt_header *headers, size_t nheaders)
{
	for (size_t i = 0; i < nheaders; i++)
		if (strcmp(headers[i].key, BT_ATTEMPT_HEADER) == 0)
			return !bt_span_equal(headers[i].value, bt_span_str("0"));
	return false;
}

/*
 * Hears of what has come while no call was under way: that the server has
 * closed the connection, say, so that the next call is not sent on it.
 */
static void
catch_up(void)
{
	if (rpc.calls != NULL || atomic_load(&rpc.armed) ||
		bt_rpc_now_us() < rpc.idle_since_us + IDLE_US)
		return;
	for (int i = 0; i < IDLE_EVENTS; i++)
		(void) rpc_take_event(gpr_time_0(GPR_CLOCK_MONOTONIC));
}

/*
 * While gRPC waits before it connects again, calls fail with what it found last
 * time.  The waits between attempts are ours, so an attempt is one to connect.
 */
static void
connect_now(grpc_channel *channel)
{
	if (grpc_channel_check_connectivity_state(channel, 0) ==
		GRPC_CHANNEL_TRANSIENT_FAILURE)
		grpc_channel_reset_connect_backoff(channel);
}

/* Takes the request. */
static bt_call *
make_call(bt_channel *channel, const char *method, grpc_slice request,
		  const bt_header *headers, size_t nheaders, int64_t deadline_us,
		  bt_status *status)
{
	bt_call *call = calloc(1, sizeof(bt_call));

	if (call == NULL)
	{
		grpc_slice_unref(request);
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return NULL;
	}
	call->request = grpc_raw_byte_buffer_create(&request, 1);
	grpc_slice_unref(request);
	grpc_metadata_array_init(&call->initial_metadata);
	grpc_metadata_array_init(&call->trailing_metadata);
	call->details = grpc_empty_slice();
	if (!set_headers(call, headers, nheaders, status))
	{
		free_buffers(call);
		free(call);
		return NULL;
	}

	catch_up();
	connect_now(channel->channel);
	call->call =
		grpc_channel_create_call(channel->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
								 rpc.queue, grpc_slice_from_static_string(method), NULL,
								 rpc_from_now(deadline_us - bt_rpc_now_us()), NULL);
	start_ops(call);
	call->channel = channel;
	channel->counters.calls++;
	if (is_retry(headers, nheaders))
		channel->counters.retries++;
	return call;
}

/* Makes a call of which the process knows.  Signals are blocked. */
static bt_call *
add_call(bt_call *call)
{
	if (call == NULL)
		return NULL;
	call->next = rpc.calls;
	call->link = &rpc.calls;
	if (call->next != NULL)
		call->next->link = &call->next;
	rpc.calls = call;
	return call;
}

bt_call *
bt_call_start(bt_channel *channel, const char *method, bt_span request,
			  const bt_header *headers, size_t nheaders, int64_t deadline_us,
			  bt_status *status)
{
	bt_call *call;
	sigset_t old;

	if (!bt_rpc_init(status))
		return NULL;
	rpc_block_signals(&old);
	call = add_call(
		make_call(channel, method,
				  grpc_slice_from_copied_buffer((const char *) request.data, request.len),
				  headers, nheaders, deadline_us, status));
	rpc_restore_signals(&old);
	return call;
}

bt_payload *
bt_payload_resize(bt_payload *payload, size_t size)
{
	bt_payload *resized = realloc(payload, sizeof(bt_payload) + size);

	if (resized != NULL && payload == NULL)
		atomic_init(&resized->users, 1);
	return resized;
}

uint8_t *
bt_payload_data(bt_payload *payload)
{
	return payload->data;
}

/* Also called by gRPC, on any thread. */
static void
release_payload(void *arg)
{
	bt_payload *payload = arg;

	if (payload != NULL && atomic_fetch_sub(&payload->users, 1) == 1)
		free(payload);
}

void
bt_payload_release(bt_payload *payload)
{
	release_payload(payload);
}

bt_call *
bt_call_start_payload(bt_channel *channel, const char *method, bt_payload *payload,
					  size_t len, const bt_header *headers, size_t nheaders,
					  int64_t deadline_us, bt_status *status)
{
	bt_call *call;
	sigset_t old;

	if (!bt_rpc_init(status))
		return NULL;
	atomic_fetch_add(&payload->users, 1);
	rpc_block_signals(&old);
	call = add_call(make_call(
		channel, method,
		grpc_slice_new_with_user_data(payload->data, len, release_payload, payload),
		headers, nheaders, deadline_us, status));
	rpc_restore_signals(&old);
	return call;
}

/* Makes the received message the current one; returns false without memory. */
static bool
take_message(bt_call *call)
{
	grpc_slice_buffer *buffer = &call->incoming->data.raw.slice_buffer;

	if (buffer->count > call->slices_capacity)
	{
		bt_span *slices = realloc(call->slices, buffer->count * sizeof(bt_span));

		if (slices == NULL)
			return false;
		call->slices = slices;
		call->slices_capacity = buffer->count;
	}
	for (size_t i = 0; i < buffer->count; i++)
		call->slices[i] = bt_span_make(GRPC_SLICE_START_PTR(buffer->slices[i]),
									   GRPC_SLICE_LENGTH(buffer->slices[i]));
	call->nslices = buffer->count;
	call->message = call->incoming;
	call->incoming = NULL;
	return true;
}

/* Keeps how a call has ended if it was not well. */
static void
note_end(const bt_call *call)
{
	bt_channel_counters *counters = &call->channel->counters;

	if (call->code == GRPC_STATUS_OK)
		return;
	counters->errors++;
	bt_call_status(call, &counters->last_error);
}

/*
 * gRPC tells the server how much time it has in three digits, rounded up.  The
 * longest time from now on for which that is not too much.
 */
static int64_t
round_down_as_sent(int64_t us)
{
	int64_t unit_us = 1000;

	while (us / unit_us >= 1000)
		unit_us *= 10;
	return us - us % unit_us - GRPC_CLOCK_US;
}

int64_t
bt_host_deadline_us(const bt_host *host, int64_t deadline_us)
{
	int64_t limit_us =
		host->deadline_us != NULL ? host->deadline_us(host->arg) : INT64_MAX;
	int64_t now_us;

	if (limit_us >= deadline_us)
		return deadline_us;
	now_us = bt_rpc_now_us();
	return limit_us > now_us ? now_us + round_down_as_sent(limit_us - now_us) : now_us;
}

bool
bt_call_is_end_of_host(const bt_call *call, const bt_host *host)
{
	int64_t left_us;

	if (call->code != GRPC_STATUS_DEADLINE_EXCEEDED || host->deadline_us == NULL)
		return false;
	left_us = host->deadline_us(host->arg) - bt_rpc_now_us();
	if (left_us > HOST_EARLY_US)
		left_us = 0; /* but the interrupt may have come already */
	else
		left_us += HOST_LATE_US;
	return host->wait(host->arg, -1, left_us < 0 ? 0 : left_us, BT_WAIT_FOR_ANSWER) ==
		   BT_WAIT_INTERRUPTED;
}

bt_call_event
bt_call_next(bt_call *call, const bt_host *host, int64_t timeout_us)
{
	bt_wait_result result;
	sigset_t old;
	bool more = false;

	if (call->call == NULL)
		return BT_CALL_END;
	result = rpc_wait_op(&call->message_op, call->channel, host, timeout_us, &old);
	if (result == BT_WAIT_READY && call->incoming == NULL)
	{
		rpc_restore_signals(&old);
		result = rpc_wait_op(&call->status_op, call->channel, host, timeout_us, &old);
	}
	if (result != BT_WAIT_READY)
		return result == BT_WAIT_TIMEOUT ? BT_CALL_TIMEOUT : BT_CALL_INTERRUPTED;

	grpc_byte_buffer_destroy(call->message);
	call->message = NULL;
	call->nslices = 0;
	if (call->incoming != NULL)
	{
		more = take_message(call);
		if (more)
		{
			call->channel->counters.bytes +=
				(int64_t) grpc_byte_buffer_length(call->message);
			start_receiving(call); /* the network works while the host does */
		}
		else
		{
			grpc_call_cancel_with_status(call->call, GRPC_STATUS_RESOURCE_EXHAUSTED,
										 "out of memory", NULL);
			rpc_drain_op(&call->status_op);
		}
	}
	rpc_restore_signals(&old);
	if (more)
		return BT_CALL_MESSAGE;
	if (bt_call_is_end_of_host(call, host))
		return BT_CALL_INTERRUPTED;
	note_end(call);
	return BT_CALL_END;
}

bool
bt_call_is_ready(const bt_call *call)
{
	return call->call == NULL ||
		   (rpc_op_is_done(&call->message_op) &&
			(call->incoming != NULL || rpc_op_is_done(&call->status_op)));
}

/* Calls of which one is waited for. */
typedef struct call_list
{
	bt_call *const *calls;
	size_t n;
} call_list;

static bool
any_is_ready(const void *arg)
{
	const call_list *list = arg;

	for (size_t i = 0; i < list->n; i++)
		if (bt_call_is_ready(list->calls[i]))
			return true;
	return false;
}

bt_wait_result
bt_calls_wait(bt_call *const *calls, size_t n, const bt_host *host, int64_t timeout_us)
{
	call_list list = {calls, n};
	sigset_t old;
	bt_wait_result result =
		rpc_wait_for(any_is_ready, &list, calls[0]->channel, host, timeout_us, &old);

	if (result == BT_WAIT_READY)
		rpc_restore_signals(&old);
	return result;
}

const bt_span *
bt_call_message(const bt_call *call, size_t *nslices)
{
	*nslices = call->nslices;
	return call->slices;
}

void
bt_call_status(const bt_call *call, bt_status *status)
{
	bt_span details = bt_span_make(GRPC_SLICE_START_PTR(call->details),
								   GRPC_SLICE_LENGTH(call->details));
	bt_code code = (bt_code) call->code;

	bt_status_set(status, BT_CANCELLED, "the client is shut down");
	if (call->call == NULL)
		return;
	(void) rpc_token_failure(call->code, &details, &code);
	bt_status_set(status, code, "%.*s", (int) details.len, (const char *) details.data);
	status->local = false;
}

bool
bt_call_metadata(const bt_call *call, size_t i, bt_span *key, bt_span *value)
{
	const grpc_metadata_array *array = &call->initial_metadata;
	const grpc_metadata *entry;

	if (i >= array->count)
	{
		i -= array->count;
		array = &call->trailing_metadata;
	}
	if (i >= array->count)
		return false;
	entry = &array->metadata[i];
	*key = bt_span_make(GRPC_SLICE_START_PTR(entry->key), GRPC_SLICE_LENGTH(entry->key));
	*value =
		bt_span_make(GRPC_SLICE_START_PTR(entry->value), GRPC_SLICE_LENGTH(entry->value));
	return true;
}

/* Ends a call, and waits until no op is under way.  Signals are blocked. */
static void
end_call(bt_call *call)
{
	/* A call that is just ending shall end well: do not reset its stream. */
	if (!rpc_poll_for(rpc_op_is_done, &call->status_op, 0))
		grpc_call_cancel(call->call, NULL);
	rpc_drain_op(&call->send_op);
	rpc_drain_op(&call->message_op);
	rpc_drain_op(&call->status_op);
}

void
bt_call_cancel(bt_call *call)
{
	sigset_t old;

	if (call->call == NULL)
		return;
	rpc_block_signals(&old);
	end_call(call);
	rpc_restore_signals(&old);
}

/* Takes the call back from gRPC.  Signals are blocked. */
static void
close_call(bt_call *call)
{
	*call->link = call->next;
	if (call->next != NULL)
		call->next->link = call->link;
	end_call(call);
	grpc_call_unref(call->call);
	call->call = NULL;
	free_buffers(call);
	rpc.idle_since_us = bt_rpc_now_us();
}

void
bt_call_destroy(bt_call *call)
{
	sigset_t old;

	if (call == NULL)
		return;
	if (call->call != NULL && rpc.pid == getpid())
	{
		rpc_block_signals(&old);
		close_call(call);
		rpc_restore_signals(&old);
	}
	free(call->slices);
	free(call);
}

/* ---- the end ---- */

void
bt_rpc_shutdown(void)
{
	sigset_t old;

	if (!bt_rpc_is_initialized())
		return;
	rpc_block_signals(&old);
	while (rpc.calls != NULL)
		close_call(rpc.calls);
	while (rpc.channels != NULL)
		rpc_close_channel(rpc.channels);
	rpc_stop_tokens();
	rpc_end_process();
	rpc_restore_signals(&old);
}
