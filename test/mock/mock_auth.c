/*-------------------------------------------------------------------------
 *
 * mock_auth.c
 *	  What authorises a call: for the log, and whether to believe it.
 *
 * A JWT is three parts in base64url, header.claims.signature, and the first two
 * are JSON.  What clients write there is flat and has no escapes, which is all
 * that is understood here.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_auth.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <grpc/slice.h>

#define BEARER "Bearer "

/* How far clocks may differ, and how long a token may live, in seconds. */
#define SKEW 60
#define MAX_LIFETIME 3600

static EVP_PKEY *key;
static const char *required_audience;
static const char *required_issuer;

/* The parts of a JWT. */
struct jwt
{
	const char *text; /* the first two parts and the dot, which are signed */
	size_t signed_len;
	struct bytes header; /* with a NUL at the end, as the next one */
	struct bytes claims;
	struct bytes signature;
};

bool
auth_require_key(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file)
		return false;
	key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
	fclose(file);
	return key != NULL;
}

void
auth_require_audience(const char *audience)
{
	required_audience = audience;
}

void
auth_require_issuer(const char *issuer)
{
	required_issuer = issuer;
}

/* ---- reading ---- */

/* Append what base64url says; gRPC pads it, others do not. */
static bool
base64url_decode(const char *text, size_t len, struct bytes *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	int n = 0;

	while (len > 0 && text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++)
	{
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
		uint8_t byte;

		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t) (digit - digits);
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		byte = (uint8_t) (bits >> n);
		bytes_append(out, &byte, 1);
	}
	return true;
}

static void
jwt_free(struct jwt *jwt)
{
	bytes_free(&jwt->header);
	bytes_free(&jwt->claims);
	bytes_free(&jwt->signature);
}

/* Take a token apart; false if it is no JWT. */
static bool
jwt_read(const char *token, struct jwt *jwt)
{
	const char *first = strchr(token, '.');
	const char *second = first ? strchr(first + 1, '.') : NULL;

	*jwt = (struct jwt){.text = token};
	if (!second || strchr(second + 1, '.'))
		return false;
	jwt->signed_len = (size_t) (second - token);
	if (!base64url_decode(token, (size_t) (first - token), &jwt->header) ||
		!base64url_decode(first + 1, (size_t) (second - first - 1), &jwt->claims) ||
		!base64url_decode(second + 1, strlen(second + 1), &jwt->signature))
	{
		jwt_free(jwt);
		return false;
	}
	bytes_append(&jwt->header, "", 1);
	bytes_append(&jwt->claims, "", 1);
	return true;
}

/* A member of flat JSON as text, without its quotes; "" if it is not there. */
static void
json_member(const struct bytes *json, const char *name, char *out, size_t size)
{
	char quoted[64];
	const char *found;
	size_t len;

	out[0] = '\0';
	snprintf(quoted, sizeof(quoted), "\"%s\":", name);
	found = strstr((const char *) json->data, quoted);
	if (!found)
		return;
	found += strlen(quoted);
	found += strspn(found, " ");
	len = *found == '"' ? strcspn(++found, "\"") : strcspn(found, ",}");
	if (len < size)
		snprintf(out, size, "%.*s", (int) len, found);
}

/* ---- checking ---- */

static bool
has_signature(const struct jwt *jwt)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
			  EVP_DigestVerify(context, jwt->signature.data, jwt->signature.len,
							   (const uint8_t *) jwt->text, jwt->signed_len) == 1;

	EVP_MD_CTX_free(context);
	return ok;
}

/* Whether it was meant for us: by the name that the client calls us. */
static bool
has_audience(const struct jwt *jwt, const struct mock_call *call)
{
	char *authority = grpc_slice_to_c_string(call->details.host);
	size_t len = strlen(authority);
	char expected[512];
	char audience[512];

	if (len > 4 && strcmp(authority + len - 4, ":443") == 0)
		len -= 4;
	snprintf(expected, sizeof(expected), "https://%.*s/", (int) len, authority);
	json_member(&jwt->claims, "aud", audience, sizeof(audience));
	free(authority);
	return strcmp(audience, required_audience ? required_audience : expected) == 0;
}

/* Whether it names one account, and the right one. */
static bool
has_issuer(const struct jwt *jwt)
{
	char issuer[512];
	char subject[512];

	json_member(&jwt->claims, "iss", issuer, sizeof(issuer));
	json_member(&jwt->claims, "sub", subject, sizeof(subject));
	return issuer[0] && strcmp(issuer, subject) == 0 &&
		   (!required_issuer || strcmp(issuer, required_issuer) == 0);
}

static bool
is_in_time(const struct jwt *jwt)
{
	char text[32];
	long long issued;
	long long expires;
	long long now = time(NULL);

	json_member(&jwt->claims, "iat", text, sizeof(text));
	issued = strtoll(text, NULL, 10);
	json_member(&jwt->claims, "exp", text, sizeof(text));
	expires = strtoll(text, NULL, 10);
	return issued <= now + SKEW && expires > now && expires <= issued + MAX_LIFETIME;
}

/* Why a JWT is not believed, or NULL. */
static const char *
fault(const struct jwt *jwt, const struct mock_call *call)
{
	char algorithm[16];

	json_member(&jwt->header, "alg", algorithm, sizeof(algorithm));
	if (strcmp(algorithm, "RS256") != 0)
		return "the token is not signed with RS256";
	if (!has_signature(jwt))
		return "the token's signature is wrong";
	if (!has_audience(jwt, call))
		return "the token is for another audience";
	if (!has_issuer(jwt))
		return "the token is of another account";
	if (!is_in_time(jwt))
		return "the token has expired";
	return NULL;
}

/* The bearer's token of a call, to be freed, or NULL. */
static char *
bearer_of(const struct mock_call *call)
{
	for (size_t i = 0; i < call->headers.count; i++)
	{
		const grpc_metadata *header = &call->headers.metadata[i];
		char *value;

		if (grpc_slice_str_cmp(header->key, "authorization") != 0)
			continue;
		value = grpc_slice_to_c_string(header->value);
		if (strncmp(value, BEARER, strlen(BEARER)) == 0)
			memmove(value, value + strlen(BEARER), strlen(value + strlen(BEARER)) + 1);
		return value;
	}
	return NULL;
}

bool
auth_check(const struct mock_call *call, const char **reason)
{
	char *token;
	struct jwt jwt;

	*reason = NULL;
	if (!key)
		return true;
	token = bearer_of(call);
	if (!token)
		*reason = "the call has no token";
	else if (!jwt_read(token, &jwt))
		*reason = "the token is not a JWT";
	else
	{
		*reason = fault(&jwt, call);
		jwt_free(&jwt);
	}
	free(token);
	return *reason == NULL;
}

/* ---- the log ---- */

void
describe_authorization(struct bytes *out, grpc_slice value)
{
	char *text = grpc_slice_to_c_string(value);
	struct jwt jwt;

	if (strncmp(text, BEARER, strlen(BEARER)) == 0 &&
		jwt_read(text + strlen(BEARER), &jwt))
	{
		bytes_text(out, "jwt:");
		percent_encode(out, jwt.claims.data, jwt.claims.len - 1, "");
		jwt_free(&jwt);
	}
	else
		percent_encode(out, text, strlen(text), "");
	free(text);
}
