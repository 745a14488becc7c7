/*-------------------------------------------------------------------------
 *
 * sender.c
 *	  Sends the rows of a statement, and says what became of them.
 *
 * Bigtable has no transactions over rows, so a statement that fails may leave
 * rows behind.  Each error says how many; where the error is another's (a
 * malformed line of COPY, a cancel), a warning does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/memutils.h"

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
	bt_mutator *mutator; /* made by the first row, or NULL */
	bool finished;       /* nothing is under way or unsent */
	bool reported;       /* an error says already what was written */

	/* A ring. */
	Conditional *conditionals; /* or NULL */
	int first;
	int nconditionals;
	bool skip_existing; /* what was asked for; the same in a whole statement */
	uint64 conditional_requests;
	uint64 inserted;
	uint64 existing;

	MemoryContext context;
	MemoryContextCallback callback;
};

/* ---- beginning and end ---- */

static uint64
rows_written(const Sender *sender)
{
	return sender->inserted + (sender->mutator != NULL
								   ? bt_mutator_counters_of(sender->mutator)->written
								   : 0);
}

/* Says what a statement that failed has written. */
static void
warn_of_written_rows(const Sender *sender)
{
	uint64 n = rows_written(sender);

	if (n > 0 && !sender->reported && !proc_exit_inprogress)
		ereport(
			WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg_plural("%llu row was written to Bigtable table \"%s\" before the "
						   "statement failed",
						   "%llu rows were written to Bigtable table \"%s\" before the "
						   "statement failed",
						   n, (unsigned long long) n, sender->table->remote_name),
			 errdetail(
				 "Bigtable has no transactions over rows: what was written stays.")));
}

/* Gives back what is not PostgreSQL's. */
static void
release(void *arg)
{
	Sender *sender = arg;

	if (!sender->finished && sender->mutator != NULL)
		bt_mutator_poll(sender->mutator);
	if (!sender->finished)
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

Sender *
sender_create(const TableMapping *table, Oid userid)
{
	Sender *sender = palloc0(sizeof(Sender));

	sender->table = table;
	sender->context = CurrentMemoryContext;
	sender->finished = true;
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
	const bt_mutator_counters *counters;
	uint64 unknown = (uint64) sender->nconditionals;

	if (sender->mutator != NULL)
	{
		bt_mutator_poll(sender->mutator);
		counters = bt_mutator_counters_of(sender->mutator);
		unknown +=
			counters->added - counters->written - counters->failed + counters->unknown;
	}
	errcontext("%llu rows were written to Bigtable table \"%s\", %llu more may have been",
			   (unsigned long long) rows_written(sender), sender->table->remote_name,
			   (unsigned long long) unknown);
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
	hint = connection_hint(sender->table, &causes[0].status);
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
										connection_host(), &spec);
	arena_check(sender->mutator != NULL);
}

void
sender_put(Sender *sender, bt_span key, const bt_mutation *mutations, size_t nmutations)
{
	bt_mutate_result result;

	if (sender->mutator == NULL)
		make_mutator(sender);
	sender->finished = false;
	while ((result = bt_mutator_add(sender->mutator, key, mutations, nmutations)) ==
		   BT_MUTATE_INTERRUPTED)
		check_for_interrupts(sender);
	if (result == BT_MUTATE_ERROR)
		report_failed_rows(sender);
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

	if (result == BT_UNARY_DONE && (!existed || sender->skip_existing))
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

void
sender_insert_new(Sender *sender, bt_span key, const bt_mutation *mutations,
				  size_t nmutations, bool skip_existing)
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

	sender->finished = false;
	sender->skip_existing = skip_existing;
	conditional = conditional_at(sender, sender->nconditionals);
	memcpy(conditional->key, key.data, key.len);
	conditional->key_len = key.len;
	conditional->call = bt_check_and_mutate_row(
		connection_channel(sender->connection), connection_host(), &target, key, NULL,
		NULL, 0, mutations, nmutations, &sender->table->retry);
	arena_check(conditional->call != NULL);
	sender->nconditionals++;
	sender->conditional_requests++;
	if (!bt_unary_start(conditional->call, &status))
		connection_report_write(sender->connection, sender->table, &status, key,
								"insert");
}

/* ---- the end of a statement ---- */

void
sender_finish(Sender *sender)
{
	bt_mutate_result result = BT_MUTATE_DONE;

	while (sender->nconditionals > 0)
		finish_oldest(sender);
	while (sender->mutator != NULL &&
		   (result = bt_mutator_finish(sender->mutator)) == BT_MUTATE_INTERRUPTED)
		check_for_interrupts(sender);
	if (result == BT_MUTATE_ERROR)
		report_failed_rows(sender);
	sender->finished = true;
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
