/*-------------------------------------------------------------------------
 *
 * mutator.c
 *	  MutateRows: rows in, acknowledgements out.
 *
 * A batch is its request's bytes: rows are encoded into them as they come,
 * and each entry remembers where its own bytes are, so that an attempt that
 * fails in part is followed by one that copies just the failed entries.
 *
 * Batches form a ring: those under way, oldest first, then the one that is
 * being packed.  The host waits for the oldest; the others are looked after
 * when it comes by.
 *
 *-------------------------------------------------------------------------
 */
#include "mutator.h"

#include <stdlib.h>
#include <unistd.h>

#include "header.h"
#include "wire.h"

#define METHOD "/google.bigtable.v2.Bigtable/MutateRows"

/* MutateRowsRequest, and its Entry */
#define FIELD_TABLE_NAME 1
#define FIELD_ENTRIES 2
#define FIELD_APP_PROFILE 3
#define FIELD_AUTHORIZED_VIEW 5
#define FIELD_ROW_KEY 1

/* MutateRowsResponse, its Entry, and google.rpc.Status */
#define TAG_ENTRIES BT_WIRE_TAG(1, BT_WIRE_BYTES)
#define TAG_INDEX BT_WIRE_TAG(1, BT_WIRE_VARINT)
#define TAG_STATUS BT_WIRE_TAG(2, BT_WIRE_BYTES)
#define TAG_CODE BT_WIRE_TAG(1, BT_WIRE_VARINT)
#define TAG_MESSAGE BT_WIRE_TAG(2, BT_WIRE_BYTES)
#define TAG_DETAILS BT_WIRE_TAG(3, BT_WIRE_BYTES)

#define MIN_PAYLOAD_BYTES ((size_t) 64 * 1024)
#define MIN_BUCKETS 64

static const bt_retry_policy default_policy = {
	.operation_timeout_us = INT64_C(600) * 1000000,
	.attempt_timeout_us = INT64_C(60) * 1000000,
	.initial_delay_us = BT_RETRY_MIN_DELAY_US,
	.max_attempts = 10,
	.codes = BT_RETRY_WRITE_CODES,
};

/* What an attempt says of an entry; above 0: 1 + the index of a failure. */
enum
{
	NO_RESULT = -1,
	RESULT_OK = 0
};

/* A row in a batch. */
typedef struct entry
{
	size_t offset; /* of its bytes in the payload, tag and length included */
	size_t size;
	size_t key_offset;
	size_t key_len;
	uint64_t row; /* its number */
	uint32_t hash;
	int8_t result; /* of the current attempt */
	bool idempotent;
	bool maybe_written; /* an attempt has ended without a word about it */
} entry;

/* A status that entries of an attempt have failed with. */
typedef struct failure
{
	bt_status status;
	bool of_stream; /* of the call, not of the entries themselves */
	bool missing;   /* the call has ended well, but has not named the entry */
} failure;

typedef struct batch
{
	bt_payload *payload; /* the request with all entries */
	size_t len;
	size_t capacity;
	entry *entries;
	size_t nentries;
	size_t entries_capacity;
	size_t nmutations;
	uint32_t *buckets; /* keys: 1 + index of an entry, or 0; a power of two */
	size_t nbuckets;

	/* Once it is sent. */
	bt_headers headers;
	bt_retry retry;
	int64_t attempt_at_us; /* when the next attempt begins */
	bt_call *call;         /* the attempt under way, or NULL */
	uint32_t *sent;        /* the entries of the attempt, by index in the request */
	size_t nsent;
	size_t sent_capacity;
	bool malformed; /* the response is */
	failure failures[BT_MUTATOR_CAUSES];
	size_t nfailures;
} batch;

struct bt_mutator
{
	bt_channel *channel;
	const bt_host *host;
	bt_mutator_spec spec;
	uint8_t *header; /* what each request begins with */
	size_t header_len;
	bt_mutator_counters counters;
	bool failed;

	batch *batches; /* a ring of spec.in_flight + 1 */
	size_t head;    /* the oldest that is under way */
	size_t nsent;   /* how many are */

	bt_mutator_cause causes[BT_MUTATOR_CAUSES];
	size_t ncauses;
	uint8_t *first_key;
	size_t first_key_len;
};

/* ---- beginning and end ---- */

static size_t
optional_size(const char *text)
{
	return text == NULL ? 0 : bt_wire_bytes_size(strlen(text));
}

