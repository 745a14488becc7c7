/*-------------------------------------------------------------------------
 *
 * mock_write.c
 *	  The methods that write: MutateRows, MutateRow, CheckAndMutateRow,
 *	  ReadModifyWriteRow, DropRowRange.
 *
 * Nothing is kept but, in a log, what a script let happen: so a test can see
 * that no write is lost and none is applied twice.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_write.h"

#include <stdlib.h>
#include <string.h>

#include "mock_log.h"

/* ---- what happens ---- */

/* Entries that succeed are applied, each at most once. */
static void
apply_entries(struct mock_call *call, size_t from, size_t to, bool with_omitted)
{
	struct write_call *write = call->write;

	for (size_t i = from; i < to && i < write->rows->n_entries; i++)
	{
		struct outcome *outcome = &write->outcomes[i];

		if (outcome->code != 0 || outcome->applied || (outcome->omitted && !with_omitted))
			continue;
		outcome->applied = true;
		log_applied_entry(call, i);
	}
}

/* The write of a method that has but one happens. */
static void
apply_once(struct mock_call *call)
{
	if (!call->write->rows && !call->write->applied)
		log_applied_write(call);
	call->write->applied = true;
}

/* The call's writes happen, whatever the client will hear of them. */
void
write_apply(struct mock_call *call)
{
	if (!call->write)
		return;
	if (call->write->rows)
		apply_entries(call, 0, SIZE_MAX, true);
	apply_once(call);
}

/* Apply, and gather the answer: of MutateRows, for entries FROM to TO. */
void
write_answer(struct mock_call *call, int64_t from, int64_t to)
{
	struct write_call *write = call->write;
	size_t end = to < 0 ? SIZE_MAX : (size_t) to + 1;

	if (!write)
		return;
	write->answered = true;
	if (write->rows)
		apply_entries(call, (size_t) from, end, false);
	apply_once(call);
	append_answer(call, (size_t) from, end);
	for (size_t i = (size_t) from; write->rows && i < end && i < write->rows->n_entries;
		 i++)
		if (!write->outcomes[i].omitted)
			write->outcomes[i].answered = true;
}

/* Whether the block has ended without a word of the answer. */
bool
write_needs_answer(const struct mock_call *call)
{
	return call->write && !call->write->answered;
}

/* The message may be empty, but it must be sent. */
bool
write_needs_message(const struct mock_call *call)
{
	return call->write && call->write->answered && call->sent == 0;
}

/* ---- actions ---- */

/* Whether an action says something of that entry. */
static bool
is_meant(const struct write_call *write, const struct action *action, size_t i)
{
	ProtobufCBinaryData key = write->rows->entries[i]->row_key;

	if (action->kind == ACTION_ENTRY_KEY)
		return key.len == action->data.len &&
			   memcmp(key.data, action->data.data, key.len) == 0;
	if (action->b == INDEX_REST)
		return !write->outcomes[i].named;
	return action->b == INDEX_ALL || action->b == (int64_t) i;
}

static void
set_outcome(struct outcome *outcome, const struct action *action)
{
	if (action->kind == ACTION_ENTRY_RETRY_INFO)
	{
		outcome->retry_info = action->a;
		return;
	}
	outcome->named = true;
	outcome->omitted = action->kind == ACTION_OMIT;
	if (!outcome->omitted)
	{
		outcome->code = (int) action->a;
		outcome->message = action->text;
	}
}

/* entry, entry_key, omit, entry_retry_info, matched */
void
write_action(struct mock_call *call, const struct action *action)
{
	struct write_call *write = call->write;

	if (!write)
		return;
	if (action->kind == ACTION_MATCHED)
		write->matched = action->a != 0;
	else
		for (size_t i = 0; write->rows && i < write->rows->n_entries; i++)
			if (is_meant(write, action, i))
				set_outcome(&write->outcomes[i], action);
}

/* ---- requests ---- */

