/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between PostgreSQL 15, 16, 17 and 18.
 *
 * Every test of PG_VERSION_NUM in the project is here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_COMPAT_H
#define BIGTABLE_FDW_COMPAT_H

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "catalog/pg_foreign_server.h"
#include "commands/explain.h"
#include "commands/vacuum.h"
#include "common/jsonapi.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "parser/parsetree.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/pg_locale.h"
#include "utils/rangetypes.h"
#include "utils/rel.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "soft_error.h"

#if PG_VERSION_NUM < 150000
#error "bigtable_fdw needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "nodes/multibitmapset.h"
#include "varatt.h"
#endif

#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#include "storage/waiteventset.h"
#endif

/* 17 added fdw_restrictinfo, 18 disabled_nodes. */
static inline ForeignPath *
compat_create_foreignscan_path(PlannerInfo *root, RelOptInfo *rel, double rows,
							   Cost startup_cost, Cost total_cost, List *pathkeys,
							   Relids required_outer, List *fdw_private)
{
	return create_foreignscan_path(root, rel, NULL, rows,
#if PG_VERSION_NUM >= 180000
								   0,
#endif
								   startup_cost, total_cost, pathkeys, required_outer,
								   NULL,
#if PG_VERSION_NUM >= 170000
								   NIL,
#endif
								   fdw_private);
}

/* 16 gave up nullable_relids. */
static inline List *
compat_build_expression_pathkey(PlannerInfo *root, Expr *expr, Oid opno, Relids rel)
{
#if PG_VERSION_NUM >= 160000
	return build_expression_pathkey(root, expr, opno, rel, false);
#else
	return build_expression_pathkey(root, expr, NULL, opno, rel, false);
#endif
}

/* The user whose rights a scan runs with: the owner of a view, say. */
static inline Oid
compat_scan_user(ForeignScanState *node)
{
	Oid userid;

#if PG_VERSION_NUM >= 160000
	userid = ((ForeignScan *) node->ss.ps.plan)->checkAsUser;
#else
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	int rtindex = plan->scan.scanrelid > 0 ? (int) plan->scan.scanrelid
										   : bms_next_member(plan->fs_relids, -1);

	userid = exec_rt_fetch(rtindex, node->ss.ps.state)->checkAsUser;
#endif
	return OidIsValid(userid) ? userid : GetUserId();
}

/* Makes that a user of a scan that no plan is of. */
static inline void
compat_set_scan_user(EState *estate, ForeignScan *plan, Relation relation, Oid userid)
{
#if PG_VERSION_NUM >= 160000
	plan->checkAsUser = userid;
#else
	RangeTblEntry *rte = makeNode(RangeTblEntry);

	rte->rtekind = RTE_RELATION;
	rte->relid = RelationGetRelid(relation);
	rte->relkind = relation->rd_rel->relkind;
	rte->rellockmode = AccessShareLock;
	rte->checkAsUser = userid;
	ExecInitRangeTable(estate, list_make1(rte));
#endif
}

/* ANALYZE may have been told to take its time. */
static inline void
compat_analyze_delay(void)
{
#if PG_VERSION_NUM >= 180000
	vacuum_delay_point(true);
#else
	vacuum_delay_point();
#endif
}

/* A range that is not empty; 16 added a place for soft errors. */
static inline RangeType *
compat_make_range(TypeCacheEntry *type, RangeBound *lower, RangeBound *upper)
{
#if PG_VERSION_NUM >= 160000
	return make_range(type, lower, upper, false, NULL);
#else
	return make_range(type, lower, upper, false);
#endif
}

/* A wait event, as pg_stat_activity names it; before 17, all extensions have one. */
static inline uint32
compat_wait_event(const char *name)
{
#if PG_VERSION_NUM >= 170000
	return WaitEventExtensionNew(name);
#else
	return PG_WAIT_EXTENSION;
#endif
}

