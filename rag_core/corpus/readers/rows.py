"""Rows of a table or objects of a list, as records. Shared by the CSV and the JSON readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from rag_core.corpus.loading.columns import FIELDS, CsvColumns, guess_columns
from rag_core.corpus.loading.metadata import clean_text
from rag_core.corpus.readers.base import Parsed, Record, Source, left_out
from rag_core.corpus.readers.html import few, read_fragment
from rag_core.corpus.readers.places import numbered
from rag_core.schema.files import FileNote

_MAX_PROBLEMS = 20
_ONE_FACT = "No search looks at it; it travels along as a fact. To search it, add the file again and choose it as text."
_FACTS = "No search looks at them; they travel along as facts. To search one, add the file again and choose it as text."

Row = tuple[int, dict[str, object]]
"""The row's number in its file, as a person counts it, and its values by column."""


def rows_to_records(
    source: Source, rows: Sequence[Row], header: Sequence[str], word: str, bad: Sequence[tuple[str, str]] = ()
) -> Parsed:
    """A record per row; `word` is what a row is called in messages ("row", "line").

    The key is the id column's value, else the row's number. A row with a title alone has it as its text. Rows without
    either, and rows whose id stands in an earlier one, are problems beside `bad`: the first twenty are named, the
    others counted. A file with more than twenty of them and no row that can be read is refused whole.
    """
    if len(rows) > source.limits.rows:
        raise source.error(f"It has more than {source.limits.rows:,} {word}s. Split it into several files.")
    columns = chosen_columns(source, rows, header)
    missing = columns.missing(header)
    if rows and (missing or not columns.text):
        raise source.error(f"It has no column {', '.join(missing) or 'for the text'}. It has: {', '.join(header)}.")
    parsed = Parsed([], list(bad), _not_searched(columns, header))
    seen: dict[str, int] = {}
    notes: list[FileNote] = []
    for number, row in rows:
        identifier = _line(row.get(columns.id)) if columns.id else ""
        key = identifier or str(number)
        metadata = _metadata(row, header, columns, identifier)
        title = cell(row.get(columns.title)) if columns.title else ""
        text, found = row_text(source, row, columns)
        text = text or title
        notes += [note.model_copy(update={"where": f"{word} {number}: {note.where}"}) for note in found]
        if key in seen:
            why = f"Its id {key!r} is that of {word} {seen[key]} too. Give it another."
            parsed.problems.append((f"{word} {number}", why))
        elif not text:
            parsed.problems.append((f"{word} {number}", f"It has no text in {', '.join(columns.text)}.{_holds(row)}"))
        else:
            seen[key] = number
            parsed.records.append(Record(text, metadata, key))
    for kind in ("left out", "in doubt"):
        parsed.notes.extend(few([note for note in notes if note.kind == kind]))
    return _capped(source, parsed, word)


def chosen_columns(source: Source, rows: Sequence[Row], header: Sequence[str]) -> CsvColumns:
    """The columns that a person chose for this file, else a guess by its first hundred rows."""
    return source.columns or guess_columns(header, [[cell(row.get(name)) for name in header] for _, row in rows[:100]])


def _not_searched(columns: CsvColumns, header: Sequence[str]) -> list[FileNote]:
    """A note that names the columns that no search looks at."""
    names = [name for name in columns.metadata_of(header) if name.strip().lower() not in FIELDS]
    if not names:
        return []
    why = _ONE_FACT if len(names) == 1 else _FACTS
    return [left_out(f"column{'s' * (len(names) > 1)} {', '.join(names)}", why)]


def _holds(row: dict[str, object]) -> str:
    """What a row without text holds beside it."""
    cells = [f"{name}: {words}" for name, value in row.items() if (words := cell(value))]
    return f" It holds {', '.join(cells)}." if cells else ""


def _capped(source: Source, parsed: Parsed, word: str) -> Parsed:
    """The same records, with the first problems named and one that lists where the others are."""
    more = len(parsed.problems) - _MAX_PROBLEMS
    if more <= 0:
        return parsed
    if not parsed.records:
        place, why = parsed.problems[0]
        raise source.error(f"None of its {len(parsed.problems)} {word}s can be read. The first is {place}: {why}")
    numbers = [int(place.split()[-1].replace(",", "")) for place, _ in parsed.problems[_MAX_PROBLEMS:]]
    why = f"Left out too: {numbered(word, numbers)}. Why is said of the first {_MAX_PROBLEMS}."
    rest = (f"and {more:,} more {word}{'s' * (more > 1)}", why)
    return replace(parsed, problems=[*parsed.problems[:_MAX_PROBLEMS], rest])


def row_text(source: Source, row: dict[str, object], columns: CsvColumns) -> tuple[str, list[FileNote]]:
    """One text column as it is; of several a `column: value` line each. HTML in a cell becomes text; the notes say what
    of it did not."""
    read = [(name, *read_fragment(source, cell(row.get(name)))) for name in columns.text]
    notes = [note for _, _, found in read for note in found]
    if len(read) == 1:
        return read[0][1], notes
    return "\n".join(f"{name}: {text}" for name, text, _ in read if text), notes


def cell(value: object) -> str:
    """A value as text: strings as they are, nothing as "", a list as `a, b`, an object as `name: value` lines."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(str(one) for one in value)
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return "\n".join(cell(one) for one in value)
    if isinstance(value, dict):
        return "\n".join(f"{name}: {cell(one)}" for name, one in value.items() if one not in (None, ""))
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
