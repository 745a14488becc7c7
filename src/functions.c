/*-------------------------------------------------------------------------
 *
 * functions.c
 *	  SQL functions that write to Bigtable directly.
 *
 * They name a server and a table, and need no foreign table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "arena.h"
#include "client/admin.h"
#include "client/mutator.h"
#include "client/single_row.h"
#include "codec.h"
#include "filter_json.h"
#include "function_args.h"
#include "quote.h"
#include "table_admin.h"

PG_FUNCTION_INFO_V1(bigtable_mutate_row);
PG_FUNCTION_INFO_V1(bigtable_mutate_rows);
PG_FUNCTION_INFO_V1(bigtable_check_and_mutate);
PG_FUNCTION_INFO_V1(bigtable_read_modify_write);
PG_FUNCTION_INFO_V1(bigtable_drop_row_range);

/* Members of the type bigtable_mutation. */
enum
{
	MUTATION_KIND,
	MUTATION_FAMILY,
	MUTATION_QUALIFIER,
	MUTATION_VALUE,
	MUTATION_TIMESTAMP,
	MUTATION_AMOUNT,
	MUTATION_FROM,
	MUTATION_UNTIL,
	MUTATION_LENGTH
};

/* Of bigtable_rmw_rule. */
enum
{
	RULE_FAMILY,
	RULE_QUALIFIER,
	RULE_INCREMENT,
	RULE_APPEND,
	RULE_LENGTH
};

/* Of bigtable_row_mutations. */
enum
{
	ROW_KEY,
	ROW_MUTATIONS,
	ROW_LENGTH
};

/* Mutations of a row. */
typedef struct MutationList
{
	bt_mutation *items;
	size_t n;
} MutationList;

/* ---- arguments ---- */

static bt_span
qualifier_of(Datum value)
{
	bt_span qualifier = bytes_of(value);

	if (qualifier.len > BT_MAX_QUALIFIER_BYTES)
		report_argument("column qualifier is too long",
						psprintf("It has %zu bytes; Bigtable allows %zu.", qualifier.len,
								 BT_MAX_QUALIFIER_BYTES));
	return qualifier;
}

static bt_span
value_of(Datum datum)
{
	bt_span value = bytes_of(datum);

	if (value.len > BT_MAX_VALUE_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("value is too large for a cell"),
						errdetail("It has %zu bytes; Bigtable allows %zu.", value.len,
								  BT_MAX_VALUE_BYTES)));
	return value;
}

/* A timestamp of Bigtable: whole milliseconds since 1970. */
static int64
timestamp_of(Datum value)
{
	int64 us = 0;
	bool in_range = !TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(value)) &&
					codec_number(TIMESTAMPTZOID, value, &us) && us >= 0;

	if (!in_range || us % 1000 != 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("invalid timestamp of a cell: %s",
					timestamptz_to_str(DatumGetTimestampTz(value))),
			 errdetail("Bigtable's timestamps begin in 1970, are finite, and in whole "
					   "milliseconds."),
			 in_range ? errhint("Use date_trunc('milliseconds', ...).") : 0));
	return us;
}

static int64
current_time_us(void)
{
	TimestampTz now = GetCurrentTimestamp();

	return timestamp_of(TimestampTzGetDatum(now - now % 1000));
}

/* ---- composite values ---- */

/* Takes a composite value apart. */
static void
deform(Datum datum, int length, Datum *values, bool *isnull)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(datum);
	TupleDesc desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
											HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header),
						   .t_tableOid = InvalidOid,
						   .t_data = header};

	ItemPointerSetInvalid(&tuple.t_self);
	if (desc->natts != length)
		elog(ERROR, "unexpected number of members: %d", desc->natts);
	heap_deform_tuple(&tuple, desc, values, isnull);
	ReleaseTupleDesc(desc);
}

static Datum
required_member(const Datum *values, const bool *isnull, int i, const char *name,
				const char *of)
{
	if (isnull[i])
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("%s of a %s must not be null", name, of)));
	return values[i];
}

