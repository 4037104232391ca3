"""Filters as Qdrant's: clauses `must`, `should` and `must_not` of conditions on the payload.

A day is compared with payloads that Qdrant reads as a time: `2026-03-14`, `2026-03-14 10:00`, `2026-03-14T10:00:00`
with or without a zone. Of a list in the payload, one matching value is enough.
"""

from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Any

from rag_core.retrieval.engines.index_config import IndexFields
from rag_core.retrieval.engines.rest.filters import Dialect, spellings, translated
from rag_core.schema.base import Scalar
from rag_core.schema.filters import Filter

NEVER: dict[str, Any] = {"has_id": []}
WHOLE = 2**53
"""Up to here a number is the same as a whole number and as one with a point."""


def qdrant_filter(where: Filter, fields: IndexFields) -> dict[str, Any]:
    """The filter as the body's `filter`."""

    def equal(path: str, value: Scalar, true: bool) -> dict[str, Any]:
        return _held({"key": payload_path(path), **_value(value)}, true)

    def dated(path: str, after: date, before: date | None, true: bool) -> dict[str, Any]:
        until = {"lt": before.isoformat()} if before else {}
        return _held({"key": payload_path(path), "range": {"gte": after.isoformat(), **until}}, true)

    def absent(path: str, true: bool) -> dict[str, Any]:
        return _held({"is_empty": {"key": payload_path(path)}}, true)

    def by_id(passage_id: str, true: bool) -> dict[str, Any]:
        if fields.id:
            return (_some if true else _every)([equal(fields.id, one, true) for one in spellings(passage_id)])
        key = point_id(passage_id)
        return _held(NEVER if key is None else {"has_id": [key]}, true)

    return translated(where, fields, Dialect(equal, dated, absent, by_id, _every, _some))


def payload_path(path: str) -> str:
    """A path as Qdrant reads it: names with other signs than letters, digits, `_` and `-` in quotes.

    >>> payload_path("meta.origin"), payload_path("meta.Größe (cm)")
    ('meta.origin', 'meta."Größe (cm)"')
    """
    return ".".join(one if re.fullmatch(r"[A-Za-z0-9_-]+(\[\d*\])*", one) else f'"{one}"' for one in path.split("."))


def point_id(passage_id: str) -> int | str | None:
    """The id as Qdrant's: a whole number or a UUID; None for what cannot be one.

    >>> point_id("17"), point_id("5C56C793-69F3-4FBF-87E6-C4BF54C28C26"), point_id("17a")
    (17, '5c56c793-69f3-4fbf-87e6-c4bf54c28c26', None)
    """
    if re.fullmatch(r"[0-9]{1,20}", passage_id):
        number = int(passage_id)
        return number if number < 2**64 and str(number) == passage_id else None
    try:
        return str(uuid.UUID(passage_id))
    except ValueError:
        return None


def _value(value: Scalar) -> dict[str, Any]:
    """A number is asked for as a range: 4 is 4.0, and no truth value."""
    if isinstance(value, bool | str) or (isinstance(value, int) and abs(value) > WHOLE):
        return {"match": {"value": value}}
    return {"range": {"gte": value, "lte": value}}


def _held(condition: dict[str, Any], true: bool) -> dict[str, Any]:
    return condition if true else {"must_not": [condition]}


def _every(conditions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"must": conditions}


def _some(conditions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"should": conditions} if conditions else NEVER