/* Encodes what is the same in all requests. */
static bool
make_header(bt_mutator *mutator)
{
	const bt_write_target *target = &mutator->spec.target;
	int field = target->kind == BT_RESOURCE_AUTHORIZED_VIEW ? FIELD_AUTHORIZED_VIEW
															: FIELD_TABLE_NAME;
	uint8_t *out;

	mutator->header_len =
		optional_size(target->resource) + optional_size(target->app_profile);
	mutator->header = out = malloc(mutator->header_len + 1);
	if (out == NULL)
		return false;
	out = bt_wire_put_bytes(out, field, bt_span_str(target->resource));
	if (target->app_profile != NULL)
		(void) bt_wire_put_bytes(out, FIELD_APP_PROFILE,
								 bt_span_str(target->app_profile));
	return true;
}

static void
fill_spec(bt_mutator_spec *spec)
{
	if (spec->batch_entries == 0)
		spec->batch_entries = BT_MUTATOR_BATCH_ENTRIES;
	if (spec->batch_entries > BT_MAX_MUTATIONS)
		spec->batch_entries = BT_MAX_MUTATIONS;
	if (spec->batch_bytes == 0)
		spec->batch_bytes = BT_MUTATOR_BATCH_BYTES;
	if (spec->in_flight == 0)
		spec->in_flight = BT_MUTATOR_IN_FLIGHT;
	bt_retry_policy_fill(&spec->retry, &default_policy);
}

bt_mutator *
bt_mutator_create(bt_channel *channel, const bt_host *host, const bt_mutator_spec *spec)
{
	bt_mutator *mutator = calloc(1, sizeof(bt_mutator));

	if (mutator == NULL)
		return NULL;
	mutator->channel = channel;
	mutator->host = host;
	mutator->spec = *spec;
	fill_spec(&mutator->spec);
	mutator->batches = calloc(mutator->spec.in_flight + 1, sizeof(batch));
	if (mutator->batches == NULL || !make_header(mutator))
	{
		bt_mutator_free(mutator);
		return NULL;
	}
	return mutator;
}

static void
free_batch(batch *batch)
{
	bt_call_destroy(batch->call);
	bt_headers_free(&batch->headers);
	bt_payload_release(batch->payload);
	free(batch->entries);
	free(batch->buckets);
	free(batch->sent);
}

void
bt_mutator_free(bt_mutator *mutator)
{
	if (mutator == NULL)
		return;
	for (size_t i = 0; mutator->batches != NULL && i <= mutator->spec.in_flight; i++)
		free_batch(&mutator->batches[i]);
	bt_channel_count_rows(mutator->channel, (int64_t) mutator->counters.written);
	free(mutator->batches);
	free(mutator->header);
	free(mutator->first_key);
	free(mutator);
}

const bt_mutator_counters *
bt_mutator_counters_of(const bt_mutator *mutator)
{
	return &mutator->counters;
}

const bt_mutator_cause *
bt_mutator_causes(const bt_mutator *mutator, size_t *n, bt_span *first_key)
{
	*n = mutator->ncauses;
	*first_key = bt_span_make(mutator->first_key, mutator->first_key_len);
	return mutator->causes;
}

/* ---- keys ---- */

static uint32_t
hash_key(bt_span key)
{
	const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t hash = key.len * factor;
	size_t i = 0;

	for (; i + 8 <= key.len; i += 8)
	{
		uint64_t word;

		memcpy(&word, key.data + i, sizeof(word));
		hash = (hash ^ word) * factor;
		hash ^= hash >> 32;
	}
	for (; i < key.len; i++)
		hash = (hash ^ key.data[i]) * factor;
	return (uint32_t) (hash ^ hash >> 29 ^ hash >> 47);
}

static bt_span
entry_key(const batch *batch, const entry *entry)
{
	return bt_span_make(bt_payload_data(batch->payload) + entry->key_offset,
						entry->key_len);
}

static bool
has_key(const batch *batch, uint32_t hash, bt_span key)
{
	size_t mask = batch->nbuckets - 1;

	if (batch->nentries == 0)
		return false;
	for (size_t i = hash & mask; batch->buckets[i] != 0; i = (i + 1) & mask)
	{
		const entry *entry = &batch->entries[batch->buckets[i] - 1];

		if (entry->hash == hash && bt_span_equal(entry_key(batch, entry), key))
			return true;
	}
	return false;
}

/* The caller has made room. */
static void
insert_key(batch *batch, uint32_t index)
{
	size_t mask = batch->nbuckets - 1;
	size_t i = batch->entries[index].hash & mask;

	while (batch->buckets[i] != 0)
		i = (i + 1) & mask;
	batch->buckets[i] = index + 1;
}

