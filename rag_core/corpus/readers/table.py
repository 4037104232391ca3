"""CSV and TSV: a document per row. `read_header` serves the choice of columns before anything is indexed."""

from __future__ import annotations

from dataclasses import replace

from rag_core.corpus.readers.base import Parsed, Source, TableHead, in_doubt
from rag_core.corpus.readers.grid import Grid, read_grid
from rag_core.corpus.readers.places import numbered
from rag_core.corpus.readers.plain import escaped
from rag_core.corpus.readers.rows import Row, chosen_columns, rows_to_records
from rag_core.corpus.readers.text import decode
from rag_core.schema.files import FileNote


def read_table(source: Source) -> Parsed:
    """A record per row that is not empty. Row 1 is the first after the header.

    Cells beyond the header's are part of the last column where that is text; else it cannot be told what belongs where,
    and the row is a problem. A cell has no headings: a `#` that begins a line of it is escaped.
    """
    found = decode(source)
    grid = _named(source, read_grid(source, found.text))
    columns = chosen_columns(source, _by_column(grid), grid.header)
    grid, bad, notes = _fitted(grid, last_is_text=grid.header[-1] in columns.text)
    parsed = rows_to_records(replace(source, columns=columns), _by_column(grid), grid.header, "row", bad)
    records = [replace(record, text=escaped(record.text)) for record in parsed.records]
    return found.noted(replace(parsed, records=records, notes=[*grid.notes, *notes, *parsed.notes]))


def read_rows(source: Source) -> tuple[list[str], list[Row]]:
    """The header, and the rows that are not empty by column. Raises DocumentError for what is no table."""
    grid = _named(source, read_grid(source, decode(source).text))
    return grid.header, _by_column(grid)


def read_header(source: Source) -> TableHead:
    """The header and the first hundred rows, for a person to choose columns by. Raises DocumentError."""
    found = decode(source)
    grid = _named(source, read_grid(source, found.text))
    rows = [cells for _, cells in grid.rows[:100]]
    return TableHead(grid.header, rows, found.encoding, (*found.notes, *grid.notes))


def _named(source: Source, grid: Grid) -> Grid:
    """The same grid with a name for every column; empty ones at the end, without a name, are dropped. Raises
    DocumentError where two have the same name."""
    width = len(grid.header)
    while width > 1 and not grid.header[width - 1] and not any(_cell(cells, width - 1) for _, cells in grid.rows):
        width -= 1
    grid = replace(grid, header=grid.header[:width])
    twice = next((name for name in grid.header if name and grid.header.count(name) > 1), None)
    if twice:
        raise source.error(f"Two of its columns are called {twice!r}. Rename one of them.")
    return replace(grid, header=[name or f"column {place}" for place, name in enumerate(grid.header, start=1)])


def _by_column(grid: Grid) -> list[Row]:
    """The rows by the names of their columns."""
    return [(number, dict(zip(grid.header, cells, strict=False))) for number, cells in grid.rows]


def _cell(cells: list[str], place: int) -> str:
    """The words of a cell, "" for one that the row does not have."""
    return cells[place].strip() if place < len(cells) else ""


def _fitted(grid: Grid, *, last_is_text: bool) -> tuple[Grid, list[tuple[str, str]], list[FileNote]]:
    """Rows of the header's width; those that cannot be made so, as problems; and a doubt of those that were."""
    width, sign = len(grid.header), grid.separator
    rows, bad, joined = [], [], []
    for number, cells in grid.rows:
        surplus = [cell for cell in cells[width:] if cell.strip()]
        if surplus and not last_is_text:
            bad.append((f"row {number}", f"{_TOO_MANY.format(width)} It reads: {sign.join(cells)}"))
            continue
        if surplus:
            cells = [*cells[: width - 1], sign.join(cells[width - 1 :]).rstrip(sign)]
            joined.append((number, sign.join(cells)))
        rows.append((number, cells))
    why = f"{_TOO_MANY.format(width)} The rest was read as part of {grid.header[-1]}."
    notes = [in_doubt(numbered("row", [number for number, _ in joined]), why, joined[0][1])] if joined else []
    return replace(grid, rows=rows), bad, notes if width > 1 else []


_TOO_MANY = "More cells than the {} columns of the header. Put quotation marks around a cell that holds the separator."
