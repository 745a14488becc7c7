/*-------------------------------------------------------------------------
 *
 * btload_rpc.c
 *	  One gRPC call at a time, waited for.
 *
 *-------------------------------------------------------------------------
 */
#include "btload.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#if __has_include(<grpc/credentials.h>)
#include <grpc/credentials.h>
#endif

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_SECONDS 60

static grpc_channel *channel;
static grpc_completion_queue *queue;

/* Open the channel. */
void
rpc_open(const char *target)
{
	grpc_channel_credentials *credentials;
	grpc_arg arg = {.type = GRPC_ARG_INTEGER,
					.key = (char *) GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH};
	grpc_channel_args args = {1, &arg};

	arg.value.integer = -1;
	grpc_init();
	credentials = grpc_insecure_credentials_create();
	channel = grpc_channel_create(target, credentials, &args);
	grpc_channel_credentials_release(credentials);
	queue = grpc_completion_queue_create_for_pluck(NULL);
}

/* Close it. */
void
rpc_close(void)
{
	grpc_channel_destroy(channel);
	grpc_completion_queue_shutdown(queue);
	grpc_completion_queue_destroy(queue);
	grpc_shutdown_blocking();
}

/* Run a batch to its end; false if it failed. */
static bool
run(grpc_call *call, const grpc_op *ops, size_t n)
{
	if (grpc_call_start_batch(call, ops, n, call, NULL) != GRPC_CALL_OK)
		die("gRPC refused a batch");
	return grpc_completion_queue_pluck(queue, call, gpr_inf_future(GPR_CLOCK_REALTIME),
									   NULL)
			   .success != 0;
}

/* Send the request with the header that routes it. */
static bool
send_request(grpc_call *call, const char *resource, const ProtobufCMessage *request)
{
	size_t len = protobuf_c_message_get_packed_size(request);
	grpc_slice slice = grpc_slice_malloc(len);
	grpc_metadata routing = {0};
	grpc_byte_buffer *payload;
	char params[1024];
	grpc_op ops[3] = {0};
	bool ok;

	protobuf_c_message_pack(request, GRPC_SLICE_START_PTR(slice));
	payload = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	snprintf(params, sizeof(params), "%s=%s",
			 strstr(resource, "/tables/") ? "table_name" : "parent", resource);
	routing.key = grpc_slice_from_static_string("x-goog-request-params");
	routing.value = grpc_slice_from_copied_string(params);
	ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[0].data.send_initial_metadata.count = 1;
	ops[0].data.send_initial_metadata.metadata = &routing;
	ops[1].op = GRPC_OP_SEND_MESSAGE;
	ops[1].data.send_message.send_message = payload;
	ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
	ok = run(call, ops, 3);
	grpc_byte_buffer_destroy(payload);
	grpc_slice_unref(routing.value);
	return ok;
}

/* Receive one message; false when there is no more. */
static bool
receive_message(grpc_call *call, void (*take)(const uint8_t *data, size_t len, void *arg),
				void *arg)
{
	grpc_byte_buffer *payload = NULL;
	grpc_byte_buffer_reader reader;
	grpc_slice slice;
	grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

	op.data.recv_message.recv_message = &payload;
	if (!run(call, &op, 1) || !payload)
		return false;
	if (take && grpc_byte_buffer_reader_init(&reader, payload))
	{
		slice = grpc_byte_buffer_reader_readall(&reader);
		take(GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice), arg);
		grpc_slice_unref(slice);
		grpc_byte_buffer_reader_destroy(&reader);
	}
	grpc_byte_buffer_destroy(payload);
	return true;
}

/* Receive the status. */
static struct rpc_result
receive_status(grpc_call *call)
{
	struct rpc_result result = {0};
	grpc_metadata_array trailers;
	grpc_status_code code = GRPC_STATUS_UNKNOWN;
	grpc_slice details = grpc_empty_slice();
	size_t len;
	grpc_op op = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};

	grpc_metadata_array_init(&trailers);
	op.data.recv_status_on_client.trailing_metadata = &trailers;
	op.data.recv_status_on_client.status = &code;
	op.data.recv_status_on_client.status_details = &details;
	run(call, &op, 1);
	len = GRPC_SLICE_LENGTH(details);
	if (len >= sizeof(result.message))
		len = sizeof(result.message) - 1;
	memcpy(result.message, GRPC_SLICE_START_PTR(details), len);
	result.code = (int) code;
	grpc_slice_unref(details);
	grpc_metadata_array_destroy(&trailers);
	return result;
}

/* One whole call. */
struct rpc_result
rpc_call(const char *method, const char *resource, const ProtobufCMessage *request,
		 void (*take)(const uint8_t *data, size_t len, void *arg), void *arg)
{
	gpr_timespec deadline =
		gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
					 gpr_time_from_seconds(TIMEOUT_SECONDS, GPR_TIMESPAN));
	grpc_slice path = grpc_slice_from_copied_string(method);
	grpc_call *call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS,
											   queue, path, NULL, deadline, NULL);
	grpc_metadata_array initial;
	grpc_op op = {.op = GRPC_OP_RECV_INITIAL_METADATA};
	struct rpc_result result;

	grpc_slice_unref(path);
	grpc_metadata_array_init(&initial);
	op.data.recv_initial_metadata.recv_initial_metadata = &initial;
	if (send_request(call, resource, request) && run(call, &op, 1))
		while (receive_message(call, take, arg))
			continue;
	result = receive_status(call);
	grpc_metadata_array_destroy(&initial);
	grpc_call_unref(call);
	return result;
}
