/*-------------------------------------------------------------------------
 *
 * mapping.c
 *	  A relation's options -> what each column is in Bigtable.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "cell_layout.h"
#include "codec.h"
#include "key_options.h"
#include "mapping.h"
#include "option.h"

/*
 * A request costs about as much as some hundred rows of a scan.
 */
#define DEFAULT_STARTUP_COST 25.0
#define DEFAULT_TUPLE_COST 0.05

__attribute__((noreturn)) static void
report_unmapped(const TableMapping *table, const char *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_COLUMN_NAME),
			 errmsg("column \"%s\" of foreign table \"%s\" is not mapped to Bigtable",
					column, table->relname),
			 errhint("Set its options \"family\" and \"qualifier\", or \"row_key\" "
					 "'true', or \"key_part\", or name it \"family:qualifier\".")));
}

static const char *
required_server_option(List *options, const char *name, const char *server)
{
	const char *value = option_string(options, name, NULL);

	if (value == NULL)
		ereport(ERROR, (errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
						errmsg("option \"%s\" of server \"%s\" is not set", name, server),
						errhint("Use ALTER SERVER %s OPTIONS (ADD %s '...').",
								quote_identifier(server), name)));
	return value;
}

/* Which resource the table is. */
static void
load_resource(TableMapping *table, List *options, List *server_options)
{
	const char *project =
		required_server_option(server_options, "project_id", table->servername);
	const char *instance =
		required_server_option(server_options, "instance_id", table->servername);
	const char *view = option_string(options, "authorized_view", NULL);
	const char *materialized = option_string(options, "materialized_view", NULL);
	const char *name = option_string(options, "table_name", table->relname);

	if (materialized != NULL)
	{
		table->kind = BT_RESOURCE_MATERIALIZED_VIEW;
		table->resource = psprintf("projects/%s/instances/%s/materializedViews/%s",
								   project, instance, materialized);
	}
	else
	{
		if (!option_is_resource_id(name))
			ereport(
				ERROR,
				(errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
				 errmsg("the name of foreign table \"%s\" cannot be that of a Bigtable "
						"table",
						table->relname),
				 errhint("Set its option \"table_name\".")));
		table->table_resource =
			psprintf("projects/%s/instances/%s/tables/%s", project, instance, name);
		table->kind = view != NULL ? BT_RESOURCE_AUTHORIZED_VIEW : BT_RESOURCE_TABLE;
		table->resource =
			view != NULL ? psprintf("%s/authorizedViews/%s", table->table_resource, view)
						 : table->table_resource;
	}
	table->remote_kind = "table";
	table->remote_name = strrchr(table->resource, '/') + 1;
}

/* What a table takes from its own options, else from its server's. */
static void
load_settings(TableMapping *table, List *options, List *server_options)
{
	table->app_profile = option_string(
		options, "app_profile_id", option_string(server_options, "app_profile_id", NULL));
	table->startup_cost = option_real(
		options, "fdw_startup_cost",
		option_real(server_options, "fdw_startup_cost", DEFAULT_STARTUP_COST));
	table->tuple_cost =
		option_real(options, "fdw_tuple_cost",
					option_real(server_options, "fdw_tuple_cost", DEFAULT_TUPLE_COST));
	table->use_remote_estimate =
		option_bool(options, "use_remote_estimate",
					option_bool(server_options, "use_remote_estimate", false));
	table->retry.operation_timeout_us =
		option_duration_us(server_options, "operation_timeout", 0);
	table->retry.attempt_timeout_us =
		option_duration_us(server_options, "attempt_timeout", 0);
	table->retry.initial_delay_us =
		option_duration_us(server_options, "retry_initial_delay", 0);
	table->retry.max_attempts = option_int(server_options, "max_attempts", 0);
}

/* An option of the table, else of its server. */
static const char *
inherited_option(List *options, List *server_options, const char *name, const char *def)
{
	return option_string(options, name, option_string(server_options, name, def));
}

static void
load_write_settings(WriteSettings *write, List *options, List *server_options)
{
	write->strict = strcmp(inherited_option(options, server_options, "insert_mode", ""),
						   "strict") == 0;
	write->replace = strcmp(inherited_option(options, server_options, "write_mode", ""),
							"replace") == 0;
	write->updatable =
		option_bool(options, "updatable", option_bool(server_options, "updatable", true));
	write->truncatable = option_bool(options, "truncatable",
									 option_bool(server_options, "truncatable", true));
	write->batch_size =
		option_int(options, "batch_size", option_int(server_options, "batch_size", 0));
}

static const char *const encoding_names[] = {
	[ENCODING_TEXT] = "text",       [ENCODING_BINARY] = "binary",
	[ENCODING_ORDERED] = "ordered", [ENCODING_HEX] = "hex",
	[ENCODING_BASE64] = "base64",
};

