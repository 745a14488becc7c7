/*-------------------------------------------------------------------------
 *
 * http.h
 *	  One HTTP request at a time, for tokens.  http.c is all that includes curl.
 *
 * For a thread that is not the host's: it may block, and be woken by another.
 * Signals are blocked in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_HTTP_H
#define BT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

/* How long a request may take, all in all. */
#define BT_HTTP_TIMEOUT_MS 10000

/* Longest body that is taken; one that is longer is an error. */
#define BT_HTTP_MAX_BODY ((size_t) 1024 * 1024)

typedef struct bt_http bt_http;

/* Strings that are the caller's, with what HTTP allows in them. */
typedef struct bt_http_request
{
	const char *method; /* a constant */
	const char *url;
	const char *headers[8]; /* "Name: value", up to a NULL */
	const char *body;       /* NULL: none */
	bool direct;            /* to a machine near by: never through a proxy */
} bt_http_request;

typedef struct bt_http_response
{
	long code;  /* of HTTP */
	char *body; /* with a NUL behind it; the caller frees it */
	size_t len;
} bt_http_response;

/*
 * Once in a process, before there are threads that make requests.  Returns false
 * if curl cannot be used.
 */
extern bool bt_http_init(void);

/* Returns NULL if memory runs out, or descriptors. */
extern bt_http *bt_http_create(void);
extern void bt_http_destroy(bt_http *http);

/*
 * Sends a request and takes the response, whatever its code.  Redirections are
 * not followed: they would take secrets elsewhere.  Certificates have to be of
 * authorities that the machine trusts, or those in the file which
 * GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names, as for gRPC.  Returns false if there is no
 * response, with *status set to UNAVAILABLE, or to UNAUTHENTICATED if there is
 * no sense in another try; what the message says of the URL is its host.
 */
extern bool bt_http_send(bt_http *http, const bt_http_request *request,
						 bt_http_response *response, bt_status *status);

/* From any thread: what is sent, or will be, ends at once. */
extern void bt_http_interrupt(bt_http *http);

#endif /* BT_HTTP_H */
