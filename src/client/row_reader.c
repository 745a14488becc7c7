/*-------------------------------------------------------------------------
 *
 * row_reader.c
 *	  ReadRows: a resumable stream of rows.
 *
 * A scan is a sequence of operations, each of which reads a part of the row
 * set small enough for one request, and each of which takes one attempt or
 * more.  Whatever ends an attempt early, the next one asks only for what lies
 * behind the last key that was committed or scanned.  Since a set without
 * ranges would mean the whole table to the server, an empty one ends the scan
 * here.
 *
 *-------------------------------------------------------------------------
 */
#include "row_reader.h"

#include <stdlib.h>
#include <unistd.h>

#include "header.h"

#define METHOD "/google.bigtable.v2.Bigtable/ReadRows"

/* The service refuses requests over 512 KiB; leave room for the filter. */
#define MAX_ROW_SET_BYTES ((size_t) 384 * 1024)

/* Less time than this is not worth another attempt. */
#define MIN_HOST_TIME_US 10000

/* Defaults of a scan, and of a read of a single key. */
static const bt_retry_policy scan_policy = {
	.operation_timeout_us = INT64_C(12) * 3600 * 1000000,
	.attempt_timeout_us = INT64_C(300) * 1000000,
	.initial_delay_us = BT_RETRY_MIN_DELAY_US,
	.max_attempts = 10,
};
static const bt_retry_policy key_policy = {
	.operation_timeout_us = INT64_C(600) * 1000000,
	.attempt_timeout_us = INT64_C(20) * 1000000,
	.initial_delay_us = BT_RETRY_MIN_DELAY_US,
	.max_attempts = 10,
};

typedef enum reader_state
{
	READER_IDLE,           /* no scan, or it is over */
	READER_NEXT_OPERATION, /* the next part of the row set is to be read */
	READER_BACKOFF,        /* waiting until attempt_at_us */
	READER_STREAMING,      /* an attempt is under way */
	READER_FINISHING       /* all rows are here; statistics are not */
} reader_state;

struct bt_row_reader
{
	bt_channel *channel;
	const bt_host *host;
	bt_chunk_decoder *decoder;
	bt_read_counters counters;
	int64_t rows_told; /* of counters.rows, those that the channel knows of */

	/* The scan. */
	reader_state state;
	bt_read_spec spec;
	int64_t rows_left; /* of the limit; -1: no limit */
	bt_headers headers;

	/* The operation. */
	size_t nranges; /* of spec.rows, how many this operation reads */
	bool single_key;
	bt_retry retry;
	int64_t attempt_at_us; /* when the next attempt begins */

	/* The attempt. */
	bt_call *call;
	int64_t deadline_us; /* of the call */
	bool until_host;     /* that is the host's deadline */
	bool polled;         /* by bt_row_reader_poll(), which must not wait */
	bool starved;        /* and would have had to */
	int64_t waited_us;   /* for the next message, see bt_row_reader_waited() */

	/* Where the scan has been resumed; a bound of the row set points here. */
	bt_span resume_key; /* malloc'd */
};

bt_row_reader *
bt_row_reader_create(bt_channel *channel, const bt_host *host)
{
	bt_row_reader *reader = calloc(1, sizeof(bt_row_reader));

	if (reader == NULL)
		return NULL;
	reader->channel = channel;
	reader->host = host;
	reader->decoder = bt_chunk_decoder_create();
	if (reader->decoder == NULL)
	{
		free(reader);
		return NULL;
	}
	return reader;
}

static void
end_attempt(bt_row_reader *reader)
{
	bt_call_destroy(reader->call);
	reader->call = NULL;
}

void
bt_row_reader_stop(bt_row_reader *reader)
{
	end_attempt(reader);
	bt_channel_count_rows(reader->channel, reader->counters.rows - reader->rows_told);
	reader->rows_told = reader->counters.rows;
	bt_headers_free(&reader->headers);
	free((uint8_t *) reader->resume_key.data);
	reader->resume_key = bt_span_make(NULL, 0);
	reader->state = READER_IDLE;
}

