/*-------------------------------------------------------------------------
 *
 * message_admin_test.c
 *	  Requests and answers of the table admin API, byte for byte.
 *
 * The bytes are put together here from the field numbers of the API, without
 * generated code.
 *
 *-------------------------------------------------------------------------
 */
#include "tap.h"

#include "message_admin.h"
#include "test_arena.h"

#define SIZE 4096

/* A piece of a message; all of them stay until the end. */
typedef struct piece
{
	uint8_t data[SIZE];
	size_t len;
	struct piece *next;
} piece;

static piece *pieces;

static piece *
new_piece(void)
{
	piece *result = calloc(1, sizeof(piece));

	if (result == NULL)
		abort();
	result->next = pieces;
	pieces = result;
	return result;
}

static void
put_varint(piece *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		out->data[out->len++] = (uint8_t) (value | 0x80);
	out->data[out->len++] = (uint8_t) value;
}

/* A field of bytes or a message. */
static piece *
field(int number, const void *data, size_t len)
{
	piece *result = new_piece();

	put_varint(result, (uint64_t) number << 3 | 2);
	put_varint(result, len);
	memcpy(result->data + result->len, data, len);
	result->len += len;
	return result;
}

static piece *
text(int number, const char *value)
{
	return field(number, value, strlen(value));
}

static piece *
number(int number, uint64_t value)
{
	piece *result = new_piece();

	put_varint(result, (uint64_t) number << 3);
	put_varint(result, value);
	return result;
}

static piece *
wrap(int number, const piece *inner)
{
	return field(number, inner->data, inner->len);
}

static piece *
empty(int number)
{
	return field(number, "", 0);
}

/* The first one with the second behind it. */
static piece *
join(piece *first, const piece *second)
{
	memcpy(first->data + first->len, second->data, second->len);
	first->len += second->len;
	return first;
}

/* ---- descriptions ---- */

static void describe_type(char **out, const bt_type *type);

static void
describe_fields(char **out, const bt_type *type)
{
	*out += sprintf(*out, "{");
	for (size_t i = 0; i < type->nfields; i++)
	{
		*out +=
			sprintf(*out, "%s%.*s ", i > 0 ? ", " : "", (int) type->fields[i].name.len,
					(const char *) type->fields[i].name.data);
		describe_type(out, type->fields[i].type);
	}
	*out += sprintf(*out, "}");
}

static void
describe_type(char **out, const bt_type *type)
{
	static const char *const kinds[] = {
		"other",     "bytes", "string", "int64", "float32", "float64",  "bool",
		"timestamp", "date",  "array",  "map",   "struct",  "aggregate"};
	static const char *const encodings[] = {
		"", "/raw", "/utf8", "/big_endian", "/ordered", "/singleton", "/delimited"};
	static const char *const aggregators[] = {"other", "sum", "min", "max", "unique"};

	if (type == NULL)
	{
		*out += sprintf(*out, "none");
		return;
	}
	*out += sprintf(*out, "%s%s", kinds[type->kind], encodings[type->encoding]);
	if (type->encoding == BT_ENCODING_DELIMITED)
		*out += sprintf(*out, "(%.*s)", (int) type->delimiter.len,
						(const char *) type->delimiter.data);
	if (type->kind == BT_TYPE_STRUCT)
		describe_fields(out, type);
	if (type->kind == BT_TYPE_AGGREGATE)
		*out += sprintf(*out, " %s of ", aggregators[type->aggregator]);
	if (type->key != NULL)
	{
		*out += sprintf(*out, " ");
		describe_type(out, type->key);
		*out += sprintf(*out, "->");
	}
	if (type->element != NULL)
		describe_type(out, type->element);
}

