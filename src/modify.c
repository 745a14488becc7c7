/*-------------------------------------------------------------------------
 *
 * modify.c
 *	  The executor's callbacks of INSERT, COPY, UPDATE, DELETE and TRUNCATE.
 *
 * Rows are handed to a sender as they come, and PostgreSQL goes on with the
 * next one: they are packed, and travel, many at a time.  The end of the
 * statement waits for the last of them.  Only where a trigger may look at a
 * row before is each row waited for.
 *
 * Nobody else enforces the constraints of a foreign table over Bigtable, so
 * they are checked here, before a row is sent.  So is a view's WITH CHECK
 * OPTION, which PostgreSQL would check afterwards.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "arena.h"
#include "as_of.h"
#include "cell_layout.h"
#include "cell_writer.h"
#include "client/admin.h"
#include "client/row_reader.h"
#include "compat.h"
#include "modify.h"
#include "plan_modify.h"
#include "quote.h"
#include "row_encoder.h"
#include "sender.h"

/* The keys that a statement has changed, where its plan may repeat them. */
typedef struct KeyEntry
{
	bt_span key;
	uint32 hash;
	char status;
} KeyEntry;

#define SH_PREFIX keyset
#define SH_ELEMENT_TYPE KeyEntry
#define SH_KEY_TYPE bt_span
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_bytes((k).data, (int) (k).len)
#define SH_EQUAL(tb, a, b) bt_span_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

/* The state of a statement's writes to one table, in ri_FdwState. */
typedef struct BigtableModify
{
	const TableMapping *table;
	Sender *sender; /* NULL if only EXPLAIN asks */
	RowEncoder *row;
	CellWriter *cells; /* with layout 'cells', else NULL */
	SenderMode mode;
	bool wait_for_each_row;
	bool holds_rows;                           /* until the end of the statement */
	uint64 skipped;                            /* rows, so far, that existed */
	AttrNumber *key_junk;                      /* where the parts of the old key are */
	AttrNumber cell_junk[CELL_IDENTITY_PARTS]; /* with layout 'cells' instead */
	AttrNumber row_junk;
	Bitmapset *changed; /* attribute numbers that SET names */
	bool compare_rows;  /* triggers may have changed others */
	keyset_hash *seen;  /* NULL if no key can come twice */
	MemoryContext context;
} BigtableModify;

/* ---- beginning ---- */

int
bigtable_is_updatable(Relation rel)
{
	if (!mapping_is_writable(RelationGetRelid(rel)))
		return 0;
	return (1 << CMD_INSERT) | (1 << CMD_UPDATE) | (1 << CMD_DELETE);
}

/* May something look at a row before the statement ends? */
static bool
has_triggers(const ResultRelInfo *rinfo, CmdType operation)
{
	const TriggerDesc *triggers = rinfo->ri_TrigDesc;

	if (triggers == NULL)
		return false;
	switch (operation)
	{
		case CMD_INSERT:
			return triggers->trig_insert_before_row || triggers->trig_insert_after_row ||
				   triggers->trig_insert_after_statement;
		case CMD_UPDATE:
			return triggers->trig_update_before_row || triggers->trig_update_after_row ||
				   triggers->trig_update_after_statement;
		default:
			return triggers->trig_delete_before_row || triggers->trig_delete_after_row ||
				   triggers->trig_delete_after_statement;
	}
}

static bool
waits_for_each_row(const ModifyTableState *mtstate, const ResultRelInfo *rinfo,
				   CmdType operation)
{
	return has_triggers(rinfo, operation) ||
		   (mtstate->rootResultRelInfo != NULL &&
			has_triggers(mtstate->rootResultRelInfo, operation));
}

/* Does a plan yield each row of the table it reads at most once? */
static bool
is_plain_scan(const Plan *plan)
{
	ListCell *cell;

	if (plan == NULL)
		return false;
	switch (nodeTag(plan))
	{
		case T_ForeignScan:
			return true;
		case T_Append:
			foreach (cell, ((const Append *) plan)->appendplans)
				if (!is_plain_scan(lfirst(cell)))
					return false;
			return true;
		case T_Result:
		case T_Sort:
		case T_Limit:
		case T_LockRows:
			return is_plain_scan(outerPlan(plan));
		default:
			return false;
	}
}

