/*-------------------------------------------------------------------------
 *
 * connection.c
 *	  One channel per server, API and user mapping; status -> ereport.
 *
 * Connections are cached for the life of the process.  A change of a server
 * or a user mapping marks its connections as outdated: a scan that is under
 * way keeps the one it has, the next one gets another.
 *
 * gRPC is started by the first connection of a process, and ended before the
 * process gives up its shared memory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_user_mapping.h"
#include "foreign/foreign.h"
#include "lib/ilist.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "arena.h"
#include "client/admin.h"
#include "client/header.h"
#include "compat.h"
#include "connection.h"
#include "credential.h"
#include "endpoint.h"
#include "quote.h"
#include "setting.h"

/* Asking for families is a courtesy; it must not take long. */
#define FAMILY_CHECK_TIMEOUT_US INT64CONST(5000000)

/* A table whose families are known. */
typedef struct KnownTable
{
	dlist_node node;
	MemoryContext context; /* all of it */
	char *resource;
	bool unknown; /* the server does not tell */
	bt_table table;
} KnownTable;

struct Connection
{
	dlist_node node;
	Oid serverid;
	Oid mapping_id; /* InvalidOid: the user has no mapping */
	BigtableApi api;
	uint32 server_hash; /* as invalidation messages name them */
	uint32 mapping_hash;
	bool outdated;
	int users; /* how many hold it */
	const Endpoint *endpoint;
	const Credential *credential; /* without the secret; NULL: plaintext */
	bt_channel *channel;
	Connection *admin; /* the other API's, held as long as this exists; or NULL */
	TimestampTz opened_at;
	bt_channel_counters told; /* what the log has been told of */
	dlist_head known_tables;
	MemoryContext context; /* all of the above */
};

static dlist_head connections = DLIST_STATIC_INIT(connections);

/* Events to wait for: the latch, and the client's descriptor or none. */
static WaitEventSet *sleep_set = NULL;
static WaitEventSet *wait_set = NULL;
static int wait_set_fd = -1;

/* What pg_stat_activity shows meanwhile. */
static uint32 read_event = PG_WAIT_EXTENSION;
static uint32 write_event = PG_WAIT_EXTENSION;
static uint32 connect_event = PG_WAIT_EXTENSION;
static uint32 delay_event = PG_WAIT_EXTENSION;

static int sqlstate(bt_code code);
static bool is_showable(const char *message);

/* ---- waiting ---- */

static bool
is_interrupted(void)
{
	return INTERRUPTS_PENDING_CONDITION() && INTERRUPTS_CAN_BE_PROCESSED();
}

/* answer: the wait event of that. */
static uint32
wait_event_for(bt_wait_reason reason, const uint32 *answer)
{
	switch (reason)
	{
		case BT_WAIT_FOR_CONNECTION:
			return connect_event;
		case BT_WAIT_FOR_RETRY:
			return delay_event;
		case BT_WAIT_FOR_ANSWER:
			break;
	}
	return *answer;
}

/*
 * See bt_host; arg is the wait event for an answer.  Raises no errors: the sets
 * exist already.
 */
static bt_wait_result
host_wait(void *arg, int fd, int64_t timeout_us, bt_wait_reason reason)
{
	int64_t until = bt_rpc_now_us() + timeout_us;
	WaitEventSet *set = fd >= 0 ? wait_set : sleep_set;
	uint32 wait_event = wait_event_for(reason, arg);

	Assert(fd < 0 || fd == wait_set_fd);
	for (;;)
	{
		int64_t left_us = timeout_us < 0 ? -1 : until - bt_rpc_now_us();
		WaitEvent event;
		int n;

		if (is_interrupted())
			return BT_WAIT_INTERRUPTED;
		if (timeout_us >= 0 && left_us <= 0)
			return BT_WAIT_TIMEOUT;
		n = WaitEventSetWait(set, timeout_us < 0 ? -1 : (long) ((left_us + 999) / 1000),
							 &event, 1, wait_event);
		if (n == 1 && (event.events & WL_LATCH_SET) != 0)
			ResetLatch(MyLatch);
		else if (n == 1)
			return BT_WAIT_READY;
	}
}