/* FNV-1a */
static uint64_t
hash_of(ProtobufCBinaryData key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ key.data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Unless a script says something else, all entries succeed. */
static void
init_outcomes(struct write_call *write)
{
	size_t n = write->rows->n_entries;

	write->outcomes = mock_alloc((n + 1) * sizeof(struct outcome));
	for (size_t i = 0; i < n; i++)
	{
		write->outcomes[i].hash = hash_of(write->rows->entries[i]->row_key);
		write->outcomes[i].retry_info = -1;
	}
}

static bool
unpack(struct write_call *write, const uint8_t *payload, size_t len)
{
	switch (write->method)
	{
		case MUTATE_ROWS:
			write->rows =
				google__bigtable__v2__mutate_rows_request__unpack(NULL, len, payload);
			if (write->rows)
				init_outcomes(write);
			return write->rows;
		case MUTATE_ROW:
			write->row =
				google__bigtable__v2__mutate_row_request__unpack(NULL, len, payload);
			return write->row;
		case CHECK_AND_MUTATE_ROW:
			write->check = google__bigtable__v2__check_and_mutate_row_request__unpack(
				NULL, len, payload);
			return write->check;
		case READ_MODIFY_WRITE_ROW:
			write->modify = google__bigtable__v2__read_modify_write_row_request__unpack(
				NULL, len, payload);
			return write->modify;
		case DROP_ROW_RANGE:
			write->drop = google__bigtable__admin__v2__drop_row_range_request__unpack(
				NULL, len, payload);
			return write->drop;
	}
	return false;
}

/* Begin to answer, by the block that has been taken for the call. */
static void
start(struct mock_call *call, enum write_method method, const uint8_t *payload,
	  size_t len, int number)
{
	call->write = mock_alloc(sizeof(*call->write));
	call->write->method = method;
	if (!unpack(call->write, payload, len))
	{
		call_finish(call, GRPC_STATUS_INVALID_ARGUMENT, "the request cannot be decoded");
		return;
	}
	log_write(call, number, len);
	player_step(call);
}

/* Take the call's block, if the script has one; false if the call is over with that. */
static bool
take_block(struct mock_call *call, int *number)
{
	struct script_source *source = &call->server->source;

	*number = 0;
	if (!source->path ||
		script_take(source, call->method, &call->script, &call->block, number))
		return true;
	call_finish(call, GRPC_STATUS_INTERNAL, source->error);
	return false;
}

void
answer_mutate_rows(struct mock_call *call, const uint8_t *payload, size_t len)
{
	int number;
	uint8_t *data;

	if (!take_block(call, &number))
		return;
	if (call->block || log_is_open())
	{
		start(call, MUTATE_ROWS, payload, len, number);
		return;
	}
	data = acknowledge_all(payload, len, &len);
	if (data)
		call_send(call, data, len, 0);
	else
		call_finish(call, GRPC_STATUS_INVALID_ARGUMENT, "the request cannot be decoded");
}

static void
answer_any(struct mock_call *call, enum write_method method, const uint8_t *payload,
		   size_t len)
{
	int number;

	if (take_block(call, &number))
		start(call, method, payload, len, number);
}

void
answer_mutate_row(struct mock_call *call, const uint8_t *payload, size_t len)
{
	answer_any(call, MUTATE_ROW, payload, len);
}

void
answer_check_and_mutate_row(struct mock_call *call, const uint8_t *payload, size_t len)
{
	answer_any(call, CHECK_AND_MUTATE_ROW, payload, len);
}

void
answer_read_modify_write_row(struct mock_call *call, const uint8_t *payload, size_t len)
{
	answer_any(call, READ_MODIFY_WRITE_ROW, payload, len);
}

void
answer_drop_row_range(struct mock_call *call, const uint8_t *payload, size_t len)
{
	answer_any(call, DROP_ROW_RANGE, payload, len);
}

/* Free what was added to the call. */
void
write_free(struct mock_call *call)
{
	struct write_call *write = call->write;

	if (!write)
		return;
	if (write->rows)
		google__bigtable__v2__mutate_rows_request__free_unpacked(write->rows, NULL);
	if (write->row)
		google__bigtable__v2__mutate_row_request__free_unpacked(write->row, NULL);
	if (write->check)
		google__bigtable__v2__check_and_mutate_row_request__free_unpacked(write->check,
																		  NULL);
	if (write->modify)
		google__bigtable__v2__read_modify_write_row_request__free_unpacked(write->modify,
																		   NULL);
	if (write->drop)
		google__bigtable__admin__v2__drop_row_range_request__free_unpacked(write->drop,
																		   NULL);
	free(write->outcomes);
	free(write);
}
