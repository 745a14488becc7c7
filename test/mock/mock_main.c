/*-------------------------------------------------------------------------
 *
 * mock_main.c
 *	  bigtable_mock, a Bigtable server that answers as a script tells it.
 *
 * For tests and benchmarks of clients; README.md describes it.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mock_auth.h"
#include "mock_call.h"
#include "mock_log.h"
#include "mock_socket.h"

/* How long a shutdown may take before it is enforced. */
#define SHUTDOWN_MS 2000

struct options
{
	const char *address;
	long port;
	const char *log;
	const char *apply_log;
	const char *tls_cert; /* NULL: plaintext */
	const char *tls_key;
	bool exit_with_stdin;
	long max_connection_age;
};

static struct mock_server server;
static char stop_tag; /* its address marks the end of the server */
static atomic_bool stopping;

static const char usage_text[] =
	"usage: bigtable_mock [option]...\n"
	"  --port N                 listen on 127.0.0.1:N (0, the default: a free port)\n"
	"  --address ADDRESS        listen on HOST:PORT or unix:/path instead\n"
	"  --script FILE            answer calls by this script, else replay a table\n"
	"  --log FILE               append a line for each call\n"
	"  --apply-log FILE         append a line for each row that is written\n"
	"  --rows N                 rows of the replayed table (1000)\n"
	"  --rows-per-message R     rows in one message (1000)\n"
	"  --columns C              columns of the table (4)\n"
	"  --value-bytes B          bytes of each value (40)\n"
	"  --repeat-names           family and qualifier on every chunk\n"
	"  --family NAME            a family that GetTable reports; may be repeated\n"
	"  --sum-family NAME        the same for a family of sums\n"
	"  --max-connection-age MS  close each connection gracefully at that age\n"
	"  --tls-cert FILE          speak TLS with this certificate\n"
	"  --tls-key FILE           and its private key\n"
	"  --jwt-key FILE           refuse calls without a JWT that this public key has "
	"signed\n"
	"  --jwt-audience URL       for this audience, not for https://AUTHORITY/\n"
	"  --jwt-issuer ACCOUNT     and of this account\n"
	"  --exit-with-stdin        exit when standard input ends\n";

/* Complain and end. */
static void
fail(const char *message)
{
	fprintf(stderr, "bigtable_mock: %s\n", message);
	exit(1);
}

/* A number of an option, from low up. */
static long
number(const char *name, const char *text, long low)
{
	char *end;
	long value;
	char message[128];

	errno = 0;
	value = strtol(text, &end, 10);
	if (end == text || *end || errno || value < low || value > INT_MAX)
	{
		snprintf(message, sizeof(message), "wrong value for --%s: %.40s", name, text);
		fail(message);
	}
	return value;
}

/* Add a family to GetTable's answer. */
static void
add_family(char *name, bool is_sum)
{
	server.families =
		realloc(server.families, (server.nfamilies + 1) * sizeof(server.families[0]));
	server.sums = realloc(server.sums, (server.nfamilies + 1) * sizeof(server.sums[0]));
	server.sums[server.nfamilies] = is_sum;
	server.families[server.nfamilies++] = name;
}

