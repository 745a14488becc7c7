/*-------------------------------------------------------------------------
 *
 * mock_player.c
 *	  Answers a call by the actions of a script's block.
 *
 * Actions are performed one after the other until one has to wait: for a
 * message to be sent, for the clock, or for the client to go away.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mock_log.h"
#include "mock_socket.h"
#include "mock_write.h"

/* What a call does that no script tells: replay everything. */
static struct action replay_all = {.kind = ACTION_REPLAY, .a = -1};
static const struct block replay_block = {.actions = &replay_all, .n = 1};

/* What follows an action. */
enum verdict
{
	GO_ON,     /* with the next one */
	WAIT,      /* and then go on with the next one */
	WAIT_AGAIN /* and then perform it again */
};

/* ---- messages ---- */

/* Hand a message over, at once or when trickle lets it pass. */
static void
send_or_hold(struct mock_call *call, uint8_t *data, size_t len, int64_t rows)
{
	if (call->trickle > 0 && call->sent > 0)
	{
		bytes_free(&call->pending);
		call->pending = (struct bytes){data, len, len};
		call->waiting_rows = rows;
		call->holding = true;
		call->wake_at = now_ms() + call->trickle;
	}
	else
		call_send(call, data, len, rows);
}

/* Send what has been gathered, even if that is nothing. */
static void
send_pending(struct mock_call *call)
{
	struct bytes message = call->pending;
	int64_t rows = call->pending_rows;

	memset(&call->pending, 0, sizeof(call->pending));
	call->pending_rows = 0;
	send_or_hold(call, message.data, message.len, rows);
}

/* Send a message that trickle held back. */
static void
send_held(struct mock_call *call)
{
	struct bytes message = call->pending;

	memset(&call->pending, 0, sizeof(call->pending));
	call->holding = false;
	call_send(call, message.data, message.len, call->waiting_rows);
}

/* ---- single actions ---- */

/* rows: gather them, and send whenever a message is full. */
static enum verdict
perform_rows(struct mock_call *call, const struct action *action)
{
	char error[160];

	while (action->a + call->cursor <= action->b)
	{
		struct bytes text = {0};

		row_format(action->text, action->a + call->cursor, &text);
		if (!row_encode((const char *) text.data, &call->pending, error, sizeof(error)))
			abort(); /* the first of them was tried when the script was read */
		bytes_free(&text);
		call->cursor++;
		call->pending_rows++;
		if (call->per_message && call->pending_rows >= call->per_message)
		{
			send_pending(call);
			return WAIT_AGAIN;
		}
	}
	call->cursor = 0;
	return GO_ON;
}

/* Prepare replay's next message while the one before is on its way. */
static void
replay_ahead(struct mock_call *call, int64_t left)
{
	int64_t most =
		call->per_message ? call->per_message : call->server->table.rows_per_message;

	if (left >= 0 && left < most)
		most = left;
	call->ahead = call->shuffle ? shuffle_next(call->shuffle, call->replay, most,
											   &call->ahead_len, &call->ahead_rows)
								: replay_next(call->replay, most, &call->ahead_len,
											  &call->ahead_rows);
}

/* replay: the request's own answer, up to so many rows. */
static enum verdict
perform_replay(struct mock_call *call, const struct action *action)
{
	uint8_t *data;
	size_t len;
	int64_t rows;

	if (!call->replay)
		call->replay = replay_open(&call->server->table, call->request);
	if (!call->ahead)
		replay_ahead(call, action->a < 0 ? -1 : action->a - call->cursor);
	if (!call->ahead)
	{
		call->cursor = 0;
		return GO_ON;
	}
	data = call->ahead;
	len = call->ahead_len;
	rows = call->ahead_rows;
	call->ahead = NULL;
	call->cursor += rows;
	send_or_hold(call, data, len, rows);
	replay_ahead(call, action->a < 0 ? -1 : action->a - call->cursor);
	return WAIT_AGAIN;
}

/* Append google.rpc.Status with a RetryInfo to the trailers. */
static void
add_retry_info(struct mock_call *call, const struct action *action)
{
	Google__Protobuf__Any any;
	Google__Protobuf__Any *details[1] = {&any};
	Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
	struct bytes packed = {0};
	struct bytes whole = {0};

	make_retry_info(call->retry_info, &packed, &any);
	status.code = (int32_t) action->a;
	status.message = action->text;
	status.n_details = 1;
	status.details = details;
	bytes_reserve(&whole, google__rpc__status__get_packed_size(&status));
	whole.len = google__rpc__status__pack(&status, whole.data);
	metadata_add(&call->trailers, "grpc-status-details-bin", whole.data, whole.len);
	bytes_free(&packed);
	bytes_free(&whole);
}

