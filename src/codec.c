/*-------------------------------------------------------------------------
 *
 * codec.c
 *	  Cell bytes <-> Datum.
 *
 * Common types have a direct path; all others, and all unusual spellings, go
 * through the type's own input function, which also words the errors.
 *
 * The caller's error context names the column, the table and the row key, so
 * messages here speak of the value alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "byte_text.h"
#include "codec.h"
#include "compat.h"
#include "ordered_code.h"
#include "quote.h"
#include "utf8.h"

/* Between the epochs of Unix and of PostgreSQL. */
#define EPOCH_DAYS (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)
#define EPOCH_US ((int64) EPOCH_DAYS * USECS_PER_DAY)

/* ---- errors ---- */

/*
 * A value does not decode: returns true if that makes it NULL.  Else the caller
 * raises the error.
 */
static bool
becomes_null(Codec *codec)
{
	codec->failed = codec->null_on_error;
	return codec->failed;
}

static Datum
fail_length(Codec *codec, size_t len, const char *expected)
{
	if (!becomes_null(codec))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value of type %s", format_type_be(codec->typid)),
				 errdetail("It has %zu bytes, expected %s.", len, expected)));
	return (Datum) 0;
}

static Datum
fail_range(Codec *codec)
{
	if (!becomes_null(codec))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("value is out of range for type %s",
							   format_type_be(codec->typid))));
	return (Datum) 0;
}

/* For bytes that are not in an encoding by that name. */
static Datum
fail_encoding(Codec *codec, const char *encoding)
{
	if (!becomes_null(codec))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("value is not in encoding \"%s\"", encoding)));
	return (Datum) 0;
}

/* ---- text ---- */

static inline Datum
make_varlena(bt_span bytes, RowMemory *memory)
{
	struct varlena *result = row_memory_alloc(memory, VARHDRSZ + bytes.len);

	SET_VARSIZE(result, VARHDRSZ + bytes.len);
	if (bytes.len > 0)
		memcpy(VARDATA(result), bytes.data, bytes.len);
	return PointerGetDatum(result);
}

static inline bool
is_too_large(bt_span bytes)
{
	return bytes.len > MaxAllocSize - VARHDRSZ;
}

static Datum
decode_text(Codec *codec, bt_span bytes, RowMemory *memory)
{
	if (is_too_large(bytes))
		return fail_range(codec);
	if (!is_plain_ascii(bytes.data, bytes.len))
	{
		char *text = (char *) bytes.data;
		char *converted;

		if (codec->null_on_error && !utf8_to_server(&bytes))
		{
			codec->failed = true;
			return (Datum) 0;
		}
		if (!codec->null_on_error)
		{
			converted = pg_any_to_server(text, (int) bytes.len, PG_UTF8);
			if (converted != text)
				bytes = bt_span_str(converted);
		}
	}
	return make_varlena(bytes, memory);
}

static Datum
decode_bytea(Codec *codec, bt_span bytes, RowMemory *memory)
{
	if (is_too_large(bytes))
		return fail_range(codec);
	return make_varlena(bytes, memory);
}

/* A domain over bytea is raw bytes, too, as it is when it is written. */
static Datum
decode_bytea_domain(Codec *codec, bt_span bytes, RowMemory *memory)
{
	Datum value = decode_bytea(codec, bytes, memory);

	if (codec->failed)
		return value;
	if (!codec->null_on_error)
		domain_check(value, false, codec->typid, &codec->domain_state, codec->context);
	else if (!compat_domain_check_safe(value, codec->typid, &codec->domain_state,
									   codec->context))
		codec->failed = true;
	return value;
}

/* The type's own input function, whose failure makes the value NULL. */
static Datum
decode_input_or_null(Codec *codec, bt_span bytes)
{
	char *text;
	Datum value = (Datum) 0;

	codec->failed = !utf8_to_server(&bytes);
	if (codec->failed)
		return value;
	resetStringInfo(&codec->text);
	appendBinaryStringInfo(&codec->text, (const char *) bytes.data, (int) bytes.len);
	text = codec->text.data;
	codec->failed = !compat_input_function_call_safe(&codec->input, text, codec->ioparam,
													 codec->typmod, &value);
	return value;
}