static void
describe_rule(char **out, const bt_gc_rule *rule)
{
	switch (rule->kind)
	{
		case BT_GC_MAX_VERSIONS:
			*out += sprintf(*out, "versions>%d", rule->max_versions);
			break;
		case BT_GC_MAX_AGE:
			*out += sprintf(*out, "age>%lldus", (long long) rule->max_age_us);
			break;
		case BT_GC_INTERSECTION:
		case BT_GC_UNION:
			*out += sprintf(*out, "%s(",
							rule->kind == BT_GC_UNION ? "union" : "intersection");
			for (size_t i = 0; i < rule->nmembers; i++)
			{
				*out += sprintf(*out, "%s", i > 0 ? "," : "");
				describe_rule(out, rule->members[i]);
			}
			*out += sprintf(*out, ")");
			break;
		case BT_GC_OTHER:
			*out += sprintf(*out, "other");
			break;
	}
}

static const char *
describe(const bt_table *table)
{
	static char result[SIZE];
	char *out = result;

	out += sprintf(out, "%.*s%s", (int) table->name.len, (const char *) table->name.data,
				   table->deletion_protection ? " protected" : "");
	for (size_t i = 0; i < table->nfamilies; i++)
	{
		const bt_family *family = &table->families[i];

		out += sprintf(out, "\n%.*s ", (int) family->name.len,
					   (const char *) family->name.data);
		if (family->gc_rule != NULL)
			describe_rule(&out, family->gc_rule);
		out += sprintf(out, " ");
		describe_type(&out, family->value_type);
	}
	out += sprintf(out, "\nkey ");
	describe_type(&out, table->row_key);
	return result;
}

/* ---- answers ---- */

/* Type.kind of a plain name, and int64 and string with an encoding. */
static piece *
int64_type(int encoding)
{
	return wrap(5, wrap(1, empty(encoding)));
}

static piece *
string_type(void)
{
	return wrap(2, wrap(1, empty(2)));
}

static piece *
family(const char *name, const piece *content)
{
	return wrap(3, join(text(1, name), wrap(2, content)));
}

static piece *
key_field(const char *name, const piece *type)
{
	return wrap(1, join(text(1, name), wrap(2, type)));
}

static piece *
versions(int n)
{
	return number(1, (uint64_t) n);
}

static piece *
age(int64_t seconds)
{
	return wrap(2, number(1, (uint64_t) seconds));
}

static void
check_table(const char *name, const piece *bytes, const char *expected)
{
	test_arena arena;
	bt_table table;
	size_t n;

	test_arena_init(&arena);
	is_int(bt_unpack_table(bt_span_make(bytes->data, bytes->len), &arena.arena, &table),
		   BT_UNPACK_OK, "%s: is read", name);
	is_text(describe(&table), expected, "%s", name);
	n = arena.npieces;
	test_arena_reset(&arena);

	/* Wherever memory runs out, that is what is said, and nothing else happens. */
	for (size_t i = 0; i < n; i++)
	{
		arena.left = i;
		if (bt_unpack_table(bt_span_make(bytes->data, bytes->len), &arena.arena,
							&table) != BT_UNPACK_NO_MEMORY)
			ok(false, "%s: with memory for %zu of %zu pieces", name, i, n);
		test_arena_reset(&arena);
	}

	/* A prefix is a message, or is not; it is never read beyond its end. */
	for (size_t len = 0; len < bytes->len; len++)
	{
		uint8_t *copy = malloc(len + 1);

		memcpy(copy, bytes->data, len);
		(void) bt_unpack_table(bt_span_make(copy, len), &arena.arena, &table);
		free(copy);
		test_arena_reset(&arena);
	}
}

