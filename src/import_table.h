/*-------------------------------------------------------------------------
 *
 * import_table.h
 *	  What is known of a Bigtable table -> CREATE FOREIGN TABLE.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_IMPORT_TABLE_H
#define BIGTABLE_FDW_IMPORT_TABLE_H

#include "postgres.h"

#include "access/htup_details.h"
#include "foreign/foreign.h"

#include "client/table_schema.h"
#include "import_sample.h"

/* One is the row key. */
#define IMPORT_MAX_COLUMNS (MaxHeapAttributeNumber - 1)

typedef enum ImportStyle
{
	IMPORT_COLUMNS,  /* each column of Bigtable is one */
	IMPORT_FAMILIES, /* each family is one, as jsonb */
	IMPORT_CELLS     /* layout 'cells' */
} ImportStyle;

typedef struct ImportSettings
{
	ImportStyle style;
	int sample_rows;
	int max_columns; /* of tables that have more, families are shown as jsonb */
} ImportSettings;

/* The statement, in the current memory context. */
extern char *
import_create_table(const ImportSettings *settings, const ForeignServer *server,
					const char *name, const bt_table *schema, const TableSample *sample);

#endif /* BIGTABLE_FDW_IMPORT_TABLE_H */
