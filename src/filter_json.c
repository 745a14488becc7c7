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

#include "common/base64.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/varlena.h"

#include "arena.h"
#include "filter_json.h"
#include "option.h"

#define MAX_LABEL_BYTES 15

/* Where the parser is. */
typedef struct Parser
{
	bt_arena arena;
	StringInfoData path; /* such as chain[1].column_range_filter */
	bool in_condition;
} Parser;

/* A member of an object. */
typedef struct Field
{
	char *name;
	JsonbValue value;
} Field;

typedef bt_filter *(*parse_fn)(Parser *parser, const JsonbValue *value,
							   bt_filter_kind kind);

typedef struct FilterField
{
	const char *name;
	bt_filter_kind kind;
	parse_fn parse;
} FilterField;

static bt_filter *parse_filter(Parser *parser, const JsonbValue *value);

/* ---- errors and paths ---- */

static void report(Parser *parser, const char *hint, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

static void
report(Parser *parser, const char *hint, const char *format, ...)
{
	char detail[512];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 parser->path.len > 0 ? errmsg("invalid filter at \"%s\"", parser->path.data)
								  : errmsg("invalid filter"),
			 errdetail_internal("%s", detail), hint != NULL ? errhint("%s", hint) : 0));
}

/* Steps into a member; returns what leave() needs. */
static int
enter(Parser *parser, const char *name)
{
	int len = parser->path.len;

	appendStringInfo(&parser->path, "%s%s", len > 0 ? "." : "", name);
	return len;
}

static int
enter_element(Parser *parser, int index)
{
	int len = parser->path.len;

	appendStringInfo(&parser->path, "[%d]", index);
	return len;
}

static void
leave(Parser *parser, int len)
{
	parser->path.len = len;
	parser->path.data[len] = '\0';
}

static const char *
type_name(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return "null";
		case jbvString:
			return "a string";
		case jbvNumeric:
			return "a number";
		case jbvBool:
			return "a boolean";
		case jbvBinary:
			return JsonContainerIsArray(value->val.binary.data) ? "an array"
																: "an object";
		default:
			return "something else";
	}
}

/* ---- objects and arrays ---- */

static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data);
}

static Field *
object_fields(Parser *parser, const JsonbValue *value, int *nfields)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue item;
	Field *fields;

	if (!is_object(value))
		report(parser, NULL, "An object is expected, not %s.", type_name(value));
	fields = palloc(sizeof(Field) * (JsonContainerSize(value->val.binary.data) + 1));
	iterator = JsonbIteratorInit(value->val.binary.data);
	*nfields = 0;
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			fields[*nfields].name = pnstrdup(item.val.string.val, item.val.string.len);
		else if (token == WJB_VALUE)
			fields[(*nfields)++].value = item;
	}
	return fields;
}

static JsonbValue *
array_elements(Parser *parser, const JsonbValue *value, int *nelements)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue item;
	JsonbValue *elements;

	if (!is_array(value))
		report(parser, NULL, "An array is expected, not %s.", type_name(value));
	elements =
		palloc(sizeof(JsonbValue) * (JsonContainerSize(value->val.binary.data) + 1));
	iterator = JsonbIteratorInit(value->val.binary.data);
	*nelements = 0;
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
		if (token == WJB_ELEM)
			elements[(*nelements)++] = item;
	return elements;
}

/* ---- plain values ---- */

