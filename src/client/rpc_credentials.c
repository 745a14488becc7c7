/*-------------------------------------------------------------------------
 *
 * rpc_credentials.c
 *	  Our credentials -> gRPC's.  A part of rpc.c, for it and rpc_channel.c alone.
 *
 *-------------------------------------------------------------------------
 */
#include "rpc_credentials.h"

#include <string.h>

/* What tokens that are fetched are for; IAM says what of that is allowed. */
#define TOKEN_SCOPE "https://www.googleapis.com/auth/cloud-platform"

/* NULL if gRPC finds fault with them. */
static grpc_call_credentials *
make_call_credentials(const bt_credentials *credentials)
{
	switch (credentials->kind)
	{
		case BT_ACCESS_TOKEN:
			return grpc_access_token_credentials_create(credentials->secret, NULL);
		case BT_SERVICE_ACCOUNT:
			return grpc_service_account_jwt_access_credentials_create(
				credentials->secret, grpc_max_auth_token_lifetime(), NULL);
		case BT_AUTHORIZED_USER:
			return grpc_google_refresh_token_credentials_create(credentials->secret,
																NULL);
		case BT_EXTERNAL_ACCOUNT:
			return grpc_external_account_credentials_create(credentials->secret,
															TOKEN_SCOPE);
		case BT_METADATA_SERVER:
			return grpc_google_compute_engine_credentials_create(NULL);
	}
	return NULL;
}

grpc_channel_credentials *
rpc_tls_credentials(const char *ca_pem, const bt_credentials *credentials)
{
	grpc_call_credentials *call_credentials = make_call_credentials(credentials);
	grpc_channel_credentials *ssl;
	grpc_channel_credentials *both;

	if (call_credentials == NULL)
		return NULL;
	ssl = grpc_ssl_credentials_create(ca_pem, NULL, NULL, NULL);
	both = grpc_composite_channel_credentials_create(ssl, call_credentials, NULL);
	grpc_call_credentials_release(call_credentials);
	grpc_channel_credentials_release(ssl);
	return both;
}

bool
rpc_is_without_token(grpc_status_code code, grpc_slice details)
{
	/* Of the place for tokens, and of its name; a call's own have another code. */
	static const char *const texts[] = {"Error occurred when fetching oauth2 token",
										"C-ares status is not ARES_SUCCESS"};

	if (code != GRPC_STATUS_UNKNOWN)
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (GRPC_SLICE_LENGTH(details) >= strlen(texts[i]) &&
			memcmp(GRPC_SLICE_START_PTR(details), texts[i], strlen(texts[i])) == 0)
			return true;
	return false;
}
