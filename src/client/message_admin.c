/*-------------------------------------------------------------------------
 *
 * message_admin.c
 *	  Our structs <-> protobuf bytes of the table admin API.
 *
 * Types and rules nest.  protobuf-c unpacks them recursively without a limit, so
 * the depth of an answer is checked before it is given to it.
 *
 *-------------------------------------------------------------------------
 */
#include "message_admin.h"

#include "../../proto/bigtable_admin.pb-c.h"
#include "scratch.h"
#include "wire.h"

typedef Google__Bigtable__Admin__V2__ColumnFamily pb_family;
typedef Google__Bigtable__Admin__V2__GcRule pb_rule;
typedef Google__Bigtable__Admin__V2__Table__ColumnFamiliesEntry pb_entry;
typedef Google__Bigtable__Admin__V2__Type pb_type;
typedef Google__Bigtable__Admin__V2__Type__Struct pb_struct;

#define KIND(name) GOOGLE__BIGTABLE__ADMIN__V2__TYPE__KIND_##name
#define AGGREGATOR(name) GOOGLE__BIGTABLE__ADMIN__V2__TYPE__AGGREGATE__AGGREGATOR_##name
#define RULE(name) GOOGLE__BIGTABLE__ADMIN__V2__GC_RULE__RULE_##name

/* Levels of messages in an answer; the service's own are a few. */
#define MAX_DEPTH 100

/* ---- garbage collection rules in requests ---- */

static pb_rule *new_rule(scratch *scratch, const bt_gc_rule *rule);

static pb_rule **
new_members(scratch *scratch, const bt_gc_rule *rule)
{
	pb_rule **members = scratch_alloc(scratch, (rule->nmembers + 1) * sizeof(pb_rule *));

	for (size_t i = 0; i < rule->nmembers && !scratch->failed; i++)
		members[i] = new_rule(scratch, rule->members[i]);
	return members;
}

static void
convert_max_age(scratch *scratch, const bt_gc_rule *rule, pb_rule *result)
{
	Google__Protobuf__Duration *age = scratch_alloc(scratch, sizeof(*age));

	google__protobuf__duration__init(age);
	age->seconds = rule->max_age_us / 1000000;
	age->nanos = (int32_t) (rule->max_age_us % 1000000) * 1000;
	result->max_age = age;
	result->rule_case = RULE(MAX_AGE);
}

static void
convert_intersection(scratch *scratch, const bt_gc_rule *rule, pb_rule *result)
{
	Google__Bigtable__Admin__V2__GcRule__Intersection *list =
		scratch_alloc(scratch, sizeof(*list));

	google__bigtable__admin__v2__gc_rule__intersection__init(list);
	list->n_rules = rule->nmembers;
	list->rules = new_members(scratch, rule);
	result->intersection = list;
	result->rule_case = RULE(INTERSECTION);
}

static void
convert_union(scratch *scratch, const bt_gc_rule *rule, pb_rule *result)
{
	Google__Bigtable__Admin__V2__GcRule__Union *list =
		scratch_alloc(scratch, sizeof(*list));

	google__bigtable__admin__v2__gc_rule__union__init(list);
	list->n_rules = rule->nmembers;
	list->rules = new_members(scratch, rule);
	result->union_of = list;
	result->rule_case = RULE(UNION_OF);
}

static pb_rule *
new_rule(scratch *scratch, const bt_gc_rule *rule)
{
	pb_rule *result = scratch_alloc(scratch, sizeof(pb_rule));

	if (scratch->failed)
		return NULL;
	google__bigtable__admin__v2__gc_rule__init(result);
	switch (rule->kind)
	{
		case BT_GC_MAX_VERSIONS:
			result->max_num_versions = rule->max_versions;
			result->rule_case = RULE(MAX_NUM_VERSIONS);
			break;
		case BT_GC_MAX_AGE:
			convert_max_age(scratch, rule, result);
			break;
		case BT_GC_INTERSECTION:
			convert_intersection(scratch, rule, result);
			break;
		case BT_GC_UNION:
			convert_union(scratch, rule, result);
			break;
		case BT_GC_OTHER:
			break;
	}
	return result;
}

