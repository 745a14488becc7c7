/*-------------------------------------------------------------------------
 *
 * filter_json.c
 *	  jsonb -> row filters.
 *
 * A table says how each field of RowFilter is read.  Whatever the service would
 * refuse is refused here, with the path to its place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/varlena.h"

#include "arena.h"
#include "filter_json.h"
#include "json_reader.h"
#include "option.h"

#define MAX_LABEL_BYTES 15

/* Where the parser is. */
typedef struct Parser
{
	JsonReader reader;
	bt_arena arena;
	bool in_condition;
} Parser;

typedef bt_filter *(*parse_fn)(Parser *parser, const JsonbValue *value,
							   bt_filter_kind kind);

typedef struct FilterField
{
	const char *name;
	bt_filter_kind kind;
	parse_fn parse;
} FilterField;

static bt_filter *parse_filter(Parser *parser, const JsonbValue *value);

/* ---- kinds of filters ---- */

static bt_filter *
checked(bt_filter *filter)
{
	arena_check(filter != NULL);
	return filter;
}

/* Is there a label in it, on whatever level? */
static bool
contains_label(const bt_filter *filter)
{
	if (filter == NULL)
		return false;
	for (size_t i = 0; i < filter->nmembers; i++)
		if (contains_label(filter->members[i]))
			return true;
	return filter->kind == BT_FILTER_LABEL;
}

static bt_filter *
parse_list(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	bt_filter *list = checked(bt_filter_make(&parser->arena, kind));
	JsonbValue *elements;
	int n;
	int labels = 0;
	int outer = parser->reader.path.len;

	/* Protobuf's own spelling has one level more. */
	if (reader_is_object(value))
	{
		JsonField *fields = reader_object(&parser->reader, value, &n);

		if (n != 1 || strcmp(fields[0].name, "filters") != 0)
			reader_report(&parser->reader, NULL,
						  "An array of filters is expected, or {\"filters\": [...]}.");
		(void) reader_enter(&parser->reader, "filters");
		elements = reader_array(&parser->reader, &fields[0].value, &n);
	}
	else
		elements = reader_array(&parser->reader, value, &n);
	if (n < 2)
		reader_report(&parser->reader, NULL, "It has %d %s; Bigtable wants two or more.",
					  n, n == 1 ? "member" : "members");
	for (int i = 0; i < n; i++)
	{
		int len = reader_enter_element(&parser->reader, i);
		bt_filter *member = parse_filter(parser, &elements[i]);

		if (kind == BT_FILTER_CHAIN && contains_label(member) && ++labels > 1)
			reader_report(&parser->reader, NULL, "A chain has one label at most.");
		(void) checked(bt_filter_add(&parser->arena, list, member));
		reader_leave(&parser->reader, len);
	}
	reader_leave(&parser->reader, outer);
	return list;
}

static bt_filter *
parse_condition(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	static const char *const names[] = {"predicate_filter", "true_filter",
										"false_filter"};
	bt_filter *parts[3] = {NULL, NULL, NULL};
	bool was_in_condition = parser->in_condition;
	int nfields;
	JsonField *fields = reader_object(&parser->reader, value, &nfields);

	parser->in_condition = true;
	for (int i = 0; i < nfields; i++)
	{
		int len = reader_enter(&parser->reader, fields[i].name);
		size_t which = 0;

		while (which < lengthof(names) && strcmp(fields[i].name, names[which]) != 0)
			which++;
		if (which == lengthof(names))
			reader_report(&parser->reader, NULL,
						  "A condition has \"predicate_filter\", \"true_filter\" and "
						  "\"false_filter\".");
		parts[which] = parse_filter(parser, &fields[i].value);
		reader_leave(&parser->reader, len);
	}
	parser->in_condition = was_in_condition;
	if (parts[0] == NULL)
		reader_report(&parser->reader, NULL, "A condition needs a \"predicate_filter\".");
	if (parts[1] == NULL && parts[2] == NULL)
		reader_report(&parser->reader, NULL,
					  "A condition needs a \"true_filter\" or a \"false_filter\".");
	return checked(
		bt_filter_make_condition(&parser->arena, parts[0], parts[1], parts[2]));
}

static bt_filter *
parse_regex(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	return checked(
		bt_filter_make_text(&parser->arena, kind, reader_bytes(&parser->reader, value)));
}

static bt_filter *
parse_family_regex(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	char *regex = reader_text(&parser->reader, value);

	if (strchr(regex, ':') != NULL)
		reader_report(&parser->reader, NULL,
					  "A regular expression for families must not contain \":\".");
	return checked(
		bt_filter_make_text(&parser->arena, kind, bt_span_str(option_to_utf8(regex))));
}

