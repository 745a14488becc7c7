/*-------------------------------------------------------------------------
 *
 * option.c
 *	  One table of options: name, where allowed, type, check.
 *
 * The validator checks one object's options at a time, with nothing but the
 * list in hand: each value by itself, and what contradicts itself within the
 * list.  What depends on the column's type is checked by mapping.c at first
 * use.
 *
 * Some options are reserved: they have their place and their meaning, but
 * this version would ignore them, and an option that is accepted and ignored
 * is worse than one that is refused.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "byte_text.h"
#include "credential.h"
#include "endpoint.h"
#include "option.h"

#define ON_SERVER 0x01
#define ON_USER_MAPPING 0x02
#define ON_TABLE 0x04
#define ON_COLUMN 0x08

typedef enum OptionType
{
	OPTION_STRING, /* not empty */
	OPTION_BOOL,
	OPTION_INT,      /* min to max */
	OPTION_REAL,     /* not negative */
	OPTION_DURATION, /* milliseconds if there is no unit; above 0 */
	OPTION_CHOICE,   /* one of a list */
	OPTION_RESERVED  /* refused */
} OptionType;

typedef struct Option
{
	const char *name;
	int places; /* ON_... */
	OptionType type;
	int min;
	int max;
	const char *choices; /* separated by commas */
	void (*check)(const char *name, const char *value);
} Option;

static void check_bytes(const char *name, const char *value);
static void check_family(const char *name, const char *value);
static void check_qualifier(const char *name, const char *value);
static void check_resource_id(const char *name, const char *value);
static void check_target(const char *name, const char *value);

static const Option options[] = {
	/* where the data is */
	{"project_id", ON_SERVER, OPTION_STRING, .check = check_resource_id},
	{"instance_id", ON_SERVER, OPTION_STRING, .check = check_resource_id},
	{"app_profile_id", ON_SERVER | ON_TABLE, OPTION_STRING, .check = check_resource_id},
	{"emulator_host", ON_SERVER, OPTION_STRING, .check = check_target},
	{"endpoint", ON_SERVER, OPTION_STRING, .check = endpoint_check_option},
	{"admin_endpoint", ON_SERVER, OPTION_STRING, .check = endpoint_check_option},
	{"universe_domain", ON_SERVER, OPTION_STRING, .check = endpoint_check_universe},
	{"ssl_ca_file", ON_SERVER, OPTION_STRING, .check = credential_check_file},

	/* who asks */
	{"credentials_file", ON_USER_MAPPING, OPTION_STRING, .check = credential_check_file},
	{"credentials_json", ON_USER_MAPPING, OPTION_STRING, .check = credential_check_json},
	{"access_token", ON_USER_MAPPING, OPTION_STRING, .check = credential_check_token},
	{"default_credentials", ON_USER_MAPPING, OPTION_BOOL,
	 .check = credential_check_default},

	/* how long and how often to try */
	{"operation_timeout", ON_SERVER, OPTION_DURATION},
	{"attempt_timeout", ON_SERVER, OPTION_DURATION},
	{"retry_initial_delay", ON_SERVER, OPTION_DURATION},
	{"max_attempts", ON_SERVER, OPTION_INT, .min = 1, .max = 1000},

	/* tables */
	{"table_name", ON_TABLE, OPTION_STRING, .check = check_resource_id},
	{"authorized_view", ON_TABLE, OPTION_STRING, .check = check_resource_id},
	{"materialized_view", ON_TABLE, OPTION_STRING, .check = check_resource_id},
	{"layout", ON_TABLE, OPTION_CHOICE, .choices = "rows,cells"},
	{"fdw_startup_cost", ON_SERVER | ON_TABLE, OPTION_REAL},
	{"fdw_tuple_cost", ON_SERVER | ON_TABLE, OPTION_REAL},
	{"key_encoding", ON_TABLE, OPTION_CHOICE,
	 .choices = "concatenated,delimited,ordered_code"},
	{"key_delimiter", ON_TABLE, OPTION_STRING, .check = check_bytes},
	{"key_salt", ON_TABLE, OPTION_INT, .min = 2, .max = 1000},
	{"key_salt_columns", ON_TABLE, OPTION_STRING},
	{"on_key_mismatch", ON_SERVER | ON_TABLE, OPTION_CHOICE,
	 .choices = "error,null,skip"},
	{"on_decode_error", ON_SERVER | ON_TABLE, OPTION_CHOICE, .choices = "error,null"},
	{"async_capable", ON_SERVER | ON_TABLE, OPTION_BOOL},
	{"use_remote_estimate", ON_SERVER | ON_TABLE, OPTION_BOOL},

	/* writing */
	{"insert_mode", ON_SERVER | ON_TABLE, OPTION_CHOICE, .choices = "upsert,strict"},
	{"write_mode", ON_SERVER | ON_TABLE, OPTION_CHOICE, .choices = "append,replace"},
	{"batch_size", ON_SERVER | ON_TABLE, OPTION_INT, .min = 1, .max = 100000},
	{"updatable", ON_SERVER | ON_TABLE, OPTION_BOOL},
	{"truncatable", ON_SERVER | ON_TABLE, OPTION_BOOL},

	/* columns */
	{"encoding", ON_SERVER | ON_TABLE | ON_COLUMN, OPTION_CHOICE,
	 .choices = "text,binary,ordered,hex,base64"},
	{"row_key", ON_COLUMN, OPTION_BOOL},
	{"family", ON_COLUMN, OPTION_STRING, .check = check_family},
	{"qualifier", ON_COLUMN, OPTION_STRING, .check = check_qualifier},
	{"cell", ON_COLUMN, OPTION_CHOICE, .choices = "value,timestamp,history"},
	{"max_versions", ON_COLUMN, OPTION_INT, .min = 1, .max = INT_MAX},
	{"as_of", ON_COLUMN, OPTION_BOOL},
	{"key_part", ON_COLUMN, OPTION_INT, .min = 1, .max = 100},
	{"reversed", ON_COLUMN, OPTION_BOOL},
	{"row_json", ON_COLUMN, OPTION_BOOL},
};

