/*-------------------------------------------------------------------------
 *
 * sender.c
 *	  Sends the rows of a statement, and says what became of them.
 *
 * Bigtable has no transactions over rows, so a statement that fails may leave
 * rows behind.  Each error says how many; where the error is another's (a
 * malformed line of COPY, a cancel), a warning does.
 *
 * There are no snapshots either: a scan sees what is written meanwhile.  So a
 * statement that reads the table it writes to holds its rows back until it has
 * read all.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "arena.h"
#include "client/single_row.h"
#include "quote.h"
#include "sender.h"

/* Conditional writes that are under way at once. */
#define MAX_CONDITIONAL 32

/* A conditional write that is under way. */
typedef struct Conditional
{
	bt_unary *call;
	uint8 key[BT_MAX_ROW_KEY_BYTES];
	size_t key_len;
} Conditional;

struct Sender
{
	const TableMapping *table;
	Connection *connection;
	SenderMode mode;
	bt_mutator *mutator; /* made by the first row, or NULL */
	bool completed;      /* the statement has not failed */
	bool reported;       /* an error says already what was written */

	/* A ring. */
	Conditional *conditionals; /* or NULL */
	int first;
	int nconditionals;
	uint64 conditional_requests;
	uint64 inserted;
	uint64 existing;
	uint64 conditional_unknown; /* they may have been inserted */

	/* Rows that are held back, or NULL. */
	Tuplestorestate *held;
	TupleDesc held_desc;
	StringInfoData encoded; /* a row's mutations */

	MemoryContext context;
	MemoryContextCallback callback;
};

/* Columns of rows that are held back. */
enum
{
	HELD_KEY,
	HELD_MUTATIONS, /* encoded */
	HELD_NUMBER,    /* of mutations */
	HELD_IDEMPOTENT,
	HELD_LENGTH
};

/* ---- beginning and end ---- */

static uint64
rows_written(const Sender *sender)
{
	return sender->inserted + (sender->mutator != NULL
								   ? bt_mutator_counters_of(sender->mutator)->written
								   : 0);
}

/* Rows that have been sent, and of which nobody knows whether they are written. */
static uint64
rows_unknown(const Sender *sender)
{
	const bt_mutator_counters *counters;
	uint64 n = (uint64) sender->nconditionals + sender->conditional_unknown;

	if (sender->mutator != NULL)
	{
		counters = bt_mutator_counters_of(sender->mutator);
		n += counters->under_way + counters->unknown;
	}
	return n;
}

/* Says what a statement that failed has written. */
static void
warn_of_written_rows(const Sender *sender)
{
	uint64 written = rows_written(sender);
	uint64 unknown = rows_unknown(sender);

	if (written + unknown > 0 && !sender->reported && !proc_exit_inprogress)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("rows of Bigtable table \"%s\" that were written before "
						"the failure stay",
						sender->table->remote_name),
				 errdetail("%llu rows were written, %llu more may have been.",
						   (unsigned long long) written, (unsigned long long) unknown)));
}

/* Gives back what is not PostgreSQL's. */
static void
release(void *arg)
{
	Sender *sender = arg;

	if (!sender->completed && sender->mutator != NULL)
		bt_mutator_poll(sender->mutator);
	if (!sender->completed)
		warn_of_written_rows(sender);
	bt_mutator_free(sender->mutator);
	sender->mutator = NULL;
	for (; sender->nconditionals > 0; sender->nconditionals--)
	{
		bt_unary_free(sender->conditionals[sender->first].call);
		sender->first = (sender->first + 1) % MAX_CONDITIONAL;
	}
	connection_release(sender->connection);
}

/* The store is kept by its memory context, and its file by the transaction. */
static void
make_store(Sender *sender)
{
	static const Oid types[] = {BYTEAOID, BYTEAOID, INT8OID, BOOLOID};

	sender->held = tuplestore_begin_heap(false, false, work_mem);
	sender->held_desc = CreateTemplateTupleDesc(HELD_LENGTH);
	for (int i = 0; i < HELD_LENGTH; i++)
		TupleDescInitEntry(sender->held_desc, (AttrNumber) (i + 1), NULL, types[i], -1,
						   0);
}

