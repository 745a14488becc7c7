/*-------------------------------------------------------------------------
 *
 * make_seeds.c
 *	  Inputs for the fuzzers to begin with: the tests' vectors, and the corpus.
 *
 * Usage: make_seeds DIRECTORY CORPUS...
 *
 * DIRECTORY gets a directory for each target.  A corpus is a file TARGET.hex
 * with an input in hexadecimal on each line, and comments that begin with #.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <sys/stat.h>

#include "../unit/chunk_script.h"
#include "../unit/chunk_vectors.h"
#include "bigtable.pb-c.h"
#include "bigtable_admin.pb-c.h"
#include "fuzz_input.h"
#include "rpc.pb-c.h"

static const char *directory;

static void
make_directory(const char *path)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
	{
		perror(path);
		exit(1);
	}
}

static void
write_seed(const char *target, const char *name, size_t number, const byte_buffer *seed)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, target);
	make_directory(path);
	snprintf(path, sizeof(path), "%s/%s/%s-%zu", directory, target, name, number);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(seed->data, 1, seed->len, file) != seed->len ||
		fclose(file) != 0)
	{
		perror(path);
		exit(1);
	}
}

/* ---- streams of chunks ---- */

/* A vector as messages of one item each, or of as many as may be. */
static byte_buffer
stream_of(const chunk_vector *vector, encoding encoding, bool joined)
{
	chunk_script *script = script_parse(vector->stream, encoding);
	byte_buffer seed = {NULL, 0, 0};
	size_t first = 0;

	buffer_put_byte(&seed, vector->reversed);
	buffer_put_byte(&seed, 0);
	for (size_t i = 1; i <= script->nitems; i++)
	{
		byte_buffer message;

		if (i < script->nitems && joined && script_can_join(script, i))
			continue;
		message = script_message(script, first, i);
		buffer_put(&seed, message.data, message.len);
		if (i < script->nitems)
			buffer_put(&seed, FUZZ_SEPARATOR, 2);
		buffer_free(&message);
		first = i;
	}
	script_free(script);
	return seed;
}

static void
make_streams(void)
{
	for (size_t i = 0; i < sizeof(chunk_vectors) / sizeof(chunk_vectors[0]); i++)
		for (int how = 0; how < 4; how++)
		{
			byte_buffer seed =
				stream_of(&chunk_vectors[i], (encoding) (how & 1), how >= 2);

			write_seed("chunk_decoder", "vector", 4 * i + (size_t) how, &seed);
			buffer_free(&seed);
		}
}

/* ---- answers ---- */

static void
write_message(unsigned kind, const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = malloc(size + 1);
	byte_buffer seed = {NULL, 0, 0};

	protobuf_c_message_pack(message, bytes);
	buffer_put_byte(&seed, (uint8_t) kind);
	buffer_put_byte(&seed, 0xff);
	buffer_put(&seed, bytes, size);
	write_seed("message", "answer", kind, &seed);
	buffer_free(&seed);
	free(bytes);
}

static void
make_retry_info(void)
{
	Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
	Google__Rpc__RetryInfo info = GOOGLE__RPC__RETRY_INFO__INIT;
	Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
	Google__Protobuf__Any *details[] = {&any};
	Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
	uint8_t bytes[64];

	delay.seconds = 3;
	delay.nanos = 500000000;
	info.retry_delay = &delay;
	any.type_url = "type.googleapis.com/google.rpc.RetryInfo";
	any.value.data = bytes;
	any.value.len = google__rpc__retry_info__pack(&info, bytes);
	status.code = 14;
	status.message = "busy";
	status.details = details;
	status.n_details = 1;
	write_message(1, &status.base);
}

static void
make_stats(void)
{
	Google__Bigtable__V2__ReadIterationStats counts =
		GOOGLE__BIGTABLE__V2__READ_ITERATION_STATS__INIT;
	Google__Bigtable__V2__FullReadStatsView view =
		GOOGLE__BIGTABLE__V2__FULL_READ_STATS_VIEW__INIT;
	Google__Bigtable__V2__RequestStats stats = GOOGLE__BIGTABLE__V2__REQUEST_STATS__INIT;

	counts.rows_seen_count = 1000;
	counts.rows_returned_count = 10;
	view.read_iteration_stats = &counts;
	stats.full_read_stats_view = &view;
	stats.stats_view_case =
		GOOGLE__BIGTABLE__V2__REQUEST_STATS__STATS_VIEW_FULL_READ_STATS_VIEW;
	write_message(0, &stats.base);
}

