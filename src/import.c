/*-------------------------------------------------------------------------
 *
 * import.c
 *	  IMPORT FOREIGN SCHEMA: which tables, and how they are to be shown.
 *
 * The remote schema is the server's instance, which must be named rightly: an
 * import that silently takes another one's tables would be worse than an error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "connection.h"
#include "import.h"
#include "import_sample.h"
#include "import_table.h"
#include "mapping.h"
#include "option.h"
#include "table_admin.h"

#define DEFAULT_SAMPLE_ROWS 300
#define DEFAULT_MAX_COLUMNS 200

/* ---- options ---- */

__attribute__((noreturn)) static void
report_value(const DefElem *option, const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					errmsg("invalid value for option \"%s\": \"%s\"", option->defname,
						   defGetString((DefElem *) option)),
					errdetail("%s", detail)));
}

static int
read_number(DefElem *option, int min, int max)
{
	int number;

	if (!parse_int(defGetString(option), &number, 0, NULL) || number < min ||
		number > max)
		report_value(option, psprintf("An integer from %d to %d is expected.", min, max));
	return number;
}

static ImportStyle
read_style(DefElem *option)
{
	const char *value = defGetString(option);

	if (strcmp(value, "columns") == 0)
		return IMPORT_COLUMNS;
	if (strcmp(value, "families") == 0)
		return IMPORT_FAMILIES;
	if (strcmp(value, "cells") == 0)
		return IMPORT_CELLS;
	report_value(option, "Valid values are: columns, families, cells.");
}

static ImportSettings
read_settings(List *options)
{
	ImportSettings settings = {.style = IMPORT_COLUMNS,
							   .sample_rows = DEFAULT_SAMPLE_ROWS,
							   .max_columns = DEFAULT_MAX_COLUMNS};
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "style") == 0)
			settings.style = read_style(option);
		else if (strcmp(option->defname, "sample_rows") == 0)
			settings.sample_rows = read_number(option, 0, 100000);
		else if (strcmp(option->defname, "max_columns") == 0)
			settings.max_columns = read_number(option, 1, IMPORT_MAX_COLUMNS);
		else
			ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
							errmsg("invalid option \"%s\" for IMPORT FOREIGN SCHEMA",
								   option->defname),
							errhint("Valid options are: style, sample_rows, "
									"max_columns.")));
	}
	return settings;
}

/* ---- tables ---- */

/* The instance may be named alone, with its project, or in full. */
static void
check_schema(const ImportForeignSchemaStmt *stmt, const TableMapping *instance)
{
	const char *project = instance->resource + strlen("projects/");
	int project_len = (int) strcspn(project, "/");
	const char *name = stmt->remote_schema;

	if (strcmp(name, instance->remote_name) == 0 ||
		strcmp(name, instance->resource) == 0 ||
		strcmp(name, psprintf("%.*s.%s", project_len, project, instance->remote_name)) ==
			0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
			 errmsg("\"%s\" is not the instance of server \"%s\"", name,
					instance->servername),
			 errdetail("The server leads to Bigtable instance \"%s\" of project "
					   "\"%.*s\".",
					   instance->remote_name, project_len, project),
			 errhint("Use IMPORT FOREIGN SCHEMA %s FROM SERVER %s, or another server.",
					 quote_identifier(instance->remote_name),
					 quote_identifier(instance->servername))));
}

static bool
has_name(List *names, const char *name)
{
	ListCell *cell;

	foreach (cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

/* PostgreSQL itself would say nothing of tables that are not there. */
static void
warn_of_missing_tables(const ImportForeignSchemaStmt *stmt, const TableMapping *instance,
					   List *names)
{
	ListCell *cell;

	if (stmt->list_type != FDW_IMPORT_SCHEMA_LIMIT_TO)
		return;
	foreach (cell, stmt->table_list)
	{
		const char *name = lfirst_node(RangeVar, cell)->relname;

		if (!has_name(names, name))
			ereport(WARNING, (errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
							  errmsg("table \"%s\" does not exist in Bigtable instance "
									 "\"%s\"",
									 name, instance->remote_name)));
	}
}

static char *
import_table(Connection *connection, const ForeignServer *server,
			 const ImportSettings *settings, const char *name)
{
	TableMapping *table = mapping_of_remote_table(server->serverid, name, NULL);
	const bt_table *schema = table_admin_get(connection, table);
	const TableSample *sample = import_sample(connection, table, settings->sample_rows);

	return import_create_table(settings, server, name, schema, sample);
}

/* The statements; what is needed to make one of them is freed before the next. */
static List *
import_tables(Connection *connection, ImportForeignSchemaStmt *stmt,
			  const ForeignServer *server, const TableMapping *instance)
{
	ImportSettings settings = read_settings(stmt->options);
	List *names = table_admin_list(connection, instance);
	MemoryContext context = AllocSetContextCreate(
		CurrentMemoryContext, "bigtable_fdw import", ALLOCSET_DEFAULT_SIZES);
	List *commands = NIL;
	ListCell *cell;

	warn_of_missing_tables(stmt, instance, names);
	foreach (cell, names)
	{
		MemoryContext old;
		char *command;

		if (!IsImportableForeignTable(lfirst(cell), stmt))
			continue;
		old = MemoryContextSwitchTo(context);
		command = import_table(connection, server, &settings, lfirst(cell));
		MemoryContextSwitchTo(old);
		commands = lappend(commands, pstrdup(command));
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	return commands;
}

List *
bigtable_import_schema(ImportForeignSchemaStmt *stmt, Oid serverid)
{
	const ForeignServer *server = GetForeignServer(serverid);
	const TableMapping *instance = mapping_of_instance(serverid);
	Connection *connection;
	List *volatile commands = NIL;

	(void) read_settings(stmt->options);
	check_schema(stmt, instance);
	connection = connection_acquire(instance, GetUserId());
	PG_TRY();
	{
		commands = import_tables(connection, stmt, server, instance);
	}
	PG_FINALLY();
	{
		connection_release(connection);
	}
	PG_END_TRY();
	return commands;
}
