/*-------------------------------------------------------------------------
 *
 * message_admin.h
 *	  Our structs <-> protobuf bytes of the table admin API.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BT_MESSAGE_ADMIN_H
#define BT_MESSAGE_ADMIN_H

#include "message.h"
#include "table_schema.h"

/*
 * Requests.  instance is projects/P/instances/I, table has /tables/T behind it.
 * They return false when memory runs out; the caller frees the buffer's data.
 */
extern bool bt_pack_list_tables(const char *instance, const char *page_token,
								bt_buffer *buffer); /* page_token: NULL for the first */
extern bool bt_pack_get_table(const char *table, bt_buffer *buffer);
extern bool
bt_pack_create_table(const char *instance, const char *table_id,
					 const bt_family *families, size_t nfamilies, const bt_span *splits,
					 size_t nsplits, bt_buffer *buffer);
extern bool bt_pack_delete_table(const char *table, bt_buffer *buffer);
extern bool bt_pack_modify_column_families(const char *table,
										   const bt_family_modification *modifications,
										   size_t nmodifications, bt_buffer *buffer);
extern bool bt_pack_drop_row_range(const char *table, bt_span prefix, bool whole_table,
								   bt_buffer *buffer);

/* Size of a rule in a request, of which the service allows BT_MAX_GC_RULE_BYTES. */
extern size_t bt_gc_rule_size(const bt_gc_rule *rule);

typedef enum bt_unpack_result
{
	BT_UNPACK_OK,
	BT_UNPACK_MALFORMED,
	BT_UNPACK_NO_MEMORY
} bt_unpack_result;

/* Takes a Table apart, into the arena. */
extern bt_unpack_result
bt_unpack_table(bt_span bytes, const bt_arena *arena, bt_table *table);

/*
 * A page of ListTables: the names of its tables (projects/...), in the server's
 * order, and the token that asks for the next page, NULL if this is the last.
 * In the arena.
 */
typedef struct bt_table_page
{
	const char **names;
	size_t nnames;
	const char *next_page_token;
} bt_table_page;

extern bt_unpack_result
bt_unpack_table_page(bt_span bytes, const bt_arena *arena, bt_table_page *page);

/* What the cells of a family hold, as far as writing is concerned. */
typedef enum bt_family_type
{
	BT_FAMILY_PLAIN, /* bytes */
	BT_FAMILY_SUM,   /* aggregates of int64 */
	BT_FAMILY_MIN,
	BT_FAMILY_MAX,
	BT_FAMILY_OTHER_AGGREGATE
} bt_family_type;

/* Of a value_type, which may be NULL. */
extern bt_family_type bt_family_type_of(const bt_type *value_type);

#endif /* BT_MESSAGE_ADMIN_H */
