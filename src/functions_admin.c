/*-------------------------------------------------------------------------
 *
 * functions_admin.c
 *	  SQL functions that make, list, describe, change and drop tables.
 *
 * What changes something is never tried again, and is not taken back by
 * ROLLBACK.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "arena.h"
#include "client/admin.h"
#include "family_json.h"
#include "function_args.h"
#include "option.h"
#include "table_admin.h"

PG_FUNCTION_INFO_V1(bigtable_create_table);
PG_FUNCTION_INFO_V1(bigtable_drop_table);
PG_FUNCTION_INFO_V1(bigtable_tables);
PG_FUNCTION_INFO_V1(bigtable_families);
PG_FUNCTION_INFO_V1(bigtable_set_families);

/* Families that are wished for. */
typedef struct FamilyList
{
	FamilySpec *specs;
	size_t n;
} FamilyList;

static FamilyList
families_argument(FunctionCallInfo fcinfo, int i, bool may_drop)
{
	FamilyList list;

	(void) required_argument(fcinfo, i, "families");
	list.specs = families_from_json(PG_GETARG_JSONB_P(i), may_drop, &list.n);
	return list;
}

/* Connects the table; the channel of its admin API. */
static bt_channel *
connect_admin(RemoteTable *table)
{
	Connection *volatile admin = NULL;

	connect_table(table);
	PG_TRY();
	{
		admin = connection_admin(table->connection);
	}
	PG_CATCH();
	{
		connection_release(table->connection);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return connection_channel(admin);
}

/* Other statements of this session may know the families as they were. */
static void
end_change(RemoteTable *table, bt_unary *call)
{
	connection_forget_families(table->connection, table->mapping);
	bt_unary_free(call);
	connection_release(table->connection);
}

/* Waits for a call that changes something, and frees it. */
static void
run_change(RemoteTable *table, bt_unary *call, const char *action)
{
	PG_TRY();
	{
		table_admin_run(connection_admin(table->connection), table->mapping, call, true,
						action);
	}
	PG_CATCH();
	{
		end_change(table, call);
		PG_RE_THROW();
	}
	PG_END_TRY();
	end_change(table, call);
}

/* ---- create and drop ---- */

/* The name of a table that is to be made, which must be as the service wants it. */
static char *
new_table_id(FunctionCallInfo fcinfo)
{
	char *id = TextDatumGetCString(required_argument(fcinfo, 1, "table_name"));
	size_t len = strlen(id);

	/* The letters are those of families. */
	if (len == 0 || len > BT_MAX_TABLE_ID_BYTES || strchr("-.", id[0]) != NULL ||
		!option_is_family(id, len))
		report_argument(psprintf("invalid name of a Bigtable table: \"%s\"", id),
						"It has up to 50 letters, digits, \"-\", \"_\" and \".\", and "
						"begins with a letter, a digit or \"_\".");
	return id;
}

/* Keys at which a new table is split; none is an empty list. */
static bt_span *
splits_argument(FunctionCallInfo fcinfo, int i, size_t *n)
{
	int count;
	Datum *elements;
	bt_span *splits;

	*n = 0;
	if (PG_ARGISNULL(i))
		return NULL;
	elements = elements_of(PG_GETARG_DATUM(i), "splits", &count);
	splits = palloc(sizeof(bt_span) * (count + 1));
	for (int k = 0; k < count; k++)
		splits[k] = row_key_of(elements[k]);
	*n = (size_t) count;
	return splits;
}

Datum
bigtable_create_table(PG_FUNCTION_ARGS)
{
	const char *id = new_table_id(fcinfo);
	RemoteTable table = table_argument(fcinfo, -1, 4);
	FamilyList list = families_argument(fcinfo, 2, false);
	bt_family *families = palloc(sizeof(bt_family) * (list.n + 1));
	TableMapping *instance = mapping_of_instance(table.mapping->serverid);
	size_t nsplits;
	bt_span *splits = splits_argument(fcinfo, 3, &nsplits);

	PreventCommandIfReadOnly("bigtable_create_table()");
	for (size_t i = 0; i < list.n; i++)
		families[i] = list.specs[i].family;
	run_change(&table,
			   bt_admin_create_table(connect_admin(&table), connection_write_host(),
									 instance->resource, id, families, list.n, splits,
									 nsplits, &table.once),
			   "create");
	PG_RETURN_VOID();
}

Datum
bigtable_drop_table(PG_FUNCTION_ARGS)
{
	RemoteTable table = table_argument(fcinfo, -1, 2);

	PreventCommandIfReadOnly("bigtable_drop_table()");
	run_change(&table,
			   bt_admin_delete_table(connect_admin(&table), connection_write_host(),
									 table.mapping->table_resource, &table.once),
			   "drop");
	PG_RETURN_VOID();
}

/* ---- list and describe ---- */

Datum
bigtable_tables(PG_FUNCTION_ARGS)
{
	RemoteTable instance = instance_argument(fcinfo, 1);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	List *volatile names = NIL;
	ListCell *cell;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	connect_table(&instance);
	PG_TRY();
	{
		names = table_admin_list(instance.connection, instance.mapping);
	}
	PG_FINALLY();
	{
		connection_release(instance.connection);
	}
	PG_END_TRY();
	foreach (cell, names)
	{
		Datum values[1] = {text_datum(bt_span_str(lfirst(cell)))};
		bool isnull[1] = {false};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
	}
	return (Datum) 0;
}

/* The table's schema; gives back the connection. */
static bt_table *
describe_table(RemoteTable *table)
{
	bt_table *volatile schema = NULL;

	PG_TRY();
	{
		schema = table_admin_get(table->connection, table->mapping);
	}
	PG_CATCH();
	{
		connection_release(table->connection);
		PG_RE_THROW();
	}
	PG_END_TRY();
	connection_release(table->connection);
	return schema;
}

Datum
bigtable_families(PG_FUNCTION_ARGS)
{
	RemoteTable table = table_argument(fcinfo, -1, 2);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	bt_table *schema;

	InitMaterializedSRF(fcinfo, 0);
	connect_table(&table);
	schema = describe_table(&table);
	for (size_t i = 0; i < schema->nfamilies; i++)
	{
		const bt_family *family = &schema->families[i];
		bool isnull[3] = {false, family->gc_rule == NULL, family->value_type == NULL};
		Datum values[3] = {text_datum(family->name), (Datum) 0, (Datum) 0};

		if (family->gc_rule != NULL)
			values[1] = JsonbPGetDatum(gc_rule_to_json(family->gc_rule));
		if (family->value_type != NULL)
			values[2] = CStringGetTextDatum(value_type_name(family->value_type));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
	}
	return (Datum) 0;
}

/* ---- families ---- */

static const bt_family *
find_family(const bt_table *schema, bt_span name)
{
	for (size_t i = 0; i < schema->nfamilies; i++)
		if (bt_span_equal(schema->families[i].name, name))
			return &schema->families[i];
	return NULL;
}

__attribute__((noreturn)) static void
report_family(const RemoteTable *table, bt_span name, int sqlstate, const char *what)
{
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("column family \"%.*s\" of Bigtable table \"%s\" %s", (int) name.len,
					(const char *) name.data, table->mapping->remote_name, what)));
}