static BigtableModify *
begin(ModifyTableState *mtstate, ResultRelInfo *rinfo, CmdType operation)
{
	BigtableModify *modify = palloc0(sizeof(BigtableModify));

	modify->table = mapping_load(RelationGetRelid(rinfo->ri_RelationDesc));
	check_writable(modify->table);
	modify->context = CurrentMemoryContext;
	if (operation == CMD_INSERT && modify->table->write.strict)
		modify->mode = SENDER_INSERT;
	modify->wait_for_each_row = waits_for_each_row(mtstate, rinfo, operation);
	rinfo->ri_FdwState = modify;
	return modify;
}

/*
 * Does the statement read the table that it writes to, other than by the scan
 * that finds the rows to change?
 */
static bool
reads_itself(const BigtableModify *modify, EState *estate, const ResultRelInfo *rinfo)
{
	Index index = 0;
	ListCell *cell;

	foreach (cell, estate->es_range_table)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, cell);

		index++;
		if (rte->rtekind == RTE_RELATION && index != rinfo->ri_RangeTableIndex &&
			mapping_has_same_cells(rte->relid, modify->table))
			return true;
	}
	return false;
}

/* The same for the cells of a table. */
static void
prepare_to_write_cells(BigtableModify *modify, const Plan *subplan)
{
	if (modify->mode == SENDER_SKIP)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("ON CONFLICT is not supported for foreign table \"%s\"",
							   modify->table->relname),
						errdetail("Its layout is \"cells\".")));
	modify->cells = cell_writer_create(modify->table, modify->sender,
									   subplan != NULL && !is_plain_scan(subplan));
}

/* Makes what is needed to really write. */
static void
prepare_to_write(BigtableModify *modify, EState *estate, ResultRelInfo *rinfo)
{
	bool hold = reads_itself(modify, estate, rinfo);

	as_of_check_write(modify->table);
	modify->sender = sender_create(modify->table, compat_modify_user(rinfo, estate),
								   modify->mode, hold);
	modify->row = row_encoder_create(modify->table, sender_connection(modify->sender));
	modify->holds_rows = hold;
	modify->wait_for_each_row &= !hold;
	if (hold && modify->mode == SENDER_SKIP)
		modify->seen = keyset_create(modify->context, 1024, NULL);
}

/* The attributes that SET names, and the generated ones. */
static Bitmapset *
updated_attrs(ResultRelInfo *rinfo, EState *estate)
{
	Bitmapset *members = ExecGetAllUpdatedCols(rinfo, estate);
	Bitmapset *result = NULL;
	int member = -1;

	while ((member = bms_next_member(members, member)) >= 0)
		if (member + FirstLowInvalidHeapAttributeNumber > 0)
			result = bms_add_member(result, member + FirstLowInvalidHeapAttributeNumber);
	return result;
}

/* What add_update_targets() asked for of a column. */
static AttrNumber
find_junk(List *targetlist, const ColumnMapping *column)
{
	char *name = key_junk_name(column);
	AttrNumber attnum = ExecFindJunkAttributeInTlist(targetlist, name);

	if (!AttributeNumberIsValid(attnum))
		elog(ERROR, "could not find junk column \"%s\"", name);
	return attnum;
}

/* Where a plan's rows have the key of the row to change, or what tells the cell. */
static void
find_key_junk(BigtableModify *modify, List *targetlist)
{
	const RowKey *key = &modify->table->row_key;

	modify->key_junk = palloc(sizeof(AttrNumber) * key->nparts);
	for (int i = 0; i < key->nparts; i++)
		modify->key_junk[i] = find_junk(targetlist, key->parts[i].column);
	for (int i = 0; i < CELL_IDENTITY_PARTS && modify->cells != NULL; i++)
		modify->cell_junk[i] =
			find_junk(targetlist, cell_layout_column(modify->table, cell_identity[i]));
}

