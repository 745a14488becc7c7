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

#include "codec.h"
#include "compat.h"
#include "quote.h"

/* Between the epochs of Unix and of PostgreSQL. */
#define EPOCH_DAYS (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)
#define EPOCH_US ((int64) EPOCH_DAYS * USECS_PER_DAY)

/* ---- errors ---- */

__attribute__((noreturn)) static void
report_length(const Codec *codec, size_t len, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary value of type %s", format_type_be(codec->typid)),
			 errdetail("It has %zu bytes, expected %s.", len, expected)));
}

__attribute__((noreturn)) static void
report_range(const Codec *codec)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("value is out of range for type %s", format_type_be(codec->typid))));
}

/* ---- text ---- */

/* Is this plain ASCII without NUL, eight bytes at a time? */
static inline bool
is_plain_ascii(const uint8 *bytes, size_t len)
{
	const uint64 high = UINT64CONST(0x8080808080808080);
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint8 bad = 0;

	for (; len >= 8; bytes += 8, len -= 8)
	{
		uint64 word;

		memcpy(&word, bytes, 8);
		if (((word | (word - ones)) & high) != 0)
			return false;
	}
	for (; len > 0; bytes++, len--)
		bad |= (uint8) (*bytes | (*bytes - 1)) & 0x80;
	return bad == 0;
}

static inline Datum
make_varlena(bt_span bytes, RowMemory *memory)
{
	struct varlena *result = row_memory_alloc(memory, VARHDRSZ + bytes.len);

	SET_VARSIZE(result, VARHDRSZ + bytes.len);
	if (bytes.len > 0)
		memcpy(VARDATA(result), bytes.data, bytes.len);
	return PointerGetDatum(result);
}

static void
check_varlena_size(const Codec *codec, bt_span bytes)
{
	if (bytes.len > MaxAllocSize - VARHDRSZ)
		report_range(codec);
}

static Datum
decode_text(Codec *codec, bt_span bytes, RowMemory *memory)
{
	check_varlena_size(codec, bytes);
	if (!is_plain_ascii(bytes.data, bytes.len))
	{
		char *text = (char *) bytes.data;
		char *converted = pg_any_to_server(text, (int) bytes.len, PG_UTF8);

		if (converted != text)
			bytes = bt_span_str(converted);
	}
	return make_varlena(bytes, memory);
}

static Datum
decode_bytea(Codec *codec, bt_span bytes, RowMemory *memory)
{
	check_varlena_size(codec, bytes);
	return make_varlena(bytes, memory);
}

/* A domain over bytea is raw bytes, too, as it is when it is written. */
static Datum
decode_bytea_domain(Codec *codec, bt_span bytes, RowMemory *memory)
{
	Datum value = decode_bytea(codec, bytes, memory);

	domain_check(value, false, codec->typid, &codec->domain_state, codec->context);
	return value;
}

static Datum
decode_input(Codec *codec, bt_span bytes, RowMemory *memory)
{
	char *text;

	check_varlena_size(codec, bytes);
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

static int64
get_number(const Codec *codec, bt_span bytes)
{
	uint64 word = 0;
	int shift;

	if (bytes.len != 1 && bytes.len != 2 && bytes.len != 4 && bytes.len != 8)
		report_length(codec, bytes.len, "1, 2, 4 or 8");
	for (size_t i = 0; i < bytes.len; i++)
		word = word << 8 | bytes.data[i];

	/* Extend the sign. */
	shift = (int) (64 - 8 * bytes.len);
	return (int64) (word << shift) >> shift;
}

static Datum
decode_int2_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 value = get_number(codec, bytes);

	if (value < PG_INT16_MIN || value > PG_INT16_MAX)
		report_range(codec);
	return Int16GetDatum((int16) value);
}

static Datum
decode_int4_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 value = get_number(codec, bytes);

	if (value < PG_INT32_MIN || value > PG_INT32_MAX)
		report_range(codec);
	return Int32GetDatum((int32) value);
}

static Datum
decode_int8_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	return Int64GetDatum(get_number(codec, bytes));
}

static double
get_float(const Codec *codec, bt_span bytes)
{
	if (bytes.len == sizeof(float4))
	{
		uint32 word;
		float4 value;

		memcpy(&word, bytes.data, sizeof(word));
		word = pg_ntoh32(word);
		memcpy(&value, &word, sizeof(value));
		return value;
	}
	if (bytes.len == sizeof(float8))
	{
		uint64 word;
		float8 value;

		memcpy(&word, bytes.data, sizeof(word));
		word = pg_ntoh64(word);
		memcpy(&value, &word, sizeof(value));
		return value;
	}
	report_length(codec, bytes.len, "4 or 8");
}

