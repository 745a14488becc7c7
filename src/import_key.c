/*-------------------------------------------------------------------------
 *
 * import_key.c
 *	  The schema of a table's row keys -> columns.
 *
 * A table may have a row_key_schema: the fields that its keys are made of, their
 * types, and how they are put together.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "import_key.h"
#include "import_name.h"
#include "value_guess.h"

/* A number in one of the encodings that its bytes can have; NULL if in none. */
static const char *
number_encoding(const bt_type *type)
{
	switch (type->encoding)
	{
		case BT_ENCODING_BIG_ENDIAN:
			return "binary";
		case BT_ENCODING_ORDERED_CODE:
			return "ordered";
		default:
			return NULL;
	}
}

/* Fills in a part's type.  Returns false if there is none like it. */
static bool
load_type(ImportKeyPart *part, const bt_type *type)
{
	switch (type->kind)
	{
		case BT_TYPE_BYTES:
			part->type = "bytea";
			return true;
		case BT_TYPE_STRING:
			part->type = "text";
			part->collation = "\"C\"";
			return GetDatabaseEncoding() == PG_UTF8;
		case BT_TYPE_INT64:
			part->type = "bigint";
			part->encoding = number_encoding(type);
			return part->encoding != NULL;
		case BT_TYPE_TIMESTAMP:
			part->type = "timestamp with time zone";
			part->encoding = number_encoding(type);
			return part->encoding != NULL;
		default:
			return false;
	}
}

/* Fields may be without a name, or share one. */
static char *
part_name(const ImportKey *key, bt_span field)
{
	char *name = import_plain_name(field);

	for (int i = 0; name != NULL && i < key->nparts; i++)
		if (strcmp(key->parts[i].name, name) == 0)
			name = NULL;
	return name != NULL ? name : psprintf("key_%d", key->nparts + 1);
}

static bool
load_structure(ImportKey *key, const bt_type *schema)
{
	switch (schema->encoding)
	{
		case BT_ENCODING_SINGLETON:
			key->is_whole = true;
			return schema->nfields == 1;
		case BT_ENCODING_ORDERED_CODE:
			key->encoding = "ordered_code";
			return true;
		case BT_ENCODING_DELIMITED:
			key->delimiter = import_bytes_option(schema->delimiter);
			return schema->delimiter.len > 0;
		default:
			return false;
	}
}

bool
import_key_of_schema(const bt_type *schema, ImportKey *key)
{
	memset(key, 0, sizeof(*key));
	if (schema == NULL || schema->kind != BT_TYPE_STRUCT || schema->nfields == 0 ||
		!load_structure(key, schema))
		return false;
	key->parts = palloc0(sizeof(ImportKeyPart) * schema->nfields);
	for (size_t i = 0; i < schema->nfields; i++)
	{
		ImportKeyPart *part = &key->parts[i];

		if (!load_type(part, schema->fields[i].type))
			return false;
		part->name = part_name(key, schema->fields[i].name);
		key->nparts++;
	}
	return true;
}