static char *
parse_text(Parser *parser, const JsonbValue *value)
{
	if (value->type != jbvString)
		report(parser, NULL, "A string is expected, not %s.", type_name(value));
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static bt_span
parse_base64(Parser *parser, const JsonbValue *value)
{
	char *text = parse_text(parser, value);
	int len = (int) strlen(text);
	int size = pg_b64_dec_len(len);
	void *bytes = palloc(size + 1);

	len = pg_b64_decode(text, len, bytes, size);
	if (len < 0)
		report(parser, NULL, "It is not valid base64.");
	return bt_span_make(bytes, (size_t) len);
}

/* Text in UTF-8, or {"$bin": "base64"}. */
static bt_span
parse_bytes(Parser *parser, const JsonbValue *value)
{
	Field *fields;
	int nfields;
	int len;
	bt_span result;

	if (value->type == jbvString)
		return bt_span_str(option_to_utf8(parse_text(parser, value)));
	if (!is_object(value))
		report(parser, NULL, "A string or {\"$bin\": \"base64\"} is expected, not %s.",
			   type_name(value));
	fields = object_fields(parser, value, &nfields);
	if (nfields != 1 || strcmp(fields[0].name, "$bin") != 0)
		report(parser, NULL,
			   "An object that stands for bytes is {\"$bin\": \"base64\"}.");
	len = enter(parser, "$bin");
	result = parse_base64(parser, &fields[0].value);
	leave(parser, len);
	return result;
}

/* An integer, as a number or, as in protobuf's JSON, as a string. */
static int64
parse_integer(Parser *parser, const JsonbValue *value, int64 min, int64 max)
{
	char *text;
	char *end;
	int64 result;

	if (value->type == jbvNumeric)
		text = DatumGetCString(
			DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	else if (value->type == jbvString)
		text = parse_text(parser, value);
	else
		report(parser, NULL, "An integer is expected, not %s.", type_name(value));
	errno = 0;
	result = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || result < min || result > max)
		report(parser, NULL,
			   "An integer from " INT64_FORMAT " to " INT64_FORMAT
			   " is expected, not %s.",
			   min, max, text);
	return result;
}

static char *
parse_family(Parser *parser, const JsonbValue *value)
{
	char *name = parse_text(parser, value);

	if (name[0] == '\0' || !option_is_family(name, strlen(name)))
		report(parser, NULL,
			   "A family name has up to 64 letters, digits, \"-\", \"_\" and \".\".");
	return name;
}

/* ---- kinds of filters ---- */

static bt_filter *
checked(bt_filter *filter)
{
	arena_check(filter != NULL);
	return filter;
}

static bt_filter *
parse_list(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	bt_filter *list = checked(bt_filter_make(&parser->arena, kind));
	JsonbValue *elements;
	int n;
	int labels = 0;
	int outer = parser->path.len;

	/* Protobuf's own spelling has one level more. */
	if (is_object(value))
	{
		Field *fields = object_fields(parser, value, &n);

		if (n != 1 || strcmp(fields[0].name, "filters") != 0)
			report(parser, NULL,
				   "An array of filters is expected, or {\"filters\": [...]}.");
		(void) enter(parser, "filters");
		elements = array_elements(parser, &fields[0].value, &n);
	}
	else
		elements = array_elements(parser, value, &n);
	if (n < 2)
		report(parser, NULL, "It has %d %s; Bigtable wants two or more.", n,
			   n == 1 ? "member" : "members");
	for (int i = 0; i < n; i++)
	{
		int len = enter_element(parser, i);
		bt_filter *member = parse_filter(parser, &elements[i]);

		if (kind == BT_FILTER_CHAIN && member->kind == BT_FILTER_LABEL && ++labels > 1)
			report(parser, NULL, "A chain has one label at most.");
		(void) checked(bt_filter_add(&parser->arena, list, member));
		leave(parser, len);
	}
	leave(parser, outer);
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
	Field *fields = object_fields(parser, value, &nfields);

	parser->in_condition = true;
	for (int i = 0; i < nfields; i++)
	{
		int len = enter(parser, fields[i].name);
		size_t which = 0;

		while (which < lengthof(names) && strcmp(fields[i].name, names[which]) != 0)
			which++;
		if (which == lengthof(names))
			report(parser, NULL,
				   "A condition has \"predicate_filter\", \"true_filter\" and "
				   "\"false_filter\".");
		parts[which] = parse_filter(parser, &fields[i].value);
		leave(parser, len);
	}
	parser->in_condition = was_in_condition;
	if (parts[0] == NULL)
		report(parser, NULL, "A condition needs a \"predicate_filter\".");
	if (parts[1] == NULL && parts[2] == NULL)
		report(parser, NULL,
			   "A condition needs a \"true_filter\" or a \"false_filter\".");
	return checked(
		bt_filter_make_condition(&parser->arena, parts[0], parts[1], parts[2]));
}

static bt_filter *
parse_regex(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	return checked(bt_filter_make_text(&parser->arena, kind, parse_bytes(parser, value)));
}

static bt_filter *
parse_family_regex(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	char *regex = parse_text(parser, value);

	if (strchr(regex, ':') != NULL)
		report(parser, NULL, "A regular expression for families must not contain \":\".");
	return checked(
		bt_filter_make_text(&parser->arena, kind, bt_span_str(option_to_utf8(regex))));
}

static bt_filter *
parse_bitmask(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	int nfields;
	Field *fields = object_fields(parser, value, &nfields);
	bt_filter *result;
	int len;

	if (nfields != 1 || strcmp(fields[0].name, "mask") != 0)
		report(parser, NULL, "A bit mask is {\"mask\": ...}.");
	len = enter(parser, "mask");
	result = checked(
		bt_filter_make_text(&parser->arena, kind, parse_bytes(parser, &fields[0].value)));
	leave(parser, len);
	return result;
}

/* Reads a bound, if a field is one: "start_<what>_closed" and so on. */
static bool
parse_bound(Parser *parser, const Field *field, const char *what, bt_filter *filter)
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
		report(parser, NULL, "A range has one bound at each end.");
	*(is_start ? &filter->has_from : &filter->has_to) = true;
	*(is_start ? &filter->from_open : &filter->to_open) = is_open;
	*(is_start ? &filter->from : &filter->to) = parse_bytes(parser, &field->value);
	return true;
}