PG_FUNCTION_INFO_V1(bigtable_fdw_validator);

/* ---- checks of single values ---- */

__attribute__((noreturn)) static void
report_value(const char *name, const char *value, const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					errmsg("invalid value for option \"%s\": \"%s\"", name, value),
					errdetail("%s", detail)));
}

bool
option_is_family(const char *name, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
								  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return len <= 64 && strspn(name, allowed) >= len;
}

static void
check_family(const char *name, const char *value)
{
	if (!option_is_family(value, strlen(value)))
		report_value(
			name, value,
			"A family name has up to 64 letters, digits, \"-\", \"_\" and \".\".");
}

static void
check_qualifier(const char *name, const char *value)
{
	size_t len;

	(void) option_qualifier_bytes(value, &len);
	if (len > 16 * 1024)
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
						errmsg("value of option \"%s\" is too long", name),
						errdetail("It has %zu bytes; Bigtable allows 16384.", len)));
}

static void
check_bytes(const char *name, const char *value)
{
	size_t len;

	(void) option_bytes(name, value, &len);
	if (len == 0)
		report_value(name, value, "The value must not be empty.");
}

/* IDs go into resource names, whose parts are separated by slashes. */
bool
option_is_resource_id(const char *id)
{
	for (const char *c = id; *c != '\0'; c++)
		if (*c == '/' || (unsigned char) *c <= ' ' || (unsigned char) *c >= 0x7f)
			return false;
	return true;
}

static void
check_resource_id(const char *name, const char *value)
{
	if (!option_is_resource_id(value))
		report_value(name, value,
					 "An ID alone is expected, without slashes, spaces, control or "
					 "non-ASCII characters.");
}

/* "host:port", or "unix:" and the path of a socket. */
static void
check_target(const char *name, const char *value)
{
	const char *colon = strrchr(value, ':');
	int port = 0;

	if (strncmp(value, "unix:", 5) == 0 && value[5] != '\0')
		return;
	if (colon == NULL || colon == value || strspn(colon + 1, "0123456789") == 0 ||
		!parse_int(colon + 1, &port, 0, NULL) || port < 1 || port > 65535)
		report_value(name, value,
					 "\"host:port\" is expected, or \"unix:\" and the path of a socket.");
}