static Datum
decode_input(Codec *codec, bt_span bytes, RowMemory *memory)
{
	char *text;

	if (is_too_large(bytes))
		return fail_range(codec);
	if (codec->null_on_error)
		return decode_input_or_null(codec, bytes);
	resetStringInfo(&codec->text);
	appendBinaryStringInfo(&codec->text, (const char *) bytes.data, (int) bytes.len);
	text = codec->text.data;
	if (!is_plain_ascii(bytes.data, bytes.len))
		text = pg_any_to_server(text, (int) bytes.len, PG_UTF8);
	return InputFunctionCall(&codec->input, text, codec->ioparam, codec->typmod);
}

/* The plain spelling of an integer: up to 18 digits, perhaps with a minus. */
static inline bool
parse_integer(bt_span bytes, int64 *value)
{
	bool negative = bytes.len > 0 && bytes.data[0] == '-';
	size_t i = negative ? 1 : 0;
	int64 number = 0;

	if (i == bytes.len || bytes.len > 18)
		return false;
	for (; i < bytes.len; i++)
	{
		uint8 digit = (uint8) (bytes.data[i] - '0');

		if (digit > 9)
			return false;
		number = number * 10 + digit;
	}
	*value = negative ? -number : number;
	return true;
}

static Datum
decode_int2_text(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 value;

	if (parse_integer(bytes, &value) && value >= PG_INT16_MIN && value <= PG_INT16_MAX)
		return Int16GetDatum((int16) value);
	return decode_input(codec, bytes, memory);
}

static Datum
decode_int4_text(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 value;

	if (parse_integer(bytes, &value) && value >= PG_INT32_MIN && value <= PG_INT32_MAX)
		return Int32GetDatum((int32) value);
	return decode_input(codec, bytes, memory);
}

static Datum
decode_int8_text(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 value;

	if (parse_integer(bytes, &value))
		return Int64GetDatum(value);
	return decode_input(codec, bytes, memory);
}

/* ---- binary ---- */

static bool
get_number(Codec *codec, bt_span bytes, int64 *number)
{
	uint64 word = 0;
	int shift;

	if (bytes.len != 1 && bytes.len != 2 && bytes.len != 4 && bytes.len != 8)
	{
		(void) fail_length(codec, bytes.len, "1, 2, 4 or 8");
		return false;
	}
	for (size_t i = 0; i < bytes.len; i++)
		word = word << 8 | bytes.data[i];

	/* Extend the sign. */
	shift = (int) (64 - 8 * bytes.len);
	*number = (int64) (word << shift) >> shift;
	return true;
}

static Datum
decode_int2_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 value;

	if (!get_number(codec, bytes, &value))
		return (Datum) 0;
	if (value < PG_INT16_MIN || value > PG_INT16_MAX)
		return fail_range(codec);
	return Int16GetDatum((int16) value);
}

static Datum
decode_int4_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 value;

	if (!get_number(codec, bytes, &value))
		return (Datum) 0;
	if (value < PG_INT32_MIN || value > PG_INT32_MAX)
		return fail_range(codec);
	return Int32GetDatum((int32) value);
}

static Datum
decode_int8_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 value;

	return get_number(codec, bytes, &value) ? Int64GetDatum(value) : (Datum) 0;
}

static bool
get_float(Codec *codec, bt_span bytes, double *number)
{
	if (bytes.len == sizeof(float4))
	{
		uint32 word;
		float4 value;

		memcpy(&word, bytes.data, sizeof(word));
		word = pg_ntoh32(word);
		memcpy(&value, &word, sizeof(value));
		*number = value;
		return true;
	}
	if (bytes.len == sizeof(float8))
	{
		uint64 word;

		memcpy(&word, bytes.data, sizeof(word));
		word = pg_ntoh64(word);
		memcpy(number, &word, sizeof(*number));
		return true;
	}
	(void) fail_length(codec, bytes.len, "4 or 8");
	return false;
}

static Datum
decode_float4_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	double value;
	float4 narrow;

	if (!get_float(codec, bytes, &value))
		return (Datum) 0;
	narrow = (float4) value;
	if (isinf(narrow) && !isinf(value))
		return fail_range(codec);
	return Float4GetDatum(narrow);
}

