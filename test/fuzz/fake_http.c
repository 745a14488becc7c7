/*-------------------------------------------------------------------------
 *
 * fake_http.c
 *	  http.h without a network: a fuzzer's input plays the servers.
 *
 *-------------------------------------------------------------------------
 */
#include "fake_http.h"

#include <stdlib.h>
#include <string.h>

#include "http.h"

static fuzz_input *input;
static unsigned requests;

void
fake_http_begin(fuzz_input *of)
{
	input = of;
	requests = 0;
}

unsigned
fake_http_requests(void)
{
	return requests;
}

bool
bt_http_init(void)
{
	return true;
}

bt_http *
bt_http_create(void)
{
	return malloc(1);
}

void
bt_http_destroy(bt_http *http)
{
	free(http);
}

void
bt_http_interrupt(bt_http *http)
{
	(void) http;
}

/* Reads all of the request, as curl would. */
static void
check_request(const bt_http_request *request)
{
	FUZZ_CHECK(request->url != NULL && strlen(request->method) > 0,
			   "a request without a URL");
	for (const char *const *header = request->headers; *header != NULL; header++)
		FUZZ_CHECK(strchr(*header, ':') != NULL && strpbrk(*header, "\r\n") == NULL,
				   "a header that is none");
	FUZZ_CHECK(request->body == NULL || strlen(request->body) < 100000, "a huge body");
}

bool
bt_http_send(bt_http *http, const bt_http_request *request, bt_http_response *response,
			 bt_status *status)
{
	static const long codes[] = {200, 200, 200, 200, 204, 302, 400, 401, 429, 503};
	unsigned how = fuzz_below(input, sizeof(codes) / sizeof(codes[0]) + 1);
	bt_span body;

	(void) http;
	check_request(request);
	requests++;
	if (how == sizeof(codes) / sizeof(codes[0]))
	{
		bt_status_set(status, BT_UNAVAILABLE, "no connection");
		return false;
	}
	body = fuzz_message(input);
	response->code = codes[how];
	response->len = body.len;
	response->body = malloc(body.len + 1);
	memcpy(response->body, body.len > 0 ? body.data : (const uint8_t *) "", body.len);
	response->body[body.len] = '\0';
	return true;
}