void
bt_row_reader_free(bt_row_reader *reader)
{
	if (reader == NULL)
		return;
	bt_row_reader_stop(reader);
	bt_chunk_decoder_free(reader->decoder);
	free(reader);
}

const bt_read_counters *
bt_row_reader_counters(const bt_row_reader *reader)
{
	return &reader->counters;
}

bool
bt_row_reader_start(bt_row_reader *reader, const bt_read_spec *spec, bt_status *status)
{
	bt_row_reader_stop(reader);
	reader->spec = *spec;
	reader->rows_left = spec->rows_limit > 0 ? spec->rows_limit : -1;
	if (!bt_headers_init(&reader->headers, spec->kind, spec->resource, spec->app_profile))
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return false;
	}
	reader->state = READER_NEXT_OPERATION;
	return true;
}

static bt_read_result
fail(bt_row_reader *reader, const bt_status *cause, bt_status *status)
{
	if (status != cause)
		*status = *cause;
	status->attempts = reader->retry.attempts;
	bt_row_reader_stop(reader);
	return BT_READ_ERROR;
}

static bt_read_result
fail_with(bt_row_reader *reader, bt_status *status, bt_code code, const char *message)
{
	bt_status_set(status, code, "%s", message);
	return fail(reader, status, status);
}

static bt_read_result
done(bt_row_reader *reader)
{
	bt_row_reader_stop(reader);
	return BT_READ_DONE;
}

/* ---- operations ---- */

/* How many ranges, from the end where the scan begins, fit into a request. */
static size_t
count_ranges(const bt_row_reader *reader)
{
	const bt_row_set *rows = reader->spec.rows;
	size_t bytes = 0;
	size_t n = 0;

	while (n < rows->nranges)
	{
		size_t i = reader->spec.reversed ? rows->nranges - 1 - n : n;

		bytes += bt_range_wire_size(&rows->ranges[i]);
		if (bytes > MAX_ROW_SET_BYTES && n > 0)
			break;
		n++;
	}
	return n;
}

/* Takes what an operation has read off the row set. */
static void
drop_ranges(bt_row_reader *reader)
{
	bt_row_set *rows = reader->spec.rows;

	if (!reader->spec.reversed)
	{
		rows->ranges += reader->nranges;
		rows->capacity -= reader->nranges;
	}
	rows->nranges -= reader->nranges;
	reader->nranges = 0;
}

static void
begin_operation(bt_row_reader *reader)
{
	const bt_row_set *rows = reader->spec.rows;
	int64_t now = bt_rpc_now_us();
	bt_retry_policy policy = reader->spec.retry;
	bt_span key;

	reader->single_key = rows->nranges == 1 && bt_range_is_key(&rows->ranges[0], &key);
	reader->nranges = count_ranges(reader);
	bt_retry_policy_fill(&policy, reader->single_key ? &key_policy : &scan_policy);
	bt_retry_start(&reader->retry, &policy, now, (uint64_t) now ^ (uint64_t) getpid());
	bt_headers_restart(&reader->headers);
	bt_chunk_decoder_restart(reader->decoder, reader->spec.reversed);
	reader->attempt_at_us = now;
	reader->state = READER_BACKOFF;
}

/* ---- attempts ---- */

