/*-------------------------------------------------------------------------
 *
 * cell_layout.c
 *	  Tables with layout 'cells': which column is which part of a cell.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "utils/builtins.h"

#include "cell_layout.h"

typedef struct CellColumnDef
{
	const char *name;
	ColumnKind kind;
	Oid type;
	Oid other_type;    /* that it may have instead */
	const char *types; /* for messages */
	bool is_written;   /* nothing can be written without it */
} CellColumnDef;

static const CellColumnDef definitions[] = {
	{"row_key", COLUMN_ROW_KEY, BYTEAOID, TEXTOID, "bytea or text", true},
	{"family", COLUMN_FAMILY, TEXTOID, TEXTOID, "text", true},
	{"qualifier", COLUMN_QUALIFIER, BYTEAOID, TEXTOID, "bytea or text", true},
	{"timestamp", COLUMN_TIMESTAMP, TIMESTAMPTZOID, TIMESTAMPTZOID,
	 "timestamp with time zone", true},
	{"value", COLUMN_VALUE, BYTEAOID, TEXTOID, "bytea or text", true},
	{"labels", COLUMN_LABELS, TEXTARRAYOID, TEXTARRAYOID, "text[]", false},
};

const ColumnKind cell_identity[CELL_IDENTITY_PARTS] = {
	COLUMN_ROW_KEY, COLUMN_FAMILY, COLUMN_QUALIFIER, COLUMN_TIMESTAMP};

static const CellColumnDef *
find_definition(const char *name)
{
	for (size_t i = 0; i < lengthof(definitions); i++)
		if (strcmp(definitions[i].name, name) == 0)
			return &definitions[i];
	return NULL;
}

void
cell_layout_load_column(const TableMapping *table, ColumnMapping *column, List *options)
{
	const CellColumnDef *def = find_definition(column->name);

	if (def == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_COLUMN_NAME),
				 errmsg("column \"%s\" of foreign table \"%s\" is no part of a cell",
						column->name, table->relname),
				 errdetail("The table's layout is \"cells\": each row is a cell."),
				 errhint("Its columns are row_key, family, qualifier, \"timestamp\", "
						 "value and labels, or some of them.")));
	if (options != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("option \"%s\" cannot be set for column \"%s\" of foreign "
						"table \"%s\"",
						linitial_node(DefElem, options)->defname, column->name,
						table->relname),
				 errdetail("The table's layout is \"cells\": its columns are found by "
						   "their names, and have no options.")));
	if (column->typid != def->type && column->typid != def->other_type)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
				 errmsg("column \"%s\" of foreign table \"%s\" cannot have type %s",
						column->name, table->relname, format_type_be(column->typid)),
				 errdetail("With layout \"cells\", its type is %s.", def->types)));
	column->kind = def->kind;
	column->encoding = ENCODING_TEXT;
}

const ColumnMapping *
cell_layout_column(const TableMapping *table, ColumnKind kind)
{
	for (int i = 0; i < table->natts; i++)
		if (table->columns[i].kind == kind)
			return &table->columns[i];
	return NULL;
}

const char *
cell_layout_missing_column(TupleDesc desc)
{
	for (size_t i = 0; i < lengthof(definitions); i++)
	{
		bool found = !definitions[i].is_written;

		for (int j = 0; j < desc->natts && !found; j++)
			found = !TupleDescAttr(desc, j)->attisdropped &&
					strcmp(NameStr(TupleDescAttr(desc, j)->attname),
						   definitions[i].name) == 0;
		if (!found)
			return definitions[i].name;
	}
	return NULL;
}
