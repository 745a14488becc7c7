/*-------------------------------------------------------------------------
 *
 * pushed_clause.h
 *	  What pushdown.c compiles, and pushdown_evaluate.c evaluates.
 *
 * For nobody else: see pushdown.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_PUSHED_CLAUSE_H
#define BIGTABLE_FDW_PUSHED_CLAUSE_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "client/span.h"
#include "mapping.h"
#include "pushdown.h"

typedef enum ClauseKind
{
	CLAUSE_AND,
	CLAUSE_OR,
	CLAUSE_COMPARE, /* column <strategy> arg */
	CLAUSE_NOT_EQUAL,
	CLAUSE_ANY,    /* column = ANY (arg) */
	CLAUSE_PREFIX, /* column ^@ arg */
	CLAUSE_LIKE,   /* column LIKE arg */
	CLAUSE_IS_NULL,
	CLAUSE_IS_NOT_NULL
} ClauseKind;

struct PushedClause
{
	ClauseKind kind;
	const ColumnMapping *column;
	bool exact;
	List *children;   /* AND, OR: of PushedClause */
	int strategy;     /* COMPARE: a btree strategy */
	Expr *arg;        /* what the column is compared with */
	Oid argtype;      /* its type; ANY: of its elements */
	ExprState *state; /* of arg, unless that is a constant */
};

/* How the values of a column compare as bytes. */
typedef enum ByteForm
{
	FORM_NONE,          /* not at all */
	FORM_STRING,        /* text: the bytes are the value */
	FORM_BYTES,         /* the bytes are the value and sort like it */
	FORM_EQUAL,         /* one form a value: equal or not */
	FORM_NUMBER,        /* two's complement */
	FORM_SORTED_NUMBER, /* a number in encoding "ordered" */
	FORM_ORDERED_NUMBER /* a number whose bytes sort like it (internal) */
} ByteForm;

extern ByteForm pushdown_byte_form(const ColumnMapping *column);

/* The whole row key is never empty; a part of it, and a value, may be. */
static inline bool
may_be_empty(const ColumnMapping *column)
{
	return column->kind != COLUMN_ROW_KEY || column->key_part > 0;
}

/* The bytes of a text or bytea datum. */
extern bt_span pushdown_datum_bytes(Datum value);

/*
 * The literal beginning of a LIKE pattern, without its escapes.  *literal says
 * whether it is all there is, *prefix whether only "%" follows.
 */
extern bt_span pushdown_like_prefix(bt_span pattern, bool *literal, bool *prefix);

#endif /* BIGTABLE_FDW_PUSHED_CLAUSE_H */
