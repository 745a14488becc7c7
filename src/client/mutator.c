/*-------------------------------------------------------------------------
 *
 * mutator.c
 *	  MutateRows: rows in, acknowledgements out.
 *
 * A batch is its request's bytes (write_batch.c).  An attempt that fails in
 * part is followed by one with just the entries that have failed.
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
#include "write_answer.h"
#include "write_batch.h"

#define METHOD "/google.bigtable.v2.Bigtable/MutateRows"

/* Longer than anything is waited for; then it is looked at again. */
#define MAX_WAIT_US (INT64_C(3600) * 1000000)

static const bt_retry_policy default_policy = {
	.operation_timeout_us = INT64_C(600) * 1000000,
	.attempt_timeout_us = INT64_C(60) * 1000000,
	.initial_delay_us = BT_RETRY_MIN_DELAY_US,
	.max_attempts = 10,
	.codes = BT_RETRY_WRITE_CODES,
};

/* So many failures of an attempt are kept apart by their messages, too. */
#define MAX_MESSAGES 1000

/* What an attempt says of an entry; above 0: 1 + the index of a failure. */
enum
{
	NO_MEMORY = -2, /* for the failure */
	NO_RESULT = -1,
	RESULT_OK = 0
};

/* A status that entries of an attempt have failed with. */
typedef struct failure
{
	bt_status status;
	bool of_stream; /* of the call, not of the entries themselves */
	bool missing;   /* the call has ended well, but has not named the entry */
} failure;

/* What has become of such an entry is not known. */
static const failure no_memory = {
	.status = {.code = BT_INTERNAL, .retry_delay_us = -1, .message = "out of memory"},
	.of_stream = true};

typedef struct batch
{
	bt_write_batch rows;

	/* Once it is sent. */
	bt_headers headers;
	bt_retry retry;
	int64_t attempt_at_us; /* when the next attempt begins */
	bt_call *call;         /* the attempt under way, or NULL */
	uint32_t *sent;        /* the entries of the attempt, by index in the request */
	size_t nsent;
	size_t sent_capacity;
	bool malformed; /* the response is */
	failure *failures;
	size_t nfailures;
	size_t failures_capacity;
} batch;

struct bt_mutator
{
	bt_channel *channel;
	const bt_host *host;
	bt_mutator_spec spec;
	bt_span header; /* what each request begins with; malloc'd */
	bt_mutator_counters counters;
	bool failed;

	batch *batches;  /* a ring of spec.in_flight + 1 */
	bt_call **calls; /* that are waited for; as many */
	size_t head;     /* the oldest that is under way */
	size_t nsent;    /* how many are */

	bt_mutator_cause causes[BT_MUTATOR_CAUSES];
	size_t ncauses;
	uint8_t *first_key;
	size_t first_key_len;
};

/* ---- beginning and end ---- */

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
	mutator->header.data = bt_write_batch_header(&spec->target, &mutator->header.len);
	mutator->calls = calloc(mutator->spec.in_flight + 1, sizeof(bt_call *));
	if (mutator->batches == NULL || mutator->calls == NULL ||
		mutator->header.data == NULL)
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
	bt_write_batch_free(&batch->rows);
	free(batch->sent);
	free(batch->failures);
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
	free(mutator->calls);
	free((uint8_t *) mutator->header.data);
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

/* ---- the batch in hand ---- */

static batch *
current_batch(bt_mutator *mutator)
{
	size_t size = mutator->spec.in_flight + 1;

	return &mutator->batches[(mutator->head + mutator->nsent) % size];
}

static bool
all_idempotent(const bt_mutation *mutations, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!bt_mutation_is_idempotent(&mutations[i]))
			return false;
	return true;
}

/* Makes a batch that is done ready for other rows. */
static void
clear_batch(batch *batch)
{
	bt_write_batch_clear(&batch->rows);
	bt_headers_free(&batch->headers);
	batch->nsent = 0;
}

/* ---- outcomes ---- */

/* Codes that no server should send are all one. */
static bool
is_same_code(bt_code a, bt_code b)
{
	return a == b ||
		   ((unsigned) a > BT_UNAUTHENTICATED && (unsigned) b > BT_UNAUTHENTICATED);
}