static bt_call *
send_request(bt_row_reader *reader, bt_status *status)
{
	const bt_read_spec *spec = &reader->spec;
	size_t first = spec->reversed ? spec->rows->nranges - reader->nranges : 0;
	int64_t deadline_us = bt_retry_deadline_us(&reader->retry);
	bt_read_rows_request request = {
		.kind = spec->kind,
		.resource = spec->resource,
		.app_profile = spec->app_profile,
		.ranges = spec->rows->ranges + first,
		.nranges = reader->nranges,
		.filter = spec->filter,
		.rows_limit = reader->rows_left > 0 ? reader->rows_left : 0,
		.reversed = spec->reversed,
		.want_stats = spec->want_stats,
	};
	const bt_header *headers;
	bt_buffer buffer;
	bt_call *call;
	size_t nheaders;

	if (reader->single_key)
	{
		int64_t attempt_us = bt_rpc_now_us() + reader->retry.policy.attempt_timeout_us;

		request.rows_limit = 1;
		if (attempt_us < deadline_us)
			deadline_us = attempt_us;
	}
	reader->deadline_us = bt_host_deadline_us(reader->host, deadline_us);
	reader->until_host = reader->deadline_us < deadline_us;
	headers = bt_headers_list(&reader->headers, reader->retry.attempts, &nheaders);
	if (headers == NULL || !bt_pack_read_rows(&request, &buffer))
	{
		bt_status_set(status, BT_RESOURCE_EXHAUSTED, "out of memory");
		return NULL;
	}
	call = bt_call_start(reader->channel, METHOD, bt_buffer_span(&buffer), headers,
						 nheaders, reader->deadline_us, status);
	free(buffer.data);
	return call;
}

static bool
begin_attempt(bt_row_reader *reader, bt_status *status)
{
	reader->call = send_request(reader, status);
	if (reader->call == NULL)
		return false;
	reader->counters.requests++;
	if (reader->retry.attempts > 0)
		reader->counters.retries++;
	reader->retry.attempts++;
	bt_chunk_decoder_resume(reader->decoder);
	reader->waited_us = 0;
	reader->state = READER_STREAMING;
	return true;
}

/*
 * Takes off the operation's ranges what comes before the key.  The ranges of
 * later operations stay as they are: the server has not been asked for them,
 * however far it says that it has scanned.
 */
static void
drop_covered(bt_row_reader *reader, bt_span key)
{
	bt_row_set *rows = reader->spec.rows;
	size_t asked = reader->nranges;
	size_t dropped;
	bt_row_set part = *rows;

	if (reader->spec.reversed)
		part.ranges += rows->nranges - asked;
	part.nranges = part.capacity = asked;
	bt_row_set_resume(&part, key, reader->spec.reversed);
	dropped = asked - part.nranges;
	if (!reader->spec.reversed)
	{
		memmove(rows->ranges + dropped, rows->ranges, part.nranges * sizeof(bt_range));
		rows->ranges += dropped;
		rows->capacity -= dropped;
	}
	rows->nranges -= dropped;
	reader->nranges = part.nranges;
}

/* Leaves in the row set what the attempts so far have not covered. */
static bool
resume_behind_last_key(bt_row_reader *reader)
{
	bt_span last = bt_chunk_decoder_last_key(reader->decoder);
	uint8_t *bytes;

	if (last.len == 0 || bt_span_equal(last, reader->resume_key))
		return true;
	bytes = malloc(last.len);
	if (bytes == NULL)
		return false;
	memcpy(bytes, last.data, last.len);
	last.data = bytes;
	drop_covered(reader, last);

	/* The bound that pointed to the old key has moved on to the new one. */
	free((uint8_t *) reader->resume_key.data);
	reader->resume_key = last;
	return true;
}

/*
 * Has the call ended because the host's time was up, while the host goes on?
 * A cursor is read by one statement after another, each with a time of its
 * own; and what a server is told of a long time is a little less than that.
 */
static bool
has_host_more_time(const bt_row_reader *reader, const bt_status *cause)
{
	int64_t now = bt_rpc_now_us();

	return cause->code == BT_DEADLINE_EXCEEDED && reader->until_host &&
		   now > reader->deadline_us - MIN_HOST_TIME_US &&
		   bt_host_deadline_us(reader->host, INT64_MAX) > now + MIN_HOST_TIME_US;
}

/*
 * An attempt has failed: either the scan goes on behind the last key after a
 * while, or it fails.  Returns READ_ROW to say "go on".
 */
