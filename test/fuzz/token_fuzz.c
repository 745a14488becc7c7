/*-------------------------------------------------------------------------
 *
 * token_fuzz.c
 *	  Tokens from places that answer anything.
 *
 * Input: which credentials, or their JSON, and the answers.  There is a token
 * that can be sent, or an error that says whether to try again, after few
 * requests; and no message shows a secret.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz_input.h"

#include <stdlib.h>
#include <string.h>

#include "fake_http.h"
#include "token_exchange.h"

#define SECRET "the-secret"
#define USER                                                                             \
	"{\"client_id\":\"id\",\"client_secret\":\"" SECRET "\",\"refresh_token\":\"" SECRET \
	"\"}"
#define ACCOUNT(source, more)                                                            \
	"{\"audience\":\"a\",\"subject_token_type\":\"t\",\"token_url\":\"https://u:" SECRET \
	"@h/\",\"client_id\":\"id\",\"client_secret\":\"" SECRET                             \
	"\",\"credential_source\":{" source "}" more "}"
#define IMPERSONATION                                                                    \
	",\"service_account_impersonation_url\":\"https://i/\",\"service_account_"           \
	"impersonation\":{\"token_lifetime_seconds\":600}"

/* What each is made of; NULL: the input. */
static const struct
{
	bt_credentials_kind kind;
	const char *json;
} shapes[] = {
	{BT_METADATA_SERVER, NULL},
	{BT_AUTHORIZED_USER, USER},
	{BT_EXTERNAL_ACCOUNT, ACCOUNT("\"url\":\"http://s/\"", "")},
	{BT_EXTERNAL_ACCOUNT,
	 ACCOUNT("\"url\":\"http://s/\",\"headers\":{\"a\":\"b\"},\"format\":{\"type\":"
			 "\"json\",\"subject_token_field_name\":\"f\"}",
			 IMPERSONATION)},
	{BT_EXTERNAL_ACCOUNT,
	 ACCOUNT("\"environment_id\":\"aws1\",\"region_url\":\"http://r/\",\"url\":\"http://"
			 "k\",\"imdsv2_session_token_url\":\"http://t\",\"regional_cred_"
			 "verification_url\":\"https://sts.{region}.amazonaws.com?Action=A\"",
			 "")},
	{BT_AUTHORIZED_USER, NULL},
	{BT_EXTERNAL_ACCOUNT, NULL},
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input;
	unsigned shape;
	bt_credentials credentials;
	bt_http *http = bt_http_create();
	char *json = NULL;
	bt_token token;
	bt_status status = {0};

	if (size > 4096)
	{
		bt_http_destroy(http);
		return 0;
	}
	fuzz_begin(&input, data, size);
	fake_http_begin(&input);
	shape = fuzz_below(&input, sizeof(shapes) / sizeof(shapes[0]));
	credentials.kind = shapes[shape].kind;
	credentials.secret = shapes[shape].json;
	if (credentials.secret == NULL && credentials.kind != BT_METADATA_SERVER)
	{
		bt_span text = fuzz_message(&input);

		json = strndup(text.len > 0 ? (const char *) text.data : "", text.len);

		/* Files are the machine's. */
		if (strstr(json, "file") == NULL)
			credentials.secret = json;
	}
	if (bt_token_fetch(&credentials, http, &token, &status))
	{
		FUZZ_CHECK(bt_credentials_check_token(token.text), "a token that cannot be sent");
		FUZZ_CHECK(token.lifetime_us >= 0, "a token of the past");
		free(token.text);
	}
	else
	{
		FUZZ_CHECK(status.code == BT_UNAVAILABLE || status.code == BT_UNAUTHENTICATED,
				   "an error without a code");
		FUZZ_CHECK(status.message[0] != '\0', "an error without a message");
		/* A server that knows it may say it. */
		FUZZ_CHECK(memmem(data, size, SECRET, strlen(SECRET)) != NULL ||
					   strstr(status.message, SECRET) == NULL,
				   "a secret in a message");
		FUZZ_CHECK(token.text == NULL, "a token of an error");
	}
	FUZZ_CHECK(fake_http_requests() <= 5, "too many requests");
	free(bt_token_user_project(&credentials));
	free(json);
	bt_http_destroy(http);
	fuzz_end(&input);
	return 0;
}