/* Of a parallel worker: when its leader's statement ends. */
static TimestampTz leader_deadline = DT_NOEND;

void
connection_set_leader_deadline(TimestampTz deadline)
{
	leader_deadline = deadline;
}

/* The end of the statement: what a server does after it is in vain. */
static int64_t
host_deadline_us(void *arg)
{
	TimestampTz deadline = Min(compat_statement_deadline(), leader_deadline);

	if (deadline == DT_NOEND)
		return INT64_MAX;
	return bt_rpc_now_us() + (deadline - GetCurrentTimestamp());
}

static const bt_host host = {host_wait, host_deadline_us, &read_event};
static const bt_host write_host = {host_wait, host_deadline_us, &write_event};

const bt_host *
connection_host(void)
{
	return &host;
}

const bt_host *
connection_write_host(void)
{
	return &write_host;
}

static WaitEventSet *
make_wait_set(int fd)
{
	WaitEventSet *set = compat_create_wait_event_set(3);

	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	if (fd >= 0)
		AddWaitEventToSet(set, WL_SOCKET_READABLE, fd, NULL, NULL);
	return set;
}

/* ---- invalidation ---- */

/* How many there have been. */
static uint64 invalidations = 0;

static void
invalidate_server(Datum arg, int cacheid, uint32 hash)
{
	dlist_iter iter;

	invalidations++;
	dlist_foreach(iter, &connections)
	{
		Connection *connection = dlist_container(Connection, node, iter.cur);

		if (hash == 0 || connection->server_hash == hash)
			connection->outdated = true;
	}
}

static void
invalidate_mapping(Datum arg, int cacheid, uint32 hash)
{
	dlist_iter iter;

	invalidations++;
	dlist_foreach(iter, &connections)
	{
		Connection *connection = dlist_container(Connection, node, iter.cur);

		/* A mapping that is made later belongs to those that have none, too. */
		if (hash == 0 || connection->mapping_hash == hash ||
			!OidIsValid(connection->mapping_id))
			connection->outdated = true;
	}
}

/* ---- the process ---- */

static void
shut_down(int code, Datum arg)
{
	bt_rpc_shutdown();
}

static void
reserve_descriptors(int n)
{
	for (int i = 0; i < n; i++)
		if (!AcquireExternalFD())
		{
			while (i-- > 0)
				ReleaseExternalFD();
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("could not connect to Bigtable"),
					 errdetail("There are too many open files on the local server."),
					 errhint("Raise the server's max_files_per_process and/or \"ulimit "
							 "-n\" limits.")));
		}
}

static void
release_descriptors(int n)
{
	while (n-- > 0)
		ReleaseExternalFD();
}

/* Starts gRPC in this process, on first use. */
static void
start_process(void)
{
	static bool started = false;
	bt_status status;

	if (!bt_rpc_is_initialized())
	{
		reserve_descriptors(BT_RPC_PROCESS_FDS);
		if (!bt_rpc_init(&status))
		{
			release_descriptors(BT_RPC_PROCESS_FDS);
			ereport(ERROR, (errcode(ERRCODE_FDW_ERROR),
							errmsg("could not initialize the Bigtable client"),
							errdetail_internal("%s", status.message)));
		}
		before_shmem_exit(shut_down, 0);
	}
	if (started)
		return;
	read_event = compat_wait_event("BigtableRead");
	write_event = compat_wait_event("BigtableWrite");
	connect_event = compat_wait_event("BigtableConnect");
	delay_event = compat_wait_event("BigtableRetryDelay");
	if (sleep_set == NULL)
		sleep_set = make_wait_set(-1);
	wait_set_fd = bt_rpc_wait_fd();
	wait_set = make_wait_set(wait_set_fd);
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, invalidate_server, 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, invalidate_mapping, 0);
	started = true;
}

/* ---- connections ---- */

/* The user's mapping for a server, or the public one, or none. */
static Oid
find_user_mapping(Oid serverid, Oid userid)
{
	Oid mapping_id =
		GetSysCacheOid2(USERMAPPINGUSERSERVER, Anum_pg_user_mapping_oid,
						ObjectIdGetDatum(userid), ObjectIdGetDatum(serverid));

	if (OidIsValid(mapping_id))
		return mapping_id;
	return GetSysCacheOid2(USERMAPPINGUSERSERVER, Anum_pg_user_mapping_oid,
						   ObjectIdGetDatum(InvalidOid), ObjectIdGetDatum(serverid));
}

