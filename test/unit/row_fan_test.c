/*-------------------------------------------------------------------------
 *
 * row_fan_test.c
 *	  Many readers as one, against a model that sorts the rows of a table.
 *
 * The readers, the waits and the clock below the fan are made here: readers
 * run dry, are interrupted, wait for a while and fail by chance, and a row's
 * bytes are overwritten when its reader goes on.
 *
 * A key is a byte for the bucket, which follows from the rest, and a number.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "tap.h"
#include "test_arena.h"
#include "test_random.h"

/* What the fan calls, and the fan itself, which the client has, too. */
#define bt_row_reader_create fake_reader_create
#define bt_row_reader_start fake_reader_start
#define bt_row_reader_poll fake_reader_poll
#define bt_row_reader_next fake_reader_next
#define bt_row_reader_waits_for fake_reader_waits_for
#define bt_row_reader_waited fake_reader_waited
#define bt_row_reader_stop fake_reader_stop
#define bt_row_reader_counters fake_reader_counters
#define bt_row_reader_free fake_reader_free
#define bt_calls_wait fake_calls_wait
#define bt_call_is_ready fake_call_is_ready
#define bt_channel_sleep fake_channel_sleep
#define bt_rpc_now_us fake_now_us
#define bt_row_fan_create fan_create
#define bt_row_fan_start fan_start
#define bt_row_fan_next fan_next
#define bt_row_fan_poll fan_poll
#define bt_row_fan_left_us fan_left_us
#define bt_row_fan_waited fan_waited
#define bt_row_fan_stop fan_stop
#define bt_row_fan_free fan_free
#define bt_row_fan_counters fan_counters
#define bt_row_fan_streams fan_streams
#include "row_fan.c"

#define SEED 20240301
#define ROUNDS 600
#define MAX_ROWS 2000
#define KEY_BYTES 6
#define NBUCKETS 4

struct bt_call
{
	bool ready;
};

struct bt_row_reader
{
	bt_read_spec spec;
	bool under_way;
	int rows[MAX_ROWS]; /* numbers, in the order of the stream */
	int nrows;
	int next;
	struct bt_call call;
	int64_t due_us; /* when a backoff is over; 0: none */
	uint8_t key[KEY_BYTES];
	bt_read_counters counters;
};

static test_random rng = {SEED};
static test_arena arena;
static int64_t clock_us;
static unsigned under_way;  /* streams */
static unsigned most;       /* of them */
static unsigned idle_polls; /* of streams that had nothing, since the last wait */
static unsigned bad_polls;  /* more of them than there are streams: a busy wait */
static int fails_at;        /* a row at which its stream fails, or -1 */

/* ---- the table ---- */

static int bucket_of[MAX_ROWS];
static bool exists[MAX_ROWS];

static void
write_key(uint8_t *out, int number)
{
	char digits[KEY_BYTES + 1];

	snprintf(digits, sizeof(digits), "%c%05d", 'a' + bucket_of[number], number);
	memcpy(out, digits, KEY_BYTES);
}

static int
number_of(bt_span key)
{
	char digits[KEY_BYTES] = {0};

	if (key.len != KEY_BYTES)
		return -1;
	memcpy(digits, key.data + 1, KEY_BYTES - 1);
	return atoi(digits);
}

static bt_span
key_of(int number)
{
	uint8_t *bytes = test_arena_alloc(&arena, KEY_BYTES);

	write_key(bytes, number);
	return bt_span_make(bytes, KEY_BYTES);
}

static int
compare_keys(const void *a, const void *b)
{
	int x = *(const int *) a;
	int y = *(const int *) b;

	return bucket_of[x] != bucket_of[y] ? bucket_of[x] - bucket_of[y] : x - y;
}

