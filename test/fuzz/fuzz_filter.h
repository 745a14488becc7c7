/*-------------------------------------------------------------------------
 *
 * fuzz_filter.h
 *	  A row filter made of a fuzzer's input, and the bytes that it must become.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUZZ_FILTER_H
#define FUZZ_FILTER_H

#include "bigtable.pb-c.h"
#include "filter.h"
#include "fuzz_input.h"

typedef Google__Bigtable__V2__RowFilter pb_filter;
typedef Google__Bigtable__V2__ColumnRange pb_column_range;
typedef Google__Bigtable__V2__ValueRange pb_value_range;

#define FUZZ_FILTER_DEPTH 5

static inline void
fuzz_bounds(fuzz_input *input, bt_filter *filter)
{
	filter->has_from = fuzz_bool(input);
	filter->from_open = fuzz_bool(input);
	filter->has_to = fuzz_bool(input);
	filter->to_open = fuzz_bool(input);
	filter->from = fuzz_bytes(input, 140);
	filter->to = fuzz_bytes(input, 140);
}

static inline bt_filter *fuzz_filter(fuzz_input *input, int depth);

static inline void
fuzz_members(fuzz_input *input, bt_filter *filter, int depth)
{
	unsigned n = fuzz_below(input, 4);

	for (unsigned i = 0; i < n; i++)
		if (bt_filter_add(&input->arena.arena, filter, fuzz_filter(input, depth - 1)) ==
			NULL)
			abort();
}

static inline bt_filter *
fuzz_condition(fuzz_input *input, int depth)
{
	bt_filter *predicate = fuzz_filter(input, depth - 1);
	bt_filter *then = fuzz_bool(input) ? fuzz_filter(input, depth - 1) : NULL;
	bt_filter *otherwise = fuzz_bool(input) ? fuzz_filter(input, depth - 1) : NULL;

	return bt_filter_make_condition(&input->arena.arena, predicate, then, otherwise);
}

/* Any filter of at most that many levels. */
static inline bt_filter *
fuzz_filter(fuzz_input *input, int depth)
{
	bt_filter_kind kind = (bt_filter_kind) fuzz_below(input, BT_FILTER_LABEL + 1);
	bt_filter *filter;

	if (kind <= BT_FILTER_CONDITION && depth <= 1)
		kind = BT_FILTER_PASS_ALL;
	if (kind == BT_FILTER_CONDITION)
		return fuzz_condition(input, depth);
	filter = bt_filter_make(&input->arena.arena, kind);
	if (filter == NULL)
		abort();
	switch (kind)
	{
		case BT_FILTER_CHAIN:
		case BT_FILTER_INTERLEAVE:
			fuzz_members(input, filter, depth);
			break;
		case BT_FILTER_COLUMN_RANGE:
			filter->text = fuzz_text(input, 66);
			fuzz_bounds(input, filter);
			break;
		case BT_FILTER_VALUE_RANGE:
			fuzz_bounds(input, filter);
			break;
		case BT_FILTER_TIMESTAMP_RANGE:
			filter->from_us = fuzz_number(input);
			filter->to_us = fuzz_number(input);
			break;
		case BT_FILTER_ROW_SAMPLE:
			filter->probability = (1 + fuzz_byte(input)) / 257.0;
			break;
		case BT_FILTER_ROW_KEY_REGEX:
		case BT_FILTER_QUALIFIER_REGEX:
		case BT_FILTER_VALUE_REGEX:
		case BT_FILTER_VALUE_BITMASK:
			filter->text = fuzz_bytes(input, 200);
			break;
		default:
			filter->text = fuzz_text(input, 66);
			filter->qualifier = fuzz_bytes(input, 140);
			filter->limit = (int32_t) (fuzz_number(input) & INT32_MAX);
	}
	return filter;
}

/* ---- what protobuf-c reads of it ---- */

static inline bool
same_bytes(bt_span ours, ProtobufCBinaryData theirs)
{
	return bt_span_equal(ours, bt_span_make(theirs.data, theirs.len));
}

static inline bool
same_text(bt_span ours, const char *theirs)
{
	return bt_span_equal(ours, bt_span_str(theirs));
}

/* A bound: the cases of protobuf's oneof are none, closed, open. */
static inline bool
same_bound(bool has, bool open, bt_span ours, bool theirs_closed, bool theirs_open,
		   ProtobufCBinaryData theirs)
{
	if (!has)
		return !theirs_closed && !theirs_open;
	return theirs_open == open && theirs_closed == !open && same_bytes(ours, theirs);
}

#define COLUMN_CASE(name) GOOGLE__BIGTABLE__V2__COLUMN_RANGE__##name
#define VALUE_CASE(name) GOOGLE__BIGTABLE__V2__VALUE_RANGE__##name
#define FILTER_CASE(name) GOOGLE__BIGTABLE__V2__ROW_FILTER__FILTER_##name

static inline bool
same_column_range(const bt_filter *f, const pb_column_range *r)
{
	bool exact = f->kind == BT_FILTER_COLUMN;

	return same_text(f->text, r->family_name) &&
		   same_bound(exact || f->has_from, !exact && f->from_open,
					  exact ? f->qualifier : f->from,
					  r->start_qualifier_case ==
						  COLUMN_CASE(START_QUALIFIER_START_QUALIFIER_CLOSED),
					  r->start_qualifier_case ==
						  COLUMN_CASE(START_QUALIFIER_START_QUALIFIER_OPEN),
					  r->start_qualifier_closed) &&
		   same_bound(
			   exact || f->has_to, !exact && f->to_open, exact ? f->qualifier : f->to,
			   r->end_qualifier_case == COLUMN_CASE(END_QUALIFIER_END_QUALIFIER_CLOSED),
			   r->end_qualifier_case == COLUMN_CASE(END_QUALIFIER_END_QUALIFIER_OPEN),
			   r->end_qualifier_closed);
}

