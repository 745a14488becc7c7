/*-------------------------------------------------------------------------
 *
 * message.c
 *	  Our structs <-> protobuf bytes of the data API, through protobuf-c.
 *
 *-------------------------------------------------------------------------
 */
#include "message.h"

#include "../../proto/bigtable.pb-c.h"
#include "../../proto/rpc.pb-c.h"
#include "scratch.h"

typedef Google__Bigtable__V2__RowFilter pb_filter;
typedef Google__Bigtable__V2__RowRange pb_range;

#define RETRY_INFO_TYPE "google.rpc.RetryInfo"

/* ---- filters ---- */

static void convert_filter(scratch *scratch, const bt_filter *filter, pb_filter *result);

static pb_filter *
new_filter(scratch *scratch, const bt_filter *filter)
{
	pb_filter *result = scratch_alloc(scratch, sizeof(pb_filter));

	if (!scratch->failed)
		convert_filter(scratch, filter, result);
	return result;
}

static pb_filter **
convert_members(scratch *scratch, const bt_filter *filter)
{
	pb_filter **members =
		scratch_alloc(scratch, (filter->nmembers + 1) * sizeof(pb_filter *));

	for (size_t i = 0; i < filter->nmembers && !scratch->failed; i++)
		members[i] = new_filter(scratch, filter->members[i]);
	return members;
}

static void
convert_list(scratch *scratch, const bt_filter *filter, pb_filter *result)
{
	pb_filter **members = convert_members(scratch, filter);

	if (filter->kind == BT_FILTER_CHAIN)
	{
		result->chain = scratch_alloc(scratch, sizeof(*result->chain));
		google__bigtable__v2__row_filter__chain__init(result->chain);
		result->chain->n_filters = filter->nmembers;
		result->chain->filters = members;
		result->filter_case = GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_CHAIN;
	}
	else
	{
		result->interleave = scratch_alloc(scratch, sizeof(*result->interleave));
		google__bigtable__v2__row_filter__interleave__init(result->interleave);
		result->interleave->n_filters = filter->nmembers;
		result->interleave->filters = members;
		result->filter_case = GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_INTERLEAVE;
	}
}

static void
convert_condition(scratch *scratch, const bt_filter *filter, pb_filter *result)
{
	Google__Bigtable__V2__RowFilter__Condition *condition =
		scratch_alloc(scratch, sizeof(*condition));

	google__bigtable__v2__row_filter__condition__init(condition);
	condition->predicate_filter = new_filter(scratch, filter->members[0]);
	if (filter->members[1] != NULL)
		condition->true_filter = new_filter(scratch, filter->members[1]);
	if (filter->members[2] != NULL)
		condition->false_filter = new_filter(scratch, filter->members[2]);
	result->condition = condition;
	result->filter_case = GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_CONDITION;
}

/* A column is a range of qualifiers that begins and ends with it. */
static void
convert_column(scratch *scratch, const bt_filter *filter, pb_filter *result)
{
	Google__Bigtable__V2__ColumnRange *range = scratch_alloc(scratch, sizeof(*range));

	google__bigtable__v2__column_range__init(range);
	range->family_name = string(scratch, filter->text);
	range->start_qualifier_closed = binary(filter->qualifier);
	range->start_qualifier_case =
		GOOGLE__BIGTABLE__V2__COLUMN_RANGE__START_QUALIFIER_START_QUALIFIER_CLOSED;
	range->end_qualifier_closed = binary(filter->qualifier);
	range->end_qualifier_case =
		GOOGLE__BIGTABLE__V2__COLUMN_RANGE__END_QUALIFIER_END_QUALIFIER_CLOSED;
	result->column_range_filter = range;
	result->filter_case = GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_COLUMN_RANGE_FILTER;
}

