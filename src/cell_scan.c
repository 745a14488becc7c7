/*-------------------------------------------------------------------------
 *
 * cell_scan.c
 *	  Scans of tables with layout 'cells': rows -> a tuple for each cell.
 *
 * The client hands out whole rows, as spans into what it has received; their
 * cells become tuples one by one.  What is decoded once a row, its key, has
 * memory of its own, since that of a cell is used anew for the next.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "cell_layout.h"
#include "cell_scan.h"

struct CellScan
{
	size_t next;      /* the cell of the row behind the one at hand */
	RowMemory memory; /* of the row's key */
	bool has_key;     /* the key is decoded */
	Datum key;
};

CellScan *
cell_scan_create(void)
{
	CellScan *cells = palloc0(sizeof(CellScan));

	row_memory_init(&cells->memory, CurrentMemoryContext);
	return cells;
}

void
cell_scan_restart(CellScan *cells, BigtableScan *scan)
{
	cells->next = scan->row.ncells = 0;
}

bool
cell_scan_next(CellScan *cells, ForeignScanState *node)
{
	BigtableScan *scan = node->fdw_state;

	while (cells->next >= scan->row.ncells)
	{
		cell_scan_restart(cells, scan);
		if (!scan_next_row(node, &scan->row))
			return false;
		row_memory_next_row(&cells->memory);
		cells->has_key = false;
	}
	cells->next++;
	return true;
}

static Datum
row_key(CellScan *cells, BigtableScan *scan, ScanColumn *column)
{
	if (!cells->has_key)
	{
		MemoryContext old = MemoryContextSwitchTo(cells->memory.context);

		(void) codec_decode(&column->codec, scan->row.key, &cells->memory, &cells->key);
		MemoryContextSwitchTo(old);
		cells->has_key = true;
	}
	return cells->key;
}

static Datum
labels_of(const bt_row *row, const bt_cell *cell)
{
	Datum *labels;

	if (cell->nlabels == 0)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	labels = palloc(sizeof(Datum) * cell->nlabels);
	for (uint32 i = 0; i < cell->nlabels; i++)
	{
		bt_span label = row->labels[cell->first_label + i];

		labels[i] = PointerGetDatum(
			cstring_to_text_with_len((const char *) label.data, (int) label.len));
	}
	return PointerGetDatum(
		construct_array(labels, (int) cell->nlabels, TEXTOID, -1, false, TYPALIGN_INT));
}

/* A part of a cell; only a value that does not decode can be NULL. */
static Datum
part_of(CellScan *cells, BigtableScan *scan, ScanColumn *column, const bt_cell *cell,
		bool *isnull)
{
	Datum value = (Datum) 0;

	*isnull = false;
	switch (column->mapping->kind)
	{
		case COLUMN_ROW_KEY:
			return row_key(cells, scan, column);
		case COLUMN_FAMILY:
			(void) codec_decode(&column->codec, cell->family, &scan->memory, &value);
			break;
		case COLUMN_QUALIFIER:
			(void) codec_decode(&column->codec, cell->qualifier, &scan->memory, &value);
			break;
		case COLUMN_VALUE:
			*isnull = !codec_decode(&column->codec, cell->value, &scan->memory, &value);
			break;
		case COLUMN_TIMESTAMP:
			return codec_timestamp_datum(cell->timestamp_us);
		default:
			return labels_of(&scan->row, cell);
	}
	return value;
}

bool
cell_scan_convert(CellScan *cells, BigtableScan *scan, Datum *values, bool *isnull)
{
	const bt_cell *cell = &scan->row.cells[cells->next - 1];

	memset(isnull, true, sizeof(bool) * scan->table->natts);
	for (int i = 0; i < scan->table->natts; i++)
	{
		ScanColumn *column = &scan->columns[i];

		if (column->mapping == NULL)
			continue;
		scan->converting = column->mapping;
		values[i] = part_of(cells, scan, column, cell, &isnull[i]);
	}
	return true;
}