size_t
bt_gc_rule_size(const bt_gc_rule *rule)
{
	scratch scratch = {0};
	pb_rule *message = new_rule(&scratch, rule);
	size_t size = 0;

	if (!scratch.failed)
		size = google__bigtable__admin__v2__gc_rule__get_packed_size(message);
	scratch_free(&scratch);
	return size;
}

/* ---- types in requests ---- */

/* int64 in 8 bytes, or an aggregate of it: what this client makes families of. */
static pb_type *
new_type(scratch *scratch, const bt_type *type)
{
	pb_type *result = scratch_alloc(scratch, sizeof(pb_type));

	if (scratch->failed)
		return NULL;
	google__bigtable__admin__v2__type__init(result);
	if (type->kind == BT_TYPE_AGGREGATE)
	{
		Google__Bigtable__Admin__V2__Type__Aggregate *aggregate =
			scratch_alloc(scratch, sizeof(*aggregate));
		Google__Bigtable__Admin__V2__Type__Empty *empty =
			scratch_alloc(scratch, sizeof(*empty));
		static const int cases[] = {[BT_AGGREGATE_SUM] = AGGREGATOR(SUM),
									[BT_AGGREGATE_MIN] = AGGREGATOR(MIN),
									[BT_AGGREGATE_MAX] = AGGREGATOR(MAX),
									[BT_AGGREGATE_UNIQUE_COUNT] =
										AGGREGATOR(HLLPP_UNIQUE_COUNT)};

		google__bigtable__admin__v2__type__empty__init(empty);
		google__bigtable__admin__v2__type__aggregate__init(aggregate);
		aggregate->input_type = new_type(scratch, type->element);
		aggregate->sum = empty; /* the members of the union are all of one type */
		aggregate->aggregator_case = cases[type->aggregator];
		result->aggregate_type = aggregate;
		result->kind_case = KIND(AGGREGATE_TYPE);
	}
	else
	{
		Google__Bigtable__Admin__V2__Type__Int64 *number =
			scratch_alloc(scratch, sizeof(*number));
		Google__Bigtable__Admin__V2__Type__Int64__Encoding *encoding =
			scratch_alloc(scratch, sizeof(*encoding));
		Google__Bigtable__Admin__V2__Type__Empty *empty =
			scratch_alloc(scratch, sizeof(*empty));

		google__bigtable__admin__v2__type__empty__init(empty);
		google__bigtable__admin__v2__type__int64__init(number);
		google__bigtable__admin__v2__type__int64__encoding__init(encoding);
		encoding->big_endian_bytes = empty;
		encoding->encoding_case =
			GOOGLE__BIGTABLE__ADMIN__V2__TYPE__INT64__ENCODING__ENCODING_BIG_ENDIAN_BYTES;
		number->encoding = encoding;
		result->int64_type = number;
		result->kind_case = KIND(INT64_TYPE);
	}
	return result;
}

static pb_family *
new_family(scratch *scratch, const bt_family *family)
{
	pb_family *result = scratch_alloc(scratch, sizeof(pb_family));

	if (scratch->failed)
		return NULL;
	google__bigtable__admin__v2__column_family__init(result);
	if (family->gc_rule != NULL)
		result->gc_rule = new_rule(scratch, family->gc_rule);
	if (family->value_type != NULL)
		result->value_type = new_type(scratch, family->value_type);
	return result;
}

/* ---- requests ---- */

bool
bt_pack_list_tables(const char *instance, const char *page_token, bt_buffer *buffer)
{
	Google__Bigtable__Admin__V2__ListTablesRequest message;

	google__bigtable__admin__v2__list_tables_request__init(&message);
	message.parent = (char *) instance;
	message.view = GOOGLE__BIGTABLE__ADMIN__V2__TABLE__VIEW__NAME_ONLY;
	if (page_token != NULL)
		message.page_token = (char *) page_token;
	return pack(&message.base, buffer);
}

