/*-------------------------------------------------------------------------
 *
 * decoder_bytes_test.c
 *	  The chunk decoder as a reader of protobuf: what is malformed, what is
 *	  merely unusual, and messages cut at every place.
 *
 * Messages are in hexadecimal, or in the notation of chunk_script.h.
 *
 *-------------------------------------------------------------------------
 */
#include "chunk_feed.h"
#include "chunk_script.h"
#include "tap.h"

static test_random rng = {271828};

/* Feeds one message to a new decoder; the record is freed with buffer_free(). */
static byte_buffer
decode(bt_span message, slicing slicing)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	chunk_feed feed = chunk_feed_make(decoder, &rng, slicing, false);
	byte_buffer record;

	chunk_feed_message(&feed, message);
	record = chunk_feed_end(&feed);
	bt_chunk_decoder_free(decoder);
	return record;
}

/* ---- unusual and malformed bytes ---- */

/*
 * A message of one chunk, in parts, with the number of bytes that follow each
 * length.  GOOD_CHUNK is key a, family F, qualifier Q, committed.
 */
#define CHUNK_OF(len) "0a" len
#define KEY_A "0a0161"
#define FAMILY_F "12030a0146"
#define QUALIFIER_Q "1a030a0151"
#define COMMIT "4801"
#define GOOD_FIELDS KEY_A FAMILY_F QUALIFIER_Q COMMIT
#define GOOD_CHUNK CHUNK_OF("0f") GOOD_FIELDS
#define GOOD_ROW "row a\n  F:Q @0 = \nend\n"

typedef struct bytes_case
{
	const char *name;
	const char *hex;
	const char *result;
} bytes_case;

