/*-------------------------------------------------------------------------
 *
 * estimate.c
 *	  What the server says of a table's size, for option use_remote_estimate.
 *
 * The samples of a table's keys (SampleRowKeys) say how many bytes lie before
 * each of them.  They are kept for a minute, since a query is planned more often
 * than a table doubles its size.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "connection.h"
#include "estimate.h"
#include "table_admin.h"

#define MAX_AGE_MS 60000

/* Tables that are remembered; then the oldest is forgotten. */
#define MAX_TABLES 100

/* The samples of a table. */
typedef struct KnownSize
{
	dlist_node node;
	MemoryContext context; /* all of it */
	Oid serverid;
	Oid userid;
	char *resource;
	TimestampTz asked_at;
	bt_row_sample *samples;
	size_t nsamples;
} KnownSize;

static dlist_head known_sizes = DLIST_STATIC_INIT(known_sizes);
static int nknown = 0;

/* ---- samples ---- */

static void
forget(KnownSize *known)
{
	dlist_delete(&known->node);
	nknown--;
	MemoryContextDelete(known->context);
}

static KnownSize *
find(const TableMapping *table, Oid userid)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &known_sizes)
	{
		KnownSize *known = dlist_container(KnownSize, node, iter.cur);

		if (known->serverid != table->serverid || known->userid != userid ||
			strcmp(known->resource, table->resource) != 0)
			continue;
		if (!TimestampDifferenceExceeds(known->asked_at, GetCurrentTimestamp(),
										MAX_AGE_MS))
			return known;
		forget(known);
	}
	return NULL;
}

/* Asks the server, in a memory context that becomes permanent with success. */
static KnownSize *
ask(const TableMapping *table, Oid userid)
{
	MemoryContext context = AllocSetContextCreate(
		CurrentMemoryContext, "bigtable_fdw table size", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	KnownSize *known = palloc0(sizeof(KnownSize));
	Connection *connection = connection_acquire(table, userid);

	known->context = context;
	known->serverid = table->serverid;
	known->userid = userid;
	known->resource = pstrdup(table->resource);
	known->asked_at = GetCurrentTimestamp();
	PG_TRY();
	{
		known->samples = table_admin_try_sample_keys(connection, table, &known->nsamples);
	}
	PG_FINALLY();
	{
		connection_release(connection);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);

	if (nknown >= MAX_TABLES)
		forget(dlist_tail_element(KnownSize, node, &known_sizes));
	MemoryContextSetParent(context, CacheMemoryContext);
	dlist_push_head(&known_sizes, &known->node);
	nknown++;
	return known;
}

/* ---- shares ---- */

/* The bytes before a bound: those before the last sample that is not behind it. */
static double
bytes_before(const KnownSize *known, bt_bound bound)
{
	double bytes = 0;

	for (size_t i = 0; i < known->nsamples; i++)
	{
		bt_bound sample = {bt_buffer_span(&known->samples[i].key), false};

		if (sample.key.len == 0 || bt_bound_compare(sample, bound) > 0)
			break;
		bytes = (double) known->samples[i].offset_bytes;
	}
	return bytes;
}

static double
bytes_in(const KnownSize *known, const bt_row_set *rows, double total)
{
	double bytes = 0;

	for (size_t i = 0; i < rows->nranges; i++)
	{
		const bt_range *range = &rows->ranges[i];
		double to = range->unbounded ? total : bytes_before(known, range->to);

		bytes += Max(to - bytes_before(known, range->from), 0);
	}
	return bytes;
}

bool
estimate_size(const TableMapping *table, Oid userid, const bt_row_set *rows,
			  double *bytes, double *share)
{
	KnownSize *known = find(table, userid);

	if (known == NULL)
		known = ask(table, userid);
	if (known->nsamples == 0)
		return false;
	*bytes = (double) known->samples[known->nsamples - 1].offset_bytes;
	*share = *bytes > 0 ? bytes_in(known, rows, *bytes) / *bytes : 0;
	return true;
}
