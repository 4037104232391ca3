"""Rows of a table or objects of a list, as records. Shared by the CSV and the JSON readers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rag_core.corpus.loading.columns import CsvColumns, guess_columns
from rag_core.corpus.loading.metadata import clean_text
from rag_core.corpus.readers.base import Parsed, Record, Source

_MAX_PROBLEMS = 20

Row = tuple[int, dict[str, object]]
"""The row's number in its file, as a person counts it, and its values by column."""


def rows_to_records(
    source: Source, rows: Sequence[Row], header: Sequence[str], word: str, bad: Sequence[tuple[str, str]] = ()
) -> Parsed:
    """A record per row; `word` is what a row is called in messages ("row", "line").

    The key is the id column's value, else the row's number. Rows without text, and rows whose id stands in an
    earlier one, are problems beside `bad`: the first twenty are named, the others counted. A file with more than
    twenty of them and no row that can be read is refused whole.
    """
    if len(rows) > source.limits.rows:
        raise source.error(f"It has more than {source.limits.rows:,} {word}s. Split it into several files.")
    columns = source.columns or guess_columns(
        header, [[cell(row.get(name)) for name in header] for _, row in rows[:100]]
    )
    missing = columns.missing(header)
    if rows and (missing or not columns.text):
        raise source.error(f"It has no column {', '.join(missing) or 'for the text'}. It has: {', '.join(header)}.")
    parsed = Parsed([], list(bad))
    seen: dict[str, int] = {}
    for number, row in rows:
        identifier = _line(row.get(columns.id)) if columns.id else ""
        key = identifier or str(number)
        text = row_text(row, columns)
        if key in seen:
            why = f"Its id {key!r} is that of {word} {seen[key]} too. Give it another."
            parsed.problems.append((f"{word} {number}", why))
        elif not text:
            parsed.problems.append((f"{word} {number}", f"It has no text in {', '.join(columns.text)}."))
        else:
            seen[key] = number
            parsed.records.append(Record(text, _metadata(row, header, columns, identifier), key))
    return _capped(source, parsed, word)


def _capped(source: Source, parsed: Parsed, word: str) -> Parsed:
    """The same records, with the first problems named and one that counts the rest."""
    more = len(parsed.problems) - _MAX_PROBLEMS
    if more <= 0:
        return parsed
    if not parsed.records:
        place, why = parsed.problems[0]
        raise source.error(f"None of its {len(parsed.problems)} {word}s can be read. The first is {place}: {why}")
    rest = (f"and {more:,} more {word}{'s' * (more > 1)}", f"Left out too. The first {_MAX_PROBLEMS} are named above.")
    return Parsed(parsed.records, [*parsed.problems[:_MAX_PROBLEMS], rest])


def row_text(row: dict[str, object], columns: CsvColumns) -> str:
    """One text column as it is; of several a `column: value` line each."""
    cells = [(name, cell(row.get(name))) for name in columns.text]
    if len(cells) == 1:
        return cells[0][1]
    return "\n".join(f"{name}: {value}" for name, value in cells if value)


def cell(value: object) -> str:
    """A value as text: strings as they are, nothing as "", anything else as JSON."""
    if isinstance(value, str):
        return value.strip()
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _line(value: object) -> str:
    """A value as one line of clean text, fit for an id."""
    return " ".join(clean_text(cell(value)).split())


def _metadata(row: dict[str, object], header: Sequence[str], columns: CsvColumns, identifier: str) -> dict[str, object]:
    """The values that travel along; under `title` what `CsvColumns.titled` makes of the title column and the id."""
    values = {name: row.get(name) for name in columns.metadata_of(header)}
    title = columns.titled(cell(row.get(columns.title)) if columns.title else "", identifier)
    if title:
        values["title"] = title
    return values