/* How many descriptors a connection may hold. */
static int
descriptors_of(const Connection *connection)
{
	if (connection->credential != NULL &&
		bt_credentials_fetch_tokens(&connection->credential->client))
		return BT_RPC_CHANNEL_FDS + BT_RPC_TOKEN_FDS;
	return BT_RPC_CHANNEL_FDS;
}

static void
destroy(Connection *connection)
{
	elog(DEBUG1, "closing the Bigtable connection to %s", connection->endpoint->target);
	dlist_delete(&connection->node);
	if (connection->admin != NULL)
		connection_release(connection->admin);
	bt_channel_destroy(connection->channel);
	release_descriptors(descriptors_of(connection));
	MemoryContextDelete(connection->context);
}

/* What a new connection is to be: contacts nobody, and holds nothing yet. */
static Connection *
prepare_connection(MemoryContext context, const ForeignServer *server, Oid mapping_id,
				   BigtableApi api)
{
	Connection *connection = palloc0(sizeof(Connection));

	connection->context = context;
	connection->serverid = server->serverid;
	connection->mapping_id = mapping_id;
	connection->api = api;
	connection->server_hash =
		GetSysCacheHashValue1(FOREIGNSERVEROID, ObjectIdGetDatum(server->serverid));
	connection->mapping_hash =
		GetSysCacheHashValue1(USERMAPPINGOID, ObjectIdGetDatum(mapping_id));
	connection->endpoint = endpoint_find(server, api);
	dlist_init(&connection->known_tables);
	return connection;
}

static bt_channel *
make_channel(const Endpoint *endpoint, const Credential *credential, bt_status *status)
{
	static const char user_agent[] = "bigtable_fdw/" BT_CLIENT_VERSION;

	if (endpoint->plaintext)
		return bt_channel_create_plaintext(endpoint->target, user_agent, status);
	return bt_channel_create_tls(endpoint->target, user_agent,
								 credential_authorities(endpoint), &credential->client,
								 status);
}

/* Makes the channel of a connection, which then holds something. */
static void
open_connection(Connection *connection, const Credential *credential)
{
	bt_status status;

	reserve_descriptors(descriptors_of(connection));
	bt_rpc_set_keepalive(setting_keepalive_time, setting_keepalive_timeout);
	connection->channel = make_channel(connection->endpoint, credential, &status);
	if (connection->channel != NULL)
		return;
	release_descriptors(descriptors_of(connection));
	ereport(ERROR, (errcode(status.code == BT_UNAUTHENTICATED
								? ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION
								: ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
					errmsg("could not connect to \"%s\"", connection->endpoint->target),
					errdetail_internal("%s", status.message)));
}

/*
 * Makes a connection.  What it does not need any more, secrets above all, is left
 * in the current memory context.
 */
static Connection *
make_connection(Oid serverid, Oid mapping_id, BigtableApi api, Oid userid)
{
	uint64 before = invalidations;
	ForeignServer *server = GetForeignServer(serverid);
	MemoryContext context = AllocSetContextCreate(
		CurrentMemoryContext, "bigtable_fdw connection", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Connection *connection = prepare_connection(context, server, mapping_id, api);
	Credential *credential = NULL;

	if (!connection->endpoint->plaintext)
	{
		MemoryContextSwitchTo(old);
		credential = credential_load(server, connection->endpoint, mapping_id, userid);
		MemoryContextSwitchTo(context);
		connection->credential = credential_without_secret(credential);
	}
	MemoryContextSwitchTo(old);
	open_connection(connection, credential);

	elog(DEBUG1, "opened a Bigtable connection to %s", connection->endpoint->target);
	connection->opened_at = GetCurrentTimestamp();

	/* Now that it owns something, it outlives the query. */
	MemoryContextSetParent(context, CacheMemoryContext);
	dlist_push_head(&connections, &connection->node);

	/* What was read first may have changed while the rest was read. */
	connection->outdated = before != invalidations;
	return connection;
}

/* Drops outdated connections that nobody holds. */
static void
drop_outdated(void)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &connections)
	{
		Connection *connection = dlist_container(Connection, node, iter.cur);

		if (connection->outdated && connection->users == 0)
			destroy(connection);
	}
}

