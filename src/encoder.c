/*-------------------------------------------------------------------------
 *
 * encoder.c
 *	  Datum -> cell bytes, for writing.
 *
 * Types that have a canonical form are encoded as pushdown encodes what it
 * searches for, by codec.c, so that what is written is found.  The others go
 * through their output functions, under settings that are always the same.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "codec.h"
#include "encoder.h"

static bt_span
encode_canonical(Encoder *encoder, Datum value)
{
	bt_span bytes;

	Encoding encoding =
		encoder->encode_bytes != NULL ? ENCODING_BINARY : encoder->encoding;

	if (!codec_encode(encoder->typid, encoding, value, &bytes))
		elog(ERROR, "type %u has no canonical form", encoder->typid);
	return bytes;
}

static bt_span
encode_output(Encoder *encoder, Datum value)
{
	char *text = OutputFunctionCall(&encoder->output, value);

	if (text[0] == '\0' && !encoder->has_empty)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot write an empty value of type %s",
							   format_type_be(encoder->typid)),
						errdetail("It would be read back as NULL."),
						errhint("Use a column of type text.")));
	return bt_span_str(pg_server_to_any(text, (int) strlen(text), PG_UTF8));
}

/* ISO 8601; with a time zone it is UTC. */
static bt_span
encode_timestamp_text(Encoder *encoder, Datum value)
{
	Timestamp timestamp = DatumGetTimestamp(value);
	bool has_zone = encoder->typid == TIMESTAMPTZOID;
	char *text = palloc(MAXDATELEN + 1);
	struct pg_tm tm;
	fsec_t fsec;

	if (TIMESTAMP_NOT_FINITE(timestamp))
		EncodeSpecialTimestamp(timestamp, text);
	else if (timestamp2tm(timestamp, NULL, &tm, &fsec, NULL, NULL) == 0)
	{
		tm.tm_isdst = 0; /* below 0, no zone would be shown */
		EncodeDateTime(&tm, fsec, has_zone, 0, NULL, USE_ISO_DATES, text);
	}
	else
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("timestamp out of range")));
	return bt_span_str(text);
}

static bt_span
encode_float4_binary(Encoder *encoder, Datum value)
{
	float4 number = DatumGetFloat4(value);
	uint32 word;
	uint32 *bytes = palloc(sizeof(uint32));

	memcpy(&word, &number, sizeof(word));
	*bytes = pg_hton32(word);
	return bt_span_make(bytes, sizeof(uint32));
}

static bt_span
encode_float8_binary(Encoder *encoder, Datum value)
{
	float8 number = DatumGetFloat8(value);
	uint64 word;
	uint64 *bytes = palloc(sizeof(uint64));

	memcpy(&word, &number, sizeof(word));
	*bytes = pg_hton64(word);
	return bt_span_make(bytes, sizeof(uint64));
}

/* Hex and base64. */
static bt_span
encode_wrapped(Encoder *encoder, Datum value)
{
	return codec_wrap(encoder->encoding, encoder->encode_bytes(encoder, value));
}

/* Is the text form of a type the same under all settings? */
static bool
has_fixed_output(Oid typid)
{
	switch (typid)
	{
		case BOOLOID:
		case BPCHAROID:
		case CHAROID:
		case NAMEOID:
		case NUMERICOID:
		case JSONBOID:
		case JSONOID:
		case INETOID:
		case CIDROID:
		case MACADDROID:
			return true;
		default:
			return get_typtype(typid) == TYPTYPE_ENUM;
	}
}

static bool
is_canonical(Oid typid, Encoding encoding)
{
	if (encoding == ENCODING_ORDERED)
		return true;
	switch (typid)
	{
		case TEXTOID:
		case VARCHAROID:
		case BYTEAOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case DATEOID:
		case UUIDOID:
			return true;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case BOOLOID:
			return encoding == ENCODING_BINARY;
		default:
			return false;
	}
}

static void
init_output(Encoder *encoder, Oid typid)
{
	Oid output;
	bool is_varlena;

	encoder->needs_fixed_settings = !has_fixed_output(encoder->typid);
	getTypeOutputInfo(typid, &output, &is_varlena);
	fmgr_info(output, &encoder->output);
}

static encoder_fn
choose_encoder(Oid typid, Encoding encoding)
{
	if (is_canonical(typid, encoding))
		return encode_canonical;
	if (encoding == ENCODING_BINARY && typid == FLOAT4OID)
		return encode_float4_binary;
	if (encoding == ENCODING_BINARY && typid == FLOAT8OID)
		return encode_float8_binary;
	if (typid == TIMESTAMPOID || typid == TIMESTAMPTZOID)
		return encode_timestamp_text;
	return encode_output;
}

void
encoder_init(Encoder *encoder, const ColumnMapping *column)
{
	memset(encoder, 0, sizeof(*encoder));
	encoder->typid = getBaseType(column->typid);
	encoder->encoding = column->encoding;
	encoder->has_empty = codec_has_empty(column->typid);
	if (column->encoding == ENCODING_HEX || column->encoding == ENCODING_BASE64)
	{
		encoder->encode_bytes = choose_encoder(encoder->typid, ENCODING_BINARY);
		encoder->encode = encode_wrapped;
	}
	else
		encoder->encode = choose_encoder(encoder->typid, column->encoding);
	if (encoder->encode == encode_output)
		init_output(encoder, column->typid);
}

int
encoder_begin_fixed_settings(void)
{
	static const struct
	{
		const char *name;
		const char *value;
	} settings[] = {
		{"datestyle", "ISO, YMD"},     {"timezone", "UTC"},
		{"intervalstyle", "postgres"}, {"extra_float_digits", "1"},
		{"bytea_output", "hex"},       {"lc_monetary", "C"},
		{"search_path", "pg_catalog"}, {"quote_all_identifiers", "off"},
	};
	int nest_level = NewGUCNestLevel();

	for (size_t i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i].name, settings[i].value, PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}

void
encoder_end_fixed_settings(int nest_level)
{
	AtEOXact_GUC(true, nest_level);
}
