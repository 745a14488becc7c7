/*-------------------------------------------------------------------------
 *
 * mock_replay.c
 *	  Answers ReadRows from a table that exists only as arithmetic.
 *
 * Written for speed, because benchmarks of a client are served from here: all
 * that is the same in every row is encoded once a request, and a row costs
 * little more than copying its bytes.  Nothing is kept of a message once it
 * is sent, so any number of rows takes the memory of two messages.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock_filter.h"
#include "mock_util.h"

typedef Google__Bigtable__V2__ReadRowsRequest ReadRowsRequest;
typedef Google__Bigtable__V2__RowRange RowRange;

#define KEY_LENGTH 13 /* row%010d */

/* Rows from .. to - 1. */
struct span
{
	int64_t from;
	int64_t to;
};

/* What is the same of one cell in every row. */
struct cell
{
	struct bytes names; /* family and qualifier, as far as they are sent */
	struct bytes label;
	struct bytes suffix; /* the value's "cC-" */
	bool stripped;
};

struct replay
{
	const struct replay_table *table;
	struct cell *cells;
	size_t ncells;
	struct span *spans; /* ascending, disjoint */
	size_t nspans;
	size_t at;    /* spans already done, from the end that is read first */
	int64_t done; /* rows done in the current span */
	bool reversed;
	int64_t left;    /* rows still to send */
	size_t row_size; /* no row is larger when encoded */
	char *fill;      /* the alphabet, repeated over value_bytes */
};

/* ---- which rows ---- */

/* Write a row's key. */
static void
write_key(uint8_t *key, int64_t row)
{
	memcpy(key, "row", 3);
	for (int i = KEY_LENGTH - 1; i >= 3; i--, row /= 10)
		key[i] = (uint8_t) ('0' + row % 10);
}

/* Compare a row's key with any key. */
static int
compare_key(int64_t row, ProtobufCBinaryData key)
{
	uint8_t mine[KEY_LENGTH];
	int order;

	write_key(mine, row);
	order = memcmp(mine, key.data, key.len < KEY_LENGTH ? key.len : KEY_LENGTH);
	if (order == 0 && key.len != KEY_LENGTH)
		order = key.len < KEY_LENGTH ? 1 : -1;
	return order;
}