static Datum
decode_float8_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	double value;

	return get_float(codec, bytes, &value) ? Float8GetDatum(value) : (Datum) 0;
}

static Datum
decode_bool_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	if (bytes.len != 1)
		return fail_length(codec, bytes.len, "1");

	/* Clients of HBase write true as 0xff. */
	if (bytes.data[0] <= 1 || bytes.data[0] == 0xff)
		return BoolGetDatum(bytes.data[0] != 0);
	if (becomes_null(codec))
		return (Datum) 0;
	ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					errmsg("invalid binary value of type %s", "boolean"),
					errdetail("The byte is 0x%02x, expected 0x00, 0x01 or 0xff.",
							  bytes.data[0])));
}

static Datum
decode_uuid_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	pg_uuid_t *uuid;

	if (bytes.len != UUID_LEN)
		return fail_length(codec, bytes.len, "16");
	uuid = row_memory_alloc(memory, sizeof(pg_uuid_t));
	memcpy(uuid->data, bytes.data, UUID_LEN);
	return UUIDPGetDatum(uuid);
}

/* A number in OrderedCode: what it means is known of its binary form. */
static Datum
decode_ordered(Codec *codec, bt_span bytes, RowMemory *memory)
{
	uint8 binary[sizeof(int64)];
	int64 largest = PG_INT64_MAX >> (64 - 8 * codec->width);
	int64 number;

	if (bytes.len == 0 || ordered_code_get(bytes.data, bytes.len, &number) != bytes.len)
		return fail_encoding(codec, "ordered");
	if (number > largest || number < -largest - 1)
		return fail_range(codec);
	codec_put_number(binary, number, codec->width);
	return codec->decode_binary(codec, bt_span_make(binary, codec->width), memory);
}

/* The largest and the smallest number are infinity, as in PostgreSQL. */
static Datum
decode_timestamp_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 us;
	Timestamp timestamp;

	if (bytes.len != sizeof(int64))
		return fail_length(codec, bytes.len, "8");
	(void) get_number(codec, bytes, &us);
	if (us == PG_INT64_MAX || us == PG_INT64_MIN)
		return TimestampGetDatum(us);
	if (pg_sub_s64_overflow(us, EPOCH_US, &timestamp) || !IS_VALID_TIMESTAMP(timestamp))
		return fail_range(codec);
	return TimestampGetDatum(timestamp);
}

static Datum
decode_date_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 days;

	if (bytes.len != sizeof(int32))
		return fail_length(codec, bytes.len, "4");
	(void) get_number(codec, bytes, &days);
	if (days == PG_INT32_MAX || days == PG_INT32_MIN)
		return DateADTGetDatum((DateADT) days);
	days -= EPOCH_DAYS;
	if (days < PG_INT32_MIN || !IS_VALID_DATE(days))
		return fail_range(codec);
	return DateADTGetDatum((DateADT) days);
}

/* ---- hex and base64 ---- */

static Datum
decode_wrapped(Codec *codec, bt_span text, RowMemory *memory)
{
	uint8 *bytes;
	size_t len = 0;
	bool ok;

	if (is_too_large(text))
		return fail_range(codec);
	bytes = row_memory_alloc(memory, text.len);
	if (codec->encoding == ENCODING_HEX)
		ok = hex_get(text, bytes, &len);
	else
		ok = base64_get(text, bytes, &len);
	if (!ok)
		return fail_encoding(codec, codec->encoding == ENCODING_HEX ? "hex" : "base64");
	return codec->decode_binary(codec, bt_span_make(bytes, len), memory);
}

int64
codec_timestamp(int64 timestamp_us)
{
	int64 timestamp;

	if (timestamp_us == PG_INT64_MAX || timestamp_us == PG_INT64_MIN ||
		pg_sub_s64_overflow(timestamp_us, EPOCH_US, &timestamp))
		return timestamp_us < 0 ? DT_NOBEGIN : DT_NOEND;
	return timestamp;
}