char *
option_to_utf8(const char *name)
{
	return pg_server_to_any(name, (int) strlen(name), PG_UTF8);
}

uint8 *
option_bytes(const char *name, const char *value, size_t *len)
{
	const char *digits = value + 2;
	uint8 *bytes;

	if (strncmp(value, "\\x", 2) != 0)
	{
		char *utf8 = option_to_utf8(value);

		*len = strlen(utf8);
		return (uint8 *) utf8;
	}
	bytes = palloc(strlen(digits) + 1);
	if (!hex_get(bt_span_str(digits), bytes, len))
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
						errmsg("invalid value for option \"%s\": \"%s\"", name, value),
						errdetail("After \"\\x\", an even number of hexadecimal "
								  "digits is expected.")));
	return bytes;
}

uint8 *
option_qualifier_bytes(const char *qualifier, size_t *len)
{
	return option_bytes("qualifier", qualifier, len);
}

/* ---- the validator ---- */

static int
place_of_catalog(Oid catalog)
{
	switch (catalog)
	{
		case ForeignServerRelationId:
			return ON_SERVER;
		case UserMappingRelationId:
			return ON_USER_MAPPING;
		case ForeignTableRelationId:
			return ON_TABLE;
		case AttributeRelationId:
			return ON_COLUMN;
		default:
			return 0; /* the wrapper itself has no options */
	}
}

static const char *
name_of_place(int place)
{
	switch (place)
	{
		case ON_SERVER:
			return "a server";
		case ON_USER_MAPPING:
			return "a user mapping";
		case ON_TABLE:
			return "a foreign table";
		case ON_COLUMN:
			return "a column";
		default:
			return "the foreign-data wrapper";
	}
}

/* The valid name that is at most a few letters off, or NULL. */
static const char *
closest_name(const char *name, int place)
{
	const char *closest = NULL;
	int best = 6; /* one more than a typing error may be off */

	for (size_t i = 0; i < lengthof(options); i++)
	{
		const char *candidate = options[i].name;
		int distance;

		if ((options[i].places & place) == 0 || options[i].type == OPTION_RESERVED)
			continue;
		if (strlen(name) > NAMEDATALEN)
			break;
		distance = varstr_levenshtein_less_equal(
			name, strlen(name), candidate, strlen(candidate), 1, 1, 1, best - 1, true);
		if (distance < best && distance <= (int) strlen(name) / 2)
		{
			best = distance;
			closest = candidate;
		}
	}
	return closest;
}

/* Refuses a name, with the nearest valid one as a hint. */
static void
report_unknown(const char *name, int place)
{
	const char *closest = closest_name(name, place);

	for (size_t i = 0; i < lengthof(options); i++)
		if (strcmp(options[i].name, name) == 0)
		{
			int first = options[i].places & -options[i].places;

			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
							errmsg("option \"%s\" cannot be set for %s", name,
								   name_of_place(place)),
							errhidestmt(true),
							errhint("It is an option of %s.", name_of_place(first))));
		}

	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\" for %s", name, name_of_place(place)),
			 errhidestmt(place == ON_USER_MAPPING),
			 closest != NULL ? errhint("Perhaps you meant the option \"%s\".", closest)
							 : (place != 0 ? 0 : errhint("It has no options."))));
}

static const Option *
find_option(const char *name, int place)
{
	for (size_t i = 0; i < lengthof(options); i++)
		if (strcmp(options[i].name, name) == 0 && (options[i].places & place) != 0)
			return &options[i];
	report_unknown(name, place);
	return NULL;
}

static void
check_choice(const Option *option, const char *value)
{
	char *choices = pstrdup(option->choices);
	char *rest = NULL;
	StringInfoData listed;

	initStringInfo(&listed);
	for (char *choice = strtok_r(choices, ",", &rest); choice != NULL;
		 choice = strtok_r(NULL, ",", &rest))
	{
		if (strcmp(choice, value) == 0)
			return;
		appendStringInfo(&listed, "%s%s", listed.len > 0 ? ", " : "", choice);
	}
	report_value(option->name, value, psprintf("Valid values are: %s.", listed.data));
}