static bool
is_fresh(const Connection *connection)
{
	return !connection->outdated && (connection->credential == NULL ||
									 !credential_is_outdated(connection->credential));
}

static Connection *
acquire(Oid serverid, Oid mapping_id, BigtableApi api, Oid userid)
{
	Connection *connection = NULL;
	dlist_iter iter;

	start_process();
	drop_outdated();
	dlist_foreach(iter, &connections)
	{
		Connection *candidate = dlist_container(Connection, node, iter.cur);

		if (candidate->serverid != serverid || candidate->mapping_id != mapping_id ||
			candidate->api != api)
			continue;
		if (is_fresh(candidate))
			connection = candidate;
		else
			candidate->outdated = true;
	}
	if (connection == NULL)
		connection = make_connection(serverid, mapping_id, api, userid);
	connection->users++;
	return connection;
}

Connection *
connection_acquire(const TableMapping *table, Oid userid)
{
	return acquire(table->serverid, find_user_mapping(table->serverid, userid), DATA_API,
				   userid);
}

/*
 * Tells the log what a statement has done.  Allocates nothing, since it may be
 * called while memory is given back.
 */
static void
tell_log(Connection *connection)
{
	const bt_channel_counters *now = bt_channel_get_counters(connection->channel);
	bt_channel_counters *told = &connection->told;
	int64 retries = now->retries - told->retries;

	if (now->calls == told->calls && now->errors == told->errors)
		return;
	if (message_level_is_interesting(DEBUG2))
		elog(DEBUG2,
			 "calls of Bigtable at %s: " INT64_FORMAT ", rows: " INT64_FORMAT
			 ", bytes: " INT64_FORMAT,
			 connection->endpoint->target, (int64) (now->calls - told->calls),
			 (int64) (now->rows - told->rows), (int64) (now->bytes - told->bytes));
	if (retries > 0 && setting_log_retries != 0)
		ereport(
			setting_log_retries,
			(errcode(sqlstate(now->last_error.code)),
			 errmsg("calls of Bigtable at %s were tried again: " INT64_FORMAT,
					connection->endpoint->target, retries),
			 errdetail_internal(
				 "The last failure was gRPC status %d (%s)%s%s",
				 (int) now->last_error.code, bt_code_name(now->last_error.code),
				 is_showable(now->last_error.message) &&
						 now->last_error.message[0] != '\0'
					 ? ": "
					 : "",
				 is_showable(now->last_error.message) ? now->last_error.message : "")));
	*told = *now;
}

void
connection_release(Connection *connection)
{
	tell_log(connection);

	/* An outdated one is dropped by the next connection_acquire(). */
	connection->users--;
}

bt_channel *
connection_channel(const Connection *connection)
{
	return connection->channel;
}

Connection *
connection_admin(Connection *connection)
{
	if (connection->api == ADMIN_API || connection->endpoint->plaintext)
		return connection;
	if (connection->admin == NULL)
		connection->admin =
			acquire(connection->serverid, connection->mapping_id, ADMIN_API, GetUserId());
	return connection->admin;
}

/* Do others than its data connection hold a connection? */
static bool
is_in_use(const Connection *connection)
{
	int users = connection->users;
	dlist_iter iter;

	dlist_foreach(iter,
				  &connections) if (dlist_container(Connection, node, iter.cur)->admin ==
									connection) users--;
	return users > 0;
}

List *
connection_list(void)
{
	List *list = NIL;
	dlist_iter iter;

	dlist_foreach(iter, &connections)
	{
		Connection *connection = dlist_container(Connection, node, iter.cur);
		ConnectionInfo *info = palloc0(sizeof(ConnectionInfo));

		info->serverid = connection->serverid;
		info->mapping_id = connection->mapping_id;
		info->target = connection->endpoint->target;
		info->outdated = !is_fresh(connection);
		info->in_use = is_in_use(connection);
		info->is_connected = bt_channel_is_connected(connection->channel);
		info->opened_at = connection->opened_at;
		info->counters = *bt_channel_get_counters(connection->channel);
		list = lcons(info, list);
	}
	return list;
}

