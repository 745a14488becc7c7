/*-------------------------------------------------------------------------
 *
 * fake_rpc.c
 *	  rpc.h without a network: a fuzzer's input plays the server.
 *
 *-------------------------------------------------------------------------
 */
#include "fake_rpc.h"

#define MAX_SLICES 4
#define MAX_METADATA 3

struct bt_channel
{
	int unused;
};

struct bt_payload
{
	unsigned users;
	size_t size;
	uint8_t *data;
};

typedef struct metadata
{
	bt_span key;
	bt_span value;
} metadata;

struct bt_call
{
	bt_payload *payload; /* in use until the end */
	int64_t deadline_us;
	bt_span slices[MAX_SLICES]; /* of the message; malloc'd */
	size_t nslices;
	bool ready; /* the next event is a message or the end */
	bool over;
	bt_status status;
	metadata metadata[MAX_METADATA];
	size_t nmetadata;
};

static fuzz_input *input;
static const fake_server *server;
static bt_channel channel;
static int64_t clock_us;
static unsigned live_calls;

/* ---- clock and host ---- */

int64_t
bt_rpc_now_us(void)
{
	return clock_us++;
}

static bt_wait_result
wait_for_nothing(void *arg, int fd, int64_t timeout_us, bt_wait_reason reason)
{
	(void) arg;
	(void) fd;
	(void) reason;
	if (fuzz_below(input, 16) == 15)
		return BT_WAIT_INTERRUPTED;
	if (timeout_us > 0)
		clock_us += timeout_us;
	return BT_WAIT_TIMEOUT;
}

static const bt_host host = {.wait = wait_for_nothing};

void
fake_rpc_begin(fuzz_input *fuzz, const fake_server *fake)
{
	input = fuzz;
	server = fake;
	clock_us = INT64_C(1000000);
	live_calls = 0;
}

void
fake_rpc_end(void)
{
	FUZZ_CHECK(live_calls == 0, "a call has not been destroyed");
}

bt_channel *
fake_channel(void)
{
	return &channel;
}

const bt_host *
fake_host(void)
{
	return &host;
}

bool
bt_call_is_end_of_host(const bt_call *call, const bt_host *of)
{
	(void) call;
	return of == &host && fuzz_below(input, 8) == 7;
}

/* Now and then the host's statement is about to end. */
int64_t
bt_host_deadline_us(const bt_host *of, int64_t deadline_us)
{
	int64_t limit_us = clock_us + fuzz_below(input, 200) * 1000;

	(void) of;
	return fuzz_below(input, 8) == 7 && limit_us < deadline_us ? limit_us : deadline_us;
}

bt_wait_result
bt_channel_sleep(bt_channel *of, const bt_host *waiting, int64_t us)
{
	(void) of;
	return waiting->wait(waiting->arg, -1, us, BT_WAIT_FOR_RETRY);
}

void
bt_channel_count_rows(bt_channel *of, int64_t rows)
{
	(void) of;
	FUZZ_CHECK(rows >= 0, "a negative number of rows");
}

bool
bt_channel_is_connected(const bt_channel *of)
{
	(void) of;
	return fuzz_bool(input);
}

const char *
bt_rpc_library_version(void)
{
	return "1.0.0";
}

void
bt_rpc_go_on(void)
{
}

bool
bt_rpc_poll(void)
{
	return false;
}

/* ---- payloads ---- */

bt_payload *
bt_payload_resize(bt_payload *payload, size_t size)
{
	if (payload == NULL)
	{
		payload = calloc(1, sizeof(*payload));
		if (payload == NULL)
			abort();
		payload->users = 1;
	}
	FUZZ_CHECK(payload->users == 1, "a payload that is in use changes its size");
	payload->data = realloc(payload->data, size + 1);
	if (payload->data == NULL)
		abort();
	payload->size = size;
	return payload;
}

uint8_t *
bt_payload_data(bt_payload *payload)
{
	return payload->data;
}