bool
bt_pack_get_table(const char *table, bt_buffer *buffer)
{
	Google__Bigtable__Admin__V2__GetTableRequest message;

	google__bigtable__admin__v2__get_table_request__init(&message);
	message.name = (char *) table;
	message.view = GOOGLE__BIGTABLE__ADMIN__V2__TABLE__VIEW__SCHEMA_VIEW;
	return pack(&message.base, buffer);
}

bool
bt_pack_create_table(const char *instance, const char *table_id,
					 const bt_family *families, size_t nfamilies, const bt_span *splits,
					 size_t nsplits, bt_buffer *buffer)
{
	typedef Google__Bigtable__Admin__V2__CreateTableRequest__Split pb_split;
	Google__Bigtable__Admin__V2__CreateTableRequest message;
	Google__Bigtable__Admin__V2__Table table;
	scratch scratch = {0};
	pb_entry *entries = scratch_alloc(&scratch, (nfamilies + 1) * sizeof(pb_entry));
	pb_entry **entry_list = scratch_alloc(&scratch, (nfamilies + 1) * sizeof(pb_entry *));
	pb_split *keys = scratch_alloc(&scratch, (nsplits + 1) * sizeof(pb_split));
	pb_split **key_list = scratch_alloc(&scratch, (nsplits + 1) * sizeof(pb_split *));
	bool ok = false;

	google__bigtable__admin__v2__create_table_request__init(&message);
	google__bigtable__admin__v2__table__init(&table);
	for (size_t i = 0; i < nfamilies && !scratch.failed; i++)
	{
		entry_list[i] = &entries[i];
		google__bigtable__admin__v2__table__column_families_entry__init(&entries[i]);
		entries[i].key = string(&scratch, families[i].name);
		entries[i].value = new_family(&scratch, &families[i]);
	}
	for (size_t i = 0; i < nsplits && !scratch.failed; i++)
	{
		key_list[i] = &keys[i];
		google__bigtable__admin__v2__create_table_request__split__init(&keys[i]);
		keys[i].key = binary(splits[i]);
	}
	table.n_column_families = nfamilies;
	table.column_families = entry_list;
	message.parent = (char *) instance;
	message.table_id = (char *) table_id;
	message.table = &table;
	message.n_initial_splits = nsplits;
	message.initial_splits = key_list;
	if (!scratch.failed)
		ok = pack(&message.base, buffer);
	scratch_free(&scratch);
	return ok;
}

bool
bt_pack_delete_table(const char *table, bt_buffer *buffer)
{
	Google__Bigtable__Admin__V2__DeleteTableRequest message;

	google__bigtable__admin__v2__delete_table_request__init(&message);
	message.name = (char *) table;
	return pack(&message.base, buffer);
}

/* Fills in one modification. */
static void
convert_modification(
	scratch *scratch, const bt_family_modification *from,
	Google__Bigtable__Admin__V2__ModifyColumnFamiliesRequest__Modification *to)
{
	google__bigtable__admin__v2__modify_column_families_request__modification__init(to);
	to->id = string(scratch, from->family.name);
	switch (from->kind)
	{
		case BT_CREATE_FAMILY:
			to->create = new_family(scratch, &from->family);
			to->mod_case =
				GOOGLE__BIGTABLE__ADMIN__V2__MODIFY_COLUMN_FAMILIES_REQUEST__MODIFICATION__MOD_CREATE;
			break;
		case BT_UPDATE_FAMILY:

			/* Without a mask, gc_rule is what is updated. */
			to->update = new_family(scratch, &from->family);
			to->mod_case =
				GOOGLE__BIGTABLE__ADMIN__V2__MODIFY_COLUMN_FAMILIES_REQUEST__MODIFICATION__MOD_UPDATE;
			break;
		case BT_DROP_FAMILY:
			to->drop = true;
			to->mod_case =
				GOOGLE__BIGTABLE__ADMIN__V2__MODIFY_COLUMN_FAMILIES_REQUEST__MODIFICATION__MOD_DROP;
			break;
	}
}