/* clang-format off */
static const bytes_case bytes_cases[] = {
	{"an empty message", "", "end\n"},
	{"a row", GOOD_CHUNK, GOOD_ROW},

	/* ---- protobuf's rules for what is unusual ---- */
	{"of two keys the last one counts",
	 CHUNK_OF("12") "0a0162" KEY_A FAMILY_F QUALIFIER_Q COMMIT, GOOD_ROW},
	{"of two timestamps the last one counts",
	 CHUNK_OF("13") "2001" KEY_A FAMILY_F QUALIFIER_Q COMMIT "2002",
	 "row a\n  F:Q @2 = \nend\n"},
	{"of two families the last one counts",
	 CHUNK_OF("14") "12030a0147" KEY_A FAMILY_F QUALIFIER_Q COMMIT, GOOD_ROW},
	{"an empty second family adds nothing to the first",
	 CHUNK_OF("11") KEY_A FAMILY_F "1200" QUALIFIER_Q COMMIT, GOOD_ROW},
	{"within a family the last value counts",
	 CHUNK_OF("12") KEY_A "12060a01470a0146" QUALIFIER_Q COMMIT, GOOD_ROW},
	{"a commit after a reset is a commit",
	 CHUNK_OF("11") KEY_A FAMILY_F QUALIFIER_Q "4001" COMMIT, GOOD_ROW},
	{"a reset after a commit is a reset",
	 CHUNK_OF("11") KEY_A FAMILY_F QUALIFIER_Q COMMIT "4001", "error\n"},
	{"a false reset after a commit is neither",
	 CHUNK_OF("11") KEY_A FAMILY_F QUALIFIER_Q COMMIT "4000", "end in row\n"},
	{"a false commit is none", CHUNK_OF("0f") KEY_A FAMILY_F QUALIFIER_Q "4800",
	 "end in row\n"},
	{"a commit of any other value than 0 is one",
	 CHUNK_OF("10") KEY_A FAMILY_F QUALIFIER_Q "488002", GOOD_ROW},
	{"of two scan markers the last one counts", "120162120161", "scanned a\nend\n"},
	{"an empty second scan marker takes the first one back", "1201621200", "end\n"},
	{"a size in ten bytes is negative",
	 CHUNK_OF("1a") KEY_A FAMILY_F QUALIFIER_Q COMMIT "38ffffffffffffffffff01", GOOD_ROW},
	{"a size is cut to 32 bits",
	 CHUNK_OF("15") KEY_A FAMILY_F QUALIFIER_Q COMMIT "388080808010", GOOD_ROW},
	{"a tag may have more bytes than it needs",
	 CHUNK_OF("10") "8a000161" FAMILY_F QUALIFIER_Q COMMIT, GOOD_ROW},
	{"a length may have ten bytes",
	 CHUNK_OF("8f808080808080808000") KEY_A FAMILY_F QUALIFIER_Q COMMIT, GOOD_ROW},
	{"a known number with another wire type is unknown",
	 "0805" "1500000000" "1905000000000000" "00" GOOD_CHUNK, GOOD_ROW},
	{"the same within a chunk",
	 CHUNK_OF("18") KEY_A FAMILY_F QUALIFIER_Q "0807" "1500000000" "2a00" COMMIT,
	 "row a\n  F:Q @0 =  []\nend\n"},
	{"an unknown fixed64 ends a chunk",
	 CHUNK_OF("18") GOOD_FIELDS "79" "0102030405060708", GOOD_ROW},
	{"an unknown fixed32 ends a chunk", CHUNK_OF("14") GOOD_FIELDS "7d" "01020304",
	 GOOD_ROW},
	{"an unknown fixed32 ends a message", GOOD_CHUNK "8501" "01020304", GOOD_ROW},
	{"bits beyond the 64th of a timestamp are dropped",
	 CHUNK_OF("1a") GOOD_FIELDS "2085808080808080808002", "row a\n  F:Q @5 = \nend\n"},
	{"the highest field number in a chunk",
	 CHUNK_OF("16") GOOD_FIELDS "faffffff0f0161", GOOD_ROW},
	{"the highest field number", "faffffff0f0161" GOOD_CHUNK, GOOD_ROW},

	/* ---- what is broken ---- */
	{"a row, then a broken message", GOOD_CHUNK "ff",
	 "row a\n  F:Q @0 = \nerror\n"},
	{"field number 0", "0200", "error\n"},
	{"field number 0 of wire type 7", "07", "error\n"},
	{"field number 0 in a chunk", CHUNK_OF("11") GOOD_FIELDS "0200", "error\n"},
	{"field number 0 in a family", CHUNK_OF("13") GOOD_FIELDS "12020200", "error\n"},
	{"a tag of more than 32 bits", "8a808080100161", "error\n"},
	{"a tag of more than 32 bits in a chunk", CHUNK_OF("16") GOOD_FIELDS "8a808080100161",
	 "error\n"},
	{"a tag of eleven bytes", "8a80808080808080808000" "0161", "error\n"},
	{"an unfinished tag", "8a", "error\n"},
	{"a tag without a value", "0a", "error\n"},
	{"an unfinished length", "0a80", "error\n"},
	{"a length beyond the end", "0a01", "error\n"},
	{"a length of 2^63", "0a80808080808080808001", "error\n"},
	{"a length of 2^64 - 1", "0affffffffffffffffff01" "00", "error\n"},
	{"a length of eleven bytes", "0a8080808080808080808000", "error\n"},
	{"an unfinished number", "f80180", "error\n"},
	{"a number of eleven bytes", "f8018080808080808080808000", "error\n"},
	{"an unfinished fixed64", "a10601020304050607", "error\n"},
	{"an unfinished fixed32", "8501010203", "error\n"},
	{"the start of a group", "0b", "error\n"},
	{"the end of a group", "0c", "error\n"},
	{"wire type 6", "0e", "error\n"},
	{"wire type 7", "0f", "error\n"},
	{"wire type 3 of an unknown field in a chunk",
	 CHUNK_OF("11") GOOD_FIELDS "7b7c", "error\n"},
	{"wire type 7 in a family", CHUNK_OF("12") GOOD_FIELDS "12010f", "error\n"},
	{"a key beyond its chunk", CHUNK_OF("11") GOOD_FIELDS "0a01" "61", "error\n"},
	{"a key of 2^64 - 1 bytes",
	 CHUNK_OF("1a") GOOD_FIELDS "0affffffffffffffffff01", "error\n"},
	{"a family beyond its chunk", CHUNK_OF("13") GOOD_FIELDS "12030a01" "46", "error\n"},
	{"a family's value beyond the family",
	 CHUNK_OF("14") GOOD_FIELDS "12020a0146", "error\n"},
	{"a family's value of 2^64 - 1 bytes",
	 CHUNK_OF("1c") GOOD_FIELDS "120b0affffffffffffffffff01", "error\n"},
	{"a qualifier's value beyond the qualifier",
	 CHUNK_OF("14") GOOD_FIELDS "1a020a0151", "error\n"},
	{"a family's value with an unfinished length of 128",
	 CHUNK_OF("16") GOOD_FIELDS "1205" "0a80" "808080", "error\n"},
	{"a label beyond its chunk", CHUNK_OF("11") GOOD_FIELDS "2a02" "6161", "error\n"},
	{"a value beyond its chunk", CHUNK_OF("11") GOOD_FIELDS "3202" "6161", "error\n"},
	{"an unfinished timestamp", CHUNK_OF("11") GOOD_FIELDS "2080", "error\n"},
	{"a timestamp of eleven bytes", CHUNK_OF("1b") GOOD_FIELDS "208080808080808080808000",
	 "error\n"},
	{"an unfinished size", CHUNK_OF("11") GOOD_FIELDS "3880", "error\n"},
	{"an unfinished commit", CHUNK_OF("11") GOOD_FIELDS "4880", "error\n"},
	{"an unfinished reset", CHUNK_OF("11") GOOD_FIELDS "4080", "error\n"},
	{"a tag alone in a chunk", CHUNK_OF("10") GOOD_FIELDS "0a", "error\n"},
	{"an unfinished unknown number in a chunk",
	 CHUNK_OF("11") GOOD_FIELDS "7880", "error\n"},
	{"an unfinished unknown fixed64 in a chunk",
	 CHUNK_OF("12") GOOD_FIELDS "790000", "error\n"},
	{"an unfinished unknown fixed32 in a chunk",
	 CHUNK_OF("12") GOOD_FIELDS "7d0000", "error\n"},
};
/* clang-format on */

