/*-------------------------------------------------------------------------
 *
 * row_encoder.h
 *	  Tuples -> row keys and mutations.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_ROW_ENCODER_H
#define BIGTABLE_FDW_ROW_ENCODER_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"

#include "client/mutation.h"
#include "connection.h"
#include "encoder.h"
#include "mapping.h"

/* A column that is written to a cell. */
typedef struct CellEncoder
{
	const ColumnMapping *mapping;
	const ColumnMapping *timestamp; /* the column with the cell's time, or NULL */
	ColumnMapping version;          /* VERSIONS: of one of them */
	Encoder encoder;
	bool family_is_known;
	bt_family_type family;
} CellEncoder;

/* The encoder of a statement's rows. */
typedef struct RowEncoder
{
	const TableMapping *table;
	Connection *connection; /* to ask for families */
	Encoder *key_encoders;  /* by part of the key */
	AttrNumber *key_attrs;  /* the attributes that are its parts */
	bt_span *segments;      /* of the key at hand */
	bool needs_fixed_settings;
	bool key_needs_fixed_settings;
	int ncells;
	CellEncoder *cells;
	List *unwritable; /* of ColumnMapping: times of cells that no column holds, say */

	/* The row at hand. */
	MemoryContext context; /* its bytes; the caller resets it */
	bt_span key;
	int64 time_us; /* of its cells; 0: not asked for yet */
	int nmutations;
	int capacity;
	bt_mutation *mutations;
	TupleTableSlot *old_slot;      /* UPDATE: the row before, if it is known */
	const ColumnMapping *encoding; /* for error messages */
} RowEncoder;

/* In the current memory context. */
extern RowEncoder *row_encoder_create(const TableMapping *table, Connection *connection);

/* Raises an error for a key that the service would refuse, in the middle of a batch. */
extern void row_encoder_check_key(const TableMapping *table, bt_span key);

/*
 * Begins a row: encodes its key, and drops the row before.  "attrs" says where
 * in the slot the parts of the key are, as key_attrs does for rows of the table.
 */
extern void
row_encoder_begin(RowEncoder *row, TupleTableSlot *slot, const AttrNumber *attrs);

/* Adds the mutations of an INSERT.  Raises an error if there is no cell. */
extern void row_encoder_insert(RowEncoder *row, TupleTableSlot *slot);

/*
 * Adds the mutations of an UPDATE that has changed some attributes, by number;
 * perhaps none.  Returns whether any column of the table has a value
 * afterwards.
 */
extern bool row_encoder_update(RowEncoder *row, TupleTableSlot *slot, Bitmapset *changed);

/* For those who encode columns of several cells: see group_encoder.h. */
extern bt_mutation *
row_encoder_add(RowEncoder *row, bt_mutation_kind kind, const ColumnMapping *column);
extern void row_encoder_check_value(bt_span value);
extern bt_family_type row_encoder_family(RowEncoder *row, CellEncoder *cell);

/* The time of a row's cells, and one that a column gives its cell, in microseconds. */
extern int64 row_encoder_time_us(RowEncoder *row);
extern int64 row_encoder_given_time_us(Datum value);

/* Adds the deletion of the row. */
extern void row_encoder_delete(RowEncoder *row);

/*
 * The time of cells that are given none, in microseconds since 1970, but whole
 * milliseconds.  It never goes back.
 */
extern int64 row_encoder_current_time_us(void);

/* Adds to a sum go to one cell, whatever the time. */
#define AGGREGATE_TIMESTAMP_US 0

#endif /* BIGTABLE_FDW_ROW_ENCODER_H */