static void
parse_cell_mutation(const char *kind, const Datum *values, const bool *isnull,
					bt_mutation *mutation)
{
	mutation->family =
		family_of(required_member(values, isnull, MUTATION_FAMILY, "family", kind));
	if (mutation->kind == BT_DELETE_FAMILY)
		return;
	mutation->qualifier = qualifier_of(
		required_member(values, isnull, MUTATION_QUALIFIER, "qualifier", kind));
	if (mutation->kind == BT_DELETE_COLUMN)
	{
		if (!isnull[MUTATION_FROM])
			mutation->from_us = timestamp_of(values[MUTATION_FROM]);
		if (!isnull[MUTATION_UNTIL])
			mutation->to_us = timestamp_of(values[MUTATION_UNTIL]);
		if (!isnull[MUTATION_UNTIL] && mutation->to_us <= mutation->from_us)
			report_argument("range of timestamps is empty", NULL);
		return;
	}
	mutation->timestamp_us = isnull[MUTATION_TIMESTAMP]
								 ? current_time_us()
								 : timestamp_of(values[MUTATION_TIMESTAMP]);
	if (mutation->kind == BT_SET_CELL)
		mutation->value =
			value_of(required_member(values, isnull, MUTATION_VALUE, "value", kind));
	else
		mutation->amount = DatumGetInt64(
			required_member(values, isnull, MUTATION_AMOUNT, "amount", kind));
}

static void
parse_mutation(Datum datum, bt_mutation *mutation)
{
	static const char *const kinds[] = {[BT_SET_CELL] = "set_cell",
										[BT_ADD_TO_CELL] = "add_to_cell",
										[BT_DELETE_COLUMN] = "delete_cells",
										[BT_DELETE_FAMILY] = "delete_family",
										[BT_DELETE_ROW] = "delete_row"};
	Datum values[MUTATION_LENGTH];
	bool isnull[MUTATION_LENGTH];
	char *kind;
	size_t i = 0;

	deform(datum, MUTATION_LENGTH, values, isnull);
	kind = TextDatumGetCString(
		required_member(values, isnull, MUTATION_KIND, "kind", "mutation"));
	while (i < lengthof(kinds) && strcmp(kind, kinds[i]) != 0)
		i++;
	if (i == lengthof(kinds))
		report_argument(psprintf("invalid kind of mutation: \"%s\"", kind),
						"It is one of set_cell, add_to_cell, delete_cells, delete_family "
						"and delete_row.");
	memset(mutation, 0, sizeof(*mutation));
	mutation->kind = (bt_mutation_kind) i;
	if (mutation->kind != BT_DELETE_ROW)
		parse_cell_mutation(kind, values, isnull, mutation);
}

static MutationList
parse_mutations(Datum datum, const char *name)
{
	MutationList list;
	int n;
	Datum *elements = elements_of(datum, name, &n);

	if (n > BT_MAX_MUTATIONS)
		report_argument(psprintf("argument \"%s\" has too many mutations", name),
						psprintf("It has %d; Bigtable allows %d.", n, BT_MAX_MUTATIONS));
	list.n = (size_t) n;
	list.items = palloc(sizeof(bt_mutation) * (list.n + 1));
	for (int i = 0; i < n; i++)
		parse_mutation(elements[i], &list.items[i]);
	return list;
}

static void
check_not_empty(const MutationList *list, const char *name)
{
	if (list->n == 0)
		report_argument(psprintf("argument \"%s\" has no mutations", name), NULL);
}

static void
parse_rule(Datum datum, bt_rmw_rule *rule)
{
	Datum values[RULE_LENGTH];
	bool isnull[RULE_LENGTH];

	deform(datum, RULE_LENGTH, values, isnull);
	memset(rule, 0, sizeof(*rule));
	rule->family =
		family_of(required_member(values, isnull, RULE_FAMILY, "family", "rule"));
	rule->qualifier = qualifier_of(
		required_member(values, isnull, RULE_QUALIFIER, "qualifier", "rule"));
	if (isnull[RULE_INCREMENT] == isnull[RULE_APPEND])
		report_argument("a rule either increments or appends", NULL);
	rule->is_increment = !isnull[RULE_INCREMENT];
	if (rule->is_increment)
		rule->amount = DatumGetInt64(values[RULE_INCREMENT]);
	else
		rule->append = value_of(values[RULE_APPEND]);
}

/* ---- calls ---- */

