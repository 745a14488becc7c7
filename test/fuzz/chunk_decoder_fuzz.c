/*-------------------------------------------------------------------------
 *
 * chunk_decoder_fuzz.c
 *	  ReadRows streams: the chunk decoder against a plain model.
 *
 * Input: a byte of flags, one that seeds the cuts into slices, and messages
 * with separators between them.  Decoder and model must make the same of them,
 * but where protobuf-c is known to differ from protobuf; even then the rows
 * must be in order, and nothing may be read that is not there.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz_input.h"

#include "../unit/chunk_feed.h"
#include "../unit/decoder_model.h"
#include "../unit/protobuf_quirks.h"

#define MAX_MESSAGES 32

typedef struct stream
{
	bool reversed;
	bt_span messages[MAX_MESSAGES];
	size_t nmessages;
} stream;

static bool
has_quirk(const stream *stream)
{
	for (size_t i = 0; i < stream->nmessages; i++)
		if (response_quirk(stream->messages[i]) != NULL)
			return true;
	return false;
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

static void
compare(const stream *stream, const chunk_feed *feed)
{
	decoder_model model;

	memset(&model, 0, sizeof(model));
	model.reversed = stream->reversed;
	for (size_t i = 0; i < stream->nmessages && !model.failed && !model.malformed; i++)
		model_message(&model, stream->messages[i]);
	model_end(&model);
	if (!agree(feed, &model) && !has_quirk(stream))
	{
		fprintf(stderr, "---- decoder\n%s---- model\n%s", buffer_text(&feed->record),
				buffer_text(&model.record));
		FUZZ_CHECK(false, "the decoder and the model differ");
	}
	model_free(&model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input;
	stream stream = {.nmessages = 0};
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	test_random random;
	unsigned flags;
	chunk_feed feed;

	fuzz_begin(&input, data, size);
	flags = fuzz_byte(&input);
	random.state = fuzz_byte(&input);
	stream.reversed = (flags & 1) != 0;
	while (input.left > 0 && stream.nmessages < MAX_MESSAGES)
		stream.messages[stream.nmessages++] = fuzz_message(&input);

	feed = chunk_feed_make(decoder, &random, (slicing) ((flags >> 1) % SLICINGS),
						   (flags & 8) != 0);
	bt_chunk_decoder_restart(decoder, stream.reversed);
	for (size_t i = 0; i < stream.nmessages && !feed.failed; i++)
		chunk_feed_message(&feed, stream.messages[i]);
	feed.record = chunk_feed_end(&feed);
	compare(&stream, &feed);
	buffer_free(&feed.record);
	bt_chunk_decoder_free(decoder);
	fuzz_end(&input);
	return 0;
}
