/*-------------------------------------------------------------------------
 *
 * mock_auth.h
 *	  What authorises a call: for the log, and whether to believe it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOCK_AUTH_H
#define MOCK_AUTH_H

#include "mock_call.h"

/*
 * From now on, take only calls with a token that this key (PEM, public) has
 * signed: a self-signed JWT of a service account.  False if it is none.
 */
extern bool auth_require_key(const char *path);

/* The audience of such tokens, else "https://AUTHORITY/"; the account, else any. */
extern void auth_require_audience(const char *audience);
extern void auth_require_issuer(const char *issuer);

/* Whether a call is to be served; if not, why not. */
extern bool auth_check(const struct mock_call *call, const char **reason);

/* Append the value of an authorization header, of a JWT only what it claims. */
extern void describe_authorization(struct bytes *out, grpc_slice value);

#endif
