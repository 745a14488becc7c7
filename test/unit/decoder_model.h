/*-------------------------------------------------------------------------
 *
 * decoder_model.h
 *	  A second opinion on ReadRows streams: messages are unpacked by the
 *	  generated protobuf code, and made into rows in the simplest way.
 *
 * The record is that of chunk_feed.h.  A message that cannot be unpacked ends
 * it, without an "error" of its own, since nothing is known about the rows in
 * front of the fault.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DECODER_MODEL_H
#define DECODER_MODEL_H

#include "bigtable.pb-c.h"
#include "byte_buffer.h"

typedef Google__Bigtable__V2__ReadRowsResponse pb_response;
typedef Google__Bigtable__V2__ReadRowsResponse__CellChunk pb_chunk;

typedef struct decoder_model
{
	bool reversed;
	byte_buffer last_key; /* of a row or a scan marker; empty: none yet */

	/* The row in progress. */
	bool in_row;
	byte_buffer key;
	byte_buffer cells; /* the record of its complete cells */
	byte_buffer family;
	byte_buffer qualifier;

	/* The cell in progress, in a row or ready to begin one. */
	bool in_value;
	byte_buffer cell; /* its record in front of the value */
	byte_buffer value;
	byte_buffer labels; /* their record */

	byte_buffer record;
	bool failed;    /* a rule was broken */
	bool malformed; /* a message could not be unpacked */
} decoder_model;

static inline void
set_bytes(byte_buffer *buffer, const void *data, size_t len)
{
	buffer->len = 0;
	buffer_put(buffer, data, len);
}

static inline bt_span
span_of(const byte_buffer *buffer)
{
	return bt_span_make(buffer->data, buffer->len);
}

static inline void
model_error(decoder_model *model, const char *what)
{
	buffer_printf(&model->record, "error%s\n", what);
	model->failed = true;
}

/* Is the key beyond the last one?  If not, that is an error. */
static inline bool
model_key_is_next(decoder_model *model, const ProtobufCBinaryData *key)
{
	size_t common = key->len < model->last_key.len ? key->len : model->last_key.len;
	size_t same = 0;
	int order;

	if (model->last_key.len == 0)
		return true;
	while (same < common && key->data[same] == model->last_key.data[same])
		same++;
	if (same < common)
		order = key->data[same] < model->last_key.data[same] ? -1 : 1;
	else
		order = key->len < model->last_key.len ? -1 : key->len > model->last_key.len;
	if (order == (model->reversed ? -1 : 1))
		return true;
	model_error(model, model->reversed ? " decreasing" : " increasing");
	return false;
}

static inline bool
model_carries_column(const pb_chunk *chunk)
{
	return chunk->family_name != NULL || chunk->qualifier != NULL;
}

static inline void
model_reset(decoder_model *model, const pb_chunk *chunk)
{
	if (!model->in_row || chunk->row_key.len > 0 || model_carries_column(chunk) ||
		chunk->timestamp_micros != 0 || chunk->n_labels > 0 || chunk->value.len > 0 ||
		chunk->value_size != 0)
		model_error(model, "");
	model->in_row = false;
	model->in_value = false;
}

/* Checks a chunk that begins a row or a cell; false after an error. */
static inline bool
model_may_begin(decoder_model *model, const pb_chunk *chunk)
{
	bool right;

	if (!model->in_row)
		right = chunk->row_key.len > 0 && chunk->family_name != NULL &&
				chunk->qualifier != NULL;
	else
		right = chunk->family_name == NULL || chunk->qualifier != NULL;
	if (model->in_row && chunk->row_key.len > 0)
		right &= chunk->row_key.len == model->key.len &&
				 memcmp(chunk->row_key.data, model->key.data, model->key.len) == 0;
	if (!right)
	{
		model_error(model, "");
		return false;
	}
	return model->in_row || model_key_is_next(model, &chunk->row_key);
}

static inline void
model_begin(decoder_model *model, const pb_chunk *chunk)
{
	if (!model->in_row)
	{
		set_bytes(&model->key, chunk->row_key.data, chunk->row_key.len);
		model->cells.len = 0;
	}
	model->in_row = true;
	if (chunk->family_name != NULL)
		set_bytes(&model->family, chunk->family_name->value,
				  strlen(chunk->family_name->value));
	if (chunk->qualifier != NULL)
		set_bytes(&model->qualifier, chunk->qualifier->value.data,
				  chunk->qualifier->value.len);

	model->cell.len = model->value.len = model->labels.len = 0;
	buffer_printf(&model->cell, "\n  ");
	buffer_put_escaped(&model->cell, span_of(&model->family));
	buffer_printf(&model->cell, ":");
	buffer_put_escaped(&model->cell, span_of(&model->qualifier));
	buffer_printf(&model->cell, " @%lld = ", (long long) chunk->timestamp_micros);
	for (size_t i = 0; i < chunk->n_labels; i++)
	{
		buffer_printf(&model->labels, i == 0 ? " [" : ",");
		buffer_put_escaped(&model->labels, bt_span_str(chunk->labels[i]));
	}
	if (chunk->n_labels > 0)
		buffer_printf(&model->labels, "]");
}

