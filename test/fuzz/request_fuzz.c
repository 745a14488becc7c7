/*-------------------------------------------------------------------------
 *
 * request_fuzz.c
 *	  Requests: what protobuf-c reads of their bytes is what was asked for.
 *
 * Input: a byte that chooses the request, and decisions that fill it in.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz_input.h"

#include "fuzz_filter.h"
#include "message.h"

#define MAX_RANGES 8
#define MAX_MUTATIONS 6

typedef Google__Bigtable__V2__Mutation pb_mutation;
typedef Google__Bigtable__V2__ReadModifyWriteRule pb_rule;
typedef Google__Bigtable__V2__RowRange pb_range;
typedef Google__Bigtable__V2__RowSet pb_row_set;

static const char resource[] = "projects/p/instances/i/tables/t";

/* ---- ReadRows ---- */

static bt_range
a_range(fuzz_input *input)
{
	bt_range range = {.from = {.key = fuzz_bytes(input, 140)}};

	if (fuzz_below(input, 4) == 0)
		return bt_range_key(range.from.key);
	range.from.after = fuzz_bool(input);
	range.unbounded = fuzz_bool(input);
	range.to.key = fuzz_bytes(input, 140);
	range.to.after = fuzz_bool(input);
	return range;
}

/* A missing start is the empty key itself, which no row has. */
static void
check_range(const bt_range *ours, const pb_range *theirs)
{
	bool has_from = ours->from.key.len > 0;

	FUZZ_CHECK(same_bound(has_from, ours->from.after, ours->from.key,
						  theirs->start_key_case ==
							  GOOGLE__BIGTABLE__V2__ROW_RANGE__START_KEY_START_KEY_CLOSED,
						  theirs->start_key_case ==
							  GOOGLE__BIGTABLE__V2__ROW_RANGE__START_KEY_START_KEY_OPEN,
						  theirs->start_key_closed),
			   "a range's start");
	FUZZ_CHECK(same_bound(!ours->unbounded, !ours->to.after, ours->to.key,
						  theirs->end_key_case ==
							  GOOGLE__BIGTABLE__V2__ROW_RANGE__END_KEY_END_KEY_CLOSED,
						  theirs->end_key_case ==
							  GOOGLE__BIGTABLE__V2__ROW_RANGE__END_KEY_END_KEY_OPEN,
						  theirs->end_key_closed),
			   "a range's end");
}

static void
check_ranges(const bt_read_rows_request *request, const pb_row_set *rows)
{
	size_t nkeys = 0;
	size_t nranges = 0;
	size_t most = 0;

	FUZZ_CHECK(rows != NULL, "the request has no row set");
	for (size_t i = 0; i < request->nranges; i++)
	{
		bt_span key;

		most += bt_range_wire_size(&request->ranges[i]);
		if (bt_range_is_key(&request->ranges[i], &key))
		{
			FUZZ_CHECK(nkeys < rows->n_row_keys, "a key is missing");
			FUZZ_CHECK(same_bytes(key, rows->row_keys[nkeys++]), "another key");
		}
		else
		{
			FUZZ_CHECK(nranges < rows->n_row_ranges, "a range is missing");
			check_range(&request->ranges[i], rows->row_ranges[nranges++]);
		}
	}
	FUZZ_CHECK(nkeys == rows->n_row_keys && nranges == rows->n_row_ranges,
			   "more ranges than were asked for");
	FUZZ_CHECK(google__bigtable__v2__row_set__get_packed_size(rows) <= most,
			   "the row set is larger than its estimate");
}

static void
check_read_rows(fuzz_input *input)
{
	bt_range ranges[MAX_RANGES];
	bt_read_rows_request request = {.kind = BT_RESOURCE_TABLE, .resource = resource};
	Google__Bigtable__V2__ReadRowsRequest *message;
	bt_buffer buffer;

	request.ranges = ranges;
	request.nranges = 1 + fuzz_below(input, MAX_RANGES);
	for (size_t i = 0; i < request.nranges; i++)
		ranges[i] = a_range(input);
	request.filter = fuzz_bool(input) ? fuzz_filter(input, FUZZ_FILTER_DEPTH) : NULL;
	request.rows_limit = fuzz_number(input) & INT64_MAX;
	request.reversed = fuzz_bool(input);
	request.want_stats = fuzz_bool(input);
	request.app_profile = fuzz_bool(input) ? "other" : NULL;
	if (!bt_pack_read_rows(&request, &buffer))
		abort();
	message =
		google__bigtable__v2__read_rows_request__unpack(NULL, buffer.len, buffer.data);
	FUZZ_CHECK(message != NULL, "the request is malformed");
	FUZZ_CHECK(strcmp(message->table_name, resource) == 0, "another table");
	FUZZ_CHECK(message->reversed == request.reversed, "another direction");
	FUZZ_CHECK(message->rows_limit == request.rows_limit, "another limit");
	FUZZ_CHECK(same_text(bt_span_str(request.app_profile ? request.app_profile : ""),
						 message->app_profile_id),
			   "another app profile");
	check_ranges(&request, message->rows);
	FUZZ_CHECK(same_member(request.filter, message->filter), "another filter");
	if (request.filter != NULL)
		FUZZ_CHECK(bt_filter_size(request.filter) >=
					   google__bigtable__v2__row_filter__get_packed_size(message->filter),
				   "the filter is larger than its size");
	google__bigtable__v2__read_rows_request__free_unpacked(message, NULL);
	free(buffer.data);
}

