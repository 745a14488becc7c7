/*-------------------------------------------------------------------------
 *
 * credential.c
 *	  A user mapping's options -> what authorises its user's calls.
 *
 * Who may do what:
 *
 * - Anyone may set an access token or the key of a service account: those say
 *   who their bearer is, to the server's endpoint and to nobody else.
 * - So may anyone a refresh token: it is sent to Google, and to nobody else.
 * - Files are read with the rights of the server.  So only those who may read
 *   its files name one, and its owner must be the server's or root: else who
 *   may write files could have this process fetch what they like.
 * - JSON that names places to fetch tokens from is a program of a kind: it
 *   reads files and makes requests from within this machine's network.  Only a
 *   superuser sets it.
 * - What the machine itself may do is given to a user by a superuser only.
 *
 * The validator sees the whole list of a mapping's options whenever one of
 * them changes, so what it has refused to others was set by those who may.
 *
 * No message has any part of a secret in it.  The server's log is not told the
 * statement whose options are refused, since it would show them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "access/reloptions.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_user_mapping.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/syscache.h"

#include "compat.h"
#include "credential.h"
#include "option.h"

#define MAX_FILE_BYTES (1024 * 1024)

/* JSON that describes credentials, and where it was found. */
typedef struct Source
{
	const char *option; /* of the user mapping */
	const char *path;   /* of the file, or NULL */
	Jsonb *json;
} Source;

/* ---- errors ---- */

static void report(const Source *source, const char *hint, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* The arguments must not be parts of a secret. */
static void
report(const Source *source, const char *hint, const char *format, ...)
{
	char detail[512];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	ereport(ERROR,
			(errcode(source->path != NULL ? ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION
										  : ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 source->path != NULL
				 ? errmsg("invalid credentials in file \"%s\"", source->path)
				 : errmsg("invalid value for option \"%s\"", source->option),
			 errdetail_internal("%s", detail), hint != NULL ? errhint("%s", hint) : 0,
			 errhidestmt(true)));
}

static void
report_permission(const char *name, const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					errmsg("permission denied to set option \"%s\"", name),
					errdetail("%s", detail), errhidestmt(true)));
}

/* ---- files ---- */

/* Is what a file says what the server's administrator wants? */
static bool
is_trusted(const struct stat *stat)
{
	return (stat->st_uid == 0 || stat->st_uid == geteuid()) &&
		   (stat->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static void
report_file(const char *what, const char *path)
{
	ereport(ERROR, (errcode_for_file_access(),
					errmsg("could not read %s file \"%s\": %m", what, path)));
}

static void
check_file(const char *what, const char *path, const struct stat *stat, bool any_owner)
{
	const char *detail = NULL;
	const char *hint = NULL;

	if (!S_ISREG(stat->st_mode))
		detail = "It is not a regular file.";
	else if (stat->st_size > MAX_FILE_BYTES)
		detail = "It is larger than 1 MB.";
	else if (!any_owner && !is_trusted(stat))
	{
		detail = "Others than its owner may write to it, or its owner is neither root "
				 "nor the user that the server runs as.";
		hint = "Change its owner or permissions.";
	}
	if (detail != NULL)
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR),
						errmsg("cannot use %s file \"%s\"", what, path),
						errdetail("%s", detail), hint != NULL ? errhint("%s", hint) : 0));
}

/*
 * The text of a file, and what it was like.  any_owner: the environment of the
 * server names it, so that nothing has to be said for it.
 */
static char *
read_file(const char *what, const char *path, bool any_owner, struct stat *stat)
{
	/* A FIFO would keep us waiting. */
	int fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK | PG_BINARY);
	ssize_t len;
	char *text;

	if (fd < 0 || fstat(fd, stat) != 0)
		report_file(what, path);
	check_file(what, path, stat, any_owner);
	text = palloc(stat->st_size + 1);
	len = read(fd, text, stat->st_size);
	if (len < 0)
		report_file(what, path);
	text[len] = '\0';
	CloseTransientFile(fd);
	return text;
}

char *
credential_authorities(const Endpoint *endpoint)
{
	struct stat stat;
	char *pem;

	if (endpoint->ca_file == NULL)
		return NULL;
	pem = read_file("certificate authority", endpoint->ca_file, false, &stat);
	if (!bt_credentials_check_authorities(pem, strlen(pem)))
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR),
						errmsg("cannot use certificate authority file \"%s\"",
							   endpoint->ca_file),
						errdetail("It is not a list of certificates in PEM form.")));
	return pem;
}