/* Is the chunk no more than the next part of a value? */
static inline bool
model_may_continue(const decoder_model *model, const pb_chunk *chunk)
{
	if (chunk->row_key.len > 0 &&
		(chunk->row_key.len != model->key.len ||
		 memcmp(chunk->row_key.data, model->key.data, model->key.len) != 0))
		return false;
	return !model_carries_column(chunk) && chunk->timestamp_micros == 0 &&
		   chunk->n_labels == 0;
}

static inline void
model_commit(decoder_model *model)
{
	buffer_printf(&model->record, "row ");
	buffer_put_escaped(&model->record, span_of(&model->key));
	buffer_put(&model->record, model->cells.data, model->cells.len);
	buffer_printf(&model->record, "\n");
	set_bytes(&model->last_key, model->key.data, model->key.len);
	model->in_row = false;
}

static inline void
model_chunk(decoder_model *model, const pb_chunk *chunk)
{
	const int commit_case =
		GOOGLE__BIGTABLE__V2__READ_ROWS_RESPONSE__CELL_CHUNK__ROW_STATUS_COMMIT_ROW;
	const int reset_case =
		GOOGLE__BIGTABLE__V2__READ_ROWS_RESPONSE__CELL_CHUNK__ROW_STATUS_RESET_ROW;
	bool commit = (int) chunk->row_status_case == commit_case && chunk->commit_row;
	bool reset = (int) chunk->row_status_case == reset_case && chunk->reset_row;

	if (reset)
	{
		model_reset(model, chunk);
		return;
	}
	if (commit && chunk->value_size > 0)
	{
		model_error(model, "");
		return;
	}
	if (model->in_value)
	{
		if (!model_may_continue(model, chunk))
		{
			model_error(model, "");
			return;
		}
	}
	else
	{
		if (!model_may_begin(model, chunk))
			return;
		model_begin(model, chunk);
	}
	buffer_put(&model->value, chunk->value.data, chunk->value.len);
	model->in_value = chunk->value_size > 0;
	if (model->in_value)
		return;
	buffer_put(&model->cells, model->cell.data, model->cell.len);
	buffer_put_escaped(&model->cells, span_of(&model->value));
	buffer_put(&model->cells, model->labels.data, model->labels.len);
	if (commit)
		model_commit(model);
}

static inline void
model_scanned(decoder_model *model, const ProtobufCBinaryData *key)
{
	if (model->in_row)
		model_error(model, "");
	else if (model_key_is_next(model, key))
	{
		set_bytes(&model->last_key, key->data, key->len);
		buffer_printf(&model->record, "scanned ");
		buffer_put_escaped(&model->record, span_of(&model->last_key));
		buffer_printf(&model->record, "\n");
	}
}

static inline void
model_stats(decoder_model *model, const Google__Bigtable__V2__RequestStats *stats)
{
	size_t size = google__bigtable__v2__request_stats__get_packed_size(stats);
	uint8_t *bytes = malloc(size + 1);

	if (bytes == NULL)
		abort();
	google__bigtable__v2__request_stats__pack(stats, bytes);
	buffer_printf(&model->record, "stats ");
	buffer_put_escaped(&model->record, bt_span_make(bytes, size));
	buffer_printf(&model->record, "\n");
	free(bytes);
}

static inline void
model_message(decoder_model *model, bt_span message)
{
	pb_response *response =
		google__bigtable__v2__read_rows_response__unpack(NULL, message.len, message.data);

	if (response == NULL)
	{
		model->malformed = true;
		return;
	}
	for (size_t i = 0; i < response->n_chunks && !model->failed; i++)
		model_chunk(model, response->chunks[i]);
	if (!model->failed && response->last_scanned_row_key.len > 0)
		model_scanned(model, &response->last_scanned_row_key);
	if (!model->failed && response->request_stats != NULL)
		model_stats(model, response->request_stats);
	google__bigtable__v2__read_rows_response__free_unpacked(response, NULL);
}

static inline void
model_end(decoder_model *model)
{
	if (!model->failed && !model->malformed)
		buffer_printf(&model->record, model->in_row ? "end in row\n" : "end\n");
}

static inline void
model_free(decoder_model *model)
{
	buffer_free(&model->last_key);
	buffer_free(&model->key);
	buffer_free(&model->cells);
	buffer_free(&model->family);
	buffer_free(&model->qualifier);
	buffer_free(&model->cell);
	buffer_free(&model->value);
	buffer_free(&model->labels);
	buffer_free(&model->record);
}

#endif /* DECODER_MODEL_H */