/* Makes room for one more key: at most half of the buckets are taken. */
static bool
reserve_key(batch *batch)
{
	size_t nbuckets = batch->nbuckets == 0 ? MIN_BUCKETS : batch->nbuckets * 2;
	uint32_t *buckets;

	if ((batch->nentries + 1) * 2 <= batch->nbuckets)
		return true;
	buckets = calloc(nbuckets, sizeof(uint32_t));
	if (buckets == NULL)
		return false;
	free(batch->buckets);
	batch->buckets = buckets;
	batch->nbuckets = nbuckets;
	for (size_t i = 0; i < batch->nentries; i++)
		insert_key(batch, (uint32_t) i);
	return true;
}

/* ---- packing ---- */

static batch *
current_batch(bt_mutator *mutator)
{
	size_t size = mutator->spec.in_flight + 1;

	return &mutator->batches[(mutator->head + mutator->nsent) % size];
}

static bool
reserve_bytes(batch *batch, size_t size)
{
	size_t capacity =
		batch->capacity < MIN_PAYLOAD_BYTES ? MIN_PAYLOAD_BYTES : batch->capacity;
	bt_payload *payload;

	if (batch->payload != NULL && size <= batch->capacity)
		return true;
	while (capacity < size)
		capacity *= 2;
	payload = bt_payload_resize(batch->payload, capacity);
	if (payload == NULL)
		return false;
	batch->payload = payload;
	batch->capacity = capacity;
	return true;
}

static bool
reserve_entry(batch *batch)
{
	size_t capacity = batch->entries_capacity == 0 ? 64 : batch->entries_capacity * 2;
	entry *entries;

	if (batch->nentries < batch->entries_capacity)
		return true;
	entries = realloc(batch->entries, capacity * sizeof(entry));
	if (entries == NULL)
		return false;
	batch->entries = entries;
	batch->entries_capacity = capacity;
	return true;
}

/* A row that is to be packed: its mutations, or their bytes. */
typedef struct new_row
{
	bt_span key;
	uint32_t hash;
	const bt_mutation *mutations; /* NULL: encoded already */
	bt_span encoded;
	size_t nmutations;
	size_t size; /* of the mutations, encoded */
	bool idempotent;
} new_row;

static bool
all_idempotent(const bt_mutation *mutations, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!bt_mutation_is_idempotent(&mutations[i]))
			return false;
	return true;
}

static uint8_t *
write_mutations(uint8_t *out, const new_row *row)
{
	if (row->mutations != NULL)
		return bt_mutations_write(out, BT_MUTATOR_FIELD, row->mutations, row->nmutations);
	if (row->encoded.len > 0)
		memcpy(out, row->encoded.data, row->encoded.len);
	return out + row->encoded.len;
}

/* Encodes a row at the end of a batch.  Returns false without memory. */
static bool
pack_row(bt_mutator *mutator, batch *batch, const new_row *row)
{
	size_t body = bt_wire_bytes_size(row->key.len) + row->size;
	size_t begin = batch->nentries == 0 ? mutator->header_len : batch->len;
	entry *entry;
	uint8_t *bytes;
	uint8_t *out;

	if (!reserve_bytes(batch, begin + bt_wire_bytes_size(body)) ||
		!reserve_entry(batch) || !reserve_key(batch))
		return false;
	bytes = bt_payload_data(batch->payload);
	if (batch->nentries == 0)
		memcpy(bytes, mutator->header, mutator->header_len);
	out = bt_wire_put_length(bytes + begin, FIELD_ENTRIES, body);
	out = bt_wire_put_bytes(out, FIELD_ROW_KEY, row->key);

	entry = &batch->entries[batch->nentries];
	entry->offset = begin;
	entry->key_offset = (size_t) (out - bytes) - row->key.len;
	entry->key_len = row->key.len;
	entry->hash = row->hash;
	entry->row = mutator->counters.added++;
	entry->idempotent = row->idempotent;
	entry->maybe_written = false;
	entry->result = NO_RESULT;
	out = write_mutations(out, row);
	entry->size = (size_t) (out - bytes) - begin;
	batch->len = (size_t) (out - bytes);
	batch->nmutations += row->nmutations;
	insert_key(batch, (uint32_t) batch->nentries++);
	return true;
}