void
bigtable_begin_modify(ModifyTableState *mtstate, ResultRelInfo *rinfo, List *fdw_private,
					  int subplan_index, int eflags)
{
	const Plan *subplan = outerPlanState(mtstate)->plan;
	BigtableModify *modify = begin(mtstate, rinfo, mtstate->operation);
	EState *estate = mtstate->ps.state;

	if (modify_plan_skips_existing(fdw_private))
		modify->mode = SENDER_SKIP;
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0)
		return;
	prepare_to_write(modify, estate, rinfo);
	if (modify->table->layout == LAYOUT_CELLS)
		prepare_to_write_cells(modify, mtstate->operation == CMD_INSERT ? NULL : subplan);
	if (mtstate->operation == CMD_INSERT)
		return;

	find_key_junk(modify, subplan->targetlist);
	modify->row_junk = ExecFindJunkAttributeInTlist(subplan->targetlist, ROW_JUNK_NAME);
	if (!is_plain_scan(subplan))
		modify->seen = keyset_create(modify->context, 1024, NULL);
	if (mtstate->operation != CMD_UPDATE)
		return;
	modify->changed = updated_attrs(rinfo, estate);
	modify->compare_rows =
		rinfo->ri_TrigDesc != NULL && rinfo->ri_TrigDesc->trig_update_before_row;
}

/* COPY, and rows that are routed to a partition. */
void
bigtable_begin_insert(ModifyTableState *mtstate, ResultRelInfo *rinfo)
{
	const ModifyTable *plan = (const ModifyTable *) mtstate->ps.plan;
	EState *estate = mtstate->ps.state;
	MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);
	BigtableModify *modify = begin(mtstate, rinfo, CMD_INSERT);

	if (plan != NULL && plan->onConflictAction == ONCONFLICT_NOTHING)
		modify->mode = SENDER_SKIP;
	prepare_to_write(modify, estate, rinfo);
	if (modify->table->layout == LAYOUT_CELLS)
		prepare_to_write_cells(modify, NULL);
	MemoryContextSwitchTo(old);
}

/*
 * We make batches ourselves.  PostgreSQL's serve only to count the rows that
 * were not skipped, without waiting for each.
 */
int
bigtable_get_batch_size(ResultRelInfo *rinfo)
{
	const BigtableModify *modify = rinfo->ri_FdwState;

	if (modify == NULL || modify->mode != SENDER_SKIP || modify->wait_for_each_row ||
		modify->holds_rows || rinfo->ri_projectReturning != NULL ||
		rinfo->ri_WithCheckOptions != NIL)
		return 1;
	return modify->table->write.batch_size > 0 ? modify->table->write.batch_size
											   : BT_MUTATOR_BATCH_ENTRIES;
}

/* ---- rows ---- */

/* A row that is routed to a partition fits; one that is updated there may not. */
static void
check_constraints(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
				  bool is_routed)
{
	Relation rel = rinfo->ri_RelationDesc;

	if (RelationGetDescr(rel)->constr != NULL)
		ExecConstraints(rinfo, slot, estate);
	if (rel->rd_rel->relispartition && !is_routed)
		(void) ExecPartitionCheck(rinfo, slot, estate, true);
	if (rinfo->ri_WithCheckOptions != NIL)
		ExecWithCheckOptions(WCO_VIEW_CHECK, rinfo, slot, estate);
}

static void
put_row(BigtableModify *modify)
{
	RowEncoder *row = modify->row;

	sender_put(modify->sender, row->key, row->mutations, row->nmutations);
	if (modify->wait_for_each_row)
		sender_finish(modify->sender);
}

static void
insert_row(BigtableModify *modify, EState *estate, ResultRelInfo *rinfo,
		   TupleTableSlot *slot)
{
	RowEncoder *row = modify->row;

	check_constraints(estate, rinfo, slot, rinfo->ri_RootResultRelInfo != NULL);
	row_encoder_begin(row, slot, row->key_attrs);
	row_encoder_insert(row, slot);
	sender_put(modify->sender, row->key, row->mutations, row->nmutations);
}

/* ---- cells ---- */

static void
end_cell(BigtableModify *modify)
{
	if (!modify->wait_for_each_row)
		return;
	cell_writer_flush(modify->cells);
	sender_finish(modify->sender);
}

