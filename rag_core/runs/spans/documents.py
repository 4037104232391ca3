"""Ranked lists and texts in a span's attributes, flattened (`retrieval.documents.0.document.content`) or nested."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rag_core.runs.passage_book import content_key
from rag_core.runs.recorder.shapes import cleaned, finite, named_in, scalars
from rag_core.runs.spans import names
from rag_core.runs.values import MAX_TEXT, RunPassage

QUERY_KEYS = (
    "query",
    "question",
    "input",
    "q",
    "query_str",
    "str_or_query_bundle",
    "query_bundle",
    "user_input",
    "prompt",
)
ANSWER_KEYS = ("answer", "output", "response", "result", "text", "content", "generations", "output_text")
MESSAGES = ("messages", "chat_history", "generations")

Found = tuple[RunPassage, float | None]
"""A passage and its score."""


def documents(attributes: Mapping[str, Any], prefix: str) -> tuple[list[Found], int]:
    """The documents below a prefix, in order, and how many were left out, because they have neither id nor text."""
    rows = rows_of(attributes, prefix)
    if rows is None:
        return [], 1
    found = [one for row in rows if isinstance(row, dict) and (one := _document(row)) is not None]
    return found, len(rows) - len(found)


def faults(attributes: Mapping[str, Any]) -> list[str]:
    """What of a span's ranked lists cannot be read and is left out, in words."""
    said: list[str] = []
    for prefix in (names.RETRIEVED, names.RERANK_INPUT, names.RERANK_OUTPUT):
        rows = rows_of(attributes, prefix)
        if rows is None:
            said.append(f"{prefix} is no list of documents.")
        for number, row in enumerate(rows or (), start=1):
            if not isinstance(row, dict) or _document(row) is None:
                said.append(f"document {number} of {prefix} has neither id nor text.")
    return said


def rows_of(attributes: Mapping[str, Any], prefix: str) -> list[Any] | None:
    """What stands in a ranked list, dicts as one; None for what is no list."""
    given = json_of(attributes.get(prefix))
    if given is None or given == "" or given != given:
        return list(flat(attributes, prefix).values())
    if not isinstance(given, (list, tuple)):
        return None
    return [flattened(row) if isinstance(row, dict) else row for row in given]


def flat(attributes: Mapping[str, Any], prefix: str) -> dict[int, dict[str, Any]]:
    """What stands below `prefix.<number>.`, by number, in order."""
    rows: dict[int, dict[str, Any]] = {}
    for name, value in attributes.items():
        if name.startswith(f"{prefix}."):
            number, _, field = name[len(prefix) + 1 :].partition(".")
            if number.isdecimal() and len(number) < 7:
                rows.setdefault(int(number), {})[field] = value
    return dict(sorted(rows.items()))


def nested(given: Any) -> list[dict[str, Any]]:
    """The rows of a list of dicts, which may be JSON text: `{"document.id": ...}` or `{"document": {"id": ...}}`."""
    given = json_of(given)
    rows = given if isinstance(given, (list, tuple)) else []
    return [flattened(row) for row in rows if isinstance(row, dict)]


def flattened(row: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Nested dicts as one, their names joined by dots; a document's metadata stays whole.

    >>> flattened({"document": {"id": "a", "metadata": {"page": 1}}})
    {'document.id': 'a', 'document.metadata': {'page': 1}}
    """
    joined: dict[str, Any] = {}
    for name, value in row.items():
        path = f"{before}{name}"
        if isinstance(value, dict) and not path.endswith("metadata"):
            joined |= flattened(value, f"{path}.")
        else:
            joined[path] = value
    return joined


def json_of(value: Any) -> Any:
    """The value of a JSON text; anything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _document(row: dict[str, Any]) -> Found | None:
    given = json_of(row.get(names.DOCUMENT_METADATA))
    below = f"{names.DOCUMENT_METADATA}."
    metadata = {name.removeprefix(below): value for name, value in row.items() if name.startswith(below)}
    metadata |= given if isinstance(given, dict) else {}
    text = row.get(names.DOCUMENT_TEXT)
    text = cleaned(text, MAX_TEXT) if isinstance(text, str) and text else None
    known = row.get(names.DOCUMENT_ID)
    key = cleaned(str(known), 1000) if known not in (None, "") else content_key(text) if text else ""
    if not key:
        return None
    named = named_in(metadata)
    passage = RunPassage(
        id=key,
        text=text,
        title=cleaned(named.get("title", ""), 2000),
        source=cleaned(named.get("source", ""), 2000),
        metadata=scalars(metadata),
    )
    return passage, finite(row.get(names.DOCUMENT_SCORE))


def texts_in(value: Any) -> Iterator[str]:
    """All texts of a value, in order; of a JSON text, those of its JSON, so that none is found with its line ends and
    quotation marks escaped.

    >>> list(texts_in('{"args": ["One.", ["Two."]], "n": 1}'))
    ['One.', 'Two.']
    """
    open_ones = [json_of(value)]
    while open_ones:
        one = open_ones.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, (list, tuple)):
            open_ones += reversed(one)
        elif isinstance(one, dict):
            open_ones += reversed(one.values())


def asked(value: str) -> str:
    """The question in a span's input: the text itself, or what stands under a usual name in its JSON."""
    return _inside(json_of(value), QUERY_KEYS) or value


def answered(value: str) -> str:
    """The answer in a span's output."""
    return _inside(json_of(value), ANSWER_KEYS) or value


def _inside(value: Any, keys: tuple[str, ...], depth: int = 6) -> str:
    """The text under one of the keys, at any depth; of messages, the last one's."""
    if isinstance(value, str):
        return value
    if depth and isinstance(value, list) and value:
        return _inside(value[-1], (*keys, "content"), depth - 1)
    if depth and isinstance(value, dict):
        for key in (*keys, *MESSAGES, "kwargs"):
            if key in value and (found := _inside(value[key], keys, depth - 1)):
                return found
        if len(value) == 1 and isinstance(only := next(iter(value.values())), str):
            return only
    return ""


def messages(attributes: Mapping[str, Any], prefix: str) -> list[str]:
    """The texts of a model's messages, in order."""
    given = attributes.get(prefix)
    rows = nested(given) if given is not None else flat(attributes, prefix).values()
    texts: list[str] = []
    for row in rows:
        for name, value in row.items():
            own = name == names.MESSAGE_TEXT or (name.startswith(names.MESSAGE_PARTS) and name.endswith(".text"))
            if own and isinstance(value, str):
                texts.append(value)
    return texts
