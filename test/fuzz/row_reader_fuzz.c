/*-------------------------------------------------------------------------
 *
 * row_reader_fuzz.c
 *	  ReadRows against a server that says anything.
 *
 * Input: what to read, and what the server does.  Whatever that is, each
 * request asks for what lies behind the last row and within the limit, rows
 * come in order, no more than the limit of them, and the scan ends.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz_input.h"

#include "bigtable.pb-c.h"
#include "fake_rpc.h"
#include "row_reader.h"

#define MAX_KEYS 6
#define MAX_ROW_BYTES 32

typedef Google__Bigtable__V2__ReadRowsRequest pb_request;
typedef Google__Bigtable__V2__RowRange pb_range;

typedef struct scan
{
	fuzz_input *input;
	bool reversed;
	int64_t limit; /* 0: none */
	int64_t rows;
	uint8_t last[8192]; /* key of the last row */
	size_t last_len;
	unsigned requests;
} scan;

/* ---- the server ---- */

/* Is the key beyond the last row? */
static bool
is_beyond(const scan *scan, bt_span key)
{
	int cmp = bt_span_compare(key, bt_span_make(scan->last, scan->last_len));

	return scan->last_len == 0 || (scan->reversed ? cmp < 0 : cmp > 0);
}

/* The end of a range where the scan begins must not take it back. */
static bool
range_is_beyond(const scan *scan, const pb_range *range)
{
	bool open_start = range->start_key_case ==
					  GOOGLE__BIGTABLE__V2__ROW_RANGE__START_KEY_START_KEY_OPEN;
	bool open_end =
		range->end_key_case == GOOGLE__BIGTABLE__V2__ROW_RANGE__END_KEY_END_KEY_OPEN;
	bt_span start = bt_span_make(range->start_key_open.data, range->start_key_open.len);
	bt_span end = bt_span_make(range->end_key_open.data, range->end_key_open.len);
	bt_span last = bt_span_make(scan->last, scan->last_len);

	if (scan->last_len == 0)
		return true;
	if (scan->reversed)
		return range->end_key_case != 0 &&
			   bt_span_compare(end, last) < (open_end ? 1 : 0);
	return range->start_key_case != 0 &&
		   bt_span_compare(start, last) > (open_start ? -1 : 0);
}

static void
see_request(void *arg, const bt_call *call, bt_span bytes)
{
	scan *scan = arg;
	pb_request *request =
		google__bigtable__v2__read_rows_request__unpack(NULL, bytes.len, bytes.data);

	(void) call;
	scan->requests++;
	FUZZ_CHECK(request != NULL, "a malformed request");
	FUZZ_CHECK(request->rows != NULL &&
				   request->rows->n_row_keys + request->rows->n_row_ranges > 0,
			   "a request for the whole table");
	for (size_t i = 0; i < request->rows->n_row_keys; i++)
		FUZZ_CHECK(is_beyond(scan, bt_span_make(request->rows->row_keys[i].data,
												request->rows->row_keys[i].len)),
				   "a key is asked for again");
	for (size_t i = 0; i < request->rows->n_row_ranges; i++)
		FUZZ_CHECK(range_is_beyond(scan, request->rows->row_ranges[i]),
				   "a range is asked for again");
	FUZZ_CHECK(scan->limit == 0 || (request->rows_limit > 0 &&
									request->rows_limit <= scan->limit - scan->rows),
			   "a limit beyond what is left");
	google__bigtable__v2__read_rows_request__free_unpacked(request, NULL);
}

/* A field of bytes, at most 127. */
static uint8_t *
put(uint8_t *out, uint8_t tag, bt_span bytes)
{
	*out++ = tag;
	*out++ = (uint8_t) bytes.len;
	if (bytes.len > 0)
		memcpy(out, bytes.data, bytes.len);
	return out + bytes.len;
}