bool
bt_pack_modify_column_families(const char *table,
							   const bt_family_modification *modifications,
							   size_t nmodifications, bt_buffer *buffer)
{
	typedef Google__Bigtable__Admin__V2__ModifyColumnFamiliesRequest__Modification pb_mod;
	Google__Bigtable__Admin__V2__ModifyColumnFamiliesRequest message;
	scratch scratch = {0};
	pb_mod *mods = scratch_alloc(&scratch, (nmodifications + 1) * sizeof(pb_mod));
	pb_mod **list = scratch_alloc(&scratch, (nmodifications + 1) * sizeof(pb_mod *));
	bool ok = false;

	google__bigtable__admin__v2__modify_column_families_request__init(&message);
	message.name = (char *) table;
	for (size_t i = 0; i < nmodifications && !scratch.failed; i++)
	{
		list[i] = &mods[i];
		convert_modification(&scratch, &modifications[i], list[i]);
	}
	message.n_modifications = nmodifications;
	message.modifications = list;
	if (!scratch.failed)
		ok = pack(&message.base, buffer);
	scratch_free(&scratch);
	return ok;
}

bool
bt_pack_drop_row_range(const char *table, bt_span prefix, bool whole_table,
					   bt_buffer *buffer)
{
	Google__Bigtable__Admin__V2__DropRowRangeRequest message;

	google__bigtable__admin__v2__drop_row_range_request__init(&message);
	message.name = (char *) table;
	if (whole_table)
	{
		message.delete_all_data_from_table = true;
		message.target_case =
			GOOGLE__BIGTABLE__ADMIN__V2__DROP_ROW_RANGE_REQUEST__TARGET_DELETE_ALL_DATA_FROM_TABLE;
	}
	else
	{
		message.row_key_prefix = binary(prefix);
		message.target_case =
			GOOGLE__BIGTABLE__ADMIN__V2__DROP_ROW_RANGE_REQUEST__TARGET_ROW_KEY_PREFIX;
	}
	return pack(&message.base, buffer);
}

/* ---- the depth of answers ---- */

/*
 * Are there at most so many levels of messages in the bytes?  Anything that can
 * be read as a message counts as one.  Malformed bytes are left to protobuf-c,
 * which looks through a message before it unpacks what is in it.
 */
static bool
is_shallow(bt_span bytes, int levels)
{
	const uint8_t *cursor = bytes.data;
	const uint8_t *end = bytes.data + bytes.len;

	if (levels == 0)
		return false;
	while (cursor != NULL && cursor < end)
	{
		uint64_t tag;
		bt_span inner;

		cursor = bt_wire_varint(cursor, end, &tag);
		if (cursor == NULL)
			return true;
		if ((tag & 7) != BT_WIRE_BYTES)
			cursor = bt_wire_skip(cursor, end, (uint32_t) tag);
		else if ((cursor = bt_wire_bytes(cursor, end, &inner)) != NULL && inner.len > 0 &&
				 !is_shallow(inner, levels - 1))
			return false;
	}
	return true;
}

/* ---- copies in an arena ---- */

/* An arena that notes a failure, to be checked once at the end. */
typedef struct copier
{
	const bt_arena *arena;
	bool failed;
} copier;

/* Zeroed, or NULL. */
static void *
copier_alloc(copier *copier, size_t size)
{
	void *result = NULL;

	if (!copier->failed)
		result = copier->arena->alloc(copier->arena->arg, size);
	if (result == NULL)
		copier->failed = true;
	else
		memset(result, 0, size);
	return result;
}

/* With a NUL behind it. */
static bt_span
copy_bytes(copier *copier, const void *data, size_t len)
{
	uint8_t *copy = copier_alloc(copier, len + 1);

	if (copy == NULL)
		return bt_span_make(NULL, 0);
	if (len > 0)
		memcpy(copy, data, len);
	return bt_span_make(copy, len);
}

static bt_span
copy_string(copier *copier, const char *text)
{
	return copy_bytes(copier, text, strlen(text));
}

/* ---- types in answers ---- */

static const bt_type *copy_type(copier *copier, const pb_type *from);

