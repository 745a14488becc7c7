/*-------------------------------------------------------------------------
 *
 * endpoint.h
 *	  A server's options -> where its two APIs are, and how to reach them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_ENDPOINT_H
#define BIGTABLE_FDW_ENDPOINT_H

#include "postgres.h"

#include "foreign/foreign.h"

#define GOOGLE_UNIVERSE "googleapis.com"

typedef enum BigtableApi
{
	DATA_API,
	ADMIN_API /* of tables */
} BigtableApi;

typedef struct Endpoint
{
	const char *target;   /* as gRPC takes it */
	bool plaintext;       /* an emulator: without TLS, and without credentials */
	const char *ca_file;  /* or NULL: the authorities that this machine trusts */
	const char *universe; /* the domain that credentials have to be for */
	bool is_default;      /* no option has named it */
} Endpoint;

/* A copy, in the current memory context. */
extern Endpoint *endpoint_find(const ForeignServer *server, BigtableApi api);

/*
 * Checks of options, for the validator: their form, and whether the current
 * user may set them.
 */
extern void endpoint_check_option(const char *name, const char *value);
extern void endpoint_check_universe(const char *name, const char *value);

/* Is a host one of Google's, under googleapis.com? */
extern bool endpoint_is_google(const char *host, size_t len);

#endif /* BIGTABLE_FDW_ENDPOINT_H */
