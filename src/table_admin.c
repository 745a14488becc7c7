/*-------------------------------------------------------------------------
 *
 * table_admin.c
 *	  What Bigtable says of its tables: which there are, their schemas, and
 *	  samples of their row keys.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "arena.h"
#include "client/admin.h"
#include "table_admin.h"

void
table_admin_run(Connection *connection, const TableMapping *table, bt_unary *call,
				bool once, const char *action)
{
	bt_unary_result result;
	bt_status status;

	arena_check(call != NULL);
	while ((result = bt_unary_run(call, &status)) == BT_UNARY_INTERRUPTED)
		CHECK_FOR_INTERRUPTS();
	if (result == BT_UNARY_DONE)
		return;
	if (once)
		connection_report_once(connection, table, &status, action);
	connection_report(connection, table, &status, action);
}

/* Raises the error of an answer that could not be taken apart. */
static void
check_unpacked(bt_unpack_result result, const char *method)
{
	arena_check(result != BT_UNPACK_NO_MEMORY);
	if (result == BT_UNPACK_MALFORMED)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR), errmsg("invalid %s response", method)));
}

/* ---- tables ---- */

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* Appends the last parts of a page's names. */
static List *
append_names(List *names, const bt_table_page *page)
{
	for (size_t i = 0; i < page->nnames; i++)
	{
		const char *slash = strrchr(page->names[i], '/');

		names = lappend(names, (char *) (slash != NULL ? slash + 1 : page->names[i]));
	}
	return names;
}

/* Asks for one page; returns the token of the next one, or NULL. */
static const char *
list_page(Connection *connection, const TableMapping *instance, const char *page_token,
		  List **names)
{
	bt_arena arena = arena_in_context(CurrentMemoryContext);
	Connection *admin = connection_admin(connection);
	bt_unary *volatile call = NULL;
	bt_table_page page;

	PG_TRY();
	{
		call = bt_admin_list_tables(connection_channel(admin), connection_host(),
									instance->resource, page_token, &instance->retry);
		table_admin_run(admin, instance, call, false, "list the tables of");
		check_unpacked(bt_unpack_table_page(bt_unary_response(call), &arena, &page),
					   "ListTables");
	}
	PG_CATCH();
	{
		bt_unary_free(call);
		PG_RE_THROW();
	}
	PG_END_TRY();
	bt_unary_free(call);
	*names = append_names(*names, &page);
	return page.next_page_token;
}

List *
table_admin_list(Connection *connection, const TableMapping *instance)
{
	const char *token = NULL;
	List *names = NIL;

	do
	{
		const char *next = list_page(connection, instance, token, &names);

		if (next != NULL && token != NULL && strcmp(next, token) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_ERROR), errmsg("invalid ListTables response"),
					 errdetail("A page refers to itself as the next one.")));
		token = next;
	} while (token != NULL);
	list_sort(names, compare_names);
	return names;
}

/* ---- schemas ---- */

static int
compare_families(const void *a, const void *b)
{
	return bt_span_compare(((const bt_family *) a)->name, ((const bt_family *) b)->name);
}

bt_table *
table_admin_get(Connection *connection, const TableMapping *table)
{
	bt_arena arena = arena_in_context(CurrentMemoryContext);
	bt_table *result = palloc(sizeof(bt_table));
	Connection *admin = connection_admin(connection);
	bt_unary *volatile call = NULL;

	PG_TRY();
	{
		call = bt_admin_get_table(connection_channel(admin), connection_host(),
								  table->table_resource, &table->retry);
		table_admin_run(admin, table, call, false, "read the schema of");
		check_unpacked(bt_unpack_table(bt_unary_response(call), &arena, result),
					   "GetTable");
	}
	PG_CATCH();
	{
		bt_unary_free(call);
		PG_RE_THROW();
	}
	PG_END_TRY();
	bt_unary_free(call);
	if (result->nfamilies > 1)
		qsort((void *) result->families, result->nfamilies, sizeof(bt_family),
			  compare_families);
	return result;
}

/* ---- samples ---- */

/* Moves the samples into the current memory context. */
static bt_row_sample *
copy_samples(const bt_row_sampler *sampler, size_t *n)
{
	const bt_row_sample *from = bt_row_sampler_samples(sampler, n);
	bt_row_sample *to =
		palloc_extended((*n + 1) * sizeof(bt_row_sample), MCXT_ALLOC_HUGE);

	for (size_t i = 0; i < *n; i++)
	{
		to[i] = from[i];
		to[i].key.data = palloc(from[i].key.len + 1);
		if (from[i].key.len > 0)
			memcpy(to[i].key.data, from[i].key.data, from[i].key.len);
	}
	return to;
}

/*
 * Makes the call.  Where the server refuses it for good, returns false with
 * refusal_ok, else raises an error.
 */
static bool
run_sampler(Connection *connection, const TableMapping *table, bt_row_sampler *sampler,
			bool refusal_ok)
{
	bt_sample_result result;
	bt_status status;

	arena_check(sampler != NULL);
	while ((result = bt_row_sampler_run(sampler, &status)) == BT_SAMPLE_INTERRUPTED)
		CHECK_FOR_INTERRUPTS();
	if (result != BT_SAMPLE_ERROR)
		return true;
	if (!refusal_ok ||
		(status.code != BT_UNIMPLEMENTED && status.code != BT_PERMISSION_DENIED))
		connection_report(connection, table, &status, "sample the row keys of");
	return false;
}

/* Returns NULL where the server refuses. */
static bt_row_sample *
sample_keys(Connection *connection, const TableMapping *table, bool refusal_ok, size_t *n)
{
	bt_row_sampler *volatile sampler = NULL;
	bt_row_sample *volatile samples = NULL;

	PG_TRY();
	{
		sampler = bt_row_sampler_create(connection_channel(connection), connection_host(),
										table->kind, table->resource, table->app_profile,
										&table->retry);
		if (run_sampler(connection, table, sampler, refusal_ok))
			samples = copy_samples(sampler, n);
	}
	PG_CATCH();
	{
		bt_row_sampler_free(sampler);
		PG_RE_THROW();
	}
	PG_END_TRY();
	bt_row_sampler_free(sampler);
	return samples;
}

bt_row_sample *
table_admin_sample_keys(Connection *connection, const TableMapping *table, size_t *n)
{
	return sample_keys(connection, table, false, n);
}

bt_row_sample *
table_admin_try_sample_keys(Connection *connection, const TableMapping *table, size_t *n)
{
	bt_row_sample *samples = sample_keys(connection, table, true, n);

	if (samples == NULL)
		*n = 0;
	return samples;
}