/* Do two failures mean the same for what happens next? */
static bool
is_same_kind(const failure *a, const failure *b)
{
	return is_same_code(a->status.code, b->status.code) && a->of_stream == b->of_stream &&
		   a->missing == b->missing &&
		   (a->status.retry_delay_us < 0) == (b->status.retry_delay_us < 0);
}

static bool
reserve_failure(batch *batch)
{
	size_t capacity = batch->failures_capacity == 0 ? 4 : batch->failures_capacity * 2;
	failure *failures;

	if (batch->nfailures < batch->failures_capacity)
		return true;
	failures = realloc(batch->failures, capacity * sizeof(failure));
	if (failures == NULL)
		return false;
	batch->failures = failures;
	batch->failures_capacity = capacity;
	return true;
}

/*
 * Notes a status of the attempt; returns the result that stands for it.  If
 * there are too many, another one of its kind has to do.
 */
static int16_t
note_failure(batch *batch, const failure *failure)
{
	size_t n = batch->nfailures;
	size_t same_kind = n;

	for (size_t i = 0; i < n; i++)
	{
		const bt_status *known = &batch->failures[i].status;

		if (!is_same_kind(&batch->failures[i], failure))
			continue;
		if (known->code == failure->status.code &&
			known->retry_delay_us == failure->status.retry_delay_us &&
			strcmp(known->message, failure->status.message) == 0)
			return (int16_t) (i + 1);
		same_kind = i;
	}
	if (same_kind < n && (n >= MAX_MESSAGES || !reserve_failure(batch)))
		return (int16_t) (same_kind + 1);
	if (!reserve_failure(batch))
		return NO_MEMORY;
	batch->failures[batch->nfailures++] = *failure;
	return (int16_t) (n + 1);
}

/* What an entry has failed with. */
static const failure *
failure_of(const batch *batch, const bt_batch_entry *entry)
{
	return entry->result == NO_MEMORY ? &no_memory : &batch->failures[entry->result - 1];
}

static bt_mutator_cause *
find_cause(bt_mutator *mutator, const bt_status *status)
{
	bt_mutator_cause *cause;
	size_t same_code = BT_MUTATOR_CAUSES - 1;

	for (size_t i = 0; i < mutator->ncauses; i++)
	{
		cause = &mutator->causes[i];
		if (cause->status.code != status->code)
			continue;
		if (strcmp(cause->status.message, status->message) == 0)
			return cause;
		same_code = i;
	}
	if (mutator->ncauses == BT_MUTATOR_CAUSES)
		return &mutator->causes[same_code];
	cause = &mutator->causes[mutator->ncauses++];
	cause->status = *status;
	return cause;
}

/* Nobody will know more of an entry than this. */
static void
settle(bt_mutator *mutator, const batch *batch, const bt_batch_entry *entry)
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

	status = failure_of(batch, entry)->status;
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
			memcpy(mutator->first_key, bt_write_batch_key(&batch->rows, entry).data,
				   entry->key_len);
			mutator->first_key_len = entry->key_len;
		}
	}
	if (mutator->spec.on_result != NULL)
		mutator->spec.on_result(mutator->spec.arg, entry->row, &status);
	else
		mutator->failed = true;
}

/* ---- responses ---- */

/* Each entry of the request is told of once. */
static bool
take_result(void *arg, uint64_t index, const bt_status *status)
{
	batch *batch = arg;
	bt_batch_entry *entry;
	failure failure;

	if (index >= batch->nsent)
		return false;
	entry = &batch->rows.entries[batch->sent[index]];
	if (entry->result != NO_RESULT)
		return false;
	if (status->code == BT_OK)
	{
		entry->result = RESULT_OK;
		return true;
	}
	failure.status = *status;
	failure.of_stream = failure.missing = false;
	entry->result = note_failure(batch, &failure);
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
		batch->malformed |= !bt_write_answer_read(slices[0], take_result, batch);
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
	batch->malformed |=
		!bt_write_answer_read(bt_span_make(whole, len), take_result, batch);
	free(whole);
}

/* ---- attempts ---- */

static bool
is_first_attempt(const batch *batch)
{
	return batch->nsent == batch->rows.nentries;
}