static bt_read_result
after_failure(bt_row_reader *reader, const bt_status *cause, bt_status *status)
{
	int64_t now = bt_rpc_now_us();
	int64_t delay_us;

	if (!bt_headers_keep_cookies(&reader->headers, reader->call) ||
		!resume_behind_last_key(reader))
		return fail_with(reader, status, BT_RESOURCE_EXHAUSTED, "out of memory");
	end_attempt(reader);
	if (reader->nranges == 0)
	{
		/* The server had sent everything but its OK. */
		reader->state = READER_NEXT_OPERATION;
		return BT_READ_ROW;
	}
	if (bt_channel_is_connected(reader->channel))
		bt_retry_connected(&reader->retry);
	if (has_host_more_time(reader, cause))
		delay_us = 0;
	else if (!bt_retry_after(&reader->retry, cause, now, &delay_us))
		return fail(reader, cause, status);
	reader->attempt_at_us = now + delay_us;
	reader->state = READER_BACKOFF;
	return BT_READ_ROW;
}

/* The stream has ended by itself. */
static bt_read_result
after_end(bt_row_reader *reader, bt_status *status)
{
	bt_status cause;

	bt_call_status(reader->call, &cause);
	if (cause.code != BT_OK)
	{
		cause.retry_delay_us = bt_headers_retry_delay(reader->call);
		return after_failure(reader, &cause, status);
	}
	if (bt_chunk_decoder_in_row(reader->decoder))
		return fail_with(reader, status, BT_INTERNAL,
						 "invalid ReadRows response: the stream ended within a row");
	end_attempt(reader);
	drop_ranges(reader);
	reader->state = READER_NEXT_OPERATION;
	return BT_READ_ROW;
}

/* ---- states ---- */

/* There is nothing to go on with, and no wait is allowed. */
static bt_read_result
starve(bt_row_reader *reader)
{
	reader->starved = true;
	return BT_READ_INTERRUPTED;
}

static bt_read_result
run_backoff(bt_row_reader *reader, bt_status *status)
{
	int64_t left;

	while ((left = reader->attempt_at_us - bt_rpc_now_us()) > 0)
	{
		if (reader->polled)
			return starve(reader);
		if (bt_channel_sleep(reader->channel, reader->host, left) == BT_WAIT_INTERRUPTED)
			return BT_READ_INTERRUPTED;
	}
	if (!begin_attempt(reader, status))
		return fail(reader, status, status);
	return BT_READ_ROW;
}

/* How long the call may still stay silent. */
static int64_t
patience_us(const bt_row_reader *reader)
{
	return reader->retry.policy.attempt_timeout_us - reader->waited_us;
}

/* Waits for a message, and gives it to the decoder. */
static bt_read_result
receive(bt_row_reader *reader, bt_status *status)
{
	const bt_span *slices;
	bt_status cause;
	int64_t began_us;
	size_t nslices;

	if (reader->polled && !bt_call_is_ready(reader->call) && patience_us(reader) > 0)
		return starve(reader);

	/* A host that never has to wait may go on without a row for long. */
	if (reader->host->wait(reader->host->arg, -1, 0, BT_WAIT_FOR_ANSWER) ==
		BT_WAIT_INTERRUPTED)
		return BT_READ_INTERRUPTED;
	began_us = bt_rpc_now_us();
	switch (bt_call_next(reader->call, reader->host, patience_us(reader)))
	{
		case BT_CALL_INTERRUPTED:
			/* What interrupts need not end the scan, and must not prolong it. */
			reader->waited_us += bt_rpc_now_us() - began_us;
			return BT_READ_INTERRUPTED;
		case BT_CALL_END:
			return after_end(reader, status);
		case BT_CALL_TIMEOUT:
			bt_call_cancel(reader->call);
			bt_status_set(&cause, BT_DEADLINE_EXCEEDED,
						  "no message within the attempt timeout of %.3f s",
						  (double) reader->retry.policy.attempt_timeout_us / 1e6);
			return after_failure(reader, &cause, status);
		case BT_CALL_MESSAGE:
			break;
	}
	reader->waited_us = 0;
	slices = bt_call_message(reader->call, &nslices);
	reader->counters.messages++;
	for (size_t i = 0; i < nslices; i++)
		reader->counters.bytes += (int64_t) slices[i].len;
	bt_retry_progress(&reader->retry);
	bt_chunk_decoder_feed(reader->decoder, slices, nslices);
	return BT_READ_ROW;
}

