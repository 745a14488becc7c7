/*-------------------------------------------------------------------------
 *
 * decoder_fuzz_test.c
 *	  Random and mutated ReadRows streams, decoded twice.
 *
 * The chunk decoder and a plain model on top of protobuf-c must make the same
 * of every stream.  Where protobuf-c is known to differ (protobuf_quirks.h),
 * a stream that a mutation has made may be decoded otherwise; how many are is
 * checked, too, lest the exceptions become the rule.
 *
 * Usage: decoder_fuzz_test [STREAMS [SEED]]
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "chunk_feed.h"
#include "decoder_model.h"
#include "protobuf_quirks.h"
#include "random_stream.h"
#include "tap.h"

#define DEFAULT_STREAMS 20000
#define DEFAULT_SEED 20240519

#define NEVER UINT32_MAX

/* How the streams turned out. */
typedef struct tally
{
	unsigned streams;
	unsigned good;      /* without an error */
	unsigned errors;    /* with a broken rule */
	unsigned malformed; /* with a message that cannot be unpacked */
	unsigned excused;   /* decoded otherwise, because of a quirk */
	unsigned different; /* decoded otherwise */
	unsigned long rows;
} tally;

static test_random rng;

/* ---- mutations ---- */

/* Replaces bytes from "at" on by others. */
static void
replace_bytes(byte_buffer *message, size_t at, size_t removed, const void *added,
			  size_t nadded)
{
	byte_buffer result = {NULL, 0, 0};

	buffer_put(&result, message->data, at);
	buffer_put(&result, added, nadded);
	buffer_put(&result, message->data + at + removed, message->len - at - removed);
	buffer_free(message);
	*message = result;
}

static void
mutate(byte_buffer *message)
{
	static const uint8_t favourites[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x48};
	size_t at = random_below(&rng, (unsigned) message->len);
	size_t run = 1 + random_below(&rng, 12);
	uint8_t byte = random_one_in(&rng, 2) ? favourites[random_below(&rng, 8)]
										  : (uint8_t) random_u64(&rng);
	uint8_t copy[12];

	if (run > message->len - at)
		run = message->len - at;
	memcpy(copy, message->data + at, run);
	switch (random_below(&rng, 12))
	{
		case 0:
			message->len = at;
			break;
		case 1:
			replace_bytes(message, at, 0, &byte, 1);
			break;
		case 2:
			replace_bytes(message, at, run, NULL, 0);
			break;
		case 3:
			replace_bytes(message, at, 0, copy, run);
			break;
		case 4:
		case 5:
			message->data[at] = byte;
			break;
		default:
			message->data[at] ^= (uint8_t) (1 << random_below(&rng, 8));
	}
}

static void
mutate_stream(random_stream *stream)
{
	unsigned times = 1 + random_one_in(&rng, 3);

	for (unsigned i = 0; i < times; i++)
	{
		byte_buffer *message =
			&stream->messages[random_below(&rng, (unsigned) stream->nmessages)];

		if (message->len > 0)
			mutate(message);
	}
}

/* ---- both sides ---- */

static chunk_feed
run_decoder(const random_stream *stream, bt_chunk_decoder *decoder, slicing slicing)
{
	chunk_feed feed = chunk_feed_make(decoder, &rng, slicing, random_one_in(&rng, 2));

	bt_chunk_decoder_restart(decoder, stream->reversed);
	for (size_t i = 0; i < stream->nmessages && !feed.failed; i++)
		chunk_feed_message(&feed, span_of(&stream->messages[i]));
	feed.record = chunk_feed_end(&feed);
	return feed;
}

static decoder_model
run_model(const random_stream *stream)
{
	decoder_model model;

	memset(&model, 0, sizeof(model));
	model.reversed = stream->reversed;
	for (size_t i = 0; i < stream->nmessages && !model.failed && !model.malformed; i++)
		model_message(&model, span_of(&stream->messages[i]));
	model_end(&model);
	return model;
}