static void
convert_column_range(scratch *scratch, const bt_filter *filter, pb_filter *result)
{
	Google__Bigtable__V2__ColumnRange *range = scratch_alloc(scratch, sizeof(*range));

	google__bigtable__v2__column_range__init(range);
	range->family_name = string(scratch, filter->text);
	if (filter->has_from)
	{
		/* The members of the union are all of one type. */
		range->start_qualifier_closed = binary(filter->from);
		range->start_qualifier_case =
			filter->from_open
				? GOOGLE__BIGTABLE__V2__COLUMN_RANGE__START_QUALIFIER_START_QUALIFIER_OPEN
				: GOOGLE__BIGTABLE__V2__COLUMN_RANGE__START_QUALIFIER_START_QUALIFIER_CLOSED;
	}
	if (filter->has_to)
	{
		range->end_qualifier_closed = binary(filter->to);
		range->end_qualifier_case =
			filter->to_open
				? GOOGLE__BIGTABLE__V2__COLUMN_RANGE__END_QUALIFIER_END_QUALIFIER_OPEN
				: GOOGLE__BIGTABLE__V2__COLUMN_RANGE__END_QUALIFIER_END_QUALIFIER_CLOSED;
	}
	result->column_range_filter = range;
	result->filter_case = GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_COLUMN_RANGE_FILTER;
}

static void
convert_bitmask(scratch *scratch, const bt_filter *filter, pb_filter *result)
{
	Google__Bigtable__V2__ValueBitmask *bitmask =
		scratch_alloc(scratch, sizeof(*bitmask));

	google__bigtable__v2__value_bitmask__init(bitmask);
	bitmask->mask = binary(filter->text);
	result->value_bitmask_filter = bitmask;
	result->filter_case = GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_VALUE_BITMASK_FILTER;
}

static void
convert_timestamp_range(scratch *scratch, const bt_filter *filter, pb_filter *result)
{
	Google__Bigtable__V2__TimestampRange *range = scratch_alloc(scratch, sizeof(*range));

	google__bigtable__v2__timestamp_range__init(range);
	range->start_timestamp_micros = filter->from_us;
	range->end_timestamp_micros = filter->to_us;
	result->timestamp_range_filter = range;
	result->filter_case = GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_TIMESTAMP_RANGE_FILTER;
}

static void
convert_value_range(scratch *scratch, const bt_filter *filter, pb_filter *result)
{
	Google__Bigtable__V2__ValueRange *range = scratch_alloc(scratch, sizeof(*range));

	google__bigtable__v2__value_range__init(range);
	if (filter->has_from)
	{
		/* The members of the union are all of one type. */
		range->start_value_closed = binary(filter->from);
		range->start_value_case =
			filter->from_open
				? GOOGLE__BIGTABLE__V2__VALUE_RANGE__START_VALUE_START_VALUE_OPEN
				: GOOGLE__BIGTABLE__V2__VALUE_RANGE__START_VALUE_START_VALUE_CLOSED;
	}
	if (filter->has_to)
	{
		range->end_value_closed = binary(filter->to);
		range->end_value_case =
			filter->to_open
				? GOOGLE__BIGTABLE__V2__VALUE_RANGE__END_VALUE_END_VALUE_OPEN
				: GOOGLE__BIGTABLE__V2__VALUE_RANGE__END_VALUE_END_VALUE_CLOSED;
	}
	result->value_range_filter = range;
	result->filter_case = GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_VALUE_RANGE_FILTER;
}

