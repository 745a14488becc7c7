/*-------------------------------------------------------------------------
 *
 * unary_fuzz.c
 *	  Calls with one answer, against a server that says anything.
 *
 * Input: which call, and what the server does.  Only what may be repeated is
 * sent again, and an answer is one that the last attempt has brought.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz_input.h"

#include "admin.h"
#include "fake_rpc.h"
#include "single_row.h"

#define RESOURCE "projects/p/instances/i/tables/t"

static const bt_write_target table = {.kind = BT_RESOURCE_TABLE, .resource = RESOURCE};
static const bt_retry_policy defaults = {0};

typedef struct caller
{
	fuzz_input *input;
	bool idempotent;
	unsigned attempts;
	bt_span message; /* of the last attempt */
	bool answered;
} caller;

/* ---- the server ---- */

static void
see_request(void *arg, const bt_call *call, bt_span request)
{
	caller *caller = arg;

	(void) call;
	FUZZ_CHECK(request.len > 0, "an empty request");
	FUZZ_CHECK(caller->attempts++ == 0 || caller->idempotent, "a call is repeated");
	caller->answered = false;
}

static void
see_message(void *arg, const bt_call *call, bt_span message)
{
	caller *caller = arg;

	(void) call;
	caller->message = message;
	caller->answered = true;
}

/* ---- the calls ---- */

static bool
touch_cell(void *arg, const bt_written_cell *cell)
{
	unsigned *cells = arg;

	return cell->value.len < 100 && (*cells)++ < 100;
}

static bt_unary *
prepare(caller *caller, unsigned kind)
{
	bt_channel *channel = fake_channel();
	const bt_host *host = fake_host();
	bt_span key = bt_span_str("key");
	bt_mutation set = {.kind = BT_SET_CELL, .family = bt_span_str("f")};
	bt_rmw_rule rule = {.family = bt_span_str("f"), .is_increment = true, .amount = 1};

	caller->idempotent = kind <= 1;
	switch (kind)
	{
		case 0:
			return bt_admin_get_table(channel, host, RESOURCE, &defaults);
		case 1:
			return bt_mutate_row(channel, host, &table, key, &set, 1, &defaults);
		case 2:
			set.timestamp_us = BT_SERVER_TIMESTAMP;
			return bt_mutate_row(channel, host, &table, key, &set, 1, &defaults);
		case 3:
			return bt_check_and_mutate_row(channel, host, &table, key, NULL, &set, 1,
										   NULL, 0, &defaults);
		case 4:
			return bt_read_modify_write_row(channel, host, &table, key, &rule, 1,
											&defaults);
		default:
			return bt_admin_drop_row_range(channel, host, RESOURCE, key, false,
										   &defaults);
	}
}

static void
read_answer(caller *caller, unsigned kind, bt_span response)
{
	unsigned count = 0;
	bt_table found;
	bool matched;

	if (kind == 0)
		(void) bt_unpack_table(response, &caller->input->arena.arena, &found);
	else if (kind == 3)
		(void) bt_unpack_check_and_mutate_row(response, &matched);
	else if (kind == 4)
		(void) bt_unpack_read_modify_write_row(response, touch_cell, &count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input;
	caller caller = {.input = &input};
	const fake_server server = {
		.request = see_request, .message = see_message, .arg = &caller};
	bt_unary_result result;
	bt_status status;
	bt_unary *unary;
	unsigned kind;

	if (size > 4096)
		return 0;
	fuzz_begin(&input, data, size);
	fake_rpc_begin(&input, &server);
	kind = fuzz_below(&input, 6);
	unary = prepare(&caller, kind);
	if (fuzz_bool(&input) && !bt_unary_start(unary, &status))
		abort();
	while ((result = bt_unary_run(unary, &status)) == BT_UNARY_INTERRUPTED)
		;
	FUZZ_CHECK(result == BT_UNARY_DONE || status.code != BT_OK, "an error without one");
	if (result == BT_UNARY_DONE)
	{
		bt_span response = bt_unary_response(unary);

		FUZZ_CHECK(caller.answered && bt_span_equal(response, caller.message),
				   "not the answer that has come");
		read_answer(&caller, kind, response);
	}
	bt_unary_free(unary);
	fake_rpc_end();
	fuzz_end(&input);
	return 0;
}
