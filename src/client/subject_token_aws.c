/*-------------------------------------------------------------------------
 *
 * subject_token_aws.c
 *	  A subject token of AWS: a signed request, which Google sends there to see
 *	  who has signed it.  A part of subject_token.c.
 *
 * https://google.aip.dev/auth/4117
 *
 *-------------------------------------------------------------------------
 */
#include "subject_token.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws_signature.h"
#include "url.h"

/* What AWS has told this machine; all of it is freed at the end. */
typedef struct aws_machine
{
	const json_t *source; /* "credential_source" */
	bt_http *http;
	bt_status *status;
	char *session; /* a header that opens the metadata, or NULL */
	char *region;
	char *access_key_id;
	char *secret_access_key;
	char *token; /* or NULL */
} aws_machine;

static char *
copy_environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? strdup(value) : NULL;
}

/* Text from the machine's metadata. */
static char *
get_metadata(aws_machine *machine, const char *url)
{
	bt_http_request request = {
		.method = "GET", .url = url, .headers = {machine->session}, .direct = true};
	char *text = bt_token_request_text(machine->http, &request, false, machine->status);

	if (text != NULL)
		text[strcspn(text, "\r\n")] = '\0';
	return text;
}

static bool
open_metadata(aws_machine *machine)
{
	bt_http_request request = {
		.method = "PUT",
		.url = bt_json_text(machine->source, "imdsv2_session_token_url"),
		.headers = {"X-aws-ec2-metadata-token-ttl-seconds: 300"},
		.direct = true};
	char *token;

	if (request.url == NULL || machine->session != NULL)
		return true;
	token = bt_token_request_text(machine->http, &request, false, machine->status);
	if (token == NULL)
		return false;
	token[strcspn(token, "\r\n")] = '\0';
	if (asprintf(&machine->session, "X-aws-ec2-metadata-token: %s", token) < 0)
		machine->session = NULL;
	free(token);
	return machine->session != NULL;
}

static bool
find_region(aws_machine *machine)
{
	const char *url;

	machine->region = copy_environment("AWS_REGION");
	if (machine->region == NULL)
		machine->region = copy_environment("AWS_DEFAULT_REGION");
	if (machine->region != NULL)
		return true;
	url = bt_json_required(machine->source, "region_url", machine->status);
	if (url == NULL || !open_metadata(machine))
		return false;
	machine->region = get_metadata(machine, url);

	/* It is a zone, "us-east-1d". */
	if (machine->region != NULL && machine->region[0] != '\0')
		machine->region[strlen(machine->region) - 1] = '\0';
	return machine->region != NULL;
}

/* The keys of the machine's role, which has a name. */
static char *
get_role(aws_machine *machine)
{
	const char *url = bt_json_required(machine->source, "url", machine->status);
	char *role =
		url != NULL && open_metadata(machine) ? get_metadata(machine, url) : NULL;
	char *role_url = NULL;
	char *text = NULL;

	if (role != NULL && asprintf(&role_url, "%s/%s", url, role) < 0)
		role_url = NULL;
	if (role_url != NULL)
	{
		bt_http_request request = {.method = "GET",
								   .url = role_url,
								   .headers = {machine->session},
								   .direct = true};

		text = bt_token_request_text(machine->http, &request, false, machine->status);
	}
	free(role_url);
	free(role);
	return text;
}

static char *
copy_member(const json_t *object, const char *name)
{
	const char *text = bt_json_text(object, name);

	return text != NULL ? strdup(text) : NULL;
}

static bool
find_keys(aws_machine *machine)
{
	char *text;
	json_t *json;

	machine->access_key_id = copy_environment("AWS_ACCESS_KEY_ID");
	machine->secret_access_key = copy_environment("AWS_SECRET_ACCESS_KEY");
	if (machine->access_key_id != NULL && machine->secret_access_key != NULL)
	{
		machine->token = copy_environment("AWS_SESSION_TOKEN");
		return true;
	}
	free(machine->access_key_id);
	free(machine->secret_access_key);
	text = get_role(machine);
	json = text != NULL ? json_loads(text, 0, NULL) : NULL;
	machine->access_key_id = copy_member(json, "AccessKeyId");
	machine->secret_access_key = copy_member(json, "SecretAccessKey");
	machine->token = copy_member(json, "Token");
	if (text != NULL &&
		(machine->access_key_id == NULL || machine->secret_access_key == NULL))
		bt_status_set(machine->status, BT_UNAVAILABLE,
					  "the machine's role has no keys for AWS");
	json_decref(json);
	free(text);
	return machine->access_key_id != NULL && machine->secret_access_key != NULL;
}