static byte_buffer
from_hex(const char *hex)
{
	byte_buffer bytes = {NULL, 0, 0};

	for (; hex[0] != '\0'; hex += 2)
	{
		char digits[3] = {hex[0], hex[1], '\0'};

		buffer_put_byte(&bytes, (uint8_t) strtoul(digits, NULL, 16));
	}
	return bytes;
}

static void
test_bytes(void)
{
	for (size_t i = 0; i < sizeof(bytes_cases) / sizeof(bytes_cases[0]); i++)
	{
		const bytes_case *c = &bytes_cases[i];
		byte_buffer bytes = from_hex(c->hex);

		for (slicing slicing = 0; slicing < SLICINGS; slicing++)
		{
			byte_buffer record = decode(bt_span_make(bytes.data, bytes.len), slicing);

			is_text(buffer_text(&record), c->result, "%s, slicing %d", c->name, slicing);
			buffer_free(&record);
		}
		buffer_free(&bytes);
	}
}

/* ---- messages cut at every place ---- */

static const char long_script[] =
	"key=row%000001 fam=family qual=qualifier ts=1700000000000000 value=first\n"
	"label=some label=more value=abcdefghijklmnopqrstuvwxyz more=52\n"
	"value=ABCDEFGHIJKLMNOPQRSTUVWXYZ\n"
	"fam= qual= ts=-1 commit\n"
	"key=row2 fam=f qual=q value=dropped\n"
	"reset\n"
	"key=row2 fam=f qual=q value=kept commit\n"
	"scanned=row3\n"
	"stats=%0a%00\n";

