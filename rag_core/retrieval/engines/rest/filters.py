"""A filter's tree as a server's own, folded by a few small functions.

`Not` is moved down to the leaves, where a server without one can say it in its own way: not (a or b) is (not a) and
(not b). `In` is `Equal` of any of its values. What the fields of the connection settle is settled here: a part that is
not mapped is empty in every passage, and a passage without a document is its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

from rag_core.retrieval.engines.index_config import FILTERED, IndexFields
from rag_core.schema.base import Scalar
from rag_core.schema.filters import AllOf, AnyOf, Condition, Dated, Filter, In, Not

T = TypeVar("T")

FIRST_DAY = date(1, 1, 1)
EMPTY = ("title", "source")
"""Parts of a passage that are an empty text where there is none, so that a filter for `""` finds those without."""

UPDATED, DOCUMENT, LANGUAGE = "updated_at", "document_id", "language"


@dataclass(frozen=True)
class Dialect(Generic[T]):
    """How a server says conditions. `true`, the last argument: whether they shall hold or shall not.

    equal   (path, value, true)
    dated   (path, on or after, before; None: without end, true)
    absent  (path, true): nothing is there
    by_id   (passage id, true)
    every   all of these, `[]` always holds; some: one of these, `[]` never holds
    """

    equal: Callable[[str, Scalar, bool], T]
    dated: Callable[[str, date, date | None, bool], T]
    absent: Callable[[str, bool], T]
    by_id: Callable[[str, bool], T]
    every: Callable[[list[T]], T]
    some: Callable[[list[T]], T]


def translated(where: Filter, fields: IndexFields, dialect: Dialect[T]) -> T:
    """The filter in that dialect."""
    return dialect.every([_condition(one, True, fields, dialect) for one in where.conditions])


def path_of(field: str, fields: IndexFields) -> str:
    """Where a filter's field is in an object: the mapped one, else in the metadata.

    >>> path_of("tenant", IndexFields(tenant="customer")), path_of("stars", IndexFields(metadata="meta"))
    ('customer', 'meta.stars')
    """
    return fields.of(field) or (f"{fields.metadata}.{field}" if fields.metadata else field)


def _condition(one: Condition, true: bool, fields: IndexFields, say: Dialect[T]) -> T:
    if isinstance(one, Not):
        return _condition(one.condition, not true, fields, say)
    if isinstance(one, AllOf | AnyOf):
        conditions = [_condition(inner, true, fields, say) for inner in one.conditions]
        return _joined(conditions, isinstance(one, AllOf) is true, say)
    if isinstance(one, In):
        return _joined([_equal(one.field, value, true, fields, say) for value in one.values], not true, say)
    if isinstance(one, Dated):
        if one.field in FILTERED and one.field not in (UPDATED, LANGUAGE):
            return _settled(False, true, say)
        return _dated(one.field, one.after or FIRST_DAY, one.before, true, fields, say)
    return _equal(one.field, one.value, true, fields, say)


def _joined(conditions: list[T], every: bool, say: Dialect[T]) -> T:
    return say.every(conditions) if every else say.some(conditions)


def _settled(holds: bool, true: bool, say: Dialect[T]) -> T:
    """A condition that every passage meets, or none."""
    return _joined([], holds is true, say)


def _dated(field: str, after: date, before: date | None, true: bool, fields: IndexFields, say: Dialect[T]) -> T:
    if field == UPDATED and not fields.updated:
        return _settled(False, true, say)
    return say.dated(path_of(field, fields), after, before, true)


def _equal(field: str, value: Scalar, true: bool, fields: IndexFields, say: Dialect[T]) -> T:
    if field == UPDATED:
        return _on_day(value, true, fields, say)
    if field == DOCUMENT and not fields.document:
        return say.by_id(value, true) if isinstance(value, str) else _settled(False, true, say)
    if field in FILTERED and field != LANGUAGE and (not fields.of(field) or not isinstance(value, str)):
        return _settled(field in EMPTY and value == "", true, say)
    path = path_of(field, fields)
    ways = [say.equal(path, one, true) for one in (spellings(value) if fields.of(field) else [value])]
    if field in EMPTY and value == "":
        ways.append(say.absent(path, true))
    return ways[0] if len(ways) == 1 else _joined(ways, not true, say)


def _on_day(value: Scalar, true: bool, fields: IndexFields, say: Dialect[T]) -> T:
    """A passage's day is compared as a day, however the server keeps it."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:
        return _settled(False, true, say)
    return _dated(UPDATED, day, day + timedelta(days=1), true, fields, say)


def spellings(value: Scalar) -> list[Scalar]:
    """A part of a passage is a text; where the index has it as a number, that number is meant as well.

    >>> spellings("7"), spellings("007"), spellings(7)
    (['7', 7], ['007'], [7])
    """
    if isinstance(value, str) and re.fullmatch(r"0|-?[1-9]\d{0,17}", value, re.ASCII):
        return [value, int(value)]
    return [value]
