/*-------------------------------------------------------------------------
 *
 * column_map.c
 *	  Finds the columns of a foreign table that a cell belongs to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "port/pg_bitutils.h"

#include "column_map.h"

ColumnMap *
column_map_create(int max_columns)
{
	ColumnMap *map = palloc0(sizeof(ColumnMap));
	uint32 size = pg_nextpower2_32((uint32) Max(max_columns, 1) * 2);

	map->columns = palloc0(sizeof(CellColumn) * Max(max_columns, 1));
	map->order = palloc(sizeof(int) * Max(max_columns, 1));
	map->buckets = palloc(sizeof(int) * size);
	memset(map->buckets, -1, sizeof(int) * size);
	map->mask = size - 1;
	return map;
}

static uint32
hash_column(bt_span family, bt_span qualifier)
{
	return hash_combine(hash_bytes(family.data, (int) family.len),
						hash_bytes(qualifier.data, (int) qualifier.len));
}

int
column_map_search(ColumnMap *map, bt_span family, bt_span qualifier)
{
	uint32 hash = hash_column(family, qualifier);

	for (uint32 i = hash & map->mask; map->buckets[i] >= 0; i = (i + 1) & map->mask)
	{
		CellColumn *column = &map->columns[map->buckets[i]];

		if (column->hash == hash && bt_span_equal(column->qualifier, qualifier) &&
			bt_span_equal(column->family, family))
			return map->buckets[i];
	}
	return -1;
}

static CellColumn *
new_column(ColumnMap *map, bt_span family, bt_span qualifier)
{
	CellColumn *column = &map->columns[map->ncolumns];
	uint32 i;

	column->family = family;
	column->qualifier = qualifier;
	column->hash = hash_column(family, qualifier);
	i = column->hash & map->mask;
	while (map->buckets[i] >= 0)
		i = (i + 1) & map->mask;
	map->buckets[i] = map->ncolumns++;
	return column;
}

void
column_map_add(ColumnMap *map, bt_span family, bt_span qualifier, int attr)
{
	int found = column_map_search(map, family, qualifier);
	CellColumn *column =
		found >= 0 ? &map->columns[found] : new_column(map, family, qualifier);

	column->attrs = column->nattrs == 0
						? palloc(sizeof(int))
						: repalloc(column->attrs, sizeof(int) * (column->nattrs + 1));
	column->attrs[column->nattrs++] = attr;
}
