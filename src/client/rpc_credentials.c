/*-------------------------------------------------------------------------
 *
 * rpc_credentials.c
 *	  Our credentials -> gRPC's.  A part of rpc.c, for it and rpc_channel.c alone.
 *
 *-------------------------------------------------------------------------
 */
#include "rpc_credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/support/alloc.h>
#include <grpc/support/string_util.h>

#include "token_source.h"

/* How gRPC begins the message of a call for which there was no token. */
#define GRPC_NO_TOKEN "Getting metadata from plugin failed with error: "

/* ---- tokens that are fetched ---- */

/* A call that waits for one, as gRPC knows it. */
typedef struct token_request
{
	grpc_credentials_plugin_metadata_cb callback;
	void *arg;
	const bt_token_source *source;
} token_request;

/* The caller frees the slices. */
static size_t
make_metadata(const bt_token_source *source, const char *token, grpc_metadata *metadata)
{
	const char *project = bt_token_source_user_project(source);
	size_t len = strlen("Bearer ") + strlen(token);
	grpc_slice value = grpc_slice_malloc(len + 1);

	memset(metadata, 0, 2 * sizeof(*metadata));
	snprintf((char *) GRPC_SLICE_START_PTR(value), len + 1, "Bearer %s", token);
	metadata[0].key = grpc_slice_from_static_string("authorization");
	metadata[0].value = grpc_slice_sub_no_ref(value, 0, len);
	if (project == NULL)
		return 1;
	metadata[1].key = grpc_slice_from_static_string("x-goog-user-project");
	metadata[1].value = grpc_slice_from_copied_string(project);
	return 2;
}

/*
 * gRPC makes UNAVAILABLE of any code, so that it is put into the message, for
 * rpc_token_failure().
 */
static void
put_failure(const bt_status *status, char *text, size_t size)
{
	snprintf(text, size, "%d " BT_STATUS_NO_TOKEN ": %s", (int) status->code,
			 status->message);
}

/* On a thread of the source. */
static void
token_is_there(void *arg, const char *token, const bt_status *status)
{
	token_request *request = arg;
	char text[2 * BT_STATUS_MESSAGE_SIZE];
	grpc_metadata metadata[2];
	size_t n;

	if (token != NULL)
	{
		n = make_metadata(request->source, token, metadata);
		request->callback(request->arg, metadata, n, GRPC_STATUS_OK, NULL);
		for (size_t i = 0; i < n; i++)
			grpc_slice_unref(metadata[i].value);
	}
	else
	{
		put_failure(status, text, sizeof(text));
		request->callback(request->arg, NULL, 0, GRPC_STATUS_UNAVAILABLE, text);
	}
	free(request);
}

/* Of the plugin: see grpc_security.h. */
static int
get_metadata(void *state, grpc_auth_metadata_context context,
			 grpc_credentials_plugin_metadata_cb callback, void *arg,
			 grpc_metadata metadata[GRPC_METADATA_CREDENTIALS_PLUGIN_SYNC_MAX],
			 size_t *nmetadata, grpc_status_code *code, const char **details)
{
	bt_token_source *source = state;
	token_request *request = malloc(sizeof(token_request));
	bt_token_result result = BT_TOKEN_FAILED;
	char text[2 * BT_STATUS_MESSAGE_SIZE];
	bt_status status;
	char *token;

	(void) context;
	bt_status_set(&status, BT_UNAVAILABLE, "out of memory");
	if (request != NULL)
	{
		*request = (token_request){callback, arg, source};
		result = bt_token_source_get(source, token_is_there, request, &token, &status);
	}
	if (result == BT_TOKEN_LATER)
		return 0;
	free(request);
	*nmetadata = 0;
	if (result == BT_TOKEN_HERE)
	{
		*code = GRPC_STATUS_OK;
		*nmetadata = make_metadata(source, token, metadata);
		free(token);
		return 1;
	}
	put_failure(&status, text, sizeof(text));
	*code = GRPC_STATUS_UNAVAILABLE;
	*details = gpr_strdup(text);
	return 1;
}

static void
destroy_source(void *state)
{
	bt_token_source_release(state);
}

static char *
describe_source(void *state)
{
	(void) state;
	return gpr_strdup("tokens that are fetched");
}

static grpc_call_credentials *
make_fetched_credentials(const bt_credentials *credentials)
{
	grpc_metadata_credentials_plugin plugin = {.get_metadata = get_metadata,
											   .debug_string = describe_source,
											   .destroy = destroy_source,
											   .type = "bigtable_fdw"};
	bt_status status;

	plugin.state = bt_token_source_create(credentials, &status);
	if (plugin.state == NULL)
		return NULL;
	return grpc_metadata_credentials_create_from_plugin(plugin,
														GRPC_PRIVACY_AND_INTEGRITY, NULL);
}

/* ---- all kinds ---- */

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
		case BT_EXTERNAL_ACCOUNT:
		case BT_METADATA_SERVER:
			return make_fetched_credentials(credentials);
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
rpc_token_failure(grpc_status_code code, bt_span *details, bt_code *real)
{
	const size_t prefix_len = strlen(GRPC_NO_TOKEN);
	const char *text = (const char *) details->data;
	size_t number_len = 0;
	int number = 0;

	if (code != GRPC_STATUS_UNAVAILABLE || details->len < prefix_len ||
		memcmp(text, GRPC_NO_TOKEN, prefix_len) != 0)
		return false;
	text += prefix_len;
	while (prefix_len + number_len < details->len && number_len < 2 &&
		   text[number_len] >= '0' && text[number_len] <= '9')
		number = number * 10 + text[number_len++] - '0';
	if (number_len == 0 || prefix_len + number_len >= details->len)
		return false;
	*real = (bt_code) number;
	*details = bt_span_make((const uint8_t *) text + number_len + 1,
							details->len - prefix_len - number_len - 1);
	return true;
}

void
rpc_stop_tokens(void)
{
	bt_token_sources_stop();
}
