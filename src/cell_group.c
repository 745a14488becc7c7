/*-------------------------------------------------------------------------
 *
 * cell_group.c
 *	  Columns that stand for several cells of a row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "cell_group.h"
#include "cell_json.h"

CellGroup *
cell_group_create(const ColumnMapping *column,
				  bool (*is_aggregate)(void *arg, const ColumnMapping *column), void *arg)
{
	CellGroup *group = palloc0(sizeof(CellGroup));
	Oid element = get_element_type(column->typid);

	group->mapping = column;
	if (OidIsValid(element))
		get_typlenbyvalalign(element, &group->typlen, &group->typbyval, &group->typalign);
	if (column->kind == COLUMN_VERSIONS)
	{
		group->version = mapping_of_version(column);
		codec_init(&group->codec, &group->version);
		codec_init_integer(&group->codec, &group->version, is_aggregate, arg);
	}
	group->is_aggregate = is_aggregate;
	group->is_aggregate_arg = arg;
	return group;
}

/* ---- versions ---- */

/*
 * The next version of the group's cell from place *i on, or NULL.  Where a
 * filter asks for a cell twice, it comes twice: there is one at a time.
 */
static const bt_cell *
next_version(const CellGroup *group, const bt_row *row, size_t *i, const bt_cell *last)
{
	const ColumnMapping *mapping = group->mapping;

	for (; *i < row->ncells; (*i)++)
	{
		const bt_cell *cell = &row->cells[*i];

		if (bt_span_equal(cell->qualifier, mapping->qualifier) &&
			bt_span_equal(cell->family, mapping->family) && !is_row_marker(row, cell) &&
			(last == NULL || cell->timestamp_us != last->timestamp_us))
			return &row->cells[(*i)++];
	}
	return NULL;
}

/* The versions that belong to the column, newest first. */
static const bt_cell **
collect_versions(const CellGroup *group, const bt_row *row, int *n)
{
	int limit = group->mapping->max_versions;
	const bt_cell **cells = NULL;
	const bt_cell *cell = NULL;
	int capacity = 0;
	size_t i = 0;

	*n = 0;
	while ((limit == 0 || *n < limit) &&
		   (cell = next_version(group, row, &i, cell)) != NULL)
	{
		if (*n == capacity)
		{
			capacity = Max(2 * capacity, 8);
			cells = cells == NULL ? palloc(capacity * sizeof(*cells))
								  : repalloc(cells, capacity * sizeof(*cells));
		}
		cells[(*n)++] = cell;
	}
	return cells;
}

static Datum
make_array(CellGroup *group, const bt_cell **cells, int n, RowMemory *memory)
{
	Datum *values = palloc(n * sizeof(Datum));
	bool *nulls = palloc0(n * sizeof(bool));
	int lower_bound = 1;

	for (int i = 0; i < n; i++)
	{
		if (group->mapping->kind == COLUMN_TIMESTAMPS)
			values[i] = codec_timestamp_datum(cells[i]->timestamp_us);
		else
			nulls[i] = !codec_decode(&group->codec, cells[i]->value, memory, &values[i]);
	}
	return PointerGetDatum(construct_md_array(
		values, nulls, 1, &n, &lower_bound, get_element_type(group->mapping->typid),
		group->typlen, group->typbyval, group->typalign));
}

/* Is the family of a value of eight bytes one of aggregates? */
static bool
is_aggregate(CellGroup *group, bt_span family)
{
	ColumnMapping column = *group->mapping;

	if (group->known_family.data != NULL && bt_span_equal(group->known_family, family))
		return group->known_aggregate;
	column.family = family;
	group->known_aggregate = group->is_aggregate(group->is_aggregate_arg, &column);
	if (group->known_family.data == NULL || family.len > group->known_family.len)
		group->known_family.data =
			MemoryContextAlloc(GetMemoryChunkContext(group), family.len + 1);
	memcpy((uint8 *) group->known_family.data, family.data, family.len);
	group->known_family.len = family.len;
	return group->known_aggregate;
}

/* Aggregates are integers by themselves. */
static void
push_value(CellGroup *group, JsonbParseState **state, const bt_cell *cell)
{
	Encoding encoding = group->mapping->encoding;

	if (encoding != ENCODING_BINARY && cell->value.len == sizeof(int64) &&
		is_aggregate(group, cell->family))
		encoding = ENCODING_BINARY;
	cell_json_push_value(state, WJB_VALUE, cell->value, encoding);
}

/* [{"timestamp": "2024-01-01T00:00:00+00:00", "value": ...}, ...], in UTC. */
static Datum
make_history(CellGroup *group, const bt_cell **cells, int n)
{
	static const int utc = 0;
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n; i++)
	{
		char *time = palloc(MAXDATELEN + 1);

		JsonEncodeDateTime(time, codec_timestamp_datum(cells[i]->timestamp_us),
						   TIMESTAMPTZOID, &utc);
		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		cell_json_push_text(&state, WJB_KEY, bt_span_str("timestamp"));
		cell_json_push_text(&state, WJB_VALUE, bt_span_str(time));
		cell_json_push_text(&state, WJB_KEY, bt_span_str("value"));
		push_value(group, &state, cells[i]);
		(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
}

/* ---- objects ---- */

/*
 * Pushes an object of the newest cell of each column of the family that begins
 * at place *i.  The cells of a row are in order.
 */
static JsonbValue *
push_family(CellGroup *group, JsonbParseState **state, const bt_row *row, size_t *i)
{
	bt_span family = row->cells[*i].family;
	const bt_cell *last = NULL;

	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (; *i < row->ncells && bt_span_equal(row->cells[*i].family, family); (*i)++)
	{
		const bt_cell *cell = &row->cells[*i];

		if (is_row_marker(row, cell) ||
			(last != NULL && bt_span_equal(cell->qualifier, last->qualifier)))
			continue;
		cell_json_push_key(state, cell->qualifier);
		push_value(group, state, cell);
		last = cell;
	}
	return pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* Goes on to a cell that is of some family, or of any, from place *i on. */
static bool
find_family(const CellGroup *group, const bt_row *row, size_t *i)
{
	bool any = group->mapping->kind == COLUMN_ROW_JSON;

	for (; *i < row->ncells; (*i)++)
		if (!is_row_marker(row, &row->cells[*i]) &&
			(any || bt_span_equal(row->cells[*i].family, group->mapping->family)))
			return true;
	return false;
}

static bool
object_value(CellGroup *group, const bt_row *row, Datum *value)
{
	JsonbParseState *state = NULL;
	size_t i = 0;

	if (!find_family(group, row, &i))
		return false;
	group->seen = true;
	if (group->mapping->kind == COLUMN_FAMILY_JSON)
	{
		*value = JsonbPGetDatum(JsonbValueToJsonb(push_family(group, &state, row, &i)));
		return true;
	}
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	do
	{
		cell_json_push_text(&state, WJB_KEY, row->cells[i].family);
		(void) push_family(group, &state, row, &i);
	} while (find_family(group, row, &i));
	*value =
		JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	return true;
}

bool
cell_group_value(CellGroup *group, const bt_row *row, RowMemory *memory, Datum *value)
{
	const bt_cell **cells;
	int n;

	if (column_is_object(group->mapping))
		return object_value(group, row, value);
	cells = collect_versions(group, row, &n);
	if (n == 0)
		return false;
	group->seen = true;
	*value = group->mapping->kind == COLUMN_HISTORY ? make_history(group, cells, n)
													: make_array(group, cells, n, memory);
	return true;
}