int
connection_close(Oid serverid, int *in_use)
{
	int closed = 0;
	bool again;

	/* One that goes may let another one go. */
	do
	{
		dlist_mutable_iter iter;

		again = false;
		*in_use = 0;
		dlist_foreach_modify(iter, &connections)
		{
			Connection *connection = dlist_container(Connection, node, iter.cur);

			if (OidIsValid(serverid) && connection->serverid != serverid)
				continue;
			if (connection->users > 0)
			{
				*in_use += is_in_use(connection);
				continue;
			}
			destroy(connection);
			closed++;
			again = true;
		}
	} while (again);
	return closed;
}

/* ---- errors ---- */

static int
sqlstate(bt_code code)
{
	switch (code)
	{
		case BT_UNAVAILABLE:
			return ERRCODE_CONNECTION_FAILURE;
		case BT_UNAUTHENTICATED:
			return ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
		case BT_DEADLINE_EXCEEDED:
		case BT_CANCELLED:
			return ERRCODE_QUERY_CANCELED;
		case BT_ABORTED:
			return ERRCODE_T_R_SERIALIZATION_FAILURE;
		case BT_UNIMPLEMENTED:
			return ERRCODE_FEATURE_NOT_SUPPORTED;
		case BT_ALREADY_EXISTS:
			return ERRCODE_DUPLICATE_OBJECT;
		case BT_NOT_FOUND:
			return ERRCODE_FDW_TABLE_NOT_FOUND;
		case BT_PERMISSION_DENIED:
			return ERRCODE_INSUFFICIENT_PRIVILEGE;
		case BT_INVALID_ARGUMENT:
		case BT_OUT_OF_RANGE:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case BT_RESOURCE_EXHAUSTED:
			return ERRCODE_CONFIGURATION_LIMIT_EXCEEDED;
		case BT_FAILED_PRECONDITION:
			return ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
		default:
			return ERRCODE_FDW_ERROR;
	}
}

/* How to get a connection, or NULL: there was one. */
static const char *
hint_for_unavailable(const Connection *connection, const TableMapping *table,
					 const bt_status *status)
{
	const char *option = connection->api == DATA_API ? "endpoint" : "admin_endpoint";

	if (bt_retry_is_outcome_unknown(status, true))
		return NULL;
	if (connection->endpoint->plaintext)
		return psprintf("Check that option \"emulator_host\" of server \"%s\" names a "
						"running server.",
						table->servername);
	if (strncmp(status->message, BT_STATUS_NO_TOKEN, strlen(BT_STATUS_NO_TOKEN)) == 0)
		return "The credentials have to be changed for a token first: check that the "
			   "place where that is done can be reached from the server, and that the "
			   "machine trusts its certificate.";
	if (strstr(status->message, "certificate") != NULL)
		return psprintf("Option \"ssl_ca_file\" of server \"%s\" names the authorities "
						"that are trusted, and option \"%s\" the host whose certificate "
						"is expected.",
						table->servername, option);
	if (connection->endpoint->is_default)
		return psprintf("Check that \"%s\" can be reached from the server. For an "
						"emulator, set option \"emulator_host\" of server \"%s\".",
						connection->endpoint->target, table->servername);
	return psprintf("Check option \"%s\" of server \"%s\".", option, table->servername);
}

/* Why Google does not know who asks. */
static const char *
hint_for_unauthenticated(const Connection *connection)
{
	if (connection->credential == NULL)
		return NULL;
	switch (connection->credential->client.kind)
	{
		case BT_ACCESS_TOKEN:
			return "An access token is good for about an hour: set option "
				   "\"access_token\" of the user mapping again, or use one of the other "
				   "kinds of credentials.";
		case BT_SERVICE_ACCOUNT:
			return "Check that the service account and its key have not been disabled "
				   "or deleted, and that the server's clock is right.";
		default:
			return "Check the credentials of the user mapping.";
	}
}