static void
begin_attempt(bt_mutator *mutator, batch *batch, bt_status *status)
{
	int64_t deadline_us = bt_rpc_now_us() + batch->retry.policy.attempt_timeout_us;
	bt_payload *again = NULL;
	size_t len = batch->rows.len;
	const bt_header *headers;
	size_t nheaders;

	for (size_t i = 0; i < batch->nsent; i++)
		batch->rows.entries[batch->sent[i]].result = NO_RESULT;
	batch->nfailures = 0;
	batch->malformed = false;
	if (deadline_us > bt_retry_deadline_us(&batch->retry))
		deadline_us = bt_retry_deadline_us(&batch->retry);
	deadline_us = bt_host_deadline_us(mutator->host, deadline_us);
	headers = bt_headers_list(&batch->headers, batch->retry.attempts, &nheaders);
	if (!is_first_attempt(batch))
		again = bt_write_batch_copy(&batch->rows, mutator->header, batch->sent,
									batch->nsent, &len);
	if (headers == NULL || (again == NULL && !is_first_attempt(batch)))
	{
		bt_payload_release(again);
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	batch->call = bt_call_start_payload(mutator->channel, METHOD,
										again != NULL ? again : batch->rows.payload, len,
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
		bt_batch_entry *entry = &batch->rows.entries[batch->sent[i]];

		if (entry->result == NO_RESULT)
			entry->result = note_failure(batch, &failure);
	}
}

/*
 * May an entry that has failed be tried again?  Then *worst is what to decide
 * by, the longest delay that the server asks for.
 */
static bool
may_try_again(const batch *batch, bt_batch_entry *entry, bt_status *worst, bool is_first)
{
	const failure *failure = failure_of(batch, entry);
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
		bt_batch_entry *entry = &batch->rows.entries[batch->sent[i]];

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
		settle(mutator, batch, &batch->rows.entries[batch->sent[i]]);
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

/* The call has ended, or is to end, as its answer cannot be. */
static void
after_call(bt_mutator *mutator, batch *batch)
{
	bt_status status;

	if (batch->malformed)
		bt_call_cancel(batch->call);
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
wait_not(void *arg, int fd, int64_t timeout_us, bt_wait_reason reason)
{
	(void) arg;
	(void) fd;
	(void) timeout_us;
	(void) reason;
	return BT_WAIT_TIMEOUT;
}

static const bt_host idle_host = {.wait = wait_not};

/*
 * Goes on with a batch as far as that is possible without waiting.  Returns
 * false if the host is interrupted; without a host, that is not asked.
 */
static bool
look_after(bt_mutator *mutator, batch *batch, const bt_host *host)
{
	bt_status status;

	while (batch->nsent > 0)
	{
		bt_call_event event;

		if (batch->call == NULL)
		{
			if (batch->attempt_at_us > bt_rpc_now_us())
				return true;
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
		if (event == BT_CALL_END && host != NULL &&
			bt_call_is_end_of_host(batch->call, host))
			return false;
		if (event == BT_CALL_END || batch->malformed)
			after_call(mutator, batch);
		else if (event != BT_CALL_MESSAGE)
			return true;
	}
	return true;
}

/*
 * Waits until something happens to one of the batches under way, or an attempt
 * of one is to begin.  Returns false if interrupted.  Each call ends by its own
 * deadline.
 */
static bool
wait_for_batches(bt_mutator *mutator)
{
	size_t size = mutator->spec.in_flight + 1;
	int64_t now = bt_rpc_now_us();
	int64_t until_us = now + MAX_WAIT_US;
	bt_wait_result result;
	size_t n = 0;

	for (size_t i = 0; i < mutator->nsent; i++)
	{
		const batch *batch = &mutator->batches[(mutator->head + i) % size];

		if (batch->call != NULL)
			mutator->calls[n++] = batch->call;
		else if (batch->nsent > 0 && batch->attempt_at_us < until_us)
			until_us = batch->attempt_at_us;
	}
	result = n > 0 ? bt_calls_wait(mutator->calls, n, mutator->host, until_us - now)
				   : bt_channel_sleep(mutator->channel, mutator->host, until_us - now);
	return result != BT_WAIT_INTERRUPTED;
}

/* Goes on with all batches; returns as look_after(). */
static bool
look_after_all(bt_mutator *mutator, const bt_host *host)
{
	size_t size = mutator->spec.in_flight + 1;
	bool fine = true;

	for (size_t i = 0; i < mutator->nsent && fine; i++)
		fine = look_after(mutator, &mutator->batches[(mutator->head + i) % size], host);
	while (mutator->nsent > 0 && mutator->batches[mutator->head].nsent == 0)
	{
		clear_batch(&mutator->batches[mutator->head]);
		mutator->head = (mutator->head + 1) % size;
		mutator->nsent--;
	}
	return fine;
}

void
bt_mutator_poll(bt_mutator *mutator)
{
	(void) look_after_all(mutator, NULL);
}

/* Waits until at most that many batches are under way. */
static bt_mutate_result
wait_until_left(bt_mutator *mutator, size_t most)
{
	for (;;)
	{
		bool fine = look_after_all(mutator, mutator->host);

		/* Where there is no need to wait, no interrupt is of interest. */
		if (mutator->nsent <= most)
			return BT_MUTATE_DONE;
		if (!fine || !wait_for_batches(mutator))
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

	if (batch->sent_capacity < batch->rows.nentries)
	{
		uint32_t *sent =
			realloc(batch->sent, batch->rows.entries_capacity * sizeof(uint32_t));

		if (sent == NULL)
			return false;
		batch->sent = sent;
		batch->sent_capacity = batch->rows.entries_capacity;
	}
	if (!bt_headers_init(&batch->headers, target->kind, target->resource,
						 target->app_profile))
		return false;
	for (size_t i = 0; i < batch->rows.nentries; i++)
		batch->sent[i] = (uint32_t) i;
	batch->nsent = batch->rows.nentries;
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
	mutator->counters.under_way += batch->rows.nentries;
	(void) look_after(mutator, batch, NULL);
	bt_rpc_go_on();
	return BT_MUTATE_DONE;
}

/* Waits until no unacknowledged batch has the key. */
static bt_mutate_result
wait_for_key(bt_mutator *mutator, uint32_t hash, bt_span key)
{
	size_t size = mutator->spec.in_flight + 1;
	bt_mutate_result result;

	if (bt_write_batch_has_key(&current_batch(mutator)->rows, hash, key))
	{
		result = send_batch(mutator);
		if (result != BT_MUTATE_DONE)
			return result;
	}
	for (size_t i = mutator->nsent; i-- > 0;)
		if (bt_write_batch_has_key(&mutator->batches[(mutator->head + i) % size].rows,
								   hash, key))
			return wait_until_left(mutator, mutator->nsent - 1 - i);
	return BT_MUTATE_DONE;
}

static bool
is_full(const bt_mutator *mutator, const batch *batch)
{
	return batch->rows.nentries >= mutator->spec.batch_entries ||
		   batch->rows.len >= mutator->spec.batch_bytes ||
		   batch->rows.nmutations >= BT_MAX_MUTATIONS;
}

/* Would a row make the batch larger than it may be? */
static bool
is_too_much(const bt_mutator *mutator, const batch *batch, size_t size, size_t nmutations)
{
	return batch->rows.nentries > 0 &&
		   (is_full(mutator, batch) ||
			batch->rows.len + size > mutator->spec.batch_bytes ||
			batch->rows.nmutations + nmutations > BT_MAX_MUTATIONS);
}

static bt_mutate_result
add_row(bt_mutator *mutator, bt_new_row *row)
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
	row->row = mutator->counters.added;
	if (!bt_write_batch_add(&current_batch(mutator)->rows, mutator->header, row))
		return fail_here(mutator, "out of memory");
	mutator->counters.added++;

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
	bt_new_row row = {.key = key,
					  .hash = bt_write_batch_hash(key),
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
	bt_new_row row = {.key = key,
					  .hash = bt_write_batch_hash(key),
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
	if (current_batch(mutator)->rows.nentries > 0)
		result = send_batch(mutator);
	if (result == BT_MUTATE_DONE)
		result = wait_until_left(mutator, 0);
	if (result == BT_MUTATE_DONE && mutator->failed)
		return fail(mutator);
	return result;
}
