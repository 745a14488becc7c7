/*-------------------------------------------------------------------------
 *
 * client_race.c
 *	  The client with all its threads, for ThreadSanitizer to look at.
 *
 * Usage: client_race ADDRESS, of a mock server that replays a table of 2000
 * rows.  Reads all of it, a part of it, and with interrupts; writes with several
 * batches under way; cancels; waits in the thread that waits in our place; and
 * does all of it anew on another channel.
 *
 * gRPC is not instrumented: what it does inside is suppressed, and so is not
 * seen.  What is seen is the memory that our files share between the host's
 * thread and the one that waits in its place.
 *
 *-------------------------------------------------------------------------
 */
#include <poll.h>
#include <stdlib.h>

#include "../unit/tap.h"
#include "../unit/test_arena.h"
#include "mutator.h"
#include "row_reader.h"

#define ROUNDS 20
#define ROWS 2000

static const char resource[] = "projects/p/instances/i/tables/t";

/* A host that sleeps in poll(), and is interrupted every so many waits. */
typedef struct sleeper
{
	unsigned waits;
	unsigned interrupted_every; /* 0: never */
} sleeper;

static bt_wait_result
sleep_in_poll(void *arg, int fd, int64_t timeout_us, bt_wait_reason reason)
{
	sleeper *sleeper = arg;
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	int64_t timeout_ms = timeout_us < 0 ? 1000 : (timeout_us + 999) / 1000;

	(void) reason;
	if (sleeper->interrupted_every > 0 &&
		++sleeper->waits % sleeper->interrupted_every == 0)
		return BT_WAIT_INTERRUPTED;
	if (timeout_us == 0 && fd < 0)
		return BT_WAIT_TIMEOUT;
	if (poll(&readable, fd >= 0, timeout_ms > 1000 ? 1000 : (int) timeout_ms) > 0)
		return BT_WAIT_READY;
	return BT_WAIT_TIMEOUT;
}

/* Reads until the end, or that many rows; returns how many there were. */
static long
read_rows(bt_row_reader *reader, test_arena *arena, long most)
{
	bt_row_set rows;
	bt_read_spec spec = {.kind = BT_RESOURCE_TABLE, .resource = resource, .rows = &rows};
	bt_read_result result;
	bt_status status;
	long count = 0;
	bt_row row;

	bt_row_set_init(&rows, &arena->arena);
	if (!bt_row_set_add(&rows, bt_range_all()) ||
		!bt_row_reader_start(reader, &spec, &status))
		abort();
	do
	{
		result = bt_row_reader_next(reader, &row, &status);
		count += result == BT_READ_ROW;
	} while (count < most && (result == BT_READ_ROW || result == BT_READ_INTERRUPTED));
	if (result == BT_READ_ERROR)
		diag("read: %s", status.message);
	bt_row_reader_stop(reader);
	return count;
}

/* Writes; returns how many rows were acknowledged, of which all had to be if finish. */
static unsigned long
write_rows(bt_channel *channel, const bt_host *host, int n, bool finish)
{
	bt_mutator_spec spec = {.target = {.kind = BT_RESOURCE_TABLE, .resource = resource},
							.batch_entries = 50};
	bt_mutation mutation = {.kind = BT_SET_CELL,
							.family = bt_span_str("cf"),
							.qualifier = bt_span_str("q"),
							.timestamp_us = 1000,
							.value = bt_span_str("value")};
	bt_mutator *mutator = bt_mutator_create(channel, host, &spec);
	unsigned long written;
	char key[32];

	for (int i = 0; i < n; i++)
	{
		snprintf(key, sizeof(key), "k%d", i);
		while (bt_mutator_add(mutator, bt_span_str(key), &mutation, 1) ==
			   BT_MUTATE_INTERRUPTED)
			;
	}
	while (finish && bt_mutator_finish(mutator) == BT_MUTATE_INTERRUPTED)
		;
	written = bt_mutator_counters_of(mutator)->written;
	bt_mutator_free(mutator);
	return written;
}

static void
run_round(const char *address, int number)
{
	sleeper sleeper = {0, number % 2 == 0 ? 0 : 7};
	bt_host host = {.wait = sleep_in_poll, .arg = &sleeper};
	bt_status status;
	bt_channel *channel = bt_channel_create_plaintext(address, "client_race", &status);
	bt_row_reader *reader = bt_row_reader_create(channel, &host);
	test_arena arena;

	test_arena_init(&arena);
	is_int(read_rows(reader, &arena, ROWS + 1), ROWS, "round %d: all rows", number);
	is_int(read_rows(reader, &arena, 10), 10, "round %d: the first rows", number);
	is_int((long long) write_rows(channel, &host, 1000, true), 1000, "round %d: written",
		   number);
	ok(write_rows(channel, &host, 300, false) <= 300, "round %d: abandoned", number);
	bt_row_reader_free(reader);
	test_arena_reset(&arena);
	bt_channel_destroy(channel);
}

int
main(int argc, char **argv)
{
	bt_status status;

	if (argc != 2 || !bt_rpc_init(&status))
	{
		fprintf(stderr, "usage: client_race ADDRESS\n");
		return 2;
	}
	for (int i = 0; i < ROUNDS; i++)
		run_round(argv[1], i);
	bt_rpc_shutdown();
	return tap_done();
}
