/*-------------------------------------------------------------------------
 *
 * family_json.c
 *	  jsonb <-> column families, with their garbage collection and types.
 *
 * Names are those of the admin API's ColumnFamily and GcRule.  An age is an
 * interval; a type is the name of its aggregator.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "arena.h"
#include "client/message_admin.h"
#include "compat.h"
#include "family_json.h"
#include "function_args.h"
#include "json_reader.h"

typedef struct NamedType
{
	const char *name;
	bt_type type;
} NamedType;

static const bt_type int64_type = {.kind = BT_TYPE_INT64,
								   .encoding = BT_ENCODING_BIG_ENDIAN};

/* The types that a family can be made with. */
static const NamedType type_names[] = {
	{"sum",
	 {.kind = BT_TYPE_AGGREGATE, .aggregator = BT_AGGREGATE_SUM, .element = &int64_type}},
	{"min",
	 {.kind = BT_TYPE_AGGREGATE, .aggregator = BT_AGGREGATE_MIN, .element = &int64_type}},
	{"max",
	 {.kind = BT_TYPE_AGGREGATE, .aggregator = BT_AGGREGATE_MAX, .element = &int64_type}},
	{"hllpp_unique_count",
	 {.kind = BT_TYPE_AGGREGATE,
	  .aggregator = BT_AGGREGATE_UNIQUE_COUNT,
	  .element = &int64_type}},
	{"int64", {.kind = BT_TYPE_INT64, .encoding = BT_ENCODING_BIG_ENDIAN}},
};

/* ---- garbage collection rules ---- */

static bt_gc_rule *parse_rule(JsonReader *reader, const JsonbValue *value);

/* An interval above 0, in whole milliseconds. */
static int64
parse_age(JsonReader *reader, const JsonbValue *value)
{
	char *text = reader_text(reader, value);
	FmgrInfo input;
	Datum interval;
	int64 us;

	fmgr_info(F_INTERVAL_IN, &input);
	if (!compat_input_function_call_safe(&input, text, INTERVALOID, -1, &interval))
		reader_report(reader, NULL, "An interval is expected, not \"%s\".", text);
	if (!interval_us(DatumGetIntervalP(interval), &us) || us <= 0 || us % 1000 != 0)
		reader_report(reader, NULL,
					  "A time above 0 in whole milliseconds is expected, not \"%s\".",
					  text);
	return us;
}

static void
parse_rule_list(JsonReader *reader, const JsonbValue *value, bt_gc_rule *rule)
{
	JsonbValue *elements;
	int outer = reader->path.len;
	int n;

	/* Protobuf's own spelling has one level more. */
	if (reader_is_object(value))
	{
		JsonField *fields = reader_object(reader, value, &n);

		if (n != 1 || strcmp(fields[0].name, "rules") != 0)
			reader_report(reader, NULL,
						  "An array of rules is expected, or {\"rules\": [...]}.");
		(void) reader_enter(reader, "rules");
		elements = reader_array(reader, &fields[0].value, &n);
	}
	else
		elements = reader_array(reader, value, &n);
	if (n == 0)
		reader_report(reader, NULL, "It has no members.");
	rule->members = palloc(sizeof(bt_gc_rule *) * n);
	for (int i = 0; i < n; i++)
	{
		int len = reader_enter_element(reader, i);

		rule->members[rule->nmembers++] = parse_rule(reader, &elements[i]);
		reader_leave(reader, len);
	}
	reader_leave(reader, outer);
}

static bt_gc_rule *
parse_rule(JsonReader *reader, const JsonbValue *value)
{
	bt_gc_rule *rule = palloc0(sizeof(bt_gc_rule));
	int n;
	JsonField *fields = reader_object(reader, value, &n);
	const char *name;
	int len;

	check_stack_depth();
	if (n != 1)
		reader_report(reader,
					  n > 1 ? "Combine several in a \"union\" or an \"intersection\"."
							: NULL,
					  "A rule is an object with one member; this one has %d.", n);
	name = fields[0].name;
	len = reader_enter(reader, name);
	if (strcmp(name, "max_num_versions") == 0)
	{
		rule->kind = BT_GC_MAX_VERSIONS;
		rule->max_versions =
			(int32) reader_integer(reader, &fields[0].value, 1, PG_INT32_MAX);
	}
	else if (strcmp(name, "max_age") == 0)
	{
		rule->kind = BT_GC_MAX_AGE;
		rule->max_age_us = parse_age(reader, &fields[0].value);
	}
	else if (strcmp(name, "union") == 0 || strcmp(name, "intersection") == 0)
	{
		rule->kind = name[0] == 'u' ? BT_GC_UNION : BT_GC_INTERSECTION;
		parse_rule_list(reader, &fields[0].value, rule);
	}
	else
	{
		reader_leave(reader, len);
		reader_report(reader, NULL,
					  "A rule is one of \"max_num_versions\", \"max_age\", \"union\" and "
					  "\"intersection\", not \"%s\".",
					  name);
	}
	reader_leave(reader, len);
	return rule;
}