/* The table that a call's first two arguments name, to be written to. */
static RemoteTable
written_table(FunctionCallInfo fcinfo, const char *function, int app_profile, int timeout)
{
	PreventCommandIfReadOnly(function);
	return table_argument(fcinfo, app_profile, timeout);
}

/*
 * Waits for a call.  If it fails, an error is raised, which says so if the call
 * is not tried again, and names the row if there is a key.
 */
static void
run(const RemoteTable *table, bt_unary *call, bool once, const bt_span *key,
	const char *action)
{
	bt_unary_result result;
	bt_status status;

	arena_check(call != NULL);
	while ((result = bt_unary_run(call, &status)) == BT_UNARY_INTERRUPTED)
		CHECK_FOR_INTERRUPTS();
	if (result == BT_UNARY_DONE)
		return;
	if (key != NULL)
		connection_report_write(table->connection, table->mapping, &status, *key, action);
	if (once)
		connection_report_once(table->connection, table->mapping, &status, action);
	connection_report(table->connection, table->mapping, &status, action);
}

/* ---- functions ---- */

Datum
bigtable_mutate_row(PG_FUNCTION_ARGS)
{
	RemoteTable table = written_table(fcinfo, "bigtable_mutate_row()", 4, 5);
	bt_span key = row_key_of(required_argument(fcinfo, 2, "row_key"));
	MutationList list =
		parse_mutations(required_argument(fcinfo, 3, "mutations"), "mutations");
	bool once = false;
	bt_unary *volatile call = NULL;

	check_not_empty(&list, "mutations");
	for (size_t i = 0; i < list.n; i++)
		once |= !bt_mutation_is_idempotent(&list.items[i]);
	connect_table(&table);
	PG_TRY();
	{
		call = bt_mutate_row(connection_channel(table.connection),
							 connection_write_host(), &table.target, key, list.items,
							 list.n, once ? &table.once : &table.mapping->retry);
		run(&table, call, once, once ? &key : NULL, once ? "mutate" : "write to");
	}
	PG_FINALLY();
	{
		bt_unary_free(call);
		connection_release(table.connection);
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}

Datum
bigtable_check_and_mutate(PG_FUNCTION_ARGS)
{
	RemoteTable table = written_table(fcinfo, "bigtable_check_and_mutate()", 6, 7);
	bt_span key = row_key_of(required_argument(fcinfo, 2, "row_key"));
	const bt_filter *predicate =
		PG_ARGISNULL(3) ? NULL : filter_from_json(PG_GETARG_JSONB_P(3));
	MutationList if_true = {0};
	MutationList if_false = {0};
	bt_unary *volatile call = NULL;
	volatile bool matched = false;

	if (!PG_ARGISNULL(4))
		if_true = parse_mutations(PG_GETARG_DATUM(4), "true_mutations");
	if (!PG_ARGISNULL(5))
		if_false = parse_mutations(PG_GETARG_DATUM(5), "false_mutations");
	if (if_true.n + if_false.n == 0)
		report_argument("there is no mutation",
						"One of \"true_mutations\" and \"false_mutations\" must have "
						"one.");
	connect_table(&table);
	PG_TRY();
	{
		bool result;

		call = bt_check_and_mutate_row(connection_channel(table.connection),
									   connection_write_host(), &table.target, key,
									   predicate, if_true.items, if_true.n,
									   if_false.items, if_false.n, &table.once);
		run(&table, call, true, &key, "check and mutate");
		if (!bt_unpack_check_and_mutate_row(bt_unary_response(call), &result))
			ereport(ERROR, (errcode(ERRCODE_FDW_ERROR),
							errmsg("invalid CheckAndMutateRow response")));
		matched = result;
	}
	PG_FINALLY();
	{
		bt_unary_free(call);
		connection_release(table.connection);
	}
	PG_END_TRY();
	PG_RETURN_BOOL(matched);
}

/* Cells that are collected where no error may be thrown. */
typedef struct CellBuffer
{
	MemoryContext context;
	bt_written_cell *cells;
	size_t n;
	size_t capacity;
} CellBuffer;

static bt_span
copy_span(const CellBuffer *buffer, bt_span span, bool *ok)
{
	uint8 *copy = arena_alloc(buffer->context, span.len + 1);

	if (copy == NULL)
		*ok = false;
	else if (span.len > 0)
		memcpy(copy, span.data, span.len);
	return bt_span_make(copy, span.len);
}

static bool
collect_cell(void *arg, const bt_written_cell *cell)
{
	CellBuffer *buffer = arg;
	bool ok = true;
	bt_written_cell *copy;

	if (buffer->n == buffer->capacity)
	{
		size_t capacity = buffer->capacity == 0 ? 8 : buffer->capacity * 2;
		bt_written_cell *cells =
			arena_alloc(buffer->context, capacity * sizeof(bt_written_cell));

		if (cells == NULL)
			return false;
		if (buffer->n > 0)
			memcpy(cells, buffer->cells, buffer->n * sizeof(bt_written_cell));
		buffer->cells = cells;
		buffer->capacity = capacity;
	}
	copy = &buffer->cells[buffer->n++];
	*copy = *cell;
	copy->family = copy_span(buffer, cell->family, &ok);
	copy->qualifier = copy_span(buffer, cell->qualifier, &ok);
	copy->value = copy_span(buffer, cell->value, &ok);
	return ok;
}

static void
return_cells(ReturnSetInfo *rsinfo, const CellBuffer *buffer)
{
	for (size_t i = 0; i < buffer->n; i++)
	{
		const bt_written_cell *cell = &buffer->cells[i];
		bool isnull[4] = {false};
		Datum values[4];

		values[0] = PointerGetDatum(cstring_to_text_with_len(
			(const char *) cell->family.data, (int) cell->family.len));
		values[1] = bytea_datum(cell->qualifier);
		values[2] = codec_timestamp_datum(cell->timestamp_us);
		values[3] = bytea_datum(cell->value);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
	}
}

Datum
bigtable_read_modify_write(PG_FUNCTION_ARGS)
{
	RemoteTable table = written_table(fcinfo, "bigtable_read_modify_write()", 4, 5);
	bt_span key = row_key_of(required_argument(fcinfo, 2, "row_key"));
	int nrules;
	Datum *elements =
		elements_of(required_argument(fcinfo, 3, "rules"), "rules", &nrules);
	bt_rmw_rule *rules = palloc(sizeof(bt_rmw_rule) * (nrules + 1));
	CellBuffer buffer = {.context = CurrentMemoryContext};
	bt_unary *volatile call = NULL;

	if (nrules == 0 || nrules > BT_MAX_MUTATIONS)
		report_argument(psprintf("argument \"rules\" has %d rules", nrules),
						"Bigtable allows 1 to 100000.");
	for (int i = 0; i < nrules; i++)
		parse_rule(elements[i], &rules[i]);
	InitMaterializedSRF(fcinfo, 0);
	connect_table(&table);
	PG_TRY();
	{
		call = bt_read_modify_write_row(connection_channel(table.connection),
										connection_write_host(), &table.target, key,
										rules, nrules, &table.once);
		run(&table, call, true, &key, "modify");
		if (!bt_unpack_read_modify_write_row(bt_unary_response(call), collect_cell,
											 &buffer))
			ereport(ERROR, (errcode(ERRCODE_FDW_ERROR),
							errmsg("invalid ReadModifyWriteRow response")));
	}
	PG_FINALLY();
	{
		bt_unary_free(call);
		connection_release(table.connection);
	}
	PG_END_TRY();
	return_cells((ReturnSetInfo *) fcinfo->resultinfo, &buffer);
	return (Datum) 0;
}

Datum
bigtable_drop_row_range(PG_FUNCTION_ARGS)
{
	RemoteTable table = written_table(fcinfo, "bigtable_drop_row_range()", -1, 4);
	bool whole_table = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
	bt_span prefix = {NULL, 0};
	bt_unary *volatile call = NULL;

	if (!PG_ARGISNULL(2))
		prefix = bytes_of(PG_GETARG_DATUM(2));
	if (prefix.len == 0 && !whole_table)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a prefix of row keys is required"),
						errhint("To drop all rows, say so: whole_table => true.")));
	if (prefix.len > 0 && whole_table)
		report_argument("a prefix and whole_table cannot be given together", NULL);
	if (prefix.len > BT_MAX_ROW_KEY_BYTES)
		report_argument("prefix of row keys is too long", NULL);
	connect_table(&table);
	PG_TRY();
	{
		Connection *admin = connection_admin(table.connection);

		call = bt_admin_drop_row_range(connection_channel(admin), connection_write_host(),
									   table.mapping->table_resource, prefix, whole_table,
									   &table.once);
		table_admin_run(admin, table.mapping, call, true, "drop rows of");
	}
	PG_FINALLY();
	{
		bt_unary_free(call);
		connection_release(table.connection);
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}

