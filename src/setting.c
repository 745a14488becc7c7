/*-------------------------------------------------------------------------
 *
 * setting.c
 *	  The settings of a session, bigtable_fdw.*.
 *
 * Where things are and what they mean are options of servers and tables; here
 * is only what a session may want to try, and what depends on the network
 * between.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "setting.h"

/*
 * A backend decodes and converts rows about as fast as a few streams deliver
 * them, so that more would only help where each takes long to answer; and a
 * connection of HTTP/2 has room for 100 streams.
 */
#define DEFAULT_MAX_STREAMS 4
#define MOST_STREAMS 64

int setting_max_streams = DEFAULT_MAX_STREAMS;
int setting_log_retries = DEBUG1;

static const struct config_enum_entry log_levels[] = {
	{"off", 0, false},         {"debug5", DEBUG5, false}, {"debug4", DEBUG4, false},
	{"debug3", DEBUG3, false}, {"debug2", DEBUG2, false}, {"debug1", DEBUG1, false},
	{"log", LOG, false},       {"notice", NOTICE, false}, {"warning", WARNING, false},
	{NULL, 0, false}};
int setting_keepalive_time = 0;
int setting_keepalive_timeout = 0;

void
settings_define(void)
{
	DefineCustomIntVariable(
		"bigtable_fdw.max_streams",
		"Sets how many requests a scan of many row keys or ranges has under way at once.",
		"With 1, each scan is one stream, whose rows come in the order of their keys.",
		&setting_max_streams, DEFAULT_MAX_STREAMS, 1, MOST_STREAMS, PGC_USERSET, 0, NULL,
		NULL, NULL);
	DefineCustomEnumVariable(
		"bigtable_fdw.log_retries",
		"Sets the level at which calls that were tried again are logged.",
		"\"off\" does not log them.", &setting_log_retries, DEBUG1, log_levels,
		PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"bigtable_fdw.keepalive_time",
		"Sets how long a connection may be silent while an answer is awaited before the "
		"server is pinged.",
		"Zero means 30 seconds, or 60 seconds without TLS. Connections that exist keep "
		"what they have.",
		&setting_keepalive_time, 0, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL, NULL,
		NULL);
	DefineCustomIntVariable(
		"bigtable_fdw.keepalive_timeout",
		"Sets how long the answer to such a ping may take before the connection is given "
		"up.",
		"Zero means 10 seconds.", &setting_keepalive_timeout, 0, 0, INT_MAX, PGC_USERSET,
		GUC_UNIT_MS, NULL, NULL, NULL);
}