static void
check_value(const Option *option, const char *value)
{
	const char *hint = NULL;
	double real;
	bool flag;
	int number;

	switch (option->type)
	{
		case OPTION_STRING:
			if (value[0] == '\0')
				report_value(option->name, value, "The value must not be empty.");
			break;
		case OPTION_BOOL:
			if (!parse_bool(value, &flag))
				report_value(option->name, value, "Valid values are: true, false.");
			break;
		case OPTION_INT:
			if (!parse_int(value, &number, 0, NULL) || number < option->min ||
				number > option->max)
				report_value(option->name, value,
							 psprintf("An integer from %d to %d is expected.",
									  option->min, option->max));
			break;
		case OPTION_REAL:
			if (!parse_real(value, &real, 0, NULL) || !(real >= 0) || isinf(real))
				report_value(option->name, value,
							 "A number that is not negative is expected.");
			break;
		case OPTION_DURATION:
			if (!parse_int(value, &number, GUC_UNIT_MS, &hint) || number <= 0)
				report_value(option->name, value,
							 "A time above 0 is expected, with one of the units \"ms\", "
							 "\"s\", \"min\", \"h\" and \"d\".");
			break;
		case OPTION_CHOICE:
			check_choice(option, value);
			break;
		case OPTION_RESERVED:
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("option \"%s\" is reserved for a later version",
								   option->name)));
	}
	if (option->check != NULL)
		option->check(option->name, value);
}

static bool
is_set(List *list, const char *name)
{
	return option_string(list, name, NULL) != NULL;
}

static void
report_conflict(const char *a, const char *b)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					errmsg("options \"%s\" and \"%s\" cannot be set together", a, b),
					errhidestmt(true)));
}

/* At most one of several options may be there. */
static void
check_one_of(List *list, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (is_set(list, names[i]) && is_set(list, names[j]))
				report_conflict(names[i], names[j]);
}

/* How a server is reached, and who asks. */
static void
check_access(List *list)
{
	static const char *const credentials[] = {"credentials_file", "credentials_json",
											  "access_token", "default_credentials"};
	static const char *const of_tls[] = {"endpoint", "admin_endpoint", "universe_domain",
										 "ssl_ca_file"};

	check_one_of(list, credentials, lengthof(credentials));
	for (size_t i = 0; i < lengthof(of_tls); i++)
		if (is_set(list, "emulator_host") && is_set(list, of_tls[i]))
			report_conflict("emulator_host", of_tls[i]);
}

/* A cell has no parts, and stands for itself alone. */
static void
check_cells_options(List *list)
{
	static const char *const of_rows[] = {
		"insert_mode",   "write_mode", "encoding",         "key_encoding",
		"key_delimiter", "key_salt",   "key_salt_columns", "on_key_mismatch"};

	for (size_t i = 0; i < lengthof(of_rows); i++)
		if (is_set(list, of_rows[i]))
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
							errmsg("option \"%s\" cannot be set with layout \"cells\"",
								   of_rows[i])));
}

static void
check_needs(List *list, const char *name, const char *needed)
{
	if (is_set(list, name) && !is_set(list, needed))
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
						errmsg("option \"%s\" needs option \"%s\"", name, needed)));
}

/* Those of composite row keys. */
static void
check_key_combinations(List *list)
{
	static const char *const of_others[] = {"row_key",  "family", "qualifier",   "cell",
											"row_json", "as_of",  "max_versions"};
	const char *encoding = option_string(list, "key_encoding", NULL);

	for (size_t i = 0; i < lengthof(of_others); i++)
		if (is_set(list, "key_part") && is_set(list, of_others[i]))
			report_conflict("key_part", of_others[i]);
	check_needs(list, "reversed", "key_part");
	check_needs(list, "key_salt", "key_salt_columns");
	check_needs(list, "key_salt_columns", "key_salt");
	if (encoding == NULL)
		return;
	if (strcmp(encoding, "delimited") == 0)
		check_needs(list, "key_encoding", "key_delimiter");
	else if (is_set(list, "key_delimiter"))
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
						errmsg("option \"key_delimiter\" cannot be set with key_encoding "
							   "\"%s\"",
							   encoding)));
}

