/*-------------------------------------------------------------------------
 *
 * http.c
 *	  One HTTP request at a time, for tokens.
 *
 *-------------------------------------------------------------------------
 */
#include "http.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "url.h"

/* So often is an interrupt looked for that came before the wait. */
#define POLL_MS 1000

struct bt_http
{
	CURLM *multi;
	atomic_bool interrupted;
};

/* A request under way. */
typedef struct transfer
{
	CURL *easy;
	struct curl_slist *headers;
	bt_http_response *response;
	char error[CURL_ERROR_SIZE];
} transfer;

bool
bt_http_init(void)
{
	static bool done = false;

	/* What it has set up stays: other code in the process may use curl. */
	if (!done)
		done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	return done;
}

bt_http *
bt_http_create(void)
{
	bt_http *http = calloc(1, sizeof(bt_http));

	if (http == NULL)
		return NULL;
	http->multi = curl_multi_init();
	if (http->multi == NULL)
	{
		free(http);
		return NULL;
	}
	return http;
}

void
bt_http_destroy(bt_http *http)
{
	if (http == NULL)
		return;
	curl_multi_cleanup(http->multi);
	free(http);
}

void
bt_http_interrupt(bt_http *http)
{
	atomic_store(&http->interrupted, true);
	curl_multi_wakeup(http->multi);
}

/* ---- the body ---- */

/* Of curl: returning another number than it was given ends the transfer. */
static size_t
take_body(char *data, size_t size, size_t n, void *arg)
{
	bt_http_response *response = arg;
	size_t len = size * n;
	char *body;

	if (len > BT_HTTP_MAX_BODY - response->len)
		return 0;
	body = realloc(response->body, response->len + len + 1);
	if (body == NULL)
		return 0;
	memcpy(body + response->len, data, len);
	response->body = body;
	response->len += len;
	body[response->len] = '\0';
	return len;
}

/* ---- requests ---- */

static bool
set_headers(transfer *transfer, const bt_http_request *request)
{
	for (const char *const *header = request->headers; *header != NULL; header++)
	{
		struct curl_slist *list = curl_slist_append(transfer->headers, *header);

		if (list == NULL)
			return false;
		transfer->headers = list;
	}
	return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) ==
		   CURLE_OK;
}

static bool
set_body(CURL *easy, const bt_http_request *request)
{
	if (strcmp(request->method, "GET") != 0 &&
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) != CURLE_OK)
		return false;
	return request->body == NULL ||
		   curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body) == CURLE_OK;
}

/* Whom to believe, and what not to do on the way. */
static bool
set_rules(CURL *easy, const bt_http_request *request)
{
	const char *roots = getenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH");

	if (roots != NULL && roots[0] != '\0' &&
		curl_easy_setopt(easy, CURLOPT_CAINFO, roots) != CURLE_OK)
		return false;
	if (request->direct && curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") != CURLE_OK)
		return false;
#if LIBCURL_VERSION_NUM >= 0x075500
	if (curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK)
		return false;
#else
	if (curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
						 (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS)) != CURLE_OK)
		return false;
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A name server that does not answer must not keep the thread. */
	if (curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) != CURLE_OK)
		return false;
#endif
	return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) BT_HTTP_TIMEOUT_MS) ==
			   CURLE_OK;
}

static bool
prepare(transfer *transfer, const bt_http_request *request)
{
	CURL *easy = transfer->easy;

	return set_headers(transfer, request) && set_body(easy, request) &&
		   set_rules(easy, request) &&
		   curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
		   curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer->response) == CURLE_OK;
}

/* Until it has ended, or is to end. */
static CURLcode
perform(bt_http *http, CURL *easy)
{
	CURLcode result = CURLE_ABORTED_BY_CALLBACK;
	int running = 1;
	CURLMsg *message;
	int left;

	if (curl_multi_add_handle(http->multi, easy) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	while (!atomic_load(&http->interrupted) &&
		   curl_multi_perform(http->multi, &running) == CURLM_OK && running > 0 &&
		   curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL) == CURLM_OK)
		;
	while ((message = curl_multi_info_read(http->multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			result = message->data.result;
	curl_multi_remove_handle(http->multi, easy);
	return result;
}

static void
report(const bt_http_request *request, const transfer *transfer, CURLcode result,
	   bt_status *status)
{
	bool senseless = result == CURLE_URL_MALFORMAT ||
					 result == CURLE_UNSUPPORTED_PROTOCOL || result == CURLE_WRITE_ERROR;
	const char *text =
		transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(result);
	int len;
	const char *host = bt_url_host(request->url, &len);

	if (result == CURLE_ABORTED_BY_CALLBACK)
		text = "the client is shut down";
	else if (result == CURLE_WRITE_ERROR)
		text = "the response is too long";
	bt_status_set(status, senseless ? BT_UNAUTHENTICATED : BT_UNAVAILABLE, "%.*s: %s",
				  len, host, text);
}

bool
bt_http_send(bt_http *http, const bt_http_request *request, bt_http_response *response,
			 bt_status *status)
{
	transfer transfer = {.easy = curl_easy_init(), .response = response};
	CURLcode result = CURLE_OUT_OF_MEMORY;

	memset(response, 0, sizeof(*response));
	response->body = calloc(1, 1);
	if (transfer.easy != NULL && response->body != NULL && prepare(&transfer, request))
		result = perform(http, transfer.easy);
	if (result == CURLE_OK)
		curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &response->code);
	else
		report(request, &transfer, result, status);
	curl_easy_cleanup(transfer.easy);
	curl_slist_free_all(transfer.headers);
	if (result == CURLE_OK)
		return true;
	free(response->body);
	response->body = NULL;
	return false;
}
