/*-------------------------------------------------------------------------
 *
 * async.c
 *	  The executor's callbacks of a scan below an asynchronous Append.
 *
 * An Append over partitions, or a UNION ALL, asks each of its scans for a tuple,
 * and takes what comes first.  So all of them have a request under way while
 * one of them is waited for.  A scan that has nothing yet says so, and lends the
 * Append a descriptor to wait for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/execAsync.h"
#include "nodes/execnodes.h"
#include "storage/fd.h"

#include "async.h"
#include "compat.h"
#include "scan.h"

/* Answers with a tuple, the end, or that it takes a wait. */
static void
produce(AsyncRequest *request)
{
	BigtableScan *scan = ((ForeignScanState *) request->requestee)->fdw_state;
	TupleTableSlot *slot;

	scan->polls = true;
	do
	{
		scan->starved = false;
		slot = request->requestee->ExecProcNodeReal(request->requestee);
	} while (TupIsNull(slot) && scan->starved && bt_rpc_poll());
	scan->polls = false;
	if (TupIsNull(slot) && scan->starved)
		ExecAsyncRequestPending(request);
	else
		ExecAsyncRequestDone(request, slot);
}

void
bigtable_async_request(AsyncRequest *request)
{
	produce(request);
}

static void
make_wakeup(BigtableScan *scan)
{
	bt_status status;

	if (!AcquireExternalFD())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
						errmsg("could not wait for Bigtable table \"%s\"",
							   scan->table->remote_name),
						errdetail("There are too many open files on the local server."),
						errhint("Raise the server's max_files_per_process and/or "
								"\"ulimit -n\" limits.")));
	scan->wakeup = bt_wakeup_create(&status);
	if (scan->wakeup == NULL)
	{
		ReleaseExternalFD();
		connection_report(scan->connection, scan->table, &status, "wait for");
	}
}

void
bigtable_async_configure_wait(AsyncRequest *request)
{
	BigtableScan *scan = ((ForeignScanState *) request->requestee)->fdw_state;
	AppendState *append = (AppendState *) request->requestor;

	Assert(request->callback_pending);
	if (scan->wakeup == NULL)
		make_wakeup(scan);
	bt_wakeup_arm(scan->wakeup, bt_row_fan_left_us(scan->fan));

	/* Something may have come in while another scan was looked after. */
	if (bt_row_fan_left_us(scan->fan) == 0)
		bt_wakeup_arm(scan->wakeup, 0);
	scan->waits_since_us = bt_rpc_now_us();
	AddWaitEventToSet(append->as_eventset, WL_SOCKET_READABLE, bt_wakeup_fd(scan->wakeup),
					  NULL, request);
}

void
bigtable_async_notify(AsyncRequest *request)
{
	BigtableScan *scan = ((ForeignScanState *) request->requestee)->fdw_state;

	bt_row_fan_waited(scan->fan, bt_rpc_now_us() - scan->waits_since_us);
	produce(request);
}