/*
 * Goes on until there is a row, or something else to tell the host.  Sets
 * *have_row; READ_ROW without a row means that the state has changed.
 */
static bt_read_result
run_stream(bt_row_reader *reader, bt_row *row, bool *have_row, bt_status *status)
{
	bt_read_result result = BT_READ_ROW;
	bt_read_stats stats;

	while (result == BT_READ_ROW && reader->call != NULL)
	{
		switch (bt_chunk_decoder_next(reader->decoder, row, status))
		{
			case BT_DECODE_ROW:
				*have_row = true;
				return BT_READ_ROW;
			case BT_DECODE_SCANNED:
				break; /* the decoder remembers the key */
			case BT_DECODE_STATS:
				if (bt_unpack_read_stats(row->key, &stats))
					reader->counters.rows_seen += stats.rows_seen;
				break;
			case BT_DECODE_MORE:
				result = receive(reader, status);
				break;
			case BT_DECODE_ERROR:
				return fail(reader, status, status);
		}
	}
	return result;
}

/*
 * All rows that the limit allows are here.  Nothing that happens now is an
 * error; wait for the end only if it brings statistics.
 */
static bt_read_result
run_finish(bt_row_reader *reader)
{
	bt_status ignored;
	bool have_row;
	bt_row row;

	while (reader->spec.want_stats && reader->state == READER_FINISHING &&
		   reader->call != NULL)
		if (run_stream(reader, &row, &have_row, &ignored) == BT_READ_INTERRUPTED)
			return BT_READ_INTERRUPTED;
	return done(reader);
}

bt_read_result
bt_row_reader_next(bt_row_reader *reader, bt_row *row, bt_status *status)
{
	bt_read_result result = BT_READ_ROW;
	bool have_row = false;

	while (result == BT_READ_ROW)
	{
		switch (reader->state)
		{
			case READER_IDLE:
				return BT_READ_DONE;
			case READER_FINISHING:
				return run_finish(reader);
			case READER_NEXT_OPERATION:
				if (reader->spec.rows->nranges == 0 || reader->rows_left == 0)
					return done(reader);
				begin_operation(reader);
				break;
			case READER_BACKOFF:
				result = run_backoff(reader, status);
				break;
			case READER_STREAMING:
				result = run_stream(reader, row, &have_row, status);
				if (!have_row)
					break;
				reader->counters.rows++;
				if (reader->rows_left > 0)
					reader->rows_left--;
				if (reader->rows_left == 0 || reader->single_key)
					reader->state = READER_FINISHING;
				return BT_READ_ROW;
		}
	}
	return result;
}

/* ---- many readers ---- */

bool
bt_row_reader_poll(bt_row_reader *reader, bt_row *row, bt_read_result *result,
				   bt_status *status)
{
	reader->polled = true;
	reader->starved = false;
	*result = bt_row_reader_next(reader, row, status);
	reader->polled = false;
	return !reader->starved;
}

bt_call *
bt_row_reader_waits_for(const bt_row_reader *reader, int64_t *left_us)
{
	*left_us = reader->call != NULL ? patience_us(reader)
									: reader->attempt_at_us - bt_rpc_now_us();
	return reader->call;
}

void
bt_row_reader_waited(bt_row_reader *reader, int64_t us)
{
	reader->waited_us += us;
}
