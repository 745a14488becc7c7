/*-------------------------------------------------------------------------
 *
 * parallel.c
 *	  What the processes of a parallel scan share.
 *
 * The leader asks the server for keys that split the table (SampleRowKeys) and
 * puts some of them into shared memory, so that there are several parts for each
 * process.  Each process, with a client of its own, takes the next part when it
 * is done with one, and reads what its row set and the part have in common.
 * Parts are taken in the order of their keys, so that what one process returns
 * is in order, too, and a Gather Merge can put it together.
 *
 * Together the parts are all possible keys.  So it does not matter how good the
 * samples are, nor that a rescan may be for other keys.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/atomics.h"

#include "arena.h"
#include "compat.h"
#include "connection.h"
#include "parallel.h"
#include "scan.h"
#include "table_admin.h"

/* Parts for each process: the more, the less they wait for the last one. */
#define PARTS_PER_PROCESS 16

/* A key that separates two parts: it is the first of the upper one. */
typedef struct PartBound
{
	uint32 offset; /* in SharedScan.bytes */
	uint32 len;
} PartBound;

struct SharedScan
{
	pg_atomic_uint32 next;        /* parts that have been taken */
	pg_atomic_uint64 counters[6]; /* in the order of bt_read_counters */
	TimestampTz deadline;         /* of the statement: workers have no timeouts */
	uint32 nbounds;               /* one less than parts */
	uint32 bytes;                 /* where the keys' bytes begin, from here */
	PartBound bounds[FLEXIBLE_ARRAY_MEMBER];
};

/* ---- parts ---- */

static bt_span
bound_key(const SharedScan *shared, uint32 i)
{
	return bt_span_make((const char *) shared + shared->bytes + shared->bounds[i].offset,
						shared->bounds[i].len);
}

bool
parallel_take_part(SharedScan *shared, bool reversed, bt_range *part)
{
	uint32 i = pg_atomic_fetch_add_u32(&shared->next, 1);

	if (i > shared->nbounds)
	{
		/* It must not wrap around, however often it is asked. */
		pg_atomic_fetch_sub_u32(&shared->next, 1);
		return false;
	}
	if (reversed)
		i = shared->nbounds - i;
	*part = i > 0 ? bt_range_from(bound_key(shared, i - 1), true) : bt_range_all();
	if (i < shared->nbounds)
	{
		part->to = bt_range_to(bound_key(shared, i), false).to;
		part->unbounded = false;
	}
	return true;
}

/* ---- counters ---- */

static void
add_counters(SharedScan *shared, const bt_read_counters *counters)
{
	const int64 values[] = {counters->requests, counters->retries, counters->messages,
							counters->bytes,    counters->rows,    counters->rows_seen};

	StaticAssertStmt(lengthof(values) == lengthof(shared->counters), "");
	for (size_t i = 0; i < lengthof(values); i++)
		pg_atomic_fetch_add_u64(&shared->counters[i], values[i]);
}

/* Adds them to what a process has counted. */
static void
take_counters(SharedScan *shared, bt_read_counters *counters)
{
	int64 *values[] = {&counters->requests, &counters->retries, &counters->messages,
					   &counters->bytes,    &counters->rows,    &counters->rows_seen};

	for (size_t i = 0; i < lengthof(values); i++)
		*values[i] += (int64) pg_atomic_exchange_u64(&shared->counters[i], 0);
}

/* ---- bounds ---- */

/* Can the key separate rows of the set?  Only if there may be some on both sides. */
static bool
separates(const bt_row_set *rows, bt_span key)
{
	const bt_range *last = &rows->ranges[rows->nranges - 1];
	bt_bound bound = {key, false};

	return bt_bound_compare(rows->ranges[0].from, bound) < 0 &&
		   (last->unbounded || bt_bound_compare(bound, last->to) < 0);
}

/*
 * Chooses, of the samples that separate the scan's rows, some that make parts of
 * about the same size.  "bounds" has room for them.
 */
