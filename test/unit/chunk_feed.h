/*-------------------------------------------------------------------------
 *
 * chunk_feed.h
 *	  Gives messages to a chunk decoder and writes down what it makes of them.
 *
 * The bytes of a message are cut into slices, each in a piece of memory of
 * its own, which is overwritten as soon as the decoder is done with the
 * message: whatever still points there is found out.
 *
 * The record is a text with a line for each event, and one for each cell:
 *
 *		row KEY
 *		  FAMILY:QUALIFIER @TIMESTAMP = VALUE [LABEL,LABEL]
 *		scanned KEY
 *		stats BYTES
 *		error				or "error increasing", "error decreasing",
 *							"error out of memory"
 *		end					or "end in row"
 *
 *-------------------------------------------------------------------------
 */
#ifndef CHUNK_FEED_H
#define CHUNK_FEED_H

#include "byte_buffer.h"
#include "chunk_decoder.h"
#include "test_random.h"

typedef enum slicing
{
	SLICES_WHOLE,  /* one slice */
	SLICES_RANDOM, /* many of all sizes, also empty ones */
	SLICES_BYTES   /* a slice a byte */
} slicing;

#define SLICINGS 3

/* One feed: slices in memory of their own. */
typedef struct sliced_message
{
	bt_span *slices;
	size_t nslices;
} sliced_message;

typedef struct chunk_feed
{
	bt_chunk_decoder *decoder;
	test_random *random;
	slicing slicing;
	bool keep; /* free messages at the end of the stream only */
	sliced_message *kept;
	size_t nkept;
	byte_buffer record;
	bool failed; /* after an error nothing more is fed */
} chunk_feed;

/* ---- slices ---- */

static inline void
add_slice(sliced_message *message, const uint8_t *data, size_t len)
{
	uint8_t *copy = len > 0 ? malloc(len) : NULL;

	message->slices =
		realloc(message->slices, (message->nslices + 1) * sizeof(*message->slices));
	if (message->slices == NULL || (len > 0 && copy == NULL))
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	message->slices[message->nslices++] = bt_span_make(copy, len);
}

static inline size_t
slice_length(chunk_feed *feed, size_t left)
{
	static const unsigned limits[] = {2, 3, 5, 20, 200};
	size_t len;

	if (feed->slicing == SLICES_WHOLE)
		return left;
	if (feed->slicing == SLICES_BYTES)
		return left > 0;
	len = random_below(feed->random, limits[random_below(feed->random, 5)]);
	return len < left ? len : left;
}

static inline sliced_message
cut_message(chunk_feed *feed, bt_span bytes)
{
	sliced_message message = {NULL, 0};
	size_t done = 0;

	while (done < bytes.len)
	{
		size_t len = slice_length(feed, bytes.len - done);

		add_slice(&message, bytes.data + done, len);
		done += len;
	}
	return message;
}

static inline void
scribble_message(sliced_message *message)
{
	for (size_t i = 0; i < message->nslices; i++)
	{
		if (message->slices[i].len > 0)
			memset((uint8_t *) message->slices[i].data, 0xdb, message->slices[i].len);
	}
}

static inline void
free_message(sliced_message *message)
{
	for (size_t i = 0; i < message->nslices; i++)
		free((uint8_t *) message->slices[i].data);
	free(message->slices);
}

/* The decoder is done with it. */
static inline void
drop_message(chunk_feed *feed, sliced_message *message)
{
	scribble_message(message);
	if (!feed->keep)
	{
		free_message(message);
		return;
	}
	feed->kept = realloc(feed->kept, (feed->nkept + 1) * sizeof(*feed->kept));
	if (feed->kept == NULL)
		abort();
	feed->kept[feed->nkept++] = *message;
}

/* ---- the record ---- */