/* ---- JSON ---- */

/* An object's member, or NULL. */
static JsonbValue *
find_member(JsonbContainer *object, const char *name)
{
	JsonbValue key;

	key.type = jbvString;
	key.val.string.val = (char *) name;
	key.val.string.len = (int) strlen(name);
	return findJsonbValueFromContainer(object, JB_FOBJECT, &key);
}

/* A member that is a string, or NULL if it is not there. */
static char *
optional_string(const Source *source, const char *name)
{
	JsonbValue *value = find_member(&source->json->root, name);

	if (value == NULL || value->type == jbvNull)
		return NULL;
	if (value->type != jbvString)
		report(source, NULL, "Field \"%s\" is not a string.", name);
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static char *
required_string(const Source *source, const char *name)
{
	char *value = optional_string(source, name);

	if (value == NULL || value[0] == '\0')
		report(
			source, "The whole content of the file that Google has issued is expected.",
			value == NULL ? "Field \"%s\" is missing." : "Field \"%s\" is empty.", name);
	return value;
}

/* Parses text in the database's encoding. */
static void
parse(Source *source, char *text)
{
	/* The parser's own message would show where it failed. */
	if (!compat_json_is_valid(text, strlen(text), GetDatabaseEncoding()))
		report(source,
			   source->path == NULL && text[strspn(text, " \t\r\n")] != '{'
				   ? "The content of the file is expected here, not its name."
				   : NULL,
			   "It is not valid JSON.");
	source->json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	if (!JB_ROOT_IS_OBJECT(source->json))
		report(source, NULL, "It is not a JSON object.");
}

/* ---- kinds of credentials ---- */

/*
 * Is it a URL where Google changes credentials for tokens?  Older files name
 * accounts.google.com.
 */
static bool
is_google_url(const char *url)
{
	static const char scheme[] = "https://";
	const char *host = url + sizeof(scheme) - 1;
	size_t len;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return false;
	len = strcspn(host, "/?#");
	return endpoint_is_google(host, len) ||
		   (len == strlen("accounts.google.com") &&
			strncmp(host, "accounts.google.com", len) == 0);
}

static void
check_service_account(const Source *source)
{
	const char *const names[] = {"client_email", "client_id", "private_key_id"};
	const char *reason;
	char *key;

	for (size_t i = 0; i < lengthof(names); i++)
		(void) required_string(source, names[i]);
	key = required_string(source, "private_key");
	if (!bt_credentials_check_key(key, strlen(key), &reason))
		report(source,
			   strchr(key, '\n') == NULL
				   ? "The lines of the key are separated by \"\\n\" in JSON."
				   : NULL,
			   "Field \"private_key\" cannot be used. %s", reason);
}

static void
check_authorized_user(const Source *source)
{
	const char *const names[] = {"client_id", "client_secret", "refresh_token"};
	const char *url = optional_string(source, "token_uri");

	for (size_t i = 0; i < lengthof(names); i++)
		(void) required_string(source, names[i]);
	if (url != NULL && !is_google_url(url))
		report(source, NULL,
			   "Field \"token_uri\" names a server that is not Google's, which is not "
			   "supported for credentials of type \"authorized_user\".");
}

static void
check_external_account(const Source *source)
{
	const char *const names[] = {"audience", "subject_token_type", "token_url"};
	JsonbValue *place = find_member(&source->json->root, "credential_source");

	for (size_t i = 0; i < lengthof(names); i++)
		(void) required_string(source, names[i]);
	if (place == NULL || place->type != jbvBinary ||
		!JsonContainerIsObject(place->val.binary.data))
		report(source, NULL, "Field \"credential_source\" is missing, or no object.");
	if (find_member(place->val.binary.data, "executable") != NULL)
		report(source,
			   "Let the program write to a file, and name that: {\"file\": \"...\"}.",
			   "A \"credential_source\" that runs a program is not supported.");
	if (find_member(place->val.binary.data, "file") == NULL &&
		find_member(place->val.binary.data, "url") == NULL &&
		find_member(place->val.binary.data, "environment_id") == NULL)
		report(source, NULL,
			   "Field \"credential_source\" has none of the fields \"file\", \"url\" and "
			   "\"environment_id\".");
}

/* Checks all that can be known without asking anybody. */
static bt_credentials_kind
check_source(const Source *source)
{
	const char *type = required_string(source, "type");

	if (strcmp(type, "service_account") == 0)
	{
		check_service_account(source);
		return BT_SERVICE_ACCOUNT;
	}
	if (strcmp(type, "authorized_user") == 0)
	{
		check_authorized_user(source);
		return BT_AUTHORIZED_USER;
	}
	if (strcmp(type, "external_account") == 0)
	{
		check_external_account(source);
		return BT_EXTERNAL_ACCOUNT;
	}
	report(source,
		   "Supported types are: service_account, authorized_user, external_account.",
		   strcmp(type, "impersonated_service_account") == 0 ||
				   strcmp(type, "external_account_authorized_user") == 0 ||
				   strcmp(type, "gdch_service_account") == 0
			   ? "Credentials of type \"%s\" are not supported."
			   : "Field \"type\" names no known type of credentials.",
		   type);
}

/* What gRPC gets: the same in UTF-8, without repeated names. */
static char *
source_text(const Source *source)
{
	char *text = JsonbToCString(NULL, &source->json->root, VARSIZE(source->json));

	return pg_server_to_any(text, (int) strlen(text), PG_UTF8);
}

/* ---- checks of options ---- */

void
credential_check_json(const char *name, const char *value)
{
	Source source = {.option = name};
	bt_credentials_kind kind;
	const char *url;

	parse(&source, pstrdup(value));
	kind = check_source(&source);
	if (superuser())
		return;
	url = optional_string(&source, "token_uri");
	if (kind == BT_EXTERNAL_ACCOUNT)
		report_permission(
			name, "Credentials of type \"external_account\" make the server read files "
				  "or fetch URLs: only a superuser may set them, or alter a user mapping "
				  "that has them.");
	if (url != NULL && !is_google_url(url))
		report_permission(name,
						  "Field \"token_uri\" names a server that is not Google's: only "
						  "a superuser may set it, or alter a user mapping that has it.");
}

void
credential_check_token(const char *name, const char *value)
{
	Source source = {.option = name};

	if (!bt_credentials_check_token(value))
		report(&source, NULL,
			   "A token has no blanks, no line breaks and no characters outside ASCII.");
}

void
credential_check_default(const char *name, const char *value)
{
	bool on;

	if (parse_bool(value, &on) && on && !superuser())
		report_permission(
			name, "It gives what the machine itself may do: only a superuser may set it, "
				  "or alter a user mapping that has it.");
}

void
credential_check_file(const char *name, const char *value)
{
	if (!is_absolute_path(value))
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
						errmsg("invalid value for option \"%s\"", name),
						errdetail("An absolute path of a file on the server is "
								  "expected."),
						errhidestmt(true)));
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		report_permission(
			name, "Only roles with privileges of the \"pg_read_server_files\" role may "
				  "set it, or alter an object that has it.");
}

