/*-------------------------------------------------------------------------
 *
 * mock_write.c
 *	  The methods that write: MutateRows, MutateRow, CheckAndMutateRow,
 *	  ReadModifyWriteRow, DropRowRange.
 *
 * Nothing is kept but, in a log, what a script let happen: so a test can see
 * that no write is lost and none is applied twice.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bigtable_admin.pb-c.h"
#include "mock_log.h"

/* Keys that a line of the log shows. */
#define MAX_KEYS 20

typedef Google__Bigtable__V2__MutateRowsRequest__Entry Entry;
typedef Google__Bigtable__V2__MutateRowsResponse__Entry Result;
typedef Google__Bigtable__V2__Mutation Mutation;

enum write_method
{
	MUTATE_ROWS,
	MUTATE_ROW,
	CHECK_AND_MUTATE_ROW,
	READ_MODIFY_WRITE_ROW,
	DROP_ROW_RANGE
};

/* What a script says of an entry. */
struct outcome
{
	int code;
	const char *message; /* the script's */
	bool omitted;        /* the answer does not mention it */
};

/* A call that writes; of the requests, the method's alone is set. */
struct write_call
{
	enum write_method method;
	Google__Bigtable__V2__MutateRowsRequest *rows;
	Google__Bigtable__V2__MutateRowRequest *row;
	Google__Bigtable__V2__CheckAndMutateRowRequest *check;
	Google__Bigtable__V2__ReadModifyWriteRowRequest *modify;
	Google__Bigtable__Admin__V2__DropRowRangeRequest *drop;
	struct outcome *outcomes; /* of the entries of MutateRows */
	int64_t entry_retry_info; /* ns, -1 for none */
	bool matched;
	bool answered;
	bool applied;
};

/* ---- acknowledging at speed ---- */

static const uint8_t *
skip_varint(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (int shift = 0; p < end && shift < 64; shift += 7)
	{
		*value |= (uint64_t) (*p & 0x7f) << shift;
		if (*p++ < 0x80)
			return p;
	}
	return NULL;
}

/* Count the entries of a MutateRowsRequest, all of whose fields are bytes. */
static size_t
count_entries(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	size_t n = 0;

	while (p && p < end)
	{
		uint64_t size;
		bool is_entry = *p == (2 << 3 | 2);

		p = skip_varint(p + 1, end, &size);
		if (!p || size > (uint64_t) (end - p))
			break;
		n += is_entry;
		p += size;
	}
	return n;
}

/* OK for so many entries: {index: i, status: {}}. */
static uint8_t *
acknowledge(size_t n, size_t *len)
{
	uint8_t *data = mock_alloc(n * 16 + 1);
	uint8_t *p = data;

	for (size_t i = 0; i < n; i++)
	{
		*p++ = 1 << 3 | 2;
		*p++ = (uint8_t) (3 + varint_size(i));
		*p++ = 1 << 3;
		p = put_varint(p, i);
		*p++ = 2 << 3 | 2;
		*p++ = 0;
	}
	*len = (size_t) (p - data);
	return data;
}

/* ---- describing ---- */

static void
put_column(struct bytes *out, const char *family, ProtobufCBinaryData qualifier)
{
	log_text_to(out, family);
	bytes_text(out, ":");
	log_bytes_to(out, qualifier);
}

static void
put_value(struct bytes *out, ProtobufCBinaryData value)
{
	bytes_text(out, "=");
	if (value.len > 64)
		bytes_printf(out, "(%zu_bytes)", value.len);
	else
		log_bytes_to(out, value);
}

