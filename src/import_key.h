/*-------------------------------------------------------------------------
 *
 * import_key.h
 *	  The schema of a table's row keys -> columns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_IMPORT_KEY_H
#define BIGTABLE_FDW_IMPORT_KEY_H

#include "postgres.h"

#include "client/table_schema.h"

/* A column that is the row key, or a part of it. */
typedef struct ImportKeyPart
{
	char *name;
	const char *type;
	const char *collation; /* or NULL */
	const char *encoding;  /* or NULL: the default */
} ImportKeyPart;

typedef struct ImportKey
{
	int nparts;
	ImportKeyPart *parts;
	bool is_whole;         /* the only part is the key as it is */
	const char *encoding;  /* the table's option "key_encoding", or NULL */
	const char *delimiter; /* "key_delimiter", or NULL */
} ImportKey;

/*
 * What the schema says.  Returns false if it has a field, or an encoding, that
 * foreign tables do not have; keys must then be taken as bytes.
 */
extern bool import_key_of_schema(const bt_type *schema, ImportKey *key);

#endif /* BIGTABLE_FDW_IMPORT_KEY_H */