/* The first row whose key is at least the given one, or above it. */
static int64_t
first_row(const struct replay_table *table, ProtobufCBinaryData key, bool above)
{
	int64_t low = 1;
	int64_t high = table->rows + 1;

	while (low < high)
	{
		int64_t middle = low + (high - low) / 2;
		int order = compare_key(middle, key);

		if (order < 0 || (above && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The rows of a range; an empty end means no end, as in the service. */
static struct span
range_span(const struct replay_table *table, const RowRange *range)
{
	struct span span = {1, table->rows + 1};

	if (range->start_key_case ==
		GOOGLE__BIGTABLE__V2__ROW_RANGE__START_KEY_START_KEY_CLOSED)
		span.from = first_row(table, range->start_key_closed, false);
	if (range->start_key_case ==
		GOOGLE__BIGTABLE__V2__ROW_RANGE__START_KEY_START_KEY_OPEN)
		span.from = first_row(table, range->start_key_open, true);
	if (range->end_key_case == GOOGLE__BIGTABLE__V2__ROW_RANGE__END_KEY_END_KEY_OPEN &&
		range->end_key_open.len)
		span.to = first_row(table, range->end_key_open, false);
	if (range->end_key_case == GOOGLE__BIGTABLE__V2__ROW_RANGE__END_KEY_END_KEY_CLOSED &&
		range->end_key_closed.len)
		span.to = first_row(table, range->end_key_closed, true);
	return span;
}

/* Order spans by their start. */
static int
compare_spans(const void *a, const void *b)
{
	const struct span *x = a;
	const struct span *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* Sort the spans, and drop empty and overlapping parts. */
static void
merge_spans(struct replay *replay)
{
	size_t n = 0;

	qsort(replay->spans, replay->nspans, sizeof(struct span), compare_spans);
	for (size_t i = 0; i < replay->nspans; i++)
	{
		struct span span = replay->spans[i];

		if (span.from >= span.to)
			continue;
		if (n > 0 && span.from <= replay->spans[n - 1].to)
		{
			if (span.to > replay->spans[n - 1].to)
				replay->spans[n - 1].to = span.to;
		}
		else
			replay->spans[n++] = span;
	}
	replay->nspans = n;
}

/* Find the rows that the request asks for. */
static void
choose_rows(struct replay *replay, const ReadRowsRequest *request)
{
	const Google__Bigtable__V2__RowSet *set = request->rows;
	size_t nkeys = set ? set->n_row_keys : 0;
	size_t nranges = set ? set->n_row_ranges : 0;
	struct span *spans = mock_alloc((nkeys + nranges + 1) * sizeof(*spans));

	for (size_t i = 0; i < nkeys; i++)
	{
		spans[i].from = first_row(replay->table, set->row_keys[i], false);
		spans[i].to = first_row(replay->table, set->row_keys[i], true);
	}
	for (size_t i = 0; i < nranges; i++)
		spans[nkeys + i] = range_span(replay->table, set->row_ranges[i]);
	replay->nspans = nkeys + nranges;
	if (replay->nspans == 0)
		spans[replay->nspans++] = (struct span){1, replay->table->rows + 1};
	replay->spans = spans;
	merge_spans(replay);
}

/* ---- which cells ---- */

/* Encode what is the same of a cell in every row. */
static void
prepare_cell(struct replay *replay, struct cell *cell, struct outcome outcome,
			 bool with_family, bool with_qualifier)
{
	char qualifier[16];
	size_t len = (size_t) snprintf(qualifier, sizeof(qualifier), "c%d", outcome.column);

	if (with_family)
	{
		bytes_append(&cell->names, (uint8_t[]){0x12, 4, 0x0a, 2}, 4);
		bytes_text(&cell->names, REPLAY_FAMILY);
	}
	if (with_qualifier)
	{
		uint8_t tags[] = {0x1a, (uint8_t) (len + 2), 0x0a, (uint8_t) len};

		bytes_append(&cell->names, tags, sizeof(tags));
		bytes_append(&cell->names, qualifier, len);
	}
	if (outcome.label)
	{
		bytes_append(&cell->label, (uint8_t[]){0x2a}, 1);
		bytes_varint(&cell->label, strlen(outcome.label));
		bytes_text(&cell->label, outcome.label);
	}
	cell->stripped = outcome.stripped || replay->table->value_bytes == 0;
	bytes_printf(&cell->suffix, "c%d-", outcome.column);

	/* Every number is taken at its longest. */
	replay->row_size += 10 + 10 + cell->names.len + cell->label.len + 12 +
						(cell->stripped ? 0 : 10 + replay->table->value_bytes) + 2;
}

/* Find the cells that the filter lets through. */
static void
choose_cells(struct replay *replay, const ReadRowsRequest *request)
{
	struct outcomes outcomes = {0};
	int previous = -1;

	filter_outcomes(request->filter, replay->table->columns, &outcomes);
	replay->ncells = outcomes.n;
	replay->cells = mock_alloc(outcomes.n * sizeof(struct cell));
	replay->row_size = 2 + KEY_LENGTH;
	for (size_t i = 0; i < outcomes.n; i++)
	{
		bool all = replay->table->repeat_names;
		int column = outcomes.cells[i].column;

		prepare_cell(replay, &replay->cells[i], outcomes.cells[i], all || i == 0,
					 all || column != previous);
		previous = column;
	}
	free(outcomes.cells);
}

/* ---- rows to bytes ---- */

/* Write a value: the row's number, the column's suffix, then the alphabet. */
static uint8_t *
write_value(const struct replay *replay, const struct cell *cell, uint8_t *p,
			const char *number, size_t number_len)
{
	size_t left = replay->table->value_bytes;
	size_t part = number_len < left ? number_len : left;

	memcpy(p, number, part);
	p += part;
	left -= part;
	part = cell->suffix.len < left ? cell->suffix.len : left;
	memcpy(p, cell->suffix.data, part);
	p += part;
	left -= part;
	memcpy(p, replay->fill, left);
	return p + left;
}

/* Write one row's chunks. */
static uint8_t *
write_row(const struct replay *replay, uint8_t *p, int64_t row)
{
	size_t value_bytes = replay->table->value_bytes;
	size_t value_field = 1 + varint_size(value_bytes) + value_bytes;
	uint64_t timestamp = (uint64_t) row * 1000;
	size_t timestamp_field = 1 + varint_size(timestamp);
	char number[32];
	size_t number_len =
		(size_t) snprintf(number, sizeof(number), "r%lld", (long long) row);

	for (size_t i = 0; i < replay->ncells; i++)
	{
		const struct cell *cell = &replay->cells[i];
		bool last = i + 1 == replay->ncells;
		size_t size = (i == 0 ? 2 + KEY_LENGTH : 0) + cell->names.len + timestamp_field +
					  cell->label.len + (cell->stripped ? 0 : value_field) +
					  (last ? 2 : 0);

		*p++ = 0x0a;
		p = put_varint(p, size);
		if (i == 0)
		{
			*p++ = 0x0a;
			*p++ = KEY_LENGTH;
			write_key(p, row);
			p += KEY_LENGTH;
		}
		if (cell->names.len)
			memcpy(p, cell->names.data, cell->names.len);
		p += cell->names.len;
		*p++ = 0x20;
		p = put_varint(p, timestamp);
		if (cell->label.len)
			memcpy(p, cell->label.data, cell->label.len);
		p += cell->label.len;
		if (!cell->stripped)
		{
			*p++ = 0x32;
			p = put_varint(p, value_bytes);
			p = write_value(replay, cell, p, number, number_len);
		}
		if (last)
		{
			*p++ = 0x48;
			*p++ = 1;
		}
	}
	return p;
}

/* The row that comes next, or 0 at the end. */
static int64_t
next_row(struct replay *replay)
{
	const struct span *span;
	int64_t row;

	if (replay->left == 0)
		return 0;
	replay->left--;
	if (replay->reversed)
	{
		span = &replay->spans[replay->nspans - 1 - replay->at];
		row = span->to - 1 - replay->done;
	}
	else
	{
		span = &replay->spans[replay->at];
		row = span->from + replay->done;
	}
	if (++replay->done == span->to - span->from)
	{
		replay->at++;
		replay->done = 0;
	}
	return row;
}

/* Begin to answer a request. */
struct replay *
replay_open(const struct replay_table *table, const ReadRowsRequest *request)
{
	struct replay *replay = mock_alloc(sizeof(*replay));

	replay->table = table;
	replay->reversed = request->reversed;
	replay->fill = mock_alloc(table->value_bytes + 1);
	for (size_t i = 0; i < table->value_bytes; i++)
		replay->fill[i] = (char) ('a' + i % 26);
	choose_cells(replay, request);
	choose_rows(replay, request);
	for (size_t i = 0; i < replay->nspans && replay->ncells; i++)
		replay->left += replay->spans[i].to - replay->spans[i].from;
	if (request->rows_limit > 0 && request->rows_limit < replay->left)
		replay->left = request->rows_limit;
	return replay;
}

/* The next message. */
uint8_t *
replay_next(struct replay *replay, int64_t most, size_t *len, int64_t *rows)
{
	uint8_t *start = NULL;
	uint8_t *p = NULL;
	int64_t row;

	if (most > replay->left)
		most = replay->left;
	*rows = 0;
	while (*rows < most && (row = next_row(replay)) != 0)
	{
		if (!start)
			p = start = malloc((size_t) most * replay->row_size);
		if (!start)
			abort();
		p = write_row(replay, p, row);
		++*rows;
	}
	*len = start ? (size_t) (p - start) : 0;
	return start;
}

/* Stop. */
void
replay_close(struct replay *replay)
{
	if (!replay)
		return;
	for (size_t i = 0; i < replay->ncells; i++)
	{
		bytes_free(&replay->cells[i].names);
		bytes_free(&replay->cells[i].label);
		bytes_free(&replay->cells[i].suffix);
	}
	free(replay->cells);
	free(replay->spans);
	free(replay->fill);
	free(replay);
}
