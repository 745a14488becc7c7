/*-------------------------------------------------------------------------
 *
 * mock_unary.c
 *	  The methods whose answer is one message: MutateRows, GetTable.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bigtable_admin.pb-c.h"
#include "mock_log.h"

typedef Google__Bigtable__V2__MutateRowsRequest MutateRowsRequest;
typedef Google__Bigtable__V2__MutateRowsResponse MutateRowsResponse;
typedef Google__Bigtable__V2__MutateRowsResponse__Entry Entry;
typedef Google__Bigtable__Admin__V2__GetTableRequest GetTableRequest;
typedef Google__Bigtable__Admin__V2__Table Table;
typedef Google__Bigtable__Admin__V2__Table__ColumnFamiliesEntry Family;
typedef Google__Bigtable__Admin__V2__ColumnFamily ColumnFamily;

/* Send a message; the player, which has no actions, ends the call after it. */
static void
send_message(struct mock_call *call, const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *data = mock_alloc(len);

	protobuf_c_message_pack(message, data);
	call_send(call, data, len, 0);
}

/* Log the call. */
static void
log_call(struct mock_call *call, const char *what, const char *name, size_t entries)
{
	struct bytes line = {0};

	bytes_printf(&line, "%s call=%" PRId64 " %s=", call->method, call->number, what);
	percent_encode(&line, name, strlen(name), "%");
	bytes_printf(&line, " entries=%zu", entries);
	describe_headers(&line, &call->headers);
	log_line(&line);
	bytes_free(&line);
}

/* Every entry succeeds; nothing is kept. */
void
answer_mutate_rows(struct mock_call *call, const uint8_t *payload, size_t len)
{
	MutateRowsRequest *request =
		google__bigtable__v2__mutate_rows_request__unpack(NULL, len, payload);
	MutateRowsResponse response = GOOGLE__BIGTABLE__V2__MUTATE_ROWS_RESPONSE__INIT;
	Google__Rpc__Status fine = GOOGLE__RPC__STATUS__INIT;
	Entry *entries;
	Entry **pointers;

	if (!request)
	{
		call_finish(call, GRPC_STATUS_INVALID_ARGUMENT, "the request cannot be decoded");
		return;
	}
	log_call(call, "table", request->table_name, request->n_entries);
	entries = mock_alloc(request->n_entries * sizeof(*entries));
	pointers = mock_alloc(request->n_entries * sizeof(*pointers));
	for (size_t i = 0; i < request->n_entries; i++)
	{
		google__bigtable__v2__mutate_rows_response__entry__init(&entries[i]);
		entries[i].index = (int64_t) i;
		entries[i].status = &fine;
		pointers[i] = &entries[i];
	}
	response.n_entries = request->n_entries;
	response.entries = pointers;
	send_message(call, &response.base);
	free(entries);
	free(pointers);
	google__bigtable__v2__mutate_rows_request__free_unpacked(request, NULL);
}

/* The families that the command line gave. */
void
answer_get_table(struct mock_call *call, const uint8_t *payload, size_t len)
{
	GetTableRequest *request =
		google__bigtable__admin__v2__get_table_request__unpack(NULL, len, payload);
	Table table = GOOGLE__BIGTABLE__ADMIN__V2__TABLE__INIT;
	ColumnFamily plain = GOOGLE__BIGTABLE__ADMIN__V2__COLUMN_FAMILY__INIT;
	size_t n = call->server->nfamilies;
	Family *families = mock_alloc(n * sizeof(*families));
	Family **pointers = mock_alloc(n * sizeof(*pointers));

	if (request)
		log_call(call, "name", request->name, 0);
	for (size_t i = 0; i < n; i++)
	{
		google__bigtable__admin__v2__table__column_families_entry__init(&families[i]);
		families[i].key = call->server->families[i];
		families[i].value = &plain;
		pointers[i] = &families[i];
	}
	if (!request)
		call_finish(call, GRPC_STATUS_INVALID_ARGUMENT, "the request cannot be decoded");
	else if (n == 0)
		call_finish(call, GRPC_STATUS_UNIMPLEMENTED, "the mock was given no families");
	else
	{
		table.name = request->name;
		table.n_column_families = n;
		table.column_families = pointers;
		send_message(call, &table.base);
	}
	free(families);
	free(pointers);
	if (request)
		google__bigtable__admin__v2__get_table_request__free_unpacked(request, NULL);
}
