/*-------------------------------------------------------------------------
 *
 * mutator_fuzz.c
 *	  MutateRows against a server that says anything.
 *
 * Input: rows to write, and what the server does.  The value of each row's cell
 * is its number, by which the server knows it.  Whatever happens:
 *
 *	- each row has one outcome, and is written only if the server said so;
 *	- a row is sent after all earlier ones of its key have had their outcome;
 *	- a row that must not be repeated is sent once;
 *	- no request or number of requests is larger than it was set to be.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz_input.h"

#include "bigtable.pb-c.h"
#include "fake_rpc.h"
#include "mutator.h"

#define MAX_ROWS 24
#define MAX_CALLS 8
#define MAX_KEYS 5

typedef Google__Bigtable__V2__MutateRowsRequest pb_request;
typedef Google__Bigtable__V2__MutateRowsRequest__Entry pb_entry;
typedef Google__Bigtable__V2__MutateRowsResponse pb_response;

typedef struct row
{
	unsigned key;
	bool idempotent;
	unsigned sent;
	bool acknowledged; /* the server has said OK */
	unsigned outcomes;
	bool written;
} row;

/* A call that is not over. */
typedef struct live_call
{
	const bt_call *call; /* NULL: unused */
	unsigned rows[MAX_ROWS];
	size_t nrows;
} live_call;

typedef struct writer
{
	fuzz_input *input;
	bt_mutator_spec spec;
	row rows[MAX_ROWS];
	size_t nrows;
	live_call calls[MAX_CALLS];
	size_t ncalls;
	bool answered; /* the coming message is a sound one, seen already */
} writer;

/* ---- the server ---- */

static live_call *
find_call(writer *writer, const bt_call *call)
{
	for (size_t i = 0; i < MAX_CALLS; i++)
		if (writer->calls[i].call == call)
			return &writer->calls[i];
	FUZZ_CHECK(false, "more calls than there may be");
	return NULL;
}

/* The row that an entry of a request is. */
static unsigned
row_of(const writer *writer, const pb_entry *entry)
{
	unsigned number;

	FUZZ_CHECK(entry->n_mutations == 1 &&
				   entry->mutations[0]->mutation_case ==
					   GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_SET_CELL &&
				   entry->mutations[0]->set_cell->value.len == 1,
			   "an entry that was not added");
	number = entry->mutations[0]->set_cell->value.data[0];
	FUZZ_CHECK(number < writer->nrows, "a row that was not added");
	FUZZ_CHECK(entry->row_key.len == 1 &&
				   entry->row_key.data[0] == 'a' + writer->rows[number].key,
			   "a row with another key");
	return number;
}

static void
see_entry(writer *writer, unsigned number)
{
	row *row = &writer->rows[number];

	FUZZ_CHECK(row->outcomes == 0, "a row is sent after its outcome");
	FUZZ_CHECK(row->sent++ == 0 || row->idempotent, "a row is repeated");
	for (unsigned i = 0; i < number; i++)
		FUZZ_CHECK(writer->rows[i].key != row->key || writer->rows[i].outcomes > 0,
				   "a row overtakes one of the same key");
}

static void
see_request(void *arg, const bt_call *call, bt_span bytes)
{
	writer *writer = arg;
	live_call *live = find_call(writer, NULL);
	pb_request *request =
		google__bigtable__v2__mutate_rows_request__unpack(NULL, bytes.len, bytes.data);

	FUZZ_CHECK(request != NULL, "a malformed request");
	FUZZ_CHECK(request->n_entries > 0, "a request without rows");
	FUZZ_CHECK(request->n_entries <= writer->spec.batch_entries, "a request too large");
	FUZZ_CHECK(++writer->ncalls <= writer->spec.in_flight, "too many requests");
	live->call = call;
	live->nrows = request->n_entries;
	for (size_t i = 0; i < request->n_entries; i++)
	{
		live->rows[i] = row_of(writer, request->entries[i]);
		see_entry(writer, live->rows[i]);
	}
	google__bigtable__v2__mutate_rows_request__free_unpacked(request, NULL);
}

