/*-------------------------------------------------------------------------
 *
 * import.h
 *	  IMPORT FOREIGN SCHEMA.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_IMPORT_H
#define BIGTABLE_FDW_IMPORT_H

#include "postgres.h"

#include "nodes/parsenodes.h"

extern List *bigtable_import_schema(ImportForeignSchemaStmt *stmt, Oid serverid);

#endif /* BIGTABLE_FDW_IMPORT_H */