static bt_filter *
parse_range(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	bool is_column = kind == BT_FILTER_COLUMN_RANGE;
	const char *what = is_column ? "qualifier" : "value";
	bt_filter *filter = checked(bt_filter_make(&parser->arena, kind));
	int nfields;
	Field *fields = object_fields(parser, value, &nfields);

	for (int i = 0; i < nfields; i++)
	{
		int len = enter(parser, fields[i].name);

		if (is_column && strcmp(fields[i].name, "family_name") == 0)
			filter->text = bt_span_str(parse_family(parser, &fields[i].value));
		else if (!parse_bound(parser, &fields[i], what, filter))
			report(parser, NULL,
				   "A range has \"start_%s_closed\" or \"start_%s_open\", and "
				   "\"end_%s_closed\" or \"end_%s_open\"%s.",
				   what, what, what, what, is_column ? ", and \"family_name\"" : "");
		leave(parser, len);
	}
	if (is_column && filter->text.len == 0)
		report(parser, NULL, "A range of columns needs a \"family_name\".");
	return filter;
}

static bt_filter *
parse_timestamp_range(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	bt_filter *filter = checked(bt_filter_make(&parser->arena, kind));
	int nfields;
	Field *fields = object_fields(parser, value, &nfields);

	for (int i = 0; i < nfields; i++)
	{
		int len = enter(parser, fields[i].name);
		int64 us = 0;

		if (strcmp(fields[i].name, "start_timestamp_micros") == 0)
			us = filter->from_us = parse_integer(parser, &fields[i].value, 0, INT64_MAX);
		else if (strcmp(fields[i].name, "end_timestamp_micros") == 0)
			us = filter->to_us = parse_integer(parser, &fields[i].value, 0, INT64_MAX);
		else
			report(parser, NULL,
				   "A range of timestamps has \"start_timestamp_micros\" and "
				   "\"end_timestamp_micros\".");
		if (us % 1000 != 0)
			report(parser, NULL,
				   "Timestamps are in microseconds, but whole milliseconds.");
		leave(parser, len);
	}
	return filter;
}

static bt_filter *
parse_limit(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	return checked(bt_filter_make_limit(
		&parser->arena, kind, (int32) parse_integer(parser, value, 1, PG_INT32_MAX)));
}

static bt_filter *
parse_sample(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	bt_filter *filter = checked(bt_filter_make(&parser->arena, kind));

	if (value->type != jbvNumeric)
		report(parser, NULL, "A number is expected, not %s.", type_name(value));
	filter->probability = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
	if (!(filter->probability > 0 && filter->probability < 1))
		report(parser, NULL, "A probability above 0 and below 1 is expected.");
	return filter;
}

static bt_filter *
parse_flag(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	if (value->type != jbvBool || !value->val.boolean)
		report(parser, NULL, "Only true is possible.");
	if (kind == BT_FILTER_SINK && parser->in_condition)
		report(parser, NULL, "A sink cannot be within a condition.");
	return checked(bt_filter_make(&parser->arena, kind));
}

static bt_filter *
parse_label(Parser *parser, const JsonbValue *value, bt_filter_kind kind)
{
	char *label = parse_text(parser, value);
	size_t len = strlen(label);

	if (len == 0 || len > MAX_LABEL_BYTES ||
		strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
		report(parser, NULL, "A label has 1 to 15 lower-case letters, digits and \"-\".");
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
	report(parser,
		   closest != NULL ? psprintf("Perhaps you meant \"%s\".", closest) : NULL,
		   "There is no filter \"%s\".", name);
	return NULL;
}

static bt_filter *
parse_filter(Parser *parser, const JsonbValue *value)
{
	int nfields;
	Field *fields = object_fields(parser, value, &nfields);
	const FilterField *field;
	bt_filter *result;
	int len;

	check_stack_depth();
	if (nfields != 1)
		report(parser,
			   nfields > 1 ? "Combine several in a \"chain\" or an \"interleave\"."
						   : NULL,
			   "A filter is an object with one member; this one has %d.", nfields);
	field = find_field(parser, fields[0].name);
	len = enter(parser, field->name);
	result = field->parse(parser, &fields[0].value, field->kind);
	leave(parser, len);
	return result;
}

bt_filter *
filter_from_json(Jsonb *json)
{
	Parser parser = {.arena = arena_in_context(CurrentMemoryContext)};
	JsonbValue value;
	bt_filter *filter;

	initStringInfo(&parser.path);
	if (JB_ROOT_IS_SCALAR(json))
		report(&parser, NULL, "A filter is an object.");
	value.type = jbvBinary;
	value.val.binary.data = &json->root;
	value.val.binary.len = (int) VARSIZE(json) - VARHDRSZ;
	filter = parse_filter(&parser, &value);
	if (bt_filter_depth(filter) > BT_FILTER_MAX_DEPTH)
		report(&parser, NULL, "It is nested %d levels deep; Bigtable allows %d.",
			   bt_filter_depth(filter), BT_FILTER_MAX_DEPTH);
	if (bt_filter_size(filter) > BT_FILTER_MAX_SIZE)
		report(&parser, NULL, "It is %zu bytes long; Bigtable allows %d.",
			   bt_filter_size(filter), BT_FILTER_MAX_SIZE);
	return filter;
}