/* The user whose rights a write runs with. */
static inline Oid
compat_modify_user(ResultRelInfo *rinfo, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	return ExecGetResultRelCheckAsUser(rinfo, estate);
#else
	Oid userid = InvalidOid;

	/* A partition that rows are routed to has no entry of its own. */
	while (rinfo->ri_RangeTableIndex == 0 && rinfo->ri_RootResultRelInfo != NULL)
		rinfo = rinfo->ri_RootResultRelInfo;
	if (rinfo->ri_RangeTableIndex != 0)
		userid = exec_rt_fetch(rinfo->ri_RangeTableIndex, estate)->checkAsUser;
	return OidIsValid(userid) ? userid : GetUserId();
#endif
}

/* May a user make use of a server? */
static inline AclResult
compat_server_aclcheck(Oid serverid, Oid userid)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ForeignServerRelationId, serverid, userid, ACL_USAGE);
#else
	return pg_foreign_server_aclcheck(serverid, userid, ACL_USAGE);
#endif
}

/* 18 lets RETURNING name the old row. */
static inline bool
compat_returning_wants_old(const ModifyTable *plan)
{
#if PG_VERSION_NUM >= 180000
	return plan->returningOldAlias != NULL &&
		   contain_vars_returning_old_or_new((Node *) plan->returningLists);
#else
	return false;
#endif
}

/* Does a collation sort as memcmp() does? */
static inline bool
compat_collation_is_c(Oid collation)
{
#if PG_VERSION_NUM >= 180000
	return pg_newlocale_from_collation(collation)->collate_is_c;
#else
	return lc_collate_is_c(collation);
#endif
}

/*
 * Must these clauses be false or NULL for rows in which the column is NULL?
 * "clauses" is a List of expressions that are ANDed.
 */
static inline bool
compat_clauses_reject_null(List *clauses, Index varno, AttrNumber attnum)
{
#if PG_VERSION_NUM >= 160000
	return mbms_is_member(varno, attnum - FirstLowInvalidHeapAttributeNumber,
						  find_nonnullable_vars((Node *) clauses));
#else
	ListCell *cell;

	foreach (cell, find_nonnullable_vars((Node *) clauses))
	{
		Var *var = lfirst_node(Var, cell);

		if ((Index) var->varno == varno && var->varattno == attnum)
			return true;
	}
	return false;
#endif
}

/* Does a pathkey sort from large to small? */
static inline bool
compat_pathkey_is_reversed(const PathKey *pathkey)
{
#if PG_VERSION_NUM >= 180000
	return pathkey->pk_cmptype == COMPARE_GT;
#else
	return pathkey->pk_strategy == BTGreaterStrategyNumber;
#endif
}

/* An input function's arguments, for compat_call_input(). */
typedef struct CompatInputCall
{
	FmgrInfo *function;
	char *text;
	Oid ioparam;
	int32 typmod;
	Datum *result;
} CompatInputCall;

static inline void
compat_call_input(void *arg)
{
	CompatInputCall *call = arg;

	*call->result =
		InputFunctionCall(call->function, call->text, call->ioparam, call->typmod);
}

/*
 * Calls an input function; returns false if the text is not valid.  16 added
 * functions that say so without an error.
 */
static inline bool
compat_input_function_call_safe(FmgrInfo *function, char *text, Oid ioparam, int32 typmod,
								Datum *result)
{
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext errors = {T_ErrorSaveContext};

	return InputFunctionCallSafe(function, text, ioparam, typmod, (Node *) &errors,
								 result);
#else
	CompatInputCall call = {function, text, ioparam, typmod, result};

	return soft_error_call(compat_call_input, &call);
#endif
}