static size_t
choose_bounds(const bt_row_set *rows, const bt_row_sample *samples, size_t nsamples,
			  size_t nparts, bt_span *bounds)
{
	int64 first = -1;
	int64 last = 0;
	size_t n = 0;

	for (size_t i = 0; i < nsamples; i++)
		if (separates(rows, bt_buffer_span(&samples[i].key)))
		{
			first = first < 0 ? samples[i].offset_bytes : first;
			last = samples[i].offset_bytes;
		}
	for (size_t i = 0; i < nsamples && n + 1 < nparts; i++)
	{
		bt_span key = bt_buffer_span(&samples[i].key);
		double share = last > first ? (double) (samples[i].offset_bytes - first) /
										  (double) (last - first)
									: 1.0;

		/* The server's order is that of the keys; do not rely on it. */
		if (key.len == 0 || !separates(rows, key) ||
			(n > 0 && bt_span_compare(bounds[n - 1], key) >= 0))
			continue;
		if (share * (double) (nparts - 2) >= (double) n)
			bounds[n++] = key;
	}
	return n;
}

/* Works out the parts of a scan, for so many processes, into BigtableScan.bounds. */
static void
make_bounds(ForeignScanState *node, int nprocesses)
{
	BigtableScan *scan = node->fdw_state;
	size_t nparts = (size_t) nprocesses * PARTS_PER_PROCESS;
	bt_row_sample *samples;
	size_t nsamples;

	scan->nbounds = 0;
	bigtable_rescan(node);
	(void) scan_make_request(node, false);
	if (scan->is_empty || bt_row_set_is_keys(&scan->rows))
		return;
	scan_connect(scan);
	samples = table_admin_try_sample_keys(scan->connection, scan->table, &nsamples);
	scan->bounds = palloc(sizeof(bt_span) * nparts);
	scan->nbounds = choose_bounds(&scan->rows, samples, nsamples, nparts, scan->bounds);
}

/* ---- the executor's callbacks ---- */

bool
bigtable_is_parallel_safe(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte)
{
	/*
	 * Each process makes a client of its own, on first use.  But an Append whose
	 * scans may run in workers is never asynchronous; that is what several
	 * tables gain more by.
	 */
	return rel->reloptkind == RELOPT_BASEREL || !mapping_is_async_capable(rte->relid);
}

Size
bigtable_estimate_dsm(ForeignScanState *node, ParallelContext *context)
{
	BigtableScan *scan = node->fdw_state;
	MemoryContext old = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);
	Size size;

	make_bounds(node, context->nworkers + 1);
	MemoryContextSwitchTo(old);
	size = add_size(offsetof(SharedScan, bounds),
					mul_size(sizeof(PartBound), scan->nbounds));
	for (size_t i = 0; i < scan->nbounds; i++)
		size = add_size(size, scan->bounds[i].len);
	return size;
}

void
bigtable_initialize_dsm(ForeignScanState *node, ParallelContext *context,
						void *coordinate)
{
	BigtableScan *scan = node->fdw_state;
	SharedScan *shared = coordinate;
	uint32 offset = 0;

	pg_atomic_init_u32(&shared->next, 0);
	for (size_t i = 0; i < lengthof(shared->counters); i++)
		pg_atomic_init_u64(&shared->counters[i], 0);
	shared->deadline = compat_statement_deadline();
	shared->nbounds = (uint32) scan->nbounds;
	shared->bytes =
		(uint32) (offsetof(SharedScan, bounds) + sizeof(PartBound) * scan->nbounds);
	for (size_t i = 0; i < scan->nbounds; i++)
	{
		bt_span key = scan->bounds[i];

		shared->bounds[i].offset = offset;
		shared->bounds[i].len = (uint32) key.len;
		memcpy((char *) shared + shared->bytes + offset, key.data, key.len);
		offset += (uint32) key.len;
	}
	scan->shared = shared;
}

void
bigtable_reinitialize_dsm(ForeignScanState *node, ParallelContext *context,
						  void *coordinate)
{
	BigtableScan *scan = node->fdw_state;

	scan->shared = coordinate;
	scan->shared->deadline = compat_statement_deadline();
	pg_atomic_write_u32(&scan->shared->next, 0);
}

void
bigtable_initialize_worker(ForeignScanState *node, shm_toc *toc, void *coordinate)
{
	BigtableScan *scan = node->fdw_state;

	scan->shared = coordinate;
	scan->is_worker = true;
	connection_set_leader_deadline(scan->shared->deadline);
}

/*
 * The shared memory is about to go away.  A worker leaves its counters there;
 * the leader takes those of all workers that are done.
 */
void
bigtable_shutdown_scan(ForeignScanState *node)
{
	BigtableScan *scan = node->fdw_state;

	if (scan->shared == NULL)
		return;
	if (scan->is_worker)
	{
		bt_read_counters counters = scan_counters(scan);

		add_counters(scan->shared, &counters);
	}
	else
		take_counters(scan->shared, &scan->worker_counters);
	scan->shared = NULL;
}