Datum
codec_timestamp_datum(int64 timestamp_us)
{
	Timestamp timestamp;

	if (pg_sub_s64_overflow(timestamp_us, EPOCH_US, &timestamp) ||
		!IS_VALID_TIMESTAMP(timestamp))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("timestamp of cell is out of range")));
	return TimestampTzGetDatum(timestamp);
}

/* ---- choosing ---- */

typedef struct BinaryType
{
	Oid typid;
	int number_width; /* of types that are a number on the wire, or 0 */
	codec_decode_fn decode;
} BinaryType;

static const BinaryType binary_types[] = {
	{INT2OID, 2, decode_int2_binary},
	{INT4OID, 4, decode_int4_binary},
	{INT8OID, 8, decode_int8_binary},
	{FLOAT4OID, 0, decode_float4_binary},
	{FLOAT8OID, 0, decode_float8_binary},
	{BOOLOID, 0, decode_bool_binary},
	{UUIDOID, 0, decode_uuid_binary},
	{DATEOID, 4, decode_date_binary},
	{TIMESTAMPOID, 8, decode_timestamp_binary},
	{TIMESTAMPTZOID, 8, decode_timestamp_binary},
	{TEXTOID, 0, decode_text},
	{VARCHAROID, 0, decode_text},
	{BYTEAOID, 0, decode_bytea},
};

static const BinaryType *
find_binary_type(Oid typid)
{
	for (size_t i = 0; i < lengthof(binary_types); i++)
		if (binary_types[i].typid == typid)
			return &binary_types[i];
	return NULL;
}

bool
codec_has_encoding(Oid typid, Encoding encoding)
{
	switch (encoding)
	{
		case ENCODING_TEXT:
			return true;
		case ENCODING_ORDERED:
			return codec_number_width(typid) > 0;
		default:
			return find_binary_type(typid) != NULL;
	}
}

static codec_decode_fn
choose_text_decoder(Oid typid, int32 typmod)
{
	switch (typid)
	{
		case TEXTOID:
			return decode_text;
		case VARCHAROID:
			return typmod < 0 ? decode_text : decode_input;
		case BYTEAOID:
			return decode_bytea;
		case INT2OID:
			return decode_int2_text;
		case INT4OID:
			return decode_int4_text;
		case INT8OID:
			return decode_int8_text;
		default:
			return getBaseType(typid) == BYTEAOID ? decode_bytea_domain : decode_input;
	}
}

/* Decodes a row key, and insists on the one form that we would write. */
static Datum
decode_canonical(Codec *codec, bt_span bytes, RowMemory *memory)
{
	Datum value = codec->decode_form(codec, bytes, memory);
	bt_span written;

	if (codec->failed)
		return value;
	if (!codec_encode(codec->typid, codec->encoding, value, &written))
	{
		if (codec->see != NULL)
			codec->see(codec->see_arg, bytes, value);
	}
	else if (!bt_span_equal(written, bytes) && !becomes_null(codec))
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("row key is not the canonical form of a value of type %s",
							   format_type_be(codec->typid)),
						errdetail("The value would be written as %s.", quoted(written))));
	return value;
}

void
codec_watch(Codec *codec, void (*see)(void *arg, bt_span bytes, Datum value), void *arg)
{
	if (codec->decode == decode_text || codec->decode == decode_bytea)
		return;
	codec->see = see;
	codec->see_arg = arg;
	codec->decode = decode_canonical;
}

bool
codec_has_empty(Oid typid)
{
	char category;
	bool preferred;

	typid = getBaseType(typid);
	switch (typid)
	{
		case BYTEAOID:
		case VARBITOID:
		case TSVECTOROID:
		case TSQUERYOID:
		case XMLOID:
		case CHAROID:
		case INT2VECTOROID:
		case OIDVECTOROID:
			return true;
		default:
			if (get_typtype(typid) == TYPTYPE_ENUM)
				return SearchSysCacheExists2(ENUMTYPOIDNAME, ObjectIdGetDatum(typid),
											 CStringGetDatum(""));
			get_type_category_preferred(typid, &category, &preferred);
			return category == TYPCATEGORY_STRING;
	}
}

/* Notes a value that does not decode. */
static Datum
decode_or_null(Codec *codec, bt_span bytes, RowMemory *memory)
{
	Datum value;

	codec->failed = false;
	value = codec->decode_form(codec, bytes, memory);
	codec->nulls_made += codec->failed;
	return value;
}

