"""JSON and JSON Lines: a document per object, as BEIR's `corpus.jsonl` (`_id`, `title`, `text`) has them.

Which fields are text, title and id is guessed as for a table's columns; what other programs write is
unfolded first (`json_shapes`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from rag_core.corpus.readers.base import Parsed, Source, TableHead
from rag_core.corpus.readers.json_shapes import listed, objects, unfolded, without_actions
from rag_core.corpus.readers.rows import Row, cell, rows_to_records
from rag_core.corpus.readers.text import Text, decode
from rag_core.schema.files import FileNote

_LARGEST_HEAD = 10 * 2**20
_HEAD_LINES = 200
_BLANKS = re.compile(r"\s*")


def read_json(source: Source) -> Parsed:
    """A list of objects, an object that holds such a list, or one object for one document."""
    found = decode(source)
    rows, bad, notes = _items(source, found.text)
    parsed = _records(source, rows, "item", bad)
    return found.noted(replace(parsed, notes=[*notes, *parsed.notes]))


def read_json_head(source: Source) -> TableHead:
    """The fields of the first objects, for a person to choose by. Raises DocumentError for what is no list of them, and
    for a file that is too large to be looked into before it is indexed."""
    if len(source.data) > _LARGEST_HEAD:
        raise source.error("It is too large to be looked into before it is indexed.")
    found = decode(source)
    rows, _, notes = _items(source, found.text)
    return _head(found, rows, notes)


def read_jsonl_head(source: Source) -> TableHead:
    """The same of the first lines of JSON Lines."""
    found = decode(source)
    return _head(found, _lines("\n".join(found.text.split("\n", _HEAD_LINES)[:_HEAD_LINES]))[0], [])


def _head(found: Text, rows: Sequence[Row], notes: Sequence[FileNote]) -> TableHead:
    header = list(dict.fromkeys(name for _, row in rows[:100] for name in row))
    cells = [[cell(row.get(name)) for name in header] for _, row in rows[:100]]
    return TableHead(header, cells, found.encoding, (*found.notes, *notes))


def _items(source: Source, text: str) -> tuple[list[Row], list[tuple[str, str]], list[FileNote]]:
    """The documents in a JSON value, what is none of them, and notes of what stands beside them."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        value = [one for _, one in _one_after_another(text)]
        if not value:
            raise source.error(
                f"It is not valid JSON ({_why(exc)}). If it has an object per line, give it the ending .jsonl."
            ) from exc
    items, notes = listed(value)
    items = objects(items)
    if not items:
        raise source.error("It holds no list of documents. Give a list of objects, each with a text field.")
    numbered = list(enumerate(items, start=1))
    rows: list[Row] = [(number, unfolded(item)) for number, item in numbered if isinstance(item, dict)]
    bad = [
        (f"item {number}", f"It is not an object: {item}") for number, item in numbered if not isinstance(item, dict)
    ]
    return rows, bad, notes


def read_jsonl(source: Source) -> Parsed:
    """An object per line; a line that is none is named by its number, and the others are read."""
    found = decode(source)
    rows, bad = _lines(found.text)
    return found.noted(_records(source, rows, "line", bad))


def _one_after_another(text: str) -> list[tuple[int, object]]:
    """The objects of a file that holds several, each over as many lines as it takes, with the lines that they begin in;
    none where anything else is in it."""
    decoder, line, found = json.JSONDecoder(), 1, list[tuple[int, object]]()
    at = _after_blanks(text, 0)
    line += text.count("\n", 0, at)
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return []
        if not isinstance(value, dict):
            return []
        found.append((line, value))
        at, before = _after_blanks(text, end), at
        line += text.count("\n", before, at)
    return found


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _lines(text: str) -> tuple[list[Row], list[tuple[str, str]]]:
    """The object of each line, and the lines that hold none."""
    values: list[tuple[int, object]] = []
    bad: list[tuple[str, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            values.append((number, json.loads(line)))
        except (ValueError, RecursionError) as exc:
            bad.append((f"line {number}", f"It is not valid JSON ({_why(exc)})."))
    if bad and not any(isinstance(value, dict) for _, value in values):
        whole = _one_after_another(text)
        values, bad = (whole, []) if whole else (values, bad)
    rows, others = _numbered(without_actions(values))
    return rows, bad + [(f"line {number}", "It is not a JSON object.") for number in others]


def _numbered(values: Sequence[tuple[int, object]]) -> tuple[list[Row], list[int]]:
    """The values as rows, and the numbers of those that are none. Of rows below a header the header has no number."""
    items = objects([value for _, value in values])
    numbers = [number for number, _ in values][len(values) - len(items) :]
    rows: list[Row] = []
    others = []
    for number, item in zip(numbers, items, strict=True):
        if isinstance(item, dict):
            rows.append((number, unfolded(item)))
        else:
            others.append(number)
    return rows, others


def _records(source: Source, rows: Sequence[Row], word: str, bad: Sequence[tuple[str, str]]) -> Parsed:
    """Records of the objects; their columns are the fields of all of them, in order of appearance."""
    header = list(dict.fromkeys(name for _, row in rows for name in row))
    return rows_to_records(source, rows, header, word, bad)


def _why(exc: Exception) -> str:
    """What the JSON parser found wrong, in a few words."""
    if isinstance(exc, json.JSONDecodeError):
        return f"{exc.msg}, line {exc.lineno}, column {exc.colno}"
    return "it is nested too deeply" if isinstance(exc, RecursionError) else str(exc)
