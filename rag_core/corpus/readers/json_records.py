"""JSON and JSON Lines: a document per object, as BEIR's `corpus.jsonl` (`_id`, `title`, `text`) has them.

Which fields are text, title and id is guessed as for a table's columns; nested values travel as JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from rag_core.corpus.readers.base import Parsed, Source
from rag_core.corpus.readers.rows import Row, rows_to_records
from rag_core.corpus.readers.text import decode

_LISTS = ("documents", "data", "items", "records")


def read_json(source: Source) -> Parsed:
    """A list of objects, an object that holds such a list under `documents`, or one object for one document."""
    found = decode(source)
    try:
        value = json.loads(found.text)
    except (ValueError, RecursionError) as exc:
        raise source.error(
            f"It is not valid JSON ({_why(exc)}). If it has an object per line, give it the ending .jsonl."
        ) from exc
    if isinstance(value, dict):
        value = next((value[key] for key in _LISTS if isinstance(value.get(key), list)), [value])
    if not isinstance(value, list) or not value:
        raise source.error("It holds no list of documents. Give a list of objects, each with a text field.")
    items = list(enumerate(value, start=1))
    rows: list[Row] = [(number, item) for number, item in items if isinstance(item, dict)]
    bad = [(f"item {number}", "It is not an object.") for number, item in items if not isinstance(item, dict)]
    return found.noted(_records(source, rows, "item", bad))


def read_jsonl(source: Source) -> Parsed:
    """An object per line; a line that is none is named by its number, and the others are read."""
    found = decode(source)
    rows: list[Row] = []
    bad: list[tuple[str, str]] = []
    for number, line in enumerate(found.text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as exc:
            bad.append((f"line {number}", f"It is not valid JSON ({_why(exc)})."))
            continue
        if isinstance(value, dict):
            rows.append((number, value))
        else:
            bad.append((f"line {number}", "It is not a JSON object."))
    return found.noted(_records(source, rows, "line", bad))


def _records(source: Source, rows: Sequence[Row], word: str, bad: Sequence[tuple[str, str]]) -> Parsed:
    """Records of the objects; their columns are the fields of all of them, in order of appearance."""
    header = list(dict.fromkeys(name for _, row in rows for name in row))
    return rows_to_records(source, rows, header, word, bad)


def _why(exc: Exception) -> str:
    """What the JSON parser found wrong, in a few words."""
    if isinstance(exc, json.JSONDecodeError):
        return f"{exc.msg}, line {exc.lineno}, column {exc.colno}"
    return "it is nested too deeply" if isinstance(exc, RecursionError) else str(exc)
