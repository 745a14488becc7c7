/*-------------------------------------------------------------------------
 *
 * token_exchange.c
 *	  Credentials -> an access token, by asking those who give one for them.
 *
 *-------------------------------------------------------------------------
 */
#include "token_exchange.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "subject_token.h"
#include "url.h"

/* What tokens that are fetched are for; IAM says what of that is allowed. */
#define TOKEN_SCOPE "https://www.googleapis.com/auth/cloud-platform"

#define REFRESH_URL "https://oauth2.googleapis.com/token"
#define METADATA_HOST "metadata.google.internal."
#define METADATA_PATH "/computeMetadata/v1/instance/service-accounts/default/token"

/* What is not said is as OAuth recommends. */
#define USUAL_LIFETIME_S 3600

/* ---- answers ---- */

static bool
set_token(bt_token *token, const char *text, int64_t lifetime_s, bt_status *status)
{
	if (text == NULL || !bt_credentials_check_token(text))
	{
		bt_status_set(status, BT_UNAVAILABLE, "an answer has no token");
		return false;
	}
	token->text = strdup(text);
	token->lifetime_us = lifetime_s * 1000000;
	if (token->text == NULL)
		bt_token_out_of_memory(status);
	return token->text != NULL;
}

/* Takes the answer of an OAuth service: it is dropped. */
static bool
take_oauth_answer(json_t *answer, bt_token *token, bt_status *status)
{
	const json_t *expires_in = json_object_get(answer, "expires_in");
	json_int_t seconds =
		json_is_integer(expires_in) ? json_integer_value(expires_in) : USUAL_LIFETIME_S;
	bool ok;

	if (answer == NULL)
		return false;
	if (seconds < 0 || seconds > INT32_MAX)
		seconds = seconds < 0 ? 0 : INT32_MAX;
	ok = set_token(token, bt_json_text(answer, "access_token"), seconds, status);
	json_decref(answer);
	return ok;
}

/* ---- forms ---- */

static void
put_field(FILE *form, const char *name, const char *value)
{
	fprintf(form, "%s%s=", ftell(form) > 0 ? "&" : "", name);
	bt_url_put_escaped(form, value);
}

/* Sends a form, and frees it; NULL: memory has run out. */
static bool
send_form(bt_http *http, const char *url, const char *authorization, char *form,
		  bt_token *token, bt_status *status)
{
	bt_http_request request = {
		.method = "POST", .url = url, .headers = {authorization}, .body = form};
	json_t *answer = NULL;

	if (form == NULL)
		bt_token_out_of_memory(status);
	else
		answer = bt_token_request_json(http, &request, true, status);
	free(form);
	return take_oauth_answer(answer, token, status);
}

/* "Authorization: Basic ...", or NULL. */
static char *
basic_authorization(const char *id, const char *secret)
{
	char *plain;
	char *encoded = NULL;
	char *header = NULL;
	int len = asprintf(&plain, "%s:%s", id, secret);

	if (len < 0)
		return NULL;
	encoded = malloc((size_t) len / 3 * 4 + 5);
	if (encoded != NULL)
	{
		EVP_EncodeBlock((unsigned char *) encoded, (unsigned char *) plain, len);
		if (asprintf(&header, "Authorization: Basic %s", encoded) < 0)
			header = NULL;
	}
	free(encoded);
	free(plain);
	return header;
}

/* ---- a user's refresh token ---- */

static bool
fetch_for_user(const json_t *user, bt_http *http, bt_token *token, bt_status *status)
{
	const char *id = bt_json_required(user, "client_id", status);
	const char *secret = bt_json_required(user, "client_secret", status);
	const char *refresh = bt_json_required(user, "refresh_token", status);
	char *form = NULL;
	size_t len = 0;
	FILE *out;

	if (id == NULL || secret == NULL || refresh == NULL)
		return false;
	out = open_memstream(&form, &len);
	if (out != NULL)
	{
		put_field(out, "grant_type", "refresh_token");
		put_field(out, "client_id", id);
		put_field(out, "client_secret", secret);
		put_field(out, "refresh_token", refresh);
		fclose(out);
	}
	return send_form(http, REFRESH_URL, NULL, form, token, status);
}

/* ---- an account of elsewhere ---- */

/* Google's "security token service" changes its token for one of Google's. */
static bool
exchange_subject_token(const json_t *account, const char *subject, bt_http *http,
					   bt_token *token, bt_status *status)
{
	const char *id = bt_json_text(account, "client_id");
	const char *secret = bt_json_text(account, "client_secret");
	const char *project = bt_json_text(account, "workforce_pool_user_project");
	char *authorization =
		id != NULL ? basic_authorization(id, secret != NULL ? secret : "") : NULL;
	char *form = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&form, &len);
	json_t *options =
		id == NULL && project != NULL ? json_pack("{s:s}", "userProject", project) : NULL;
	char *options_text = options != NULL ? json_dumps(options, JSON_COMPACT) : NULL;
	bool ok;

	if (out != NULL)
	{
		put_field(out, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
		put_field(out, "audience", bt_json_text(account, "audience"));
		put_field(out, "scope", TOKEN_SCOPE);
		put_field(out, "requested_token_type",
				  "urn:ietf:params:oauth:token-type:access_token");
		put_field(out, "subject_token_type", bt_json_text(account, "subject_token_type"));
		put_field(out, "subject_token", subject);
		if (options_text != NULL)
			put_field(out, "options", options_text);
		fclose(out);
	}
	ok = send_form(http, bt_json_text(account, "token_url"), authorization, form, token,
				   status);
	free(options_text);
	json_decref(options);
	free(authorization);
	return ok;
}