static void
put_mutation(struct bytes *out, const Mutation *m)
{
	switch ((int) m->mutation_case)
	{
		case GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_SET_CELL:
			bytes_text(out, "set(");
			put_column(out, m->set_cell->family_name, m->set_cell->column_qualifier);
			bytes_printf(out, "@%" PRId64, m->set_cell->timestamp_micros);
			put_value(out, m->set_cell->value);
			break;
		case GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_ADD_TO_CELL:
			bytes_text(out, "add(");
			put_column(out, m->add_to_cell->family_name,
					   m->add_to_cell->column_qualifier->raw_value);
			bytes_printf(out, "@%" PRId64 "+%" PRId64,
						 m->add_to_cell->timestamp->raw_timestamp_micros,
						 m->add_to_cell->input->int_value);
			break;
		case GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_DELETE_FROM_COLUMN:
			bytes_text(out, "delete_column(");
			put_column(out, m->delete_from_column->family_name,
					   m->delete_from_column->column_qualifier);
			if (m->delete_from_column->time_range)
				bytes_printf(out, "[%" PRId64 "-%" PRId64,
							 m->delete_from_column->time_range->start_timestamp_micros,
							 m->delete_from_column->time_range->end_timestamp_micros);
			break;
		case GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_DELETE_FROM_FAMILY:
			bytes_text(out, "delete_family(");
			log_text_to(out, m->delete_from_family->family_name);
			break;
		case GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_DELETE_FROM_ROW:
			bytes_text(out, "delete_row(");
			break;
		default:
			bytes_text(out, "unknown(");
			break;
	}
	bytes_text(out, ")");
}

static void
put_mutations(struct bytes *out, Mutation *const *mutations, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		if (i > 0)
			bytes_text(out, ",");
		put_mutation(out, mutations[i]);
	}
}

static void
put_rules(struct bytes *out, const Google__Bigtable__V2__ReadModifyWriteRowRequest *r)
{
	for (size_t i = 0; i < r->n_rules; i++)
	{
		const Google__Bigtable__V2__ReadModifyWriteRule *rule = r->rules[i];
		bool increment =
			rule->rule_case ==
			GOOGLE__BIGTABLE__V2__READ_MODIFY_WRITE_RULE__RULE_INCREMENT_AMOUNT;

		if (i > 0)
			bytes_text(out, ",");
		bytes_text(out, increment ? "increment(" : "append(");
		put_column(out, rule->family_name, rule->column_qualifier);
		if (increment)
			bytes_printf(out, "+%" PRId64, rule->increment_amount);
		else
			put_value(out, rule->append_value);
		bytes_text(out, ")");
	}
}

/* ---- what was applied ---- */

/* Log one row's write. */
static void
log_applied(const struct mock_call *call, ProtobufCBinaryData key,
			Mutation *const *mutations, size_t n)
{
	struct bytes line = {0};

	bytes_printf(&line, "%s call=%" PRId64 " key=", call->method, call->number);
	log_bytes_to(&line, key);
	bytes_text(&line, " mutations=");
	if (call->write->method == READ_MODIFY_WRITE_ROW)
		put_rules(&line, call->write->modify);
	else
		put_mutations(&line, mutations, n);
	applied_line(&line);
	bytes_free(&line);
}

/* The call's writes happen: of MutateRows, those that succeed. */
void
write_apply(struct mock_call *call)
{
	struct write_call *write = call->write;

	if (!write || write->applied)
		return;
	write->applied = true;
	for (size_t i = 0; write->rows && i < write->rows->n_entries; i++)
		if (write->outcomes[i].code == 0)
			log_applied(call, write->rows->entries[i]->row_key,
						write->rows->entries[i]->mutations,
						write->rows->entries[i]->n_mutations);
	if (write->row)
		log_applied(call, write->row->row_key, write->row->mutations,
					write->row->n_mutations);
	if (write->check)
		log_applied(call, write->check->row_key,
					write->matched ? write->check->true_mutations
								   : write->check->false_mutations,
					write->matched ? write->check->n_true_mutations
								   : write->check->n_false_mutations);
	if (write->modify)
		log_applied(call, write->modify->row_key, NULL, 0);
}

/* ---- answers ---- */

/* The encoded RetryInfo, as a detail of a status. */
static void
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

