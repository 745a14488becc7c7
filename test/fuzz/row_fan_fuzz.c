/*-------------------------------------------------------------------------
 *
 * row_fan_fuzz.c
 *	  ReadRows by one stream and by several, from a server that is faulty but
 *	  honest.
 *
 * Input: what to read, how to cut it, and what the server does.  The table has
 * 64 rows.  Streams break off, time out and are interrupted wherever the input
 * says; the rows must be exactly those of the set, in the order that was asked
 * for, up to the limit, unless the scan fails.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz_input.h"

#include "bigtable.pb-c.h"
#include "fake_rpc.h"
#include "row_fan.h"

#define NKEYS 64
#define MAX_RANGES 12
#define MAX_CUTS 5
#define MAX_CALLS 16

typedef Google__Bigtable__V2__ReadRowsRequest pb_request;
typedef Google__Bigtable__V2__RowRange pb_range;

/* A stream that is under way: the rows that it has still to send. */
typedef struct stream
{
	const bt_call *call; /* NULL: unused */
	unsigned rows[NKEYS];
	size_t nrows;
	size_t sent;
} stream;

typedef struct scan
{
	fuzz_input *input;
	bool reversed;
	stream streams[MAX_CALLS];
	bool wanted[NKEYS];
	bool seen[NKEYS];
	int64_t limit; /* 0: none */
	int64_t rows;
	int last; /* the row that came last; -1: none */
} scan;

/* Keys of two letters, so that some lie between others' prefixes. */
static uint8_t keys[NKEYS][2];

static bt_span
key_of(unsigned i)
{
	return bt_span_make(keys[i], 2);
}

static void
make_keys(void)
{
	for (unsigned i = 0; i < NKEYS; i++)
	{
		keys[i][0] = (uint8_t) ('a' + i / 8);
		keys[i][1] = (uint8_t) ('a' + i % 8);
	}
}

/* ---- the server ---- */

static stream *
find_stream(scan *scan, const bt_call *call)
{
	for (size_t i = 0; i < MAX_CALLS; i++)
		if (scan->streams[i].call == call)
			return &scan->streams[i];
	FUZZ_CHECK(false, "more streams than there may be");
	return NULL;
}

static bool
range_has(const pb_range *range, bt_span key)
{
	bt_span start = bt_span_make(range->start_key_open.data, range->start_key_open.len);
	bt_span end = bt_span_make(range->end_key_open.data, range->end_key_open.len);
	int from = bt_span_compare(key, start);
	int to = bt_span_compare(key, end);

	if (range->start_key_case ==
			GOOGLE__BIGTABLE__V2__ROW_RANGE__START_KEY_START_KEY_OPEN &&
		from <= 0)
		return false;
	if (range->start_key_case ==
			GOOGLE__BIGTABLE__V2__ROW_RANGE__START_KEY_START_KEY_CLOSED &&
		from < 0)
		return false;
	if (range->end_key_case == GOOGLE__BIGTABLE__V2__ROW_RANGE__END_KEY_END_KEY_OPEN)
		return to < 0;
	return range->end_key_case !=
			   GOOGLE__BIGTABLE__V2__ROW_RANGE__END_KEY_END_KEY_CLOSED ||
		   to <= 0;
}

static bool
request_has(const pb_request *request, bt_span key)
{
	for (size_t i = 0; i < request->rows->n_row_keys; i++)
		if (bt_span_equal(key, bt_span_make(request->rows->row_keys[i].data,
											request->rows->row_keys[i].len)))
			return true;
	for (size_t i = 0; i < request->rows->n_row_ranges; i++)
		if (range_has(request->rows->row_ranges[i], key))
			return true;
	return false;
}

static void
see_request(void *arg, const bt_call *call, bt_span bytes)
{
	scan *scan = arg;
	stream *stream = find_stream(scan, NULL);
	pb_request *request =
		google__bigtable__v2__read_rows_request__unpack(NULL, bytes.len, bytes.data);

	FUZZ_CHECK(request != NULL, "a malformed request");
	FUZZ_CHECK(request->rows != NULL &&
				   request->rows->n_row_keys + request->rows->n_row_ranges > 0,
			   "a request for the whole table");
	FUZZ_CHECK(request->reversed == scan->reversed, "another direction");
	stream->call = call;
	stream->nrows = stream->sent = 0;
	for (unsigned i = 0; i < NKEYS; i++)
	{
		unsigned row = scan->reversed ? NKEYS - 1 - i : i;

		if (request_has(request, key_of(row)) &&
			(request->rows_limit == 0 || (int64_t) stream->nrows < request->rows_limit))
		{
			FUZZ_CHECK(scan->wanted[row], "a row that nobody wants is asked for");
			stream->rows[stream->nrows++] = row;
		}
	}
	google__bigtable__v2__read_rows_request__free_unpacked(request, NULL);
}

/* A row of one cell: key, family "F", no qualifier to speak of, commit. */
static uint8_t *
put_row(uint8_t *out, unsigned row)
{
	static const uint8_t rest[] = {0x12, 3, 0x0a, 1, 'F', 0x1a, 0, 0x48, 1};

	*out++ = 0x0a;
	*out++ = 4 + sizeof(rest);
	*out++ = 0x0a;
	*out++ = 2;
	memcpy(out, keys[row], 2);
	memcpy(out + 2, rest, sizeof(rest));
	return out + 2 + sizeof(rest);
}

/* The next few rows. */
static bt_span
answer(void *arg, const bt_call *call)
{
	scan *scan = arg;
	stream *stream = find_stream(scan, call);
	size_t n = 1 + fuzz_below(scan->input, 8);
	uint8_t *message = test_arena_alloc(&scan->input->arena, 8 * 16);
	uint8_t *out = message;

	for (size_t i = 0; i < n && stream->sent < stream->nrows; i++)
		out = put_row(out, stream->rows[stream->sent++]);
	return bt_span_make(message, (size_t) (out - message));
}

