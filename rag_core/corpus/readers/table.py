"""CSV and TSV: a document per row. `read_header` serves the choice of columns before anything is indexed."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice

from rag_core.corpus.readers.base import Parsed, Source, TableHead
from rag_core.corpus.readers.rows import Row, rows_to_records
from rag_core.corpus.readers.text import decode

_SEPARATORS = ",;\t|"
_MAX_CELL = 2**31 - 1


def read_table(source: Source) -> Parsed:
    """A record per row that is not empty. Row 1 is the first after the header."""
    found = decode(source)
    header, rows = _by_column(_rows(source, found.text))
    return found.noted(rows_to_records(source, rows, header, "row"))


def read_rows(source: Source) -> tuple[list[str], list[Row]]:
    """The header, and the rows that are not empty by column. Raises DocumentError for what is no table."""
    return _by_column(_rows(source, decode(source).text))


def read_header(source: Source) -> TableHead:
    """The header and the first hundred rows, for a person to choose columns by. Raises DocumentError."""
    found = decode(source)
    header, *rows = _rows(source, found.text)
    return TableHead(header, rows[:100], found.encoding, found.notes)


def _by_column(cells: list[list[str]]) -> tuple[list[str], list[Row]]:
    """The header, and the rows that are not empty, by column and number."""
    header, *rows = cells
    numbered = enumerate(rows, start=1)
    return header, [
        (number, dict(zip(header, row, strict=False))) for number, row in numbered if any(map(str.strip, row))
    ]


def _rows(source: Source, text: str) -> list[list[str]]:
    """Header and rows, all as text. Raises DocumentError for what is no table."""
    text = text.replace("\x00", "")
    csv.field_size_limit(_MAX_CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
        rows = list(islice(reader, source.limits.rows + 2))
    except csv.Error as exc:
        raise source.error(f"It is not a table that can be read: {exc}.") from exc
    header = [cell.strip() for cell in rows[0]] if rows else []
    if len(rows) < 2 or not any(header):
        raise source.error("It has no rows below a header line. The first line must name the columns.")
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice:
        raise source.error(f"Two of its columns are called {twice!r}. Rename one of them.")
    return [[name or f"column {place}" for place, name in enumerate(header, start=1)], *rows[1:]]


def _separator(text: str) -> str:
    """The separator that the header line has most of; the comma where it has none."""
    line = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    return max(_SEPARATORS, key=line.count)
