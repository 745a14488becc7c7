/*-------------------------------------------------------------------------
 *
 * decoder_memory_test.c
 *	  The chunk decoder when memory runs out, at each allocation in turn.
 *
 * The decoder is compiled into this file a second time, under other names (each
 * public function needs one below) and with an allocator that can be told to
 * fail.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#define bt_chunk_decoder_create failing_decoder_create
#define bt_chunk_decoder_free failing_decoder_free
#define bt_chunk_decoder_restart failing_decoder_restart
#define bt_chunk_decoder_resume failing_decoder_resume
#define bt_chunk_decoder_feed failing_decoder_feed
#define bt_chunk_decoder_next failing_decoder_next
#define bt_chunk_decoder_in_row failing_decoder_in_row
#define bt_chunk_decoder_last_key failing_decoder_last_key

#include "chunk_feed.h"
#include "chunk_script.h"
#include "tap.h"

/* Allocations until one fails; the ones after it succeed again. */
static size_t allocations_left = SIZE_MAX;

static bool
may_allocate(void)
{
	return allocations_left-- != 0;
}

static void *
failing_malloc(size_t size)
{
	return may_allocate() ? malloc(size) : NULL;
}

static void *
failing_calloc(size_t n, size_t size)
{
	return may_allocate() ? calloc(n, size) : NULL;
}

static void *
failing_realloc(void *memory, size_t size)
{
	return may_allocate() ? realloc(memory, size) : NULL;
}

#define malloc failing_malloc
#define calloc failing_calloc
#define realloc failing_realloc
#include "../../src/client/chunk_decoder.c"
#undef malloc
#undef calloc
#undef realloc

/* Exercises every buffer: cells, labels, keys, split values, saved rows. */
static const char stream[] =
	"key=row1 fam=F qual=Q ts=1 label=l value=v\n"
	"ts=2 label=m value=ab more=4\n"
	"value=cd more=4\n"
	"value=ef\n"
	"fam=G qual=R ts=3 commit\n"
	"scanned=row1a%00a%20key%20that%20is%20longer%20than%20the%20others\n"
	"key=row2 fam=F qual=Q value=w commit\n"
	"scanned=row3-is-a-key-that-is-longer-still,-by-far,-than-all-the-others,"
	"-so-that-the-buffer-for-the-last-key-has-to-grow\n";

static const char rows[] =
	"row row1\n  F:Q @1 = v [l]\n  F:Q @2 = abcdef [m]\n  G:R @3 = \n"
	"scanned row1a%00a%20key%20that%20is%20longer%20than%20the%20others\n"
	"row row2\n  F:Q @0 = w\n"
	"scanned row3-is-a-key-that-is-longer-still%2c-by-far%2c-than-all-the-others%2c"
	"-so-that-the-buffer-for-the-last-key-has-to-grow\n"
	"end\n";

static test_random rng = {1414};

/* One chunk a message, a byte a slice; the record is freed by the caller. */
static byte_buffer
decode(bt_chunk_decoder *decoder)
{
	chunk_script *script = script_parse(stream, ENCODING_PLAIN);
	chunk_feed feed = chunk_feed_make(decoder, &rng, SLICES_BYTES, false);

	for (size_t i = 0; i < script->nitems && !feed.failed; i++)
	{
		byte_buffer message = script_message(script, i, i + 1);

		chunk_feed_message(&feed, bt_span_make(message.data, message.len));
		buffer_free(&message);
	}
	script_free(script);
	return chunk_feed_end(&feed);
}

/* The rows up to some line, then the error. */
static bool
ran_out(const char *record)
{
	static const char error[] = "error out of memory\n";
	size_t len = strlen(record);

	if (len < strlen(error) || strcmp(record + len - strlen(error), error) != 0)
		return false;
	return strncmp(record, rows, len - strlen(error)) == 0;
}

/* Fails one allocation; returns whether the decoder got as far. */
static bool
check_failure(size_t allocation)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	byte_buffer record;
	bool failed;

	allocations_left = allocation;
	record = decode(decoder);
	failed = strcmp(buffer_text(&record), rows) != 0;
	allocations_left = SIZE_MAX;
	if (failed && !ok(ran_out(buffer_text(&record)), "allocation %zu fails", allocation))
		diag_text("got", buffer_text(&record));
	buffer_free(&record);

	bt_chunk_decoder_restart(decoder, false);
	record = decode(decoder);
	if (failed)
		is_text(buffer_text(&record), rows, "... the decoder can be used again");
	buffer_free(&record);
	bt_chunk_decoder_free(decoder);
	return failed;
}

int
main(void)
{
	bt_chunk_decoder *decoder;
	size_t allocation = 0;

	allocations_left = 0;
	decoder = bt_chunk_decoder_create();
	allocations_left = SIZE_MAX;
	ok(decoder == NULL, "without memory there is no decoder");

	while (check_failure(allocation))
		allocation++;

	/* Cells, labels, two pools, and two sizes of the last key. */
	ok(allocation >= 6, "several allocations have failed");
	return tap_done();
}
