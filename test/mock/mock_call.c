/*-------------------------------------------------------------------------
 *
 * mock_call.c
 *	  A call's life: it arrives, is answered step by step, and ends.
 *
 * A call is freed when its close has come and no operation is under way, and
 * at no other place.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_call.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock_auth.h"
#include "mock_log.h"
#include "mock_socket.h"

#define DATA_API "/google.bigtable.v2.Bigtable/"
#define ADMIN_API "/google.bigtable.admin.v2.BigtableTableAdmin/"

static const struct
{
	const char *path;
	const char *name;
	void (*answer)(struct mock_call *call, const uint8_t *payload, size_t len);
} methods[] = {
	{DATA_API "ReadRows", "ReadRows", player_start},
	{DATA_API "MutateRows", "MutateRows", answer_mutate_rows},
	{DATA_API "MutateRow", "MutateRow", answer_mutate_row},
	{DATA_API "CheckAndMutateRow", "CheckAndMutateRow", answer_check_and_mutate_row},
	{DATA_API "ReadModifyWriteRow", "ReadModifyWriteRow", answer_read_modify_write_row},
	{ADMIN_API "DropRowRange", "DropRowRange", answer_drop_row_range},
	{DATA_API "SampleRowKeys", "SampleRowKeys", answer_sample_row_keys},
	{ADMIN_API "GetTable", "GetTable", answer_admin},
	{ADMIN_API "ListTables", "ListTables", answer_admin},
	{ADMIN_API "CreateTable", "CreateTable", answer_admin},
	{ADMIN_API "DeleteTable", "DeleteTable", answer_admin},
	{ADMIN_API "ModifyColumnFamilies", "ModifyColumnFamilies", answer_admin},
};

/* Start a batch, whose end is the given event. */
static void
start(struct mock_call *call, const grpc_op *ops, size_t n, enum event event)
{
	grpc_call_error error =
		grpc_call_start_batch(call->call, ops, n, &call->tags[event], NULL);

	if (error != GRPC_CALL_OK)
	{
		fprintf(stderr, "bigtable_mock: batch refused: %s\n",
				grpc_call_error_to_string(error));
		abort();
	}
	call->outstanding++;
}

/* Ask for the next call. */
void
call_await(struct mock_server *server)
{
	struct mock_call *call = mock_alloc(sizeof(*call));

	call->server = server;
	call->retry_info = -1;
	call->status = -1;
	call->connection = -1;
	call->status_message = grpc_empty_slice();
	for (int i = 0; i < EVENT_KINDS; i++)
		call->tags[i] = (struct call_tag){call, (enum event) i};
	grpc_call_details_init(&call->details);
	grpc_metadata_array_init(&call->headers);
	if (grpc_server_request_call(server->server, &call->call, &call->details,
								 &call->headers, server->queue, server->queue,
								 &call->tags[EVENT_ARRIVED]) != GRPC_CALL_OK)
		abort();
}

/* ---- metadata ---- */

/* Add an entry. */
void
metadata_add(struct metadata *metadata, const char *name, const void *value, size_t len)
{
	grpc_metadata *entry;

	metadata->entries =
		realloc(metadata->entries, (metadata->n + 1) * sizeof(metadata->entries[0]));
	entry = &metadata->entries[metadata->n++];
	memset(entry, 0, sizeof(*entry));
	entry->key = grpc_slice_from_copied_string(name);
	entry->value = grpc_slice_from_copied_buffer(value, len);
}

/* Free all entries. */
static void
metadata_free(struct metadata *metadata)
{
	for (size_t i = 0; i < metadata->n; i++)
	{
		grpc_slice_unref(metadata->entries[i].key);
		grpc_slice_unref(metadata->entries[i].value);
	}
	free(metadata->entries);
}

/* ---- sending ---- */

/* Fill in the operation that sends the initial metadata, if it is due. */
static size_t
initial_op(struct mock_call *call, grpc_op *op)
{
	if (call->initial_sent)
		return 0;
	call->initial_sent = true;
	op->op = GRPC_OP_SEND_INITIAL_METADATA;
	op->data.send_initial_metadata.count = call->initial.n;
	op->data.send_initial_metadata.metadata = call->initial.entries;
	return 1;
}

/* Send a message. */
void
call_send(struct mock_call *call, uint8_t *data, size_t len, int64_t rows)
{
	grpc_slice slice =
		len ? grpc_slice_new(data, len, free) : grpc_slice_from_copied_buffer("", 0);
	grpc_op ops[2] = {0};
	size_t n = initial_op(call, ops);

	if (len == 0)
		free(data);
	call->outgoing = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	call->sent++;
	call->rows += rows;
	ops[n].op = GRPC_OP_SEND_MESSAGE;
	ops[n++].data.send_message.send_message = call->outgoing;
	start(call, ops, n, EVENT_SENT);
}

/* Send the initial metadata alone. */
void
call_send_initial(struct mock_call *call)
{
	grpc_op ops[1] = {0};

	start(call, ops, initial_op(call, ops), EVENT_SENT);
}

/* End the call. */
void
call_finish(struct mock_call *call, int code, const char *message)
{
	grpc_op ops[2] = {0};
	size_t n = initial_op(call, ops);

	call->over = true;
	call->status = code;
	call->status_message = grpc_slice_from_copied_string(message);
	ops[n].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	ops[n].data.send_status_from_server.status = (grpc_status_code) code;
	ops[n].data.send_status_from_server.status_details = &call->status_message;
	ops[n].data.send_status_from_server.trailing_metadata_count = call->trailers.n;
	ops[n++].data.send_status_from_server.trailing_metadata = call->trailers.entries;
	start(call, ops, n, EVENT_STATUS);
}