static void
test_tables(void)
{
	piece *table = text(1, "projects/p/instances/i/tables/t");
	piece *rules = join(wrap(1, versions(3)), wrap(1, age(604800)));
	piece *key;

	check_table("an empty message", new_piece(), "\nkey none");
	check_table("a name alone", table, "projects/p/instances/i/tables/t\nkey none");

	join(table, family("plain", new_piece()));
	join(table, family("empty_rule", wrap(1, new_piece())));
	join(table, family("two", wrap(1, versions(2))));
	join(table, family("week", wrap(1, age(604800))));
	join(table, family("either", wrap(1, wrap(4, rules))));
	join(table,
		 family("both",
				wrap(1, wrap(3, join(wrap(1, wrap(4, rules)), wrap(1, versions(1)))))));
	join(table, family("newer", wrap(1, empty(9))));
	join(table, number(9, 1));
	join(table, number(99, 5));
	check_table(
		"garbage collection", table,
		"projects/p/instances/i/tables/t protected\nplain  none\nempty_rule  none\n"
		"two versions>2 none\nweek age>604800000000us none\n"
		"either union(versions>3,age>604800000000us) none\n"
		"both intersection(union(versions>3,age>604800000000us),versions>1) none\n"
		"newer  none\nkey none");

	table = text(1, "t");
	join(table, family("sum", wrap(3, wrap(6, join(wrap(1, int64_type(1)), empty(4))))));
	join(table, family("min", wrap(3, wrap(6, join(wrap(1, int64_type(1)), empty(7))))));
	join(table, family("max", wrap(3, wrap(6, join(wrap(1, int64_type(1)), empty(6))))));
	join(table, family("hll", wrap(3, wrap(6, join(wrap(1, string_type()), empty(5))))));
	join(table, family("number", wrap(3, int64_type(1))));
	join(table, family("list", wrap(3, wrap(3, wrap(1, string_type())))));
	join(table,
		 family("map",
				wrap(3, wrap(4, join(wrap(1, string_type()), wrap(2, int64_type(1)))))));
	join(table, family("newer", wrap(3, empty(14))));
	check_table(
		"value types", table,
		"t\nsum  aggregate sum of int64/big_endian\nmin  aggregate min of "
		"int64/big_endian\n"
		"max  aggregate max of int64/big_endian\nhll  aggregate unique of string/utf8\n"
		"number  int64/big_endian\nlist  arraystring/utf8\n"
		"map  map string/utf8->int64/big_endian\nnewer  none\nkey none");

	key = join(key_field("tenant", string_type()), key_field("id", int64_type(2)));
	join(key, key_field("", wrap(1, wrap(1, empty(1)))));
	join(key, key_field("at", wrap(10, wrap(1, wrap(1, empty(2))))));
	join(key, wrap(2, wrap(2, text(1, "#"))));
	check_table(
		"delimited keys", join(text(1, "t"), wrap(15, key)),
		"t\nkey struct/delimited(#){tenant string/utf8, id int64/ordered,  bytes/raw, "
		"at timestamp/ordered}");
	key = join(key_field("a", string_type()), wrap(2, empty(3)));
	check_table("ordered keys", join(text(1, "t"), wrap(15, key)),
				"t\nkey struct/ordered{a string/utf8}");
	key = join(key_field("a", wrap(8, new_piece())), wrap(2, empty(1)));
	check_table("a singleton", join(text(1, "t"), wrap(15, key)),
				"t\nkey struct/singleton{a bool}");
	key = wrap(1, text(1, "untyped"));
	check_table("a field without a type", join(text(1, "t"), wrap(15, key)),
				"t\nkey struct{untyped other}");
}

/* protobuf-c would overrun the stack on an answer that nests too deep. */
static void
test_depth(void)
{
	size_t size = 4 << 20;
	uint8_t *bytes = malloc(size);
	size_t first = size;
	test_arena arena;
	bt_table table;
	bt_table_page page;

	test_arena_init(&arena);
	while (first > 16)
	{
		size_t len = size - first;
		piece head = {.len = 0};

		put_varint(&head, 3 << 3 | 2); /* array_type, or column_families */
		put_varint(&head, len);
		if (head.len > first)
			break;
		first -= head.len;
		memcpy(bytes + first, head.data, head.len);
	}
	is_int(
		bt_unpack_table(bt_span_make(bytes + first, size - first), &arena.arena, &table),
		BT_UNPACK_MALFORMED, "a million levels are refused");
	is_int(bt_unpack_table_page(bt_span_make(bytes + first, size - first), &arena.arena,
								&page),
		   BT_UNPACK_MALFORMED, "in a page, too");
	is_int(bt_unpack_table(bt_span_make("\x0a\x05t", 3), &arena.arena, &table),
		   BT_UNPACK_MALFORMED, "a name that is cut off");
	test_arena_reset(&arena);
	free(bytes);
}