/* ---- loading ---- */

static void
load_source(Credential *credential, Source *source, bool any_owner)
{
	char *text = read_file("credentials", source->path, any_owner, &credential->stat);

	credential->path = source->path;
	if (!pg_verify_mbstr(PG_UTF8, text, (int) strlen(text), true))
		report(source, NULL, "It is not in UTF-8.");
	parse(source, pg_any_to_server(text, (int) strlen(text), PG_UTF8));
}

/*
 * The file with which the machine's environment authorises programs, or NULL:
 * then it has to be one of Google's.
 */
static const char *
find_default_file(void)
{
	const char *path = getenv("GOOGLE_APPLICATION_CREDENTIALS");
	const char *directory = getenv("CLOUDSDK_CONFIG");

	if (path != NULL && path[0] != '\0')
		return pstrdup(path);
	if (directory != NULL && directory[0] != '\0')
		path = psprintf("%s/application_default_credentials.json", directory);
	else if (getenv("HOME") != NULL)
		path = psprintf("%s/.config/gcloud/application_default_credentials.json",
						getenv("HOME"));
	return path != NULL && access(path, F_OK) == 0 ? path : NULL;
}

/* The options of a user mapping. */
static List *
mapping_options(Oid mapping_id)
{
	HeapTuple tuple = SearchSysCache1(USERMAPPINGOID, ObjectIdGetDatum(mapping_id));
	List *options = NIL;
	Datum datum;
	bool isnull;

	if (!HeapTupleIsValid(tuple))
		return NIL;
	datum =
		SysCacheGetAttr(USERMAPPINGOID, tuple, Anum_pg_user_mapping_umoptions, &isnull);
	if (!isnull)
		options = untransformRelOptions(datum);
	ReleaseSysCache(tuple);
	return options;
}

