/*-------------------------------------------------------------------------
 *
 * chunk_decoder_test.c
 *	  The rules by which cell chunks become rows, however they are delivered.
 *
 * Each vector is served with one chunk a message, with all chunks in one
 * message, and split at random; each message in one slice, cut at random, and
 * in slices of one byte; and in two encodings.  It is always the same result.
 *
 *-------------------------------------------------------------------------
 */
#include "chunk_feed.h"
#include "chunk_script.h"
#include "chunk_vectors.h"
#include "tap.h"

#define SEED 31337

/* Random runs of each kind, where chance has a part. */
#define RANDOM_RUNS 6

typedef enum grouping
{
	GROUP_SINGLE, /* one item a message */
	GROUP_ALL,    /* as many as possible */
	GROUP_RANDOM
} grouping;

#define GROUPINGS 3

static const char *const grouping_names[] = {"single", "all", "random"};
static const char *const slicing_names[] = {"whole", "random", "bytes"};
static const char *const encoding_names[] = {"plain", "odd"};

static test_random rng = {SEED};

/* The end of the message that begins at an item. */
static size_t
end_of_message(const chunk_script *script, size_t first, grouping grouping)
{
	size_t last = first + 1;

	while (grouping != GROUP_SINGLE && last < script->nitems &&
		   script_can_join(script, last) &&
		   (grouping == GROUP_ALL || !random_one_in(&rng, 3)))
		last++;
	return last;
}

/* Runs a script; the record is freed with buffer_free(). */
static byte_buffer
run_script(bt_chunk_decoder *decoder, const chunk_script *script, grouping grouping,
		   slicing slicing)
{
	chunk_feed feed = chunk_feed_make(decoder, &rng, slicing, random_one_in(&rng, 2));
	size_t next = 0;

	while (next < script->nitems && !feed.failed)
	{
		size_t last = end_of_message(script, next, grouping);
		byte_buffer message = script_message(script, next, last);

		chunk_feed_message(&feed, bt_span_make(message.data, message.len));
		buffer_free(&message);
		next = last;
	}
	return chunk_feed_end(&feed);
}

/* One way to serve a vector; prints the outcome only if it is wrong. */
static bool
run_vector(const chunk_vector *vector, encoding encoding, grouping grouping,
		   slicing slicing, bt_chunk_decoder *decoder)
{
	chunk_script *script = script_parse(vector->stream, encoding);
	byte_buffer record = run_script(decoder, script, grouping, slicing);
	bool same = strcmp(buffer_text(&record), vector->result) == 0;

	if (!same)
	{
		diag("encoding %s, chunks %s, slices %s", encoding_names[encoding],
			 grouping_names[grouping], slicing_names[slicing]);
		diag_text("got", buffer_text(&record));
		diag_text("expected", vector->result);
	}
	buffer_free(&record);
	script_free(script);
	return same;
}

/* All ways to serve a vector, with a new decoder each or with a used one. */
static int
count_wrong(const chunk_vector *vector, bt_chunk_decoder *used)
{
	int wrong = 0;

	for (int way = 0; way < ENCODINGS * GROUPINGS * SLICINGS; way++)
	{
		encoding encoding = way % ENCODINGS;
		grouping grouping = way / ENCODINGS % GROUPINGS;
		slicing slicing = way / ENCODINGS / GROUPINGS;
		bool chance = grouping == GROUP_RANDOM || slicing == SLICES_RANDOM;

		for (int run = 0; run < (chance ? RANDOM_RUNS : 1); run++)
		{
			bt_chunk_decoder *decoder = used ? used : bt_chunk_decoder_create();

			bt_chunk_decoder_restart(decoder, vector->reversed);
			wrong += !run_vector(vector, encoding, grouping, slicing, decoder);
			if (used == NULL)
				bt_chunk_decoder_free(decoder);
		}
	}
	return wrong;
}

int
main(void)
{
	bt_chunk_decoder *used = bt_chunk_decoder_create();

	for (size_t i = 0; i < sizeof(chunk_vectors) / sizeof(chunk_vectors[0]); i++)
	{
		const chunk_vector *vector = &chunk_vectors[i];

		is_int(count_wrong(vector, NULL), 0, "%s", vector->name);
		is_int(count_wrong(vector, used), 0, "%s, used decoder", vector->name);
	}
	bt_chunk_decoder_free(used);
	return tap_done();
}