/* Makes a batch that is done ready for other rows. */
static void
clear_batch(batch *batch)
{
	/* gRPC may still read the bytes; the next request gets others. */
	bt_payload_release(batch->payload);
	batch->payload = NULL;
	bt_headers_free(&batch->headers);
	if (batch->nbuckets > 0)
		memset(batch->buckets, 0, batch->nbuckets * sizeof(uint32_t));
	batch->nentries = batch->nmutations = batch->len = batch->nsent = 0;

	/* After a huge row, do not ask for as much again. */
	if (batch->capacity > 2 * BT_MUTATOR_BATCH_BYTES)
		batch->capacity = 0;
}

/* ---- outcomes ---- */

/* Notes a status of the attempt; returns the result that stands for it. */
static int8_t
note_failure(batch *batch, const failure *failure)
{
	size_t i;

	for (i = 0; i < batch->nfailures; i++)
	{
		const bt_status *known = &batch->failures[i].status;

		if (known->code == failure->status.code &&
			known->retry_delay_us == failure->status.retry_delay_us &&
			batch->failures[i].of_stream == failure->of_stream &&
			strcmp(known->message, failure->status.message) == 0)
			break;
	}
	if (i == BT_MUTATOR_CAUSES)
	{
		/* Too many: one with the same code has to do for it. */
		for (i = 0; i < BT_MUTATOR_CAUSES - 1; i++)
			if (batch->failures[i].status.code == failure->status.code)
				break;
	}
	else if (i == batch->nfailures)
		batch->failures[batch->nfailures++] = *failure;
	return (int8_t) (i + 1);
}

static bt_mutator_cause *
find_cause(bt_mutator *mutator, const bt_status *status)
{
	bt_mutator_cause *cause;

	for (size_t i = 0; i < mutator->ncauses; i++)
	{
		cause = &mutator->causes[i];
		if (cause->status.code == status->code &&
			strcmp(cause->status.message, status->message) == 0)
			return cause;
	}
	if (mutator->ncauses == BT_MUTATOR_CAUSES)
		return &mutator->causes[BT_MUTATOR_CAUSES - 1];
	cause = &mutator->causes[mutator->ncauses++];
	cause->status = *status;
	return cause;
}

/* Nobody will know more of an entry than this. */
static void
settle(bt_mutator *mutator, const batch *batch, const entry *entry)
{
	bt_status status;

	mutator->counters.under_way--;
	if (entry->result == RESULT_OK)
	{
		mutator->counters.written++;
		if (mutator->spec.on_result != NULL)
		{
			memset(&status, 0, sizeof(status));
			mutator->spec.on_result(mutator->spec.arg, entry->row, &status);
		}
		return;
	}

	status = batch->failures[entry->result - 1].status;
	status.attempts = batch->retry.attempts;
	mutator->counters.failed++;
	if (entry->maybe_written)
		mutator->counters.unknown++;
	find_cause(mutator, &status)->rows++;
	if (mutator->first_key == NULL)
	{
		mutator->first_key = malloc(entry->key_len + 1);
		if (mutator->first_key != NULL)
		{
			memcpy(mutator->first_key, entry_key(batch, entry).data, entry->key_len);
			mutator->first_key_len = entry->key_len;
		}
	}
	if (mutator->spec.on_result != NULL)
		mutator->spec.on_result(mutator->spec.arg, entry->row, &status);
	else
		mutator->failed = true;
}

/* ---- responses ---- */

static bool
parse_status(bt_span bytes, failure *failure)
{
	const uint8_t *cursor = bytes.data;
	const uint8_t *end = bytes.data + bytes.len;
	bt_status *status = &failure->status;

	while (cursor < end)
	{
		uint32_t tag;
		uint64_t value = 0;
		bt_span message;

		cursor = bt_wire_tag(cursor, end, &tag);
		if (cursor == NULL)
			return false;
		if (tag == TAG_CODE)
		{
			cursor = bt_wire_varint(cursor, end, &value);
			status->code = (bt_code) (int32_t) value;
		}
		else if (tag == TAG_MESSAGE)
		{
			cursor = bt_wire_bytes(cursor, end, &message);
			if (cursor != NULL)
			{
				size_t len = message.len < sizeof(status->message) - 1
								 ? message.len
								 : sizeof(status->message) - 1;

				memcpy(status->message, message.data, len);
				status->message[len] = '\0';
			}
		}
		else
		{
			if (tag == TAG_DETAILS)
				(void) bt_unpack_retry_delay(bytes, &status->retry_delay_us);
			cursor = bt_wire_skip(cursor, end, tag);
		}
		if (cursor == NULL)
			return false;
	}
	return true;
}