/* The results of entries from one on, up to another. */
static void
append_results(struct mock_call *call, size_t from, size_t to)
{
	const struct write_call *write = call->write;
	struct bytes packed = {0};
	Google__Protobuf__Any any;
	Google__Protobuf__Any *details[1] = {&any};

	make_retry_info(write->entry_retry_info < 0 ? 0 : write->entry_retry_info, &packed,
					&any);
	for (size_t i = from; i < to && i < write->rows->n_entries; i++)
	{
		Google__Bigtable__V2__MutateRowsResponse response =
			GOOGLE__BIGTABLE__V2__MUTATE_ROWS_RESPONSE__INIT;
		Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
		Result result = GOOGLE__BIGTABLE__V2__MUTATE_ROWS_RESPONSE__ENTRY__INIT;
		Result *results[1] = {&result};

		if (write->outcomes[i].omitted)
			continue;
		result.index = (int64_t) i;
		result.status = &status;
		status.code = write->outcomes[i].code;
		if (write->outcomes[i].message)
			status.message = (char *) write->outcomes[i].message;
		if (status.code != 0 && write->entry_retry_info >= 0)
		{
			status.n_details = 1;
			status.details = details;
		}
		response.n_entries = 1;
		response.entries = results;
		append_message(&call->pending, &response.base);
	}
	bytes_free(&packed);
}

/* A cell for each rule: the amount, or the bytes. */
static void
append_row(struct mock_call *call)
{
	const Google__Bigtable__V2__ReadModifyWriteRowRequest *request = call->write->modify;

	for (size_t i = 0; i < request->n_rules; i++)
	{
		const Google__Bigtable__V2__ReadModifyWriteRule *rule = request->rules[i];
		Google__Bigtable__V2__ReadModifyWriteRowResponse response =
			GOOGLE__BIGTABLE__V2__READ_MODIFY_WRITE_ROW_RESPONSE__INIT;
		Google__Bigtable__V2__Row row = GOOGLE__BIGTABLE__V2__ROW__INIT;
		Google__Bigtable__V2__Family family = GOOGLE__BIGTABLE__V2__FAMILY__INIT;
		Google__Bigtable__V2__Column column = GOOGLE__BIGTABLE__V2__COLUMN__INIT;
		Google__Bigtable__V2__Cell cell = GOOGLE__BIGTABLE__V2__CELL__INIT;
		Google__Bigtable__V2__Family *families[1] = {&family};
		Google__Bigtable__V2__Column *columns[1] = {&column};
		Google__Bigtable__V2__Cell *cells[1] = {&cell};
		uint8_t amount[8];

		for (int k = 0; k < 8; k++)
			amount[k] = (uint8_t) ((uint64_t) rule->increment_amount >> (56 - 8 * k));
		cell.timestamp_micros = 1000;
		cell.value = (ProtobufCBinaryData){8, amount};
		if (rule->rule_case ==
			GOOGLE__BIGTABLE__V2__READ_MODIFY_WRITE_RULE__RULE_APPEND_VALUE)
			cell.value = rule->append_value;
		family.name = rule->family_name;
		family.n_columns = column.n_cells = row.n_families = 1;
		family.columns = columns;
		column.qualifier = rule->column_qualifier;
		column.cells = cells;
		row.key = request->row_key;
		row.families = families;
		response.row = &row;
		append_message(&call->pending, &response.base);
	}
}

/* Apply, and gather the answer: for MutateRows, of entries FROM to TO. */
void
write_answer(struct mock_call *call, int64_t from, int64_t to)
{
	struct write_call *write = call->write;
	Google__Bigtable__V2__CheckAndMutateRowResponse checked =
		GOOGLE__BIGTABLE__V2__CHECK_AND_MUTATE_ROW_RESPONSE__INIT;

	write_apply(call);
	write->answered = true;
	if (write->rows)
		append_results(call, (size_t) from, to < 0 ? SIZE_MAX : (size_t) to + 1);
	if (write->modify)
		append_row(call);
	checked.predicate_matched = write->matched;
	if (write->check)
		append_message(&call->pending, &checked.base);
}

/* Whether the block has ended without a word of the answer. */
bool
write_needs_answer(const struct mock_call *call)
{
	return call->write && !call->write->answered;
}

/* The message may be empty, but it must be sent. */
bool
write_needs_message(const struct mock_call *call)
{
	return call->write && call->write->answered && call->sent == 0;
}

/* ---- actions ---- */

/* Whether an action says something of that entry. */
static bool
is_meant(const struct write_call *write, const struct action *action, size_t i)
{
	ProtobufCBinaryData key = write->rows->entries[i]->row_key;

	if (action->kind == ACTION_ENTRY_KEY)
		return key.len == action->data.len &&
			   memcmp(key.data, action->data.data, key.len) == 0;
	return action->b < 0 || action->b == (int64_t) i;
}

