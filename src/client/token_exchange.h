/*-------------------------------------------------------------------------
 *
 * token_exchange.h
 *	  Credentials -> an access token, by asking those who give one for them.
 *
 * For a thread that may block.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_TOKEN_EXCHANGE_H
#define BT_TOKEN_EXCHANGE_H

#include "credentials.h"
#include "http.h"

typedef struct bt_token
{
	char *text; /* what goes behind "Bearer "; the caller frees it */
	int64_t lifetime_us;
} bt_token;

/*
 * Returns false if there is no token, with *status set to UNAVAILABLE if another
 * try may help, and to UNAUTHENTICATED if not.
 */
extern bool bt_token_fetch(const bt_credentials *credentials, bt_http *http,
						   bt_token *token, bt_status *status);

/* The project that pays, as the credentials have it, or NULL; the caller frees it. */
extern char *bt_token_user_project(const bt_credentials *credentials);

#endif /* BT_TOKEN_EXCHANGE_H */