/* Reads what the server says of one entry. */
static bool
parse_entry(batch *batch, bt_span bytes)
{
	const uint8_t *cursor = bytes.data;
	const uint8_t *end = bytes.data + bytes.len;
	uint64_t index = 0;
	bt_span status_bytes = {NULL, 0};
	failure failure;
	entry *entry;

	while (cursor < end)
	{
		uint32_t tag;

		cursor = bt_wire_tag(cursor, end, &tag);
		if (cursor == NULL)
			return false;
		if (tag == TAG_INDEX)
			cursor = bt_wire_varint(cursor, end, &index);
		else if (tag == TAG_STATUS)
			cursor = bt_wire_bytes(cursor, end, &status_bytes);
		else
			cursor = bt_wire_skip(cursor, end, tag);
		if (cursor == NULL)
			return false;
	}

	/* Each entry is told of once. */
	if (index >= batch->nsent)
		return false;
	entry = &batch->entries[batch->sent[index]];
	if (entry->result != NO_RESULT)
		return false;
	bt_status_set(&failure.status, BT_OK, "%s", "");
	failure.status.local = failure.of_stream = failure.missing = false;
	if (status_bytes.len > 0 && !parse_status(status_bytes, &failure))
		return false;
	entry->result =
		failure.status.code == BT_OK ? RESULT_OK : note_failure(batch, &failure);
	return true;
}

static bool
parse_response(batch *batch, bt_span bytes)
{
	const uint8_t *cursor = bytes.data;
	const uint8_t *end = bytes.data + bytes.len;

	while (cursor < end)
	{
		uint32_t tag;
		bt_span entry;

		cursor = bt_wire_tag(cursor, end, &tag);
		if (cursor == NULL)
			return false;
		if (tag != TAG_ENTRIES)
			cursor = bt_wire_skip(cursor, end, tag);
		else
		{
			cursor = bt_wire_bytes(cursor, end, &entry);
			if (cursor != NULL && !parse_entry(batch, entry))
				return false;
		}
		if (cursor == NULL)
			return false;
	}
	return true;
}

/* Reads a message; it is in one piece, or is put together. */
static void
take_message(batch *batch)
{
	size_t nslices;
	const bt_span *slices = bt_call_message(batch->call, &nslices);
	size_t len = 0;
	uint8_t *whole;
	uint8_t *out;

	if (nslices == 1)
	{
		batch->malformed |= !parse_response(batch, slices[0]);
		return;
	}
	for (size_t i = 0; i < nslices; i++)
		len += slices[i].len;
	whole = out = malloc(len + 1);
	if (whole == NULL)
		return; /* as if it had not come */
	for (size_t i = 0; i < nslices; i++)
	{
		memcpy(out, slices[i].data, slices[i].len);
		out += slices[i].len;
	}
	batch->malformed |= !parse_response(batch, bt_span_make(whole, len));
	free(whole);
}

/* ---- attempts ---- */

static bool
is_first_attempt(const batch *batch)
{
	return batch->nsent == batch->nentries;
}

/* A request with just the entries that are to be sent again. */
static bt_payload *
pack_again(const bt_mutator *mutator, const batch *batch, size_t *len)
{
	const uint8_t *from = bt_payload_data(batch->payload);
	bt_payload *payload;
	uint8_t *out;

	*len = mutator->header_len;
	for (size_t i = 0; i < batch->nsent; i++)
		*len += batch->entries[batch->sent[i]].size;
	payload = bt_payload_resize(NULL, *len);
	if (payload == NULL)
		return NULL;
	out = bt_payload_data(payload);
	memcpy(out, mutator->header, mutator->header_len);
	out += mutator->header_len;
	for (size_t i = 0; i < batch->nsent; i++)
	{
		const entry *entry = &batch->entries[batch->sent[i]];

		memcpy(out, from + entry->offset, entry->size);
		out += entry->size;
	}
	return payload;
}