/* ---- mutations ---- */

static bt_mutation
a_mutation(fuzz_input *input)
{
	bt_mutation m = {.kind = (bt_mutation_kind) fuzz_below(input, BT_DELETE_ROW + 1)};

	m.family = fuzz_text(input, 130);
	m.qualifier = fuzz_bytes(input, 255);
	m.value = fuzz_bytes(input, 255);
	m.timestamp_us = fuzz_number(input);
	m.amount = fuzz_number(input);
	m.from_us = fuzz_number(input);
	m.to_us = fuzz_number(input);
	return m;
}

#define MUTATION_CASE(name) GOOGLE__BIGTABLE__V2__MUTATION__MUTATION_##name
#define VALUE_KIND(name) GOOGLE__BIGTABLE__V2__VALUE__KIND_##name

static bool
same_add_to_cell(const bt_mutation *m, const Google__Bigtable__V2__Mutation__AddToCell *t)
{
	return t->column_qualifier != NULL && t->timestamp != NULL && t->input != NULL &&
		   same_text(m->family, t->family_name) &&
		   t->column_qualifier->kind_case == VALUE_KIND(RAW_VALUE) &&
		   same_bytes(m->qualifier, t->column_qualifier->raw_value) &&
		   t->timestamp->kind_case == VALUE_KIND(RAW_TIMESTAMP_MICROS) &&
		   t->timestamp->raw_timestamp_micros == m->timestamp_us &&
		   t->input->kind_case == VALUE_KIND(INT_VALUE) &&
		   t->input->int_value == m->amount;
}

static bool
same_delete_column(const bt_mutation *m,
				   const Google__Bigtable__V2__Mutation__DeleteFromColumn *t)
{
	int64_t from_us = t->time_range != NULL ? t->time_range->start_timestamp_micros : 0;
	int64_t to_us = t->time_range != NULL ? t->time_range->end_timestamp_micros : 0;

	return same_text(m->family, t->family_name) &&
		   same_bytes(m->qualifier, t->column_qualifier) && from_us == m->from_us &&
		   to_us == m->to_us;
}

static bool
same_mutation(const bt_mutation *m, const pb_mutation *t)
{
	switch (m->kind)
	{
		case BT_SET_CELL:
			return t->mutation_case == MUTATION_CASE(SET_CELL) &&
				   same_text(m->family, t->set_cell->family_name) &&
				   same_bytes(m->qualifier, t->set_cell->column_qualifier) &&
				   same_bytes(m->value, t->set_cell->value) &&
				   t->set_cell->timestamp_micros == m->timestamp_us;
		case BT_ADD_TO_CELL:
			return t->mutation_case == MUTATION_CASE(ADD_TO_CELL) &&
				   same_add_to_cell(m, t->add_to_cell);
		case BT_DELETE_COLUMN:
			return t->mutation_case == MUTATION_CASE(DELETE_FROM_COLUMN) &&
				   same_delete_column(m, t->delete_from_column);
		case BT_DELETE_FAMILY:
			return t->mutation_case == MUTATION_CASE(DELETE_FROM_FAMILY) &&
				   same_text(m->family, t->delete_from_family->family_name);
		case BT_DELETE_ROW:
			return t->mutation_case == MUTATION_CASE(DELETE_FROM_ROW);
	}
	return false;
}

static void
check_mutations(const bt_mutation *ours, size_t n, pb_mutation **theirs, size_t ntheirs)
{
	FUZZ_CHECK(n == ntheirs, "another number of mutations");
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK(same_mutation(&ours[i], theirs[i]), "another mutation");
}

static size_t
read_mutations(fuzz_input *input, bt_mutation *mutations)
{
	size_t n = fuzz_below(input, MAX_MUTATIONS + 1);

	for (size_t i = 0; i < n; i++)
		mutations[i] = a_mutation(input);
	return n;
}

static const bt_write_target table = {.kind = BT_RESOURCE_TABLE, .resource = resource};