static void
test_pages(void)
{
	piece *bytes = join(wrap(1, text(1, "a/tables/x")), wrap(1, text(1, "a/tables/y")));
	test_arena arena;
	bt_table_page page;

	test_arena_init(&arena);
	is_int(
		bt_unpack_table_page(bt_span_make(bytes->data, bytes->len), &arena.arena, &page),
		BT_UNPACK_OK, "a page of tables");
	is_int((long long) page.nnames, 2, "with two of them");
	is_text(page.names[0], "a/tables/x", "the first");
	is_text(page.names[1], "a/tables/y", "the second");
	ok(page.next_page_token == NULL, "no page follows");
	join(bytes, text(2, "more"));
	is_int(
		bt_unpack_table_page(bt_span_make(bytes->data, bytes->len), &arena.arena, &page),
		BT_UNPACK_OK, "a page that others follow");
	is_text(page.next_page_token, "more", "by its token");
	test_arena_reset(&arena);
}

static void
test_family_types(void)
{
	bt_type number = {.kind = BT_TYPE_INT64};
	bt_type string = {.kind = BT_TYPE_STRING};
	bt_type sum = {
		.kind = BT_TYPE_AGGREGATE, .aggregator = BT_AGGREGATE_SUM, .element = &number};
	bt_type odd = {
		.kind = BT_TYPE_AGGREGATE, .aggregator = BT_AGGREGATE_SUM, .element = &string};

	is_int(bt_family_type_of(NULL), BT_FAMILY_PLAIN, "no type is a plain family");
	is_int(bt_family_type_of(&number), BT_FAMILY_PLAIN, "a number is one, too");
	is_int(bt_family_type_of(&sum), BT_FAMILY_SUM, "a sum");
	is_int(bt_family_type_of(&odd), BT_FAMILY_OTHER_AGGREGATE, "a sum of something else");
}

/* ---- requests ---- */

static void
check_request(bool packed, bt_buffer buffer, const piece *expected, const char *name)
{
	ok(packed && buffer.len == expected->len &&
		   memcmp(buffer.data, expected->data, buffer.len) == 0,
	   "request: %s", name);
	free(buffer.data);
}