/* Puts the timestamp that a cell got into its slot, if anybody looks there. */
static void
store_timestamp(const BigtableModify *modify, const ResultRelInfo *rinfo,
				TupleTableSlot *slot, TimestampTz timestamp)
{
	int attr = cell_layout_column(modify->table, COLUMN_TIMESTAMP)->attnum - 1;
	MemoryContext old;
	HeapTuple tuple;
	Datum *values;
	bool *isnull;
	Size natts = (Size) slot->tts_tupleDescriptor->natts;

	if (rinfo->ri_projectReturning == NULL && rinfo->ri_TrigDesc == NULL)
		return;
	slot_getallattrs(slot);
	if (!slot->tts_isnull[attr])
		return;
	old = MemoryContextSwitchTo(slot->tts_mcxt);
	values =
		memcpy(palloc(sizeof(Datum) * natts), slot->tts_values, sizeof(Datum) * natts);
	isnull = memcpy(palloc(sizeof(bool) * natts), slot->tts_isnull, sizeof(bool) * natts);
	values[attr] = TimestampTzGetDatum(timestamp);
	isnull[attr] = false;
	tuple = heap_form_tuple(slot->tts_tupleDescriptor, values, isnull);
	tuple->t_tableOid = slot->tts_tableOid;
	ExecForceStoreHeapTuple(tuple, slot, true);
	pfree(values);
	pfree(isnull);
	MemoryContextSwitchTo(old);
}

static TupleTableSlot *
insert_cell(BigtableModify *modify, EState *estate, ResultRelInfo *rinfo,
			TupleTableSlot *slot)
{
	TimestampTz timestamp;

	check_constraints(estate, rinfo, slot, rinfo->ri_RootResultRelInfo != NULL);
	timestamp = cell_writer_insert(modify->cells, slot);
	end_cell(modify);
	store_timestamp(modify, rinfo, slot, timestamp);
	return slot;
}

/* The cell that is to be changed. */
static CellIdentity
old_cell(const BigtableModify *modify, TupleTableSlot *plan_slot)
{
	Datum parts[CELL_IDENTITY_PARTS];

	for (int i = 0; i < CELL_IDENTITY_PARTS; i++)
	{
		bool isnull;

		parts[i] = ExecGetJunkAttribute(plan_slot, modify->cell_junk[i], &isnull);
		if (isnull)
			elog(ERROR, "part of a cell is null");
	}
	return (CellIdentity){parts[0], parts[1], parts[2], parts[3]};
}

static TupleTableSlot *
update_cell(BigtableModify *modify, EState *estate, ResultRelInfo *rinfo,
			TupleTableSlot *slot, TupleTableSlot *plan_slot)
{
	CellIdentity cell = old_cell(modify, plan_slot);
	TimestampTz timestamp;

	check_constraints(estate, rinfo, slot, false);
	if (!cell_writer_update(modify->cells, &cell, slot, &timestamp))
		return NULL;
	end_cell(modify);
	store_timestamp(modify, rinfo, slot, timestamp);
	return slot;
}

/* Returns false if the cell has been deleted before. */
static bool
delete_cell(BigtableModify *modify, TupleTableSlot *plan_slot)
{
	CellIdentity cell = old_cell(modify, plan_slot);

	if (!cell_writer_delete(modify->cells, &cell))
		return false;
	end_cell(modify);
	return true;
}

/* How many rows have been found to exist, and skipped. */
static uint64
skipped_rows(const BigtableModify *modify)
{
	return sender_counters(modify->sender).rows_skipped;
}

TupleTableSlot **
bigtable_exec_batch_insert(EState *estate, ResultRelInfo *rinfo, TupleTableSlot **slots,
						   TupleTableSlot **plan_slots, int *nslots)
{
	BigtableModify *modify = rinfo->ri_FdwState;
	uint64 skipped = skipped_rows(modify);

	for (int i = 0; i < *nslots; i++)
		insert_row(modify, estate, rinfo, slots[i]);
	sender_finish(modify->sender);

	/* Nobody looks at the slots of a batch, but they are counted. */
	*nslots -= (int) (skipped_rows(modify) - skipped);
	return slots;
}

/* ---- changes of rows ---- */

/* Has the row at hand been changed by this statement before? */
static bool
is_seen(BigtableModify *modify)
{
	bt_span key = modify->row->key;
	bool found = false;
	KeyEntry *entry;
	uint8 *bytes;

	if (modify->seen == NULL)
		return false;
	if (keyset_lookup(modify->seen, key) != NULL)
		return true;
	bytes = MemoryContextAlloc(modify->context, key.len);
	memcpy(bytes, key.data, key.len);
	entry = keyset_insert(modify->seen, bt_span_make(bytes, key.len), &found);
	(void) entry;
	return found;
}