/* status */
static enum verdict
perform_status(struct mock_call *call, const struct action *action)
{
	if (call->retry_info >= 0)
		add_retry_info(call, action);
	call_finish(call, (int) action->a, action->text);
	return WAIT;
}

/* raw */
static enum verdict
perform_raw(struct mock_call *call, const struct action *action)
{
	struct bytes copy = {0};

	bytes_append(&copy, action->data.data, action->data.len);
	send_or_hold(call, copy.data, copy.len, 0);
	return WAIT;
}

/* goaway, rst, drop, end_stream, bytes: what is done to the connection itself. */
static enum verdict
perform_on_connection(struct mock_call *call, const struct action *action)
{
	if (call->connection < 0)
	{
		call_finish(call, GRPC_STATUS_INTERNAL, "the mock does not know the connection");
		return WAIT;
	}
	if (action->kind == ACTION_GOAWAY)
	{
		connection_goaway(call->connection, (uint32_t) action->b, (uint32_t) action->a);
		return GO_ON;
	}
	if (action->kind == ACTION_BYTES)
	{
		connection_bytes(call->connection, &action->data);
		return GO_ON;
	}
	if (action->kind == ACTION_DROP)
		connection_drop(call->connection);
	else if (action->kind == ACTION_END_STREAM)
	{
		connection_end_stream(call->connection, call->stream);
		grpc_call_cancel(call->call, NULL);
	}
	else
	{
		/* The client's stream is gone with the frame; let ours follow. */
		connection_rst(call->connection, call->stream, (uint32_t) action->a);
		grpc_call_cancel(call->call, NULL);
	}
	return WAIT;
}

/* headers */
static enum verdict
perform_headers(struct mock_call *call)
{
	if (call->initial_sent)
		return GO_ON;
	call_send_initial(call);
	return WAIT;
}

/* Whether an action only adds to the next message or sets something. */
static bool
leaves_pending(enum action_kind kind)
{
	switch (kind)
	{
		case ACTION_APPEND:
		case ACTION_ROWS:
		case ACTION_SEND:
		case ACTION_PER_MESSAGE:
		case ACTION_TRICKLE:
		case ACTION_INITIAL:
		case ACTION_TRAILER:
		case ACTION_RETRY_INFO:
		case ACTION_SHUFFLE:
		case ACTION_ENTRY:
		case ACTION_ENTRY_KEY:
		case ACTION_ENTRY_RETRY_INFO:
		case ACTION_OMIT:
		case ACTION_MATCHED:
		case ACTION_APPLY:
		case ACTION_ANSWER:
			return true;
		default:
			return false;
	}
}

/* One action. */
static enum verdict
perform(struct mock_call *call, const struct action *action)
{
	switch (action->kind)
	{
		case ACTION_APPEND:
			bytes_append(&call->pending, action->data.data, action->data.len);
			call->pending_rows += action->a;
			return GO_ON;
		case ACTION_ROWS:
			return perform_rows(call, action);
		case ACTION_REPLAY:
			return perform_replay(call, action);
		case ACTION_PER_MESSAGE:
			call->per_message = action->a;
			return GO_ON;
		case ACTION_TRICKLE:
			call->trickle = action->a;
			return GO_ON;
		case ACTION_RETRY_INFO:
			call->retry_info = action->a;
			return GO_ON;
		case ACTION_SHUFFLE:
			shuffle_close(call->shuffle);
			call->shuffle = shuffle_open((uint64_t) action->a);
			return GO_ON;
		case ACTION_INITIAL:
			metadata_add(&call->initial, action->text, action->data.data,
						 action->data.len);
			return GO_ON;
		case ACTION_TRAILER:
			metadata_add(&call->trailers, action->text, action->data.data,
						 action->data.len);
			return GO_ON;
		case ACTION_SEND:
			send_pending(call);
			return WAIT;
		case ACTION_RAW:
			return perform_raw(call, action);
		case ACTION_HEADERS:
			return perform_headers(call);
		case ACTION_STALL:
			return WAIT_AGAIN;
		case ACTION_SLEEP:
			call->wake_at = now_ms() + action->a;
			return WAIT;
		case ACTION_STATUS:
			return perform_status(call, action);
		case ACTION_GOAWAY:
		case ACTION_RST:
		case ACTION_DROP:
		case ACTION_END_STREAM:
		case ACTION_BYTES:
			return perform_on_connection(call, action);
		case ACTION_EXIT:
			_exit(3);
		case ACTION_ENTRY:
		case ACTION_ENTRY_KEY:
		case ACTION_ENTRY_RETRY_INFO:
		case ACTION_OMIT:
		case ACTION_MATCHED:
			write_action(call, action);
			return GO_ON;
		case ACTION_APPLY:
			write_apply(call);
			return GO_ON;
		case ACTION_ANSWER:
			write_answer(call, action->a, action->b);
			return GO_ON;
	}
	return GO_ON;
}

