/*-------------------------------------------------------------------------
 *
 * mapping.h
 *	  A relation's options -> what each column is in Bigtable.
 *
 * Used alike by planner and executor, from the catalogs each time: a change
 * of the options invalidates plans, so both see the same.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_MAPPING_H
#define BIGTABLE_FDW_MAPPING_H

#include "postgres.h"

#include "access/attnum.h"

#include "client/message.h"
#include "client/retry.h"
#include "client/span.h"
#include "row_key.h"

typedef enum ColumnKind
{
	COLUMN_NONE,      /* dropped */
	COLUMN_ROW_KEY,   /* or a part of it */
	COLUMN_VALUE,     /* the value of a column's newest cell */
	COLUMN_TIMESTAMP, /* that cell's timestamp */

	/* Several versions of a cell, newest first, see cell_group.h. */
	COLUMN_VERSIONS,   /* an array of their values */
	COLUMN_TIMESTAMPS, /* an array of their timestamps */
	COLUMN_HISTORY,    /* both, as jsonb */

	/* Many columns of Bigtable as jsonb, of their newest cells, see cell_json.h. */
	COLUMN_FAMILY_JSON, /* {qualifier: value} */
	COLUMN_ROW_JSON,    /* {family: {qualifier: value}} */

	COLUMN_AS_OF, /* the time that a scan reads as of, see as_of.h */

	/* Only with layout 'cells', see cell_layout.h. */
	COLUMN_FAMILY,
	COLUMN_QUALIFIER,
	COLUMN_LABELS
} ColumnKind;

/* What a row of the foreign table is. */
typedef enum TableLayout
{
	LAYOUT_ROWS, /* a row of Bigtable */
	LAYOUT_CELLS /* a cell */
} TableLayout;

typedef enum Encoding
{
	ENCODING_TEXT,    /* PostgreSQL's text form in UTF-8; bytea: raw bytes */
	ENCODING_BINARY,  /* big-endian numbers, and so on */
	ENCODING_ORDERED, /* numbers that sort like their bytes, see ordered_code.h */
	ENCODING_HEX,     /* the bytes of ENCODING_BINARY, as hexadecimal digits */
	ENCODING_BASE64   /* and as base64 */
} Encoding;

typedef struct ColumnMapping
{
	ColumnKind kind;
	AttrNumber attnum;
	const char *name; /* of the PostgreSQL column */
	bt_span
		family; /* of all kinds that are cells, and of FAMILY_JSON; in layout 'rows' */
	bt_span qualifier;
	const char *json_key; /* VALUE: of a FAMILY_JSON column, see json_access.h */
	int max_versions;     /* of kinds with several; 0: all */
	Encoding encoding;
	Oid typid;
	int32 typmod;
	Oid collation;
	bool not_null;
	int key_part;       /* COLUMN_ROW_KEY: which part, from 1; 0: the whole key */
	bool is_reversed;   /* of a part: descending */
	bool may_be_null;   /* of a key: as one that does not fit is */
	bool null_on_error; /* a value that does not decode is NULL */
} ColumnMapping;

/* How rows are written. */
typedef struct WriteSettings
{
	bool strict;  /* INSERT of a row that exists is an error */
	bool replace; /* older versions are removed */
	bool updatable;
	bool truncatable;
	int batch_size; /* rows of a request */
} WriteSettings;

typedef struct TableMapping
{
	Oid relid;
	Oid serverid;
	const char *relname;
	const char *servername;
	TableLayout layout;
	bt_resource_kind kind;
	const char *resource;       /* projects/P/instances/I/... */
	const char *table_resource; /* of the table; NULL for a materialized view */
	const char *remote_kind;    /* "table", or "instance", for messages */
	const char *remote_name;    /* the last part of resource, for messages */
	const char *app_profile;    /* or NULL */
	bt_retry_policy retry;      /* 0 where the server's options say nothing */
	bool timeout_is_argument;   /* of a function; for hints */
	WriteSettings write;
	double startup_cost; /* of a request, in the planner's units */
	double tuple_cost;   /* of a row */
	bool use_remote_estimate;
	int natts;
	ColumnMapping *columns;     /* by attnum - 1 */
	const char *missing_column; /* without which nothing can be written, or NULL */
	const ColumnMapping *key;   /* that is the whole row key, or NULL */
	RowKey row_key;             /* the same, or put together of several columns */
} TableMapping;

/* Has the table a column that is the row key, or columns that make it up? */
static inline bool
mapping_has_key(const TableMapping *table)
{
	return table->row_key.nparts > 0;
}

/*
 * Reads the mapping of a foreign table, into the current memory context.
 * Raises an error if a column has no place in Bigtable, or one that its type
 * does not fit.
 */
extern TableMapping *mapping_load(Oid relid);

/*
 * A table of Bigtable that no foreign table stands for: the mapping has no
 * relation and no columns.  app_profile may be NULL: the server's.
 */
extern TableMapping *
mapping_of_remote_table(Oid serverid, const char *table_name, const char *app_profile);

/*
 * The instance that a server leads to, for calls that are not about one table:
 * resource is projects/P/instances/I, and there is no table_resource.
 */
extern TableMapping *mapping_of_instance(Oid serverid);

/* Why a table cannot be written to, as an error's detail; NULL if it can. */
extern const char *mapping_read_only_reason(const TableMapping *table);

/*
 * The same question, of the options alone: it raises no error where the mapping
 * is incomplete, so that catalog views may ask it.
 */
extern bool mapping_is_writable(Oid relid);

/* May an Append take rows of the foreign table as they come? */
extern bool mapping_is_async_capable(Oid relid);

/* Is a relation a foreign table over the same table of Bigtable? */
extern bool mapping_has_same_cells(Oid relid, const TableMapping *table);

/* Is the column one cell, or several versions of it? */
static inline bool
column_is_cell(const ColumnMapping *column)
{
	return column->kind >= COLUMN_VALUE && column->kind <= COLUMN_HISTORY;
}

/* Does it take more than the newest? */
static inline bool
column_has_versions(const ColumnMapping *column)
{
	return column->kind >= COLUMN_VERSIONS && column->kind <= COLUMN_HISTORY;
}

/* Is it an object of many cells? */
static inline bool
column_is_object(const ColumnMapping *column)
{
	return column->kind == COLUMN_FAMILY_JSON || column->kind == COLUMN_ROW_JSON;
}

/* The column of one of the values that an array of versions holds. */
extern ColumnMapping mapping_of_version(const ColumnMapping *column);

static inline const ColumnMapping *
mapping_column(const TableMapping *table, AttrNumber attnum)
{
	return attnum > 0 && attnum <= table->natts ? &table->columns[attnum - 1] : NULL;
}

#endif /* BIGTABLE_FDW_MAPPING_H */