static inline bool
same_value_range(const bt_filter *f, const pb_value_range *r)
{
	return same_bound(f->has_from, f->from_open, f->from,
					  r->start_value_case == VALUE_CASE(START_VALUE_START_VALUE_CLOSED),
					  r->start_value_case == VALUE_CASE(START_VALUE_START_VALUE_OPEN),
					  r->start_value_closed) &&
		   same_bound(f->has_to, f->to_open, f->to,
					  r->end_value_case == VALUE_CASE(END_VALUE_END_VALUE_CLOSED),
					  r->end_value_case == VALUE_CASE(END_VALUE_END_VALUE_OPEN),
					  r->end_value_closed);
}

static inline bool same_filter(const bt_filter *ours, const pb_filter *theirs);

static inline bool
same_members(const bt_filter *ours, size_t n, pb_filter **theirs)
{
	if (ours->nmembers != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_filter(ours->members[i], theirs[i]))
			return false;
	return true;
}

/* NULL means the same on both sides: none. */
static inline bool
same_member(const bt_filter *ours, const pb_filter *theirs)
{
	return ours == NULL || theirs == NULL ? ours == NULL && theirs == NULL
										  : same_filter(ours, theirs);
}

static inline bool
same_filter(const bt_filter *f, const pb_filter *t)
{
	switch (f->kind)
	{
		case BT_FILTER_CHAIN:
			return t->filter_case == FILTER_CASE(CHAIN) &&
				   same_members(f, t->chain->n_filters, t->chain->filters);
		case BT_FILTER_INTERLEAVE:
			return t->filter_case == FILTER_CASE(INTERLEAVE) &&
				   same_members(f, t->interleave->n_filters, t->interleave->filters);
		case BT_FILTER_CONDITION:
			return t->filter_case == FILTER_CASE(CONDITION) &&
				   same_member(f->members[0], t->condition->predicate_filter) &&
				   same_member(f->members[1], t->condition->true_filter) &&
				   same_member(f->members[2], t->condition->false_filter);
		case BT_FILTER_ROW_KEY_REGEX:
			return t->filter_case == FILTER_CASE(ROW_KEY_REGEX_FILTER) &&
				   same_bytes(f->text, t->row_key_regex_filter);
		case BT_FILTER_FAMILY_REGEX:
			return t->filter_case == FILTER_CASE(FAMILY_NAME_REGEX_FILTER) &&
				   same_text(f->text, t->family_name_regex_filter);
		case BT_FILTER_QUALIFIER_REGEX:
			return t->filter_case == FILTER_CASE(COLUMN_QUALIFIER_REGEX_FILTER) &&
				   same_bytes(f->text, t->column_qualifier_regex_filter);
		case BT_FILTER_COLUMN:
		case BT_FILTER_COLUMN_RANGE:
			return t->filter_case == FILTER_CASE(COLUMN_RANGE_FILTER) &&
				   same_column_range(f, t->column_range_filter);
		case BT_FILTER_TIMESTAMP_RANGE:
			return t->filter_case == FILTER_CASE(TIMESTAMP_RANGE_FILTER) &&
				   t->timestamp_range_filter->start_timestamp_micros == f->from_us &&
				   t->timestamp_range_filter->end_timestamp_micros == f->to_us;
		case BT_FILTER_VALUE_RANGE:
			return t->filter_case == FILTER_CASE(VALUE_RANGE_FILTER) &&
				   same_value_range(f, t->value_range_filter);
		case BT_FILTER_VALUE_REGEX:
			return t->filter_case == FILTER_CASE(VALUE_REGEX_FILTER) &&
				   same_bytes(f->text, t->value_regex_filter);
		case BT_FILTER_VALUE_BITMASK:
			return t->filter_case == FILTER_CASE(VALUE_BITMASK_FILTER) &&
				   same_bytes(f->text, t->value_bitmask_filter->mask);
		case BT_FILTER_ROW_OFFSET:
			return t->filter_case == FILTER_CASE(CELLS_PER_ROW_OFFSET_FILTER) &&
				   t->cells_per_row_offset_filter == f->limit;
		case BT_FILTER_ROW_LIMIT:
			return t->filter_case == FILTER_CASE(CELLS_PER_ROW_LIMIT_FILTER) &&
				   t->cells_per_row_limit_filter == f->limit;
		case BT_FILTER_COLUMN_LIMIT:
			return t->filter_case == FILTER_CASE(CELLS_PER_COLUMN_LIMIT_FILTER) &&
				   t->cells_per_column_limit_filter == f->limit;
		case BT_FILTER_STRIP_VALUE:
			return t->filter_case == FILTER_CASE(STRIP_VALUE_TRANSFORMER) &&
				   t->strip_value_transformer;
		case BT_FILTER_PASS_ALL:
			return t->filter_case == FILTER_CASE(PASS_ALL_FILTER) && t->pass_all_filter;
		case BT_FILTER_BLOCK_ALL:
			return t->filter_case == FILTER_CASE(BLOCK_ALL_FILTER) && t->block_all_filter;
		case BT_FILTER_ROW_SAMPLE:
			return t->filter_case == FILTER_CASE(ROW_SAMPLE_FILTER) &&
				   t->row_sample_filter == f->probability;
		case BT_FILTER_SINK:
			return t->filter_case == FILTER_CASE(SINK) && t->sink;
		case BT_FILTER_LABEL:
			return t->filter_case == FILTER_CASE(APPLY_LABEL_TRANSFORMER) &&
				   same_text(f->text, t->apply_label_transformer);
	}
	return false;
}

#endif /* FUZZ_FILTER_H */
