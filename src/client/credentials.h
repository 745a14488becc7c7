/*-------------------------------------------------------------------------
 *
 * credentials.h
 *	  What authorises a call, and checks of it that contact nobody.
 *
 * rpc_credentials.c hands it to gRPC, which signs tokens for service accounts;
 * tokens of others are fetched by token_source.c.  What is wrong with a key
 * comes back from there as a call that is not authorised; so it is checked here
 * first, where there are words for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_CREDENTIALS_H
#define BT_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum bt_credentials_kind
{
	BT_ACCESS_TOKEN,     /* a token, which nobody renews */
	BT_SERVICE_ACCOUNT,  /* a key, which signs a token for each endpoint */
	BT_AUTHORIZED_USER,  /* a refresh token, changed for tokens at Google */
	BT_EXTERNAL_ACCOUNT, /* tokens of somebody else, changed for tokens */
	BT_METADATA_SERVER   /* tokens of the machine, where it is one of Google's */
} bt_credentials_kind;

typedef struct bt_credentials
{
	bt_credentials_kind kind;
	const char *secret; /* the token, or Google's JSON; NULL for the machine */
} bt_credentials;

/* Are tokens fetched for them from somewhere? */
static inline bool
bt_credentials_fetch_tokens(const bt_credentials *credentials)
{
	return credentials->kind != BT_ACCESS_TOKEN &&
		   credentials->kind != BT_SERVICE_ACCOUNT;
}

/*
 * Is that a private key in PEM form that can sign for a service account: RSA,
 * and without a passphrase?  If not, *reason is a sentence that says why.
 */
extern bool bt_credentials_check_key(const char *pem, size_t len, const char **reason);

/* Is there a certificate in PEM form in it, and nothing that looks like one but is none? */
extern bool bt_credentials_check_authorities(const char *pem, size_t len);

/* Can that be sent as a token? */
extern bool bt_credentials_check_token(const char *token);

#endif /* BT_CREDENTIALS_H */
