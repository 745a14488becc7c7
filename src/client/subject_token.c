/*-------------------------------------------------------------------------
 *
 * subject_token.c
 *	  The token of somebody else that an external account is known by.
 *
 *-------------------------------------------------------------------------
 */
#include "subject_token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILE_BYTES ((size_t) 1024 * 1024)

/* Reads a file, which somebody else renews.  A FIFO would keep us waiting. */
static char *
read_file(const char *path, bt_status *status)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text = malloc(MAX_FILE_BYTES + 1);
	size_t len = 0;
	ssize_t n = fd < 0 || text == NULL ? -1 : 0;

	while (n >= 0 && len < MAX_FILE_BYTES &&
		   (n = read(fd, text + len, MAX_FILE_BYTES - len)) > 0)
		len += (size_t) n;
	if (n < 0)
	{
		bt_status_set(status, BT_UNAVAILABLE, "could not read file \"%s\": %s", path,
					  text == NULL ? "out of memory" : strerror(errno));
		free(text);
		text = NULL;
	}
	else
		text[len] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

/* The headers that credential_source wants in the request, as HTTP has them. */
static bool
add_headers(const json_t *headers, bt_http_request *request, char **lines,
			bt_status *status)
{
	const size_t max = sizeof(request->headers) / sizeof(request->headers[0]) - 1;
	const char *name;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *) headers, name, value)
	{
		const char *text = json_string_value(value);

		if (text == NULL || n == max || strpbrk(text, "\r\n") != NULL ||
			strpbrk(name, "\r\n:") != NULL)
		{
			bt_status_set(status, BT_UNAUTHENTICATED,
						  "field \"headers\" of \"credential_source\" cannot be used");
			return false;
		}
		if (asprintf(&lines[n], "%s: %s", name, text) < 0)
		{
			lines[n] = NULL;
			bt_token_out_of_memory(status);
			return false;
		}
		request->headers[n] = lines[n];
		n++;
	}
	return true;
}

static char *
fetch_url(const json_t *source, bt_http *http, bt_status *status)
{
	bt_http_request request = {.method = "GET", .url = bt_json_text(source, "url")};
	char *lines[8] = {0};
	char *text = NULL;

	if (add_headers(json_object_get(source, "headers"), &request, lines, status))
		text = bt_token_request_text(http, &request, false, status);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		free(lines[i]);
	return text;
}

/* What is read may be JSON, with the token in a field.  Frees the text. */
static char *
take_field(char *text, const char *name, bt_status *status)
{
	json_t *json = json_loads(text, 0, NULL);
	const char *value = bt_json_text(json, name);
	char *token = value != NULL ? strdup(value) : NULL;

	if (value == NULL)
		bt_status_set(
			status, BT_UNAVAILABLE,
			"what \"credential_source\" names is no JSON object with a field \"%s\"",
			name);
	else if (token == NULL)
		bt_token_out_of_memory(status);
	json_decref(json);
	free(text);
	return token;
}

char *
bt_subject_token_get(const json_t *account, bt_http *http, bt_status *status)
{
	const json_t *source = json_object_get(account, "credential_source");
	const json_t *format = json_object_get(source, "format");
	const char *path = bt_json_text(source, "file");
	const char *type = bt_json_text(format, "type");
	const char *name = bt_json_text(format, "subject_token_field_name");
	char *text;

	if (bt_json_text(source, "environment_id") != NULL)
		return bt_subject_token_get_aws(account, source, http, status);
	if (path == NULL && bt_json_required(source, "url", status) == NULL)
		return NULL;
	text = path != NULL ? read_file(path, status) : fetch_url(source, http, status);
	if (text == NULL)
		return NULL;
	if (type != NULL && strcmp(type, "json") == 0)
		return take_field(text, name != NULL ? name : "access_token", status);
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}