/* Take one option. */
static void
take_option(struct options *options, const char *name, char *value)
{
	if (strcmp(name, "port") == 0)
		options->port = number(name, value, 0);
	else if (strcmp(name, "address") == 0)
		options->address = value;
	else if (strcmp(name, "script") == 0)
		server.source.path = value;
	else if (strcmp(name, "log") == 0)
		options->log = value;
	else if (strcmp(name, "rows") == 0)
		server.table.rows = number(name, value, 0);
	else if (strcmp(name, "rows-per-message") == 0)
		server.table.rows_per_message = number(name, value, 1);
	else if (strcmp(name, "columns") == 0)
		server.table.columns = (int) number(name, value, 1);
	else if (strcmp(name, "value-bytes") == 0)
		server.table.value_bytes = (size_t) number(name, value, 0);
	else if (strcmp(name, "repeat-names") == 0)
		server.table.repeat_names = true;
	else if (strcmp(name, "family") == 0)
		add_family(value, false);
	else if (strcmp(name, "sum-family") == 0)
		add_family(value, true);
	else if (strcmp(name, "apply-log") == 0)
		options->apply_log = value;
	else if (strcmp(name, "max-connection-age") == 0)
		options->max_connection_age = number(name, value, 1);
	else if (strcmp(name, "tls-cert") == 0)
		options->tls_cert = value;
	else if (strcmp(name, "tls-key") == 0)
		options->tls_key = value;
	else if (strcmp(name, "jwt-key") == 0)
	{
		if (!auth_require_key(value))
			fail("cannot read the key for --jwt-key");
	}
	else if (strcmp(name, "jwt-audience") == 0)
		auth_require_audience(value);
	else if (strcmp(name, "jwt-issuer") == 0)
		auth_require_issuer(value);
	else if (strcmp(name, "exit-with-stdin") == 0)
		options->exit_with_stdin = true;
	else
	{
		fputs(usage_text, stdout);
		exit(0);
	}
}

/* Read the command line. */
static void
read_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{"port", required_argument, NULL, 0},
		{"address", required_argument, NULL, 0},
		{"script", required_argument, NULL, 0},
		{"log", required_argument, NULL, 0},
		{"rows", required_argument, NULL, 0},
		{"rows-per-message", required_argument, NULL, 0},
		{"columns", required_argument, NULL, 0},
		{"value-bytes", required_argument, NULL, 0},
		{"repeat-names", no_argument, NULL, 0},
		{"family", required_argument, NULL, 0},
		{"sum-family", required_argument, NULL, 0},
		{"apply-log", required_argument, NULL, 0},
		{"max-connection-age", required_argument, NULL, 0},
		{"tls-cert", required_argument, NULL, 0},
		{"tls-key", required_argument, NULL, 0},
		{"jwt-key", required_argument, NULL, 0},
		{"jwt-audience", required_argument, NULL, 0},
		{"jwt-issuer", required_argument, NULL, 0},
		{"exit-with-stdin", no_argument, NULL, 0},
		{"help", no_argument, NULL, 0},
		{NULL, 0, NULL, 0}};
	int index;
	int found;

	while ((found = getopt_long(argc, argv, "", known, &index)) == 0)
		take_option(options, known[index].name, optarg);
	if (found != -1 || optind < argc)
	{
		fputs(usage_text, stderr);
		exit(1);
	}
}

/* Look at the script before anybody connects. */
static void
check_script(void)
{
	struct script *script;
	const struct block *block;
	int ignored;

	if (!server.source.path)
		return;
	if (!script_take(&server.source, "ReadRows", &script, &block, &ignored))
		fail(server.source.error);
	if (block)
		script_unref(script);
	script_rewind(&server.source);
}

/* An integer argument of the server. */
static grpc_arg
integer(const char *key, int value)
{
	grpc_arg arg = {.type = GRPC_ARG_INTEGER, .key = (char *) key};

	arg.value.integer = value;
	return arg;
}

/*
 * Listen and make the server.  Of plaintext, the connections are accepted by us
 * and added to it later.
 */