/* entry, entry_key, omit, matched, entry_retry_info */
void
write_action(struct mock_call *call, const struct action *action)
{
	struct write_call *write = call->write;

	if (!write)
		return;
	if (action->kind == ACTION_MATCHED)
		write->matched = action->a != 0;
	if (action->kind == ACTION_ENTRY_RETRY_INFO)
		write->entry_retry_info = action->a;
	if (!write->rows || (action->kind != ACTION_ENTRY &&
						 action->kind != ACTION_ENTRY_KEY && action->kind != ACTION_OMIT))
		return;
	for (size_t i = 0; i < write->rows->n_entries; i++)
	{
		if (!is_meant(write, action, i))
			continue;
		if (action->kind == ACTION_OMIT)
			write->outcomes[i].omitted = true;
		else
		{
			write->outcomes[i].code = (int) action->a;
			write->outcomes[i].message = action->text;
		}
	}
}

/* ---- requests ---- */

static bool
unpack(struct write_call *write, const uint8_t *payload, size_t len)
{
	switch (write->method)
	{
		case MUTATE_ROWS:
			write->rows =
				google__bigtable__v2__mutate_rows_request__unpack(NULL, len, payload);
			if (write->rows)
				write->outcomes =
					mock_alloc((write->rows->n_entries + 1) * sizeof(struct outcome));
			return write->rows;
		case MUTATE_ROW:
			write->row =
				google__bigtable__v2__mutate_row_request__unpack(NULL, len, payload);
			return write->row;
		case CHECK_AND_MUTATE_ROW:
			write->check = google__bigtable__v2__check_and_mutate_row_request__unpack(
				NULL, len, payload);
			return write->check;
		case READ_MODIFY_WRITE_ROW:
			write->modify = google__bigtable__v2__read_modify_write_row_request__unpack(
				NULL, len, payload);
			return write->modify;
		case DROP_ROW_RANGE:
			write->drop = google__bigtable__admin__v2__drop_row_range_request__unpack(
				NULL, len, payload);
			return write->drop;
	}
	return false;
}

static void
put_target(struct bytes *out, const char *table, const char *view, const char *profile)
{
	bytes_text(out, " table=");
	log_text_to(out, table);
	if (*view)
	{
		bytes_text(out, " authorized_view=");
		log_text_to(out, view);
	}
	bytes_text(out, " app_profile=");
	log_text_to(out, profile);
}

static void
put_rows(struct bytes *out, const Google__Bigtable__V2__MutateRowsRequest *rows)
{
	size_t mutations = 0;

	put_target(out, rows->table_name, rows->authorized_view_name, rows->app_profile_id);
	for (size_t i = 0; i < rows->n_entries; i++)
		mutations += rows->entries[i]->n_mutations;
	bytes_printf(out, " entries=%zu mutations=%zu keys=[", rows->n_entries, mutations);
	for (size_t i = 0; i < rows->n_entries && i < MAX_KEYS; i++)
	{
		if (i > 0)
			bytes_text(out, ",");
		log_bytes_to(out, rows->entries[i]->row_key);
	}
	bytes_text(out, rows->n_entries > MAX_KEYS ? ",...]" : "]");
}

/* " name=" and the key */
static void
put_key(struct bytes *out, const char *name, ProtobufCBinaryData key)
{
	bytes_printf(out, " %s=", name);
	log_bytes_to(out, key);
}

