/*-------------------------------------------------------------------------
 *
 * lookup_join.c
 *	  Executes lookup joins.
 *
 * Batch by batch: take outer rows, work out which row keys each of them asks
 * for, scan the inner table for all of them, and pair each row that comes with
 * the outer rows that asked for its key.  An inner row is seen once, when it
 * comes, and never kept, so that memory is that of a batch of outer rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/explain.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"

#include "arena.h"
#include "compat.h"
#include "explain.h"
#include "key_condition.h"
#include "lookup_join.h"
#include "lookup_table.h"
#include "scan.h"

/* A batch is closed when its outer rows have that many bytes. */
#define MAX_BATCH_BYTES ((Size) 16 * 1024 * 1024)

/* The first batch where not all rows may be wanted; later ones are twice as large. */
#define SMALL_BATCH 32

typedef enum LookupPhase
{
	PHASE_FILL,     /* a batch is to be made */
	PHASE_MATCH,    /* inner rows of the batch come */
	PHASE_UNMATCHED /* outer rows of the batch that had no match */
} LookupPhase;

typedef struct LookupJoin
{
	CustomScanState css; /* first: PostgreSQL's own state */
	LookupPlan plan;
	PlanState *outer;
	ForeignScanState *inner;
	KeyCondition *condition; /* which keys an outer row asks for */
	ExprState *matching;     /* of pairs, besides the keys; NULL: nothing */
	ExprState *rechecked;    /* the same with the keys, for EvalPlanQual */

	/* The batch. */
	MemoryContext batch; /* its rows, keys and row set */
	bt_arena arena;
	bt_row_set keys;
	LookupTable *table; /* lives as long as the join */
	int batch_size;     /* rows to take */
	int nrows;
	int capacity;
	MinimalTuple *rows;
	bool *matched;
	List *wide_rows; /* numbers of rows that ask for ranges of keys */
	bool outer_done;

	/* Where we are in it. */
	LookupPhase phase;
	TupleTableSlot *outer_slot;
	TupleTableSlot *inner_slot; /* the inner row at hand, or NULL */
	int entry;                  /* of the table, the next to pair it with; -1: none */
	int wide;                   /* of wide_rows, likewise, after the entries */
	bool is_unsure;             /* the keys say nothing about the pair at hand */
	int row;                    /* UNMATCHED, EvalPlanQual: the next outer row */

	/* For EXPLAIN. */
	int64 nbatches;
	int64 nkeys;
} LookupJoin;

static Node *create_state(CustomScan *plan);
static void begin(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *execute(CustomScanState *node);
static void end(CustomScanState *node);
static void rescan(CustomScanState *node);
static void explain(CustomScanState *node, List *ancestors, ExplainState *es);

const CustomScanMethods lookup_join_scan_methods = {
	.CustomName = "BigtableLookupJoin",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "BigtableLookupJoin",
	.BeginCustomScan = begin,
	.ExecCustomScan = execute,
	.EndCustomScan = end,
	.ReScanCustomScan = rescan,
	.ExplainCustomScan = explain,
};

/* ---- beginning and end ---- */

static Node *
create_state(CustomScan *plan)
{
	LookupJoin *join = palloc0(sizeof(LookupJoin));

	NodeSetTag(join, T_CustomScanState);
	join->css.methods = &exec_methods;
	return (Node *) join;
}

/* What restores the references to columns of the inner relation. */
typedef struct InnerColumns
{
	List *columns; /* of the scan tuple */
	Index varno;   /* of the inner relation */
} InnerColumns;

/*
 * The planner has made all columns references to the scan tuple; what is
 * pushed down must be about the inner relation's.
 */
static Node *
restore_inner(Node *node, InnerColumns *inner)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && ((Var *) node)->varno == INDEX_VAR)
	{
		TargetEntry *entry =
			list_nth_node(TargetEntry, inner->columns, ((Var *) node)->varattno - 1);

		if (IsA(entry->expr, Var) && (Index) ((Var *) entry->expr)->varno == inner->varno)
			return copyObject((Node *) entry->expr);
		return node;
	}
	return expression_tree_mutator(node, restore_inner, inner);
}

