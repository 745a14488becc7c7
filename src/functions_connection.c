/*-------------------------------------------------------------------------
 *
 * functions_connection.c
 *	  SQL functions that show and close this session's connections.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_user_mapping.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "connection.h"
#include "function_args.h"

PG_FUNCTION_INFO_V1(bigtable_fdw_get_connections);
PG_FUNCTION_INFO_V1(bigtable_fdw_disconnect);
PG_FUNCTION_INFO_V1(bigtable_fdw_disconnect_all);

/* Columns of bigtable_fdw_get_connections(). */
enum
{
	INFO_SERVER,
	INFO_USER,
	INFO_ENDPOINT,
	INFO_STATE,
	INFO_CALLS,
	INFO_ROWS,
	INFO_BYTES,
	INFO_RETRIES,
	INFO_LAST_ERROR,
	INFO_OPENED_AT,
	INFO_LENGTH
};

static Datum
name_datum(const char *text)
{
	Name name = palloc(sizeof(NameData));

	namestrcpy(name, text);
	return NameGetDatum(name);
}

/* Whose user mapping that is; false if it is nobody's any more. */
static bool
find_user(Oid mapping_id, Datum *user)
{
	HeapTuple tuple = SearchSysCache1(USERMAPPINGOID, ObjectIdGetDatum(mapping_id));
	const char *name = "public";
	Oid userid;

	if (!HeapTupleIsValid(tuple))
		return false;
	userid = ((Form_pg_user_mapping) GETSTRUCT(tuple))->umuser;
	ReleaseSysCache(tuple);
	if (OidIsValid(userid))
		name = GetUserNameFromId(userid, true);
	if (name != NULL)
		*user = name_datum(name);
	return name != NULL;
}

static const char *
state_of(const ConnectionInfo *info)
{
	if (info->outdated)
		return "outdated";
	if (info->in_use)
		return "in use";
	return info->is_connected ? "idle" : "not connected";
}

static void
return_connection(ReturnSetInfo *rsinfo, const ConnectionInfo *info)
{
	ForeignServer *server = GetForeignServerExtended(info->serverid, FSV_MISSING_OK);
	const bt_status *error = &info->counters.last_error;
	bool isnull[INFO_LENGTH] = {false};
	Datum values[INFO_LENGTH] = {0};

	isnull[INFO_SERVER] = server == NULL;
	if (server != NULL)
		values[INFO_SERVER] = name_datum(server->servername);
	isnull[INFO_USER] = !find_user(info->mapping_id, &values[INFO_USER]);
	values[INFO_ENDPOINT] = CStringGetTextDatum(info->target);
	values[INFO_STATE] = CStringGetTextDatum(state_of(info));
	values[INFO_CALLS] = Int64GetDatum(info->counters.calls);
	values[INFO_ROWS] = Int64GetDatum(info->counters.rows);
	values[INFO_BYTES] = Int64GetDatum(info->counters.bytes);
	values[INFO_RETRIES] = Int64GetDatum(info->counters.retries);
	isnull[INFO_LAST_ERROR] = info->counters.errors == 0;
	if (info->counters.errors > 0)
		values[INFO_LAST_ERROR] = CStringGetTextDatum(psprintf(
			"%s%s%s", bt_code_name(error->code), error->message[0] != '\0' ? ": " : "",
			connection_message_text(error->message)));
	values[INFO_OPENED_AT] = TimestampTzGetDatum(info->opened_at);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
}

Datum
bigtable_fdw_get_connections(PG_FUNCTION_ARGS)
{
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach (cell, connection_list())
		return_connection((ReturnSetInfo *) fcinfo->resultinfo, lfirst(cell));
	return (Datum) 0;
}

Datum
bigtable_fdw_disconnect(PG_FUNCTION_ARGS)
{
	Oid serverid = server_argument(fcinfo, 0);
	int in_use;
	int closed = connection_close(serverid, &in_use);

	if (in_use > 0)
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("cannot close connection for server \"%s\" because it is still "
						"in use",
						GetForeignServer(serverid)->servername)));
	PG_RETURN_BOOL(closed > 0);
}

Datum
bigtable_fdw_disconnect_all(PG_FUNCTION_ARGS)
{
	int in_use;
	int closed = connection_close(InvalidOid, &in_use);

	if (in_use > 0)
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg_plural("cannot close %d connection because it is still in use",
							   "cannot close %d connections because they are still in "
							   "use",
							   in_use, in_use)));
	PG_RETURN_BOOL(closed > 0);
}
