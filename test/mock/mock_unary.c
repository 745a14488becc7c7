/*-------------------------------------------------------------------------
 *
 * mock_unary.c
 *	  Table admin calls, and SampleRowKeys: answered by what a script gathers,
 *	  but for GetTable, which else tells the families of the command line.
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
typedef Google__Bigtable__Admin__V2__DeleteTableRequest DeleteTableRequest;
typedef Google__Bigtable__Admin__V2__ListTablesRequest ListTablesRequest;
typedef Google__Bigtable__Admin__V2__CreateTableRequest CreateTableRequest;
typedef Google__Bigtable__V2__SampleRowKeysRequest SampleRowKeysRequest;
typedef Google__Bigtable__Admin__V2__Table Table;
typedef Google__Bigtable__Admin__V2__Table__ColumnFamiliesEntry Family;
typedef Google__Bigtable__Admin__V2__ColumnFamily ColumnFamily;

/* ---- the log ---- */

/* " NAME=VALUE" */
static void
put(struct bytes *out, const char *name, const char *value)
{
	bytes_printf(out, " %s=", name);
	log_text_to(out, value);
}

/* What the request says, as far as a test may want to know. */
static bool
describe(struct bytes *out, const char *method, const uint8_t *payload, size_t len)
{
	if (strcmp(method, "SampleRowKeys") == 0)
	{
		SampleRowKeysRequest *request =
			google__bigtable__v2__sample_row_keys_request__unpack(NULL, len, payload);

		if (!request)
			return false;
		put(out, "table", request->table_name);
		put(out, "app_profile", request->app_profile_id);
		google__bigtable__v2__sample_row_keys_request__free_unpacked(request, NULL);
	}
	else if (strcmp(method, "ListTables") == 0)
	{
		ListTablesRequest *request =
			google__bigtable__admin__v2__list_tables_request__unpack(NULL, len, payload);

		if (!request)
			return false;
		put(out, "parent", request->parent);
		put(out, "page_token", request->page_token);
		google__bigtable__admin__v2__list_tables_request__free_unpacked(request, NULL);
	}
	else if (strcmp(method, "CreateTable") == 0)
	{
		CreateTableRequest *request =
			google__bigtable__admin__v2__create_table_request__unpack(NULL, len, payload);

		if (!request)
			return false;
		put(out, "parent", request->parent);
		put(out, "table_id", request->table_id);
		bytes_printf(out, " families=%zu splits=[",
					 request->table ? request->table->n_column_families : 0);
		for (size_t i = 0; i < request->n_initial_splits; i++)
		{
			bytes_text(out, i > 0 ? "," : "");
			log_bytes_to(out, request->initial_splits[i]->key);
		}
		bytes_text(out, "]");
		google__bigtable__admin__v2__create_table_request__free_unpacked(request, NULL);
	}
	else
	{
		/* The name comes first in all the others. */
		DeleteTableRequest *request =
			google__bigtable__admin__v2__delete_table_request__unpack(NULL, len, payload);

		if (!request)
			return false;
		put(out, "name", request->name);
		google__bigtable__admin__v2__delete_table_request__free_unpacked(request, NULL);
	}
	return true;
}

/* ---- answers ---- */

/* Log the request, and begin with the script's block; false if there is none. */
static bool
begin(struct mock_call *call, const uint8_t *payload, size_t len)
{
	struct script_source *source = &call->server->source;
	struct bytes line = {0};
	int number = 0;
	bool ok = !source->path ||
			  script_take(source, call->method, &call->script, &call->block, &number);

	bytes_printf(&line, "%s call=%" PRId64 " block=%d", call->method, call->number,
				 number);
	describe_attempt(&line, call);
	if (!describe(&line, call->method, payload, len))
	{
		call_finish(call, GRPC_STATUS_INVALID_ARGUMENT, "the request cannot be decoded");
		bytes_free(&line);
		return true;
	}
	describe_headers(&line, &call->headers);
	log_line(&line);
	bytes_free(&line);
	if (!ok)
		call_finish(call, GRPC_STATUS_INTERNAL, source->error);
	else if (call->block)
		player_step(call);
	return !ok || call->block;
}

void
answer_sample_row_keys(struct mock_call *call, const uint8_t *payload, size_t len)
{
	if (!begin(call, payload, len))
		call_finish(call, GRPC_STATUS_UNIMPLEMENTED, "the script has no samples");
}

/*
 * Makes the families that the command line gave the answer, which the player sends
 * when the block is done.
 */
static void
prepare_families(struct mock_call *call, const uint8_t *payload, size_t len)
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
	for (size_t i = 0; i < n; i++)
	{
		google__bigtable__admin__v2__table__column_families_entry__init(&families[i]);
		families[i].key = call->server->families[i];
		families[i].value = call->server->sums[i] ? &sum : &plain;
		pointers[i] = &families[i];
	}
	if (request && n > 0)
	{
		table.name = request->name;
		table.n_column_families = n;
		table.column_families = pointers;
		bytes_reserve(&call->answer, protobuf_c_message_get_packed_size(&table.base));
		call->answer.len = protobuf_c_message_pack(&table.base, call->answer.data);
	}
	free(families);
	free(pointers);
	if (request)
		google__bigtable__admin__v2__get_table_request__free_unpacked(request, NULL);
}

void
answer_admin(struct mock_call *call, const uint8_t *payload, size_t len)
{
	call->unary = true;
	if (strcmp(call->method, "GetTable") == 0)
		prepare_families(call, payload, len);
	if (begin(call, payload, len))
		return;
	if (call->answer.len > 0)
		player_step(call);
	else
		call_finish(call, GRPC_STATUS_UNIMPLEMENTED, "the script has no answer");
}