Sender *
sender_create(const TableMapping *table, Oid userid, SenderMode mode, bool hold)
{
	Sender *sender = palloc0(sizeof(Sender));

	sender->table = table;
	sender->mode = mode;
	sender->context = CurrentMemoryContext;
	initStringInfo(&sender->encoded);
	if (hold)
		make_store(sender);
	sender->connection = connection_acquire(table, userid);
	sender->callback.func = release;
	sender->callback.arg = sender;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &sender->callback);
	return sender;
}

Connection *
sender_connection(Sender *sender)
{
	return sender->connection;
}

/* ---- interrupts ---- */

/* Adds to the error of a cancel what it leaves behind. */
static void
interrupt_context(void *arg)
{
	Sender *sender = arg;

	if (sender->mutator != NULL)
		bt_mutator_poll(sender->mutator);
	errcontext("%llu rows were written to Bigtable table \"%s\", %llu more may have been",
			   (unsigned long long) rows_written(sender), sender->table->remote_name,
			   (unsigned long long) rows_unknown(sender));
	sender->reported = true;
}

static void
check_for_interrupts(Sender *sender)
{
	ErrorContextCallback callback = {error_context_stack, interrupt_context, sender};

	error_context_stack = &callback;
	CHECK_FOR_INTERRUPTS();
	error_context_stack = callback.previous;
}

/* ---- batches ---- */

static bt_write_target
write_target(const TableMapping *table)
{
	bt_write_target target = {table->kind, table->resource, table->app_profile};

	return target;
}

static void
append_causes(StringInfo detail, const Sender *sender, const bt_mutator_cause *causes,
			  size_t ncauses)
{
	for (size_t i = 0; i < ncauses; i++)
	{
		appendStringInfoChar(detail, '\n');
		if (ncauses > 1)
			appendStringInfo(detail,
							 "%llu failed: ", (unsigned long long) causes[i].rows);
		appendStringInfoString(
			detail, connection_status_text(sender->connection, &causes[i].status));
	}
}

/* Raises the error for rows that could not be written. */
__attribute__((noreturn)) static void
report_failed_rows(Sender *sender)
{
	const bt_mutator_counters *counters = bt_mutator_counters_of(sender->mutator);
	uint64 unsent = counters->added - counters->written - counters->failed;
	StringInfoData detail;
	const bt_mutator_cause *causes;
	bt_span first_key;
	size_t ncauses;
	const char *hint;

	causes = bt_mutator_causes(sender->mutator, &ncauses, &first_key);
	hint = connection_hint(sender->connection, sender->table, &causes[0].status);
	initStringInfo(&detail);
	appendStringInfo(&detail, "The first that failed has row key %s. Rows written: %llu.",
					 quoted(first_key), (unsigned long long) rows_written(sender));
	if (unsent > 0)
		appendStringInfo(&detail, " Not sent: %llu.", (unsigned long long) unsent);
	if (counters->unknown > 0)
		appendStringInfo(&detail,
						 " Of the failed, %llu may have been written all the same.",
						 (unsigned long long) counters->unknown);
	append_causes(&detail, sender, causes, ncauses);
	sender->reported = true;
	connection_forget_families(sender->connection, sender->table);
	ereport(ERROR, (errcode(connection_sqlstate(&causes[0].status)),
					errmsg_plural("could not write %llu row to Bigtable table \"%s\"",
								  "could not write %llu rows to Bigtable table \"%s\"",
								  counters->failed, (unsigned long long) counters->failed,
								  sender->table->remote_name),
					errdetail_internal("%s", detail.data),
					hint != NULL ? errhint("%s", hint) : 0));
}

static void
make_mutator(Sender *sender)
{
	bt_mutator_spec spec = {.target = write_target(sender->table),
							.batch_entries = (size_t) sender->table->write.batch_size,
							.retry = sender->table->retry};

	sender->mutator = bt_mutator_create(connection_channel(sender->connection),
										connection_write_host(), &spec);
	arena_check(sender->mutator != NULL);
}

/* Goes on with a row that the mutator has not taken yet, or raises the error. */
static bool
is_taken(Sender *sender, bt_mutate_result result)
{
	if (result == BT_MUTATE_INTERRUPTED)
		check_for_interrupts(sender);
	if (result == BT_MUTATE_ERROR)
		report_failed_rows(sender);
	return result == BT_MUTATE_DONE;
}