static inline void
record_labels(byte_buffer *record, const bt_row *row, const bt_cell *cell)
{
	if (cell->nlabels == 0)
		return;
	for (uint32_t i = 0; i < cell->nlabels; i++)
	{
		buffer_printf(record, i == 0 ? " [" : ",");
		buffer_put_escaped(record, row->labels[cell->first_label + i]);
	}
	buffer_printf(record, "]");
}

static inline void
record_row(byte_buffer *record, const bt_row *row)
{
	buffer_printf(record, "row ");
	buffer_put_escaped(record, row->key);
	for (size_t i = 0; i < row->ncells; i++)
	{
		const bt_cell *cell = &row->cells[i];

		buffer_printf(record, "\n  ");
		buffer_put_escaped(record, cell->family);
		buffer_printf(record, ":");
		buffer_put_escaped(record, cell->qualifier);
		buffer_printf(record, " @%lld = ", (long long) cell->timestamp_us);
		buffer_put_escaped(record, cell->value);
		record_labels(record, row, cell);
	}
	buffer_printf(record, "\n");
}

static inline void
record_event(byte_buffer *record, const char *name, bt_span bytes)
{
	buffer_printf(record, "%s ", name);
	buffer_put_escaped(record, bytes);
	buffer_printf(record, "\n");
}

/* An error says that the server broke the protocol, and where order is the
 * matter, which one was expected. */
static inline void
record_error(byte_buffer *record, const bt_status *status)
{
	static const char prefix[] = "invalid ReadRows response: ";

	buffer_printf(record, "error");
	if (status->code == BT_RESOURCE_EXHAUSTED && status->local)
	{
		buffer_printf(record, " out of memory\n");
		return;
	}
	if (strstr(status->message, "increasing") != NULL)
		buffer_printf(record, " increasing");
	if (strstr(status->message, "decreasing") != NULL)
		buffer_printf(record, " decreasing");
	if (status->code != BT_INTERNAL || !status->local || status->retry_delay_us != -1 ||
		strncmp(status->message, prefix, strlen(prefix)) != 0 ||
		status->message[strlen(prefix)] == '\0')
		buffer_printf(record, " with a wrong status");
	buffer_printf(record, "\n");
}

/* ---- feeding ---- */

static inline chunk_feed
chunk_feed_make(bt_chunk_decoder *decoder, test_random *random, slicing slicing,
				bool keep)
{
	chunk_feed feed = {
		.decoder = decoder, .random = random, .slicing = slicing, .keep = keep};

	return feed;
}

/* Feeds one message, until it is used up or broken. */
static inline void
chunk_feed_message(chunk_feed *feed, bt_span bytes)
{
	sliced_message message = cut_message(feed, bytes);
	bt_decode_result result = BT_DECODE_ROW;

	bt_chunk_decoder_feed(feed->decoder, message.slices, message.nslices);
	while (result != BT_DECODE_MORE && result != BT_DECODE_ERROR)
	{
		bt_row row;
		bt_status status;

		result = bt_chunk_decoder_next(feed->decoder, &row, &status);
		if (result == BT_DECODE_ROW)
			record_row(&feed->record, &row);
		else if (result == BT_DECODE_SCANNED)
			record_event(&feed->record, "scanned", row.key);
		else if (result == BT_DECODE_STATS)
			record_event(&feed->record, "stats", row.key);
		else if (result == BT_DECODE_ERROR)
			record_error(&feed->record, &status);
	}
	feed->failed = result == BT_DECODE_ERROR;
	drop_message(feed, &message);
}

/* Ends the stream; the record is freed with buffer_free(). */
static inline byte_buffer
chunk_feed_end(chunk_feed *feed)
{
	if (!feed->failed)
		buffer_printf(&feed->record,
					  bt_chunk_decoder_in_row(feed->decoder) ? "end in row\n" : "end\n");
	for (size_t i = 0; i < feed->nkept; i++)
		free_message(&feed->kept[i]);
	free(feed->kept);
	return feed->record;
}

#endif /* CHUNK_FEED_H */
