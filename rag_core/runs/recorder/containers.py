"""What a search or rerank call returns as a whole: a list, or something with the list in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

LISTS = ("results", "data", "records", "matches", "points", "documents", "hits", "source_nodes")
"""Where the answers of rerank APIs, vector databases and frameworks keep their lists."""

COLUMNS = {"ids": "id", "documents": "text", "distances": "distance", "metadatas": "metadata"}
"""Chroma's answer: a list of lists for each field, one list for each query."""


def listed(results: object, limit: int) -> list[Any]:
    """The results as a list of at most so many. Raises TypeError where there is no list in them."""
    if isinstance(results, str):
        return [results]
    if isinstance(results, Mapping):
        return _of_answer(results, limit)
    if not isinstance(results, Iterable):
        results = next((getattr(results, name) for name in LISTS if hasattr(results, name)), results)
    if not isinstance(results, Iterable):
        raise TypeError(f"a {type(results).__name__} is no list of passages")
    return list(itertools.islice(results, limit))


def _of_answer(answer: Mapping[str, Any], limit: int) -> list[Any]:
    if isinstance(answer.get("ids"), list):
        return _of_columns(answer)[:limit]
    inner = next((answer[name] for name in LISTS if name in answer), None)
    if isinstance(inner, Mapping):  # OpenSearch: {"hits": {"hits": [...]}}
        inner = inner.get("hits")
    if not isinstance(inner, list):
        raise TypeError(f"a dict needs one of {', '.join(LISTS)}")
    return inner[:limit]


def _of_columns(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the first query."""
    columns = {field: _first(answer[name]) for name, field in COLUMNS.items() if answer.get(name)}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _first(column: list[Any]) -> list[Any]:
    return column[0] if column and isinstance(column[0], list) else column