/* ---- families ---- */

static void
parse_gc_rule(JsonReader *reader, const JsonbValue *value, FamilySpec *spec)
{
	bt_gc_rule *rule;

	spec->has_gc_rule = true;
	if (value->type == jbvNull)
		return;
	rule = parse_rule(reader, value);
	if (bt_gc_rule_size(rule) > BT_MAX_GC_RULE_BYTES)
		reader_report(reader, NULL, "It is %zu bytes long; Bigtable allows %d.",
					  bt_gc_rule_size(rule), BT_MAX_GC_RULE_BYTES);
	spec->family.gc_rule = rule;
}

static void
parse_value_type(JsonReader *reader, const JsonbValue *value, FamilySpec *spec)
{
	char *name;

	if (value->type == jbvNull)
		return;
	name = reader_text(reader, value);
	for (size_t i = 0; i < lengthof(type_names); i++)
		if (strcmp(name, type_names[i].name) == 0)
		{
			spec->family.value_type = &type_names[i].type;
			return;
		}
	reader_report(
		reader, NULL,
		"A type is one of \"sum\", \"min\", \"max\", \"hllpp_unique_count\" and "
		"\"int64\", not \"%s\".",
		name);
}

static void
parse_drop(JsonReader *reader, const JsonbValue *value, FamilySpec *spec)
{
	if (value->type != jbvBool || !value->val.boolean)
		reader_report(reader, NULL, "Only true is possible.");
	spec->drop = true;
}

static void
parse_family(JsonReader *reader, const JsonbValue *value, bool may_drop, FamilySpec *spec)
{
	int n;
	JsonField *fields;

	if (value->type == jbvNull)
		reader_report(reader,
					  may_drop ? "A family is dropped by {\"drop\": true}." : NULL,
					  "An object is expected, not null.");
	fields = reader_object(reader, value, &n);
	for (int i = 0; i < n; i++)
	{
		int len = reader_enter(reader, fields[i].name);

		if (strcmp(fields[i].name, "gc_rule") == 0)
			parse_gc_rule(reader, &fields[i].value, spec);
		else if (strcmp(fields[i].name, "value_type") == 0)
			parse_value_type(reader, &fields[i].value, spec);
		else if (may_drop && strcmp(fields[i].name, "drop") == 0)
			parse_drop(reader, &fields[i].value, spec);
		else
			reader_report(reader, NULL, "A family has \"gc_rule\" and \"value_type\"%s.",
						  may_drop ? ", or \"drop\"" : "");
		reader_leave(reader, len);
	}
	if (spec->drop && n > 1)
		reader_report(reader, NULL, "A family that is dropped has nothing else.");
}

/* A list of names. */
static FamilySpec *
parse_names(JsonReader *reader, const JsonbValue *value, size_t *n)
{
	int count;
	JsonbValue *elements = reader_array(reader, value, &count);
	FamilySpec *specs = palloc0(sizeof(FamilySpec) * (count + 1));

	for (int i = 0; i < count; i++)
	{
		int len = reader_enter_element(reader, i);

		specs[i].family.name = bt_span_str(reader_family(reader, &elements[i]));
		for (int j = 0; j < i; j++)
			if (bt_span_equal(specs[i].family.name, specs[j].family.name))
				reader_report(reader, NULL, "It is there twice.");
		reader_leave(reader, len);
	}
	*n = (size_t) count;
	return specs;
}