/* JSON must be for the domain that the server is in. */
static void
check_universe(const Source *source, const ForeignServer *server,
			   const Endpoint *endpoint, bt_credentials_kind kind)
{
	const char *universe = optional_string(source, "universe_domain");

	if (universe == NULL || universe[0] == '\0')
		universe = GOOGLE_UNIVERSE;
	if (strcmp(universe, endpoint->universe) != 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("credentials do not fit server \"%s\"", server->servername),
			 errdetail("They are for universe domain \"%s\", the server is in \"%s\".",
					   universe, endpoint->universe),
			 errhint("Check option \"universe_domain\" of the server.")));
	if (kind == BT_AUTHORIZED_USER && strcmp(universe, GOOGLE_UNIVERSE) != 0)
		report(source, NULL,
			   "Credentials of type \"authorized_user\" are supported in universe domain "
			   "\"%s\" only.",
			   GOOGLE_UNIVERSE);
}

static void
report_none(const ForeignServer *server, Oid mapping_id, Oid userid)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("user \"%s\" has no credentials for server \"%s\"",
					GetUserNameFromId(userid, false), server->servername),
			 OidIsValid(mapping_id)
				 ? errdetail("The user mapping has none of the options that name them.")
				 : errdetail("There is no user mapping."),
			 errhint("Set one of the options \"credentials_json\", \"credentials_file\", "
					 "\"access_token\" and \"default_credentials\" of a user mapping. "
					 "An emulator needs none: set option \"emulator_host\" of the "
					 "server.")));
}

Credential *
credential_load(const ForeignServer *server, const Endpoint *endpoint, Oid mapping_id,
				Oid userid)
{
	List *options = OidIsValid(mapping_id) ? mapping_options(mapping_id) : NIL;
	const char *json = option_string(options, "credentials_json", NULL);
	const char *file = option_string(options, "credentials_file", NULL);
	const char *token = option_string(options, "access_token", NULL);
	Credential *credential = palloc0(sizeof(Credential));
	Source source = {0};

	if (token != NULL)
	{
		credential->client.kind = BT_ACCESS_TOKEN;
		credential->client.secret = token;
		return credential;
	}
	if (json != NULL)
	{
		source.option = "credentials_json";
		parse(&source, pstrdup(json));
	}
	else if (file != NULL)
	{
		source.option = "credentials_file";
		source.path = file;
		load_source(credential, &source, false);
	}
	else if (option_bool(options, "default_credentials", false))
	{
		source.option = "default_credentials";
		source.path = find_default_file();
		if (source.path == NULL)
		{
			credential->client.kind = BT_METADATA_SERVER;
			return credential;
		}
		load_source(credential, &source, true);
	}
	else
		report_none(server, mapping_id, userid);
	credential->client.kind = check_source(&source);
	check_universe(&source, server, endpoint, credential->client.kind);
	credential->client.secret = source_text(&source);
	return credential;
}

Credential *
credential_without_secret(const Credential *credential)
{
	Credential *copy = palloc(sizeof(Credential));

	*copy = *credential;
	copy->client.secret = NULL;
	if (credential->path != NULL)
		copy->path = pstrdup(credential->path);
	return copy;
}

bool
credential_is_outdated(const Credential *credential)
{
	const struct stat *old = &credential->stat;
	struct stat now;

	/* One that is gone is no reason to give up what works. */
	if (credential->path == NULL || stat(credential->path, &now) != 0)
		return false;
	return now.st_ino != old->st_ino || now.st_dev != old->st_dev ||
		   now.st_size != old->st_size || now.st_mtim.tv_sec != old->st_mtim.tv_sec ||
		   now.st_mtim.tv_nsec != old->st_mtim.tv_nsec;
}
