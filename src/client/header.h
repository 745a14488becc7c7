/*-------------------------------------------------------------------------
 *
 * header.h
 *	  The headers that go with every call, and the cookies that come back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_HEADER_H
#define BT_HEADER_H

#include "message.h"
#include "rpc.h"

/* Of this project, for x-goog-api-client and the user agent. */
#define BT_CLIENT_VERSION "1.0.0"

/*
 * A routing cookie: metadata that the server wants to see again on the next
 * attempt of the same operation.
 */
typedef struct bt_cookie
{
	char *key;
	uint8_t *value;
	size_t len;
} bt_cookie;

/* The headers of one operation, over all its attempts. */
typedef struct bt_headers
{
	char *request_params;
	char api_client[96];
	char attempt[16];
	bt_cookie *cookies;
	size_t ncookies;
	bt_header *list; /* scratch for bt_headers_list() */
} bt_headers;

/* Begins an operation on a resource.  Returns false without memory. */
extern bool bt_headers_init(bt_headers *headers, bt_resource_kind kind,
							const char *resource, const char *app_profile);

/* The same for an admin call, whose resource goes by the key "name=" or "parent=". */
extern bool
bt_headers_init_admin(bt_headers *headers, const char *key, const char *resource);
extern void bt_headers_free(bt_headers *headers);

/* Forgets the cookies: another operation on the same resource begins. */
extern void bt_headers_restart(bt_headers *headers);

/*
 * The headers of an attempt, numbered from 0; valid until the next call here.
 * Returns NULL without memory.
 */
extern const bt_header *bt_headers_list(bt_headers *headers, int attempt, size_t *n);

/* Keeps the cookies that an attempt has brought; a later one replaces. */
extern bool bt_headers_keep_cookies(bt_headers *headers, const bt_call *call);

/* Reads RetryInfo from an attempt's trailers; -1 if there is none. */
extern int64_t bt_headers_retry_delay(const bt_call *call);

#endif /* BT_HEADER_H */