static void
begin_attempt(bt_mutator *mutator, batch *batch, bt_status *status)
{
	int64_t deadline_us = bt_rpc_now_us() + batch->retry.policy.attempt_timeout_us;
	bt_payload *again = NULL;
	size_t len = batch->len;
	const bt_header *headers;
	size_t nheaders;

	for (size_t i = 0; i < batch->nsent; i++)
		batch->entries[batch->sent[i]].result = NO_RESULT;
	batch->nfailures = 0;
	batch->malformed = false;
	if (deadline_us > bt_retry_deadline_us(&batch->retry))
		deadline_us = bt_retry_deadline_us(&batch->retry);
	headers = bt_headers_list(&batch->headers, batch->retry.attempts, &nheaders);
	if (!is_first_attempt(batch))
		again = pack_again(mutator, batch, &len);
	if (headers == NULL || (again == NULL && !is_first_attempt(batch)))
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	batch->call = bt_call_start_payload(mutator->channel, METHOD,
										again != NULL ? again : batch->payload, len,
										headers, nheaders, deadline_us, status);
	bt_payload_release(again);
	mutator->counters.requests++;
	mutator->counters.bytes += len;
	if (batch->retry.attempts++ > 0)
		mutator->counters.retries++;
}

/* Gives the entries that the server has not named what the call ended with. */
static void
fill_results(batch *batch, const bt_status *status)
{
	failure failure = {.status = *status, .of_stream = true};

	if (status->code == BT_OK)
	{
		bt_status_set(&failure.status, BT_INTERNAL,
					  "the server sent no result for the row");
		failure.status.local = false;
		failure.missing = true;
	}
	for (size_t i = 0; i < batch->nsent; i++)
	{
		entry *entry = &batch->entries[batch->sent[i]];

		if (entry->result == NO_RESULT)
			entry->result = note_failure(batch, &failure);
	}
}

/*
 * May an entry that has failed be tried again?  Then *worst is what to decide
 * by, the longest delay that the server asks for.
 */
static bool
may_try_again(const batch *batch, entry *entry, bt_status *worst, bool is_first)
{
	const failure *failure = &batch->failures[entry->result - 1];
	const bt_status *status = &failure->status;

	if (bt_retry_is_outcome_unknown(status, failure->of_stream))
		entry->maybe_written = true;
	if (!entry->idempotent || !(failure->missing || status->retry_delay_us >= 0 ||
								bt_retry_is_transient(&batch->retry.policy, status)))
		return false;
	if (is_first || status->retry_delay_us > worst->retry_delay_us)
		*worst = *status;
	if (failure->missing)
		worst->code = BT_UNAVAILABLE;
	return true;
}

/*
 * Settles the entries of an attempt, but for those that may be tried again:
 * these are left in "sent".  Returns how many are.
 */
static size_t
sort_results(bt_mutator *mutator, batch *batch, bt_status *worst)
{
	size_t kept = 0;
	bool progress = false;

	for (size_t i = 0; i < batch->nsent; i++)
	{
		entry *entry = &batch->entries[batch->sent[i]];

		if (entry->result == RESULT_OK)
			progress = true;
		else if (may_try_again(batch, entry, worst, kept == 0))
		{
			batch->sent[kept++] = batch->sent[i];
			continue;
		}
		settle(mutator, batch, entry);
	}
	if (progress)
		bt_retry_progress(&batch->retry);
	return kept;
}

/* What has failed in the last attempt stays so. */
static void
give_up(bt_mutator *mutator, batch *batch)
{
	for (size_t i = 0; i < batch->nsent; i++)
		settle(mutator, batch, &batch->entries[batch->sent[i]]);
	batch->nsent = 0;
}

/* The attempt is over: what has failed is tried again, or given up. */
static void
end_attempt(bt_mutator *mutator, batch *batch, const bt_status *status)
{
	int64_t now = bt_rpc_now_us();
	bt_status worst;
	int64_t delay_us;

	bt_call_destroy(batch->call);
	batch->call = NULL;
	fill_results(batch, status);
	batch->nsent = sort_results(mutator, batch, &worst);
	if (batch->nsent == 0)
		return;
	if (bt_channel_is_connected(mutator->channel))
		bt_retry_connected(&batch->retry);
	if (bt_retry_after(&batch->retry, &worst, now, &delay_us))
	{
		batch->attempt_at_us = now + delay_us;
		return;
	}
	give_up(mutator, batch);
}

/* The call has ended by itself, or has been cancelled. */
static void
after_call(bt_mutator *mutator, batch *batch, bt_call_event event)
{
	bt_status status;

	if (event == BT_CALL_TIMEOUT)
	{
		bt_call_cancel(batch->call);
		bt_status_set(&status, BT_DEADLINE_EXCEEDED, "no answer in time");
	}
	else
		bt_call_status(batch->call, &status);
	status.retry_delay_us = bt_headers_retry_delay(batch->call);
	(void) bt_headers_keep_cookies(&batch->headers, batch->call);
	if (batch->malformed)
	{
		bt_status_set(&status, BT_INTERNAL, "invalid MutateRows response");
		status.local = false; /* what was sent may have been written */
	}
	end_attempt(mutator, batch, &status);
}