/* Is the key the same in two rows, value by value? */
static bool
has_same_key(const BigtableModify *modify, TupleTableSlot *slot,
			 TupleTableSlot *plan_slot)
{
	const RowKey *key = &modify->table->row_key;

	for (int i = 0; i < key->nparts; i++)
	{
		const ColumnMapping *column = key->parts[i].column;
		bool isnull;
		bool old_isnull;
		Datum value = slot_getattr(slot, column->attnum, &isnull);
		Datum old = slot_getattr(plan_slot, modify->key_junk[i], &old_isnull);

		if (isnull || old_isnull ||
			!datum_image_eq(value, old, get_typbyval(column->typid),
							get_typlen(column->typid)))
			return false;
	}
	return true;
}

/* Does SET name a part of the key? */
static bool
changes_key(const BigtableModify *modify, Bitmapset *changed)
{
	const RowKey *key = &modify->table->row_key;

	for (int i = 0; i < key->nparts; i++)
		if (bms_is_member(key->parts[i].column->attnum, changed))
			return true;
	return false;
}

/* A key cannot change; it may be set to what it is. */
static void
check_key(BigtableModify *modify, TupleTableSlot *slot, TupleTableSlot *plan_slot)
{
	RowEncoder *row = modify->row;
	bt_span new_key;

	if (has_same_key(modify, slot, plan_slot))
		return;
	row_encoder_begin(row, slot, row->key_attrs);
	new_key = bt_span_make(memcpy(palloc(row->key.len), row->key.data, row->key.len),
						   row->key.len);
	row_encoder_begin(row, plan_slot, modify->key_junk);
	if (!bt_span_equal(new_key, row->key))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot change row key %s of foreign table \"%s\" to %s",
						quoted(row->key), modify->table->relname, quoted(new_key)),
				 errhint("Insert a row with the new key, and delete the old one.")));
}

/* The attributes in which two rows differ, of those that are not keys. */
static Bitmapset *
compare_rows(const TableMapping *table, TupleTableSlot *old, TupleTableSlot *new)
{
	Bitmapset *result = NULL;

	slot_getallattrs(old);
	slot_getallattrs(new);
	for (int i = 0; i < table->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(new->tts_tupleDescriptor, i);

		if (attr->attisdropped)
			continue;
		if (old->tts_isnull[i] != new->tts_isnull[i] ||
			(!new->tts_isnull[i] &&
			 !datum_image_eq(old->tts_values[i], new->tts_values[i], attr->attbyval,
							 attr->attlen)))
			result = bms_add_member(result, i + 1);
	}
	return result;
}

/* Is a cell in a column that the row at hand's mutations delete? */
static bool
is_deleted(const RowEncoder *row, const bt_cell *cell)
{
	for (int i = 0; i < row->nmutations; i++)
		if (bt_span_equal(row->mutations[i].family, cell->family) &&
			(row->mutations[i].kind == BT_DELETE_FAMILY ||
			 bt_span_equal(row->mutations[i].qualifier, cell->qualifier)))
			return true;
	return false;
}

/* Does a stream of one row have a cell that stays? */
static bool
read_other_cell(BigtableModify *modify, bt_row_reader *reader)
{
	Connection *connection = sender_connection(modify->sender);
	bt_status status;
	bt_row row;

	for (;;)
	{
		switch (bt_row_reader_next(reader, &row, &status))
		{
			case BT_READ_ROW:
				for (size_t i = 0; i < row.ncells; i++)
					if (!is_deleted(modify->row, &row.cells[i]))
						return true;
				break;
			case BT_READ_DONE:
				return false;
			case BT_READ_INTERRUPTED:
				CHECK_FOR_INTERRUPTS();
				break;
			case BT_READ_ERROR:
				connection_report(connection, modify->table, &status, "read");
		}
	}
}

/*
 * Has the row at hand a cell besides those that its mutations delete?  Cells
 * that no column of the foreign table maps count, so the row is read.
 */
