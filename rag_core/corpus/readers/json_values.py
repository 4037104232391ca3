"""Values that programs wrap in an object of JSON for their own sake, as what they say: `{"rendered": "Hi"}` as `Hi`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

_TYPES = frozenset({"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"})
"""How DynamoDB says what kind a value is."""


def typed_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A document of DynamoDB as a plain one, any other as it is.

    >>> typed_row({"id": {"S": "7"}, "tags": {"L": [{"S": "a"}]}}), typed_row({"a": {"S": "x"}, "b": 1})
    ({'id': '7', 'tags': ['a']}, {'a': {'S': 'x'}, 'b': 1})
    """
    if row and all(_is_typed(value) for value in row.values()):
        return {name: _typed(value) for name, value in row.items()}
    return dict(row)


def unwrapped(value: object) -> object:
    """What a wrapped value says, any other as it is.

    >>> unwrapped({"$oid": "65a"}), unwrapped({"storage": {"value": "<p>Hi</p>", "representation": "storage"}})
    ('65a', '<p>Hi</p>')
    >>> unwrapped({"$date": {"$numberLong": "1767312000000"}}), unwrapped({"name": "Ann"})
    ('2026-01-02T00:00:00+00:00', {'name': 'Ann'})
    """
    if not isinstance(value, dict) or not value:
        return value
    if "rendered" in value and all(not isinstance(one, dict | list) for one in value.values()):  # WordPress
        return value["rendered"]
    if {"value", "representation"} <= value.keys():  # Confluence
        return value["value"]
    if len(value) > 1:
        return value
    ((name, inner),) = value.items()
    read = _SINGLE.get(name)
    return read(unwrapped(inner)) if read else value


def _date(value: object) -> object:
    """A date of MongoDB: as it is written, or in milliseconds."""
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        return value
    try:
        return datetime.fromtimestamp(int(str(value)) / 1000, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return value


def _itself(value: object) -> object:
    return value


_SINGLE: dict[str, Callable[[object], object]] = {
    "$date": _date,
    **dict.fromkeys(("$oid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$uuid"), _itself),
    **dict.fromkeys(("storage", "view", "export_view", "atlas_doc_format"), _itself),
}


def _is_typed(value: object) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _TYPES


def _typed(value: dict[str, Any]) -> object:
    ((kind, inner),) = value.items()
    if kind == "M" and isinstance(inner, dict):
        return {name: _typed(one) if _is_typed(one) else one for name, one in inner.items()}
    if kind == "L" and isinstance(inner, list):
        return [_typed(one) if _is_typed(one) else one for one in inner]
    return None if kind == "NULL" else inner