/* ---- the whole ---- */

/* Go on. */
void
player_step(struct mock_call *call)
{
	if (call->holding)
	{
		send_held(call);
		return;
	}
	while (call->block && call->position < call->block->n)
	{
		const struct action *action = &call->block->actions[call->position];
		enum verdict verdict;

		if (call->pending.len > 0 && !leaves_pending(action->kind))
		{
			send_pending(call);
			return;
		}
		verdict = perform(call, action);
		if (verdict != WAIT_AGAIN)
			call->position++;
		if (verdict != GO_ON)
			return;
	}
	if (write_needs_answer(call))
		write_answer(call, 0, -1);
	if (call->answer.len > 0 && call->sent == 0 && call->pending.len == 0)
		bytes_append(&call->pending, call->answer.data, call->answer.len);
	if (call->pending.len > 0 || write_needs_message(call) ||
		(call->unary && call->sent == 0))
		send_pending(call);
	else
		call_finish(call, GRPC_STATUS_OK, "");
}

/* The value of a header, or NULL; to be freed. */
static char *
header(const struct mock_call *call, const char *name)
{
	for (size_t i = 0; i < call->headers.count; i++)
		if (grpc_slice_str_cmp(call->headers.metadata[i].key, name) == 0)
		{
			grpc_slice value = call->headers.metadata[i].value;
			char *text = mock_alloc(GRPC_SLICE_LENGTH(value) + 1);

			memcpy(text, GRPC_SLICE_START_PTR(value), GRPC_SLICE_LENGTH(value));
			return text;
		}
	return NULL;
}

/* The attempt's number, and how much time it has. */
void
describe_attempt(struct bytes *out, const struct mock_call *call)
{
	char *attempt = header(call, "bigtable-attempt");
	gpr_timespec deadline = call->details.deadline;

	bytes_printf(out, " attempt=%s peer_deadline_ms=", attempt ? attempt : "none");
	if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0)
		bytes_text(out, "none");
	else
		bytes_printf(
			out, "%d",
			gpr_time_to_millis(gpr_time_sub(deadline, gpr_now(deadline.clock_type))));
	free(attempt);
}

/* Log the request. */
static void
log_request(const struct mock_call *call, int block)
{
	struct bytes line = {0};

	bytes_printf(&line, "ReadRows call=%" PRId64 " block=%d", call->number, block);
	describe_attempt(&line, call);
	describe_read_rows(&line, call->request);
	describe_headers(&line, &call->headers);
	log_line(&line);
	bytes_free(&line);
}

/* Begin to answer. */
void
player_start(struct mock_call *call, const uint8_t *payload, size_t len)
{
	struct script_source *source = &call->server->source;
	int number = 0;
	bool ok = true;

	call->request = google__bigtable__v2__read_rows_request__unpack(NULL, len, payload);
	if (!call->request)
	{
		call_finish(call, GRPC_STATUS_INVALID_ARGUMENT, "the request cannot be decoded");
		return;
	}
	if (source->path)
		ok = script_take(source, call->method, &call->script, &call->block, &number);
	if (ok && !call->block)
		call->block = &replay_block;
	log_request(call, number);
	if (ok)
		player_step(call);
	else
		call_finish(call, GRPC_STATUS_INTERNAL, source->error);
}

/* Free what the player added. */
void
player_free(struct mock_call *call)
{
	if (call->request)
		google__bigtable__v2__read_rows_request__free_unpacked(call->request, NULL);
	script_unref(call->script);
	bytes_free(&call->pending);
	bytes_free(&call->answer);
	replay_close(call->replay);
	shuffle_close(call->shuffle);
	free(call->ahead);
}