static bool
keeps_a_cell(BigtableModify *modify)
{
	Connection *connection = sender_connection(modify->sender);
	bt_arena arena = arena_in_context(modify->row->context);
	bt_filter *filter = bt_filter_make(&arena, BT_FILTER_CHAIN);
	bt_row_set rows;
	bt_read_spec spec = {.kind = modify->table->kind,
						 .resource = modify->table->resource,
						 .app_profile = modify->table->app_profile,
						 .rows = &rows,
						 .retry = modify->table->retry};
	bt_row_reader *reader;
	volatile bool result = false;

	bt_filter_add(&arena, filter,
				  bt_filter_make_limit(&arena, BT_FILTER_COLUMN_LIMIT, 1));
	spec.filter =
		bt_filter_add(&arena, filter, bt_filter_make(&arena, BT_FILTER_STRIP_VALUE));
	bt_row_set_init(&rows, &arena);
	arena_check(spec.filter != NULL &&
				bt_row_set_add(&rows, bt_range_key(modify->row->key)));
	reader = bt_row_reader_create(connection_channel(connection), connection_host());
	arena_check(reader != NULL);
	PG_TRY();
	{
		bt_status status;

		if (!bt_row_reader_start(reader, &spec, &status))
			connection_report(connection, modify->table, &status, "read");
		result = read_other_cell(modify, reader);
	}
	PG_FINALLY();
	{
		bt_row_reader_free(reader);
	}
	PG_END_TRY();
	return result;
}

/*
 * Is a row to be skipped that is held back?  What would be found at the end of
 * the statement has to be known now.
 */
static bool
skips_held_row(BigtableModify *modify, TupleTableSlot *slot)
{
	row_encoder_begin(modify->row, slot, modify->row->key_attrs);
	return is_seen(modify) || keeps_a_cell(modify);
}

TupleTableSlot *
bigtable_exec_insert(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					 TupleTableSlot *plan_slot)
{
	BigtableModify *modify = rinfo->ri_FdwState;
	uint64 skipped;

	if (modify->cells != NULL)
		return insert_cell(modify, estate, rinfo, slot);
	if (modify->mode == SENDER_SKIP && modify->holds_rows && skips_held_row(modify, slot))
		return NULL;
	insert_row(modify, estate, rinfo, slot);
	if ((modify->mode != SENDER_SKIP || modify->holds_rows) && !modify->wait_for_each_row)
		return slot;
	skipped = modify->skipped;
	sender_finish(modify->sender);
	modify->skipped = skipped_rows(modify);
	return modify->skipped == skipped ? slot : NULL;
}

static void
check_row_remains(BigtableModify *modify)
{
	if (keeps_a_cell(modify))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("cannot leave row %s of foreign table \"%s\" without any cell",
					quoted(modify->row->key), modify->table->relname),
			 errdetail("In Bigtable a row is its cells: without any, it would no longer "
					   "exist."),
			 errhint("Use DELETE to remove the row.")));
}

TupleTableSlot *
bigtable_exec_update(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					 TupleTableSlot *plan_slot)
{
	BigtableModify *modify = rinfo->ri_FdwState;
	RowEncoder *row = modify->row;
	Bitmapset *changed = modify->changed;
	bool has_value;

	if (modify->cells != NULL)
		return update_cell(modify, estate, rinfo, slot, plan_slot);
	row_encoder_begin(row, plan_slot, modify->key_junk);
	if (is_seen(modify))
		return NULL;
	check_constraints(estate, rinfo, slot, false);
	if (modify->compare_rows)
		changed = compare_rows(modify->table, rinfo->ri_oldTupleSlot, slot);
	if (changes_key(modify, changed))
		check_key(modify, slot, plan_slot);
	if (bms_is_empty(changed))
		return slot;
	row->old_slot = rinfo->ri_oldTupleSlot;
	has_value = row_encoder_update(row, slot, changed);
	if (row->nmutations == 0)
		return slot;
	if (!has_value)
		check_row_remains(modify);
	put_row(modify);
	return slot;
}

/* Returns false if the row has been deleted before. */
static bool
delete_row(BigtableModify *modify, TupleTableSlot *plan_slot)
{
	row_encoder_begin(modify->row, plan_slot, modify->key_junk);
	if (is_seen(modify))
		return false;
	row_encoder_delete(modify->row);
	put_row(modify);
	return true;
}

TupleTableSlot *
bigtable_exec_delete(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					 TupleTableSlot *plan_slot)
{
	BigtableModify *modify = rinfo->ri_FdwState;
	bool isnull;

	if (modify->cells != NULL ? !delete_cell(modify, plan_slot)
							  : !delete_row(modify, plan_slot))
		return NULL;

	/* The old row, where RETURNING wants it. */
	if (AttributeNumberIsValid(modify->row_junk))
	{
		Datum old = ExecGetJunkAttribute(plan_slot, modify->row_junk, &isnull);

		if (!isnull)
			ExecStoreHeapTupleDatum(old, slot);
	}
	return slot;
}