/* What contradicts itself within one list. */
static void
check_combinations(List *list)
{
	static const char *const of_cells[] = {"family", "qualifier", "cell", "max_versions"};
	static const char *const of_versions[] = {"cell", "max_versions"};
	static const char *const of_no_cell[] = {"row_key", "as_of", "row_json"};

	check_key_combinations(list);
	for (size_t i = 0; i < lengthof(of_no_cell); i++)
		for (size_t j = 0; j < lengthof(of_cells); j++)
			if (option_bool(list, of_no_cell[i], false) && is_set(list, of_cells[j]))
				report_conflict(of_no_cell[i], of_cells[j]);
	for (size_t i = 0; i < lengthof(of_no_cell); i++)
		for (size_t j = 0; j < i; j++)
			if (option_bool(list, of_no_cell[i], false) &&
				option_bool(list, of_no_cell[j], false))
				report_conflict(of_no_cell[i], of_no_cell[j]);
	if (option_bool(list, "as_of", false) && is_set(list, "encoding"))
		report_conflict("as_of", "encoding");
	if (is_set(list, "qualifier") && !is_set(list, "family"))
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
						errmsg("option \"qualifier\" needs option \"family\"")));
	for (size_t i = 0; i < lengthof(of_versions); i++)
		if (is_set(list, "family") && !is_set(list, "qualifier") &&
			is_set(list, of_versions[i]))
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("option \"%s\" needs option \"qualifier\"", of_versions[i])));
	if (is_set(list, "encoding") &&
		strcmp(option_string(list, "cell", "value"), "timestamp") == 0)
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
						errmsg("option \"encoding\" cannot be set for a column with cell "
							   "\"timestamp\"")));
	if (strcmp(option_string(list, "layout", ""), "cells") == 0)
		check_cells_options(list);
	if (is_set(list, "authorized_view") && is_set(list, "materialized_view"))
		report_conflict("authorized_view", "materialized_view");
	if (is_set(list, "materialized_view") && is_set(list, "table_name"))
		report_conflict("materialized_view", "table_name");
	check_access(list);
}

/*
 * Checks the options of a server, user mapping, foreign table or column.
 */
Datum
bigtable_fdw_validator(PG_FUNCTION_ARGS)
{
	List *list = untransformRelOptions(PG_GETARG_DATUM(0));
	int place = place_of_catalog(PG_GETARG_OID(1));
	ListCell *cell;

	foreach (cell, list)
	{
		DefElem *def = lfirst_node(DefElem, cell);

		check_value(find_option(def->defname, place), defGetString(def));
	}
	check_combinations(list);
	PG_RETURN_VOID();
}

/* ---- readers ---- */

const char *
option_string(List *list, const char *name, const char *def)
{
	ListCell *cell;

	foreach (cell, list)
	{
		DefElem *elem = lfirst_node(DefElem, cell);

		if (strcmp(elem->defname, name) == 0)
			return defGetString(elem);
	}
	return def;
}

bool
option_bool(List *list, const char *name, bool def)
{
	const char *value = option_string(list, name, NULL);
	bool result;

	return value != NULL && parse_bool(value, &result) ? result : def;
}

int
option_int(List *list, const char *name, int def)
{
	const char *value = option_string(list, name, NULL);
	int result;

	return value != NULL && parse_int(value, &result, 0, NULL) ? result : def;
}

double
option_real(List *list, const char *name, double def)
{
	const char *value = option_string(list, name, NULL);
	double result;

	return value != NULL && parse_real(value, &result, 0, NULL) ? result : def;
}

int64
option_duration_us(List *list, const char *name, int64 def)
{
	const char *value = option_string(list, name, NULL);
	int result;

	return value != NULL && parse_int(value, &result, GUC_UNIT_MS, NULL)
			   ? (int64) result * 1000
			   : def;
}
