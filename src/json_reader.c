/*-------------------------------------------------------------------------
 *
 * json_reader.c
 *	  Reads jsonb that spells a message of Bigtable, and says where what is
 *	  wrong.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/base64.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "json_reader.h"
#include "option.h"

/* ---- errors and paths ---- */

void
reader_init(JsonReader *reader, const char *what)
{
	reader->what = what;
	initStringInfo(&reader->path);
}

void
reader_report(JsonReader *reader, const char *hint, const char *format, ...)
{
	StringInfoData detail;
	int needed;

	initStringInfo(&detail);
	do
	{
		va_list args;

		va_start(args, format);
		needed = appendStringInfoVA(&detail, format, args);
		va_end(args);
		if (needed > 0)
			enlargeStringInfo(&detail, needed);
	} while (needed > 0);
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					reader->path.len > 0
						? errmsg("invalid %s at \"%s\"", reader->what, reader->path.data)
						: errmsg("invalid %s", reader->what),
					errdetail_internal("%s", detail.data),
					hint != NULL ? errhint("%s", hint) : 0));
}

int
reader_enter(JsonReader *reader, const char *name)
{
	int len = reader->path.len;

	appendStringInfo(&reader->path, "%s%s", len > 0 ? "." : "", name);
	return len;
}

int
reader_enter_element(JsonReader *reader, int index)
{
	int len = reader->path.len;

	appendStringInfo(&reader->path, "[%d]", index);
	return len;
}

void
reader_leave(JsonReader *reader, int len)
{
	reader->path.len = len;
	reader->path.data[len] = '\0';
}

const char *
reader_type_name(const JsonbValue *value)
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

JsonbValue
reader_root(Jsonb *json)
{
	JsonbValue value;

	value.type = jbvBinary;
	value.val.binary.data = &json->root;
	value.val.binary.len = (int) VARSIZE(json) - VARHDRSZ;
	return value;
}

bool
reader_is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

bool
reader_is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data);
}

JsonField *
reader_object(JsonReader *reader, const JsonbValue *value, int *nfields)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue item;
	JsonField *fields;

	if (!reader_is_object(value))
		reader_report(reader, NULL, "An object is expected, not %s.",
					  reader_type_name(value));
	fields = palloc(sizeof(JsonField) * (JsonContainerSize(value->val.binary.data) + 1));
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

JsonbValue *
reader_array(JsonReader *reader, const JsonbValue *value, int *nelements)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue item;
	JsonbValue *elements;

	if (!reader_is_array(value))
		reader_report(reader, NULL, "An array is expected, not %s.",
					  reader_type_name(value));
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

char *
reader_text(JsonReader *reader, const JsonbValue *value)
{
	if (value->type != jbvString)
		reader_report(reader, NULL, "A string is expected, not %s.",
					  reader_type_name(value));
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static bt_span
read_base64(JsonReader *reader, const JsonbValue *value)
{
	char *text = reader_text(reader, value);
	int len = (int) strlen(text);
	int size = pg_b64_dec_len(len);
	void *bytes = palloc(size + 1);

	len = pg_b64_decode(text, len, bytes, size);
	if (len < 0)
		reader_report(reader, NULL, "It is not valid base64.");
	return bt_span_make(bytes, (size_t) len);
}

/* Text in UTF-8, or {"$bin": "base64"}. */
bt_span
reader_bytes(JsonReader *reader, const JsonbValue *value)
{
	JsonField *fields;
	int nfields;
	int len;
	bt_span result;

	if (value->type == jbvString)
		return bt_span_str(option_to_utf8(reader_text(reader, value)));
	if (!reader_is_object(value))
		reader_report(reader, NULL,
					  "A string or {\"$bin\": \"base64\"} is expected, not %s.",
					  reader_type_name(value));
	fields = reader_object(reader, value, &nfields);
	if (nfields != 1 || strcmp(fields[0].name, "$bin") != 0)
		reader_report(reader, NULL,
					  "An object that stands for bytes is {\"$bin\": \"base64\"}.");
	len = reader_enter(reader, "$bin");
	result = read_base64(reader, &fields[0].value);
	reader_leave(reader, len);
	return result;
}

/* An integer, as a number or, as in protobuf's JSON, as a string. */
int64
reader_integer(JsonReader *reader, const JsonbValue *value, int64 min, int64 max)
{
	char *text;
	char *end;
	int64 result;

	if (value->type == jbvNumeric)
		text = DatumGetCString(
			DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	else if (value->type == jbvString)
		text = reader_text(reader, value);
	else
		reader_report(reader, NULL, "An integer is expected, not %s.",
					  reader_type_name(value));
	errno = 0;
	result = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || result < min || result > max)
		reader_report(reader, NULL,
					  "An integer from " INT64_FORMAT " to " INT64_FORMAT
					  " is expected, not %s.",
					  min, max, text);
	return result;
}

void
reader_check_family(JsonReader *reader, const char *name)
{
	if (name[0] == '\0' || !option_is_family(name, strlen(name)))
		reader_report(
			reader, NULL,
			"A family name has up to 64 letters, digits, \"-\", \"_\" and \".\".");
}

char *
reader_family(JsonReader *reader, const JsonbValue *value)
{
	char *name = reader_text(reader, value);

	reader_check_family(reader, name);
	return name;
}
