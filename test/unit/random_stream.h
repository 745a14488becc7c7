/*-------------------------------------------------------------------------
 *
 * random_stream.h
 *	  Random ReadRows streams, packed by the generated protobuf code.
 *
 * Most are as a server would send them; now and then a rule is broken, and
 * the stream goes on as if nothing had happened.
 *
 *-------------------------------------------------------------------------
 */
#ifndef RANDOM_STREAM_H
#define RANDOM_STREAM_H

#include "bigtable.pb-c.h"
#include "byte_buffer.h"
#include "test_random.h"

#define STREAM_MAX_MESSAGES 12
#define STREAM_MAX_CHUNKS 12
#define STREAM_MAX_LABELS 3

/* A whole stream: its messages' bytes. */
typedef struct random_stream
{
	byte_buffer messages[STREAM_MAX_MESSAGES];
	size_t nmessages;
	bool reversed;
} random_stream;

/* What the generator knows of the stream so far. */
typedef struct stream_maker
{
	test_random *random;
	unsigned fault_rate; /* one in so many decisions breaks a rule */
	bool reversed;
	bool in_row;
	bool in_value;
	uint8_t key[4]; /* of the row in progress, or the last one */
	size_t key_len;
	unsigned position; /* goes up, or down, from key to key */
} stream_maker;

/* A chunk, and the memory that it refers to. */
typedef struct made_chunk
{
	Google__Bigtable__V2__ReadRowsResponse__CellChunk chunk;
	Google__Protobuf__StringValue family;
	Google__Protobuf__BytesValue qualifier;
	char family_name[8];
	uint8_t qualifier_bytes[8];
	uint8_t key[4];
	char *labels[STREAM_MAX_LABELS];
	uint8_t value[600];
} made_chunk;

static inline bool
fault(stream_maker *maker)
{
	return random_one_in(maker->random, maker->fault_rate);
}

/* ---- keys ---- */

static inline void
put_key(uint8_t *bytes, size_t *len, unsigned position)
{
	/* Big-endian, so that they are in order; some are longer. */
	bytes[0] = (uint8_t) (position >> 8);
	bytes[1] = (uint8_t) position;
	bytes[2] = 0;
	*len = 2 + (position % 5 == 0);
}

static inline void
next_key(stream_maker *maker)
{
	unsigned step = fault(maker) ? 0 : 1 + random_below(maker->random, 300);

	maker->position += maker->reversed ? -step : step;
	put_key(maker->key, &maker->key_len, maker->position);
}

/* ---- the fields of a chunk ---- */

static inline void
set_key(made_chunk *made, const stream_maker *maker)
{
	memcpy(made->key, maker->key, sizeof(made->key));
	made->chunk.row_key.data = made->key;
	made->chunk.row_key.len = maker->key_len;
}

static inline void
set_family(made_chunk *made, stream_maker *maker)
{
	snprintf(made->family_name, sizeof(made->family_name), "%.*s",
			 (int) random_below(maker->random, 4), "cf-1");
	google__protobuf__string_value__init(&made->family);
	made->family.value = made->family_name;
	made->chunk.family_name = &made->family;
}

static inline void
set_qualifier(made_chunk *made, stream_maker *maker)
{
	size_t len = random_below(maker->random, 6);

	for (size_t i = 0; i < len; i++)
		made->qualifier_bytes[i] = (uint8_t) random_u64(maker->random);
	google__protobuf__bytes_value__init(&made->qualifier);
	made->qualifier.value.data = made->qualifier_bytes;
	made->qualifier.value.len = len;
	made->chunk.qualifier = &made->qualifier;
}

static inline void
set_timestamp(made_chunk *made, stream_maker *maker)
{
	int64_t timestamp = (int64_t) random_u64(maker->random);

	made->chunk.timestamp_micros = timestamp >> random_below(maker->random, 64);
}

static inline void
set_labels(made_chunk *made, stream_maker *maker)
{
	static char *const names[] = {"l", "label-2", "", "rows"};

	made->chunk.n_labels = 1 + random_below(maker->random, STREAM_MAX_LABELS);
	made->chunk.labels = made->labels;
	for (size_t i = 0; i < made->chunk.n_labels; i++)
		made->labels[i] = names[random_below(maker->random, 4)];
}

static inline void
set_value(made_chunk *made, stream_maker *maker)
{
	size_t len = random_below(
		maker->random, random_one_in(maker->random, 20) ? sizeof(made->value) : 20);

	for (size_t i = 0; i < len; i++)
		made->value[i] = (uint8_t) ('a' + random_below(maker->random, 30));
	made->chunk.value.data = made->value;
	made->chunk.value.len = len;
}

static inline void
set_size(made_chunk *made, stream_maker *maker)
{
	static const int32_t sizes[] = {1, 5, 20, 1000, INT32_MAX};

	made->chunk.value_size = sizes[random_below(maker->random, 5)];
}

/* Any of the fields: right or wrong, as it happens. */
static inline void
set_anything(made_chunk *made, stream_maker *maker)
{
	unsigned which = random_below(maker->random, 128);

	if (which & 1)
		set_key(made, maker);
	if (which & 2)
		set_family(made, maker);
	if (which & 4)
		set_qualifier(made, maker);
	if (which & 8)
		set_timestamp(made, maker);
	if (which & 16)
		set_labels(made, maker);
	if (which & 32)
		set_value(made, maker);
	if (which & 64)
		made->chunk.value_size = (int32_t) random_u64(maker->random);
}