FamilySpec *
families_from_json(Jsonb *json, bool may_drop, size_t *n)
{
	JsonReader reader;
	JsonbValue value;
	JsonField *fields;
	FamilySpec *specs;
	int count;

	reader_init(&reader, "list of families");
	if (JB_ROOT_IS_SCALAR(json))
		reader_report(&reader, NULL,
					  "An object is expected, whose members are families, or an array of "
					  "names.");
	value = reader_root(json);
	if (reader_is_array(&value))
		return parse_names(&reader, &value, n);
	fields = reader_object(&reader, &value, &count);
	specs = palloc0(sizeof(FamilySpec) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		int len = reader_enter(&reader, fields[i].name);

		reader_check_family(&reader, fields[i].name);
		specs[i].family.name = bt_span_str(fields[i].name);
		parse_family(&reader, &fields[i].value, may_drop, &specs[i]);
		reader_leave(&reader, len);
	}
	*n = (size_t) count;
	return specs;
}

/* ---- spelling ---- */

/* The largest unit that an age is a whole number of; any setting reads it back. */
static char *
age_text(int64 us)
{
	static const struct
	{
		int64 us;
		const char *name;
	} units[] = {{USECS_PER_DAY, "day"},
				 {USECS_PER_HOUR, "hour"},
				 {USECS_PER_MINUTE, "minute"},
				 {USECS_PER_SEC, "second"},
				 {1000, "millisecond"}};

	for (size_t i = 0; i < lengthof(units); i++)
		if (us % units[i].us == 0)
			return psprintf(INT64_FORMAT " %s%s", us / units[i].us, units[i].name,
							us / units[i].us == 1 ? "" : "s");
	return psprintf(INT64_FORMAT " microseconds", us);
}

static void
push_key(JsonbParseState **state, const char *key)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = (char *) key;
	value.val.string.len = (int) strlen(key);
	(void) pushJsonbValue(state, WJB_KEY, &value);
}

static JsonbValue *
push_rule(JsonbParseState **state, const bt_gc_rule *rule)
{
	JsonbValue value;

	check_stack_depth();
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	switch (rule->kind)
	{
		case BT_GC_MAX_VERSIONS:
			push_key(state, "max_num_versions");
			value.type = jbvNumeric;
			value.val.numeric = int64_to_numeric(rule->max_versions);
			(void) pushJsonbValue(state, WJB_VALUE, &value);
			break;
		case BT_GC_MAX_AGE:
			push_key(state, "max_age");
			value.type = jbvString;
			value.val.string.val = age_text(rule->max_age_us);
			value.val.string.len = (int) strlen(value.val.string.val);
			(void) pushJsonbValue(state, WJB_VALUE, &value);
			break;
		case BT_GC_UNION:
		case BT_GC_INTERSECTION:
			push_key(state, rule->kind == BT_GC_UNION ? "union" : "intersection");
			(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
			for (size_t i = 0; i < rule->nmembers; i++)
				(void) push_rule(state, rule->members[i]);
			(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
			break;
		case BT_GC_OTHER:
			break; /* {} */
	}
	return pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

Jsonb *
gc_rule_to_json(const bt_gc_rule *rule)
{
	JsonbParseState *state = NULL;

	return JsonbValueToJsonb(push_rule(&state, rule));
}

const char *
value_type_name(const bt_type *type)
{
	static const char *const aggregators[] = {[BT_AGGREGATE_OTHER] = "aggregate",
											  [BT_AGGREGATE_SUM] = "sum",
											  [BT_AGGREGATE_MIN] = "min",
											  [BT_AGGREGATE_MAX] = "max",
											  [BT_AGGREGATE_UNIQUE_COUNT] =
												  "hllpp_unique_count"};
	static const char *const kinds[] = {[BT_TYPE_OTHER] = "other",
										[BT_TYPE_BYTES] = "bytes",
										[BT_TYPE_STRING] = "string",
										[BT_TYPE_INT64] = "int64",
										[BT_TYPE_FLOAT32] = "float32",
										[BT_TYPE_FLOAT64] = "float64",
										[BT_TYPE_BOOL] = "bool",
										[BT_TYPE_TIMESTAMP] = "timestamp",
										[BT_TYPE_DATE] = "date",
										[BT_TYPE_ARRAY] = "array",
										[BT_TYPE_MAP] = "map",
										[BT_TYPE_STRUCT] = "struct",
										[BT_TYPE_AGGREGATE] = "aggregate"};

	if (type->kind == BT_TYPE_AGGREGATE)
		return aggregators[type->aggregator];
	return kinds[type->kind];
}