/* Parses a timestamp; returns false if it is none. */
static inline bool
compat_parse_timestamptz(char *text, TimestampTz *time)
{
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext errors = {T_ErrorSaveContext};
	Datum result;

	if (!DirectInputFunctionCallSafe(timestamptz_in, text, InvalidOid, -1,
									 (Node *) &errors, &result))
		return false;
	*time = DatumGetTimestampTz(result);
	return true;
#else
	MemoryContext context = CurrentMemoryContext;
	volatile bool ok = true;

	/* This function holds nothing that would have to be given back. */
	PG_TRY();
	{
		*time = DatumGetTimestampTz(
			DirectFunctionCall3(timestamptz_in, CStringGetDatum(text),
								ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		FlushErrorState();
		ok = false;
	}
	PG_END_TRY();
	return ok;
#endif
}

/* Memory of settings: 16 has its own functions for it.  NULL if there is none. */
static inline void *
compat_guc_malloc(size_t size)
{
#if PG_VERSION_NUM >= 160000
	return guc_malloc(LOG, size);
#else
	return malloc(size);
#endif
}

static inline char *
compat_guc_strdup(const char *text)
{
#if PG_VERSION_NUM >= 160000
	return guc_strdup(LOG, text);
#else
	return strdup(text);
#endif
}

static inline void
compat_guc_free(void *memory)
{
#if PG_VERSION_NUM >= 160000
	guc_free(memory);
#else
	free(memory);
#endif
}

/* The same for a domain's constraints. */
typedef struct CompatDomainCheck
{
	Datum value;
	Oid typid;
	void **state;
	MemoryContext context;
} CompatDomainCheck;

static inline void
compat_call_domain_check(void *arg)
{
	CompatDomainCheck *check = arg;

	domain_check(check->value, false, check->typid, check->state, check->context);
}

/* Does a value satisfy a domain's constraints?  17 tells without an error. */
static inline bool
compat_domain_check_safe(Datum value, Oid typid, void **state, MemoryContext context)
{
#if PG_VERSION_NUM >= 170000
	ErrorSaveContext errors = {T_ErrorSaveContext};

	return domain_check_safe(value, false, typid, state, context, (Node *) &errors);
#else
	CompatDomainCheck check = {value, typid, state, context};

	return soft_error_call(compat_call_domain_check, &check);
#endif
}

/* How rows are compared, as a strategy of btrees. */
static inline int
compat_row_compare_strategy(const RowCompareExpr *expr)
{
#if PG_VERSION_NUM >= 180000
	return (int) expr->cmptype;
#else
	return (int) expr->rctype;
#endif
}

/* The same, for tests that make such an expression. */
static inline void
compat_set_row_compare_strategy(RowCompareExpr *expr, int strategy)
{
#if PG_VERSION_NUM >= 180000
	expr->cmptype = (CompareType) strategy;
#else
	expr->rctype = (RowCompareType) strategy;
#endif
}

/*
 * When the statement that is running will be cancelled, or the transaction
 * ended, by a timeout; DT_NOEND if by none.  17 added transaction_timeout.
 */
static inline TimestampTz
compat_statement_deadline(void)
{
	TimestampTz deadline = DT_NOEND;

	if (get_timeout_active(STATEMENT_TIMEOUT))
		deadline = get_timeout_finish_time(STATEMENT_TIMEOUT);
#if PG_VERSION_NUM >= 170000
	if (get_timeout_active(TRANSACTION_TIMEOUT))
		deadline = Min(deadline, get_timeout_finish_time(TRANSACTION_TIMEOUT));
#endif
	return deadline;
}

/* How many relations a plan is of; 18 has an entry in the list for GROUP BY, too. */
static inline int
compat_explain_relations(const ExplainState *es)
{
#if PG_VERSION_NUM >= 180000
	return es->rtable_size;
#else
	return list_length(es->rtable);
#endif
}

/* A set of events that lives as long as the process. */
static inline WaitEventSet *
compat_create_wait_event_set(int nevents)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, nevents);
#else
	return CreateWaitEventSet(TopMemoryContext, nevents);
#endif
}

/* Is a text JSON that jsonb takes, too?  Raises no error if it is not. */
static inline bool
compat_json_is_valid(const char *text, size_t len, int encoding)
{
	JsonLexContext *lex;
	bool valid;

#if PG_VERSION_NUM >= 170000
	lex = makeJsonLexContextCstringLen(NULL, text, len, encoding, true);
	valid = pg_parse_json(lex, &nullSemAction) == JSON_SUCCESS;
	freeJsonLexContext(lex);
#else
	lex = makeJsonLexContextCstringLen((char *) text, (int) len, encoding, true);
	valid = pg_parse_json(lex, &nullSemAction) == JSON_SUCCESS;
	pfree(lex->strval->data);
	pfree(lex);
#endif
	return valid;
}

#endif /* BIGTABLE_FDW_COMPAT_H */
