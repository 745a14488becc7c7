/*-------------------------------------------------------------------------
 *
 * mock_answer.c
 *	  The answers of methods that write.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_write.h"

#include <stdlib.h>
#include <string.h>

typedef Google__Bigtable__V2__MutateRowsResponse__Entry Result;
typedef Google__Bigtable__V2__ReadModifyWriteRule Rule;
typedef Google__Bigtable__V2__Family Family;
typedef Google__Bigtable__V2__Column Column;
typedef Google__Bigtable__V2__Cell Cell;

/* The encoded RetryInfo, as a detail of a status. */
void
make_retry_info(int64_t ns, struct bytes *packed, Google__Protobuf__Any *any)
{
	Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
	Google__Rpc__RetryInfo info = GOOGLE__RPC__RETRY_INFO__INIT;

	delay.seconds = ns / 1000000000;
	delay.nanos = (int32_t) (ns % 1000000000);
	info.retry_delay = &delay;
	bytes_reserve(packed, google__rpc__retry_info__get_packed_size(&info) + 1);
	packed->len = google__rpc__retry_info__pack(&info, packed->data);
	google__protobuf__any__init(any);
	any->type_url = (char *) "type.googleapis.com/google.rpc.RetryInfo";
	any->value = (ProtobufCBinaryData){packed->len, packed->data};
}

static void
append_message(struct bytes *out, const ProtobufCMessage *message)
{
	bytes_reserve(out, protobuf_c_message_get_packed_size(message) + 1);
	out->len += protobuf_c_message_pack(message, out->data + out->len);
}

/* ---- MutateRows ---- */

/* One entry's result, as a response that is merged with those before it. */
static void
append_result(struct bytes *out, const struct outcome *outcome, size_t i)
{
	Google__Bigtable__V2__MutateRowsResponse response =
		GOOGLE__BIGTABLE__V2__MUTATE_ROWS_RESPONSE__INIT;
	Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
	Result result = GOOGLE__BIGTABLE__V2__MUTATE_ROWS_RESPONSE__ENTRY__INIT;
	Result *results[1] = {&result};
	struct bytes packed = {0};
	Google__Protobuf__Any any;
	Google__Protobuf__Any *details[1] = {&any};

	result.index = (int64_t) i;
	result.status = &status;
	status.code = outcome->code;
	if (outcome->message)
		status.message = (char *) outcome->message;
	if (status.code != 0 && outcome->retry_info >= 0)
	{
		make_retry_info(outcome->retry_info, &packed, &any);
		status.n_details = 1;
		status.details = details;
	}
	response.n_entries = 1;
	response.entries = results;
	append_message(out, &response.base);
	bytes_free(&packed);
}

static void
append_results(struct mock_call *call, size_t from, size_t to)
{
	const struct write_call *write = call->write;

	for (size_t i = from; i < to && i < write->rows->n_entries; i++)
		if (!write->outcomes[i].omitted)
			append_result(&call->pending, &write->outcomes[i], i);
}

/* ---- ReadModifyWriteRow ---- */

/* The parts of the answer's row: a cell and a column for each rule. */
struct row_parts
{
	Family *families;
	Family **family_pointers;
	size_t nfamilies;
	Column *columns;
	Column **column_pointers; /* room for all of them in each family */
	Cell *cells;
	Cell **cell_pointers;
	uint8_t *amounts; /* 8 bytes each */
};

/* The family that is already there, or a new one. */
static Family *
find_family(struct row_parts *parts, const char *name, size_t nrules)
{
	Family *family;

	for (size_t i = 0; i < parts->nfamilies; i++)
		if (strcmp(parts->families[i].name, name) == 0)
			return &parts->families[i];
	family = &parts->families[parts->nfamilies];
	google__bigtable__v2__family__init(family);
	family->name = (char *) name;
	family->columns = &parts->column_pointers[parts->nfamilies * nrules];
	parts->family_pointers[parts->nfamilies++] = family;
	return family;
}

/* A rule's cell: the amount, or the bytes. */
static void
add_cell(struct row_parts *parts, const Rule *rule, size_t i, size_t nrules)
{
	Family *family = find_family(parts, rule->family_name, nrules);
	Column *column = &parts->columns[i];
	Cell *cell = &parts->cells[i];
	uint8_t *amount = &parts->amounts[8 * i];

	for (int k = 0; k < 8; k++)
		amount[k] = (uint8_t) ((uint64_t) rule->increment_amount >> (56 - 8 * k));
	google__bigtable__v2__cell__init(cell);
	cell->timestamp_micros = 1000;
	cell->value = (ProtobufCBinaryData){8, amount};
	if (rule->rule_case ==
		GOOGLE__BIGTABLE__V2__READ_MODIFY_WRITE_RULE__RULE_APPEND_VALUE)
		cell->value = rule->append_value;
	google__bigtable__v2__column__init(column);
	column->qualifier = rule->column_qualifier;
	column->n_cells = 1;
	column->cells = &parts->cell_pointers[i];
	column->cells[0] = cell;
	family->columns[family->n_columns++] = column;
}

static void
append_row(struct mock_call *call)
{
	const Google__Bigtable__V2__ReadModifyWriteRowRequest *request = call->write->modify;
	size_t n = request->n_rules;
	struct row_parts parts = {.families = mock_alloc((n + 1) * sizeof(Family)),
							  .family_pointers = mock_alloc((n + 1) * sizeof(Family *)),
							  .columns = mock_alloc((n + 1) * sizeof(Column)),
							  .column_pointers =
								  mock_alloc((n * n + 1) * sizeof(Column *)),
							  .cells = mock_alloc((n + 1) * sizeof(Cell)),
							  .cell_pointers = mock_alloc((n + 1) * sizeof(Cell *)),
							  .amounts = mock_alloc(8 * n + 1)};
	Google__Bigtable__V2__ReadModifyWriteRowResponse response =
		GOOGLE__BIGTABLE__V2__READ_MODIFY_WRITE_ROW_RESPONSE__INIT;
	Google__Bigtable__V2__Row row = GOOGLE__BIGTABLE__V2__ROW__INIT;

	for (size_t i = 0; i < n; i++)
		add_cell(&parts, request->rules[i], i, n);
	row.key = request->row_key;
	row.n_families = parts.nfamilies;
	row.families = parts.family_pointers;
	response.row = &row;
	append_message(&call->pending, &response.base);
	free(parts.families);
	free(parts.family_pointers);
	free(parts.columns);
	free(parts.column_pointers);
	free(parts.cells);
	free(parts.cell_pointers);
	free(parts.amounts);
}

/* ---- any ---- */

void
append_answer(struct mock_call *call, size_t from, size_t to)
{
	const struct write_call *write = call->write;
	Google__Bigtable__V2__CheckAndMutateRowResponse checked =
		GOOGLE__BIGTABLE__V2__CHECK_AND_MUTATE_ROW_RESPONSE__INIT;

	if (write->rows)
		append_results(call, from, to);
	if (write->modify)
		append_row(call);
	checked.predicate_matched = write->matched;
	if (write->check)
		append_message(&call->pending, &checked.base);
}
