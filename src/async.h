/*-------------------------------------------------------------------------
 *
 * async.h
 *	  The executor's callbacks of a scan below an asynchronous Append.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_ASYNC_H
#define BIGTABLE_FDW_ASYNC_H

#include "postgres.h"

#include "foreign/fdwapi.h"

extern void bigtable_async_request(AsyncRequest *request);
extern void bigtable_async_configure_wait(AsyncRequest *request);
extern void bigtable_async_notify(AsyncRequest *request);

#endif /* BIGTABLE_FDW_ASYNC_H */