/* What to do about it, or NULL. */
static const char *
hint_for(const Connection *connection, const TableMapping *table, const bt_status *status)
{
	switch (status->code)
	{
		case BT_UNAVAILABLE:
			return hint_for_unavailable(connection, table, status);
		case BT_UNAUTHENTICATED:
			return hint_for_unauthenticated(connection);
		case BT_PERMISSION_DENIED:
			if (connection->credential == NULL)
				return NULL;
			return psprintf(
				"Grant the account of the user mapping a role such as "
				"roles/bigtable.reader or roles/bigtable.user on the instance "
				"or the table, and check options \"project_id\" and "
				"\"instance_id\" of server \"%s\".",
				table->servername);
		case BT_NOT_FOUND:
			if (table->table_resource == NULL && table->relname == NULL)
				return psprintf("Check options \"project_id\" and \"instance_id\" of "
								"server \"%s\".",
								table->servername);
			if (table->relname == NULL)
				return psprintf("Check the name of the table, and options "
								"\"project_id\" and \"instance_id\" of server \"%s\".",
								table->servername);
			return psprintf("Check option \"table_name\" of foreign table \"%s\", and "
							"\"project_id\" and \"instance_id\" of server \"%s\".",
							table->relname, table->servername);
		case BT_DEADLINE_EXCEEDED:
			if (table->timeout_is_argument)
				return "Argument \"timeout\" says how long to wait.";
			return psprintf("Options \"attempt_timeout\" and \"operation_timeout\" of "
							"server \"%s\" set how long to wait.",
							table->servername);
		default:
			return NULL;
	}
}

/* May a message of a server be part of one of ours as it is? */
static bool
is_showable(const char *message)
{
	if (GetDatabaseEncoding() == PG_UTF8)
		return pg_verify_mbstr(PG_UTF8, message, (int) strlen(message), true);
	for (; *message != '\0'; message++)
		if (IS_HIGHBIT_SET(*message))
			return false;
	return true;
}

int
connection_sqlstate(const bt_status *status)
{
	return sqlstate(status->code);
}

const char *
connection_hint(const Connection *connection, const TableMapping *table,
				const bt_status *status)
{
	return hint_for(connection, table, status);
}

/* It came over the wire: it may be in no encoding, or not in ours. */
const char *
connection_message_text(const char *message)
{
	return is_showable(message) ? message : quoted(bt_span_str(message));
}

const char *
connection_status_text(const Connection *connection, const bt_status *status)
{
	const char *message = connection_message_text(status->message);

	return psprintf("%s%sgRPC status %d (%s) from %s after %d %s.", message,
					message[0] != '\0' ? "; " : "", (int) status->code,
					bt_code_name(status->code), connection->endpoint->target,
					status->attempts, status->attempts == 1 ? "attempt" : "attempts");
}

void
connection_report(const Connection *connection, const TableMapping *table,
				  const bt_status *status, const char *action)
{
	const char *hint = hint_for(connection, table, status);

	ereport(ERROR, (errcode(sqlstate(status->code)),
					errmsg("could not %s Bigtable %s \"%s\"", action, table->remote_kind,
						   table->remote_name),
					errdetail_internal("%s", connection_status_text(connection, status)),
					hint != NULL ? errhint("%s", hint) : 0));
}

/* What to say first of a write that is not tried again. */
static const char *
outcome_text(const bt_status *status)
{
	if (!bt_retry_is_outcome_unknown(status, true))
		return "";
	return "Its outcome is unknown: it may have been applied all the same. It is not "
		   "tried again, since it must not be applied twice.\n";
}

void
connection_report_write(const Connection *connection, const TableMapping *table,
						const bt_status *status, bt_span key, const char *action)
{
	const char *hint = hint_for(connection, table, status);

	ereport(ERROR, (errcode(sqlstate(status->code)),
					errmsg("could not %s row %s of Bigtable table \"%s\"", action,
						   quoted(key), table->remote_name),
					errdetail_internal("%s%s", outcome_text(status),
									   connection_status_text(connection, status)),
					hint != NULL ? errhint("%s", hint) : 0));
}

void
connection_report_once(const Connection *connection, const TableMapping *table,
					   const bt_status *status, const char *action)
{
	const char *hint = hint_for(connection, table, status);

	ereport(ERROR, (errcode(sqlstate(status->code)),
					errmsg("could not %s Bigtable %s \"%s\"", action, table->remote_kind,
						   table->remote_name),
					errdetail_internal("%s%s", outcome_text(status),
									   connection_status_text(connection, status)),
					hint != NULL ? errhint("%s", hint) : 0));
}