static bt_type_encoding
int64_encoding(const Google__Bigtable__Admin__V2__Type__Int64__Encoding *encoding)
{
	if (encoding == NULL)
		return BT_ENCODING_NONE;
	switch (encoding->encoding_case)
	{
		case GOOGLE__BIGTABLE__ADMIN__V2__TYPE__INT64__ENCODING__ENCODING_BIG_ENDIAN_BYTES:
			return BT_ENCODING_BIG_ENDIAN;
		case GOOGLE__BIGTABLE__ADMIN__V2__TYPE__INT64__ENCODING__ENCODING_ORDERED_CODE_BYTES:
			return BT_ENCODING_ORDERED_CODE;
		default:
			return BT_ENCODING_NONE;
	}
}

static bt_type_encoding
timestamp_encoding(const Google__Bigtable__Admin__V2__Type__Timestamp *type)
{
	if (type->encoding == NULL ||
		type->encoding->encoding_case !=
			GOOGLE__BIGTABLE__ADMIN__V2__TYPE__TIMESTAMP__ENCODING__ENCODING_UNIX_MICROS_INT64)
		return BT_ENCODING_NONE;
	return int64_encoding(type->encoding->unix_micros_int64);
}

static void
copy_struct_encoding(copier *copier,
					 const Google__Bigtable__Admin__V2__Type__Struct__Encoding *from,
					 bt_type *type)
{
	switch (from->encoding_case)
	{
		case GOOGLE__BIGTABLE__ADMIN__V2__TYPE__STRUCT__ENCODING__ENCODING_SINGLETON:
			type->encoding = BT_ENCODING_SINGLETON;
			break;
		case GOOGLE__BIGTABLE__ADMIN__V2__TYPE__STRUCT__ENCODING__ENCODING_DELIMITED_BYTES:
			type->encoding = BT_ENCODING_DELIMITED;
			type->delimiter = copy_bytes(copier, from->delimited_bytes->delimiter.data,
										 from->delimited_bytes->delimiter.len);
			break;
		case GOOGLE__BIGTABLE__ADMIN__V2__TYPE__STRUCT__ENCODING__ENCODING_ORDERED_CODE_BYTES:
			type->encoding = BT_ENCODING_ORDERED_CODE;
			break;
		default:
			break;
	}
}

static void
copy_struct(copier *copier, const pb_struct *from, bt_type *type)
{
	bt_type_field *fields =
		copier_alloc(copier, (from->n_fields + 1) * sizeof(bt_type_field));

	type->kind = BT_TYPE_STRUCT;
	if (from->encoding != NULL)
		copy_struct_encoding(copier, from->encoding, type);
	for (size_t i = 0; i < from->n_fields && !copier->failed; i++)
	{
		fields[i].name = copy_string(copier, from->fields[i]->field_name);
		fields[i].type = copy_type(copier, from->fields[i]->type);
	}
	type->fields = fields;
	type->nfields = from->n_fields;
}

static void
copy_aggregate(copier *copier, const Google__Bigtable__Admin__V2__Type__Aggregate *from,
			   bt_type *type)
{
	type->kind = BT_TYPE_AGGREGATE;
	if (from->input_type != NULL)
		type->element = copy_type(copier, from->input_type);
	switch (from->aggregator_case)
	{
		case AGGREGATOR(SUM):
			type->aggregator = BT_AGGREGATE_SUM;
			break;
		case AGGREGATOR(MIN):
			type->aggregator = BT_AGGREGATE_MIN;
			break;
		case AGGREGATOR(MAX):
			type->aggregator = BT_AGGREGATE_MAX;
			break;
		case AGGREGATOR(HLLPP_UNIQUE_COUNT):
			type->aggregator = BT_AGGREGATE_UNIQUE_COUNT;
			break;
		default:
			type->aggregator = BT_AGGREGATE_OTHER;
	}
}

