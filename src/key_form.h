/*-------------------------------------------------------------------------
 *
 * key_form.h
 *	  Has a row that is to be changed the key that its values are written as?
 *
 * A row is changed by the values of its key.  Those of some types have several
 * forms, such as times as text: a row that another client has written in another
 * form would be left as it is, and a row of our form be made in its place.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_KEY_FORM_H
#define BIGTABLE_FDW_KEY_FORM_H

#include "postgres.h"

#include "client/span.h"
#include "codec.h"
#include "mapping.h"

typedef struct KeyForm KeyForm;

/* For the key columns of a table; in the current memory context. */
extern KeyForm *key_form_create(const TableMapping *table);

/* Looks at what a codec decodes from now on, if its column has several forms. */
extern void key_form_watch(KeyForm *form, Codec *codec, const ColumnMapping *column);

/* Forgets the last key. */
extern void key_form_forget(KeyForm *form);

/* Is the key that was decoded last in another form? */
extern bool key_form_is_other(const KeyForm *form);

/* Raises the error of that. */
extern void key_form_report(const KeyForm *form, bt_span key) __attribute__((noreturn));

#endif /* BIGTABLE_FDW_KEY_FORM_H */