static const char long_result[] =
	"row row%000001\n"
	"  family:qualifier @1700000000000000 = first\n"
	"  family:qualifier @0 = abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ "
	"[some,more]\n"
	"  : @-1 = \n"
	"row row2\n  f:q @0 = kept\n"
	"scanned row3\n"
	"stats %0a%00\n"
	"end\n";

static byte_buffer
message_of(const char *text, encoding encoding)
{
	chunk_script *script = script_parse(text, encoding);
	byte_buffer message = script_message(script, 0, script->nitems);

	script_free(script);
	return message;
}

/* Decodes a message in slices that the caller has cut. */
static byte_buffer
decode_slices(const bt_span *slices, size_t nslices)
{
	bt_chunk_decoder *decoder = bt_chunk_decoder_create();
	byte_buffer record = {NULL, 0, 0};
	bt_decode_result result;
	bt_status status;
	bt_row row;

	bt_chunk_decoder_feed(decoder, slices, nslices);
	while ((result = bt_chunk_decoder_next(decoder, &row, &status)) != BT_DECODE_MORE &&
		   result != BT_DECODE_ERROR)
	{
		if (result == BT_DECODE_ROW)
			record_row(&record, &row);
		else
			record_event(&record, result == BT_DECODE_SCANNED ? "scanned" : "stats",
						 row.key);
	}
	buffer_printf(&record, result == BT_DECODE_ERROR ? "error\n" : "end\n");
	bt_chunk_decoder_free(decoder);
	return record;
}

/* Three slices, the middle one from "first" on for "len" bytes. */
static bool
decodes_in_three(const byte_buffer *message, size_t first, size_t len)
{
	bt_span slices[3] = {
		bt_span_make(message->data, first),
		bt_span_make(message->data + first, len),
		bt_span_make(message->data + first + len, message->len - first - len),
	};
	byte_buffer record = decode_slices(slices, 3);
	bool same = strcmp(buffer_text(&record), long_result) == 0;

	buffer_free(&record);
	return same;
}

static void
test_cuts(void)
{
	for (encoding encoding = 0; encoding < ENCODINGS; encoding++)
	{
		byte_buffer message = message_of(long_script, encoding);
		int wrong = 0;

		for (size_t first = 0; first <= message.len; first++)
			for (size_t len = 0; len <= 12 && first + len <= message.len; len++)
				wrong += !decodes_in_three(&message, first, len);
		is_int(wrong, 0, "encoding %d, cut at every place into three slices", encoding);
		buffer_free(&message);
	}
}

/*
 * A message that breaks off is an error, unless it does so between two fields.
 * The fields' ends are found by decoding by hand, in the plain encoding, where
 * each field is a tag of one byte, a length of one or two, and its content.
 */
static void
test_truncation(void)
{
	byte_buffer message = message_of(long_script, ENCODING_PLAIN);
	size_t field_end = 0;
	int wrong = 0;
	int whole = 0;

	for (size_t len = 0; len < message.len; len++)
	{
		uint8_t *copy = malloc(len + 1);
		bt_span slice = bt_span_make(copy, len);
		byte_buffer record;
		bool broken;

		if (len == field_end)
		{
			const uint8_t *length = message.data + field_end + 1;

			field_end += length[0] < 0x80
							 ? 2 + (size_t) length[0]
							 : 3 + (length[0] & 0x7fu) + ((size_t) length[1] << 7);
			whole++;
			broken = false;
		}
		else
			broken = true;
		memcpy(copy, message.data, len);
		record = decode_slices(&slice, 1);
		wrong += (strstr(buffer_text(&record), "error") != NULL) != broken;
		buffer_free(&record);
		free(copy);
	}
	is_int(whole, 9, "the message has nine fields");
	is_int(wrong, 0, "it may break off between fields and nowhere else");
	buffer_free(&message);
}

int
main(void)
{
	test_bytes();
	test_cuts();
	test_truncation();
	return tap_done();
}
