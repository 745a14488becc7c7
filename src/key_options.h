/*-------------------------------------------------------------------------
 *
 * key_options.h
 *	  A table's options -> how its row keys are put together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_KEY_OPTIONS_H
#define BIGTABLE_FDW_KEY_OPTIONS_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "mapping.h"

/*
 * Fills in table->row_key from the columns, which are known, and the options of
 * the table and its server.  Raises an error if they do not make up a key.
 */
extern void key_options_load(TableMapping *table, List *options, List *server_options);

#endif /* BIGTABLE_FDW_KEY_OPTIONS_H */