/* Values longer or shorter than an aggregate's are plain text. */
static Datum
decode_integer(Codec *codec, bt_span bytes, RowMemory *memory)
{
	codec_decode_fn decode_text = choose_text_decoder(codec->typid, codec->typmod);
	codec_decode_fn decode;

	if (bytes.len != sizeof(int64))
		return decode_text(codec, bytes, memory);
	decode = codec->is_aggregate(codec->is_aggregate_arg, codec->column)
				 ? find_binary_type(codec->typid)->decode
				 : decode_text;
	if (codec->decode == codec->decode_form)
		codec->decode = decode;
	codec->decode_form = decode;
	return decode(codec, bytes, memory);
}

static codec_decode_fn
choose_decoder(Codec *codec, const ColumnMapping *column)
{
	codec_decode_fn text = choose_text_decoder(column->typid, column->typmod);
	const BinaryType *type = find_binary_type(column->typid);
	codec_decode_fn binary = text;

	/* varchar(n) is cut by its input function. */
	if (type != NULL && (type->decode != decode_text || column->typmod < 0))
		binary = type->decode;
	codec->decode_binary = binary;
	switch (column->encoding)
	{
		case ENCODING_BINARY:
			return binary;
		case ENCODING_ORDERED:
			codec->width = type->number_width;
			return decode_ordered;
		case ENCODING_HEX:
		case ENCODING_BASE64:
			return decode_wrapped;
		case ENCODING_TEXT:
			break;
	}
	return text;
}

void
codec_init(Codec *codec, const ColumnMapping *column)
{
	Oid input;

	memset(codec, 0, sizeof(*codec));
	codec->typid = column->typid;
	codec->typmod = column->typmod;
	codec->context = CurrentMemoryContext;
	codec->encoding = column->encoding;
	codec->null_on_error = column->null_on_error;
	getTypeInputInfo(column->typid, &input, &codec->ioparam);
	fmgr_info(input, &codec->input);
	initStringInfo(&codec->text);
	codec->has_empty = codec_has_empty(column->typid);
	codec->decode = codec->decode_form = choose_decoder(codec, column);

	/* Text and bytes have but one form. */
	if (column->kind == COLUMN_ROW_KEY && codec->decode != decode_text &&
		codec->decode != decode_bytea)
		codec->decode = decode_canonical;
	else if (codec->null_on_error)
		codec->decode = decode_or_null;
}

void
codec_init_integer(Codec *codec, const ColumnMapping *column,
				   bool (*is_aggregate)(void *arg, const ColumnMapping *column),
				   void *arg)
{
	if (column->kind == COLUMN_ROW_KEY || column->encoding != ENCODING_TEXT ||
		!codec_has_any_width(column->typid))
		return;
	if (codec->decode == codec->decode_form)
		codec->decode = decode_integer;
	codec->decode_form = decode_integer;
	codec->is_aggregate = is_aggregate;
	codec->is_aggregate_arg = arg;
	codec->column = column;
}

/* ---- encoding ---- */

int
codec_number_width(Oid typid)
{
	const BinaryType *binary = find_binary_type(typid);

	return binary != NULL ? binary->number_width : 0;
}

bool
codec_has_any_width(Oid typid)
{
	return typid == INT2OID || typid == INT4OID || typid == INT8OID;
}

bool
codec_number(Oid typid, Datum value, int64 *number)
{
	switch (typid)
	{
		case INT2OID:
			*number = DatumGetInt16(value);
			return true;
		case INT4OID:
			*number = DatumGetInt32(value);
			return true;
		case DATEOID:
			*number = DatumGetDateADT(value);
			if (!DATE_NOT_FINITE((DateADT) *number))
				*number += EPOCH_DAYS;
			return true;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			*number = DatumGetTimestamp(value);
			return TIMESTAMP_NOT_FINITE(*number) ||
				   (!pg_add_s64_overflow(*number, EPOCH_US, number) &&
					*number != PG_INT64_MAX);
		default:
			*number = DatumGetInt64(value);
			return true;
	}
}

