/*-------------------------------------------------------------------------
 *
 * import_name.h
 *	  Bigtable's names -> names and options of PostgreSQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_IMPORT_NAME_H
#define BIGTABLE_FDW_IMPORT_NAME_H

#include "postgres.h"

#include "client/span.h"

/* Text that guess_is_text() is true for, in this database's encoding. */
extern char *import_text(bt_span bytes);

/* Two digits a byte. */
extern char *import_hex(bt_span bytes);

/* Bytes as a name of a column, if they can be one as they are; else NULL. */
extern char *import_plain_name(bt_span bytes);

/* Can no column have this name? */
extern bool import_is_system_column(const char *name);

/* Cuts off what is too long for a name with so many bytes behind it. */
extern void import_truncate_name(char *name, size_t more);

/* Bytes as the value of an option: text, or "\x" and digits. */
extern char *import_bytes_option(bt_span bytes);

#endif /* BIGTABLE_FDW_IMPORT_NAME_H */
