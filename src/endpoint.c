/*-------------------------------------------------------------------------
 *
 * endpoint.c
 *	  A server's options -> where its two APIs are, and how to reach them.
 *
 * An endpoint receives the credentials of every user of the server.  So only a
 * superuser names one that is not Google's.  The validator sees an object's
 * whole list of options whenever one of them changes, and refuses it to
 * others: what is in the catalog was last seen by a superuser.  Whoever owns
 * the server may still drop the option.
 *
 * An emulator is spoken to in plaintext, and never gets credentials.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "endpoint.h"
#include "option.h"

#define HTTPS_PORT "443"

/* ---- checks ---- */

bool
endpoint_is_google(const char *host, size_t len)
{
	static const char domain[] = "." GOOGLE_UNIVERSE;
	size_t domain_len = sizeof(domain) - 1;

	return len > domain_len &&
		   pg_strncasecmp(host + len - domain_len, domain, domain_len) == 0 &&
		   strspn(host, "abcdefghijklmnopqrstuvwxyz"
						"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") >= len;
}

static bool
is_port(const char *text)
{
	int port;

	return strspn(text, "0123456789") == strlen(text) && text[0] != '\0' &&
		   parse_int(text, &port, 0, NULL) && port >= 1 && port <= 65535;
}

/*
 * The length of the host in "host:port", or 0 if it is none.  Nothing else that
 * gRPC takes for a target is let through: "dns://evil/host:443" asks another
 * server for the address.
 */
static size_t
host_length(const char *value)
{
	const char *colon = strrchr(value, ':');
	size_t len = colon != NULL ? (size_t) (colon - value) : 0;
	static const char of_names[] = "abcdefghijklmnopqrstuvwxyz"
								   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

	if (len == 0 || !is_port(colon + 1))
		return 0;
	if (value[0] == '[')
		return len > 2 && value[len - 1] == ']' &&
					   strspn(value + 1, "0123456789abcdefABCDEF:.") == len - 2
				   ? len
				   : 0;
	return strspn(value, of_names) == len ? len : 0;
}

static void
report_permission(const char *name, const char *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to set option \"%s\" to \"%s\"", name, value),
			 errdetail("Credentials are sent there: only a superuser may set it to a "
					   "host outside %s, or alter a server for which it is set so.",
					   GOOGLE_UNIVERSE)));
}

void
endpoint_check_option(const char *name, const char *value)
{
	size_t len = host_length(value);

	if (len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("invalid value for option \"%s\": \"%s\"", name, value),
				 errdetail("\"host:port\" is expected; the port is usually 443.")));
	if (!endpoint_is_google(value, len) && !superuser())
		report_permission(name, value);
}

void
endpoint_check_universe(const char *name, const char *value)
{
	size_t len = strlen(value);

	if (strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-.") != len ||
		value[0] == '.' || value[len - 1] == '.')
		ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
						errmsg("invalid value for option \"%s\": \"%s\"", name, value),
						errdetail("A domain in lower case is expected, such as \"%s\".",
								  GOOGLE_UNIVERSE)));
	if (strcmp(value, GOOGLE_UNIVERSE) != 0 && !superuser())
		report_permission(name, value);
}

/* ---- endpoints ---- */

/* The emulator that the server or the environment names, or NULL. */
static const char *
find_emulator(List *options)
{
	const char *target = option_string(options, "emulator_host", NULL);

	if (target != NULL)
		return target;

	/* Who has named an endpoint means that one. */
	if (option_string(options, "endpoint", NULL) != NULL ||
		option_string(options, "admin_endpoint", NULL) != NULL ||
		option_string(options, "universe_domain", NULL) != NULL)
		return NULL;
	target = getenv("BIGTABLE_EMULATOR_HOST");
	return target != NULL && target[0] != '\0' ? target : NULL;
}

Endpoint *
endpoint_find(const ForeignServer *server, BigtableApi api)
{
	Endpoint *endpoint = palloc0(sizeof(Endpoint));
	const char *emulator = find_emulator(server->options);
	const char *option = api == DATA_API ? "endpoint" : "admin_endpoint";
	const char *target = option_string(server->options, option, NULL);
	const char *ca_file = option_string(server->options, "ssl_ca_file", NULL);

	endpoint->universe =
		pstrdup(option_string(server->options, "universe_domain", GOOGLE_UNIVERSE));
	if (ca_file != NULL)
		endpoint->ca_file = pstrdup(ca_file);
	if (emulator != NULL)
	{
		endpoint->plaintext = true;
		endpoint->target = pstrdup(emulator);
	}
	else if (target != NULL)
		endpoint->target = pstrdup(target);
	else
	{
		endpoint->is_default = true;
		endpoint->target =
			psprintf("%s.%s:" HTTPS_PORT, api == DATA_API ? "bigtable" : "bigtableadmin",
					 endpoint->universe);
	}
	return endpoint;
}