void
codec_put_number(uint8 *out, int64 number, int width)
{
	for (int i = width - 1; i >= 0; i--)
	{
		out[i] = (uint8) number;
		number >>= 8;
	}
}

bt_span
codec_number_bytes(Encoding encoding, int64 number, int width)
{
	uint8 *bytes = palloc(Max(width, ORDERED_CODE_MAX_BYTES));

	if (encoding == ENCODING_ORDERED)
		return bt_span_make(bytes, ordered_code_put(bytes, number));
	codec_put_number(bytes, number, width);
	return bt_span_make(bytes, width);
}

bt_span
codec_wrap(Encoding encoding, bt_span bytes)
{
	size_t size = 0;
	uint8 *text;

	if (encoding == ENCODING_HEX)
		size = hex_size(bytes.len);
	else if (encoding == ENCODING_BASE64)
		size = base64_size(bytes.len);
	else
		return bytes;
	text = palloc(size + 1);
	if (encoding == ENCODING_HEX)
		hex_put(text, bytes);
	else
		base64_put(text, bytes);
	return bt_span_make(text, size);
}

static bt_span
encode_number(Oid typid, Encoding encoding, Datum value)
{
	int64 number;

	if (!codec_number(typid, value, &number))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("timestamp is out of range of encoding \"%s\"",
							   encoding == ENCODING_ORDERED ? "ordered" : "binary")));
	return codec_number_bytes(encoding, number, codec_number_width(typid));
}

static bt_span
encode_integer_text(Oid typid, Datum value)
{
	int64 number;
	char *text;

	(void) codec_number(typid, value, &number);
	text = palloc(MAXINT8LEN + 1);
	return bt_span_make(text, pg_lltoa(number, text));
}

/* ISO 8601, whatever DateStyle says. */
static bt_span
encode_date_text(DateADT date)
{
	char *text = palloc(MAXDATELEN + 1);
	struct pg_tm tm = {0};

	if (DATE_NOT_FINITE(date))
		EncodeSpecialDate(date, text);
	else
	{
		j2date(date + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
		EncodeDateOnly(&tm, USE_ISO_DATES, text);
	}
	return bt_span_str(text);
}

static bt_span
encode_varlena(Datum value)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);

	return bt_span_make(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
}

static bt_span
encode_text(Datum value)
{
	bt_span bytes = encode_varlena(value);
	char *text = (char *) bytes.data;
	char *converted = pg_server_to_any(text, (int) bytes.len, PG_UTF8);

	return converted == text ? bytes : bt_span_str(converted);
}

bool
codec_encode(Oid typid, Encoding encoding, Datum value, bt_span *bytes)
{
	bool binary = encoding == ENCODING_BINARY;

	if (encoding == ENCODING_ORDERED)
	{
		*bytes = encode_number(typid, encoding, value);
		return true;
	}
	if (encoding == ENCODING_HEX || encoding == ENCODING_BASE64)
	{
		if (!codec_encode(typid, ENCODING_BINARY, value, bytes))
			return false;
		*bytes = codec_wrap(encoding, *bytes);
		return true;
	}
	switch (typid)
	{
		case TEXTOID:
		case VARCHAROID:
			*bytes = encode_text(value);
			return true;
		case BYTEAOID:
			*bytes = encode_varlena(value);
			return true;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			*bytes = binary ? encode_number(typid, encoding, value)
							: encode_integer_text(typid, value);
			return true;
		case DATEOID:
			*bytes = binary ? encode_number(typid, encoding, value)
							: encode_date_text(DatumGetDateADT(value));
			return true;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			if (!binary)
				return false; /* depends on settings and time zones */
			*bytes = encode_number(typid, encoding, value);
			return true;
		case UUIDOID:
			if (binary)
				*bytes = bt_span_make(DatumGetUUIDP(value)->data, UUID_LEN);
			else
				*bytes =
					bt_span_str(DatumGetCString(DirectFunctionCall1(uuid_out, value)));
			return true;
		case BOOLOID:
			if (!binary)
				return false; /* "t", "true", "yes" */
			*bytes = bt_span_make(DatumGetBool(value) ? "\1" : "\0", 1);
			return true;
		default:
			return false;
	}
}