/* ---- batches ---- */

/* A host that never waits, to see what has come so far. */
static bt_wait_result
wait_not(void *arg, int fd, int64_t timeout_us)
{
	(void) arg;
	(void) fd;
	(void) timeout_us;
	return BT_WAIT_TIMEOUT;
}

static const bt_host idle_host = {wait_not, NULL};

/* Goes on with a batch as far as that is possible without waiting. */
static void
look_after(bt_mutator *mutator, batch *batch)
{
	bt_status status;

	while (batch->nsent > 0)
	{
		bt_call_event event;

		if (batch->call == NULL)
		{
			if (batch->attempt_at_us > bt_rpc_now_us())
				return;
			begin_attempt(mutator, batch, &status);
			if (batch->call == NULL)
			{
				end_attempt(mutator, batch, &status);
				continue;
			}
		}
		event = bt_call_next(batch->call, &idle_host, 0);
		if (event == BT_CALL_MESSAGE)
			take_message(batch);
		else if (event == BT_CALL_END)
			after_call(mutator, batch, event);
		else
			return;
	}
}

/* Waits until something happens to a batch.  Returns false if interrupted. */
static bool
wait_for(bt_mutator *mutator, batch *batch)
{
	int64_t left = batch->attempt_at_us - bt_rpc_now_us();
	bt_call_event event;

	if (batch->call == NULL)
		return mutator->host->wait(mutator->host->arg, -1, left > 0 ? left : 0) !=
			   BT_WAIT_INTERRUPTED;

	/* The call's own deadline ends it; the timeout here only has to be later. */
	event = bt_call_next(batch->call, mutator->host,
						 batch->retry.policy.attempt_timeout_us + 1000000);
	if (event == BT_CALL_MESSAGE)
		take_message(batch);
	else if (event != BT_CALL_INTERRUPTED)
		after_call(mutator, batch, event);
	return event != BT_CALL_INTERRUPTED;
}

void
bt_mutator_poll(bt_mutator *mutator)
{
	size_t size = mutator->spec.in_flight + 1;

	for (size_t i = 0; i < mutator->nsent; i++)
		look_after(mutator, &mutator->batches[(mutator->head + i) % size]);
	while (mutator->nsent > 0 && mutator->batches[mutator->head].nsent == 0)
	{
		clear_batch(&mutator->batches[mutator->head]);
		mutator->head = (mutator->head + 1) % size;
		mutator->nsent--;
	}
}

/* Waits until at most that many batches are under way. */
static bt_mutate_result
wait_until_left(bt_mutator *mutator, size_t most)
{
	for (;;)
	{
		bt_mutator_poll(mutator);
		if (mutator->nsent <= most)
			return BT_MUTATE_DONE;
		if (!wait_for(mutator, &mutator->batches[mutator->head]))
			return BT_MUTATE_INTERRUPTED;
	}
}

/* Something has failed for good: see what is under way to its end, and say so. */
static bt_mutate_result
fail(bt_mutator *mutator)
{
	if (wait_until_left(mutator, 0) == BT_MUTATE_INTERRUPTED)
		return BT_MUTATE_INTERRUPTED;
	return BT_MUTATE_ERROR;
}

static bool
prepare_batch(bt_mutator *mutator, batch *batch)
{
	const bt_write_target *target = &mutator->spec.target;
	int64_t now = bt_rpc_now_us();

	if (batch->sent_capacity < batch->nentries)
	{
		uint32_t *sent = realloc(batch->sent, batch->entries_capacity * sizeof(uint32_t));

		if (sent == NULL)
			return false;
		batch->sent = sent;
		batch->sent_capacity = batch->entries_capacity;
	}
	if (!bt_headers_init(&batch->headers, target->kind, target->resource,
						 target->app_profile))
		return false;
	for (size_t i = 0; i < batch->nentries; i++)
		batch->sent[i] = (uint32_t) i;
	batch->nsent = batch->nentries;
	batch->nfailures = 0;
	batch->attempt_at_us = now;
	bt_retry_start(&batch->retry, &mutator->spec.retry, now,
				   (uint64_t) now ^ (uint64_t) getpid());
	return true;
}

/* Notes a failure of this client's own; the rows in hand are not sent. */
static bt_mutate_result
fail_here(bt_mutator *mutator, const char *message)
{
	bt_status status;

	bt_status_set(&status, BT_RESOURCE_EXHAUSTED, "%s", message);
	(void) find_cause(mutator, &status);
	mutator->failed = true;
	return fail(mutator);
}