/* ---- many rows ---- */

/* A row of bigtable_mutate_rows(), and what became of it. */
typedef struct RowEntry
{
	bt_span key;
	Datum key_datum;
	MutationList list;
	int code;
	char *message; /* malloc'd, or NULL */
} RowEntry;

/* Called by the client: no error may be thrown here. */
static void
note_result(void *arg, uint64_t row, const bt_status *status)
{
	RowEntry *entries = arg;

	entries[row].code = (int) status->code;
	if (status->code != BT_OK)
		entries[row].message = strdup(status->message);
}

static RowEntry *
parse_entries(Datum datum, int *n)
{
	Datum *elements = elements_of(datum, "entries", n);
	RowEntry *entries = palloc0(sizeof(RowEntry) * (*n + 1));

	for (int i = 0; i < *n; i++)
	{
		Datum values[ROW_LENGTH];
		bool isnull[ROW_LENGTH];

		deform(elements[i], ROW_LENGTH, values, isnull);
		entries[i].key_datum = required_member(values, isnull, ROW_KEY, "row_key", "row");
		entries[i].key = row_key_of(entries[i].key_datum);
		entries[i].list = parse_mutations(
			required_member(values, isnull, ROW_MUTATIONS, "mutations", "row"),
			"mutations");
		check_not_empty(&entries[i].list, "mutations");
	}
	return entries;
}

