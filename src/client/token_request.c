/*-------------------------------------------------------------------------
 *
 * token_request.c
 *	  Requests to places that know of tokens, and the JSON that they answer.
 *
 *-------------------------------------------------------------------------
 */
#include "token_request.h"

#include <stdlib.h>
#include <string.h>

#include "url.h"

void
bt_token_out_of_memory(bt_status *status)
{
	bt_status_set(status, BT_UNAVAILABLE, "out of memory");
}

const char *
bt_json_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

const char *
bt_json_required(const json_t *object, const char *name, bt_status *status)
{
	const char *text = bt_json_text(object, name);

	if (text == NULL)
		bt_status_set(status, BT_UNAUTHENTICATED, "field \"%s\" is missing", name);
	return text;
}

/* Is it worth another try? */
static bool
is_transient(long code)
{
	return code == 408 || code == 429 || code >= 500;
}

/*
 * Says what a service has: {"error": "...", "error_description": "..."} is
 * OAuth's way, {"error": {"message": "..."}} that of other services of Google.
 */
static void
report_code(const bt_http_request *request, const bt_http_response *response,
			bool is_public, bt_status *status)
{
	bt_code code = is_transient(response->code) ? BT_UNAVAILABLE : BT_UNAUTHENTICATED;
	json_t *json = is_public ? json_loadb(response->body, response->len, 0, NULL) : NULL;
	const char *error = bt_json_text(json, "error");
	const char *description = bt_json_text(json, "error_description");
	int len;
	int description_len = description != NULL ? (int) strlen(description) : 0;
	const char *host = bt_url_host(request->url, &len);

	/* It stands in the middle of a sentence. */
	if (description_len > 0 && description[description_len - 1] == '.')
		description_len--;
	if (error == NULL)
		error = bt_json_text(json_object_get(json, "error"), "message");
	bt_status_set(status, code, "%.*s answered with HTTP status %ld%s%s%s%.*s", len, host,
				  response->code, error != NULL ? ": " : "", error != NULL ? error : "",
				  description != NULL ? ": " : "", description_len,
				  description != NULL ? description : "");
	json_decref(json);
}

static bool
send_request(bt_http *http, const bt_http_request *request, bool is_public,
			 bt_http_response *response, bt_status *status)
{
	if (!bt_http_send(http, request, response, status))
		return false;
	if (response->code >= 200 && response->code < 300)
		return true;
	report_code(request, response, is_public, status);
	free(response->body);
	return false;
}

char *
bt_token_request_text(bt_http *http, const bt_http_request *request, bool is_public,
					  bt_status *status)
{
	bt_http_response response;

	if (!send_request(http, request, is_public, &response, status))
		return NULL;
	if (strlen(response.body) == response.len)
		return response.body;
	free(response.body);
	bt_status_set(status, BT_UNAVAILABLE, "an answer is not text");
	return NULL;
}

json_t *
bt_token_request_json(bt_http *http, const bt_http_request *request, bool is_public,
					  bt_status *status)
{
	bt_http_response response;
	json_t *json;
	int len;
	const char *host = bt_url_host(request->url, &len);

	if (!send_request(http, request, is_public, &response, status))
		return NULL;
	json = json_loadb(response.body, response.len, 0, NULL);
	free(response.body);
	if (json_is_object(json))
		return json;
	json_decref(json);
	bt_status_set(status, BT_UNAVAILABLE, "%.*s has not answered with a JSON object", len,
				  host);
	return NULL;
}
