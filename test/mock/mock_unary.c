/*-------------------------------------------------------------------------
 *
 * mock_unary.c
 *	  The methods that are not scripted: GetTable.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bigtable_admin.pb-c.h"
#include "mock_log.h"

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

/* The families that the command line gave. */
void
answer_get_table(struct mock_call *call, const uint8_t *payload, size_t len)
{
	GetTableRequest *request =
		google__bigtable__admin__v2__get_table_request__unpack(NULL, len, payload);
	Table table = GOOGLE__BIGTABLE__ADMIN__V2__TABLE__INIT;
	ColumnFamily plain = GOOGLE__BIGTABLE__ADMIN__V2__COLUMN_FAMILY__INIT;
	ColumnFamily sum = plain;
	Google__Bigtable__Admin__V2__Type number = GOOGLE__BIGTABLE__ADMIN__V2__TYPE__INIT;
	Google__Bigtable__Admin__V2__Type type = number;
	Google__Bigtable__Admin__V2__Type__Int64 int64 =
		GOOGLE__BIGTABLE__ADMIN__V2__TYPE__INT64__INIT;
	Google__Bigtable__Admin__V2__Type__Aggregate aggregate =
		GOOGLE__BIGTABLE__ADMIN__V2__TYPE__AGGREGATE__INIT;
	Google__Bigtable__Admin__V2__Type__Empty empty =
		GOOGLE__BIGTABLE__ADMIN__V2__TYPE__EMPTY__INIT;
	size_t n = call->server->nfamilies;
	Family *families = mock_alloc(n * sizeof(*families));
	Family **pointers = mock_alloc(n * sizeof(*pointers));

	number.kind_case = GOOGLE__BIGTABLE__ADMIN__V2__TYPE__KIND_INT64_TYPE;
	number.int64_type = &int64;
	aggregate.input_type = &number;
	aggregate.aggregator_case =
		GOOGLE__BIGTABLE__ADMIN__V2__TYPE__AGGREGATE__AGGREGATOR_SUM;
	aggregate.sum = &empty;
	type.kind_case = GOOGLE__BIGTABLE__ADMIN__V2__TYPE__KIND_AGGREGATE_TYPE;
	type.aggregate_type = &aggregate;
	sum.value_type = &type;
	if (request)
		log_call(call, "name", request->name, 0);
	for (size_t i = 0; i < n; i++)
	{
		google__bigtable__admin__v2__table__column_families_entry__init(&families[i]);
		families[i].key = call->server->families[i];
		families[i].value = call->server->sums[i] ? &sum : &plain;
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