/* A message with one row of one cell; a chunk is written by hand. */
static bt_span
answer(void *arg, const bt_call *call)
{
	scan *scan = arg;
	bt_span key = fuzz_bytes(scan->input, 6);
	bt_span value = fuzz_bytes(scan->input, 6);
	uint8_t *chunk = test_arena_alloc(&scan->input->arena, MAX_ROW_BYTES);
	uint8_t *message = test_arena_alloc(&scan->input->arena, MAX_ROW_BYTES + 2);
	uint8_t *out = put(chunk, 0x0a, key);

	(void) call;
	out = put(out, 0x12,
			  bt_span_make("\x0a\x01"
						   "F",
						   3));
	out = put(out, 0x1a, bt_span_make("", 0));
	out = put(out, 0x32, value);
	*out++ = 0x48;
	*out++ = (uint8_t) !fuzz_bool(scan->input);
	out = put(message, 0x0a, bt_span_make(chunk, (size_t) (out - chunk)));
	return bt_span_make(message, (size_t) (out - message));
}

static void
see_message(void *arg, const bt_call *call, bt_span message)
{
	(void) arg;
	(void) call;
	(void) message;
}

/* ---- the scan ---- */

static void
read_set(fuzz_input *input, bt_row_set *rows)
{
	unsigned n = 1 + fuzz_below(input, MAX_KEYS);

	bt_row_set_init(rows, &input->arena.arena);
	for (unsigned i = 0; i < n; i++)
	{
		bt_range range = bt_range_key(fuzz_bytes(input, 6));

		if (fuzz_bool(input))
		{
			range = bt_range_from(range.from.key, fuzz_bool(input));
			range.unbounded = fuzz_bool(input);
			range.to.key = fuzz_bytes(input, 6);
		}
		if (!bt_row_set_add(rows, range))
			abort();
	}
	bt_row_set_normalize(rows);
}

static void
see_row(scan *scan, const bt_row *row)
{
	volatile uint8_t sum = 0;

	FUZZ_CHECK(row->key.len > 0 && is_beyond(scan, row->key), "a row out of order");
	FUZZ_CHECK(row->ncells > 0, "a row without a cell");
	for (size_t i = 0; i < row->ncells; i++)
		for (size_t j = 0; j < row->cells[i].value.len; j++)
			sum = (uint8_t) (sum + row->cells[i].value.data[j]);
	scan->rows++;
	FUZZ_CHECK(scan->limit == 0 || scan->rows <= scan->limit, "a row beyond the limit");
	FUZZ_CHECK(row->key.len <= sizeof(scan->last), "a key longer than the input");
	memcpy(scan->last, row->key.data, row->key.len);
	scan->last_len = row->key.len;
}

static void
run(bt_row_reader *reader, scan *scan)
{
	bt_read_result result;
	bt_status status;
	bt_row row;

	do
	{
		unsigned stop = fuzz_byte(scan->input);

		if (stop == 0xff)
			break; /* an early end */
		result = bt_row_reader_next(reader, &row, &status);
		if (result == BT_READ_ROW)
			see_row(scan, &row);
		if (result == BT_READ_ERROR)
			FUZZ_CHECK(status.code != BT_OK, "an error without one");
	} while (result == BT_READ_ROW || result == BT_READ_INTERRUPTED);
	bt_row_reader_stop(reader);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input;
	scan scan = {.input = &input};
	const fake_server server = {
		.request = see_request, .answer = answer, .message = see_message, .arg = &scan};
	bt_read_spec spec = {.kind = BT_RESOURCE_TABLE,
						 .resource = "projects/p/instances/i/tables/t"};
	bt_row_reader *reader;
	bt_row_set rows;
	bt_status status;

	if (size > 4096)
		return 0;
	fuzz_begin(&input, data, size);
	fake_rpc_begin(&input, &server);
	reader = bt_row_reader_create(fake_channel(), fake_host());
	for (unsigned scans = 1 + fuzz_below(&input, 2); scans > 0; scans--)
	{
		read_set(&input, &rows);
		spec.rows = &rows;
		spec.reversed = scan.reversed = fuzz_bool(&input);
		spec.rows_limit = scan.limit = fuzz_below(&input, 8);
		spec.want_stats = fuzz_bool(&input);
		scan.rows = 0;
		scan.last_len = 0;
		if (!bt_row_reader_start(reader, &spec, &status))
			abort();
		run(reader, &scan);
	}
	bt_row_reader_free(reader);
	fake_rpc_end();
	fuzz_end(&input);
	return 0;
}