static void
make_families(void)
{
	Google__Bigtable__Admin__V2__Type__Int64 number =
		GOOGLE__BIGTABLE__ADMIN__V2__TYPE__INT64__INIT;
	Google__Bigtable__Admin__V2__Type__Empty nothing =
		GOOGLE__BIGTABLE__ADMIN__V2__TYPE__EMPTY__INIT;
	Google__Bigtable__Admin__V2__Type input = GOOGLE__BIGTABLE__ADMIN__V2__TYPE__INIT;
	Google__Bigtable__Admin__V2__Type__Aggregate aggregate =
		GOOGLE__BIGTABLE__ADMIN__V2__TYPE__AGGREGATE__INIT;
	Google__Bigtable__Admin__V2__Type type = GOOGLE__BIGTABLE__ADMIN__V2__TYPE__INIT;
	Google__Bigtable__Admin__V2__ColumnFamily family =
		GOOGLE__BIGTABLE__ADMIN__V2__COLUMN_FAMILY__INIT;
	Google__Bigtable__Admin__V2__Table__ColumnFamiliesEntry entry =
		GOOGLE__BIGTABLE__ADMIN__V2__TABLE__COLUMN_FAMILIES_ENTRY__INIT;
	Google__Bigtable__Admin__V2__Table__ColumnFamiliesEntry *entries[] = {&entry};
	Google__Bigtable__Admin__V2__Table table = GOOGLE__BIGTABLE__ADMIN__V2__TABLE__INIT;

	input.kind_case = GOOGLE__BIGTABLE__ADMIN__V2__TYPE__KIND_INT64_TYPE;
	input.int64_type = &number;
	aggregate.input_type = &input;
	aggregate.aggregator_case =
		GOOGLE__BIGTABLE__ADMIN__V2__TYPE__AGGREGATE__AGGREGATOR_SUM;
	aggregate.sum = &nothing;
	type.kind_case = GOOGLE__BIGTABLE__ADMIN__V2__TYPE__KIND_AGGREGATE_TYPE;
	type.aggregate_type = &aggregate;
	family.value_type = &type;
	entry.key = "counters";
	entry.value = &family;
	table.column_families = entries;
	table.n_column_families = 1;
	write_message(2, &table.base);
}

static void
make_written_row(void)
{
	Google__Bigtable__V2__Cell cell = GOOGLE__BIGTABLE__V2__CELL__INIT;
	Google__Bigtable__V2__Cell *cells[] = {&cell};
	Google__Bigtable__V2__Column column = GOOGLE__BIGTABLE__V2__COLUMN__INIT;
	Google__Bigtable__V2__Column *columns[] = {&column};
	Google__Bigtable__V2__Family family = GOOGLE__BIGTABLE__V2__FAMILY__INIT;
	Google__Bigtable__V2__Family *families[] = {&family};
	Google__Bigtable__V2__Row row = GOOGLE__BIGTABLE__V2__ROW__INIT;
	Google__Bigtable__V2__ReadModifyWriteRowResponse response =
		GOOGLE__BIGTABLE__V2__READ_MODIFY_WRITE_ROW_RESPONSE__INIT;

	cell.timestamp_micros = 1000;
	cell.value.data = (uint8_t *) "\0\0\0\0\0\0\0\1";
	cell.value.len = 8;
	column.qualifier.data = (uint8_t *) "n";
	column.qualifier.len = 1;
	column.cells = cells;
	column.n_cells = 1;
	family.name = "counters";
	family.columns = columns;
	family.n_columns = 1;
	row.families = families;
	row.n_families = 1;
	response.row = &row;
	write_message(3, &response.base);
}

/* ---- the corpus ---- */

static void
parse_line(const char *line, byte_buffer *seed)
{
	unsigned byte;

	seed->len = 0;
	for (; sscanf(line, "%2x", &byte) == 1; line += 2)
		buffer_put_byte(seed, (uint8_t) byte);
	if (*line != '\n')
	{
		fprintf(stderr, "make_seeds: not hexadecimal: %s", line);
		exit(1);
	}
}

static void
unpack_corpus(const char *path)
{
	const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	byte_buffer seed = {NULL, 0, 0};
	char target[64];
	char line[4096];
	size_t number = 0;
	FILE *file = fopen(path, "r");

	if (file == NULL || sscanf(name, "%63[a-z_].hex", target) != 1)
	{
		fprintf(stderr, "make_seeds: no such corpus: %s\n", path);
		exit(1);
	}
	while (fgets(line, sizeof(line), file) != NULL)
	{
		if (line[0] == '#')
			continue;
		parse_line(line, &seed);
		write_seed(target, "corpus", number++, &seed);
	}
	buffer_free(&seed);
	fclose(file);
}

int
main(int argc, char **argv)
{
	if (argc < 2)
	{
		fprintf(stderr, "usage: make_seeds DIRECTORY CORPUS...\n");
		return 2;
	}
	directory = argv[1];
	make_directory(directory);
	make_streams();
	make_stats();
	make_retry_info();
	make_families();
	make_written_row();
	for (int i = 2; i < argc; i++)
		unpack_corpus(argv[i]);
	return 0;
}