static void
change_row(Sender *sender, bt_span key, const bt_mutation *mutations, size_t nmutations)
{
	if (sender->mutator == NULL)
		make_mutator(sender);
	while (!is_taken(sender, bt_mutator_add(sender->mutator, key, mutations, nmutations)))
		;
}

static void
change_held_row(Sender *sender, bt_span key, bt_span mutations, size_t nmutations,
				bool idempotent)
{
	if (sender->mutator == NULL)
		make_mutator(sender);
	while (!is_taken(sender, bt_mutator_add_encoded(sender->mutator, key, mutations,
													nmutations, idempotent)))
		;
}

/* ---- conditional writes ---- */

static Conditional *
conditional_at(const Sender *sender, int i)
{
	return &sender->conditionals[(sender->first + i) % MAX_CONDITIONAL];
}

/* Waits for the oldest conditional write, and removes it. */
static bt_unary_result
take_oldest(Sender *sender, bool *existed, bt_status *status)
{
	Conditional *oldest = conditional_at(sender, 0);
	bt_unary_result result;

	while ((result = bt_unary_run(oldest->call, status)) == BT_UNARY_INTERRUPTED)
		check_for_interrupts(sender);
	if (result == BT_UNARY_DONE &&
		!bt_unpack_check_and_mutate_row(bt_unary_response(oldest->call), existed))
	{
		bt_status_set(status, BT_INTERNAL, "invalid CheckAndMutateRow response");
		status->local = false;
		result = BT_UNARY_ERROR;
	}
	if (result == BT_UNARY_DONE && *existed)
		sender->existing++;
	else if (result == BT_UNARY_DONE)
		sender->inserted++;
	else if (bt_retry_is_outcome_unknown(status, true))
		sender->conditional_unknown++;
	bt_unary_free(oldest->call);
	oldest->call = NULL;
	sender->first = (sender->first + 1) % MAX_CONDITIONAL;
	sender->nconditionals--;
	return result;
}

/* Hears of the rest, so that the error says how much was written. */
static void
take_rest(Sender *sender)
{
	bt_status status;
	bool existed;

	while (sender->nconditionals > 0)
		(void) take_oldest(sender, &existed, &status);
}

static void
finish_oldest(Sender *sender)
{
	bt_status status;
	bool existed = false;
	bt_span key =
		bt_span_make(conditional_at(sender, 0)->key, conditional_at(sender, 0)->key_len);
	bt_unary_result result = take_oldest(sender, &existed, &status);

	if (result == BT_UNARY_DONE && (!existed || sender->mode == SENDER_SKIP))
		return;
	key.data = memcpy(palloc(key.len), key.data, key.len);
	take_rest(sender);
	if (result != BT_UNARY_DONE)
		connection_report_write(sender->connection, sender->table, &status, key,
								"insert");
	ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
					errmsg("row key %s already exists in foreign table \"%s\"",
						   quoted(key), sender->table->relname)));
}

/* The server may run conditional writes of a row in any order: one at a time. */
static void
wait_for_key(Sender *sender, bt_span key)
{
	int n = sender->nconditionals;

	while (n > 0 &&
		   !bt_span_equal(key, bt_span_make(conditional_at(sender, n - 1)->key,
											conditional_at(sender, n - 1)->key_len)))
		n--;
	for (; n > 0; n--)
		finish_oldest(sender);
}

/* Writes a row if it does not exist. */
static void
insert_row(Sender *sender, bt_span key, bt_span mutations)
{
	bt_write_target target = write_target(sender->table);
	Conditional *conditional;
	bt_status status;

	Assert(key.len <= BT_MAX_ROW_KEY_BYTES);
	if (sender->conditionals == NULL)
		sender->conditionals =
			MemoryContextAlloc(sender->context, sizeof(Conditional) * MAX_CONDITIONAL);
	wait_for_key(sender, key);
	if (sender->nconditionals == MAX_CONDITIONAL)
		finish_oldest(sender);

	conditional = conditional_at(sender, sender->nconditionals);
	memcpy(conditional->key, key.data, key.len);
	conditional->key_len = key.len;
	conditional->call =
		bt_insert_row(connection_channel(sender->connection), connection_write_host(),
					  &target, key, mutations, &sender->table->retry);
	arena_check(conditional->call != NULL);
	sender->nconditionals++;
	sender->conditional_requests++;
	if (!bt_unary_start(conditional->call, &status))
		connection_report_write(sender->connection, sender->table, &status, key,
								"insert");
}