static void
describe(struct bytes *out, const struct write_call *write)
{
	if (write->rows)
		put_rows(out, write->rows);
	if (write->row)
	{
		put_target(out, write->row->table_name, write->row->authorized_view_name,
				   write->row->app_profile_id);
		put_key(out, "key", write->row->row_key);
		bytes_text(out, " changes=");
		put_mutations(out, write->row->mutations, write->row->n_mutations);
	}
	if (write->check)
	{
		put_target(out, write->check->table_name, write->check->authorized_view_name,
				   write->check->app_profile_id);
		put_key(out, "key", write->check->row_key);
		bytes_text(out, " predicate=");
		if (write->check->predicate_filter)
			describe_filter(out, write->check->predicate_filter);
		bytes_text(out, " if_true=");
		put_mutations(out, write->check->true_mutations, write->check->n_true_mutations);
		bytes_text(out, " if_false=");
		put_mutations(out, write->check->false_mutations,
					  write->check->n_false_mutations);
	}
	if (write->modify)
	{
		put_target(out, write->modify->table_name, write->modify->authorized_view_name,
				   write->modify->app_profile_id);
		put_key(out, "key", write->modify->row_key);
		bytes_text(out, " rules=");
		put_rules(out, write->modify);
	}
	if (write->drop)
	{
		bytes_text(out, " table=");
		log_text_to(out, write->drop->name);
		if (write->drop->target_case ==
			GOOGLE__BIGTABLE__ADMIN__V2__DROP_ROW_RANGE_REQUEST__TARGET_ROW_KEY_PREFIX)
			put_key(out, "prefix", write->drop->row_key_prefix);
		else
			bytes_printf(out, " whole_table=%d",
						 (int) write->drop->delete_all_data_from_table);
	}
}

static void
log_call(struct mock_call *call, int block, size_t len)
{
	struct bytes line = {0};

	bytes_printf(&line, "%s call=%" PRId64 " block=%d", call->method, call->number,
				 block);
	describe_attempt(&line, call);
	describe(&line, call->write);
	bytes_printf(&line, " bytes=%zu", len);
	describe_headers(&line, &call->headers);
	log_line(&line);
	bytes_free(&line);
}

/* Begin to answer. */
static void
start(struct mock_call *call, enum write_method method, const uint8_t *payload,
	  size_t len)
{
	struct script_source *source = &call->server->source;
	int number = 0;

	call->write = mock_alloc(sizeof(*call->write));
	call->write->method = method;
	call->write->entry_retry_info = -1;
	if (!unpack(call->write, payload, len))
	{
		call_finish(call, GRPC_STATUS_INVALID_ARGUMENT, "the request cannot be decoded");
		return;
	}
	if (source->path &&
		!script_take(source, call->method, &call->script, &call->block, &number))
	{
		call_finish(call, GRPC_STATUS_INTERNAL, source->error);
		return;
	}
	log_call(call, number, len);
	player_step(call);
}

void
answer_mutate_rows(struct mock_call *call, const uint8_t *payload, size_t len)
{
	size_t n;
	uint8_t *data;

	if (call->server->source.path || log_is_open())
	{
		start(call, MUTATE_ROWS, payload, len);
		return;
	}
	n = count_entries(payload, len);
	data = acknowledge(n, &len);
	call_send(call, data, len, 0);
}

void
answer_mutate_row(struct mock_call *call, const uint8_t *payload, size_t len)
{
	start(call, MUTATE_ROW, payload, len);
}

void
answer_check_and_mutate_row(struct mock_call *call, const uint8_t *payload, size_t len)
{
	start(call, CHECK_AND_MUTATE_ROW, payload, len);
}

void
answer_read_modify_write_row(struct mock_call *call, const uint8_t *payload, size_t len)
{
	start(call, READ_MODIFY_WRITE_ROW, payload, len);
}

void
answer_drop_row_range(struct mock_call *call, const uint8_t *payload, size_t len)
{
	start(call, DROP_ROW_RANGE, payload, len);
}

/* Free what was added to the call. */
void
write_free(struct mock_call *call)
{
	struct write_call *write = call->write;

	if (!write)
		return;
	if (write->rows)
		google__bigtable__v2__mutate_rows_request__free_unpacked(write->rows, NULL);
	if (write->row)
		google__bigtable__v2__mutate_row_request__free_unpacked(write->row, NULL);
	if (write->check)
		google__bigtable__v2__check_and_mutate_row_request__free_unpacked(write->check,
																		  NULL);
	if (write->modify)
		google__bigtable__v2__read_modify_write_row_request__free_unpacked(write->modify,
																		   NULL);
	if (write->drop)
		google__bigtable__admin__v2__drop_row_range_request__free_unpacked(write->drop,
																		   NULL);
	free(write->outcomes);
	free(write);
}
