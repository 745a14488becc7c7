/*-------------------------------------------------------------------------
 *
 * function_args.h
 *	  What the SQL functions share: their arguments, checked, and the table
 *	  that they name.
 *
 * Arguments are checked before anything is sent.  Whoever may use the server
 * may call the functions; the call is made with the caller's own user mapping.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_FUNCTION_ARGS_H
#define BIGTABLE_FDW_FUNCTION_ARGS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "client/message.h"
#include "client/unary.h"
#include "connection.h"
#include "mapping.h"

/* A table that a function names. */
typedef struct RemoteTable
{
	TableMapping *mapping;
	bt_write_target target;
	Connection *connection; /* once it is connected */
	bt_retry_policy once;   /* for calls that are never tried again */
} RemoteTable;

/* Raises ERRCODE_INVALID_PARAMETER_VALUE; detail may be NULL. */
extern void
report_argument(const char *message, const char *detail) __attribute__((noreturn));

/* The argument at a place, which must not be NULL. */
extern Datum required_argument(FunctionCallInfo fcinfo, int i, const char *name);

/* The bytes of a bytea, which may have been detoasted. */
extern bt_span bytes_of(Datum value);

/* Values that Bigtable would refuse are refused. */
extern bt_span row_key_of(Datum value);
extern bt_span family_of(Datum value);

/* The elements of an array, none of which may be NULL. */
extern Datum *elements_of(Datum datum, const char *name, int *n);

/*
 * An interval in microseconds; months have 30 days, as when intervals are compared.
 * Returns false if it is too long (or infinite).
 */
extern bool interval_us(const Interval *interval, int64 *us);

/* A bytea. */
extern Datum bytea_datum(bt_span span);

/* Text that came over the wire as UTF-8, which is checked. */
extern Datum text_datum(bt_span span);

/* The server that an argument names, if the user may use it and it is one of ours. */
extern Oid server_argument(FunctionCallInfo fcinfo, int i);

/*
 * The table that a call's first two arguments name.  app_profile and timeout are
 * the numbers of these arguments, or -1.  Contacts nobody.
 */
extern RemoteTable table_argument(FunctionCallInfo fcinfo, int app_profile, int timeout);

/* The instance that the first argument leads to; see mapping_of_instance(). */
extern RemoteTable instance_argument(FunctionCallInfo fcinfo, int timeout);

/* To be given back by connection_release(). */
extern void connect_table(RemoteTable *table);

#endif /* BIGTABLE_FDW_FUNCTION_ARGS_H */