/* ---- rows ---- */

/* The bytes of a row's mutations, until the next row. */
static bt_span
encode(Sender *sender, const bt_mutation *mutations, size_t nmutations)
{
	StringInfo out = &sender->encoded;
	size_t size = bt_mutations_size(mutations, nmutations);

	if (size > MaxAllocSize / 2)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("row is too large for one request")));
	resetStringInfo(out);
	enlargeStringInfo(out, (int) size);
	(void) bt_mutations_write((uint8 *) out->data,
							  sender->mode == SENDER_CHANGE ? BT_MUTATOR_FIELD
															: BT_INSERT_FIELD,
							  mutations, nmutations);
	return bt_span_make(out->data, size);
}

static Datum
bytea_datum(bt_span span)
{
	bytea *result = palloc(VARHDRSZ + span.len);

	SET_VARSIZE(result, VARHDRSZ + span.len);
	if (span.len > 0)
		memcpy(VARDATA(result), span.data, span.len);
	return PointerGetDatum(result);
}

static void
hold_row(Sender *sender, bt_span key, const bt_mutation *mutations, size_t nmutations)
{
	bool isnull[HELD_LENGTH] = {false};
	Datum values[HELD_LENGTH];
	bool idempotent = true;

	for (size_t i = 0; i < nmutations; i++)
		idempotent &= bt_mutation_is_idempotent(&mutations[i]);
	values[HELD_KEY] = bytea_datum(key);
	values[HELD_MUTATIONS] = bytea_datum(encode(sender, mutations, nmutations));
	values[HELD_NUMBER] = Int64GetDatum((int64) nmutations);
	values[HELD_IDEMPOTENT] = BoolGetDatum(idempotent);
	tuplestore_putvalues(sender->held, sender->held_desc, values, isnull);
	pfree(DatumGetPointer(values[HELD_KEY]));
	pfree(DatumGetPointer(values[HELD_MUTATIONS]));
}

static bt_span
held_bytes(TupleTableSlot *slot, int column)
{
	bytea *bytes = DatumGetByteaPP(slot->tts_values[column]);

	return bt_span_make(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

/* Sends the rows that were held back. */
static void
send_held_rows(Sender *sender)
{
	Tuplestorestate *held = sender->held;
	TupleTableSlot *slot =
		MakeSingleTupleTableSlot(sender->held_desc, &TTSOpsMinimalTuple);

	sender->held = NULL;
	while (tuplestore_gettupleslot(held, true, false, slot))
	{
		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		if (sender->mode == SENDER_CHANGE)
			change_held_row(sender, held_bytes(slot, HELD_KEY),
							held_bytes(slot, HELD_MUTATIONS),
							(size_t) DatumGetInt64(slot->tts_values[HELD_NUMBER]),
							DatumGetBool(slot->tts_values[HELD_IDEMPOTENT]));
		else
			insert_row(sender, held_bytes(slot, HELD_KEY),
					   held_bytes(slot, HELD_MUTATIONS));
	}
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(held);
}

void
sender_put(Sender *sender, bt_span key, const bt_mutation *mutations, size_t nmutations)
{
	sender->completed = false;
	if (sender->held != NULL)
		hold_row(sender, key, mutations, nmutations);
	else if (sender->mode == SENDER_CHANGE)
		change_row(sender, key, mutations, nmutations);
	else
		insert_row(sender, key, encode(sender, mutations, nmutations));
}

/* ---- the end of a statement ---- */

void
sender_finish(Sender *sender)
{
	if (sender->held != NULL)
		send_held_rows(sender);
	while (sender->nconditionals > 0)
		finish_oldest(sender);
	while (sender->mutator != NULL &&
		   !is_taken(sender, bt_mutator_finish(sender->mutator)))
		;
}

void
sender_complete(Sender *sender)
{
	sender_finish(sender);
	sender->completed = true;
}

SenderCounters
sender_counters(const Sender *sender)
{
	SenderCounters result = {.rows_written = rows_written(sender),
							 .rows_skipped = sender->existing,
							 .requests = sender->conditional_requests};
	const bt_mutator_counters *counters;

	if (sender->mutator != NULL)
	{
		counters = bt_mutator_counters_of(sender->mutator);
		result.requests += counters->requests;
		result.retries = counters->retries;
		result.bytes = counters->bytes;
	}
	return result;
}