static bt_filter *
parse_bitmask(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	int nfields;
	JsonField *fields = reader_object(&parser->reader, value, &nfields);
	bt_filter *result;
	int len;

	if (nfields != 1 || strcmp(fields[0].name, "mask") != 0)
		reader_report(&parser->reader, NULL, "A bit mask is {\"mask\": ...}.");
	len = reader_enter(&parser->reader, "mask");
	result = checked(bt_filter_make_text(
		&parser->arena, kind, reader_bytes(&parser->reader, &fields[0].value)));
	reader_leave(&parser->reader, len);
	return result;
}

/* Reads a bound, if a field is one: "start_<what>_closed" and so on. */
static bool
parse_bound(Parser *parser, const JsonField *field, const char *what, bt_filter *filter)
{
	bool is_start = strncmp(field->name, "start_", 6) == 0;
	bool is_end = strncmp(field->name, "end_", 4) == 0;
	const char *rest = field->name + (is_start ? 6 : 4);
	size_t len = strlen(what);
	bool is_open;

	if ((!is_start && !is_end) || strncmp(rest, what, len) != 0)
		return false;
	is_open = strcmp(rest + len, "_open") == 0;
	if (!is_open && strcmp(rest + len, "_closed") != 0)
		return false;
	if (is_start ? filter->has_from : filter->has_to)
		reader_report(&parser->reader, NULL, "A range has one bound at each end.");
	*(is_start ? &filter->has_from : &filter->has_to) = true;
	*(is_start ? &filter->from_open : &filter->to_open) = is_open;
	*(is_start ? &filter->from : &filter->to) =
		reader_bytes(&parser->reader, &field->value);
	return true;
}

static bt_filter *
parse_range(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	bool is_column = kind == BT_FILTER_COLUMN_RANGE;
	const char *what = is_column ? "qualifier" : "value";
	bt_filter *filter = checked(bt_filter_make(&parser->arena, kind));
	int nfields;
	JsonField *fields = reader_object(&parser->reader, value, &nfields);

	for (int i = 0; i < nfields; i++)
	{
		int len = reader_enter(&parser->reader, fields[i].name);

		if (is_column && strcmp(fields[i].name, "family_name") == 0)
			filter->text = bt_span_str(reader_family(&parser->reader, &fields[i].value));
		else if (!parse_bound(parser, &fields[i], what, filter))
			reader_report(&parser->reader, NULL,
						  "A range has \"start_%s_closed\" or \"start_%s_open\", and "
						  "\"end_%s_closed\" or \"end_%s_open\"%s.",
						  what, what, what, what,
						  is_column ? ", and \"family_name\"" : "");
		reader_leave(&parser->reader, len);
	}
	if (is_column && filter->text.len == 0)
		reader_report(&parser->reader, NULL,
					  "A range of columns needs a \"family_name\".");
	return filter;
}

static bt_filter *
parse_timestamp_range(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	bt_filter *filter = checked(bt_filter_make(&parser->arena, kind));
	int nfields;
	JsonField *fields = reader_object(&parser->reader, value, &nfields);

	for (int i = 0; i < nfields; i++)
	{
		int len = reader_enter(&parser->reader, fields[i].name);
		int64 us = 0;

		if (strcmp(fields[i].name, "start_timestamp_micros") == 0)
			us = filter->from_us =
				reader_integer(&parser->reader, &fields[i].value, 0, INT64_MAX);
		else if (strcmp(fields[i].name, "end_timestamp_micros") == 0)
			us = filter->to_us =
				reader_integer(&parser->reader, &fields[i].value, 0, INT64_MAX);
		else
			reader_report(&parser->reader, NULL,
						  "A range of timestamps has \"start_timestamp_micros\" and "
						  "\"end_timestamp_micros\".");
		if (us % 1000 != 0)
			reader_report(&parser->reader, NULL,
						  "Timestamps are in microseconds, but whole milliseconds.");
		reader_leave(&parser->reader, len);
	}
	return filter;
}

static bt_filter *
parse_limit(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	return checked(bt_filter_make_limit(
		&parser->arena, kind,
		(int32) reader_integer(&parser->reader, value, 1, PG_INT32_MAX)));
}

static bt_filter *
parse_sample(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	bt_filter *filter = checked(bt_filter_make(&parser->arena, kind));

	if (value->type != jbvNumeric)
		reader_report(&parser->reader, NULL, "A number is expected, not %s.",
					  reader_type_name(value));
	filter->probability = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
	if (!(filter->probability > 0 && filter->probability < 1))
		reader_report(&parser->reader, NULL,
					  "A probability above 0 and below 1 is expected.");
	return filter;
}

static bt_filter *
parse_flag(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	if (value->type != jbvBool || !value->val.boolean)
		reader_report(&parser->reader, NULL, "Only true is possible.");
	if (kind == BT_FILTER_SINK && parser->in_condition)
		reader_report(&parser->reader, NULL, "A sink cannot be within a condition.");
	return checked(bt_filter_make(&parser->arena, kind));
}