/* Prepares the clauses.  Those that the keys themselves satisfy are not checked. */
static void
init_clauses(LookupJoin *join, CustomScan *plan)
{
	PlanState *state = &join->css.ss.ps;
	const BigtableScan *scan = join->inner->fdw_state;
	Index varno = ((Scan *) join->inner->ss.ps.plan)->scanrelid;
	InnerColumns inner = {plan->custom_scan_tlist, varno};
	List *keys = list_copy_head(plan->custom_exprs, join->plan.nkey_clauses);
	List *matching = list_copy_tail(plan->custom_exprs, join->plan.nkey_clauses);
	List *exact = NIL;

	join->rechecked = ExecInitQual(matching, state);
	join->condition = key_condition_compile(
		scan->table, varno, (List *) restore_inner((Node *) keys, &inner));
	key_condition_prepare(join->condition, state);
	for (int i = 0; i < list_length(keys); i++)
		if (key_condition_is_exact(join->condition, i))
			exact = lappend(exact, list_nth(keys, i));
	join->matching = ExecInitQual(list_difference(matching, exact), state);
}

static void
begin(CustomScanState *node, EState *estate, int eflags)
{
	LookupJoin *join = (LookupJoin *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;

	join->plan = lookup_plan_read(plan);
	join->outer = ExecInitNode(linitial(plan->custom_plans), estate, eflags);
	join->inner = castNode(ForeignScanState,
						   ExecInitNode(lsecond(plan->custom_plans), estate, eflags));
	node->custom_ps = list_make2(join->outer, join->inner);
	init_clauses(join, plan);
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0)
		return;

	join->outer_slot = ExecInitExtraTupleSlot(estate, ExecGetResultType(join->outer),
											  &TTSOpsMinimalTuple);
	join->batch = AllocSetContextCreate(estate->es_query_cxt, "bigtable_fdw lookups",
										ALLOCSET_DEFAULT_SIZES);
	join->arena = arena_in_context(join->batch);
	join->capacity = SMALL_BATCH;
	join->rows = palloc(sizeof(MinimalTuple) * join->capacity);
	join->matched = palloc(sizeof(bool) * join->capacity);
	join->table = lookup_table_create(join->capacity);
	join->batch_size =
		join->plan.grows ? Min(SMALL_BATCH, lookup_batch_size) : lookup_batch_size;
}

static void
end(CustomScanState *node)
{
	LookupJoin *join = (LookupJoin *) node;

	ExecEndNode(join->outer);
	ExecEndNode(&join->inner->ss.ps);
}

static void
rescan(CustomScanState *node)
{
	LookupJoin *join = (LookupJoin *) node;
	ListCell *cell;

	foreach (cell, node->custom_ps)
	{
		PlanState *child = lfirst(cell);

		if (node->ss.ps.chgParam != NULL)
			UpdateChangedParamSet(child, node->ss.ps.chgParam);
	}
	/* The inner scan begins anew with each batch anyway. */
	if (join->outer->chgParam == NULL)
		ExecReScan(join->outer);
	join->phase = PHASE_FILL;
	join->outer_done = false;
	join->inner_slot = NULL;
}

/* ---- the scan tuple ---- */

static void
copy_columns(TupleTableSlot *to, int first, TupleTableSlot *from, int n)
{
	slot_getsomeattrs(from, n);
	memcpy(to->tts_values + first, from->tts_values, sizeof(Datum) * n);
	memcpy(to->tts_isnull + first, from->tts_isnull, sizeof(bool) * n);
}

/* Makes the scan tuple of an outer row and the inner row at hand, if there is one. */
static void
make_scan_tuple(LookupJoin *join, int row)
{
	TupleTableSlot *slot = join->css.ss.ss_ScanTupleSlot;
	int nouter = join->plan.nouter;
	int ninner = join->plan.ninner;

	ExecClearTuple(slot);
	ExecStoreMinimalTuple(join->rows[row], join->outer_slot, false);
	copy_columns(slot, 0, join->outer_slot, nouter);
	if (join->inner_slot != NULL)
		copy_columns(slot, nouter, join->inner_slot, ninner);
	else
		memset(slot->tts_isnull + nouter, true, sizeof(bool) * ninner);
	memset(slot->tts_isnull + nouter + ninner, true,
		   sizeof(bool) * (slot->tts_tupleDescriptor->natts - nouter - ninner));
	ExecStoreVirtualTuple(slot);
	join->css.ss.ps.ps_ExprContext->ecxt_scantuple = slot;
}