/* After a malformed message the decoder may know more rows, and an error. */
static bool
agree(const chunk_feed *feed, const decoder_model *model)
{
	const char *decoded = buffer_text(&feed->record);
	const char *expected = buffer_text(&model->record);

	if (!model->malformed)
		return strcmp(decoded, expected) == 0;
	return feed->failed && strncmp(decoded, expected, strlen(expected)) == 0;
}

static const char *
stream_quirk(const random_stream *stream)
{
	const char *quirk = NULL;

	for (size_t i = 0; i < stream->nmessages && quirk == NULL; i++)
		quirk = response_quirk(span_of(&stream->messages[i]));
	return quirk;
}

static void
explain(const random_stream *stream, const chunk_feed *feed, const decoder_model *model)
{
	diag("streams differ%s%s", stream->reversed ? ", reversed" : "",
		 model->malformed ? ", a message is malformed" : "");
	diag_text("decoder", buffer_text(&feed->record));
	diag_text("model", buffer_text(&model->record));
	for (size_t i = 0; i < stream->nmessages; i++)
	{
		printf("# message %zu: ", i);
		for (size_t j = 0; j < stream->messages[i].len; j++)
			printf("%02x", stream->messages[i].data[j]);
		printf("\n");
	}
}

/* Adds a stream to the tally. */
static void
compare(const random_stream *stream, bt_chunk_decoder *decoder, slicing slicing,
		tally *tally)
{
	decoder_model model = run_model(stream);
	chunk_feed feed = run_decoder(stream, decoder, slicing);

	tally->streams++;
	for (const char *row = buffer_text(&model.record);
		 (row = strstr(row, "row ")) != NULL; row++)
		tally->rows++;
	if (agree(&feed, &model))
	{
		if (model.malformed)
			tally->malformed++;
		else if (model.failed)
			tally->errors++;
		else
			tally->good++;
	}
	else if (stream_quirk(stream) != NULL)
		tally->excused++;
	else if (tally->different++ < 3)
		explain(stream, &feed, &model);
	buffer_free(&feed.record);
	model_free(&model);
}

/* ---- runs ---- */

/* One in "mutations" streams is mutated; a rule is broken one in "faults" times. */
static tally
run(unsigned streams, unsigned faults, unsigned mutations)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	tally tally = {0};

	for (unsigned i = 0; i < streams; i++)
	{
		random_stream stream = random_stream_make(&rng, faults);

		if (random_one_in(&rng, mutations))
			mutate_stream(&stream);
		compare(&stream, decoder, (slicing) (i % SLICINGS), &tally);
		random_stream_free(&stream);
	}
	bt_chunk_decoder_free(decoder);
	diag("%u streams, %lu rows: %u good, %u with errors, %u malformed, "
		 "%u excused, %u different",
		 tally.streams, tally.rows, tally.good, tally.errors, tally.malformed,
		 tally.excused, tally.different);
	return tally;
}

int
main(int argc, char **argv)
{
	unsigned streams = argc > 1 ? (unsigned) strtoul(argv[1], NULL, 10) : DEFAULT_STREAMS;
	tally t;

	rng.state = argc > 2 ? strtoull(argv[2], NULL, 10) : DEFAULT_SEED;

	t = run(streams / 4, NEVER, NEVER);
	is_int(t.different, 0, "streams as a server sends them");
	is_int(t.good, t.streams, "... have no errors");
	ok(t.rows > streams, "... but many rows");

	t = run(streams / 4, 100, NEVER);
	is_int(t.different, 0, "streams with broken rules");
	is_int(t.excused + t.malformed, 0, "... all of whose messages can be unpacked");
	ok(t.errors > t.streams / 4 && t.good > t.streams / 20,
	   "... of which many have an error, and others have none");

	t = run(streams / 2, 1000, 1);
	is_int(t.different, 0, "mutated streams");
	ok(t.malformed > t.streams / 10, "... of which many are malformed");
	ok(t.good > t.streams / 20, "... and many are not");
	ok(t.excused < t.streams / 4, "... and few may be decoded otherwise");
	return tap_done();
}