void
bigtable_end_modify(EState *estate, ResultRelInfo *rinfo)
{
	BigtableModify *modify = rinfo->ri_FdwState;

	if (modify == NULL || modify->sender == NULL)
		return;
	if (modify->cells != NULL)
		cell_writer_flush(modify->cells);
	sender_complete(modify->sender);
}

/* ---- EXPLAIN ---- */

void
bigtable_explain_modify(ModifyTableState *mtstate, ResultRelInfo *rinfo,
						List *fdw_private, int subplan_index, ExplainState *es)
{
	const BigtableModify *modify = rinfo->ri_FdwState;
	const TableMapping *table = modify->table;
	int batch_size = table->write.batch_size;
	SenderCounters counters;

	ExplainPropertyText("Bigtable Table",
						es->verbose ? table->resource : table->remote_name, es);
	if (mtstate->operation == CMD_INSERT &&
		(es->verbose || modify->mode != SENDER_CHANGE))
		ExplainPropertyText("Insert Mode",
							modify->mode == SENDER_SKIP     ? "skip existing"
							: modify->mode == SENDER_INSERT ? "strict"
															: "upsert",
							es);
	if (mtstate->operation != CMD_DELETE && (es->verbose || table->write.replace))
		ExplainPropertyText("Write Mode", table->write.replace ? "replace" : "append",
							es);
	if (modify->mode == SENDER_CHANGE)
		ExplainPropertyInteger("Batch Size", NULL,
							   modify->wait_for_each_row ? 1
							   : batch_size > 0          ? batch_size
														 : BT_MUTATOR_BATCH_ENTRIES,
							   es);
	if (!es->analyze || modify->sender == NULL)
		return;

	/* Nothing may be under way any more when it is counted. */
	if (modify->cells != NULL)
		cell_writer_flush(modify->cells);
	sender_finish(modify->sender);
	counters = sender_counters(modify->sender);
	ExplainPropertyInteger("Requests", NULL, (int64) counters.requests, es);
	if (counters.retries > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("Retries", NULL, (int64) counters.retries, es);
	if (modify->mode == SENDER_CHANGE)
		ExplainPropertyInteger("Bytes Sent", NULL, (int64) counters.bytes, es);
	ExplainPropertyInteger("Rows Written", NULL, (int64) counters.rows_written, es);
}

/* ---- TRUNCATE ---- */

static void
check_truncatable(const TableMapping *table)
{
	const char *reason = NULL;

	check_writable(table);
	if (!table->write.truncatable)
		reason = "Its option \"truncatable\" is false.";
	else if (table->kind != BT_RESOURCE_TABLE)
		reason = "It is an authorized view of Bigtable.";
	if (reason != NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("cannot truncate foreign table \"%s\"", table->relname),
						errdetail("%s", reason)));
}

static void
truncate_table(const TableMapping *table)
{
	Connection *connection = connection_acquire(table, GetUserId());
	bt_unary *volatile call = NULL;

	PG_TRY();
	{
		Connection *admin = connection_admin(connection);
		bt_unary_result result;
		bt_status status;

		call = bt_admin_drop_row_range(connection_channel(admin), connection_write_host(),
									   table->table_resource, bt_span_make(NULL, 0), true,
									   &table->retry);
		arena_check(call != NULL);
		while ((result = bt_unary_run(call, &status)) == BT_UNARY_INTERRUPTED)
			CHECK_FOR_INTERRUPTS();
		if (result != BT_UNARY_DONE)
			connection_report_once(admin, table, &status, "truncate");
	}
	PG_FINALLY();
	{
		bt_unary_free(call);
		connection_release(connection);
	}
	PG_END_TRY();
}

void
bigtable_truncate(List *rels, DropBehavior behavior, bool restart_seqs)
{
	List *tables = NIL;
	ListCell *cell;

	foreach (cell, rels)
	{
		Relation rel = lfirst(cell);
		TableMapping *table = mapping_load(RelationGetRelid(rel));

		check_truncatable(table);
		as_of_check_write(table);
		tables = lappend(tables, table);
	}
	foreach (cell, tables)
		truncate_table(lfirst(cell));
}