/* ---- batches ---- */

/* Takes over an outer row; the current memory context is the batch's. */
static void
keep_row(LookupJoin *join, TupleTableSlot *slot)
{
	if (join->nrows == join->capacity)
	{
		join->capacity *= 2;
		join->rows = repalloc(join->rows, sizeof(MinimalTuple) * join->capacity);
		join->matched = repalloc(join->matched, sizeof(bool) * join->capacity);
	}
	join->rows[join->nrows] = ExecCopySlotMinimalTuple(slot);
	join->matched[join->nrows] = false;
	join->nrows++;
}

/*
 * Adds the keys that an outer row asks for to the batch's.  If they are too many
 * to be named (see MAX_KEY_PRODUCT), they are a range, and any row in it may be
 * one.
 */
static void
add_keys(LookupJoin *join, int row)
{
	bt_row_set set;
	bool is_wide = false;

	make_scan_tuple(join, row);
	if (!key_condition_evaluate(join->condition, join->css.ss.ps.ps_ExprContext,
								&join->arena, &set))
		elog(ERROR, "clause of a lookup join cannot be evaluated");
	for (size_t i = 0; i < set.nranges; i++)
	{
		bt_span key;

		if (bt_range_is_key(&set.ranges[i], &key))
			lookup_table_add(join->table, key, row);
		else
			is_wide = true;
		arena_check(bt_row_set_add(&join->keys, set.ranges[i]));
	}
	if (is_wide)
		join->wide_rows = lappend_int(join->wide_rows, row);
}

/* Takes outer rows, as many as a batch has, or all that are left. */
static void
take_rows(LookupJoin *join)
{
	while (join->nrows < join->batch_size &&
		   MemoryContextMemAllocated(join->batch, true) < MAX_BATCH_BYTES)
	{
		TupleTableSlot *slot = ExecProcNode(join->outer);
		MemoryContext old;

		if (TupIsNull(slot))
		{
			join->outer_done = true;
			return;
		}
		old = MemoryContextSwitchTo(join->batch);
		keep_row(join, slot);
		add_keys(join, join->nrows - 1);
		MemoryContextSwitchTo(old);
	}
}

/* Makes the next batch and begins its inner scan.  Returns false at the end. */
static bool
fill_batch(LookupJoin *join)
{
	if (join->outer_done)
		return false;
	MemoryContextReset(join->batch);
	lookup_table_reset(join->table);
	join->nrows = 0;
	join->inner_slot = NULL;
	join->wide_rows = NIL;
	join->entry = -1;
	join->row = 0;
	bt_row_set_init(&join->keys, &join->arena);
	take_rows(join);
	join->batch_size = Min(join->batch_size * 2, lookup_batch_size);
	if (join->nrows == 0)
		return false;

	bt_row_set_normalize(&join->keys);
	join->nbatches++;
	join->nkeys += (int64) join->keys.nranges;
	scan_restrict(join->inner, &join->keys);
	ExecReScan(&join->inner->ss.ps);
	return true;
}

/* ---- pairs ---- */

static bool
is_recheck(const LookupJoin *join)
{
	return join->css.ss.ps.state->es_epq_active != NULL;
}

/* Steps to the next inner row.  Returns false at the end. */
static bool
next_inner(LookupJoin *join)
{
	TupleTableSlot *slot = ExecProcNode(&join->inner->ss.ps);

	join->inner_slot = TupIsNull(slot) ? NULL : slot;
	if (join->inner_slot == NULL)
		return false;
	slot_getallattrs(slot);
	join->row = 0;
	join->wide = 0;
	if (!is_recheck(join))
		join->entry = lookup_table_first(join->table, scan_row_key(join->inner));
	return true;
}

/*
 * The next outer row that asks for the inner row at hand; -1: none.  In a
 * recheck the inner row does not come from Bigtable: any may be it.
 */
static int
next_candidate(LookupJoin *join)
{
	int row;

	join->is_unsure = true;
	if (is_recheck(join))
		return join->row < join->nrows ? join->row++ : -1;
	if (join->entry >= 0)
	{
		join->is_unsure = false;
		row = join->table->entries[join->entry].row;
		join->entry = lookup_table_next(join->table, join->entry);
		return row;
	}
	return join->wide < list_length(join->wide_rows)
			   ? list_nth_int(join->wide_rows, join->wide++)
			   : -1;
}