static void
test_requests(void)
{
	bt_gc_rule three = {.kind = BT_GC_MAX_VERSIONS, .max_versions = 3};
	bt_gc_rule hour = {.kind = BT_GC_MAX_AGE, .max_age_us = INT64_C(3600500000)};
	bt_gc_rule *members[] = {&three, &hour};
	bt_gc_rule either = {.kind = BT_GC_UNION, .members = members, .nmembers = 2};
	bt_gc_rule both = {.kind = BT_GC_INTERSECTION, .members = members, .nmembers = 2};
	bt_type number_type = {.kind = BT_TYPE_INT64, .encoding = BT_ENCODING_BIG_ENDIAN};
	bt_type max_type = {.kind = BT_TYPE_AGGREGATE,
						.aggregator = BT_AGGREGATE_MAX,
						.element = &number_type};
	bt_family families[] = {
		{.name = bt_span_str("f"), .gc_rule = &either},
		{.name = bt_span_str("m"), .value_type = &max_type},
	};
	bt_family_modification modifications[] = {
		{.kind = BT_CREATE_FAMILY, .family = families[1]},
		{.kind = BT_UPDATE_FAMILY,
		 .family = {.name = bt_span_str("u"), .gc_rule = &both}},
		{.kind = BT_DROP_FAMILY, .family = {.name = bt_span_str("d")}},
	};
	bt_span splits[] = {bt_span_str("g"), bt_span_make("\0\xff", 2)};
	piece *age_bytes = wrap(2, join(number(1, 3600), number(2, 500000000)));
	piece *rules = join(wrap(1, versions(3)), wrap(1, age_bytes));
	piece *max_family = wrap(3, wrap(6, join(wrap(1, int64_type(1)), empty(6))));
	piece *table = join(family("f", wrap(1, wrap(4, rules))), family("m", max_family));
	piece *expected;
	bt_buffer buffer;

	is_int((long long) bt_gc_rule_size(&either), (long long) wrap(4, rules)->len,
		   "the size of a rule");
	expected = join(text(1, "i"), number(2, 1));
	check_request(bt_pack_list_tables("i", NULL, &buffer), buffer, expected,
				  "first page");
	join(expected, text(3, "more"));
	check_request(bt_pack_list_tables("i", "more", &buffer), buffer, expected,
				  "next page");
	check_request(bt_pack_get_table("t", &buffer), buffer,
				  join(text(1, "t"), number(2, 2)), "GetTable");
	check_request(bt_pack_delete_table("t", &buffer), buffer, text(1, "t"),
				  "DeleteTable");

	expected = join(join(text(1, "i"), text(2, "t")), wrap(3, table));
	check_request(bt_pack_create_table("i", "t", families, 2, NULL, 0, &buffer), buffer,
				  expected, "CreateTable");
	join(expected, wrap(4, text(1, "g")));
	join(expected, wrap(4, field(1, "\0\xff", 2)));
	check_request(bt_pack_create_table("i", "t", families, 2, splits, 2, &buffer), buffer,
				  expected, "CreateTable with splits");

	expected = text(1, "t");
	join(expected, wrap(2, join(text(1, "m"), wrap(2, max_family))));
	join(expected, wrap(2, join(text(1, "u"), wrap(3, wrap(1, wrap(3, rules))))));
	join(expected, wrap(2, join(text(1, "d"), number(4, 1))));
	check_request(bt_pack_modify_column_families("t", modifications, 3, &buffer), buffer,
				  expected, "ModifyColumnFamilies");
	check_request(bt_pack_drop_row_range("t", bt_span_str("x"), false, &buffer), buffer,
				  join(text(1, "t"), text(2, "x")), "DropRowRange of a prefix");
	check_request(bt_pack_drop_row_range("t", bt_span_str(""), true, &buffer), buffer,
				  join(text(1, "t"), number(3, 1)), "DropRowRange of all");
	expected = join(text(1, "t"), text(2, "profile"));
	check_request(bt_pack_sample_row_keys(BT_RESOURCE_TABLE, "t", "profile", &buffer),
				  buffer, expected, "SampleRowKeys");
	check_request(
		bt_pack_sample_row_keys(BT_RESOURCE_AUTHORIZED_VIEW, "v", NULL, &buffer), buffer,
		text(4, "v"), "of an authorized view");
	check_request(
		bt_pack_sample_row_keys(BT_RESOURCE_MATERIALIZED_VIEW, "m", NULL, &buffer),
		buffer, text(5, "m"), "of a materialized view");
}

static void
test_samples(void)
{
	piece *bytes = join(field(1, "a\0b", 3), number(2, 12345678901));
	bt_row_sample sample;

	ok(bt_unpack_row_sample(bt_span_make(bytes->data, bytes->len), &sample) &&
		   bt_span_equal(bt_buffer_span(&sample.key), bt_span_make("a\0b", 3)) &&
		   sample.offset_bytes == 12345678901,
	   "a sampled key");
	free(sample.key.data);
	ok(bt_unpack_row_sample(bt_span_make(NULL, 0), &sample) && sample.key.len == 0 &&
		   sample.offset_bytes == 0,
	   "the end of an empty table");
	free(sample.key.data);
	ok(!bt_unpack_row_sample(bt_span_make("\x0a\x05", 2), &sample),
	   "a key that is cut off");
}

int
main(void)
{
	test_tables();
	test_depth();
	test_pages();
	test_family_types();
	test_requests();
	test_samples();
	return tap_done();
}