static Encoding
parse_encoding(const char *name)
{
	for (size_t i = 0; i < lengthof(encoding_names); i++)
		if (strcmp(encoding_names[i], name) == 0)
			return (Encoding) i;
	elog(ERROR, "unknown encoding \"%s\"", name);
}

/*
 * The column's own encoding must fit its type; one that it inherits applies
 * where it fits, so that a server of binary data may still have jsonb columns.
 */
static void
load_encoding(const TableMapping *table, ColumnMapping *column, List *options,
			  const char *inherited)
{
	const char *own = option_string(options, "encoding", NULL);

	Oid typid =
		column->kind == COLUMN_VERSIONS ? get_element_type(column->typid) : column->typid;
	bool fits;

	column->encoding = parse_encoding(own != NULL ? own : inherited);
	if (column->kind == COLUMN_HISTORY || column_is_object(column))
		fits = column->encoding <= ENCODING_ORDERED; /* see cell_json.h */
	else
		fits = codec_has_encoding(typid, column->encoding);
	if (fits)
		return;
	if (own != NULL)
		ereport(
			ERROR,
			(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
			 errmsg("column \"%s\" of foreign table \"%s\" cannot have encoding \"%s\"",
					column->name, table->relname, own),
			 errdetail("Type %s has no %s encoding.", format_type_be(typid), own),
			 column->encoding == ENCODING_ORDERED
				 ? errhint("Use encoding 'text', or one of the types smallint, integer, "
						   "bigint, date, timestamp and timestamptz.")
				 : errhint("Use encoding 'text', or one of the types smallint, integer, "
						   "bigint, real, double precision, boolean, uuid, date, "
						   "timestamp, timestamptz, text and bytea.")));
	column->encoding = ENCODING_TEXT;
}

static void
set_cell(ColumnMapping *column, const char *family, const char *qualifier)
{
	size_t len;
	uint8 *bytes = option_qualifier_bytes(qualifier, &len);

	column->kind = COLUMN_VALUE;
	column->family = bt_span_str(family);
	column->qualifier = bt_span_make(bytes, len);
}

/* Is the column the row key, by its options or by its name? */
static bool
is_row_key(const char *name, List *options)
{
	bool is_key_name = strcmp(name, "_key") == 0 || strcmp(name, "row_key") == 0;

	return option_string(options, "family", NULL) == NULL &&
		   !option_bool(options, "as_of", false) &&
		   !option_bool(options, "row_json", false) &&
		   option_bool(options, "row_key", is_key_name);
}

__attribute__((noreturn)) static void
report_kind(const TableMapping *table, const ColumnMapping *column, const char *option,
			const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
					errmsg("column \"%s\" of foreign table \"%s\" cannot have %s",
						   column->name, table->relname, option),
					errdetail("%s", detail)));
}

/* Which part of its cell the column is, and of how many versions. */
static void
load_cell_kind(const TableMapping *table, ColumnMapping *column, List *options)
{
	const char *cell = option_string(options, "cell", "value");
	bool is_cell = column->kind == COLUMN_VALUE;
	bool is_timestamp = strcmp(cell, "timestamp") == 0;
	bool is_history = strcmp(cell, "history") == 0;

	column->max_versions = option_int(options, "max_versions", 0);
	if (is_timestamp && is_cell && column->max_versions > 0 &&
		column->typid == TIMESTAMPTZARRAYOID)
		column->kind = COLUMN_TIMESTAMPS;
	else if (is_timestamp)
	{
		if (!is_cell || column->max_versions > 0 || column->typid != TIMESTAMPTZOID)
			report_kind(table, column, "cell \"timestamp\"",
						"Such a column belongs to a cell and has type timestamp with "
						"time zone, or, with option \"max_versions\", an array of it.");
		column->kind = COLUMN_TIMESTAMP;
	}
	else if (is_history)
	{
		if (!is_cell || column->typid != JSONBOID)
			report_kind(table, column, "cell \"history\"",
						"Such a column belongs to a cell and has type jsonb.");
		column->kind = COLUMN_HISTORY;
	}
	else if (column->max_versions > 0)
	{
		if (!is_cell || !OidIsValid(get_element_type(column->typid)))
			report_kind(table, column, "option \"max_versions\"",
						"Such a column belongs to a cell and has the type of an array, "
						"or, with cell \"history\", jsonb.");
		column->kind = COLUMN_VERSIONS;
	}
}

