/*-------------------------------------------------------------------------
 *
 * bigtable_fdw.c
 *	  Foreign data wrapper for Google Cloud Bigtable: the table of contents.
 *
 * The planner's part is in src/plan.c and src/pushdown.c, the executor's in
 * src/scan.c, EXPLAIN's in src/explain.c; src/client/ is the Bigtable client,
 * which knows nothing of PostgreSQL.  The validator is in src/option.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "utils/guc.h"

#include "analyze.h"
#include "as_of.h"
#include "async.h"
#include "direct.h"
#include "explain.h"
#include "import.h"
#include "lookup_join.h"
#include "modify.h"
#include "parallel.h"
#include "plan.h"
#include "plan_modify.h"
#include "scan.h"
#include "setting.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(bigtable_fdw_handler);

void _PG_init(void);

/*
 * Does nothing but settings and the planner's hook: the library may be loaded
 * into the postmaster, and no client state may exist before the fork.
 */
void
_PG_init(void)
{
	lookup_join_init();
	as_of_define_setting();
	settings_define();
	MarkGUCPrefixReserved("bigtable_fdw");
}

Datum
bigtable_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	/* plan.c */
	routine->GetForeignRelSize = bigtable_get_rel_size;
	routine->GetForeignPaths = bigtable_get_paths;
	routine->GetForeignPlan = bigtable_get_plan;

	/* scan.c */
	routine->BeginForeignScan = bigtable_begin_scan;
	routine->IterateForeignScan = bigtable_iterate_scan;
	routine->ReScanForeignScan = bigtable_rescan;
	routine->EndForeignScan = bigtable_end_scan;

	/* parallel.c */
	routine->IsForeignScanParallelSafe = bigtable_is_parallel_safe;
	routine->EstimateDSMForeignScan = bigtable_estimate_dsm;
	routine->InitializeDSMForeignScan = bigtable_initialize_dsm;
	routine->ReInitializeDSMForeignScan = bigtable_reinitialize_dsm;
	routine->InitializeWorkerForeignScan = bigtable_initialize_worker;
	routine->ShutdownForeignScan = bigtable_shutdown_scan;

	/* analyze.c */
	routine->AnalyzeForeignTable = bigtable_analyze;

	/* async.c */
	routine->IsForeignPathAsyncCapable = bigtable_is_async_capable;
	routine->ForeignAsyncRequest = bigtable_async_request;
	routine->ForeignAsyncConfigureWait = bigtable_async_configure_wait;
	routine->ForeignAsyncNotify = bigtable_async_notify;

	/* explain.c */
	routine->ExplainForeignScan = bigtable_explain_scan;

	/* plan_modify.c */
	routine->AddForeignUpdateTargets = bigtable_add_update_targets;
	routine->PlanForeignModify = bigtable_plan_modify;

	routine->PlanDirectModify = bigtable_plan_direct_modify;

	/* direct.c */
	routine->BeginDirectModify = bigtable_begin_direct_modify;
	routine->IterateDirectModify = bigtable_iterate_direct_modify;
	routine->EndDirectModify = bigtable_end_direct_modify;
	routine->ExplainDirectModify = bigtable_explain_direct_modify;

	/* modify.c */
	routine->IsForeignRelUpdatable = bigtable_is_updatable;
	routine->BeginForeignModify = bigtable_begin_modify;
	routine->BeginForeignInsert = bigtable_begin_insert;
	routine->GetForeignModifyBatchSize = bigtable_get_batch_size;
	routine->ExecForeignInsert = bigtable_exec_insert;
	routine->ExecForeignBatchInsert = bigtable_exec_batch_insert;
	routine->ExecForeignUpdate = bigtable_exec_update;
	routine->ExecForeignDelete = bigtable_exec_delete;
	routine->EndForeignModify = bigtable_end_modify;
	routine->EndForeignInsert = bigtable_end_modify;
	routine->ExplainForeignModify = bigtable_explain_modify;
	routine->ExecForeignTruncate = bigtable_truncate;

	/* import.c */
	routine->ImportForeignSchema = bigtable_import_schema;

	PG_RETURN_POINTER(routine);
}