static int
compare_numbers(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

/* The rows of a set, in the order of the keys, or of the numbers. */
static int
find_rows(const bt_row_set *set, bool by_number, bool reversed, int *rows)
{
	int n = 0;
	uint8_t bytes[KEY_BYTES];

	for (int i = 0; i < MAX_ROWS; i++)
	{
		write_key(bytes, i);
		if (exists[i] && bt_row_set_contains(set, bt_span_make(bytes, KEY_BYTES)))
			rows[n++] = i;
	}
	qsort(rows, (size_t) n, sizeof(int), by_number ? compare_numbers : compare_keys);
	for (int i = 0; reversed && i < n / 2; i++)
	{
		int row = rows[i];

		rows[i] = rows[n - 1 - i];
		rows[n - 1 - i] = row;
	}
	return n;
}

/* ---- readers ---- */

bt_row_reader *
fake_reader_create(bt_channel *channel, const bt_host *host)
{
	(void) channel;
	(void) host;
	return calloc(1, sizeof(bt_row_reader));
}

bool
fake_reader_start(bt_row_reader *reader, const bt_read_spec *spec, bt_status *status)
{
	(void) status;
	fake_reader_stop(reader);
	reader->spec = *spec;
	reader->nrows = find_rows(spec->rows, false, spec->reversed, reader->rows);
	if (spec->rows_limit > 0 && reader->nrows > spec->rows_limit)
		reader->nrows = (int) spec->rows_limit;
	reader->next = 0;
	reader->call.ready = false;
	reader->due_us = random_one_in(&rng, 4) ? clock_us + 1 + random_below(&rng, 50) : 0;
	reader->under_way = true;
	if (++under_way > most)
		most = under_way;
	reader->counters.requests++;
	return true;
}

void
fake_reader_stop(bt_row_reader *reader)
{
	memset(reader->key, 0xdd, KEY_BYTES);
	under_way -= reader->under_way;
	reader->under_way = false;
}

void
fake_reader_free(bt_row_reader *reader)
{
	if (reader != NULL)
		fake_reader_stop(reader);
	free(reader);
}

const bt_read_counters *
fake_reader_counters(const bt_row_reader *reader)
{
	return &reader->counters;
}

bt_read_result
fake_reader_next(bt_row_reader *reader, bt_row *row, bt_status *status)
{
	memset(reader->key, 0xdd, KEY_BYTES);
	if (!reader->under_way)
		return BT_READ_DONE;
	if (reader->next < reader->nrows && reader->rows[reader->next] == fails_at)
	{
		fake_reader_stop(reader);
		bt_status_set(status, BT_INTERNAL, "row %d", fails_at);
		return BT_READ_ERROR;
	}
	if (reader->next == reader->nrows)
	{
		fake_reader_stop(reader);
		return BT_READ_DONE;
	}
	write_key(reader->key, reader->rows[reader->next++]);
	memset(row, 0, sizeof(*row));
	row->key = bt_span_make(reader->key, KEY_BYTES);
	reader->counters.rows++;
	return BT_READ_ROW;
}

bool
fake_reader_poll(bt_row_reader *reader, bt_row *row, bt_read_result *result,
				 bt_status *status)
{
	memset(reader->key, 0xdd, KEY_BYTES);
	*result = BT_READ_INTERRUPTED;
	if (random_one_in(&rng, 40))
		return true;
	if (reader->due_us != 0 && reader->due_us <= clock_us)
		reader->due_us = 0;
	if (reader->due_us != 0 || !reader->call.ready)
	{
		bad_polls += ++idle_polls > 2 * NBUCKETS + 100;
		return false;
	}
	if (random_one_in(&rng, 5))
		reader->call.ready = false; /* the message is used up with this row */
	*result = fake_reader_next(reader, row, status);
	return true;
}

bt_call *
fake_reader_waits_for(const bt_row_reader *reader, int64_t *left_us)
{
	*left_us = reader->due_us != 0 ? reader->due_us - clock_us : 1000;
	return reader->due_us != 0 ? NULL : (bt_call *) &reader->call;
}

void
fake_reader_waited(bt_row_reader *reader, int64_t us)
{
	(void) reader;
	(void) us;
}

/* ---- waiting ---- */

int64_t
fake_now_us(void)
{
	return clock_us;
}

static bt_wait_result
host_wait(void *arg, int fd, int64_t timeout_us, bt_wait_reason reason)
{
	(void) arg;
	(void) fd;
	(void) reason;
	idle_polls = 0;
	if (random_one_in(&rng, 10))
		return BT_WAIT_INTERRUPTED;
	clock_us += timeout_us;
	return BT_WAIT_TIMEOUT;
}

bt_wait_result
fake_calls_wait(bt_call *const *calls, size_t n, const bt_host *host, int64_t timeout_us)
{
	bool any = false;

	if (random_one_in(&rng, 4))
		return host_wait(host->arg, 0, timeout_us, BT_WAIT_FOR_ANSWER);
	idle_polls = 0;
	while (!any)
		for (size_t i = 0; i < n; i++)
			if (random_one_in(&rng, 3))
				any = calls[i]->ready = true;
	clock_us += random_below(&rng, 10);
	return BT_WAIT_READY;
}

bt_wait_result
fake_channel_sleep(bt_channel *channel, const bt_host *host, int64_t timeout_us)
{
	(void) channel;
	return host_wait(host->arg, -1, timeout_us, BT_WAIT_FOR_RETRY);
}

bool
fake_call_is_ready(const bt_call *call)
{
	return call->ready;
}

/*
 * What bt_row_fan_next() does, for a host that waits by itself.  Of a fan that can
 * go on, bt_row_fan_left_us() says so.
 */
static bt_read_result
next_by_polls(bt_row_fan *fan, bt_row *row, bt_status *status)
{
	bt_read_result result;

	while (!fan_poll(fan, row, &result, status))
	{
		int64_t left_us = fan_left_us(fan);
		int64_t waited_us = left_us < 10 ? left_us : random_below(&rng, 10);

		idle_polls = 0;
		for (size_t i = 0; i < fan->nslots; i++)
			if (fan->slots[i].reader != NULL && random_one_in(&rng, 3))
				fan->slots[i].reader->call.ready = true;
		clock_us += waited_us;
		fan_waited(fan, waited_us);
	}
	return result;
}

/* ---- a scan ---- */

typedef struct scan
{
	bt_fan_spec spec;
	bt_row_set rows;
	bt_span cuts[NBUCKETS];
	int expected[MAX_ROWS];
	int nexpected;
	int got[MAX_ROWS];
	int ngot;
	int stop_at; /* the host ends the scan after so many rows, or -1 */
	bt_read_result end;
	bt_status status;
} scan;

/* Keys, or keys and ranges, a few or many. */
static void
draw_rows(bt_row_set *set)
{
	unsigned n =
		random_one_in(&rng, 3) ? random_below(&rng, 10) : random_below(&rng, MAX_ROWS);
	unsigned ranges = random_one_in(&rng, 2) ? 0 : random_below(&rng, 12);

	bt_row_set_init(set, &arena.arena);
	for (unsigned i = 0; i < n; i++)
		(void) bt_row_set_add(set,
							  bt_range_key(key_of((int) random_below(&rng, MAX_ROWS))));
	for (unsigned i = 0; i < ranges; i++)
	{
		bt_range range = bt_range_from(key_of((int) random_below(&rng, MAX_ROWS)), true);

		range.to = bt_range_to(key_of((int) random_below(&rng, MAX_ROWS)), false).to;
		range.unbounded = false;
		(void) bt_row_set_add(set, range);
	}
	bt_row_set_normalize(set);
}

static void
draw_scan(scan *scan)
{
	static const bt_fan_order orders[] = {BT_FAN_ANY, BT_FAN_KEYS, BT_FAN_MERGED};

	memset(scan, 0, sizeof(*scan));
	for (int i = 0; i < MAX_ROWS; i++)
	{
		bucket_of[i] = (int) random_below(&rng, NBUCKETS);
		exists[i] = random_one_in(&rng, 2);
	}
	draw_rows(&scan->rows);
	scan->spec.order = orders[random_below(&rng, 3)];
	scan->spec.max_streams = random_below(&rng, 6);
	scan->spec.skip = 1;
	scan->spec.read.rows = &scan->rows;
	scan->spec.read.reversed = random_one_in(&rng, 2);
	if (random_one_in(&rng, 3))
		scan->spec.read.rows_limit = 1 + random_below(&rng, MAX_ROWS / 2);
	if (scan->spec.order == BT_FAN_MERGED || random_one_in(&rng, 4))
	{
		scan->spec.cuts = scan->cuts;
		for (size_t i = 1; i < NBUCKETS; i++)
		{
			uint8_t *bytes = test_arena_alloc(&arena, 1);

			bytes[0] = (uint8_t) ('a' + i);
			scan->cuts[scan->spec.ncuts++] = bt_span_make(bytes, 1);
		}
	}
	scan->nexpected = find_rows(&scan->rows, scan->spec.order == BT_FAN_MERGED,
								scan->spec.read.reversed, scan->expected);
	fails_at = -1;
	if (random_one_in(&rng, 5) && scan->nexpected > 0)
		fails_at = scan->expected[random_below(&rng, (unsigned) scan->nexpected)];
	scan->stop_at = random_one_in(&rng, 5) ? (int) random_below(&rng, 100) : -1;
}

static void
run_scan(scan *scan, bt_row_fan *fan)
{
	bt_row row;

	most = idle_polls = 0;
	if (!fan_start(fan, &scan->spec, &scan->status))
		abort();
	while (scan->ngot != scan->stop_at)
	{
		scan->end = random_one_in(&rng, 3) ? next_by_polls(fan, &row, &scan->status)
										   : fan_next(fan, &row, &scan->status);
		if (scan->end == BT_READ_ROW && scan->ngot < MAX_ROWS)
			scan->got[scan->ngot++] = number_of(row.key);
		else if (scan->end != BT_READ_INTERRUPTED)
			break;
	}
	if (scan->ngot == scan->stop_at)
		fan_stop(fan);
}

/* Are the rows the first ones of those expected, or, in any order, some of them? */
static bool
has_right_rows(const scan *scan)
{
	bool seen[MAX_ROWS] = {false};

	for (int i = 0; i < scan->ngot; i++)
	{
		int row = scan->got[i];

		if (scan->spec.order != BT_FAN_ANY && row != scan->expected[i])
			return false;
		if (row < 0 || row >= MAX_ROWS || seen[row])
			return false;
		seen[row] = true;
	}
	for (int i = 0; i < scan->nexpected; i++)
		seen[scan->expected[i]] = false;
	for (int i = 0; i < MAX_ROWS; i++)
		if (seen[i])
			return false;
	return true;
}

/* Has it ended where it should? */
static bool
ends_right(const scan *scan)
{
	int limit = (int) scan->spec.read.rows_limit;
	int n = limit > 0 && limit < scan->nexpected ? limit : scan->nexpected;

	if (scan->stop_at >= 0 && scan->ngot == scan->stop_at)
		return true;
	if (scan->end == BT_READ_ERROR)
	{
		/* In the order of keys, all rows before the error have been given out. */
		return fails_at >= 0 && scan->status.code == BT_INTERNAL && scan->ngot < n &&
			   (scan->spec.order != BT_FAN_KEYS ||
				scan->expected[scan->ngot] == fails_at);
	}
	return scan->end == BT_READ_DONE && scan->ngot == n;
}

/* ---- cutting ---- */

static void
test_split(void)
{
	bt_row_set set;
	bt_row_set parts[64];
	size_t n;
	size_t sum = 0;

	bt_row_set_init(&set, &arena.arena);
	for (int i = 0; i < 2000; i++)
		(void) bt_row_set_add(&set, bt_range_key(key_of(i)));
	bt_row_set_normalize(&set);
	is_int((long long) bt_row_split_count(&set, 1, 0), 1, "one stream: one part");
	is_int((long long) bt_row_split_count(&set, 4, 0), 4, "2,000 keys: a part a stream");
	is_int((long long) bt_row_split_count(&set, 2, 0), 2, "at most 1,000 keys a part");
	is_int((long long) bt_row_split_count(&set, 4, 10), 1, "a small limit: one part");
	is_int((long long) bt_row_split_count(&set, 4, 1500), 4, "a large one: as without");
	n = bt_row_split(&set, 4, parts);
	is_int((long long) n, 4, "as many parts");
	for (size_t i = 0; i < n; i++)
	{
		ok(parts[i].nranges == 500, "of the same size");
		sum += parts[i].nranges;
	}
	is_int((long long) sum, 2000, "that have all keys");

	set.nranges = 199;
	is_int((long long) bt_row_split_count(&set, 4, 0), 1, "199 keys: one part");
	set.nranges = 200;
	is_int((long long) bt_row_split_count(&set, 4, 0), 2, "200 keys: two");
	set.nranges = 0;
	is_int((long long) bt_row_split_count(&set, 4, 0), 1, "no keys: one part");

	bt_row_set_init(&set, &arena.arena);
	(void) bt_row_set_add(&set, bt_range_to(key_of(1), true));
	(void) bt_row_set_add(&set, bt_range_key(key_of(3)));
	bt_row_set_normalize(&set);
	is_int((long long) bt_row_split_count(&set, 4, 0), 1, "a range and a key: one part");
	(void) bt_row_set_add(&set, bt_range_from(key_of(5), true));
	is_int((long long) bt_row_split_count(&set, 4, 0), 2, "two ranges: two");
	is_int((long long) bt_row_split_count(&set, 4, 1000), 1, "with a limit: one");
	is_int((long long) bt_row_split(&set, 2, parts), 2, "they are cut");
	ok(parts[1].nranges == 1 && parts[1].ranges[0].unbounded, "between the two");
}

int
main(void)
{
	static const bt_host host = {.wait = host_wait};
	unsigned wrong_rows = 0;
	unsigned wrong_ends = 0;
	unsigned wrong_counts = 0;
	unsigned too_many = 0;
	unsigned several = 0;
	bt_row_fan *fan = fan_create(NULL, &host);

	test_arena_init(&arena);
	memset(bucket_of, 0, sizeof(bucket_of));
	test_split();
	for (unsigned i = 0; i < ROUNDS; i++)
	{
		static scan scan;
		int64_t rows = fan_counters(fan).rows;

		draw_scan(&scan);
		run_scan(&scan, fan);
		if (!has_right_rows(&scan) || !ends_right(&scan))
			diag("round %u: order %d, %d rows of %d", i, (int) scan.spec.order, scan.ngot,
				 scan.nexpected);
		wrong_rows += !has_right_rows(&scan);
		wrong_ends += !ends_right(&scan);
		wrong_counts += fan_counters(fan).rows - rows != scan.ngot || under_way > 0;
		too_many += scan.spec.order == BT_FAN_MERGED
						? most > NBUCKETS
						: most > 1 && most > scan.spec.max_streams;
		several += most > 1;
		if (random_one_in(&rng, 50))
		{
			fan_free(fan);
			fan = fan_create(NULL, &host);
		}
		test_arena_reset(&arena);
	}
	fan_free(fan);
	is_int(wrong_rows, 0, "all scans yield their rows, in their order");
	is_int(wrong_ends, 0, "all scans end where they should");
	is_int(wrong_counts, 0, "rows are counted once, and nothing stays under way");
	is_int(too_many, 0, "no scan has more streams than it may");
	ok(several > ROUNDS / 4, "many scans have several streams (%u)", several);
	is_int(bad_polls, 0, "nothing is polled again and again");
	return tap_done();
}