/* The kinds that say more than their name. */
static void
copy_type_members(copier *copier, const pb_type *from, bt_type *type)
{
	switch (from->kind_case)
	{
		case KIND(BYTES_TYPE):
			if (from->bytes_type->encoding != NULL)
				type->encoding = BT_ENCODING_RAW;
			break;
		case KIND(STRING_TYPE):
			if (from->string_type->encoding != NULL)
				type->encoding = BT_ENCODING_UTF8;
			break;
		case KIND(INT64_TYPE):
			type->encoding = int64_encoding(from->int64_type->encoding);
			break;
		case KIND(TIMESTAMP_TYPE):
			type->encoding = timestamp_encoding(from->timestamp_type);
			break;
		case KIND(ARRAY_TYPE):
			type->element = copy_type(copier, from->array_type->element_type);
			break;
		case KIND(MAP_TYPE):
			type->key = copy_type(copier, from->map_type->key_type);
			type->element = copy_type(copier, from->map_type->value_type);
			break;
		case KIND(STRUCT_TYPE):
			copy_struct(copier, from->struct_type, type);
			break;
		case KIND(AGGREGATE_TYPE):
			copy_aggregate(copier, from->aggregate_type, type);
			break;
		default:
			break;
	}
}

/* Never NULL but for lack of memory: a type that is absent is of kind OTHER. */
static const bt_type *
copy_type(copier *copier, const pb_type *from)
{
	static const bt_type_kind kinds[] = {[KIND(BYTES_TYPE)] = BT_TYPE_BYTES,
										 [KIND(STRING_TYPE)] = BT_TYPE_STRING,
										 [KIND(ARRAY_TYPE)] = BT_TYPE_ARRAY,
										 [KIND(MAP_TYPE)] = BT_TYPE_MAP,
										 [KIND(INT64_TYPE)] = BT_TYPE_INT64,
										 [KIND(AGGREGATE_TYPE)] = BT_TYPE_AGGREGATE,
										 [KIND(STRUCT_TYPE)] = BT_TYPE_STRUCT,
										 [KIND(BOOL_TYPE)] = BT_TYPE_BOOL,
										 [KIND(FLOAT64_TYPE)] = BT_TYPE_FLOAT64,
										 [KIND(FLOAT32_TYPE)] = BT_TYPE_FLOAT32,
										 [KIND(TIMESTAMP_TYPE)] = BT_TYPE_TIMESTAMP,
										 [KIND(DATE_TYPE)] = BT_TYPE_DATE};
	bt_type *type = copier_alloc(copier, sizeof(bt_type));

	if (type == NULL || from == NULL)
		return type;
	if ((size_t) from->kind_case < sizeof(kinds) / sizeof(kinds[0]))
		type->kind = kinds[from->kind_case];
	copy_type_members(copier, from, type);
	return type;
}

bt_family_type
bt_family_type_of(const bt_type *value_type)
{
	if (value_type == NULL || value_type->kind != BT_TYPE_AGGREGATE)
		return BT_FAMILY_PLAIN;
	if (value_type->element != NULL && value_type->element->kind != BT_TYPE_INT64)
		return BT_FAMILY_OTHER_AGGREGATE;
	switch (value_type->aggregator)
	{
		case BT_AGGREGATE_SUM:
			return BT_FAMILY_SUM;
		case BT_AGGREGATE_MIN:
			return BT_FAMILY_MIN;
		case BT_AGGREGATE_MAX:
			return BT_FAMILY_MAX;
		default:
			return BT_FAMILY_OTHER_AGGREGATE;
	}
}

/* ---- garbage collection rules in answers ---- */

static bt_gc_rule *copy_rule(copier *copier, const pb_rule *from);

static void
copy_members(copier *copier, pb_rule *const *from, size_t n, bt_gc_rule *rule)
{
	rule->members = copier_alloc(copier, (n + 1) * sizeof(bt_gc_rule *));
	rule->nmembers = n;
	for (size_t i = 0; i < n && !copier->failed; i++)
		rule->members[i] = copy_rule(copier, from[i]);
}

/* Durations are at most 10,000 years, and this is made so. */
static int64_t
age_us(const Google__Protobuf__Duration *age)
{
	const int64_t longest = INT64_C(315576000000);

	if (age == NULL || age->seconds < 0)
		return 0;
	if (age->seconds >= longest)
		return longest * 1000000;
	return age->seconds * 1000000 + age->nanos / 1000;
}