static bool
all_sent(void *arg, const bt_call *call)
{
	stream *stream = find_stream(arg, call);

	return stream->sent == stream->nrows;
}

static void
see_message(void *arg, const bt_call *call, bt_span message)
{
	(void) arg;
	(void) call;
	(void) message;
}

static void
see_end(void *arg, const bt_call *call)
{
	find_stream(arg, call)->call = NULL;
}

/* ---- the scan ---- */

static bt_range
a_range(fuzz_input *input)
{
	bt_span from = key_of(fuzz_below(input, NKEYS));
	bt_range range = bt_range_key(from);

	if (fuzz_bool(input))
	{
		range = bt_range_from(from, fuzz_bool(input));
		range.to.key = key_of(fuzz_below(input, NKEYS));
		range.to.after = fuzz_bool(input);
		range.unbounded = fuzz_below(input, 8) == 7;
	}
	return range;
}

static void
read_set(scan *scan, bt_row_set *rows)
{
	unsigned n = 1 + fuzz_below(scan->input, MAX_RANGES);

	bt_row_set_init(rows, &scan->input->arena.arena);
	for (unsigned i = 0; i < n; i++)
		if (!bt_row_set_add(rows, a_range(scan->input)))
			abort();
	bt_row_set_normalize(rows);
	for (unsigned i = 0; i < NKEYS; i++)
		scan->wanted[i] = bt_row_set_contains(rows, key_of(i));
}

/* Ascending keys at which to cut. */
static size_t
read_cuts(fuzz_input *input, bt_span *cuts)
{
	size_t n = 0;
	unsigned at = 0;

	for (unsigned i = fuzz_below(input, MAX_CUTS + 1); i > 0; i--)
	{
		at += 1 + fuzz_below(input, 24);
		if (at < NKEYS)
			cuts[n++] = key_of(at);
	}
	return n;
}

static void
see_row(scan *scan, const bt_row *row, bt_fan_order order)
{
	int i = (row->key.data[0] - 'a') * 8 + row->key.data[1] - 'a';

	FUZZ_CHECK(row->key.len == 2 && i >= 0 && i < NKEYS, "a row that was not sent");
	FUZZ_CHECK(scan->wanted[i], "a row that nobody wants");
	FUZZ_CHECK(!scan->seen[i], "a row twice");
	FUZZ_CHECK(order == BT_FAN_ANY || scan->last < 0 ||
				   (scan->reversed ? i < scan->last : i > scan->last),
			   "a row out of order");
	FUZZ_CHECK(scan->limit == 0 || scan->rows < scan->limit, "a row beyond the limit");
	scan->seen[i] = true;
	scan->last = i;
	scan->rows++;
}

/* All rows that there should be, and where order counts, no gap in them. */
static void
check_all_seen(const scan *scan, bt_fan_order order)
{
	int64_t wanted = 0;
	bool missed = false;

	for (unsigned i = 0; i < NKEYS; i++)
	{
		unsigned row = scan->reversed ? NKEYS - 1 - i : i;

		wanted += scan->wanted[row];
		missed |= scan->wanted[row] && !scan->seen[row];
		FUZZ_CHECK(order == BT_FAN_ANY || !missed || !scan->seen[row], "a row is lost");
	}
	if (scan->limit > 0 && wanted > scan->limit)
		wanted = scan->limit;
	FUZZ_CHECK(scan->rows == wanted, "rows are lost");
}

static void
run(bt_row_fan *fan, scan *scan, bt_fan_order order)
{
	bt_read_result result;
	bt_status status;
	bt_row row;

	do
	{
		result = bt_row_fan_next(fan, &row, &status);
		if (result == BT_READ_ROW)
			see_row(scan, &row, order);
	} while (result == BT_READ_ROW || result == BT_READ_INTERRUPTED);
	if (result == BT_READ_DONE)
		check_all_seen(scan, order);
	else
		FUZZ_CHECK(status.code != BT_OK, "an error without one");
	bt_row_fan_stop(fan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input;
	scan scan = {.input = &input, .last = -1};
	const fake_server server = {.request = see_request,
								.answer = answer,
								.message = see_message,
								.end = see_end,
								.all_sent = all_sent,
								.arg = &scan};
	bt_fan_spec spec = {.read = {.kind = BT_RESOURCE_TABLE,
								 .resource = "projects/p/instances/i/tables/t"}};
	bt_span cuts[MAX_CUTS];
	bt_row_fan *fan;
	bt_row_set rows;
	bt_status status;

	if (size > 4096)
		return 0;
	make_keys();
	fuzz_begin(&input, data, size);
	fake_rpc_begin(&input, &server);
	read_set(&scan, &rows);
	spec.read.rows = &rows;
	spec.read.reversed = scan.reversed = fuzz_bool(&input);
	spec.read.rows_limit = scan.limit = fuzz_bool(&input) ? fuzz_below(&input, 20) : 0;
	spec.order = fuzz_bool(&input) ? BT_FAN_KEYS : BT_FAN_ANY;
	spec.max_streams = fuzz_below(&input, 5);
	spec.cuts = cuts;
	spec.ncuts = read_cuts(&input, cuts);
	fan = bt_row_fan_create(fake_channel(), fake_host());
	if (!bt_row_fan_start(fan, &spec, &status))
		abort();
	run(fan, &scan, spec.order);
	bt_row_fan_free(fan);
	fake_rpc_end();
	fuzz_end(&input);
	return 0;
}