void
bt_payload_release(bt_payload *payload)
{
	if (payload == NULL || --payload->users > 0)
		return;
	free(payload->data);
	free(payload);
}

/* ---- calls ---- */

static void
tell_end(const bt_call *call)
{
	if (server->end != NULL)
		server->end(server->arg, call);
}

static bt_call *
start(bt_span request, const bt_header *headers, size_t nheaders, int64_t deadline_us)
{
	bt_call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		abort();
	for (size_t i = 0; i < nheaders; i++)
		FUZZ_CHECK(headers[i].key[0] != '\0', "a header without a name");
	call->deadline_us = deadline_us;
	live_calls++;
	server->request(server->arg, call, request);
	return call;
}

bt_call *
bt_call_start(bt_channel *of, const char *method, bt_span request,
			  const bt_header *headers, size_t nheaders, int64_t deadline_us,
			  bt_status *status)
{
	(void) of;
	(void) method;
	(void) status;
	return start(request, headers, nheaders, deadline_us);
}

bt_call *
bt_call_start_payload(bt_channel *of, const char *method, bt_payload *payload, size_t len,
					  const bt_header *headers, size_t nheaders, int64_t deadline_us,
					  bt_status *status)
{
	bt_call *call;

	(void) of;
	(void) method;
	(void) status;
	FUZZ_CHECK(len <= payload->size, "more bytes than the payload has");
	call = start(bt_span_make(payload->data, len), headers, nheaders, deadline_us);
	payload->users++;
	call->payload = payload;
	return call;
}

static void
drop_message(bt_call *call)
{
	for (size_t i = 0; i < call->nslices; i++)
		free((uint8_t *) call->slices[i].data);
	call->nslices = 0;
}

/* Cuts a message into slices, each in memory of its own. */
static void
set_message(bt_call *call, bt_span message)
{
	size_t pieces = 1 + fuzz_below(input, MAX_SLICES);
	size_t done = 0;

	drop_message(call);
	for (size_t i = 0; i < pieces; i++)
	{
		size_t len = i + 1 == pieces ? message.len - done
									 : fuzz_byte(input) % (message.len - done + 1);
		uint8_t *copy = malloc(len);

		if (len > 0)
			memcpy(copy, message.data + done, len);
		call->slices[call->nslices++] = bt_span_make(copy, len);
		done += len;
	}
	server->message(server->arg, call, message);
}

/* Names that gRPC lets through: lower case, and what the client looks for. */
static bt_span
metadata_key(void)
{
	switch (fuzz_below(input, 4))
	{
		case 0:
			return bt_span_str("x-goog-cbt-cookie-a");
		case 1:
			return bt_span_str("x-goog-cbt-cookie");
		case 2:
			return bt_span_str("grpc-status-details-bin");
		default:
			return bt_span_str("server");
	}
}

static bt_call_event
end_call(bt_call *call, bt_code code)
{
	bt_span message = fuzz_text(input, 40);

	drop_message(call);
	bt_status_set(&call->status, code, "%.*s", (int) message.len, message.data);
	call->status.local = false;
	call->nmetadata = fuzz_below(input, MAX_METADATA + 1);
	for (size_t i = 0; i < call->nmetadata; i++)
	{
		call->metadata[i].key = metadata_key();
		call->metadata[i].value = fuzz_bytes(input, 60);
	}
	call->over = true;
	tell_end(call);
	return BT_CALL_END;
}

/* What happens next. */
typedef enum happening
{
	HAPPENS_END,
	HAPPENS_OK,
	HAPPENS_RAW,
	HAPPENS_TIMEOUT,
	HAPPENS_INTERRUPT,
	HAPPENS_ANSWER /* and all that follow */
} happening;

static bool
is_honest(void)
{
	return server->all_sent != NULL;
}