static void
convert_filter(scratch *scratch, const bt_filter *filter, pb_filter *result)
{
	google__bigtable__v2__row_filter__init(result);
	switch (filter->kind)
	{
		case BT_FILTER_CHAIN:
		case BT_FILTER_INTERLEAVE:
			convert_list(scratch, filter, result);
			break;
		case BT_FILTER_CONDITION:
			convert_condition(scratch, filter, result);
			break;
		case BT_FILTER_FAMILY_REGEX:
			result->family_name_regex_filter = string(scratch, filter->text);
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_FAMILY_NAME_REGEX_FILTER;
			break;
		case BT_FILTER_QUALIFIER_REGEX:
			result->column_qualifier_regex_filter = binary(filter->text);
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_COLUMN_QUALIFIER_REGEX_FILTER;
			break;
		case BT_FILTER_VALUE_REGEX:
			result->value_regex_filter = binary(filter->text);
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_VALUE_REGEX_FILTER;
			break;
		case BT_FILTER_ROW_KEY_REGEX:
			result->row_key_regex_filter = binary(filter->text);
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_ROW_KEY_REGEX_FILTER;
			break;
		case BT_FILTER_COLUMN:
			convert_column(scratch, filter, result);
			break;
		case BT_FILTER_COLUMN_RANGE:
			convert_column_range(scratch, filter, result);
			break;
		case BT_FILTER_VALUE_BITMASK:
			convert_bitmask(scratch, filter, result);
			break;
		case BT_FILTER_ROW_OFFSET:
			result->cells_per_row_offset_filter = filter->limit;
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_CELLS_PER_ROW_OFFSET_FILTER;
			break;
		case BT_FILTER_ROW_SAMPLE:
			result->row_sample_filter = filter->probability;
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_ROW_SAMPLE_FILTER;
			break;
		case BT_FILTER_SINK:
			result->sink = true;
			result->filter_case = GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_SINK;
			break;
		case BT_FILTER_TIMESTAMP_RANGE:
			convert_timestamp_range(scratch, filter, result);
			break;
		case BT_FILTER_VALUE_RANGE:
			convert_value_range(scratch, filter, result);
			break;
		case BT_FILTER_ROW_LIMIT:
			result->cells_per_row_limit_filter = filter->limit;
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_CELLS_PER_ROW_LIMIT_FILTER;
			break;
		case BT_FILTER_COLUMN_LIMIT:
			result->cells_per_column_limit_filter = filter->limit;
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_CELLS_PER_COLUMN_LIMIT_FILTER;
			break;
		case BT_FILTER_STRIP_VALUE:
			result->strip_value_transformer = true;
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_STRIP_VALUE_TRANSFORMER;
			break;
		case BT_FILTER_PASS_ALL:
			result->pass_all_filter = true;
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_PASS_ALL_FILTER;
			break;
		case BT_FILTER_BLOCK_ALL:
			result->block_all_filter = true;
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_BLOCK_ALL_FILTER;
			break;
		case BT_FILTER_LABEL:
			result->apply_label_transformer = string(scratch, filter->text);
			result->filter_case =
				GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_APPLY_LABEL_TRANSFORMER;
			break;
	}
}

/* ---- row sets ---- */

/*
 * A bound just after a key is an open start or a closed end; a bound just
 * before one is a closed start or an open end.
 */
static void
convert_range(const bt_range *range, pb_range *result)
{
	google__bigtable__v2__row_range__init(result);
	if (range->from.key.len > 0)
	{
		result->start_key_closed = binary(range->from.key);
		result->start_key_case =
			range->from.after
				? GOOGLE__BIGTABLE__V2__ROW_RANGE__START_KEY_START_KEY_OPEN
				: GOOGLE__BIGTABLE__V2__ROW_RANGE__START_KEY_START_KEY_CLOSED;
	}
	if (!range->unbounded)
	{
		result->end_key_closed = binary(range->to.key);
		result->end_key_case =
			range->to.after ? GOOGLE__BIGTABLE__V2__ROW_RANGE__END_KEY_END_KEY_CLOSED
							: GOOGLE__BIGTABLE__V2__ROW_RANGE__END_KEY_END_KEY_OPEN;
	}
}

static Google__Bigtable__V2__RowSet *
convert_row_set(scratch *scratch, const bt_range *ranges, size_t nranges)
{
	Google__Bigtable__V2__RowSet *rows = scratch_alloc(scratch, sizeof(*rows));
	pb_range *range_array = scratch_alloc(scratch, (nranges + 1) * sizeof(pb_range));
	pb_range **range_list = scratch_alloc(scratch, (nranges + 1) * sizeof(pb_range *));
	ProtobufCBinaryData *keys =
		scratch_alloc(scratch, (nranges + 1) * sizeof(ProtobufCBinaryData));

	google__bigtable__v2__row_set__init(rows);
	for (size_t i = 0; i < nranges && !scratch->failed; i++)
	{
		bt_span key;

		if (bt_range_is_key(&ranges[i], &key))
			keys[rows->n_row_keys++] = binary(key);
		else
		{
			convert_range(&ranges[i], &range_array[rows->n_row_ranges]);
			range_list[rows->n_row_ranges] = &range_array[rows->n_row_ranges];
			rows->n_row_ranges++;
		}
	}
	rows->row_keys = keys;
	rows->row_ranges = range_list;
	return rows;
}