/* An entry of an answer: an index, and a status if it is not OK. */
static uint8_t *
put_entry(uint8_t *out, unsigned index, bt_span status)
{
	*out++ = 0x0a;
	*out++ = (uint8_t) (4 + status.len);
	*out++ = 0x08;
	*out++ = (uint8_t) index;
	*out++ = 0x12;
	*out++ = (uint8_t) status.len;
	memcpy(out, status.data, status.len);
	return out + status.len;
}

/* What the server says of a row. */
static uint8_t *
answer_row(writer *writer, uint8_t *out, const live_call *live, unsigned index)
{
	uint8_t status[2] = {0x08, 0};
	unsigned kind = fuzz_byte(writer->input);

	if (kind >= 0xc0)
		return out; /* not a word */
	if (kind >= 0xb8)
		return put_entry(out, index, bt_span_make(status, 1)); /* cut off */
	status[1] = (uint8_t) (kind < 0x80 ? 0 : kind % 17);
	if (status[1] == 0)
		writer->rows[live->rows[index]].acknowledged = true;
	return put_entry(out, index, bt_span_make(status, 2));
}

static bt_span
answer(void *arg, const bt_call *call)
{
	writer *writer = arg;
	const live_call *live = find_call(writer, call);
	uint8_t *message = test_arena_alloc(&writer->input->arena, 8 * live->nrows);
	uint8_t *out = message;

	for (unsigned i = 0; i < live->nrows; i++)
		out = answer_row(writer, out, live, i);
	writer->answered = true;
	return bt_span_make(message, (size_t) (out - message));
}

/*
 * Bytes of the input's own: what protobuf-c reads is what the server says; if
 * it refuses them, the rows in front of the fault may have been told of.
 */
static void
see_message(void *arg, const bt_call *call, bt_span message)
{
	writer *writer = arg;
	const live_call *live = find_call(writer, call);
	pb_response *response;

	if (writer->answered)
	{
		writer->answered = false;
		return;
	}
	response = google__bigtable__v2__mutate_rows_response__unpack(NULL, message.len,
																  message.data);
	for (size_t i = 0; response == NULL && i < live->nrows; i++)
		writer->rows[live->rows[i]].acknowledged = true;
	for (size_t i = 0; response != NULL && i < response->n_entries; i++)
	{
		int64_t index = response->entries[i]->index;

		if (index >= 0 && index < (int64_t) live->nrows &&
			(response->entries[i]->status == NULL ||
			 response->entries[i]->status->code == 0))
			writer->rows[live->rows[index]].acknowledged = true;
	}
	if (response != NULL)
		google__bigtable__v2__mutate_rows_response__free_unpacked(response, NULL);
}

static void
see_end(void *arg, const bt_call *call)
{
	writer *writer = arg;

	find_call(writer, call)->call = NULL;
	writer->ncalls--;
}

/* ---- the writer ---- */

static void
see_result(void *arg, uint64_t number, const bt_status *status)
{
	writer *writer = arg;
	row *row;

	FUZZ_CHECK(number < writer->nrows, "the outcome of no row");
	row = &writer->rows[number];
	FUZZ_CHECK(row->outcomes++ == 0, "a second outcome");
	FUZZ_CHECK(row->sent > 0, "the outcome of a row that was not sent");
	row->written = status->code == BT_OK;
	FUZZ_CHECK(!row->written || row->acknowledged,
			   "a row is written that the server has not acknowledged");
}

static bt_mutate_result
add(bt_mutator *mutator, const row *row, unsigned number, bool encoded)
{
	uint8_t key = (uint8_t) ('a' + row->key);
	uint8_t value = (uint8_t) number;
	uint8_t bytes[64];
	bt_mutation mutation = {.kind = BT_SET_CELL,
							.family = bt_span_str("f"),
							.timestamp_us = row->idempotent ? 1000 : BT_SERVER_TIMESTAMP,
							.value = bt_span_make(&value, 1)};
	uint8_t *end;

	if (!encoded)
		return bt_mutator_add(mutator, bt_span_make(&key, 1), &mutation, 1);
	end = bt_mutations_write(bytes, BT_MUTATOR_FIELD, &mutation, 1);
	return bt_mutator_add_encoded(mutator, bt_span_make(&key, 1),
								  bt_span_make(bytes, (size_t) (end - bytes)), 1,
								  row->idempotent);
}