static void
create_server(const struct options *options, const char *address, struct bytes *shown)
{
	char error[256];

	grpc_arg list[] = {
		integer(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, -1),
		integer(GRPC_ARG_MAX_METADATA_SIZE, 1024 * 1024),
		/* large requests shall not wait for the window */
		integer(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 4 * 1024 * 1024),
		integer(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 1024 * 1024),
		integer(GRPC_ARG_HTTP2_BDP_PROBE, 0),
		/* a client's keepalive is never too frequent */
		integer(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10),
		integer(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
		integer(GRPC_ARG_MAX_CONNECTION_AGE_MS, (int) options->max_connection_age)};
	size_t n = sizeof(list) / sizeof(list[0]);
	grpc_channel_args args = {options->max_connection_age ? n : n - 1, list};

	server.queue = grpc_completion_queue_create_for_next(NULL);
	server.server = grpc_server_create(&args, NULL);
	grpc_server_register_completion_queue(server.server, server.queue, NULL);
	if (options->tls_cert &&
		!socket_listen_tls(server.server, address, options->tls_cert, options->tls_key,
						   shown, error, sizeof(error)))
		fail(error);
	grpc_server_start(server.server);
}

/* End the server and its calls; runs on the accepting thread. */
static void
stop(void)
{
	stopping = true;
	grpc_server_shutdown_and_notify(server.server, server.queue, &stop_tag);
	grpc_server_cancel_all_calls(server.server);
}

/* The next event, or none when a call's time has come. */
static grpc_event
next_event(void)
{
	int64_t ms = stopping ? 50 : calls_next_wake(&server);
	gpr_timespec until = gpr_inf_future(GPR_CLOCK_MONOTONIC);

	if (ms >= 0)
		until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
							 gpr_time_from_millis(ms, GPR_TIMESPAN));
	return grpc_completion_queue_next(server.queue, until, NULL);
}

/* Serve until the server has stopped and no call is left. */
static void
serve(void)
{
	bool stopped = false;
	int64_t stop_by = 0;

	while (!stopped || server.calls)
	{
		grpc_event event = next_event();

		if (event.type == GRPC_OP_COMPLETE && event.tag == &stop_tag)
			stopped = true;
		else if (event.type == GRPC_OP_COMPLETE)
			call_event(event.tag, event.success);
		calls_wake(&server);
		if (stopping && stop_by == 0)
			stop_by = now_ms() + SHUTDOWN_MS;
		if (stop_by && now_ms() > stop_by)
		{
			fprintf(stderr, "bigtable_mock: shutdown took too long\n");
			_exit(1);
		}
	}
}

/* Free the server. */
static void
destroy_server(void)
{
	grpc_server_destroy(server.server);
	grpc_completion_queue_shutdown(server.queue);
	while (grpc_completion_queue_next(server.queue, gpr_inf_future(GPR_CLOCK_MONOTONIC),
									  NULL)
			   .type != GRPC_QUEUE_SHUTDOWN)
		continue;
	grpc_completion_queue_destroy(server.queue);
	grpc_shutdown_blocking();
	script_unref(server.source.current);
	free(server.families);
	free(server.sums);
}

int
main(int argc, char **argv)
{
	struct options options = {0};
	struct bytes address = {0};
	struct bytes shown = {0};
	char error[256];

	server.table = (struct replay_table){
		.rows = 1000, .rows_per_message = 1000, .columns = 4, .value_bytes = 40};
	read_options(&options, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	check_script();
	if (options.log && !log_open(options.log))
		fail("cannot open the log");
	if (options.apply_log && !applied_open(options.apply_log))
		fail("cannot open the log of what is applied");
	if (options.address)
		bytes_text(&address, options.address);
	else
		bytes_printf(&address, "127.0.0.1:%ld", options.port);
	bytes_append(&address, "", 1);
	if (!options.tls_cert != !options.tls_key)
		fail("--tls-cert and --tls-key go together");
	if (options.tls_cert
			? !socket_take_signals()
			: !socket_listen((const char *) address.data, &shown, error, sizeof(error)))
		fail(options.tls_cert ? "cannot take signals" : error);

	grpc_init();
	create_server(&options, (const char *) address.data, &shown);
	call_await(&server);
	if (!socket_start(server.server, options.exit_with_stdin, stop))
		fail("cannot start the accepting thread");
	printf("listening on %.*s\n", (int) shown.len, (const char *) shown.data);
	fflush(stdout);

	serve();
	socket_finish();
	destroy_server();
	bytes_free(&address);
	bytes_free(&shown);
	return 0;
}