/* ---- life ---- */

/* Log the end of a call whose beginning was logged. */
static void
log_done(const struct mock_call *call)
{
	struct bytes line = {0};

	bytes_printf(&line,
				 "%s done call=%" PRId64 " sent=%" PRId64 " rows=%" PRId64
				 " cancelled=%d status=",
				 call->method, call->number, call->sent, call->rows, call->cancelled);
	if (call->status < 0)
		bytes_text(&line, "none");
	else
		bytes_printf(&line, "%d", call->status);
	log_line(&line);
	bytes_free(&line);
}

/* Free a call. */
static void
call_free(struct mock_call *call)
{
	struct mock_call **link = &call->server->calls;

	while (*link && *link != call)
		link = &(*link)->next;
	if (*link)
		*link = call->next;
	if (call->method)
		log_done(call);
	player_free(call);
	write_free(call);
	grpc_byte_buffer_destroy(call->outgoing);
	grpc_byte_buffer_destroy(call->payload);
	metadata_free(&call->initial);
	metadata_free(&call->trailers);
	grpc_slice_unref(call->status_message);
	grpc_metadata_array_destroy(&call->headers);
	grpc_call_details_destroy(&call->details);
	if (call->call)
		grpc_call_unref(call->call);
	free(call);
}

/* A call has arrived: ask for the next one, and for its request. */
static void
arrived(struct mock_call *call)
{
	grpc_op op = {0};
	char *peer = grpc_call_get_peer(call->call);

	call_await(call->server);
	call->next = call->server->calls;
	call->server->calls = call;
	call->number = ++call->server->arrived;
	call->connection = connection_of(peer, &call->stream);
	gpr_free(peer);

	op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
	op.data.recv_close_on_server.cancelled = &call->cancelled;
	start(call, &op, 1, EVENT_CLOSED);
	memset(&op, 0, sizeof(op));
	op.op = GRPC_OP_RECV_MESSAGE;
	op.data.recv_message.recv_message = &call->payload;
	start(call, &op, 1, EVENT_REQUEST);
}

/* A method that is not served. */
static void
answer_unknown(struct mock_call *call, const char *path)
{
	struct bytes line = {0};

	call->method = "Unknown";
	bytes_printf(&line, "Unknown call=%" PRId64 " path=%s", call->number, path);
	log_line(&line);
	bytes_free(&line);
	call_finish(call, GRPC_STATUS_UNIMPLEMENTED, "the mock does not serve this method");
}

/* A call that is not authorised. */
static void
refuse(struct mock_call *call, const char *path, const char *reason)
{
	struct bytes line = {0};

	call->method = "Refused";
	bytes_printf(&line, "Refused call=%" PRId64 " path=%s", call->number, path);
	describe_headers(&line, &call->headers);
	log_line(&line);
	bytes_free(&line);
	call_finish(call, GRPC_STATUS_UNAUTHENTICATED, reason);
}

/* The request is there: answer it. */
static void
answer(struct mock_call *call)
{
	char *path = grpc_slice_to_c_string(call->details.method);
	size_t i = 0;
	size_t n = sizeof(methods) / sizeof(methods[0]);
	grpc_byte_buffer_reader reader;
	grpc_slice slice;
	const char *reason;

	while (i < n && strcmp(methods[i].path, path) != 0)
		i++;
	if (!auth_check(call, &reason))
		refuse(call, path, reason);
	else if (i == n)
		answer_unknown(call, path);
	else if (!call->payload || !grpc_byte_buffer_reader_init(&reader, call->payload))
		call_finish(call, GRPC_STATUS_INTERNAL, "the call has no request");
	else
	{
		slice = grpc_byte_buffer_reader_readall(&reader);
		grpc_byte_buffer_reader_destroy(&reader);
		call->method = methods[i].name;
		methods[i].answer(call, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice));
		grpc_slice_unref(slice);
	}
	gpr_free(path);
}

/* An operation has completed. */
void
call_event(struct call_tag *tag, bool ok)
{
	struct mock_call *call = tag->call;

	if (tag->event == EVENT_ARRIVED)
	{
		if (ok)
			arrived(call);
		else
			call_free(call); /* the server shuts down */
		return;
	}
	call->outstanding--;
	if (tag->event == EVENT_CLOSED)
	{
		call->closed = true;
		call->over = call->over || call->cancelled;
	}
	if (tag->event == EVENT_SENT)
	{
		grpc_byte_buffer_destroy(call->outgoing);
		call->outgoing = NULL;
	}
	if (!ok)
		call->over = true;

	if (call->closed && call->outstanding == 0)
		call_free(call);
	else if (call->over)
		call->wake_at = 0;
	else if (tag->event == EVENT_REQUEST)
		answer(call);
	else if (tag->event == EVENT_SENT)
		player_step(call);
}

/* ---- calls that wait for the clock ---- */

/* How long until the next call wants to go on. */
int64_t
calls_next_wake(const struct mock_server *server)
{
	int64_t first = 0;
	int64_t now = now_ms();

	for (const struct mock_call *call = server->calls; call; call = call->next)
		if (call->wake_at && (first == 0 || call->wake_at < first))
			first = call->wake_at;
	if (first == 0)
		return -1;
	return first > now ? first - now : 0;
}

/* Go on with those whose time has come; none of them is freed by that. */
void
calls_wake(struct mock_server *server)
{
	int64_t now = now_ms();

	for (struct mock_call *call = server->calls; call; call = call->next)
		if (call->wake_at && call->wake_at <= now)
		{
			call->wake_at = 0;
			player_step(call);
		}
}