/* Sends the batch that is being packed; waits for a place among those sent. */
static bt_mutate_result
send_batch(bt_mutator *mutator)
{
	batch *batch;

	if (wait_until_left(mutator, mutator->spec.in_flight - 1) == BT_MUTATE_INTERRUPTED)
		return BT_MUTATE_INTERRUPTED;
	if (mutator->failed)
		return fail(mutator);
	batch = current_batch(mutator);
	if (!prepare_batch(mutator, batch))
		return fail_here(mutator, "out of memory");
	mutator->nsent++;
	mutator->counters.under_way += batch->nentries;
	look_after(mutator, batch);
	bt_rpc_go_on();
	return BT_MUTATE_DONE;
}

/* Waits until no unacknowledged batch has the key. */
static bt_mutate_result
wait_for_key(bt_mutator *mutator, uint32_t hash, bt_span key)
{
	size_t size = mutator->spec.in_flight + 1;
	bt_mutate_result result;

	if (has_key(current_batch(mutator), hash, key))
	{
		result = send_batch(mutator);
		if (result != BT_MUTATE_DONE)
			return result;
	}
	for (size_t i = mutator->nsent; i-- > 0;)
		if (has_key(&mutator->batches[(mutator->head + i) % size], hash, key))
			return wait_until_left(mutator, mutator->nsent - 1 - i);
	return BT_MUTATE_DONE;
}

static bool
is_full(const bt_mutator *mutator, const batch *batch)
{
	return batch->nentries >= mutator->spec.batch_entries ||
		   batch->len >= mutator->spec.batch_bytes ||
		   batch->nmutations >= BT_MAX_MUTATIONS;
}

/* Would a row make the batch larger than it may be? */
static bool
is_too_much(const bt_mutator *mutator, const batch *batch, size_t size, size_t nmutations)
{
	return batch->nentries > 0 &&
		   (is_full(mutator, batch) || batch->len + size > mutator->spec.batch_bytes ||
			batch->nmutations + nmutations > BT_MAX_MUTATIONS);
}

static bt_mutate_result
add_row(bt_mutator *mutator, const new_row *row)
{
	bt_mutate_result result;

	if (mutator->failed)
		return fail(mutator);
	result = wait_for_key(mutator, row->hash, row->key);
	if (result == BT_MUTATE_DONE &&
		is_too_much(mutator, current_batch(mutator), row->key.len + row->size,
					row->nmutations))
		result = send_batch(mutator);
	if (result == BT_MUTATE_DONE && mutator->failed)
		result = fail(mutator);
	if (result != BT_MUTATE_DONE)
		return result;
	if (!pack_row(mutator, current_batch(mutator), row))
		return fail_here(mutator, "out of memory");

	/* Send it as soon as it is full, unless that would take a wait. */
	if (is_full(mutator, current_batch(mutator)))
	{
		bt_mutator_poll(mutator);
		if (mutator->nsent < mutator->spec.in_flight && !mutator->failed)
			return send_batch(mutator);
	}
	return BT_MUTATE_DONE;
}

bt_mutate_result
bt_mutator_add(bt_mutator *mutator, bt_span key, const bt_mutation *mutations,
			   size_t nmutations)
{
	new_row row = {.key = key,
				   .hash = hash_key(key),
				   .mutations = mutations,
				   .nmutations = nmutations,
				   .size = bt_mutations_size(mutations, nmutations),
				   .idempotent = all_idempotent(mutations, nmutations)};

	return add_row(mutator, &row);
}

bt_mutate_result
bt_mutator_add_encoded(bt_mutator *mutator, bt_span key, bt_span mutations,
					   size_t nmutations, bool idempotent)
{
	new_row row = {.key = key,
				   .hash = hash_key(key),
				   .encoded = mutations,
				   .nmutations = nmutations,
				   .size = mutations.len,
				   .idempotent = idempotent};

	return add_row(mutator, &row);
}

bt_mutate_result
bt_mutator_finish(bt_mutator *mutator)
{
	bt_mutate_result result = BT_MUTATE_DONE;

	if (mutator->failed)
		return fail(mutator);
	if (current_batch(mutator)->nentries > 0)
		result = send_batch(mutator);
	if (result == BT_MUTATE_DONE)
		result = wait_until_left(mutator, 0);
	if (result == BT_MUTATE_DONE && mutator->failed)
		return fail(mutator);
	return result;
}
