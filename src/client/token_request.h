/*-------------------------------------------------------------------------
 *
 * token_request.h
 *	  Requests to places that know of tokens, and the JSON that they answer.
 *
 * On failure, *status says UNAVAILABLE if another try may help, and
 * UNAUTHENTICATED if not.  No message has any part of a secret in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_TOKEN_REQUEST_H
#define BT_TOKEN_REQUEST_H

#include <jansson.h>

#include "http.h"

/* An object's member that is a string, or NULL; the object's. */
extern const char *bt_json_text(const json_t *object, const char *name);

/* The same, where one has to be; sets *status if there is none. */
extern const char *
bt_json_required(const json_t *object, const char *name, bt_status *status);

/*
 * The body of the response to a request, which the caller frees; NULL if that
 * is no success.  is_public: its errors may be shown, since it is a service
 * whose they are; else only HTTP's code is.
 */
extern char *bt_token_request_text(bt_http *http, const bt_http_request *request,
								   bool is_public, bt_status *status);

/* The same for a JSON object; the caller drops the reference. */
extern json_t *bt_token_request_json(bt_http *http, const bt_http_request *request,
									 bool is_public, bt_status *status);

/* "out of memory", as a status. */
extern void bt_token_out_of_memory(bt_status *status);

#endif /* BT_TOKEN_REQUEST_H */
