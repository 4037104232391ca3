"""A filter's tree as a server's own, folded by a few small functions.

`Not` is moved down to the leaves, where a server without one can say it in its own way: not (a or b) is (not a) and
(not b). `In` is `Equal` of any of its values. What the fields of the connection settle is settled here: a part that is
not mapped is empty in every passage, and a passage without a document is its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, NoReturn, TypeVar

from rag_core.errors import BadInput
from rag_core.retrieval.engines.index_config import FILTERED, IndexFields
from rag_core.schema.base import Scalar
from rag_core.schema.filters import AllOf, AnyOf, Condition, Dated, Filter, In, Not
from rag_core.schema.whole_numbers import whole_number

T = TypeVar("T")
Near = list[tuple[str, date, date]]

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


def days_near(where: Filter, fields: IndexFields) -> list[tuple[str, date, date]]:
    """Where an offset to UTC decides whether a day is meant: the path, and the first and last day around each bound.

    >>> [(path, str(first), str(last)) for path, first, last in days_near(
    ...     Filter(conditions=(Dated(field="seen", after=date(2026, 1, 1)),)), IndexFields())]
    [('seen', '2025-12-31', '2026-01-01')]
    """

    def dated(path: str, after: date, before: date | None, true: bool) -> Near:  # noqa: ARG001
        bounds = [one for one in (after, before) if one and one > FIRST_DAY]
        return [(path, one - timedelta(days=1), one) for one in bounds]

    def joined(several: list[Near]) -> Near:
        return [one for some in several for one in some]

    return translated(where, fields, Dialect(_no_day, dated, _no_day, _no_day, joined, joined))


def refuse_offset(path: str, place: str) -> NoReturn:
    """Raises BadInput: there are times with an offset to UTC, and the server compares them as texts."""
    raise BadInput(
        f"{path} of {place} has times with an offset to UTC (such as 2026-01-01T00:30+02:00) around the day of the "
        "filter, and this server compares them as texts. Nothing was searched, since some could be on the wrong side. "
        "Store the times in UTC (2025-12-31T22:30Z), or use another filter."
    )


def _no_day(*_: object) -> Near:
    return []


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
    number = whole_number(value) if isinstance(value, str) else None
    return [value] if number is None else [value, number]
