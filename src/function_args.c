/*-------------------------------------------------------------------------
 *
 * function_args.c
 *	  What the SQL functions share: their arguments, checked, and the table
 *	  that they name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/scansup.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "client/mutator.h"
#include "compat.h"
#include "function_args.h"
#include "option.h"

/* A call that is to take longer than this is a mistake. */
#define MAX_TIMEOUT_DAYS 366

extern Datum bigtable_fdw_handler(PG_FUNCTION_ARGS);

/* ---- values ---- */

void
report_argument(const char *message, const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", message),
					detail != NULL ? errdetail("%s", detail) : 0));
}

Datum
required_argument(FunctionCallInfo fcinfo, int i, const char *name)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" must not be null", name)));
	return PG_GETARG_DATUM(i);
}

bt_span
bytes_of(Datum value)
{
	bytea *bytes = DatumGetByteaPP(value);

	return bt_span_make(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

bt_span
row_key_of(Datum value)
{
	bt_span key = bytes_of(value);

	if (key.len == 0)
		report_argument("row key is empty", "Bigtable has no row with an empty key.");
	if (key.len > BT_MAX_ROW_KEY_BYTES)
		report_argument("row key is too long",
						psprintf("It has %zu bytes; Bigtable allows %zu.", key.len,
								 BT_MAX_ROW_KEY_BYTES));
	return key;
}

bt_span
family_of(Datum value)
{
	char *name = TextDatumGetCString(value);

	if (name[0] == '\0' || !option_is_family(name, strlen(name)))
		report_argument(
			psprintf("invalid column family \"%s\"", name),
			"A family name has up to 64 letters, digits, \"-\", \"_\" and \".\".");
	return bt_span_str(name);
}

Datum *
elements_of(Datum datum, const char *name, int *n)
{
	ArrayType *array = DatumGetArrayTypeP(datum);
	Oid type = ARR_ELEMTYPE(array);
	int16 len;
	bool byval;
	char align;
	Datum *elements;
	bool *isnull;

	get_typlenbyvalalign(type, &len, &byval, &align);
	deconstruct_array(array, type, len, byval, align, &elements, &isnull, n);
	for (int i = 0; i < *n; i++)
		if (isnull[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("element %d of argument \"%s\" must not be null",
								   i + 1, name)));
	return elements;
}

Datum
bytea_datum(bt_span span)
{
	bytea *result = palloc(VARHDRSZ + span.len);

	SET_VARSIZE(result, VARHDRSZ + span.len);
	if (span.len > 0)
		memcpy(VARDATA(result), span.data, span.len);
	return PointerGetDatum(result);
}

Datum
text_datum(bt_span span)
{
	char *copy = palloc(span.len + 1);

	if (span.len > 0)
		memcpy(copy, span.data, span.len);
	copy[span.len] = '\0';
	return CStringGetTextDatum(pg_any_to_server(copy, (int) span.len, PG_UTF8));
}

/* ---- servers and tables ---- */

/* The name of a server, of type name or text. */
static char *
server_name(FunctionCallInfo fcinfo, int i)
{
	Datum value = required_argument(fcinfo, i, "server");
	char *name;

	if (get_fn_expr_argtype(fcinfo->flinfo, i) != TEXTOID)
		return NameStr(*DatumGetName(value));
	name = TextDatumGetCString(value);
	truncate_identifier(name, (int) strlen(name), false);
	return name;
}

Oid
server_argument(FunctionCallInfo fcinfo, int i)
{
	const char *name = server_name(fcinfo, i);
	ForeignServer *server = GetForeignServerByName(name, false);
	ForeignDataWrapper *wrapper = GetForeignDataWrapper(server->fdwid);
	AclResult result = compat_server_aclcheck(server->serverid, GetUserId());
	FmgrInfo handler;

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FOREIGN_SERVER, server->servername);
	memset(&handler, 0, sizeof(handler));
	if (OidIsValid(wrapper->fdwhandler))
		fmgr_info(wrapper->fdwhandler, &handler);
	if (handler.fn_addr != bigtable_fdw_handler)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("server \"%s\" is not a Bigtable server", name)));
	return server->serverid;
}

bool
interval_us(const Interval *interval, int64 *us)
{
	int64 days = (int64) interval->month * 30 + interval->day;

	return !pg_mul_s64_overflow(days, USECS_PER_DAY, us) &&
		   !pg_add_s64_overflow(*us, interval->time, us);
}

static int64
timeout_of(const Interval *interval)
{
	int64 us;

	if (interval_us(interval, &us) && us > 0 && us <= MAX_TIMEOUT_DAYS * USECS_PER_DAY)
		return us;
	report_argument(
		psprintf("invalid timeout \"%s\"",
				 DatumGetCString(
					 DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)))),
		psprintf("A time above 0 and of at most %d days is expected.", MAX_TIMEOUT_DAYS));
}

/* How often and how long to try: as the server's options say, or the argument. */
static void
set_timeouts(FunctionCallInfo fcinfo, int timeout, RemoteTable *table)
{
	bt_retry_policy *retry = &table->mapping->retry;

	table->once = *retry;
	if (timeout >= 0 && !PG_ARGISNULL(timeout))
	{
		retry->operation_timeout_us = timeout_of(PG_GETARG_INTERVAL_P(timeout));
		table->mapping->timeout_is_argument = true;

		/* What is not tried again has all the time for its one attempt. */
		table->once.operation_timeout_us = retry->operation_timeout_us;
		table->once.attempt_timeout_us = retry->operation_timeout_us;
	}
	table->once.max_attempts = 1;
}

/* An argument that names an app profile, or NULL. */
static const char *
app_profile_argument(FunctionCallInfo fcinfo, int i)
{
	const char *profile;

	if (i < 0 || PG_ARGISNULL(i))
		return NULL;
	profile = TextDatumGetCString(PG_GETARG_DATUM(i));
	if (profile[0] == '\0' || !option_is_resource_id(profile))
		report_argument(psprintf("invalid app profile \"%s\"", profile), NULL);
	return profile;
}

RemoteTable
table_argument(FunctionCallInfo fcinfo, int app_profile, int timeout)
{
	Oid serverid = server_argument(fcinfo, 0);
	RemoteTable table;

	table.mapping = mapping_of_remote_table(
		serverid, TextDatumGetCString(required_argument(fcinfo, 1, "table_name")),
		app_profile_argument(fcinfo, app_profile));
	table.target.kind = table.mapping->kind;
	table.target.resource = table.mapping->resource;
	table.target.app_profile = table.mapping->app_profile;
	table.connection = NULL;
	set_timeouts(fcinfo, timeout, &table);
	return table;
}

RemoteTable
instance_argument(FunctionCallInfo fcinfo, int timeout)
{
	RemoteTable table = {.mapping = mapping_of_instance(server_argument(fcinfo, 0))};

	set_timeouts(fcinfo, timeout, &table);
	return table;
}

void
connect_table(RemoteTable *table)
{
	table->connection = connection_acquire(table->mapping, GetUserId());
}