static bt_gc_rule *
copy_rule(copier *copier, const pb_rule *from)
{
	bt_gc_rule *rule = copier_alloc(copier, sizeof(bt_gc_rule));

	if (rule == NULL)
		return NULL;
	switch (from->rule_case)
	{
		case RULE(MAX_NUM_VERSIONS):
			rule->kind = BT_GC_MAX_VERSIONS;
			rule->max_versions = from->max_num_versions;
			break;
		case RULE(MAX_AGE):
			rule->kind = BT_GC_MAX_AGE;
			rule->max_age_us = age_us(from->max_age);
			break;
		case RULE(INTERSECTION):
			rule->kind = BT_GC_INTERSECTION;
			copy_members(copier, from->intersection->rules, from->intersection->n_rules,
						 rule);
			break;
		case RULE(UNION_OF):
			rule->kind = BT_GC_UNION;
			copy_members(copier, from->union_of->rules, from->union_of->n_rules, rule);
			break;
		default:
			rule->kind = BT_GC_OTHER;
	}
	return rule;
}

/* ---- answers ---- */

static void
copy_families(copier *copier, const Google__Bigtable__Admin__V2__Table *from,
			  bt_table *table)
{
	size_t n = from->n_column_families;
	bt_family *families = copier_alloc(copier, (n + 1) * sizeof(bt_family));

	for (size_t i = 0; i < n && !copier->failed; i++)
	{
		const pb_entry *entry = from->column_families[i];
		const pb_family *family = entry->value;

		families[i].name = copy_string(copier, entry->key);
		if (family == NULL)
			continue;

		/* A rule without a kind is none. */
		if (family->gc_rule != NULL && family->gc_rule->rule_case != RULE(_NOT_SET))
			families[i].gc_rule = copy_rule(copier, family->gc_rule);
		if (family->value_type != NULL && family->value_type->kind_case != KIND(_NOT_SET))
			families[i].value_type = copy_type(copier, family->value_type);
	}
	table->families = families;
	table->nfamilies = n;
}

bt_unpack_result
bt_unpack_table(bt_span bytes, const bt_arena *arena, bt_table *table)
{
	Google__Bigtable__Admin__V2__Table *from = NULL;
	copier copier = {.arena = arena};

	memset(table, 0, sizeof(*table));
	if (is_shallow(bytes, MAX_DEPTH))
		from = google__bigtable__admin__v2__table__unpack(NULL, bytes.len, bytes.data);
	if (from == NULL)
		return BT_UNPACK_MALFORMED;
	table->name = copy_string(&copier, from->name);
	table->deletion_protection = from->deletion_protection;
	copy_families(&copier, from, table);
	if (from->row_key_schema != NULL)
	{
		bt_type *type = copier_alloc(&copier, sizeof(bt_type));

		if (type != NULL)
			copy_struct(&copier, from->row_key_schema, type);
		table->row_key = type;
	}
	google__bigtable__admin__v2__table__free_unpacked(from, NULL);
	return copier.failed ? BT_UNPACK_NO_MEMORY : BT_UNPACK_OK;
}

bt_unpack_result
bt_unpack_table_page(bt_span bytes, const bt_arena *arena, bt_table_page *page)
{
	Google__Bigtable__Admin__V2__ListTablesResponse *from = NULL;
	copier copier = {.arena = arena};

	memset(page, 0, sizeof(*page));
	if (is_shallow(bytes, MAX_DEPTH))
		from = google__bigtable__admin__v2__list_tables_response__unpack(NULL, bytes.len,
																		 bytes.data);
	if (from == NULL)
		return BT_UNPACK_MALFORMED;
	page->names = copier_alloc(&copier, (from->n_tables + 1) * sizeof(char *));
	for (size_t i = 0; i < from->n_tables && !copier.failed; i++)
		page->names[i] = (const char *) copy_string(&copier, from->tables[i]->name).data;
	page->nnames = from->n_tables;
	if (from->next_page_token[0] != '\0')
		page->next_page_token =
			(const char *) copy_string(&copier, from->next_page_token).data;
	google__bigtable__admin__v2__list_tables_response__free_unpacked(from, NULL);
	return copier.failed ? BT_UNPACK_NO_MEMORY : BT_UNPACK_OK;
}
