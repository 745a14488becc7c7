/*-------------------------------------------------------------------------
 *
 * family_json.h
 *	  jsonb <-> column families, with their garbage collection and types.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_FAMILY_JSON_H
#define BIGTABLE_FDW_FAMILY_JSON_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "client/table_schema.h"

/* A family as it is wished for. */
typedef struct FamilySpec
{
	bt_family family;
	bool has_gc_rule; /* family.gc_rule, if NULL, means: cells are kept */
	bool drop;        /* the family is to go */
} FamilySpec;

/*
 * Reads families: an object such as
 * {"cf": {"gc_rule": {"max_num_versions": 1}, "value_type": "sum"}, "old": {"drop": true}},
 * or an array of names.  may_drop: is "drop" possible?  Raises an error that
 * says where what is wrong.  The result is in the current memory context.
 */
extern FamilySpec *families_from_json(Jsonb *json, bool may_drop, size_t *n);

/* Spells a rule as families_from_json() reads it. */
extern Jsonb *gc_rule_to_json(const bt_gc_rule *rule);

/*
 * The name of a family's type: that of its aggregator, such as "sum", or else of
 * the type itself, such as "int64".
 */
extern const char *value_type_name(const bt_type *type);

#endif /* BIGTABLE_FDW_FAMILY_JSON_H */
