/*-------------------------------------------------------------------------
 *
 * header.c
 *	  The headers that go with every call, and the cookies that come back.
 *
 *-------------------------------------------------------------------------
 */
#include "header.h"

#include <stdio.h>
#include <stdlib.h>

#define COOKIE_PREFIX "x-goog-cbt-cookie"
#define STATUS_DETAILS "grpc-status-details-bin"
#define FIXED_HEADERS 4

/* Percent-encodes a value of x-goog-request-params; "/" stays plain. */
static char *
append_encoded(char *out, const char *value, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) value[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			(c != '\0' && strchr("-_.~/", c) != NULL))
			*out++ = (char) c;
		else
		{
			*out++ = '%';
			*out++ = digits[c >> 4];
			*out++ = digits[c & 15];
		}
	}
	return out;
}

/* Length of a resource's name up to the end of its n-th component. */
static size_t
components(const char *resource, int n)
{
	const char *end = resource;

	for (; n > 0 && *end != '\0'; n--)
		end += strcspn(end + (*end == '/'), "/") + (*end == '/');
	return (size_t) (end - resource);
}

/* key=resource[&app_profile_id=profile] */
static char *
make_request_params(const char *key, const char *resource, size_t len,
					const char *app_profile)
{
	static const char profile_key[] = "&app_profile_id=";
	size_t profile_len = app_profile != NULL ? strlen(app_profile) : 0;
	char *params = malloc(strlen(key) + 3 * (len + profile_len) + sizeof(profile_key));
	char *out = params;

	if (params == NULL)
		return NULL;
	out = stpcpy(out, key);
	out = append_encoded(out, resource, len);
	if (profile_len > 0)
	{
		out = stpcpy(out, profile_key);
		out = append_encoded(out, app_profile, profile_len);
	}
	*out = '\0';
	return params;
}

static bool
init(bt_headers *headers, char *request_params)
{
	memset(headers, 0, sizeof(*headers));
	headers->request_params = request_params;
	snprintf(headers->api_client, sizeof(headers->api_client), "gl-c/%ld grpc/%s gccl/%s",
			 (long) __STDC_VERSION__, bt_rpc_library_version(), BT_CLIENT_VERSION);
	return request_params != NULL;
}

bool
bt_headers_init(bt_headers *headers, bt_resource_kind kind, const char *resource,
				const char *app_profile)
{
	/*
	 * Calls are routed by their table, also those to a view of it; a
	 * materialized view stands beside the tables and is routed by instance.
	 */
	if (kind == BT_RESOURCE_MATERIALIZED_VIEW)
		return init(headers, make_request_params("name=", resource,
												 components(resource, 4), app_profile));
	return init(headers, make_request_params("table_name=", resource,
											 components(resource, 6), app_profile));
}

bool
bt_headers_init_admin(bt_headers *headers, const char *key, const char *resource)
{
	return init(headers, make_request_params(key, resource, strlen(resource), NULL));
}

void
bt_headers_restart(bt_headers *headers)
{
	for (size_t i = 0; i < headers->ncookies; i++)
	{
		free(headers->cookies[i].key);
		free(headers->cookies[i].value);
	}
	headers->ncookies = 0;
}

void
bt_headers_free(bt_headers *headers)
{
	bt_headers_restart(headers);
	free(headers->cookies);
	free(headers->request_params);
	free(headers->list);
	memset(headers, 0, sizeof(*headers));
}

static void
set_header(bt_header *header, const char *key, const char *value)
{
	header->key = key;
	header->value = bt_span_str(value);
}

const bt_header *
bt_headers_list(bt_headers *headers, int attempt, size_t *n)
{
	bt_header *list =
		realloc(headers->list, (FIXED_HEADERS + headers->ncookies) * sizeof(bt_header));

	if (list == NULL)
		return NULL;
	headers->list = list;
	snprintf(headers->attempt, sizeof(headers->attempt), "%d", attempt);
	set_header(&list[0], "x-goog-request-params", headers->request_params);
	set_header(&list[1], "x-goog-api-client", headers->api_client);
	set_header(&list[2], "bigtable-features", BT_FEATURE_FLAGS);
	set_header(&list[3], BT_ATTEMPT_HEADER, headers->attempt);
	for (size_t i = 0; i < headers->ncookies; i++)
	{
		const bt_cookie *cookie = &headers->cookies[i];

		list[FIXED_HEADERS + i].key = cookie->key;
		list[FIXED_HEADERS + i].value = bt_span_make(cookie->value, cookie->len);
	}
	*n = FIXED_HEADERS + headers->ncookies;
	return list;
}

/* The cookie of that key, made if there is none. */
static bt_cookie *
find_cookie(bt_headers *headers, bt_span key)
{
	bt_cookie *cookies;
	bt_cookie *cookie;

	for (size_t i = 0; i < headers->ncookies; i++)
		if (bt_span_equal(bt_span_str(headers->cookies[i].key), key))
			return &headers->cookies[i];

	cookies = realloc(headers->cookies, (headers->ncookies + 1) * sizeof(bt_cookie));
	if (cookies == NULL)
		return NULL;
	headers->cookies = cookies;
	cookie = &cookies[headers->ncookies];
	memset(cookie, 0, sizeof(*cookie));
	cookie->key = strndup((const char *) key.data, key.len);
	if (cookie->key == NULL)
		return NULL;
	headers->ncookies++;
	return cookie;
}

bool
bt_headers_keep_cookies(bt_headers *headers, const bt_call *call)
{
	bt_span key;
	bt_span value;

	for (size_t i = 0; bt_call_metadata(call, i, &key, &value); i++)
	{
		bt_cookie *cookie;
		uint8_t *copy;

		if (key.len < strlen(COOKIE_PREFIX) ||
			memcmp(key.data, COOKIE_PREFIX, strlen(COOKIE_PREFIX)) != 0)
			continue;
		copy = malloc(value.len + 1);
		cookie = copy != NULL ? find_cookie(headers, key) : NULL;
		if (cookie == NULL)
		{
			free(copy);
			return false;
		}
		memcpy(copy, value.data, value.len);
		free(cookie->value);
		cookie->value = copy;
		cookie->len = value.len;
	}
	return true;
}

int64_t
bt_headers_retry_delay(const bt_call *call)
{
	int64_t delay_us = -1;
	bt_span key;
	bt_span value;

	for (size_t i = 0; bt_call_metadata(call, i, &key, &value); i++)
		if (bt_span_equal(key, bt_span_str(STATUS_DETAILS)))
			(void) bt_unpack_retry_delay(value, &delay_us);
	return delay_us;
}