static Datum
decode_float4_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	double value = get_float(codec, bytes);
	float4 narrow = (float4) value;

	if (isinf(narrow) && !isinf(value))
		report_range(codec);
	return Float4GetDatum(narrow);
}

static Datum
decode_float8_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	return Float8GetDatum(get_float(codec, bytes));
}

static Datum
decode_bool_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	if (bytes.len != 1)
		report_length(codec, bytes.len, "1");
	if (bytes.data[0] > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value of type %s", "boolean"),
				 errdetail("The byte is 0x%02x, expected 0x00 or 0x01.", bytes.data[0])));
	return BoolGetDatum(bytes.data[0] == 1);
}

static Datum
decode_uuid_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	pg_uuid_t *uuid;

	if (bytes.len != UUID_LEN)
		report_length(codec, bytes.len, "16");
	uuid = row_memory_alloc(memory, sizeof(pg_uuid_t));
	memcpy(uuid->data, bytes.data, UUID_LEN);
	return UUIDPGetDatum(uuid);
}

/* The largest and the smallest number are infinity, as in PostgreSQL. */
static Datum
decode_timestamp_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 us;
	Timestamp timestamp;

	if (bytes.len != sizeof(int64))
		report_length(codec, bytes.len, "8");
	us = get_number(codec, bytes);
	if (us == PG_INT64_MAX || us == PG_INT64_MIN)
		return TimestampGetDatum(us);
	if (pg_sub_s64_overflow(us, EPOCH_US, &timestamp) || !IS_VALID_TIMESTAMP(timestamp))
		report_range(codec);
	return TimestampGetDatum(timestamp);
}

static Datum
decode_date_binary(Codec *codec, bt_span bytes, RowMemory *memory)
{
	int64 days;

	if (bytes.len != sizeof(int32))
		report_length(codec, bytes.len, "4");
	days = get_number(codec, bytes);
	if (days == PG_INT32_MAX || days == PG_INT32_MIN)
		return DateADTGetDatum((DateADT) days);
	days -= EPOCH_DAYS;
	if (days < PG_INT32_MIN || !IS_VALID_DATE(days))
		report_range(codec);
	return DateADTGetDatum((DateADT) days);
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
codec_has_binary(Oid typid)
{
	return find_binary_type(typid) != NULL;
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

	if (codec_encode(codec->typid, codec->encoding, value, &written) &&
		!bt_span_equal(written, bytes))
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("row key is not the canonical form of a value of type %s",
							   format_type_be(codec->typid)),
						errdetail("The value would be written as %s.", quoted(written))));
	return value;
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

void
codec_init(Codec *codec, const ColumnMapping *column)
{
	const BinaryType *binary = find_binary_type(column->typid);
	Oid input;

	memset(codec, 0, sizeof(*codec));
	codec->typid = column->typid;
	codec->typmod = column->typmod;
	codec->context = CurrentMemoryContext;
	codec->encoding = column->encoding;
	getTypeInputInfo(column->typid, &input, &codec->ioparam);
	fmgr_info(input, &codec->input);
	initStringInfo(&codec->text);

	codec->has_empty = codec_has_empty(column->typid);

	if (column->encoding == ENCODING_BINARY &&
		(binary->decode != decode_text || column->typmod < 0))
		codec->decode = binary->decode;
	else
		codec->decode = choose_text_decoder(column->typid, column->typmod);

	/* Text and bytes have but one form. */
	codec->decode_form = codec->decode;
	if (column->kind == COLUMN_ROW_KEY && codec->decode != decode_text &&
		codec->decode != decode_bytea)
		codec->decode = decode_canonical;
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

static bt_span
encode_number(Oid typid, Datum value)
{
	int width = codec_number_width(typid);
	uint8 *bytes = palloc(width);
	int64 number;

	if (!codec_number(typid, value, &number))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("timestamp is out of range of encoding \"binary\"")));
	codec_put_number(bytes, number, width);
	return bt_span_make(bytes, width);
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
			*bytes =
				binary ? encode_number(typid, value) : encode_integer_text(typid, value);
			return true;
		case DATEOID:
			*bytes = binary ? encode_number(typid, value)
							: encode_date_text(DatumGetDateADT(value));
			return true;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			if (!binary)
				return false; /* depends on settings and time zones */
			*bytes = encode_number(typid, value);
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
