/*-------------------------------------------------------------------------
 *
 * btload_batch.c
 *	  Gathers cells into MutateRows requests.
 *
 * Bigtable applies the entries of a request in any order, so no row key may
 * be in a request twice: lines of one row that follow each other become one
 * entry, and a key that comes again later starts a new request.
 *
 *-------------------------------------------------------------------------
 */
#include "btload.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bigtable.pb-c.h"

#define MAX_ENTRIES 1000
#define MAX_MUTATIONS 50000
#define MAX_BYTES (4 * 1024 * 1024)

typedef Google__Bigtable__V2__MutateRowsRequest MutateRowsRequest;
typedef Google__Bigtable__V2__MutateRowsRequest__Entry Entry;
typedef Google__Bigtable__V2__MutateRowsResponse MutateRowsResponse;
typedef Google__Bigtable__V2__Mutation Mutation;
typedef Google__Bigtable__V2__Mutation__SetCell SetCell;

static const char *table_name;
static Entry *entries[MAX_ENTRIES];
static uint64_t hashes[MAX_ENTRIES]; /* of the entries' keys */
static size_t nentries;
static size_t nmutations;
static size_t nbytes;
static size_t answered; /* entries of the current request that have a result */
static ProtobufCBinaryData last_key; /* of the line before */
static int64_t rows_loaded;          /* runs of lines with the same key */
static int64_t cells_loaded;

/* ---- sending ---- */

/* Judge one message of results. */
static void
take_results(const uint8_t *data, size_t len, void *arg)
{
	MutateRowsResponse *response =
		google__bigtable__v2__mutate_rows_response__unpack(NULL, len, data);

	(void) arg;
	if (!response)
		die("cannot decode the answer");
	for (size_t i = 0; i < response->n_entries; i++)
	{
		const Google__Rpc__Status *status = response->entries[i]->status;
		int64_t index = response->entries[i]->index;

		answered++;
		if (index < 0 || (size_t) index >= nentries)
			die("the answer has a wrong index: %" PRId64, index);
		if (status && status->code != 0)
			die("row \"%.*s\": status %d: %s", (int) entries[index]->row_key.len,
				(const char *) entries[index]->row_key.data, (int) status->code,
				status->message);
	}
	google__bigtable__v2__mutate_rows_response__free_unpacked(response, NULL);
}

/* Free one entry. */
static void
free_entry(Entry *entry)
{
	for (size_t i = 0; i < entry->n_mutations; i++)
	{
		SetCell *set_cell = entry->mutations[i]->set_cell;

		free(set_cell->family_name);
		free(set_cell->column_qualifier.data);
		free(set_cell->value.data);
		free(set_cell);
		free(entry->mutations[i]);
	}
	free(entry->mutations);
	free(entry->row_key.data);
	free(entry);
}

/* Send what is gathered. */
static void
flush(void)
{
	MutateRowsRequest request = GOOGLE__BIGTABLE__V2__MUTATE_ROWS_REQUEST__INIT;
	struct rpc_result result;

	if (nentries == 0)
		return;
	request.table_name = (char *) table_name;
	request.n_entries = nentries;
	request.entries = entries;
	answered = 0;
	result = rpc_call("/google.bigtable.v2.Bigtable/MutateRows", table_name,
					  &request.base, take_results, NULL);
	if (result.code != 0)
		die("cannot load: status %d: %s", result.code, result.message);
	if (answered != nentries)
		die("%zu of %zu rows were answered", answered, nentries);
	cells_loaded += (int64_t) nmutations;
	for (size_t i = 0; i < nentries; i++)
		free_entry(entries[i]);
	nentries = nmutations = nbytes = 0;
}

/* ---- gathering ---- */

/* A copy of bytes. */
static ProtobufCBinaryData
copy(ProtobufCBinaryData data)
{
	ProtobufCBinaryData out = {data.len, allocate(data.len)};

	if (data.len > 0)
		memcpy(out.data, data.data, data.len);
	return out;
}

/* FNV-1a. */
static uint64_t
hash(ProtobufCBinaryData data)
{
	uint64_t value = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < data.len; i++)
		value = (value ^ data.data[i]) * UINT64_C(1099511628211);
	return value;
}

/* Whether two keys are the same. */
static bool
same(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* The entry for a row: the last one if it has this key, else a new one. */
static Entry *
entry_for(ProtobufCBinaryData row_key)
{
	uint64_t key_hash = hash(row_key);
	bool seen = false;
	Entry *entry;

	if (nentries > 0 && same(entries[nentries - 1]->row_key, row_key))
		return entries[nentries - 1];
	for (size_t i = 0; i < nentries && !seen; i++)
		seen = hashes[i] == key_hash;
	if (seen || nentries == MAX_ENTRIES)
		flush();
	entry = allocate(sizeof(*entry));
	google__bigtable__v2__mutate_rows_request__entry__init(entry);
	entry->row_key = copy(row_key);
	nbytes += row_key.len;
	hashes[nentries] = key_hash;
	entries[nentries++] = entry;
	return entry;
}

/* Count the cell's row unless the line before was of the same. */
static void
count_row(ProtobufCBinaryData row_key)
{
	if (rows_loaded > 0 && same(last_key, row_key))
		return;
	rows_loaded++;
	free(last_key.data);
	last_key = copy(row_key);
}

/* Add a cell to the request. */
static void
add(const struct cell *cell)
{
	Entry *entry = entry_for(cell->row_key);
	Mutation *mutation = allocate(sizeof(*mutation));
	SetCell *set_cell = allocate(sizeof(*set_cell));

	google__bigtable__v2__mutation__init(mutation);
	google__bigtable__v2__mutation__set_cell__init(set_cell);
	mutation->mutation_case = GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_SET_CELL;
	mutation->set_cell = set_cell;
	set_cell->family_name = strdup(cell->family);
	set_cell->column_qualifier = copy(cell->qualifier);
	set_cell->timestamp_micros = cell->timestamp;
	set_cell->value = copy(cell->value);

	/* Room grows at each power of two. */
	if ((entry->n_mutations & (entry->n_mutations - 1)) == 0)
		entry->mutations =
			realloc(entry->mutations, (entry->n_mutations ? entry->n_mutations * 2 : 1) *
										  sizeof(Mutation *));
	entry->mutations[entry->n_mutations++] = mutation;
	nmutations++;
	nbytes += strlen(cell->family) + cell->qualifier.len + cell->value.len + 20;
}

/* Load all cells of the input. */
void
load(const char *table, FILE *input)
{
	struct cell cell;

	table_name = table;
	while (read_cell(input, &cell))
	{
		count_row(cell.row_key);
		add(&cell);
		if (nmutations >= MAX_MUTATIONS || nbytes >= MAX_BYTES)
			flush();
	}
	if (ferror(input))
		die("cannot read the input");
	flush();
	read_cell_finish();
	free(last_key.data);
	fprintf(stderr, "loaded %" PRId64 " cells in %" PRId64 " rows\n", cells_loaded,
			rows_loaded);
}