/* ---- requests ---- */

bool
bt_pack_read_rows(const bt_read_rows_request *request, bt_buffer *buffer)
{
	Google__Bigtable__V2__ReadRowsRequest message;
	scratch scratch = {0};
	bool ok = false;

	google__bigtable__v2__read_rows_request__init(&message);
	switch (request->kind)
	{
		case BT_RESOURCE_TABLE:
			message.table_name = (char *) request->resource;
			break;
		case BT_RESOURCE_AUTHORIZED_VIEW:
			message.authorized_view_name = (char *) request->resource;
			break;
		case BT_RESOURCE_MATERIALIZED_VIEW:
			message.materialized_view_name = (char *) request->resource;
			break;
	}
	if (request->app_profile != NULL)
		message.app_profile_id = (char *) request->app_profile;
	message.rows = convert_row_set(&scratch, request->ranges, request->nranges);
	if (request->filter != NULL)
		message.filter = new_filter(&scratch, request->filter);
	message.rows_limit = request->rows_limit;
	message.reversed = request->reversed;
	if (request->want_stats)
		message.request_stats_view =
			GOOGLE__BIGTABLE__V2__READ_ROWS_REQUEST__REQUEST_STATS_VIEW__REQUEST_STATS_FULL;

	if (!scratch.failed)
		ok = pack(&message.base, buffer);
	scratch_free(&scratch);
	return ok;
}

bool
bt_pack_sample_row_keys(bt_resource_kind kind, const char *resource,
						const char *app_profile, bt_buffer *buffer)
{
	Google__Bigtable__V2__SampleRowKeysRequest message;

	google__bigtable__v2__sample_row_keys_request__init(&message);
	switch (kind)
	{
		case BT_RESOURCE_TABLE:
			message.table_name = (char *) resource;
			break;
		case BT_RESOURCE_AUTHORIZED_VIEW:
			message.authorized_view_name = (char *) resource;
			break;
		case BT_RESOURCE_MATERIALIZED_VIEW:
			message.materialized_view_name = (char *) resource;
			break;
	}
	if (app_profile != NULL)
		message.app_profile_id = (char *) app_profile;
	return pack(&message.base, buffer);
}

/* Fills in where a write goes. */
static void
set_target(const bt_write_target *target, char **table, char **view, char **app_profile)
{
	if (target->kind == BT_RESOURCE_AUTHORIZED_VIEW)
		*view = (char *) target->resource;
	else
		*table = (char *) target->resource;
	if (target->app_profile != NULL)
		*app_profile = (char *) target->app_profile;
}

/*
 * Packs a message, and behind it lists of mutations: fields of a message may
 * come in any order, so theirs are simply appended.
 */
static bool
pack_with_mutations(const ProtobufCMessage *message, int field1, const bt_mutation *list1,
					size_t n1, int field2, const bt_mutation *list2, size_t n2,
					bt_buffer *buffer)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *out;

	buffer->len = size + bt_mutations_size(list1, n1) + bt_mutations_size(list2, n2);
	buffer->data = malloc(buffer->len + 1);
	if (buffer->data == NULL)
		return false;
	out = buffer->data + protobuf_c_message_pack(message, buffer->data);
	out = bt_mutations_write(out, field1, list1, n1);
	(void) bt_mutations_write(out, field2, list2, n2);
	return true;
}

bool
bt_pack_mutate_row(const bt_write_target *target, bt_span key,
				   const bt_mutation *mutations, size_t nmutations, bt_buffer *buffer)
{
	Google__Bigtable__V2__MutateRowRequest message;

	google__bigtable__v2__mutate_row_request__init(&message);
	set_target(target, &message.table_name, &message.authorized_view_name,
			   &message.app_profile_id);
	message.row_key = binary(key);
	return pack_with_mutations(&message.base, 3, mutations, nmutations, 0, NULL, 0,
							   buffer);
}