static bt_filter *
parse_label(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	char *label = reader_text(&parser->reader, value);
	size_t len = strlen(label);

	if (len == 0 || len > MAX_LABEL_BYTES ||
		strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
		reader_report(&parser->reader, NULL,
					  "A label has 1 to 15 lower-case letters, digits and \"-\".");
	return checked(bt_filter_make_text(&parser->arena, kind, bt_span_str(label)));
}

static const FilterField filter_fields[] = {
	{"chain", BT_FILTER_CHAIN, parse_list},
	{"interleave", BT_FILTER_INTERLEAVE, parse_list},
	{"condition", BT_FILTER_CONDITION, parse_condition},
	{"sink", BT_FILTER_SINK, parse_flag},
	{"pass_all_filter", BT_FILTER_PASS_ALL, parse_flag},
	{"block_all_filter", BT_FILTER_BLOCK_ALL, parse_flag},
	{"row_key_regex_filter", BT_FILTER_ROW_KEY_REGEX, parse_regex},
	{"row_sample_filter", BT_FILTER_ROW_SAMPLE, parse_sample},
	{"family_name_regex_filter", BT_FILTER_FAMILY_REGEX, parse_family_regex},
	{"column_qualifier_regex_filter", BT_FILTER_QUALIFIER_REGEX, parse_regex},
	{"column_range_filter", BT_FILTER_COLUMN_RANGE, parse_range},
	{"timestamp_range_filter", BT_FILTER_TIMESTAMP_RANGE, parse_timestamp_range},
	{"value_regex_filter", BT_FILTER_VALUE_REGEX, parse_regex},
	{"value_range_filter", BT_FILTER_VALUE_RANGE, parse_range},
	{"value_bitmask_filter", BT_FILTER_VALUE_BITMASK, parse_bitmask},
	{"cells_per_row_offset_filter", BT_FILTER_ROW_OFFSET, parse_limit},
	{"cells_per_row_limit_filter", BT_FILTER_ROW_LIMIT, parse_limit},
	{"cells_per_column_limit_filter", BT_FILTER_COLUMN_LIMIT, parse_limit},
	{"strip_value_transformer", BT_FILTER_STRIP_VALUE, parse_flag},
	{"apply_label_transformer", BT_FILTER_LABEL, parse_label},
};

/* ---- the whole ---- */

static const FilterField *
find_field(Parser *parser, const char *name)
{
	const char *closest = NULL;
	int best = 8; /* one more than a typing error may be off */

	for (size_t i = 0; i < lengthof(filter_fields); i++)
	{
		const char *candidate = filter_fields[i].name;
		int distance;

		if (strcmp(candidate, name) == 0)
			return &filter_fields[i];
		if (strlen(name) > NAMEDATALEN)
			continue;
		if (name[0] != '\0' && strncmp(candidate, name, strlen(name)) == 0)
		{
			closest = candidate;
			best = 0;
		}
		if (best == 0)
			continue;
		distance = varstr_levenshtein_less_equal(
			name, strlen(name), candidate, strlen(candidate), 1, 1, 1, best - 1, true);
		if (distance < best && distance <= (int) strlen(name) / 2)
		{
			best = distance;
			closest = candidate;
		}
	}
	reader_report(&parser->reader,
				  closest != NULL ? psprintf("Perhaps you meant \"%s\".", closest) : NULL,
				  "There is no filter \"%s\".", name);
	return NULL;
}

static bt_filter *
parse_filter(Parser *parser, const JsonbValue *value)
{
	int nfields;
	JsonField *fields = reader_object(&parser->reader, value, &nfields);
	const FilterField *field;
	bt_filter *result;
	int len;

	check_stack_depth();
	if (nfields != 1)
		reader_report(&parser->reader,
					  nfields > 1 ? "Combine several in a \"chain\" or an \"interleave\"."
								  : NULL,
					  "A filter is an object with one member; this one has %d.", nfields);
	field = find_field(parser, fields[0].name);
	len = reader_enter(&parser->reader, field->name);
	result = field->parse(parser, &fields[0].value, field->kind);
	reader_leave(&parser->reader, len);
	return result;
}

bt_filter *
filter_from_json(Jsonb *json)
{
	Parser parser = {.arena = arena_in_context(CurrentMemoryContext)};
	JsonbValue value;
	bt_filter *filter;

	reader_init(&parser.reader, "filter");
	if (JB_ROOT_IS_SCALAR(json))
		reader_report(&parser.reader, NULL, "A filter is an object.");
	value = reader_root(json);
	filter = parse_filter(&parser, &value);
	if (bt_filter_depth(filter) > BT_FILTER_MAX_DEPTH)
		reader_report(&parser.reader, NULL,
					  "It is nested %d levels deep; Bigtable allows %d.",
					  bt_filter_depth(filter), BT_FILTER_MAX_DEPTH);
	if (bt_filter_size(filter) > BT_FILTER_MAX_SIZE)
		reader_report(&parser.reader, NULL, "It is %zu bytes long; Bigtable allows %d.",
					  bt_filter_size(filter), BT_FILTER_MAX_SIZE);
	return filter;
}