/* ---- chunks ---- */

static inline void
make_reset(made_chunk *made, stream_maker *maker)
{
	made->chunk.row_status_case =
		GOOGLE__BIGTABLE__V2__READ_ROWS_RESPONSE__CELL_CHUNK__ROW_STATUS_RESET_ROW;
	made->chunk.reset_row = !random_one_in(maker->random, 20);
	maker->in_value = false;
	if (!made->chunk.reset_row)
		return; /* not a reset, but one more part or cell */

	/* The row may come again, with the same key. */
	maker->in_row = false;
	maker->position += maker->reversed ? 1 : -1;
}

/* The fields with which a cell begins. */
static inline void
make_cell(made_chunk *made, stream_maker *maker)
{
	if (!maker->in_row)
		next_key(maker);
	if (maker->in_row ? random_one_in(maker->random, 3) : !fault(maker))
		set_key(made, maker);
	if (maker->in_row ? random_one_in(maker->random, 4) : !fault(maker))
		set_family(made, maker);
	if (made->chunk.family_name != NULL ? !fault(maker) : random_one_in(maker->random, 2))
		set_qualifier(made, maker);
	if (!random_one_in(maker->random, 4))
		set_timestamp(made, maker);
	if (random_one_in(maker->random, 6))
		set_labels(made, maker);
	maker->in_row = true;
}

static inline void
make_chunk(made_chunk *made, stream_maker *maker)
{
	test_random *random = maker->random;

	memset(made, 0, sizeof(*made));
	google__bigtable__v2__read_rows_response__cell_chunk__init(&made->chunk);
	if (fault(maker))
		set_anything(made, maker);
	if (maker->in_row ? random_one_in(random, 15) : fault(maker))
	{
		make_reset(made, maker);
		return;
	}
	if (!maker->in_value)
		make_cell(made, maker);
	else if (random_one_in(random, 5))
		set_key(made, maker);
	if (!random_one_in(random, 5))
		set_value(made, maker);

	maker->in_value = random_one_in(random, 4);
	if (maker->in_value)
		set_size(made, maker);
	else if (random_one_in(random, 15))
		made->chunk.value_size = -1;
	if ((!maker->in_value && random_one_in(random, 2)) || fault(maker))
	{
		made->chunk.row_status_case =
			GOOGLE__BIGTABLE__V2__READ_ROWS_RESPONSE__CELL_CHUNK__ROW_STATUS_COMMIT_ROW;
		made->chunk.commit_row = !random_one_in(random, 20);
		maker->in_row = !made->chunk.commit_row;
	}
}

/* ---- messages ---- */

static inline void
make_message(stream_maker *maker, byte_buffer *out)
{
	Google__Bigtable__V2__ReadRowsResponse response;
	Google__Bigtable__V2__ReadRowsResponse__CellChunk *chunks[STREAM_MAX_CHUNKS];
	static made_chunk made[STREAM_MAX_CHUNKS];
	Google__Bigtable__V2__RequestStats stats;
	Google__Bigtable__V2__FullReadStatsView view;
	uint8_t marker[4];
	uint8_t *bytes;
	size_t len;

	google__bigtable__v2__read_rows_response__init(&response);
	response.chunks = chunks;
	response.n_chunks = random_below(maker->random, STREAM_MAX_CHUNKS + 1);
	for (size_t i = 0; i < response.n_chunks; i++)
	{
		make_chunk(&made[i], maker);
		chunks[i] = &made[i].chunk;
	}
	if (maker->in_row ? fault(maker) : random_one_in(maker->random, 4))
	{
		next_key(maker);
		memcpy(marker, maker->key, sizeof(marker));
		response.last_scanned_row_key.data = marker;
		response.last_scanned_row_key.len = maker->key_len;
	}
	if (random_one_in(maker->random, 8))
	{
		google__bigtable__v2__request_stats__init(&stats);
		google__bigtable__v2__full_read_stats_view__init(&view);
		stats.stats_view_case =
			GOOGLE__BIGTABLE__V2__REQUEST_STATS__STATS_VIEW_FULL_READ_STATS_VIEW;
		stats.full_read_stats_view = &view;
		response.request_stats = &stats;
	}

	len = google__bigtable__v2__read_rows_response__get_packed_size(&response);
	bytes = malloc(len + 1);
	if (bytes == NULL)
		abort();
	google__bigtable__v2__read_rows_response__pack(&response, bytes);
	buffer_put(out, bytes, len);
	free(bytes);
}

/* Freed with random_stream_free().  Without faults if fault_rate is large. */
static inline random_stream
random_stream_make(test_random *random, unsigned fault_rate)
{
	random_stream stream = {.reversed = random_one_in(random, 3)};
	stream_maker maker = {
		.random = random, .fault_rate = fault_rate, .reversed = stream.reversed};

	maker.position = maker.reversed ? 60000 : 1;
	stream.nmessages = 1 + random_below(random, STREAM_MAX_MESSAGES);
	for (size_t i = 0; i < stream.nmessages; i++)
		make_message(&maker, &stream.messages[i]);
	return stream;
}

static inline void
random_stream_free(random_stream *stream)
{
	for (size_t i = 0; i < stream->nmessages; i++)
		buffer_free(&stream->messages[i]);
}

#endif /* RANDOM_STREAM_H */