/* Does the scan tuple satisfy what pairs must? */
static bool
is_match(LookupJoin *join)
{
	return ExecQual(join->is_unsure ? join->rechecked : join->matching,
					join->css.ss.ps.ps_ExprContext);
}

/* Finds the next pair of the batch to give out, and makes its scan tuple. */
static bool
next_pair(LookupJoin *join)
{
	for (;;)
	{
		int row;

		CHECK_FOR_INTERRUPTS();
		if (join->inner_slot == NULL && !next_inner(join))
			return false;
		row = next_candidate(join);
		if (row < 0)
		{
			join->inner_slot = NULL;
			continue;
		}
		if (join->matched[row] &&
			(join->plan.jointype == JOIN_SEMI || join->plan.jointype == JOIN_ANTI))
			continue;
		ResetExprContext(join->css.ss.ps.ps_ExprContext);
		make_scan_tuple(join, row);
		if (!is_match(join))
			continue;
		join->matched[row] = true;
		if (join->plan.jointype != JOIN_ANTI)
			return true;
	}
}

/* Finds the next outer row without a match, and makes its scan tuple. */
static bool
next_unmatched(LookupJoin *join)
{
	while (join->row < join->nrows)
	{
		int row = join->row++;

		if (join->matched[row])
			continue;
		ResetExprContext(join->css.ss.ps.ps_ExprContext);
		make_scan_tuple(join, row);
		return true;
	}
	return false;
}

/* Makes the next scan tuple of the join.  Returns false at the end. */
static bool
next_scan_tuple(LookupJoin *join)
{
	for (;;)
	{
		switch (join->phase)
		{
			case PHASE_FILL:
				if (!fill_batch(join))
					return false;
				join->phase = PHASE_MATCH;
				break;
			case PHASE_MATCH:
				if (next_pair(join))
					return true;
				join->row = 0;
				join->phase =
					IS_OUTER_JOIN(join->plan.jointype) ? PHASE_UNMATCHED : PHASE_FILL;
				break;
			case PHASE_UNMATCHED:
				if (next_unmatched(join))
					return true;
				join->phase = PHASE_FILL;
				break;
		}
	}
}

static TupleTableSlot *
execute(CustomScanState *node)
{
	LookupJoin *join = (LookupJoin *) node;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	while (next_scan_tuple(join))
	{
		if (!ExecQual(node->ss.ps.qual, econtext))
		{
			InstrCountFiltered1(node, 1);
			continue;
		}
		return node->ss.ps.ps_ProjInfo != NULL ? ExecProject(node->ss.ps.ps_ProjInfo)
											   : node->ss.ss_ScanTupleSlot;
	}
	return NULL;
}

/* ---- EXPLAIN ---- */

static const char *
join_name(JoinType jointype)
{
	switch (jointype)
	{
		case JOIN_LEFT:
			return "Left";
		case JOIN_SEMI:
			return "Semi";
		case JOIN_ANTI:
			return "Anti";
		default:
			return "Inner";
	}
}

static void
explain_clauses(CustomScanState *node, const char *label, List *clauses, List *ancestors,
				ExplainState *es)
{
	List *context;

	if (clauses == NIL)
		return;
	context = set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan, ancestors);
	ExplainPropertyText(
		label,
		deparse_expression((Node *) make_ands_explicit(clauses), context, true, false),
		es);
}

static void
explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	LookupJoin *join = (LookupJoin *) node;
	List *exprs = ((CustomScan *) node->ss.ps.plan)->custom_exprs;
	List *keys = list_copy_head(exprs, join->plan.nkey_clauses);
	List *others = list_difference(list_copy_tail(exprs, join->plan.nkey_clauses), keys);

	ExplainPropertyText("Join Type", join_name(join->plan.jointype), es);
	explain_clauses(node, "Key Condition", keys, ancestors, es);
	explain_clauses(node, "Join Filter", others, ancestors, es);
	if (!es->analyze)
		return;
	ExplainPropertyInteger("Batches", NULL, join->nbatches, es);
	ExplainPropertyInteger("Keys", NULL, join->nkeys, es);
}
