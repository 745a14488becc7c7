/*-------------------------------------------------------------------------
 *
 * mock_write_log.c
 *	  What the logs say of methods that write: the requests, and what of them
 *	  was applied.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_write.h"

#include <inttypes.h>
#include <string.h>

#include "mock_log.h"

/* Keys that a line of the log shows, and bytes of a value. */
#define MAX_KEYS 20
#define MAX_VALUE 64

typedef Google__Bigtable__V2__Mutation Mutation;

/* ---- mutations ---- */

static void
put_column(struct bytes *out, const char *family, ProtobufCBinaryData qualifier)
{
	log_text_to(out, family);
	bytes_text(out, ":");
	log_bytes_to(out, qualifier);
}

/* "=" and a value, of which a long one is cut */
static void
put_value(struct bytes *out, ProtobufCBinaryData value)
{
	ProtobufCBinaryData shown = value;

	if (shown.len > MAX_VALUE)
		shown.len = MAX_VALUE;
	bytes_text(out, "=");
	log_bytes_to(out, shown);
	if (shown.len < value.len)
		bytes_printf(out, "...(%zu_bytes)", value.len);
}

/* add(F:Q@TS+N, without what a malformed request leaves out */
static void
put_add(struct bytes *out, const Google__Bigtable__V2__Mutation__AddToCell *add)
{
	static const ProtobufCBinaryData nothing;

	bytes_text(out, "add(");
	put_column(out, add->family_name,
			   add->column_qualifier ? add->column_qualifier->raw_value : nothing);
	bytes_printf(out, "@%" PRId64 "+%" PRId64,
				 add->timestamp ? add->timestamp->raw_timestamp_micros : 0,
				 add->input ? add->input->int_value : 0);
}

/* delete_column(F:Q, and ",[FROM,TO)" of a range, whose bounds may be empty */
static void
put_delete_column(struct bytes *out,
				  const Google__Bigtable__V2__Mutation__DeleteFromColumn *column)
{
	bytes_text(out, "delete_column(");
	put_column(out, column->family_name, column->column_qualifier);
	if (!column->time_range)
		return;
	bytes_text(out, ",[");
	if (column->time_range->start_timestamp_micros)
		bytes_printf(out, "%" PRId64, column->time_range->start_timestamp_micros);
	bytes_text(out, ",");
	if (column->time_range->end_timestamp_micros)
		bytes_printf(out, "%" PRId64, column->time_range->end_timestamp_micros);
	bytes_text(out, ")");
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
			put_add(out, m->add_to_cell);
			break;
		case GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_DELETE_FROM_COLUMN:
			put_delete_column(out, m->delete_from_column);
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

/* A line, but for its mutations. */
static void
begin_applied(struct bytes *line, const struct mock_call *call, ProtobufCBinaryData key)
{
	bytes_printf(line, "%s call=%" PRId64 " key=", call->method, call->number);
	log_bytes_to(line, key);
	bytes_text(line, " mutations=");
}

static void
log_mutations(const struct mock_call *call, ProtobufCBinaryData key,
			  Mutation *const *mutations, size_t n)
{
	struct bytes line = {0};

	begin_applied(&line, call, key);
	put_mutations(&line, mutations, n);
	applied_line(&line);
	bytes_free(&line);
}

void
log_applied_entry(const struct mock_call *call, size_t i)
{
	const Google__Bigtable__V2__MutateRowsRequest__Entry *entry =
		call->write->rows->entries[i];

	log_mutations(call, entry->row_key, entry->mutations, entry->n_mutations);
}

/* DropRowRange has the prefix for a key. */
static void
log_drop(const struct mock_call *call)
{
	const Google__Bigtable__Admin__V2__DropRowRangeRequest *drop = call->write->drop;
	static const ProtobufCBinaryData nothing;
	bool is_prefix =
		drop->target_case ==
		GOOGLE__BIGTABLE__ADMIN__V2__DROP_ROW_RANGE_REQUEST__TARGET_ROW_KEY_PREFIX;
	struct bytes line = {0};

	begin_applied(&line, call, is_prefix ? drop->row_key_prefix : nothing);
	bytes_text(&line, is_prefix ? "drop_prefix()" : "drop_all()");
	applied_line(&line);
	bytes_free(&line);
}

void
log_applied_write(const struct mock_call *call)
{
	const struct write_call *write = call->write;
	struct bytes line = {0};

	if (write->row)
		log_mutations(call, write->row->row_key, write->row->mutations,
					  write->row->n_mutations);
	/* The branch that is taken may have nothing to do. */
	if (write->check && write->matched && write->check->n_true_mutations > 0)
		log_mutations(call, write->check->row_key, write->check->true_mutations,
					  write->check->n_true_mutations);
	if (write->check && !write->matched && write->check->n_false_mutations > 0)
		log_mutations(call, write->check->row_key, write->check->false_mutations,
					  write->check->n_false_mutations);
	if (write->drop)
		log_drop(call);
	if (write->modify)
	{
		begin_applied(&line, call, write->modify->row_key);
		put_rules(&line, write->modify);
		applied_line(&line);
		bytes_free(&line);
	}
}

/* ---- requests ---- */

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

/* Whether another call has the entry's key, and has not answered it. */
static bool
is_elsewhere(const struct mock_call *call, size_t i)
{
	uint64_t hash = call->write->outcomes[i].hash;
	ProtobufCBinaryData key = call->write->rows->entries[i]->row_key;

	for (const struct mock_call *other = call->server->calls; other; other = other->next)
	{
		const struct write_call *write = other->write;

		if (other == call || other->over || !write || !write->rows)
			continue;
		for (size_t k = 0; k < write->rows->n_entries; k++)
			if (write->outcomes[k].hash == hash && !write->outcomes[k].answered &&
				write->rows->entries[k]->row_key.len == key.len &&
				memcmp(write->rows->entries[k]->row_key.data, key.data, key.len) == 0)
				return true;
	}
	return false;
}

/* Keys of this request that others, which are not answered yet, have as well. */
static void
put_overlap(struct bytes *out, const struct mock_call *call)
{
	const struct write_call *write = call->write;
	size_t found = 0;

	bytes_text(out, " overlap=[");
	for (size_t i = 0; i < write->rows->n_entries && found < MAX_KEYS; i++)
		if (is_elsewhere(call, i))
		{
			if (found++ > 0)
				bytes_text(out, ",");
			log_bytes_to(out, write->rows->entries[i]->row_key);
		}
	bytes_text(out, "]");
}

void
log_write(const struct mock_call *call, int block, size_t len)
{
	struct bytes line = {0};

	bytes_printf(&line, "%s call=%" PRId64 " block=%d", call->method, call->number,
				 block);
	describe_attempt(&line, call);
	describe(&line, call->write);
	if (call->write->rows)
		put_overlap(&line, call);
	bytes_printf(&line, " bytes=%zu", len);
	describe_headers(&line, &call->headers);
	log_line(&line);
	bytes_free(&line);
}