/* A whole family, or the whole row, as an object. */
static void
set_object(const TableMapping *table, ColumnMapping *column, const char *family)
{
	if (column->typid != JSONBOID && family != NULL)
		report_kind(table, column, "option \"family\" without option \"qualifier\"",
					"Such a column is a whole family and has type jsonb.");
	if (column->typid != JSONBOID)
		report_kind(table, column, "option \"row_json\"",
					"Such a column is the whole row and has type jsonb.");
	column->kind = family != NULL ? COLUMN_FAMILY_JSON : COLUMN_ROW_JSON;
	if (family != NULL)
		column->family = bt_span_str(family);
}

static void
set_as_of(const TableMapping *table, ColumnMapping *column)
{
	if (column->typid != TIMESTAMPTZOID)
		report_kind(table, column, "option \"as_of\"",
					"Such a column has type timestamp with time zone.");
	column->kind = COLUMN_AS_OF;
}

ColumnMapping
mapping_of_version(const ColumnMapping *column)
{
	ColumnMapping version = *column;

	version.kind = COLUMN_VALUE;
	version.typid = get_element_type(column->typid);
	version.not_null = false;
	return version;
}

/* Finds the column's place in Bigtable, from its options or its name. */
static void
load_place(const TableMapping *table, ColumnMapping *column, List *options)
{
	const char *family = option_string(options, "family", NULL);
	const char *colon = strchr(column->name, ':');

	if (family != NULL && option_string(options, "qualifier", NULL) != NULL)
		set_cell(column, family, option_string(options, "qualifier", NULL));
	else if (family != NULL || option_bool(options, "row_json", false))
		set_object(table, column, family);
	else if (option_bool(options, "as_of", false))
		set_as_of(table, column);
	else if (option_int(options, "key_part", 0) > 0)
	{
		column->kind = COLUMN_ROW_KEY;
		column->key_part = option_int(options, "key_part", 0);
		column->is_reversed = option_bool(options, "reversed", false);
	}
	else if (is_row_key(column->name, options))
		column->kind = COLUMN_ROW_KEY;
	else if (colon != NULL && colon > column->name &&
			 option_is_family(column->name, (size_t) (colon - column->name)))
	{
		column->kind = COLUMN_VALUE;
		column->family = bt_span_make(column->name, colon - column->name);
		column->qualifier = bt_span_str(option_to_utf8(colon + 1));
	}
	else
		report_unmapped(table, column->name);

	load_cell_kind(table, column, options);
}

static void
load_column(TableMapping *table, Form_pg_attribute attr, const char *encoding,
			bool null_on_error)
{
	ColumnMapping *column = &table->columns[attr->attnum - 1];
	List *options;

	column->attnum = attr->attnum;
	if (attr->attisdropped)
		return;
	options = GetForeignColumnOptions(table->relid, attr->attnum);
	column->name = pstrdup(NameStr(attr->attname));
	column->typid = attr->atttypid;
	column->typmod = attr->atttypmod;
	column->collation = attr->attcollation;
	column->not_null = attr->attnotnull;
	if (table->layout == LAYOUT_CELLS)
		cell_layout_load_column(table, column, options);
	else
	{
		load_place(table, column, options);
		load_encoding(table, column, options, encoding);
	}

	/* A NOT NULL column is believed, so that it cannot become NULL. */
	column->null_on_error =
		null_on_error && (column->kind == COLUMN_VERSIONS ||
						  (column->kind == COLUMN_VALUE && !column->not_null));

	if (column->kind != COLUMN_ROW_KEY || column->key_part > 0)
		return;
	if (table->key != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("foreign table \"%s\" has more than one row key column",
						table->relname),
				 errdetail("Columns \"%s\" and \"%s\" are both the row key.",
						   table->key->name, column->name),
				 errhint("Set option \"row_key\" of one of them to 'false', and its "
						 "\"family\" and \"qualifier\".")));
	table->key = column;
}

static TableLayout
parse_layout(List *options)
{
	return strcmp(option_string(options, "layout", "rows"), "cells") == 0 ? LAYOUT_CELLS
																		  : LAYOUT_ROWS;
}

