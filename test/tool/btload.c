/*-------------------------------------------------------------------------
 *
 * btload.c
 *	  btload: creates, drops, fills and prints Bigtable tables, for tests and demo.
 *
 *-------------------------------------------------------------------------
 */
#include "btload.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bigtable_admin.pb-c.h"

#define ADMIN_API "/google.bigtable.admin.v2.BigtableTableAdmin/"
#define NOT_FOUND 5

typedef Google__Bigtable__Admin__V2__CreateTableRequest CreateTableRequest;
typedef Google__Bigtable__Admin__V2__DeleteTableRequest DeleteTableRequest;
typedef Google__Bigtable__Admin__V2__Table Table;
typedef Google__Bigtable__Admin__V2__Table__ColumnFamiliesEntry Family;
typedef Google__Bigtable__Admin__V2__ColumnFamily ColumnFamily;

static const char usage_text[] =
	"usage: btload TARGET PROJECT INSTANCE create TABLE FAMILY[:sum|:min|:max]...\n"
	"       btload TARGET PROJECT INSTANCE drop TABLE\n"
	"       btload TARGET PROJECT INSTANCE load TABLE < FILE\n"
	"       btload TARGET PROJECT INSTANCE read TABLE > FILE\n"
	"       btload TARGET PROJECT INSTANCE drain TABLE TIMES\n"
	"TARGET is HOST:PORT or unix:/path.  A line of the FILE is a cell:\n"
	"ROWKEY<TAB>FAMILY:QUALIFIER<TAB>TIMESTAMP in microseconds or nothing<TAB>VALUE\n";

/* Complain and end. */
void
die(const char *format, ...)
{
	va_list args;

	fputs("btload: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* Zeroed memory. */
void *
allocate(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		die("out of memory");
	return p;
}

/* Delete the table; whether it was there. */
static bool
delete_table(char *table)
{
	DeleteTableRequest request = GOOGLE__BIGTABLE__ADMIN__V2__DELETE_TABLE_REQUEST__INIT;
	struct rpc_result result;

	request.name = table;
	result = rpc_call(ADMIN_API "DeleteTable", table, &request.base, NULL, NULL);
	if (result.code != 0 && result.code != NOT_FOUND)
		die("cannot drop the table: status %d: %s", result.code, result.message);
	return result.code == 0;
}

typedef Google__Bigtable__Admin__V2__Type Type;
typedef Google__Bigtable__Admin__V2__Type__Aggregate Aggregate;

#define AGGREGATOR(name) GOOGLE__BIGTABLE__ADMIN__V2__TYPE__AGGREGATE__AGGREGATOR_##name

/* The type of a family that is written NAME:AGGREGATE, which is cut to NAME. */
static ColumnFamily *
typed_family(char *name)
{
	static const struct
	{
		const char *name;
		Google__Bigtable__Admin__V2__Type__Aggregate__AggregatorCase aggregator;
	} aggregators[] = {
		{"sum", AGGREGATOR(SUM)}, {"min", AGGREGATOR(MIN)}, {"max", AGGREGATOR(MAX)}};
	static Google__Bigtable__Admin__V2__Type__Int64 int64 =
		GOOGLE__BIGTABLE__ADMIN__V2__TYPE__INT64__INIT;
	static Google__Bigtable__Admin__V2__Type__Empty empty =
		GOOGLE__BIGTABLE__ADMIN__V2__TYPE__EMPTY__INIT;
	ColumnFamily *family = allocate(sizeof(*family));
	char *colon = strchr(name, ':');
	Type *types = allocate(2 * sizeof(*types));
	Aggregate *aggregate = allocate(sizeof(*aggregate));
	size_t i = 0;

	google__bigtable__admin__v2__column_family__init(family);
	if (!colon)
		return family;
	*colon = '\0';
	while (i < 3 && strcmp(aggregators[i].name, colon + 1) != 0)
		i++;
	if (i == 3)
		die("no such aggregate: %s", colon + 1);
	google__bigtable__admin__v2__type__init(&types[0]);
	google__bigtable__admin__v2__type__init(&types[1]);
	google__bigtable__admin__v2__type__aggregate__init(aggregate);
	types[0].kind_case = GOOGLE__BIGTABLE__ADMIN__V2__TYPE__KIND_INT64_TYPE;
	types[0].int64_type = &int64;
	types[1].kind_case = GOOGLE__BIGTABLE__ADMIN__V2__TYPE__KIND_AGGREGATE_TYPE;
	types[1].aggregate_type = aggregate;
	aggregate->input_type = &types[0];
	aggregate->aggregator_case = aggregators[i].aggregator;
	aggregate->sum = &empty;
	family->value_type = &types[1];
	return family;
}

/* Create the table with its families. */
static void
create_table(char *instance, char *name, char **families, size_t n)
{
	CreateTableRequest request = GOOGLE__BIGTABLE__ADMIN__V2__CREATE_TABLE_REQUEST__INIT;
	Table table = GOOGLE__BIGTABLE__ADMIN__V2__TABLE__INIT;
	Family *entries = allocate(n * sizeof(*entries));
	Family **pointers = allocate(n * sizeof(*pointers));
	struct rpc_result result;

	for (size_t i = 0; i < n; i++)
	{
		google__bigtable__admin__v2__table__column_families_entry__init(&entries[i]);
		entries[i].value = typed_family(families[i]);
		entries[i].key = families[i];
		pointers[i] = &entries[i];
	}
	table.n_column_families = n;
	table.column_families = pointers;
	request.parent = instance;
	request.table_id = name;
	request.table = &table;
	result = rpc_call(ADMIN_API "CreateTable", instance, &request.base, NULL, NULL);
	if (result.code != 0)
		die("cannot create the table: status %d: %s", result.code, result.message);
	free(entries);
	free(pointers);
}

/* Whether the text is one of three. */
static bool
is_one_of(const char *text, const char *a, const char *b, const char *c)
{
	return strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0;
}

int
main(int argc, char **argv)
{
	char instance[512];
	char table[1024];
	const char *command = argc > 5 ? argv[4] : "";
	char *name = argc > 5 ? argv[5] : NULL;

	if (!(strcmp(command, "create") == 0 && argc > 6) &&
		!(strcmp(command, "drain") == 0 && argc == 7) &&
		!(is_one_of(command, "drop", "load", "read") && argc == 6))
	{
		fputs(usage_text, stderr);
		return 1;
	}
	snprintf(instance, sizeof(instance), "projects/%s/instances/%s", argv[2], argv[3]);
	snprintf(table, sizeof(table), "%s/tables/%s", instance, name);
	rpc_open(argv[1]);
	if (strcmp(command, "create") == 0)
	{
		delete_table(table);
		create_table(instance, name, argv + 6, (size_t) argc - 6);
	}
	else if (strcmp(command, "drop") == 0)
	{
		if (!delete_table(table))
			die("there is no table \"%s\"", name);
	}
	else if (strcmp(command, "load") == 0)
		load(table, stdin);
	else if (strcmp(command, "drain") == 0)
		drain_table(table, atoi(argv[6]));
	else
		print_cells(table);
	rpc_close();
	return 0;
}