/* What makes a family as it is wished for; false if it is so already. */
static bool
modification_of(const RemoteTable *table, const bt_table *schema, const FamilySpec *spec,
				bt_family_modification *modification)
{
	const bt_family *old = find_family(schema, spec->family.name);
	const bt_type *type = spec->family.value_type;

	modification->family = spec->family;
	if (spec->drop)
	{
		if (old == NULL)
			report_family(table, spec->family.name, ERRCODE_FDW_COLUMN_NAME_NOT_FOUND,
						  "does not exist");
		modification->kind = BT_DROP_FAMILY;
		return true;
	}
	if (old == NULL)
	{
		modification->kind = BT_CREATE_FAMILY;
		return true;
	}
	if (type != NULL &&
		(old->value_type == NULL ||
		 strcmp(value_type_name(old->value_type), value_type_name(type)) != 0))
		report_family(
			table, spec->family.name, ERRCODE_FEATURE_NOT_SUPPORTED,
			psprintf("cannot become one of type \"%s\"", value_type_name(type)));
	modification->kind = BT_UPDATE_FAMILY;
	modification->family.value_type = NULL;
	return spec->has_gc_rule;
}

Datum
bigtable_set_families(PG_FUNCTION_ARGS)
{
	RemoteTable table = table_argument(fcinfo, -1, 3);
	FamilyList list = families_argument(fcinfo, 2, true);
	bt_family_modification *modifications =
		palloc(sizeof(bt_family_modification) * (list.n + 1));
	size_t n = 0;
	bt_table *schema;

	PreventCommandIfReadOnly("bigtable_set_families()");
	connect_table(&table);
	schema = describe_table(&table);
	for (size_t i = 0; i < list.n; i++)
		if (modification_of(&table, schema, &list.specs[i], &modifications[n]))
			n++;
	if (n == 0)
		PG_RETURN_VOID();
	run_change(&table,
			   bt_admin_modify_families(connect_admin(&table), connection_write_host(),
										table.mapping->table_resource, modifications, n,
										&table.once),
			   "change the families of");
	PG_RETURN_VOID();
}