/* The URL at AWS that says who asks, with the region in it. */
static char *
verification_url(aws_machine *machine)
{
	static const char mark[] = "{region}";
	const char *url = bt_json_required(machine->source, "regional_cred_verification_url",
									   machine->status);
	const char *found = url != NULL ? strstr(url, mark) : NULL;
	char *result;

	if (url == NULL)
		return NULL;
	if (found == NULL)
		return strdup(url);
	if (asprintf(&result, "%.*s%s%s", (int) (found - url), url, machine->region,
				 found + sizeof(mark) - 1) < 0)
		return NULL;
	return result;
}

static json_t *
describe(const char *url, const bt_aws_request *request, const char *authorization)
{
	json_t *list = json_array();

	json_array_append_new(
		list, json_pack("{s:s,s:s}", "key", "Authorization", "value", authorization));
	for (size_t i = 0; i < request->nheaders; i++)
		json_array_append_new(list,
							  json_pack("{s:s,s:s}", "key", request->headers[i].name,
										"value", request->headers[i].value));
	return json_pack("{s:s,s:s,s:o}", "url", url, "method", request->method, "headers",
					 list);
}

/* The request with its signature, as JSON that is escaped as a part of a URL. */
static char *
put_together(const char *url, const bt_aws_request *request, const char *authorization)
{
	json_t *json = describe(url, request, authorization);
	char *dump = json_dumps(json, JSON_COMPACT);
	char *text = NULL;
	size_t len;
	FILE *out = dump != NULL ? open_memstream(&text, &len) : NULL;

	if (out != NULL)
	{
		bt_url_put_escaped(out, dump);
		fclose(out);
	}
	free(dump);
	json_decref(json);
	return text;
}

static char *
sign_request(const aws_machine *machine, const char *audience, const char *url)
{
	char host[256];
	char service[256];
	char date[sizeof("20150830T123600Z")];
	time_t now = time(NULL);
	struct tm tm;
	int len;
	const char *start = bt_url_host(url, &len);
	const char *query = strchr(url, '?');
	bt_aws_header headers[4] = {{"host", host}, {"x-amz-date", date}};
	bt_aws_request request = {.method = "POST",
							  .path = "/",
							  .query = query != NULL ? query + 1 : "",
							  .region = machine->region,
							  .service = service,
							  .time = date,
							  .headers = headers,
							  .nheaders = 2};
	bt_aws_keys keys = {machine->access_key_id, machine->secret_access_key};
	char *authorization;
	char *token;

	snprintf(host, sizeof(host), "%.*s", len, start);
	snprintf(service, sizeof(service), "%.*s", (int) strcspn(host, "."), host);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	if (machine->token != NULL)
		headers[request.nheaders++] =
			(bt_aws_header){"x-amz-security-token", machine->token};
	headers[request.nheaders++] =
		(bt_aws_header){"x-goog-cloud-target-resource", audience};
	authorization = bt_aws_sign(&request, &keys);
	if (authorization == NULL)
		return NULL;
	token = put_together(url, &request, authorization);
	free(authorization);
	return token;
}

char *
bt_subject_token_get_aws(const json_t *account, const json_t *source, bt_http *http,
						 bt_status *status)
{
	aws_machine machine = {.source = source, .http = http, .status = status};
	char *url = NULL;
	char *token = NULL;

	bt_token_out_of_memory(status);
	if (find_region(&machine) && find_keys(&machine))
		url = verification_url(&machine);
	if (url != NULL)
		token = sign_request(&machine, bt_json_text(account, "audience"), url);
	free(url);
	free(machine.session);
	free(machine.region);
	free(machine.access_key_id);
	free(machine.secret_access_key);
	free(machine.token);
	return token;
}