/* Seconds until a time in RFC 3339's form, in UTC; below 0 if it is none. */
static int64_t
seconds_until(const char *text)
{
	struct tm tm = {0};
	const char *rest = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	if (rest == NULL || strchr(".Z", *rest) == NULL || *rest == '\0')
		return -1;
	return (int64_t) timegm(&tm) - (int64_t) time(NULL);
}

/* Changes a token for that of a service account, for which it may act. */
static bool
impersonate(const json_t *account, const char *url, bt_http *http, bt_token *token,
			bt_status *status)
{
	const json_t *wanted =
		json_object_get(json_object_get(account, "service_account_impersonation"),
						"token_lifetime_seconds");
	bt_http_request request = {.method = "POST",
							   .url = url,
							   .headers = {NULL, "Content-Type: application/json"}};
	char *authorization = NULL;
	char *body = NULL;
	json_t *answer = NULL;
	int64_t lifetime_s;
	bool ok = false;

	if (asprintf(&authorization, "Authorization: Bearer %s", token->text) < 0)
		authorization = NULL;
	if (asprintf(&body, "{\"scope\":[\"" TOKEN_SCOPE "\"],\"lifetime\":\"%ds\"}",
				 json_is_integer(wanted) ? (int) json_integer_value(wanted)
										 : USUAL_LIFETIME_S) < 0)
		body = NULL;
	free(token->text);
	token->text = NULL;
	request.headers[0] = authorization;
	request.body = body;
	if (authorization == NULL || body == NULL)
		bt_token_out_of_memory(status);
	else
		answer = bt_token_request_json(http, &request, true, status);
	if (answer != NULL)
	{
		lifetime_s = seconds_until(bt_json_text(answer, "expireTime"));
		ok = set_token(token, bt_json_text(answer, "accessToken"),
					   lifetime_s < 0 ? 0 : lifetime_s, status);
	}
	json_decref(answer);
	free(authorization);
	free(body);
	return ok;
}

static bool
fetch_for_account(const json_t *account, bt_http *http, bt_token *token,
				  bt_status *status)
{
	const char *url = bt_json_text(account, "service_account_impersonation_url");
	char *subject;
	bool ok;

	if (bt_json_required(account, "audience", status) == NULL ||
		bt_json_required(account, "subject_token_type", status) == NULL ||
		bt_json_required(account, "token_url", status) == NULL)
		return false;
	subject = bt_subject_token_get(account, http, status);
	if (subject == NULL)
		return false;
	ok = exchange_subject_token(account, subject, http, token, status);
	free(subject);
	return ok && (url == NULL || impersonate(account, url, http, token, status));
}

/* ---- the machine's own ---- */

/* GCE_METADATA_HOST is what Google's libraries look at. */
static bool
fetch_for_machine(bt_http *http, bt_token *token, bt_status *status)
{
	const char *host = getenv("GCE_METADATA_HOST");
	bt_http_request request = {
		.method = "GET", .headers = {"Metadata-Flavor: Google"}, .direct = true};
	json_t *answer;
	char *url;

	if (asprintf(&url, "http://%s" METADATA_PATH,
				 host != NULL && host[0] != '\0' ? host : METADATA_HOST) < 0)
	{
		bt_token_out_of_memory(status);
		return false;
	}
	request.url = url;
	answer = bt_token_request_json(http, &request, true, status);
	free(url);
	return take_oauth_answer(answer, token, status);
}

/* ---- all kinds ---- */

static json_t *
parse(const bt_credentials *credentials)
{
	return credentials->secret != NULL ? json_loads(credentials->secret, 0, NULL) : NULL;
}

bool
bt_token_fetch(const bt_credentials *credentials, bt_http *http, bt_token *token,
			   bt_status *status)
{
	json_t *json = parse(credentials);
	bool ok = false;

	token->text = NULL;
	if (credentials->kind == BT_METADATA_SERVER)
		ok = fetch_for_machine(http, token, status);
	else if (credentials->kind == BT_AUTHORIZED_USER)
		ok = fetch_for_user(json, http, token, status);
	else
		ok = fetch_for_account(json, http, token, status);
	json_decref(json);
	return ok;
}

char *
bt_token_user_project(const bt_credentials *credentials)
{
	json_t *json = parse(credentials);
	const char *project = bt_json_text(json, "quota_project_id");
	char *copy =
		project != NULL && bt_credentials_check_token(project) ? strdup(project) : NULL;

	json_decref(json);
	return copy;
}