bool
bt_pack_check_and_mutate_row(const bt_write_target *target, bt_span key,
							 const bt_filter *predicate, const bt_mutation *if_true,
							 size_t nif_true, const bt_mutation *if_false,
							 size_t nif_false, bt_buffer *buffer)
{
	Google__Bigtable__V2__CheckAndMutateRowRequest message;
	scratch scratch = {0};
	bool ok = false;

	google__bigtable__v2__check_and_mutate_row_request__init(&message);
	set_target(target, &message.table_name, &message.authorized_view_name,
			   &message.app_profile_id);
	message.row_key = binary(key);
	if (predicate != NULL)
		message.predicate_filter = new_filter(&scratch, predicate);
	if (!scratch.failed)
		ok = pack_with_mutations(&message.base, 4, if_true, nif_true, 5, if_false,
								 nif_false, buffer);
	scratch_free(&scratch);
	return ok;
}

static void
convert_rule(scratch *scratch, const bt_rmw_rule *from,
			 Google__Bigtable__V2__ReadModifyWriteRule *rule)
{
	google__bigtable__v2__read_modify_write_rule__init(rule);
	rule->family_name = string(scratch, from->family);
	rule->column_qualifier = binary(from->qualifier);
	if (from->is_increment)
	{
		rule->increment_amount = from->amount;
		rule->rule_case =
			GOOGLE__BIGTABLE__V2__READ_MODIFY_WRITE_RULE__RULE_INCREMENT_AMOUNT;
	}
	else
	{
		rule->append_value = binary(from->append);
		rule->rule_case = GOOGLE__BIGTABLE__V2__READ_MODIFY_WRITE_RULE__RULE_APPEND_VALUE;
	}
}

bool
bt_pack_read_modify_write_row(const bt_write_target *target, bt_span key,
							  const bt_rmw_rule *rules, size_t nrules, bt_buffer *buffer)
{
	typedef Google__Bigtable__V2__ReadModifyWriteRule pb_rule;
	Google__Bigtable__V2__ReadModifyWriteRowRequest message;
	scratch scratch = {0};
	pb_rule *array = scratch_alloc(&scratch, (nrules + 1) * sizeof(pb_rule));
	pb_rule **list = scratch_alloc(&scratch, (nrules + 1) * sizeof(pb_rule *));
	bool ok = false;

	google__bigtable__v2__read_modify_write_row_request__init(&message);
	set_target(target, &message.table_name, &message.authorized_view_name,
			   &message.app_profile_id);
	message.row_key = binary(key);
	for (size_t i = 0; i < nrules && !scratch.failed; i++)
	{
		list[i] = &array[i];
		convert_rule(&scratch, &rules[i], list[i]);
	}
	message.n_rules = nrules;
	message.rules = list;
	if (!scratch.failed)
		ok = pack(&message.base, buffer);
	scratch_free(&scratch);
	return ok;
}

/* ---- answers ---- */

bool
bt_unpack_read_stats(bt_span bytes, bt_read_stats *stats)
{
	Google__Bigtable__V2__RequestStats *message =
		google__bigtable__v2__request_stats__unpack(NULL, bytes.len, bytes.data);

	memset(stats, 0, sizeof(*stats));
	if (message == NULL)
		return false;
	if (message->stats_view_case ==
			GOOGLE__BIGTABLE__V2__REQUEST_STATS__STATS_VIEW_FULL_READ_STATS_VIEW &&
		message->full_read_stats_view->read_iteration_stats != NULL)
	{
		stats->rows_seen =
			message->full_read_stats_view->read_iteration_stats->rows_seen_count;
		stats->rows_returned =
			message->full_read_stats_view->read_iteration_stats->rows_returned_count;
	}
	google__bigtable__v2__request_stats__free_unpacked(message, NULL);
	return true;
}