static happening
next_happening(const bt_call *call)
{
	happening what = HAPPENS_END;

	if (input->left > 0)
		what = (happening) fuzz_below(input, 12);
	else if (is_honest())
		what = HAPPENS_OK;
	if (call->ready && (what == HAPPENS_TIMEOUT || what == HAPPENS_INTERRUPT))
		return HAPPENS_ANSWER;
	if (!is_honest())
		return what;
	if (what == HAPPENS_RAW || what > HAPPENS_ANSWER)
		what = HAPPENS_ANSWER;
	if (what == HAPPENS_OK && !server->all_sent(server->arg, call))
		return HAPPENS_ANSWER;
	if (what == HAPPENS_ANSWER && server->all_sent(server->arg, call))
		return HAPPENS_OK;
	return what;
}

/* A status of the input's choice; at its end, one that is not retried. */
static bt_code
any_code(void)
{
	return input->left > 0 ? (bt_code) fuzz_below(input, 17) : BT_INVALID_ARGUMENT;
}

/* Of an honest server, one that is worth another attempt, most often. */
static bt_code
honest_code(void)
{
	return fuzz_below(input, 16) == 15 ? BT_PERMISSION_DENIED : BT_UNAVAILABLE;
}

bt_call_event
bt_call_next(bt_call *call, const bt_host *of, int64_t timeout_us)
{
	happening what;

	if (call->over)
		return BT_CALL_END;
	what = next_happening(call);
	call->ready = false;
	switch (what)
	{
		case HAPPENS_END:
			return end_call(call, is_honest() ? honest_code() : any_code());
		case HAPPENS_OK:
			return end_call(call, BT_OK);
		case HAPPENS_RAW:
			set_message(call, fuzz_message(input));
			return BT_CALL_MESSAGE;
		case HAPPENS_TIMEOUT:
			clock_us += timeout_us;
			return clock_us > call->deadline_us ? end_call(call, BT_DEADLINE_EXCEEDED)
												: BT_CALL_TIMEOUT;
		case HAPPENS_INTERRUPT:
			return of == &host ? BT_CALL_INTERRUPTED : BT_CALL_TIMEOUT;
		default:
			set_message(call, server->answer != NULL ? server->answer(server->arg, call)
													 : fuzz_message(input));
			return BT_CALL_MESSAGE;
	}
}

bool
bt_call_is_ready(const bt_call *call)
{
	return call->over || call->ready;
}

bt_wait_result
bt_calls_wait(bt_call *const *calls, size_t n, const bt_host *of, int64_t timeout_us)
{
	unsigned what = fuzz_below(input, 16);

	FUZZ_CHECK(n > 0, "no call to wait for");
	if (what == 15 && of == &host)
		return BT_WAIT_INTERRUPTED;
	if (what == 14)
	{
		clock_us += timeout_us > 0 ? timeout_us : 0;
		return BT_WAIT_TIMEOUT;
	}
	calls[fuzz_byte(input) % n]->ready = true;
	return BT_WAIT_READY;
}

const bt_span *
bt_call_message(const bt_call *call, size_t *nslices)
{
	FUZZ_CHECK(call->nslices > 0, "no message is there");
	*nslices = call->nslices;
	return call->slices;
}

void
bt_call_cancel(bt_call *call)
{
	if (!call->over)
		end_call(call, BT_CANCELLED);
}

void
bt_call_status(const bt_call *call, bt_status *status)
{
	FUZZ_CHECK(call->over, "the status of a call that is not over");
	*status = call->status;
}

bool
bt_call_metadata(const bt_call *call, size_t i, bt_span *key, bt_span *value)
{
	FUZZ_CHECK(call->over, "the metadata of a call that is not over");
	if (i >= call->nmetadata)
		return false;
	*key = call->metadata[i].key;
	*value = call->metadata[i].value;
	return true;
}

void
bt_call_destroy(bt_call *call)
{
	if (call == NULL)
		return;
	if (!call->over)
		tell_end(call);
	drop_message(call);
	bt_payload_release(call->payload);
	free(call);
	live_calls--;
}
