/*-------------------------------------------------------------------------
 *
 * aws_signature.c
 *	  The signature of a request to AWS, "Signature Version 4".  Pure.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 *-------------------------------------------------------------------------
 */
#include "aws_signature.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define DIGEST_LEN 32
#define ALGORITHM "AWS4-HMAC-SHA256"

typedef uint8_t digest[DIGEST_LEN];

static void
put_hex(FILE *out, const digest bytes)
{
	for (int i = 0; i < DIGEST_LEN; i++)
		fprintf(out, "%02x", bytes[i]);
}

static bool
hash(const char *text, size_t len, digest result)
{
	return EVP_Digest(text, len, result, NULL, EVP_sha256(), NULL) == 1;
}

static bool
authenticate(const void *key, size_t key_len, const char *text, digest result)
{
	return HMAC(EVP_sha256(), key, (int) key_len, (const uint8_t *) text, strlen(text),
				result, NULL) != NULL;
}

static void
put_header_names(FILE *out, const bt_aws_request *request)
{
	for (size_t i = 0; i < request->nheaders; i++)
		fprintf(out, "%s%s", i > 0 ? ";" : "", request->headers[i].name);
}

/* The hash of the request in its canonical form. */
static bool
hash_request(const bt_aws_request *request, digest result)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	digest body;
	bool ok;

	if (out == NULL || !hash("", 0, body))
		return false;
	fprintf(out, "%s\n%s\n%s\n", request->method, request->path, request->query);
	for (size_t i = 0; i < request->nheaders; i++)
		fprintf(out, "%s:%s\n", request->headers[i].name, request->headers[i].value);
	fputc('\n', out);
	put_header_names(out, request);
	fputc('\n', out);
	put_hex(out, body);
	ok = fclose(out) == 0 && hash(text, len, result);
	free(text);
	return ok;
}

/* The key of a day, a region and a service. */
static bool
derive_key(const bt_aws_request *request, const bt_aws_keys *keys, const char *day,
		   digest key)
{
	char *secret;
	bool ok;

	if (asprintf(&secret, "AWS4%s", keys->secret_access_key) < 0)
		return false;
	ok = authenticate(secret, strlen(secret), day, key) &&
		 authenticate(key, DIGEST_LEN, request->region, key) &&
		 authenticate(key, DIGEST_LEN, request->service, key) &&
		 authenticate(key, DIGEST_LEN, "aws4_request", key);
	free(secret);
	return ok;
}

/* The signature of the time, the scope and the request. */
static bool
sign(const bt_aws_request *request, const bt_aws_keys *keys, const char *day,
	 const char *scope, digest signature)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	digest hashed;
	digest key;
	bool ok;

	if (out == NULL)
		return false;
	ok = hash_request(request, hashed) && derive_key(request, keys, day, key);
	fprintf(out, ALGORITHM "\n%s\n%s\n", request->time, scope);
	if (ok)
		put_hex(out, hashed);
	ok = fclose(out) == 0 && ok && authenticate(key, DIGEST_LEN, text, signature);
	free(text);
	return ok;
}

char *
bt_aws_sign(const bt_aws_request *request, const bt_aws_keys *keys)
{
	char *result = NULL;
	char *scope;
	size_t len = 0;
	char day[9];
	digest signature;
	FILE *out;

	snprintf(day, sizeof(day), "%.8s", request->time);
	if (asprintf(&scope, "%s/%s/%s/aws4_request", day, request->region,
				 request->service) < 0)
		return NULL;
	out =
		sign(request, keys, day, scope, signature) ? open_memstream(&result, &len) : NULL;
	if (out != NULL)
	{
		fprintf(out, ALGORITHM " Credential=%s/%s, SignedHeaders=", keys->access_key_id,
				scope);
		put_header_names(out, request);
		fputs(", Signature=", out);
		put_hex(out, signature);
		if (fclose(out) != 0)
		{
			free(result);
			result = NULL;
		}
	}
	free(scope);
	return result;
}