/* ---- families ---- */

static KnownTable *
find_known_table(Connection *connection, const char *resource)
{
	dlist_iter iter;

	dlist_foreach(iter, &connection->known_tables)
	{
		KnownTable *known = dlist_container(KnownTable, node, iter.cur);

		if (strcmp(known->resource, resource) == 0)
			return known;
	}
	return NULL;
}

/* Has the table that family, as far as we know?  Then *type is its type. */
static bool
has_family(const KnownTable *known, bt_span family, bt_family_type *type)
{
	*type = BT_FAMILY_PLAIN;
	if (known->unknown)
		return true;
	for (size_t i = 0; i < known->table.nfamilies; i++)
	{
		const bt_family *candidate = &known->table.families[i];

		*type = bt_family_type_of(candidate->value_type);
		if (bt_span_equal(candidate->name, family))
			return true;
	}
	return false;
}

/* Asks the server for a table's families, into *known. */
static void
ask_for_families(Connection *connection, const TableMapping *table, KnownTable *known)
{
	bt_retry_policy policy = {.operation_timeout_us = FAMILY_CHECK_TIMEOUT_US,
							  .attempt_timeout_us = FAMILY_CHECK_TIMEOUT_US,
							  .max_attempts = 2};
	bt_unary *call = bt_admin_get_table(connection_admin(connection)->channel, &host,
										table->table_resource, &policy);
	bt_arena arena = arena_in_context(known->context);
	bt_status status;

	arena_check(call != NULL);
	PG_TRY();
	{
		bt_unary_result result;

		while ((result = bt_unary_run(call, &status)) == BT_UNARY_INTERRUPTED)
			CHECK_FOR_INTERRUPTS();
		known->unknown =
			result != BT_UNARY_DONE || bt_unpack_table(bt_unary_response(call), &arena,
													   &known->table) != BT_UNPACK_OK;
	}
	PG_FINALLY();
	{
		bt_unary_free(call);
	}
	PG_END_TRY();
}

/* In a child of the current memory context. */
static KnownTable *
ask_for_table(Connection *connection, const TableMapping *table)
{
	MemoryContext context = AllocSetContextCreate(
		CurrentMemoryContext, "bigtable_fdw table", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	KnownTable *known = palloc0(sizeof(KnownTable));

	known->context = context;
	known->resource = pstrdup(table->table_resource);
	ask_for_families(connection, table, known);
	MemoryContextSwitchTo(old);
	return known;
}

bt_family_type
connection_check_family(Connection *connection, const TableMapping *table,
						const ColumnMapping *column)
{
	KnownTable *known;
	bt_family_type type;

	if (table->table_resource == NULL)
		return BT_FAMILY_PLAIN;
	known = find_known_table(connection, table->table_resource);
	if (known != NULL && has_family(known, column->family, &type))
		return type;

	/* What was missing may have been made since: ask again. */
	if (known != NULL)
	{
		dlist_delete(&known->node);
		MemoryContextDelete(known->context);
	}
	known = ask_for_table(connection, table);
	if (has_family(known, column->family, &type))
	{
		MemoryContextSetParent(known->context, connection->context);
		dlist_push_head(&connection->known_tables, &known->node);
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
				 errmsg("column family %s of Bigtable table \"%s\" does not exist",
						quoted(column->family), table->remote_name),
				 table->layout == LAYOUT_CELLS
					 ? 0
					 : errdetail("Column \"%s\" of foreign table \"%s\" is mapped to it.",
								 column->name, table->relname),
				 table->layout == LAYOUT_CELLS
					 ? errhint("Create the family.")
					 : errhint("Create the family, or change option \"family\" of the "
							   "column.")));
	return type;
}

void
connection_forget_families(Connection *connection, const TableMapping *table)
{
	KnownTable *known = table->table_resource != NULL
							? find_known_table(connection, table->table_resource)
							: NULL;

	if (known == NULL)
		return;
	dlist_delete(&known->node);
	MemoryContextDelete(known->context);
}
