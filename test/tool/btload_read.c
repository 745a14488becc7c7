/*-------------------------------------------------------------------------
 *
 * btload_read.c
 *	  Prints all cells of a table, in the form that "load" reads.
 *
 * It shares no code with the extension: what is written is read by other
 * means.
 *
 *-------------------------------------------------------------------------
 */
#include "btload.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bigtable.pb-c.h"

typedef Google__Bigtable__V2__ReadRowsRequest ReadRowsRequest;
typedef Google__Bigtable__V2__ReadRowsResponse ReadRowsResponse;
typedef Google__Bigtable__V2__ReadRowsResponse__CellChunk CellChunk;

/* Bytes that grow. */
struct buffer
{
	char *data;
	size_t len;
	size_t capacity;
};

/* The row that is being received. */
static struct buffer row_key;
static struct buffer column; /* family:qualifier */
static struct buffer lines;  /* its cells, as they will be printed */
static bool in_row;
static bool in_value; /* the last chunk's value has not ended */

/* ---- buffers ---- */

/* Append bytes. */
static void
append(struct buffer *buffer, const void *data, size_t len)
{
	if (buffer->len + len > buffer->capacity)
	{
		buffer->capacity = (buffer->len + len) * 2 + 64;
		buffer->data = realloc(buffer->data, buffer->capacity);
		if (!buffer->data)
			die("out of memory");
	}
	if (len > 0)
		memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
}

/* Append bytes as hex digits. */
static void
append_hex(struct buffer *buffer, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
	{
		char digits[3];

		snprintf(digits, sizeof(digits), "%02x", bytes[i]);
		append(buffer, digits, 2);
	}
}

/* ---- chunks ---- */

/* Begin the line of a cell: all but its value. */
static void
begin_cell(int64_t timestamp)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "\t%" PRId64 "\t\\x", timestamp);

	append(&lines, "\\x", 2);
	append_hex(&lines, row_key.data, row_key.len);
	append(&lines, "\t\\x", 3);
	append_hex(&lines, column.data, column.len);
	append(&lines, text, (size_t) len);
}

/* Take over what a chunk says of its key and column; the rest stays as it is. */
static void
take_place(const CellChunk *chunk)
{
	size_t family_len = 0;

	if (chunk->row_key.len > 0)
	{
		row_key.len = 0;
		append(&row_key, chunk->row_key.data, chunk->row_key.len);
	}
	if (chunk->family_name && !chunk->qualifier)
		die("a chunk has a family without a qualifier");
	if (chunk->family_name)
	{
		column.len = 0;
		append(&column, chunk->family_name->value, strlen(chunk->family_name->value));
		append(&column, ":", 1);
	}
	if (chunk->qualifier)
	{
		/* A family has no colon. */
		while (family_len < column.len && column.data[family_len] != ':')
			family_len++;
		column.len = family_len + 1;
		append(&column, chunk->qualifier->value.data, chunk->qualifier->value.len);
	}
}

/* Take one chunk. */
static void
take_chunk(const CellChunk *chunk)
{
	if (chunk->row_status_case ==
		GOOGLE__BIGTABLE__V2__READ_ROWS_RESPONSE__CELL_CHUNK__ROW_STATUS_RESET_ROW)
	{
		lines.len = 0;
		in_row = in_value = false;
		return;
	}
	if (!in_value)
	{
		if (!in_row &&
			(chunk->row_key.len == 0 || !chunk->family_name || !chunk->qualifier))
			die("a row begins without key, family and qualifier");
		take_place(chunk);
		begin_cell(chunk->timestamp_micros);
	}
	in_row = true;
	append_hex(&lines, chunk->value.data, chunk->value.len);
	in_value = chunk->value_size > 0;
	if (!in_value)
		append(&lines, "\n", 1);
	if (chunk->row_status_case ==
		GOOGLE__BIGTABLE__V2__READ_ROWS_RESPONSE__CELL_CHUNK__ROW_STATUS_COMMIT_ROW)
	{
		if (in_value)
			die("a row ends inside a value");
		fwrite(lines.data, 1, lines.len, stdout);
		lines.len = 0;
		in_row = false;
	}
}

/* Take one message. */
static void
take_chunks(const uint8_t *data, size_t len, void *arg)
{
	ReadRowsResponse *response =
		google__bigtable__v2__read_rows_response__unpack(NULL, len, data);

	(void) arg;
	if (!response)
		die("cannot decode the answer");
	for (size_t i = 0; i < response->n_chunks; i++)
		take_chunk(response->chunks[i]);
	google__bigtable__v2__read_rows_response__free_unpacked(response, NULL);
}

/* Print all cells of the table. */
void
print_cells(const char *table)
{
	ReadRowsRequest request = GOOGLE__BIGTABLE__V2__READ_ROWS_REQUEST__INIT;
	struct rpc_result result;

	request.table_name = (char *) table;
	result = rpc_call("/google.bigtable.v2.Bigtable/ReadRows", table, &request.base,
					  take_chunks, NULL);
	if (result.code != 0)
		die("cannot read: status %d: %s", result.code, result.message);
	if (in_row)
		die("the answer ends inside a row");
	if (fflush(stdout) != 0)
		die("cannot write the output");
	free(row_key.data);
	free(column.data);
	free(lines.data);
}

/* Read the table, and drop what comes. */
void
drain_table(const char *table, int times)
{
	ReadRowsRequest request = GOOGLE__BIGTABLE__V2__READ_ROWS_REQUEST__INIT;

	request.table_name = (char *) table;
	for (int i = 0; i < times; i++)
	{
		struct rpc_result result = rpc_call("/google.bigtable.v2.Bigtable/ReadRows",
											table, &request.base, NULL, NULL);

		if (result.code != 0)
			die("cannot read: status %d: %s", result.code, result.message);
	}
}