/* A delay of a server's choice, made safe to add to a clock. */
static int64_t
duration_us(const Google__Protobuf__Duration *duration)
{
	const int64_t longest = INT64_C(366) * 24 * 3600;

	if (duration == NULL || duration->seconds < 0 || duration->nanos < 0)
		return 0;
	if (duration->seconds >= longest)
		return longest * 1000000;
	return duration->seconds * 1000000 + duration->nanos % 1000000000 / 1000;
}

bool
bt_unpack_retry_delay(bt_span bytes, int64_t *delay_us)
{
	Google__Rpc__Status *message =
		google__rpc__status__unpack(NULL, bytes.len, bytes.data);

	*delay_us = -1;
	if (message == NULL)
		return false;
	for (size_t i = 0; i < message->n_details && *delay_us < 0; i++)
	{
		const Google__Protobuf__Any *detail = message->details[i];
		const char *type = strrchr(detail->type_url, '/');
		Google__Rpc__RetryInfo *info;

		if (strcmp(type != NULL ? type + 1 : detail->type_url, RETRY_INFO_TYPE) != 0)
			continue;
		info =
			google__rpc__retry_info__unpack(NULL, detail->value.len, detail->value.data);
		if (info != NULL)
		{
			*delay_us = duration_us(info->retry_delay);
			google__rpc__retry_info__free_unpacked(info, NULL);
		}
	}
	google__rpc__status__free_unpacked(message, NULL);
	return true;
}

bool
bt_unpack_check_and_mutate_row(bt_span bytes, bool *matched)
{
	Google__Bigtable__V2__CheckAndMutateRowResponse *message =
		google__bigtable__v2__check_and_mutate_row_response__unpack(NULL, bytes.len,
																	bytes.data);

	if (message == NULL)
		return false;
	*matched = message->predicate_matched;
	google__bigtable__v2__check_and_mutate_row_response__free_unpacked(message, NULL);
	return true;
}

typedef bool (*cell_callback)(void *arg, const bt_written_cell *cell);

static bool
each_cell_of_column(const char *family, const Google__Bigtable__V2__Column *column,
					cell_callback each, void *arg)
{
	for (size_t i = 0; i < column->n_cells; i++)
	{
		const Google__Bigtable__V2__Cell *from = column->cells[i];
		bt_written_cell cell = {
			.family = bt_span_str(family),
			.qualifier = bt_span_make(column->qualifier.data, column->qualifier.len),
			.timestamp_us = from->timestamp_micros,
			.value = bt_span_make(from->value.data, from->value.len)};

		if (!each(arg, &cell))
			return false;
	}
	return true;
}

static bool
each_cell_of_row(const Google__Bigtable__V2__Row *row, cell_callback each, void *arg)
{
	for (size_t i = 0; row != NULL && i < row->n_families; i++)
	{
		const Google__Bigtable__V2__Family *family = row->families[i];

		for (size_t j = 0; j < family->n_columns; j++)
			if (!each_cell_of_column(family->name, family->columns[j], each, arg))
				return false;
	}
	return true;
}

bool
bt_unpack_read_modify_write_row(bt_span bytes,
								bool (*each)(void *arg, const bt_written_cell *cell),
								void *arg)
{
	Google__Bigtable__V2__ReadModifyWriteRowResponse *message =
		google__bigtable__v2__read_modify_write_row_response__unpack(NULL, bytes.len,
																	 bytes.data);
	bool ok;

	if (message == NULL)
		return false;
	ok = each_cell_of_row(message->row, each, arg);
	google__bigtable__v2__read_modify_write_row_response__free_unpacked(message, NULL);
	return ok;
}

bool
bt_unpack_row_sample(bt_span bytes, bt_row_sample *sample)
{
	Google__Bigtable__V2__SampleRowKeysResponse *message =
		google__bigtable__v2__sample_row_keys_response__unpack(NULL, bytes.len,
															   bytes.data);

	if (message == NULL)
		return false;
	sample->offset_bytes = message->offset_bytes;

	/* The key changes hands. */
	sample->key.data = message->row_key.data;
	sample->key.len = message->row_key.len;
	message->row_key.data = NULL;
	message->row_key.len = 0;
	google__bigtable__v2__sample_row_keys_response__free_unpacked(message, NULL);
	return true;
}