static bt_mutate_result
write_rows(writer *writer, bt_mutator *mutator)
{
	unsigned n = fuzz_below(writer->input, MAX_ROWS);
	bt_mutate_result result;

	for (unsigned i = 0; i < n; i++)
	{
		unsigned how = fuzz_byte(writer->input);
		row *row = &writer->rows[i];

		*row = (struct row){.key = how % MAX_KEYS, .idempotent = (how & 0x40) == 0};
		writer->nrows = i + 1;
		while ((result = add(mutator, row, i, (how & 0x80) != 0)) ==
			   BT_MUTATE_INTERRUPTED)
			;
		if (result == BT_MUTATE_ERROR)
		{
			writer->nrows = i;
			return result;
		}
		if ((how & 0x20) != 0)
			bt_mutator_poll(mutator);
	}
	while ((result = bt_mutator_finish(mutator)) == BT_MUTATE_INTERRUPTED)
		;
	return result;
}

/* Does the sum of what happened fit what the mutator has counted? */
static void
check_counters(const writer *writer, const bt_mutator *mutator, bt_mutate_result result)
{
	const bt_mutator_counters *counters = bt_mutator_counters_of(mutator);
	uint64_t written = 0;
	uint64_t failed = 0;
	size_t ncauses;
	bt_span first;

	for (size_t i = 0; i < writer->nrows; i++)
	{
		written += writer->rows[i].outcomes > 0 && writer->rows[i].written;
		failed += writer->rows[i].outcomes > 0 && !writer->rows[i].written;
	}
	FUZZ_CHECK(counters->added == writer->nrows, "the count of rows");
	FUZZ_CHECK(counters->under_way == 0, "rows are under way after the end");
	FUZZ_CHECK(counters->unknown <= counters->failed, "more unknown than failed");
	(void) bt_mutator_causes(mutator, &ncauses, &first);
	FUZZ_CHECK((ncauses > 0) == (counters->failed > 0 || result == BT_MUTATE_ERROR),
			   "failures without causes, or the reverse");
	if (writer->spec.on_result == NULL)
	{
		FUZZ_CHECK((result == BT_MUTATE_ERROR) == (counters->failed > 0),
				   "an error without a failed row, or the reverse");
		return;
	}
	FUZZ_CHECK(result == BT_MUTATE_DONE, "an error where each row has an outcome");
	FUZZ_CHECK(written + failed == writer->nrows, "a row without an outcome");
	FUZZ_CHECK(counters->written == written && counters->failed == failed,
			   "the counts of outcomes");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input;
	writer writer = {.input = &input, .nrows = 0};
	const fake_server server = {.request = see_request,
								.answer = answer,
								.message = see_message,
								.end = see_end,
								.arg = &writer};
	bt_mutator *mutator;

	if (size > 4096)
		return 0;
	fuzz_begin(&input, data, size);
	fake_rpc_begin(&input, &server);
	writer.spec = (bt_mutator_spec){
		.target = {.kind = BT_RESOURCE_TABLE,
				   .resource = "projects/p/instances/i/tables/t"},
		.batch_entries = 1 + fuzz_below(&input, 5),
		.batch_bytes = 256,
		.in_flight = 1 + fuzz_below(&input, 3),
		.on_result = see_result,
		.arg = &writer,
	};
	mutator = bt_mutator_create(fake_channel(), fake_host(), &writer.spec);
	check_counters(&writer, mutator, write_rows(&writer, mutator));
	bt_mutator_free(mutator);
	fake_rpc_end();
	fuzz_end(&input);
	return 0;
}
