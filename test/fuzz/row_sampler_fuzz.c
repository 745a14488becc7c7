/*-------------------------------------------------------------------------
 *
 * row_sampler_fuzz.c
 *	  SampleRowKeys, against a server that says anything.
 *
 * Input: what the server does.  The samples are those of the last attempt, all
 * of them and in its order, and none of an attempt that has failed.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz_input.h"

#include "fake_rpc.h"
#include "row_sampler.h"

#define MAX_MESSAGES 1000

static const bt_retry_policy defaults = {0};

/* What the last attempt has brought. */
typedef struct caller
{
	bt_span messages[MAX_MESSAGES];
	size_t n;
	int attempts;
} caller;

static void
see_request(void *arg, const bt_call *call, bt_span request)
{
	caller *caller = arg;

	(void) call;
	FUZZ_CHECK(request.len > 0, "an empty request");
	caller->n = 0;
	caller->attempts++;
}

static void
see_message(void *arg, const bt_call *call, bt_span message)
{
	caller *caller = arg;

	(void) call;
	FUZZ_CHECK(caller->n < MAX_MESSAGES, "more messages than the input has bytes");
	caller->messages[caller->n++] = message;
}

static void
check_samples(const bt_row_sampler *sampler, const caller *caller)
{
	size_t n;
	const bt_row_sample *samples = bt_row_sampler_samples(sampler, &n);

	FUZZ_CHECK(n == caller->n, "not the samples of the last attempt");
	for (size_t i = 0; i < n; i++)
	{
		bt_row_sample sample;

		FUZZ_CHECK(bt_unpack_row_sample(caller->messages[i], &sample),
				   "a sample from a message that is none");
		FUZZ_CHECK(
			bt_span_equal(bt_buffer_span(&sample.key), bt_buffer_span(&samples[i].key)) &&
				sample.offset_bytes == samples[i].offset_bytes,
			"another sample than the server's");
		free(sample.key.data);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input;
	caller caller = {0};
	const fake_server server = {
		.request = see_request, .message = see_message, .arg = &caller};
	bt_row_sampler *sampler;
	bt_sample_result result;
	bt_status status;

	if (size > MAX_MESSAGES)
		return 0;
	fuzz_begin(&input, data, size);
	fake_rpc_begin(&input, &server);
	sampler = bt_row_sampler_create(fake_channel(), fake_host(), BT_RESOURCE_TABLE,
									"projects/p/instances/i/tables/t", NULL, &defaults);
	while ((result = bt_row_sampler_run(sampler, &status)) == BT_SAMPLE_INTERRUPTED)
		;
	FUZZ_CHECK(result == BT_SAMPLE_DONE || status.code != BT_OK, "an error without one");
	FUZZ_CHECK(bt_row_sampler_attempts(sampler) == caller.attempts,
			   "attempts are miscounted");
	if (result == BT_SAMPLE_DONE)
		check_samples(sampler, &caller);
	bt_row_sampler_free(sampler);
	fake_rpc_end();
	fuzz_end(&input);
	return 0;
}