/* Sends all rows, and waits for their results. */
static void
send_entries(bt_mutator *mutator, const RowEntry *entries, int n)
{
	for (int i = 0; i < n; i++)
	{
		const RowEntry *entry = &entries[i];
		bt_mutate_result result;

		while ((result = bt_mutator_add(mutator, entry->key, entry->list.items,
										entry->list.n)) == BT_MUTATE_INTERRUPTED)
			CHECK_FOR_INTERRUPTS();
		arena_check(result == BT_MUTATE_DONE);
	}
	for (;;)
	{
		bt_mutate_result result = bt_mutator_finish(mutator);

		if (result == BT_MUTATE_DONE)
			break;
		arena_check(result == BT_MUTATE_INTERRUPTED);
		CHECK_FOR_INTERRUPTS();
	}
}

static void
return_entries(ReturnSetInfo *rsinfo, const RowEntry *entries, int n)
{
	for (int i = 0; i < n; i++)
	{
		bool isnull[4] = {false, false, false, entries[i].message == NULL};
		Datum values[4];

		values[0] = Int32GetDatum(i + 1);
		values[1] = entries[i].key_datum;
		values[2] = Int32GetDatum(entries[i].code);
		values[3] = (Datum) 0;
		if (entries[i].message != NULL)
			values[3] = CStringGetTextDatum(connection_message_text(entries[i].message));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
	}
}

Datum
bigtable_mutate_rows(PG_FUNCTION_ARGS)
{
	RemoteTable table = written_table(fcinfo, "bigtable_mutate_rows()", 3, 4);
	int n;
	RowEntry *entries = parse_entries(required_argument(fcinfo, 2, "entries"), &n);
	bt_mutator_spec spec = {.target = table.target,
							.batch_entries = (size_t) table.mapping->write.batch_size,
							.retry = table.mapping->retry,
							.on_result = note_result,
							.arg = entries};
	bt_mutator *volatile mutator = NULL;

	InitMaterializedSRF(fcinfo, 0);
	connect_table(&table);
	PG_TRY();
	{
		mutator = bt_mutator_create(connection_channel(table.connection),
									connection_write_host(), &spec);
		arena_check(mutator != NULL);
		send_entries(mutator, entries, n);
		return_entries((ReturnSetInfo *) fcinfo->resultinfo, entries, n);
	}
	PG_FINALLY();
	{
		bt_mutator_free(mutator);
		for (int i = 0; i < n; i++)
			free(entries[i].message);
		connection_release(table.connection);
	}
	PG_END_TRY();
	return (Datum) 0;
}