TableMapping *
mapping_load(Oid relid)
{
	TableMapping *table = palloc0(sizeof(TableMapping));
	ForeignTable *foreign_table = GetForeignTable(relid);
	ForeignServer *server = GetForeignServer(foreign_table->serverid);
	Relation rel = table_open(relid, NoLock);
	TupleDesc desc = RelationGetDescr(rel);
	const char *encoding;
	bool null_on_error;

	table->relid = relid;
	table->serverid = server->serverid;
	table->relname = pstrdup(RelationGetRelationName(rel));
	table->servername = server->servername;
	table->layout = parse_layout(foreign_table->options);
	load_resource(table, foreign_table->options, server->options);
	load_settings(table, foreign_table->options, server->options);
	load_write_settings(&table->write, foreign_table->options, server->options);
	if (table->layout == LAYOUT_CELLS)
		table->write.strict = table->write.replace = false; /* they are about rows */
	encoding = option_string(foreign_table->options, "encoding",
							 option_string(server->options, "encoding", "text"));
	null_on_error = strcmp(inherited_option(foreign_table->options, server->options,
											"on_decode_error", "error"),
						   "null") == 0;

	table->natts = desc->natts;
	table->columns = palloc0((desc->natts + 1) * sizeof(ColumnMapping));
	for (int i = 0; i < desc->natts; i++)
		load_column(table, TupleDescAttr(desc, i), encoding, null_on_error);
	if (table->layout == LAYOUT_CELLS)
		table->missing_column = cell_layout_missing_column(desc);
	if (table->layout == LAYOUT_CELLS)
		key_options_load(table, NIL, NIL);
	else
		key_options_load(table, foreign_table->options, server->options);
	table_close(rel, NoLock);
	return table;
}

TableMapping *
mapping_of_remote_table(Oid serverid, const char *table_name, const char *app_profile)
{
	TableMapping *table = palloc0(sizeof(TableMapping));
	ForeignServer *server = GetForeignServer(serverid);
	List *options = NIL;

	if (table_name[0] == '\0' || !option_is_resource_id(table_name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not the name of a Bigtable table", table_name),
				 errdetail("An ID alone is expected, without slashes, spaces, control "
						   "or non-ASCII characters.")));
	if (app_profile != NULL)
		options = list_make1(
			makeDefElem("app_profile_id", (Node *) makeString(pstrdup(app_profile)), -1));
	options = lappend(
		options, makeDefElem("table_name", (Node *) makeString(pstrdup(table_name)), -1));
	table->serverid = serverid;
	table->servername = server->servername;
	load_resource(table, options, server->options);
	load_settings(table, options, server->options);
	load_write_settings(&table->write, NIL, server->options);
	return table;
}

TableMapping *
mapping_of_instance(Oid serverid)
{
	TableMapping *table = palloc0(sizeof(TableMapping));
	ForeignServer *server = GetForeignServer(serverid);
	const char *project =
		required_server_option(server->options, "project_id", server->servername);

	table->serverid = serverid;
	table->servername = server->servername;
	table->remote_kind = "instance";
	table->remote_name =
		required_server_option(server->options, "instance_id", server->servername);
	table->resource = psprintf("projects/%s/instances/%s", project, table->remote_name);
	load_settings(table, NIL, server->options);
	return table;
}

const char *
mapping_read_only_reason(const TableMapping *table)
{
	if (!table->write.updatable)
		return "Its option \"updatable\" is false.";
	if (table->kind == BT_RESOURCE_MATERIALIZED_VIEW)
		return "It is a materialized view of Bigtable.";
	if (table->missing_column != NULL)
		return psprintf("Its layout is \"cells\", and it has no column \"%s\".",
						table->missing_column);
	if (!mapping_has_key(table))
		return "It has no column that is the row key.";
	return NULL;
}

bool
mapping_is_writable(Oid relid)
{
	ForeignTable *foreign_table = GetForeignTable(relid);
	ForeignServer *server = GetForeignServer(foreign_table->serverid);
	Relation rel = table_open(relid, NoLock);
	TupleDesc desc = RelationGetDescr(rel);
	bool is_cells = parse_layout(foreign_table->options) == LAYOUT_CELLS;
	bool has_key = is_cells && cell_layout_missing_column(desc) == NULL;
	WriteSettings write;

	for (int i = 0; i < desc->natts && !has_key && !is_cells; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		List *options;

		if (attr->attisdropped)
			continue;
		options = GetForeignColumnOptions(relid, attr->attnum);
		has_key = option_int(options, "key_part", 0) > 0 ||
				  is_row_key(NameStr(attr->attname), options);
	}
	table_close(rel, NoLock);
	load_write_settings(&write, foreign_table->options, server->options);
	return has_key && write.updatable &&
		   option_string(foreign_table->options, "materialized_view", NULL) == NULL;
}

bool
mapping_is_async_capable(Oid relid)
{
	ForeignTable *foreign_table = GetForeignTable(relid);
	ForeignServer *server = GetForeignServer(foreign_table->serverid);

	return option_bool(foreign_table->options, "async_capable",
					   option_bool(server->options, "async_capable", true));
}

bool
mapping_has_same_cells(Oid relid, const TableMapping *table)
{
	const TableMapping *other;

	if (get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE ||
		GetForeignServer(GetForeignTable(relid)->serverid)->fdwid !=
			GetForeignServer(table->serverid)->fdwid)
		return false;
	other = mapping_load(relid);
	if (other->table_resource == NULL || table->table_resource == NULL)
		return false;
	return strcmp(other->table_resource, table->table_resource) == 0;
}
