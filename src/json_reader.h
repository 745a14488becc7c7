/*-------------------------------------------------------------------------
 *
 * json_reader.h
 *	  Reads jsonb that spells a message of Bigtable, and says where what is
 *	  wrong.
 *
 * Whoever reads steps into members and elements, and out of them again; so an
 * error names its place, such as chain[1].column_range_filter.  Results are in
 * the current memory context.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_JSON_READER_H
#define BIGTABLE_FDW_JSON_READER_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "client/span.h"

typedef struct JsonReader
{
	const char *what; /* "filter", for messages */
	StringInfoData path;
} JsonReader;

/* A member of an object. */
typedef struct JsonField
{
	char *name;
	JsonbValue value;
} JsonField;

extern void reader_init(JsonReader *reader, const char *what);

/* Raises "invalid <what> at <path>" with this detail; hint may be NULL. */
extern void reader_report(JsonReader *reader, const char *hint, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* Steps into a member or an element; returns what reader_leave() needs. */
extern int reader_enter(JsonReader *reader, const char *name);
extern int reader_enter_element(JsonReader *reader, int index);
extern void reader_leave(JsonReader *reader, int len);

/* The whole, which must be an object or an array. */
extern JsonbValue reader_root(Jsonb *json);

/* "a string" and so on. */
extern const char *reader_type_name(const JsonbValue *value);
extern bool reader_is_object(const JsonbValue *value);
extern bool reader_is_array(const JsonbValue *value);

/* These raise an error if the value is something else. */
extern JsonField *reader_object(JsonReader *reader, const JsonbValue *value, int *n);
extern JsonbValue *reader_array(JsonReader *reader, const JsonbValue *value, int *n);
extern char *reader_text(JsonReader *reader, const JsonbValue *value);

/* Text in UTF-8, or {"$bin": "base64"}. */
extern bt_span reader_bytes(JsonReader *reader, const JsonbValue *value);

/* An integer, as a number or, as in protobuf's JSON, as a string. */
extern int64
reader_integer(JsonReader *reader, const JsonbValue *value, int64 min, int64 max);

/* The name of a column family. */
extern char *reader_family(JsonReader *reader, const JsonbValue *value);
extern void reader_check_family(JsonReader *reader, const char *name);

#endif /* BIGTABLE_FDW_JSON_READER_H */