static void
check_mutate_row(fuzz_input *input)
{
	bt_mutation mutations[MAX_MUTATIONS];
	bt_span key = fuzz_bytes(input, 140);
	size_t n = read_mutations(input, mutations);
	Google__Bigtable__V2__MutateRowRequest *message;
	bt_buffer buffer;

	if (!bt_pack_mutate_row(&table, key, mutations, n, &buffer))
		abort();
	message =
		google__bigtable__v2__mutate_row_request__unpack(NULL, buffer.len, buffer.data);
	FUZZ_CHECK(message != NULL, "the request is malformed");
	FUZZ_CHECK(same_bytes(key, message->row_key), "another row key");
	check_mutations(mutations, n, message->mutations, message->n_mutations);
	google__bigtable__v2__mutate_row_request__free_unpacked(message, NULL);
	free(buffer.data);
}

static void
check_check_and_mutate(fuzz_input *input)
{
	bt_mutation if_true[MAX_MUTATIONS];
	bt_mutation if_false[MAX_MUTATIONS];
	bt_span key = fuzz_bytes(input, 140);
	size_t nif_true = read_mutations(input, if_true);
	size_t nif_false = read_mutations(input, if_false);
	bt_filter *filter = fuzz_bool(input) ? fuzz_filter(input, FUZZ_FILTER_DEPTH) : NULL;
	Google__Bigtable__V2__CheckAndMutateRowRequest *message;
	bt_buffer buffer;

	if (!bt_pack_check_and_mutate_row(&table, key, filter, if_true, nif_true, if_false,
									  nif_false, &buffer))
		abort();
	message = google__bigtable__v2__check_and_mutate_row_request__unpack(NULL, buffer.len,
																		 buffer.data);
	FUZZ_CHECK(message != NULL, "the request is malformed");
	FUZZ_CHECK(same_bytes(key, message->row_key), "another row key");
	FUZZ_CHECK(same_member(filter, message->predicate_filter), "another predicate");
	check_mutations(if_true, nif_true, message->true_mutations,
					message->n_true_mutations);
	check_mutations(if_false, nif_false, message->false_mutations,
					message->n_false_mutations);
	google__bigtable__v2__check_and_mutate_row_request__free_unpacked(message, NULL);
	free(buffer.data);
}

static void
check_rule(const bt_rmw_rule *ours, const pb_rule *theirs)
{
	FUZZ_CHECK(same_text(ours->family, theirs->family_name), "another family");
	FUZZ_CHECK(same_bytes(ours->qualifier, theirs->column_qualifier),
			   "another qualifier");
	if (ours->is_increment)
		FUZZ_CHECK(
			theirs->rule_case ==
					GOOGLE__BIGTABLE__V2__READ_MODIFY_WRITE_RULE__RULE_INCREMENT_AMOUNT &&
				theirs->increment_amount == ours->amount,
			"another increment");
	else
		FUZZ_CHECK(
			theirs->rule_case ==
					GOOGLE__BIGTABLE__V2__READ_MODIFY_WRITE_RULE__RULE_APPEND_VALUE &&
				same_bytes(ours->append, theirs->append_value),
			"another value to append");
}

static void
check_read_modify_write(fuzz_input *input)
{
	bt_rmw_rule rules[MAX_MUTATIONS];
	bt_span key = fuzz_bytes(input, 140);
	size_t n = fuzz_below(input, MAX_MUTATIONS + 1);
	Google__Bigtable__V2__ReadModifyWriteRowRequest *message;
	bt_buffer buffer;

	for (size_t i = 0; i < n; i++)
		rules[i] = (bt_rmw_rule){.family = fuzz_text(input, 130),
								 .qualifier = fuzz_bytes(input, 140),
								 .is_increment = fuzz_bool(input),
								 .amount = fuzz_number(input),
								 .append = fuzz_bytes(input, 140)};
	if (!bt_pack_read_modify_write_row(&table, key, rules, n, &buffer))
		abort();
	message = google__bigtable__v2__read_modify_write_row_request__unpack(
		NULL, buffer.len, buffer.data);
	FUZZ_CHECK(message != NULL, "the request is malformed");
	FUZZ_CHECK(same_bytes(key, message->row_key), "another row key");
	FUZZ_CHECK(message->n_rules == n, "another number of rules");
	for (size_t i = 0; i < n; i++)
		check_rule(&rules[i], message->rules[i]);
	google__bigtable__v2__read_modify_write_row_request__free_unpacked(message, NULL);
	free(buffer.data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input;

	fuzz_begin(&input, data, size);
	switch (fuzz_below(&input, 4))
	{
		case 0:
			check_read_rows(&input);
			break;
		case 1:
			check_mutate_row(&input);
			break;
		case 2:
			check_check_and_mutate(&input);
			break;
		default:
			check_read_modify_write(&input);
	}
	fuzz_end(&input);
	return 0;
}
