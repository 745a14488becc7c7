/*-------------------------------------------------------------------------
 *
 * soft_error.h
 *	  Calls of functions that may find data to be invalid.
 *
 * From PostgreSQL 16 on, input functions report that without raising an error.
 * Before, the error must be caught, and nothing but a subtransaction cleans up
 * behind an arbitrary function; compat.h knows which is which.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_SOFT_ERROR_H
#define BIGTABLE_FDW_SOFT_ERROR_H

#include "postgres.h"

/*
 * Calls a function in a subtransaction.  Returns false if it has raised an
 * error that is about data; any other goes on.  There are no subtransactions
 * in a parallel query: there, every error goes on.
 */
extern bool soft_error_call(void (*function)(void *arg), void *arg);

#endif /* BIGTABLE_FDW_SOFT_ERROR_H */
